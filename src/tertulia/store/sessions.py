"""Sessions and their secrets, of which only hashes are kept; and the keys the server makes for itself."""

from collections.abc import Sequence

from tertulia.core.errors import NotSignedIn
from tertulia.core.events import SessionsEnded
from tertulia.core.ids import AccountId, SessionId
from tertulia.core.model import FoundSecret, Opening, Session
from tertulia.store.engine import Engine
from tertulia.store.work import Work, draw, many, row, rows, run, tell

OPEN = """
INSERT INTO sessions (id, account_id, dialect, device, flavour, created_at)
VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (account_id, dialect, device) DO UPDATE SET flavour = excluded.flavour
RETURNING id
"""

REPLACE_REFRESH = """
UPDATE tokens SET replaced_at = ?
WHERE session_id = ? AND kind = 'refresh' AND replaced_at IS NULL
"""

FORGET_EXPIRED = "DELETE FROM tokens WHERE session_id = ? AND expires_at <= ?"

ADD_TOKEN = "INSERT INTO tokens (hash, session_id, kind, expires_at) VALUES (?, ?, ?, ?)"  # noqa: S105 - SQL

FIND = """
SELECT s.id, s.account_id, s.dialect, s.device, s.flavour, t.kind, t.replaced_at
FROM tokens t JOIN sessions s ON s.id = t.session_id
WHERE t.hash = ? AND t.expires_at > ?
"""

ALIVE = "SELECT password_hash FROM accounts WHERE id = ? AND deleted_at IS NULL"

STANDS = "SELECT id FROM sessions WHERE id = ? AND account_id = ?"

ALL_SESSIONS = "SELECT id FROM sessions WHERE account_id = ?"

END_SESSION = "DELETE FROM sessions WHERE id = ?"

MAKE_SECRET = "INSERT INTO secrets (name, value) VALUES (?, ?) ON CONFLICT DO NOTHING"  # noqa: S105 - SQL

READ_SECRET = "SELECT value FROM secrets WHERE name = ?"  # noqa: S105 - SQL


class SqlSessions:
    """`core.ports.SessionStore` over an engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def open(self, opening: Opening, now: int) -> Session:
        """See the port."""
        return await self._engine.write(open_session(opening, now))

    async def find(self, secret_hash: str, now: int) -> FoundSecret | None:
        """See the port."""
        found = await self._engine.read(row(FIND, secret_hash, now))
        return None if found is None else FoundSecret(Session(*found[:5]), found[5], found[6])

    async def end(self, session_ids: Sequence[SessionId], account_id: AccountId) -> None:
        """See the port."""
        await self._engine.write(end(session_ids, account_id))

    async def server_secret(self, name: str, proposal: str) -> str:
        """The server's own secret of that name: the one in the store, or *proposal* from now on."""
        return await self._engine.write(server_secret(name, proposal))


def open_session(opening: Opening, now: int) -> Work[Session]:
    """Make or renew the session. Its earlier refresh secrets count as replaced from now on.

    Raises:
        NotSignedIn: what proved the account does not hold any more.
    """
    yield from _need_proof(opening)
    number = yield from draw(now)
    found = yield from row(
        OPEN, number, opening.account_id, opening.dialect, opening.device, opening.flavour, now
    )
    assert found is not None, "the upsert returns its row"
    session_id = SessionId(found[0])
    yield from run(FORGET_EXPIRED, session_id, now)
    if any(secret.kind == "refresh" for secret in opening.secrets):
        yield from run(REPLACE_REFRESH, now, session_id)
    yield from many(
        ADD_TOKEN,
        [(secret.hash, session_id, secret.kind, secret.expires_at) for secret in opening.secrets],
    )
    return Session(session_id, opening.account_id, opening.dialect, opening.device, opening.flavour)


def _need_proof(opening: Opening) -> Work[None]:
    """In the same transaction: a password change that came first has ended every other session."""
    found = yield from row(ALIVE, opening.account_id)
    if found is None or opening.password_hash not in (None, found[0]):
        raise NotSignedIn("password")
    if opening.session_id is not None and not (
        yield from row(STANDS, opening.session_id, opening.account_id)
    ):
        raise NotSignedIn("token")


def end(session_ids: Sequence[SessionId], account_id: AccountId) -> Work[None]:
    """Void the sessions with all their secrets."""
    yield from many(END_SESSION, [(session_id,) for session_id in session_ids])
    # The number says between which other events it stands; the time does not matter.
    number = yield from draw(0)
    yield from tell(SessionsEnded(tuple(session_ids), account_id, number))


def server_secret(name: str, proposal: str) -> Work[str]:
    """Made once, then always the same."""
    yield from run(MAKE_SECRET, name, proposal)
    found = yield from row(READ_SECRET, name)
    assert found is not None, "it was written at the latest one line above"
    return str(found[0])


def end_sessions(account_id: AccountId, *, keep: SessionId | None) -> Work[None]:
    """Void every session of the account but the one to keep."""
    found = yield from rows(ALL_SESSIONS, account_id)
    ended = [each[0] for each in found if each[0] != keep]
    if ended:
        yield from end(ended, account_id)
