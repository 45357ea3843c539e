"""What the processes of a cluster tell one another (docs/decisions/0126).

Commits follow each other like the links of a chain. What each of them told is a report. Every process delivers
all reports, its own and those of the others, in the order of the chain.
"""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from tertulia.core.events import Event


class Report(NamedTuple):
    """What one commit told. `number`: the last one it drew; `before`: that of the commit before it."""

    before: int
    number: int
    events: Sequence[Event]


class ToldStore(Protocol):
    """The reports that are kept in the store."""

    async def newest(self) -> int:
        """The number of the newest commit. Raises: Unavailable."""
        ...

    async def after(self, number: int, limit: int) -> list[Report]:
        """The first reports after that number, in order. Raises: Unavailable."""
        ...


class Wire(Protocol):
    """Carries words to all other processes: quickly, mostly in order, and perhaps not at all."""

    @property
    def is_connected(self) -> bool:
        """Whether what is sent now has a chance to arrive."""
        ...

    def send(self, topic: str, words: bytes) -> None:
        """Never waits, never fails; what cannot go out now is dropped."""
        ...
