"""How far a long piece of work is, for a person in front of a terminal; nobody else is told."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import TextIO

EVERY_S = 0.1
WIDTH = 30
_ERASE = "\r\x1b[K"


class Progress:
    """A bar on one line of the terminal, drawn ten times a second at most."""

    def __init__(self, stream: TextIO) -> None:
        """Nothing is shown where *stream* is no terminal."""
        self._stream = stream if stream.isatty() else None
        self._drawn_at = 0.0
        self._has_drawn = False

    def tell(self, what: str, done: int, total: int) -> None:
        """So much of *total* is done."""
        now = monotonic()
        if self._stream is None or now - self._drawn_at < EVERY_S:
            return
        self._drawn_at, self._has_drawn = now, True
        share = done / total if total else 1.0
        bar = "#" * round(share * WIDTH)
        self._stream.write(f"{_ERASE}[{bar:<{WIDTH}}] {share:4.0%} of {total:,} {what}")
        self._stream.flush()

    def erase(self) -> None:
        """Make way for what is said next."""
        if self._stream is not None and self._has_drawn:
            self._stream.write(_ERASE)
            self._stream.flush()


@contextmanager
def progress() -> Iterator[Progress]:
    """A bar on standard error, gone when the work has ended."""
    shown = Progress(sys.stderr)
    try:
        yield shown
    finally:
        shown.erase()
