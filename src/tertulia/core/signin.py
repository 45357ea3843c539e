"""Signing in and out: passwords, phones, secrets, sessions.

A session is one account on one device through one dialect. It opens with secrets of two kinds: an
*access* secret that a client shows with its requests, and a *refresh* secret that is good for the next
sign-in and is replaced by it. The store knows hashes only.
"""

import secrets
from collections.abc import Callable, Collection, Coroutine
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Protocol

from tertulia.core.admission import Registration
from tertulia.core.errors import NotAllowed, NotSignedIn
from tertulia.core.guessing import Guessing
from tertulia.core.ids import AccountId, SessionId
from tertulia.core.model import Account, Actor, Session
from tertulia.core.phones import is_number, normalised
from tertulia.core.ports import AccountStore, Clock, SessionStore
from tertulia.core.signin_model import FoundSecret, Opening, OpenSession, Proven, Secret
from tertulia.core.text import key

ACCESS = "access"
REFRESH = "refresh"

GRACE_MS = 120_000
"""How long a replaced refresh secret still works, so that a lost answer locks nobody out."""

MAX_NAME = 255
"""Code points of a login, a phone or an e-mail address; nothing longer can be registered."""

USED_EVERY_MS = 3_600_000
"""How often at most it is stored that a session was used."""

BLOCKED_ACCOUNT = "blocked account"
"""What `NotAllowed` says to who signs in to an account that the operator has blocked."""

UNCONFIRMED = "unconfirmed"
"""What `NotSignedIn` says to who has the right secret of an account that is yet to be confirmed."""


@dataclass(frozen=True, slots=True)
class Grant:
    """A secret to hand out: its text goes to the client, its hash to the store."""

    text: str
    kind: str
    expires_at: int

    @property
    def secret(self) -> Secret:
        """What the store is to know of it."""
        return Secret(hash_of(self.text), self.kind, self.expires_at)


@dataclass(frozen=True, slots=True)
class Reserved:
    """A registration that waits to be confirmed: the account to be, and its password."""

    account_id: AccountId
    password_hash: str


