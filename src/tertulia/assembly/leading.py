"""Lets this process do what must be done once for all processes, whenever it is its turn."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from tertulia.assembly.duties import HouseDuties
from tertulia.assembly.messenger import Messenger
from tertulia.assembly.parts import Parts
from tertulia.core.errors import Unavailable
from tertulia.core.leading import Alone, Leading
from tertulia.store.oplog import SqlLog
from tertulia.store.visits import ALONE

SAY_EVERY_S = 2.0
"""How often the others are told up to where everything has been heard here."""

FORGET_EVERY_S = 60.0
"""How often it is thrown away what commits told that everybody has heard."""


@contextlib.asynccontextmanager
async def leading(parts: Parts, made: Messenger) -> AsyncIterator[Leading]:
    """As long as this lasts, this process leads or waits for its turn; alone, it leads.

    Raises:
        Unavailable: it is alone, and the store does not answer.
    """
    duties = HouseDuties(made, parts.tasks)
    if parts.process == ALONE:
        alone = Alone(duties)
        await alone.open()
        try:
            yield alone
        finally:
            await alone.close()
        return
    # Here, because the driver is an extra, and a start without it is faster.
    from tertulia.store.leading import ElectedLeading  # noqa: PLC0415 - see above
    from tertulia.store.told import SqlTold  # noqa: PLC0415 - see above

    turns = ElectedLeading(
        parts.settings.database_url, parts.process, duties, spawn=parts.tasks.start
    )

    async def close_missing() -> None:
        await made.journal.close_missing(await turns.living())

    async def forget_told() -> None:
        await SqlTold(parts.engine, parts.process).forget_old(parts.clock)

    duties.add(close_missing)
    duties.add(forget_told, FORGET_EVERY_S)
    saying = parts.tasks.start(_say_how_far(made.journal))
    await turns.open()
    try:
        yield turns
    finally:
        await turns.close()
        saying.cancel()


async def _say_how_far(journal: SqlLog) -> None:
    while True:
        # What cannot be said now is said the next time.
        with contextlib.suppress(Unavailable):
            await journal.say()
        await asyncio.sleep(SAY_EVERY_S)


async def say_farewell(journal: SqlLog) -> None:
    """Nobody is connected here any more; said when everything else has ended."""
    # Who leads finds out, if it cannot be said.
    with contextlib.suppress(Unavailable):
        await journal.say_farewell()
