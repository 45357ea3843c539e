"""What one process does for all: calls outside, pushes, and throwing away what nobody needs any more."""

import asyncio
from collections.abc import Sequence

from tertulia.assembly.messenger import Messenger
from tertulia.assembly.tasks import HOUR_S, Chore, Tasks, repeated


class HouseDuties:
    """`core.leading.Duties` of a whole server."""

    def __init__(self, made: Messenger, tasks: Tasks) -> None:
        """Nothing is done yet. *tasks*: where chores run."""
        self._made = made
        self._tasks = tasks
        self._chores: list[asyncio.Task[None]] = []
        self._also: list[tuple[Chore, float]] = []

    def add(self, chore: Chore, every_s: float = HOUR_S) -> None:
        """It is done, too, again and again. Before `take_up`."""
        self._also.append((chore, every_s))

    async def take_up(self) -> None:
        """See the port."""
        await self._made.pushes.open()
        await self._made.callbacks.open()
        self._chores = [self._tasks.start(repeated(each)) for each in _hourly(self._made)]
        self._chores += [self._tasks.start(repeated(*each)) for each in self._also]

    def lay_down(self) -> None:
        """See the port."""
        self._made.pushes.close()
        self._made.callbacks.close()
        for each in self._chores:
            each.cancel()
        self._chores.clear()


def _hourly(made: Messenger) -> Sequence[Chore]:
    """What throws away what nobody needs any more."""
    core = made.core
    return (
        core.keys.forget_old,
        core.log.tidy,
        made.pushes.tidy,
        core.files.tidy,
        core.oauth.tidy,
        core.phone_codes.forget_old,
        core.registrations.forget_old,
        core.invites.forget_old,
        core.callbacks.tidy,
        core.histories.tidy,
        core.groups.cleanup,
    )
