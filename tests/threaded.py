"""A whole server in a thread of its own, for tests that are no coroutines."""

import asyncio
import logging
import threading
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from queue import Queue
from typing import Any, TypeVar

from typing_extensions import override

from tertulia.assembly import EngineOf, Server
from tertulia.core.ports import Clock
from tests.house import in_memory, running_house

PATIENCE_S = 20.0

T = TypeVar("T")


@dataclass(frozen=True)
class House:
    """A running server. `mistakes`: everything that is logged as an error meanwhile."""

    server: Server
    base_url: str
    mistakes: list[str]
    _loop: asyncio.AbstractEventLoop

    def run(self, work: Awaitable[T]) -> T:
        """The result of something awaitable, on the server's own loop."""

        async def waited() -> T:
            return await work

        return asyncio.run_coroutine_threadsafe(waited(), self._loop).result(PATIENCE_S)


@contextmanager
def threaded_house(
    engine_of: EngineOf = in_memory, clock: Clock | None = None, **settings: Any
) -> Iterator[House]:
    """A house of its own (`tests.house.running_house`)."""
    told: Queue[House | BaseException] = Queue()
    stop = asyncio.Event()
    mistakes = _Mistakes()

    async def serve() -> None:
        async with running_house(engine_of, clock, **settings) as (server, base_url):
            told.put(House(server, base_url, mistakes.lines, asyncio.get_running_loop()))
            await stop.wait()

    def run() -> None:
        try:
            asyncio.run(serve())
        except BaseException as error:
            told.put(error)
            raise

    thread = threading.Thread(target=run, daemon=True)
    logging.getLogger().addHandler(mistakes)
    thread.start()
    try:
        house = told.get(timeout=PATIENCE_S)
        if isinstance(house, BaseException):
            raise house
        try:
            yield house
        finally:
            house._loop.call_soon_threadsafe(stop.set)
            thread.join(PATIENCE_S)
    finally:
        logging.getLogger().removeHandler(mistakes)


class _Mistakes(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.lines: list[str] = []

    @override
    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))
