"""What the modules of this room need from an engine."""

from typing import Protocol, TypeVar

from tertulia.core.pending import Pending
from tertulia.store.batch import SetUnit
from tertulia.store.work import Work

T = TypeVar("T")
M = TypeVar("M")
R = TypeVar("R")


class Engine(Protocol):
    """Runs units of work; implemented by `sqlite` and `postgres`."""

    @property
    def position(self) -> int:
        """The last number of the newest commit that has been handed to delivery, or of the store."""
        ...

    @property
    def is_shared(self) -> bool:
        """Whether another process had the store open, too, when this one opened it."""
        ...

    @property
    def process(self) -> int:
        """The number of this process among several; 0 where there is one only."""
        ...

    async def open(self) -> None:
        """Connect and bring the schema up to date."""
        ...

    async def close(self) -> None:
        """Finish what waits, then let go."""
        ...

    async def check(self) -> None:
        """Raises: Unavailable when the store does not answer."""
        ...

    async def write(self, unit: Work[T]) -> T:
        """The unit's result, on disk. Raises: whatever the unit raises, Unavailable."""
        ...

    def join(self, set_unit: SetUnit[M, R], member: M) -> Pending[R]:
        """The member's result, on disk. Raises: the error the set gave it, Unavailable."""
        ...

    async def read(self, unit: Work[T]) -> T:
        """The result of a unit that only reads, and quickly."""
        ...

    async def scan(self, unit: Work[T]) -> T:
        """The result of a unit that only reads and may take long."""
        ...
