"""Tasks the server owns."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

from tertulia.core.errors import Unavailable

LOG = logging.getLogger(__name__)

Spawn = Callable[[Coroutine[Any, Any, None]], object]

HOUR_S = 3_600.0

Chore = Callable[[], Coroutine[Any, Any, None]]
"""What is done again and again."""


async def repeated(work: Chore, every_s: float = HOUR_S) -> None:
    """Do it now and again, for ever; what it raises is logged."""
    while True:
        try:
            await work()
        except Unavailable as error:
            # As below: it can wait for the next time.
            LOG.warning("What is done again and again was put off", extra=_why(error))
        except Exception:
            LOG.exception("What is done again and again failed")
        await asyncio.sleep(every_s)


def _why(error: Unavailable) -> dict[str, dict[str, str]]:
    return {"fields": {"why": str(error)}}


class Tasks:
    """Tasks the server owns: what they raise is logged, and its end waits for theirs.

    A TaskGroup would end the whole server with the first task that fails, and costs twice as much
    for the one task that every request is.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._running: set[asyncio.Task[None]] = set()

    def start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run it beside everything else."""
        task = self._loop.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            if isinstance(error, Unavailable):
                # No mistake of ours; the store says in its own lines what happened to it.
                LOG.warning("A task was given up", extra=_why(error))
            else:
                LOG.error("A task failed", exc_info=error)

    async def end(self, patience_s: float) -> None:
        """Wait for all of them; after *patience_s* cancel those that are left."""
        if self._running:
            await asyncio.wait(self._running, timeout=patience_s)
        for task in tuple(self._running):
            task.cancel()
        if self._running:
            await asyncio.wait(self._running)
