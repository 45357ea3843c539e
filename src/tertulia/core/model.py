"""The things a messenger is made of, as immutable records. Times (`…_at`) are milliseconds since 1970 UTC.

What is made for every message is a named tuple, everything else a frozen dataclass: the former costs
a third (docs/decisions/0007).
"""

from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import blake2b
from typing import NamedTuple

from tertulia.core.ids import AccountId, ChatId, FileId, MessageId, SessionId, TeamId


class ChatKind(StrEnum):
    """DIRECT is between exactly two accounts and exists once per pair; GROUP has any number.

    In a CHANNEL owner and admins write, and everybody may come to read: its members are subscribers,
    perhaps many thousands, so nothing that happens there names them all. A TASK is a group about one
    task of a team.
    """

    DIRECT = "direct"
    GROUP = "group"
    CHANNEL = "channel"
    TASK = "task"


class Role(StrEnum):
    """What a member may do in a group. A direct chat's first member is its OWNER, which gives no rights."""

    OWNER = "owner"
    ADMIN = "admin"
    MEMBER = "member"


_SCATTER = 0x9E3779B97F4A7C15
"""Odd, and near 2**64 divided by the golden ratio: multiplying by it spreads what is alike."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture of an account or a chat: the file's name for clients, as they gave it.

    `file_id` is that file, if it is one that whoever set the picture could see.
    """

    file_ref: str
    name: str = ""
    blur_hash: str = ""
    file_id: FileId | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """A person or bot that can sign in.

    `email` and `phone` are claims: shown and searched, proof of nothing, unless `email_proven` or
    `phone_proven` says that the owner has shown a code that went there; then they open the account, and
    the phone is as `phones.normalised` writes it. `blocked_at`: the operator lets nobody sign in since.
    `bot`: what kind of program it is (`"apibot"`); "" for a person. Nobody signs in as a bot of a team.
    """

    id: AccountId
    login: str
    created_at: int
    updated_at: int
    seen_at: int
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    phone: str = ""
    picture: Picture | None = None
    bot: str = ""
    phone_proven: bool = False
    email_proven: bool = False
    blocked_at: int | None = None
    patronymic: str = ""

    @property
    def display_name(self) -> str:
        """First and last name; the login when neither is set."""
        return f"{self.first_name} {self.last_name}".strip() or self.login


@dataclass(frozen=True, slots=True)
class NewAccount:
    """What a registration asks for. An empty string means not given."""

    login: str
    password: str
    email: str = ""
    phone: str = ""
    first_name: str = ""
    last_name: str = ""


@dataclass(frozen=True, slots=True)
class ProfileChange:
    """What to change in an account; None leaves a field as it is, "" clears it."""

    login: str | None = None
    email: str | None = None
    phone: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    patronymic: str | None = None
    picture: Picture | None = None
    current_password: str | None = None
    new_password: str | None = None


@dataclass(frozen=True, slots=True)
class Session:
    """One sign-in of an account on a device, through one dialect.

    `flavour` is the dialect's own remark about the client; the core only keeps it.
    """

    id: SessionId
    account_id: AccountId
    dialect: str
    device: str
    flavour: str


class Actor(NamedTuple):
    """Who acts. `connection` is the socket the request came through, 0 for none: its own events skip it."""

    account_id: AccountId
    session_id: SessionId
    connection: int = 0


@dataclass(frozen=True, slots=True)
class Member:
    """An account in a chat."""

    account_id: AccountId
    role: Role
    joined_at: int


@dataclass(frozen=True, slots=True)
class Chat:
    """Where messages are posted. `updated_at` is the time of the newest message or change.

    In a direct chat `other_id` is the one who is not the owner. `encrypted`: its members write what the
    server cannot read; two people have such a direct chat beside their plain one. `subscribers`: how many
    are in a channel or in a chat of a team, its owner included; 0 in other chats. `team_id`: whose chat it
    is; None: nobody's. `archived`: it was deleted, and nobody is in it any more.
    """

    id: ChatId
    kind: ChatKind
    owner_id: AccountId
    created_at: int
    updated_at: int
    name: str = ""
    description: str = ""
    picture: Picture | None = None
    other_id: AccountId | None = None
    encrypted: bool = False
    subscribers: int = 0
    team_id: TeamId | None = None
    archived: bool = False


@dataclass(frozen=True, slots=True)
class NewGroup:
    """What the creation of a group or channel asks for. The creator becomes owner and a member."""

    name: str
    members: tuple[AccountId, ...]
    description: str = ""
    picture: Picture | None = None
    encrypted: bool = False


