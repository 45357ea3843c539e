"""How far sessions have read their streams. A session that never polled has no row."""

from tertulia.core.ids import SessionId
from tertulia.store.engine import Engine
from tertulia.store.work import row, run

FIND = """
SELECT COALESCE(p.position, s.id)
FROM sessions s LEFT JOIN poll_positions p ON p.session_id = s.id
WHERE s.id = ?
"""

PUT = """
INSERT INTO poll_positions (session_id, position)
SELECT s.id, CAST(? AS BIGINT) FROM sessions s WHERE s.id = ?
ON CONFLICT (session_id) DO UPDATE SET position = excluded.position
"""


class SqlPositions:
    """`core.positions.PositionStore` over an engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def find(self, session_id: SessionId) -> int | None:
        """See the port."""
        found = await self._engine.read(row(FIND, session_id))
        return None if found is None else int(found[0])

    async def put(self, session_id: SessionId, position: int) -> None:
        """See the port."""
        await self._engine.write(run(PUT, position, session_id))
