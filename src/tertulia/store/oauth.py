"""Applications, their codes and tokens, of which only hashes are kept. A family is a session of its own."""

import msgspec

from tertulia.core.applications import Application, Scope, Scopes
from tertulia.core.errors import NotFound
from tertulia.core.ids import AccountId, SessionId
from tertulia.core.model import Actor
from tertulia.core.oauth import (
    ACCESS_LIVES_MS,
    CODE_LIVES_MS,
    REFRESH_LIVES_MS,
    Access,
    Allowance,
    Browser,
    Consent,
    Redeemed,
    Redemption,
    Shown,
)
from tertulia.core.signin_model import Opening
from tertulia.store import records
from tertulia.store.engine import Engine
from tertulia.store.sessions import end, open_session
from tertulia.store.work import Row, Work, array, many, row, rows, run

CLIENT = "p.id, p.name, p.redirect_uris, p.scopes, p.created_at"

ADD_CLIENT = """
INSERT INTO oauth_clients (id, name, redirect_uris, scopes, created_at, secret_hash)
VALUES (?, ?, ?, ?, ?, ?)
"""

FIND_CLIENT = f"SELECT {CLIENT}, p.secret_hash FROM oauth_clients p WHERE p.id = ?"

ALL_CLIENTS = f"SELECT {CLIENT} FROM oauth_clients p ORDER BY p.created_at, p.id"

END_CLIENT = """
DELETE FROM sessions WHERE id IN (SELECT o.session_id FROM oauth_sessions o WHERE o.client_id = ?)
"""

DROP_CLIENT = "DELETE FROM oauth_clients WHERE id = ?"

OPEN = """
INSERT INTO oauth_sessions (session_id, account_id, client_id, scopes, created_at, ends_at)
VALUES (?, ?, ?, ?, ?, ?)
"""

LASTS = "UPDATE oauth_sessions SET ends_at = ? WHERE session_id = ?"

ADD_CODE = """
INSERT INTO oauth_codes (hash, session_id, redirect_uri, challenge, expires_at) VALUES (?, ?, ?, ?, ?)
"""

FIND_CODE = """
SELECT c.session_id, o.account_id, o.client_id, o.scopes, c.redirect_uri, c.challenge, c.expires_at,
    c.used_at
FROM oauth_codes c JOIN oauth_sessions o ON o.session_id = c.session_id
WHERE c.hash = ?
"""

USE_CODE = "UPDATE oauth_codes SET used_at = ? WHERE hash = ?"

ADD_GRANTED = """
INSERT INTO oauth_tokens (hash, session_id, kind, scopes, expires_at) VALUES (?, ?, ?, ?, ?)
"""

FIND_GRANTED = """
SELECT t.session_id, o.account_id, o.client_id, o.scopes, t.scopes, t.expires_at, t.spent_at
FROM oauth_tokens t JOIN oauth_sessions o ON o.session_id = t.session_id
WHERE t.hash = ? AND t.kind = ?
"""

SPEND = "UPDATE oauth_tokens SET spent_at = ? WHERE hash = ?"

# A spent refresh token stays, to be recognised, as long as its family may live.
FORGET_EXPIRED = """
DELETE FROM oauth_tokens WHERE session_id = ? AND kind = 'access' AND expires_at <= ?
"""

IN_BROWSER = f"""
SELECT o.session_id, {records.ACCOUNT}
FROM oauth_tokens t
JOIN oauth_sessions o ON o.session_id = t.session_id
JOIN accounts a ON a.id = o.account_id AND a.deleted_at IS NULL
WHERE t.hash = ? AND t.kind = 'browser' AND t.expires_at > ?
"""

ALLOWED = f"""
SELECT {CLIENT}, o.scopes, o.created_at
FROM oauth_sessions o JOIN oauth_clients p ON p.id = o.client_id
WHERE o.account_id = ? AND o.client_id IS NOT NULL
ORDER BY o.created_at DESC, o.session_id DESC
"""

