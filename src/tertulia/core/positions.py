"""How far each session has come with reading its account's stream (`core.stream`)."""

from typing import Protocol

from tertulia.core.ids import SessionId


class PositionStore(Protocol):
    """Positions at rest."""

    async def find(self, session_id: SessionId) -> int | None:
        """Where the session is: where it was put, else where it began. None: it has ended."""
        ...

    async def put(self, session_id: SessionId, position: int) -> None:
        """It is there from now on. Nothing happens to a session that has ended."""
        ...


class Positions:
    """Where sessions are. What is on its way to the store counts already."""

    def __init__(self, store: PositionStore) -> None:
        self._store = store
        self._under_way: dict[SessionId, int] = {}

    async def find(self, session_id: SessionId) -> int | None:
        """Where the session is; None: it has ended."""
        # Looked at before, too: it may arrive while we read what was there before it.
        under_way = self._under_way.get(session_id)
        stored = await self._store.find(session_id)
        if stored is None:
            return None
        return self._under_way.get(session_id, stored if under_way is None else under_way)

    async def put(self, session_id: SessionId, position: int) -> None:
        """It is there from this moment on; returns when that will survive a crash."""
        self._under_way[session_id] = position
        try:
            await self._store.put(session_id, position)
        finally:
            # Unless it has gone on meanwhile.
            if self._under_way.get(session_id) == position:
                del self._under_way[session_id]
