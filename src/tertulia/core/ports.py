"""What the core needs from outside, as protocols. Implemented in `store`, `adapters`, `delivery`.

Every method that changes something returns after its commit has reached the disk, and what happened
has been handed to delivery in the order of commits. The rights of an actor are checked inside the
same transaction as the change, so no race can slip between.
"""

from collections.abc import Sequence
from typing import Protocol

from tertulia.core.events import Event
from tertulia.core.ids import AccountId, ChatId, MessageId, SessionId
from tertulia.core.model import (
    Account,
    Actor,
    Chat,
    ChatChange,
    ChatKind,
    Draft,
    FoundSecret,
    ListedChat,
    ListedMessage,
    NewAccount,
    NewGroup,
    Opening,
    Page,
    ProfileChange,
    ReadMark,
    Sent,
    Session,
)


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
        """Direct or group."""
        ...

    @property
    def members(self) -> Sequence[AccountId]:
        """Its present members."""
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


class AccountStore(Protocol):
    """Accounts at rest."""

    async def add(self, new: NewAccount, password_hash: str, now: int) -> Account:
        """Raises: Conflict("login" | "email" | "phone")."""
        ...

    async def secret_of(self, login: str) -> tuple[Account, str | None] | None:
        """The account of that login (without regard to case) and its password hash."""
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

    async def end(self, session_ids: Sequence[SessionId], account_id: AccountId) -> None:
        """All their secrets are void; announced as SessionsEnded."""
        ...

    async def server_secret(self, name: str, proposal: str) -> str:
        """The server's own secret of that name: the one in the store, or *proposal* from now on."""
        ...


class ChatStore(Protocol):
    """Chats at rest."""

    async def open_direct(self, actor: Actor, other: AccountId, new: NewGroup, now: int) -> Chat:
        """The direct chat of the two, made or brought back. Raises: NotFound("account")."""
        ...

    async def open_group(self, actor: Actor, new: NewGroup, limit: int, now: int) -> Chat:
        """A new group. Raises: BadInput, TooMuch("members")."""
        ...

    async def change(
        self, actor: Actor, chat_id: ChatId, change: ChatChange, limit: int, now: int
    ) -> Chat | None:
        """The chat as it is now; None: nobody is left and it is gone.

        Raises: NotFound("chat"), NotAllowed, TooMuch("members").
        """
        ...

    async def leave(self, actor: Actor, chat_id: ChatId, now: int) -> None:
        """Raises: NotFound("chat"), NotFound("member")."""
        ...

    async def listed(self, actor: Actor, page: Page) -> list[ListedChat]:
        """The actor's chats, newest change first."""
        ...

    async def search(
        self, actor: Actor, part: str, limit: int, *, changed_after: int | None
    ) -> list[Chat]:
        """The actor's groups with *part* in the name, newest change first."""
        ...

    async def members(
        self, actor: Actor, chat_ids: Sequence[ChatId]
    ) -> dict[ChatId, list[AccountId]]:
        """Members of those chats that are the actor's; of a direct chat both sides even if one left."""
        ...


class MessageStore(Protocol):
    """Messages at rest."""

    async def append(self, actor: Actor, draft: Draft, now: int) -> Sent:
        """Raises: NotFound("chat"), NotAllowed("write"), NotAllowed("blocked"), NotFound("reply")."""
        ...

    async def edit(self, actor: Actor, message_id: MessageId, text: str, now: int) -> None:
        """Raises: NotFound("message"), NotAllowed("edit")."""
        ...

    async def delete(
        self, actor: Actor, chat_id: ChatId, ids: Sequence[MessageId], now: int
    ) -> None:
        """For everybody. Raises: NotFound("chat"), NotAllowed."""
        ...

    async def hide(self, actor: Actor, chat_id: ChatId, ids: Sequence[MessageId], now: int) -> None:
        """For the actor alone. Raises: NotFound("chat"), NotAllowed."""
        ...

    async def history(self, actor: Actor, chat_id: ChatId, page: Page) -> list[ListedMessage]:
        """Raises: NotFound("chat"), NotAllowed("read")."""
        ...

    async def mark_read(self, actor: Actor, mark: ReadMark, now: int) -> None:
        """Raises: NotFound("chat"), NotAllowed("read")."""
        ...

    async def react(
        self,
        actor: Actor,
        message_id: MessageId,
        add: Sequence[str],
        remove: Sequence[str],
        now: int,
    ) -> None:
        """Raises: NotFound("message"), TooMuch("reactions")."""
        ...

    async def reactions(
        self, actor: Actor, message_id: MessageId
    ) -> list[tuple[str, list[AccountId]]]:
        """Who reacted with what, oldest reaction first. Raises: NotFound("message")."""
        ...


class BlockStore(Protocol):
    """Who does not want to hear from whom."""

    async def block(
        self, actor: Actor, accounts: Sequence[AccountId], seen_at: int, now: int
    ) -> None:
        """Unknown accounts are skipped. `seen_at`: when the actor was seen last, kept with it."""
        ...

    async def unblock(self, actor: Actor, accounts: Sequence[AccountId]) -> None:
        """Unknown accounts are skipped."""
        ...

    async def blocked_by(self, account_id: AccountId) -> list[AccountId]:
        """Whom the account has blocked, oldest first, whether its list is on or off."""
        ...

    async def switch(self, actor: Actor, *, on: bool) -> None:
        """All the actor's blocks on or off, without forgetting them."""
        ...

    async def blockers(
        self, account_id: AccountId, among: Sequence[AccountId]
    ) -> dict[AccountId, int]:
        """Who of *among* blocks the account now, each with its `seen_at` of that moment."""
        ...

    async def stand_between(self, account_id: AccountId, others: Sequence[AccountId]) -> bool:
        """Whether the account blocks one of *others* now, or one of them the account."""
        ...
