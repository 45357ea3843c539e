"""Sessions and their secrets, of which only hashes are kept; and the keys the server makes for itself."""

from collections.abc import Collection, Sequence

from tertulia.core.errors import NotAllowed, NotFound, NotSignedIn
from tertulia.core.events import SessionsEnded
from tertulia.core.ids import AccountId, SessionId
from tertulia.core.model import Session
from tertulia.core.signin import BLOCKED_ACCOUNT
from tertulia.core.signin_model import FoundSecret, Opening, OpenSession
from tertulia.store.engine import Engine
from tertulia.store.work import Work, array, draw, many, row, rows, run, tell

OPEN = """
INSERT INTO sessions (id, account_id, dialect, device, flavour, created_at, used_at)
VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (account_id, dialect, device)
DO UPDATE SET flavour = excluded.flavour, used_at = excluded.used_at
RETURNING id
"""

REPLACE_REFRESH = """
UPDATE tokens SET replaced_at = ?
WHERE session_id = ? AND kind = 'refresh' AND replaced_at IS NULL
"""

FORGET_EXPIRED = "DELETE FROM tokens WHERE session_id = ? AND expires_at <= ?"

ADD_TOKEN = "INSERT INTO tokens (hash, session_id, kind, expires_at) VALUES (?, ?, ?, ?)"  # noqa: S105 - SQL

FIND = """
SELECT s.id, s.account_id, s.dialect, s.device, s.flavour, t.kind, t.replaced_at, s.used_at
FROM tokens t JOIN sessions s ON s.id = t.session_id
WHERE t.hash = ? AND t.expires_at > ?
"""

ALIVE = """
SELECT password_hash, blocked_at, CASE WHEN phone_proven = 1 THEN phone END FROM accounts
WHERE id = ? AND deleted_at IS NULL
"""

STANDS = "SELECT id FROM sessions WHERE id = ? AND account_id = ?"

ALL_SESSIONS = "SELECT id FROM sessions WHERE account_id = ?"

BEYOND_NEWEST = """
SELECT id FROM sessions WHERE account_id = ? AND dialect = ? ORDER BY id DESC LIMIT 1000 OFFSET ?
"""

NOTE_USED = "UPDATE sessions SET used_at = ? WHERE id = ? AND used_at < ?"

# Who keeps the secrets of his sessions elsewhere also ends those that nothing opens any more.
LISTED = """
SELECT s.id, s.account_id, s.dialect, s.device, s.flavour, s.created_at, s.used_at,
    COALESCE(p.name, d.name, ''), COALESCE(d.kind, '')
FROM sessions s
LEFT JOIN devices d ON d.account_id = s.account_id AND d.ref = s.device
LEFT JOIN oauth_sessions o ON o.session_id = s.id
LEFT JOIN oauth_clients p ON p.id = o.client_id
WHERE s.account_id = ? AND (
    EXISTS (SELECT 1 FROM tokens t WHERE t.session_id = s.id AND t.expires_at > ?)
    OR NOT EXISTS (SELECT 1 FROM tokens t WHERE t.session_id = s.id)
)
ORDER BY s.id DESC LIMIT 1000
"""

END_SESSION = "DELETE FROM sessions WHERE id = ?"

DEVICES_OF = """
SELECT DISTINCT s.device FROM sessions s
WHERE s.id IN (SELECT CAST(each.value AS BIGINT) FROM json_each(?) AS each)
"""

SILENCE = """
DELETE FROM subscriptions WHERE account_id = ?
    AND device IN (SELECT CAST(each.value ->> 0 AS TEXT) FROM json_each(?) AS each)
    AND NOT EXISTS (
        SELECT 1 FROM sessions s
        WHERE s.account_id = subscriptions.account_id AND s.device = subscriptions.device
    )
"""

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
        return None if found is None else FoundSecret(Session(*found[:5]), *found[5:])

    async def note_used(self, session_id: SessionId, at: int) -> None:
        """See the port."""
        await self._engine.write(run(NOTE_USED, at, session_id, at))

    async def listed(self, account_id: AccountId, now: int) -> list[OpenSession]:
        """See the port."""
        found = await self._engine.read(rows(LISTED, account_id, now))
        return [OpenSession(Session(*each[:5]), *each[5:]) for each in found]

    async def end_own(self, account_id: AccountId, session_id: SessionId) -> None:
        """See the port."""
        await self._engine.write(end_own(account_id, session_id))

    async def end_others(self, account_id: AccountId, keep: Collection[SessionId]) -> None:
        """See the port."""
        await self._engine.write(end_all_but(account_id, keep))

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
        NotAllowed: the account is blocked.
    """
    yield from _need_proof(opening)
    session = yield from put_session(opening, now)
    if opening.keep_newest is not None:
        beyond = yield from rows(
            BEYOND_NEWEST, opening.account_id, opening.dialect, opening.keep_newest
        )
        if beyond:
            yield from end([each[0] for each in beyond], opening.account_id)
    return session


def put_session(opening: Opening, now: int) -> Work[Session]:
    """Make or renew the session, whatever proves it."""
    number = yield from draw(now)
    found = yield from row(
        OPEN, number, opening.account_id, opening.dialect, opening.device, opening.flavour, now,
        now,
    )  # fmt: skip
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
    if opening.phone not in (None, found[2]):
        raise NotSignedIn("code")
    if found[1] is not None:
        raise NotAllowed(BLOCKED_ACCOUNT)
    if opening.session_id is not None and not (
        yield from row(STANDS, opening.session_id, opening.account_id)
    ):
        raise NotSignedIn("token")


def end(session_ids: Sequence[SessionId], account_id: AccountId) -> Work[None]:
    """Void the sessions with all their secrets; a device on which nobody is signed in is not called any more."""
    devices = yield from rows(DEVICES_OF, array(session_ids))
    yield from many(END_SESSION, [(session_id,) for session_id in session_ids])
    yield from run(SILENCE, account_id, array(devices))
    # The number says between which other events it stands; the time does not matter.
    number = yield from draw(0)
    yield from tell(SessionsEnded(tuple(session_ids), account_id, number))


def end_own(account_id: AccountId, session_id: SessionId) -> Work[None]:
    """Void a session of the account's. Raises: NotFound("session")."""
    if (yield from row(STANDS, session_id, account_id)) is None:
        raise NotFound("session")
    yield from end([session_id], account_id)


def server_secret(name: str, proposal: str) -> Work[str]:
    """Made once, then always the same."""
    yield from run(MAKE_SECRET, name, proposal)
    found = yield from row(READ_SECRET, name)
    assert found is not None, "it was written at the latest one line above"
    return str(found[0])


def end_sessions(account_id: AccountId, *, keep: SessionId | None) -> Work[None]:
    """Void every session of the account but the one to keep."""
    yield from end_all_but(account_id, () if keep is None else (keep,))


def end_all_but(account_id: AccountId, keep: Collection[SessionId]) -> Work[None]:
    """Void every session of the account but those to keep."""
    found = yield from rows(ALL_SESSIONS, account_id)
    ended = [each[0] for each in found if each[0] not in keep]
    if ended:
        yield from end(ended, account_id)
