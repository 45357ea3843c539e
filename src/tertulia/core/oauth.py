"""Applications that act for people, with their consent: OAuth 2.0 (RFC 6749, 7636, 9700).

A consent opens a *family*: a session of the core from which one code, and then pairs of access and
refresh tokens, come. What ends sessions (another password, a block, the end of the account) ends the
family with everything that came from it. Nothing here is kept in memory, so several processes, and
the operator's command, may work on one store; the store knows secrets as hashes only.
"""

import hmac
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import NamedTuple, Protocol

from tertulia.core.applications import Application, Scopes, drawn_up, may_be_id
from tertulia.core.errors import NotAllowed, NotFound, NotSignedIn
from tertulia.core.ids import AccountId, SessionId
from tertulia.core.model import Account, Actor
from tertulia.core.ports import Clock
from tertulia.core.signin import hash_of, new_secret
from tertulia.core.signin_model import Opening, Proven

CODE_LIVES_MS = 120_000
ACCESS_LIVES_MS = 43_200_000
REFRESH_LIVES_MS = 90 * 86_400_000
BROWSER_LIVES_MS = 14 * 86_400_000
"""How long a browser stays signed in on our pages."""

DIALECT = "unet"
"""Of the sessions that are opened here."""

MOST_TIDIED = 1_000
"""Families that are thrown away in one go."""


@dataclass(frozen=True, slots=True)
class Consent:
    """What somebody agreed to. `challenge`: of PKCE, method S256; "" without."""

    client_id: str
    redirect_uri: str
    scopes: Scopes
    challenge: str = ""


class Access(NamedTuple):
    """What an access token allows, to whom, and until when."""

    actor: Actor
    client_id: str
    scopes: Scopes
    expires_at: int


@dataclass(frozen=True, slots=True)
class Issued:
    """A pair of tokens for an application."""

    access: str
    refresh: str
    account_id: AccountId
    scopes: Scopes


@dataclass(frozen=True, slots=True)
class Browser:
    """Somebody who is signed in on our own pages."""

    account: Account
    session_id: SessionId


@dataclass(frozen=True, slots=True)
class Allowance:
    """An application that somebody has let in, and since when."""

    application: Application
    scopes: Scopes
    since: int


class Redemption(StrEnum):
    """What became of a code or refresh token that was shown."""

    GOOD = "good"
    WRONG = "wrong"
    REPLAYED = "replayed"
    TOO_WIDE = "too wide"


class Shown(NamedTuple):
    """What an application shows for new tokens, and the new tokens, if it is worth them.

    `secret_hash` is that of the code or refresh token. `scopes`: those asked for; () for all.
    """

    client_id: str
    secret_hash: str
    access_hash: str
    refresh_hash: str
    redirect_uri: str = ""
    challenge: str = ""
    scopes: Scopes = ()


class Redeemed(NamedTuple):
    """The outcome; whose tokens they are and what they allow, if it is good."""

    outcome: Redemption
    account_id: AccountId = AccountId(0)
    scopes: Scopes = ()


class OAuthStore(Protocol):
    """Applications and what they were granted, at rest."""

    async def add(self, application: Application, secret_hash: str) -> None:
        """A new one."""
        ...

    async def application(self, client_id: str) -> tuple[Application, str] | None:
        """The application and its secret's hash."""
        ...

    async def applications(self) -> list[Application]:
        """All, oldest first."""
        ...

    async def remove(self, client_id: str) -> bool:
        """With everything it was granted; False: there is none."""
        ...

    async def open_browser(self, opening: Opening, secret_hash: str, until: int, now: int) -> None:
        """A session on our pages. Raises: NotSignedIn: the proof does not hold any more."""
        ...

    async def browser(self, secret_hash: str, now: int) -> Browser | None:
        """Who is signed in with that secret."""
        ...

    async def open_family(
        self, opening: Opening, consent: Consent, code_hash: str, now: int
    ) -> None:
        """A new family with its code. Raises: NotSignedIn, NotFound("application")."""
        ...

    async def redeem(self, shown: Shown, now: int) -> Redeemed:
        """Tokens for a code; one that was used before ends its family."""
        ...

    async def refresh(self, shown: Shown, now: int) -> Redeemed:
        """Tokens for a refresh token, which is spent then; one that was spent before ends its family."""
        ...

    async def access(self, access_hash: str, now: int) -> Access | None:
        """What a live access token allows."""
        ...

    async def allowances(self, account_id: AccountId) -> list[Allowance]:
        """What the account has let in, newest first."""
        ...

    async def withdraw(self, account_id: AccountId, client_id: str) -> None:
        """End every family of the two."""
        ...

    async def end(self, session_id: SessionId, account_id: AccountId) -> None:
        """End one session."""
        ...

    async def tidy(self, now: int, limit: int) -> None:
        """Throw away what nobody can use any more."""
        ...


