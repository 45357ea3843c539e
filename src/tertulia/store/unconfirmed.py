"""Where sessions stood in their teams when they hung up."""

from collections.abc import Callable

import msgspec

from tertulia.core.errors import NotSignedIn
from tertulia.core.ids import MessageId, SessionId, TeamId
from tertulia.core.unconfirmed import HungUp
from tertulia.store.engine import Engine
from tertulia.store.work import Work, row, run

# `messages`: those that are not confirmed; changes that are, each with its date.
STOOD = "SELECT position, messages FROM unconfirmed WHERE session_id = ? AND team_id = ?"

SESSION = "SELECT id FROM sessions WHERE id = ?"

# Another connection of the session may be quicker.
BEGIN = """
INSERT INTO unconfirmed (session_id, team_id, position, messages) VALUES (?, ?, ?, '[]')
ON CONFLICT DO NOTHING
"""

END = """
UPDATE unconfirmed SET position = ?, messages = ? WHERE session_id = ? AND team_id = ?
"""


class SqlUnconfirmed:
    """`core.unconfirmed.UnconfirmedStore` over an engine."""

    def __init__(self, engine: Engine, heard: Callable[[], int] | None = None) -> None:
        """*heard* tells up to where everything has been delivered; None: all that was handed over has."""
        self._engine = engine
        self._heard = heard

    @property
    def position(self) -> int:
        """See the port."""
        return self._engine.position if self._heard is None else self._heard()

    async def begin(self, session_id: SessionId, team_id: TeamId) -> HungUp | None:
        """See the port."""
        return await self._engine.write(begin(session_id, team_id, self.position))

    async def end(self, session_id: SessionId, team_id: TeamId, stood: HungUp) -> None:
        """See the port."""
        messages = msgspec.json.encode((*stood.unconfirmed, *stood.confirmed)).decode()
        await self._engine.write(run(END, stood.position, messages, session_id, team_id))


def begin(session_id: SessionId, team_id: TeamId, position: int) -> Work[HungUp | None]:
    """Where it stood; who is here for the first time stands at *position*. Raises: NotSignedIn."""
    found = yield from row(STOOD, session_id, team_id)
    if found is not None:
        kept = msgspec.json.decode(found[1], type=tuple[int | tuple[int, int], ...])
        ids = tuple([MessageId(each) for each in kept if isinstance(each, int)])
        pairs = [(MessageId(each[0]), each[1]) for each in kept if not isinstance(each, int)]
        return HungUp(found[0], ids, tuple(pairs))
    if (yield from row(SESSION, session_id)) is None:
        raise NotSignedIn
    yield from run(BEGIN, session_id, team_id, position)
    return None
