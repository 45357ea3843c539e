"""What a commit will bring."""

import asyncio
from collections.abc import Callable, Generator
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Pending(Generic[T]):
    """A result that comes with the next commit: awaited, or told to one listener.

    Unlike a future it tells its listener at once, within the turn of the loop in which the commit is
    done: so an acknowledgement costs no turn of its own, and thousands of them no handle each.
    """

    __slots__ = ("_error", "_is_there", "_result", "_tell")

    def __init__(self) -> None:
        self._is_there = False
        self._result: T | None = None
        self._error: BaseException | None = None
        self._tell: Callable[[Pending[T]], None] | None = None

    def then(self, tell: Callable[["Pending[T]"], None]) -> None:
        """Call *tell* when it is there, which must be yet to come. There is one listener at most."""
        assert not self._is_there, "it is yet to come"
        assert self._tell is None, "nobody else listens"
        self._tell = tell

    def settle(self, result: T | None, error: BaseException | None = None) -> None:
        """It is there. Raises: whatever its listener raises."""
        self._is_there, self._result, self._error = True, result, error
        if self._tell is not None:
            self._tell(self)

    @property
    def error(self) -> BaseException | None:
        """Why there is no result."""
        return self._error

    def result(self) -> T:
        """The result. Raises: the error."""
        assert self._is_there, "it was waited for"
        if self._error is not None:
            raise self._error
        return self._result  # type: ignore[return-value]  # T may be None itself

    def __await__(self) -> Generator[Any, None, T]:
        """Wait for it, without undoing anything when the waiting is given up. Raises: the error."""
        if not self._is_there:
            there: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self.then(lambda _: None if there.done() else there.set_result(None))
            yield from there
        return self.result()