class OAuth:
    """What applications, and the people who let them in, can do."""

    def __init__(self, store: OAuthStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def register(
        self, name: str, redirect_uris: Sequence[str], scopes: Sequence[str] = ()
    ) -> tuple[Application, str]:
        """A new application, and its secret, which nobody can be told again.

        Raises:
            BadInput: "name", "redirect uri" or "scope".
        """
        application, secret = drawn_up(name, redirect_uris, scopes, self._clock.now_ms())
        await self._store.add(application, hash_of(secret))
        return application, secret

    async def find(self, client_id: str) -> Application | None:
        """The application of that id."""
        found = await self._known(client_id)
        return found[0] if found else None

    async def authenticate(self, client_id: str, secret: str) -> Application:
        """The application that knows its secret. Raises: NotSignedIn("client")."""
        found = await self._known(client_id)
        expected = found[1] if found else hash_of("")
        if not hmac.compare_digest(expected, hash_of(secret)) or found is None:
            raise NotSignedIn("client")
        return found[0]

    async def _known(self, client_id: str) -> tuple[Application, str] | None:
        return await self._store.application(client_id) if may_be_id(client_id) else None

    async def sign_in(self, proven: Proven) -> tuple[Browser | None, str]:
        """Sign a browser in; the second result is its secret.

        Raises:
            NotSignedIn: what proved the account does not hold any more.
        """
        now, secret = self._clock.now_ms(), new_secret()
        opening = _opening(proven, f"browser {secrets.token_hex(8)}", "")
        hashed = hash_of(secret)
        await self._store.open_browser(opening, hashed, now + BROWSER_LIVES_MS, now)
        return await self._store.browser(hashed, now), secret

    async def browser(self, secret: str) -> Browser | None:
        """Who is signed in with that secret, if anybody is."""
        return await self._store.browser(hash_of(secret), self._clock.now_ms()) if secret else None

    async def sign_out(self, browser: Browser) -> None:
        """The browser's secret is void; what was consented to stays."""
        await self._store.end(browser.session_id, browser.account.id)

    async def consent(self, browser: Browser, consent: Consent) -> str:
        """The code for the application.

        Raises:
            NotSignedIn: the browser's session has ended meanwhile.
            NotFound: "application": it is gone meanwhile.
        """
        code = new_secret()
        proven = Proven(browser.account, session_id=browser.session_id)
        opening = _opening(proven, f"application {secrets.token_hex(8)}", consent.client_id)
        await self._store.open_family(opening, consent, hash_of(code), self._clock.now_ms())
        return code

    async def redeem(
        self, application: Application, code: str, redirect_uri: str, verifier: str
    ) -> Issued:
        """Tokens for a code. `verifier`: of PKCE, "" when none was sent.

        Raises:
            NotSignedIn: "code": unknown, late, another application's, for another redirect URI, or the
                verifier is wrong or out of place; or used before: then its family has ended.
        """
        challenge = challenge_of(verifier) if verifier else ""
        shown, issued = self._pair(application, code)
        shown = shown._replace(redirect_uri=redirect_uri, challenge=challenge)
        done = await self._store.redeem(shown, self._clock.now_ms())
        if done.outcome is not Redemption.GOOD:
            raise NotSignedIn("code")
        return Issued(*issued, done.account_id, done.scopes)

    async def refresh(
        self, application: Application, token: str, scopes: Scopes | None = None
    ) -> Issued:
        """A new pair for a refresh token; `scopes`: fewer than were granted, for the access token.

        Raises:
            NotSignedIn: "refresh token": unknown, late, or another application's; or spent before: then
                its family has ended.
            NotAllowed: "scope": more than was granted; nothing is spent then.
        """
        shown, issued = self._pair(application, token)
        shown = shown._replace(scopes=scopes or ())
        done = await self._store.refresh(shown, self._clock.now_ms())
        if done.outcome is Redemption.TOO_WIDE:
            raise NotAllowed("scope")
        if done.outcome is not Redemption.GOOD:
            raise NotSignedIn("refresh token")
        return Issued(*issued, done.account_id, done.scopes)

    @staticmethod
    def _pair(application: Application, shown: str) -> tuple[Shown, tuple[str, str]]:
        access, refresh = new_secret(), new_secret()
        hashes = (hash_of(shown), hash_of(access), hash_of(refresh))
        return Shown(application.id, *hashes), (access, refresh)

    async def access(self, token: str) -> Access:
        """What the token allows. Raises: NotSignedIn("token")."""
        found = await self._store.access(hash_of(token), self._clock.now_ms())
        if found is None:
            raise NotSignedIn("token")
        return found

    async def allowances(self, account_id: AccountId) -> list[Allowance]:
        """What the account has let in, newest first."""
        return await self._store.allowances(account_id)

    async def withdraw(self, account_id: AccountId, client_id: str) -> None:
        """The application may do nothing more for the account; perhaps it could not before."""
        if may_be_id(client_id):
            await self._store.withdraw(account_id, client_id)

    async def listed(self) -> list[Application]:
        """Every application, oldest first."""
        return await self._store.applications()

    async def remove(self, client_id: str) -> None:
        """The application is gone, and all it was granted. Raises: NotFound("application")."""
        if not await self._store.remove(client_id):
            raise NotFound("application")

    async def tidy(self) -> None:
        """Throw away what nobody can use any more."""
        await self._store.tidy(self._clock.now_ms(), MOST_TIDIED)


def _opening(proven: Proven, device: str, flavour: str) -> Opening:
    return Opening(
        proven.account.id,
        DIALECT,
        device,
        flavour,
        (),
        proven.password_hash,
        proven.session_id,
        proven.phone,
    )


def challenge_of(verifier: str) -> str:
    """What a verifier was announced with (RFC 7636, 4.2, S256)."""
    digest = sha256(verifier.encode("utf-8", "surrogatepass")).digest()
    return urlsafe_b64encode(digest).rstrip(b"=").decode()
