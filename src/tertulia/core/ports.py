"""What the core needs from outside, as protocols. Implemented in `store`, `adapters`, `delivery`.

Every method that changes something returns after its commit has reached the disk, and what happened
has been handed to delivery in the order of commits. The rights of an actor are checked inside the
same transaction as the change, so no race can slip between.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Protocol

from tertulia.core.admission import Admission
from tertulia.core.events import Event
from tertulia.core.ids import AccountId, ChatId, SessionId, TeamId
from tertulia.core.model import Account, Actor, ChatKind, NewAccount, ProfileChange, Session
from tertulia.core.signin_model import FoundSecret, Opening, OpenSession


class Clock(Protocol):
    """The time."""

    def now_ms(self) -> int:
        """Milliseconds since 1970 UTC."""
        ...


class Announce(Protocol):
    """Tells delivery what happened, for what is never stored (typing, presence, signals)."""

    def __call__(self, event: Event) -> None:
        """Never waits, never fails."""
        ...


class Passwords(Protocol):
    """Memory-hard hashing of passwords, off the event loop."""

    async def hash(self, password: str) -> str:
        """A salted hash.

        Raises:
            Unavailable: too many are waiting already.
        """
        ...

    async def matches(self, hashed: str | None, password: str) -> bool:
        """Whether *password* is the one; takes as long for None, which no password matches.

        Raises:
            Unavailable: too many are waiting already.
        """
        ...


class Attempts(Protocol):
    """Counts failures, so that guessing ends."""

    def wait_s(self, key: str) -> float:
        """Seconds until *key* may try again; 0: now."""
        ...

    def count(self, key: str) -> None:
        """One more failure of *key*."""
        ...

    def forget(self, key: str) -> None:
        """*key* succeeded."""
        ...


class ChatCard(Protocol):
    """What delivery keeps of a chat in memory: enough to authorise and to deliver."""

    @property
    def kind(self) -> ChatKind:
        """Which kind of chat."""
        ...

    @property
    def team_id(self) -> TeamId | None:
        """The team whose chat it is; None: nobody's."""
        ...

    @property
    def encrypted(self) -> bool:
        """Whether the server cannot read what is written there."""
        ...

    @property
    def members(self) -> Collection[AccountId]:
        """Its present members, as they are now: copy it before you wait."""
        ...

    def __contains__(self, account_id: AccountId) -> bool:
        """Whether the account is a present member."""
        ...


class Audience(Protocol):
    """The members of chats, remembered."""

    async def card(self, chat_id: ChatId) -> ChatCard | None:
        """The chat's card, or None when there is no such chat."""
        ...


class Connections(Protocol):
    """Who is connected."""

    def is_online(self, account_id: AccountId) -> bool:
        """Whether the account has at least one signed-in connection."""
        ...

    def online(self) -> Iterable[AccountId]:
        """Every account that is, in no order."""
        ...


class AccountStore(Protocol):
    """Accounts at rest."""

    async def add(
        self, new: NewAccount, password_hash: str, now: int, admission: Admission = ...
    ) -> Account:
        """Raises: Conflict("login" | "email" | "phone"); NotAllowed, BadInput("invite"): not admitted."""
        ...

    async def secret_of(self, login: str) -> tuple[Account, str | None] | None:
        """The account of that login (without regard to case) and its password hash."""
        ...

    async def secrets_of(self, login: str, phone: str | None) -> list[tuple[Account, str | None]]:
        """Who may be meant by a name: whose proven phone or e-mail it is, then whose login, each once.

        `phone`: the name as a normalised number, if it is one.
        """
        ...

    async def open_by_phone(self, phone: str, now: int, admission: Admission = ...) -> Account:
        """The account of that proven number, made if there is none.

        Whoever has proven the number has it alone: claims of others and registrations lose it.

        Raises:
            NotAllowed, BadInput: "invite": there is none, and nobody is admitted on these terms.
        """
        ...

    async def take_phone(self, actor: Actor, phone: str, now: int) -> None:
        """The actor has proven that number, which is his from now on instead of another.

        Raises:
            Conflict: "phone": an account has proven it, or awaits whoever does.
            NotFound: "account".
        """
        ...

    async def has_people(self) -> bool:
        """Whether anybody has signed up, or was made an account, and is still there."""
        ...

    async def password_of(self, account_id: AccountId) -> str | None:
        """Its password hash."""
        ...

    async def several(self, account_ids: Sequence[AccountId]) -> list[Account]:
        """Those that exist, newest first."""
        ...

    async def search(
        self, part: str, limit: int, *, changed_after: int | None, leave_out: Sequence[AccountId]
    ) -> list[Account]:
        """Accounts with *part* in login, first or last name."""
        ...

    async def change(
        self, actor: Actor, change: ProfileChange, password_hash: str | None, now: int
    ) -> Account:
        """Raises: Conflict, NotFound. A new password ends all other sessions."""
        ...

    async def remove(self, actor: Actor, now: int) -> None:
        """The account is gone; its messages stay, its sessions end."""
        ...

    async def note_seen(self, account_id: AccountId, at: int) -> None:
        """It was last connected *at*."""
        ...


class SessionStore(Protocol):
    """Sign-ins and their secrets, which are known here only by their hashes."""

    async def open(self, opening: Opening, now: int) -> Session:
        """The session of that account, dialect and device, made or renewed, with its new secrets."""
        ...

    async def find(self, secret_hash: str, now: int) -> FoundSecret | None:
        """The live session behind a secret; None when there is none, or its time is up."""
        ...

    async def note_used(self, session_id: SessionId, at: int) -> None:
        """A secret of it was shown *at*."""
        ...

    async def listed(self, account_id: AccountId, now: int) -> list[OpenSession]:
        """Those that a live secret opens, or whose secrets are kept elsewhere, newest first."""
        ...

    async def end_own(self, account_id: AccountId, session_id: SessionId) -> None:
        """As `end`. Raises: NotFound("session"): it is not there, or not that account's."""
        ...

    async def end_others(self, account_id: AccountId, keep: Collection[SessionId]) -> None:
        """As `end`, for all but those."""
        ...

    async def end(self, session_ids: Sequence[SessionId], account_id: AccountId) -> None:
        """All their secrets are void; announced as SessionsEnded."""
        ...

    async def server_secret(self, name: str, proposal: str) -> str:
        """The server's own secret of that name: the one in the store, or *proposal* from now on."""
        ...
