"""Signing in and out: passwords, secrets, sessions.

A session is one account on one device through one dialect. It opens with secrets of two kinds: an
*access* secret that a client shows with its requests, and a *refresh* secret that is good for the next
sign-in and is replaced by it. The store knows hashes only.
"""

import secrets
from dataclasses import dataclass
from hashlib import sha256
from math import ceil

from tertulia.core.errors import NotSignedIn, TooMuch
from tertulia.core.model import FoundSecret, Opening, Proven, Secret, Session
from tertulia.core.ports import AccountStore, Attempts, Clock, Passwords, SessionStore
from tertulia.core.text import key

ACCESS = "access"
REFRESH = "refresh"

GRACE_MS = 120_000
"""How long a replaced refresh secret still works, so that a lost answer locks nobody out."""


@dataclass(frozen=True, slots=True)
class Grant:
    """A secret to hand out: its text goes to the client, its hash to the store."""

    text: str
    kind: str
    expires_at: int


def new_secret() -> str:
    """256 random bits, URL-safe."""
    return secrets.token_urlsafe(32)


def hash_of(secret: str) -> str:
    """What the store knows of a secret. A plain hash will do: secrets are long and random."""
    return sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


class SignIn:
    """How one becomes an actor."""

    def __init__(
        self,
        accounts: AccountStore,
        sessions: SessionStore,
        passwords: Passwords,
        attempts: Attempts,
        clock: Clock,
    ) -> None:
        self._accounts = accounts
        self._sessions = sessions
        self._passwords = passwords
        self._attempts = attempts
        self._clock = clock

    async def by_password(self, login: str, password: str) -> Proven:
        """The account of that login and password.

        Raises:
            NotSignedIn: "password": no such login, or the wrong password; we do not say which.
            TooMuch: "sign-ins": too many failures for this login.
            Unavailable: too many passwords are being checked.
        """
        name = key(login)
        wait_s = self._attempts.wait_s(name)
        if wait_s:
            raise TooMuch("sign-ins", ceil(wait_s))
        found = await self._accounts.secret_of(login)
        hashed = found[1] if found else None
        if not await self._passwords.matches(hashed, password) or found is None:
            self._attempts.count(name)
            raise NotSignedIn("password")
        # Guesses that were all under way at once are not told which of them was right.
        wait_s = self._attempts.wait_s(name)
        if wait_s:
            raise TooMuch("sign-ins", ceil(wait_s))
        self._attempts.forget(name)
        return Proven(found[0], password_hash=hashed)

    async def open(
        self, proven: Proven, dialect: str, device: str, flavour: str, grants: tuple[Grant, ...]
    ) -> Session:
        """The session of the account on that device, which these secrets open from now on.

        Raises:
            NotSignedIn: the account, its password or the session that proved it is gone meanwhile.
        """
        opening = Opening(
            proven.account.id,
            dialect,
            device,
            flavour,
            tuple(Secret(hash_of(each.text), each.kind, each.expires_at) for each in grants),
            proven.password_hash,
            proven.session_id,
        )
        return await self._sessions.open(opening, self._clock.now_ms())

    async def by_secret(self, secret: str, kind: str, dialect: str) -> Session:
        """The session a secret opens.

        A refresh secret that was replaced more than `GRACE_MS` ago has been stolen or copied: its
        session ends.

        Raises:
            NotSignedIn: "token": unknown, expired, revoked, or of another kind or dialect.
        """
        found = await self._sessions.find(hash_of(secret), self._clock.now_ms())
        if found is None or found.kind != kind or found.session.dialect != dialect:
            raise NotSignedIn("token")
        if self._is_stale(found):
            await self.close(found.session)
            raise NotSignedIn("token")
        return found.session

    def _is_stale(self, found: FoundSecret) -> bool:
        replaced_at = found.replaced_at
        return replaced_at is not None and self._clock.now_ms() > replaced_at + GRACE_MS

    async def close(self, session: Session) -> None:
        """Sign out: all secrets of the session are void, its connections are nobody's."""
        await self._sessions.end([session.id], session.account_id)