class Waiting(Protocol):
    """Registrations that are yet to be confirmed, as far as signing in meets them."""

    async def standing(self, login: str, now: int) -> Reserved | None:
        """The registration that reserves that login (without regard to case)."""
        ...

    async def has_secret(self, secret_hash: str, kind: str, dialect: str, now: int) -> bool:
        """Whether that secret will open a session once the account is confirmed."""
        ...


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
        waiting: Waiting,
        guessing: Guessing,
        clock: Clock,
        *,
        spawn: Callable[[Coroutine[Any, Any, None]], object],
        sign_up: Registration = Registration.OPEN,
    ) -> None:
        self._accounts = accounts
        self._sessions = sessions
        self._waiting = waiting
        self._guessing = guessing
        self._clock = clock
        self._spawn = spawn
        self._sign_up = sign_up
        self._being_noted: set[SessionId] = set()

    async def by_password(self, login: str, password: str) -> Proven:
        """The account of that login and password.

        Raises:
            NotSignedIn: "password": no such login, or the wrong password; we do not say which.
            NotAllowed: `BLOCKED_ACCOUNT`: the operator has blocked it.
            TooMuch: "sign-ins": too many failures for this account.
            Unavailable: too many passwords are being checked.
        """
        found = await self._accounts.secret_of(login)
        return await self._first_that_fits(login, [found] if found else [], password)

    async def by_name(self, name: str, password: str) -> Proven:
        """The account of that name and password: its login, or its proven phone or e-mail.

        A phone may be spelled in any way. If the name is one account's login and another's phone or
        e-mail, the password decides; failures then count for both.

        Raises:
            NotSignedIn: "password": as in `by_password`; or `UNCONFIRMED`: the password is right,
                but the account is yet to be confirmed.
            NotAllowed, TooMuch, Unavailable: as in `by_password`.
        """
        if not _could_be_a_name(name):
            return await self._first_that_fits(name, [], password)
        phone = normalised(name) if is_number(name) else None
        found = await self._accounts.secrets_of(name, phone)
        if not found:
            standing = await self._waiting.standing(name, self._clock.now_ms())
            if standing is not None:
                await self._guessing.check(standing.account_id, standing.password_hash, password)
                raise NotSignedIn(UNCONFIRMED)
        return await self._first_that_fits(name, found, password)

    async def by_phone(self, phone: str, *, invite: str = "") -> Proven:
        """The account of a number that has just been proven (`PhoneCodes.prove`), made if there is none.

        Whoever proves a number takes it: unproven claims of other accounts on it are cleared. Whose
        number stands in a team that waits for him may always come.

        Args:
            phone: in any spelling.
            invite: the token of one, where it takes one to sign up. Who is known needs none.

        Raises:
            BadInput: "phone": it is no number; "invite": nobody comes by it (any more).
            NotAllowed: `BLOCKED_ACCOUNT`: the operator has blocked the account; or there is none, and
                `admission.CLOSED_DOOR` or `admission.UNINVITED`.
        """
        number = normalised(phone)
        admission = self._sign_up.admission(invite)
        account = await self._accounts.open_by_phone(number, self._clock.now_ms(), admission)
        return _unless_blocked(Proven(account, phone=number))

    async def by_session(self, secret: str, dialect: str) -> Proven:
        """The account of an open session of *dialect*, for a session of another (docs/decisions/0105).

        Args:
            secret: its access secret.
            dialect: whose it must be.

        Raises:
            NotSignedIn: "token": it opens nothing.
        """
        session = await self.by_secret(secret, ACCESS, dialect)
        accounts = await self._accounts.several([session.account_id])
        if not accounts:
            raise NotSignedIn("token")
        return Proven(accounts[0], session_id=session.id)

    async def _first_that_fits(
        self, name: str, found: list[tuple[Account, str | None]], password: str
    ) -> Proven:
        if not found:
            await self._guessing.check_nobody(key(name), password)
        for place, (account, hashed) in enumerate(found, 1):
            try:
                await self._guessing.check(account.id, hashed, password)
            except NotSignedIn:
                if place == len(found):
                    raise
                continue
            return _unless_blocked(Proven(account, password_hash=hashed))
        raise NotSignedIn("password")

    async def open(
        self,
        proven: Proven,
        dialect: str,
        device: str,
        flavour: str,
        grants: tuple[Grant, ...],
        *,
        keep_newest: int | None = None,
    ) -> Session:
        """The session of the account on that device, which these secrets open from now on.

        Args:
            proven: by `by_password`, `by_name` or `by_phone`.
            dialect: its name; secrets of one do not open another.
            device: the client's name for it. The same device again is the same session.
            flavour: the dialect's own remark about the client.
            grants: the secrets.
            keep_newest: so many sessions of the account in this dialect stay, older ones end.

        Raises:
            NotSignedIn: the account, its password, its phone or the session that proved it is gone
                meanwhile.
            NotAllowed: `BLOCKED_ACCOUNT`: meanwhile the operator has blocked it.
        """
        opening = Opening(
            proven.account.id,
            dialect,
            device,
            flavour,
            tuple(each.secret for each in grants),
            proven.password_hash,
            proven.session_id,
            proven.phone,
            keep_newest,
        )
        return await self._sessions.open(opening, self._clock.now_ms())

    async def by_secret(
        self, secret: str, kind: str, dialect: str, *, idle_ms: int | None = None
    ) -> Session:
        """The session a secret opens.

        A refresh secret that was replaced more than `GRACE_MS` ago has been stolen or copied: its
        session ends.

        Args:
            secret: what the client shows.
            kind: `ACCESS` or `REFRESH`.
            dialect: whose secret it must be.
            idle_ms: a session that was not used for so long is void; None: that is no reason.

        Raises:
            NotSignedIn: "token": unknown, expired, revoked, or of another kind or dialect; or
                `UNCONFIRMED`: it will open a session once the account is confirmed.
        """
        now = self._clock.now_ms()
        hashed = hash_of(secret)
        found = await self._sessions.find(hashed, now)
        if found is None and await self._waiting.has_secret(hashed, kind, dialect, now):
            raise NotSignedIn(UNCONFIRMED)
        if found is None or found.kind != kind or found.session.dialect != dialect:
            raise NotSignedIn("token")
        if self._is_stale(found) or (idle_ms is not None and found.used_at + idle_ms < now):
            await self.close(found.session)
            raise NotSignedIn("token")
        if now - found.used_at >= USED_EVERY_MS and found.session.id not in self._being_noted:
            self._being_noted.add(found.session.id)
            self._spawn(self._note_used(found.session.id, now))
        return found.session

    def _is_stale(self, found: FoundSecret) -> bool:
        replaced_at = found.replaced_at
        return replaced_at is not None and self._clock.now_ms() > replaced_at + GRACE_MS

    async def _note_used(self, session_id: SessionId, at: int) -> None:
        try:
            await self._sessions.note_used(session_id, at)
        finally:
            self._being_noted.discard(session_id)

    async def sessions(self, actor: Actor) -> list[OpenSession]:
        """Where the actor is signed in, through every dialect, newest first."""
        return await self._sessions.listed(actor.account_id, self._clock.now_ms())

    async def end(self, actor: Actor, session_id: SessionId) -> None:
        """Sign out one session of the actor's, of whatever dialect.

        Raises:
            NotFound: "session": it is not there, or somebody else's.
        """
        await self._sessions.end_own(actor.account_id, session_id)

    async def end_others(self, actor: Actor, *, keep: Collection[SessionId] = ()) -> None:
        """Sign out every session of the actor's but the one he acts in, and those to keep."""
        await self._sessions.end_others(actor.account_id, {actor.session_id, *keep})

    async def close(self, session: Session) -> None:
        """Sign out: all secrets of the session are void, its connections are nobody's."""
        await self._sessions.end([session.id], session.account_id)


def _could_be_a_name(name: str) -> bool:
    """Whether anything is called like that. What no store takes need not be asked for."""
    return len(name) <= MAX_NAME and not any(
        sign == "\0" or "\ud800" <= sign <= "\udfff" for sign in name
    )


def _unless_blocked(proven: Proven) -> Proven:
    if proven.account.blocked_at is not None:
        raise NotAllowed(BLOCKED_ACCOUNT)
    return proven