@dataclass(frozen=True, slots=True)
class ChatChange:
    """What to change in a chat; None leaves a field as it is. Unknown accounts are skipped."""

    name: str | None = None
    description: str | None = None
    picture: Picture | None = None
    add: tuple[AccountId, ...] = ()
    remove: tuple[AccountId, ...] = ()
    add_admins: tuple[AccountId, ...] = ()
    remove_admins: tuple[AccountId, ...] = ()

    @property
    def touches_members(self) -> bool:
        """Whether anybody is to come, go or change rank."""
        return bool(self.add or self.remove or self.add_admins or self.remove_admins)


class NoticeKind(StrEnum):
    """What the server itself says in a chat."""

    MEMBER_ADDED = "member_added"
    MEMBER_REMOVED = "member_removed"
    MEMBER_LEFT = "member_left"
    PICTURE_CHANGED = "picture_changed"


@dataclass(frozen=True, slots=True)
class Notice:
    """Makes a message a notice: what happened, and the account it happened to, as it was then."""

    kind: NoticeKind
    account: Account | None = None
    chat: Chat | None = None


@dataclass(frozen=True, slots=True)
class Attachment:
    """Something linked to a message: a file of ours, or an address elsewhere.

    `more` is a JSON object with whatever else the client gave. `is_to_make`, in drafts only: the file
    is yet to be made, in the same commit as the message, with this name, type and size. `title`: what
    it is called in this message, beside its file's own name.
    """

    file_id: FileId | None = None
    url: str = ""
    name: str = ""
    content_type: str = ""
    size_bytes: int | None = None
    width: int | None = None
    height: int | None = None
    blur_hash: str = ""
    more: str = ""
    is_to_make: bool = False
    title: str = ""


class Mention(NamedTuple):
    """Words of a message, sign included, that name a person, or a group or task (`kind`)."""

    pattern: str
    account_id: AccountId | None = None
    chat_id: ChatId | None = None
    kind: ChatKind | None = None


class Message(NamedTuple):
    """What was posted. `seq` is its place in its chat: dense, in commit order.

    `sent_at` grows from message to message of a chat and never repeats. `extra` is a JSON object the
    client attached and the server does not read ("" when there is none). `cipher`: which of two kinds of
    encrypted text it is, 0 or 1, in the clients' own count; None: plain text. `uid`: the name its sender
    gave it, a UUID ("" when none). `flags`: see `core.flags`. `linked`: messages it brings along.
    `mentions`: whom and what it names; looked up only for dialects that show it.
    """

    id: MessageId
    chat_id: ChatId
    seq: int
    author_id: AccountId
    text: str
    sent_at: int
    edited_at: int | None = None
    extra: str = ""
    attachments: tuple[Attachment, ...] = ()
    reply_to: MessageId | None = None
    forward_of: str = ""
    notice: Notice | None = None
    cipher: int | None = None
    uid: str = ""
    flags: int = 0
    linked: tuple[MessageId, ...] = ()
    mentions: tuple[Mention, ...] = ()

    def names(self, account_id: AccountId) -> bool:
        """Whether it names the account."""
        return any(each.account_id == account_id for each in self.mentions)


class MessageRef(NamedTuple):
    """What a message is called: by its number, and by the name its sender gave it ("" when none)."""

    id: MessageId
    uid: str = ""


class Draft(NamedTuple):
    """A message to be.

    Attributes:
        client_ref: the client's own name for it; a resend is recognised by it ("" = never).
        acknowledged: this very connection has had an acknowledgement for that `client_ref`, so it
            has no reason to resend: a repeat is a new message.
        hide_from: accounts that shall not see it.
        cipher: as in `Message`.
        uid: the name it shall have for ever, unlike `client_ref` the same for everybody.
        flags, linked: as in `Message`.
        reads: the author has read the chat up to here.
        by_ref_alone: whatever else it says, in whichever chat, the author's same `client_ref` makes it
            the same draft.
    """

    chat_id: ChatId
    text: str
    client_ref: str = ""
    extra: str = ""
    attachments: tuple[Attachment, ...] = ()
    reply_to: MessageId | None = None
    forward_of: str = ""
    hide_from: tuple[AccountId, ...] = ()
    acknowledged: bool = False
    cipher: int | None = None
    uid: str = ""
    flags: int = 0
    linked: tuple[MessageId, ...] = ()
    reads: bool = False
    by_ref_alone: bool = False

    def fingerprint(self, author: AccountId) -> int | None:
        """What a resend of this draft is known by: author, chat, client_ref and content (63 bits).

        None without a client_ref. Whoever finds two contents with one fingerprint loses a message of
        his own, nobody else's.
        """
        if not self.client_ref:
            return None
        # With their lengths, so that no two drafts run into the same text.
        whole = (
            f"{author}:{self.chat_id}:{len(self.client_ref)}:{self.client_ref}"
            f":{len(self.text)}:{self.text}:{self.extra}:{self.reply_to}:{self.forward_of}"
        )
        if self.attachments or self.hide_from or self.cipher is not None:
            whole += f":{self.attachments}:{self.hide_from}:{self.cipher}"
        if self.by_ref_alone:
            whole = f"{author}:alone:{self.client_ref}"
        digest = blake2b(whole.encode("utf-8", "surrogatepass"), digest_size=8).digest()
        # What one author writes lies side by side in the index: he touches few of its pages.
        return (author * _SCATTER >> 49 & 0x7FFF) << 48 | int.from_bytes(digest, "big") >> 16


