"""Answers that are late on purpose."""

import asyncio

from tertulia.dialects.tada.limits import MAX_DELAYED


class Delays:
    """Requests that wish to be answered late: not too many wait at once."""

    def __init__(self) -> None:
        self._waiting = 0

    async def wait(self, seconds: float) -> None:
        """Wait so long; not at all while MAX_DELAYED others do."""
        if seconds <= 0 or self._waiting >= MAX_DELAYED:
            return
        self._waiting += 1
        try:
            await asyncio.sleep(seconds)
        finally:
            self._waiting -= 1
