"""One thread that makes pictures, and a bounded queue before it, for whatever keeps files."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from tertulia.adapters import pictures
from tertulia.core.errors import Unavailable
from tertulia.core.portraits import Drawn

T = TypeVar("T")

MOST_WAITING = 64
"""Pictures. Beyond it who asks for one more is refused: each may take some 100 ms."""


class Painter:
    """Makes one picture at a time: that bounds the memory they take."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "pictures")
        self._waiting = 0

    async def painted(self, work: Callable[..., T], *args: Any) -> T:
        """What *work* returns, done in the thread. Raises: Unavailable: too many wait for it."""
        if self._waiting >= MOST_WAITING:
            raise Unavailable("previews")
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work, *args)
        finally:
            self._waiting -= 1

    async def redrawn(self, content: bytes) -> Drawn | None:
        """See `core.portraits.PortraitStore`."""
        found = await self.painted(pictures.redrawn, content)
        return None if found is None else Drawn(*found)

    def close(self) -> None:
        """Finish the picture that is being made, and drop those that wait."""
        self._thread.shutdown(wait=True, cancel_futures=True)
