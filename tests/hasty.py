"""A loop whose clock jumps to the next timer when nothing else is to be done: waiting takes no time."""

import asyncio
import selectors
from collections.abc import Awaitable, Callable

from typing_extensions import override


class _Selector(selectors.SelectSelector):
    """Tells how long it was asked to wait, instead of waiting."""

    def __init__(self, waited: Callable[[float], None]) -> None:
        super().__init__()
        self._waited = waited

    @override
    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        found = super().select(0)
        if not found and timeout is not None:
            self._waited(timeout)
        return found


class HastyLoop(asyncio.SelectorEventLoop):
    """Only timers move its clock."""

    def __init__(self) -> None:
        self._now = 0.0
        super().__init__(_Selector(self._pass))

    def _pass(self, seconds: float) -> None:
        self._now += max(0.0, seconds)

    @override
    def time(self) -> float:
        return self._now


def run_hastily(story: Callable[[], Awaitable[None]]) -> None:
    """Play *story* on such a loop."""
    with asyncio.Runner(loop_factory=HastyLoop) as runner:

        async def played() -> None:
            await story()

        runner.run(played())
