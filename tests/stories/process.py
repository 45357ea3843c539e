"""A real server process, as an operator starts it."""

import os
import re
import selectors
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import IO

PATIENCE_S = 20.0
COMMAND = (sys.executable, "-m", "tertulia", "serve")


class Process:
    """The process, its address, and what it logs."""

    def __init__(self, running: subprocess.Popen[bytes], log: IO[bytes]) -> None:
        self._running = running
        self._log = log
        self.base_url = re.sub(r"^.* (http\S+)\s*$", r"\1", _first_line(running))

    def signal(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Send it that signal."""
        self._running.send_signal(number)

    def status(self, within_s: float = PATIENCE_S) -> int:
        """Its exit status."""
        return self._running.wait(within_s)

    @property
    def log(self) -> str:
        """What it has logged."""
        self._log.seek(0)
        return self._log.read().decode()


def _first_line(running: subprocess.Popen[bytes]) -> str:
    assert running.stdout is not None
    with selectors.DefaultSelector() as selector:
        selector.register(running.stdout, selectors.EVENT_READ)
        assert selector.select(PATIENCE_S), "the server says nothing"
    line = running.stdout.readline().decode()
    assert line, f"the server has ended with status {running.wait()}"
    return line


def surroundings() -> dict[str, str]:
    """The environment, without settings of the machine that runs the tests."""
    return {key: value for key, value in os.environ.items() if not key.startswith("TERTULIA_")}


@contextmanager
def serving(data: Path, *options: str) -> Iterator[Process]:
    """A server on a free port; ended by force if the test has not ended it."""
    command = [*COMMAND, "--port", "0", "--host", "127.0.0.1", "--data", str(data), *options]
    with (
        tempfile.TemporaryFile() as log,
        subprocess.Popen(  # noqa: S603 - our own program
            command, stdout=subprocess.PIPE, stderr=log, env=surroundings()
        ) as running,
    ):
        try:
            yield Process(running, log)
        finally:
            running.kill()


def refused(data: Path, *options: str) -> tuple[int, str]:
    """Status and words of a server that cannot start."""
    started = monotonic()
    done = subprocess.run(  # noqa: S603 - our own program
        [*COMMAND, "--host", "127.0.0.1", "--data", str(data), *options],
        capture_output=True, timeout=PATIENCE_S, check=False, env=surroundings(),
    )  # fmt: skip
    assert done.stdout == b"", done.stdout
    assert monotonic() - started < PATIENCE_S
    return done.returncode, done.stderr.decode()
