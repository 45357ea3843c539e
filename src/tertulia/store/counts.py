"""What an operator wants to have counted."""

from tertulia.core.ids import first_number_at
from tertulia.store.engine import Engine
from tertulia.store.work import row

POSTED = "SELECT COUNT(*) FROM messages m WHERE m.id >= ? AND m.id < ?"


class SqlCounts:
    """`core.chat_ports.Counts` over an engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def posted(self, since: int, until: int) -> int:
        """See the port."""
        # SLOW: a walk over one period's part of the primary key, for an operator who asks.
        span = first_number_at(since), first_number_at(until)
        found = await self._engine.read(row(POSTED, *span))
        assert found is not None, "a count has a row"
        return int(found[0])