OF_TWO = "SELECT session_id FROM oauth_sessions WHERE client_id = ? AND account_id = ?"

OVER = """
SELECT session_id, account_id FROM oauth_sessions WHERE ends_at <= ? ORDER BY ends_at LIMIT ?
"""

_uris = msgspec.json.Decoder(tuple[str, ...])


class SqlOAuth:
    """`core.oauth.OAuthStore` over an engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def add(self, application: Application, secret_hash: str) -> None:
        """See the port."""
        await self._engine.write(add(application, secret_hash))

    async def application(self, client_id: str) -> tuple[Application, str] | None:
        """See the port."""
        found = await self._engine.read(row(FIND_CLIENT, client_id))
        return None if found is None else (application(found), found[-1])

    async def applications(self) -> list[Application]:
        """See the port."""
        return await self._engine.read(applications())

    async def remove(self, client_id: str) -> bool:
        """See the port."""
        return await self._engine.write(remove(client_id))

    async def open_browser(self, opening: Opening, secret_hash: str, until: int, now: int) -> None:
        """See the port."""
        await self._engine.write(open_browser(opening, secret_hash, until, now))

    async def browser(self, secret_hash: str, now: int) -> Browser | None:
        """See the port."""
        found = await self._engine.read(row(IN_BROWSER, secret_hash, now))
        return None if found is None else Browser(records.account(found[1:]), SessionId(found[0]))

    async def open_family(
        self, opening: Opening, consent: Consent, code_hash: str, now: int
    ) -> None:
        """See the port."""
        await self._engine.write(open_family(opening, consent, code_hash, now))

    async def redeem(self, shown: Shown, now: int) -> Redeemed:
        """See the port."""
        return await self._engine.write(redeem(shown, now))

    async def refresh(self, shown: Shown, now: int) -> Redeemed:
        """See the port."""
        return await self._engine.write(refresh(shown, now))

    async def access(self, access_hash: str, now: int) -> Access | None:
        """See the port."""
        found = await self._engine.read(row(FIND_GRANTED, access_hash, "access"))
        if found is None or found[5] <= now:
            return None
        actor = Actor(AccountId(found[1]), SessionId(found[0]))
        return Access(actor, found[2], _scopes(found[4]), found[5])

    async def allowances(self, account_id: AccountId) -> list[Allowance]:
        """See the port."""
        found = await self._engine.read(rows(ALLOWED, account_id))
        return [Allowance(application(each), _scopes(each[5]), each[6]) for each in found]

    async def withdraw(self, account_id: AccountId, client_id: str) -> None:
        """See the port."""
        await self._engine.write(withdraw(account_id, client_id))

    async def end(self, session_id: SessionId, account_id: AccountId) -> None:
        """See the port."""
        await self._engine.write(end((session_id,), account_id))

    async def tidy(self, now: int, limit: int) -> None:
        """See the port."""
        await self._engine.write(tidy(now, limit))


def application(found: Row) -> Application:
    """From the columns of CLIENT, which may be followed by others."""
    return Application(found[0], found[1], _uris.decode(found[2]), _scopes(found[3]), found[4])


def _scopes(stored: str) -> Scopes:
    return tuple(Scope(each) for each in stored.split())


def add(new: Application, secret_hash: str) -> Work[None]:
    """A new application."""
    yield from run(
        ADD_CLIENT, new.id, new.name, array(new.redirect_uris), " ".join(new.scopes),
        new.created_at, secret_hash,
    )  # fmt: skip


def applications() -> Work[list[Application]]:
    """All, oldest first."""
    return [application(each) for each in (yield from rows(ALL_CLIENTS))]


def remove(client_id: str) -> Work[bool]:
    """The application and its families are gone; False: there is none."""
    if (yield from row(FIND_CLIENT, client_id)) is None:
        return False
    # Nobody is connected on these sessions, so nobody need be told.
    yield from run(END_CLIENT, client_id)
    yield from run(DROP_CLIENT, client_id)
    return True


def open_browser(opening: Opening, secret_hash: str, until: int, now: int) -> Work[None]:
    """A browser that is signed in."""
    session = yield from open_session(opening, now)
    yield from run(OPEN, session.id, session.account_id, None, "", now, until)
    yield from run(ADD_GRANTED, secret_hash, session.id, "browser", "", until)


def open_family(opening: Opening, consent: Consent, code_hash: str, now: int) -> Work[None]:
    """A family and its code. Raises: NotSignedIn, NotFound("application")."""
    if (yield from row(FIND_CLIENT, consent.client_id)) is None:
        raise NotFound("application")
    session = yield from open_session(opening, now)
    until = now + CODE_LIVES_MS
    scopes = " ".join(consent.scopes)
    yield from run(OPEN, session.id, session.account_id, consent.client_id, scopes, now, until)
    yield from run(ADD_CODE, code_hash, session.id, consent.redirect_uri, consent.challenge, until)


def redeem(shown: Shown, now: int) -> Work[Redeemed]:
    """Tokens for a code. A replay is an outcome and no error: what it ends must be kept."""
    found = yield from row(FIND_CODE, shown.secret_hash)
    if found is None or found[2] != shown.client_id:
        return Redeemed(Redemption.WRONG)
    session_id, account_id, _, scopes, redirect_uri, challenge, expires_at, used_at = found
    if used_at is not None:
        yield from end((SessionId(session_id),), AccountId(account_id))
        return Redeemed(Redemption.REPLAYED)
    if expires_at <= now or (redirect_uri, challenge) != (shown.redirect_uri, shown.challenge):
        return Redeemed(Redemption.WRONG)
    yield from run(USE_CODE, now, shown.secret_hash)
    granted = _scopes(scopes)
    yield from _issue(session_id, shown, granted, granted, now)
    return Redeemed(Redemption.GOOD, AccountId(account_id), granted)


def refresh(shown: Shown, now: int) -> Work[Redeemed]:
    """A new pair for a refresh token; which scopes its access token has is for the client to narrow."""
    found = yield from row(FIND_GRANTED, shown.secret_hash, "refresh")
    if found is None or found[2] != shown.client_id:
        return Redeemed(Redemption.WRONG)
    session_id, account_id, _, scopes, _, expires_at, spent_at = found
    if spent_at is not None:
        yield from end((SessionId(session_id),), AccountId(account_id))
        return Redeemed(Redemption.REPLAYED)
    if expires_at <= now:
        return Redeemed(Redemption.WRONG)
    granted = _scopes(scopes)
    if not set(shown.scopes) <= set(granted):
        return Redeemed(Redemption.TOO_WIDE)
    yield from run(SPEND, now, shown.secret_hash)
    yield from run(FORGET_EXPIRED, session_id, now)
    yield from _issue(session_id, shown, shown.scopes or granted, granted, now)
    return Redeemed(Redemption.GOOD, AccountId(account_id), shown.scopes or granted)


def _issue(session_id: int, shown: Shown, scopes: Scopes, granted: Scopes, now: int) -> Work[None]:
    until = now + REFRESH_LIVES_MS
    access = (shown.access_hash, session_id, "access", " ".join(scopes), now + ACCESS_LIVES_MS)
    renewal = (shown.refresh_hash, session_id, "refresh", " ".join(granted), until)
    yield from many(ADD_GRANTED, [access, renewal])
    yield from run(LASTS, until, session_id)


def withdraw(account_id: AccountId, client_id: str) -> Work[None]:
    """End every family of the two."""
    families = [SessionId(each[0]) for each in (yield from rows(OF_TWO, client_id, account_id))]
    if families:
        yield from end(families, account_id)


def tidy(now: int, limit: int) -> Work[None]:
    """Families and browsers whose last secret is void are gone."""
    for session_id, account_id in (yield from rows(OVER, now, limit)):
        yield from end((SessionId(session_id),), AccountId(account_id))
