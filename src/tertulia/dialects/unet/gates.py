"""How often and how many at once."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from contextlib import asynccontextmanager
from math import ceil
from typing import TYPE_CHECKING

from tertulia.core.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

WINDOW_S = 60.0
MOST_KEYS = 20_000
"""Beyond it those that began longest ago are forgotten, and begin anew."""


class Rate:
    """So many a minute for one key; the minute begins with the first."""

    def __init__(self, limit: int, now_s: Callable[[], float]) -> None:
        self._limit = limit
        self._now_s = now_s
        self._windows: OrderedDict[str, list[float]] = OrderedDict()

    def wait_s(self, key: str) -> int:
        """Counts one more; how many whole seconds *key* has to wait, 0: it may go on."""
        now = self._now_s()
        window = self._windows.get(key)
        if window is None or now >= window[0] + WINDOW_S:
            self._windows[key] = [now, 1.0]
            self._windows.move_to_end(key)
            if len(self._windows) > MOST_KEYS:
                self._windows.popitem(last=False)
            return 0
        window[1] += 1
        return ceil(window[0] + WINDOW_S - now) if window[1] > self._limit else 0


class Gate:
    """Lets so many through at once; of the others so many wait, and the rest is refused."""

    def __init__(self, what: str, at_once: int, waiting: int) -> None:
        self._what = what
        self._turns = asyncio.Semaphore(at_once)
        self._most = at_once + waiting
        self._inside = 0

    @asynccontextmanager
    async def passed(self) -> "AsyncIterator[None]":
        """While one is inside. Raises: Unavailable: too many wait."""
        if self._inside >= self._most:
            raise Unavailable(self._what)
        self._inside += 1
        try:
            async with self._turns:
                yield
        finally:
            self._inside -= 1