class Sent(NamedTuple):
    """The outcome of a send. `is_new` is False for a repeat of a message that was there already."""

    message: Message
    is_new: bool


@dataclass(frozen=True, slots=True)
class Reactions:
    """Reactions to one message: the reader's own, and how many of each there are."""

    own: tuple[str, ...] = ()
    total: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class ListedMessage:
    """A message as one reader sees it in a list. `is_read`: somebody but its author has read it."""

    message: Message
    is_read: bool
    reactions: Reactions = field(default_factory=Reactions)


@dataclass(frozen=True, slots=True)
class Page:
    """Which part of a list: dates exclusive, `limit` at most so many.

    Attributes:
        after: only what changed later than this; the list is then oldest first.
        before: only what is older than this.
        only: nothing but these ids (empty: no such wish).
        posted_after: of messages, only what was posted later than this; oldest first, too.
    """

    limit: int
    after: int | None = None
    before: int | None = None
    only: tuple[int, ...] | None = None
    posted_after: int | None = None


@dataclass(frozen=True, slots=True)
class ListedChat:
    """A chat as one member sees it in a list."""

    chat: Chat
    unread: int
    last: ListedMessage | None


@dataclass(frozen=True, slots=True)
class ReadMark:
    """How far an account says it has read. `ids` None: everything; else exactly these are named.

    `up_to`: with `ids` None, everything up to this message, itself included.
    """

    chat_id: ChatId
    ids: tuple[MessageId, ...] | None
    up_to: MessageId | None = None


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret of a session, known only by its hash. `kind` is "access" or "refresh"."""

    hash: str
    kind: str
    expires_at: int


@dataclass(frozen=True, slots=True)
class Proven:
    """An account, and what proved that it is the client's: the password of that hash, a session, or the phone.

    The proof is looked at again when the session opens: meanwhile the password may have changed.
    """

    account: Account
    password_hash: str | None = None
    session_id: SessionId | None = None
    phone: str | None = None


@dataclass(frozen=True, slots=True)
class Opening:
    """What a sign-in opens: the session of this account on this device, with these secrets.

    `password_hash`, `session_id`, `phone`: what must still hold of the proof (see `Proven`).
    `keep_newest`: of the account's sessions in this dialect, the others end; None: none does.
    """

    account_id: AccountId
    dialect: str
    device: str
    flavour: str
    secrets: tuple[Secret, ...]
    password_hash: str | None = None
    session_id: SessionId | None = None
    phone: str | None = None
    keep_newest: int | None = None


@dataclass(frozen=True, slots=True)
class FoundSecret:
    """A live secret, and the session it opens. `replaced_at`: a newer one took its place then.

    `used_at`: when a secret of the session was last shown, to the hour.
    """

    session: Session
    kind: str
    replaced_at: int | None
    used_at: int = 0


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A session as its account sees it in a list. `used_at`: as in `FoundSecret`.

    `name`: of the device it is on, or of the application that has it; `kind`: of the device. "": unknown.
    """

    session: Session
    created_at: int
    used_at: int
    name: str = ""
    kind: str = ""


@dataclass(frozen=True, slots=True)
class NewFile:
    """What is to be uploaded. `content_type` is the sender's word for it."""

    name: str
    content_type: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class File:
    """A file as it is known, whether its content has come (`uploaded_at`) or not.

    `width` and `height` are the server's own measure, of pictures only, as they are to be shown.
    """

    id: FileId
    maker_id: AccountId
    name: str
    content_type: str
    size_bytes: int
    created_at: int
    uploaded_at: int | None = None
    width: int | None = None
    height: int | None = None
