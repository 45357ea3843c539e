"""What each commit told: `core.cluster.ToldStore`, and the statement that writes it."""

import logging

from tertulia.core.cluster import Report
from tertulia.core.events import Event
from tertulia.core.ids import first_number_at
from tertulia.core.ports import Clock
from tertulia.store.engine import Engine
from tertulia.store.event_words import BadWords, decoded
from tertulia.store.work import LAST_NUMBER, Row, rows, run

LOG = logging.getLogger(__name__)

KEPT_MS = 10 * 60_000
"""How long a process may be unable to read before it has missed something for ever."""


AFTER = """
SELECT t.before, t.number, t.process, t.words FROM told t
WHERE t.number > ? ORDER BY t.number LIMIT ?
"""

TELL = "INSERT INTO told (before, number, process, words) VALUES (?, ?, ?, ?)"

FORGET = "DELETE FROM told WHERE number < ?"


class SqlTold:
    """`core.cluster.ToldStore` over an engine."""

    def __init__(self, engine: Engine, process: int) -> None:
        """*process*: the number of this one."""
        self._engine = engine
        self._process = process

    async def newest(self) -> int:
        """See the port."""
        found = await self._engine.read(rows(LAST_NUMBER))
        return int(found[0][0])

    async def after(self, number: int, limit: int) -> list[Report]:
        """See the port."""
        found = await self._engine.read(rows(AFTER, number, limit))
        return [self._report(each) for each in found]

    def _report(self, found: Row) -> Report:
        before, number, process, words = found
        try:
            events: list[Event] = decoded(words, foreign=process != self._process)
        except BadWords as error:
            # A newer version runs beside this one; what both know is told all the same.
            LOG.warning(
                "What another process told is not understood", extra={"fields": {"why": str(error)}}
            )
            events = []
        return Report(before, number, events)

    async def forget_old(self, clock: Clock) -> None:
        """Throw away what everybody has heard."""
        await self._engine.write(run(FORGET, first_number_at(clock.now_ms() - KEPT_MS)))
