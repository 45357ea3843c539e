"""A real S3 service that the tests start themselves, once a process, in a folder that goes away."""

import asyncio
import atexit
import json
import shutil
import socket
import subprocess
import sysconfig
import tempfile
import threading
from contextlib import ExitStack
from functools import cache
from itertools import count
from pathlib import Path

from tertulia.adapters.bucket_place import BucketPlace

KEY_ID, SECRET = "tertulia", "a+secret/of=tests"
"""With what a `+` could become, if it were read like a form."""

BUCKET = "tertulia"

PATIENCE_S = 30.0
READY = b"Start Seaweed S3 API Server"
PARTS = ("master", "volume", "filer", "s3")

_numbers = count(1)


def url_of(bucket: str = BUCKET, *, endpoint: str | None = None, secret: str = SECRET) -> str:
    """A setting `files_url` that works, but for what is given."""
    query = f"endpoint_url={endpoint or service()}&aws_access_key_id={KEY_ID}"
    return f"s3://{bucket}?{query}&aws_secret_access_key={secret}"


def new_url(*, endpoint: str | None = None) -> str:
    """The same with a folder of its own, in which nothing lies yet."""
    return url_of(f"{BUCKET}/{next(_numbers)}", endpoint=endpoint)


def place_of(url: str) -> BucketPlace:
    """What the setting says."""
    return BucketPlace.at(url, {})


@cache
def service() -> str:
    """Where it listens."""
    folder = Path(tempfile.mkdtemp(prefix="tertulia-bucket-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    ports = _free_ports(2 * len(PARTS))
    endpoint = f"http://127.0.0.1:{ports[-2]}"
    running = subprocess.Popen(  # noqa: S603 - a program of our own environment
        _command(folder, ports), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd=folder
    )
    atexit.register(_end, running, ports)
    assert running.stderr is not None
    is_ready = threading.Event()

    def listen() -> None:
        # To the end: nobody may wait for us to hear him.
        for line in running.stderr or ():
            if READY in line:
                is_ready.set()

    threading.Thread(target=listen, daemon=True).start()
    assert is_ready.wait(PATIENCE_S), "the S3 service does not start"
    asyncio.run(_make_bucket(endpoint))
    return endpoint


def _command(folder: Path, ports: list[int]) -> list[str]:
    credentials = [{"accessKey": KEY_ID, "secretKey": SECRET}]
    identity = {"name": "tests", "credentials": credentials, "actions": ["Admin"]}
    (folder / "s3.json").write_text(json.dumps({"identities": [identity]}))
    command = [
        str(Path(sysconfig.get_path("scripts")) / "weed"), "-logtostderr=true", "server",
        f"-dir={folder}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-filer", "-s3",
        # Every bucket takes several; they grow as they are filled.
        "-volume.max=100", "-master.volumeSizeLimitMB=64",
        # It tells nobody about itself, and serves nothing else.
        "-master.telemetry=false", "-s3.port.iceberg=0", "-s3.port.lance=0", "-s3.iam=false",
        f"-s3.config={folder / 's3.json'}",
        f"-filer.localSocket={folder / 'filer.sock'}", f"-s3.localSocket={folder / 's3.sock'}",
    ]  # fmt: skip
    for number, part in enumerate(PARTS):
        command += [
            f"-{part}.port={ports[2 * number]}", f"-{part}.port.grpc={ports[2 * number + 1]}",
        ]  # fmt: skip
    return command


def _free_ports(many: int) -> list[int]:
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(many)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [int(each.getsockname()[1]) for each in sockets]


async def _make_bucket(endpoint: str) -> None:
    """The service makes a bucket when the first thing is laid into it."""
    from tertulia.adapters.bucket import Bucket  # noqa: PLC0415 - its library may be missing

    bucket = Bucket(place_of(url_of(endpoint=endpoint)))
    writer = bucket.writer("first")
    await writer.write(b"first")
    await writer.end()
    await bucket.open()


def _end(running: "subprocess.Popen[bytes]", ports: list[int]) -> None:
    # A gentle stop waits for connections that nobody uses any more; and all of it is thrown away.
    running.kill()
    running.wait()
    for part, port in zip(PARTS, ports[1::2], strict=True):
        # It lays them here, and no option puts them elsewhere.
        Path(f"/tmp/seaweedfs-{part}-grpc-{port}.sock").unlink(missing_ok=True)  # noqa: S108 - see above
