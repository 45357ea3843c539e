"""Of several processes one leads: it alone does what must be done once, for all of them."""

from collections.abc import Collection
from typing import Protocol


class Duties(Protocol):
    """What the one that leads does."""

    async def take_up(self) -> None:
        """Go on where somebody stopped. Raises: Unavailable."""
        ...

    def lay_down(self) -> None:
        """Begin nothing new, at once; also when taking up was broken off. It may be taken up again."""
        ...


class Leading(Protocol):
    """Sees to it that these duties are done by one process at a time."""

    async def open(self) -> None:
        """From now on this process leads, or waits for its turn. Raises: Unavailable."""
        ...

    async def close(self) -> None:
        """Lay the duties down, if they are ours; another may lead at once."""
        ...

    async def living(self) -> Collection[int]:
        """The numbers of the processes that are there now. Raises: Unavailable."""
        ...


class Alone:
    """Leads from the start: there is nobody else (`Leading`)."""

    def __init__(self, duties: Duties) -> None:
        self._duties = duties

    async def open(self) -> None:
        """See the port."""
        await self._duties.take_up()

    async def close(self) -> None:
        """See the port."""
        self._duties.lay_down()

    async def living(self) -> Collection[int]:
        """Nobody who has a number."""
        return ()
