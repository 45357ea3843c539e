"""What the core says about messages: drafts, what is stored, and what a reader is given."""

from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import blake2b
from typing import NamedTuple

from tertulia.core.ids import AccountId, ChatId, FileId, MessageId
from tertulia.core.model import Account, Chat, ChatKind

_SCATTER = 0x9E3779B97F4A7C15
"""Odd, and near 2**64 divided by the golden ratio: multiplying by it spreads what is alike."""

AUTHOR_AT = 47
"""From this bit on a fingerprint says whose draft it is."""


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
class FileFacts:
    """What a file's own record says of it."""

    name: str = ""
    content_type: str = ""
    size_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Attachment:
    """Something linked to a message: a file of ours, or an address elsewhere.

    `more` is a JSON object with whatever else the client gave. `is_to_make`, in drafts only: the file
    is yet to be made, in the same commit as the message, with this name, type and size. `title`: what
    it is called in this message, beside its file's own name. `facts`: what its sender did not say of a
    file of ours; `known` has it in its place.
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
    facts: FileFacts | None = None

    @property
    def known(self) -> FileFacts:
        """What it is, whoever said so: the sender, else its file's record."""
        facts = self.facts or FileFacts()
        return FileFacts(
            self.name or facts.name,
            self.content_type or facts.content_type,
            facts.size_bytes if self.size_bytes is None else self.size_bytes,
        )


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


UNREADABLE = "Encrypted message"
"""What stands for a text that only some clients can read."""


def readable(message: Message) -> Message:
    """The message as everybody else's clients show it."""
    is_text = message.cipher is None or not message.text
    return message if is_text else message._replace(text=UNREADABLE)


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
        """What a resend of this draft is known by: author, chat, client_ref and content.

        63 bits: 16 of the author, 47 of a hash. If `by_ref_alone`: 12 of the author and, from the lowest
        on, 43 of a hash of author and client_ref. None without a client_ref.
        """
        if not self.client_ref:
            return None
        if self.by_ref_alone:
            whole = f"{author}:alone:{self.client_ref}"
            # What one author sent lies side by side in the index: few of its pages are touched.
            return (author * _SCATTER >> 52 & 0xFFF) << 51 | _hash(whole) >> 21
        # With their lengths, so that no two drafts run into the same text.
        whole = (
            f"{author}:{self.chat_id}:{len(self.client_ref)}:{self.client_ref}"
            f":{len(self.text)}:{self.text}:{self.extra}:{self.reply_to}:{self.forward_of}"
        )
        if self.attachments or self.hide_from or self.cipher is not None:
            whole += f":{self.attachments}:{self.hide_from}:{self.cipher}"
        return (author * _SCATTER >> 48 & 0xFFFF) << AUTHOR_AT | _hash(whole) >> 17


def _hash(whole: str) -> int:
    """64 bits."""
    digest = blake2b(whole.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big")


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
