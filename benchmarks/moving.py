"""Files of 100 MB, up and down: how long they take, and how much memory the server needs for it."""

import http.client
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from urllib.parse import urlsplit

from websockets.sync.client import connect

from benchmarks.served import Served, cores
from tertulia.cli.bench.meter import percentile
from tertulia.cli.bench.roster import DEVICE, Account

_CHUNK = 1 << 18
_PATIENCE_S = 60.0


class NotMoved(Exception):
    """A file did not arrive; the words are the server's."""


@dataclass(frozen=True, slots=True)
class Links:
    """Where a file is to be put, and got from."""

    up: str
    down: str


def figures(served: Served, links: list[Links], size: int) -> dict[str, float]:
    """Put and get each file once: the medians of the times, and how far the memory rose above rest."""
    ups, downs, growths = [], [], []
    with _on_the_cores_of_the_load():
        for each in links:
            before = _peak_kib(served.pid, from_now=True)
            ups.append(_put(each.up, size))
            growths.append((_peak_kib(served.pid) - before) / 1024)
        for each in links:
            before = _peak_kib(served.pid, from_now=True)
            downs.append(_get(each.down, size))
            growths.append((_peak_kib(served.pid) - before) / 1024)
    return {
        "upload_s": percentile(ups, 0.5),
        "download_s": percentile(downs, 0.5),
        "growth_mib": max(growths),
    }


def tertulias(served: Served, account: Account, size: int, count: int) -> list[Links]:
    """Links to new files, by way of the SAMA API."""
    with connect(f"ws{served.url.removeprefix('http')}/", compression=None) as line:

        def ask(name: str, params: object) -> dict[str, list[dict[str, str]]]:
            line.send(json.dumps({"request": {name: params, "id": 1}}))
            answer = json.loads(line.recv())["response"]
            if "error" in answer:
                raise NotMoved(f"{name} was answered {answer}")
            return answer  # type: ignore[no-any-return]  # JSON

        words = {"login": account.login, "password": account.password, "device_id": DEVICE}
        ask("user_login", words)
        kind = "application/octet-stream"
        new = [{"name": f"{n}.bin", "size": size, "content_type": kind} for n in range(count)]
        files = ask("create_files", new)["files"]
        urls = ask("get_file_urls", {"file_ids": [each["_id"] for each in files]})["file_urls"]
        return [Links(each["upload_url"], str(url)) for each, url in zip(files, urls, strict=True)]


def bare(served: Served, count: int) -> list[Links]:
    """The same of the baseline."""
    return [Links(f"{served.url}/{n}", f"{served.url}/{n}") for n in range(count)]


def _put(url: str, size: int) -> float:
    chunk = bytes(_CHUNK)
    with _open(url) as line:
        began = perf_counter()
        line.sendall(_head("PUT", url, size))
        left = size
        while left:
            line.sendall(chunk[: min(left, _CHUNK)])
            left -= min(left, _CHUNK)
        _need_ok(line)
        return perf_counter() - began


def _get(url: str, size: int) -> float:
    buffer = bytearray(_CHUNK)
    with _open(url) as line:
        began = perf_counter()
        line.sendall(_head("GET", url, 0))
        answer = _need_ok(line)
        left = size - len(answer)
        while left > 0:
            count = line.recv_into(buffer)
            if not count:
                raise NotMoved(f"the download ended with {left} bytes missing")
            left -= count
        return perf_counter() - began


def _open(url: str) -> socket.socket:
    address = urlsplit(url)
    return socket.create_connection((address.hostname or "", address.port or 80), _PATIENCE_S)


def _head(method: str, url: str, length: int) -> bytes:
    address = urlsplit(url)
    lines = [
        f"{method} {address.path}?{address.query} HTTP/1.1",
        f"Host: {address.netloc}",
        f"Content-Length: {length}",
        "Content-Type: application/octet-stream",
    ]
    return "\r\n".join([*lines, "", ""]).encode()


def _need_ok(line: socket.socket) -> bytes:
    """What followed the head of an answer that says yes."""
    heard = b""
    while b"\r\n\r\n" not in heard:
        more = line.recv(_CHUNK)
        if not more:
            raise NotMoved(f"the server hung up after {heard[:300]!r}")
        heard += more
    head, _, body = heard.partition(b"\r\n\r\n")
    if int(head.split()[1]) != http.client.OK:
        raise NotMoved(heard[:300].decode())
    return body


def _peak_kib(pid: int, *, from_now: bool = False) -> float:
    """The most memory the process has had; `from_now`: forget what was before."""
    if from_now:
        Path(f"/proc/{pid}/clear_refs").write_text("5")
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return float(line.split()[1])
    raise NotMoved("the server is gone")


@contextmanager
def _on_the_cores_of_the_load() -> Iterator[None]:
    """This process does the load here; it keeps off the server's core."""
    usual = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {cores()[1]})
    try:
        yield
    finally:
        os.sched_setaffinity(0, usual)
