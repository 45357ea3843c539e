"""Server processes: started on a core of their own, known by the line they print, then stopped."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

_STOP_S = 15.0

_LISTENING = re.compile(r"is listening on (http://\S+)")


class ServerFailed(Exception):
    """A server did not come up; the words are the end of what it said."""


@dataclass(frozen=True, slots=True)
class Served:
    """A server that listens. `began` is the moment its process was started."""

    url: str
    pid: int
    began: float


def cores() -> tuple[int, int]:
    """The core of the server and that of the load: two different ones if there are two."""
    ours = sorted(os.sched_getaffinity(0))
    return ours[0], ours[-1]


@contextmanager
def tertulia(data: Path, environment: Mapping[str, str]) -> Iterator[Served]:
    """`tertulia serve` on a free port with its store under *data*."""
    command = ["tertulia", "serve", "--port", "0", "--data", str(data)]
    with _running(command, environment, data.with_suffix(".log")) as served:
        yield served


@contextmanager
def bare_fanout(scratch: Path, delivery_bytes: float, ack_bytes: float) -> Iterator[Served]:
    """The baseline, with packets as large as those Tertulia sent."""
    sizes = [f"--delivery-bytes={delivery_bytes:.0f}", f"--ack-bytes={ack_bytes:.0f}"]
    with _running(["benchmarks.bare_fanout", *sizes], {}, scratch / "bare.log") as served:
        yield served


@contextmanager
def bare_copy(scratch: Path) -> Iterator[Served]:
    """The baseline of files, which lie where Tertulia's do."""
    scratch.mkdir(exist_ok=True)
    command = ["benchmarks.bare_copy", f"--folder={scratch / 'files'}"]
    with _running(command, {}, scratch / "bare.log") as served:
        yield served


@contextmanager
def _running(module: Sequence[str], environment: Mapping[str, str], log: Path) -> Iterator[Served]:
    with log.open("ab") as said:
        began = perf_counter()
        process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            [sys.executable, "-m", *module],
            stdout=subprocess.PIPE,
            stderr=said,
            env=os.environ | environment,
        )
        # Whatever it starts later, threads and all, stays on that core.
        os.sched_setaffinity(process.pid, {cores()[0]})
        try:
            yield Served(_address(process, log), process.pid, began)
        finally:
            _stop(process)


def _address(process: subprocess.Popen[bytes], log: Path) -> str:
    assert process.stdout is not None, "it was opened as a pipe"
    for line in process.stdout:
        if found := _LISTENING.search(line.decode()):
            return found[1]
    raise ServerFailed(f"the server ended by itself:\n{log.read_text()[-2000:]}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(_STOP_S)
    except subprocess.TimeoutExpired:
        print(f"the server did not stop within {_STOP_S:.0f} s", file=sys.stderr)
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()
