"""What the core needs from outside, as protocols. Implemented in `store`, `adapters`, `delivery`.

Every method that changes something returns after its commit has reached the disk, and what happened
has been handed to delivery in the order of commits. The rights of an actor are checked inside the
same transaction as the change, so no race can slip between.
"""

from asyncio import Future
from collections.abc import Collection, Iterable, Sequence
from typing import Protocol

from tertulia.core.admission import Admission
from tertulia.core.events import Event, LogEntry
from tertulia.core.ids import AccountId, ChatId, FileId, MessageId, SessionId, TeamId
from tertulia.core.model import (
    Account,
    Actor,
    Chat,
    ChatChange,
    ChatKind,
    Draft,
    File,
    FoundSecret,
    ListedChat,
    ListedMessage,
    NewAccount,
    NewFile,
    NewGroup,
    Opening,
    OpenSession,
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
        """Which kind of chat."""
        ...

    @property
    def team_id(self) -> TeamId | None:
        """The team whose chat it is; None: nobody's."""
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


class ChatStore(Protocol):
    """Chats at rest."""

    async def open_direct(self, actor: Actor, other: AccountId, new: NewGroup, now: int) -> Chat:
        """The direct chat of the two, made or brought back. Raises: NotFound("account")."""
        ...

    async def open_group(self, actor: Actor, new: NewGroup, limit: int, now: int) -> Chat:
        """A new group. Raises: BadInput, TooMuch("members")."""
        ...

    async def open_channel(self, actor: Actor, new: NewGroup, now: int) -> Chat:
        """A new channel; unknown accounts are skipped."""
        ...

    async def subscribe(self, actor: Actor, chat_id: ChatId, now: int) -> None:
        """Be in the channel; no change for who is. Raises: NotFound("channel")."""
        ...

    async def unsubscribe(self, actor: Actor, chat_id: ChatId, now: int) -> None:
        """Be in the channel no more; no change for who is not. Raises: NotFound("channel")."""
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
        """Channels and the actor's groups with *part* in the name, newest change first."""
        ...

    async def members(
        self, actor: Actor, chat_ids: Sequence[ChatId]
    ) -> dict[ChatId, list[AccountId]]:
        """Members of those chats that are the actor's; of a direct chat both sides even if one left.

        Of a large channel its owner, its admins, and some of its subscribers.
        """
        ...

    async def admins(
        self, actor: Actor, chat_ids: Sequence[ChatId]
    ) -> dict[ChatId, list[AccountId]]:
        """Owner and admins of those groups and channels where the actor is one of them, owner first."""
        ...


class MessageStore(Protocol):
    """Messages at rest."""

    def append(self, actor: Actor, draft: Draft, now: int) -> Future[Sent]:
        """Raises, now or when awaited: NotFound("chat"), NotAllowed("write"), NotAllowed("blocked"), NotFound("reply")."""
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
        """Raises: NotFound("chat"), NotAllowed("read"): not in the chat, or it is a channel."""
        ...

    async def tell_read(self, actor: Actor, mark: ReadMark, now: int) -> None:
        """Authors hear as from `mark_read`, and nothing is stored. Raises: as `mark_read`."""
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


class Counts(Protocol):
    """What can be counted at rest."""

    async def posted(self, since: int, until: int) -> int:
        """How many messages came in that time, `until` not included; deleted ones count."""
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

    async def shunned_by(self, account_id: AccountId) -> list[AccountId]:
        """Whom the account blocks now: nobody while its list is off."""
        ...

    async def switch(self, actor: Actor, *, on: bool) -> None:
        """All the actor's blocks on or off, without forgetting them."""
        ...

    async def blockers(
        self, account_id: AccountId, among: Sequence[AccountId]
    ) -> dict[AccountId, int]:
        """Who of *among* blocks the account now, each with its `seen_at` of that moment."""
        ...

    async def all_blockers(self, account_id: AccountId) -> set[AccountId]:
        """Everybody who blocks the account now."""
        ...

    async def stand_between(self, account_id: AccountId, others: Sequence[AccountId]) -> bool:
        """Whether the account blocks one of *others* now, or one of them the account."""
        ...


class FileRecords(Protocol):
    """What is known of files; their content is in the `FileStore`."""

    async def add(self, maker: AccountId, new: Sequence[NewFile], now: int) -> list[File]:
        """New files without content, in the same order."""
        ...

    async def find(self, file_id: FileId) -> File | None:
        """The file of that number."""
        ...

    async def visible(self, account_id: AccountId, ids: Sequence[FileId]) -> list[File]:
        """Those the account made, sees in a message, or sees as somebody's picture."""
        ...

    async def note_uploaded(self, file_id: FileId, sides: tuple[int, int] | None, now: int) -> None:
        """The content is there; width and height, if it is a picture. The first time counts."""
        ...

    async def discard(self, maker: AccountId, ids: Sequence[FileId]) -> list[FileId]:
        """Remove those that the account made and nothing uses; which they were."""
        ...

    async def forget_unclaimed(self, before: int, limit: int) -> list[FileId]:
        """Remove those without content, announced before that moment, that nothing uses."""
        ...


class Upload(Protocol):
    """Content on its way in."""

    async def write(self, chunk: bytes) -> None:
        """The next part; waits when the disk is behind. Raises: TooMuch("bytes")."""
        ...

    async def keep(self) -> None:
        """It is complete: on the disk, and the file's content from now on unless that was there before.

        Raises:
            TooMuch: "bytes": there is no room for it.
        """
        ...

    def abandon(self) -> None:
        """Nothing of it shall be left. Never waits, never fails, and may follow `keep`."""
        ...


class StoredFile(Protocol):
    """Content that can be read, until `close`."""

    @property
    def size_bytes(self) -> int:
        """Its length."""
        ...

    @property
    def content_type(self) -> str:
        """What it is, if the store made it itself; "" for what was uploaded."""
        ...

    async def read(self, offset: int, count: int) -> bytes | bytearray:
        """As many bytes from there, if there are so many."""
        ...

    def close(self) -> None:
        """Nobody reads any more. Never waits."""
        ...


class FileStore(Protocol):
    """The content of files, each under its number."""

    async def begin(self, file_id: FileId) -> Upload:
        """A new upload. Raises: TooMuch("bytes") when there is no room at all."""
        ...

    async def open(self, file_id: FileId) -> StoredFile | None:
        """The content; None when there is none."""
        ...

    async def sides(self, file_id: FileId) -> tuple[int, int] | None:
        """Width and height of the picture, as it is to be shown; None: it is none we can read."""
        ...

    async def preview(self, file_id: FileId, side: int) -> StoredFile | None:
        """The picture in at most *side* pixels a side, without metadata; made once, then kept.

        Raises:
            Unavailable: too many are being made.
        """
        ...

    async def remove(self, file_id: FileId) -> None:
        """Its content and previews are gone, if there were any."""
        ...

    async def tidy(self) -> None:
        """Remove what broken uploads have left behind."""
        ...


class LogStore(Protocol):
    """Who was connected when, and what happened meanwhile. Places in the log are numbers."""

    @property
    def position(self) -> int:
        """Everything up to this number has been handed to delivery."""
        ...

    async def came(self, account_id: AccountId, position: int, oldest: int) -> None:
        """A visit begins; those that ended up to *oldest* are forgotten."""
        ...

    async def went(self, account_id: AccountId, position: int) -> None:
        """The visit ends."""
        ...

    async def missed(
        self,
        account_id: AccountId,
        oldest: int,
        until: int,
        limit: int,
        *,
        only_last: Sequence[str] | None,
    ) -> list[LogEntry]:
        """The newest of what others did behind the account's back, oldest first.

        Only what came after *oldest* and up to *until*. `only_last`: no messages, and events of
        these kinds only, from the last absence alone.
        """
        ...

    async def forget(self, oldest: int) -> None:
        """Drop events up to *oldest*."""
        ...
