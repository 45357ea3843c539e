"""Reads during which others write: between any two statements something is committed."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, cast

from tertulia.store.engine import Engine
from tertulia.store.work import Ask, Work

T = TypeVar("T")


class Interrupted:
    """An engine for reading only."""

    def __init__(self, engine: Engine, between: Callable[[], Awaitable[None]]) -> None:
        self._engine = engine
        self._between = between

    @property
    def position(self) -> int:
        """As the engine's."""
        return self._engine.position

    async def read(self, unit: Work[T]) -> T:
        """The unit's result, statement by statement."""
        answer: Any = None
        while True:
            try:
                ask = unit.send(answer)
            except StopIteration as stop:
                return stop.value  # type: ignore[no-any-return]  # a generator's value is untyped
            answer = await self._engine.read(_alone(ask))
            await self._between()


def interrupted(engine: Engine, between: Callable[[], Awaitable[None]]) -> Engine:
    """The engine, after each statement of whose reads *between* is awaited."""
    return cast("Engine", Interrupted(engine, between))


def _alone(ask: Ask) -> Work[Any]:
    return (yield ask)
