"""Every packet the server says, in the document's order and words; what it hears is in `params`.

Dates are ISO 8601 in UTC with milliseconds, `t` and `recent_activity` whole seconds, `expired_at`
milliseconds. What is not set is absent.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType, field

from tertulia.core.ids import FileId
from tertulia.core.message_model import Attachment, ListedChat, ListedMessage, Notice, NoticeKind
from tertulia.core.message_model import Message as CoreMessage
from tertulia.core.model import Account, Chat, ChatKind, File, Picture
from tertulia.dialects.sama.ids import to_wire

ORGANIZATION = "default"
"""The id of the one organization a server has."""

TYPES = {
    ChatKind.DIRECT: "u",
    ChatKind.GROUP: "g",
    ChatKind.CHANNEL: "c",
    # The document knows no tasks: whoever is in one sees a group.
    ChatKind.TASK: "g",
}

NOTICE_TYPES = {
    NoticeKind.MEMBER_ADDED: "added_participant",
    NoticeKind.MEMBER_REMOVED: "removed_participant",
    NoticeKind.MEMBER_LEFT: "left_participants",
    NoticeKind.PICTURE_CHANGED: "update_image",
}

encode = msgspec.json.Encoder().encode

EMPTY = Raw(b"{}")


@lru_cache(maxsize=1_024)
def _second(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S.")


def date(at: int) -> str:
    """Milliseconds since 1970 as `2026-01-01T10:20:00.123Z`."""
    return f"{_second(at // 1000)}{at % 1000:03d}Z"


def whole_second(at: int) -> int:
    """The `t` of what happened *at*: rounded up to a whole second."""
    return -(-at // 1000)


Links = Callable[[FileId], str]
"""From a file to the address it can be got from."""


class PictureObject(Struct, omit_defaults=True):
    """`avatar_object`, `image_object`, as the client gave it."""

    file_id: str
    file_name: str = ""
    file_blur_hash: str = ""

    @classmethod
    def of(cls, picture: Picture | None) -> "PictureObject | UnsetType":
        """Absent when there is no picture."""
        if picture is None:
            return UNSET
        ref = picture.file_ref
        if not ref and picture.file_id is not None:
            ref = to_wire(picture.file_id)
        return cls(ref, picture.name, picture.blur_hash)


def picture_url(picture: Picture | None, links: Links) -> str:
    """Where it can be got; "" when there is none, or it is no file of ours."""
    return "" if picture is None or picture.file_id is None else links(picture.file_id)


class User(Struct, omit_defaults=True):
    """A user (document, Users API). `id` and `native_id` repeat `_id`: clients read either."""

    _id: str
    id: str
    native_id: str
    login: str
    created_at: str
    updated_at: str
    recent_activity: int
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    phone: str = ""
    avatar_object: PictureObject | UnsetType = UNSET
    avatar_url: str = ""

    @classmethod
    def of(
        cls, account: Account, links: Links, seen_at: int | None = None, *, is_own: bool = False
    ) -> "User":
        """The object, for the user himself (`is_own`) or for others.

        `seen_at`: when it was last there, if that is later than the store knows, or not for everybody.
        A phone that was proven came through another API, whose people did not mean to publish it.
        """
        name = to_wire(account.id)
        return cls(
            _id=name,
            id=name,
            native_id=name,
            login=account.login,
            created_at=date(account.created_at),
            updated_at=date(account.updated_at),
            recent_activity=(seen_at or account.seen_at) // 1000,
            first_name=account.first_name,
            last_name=account.last_name,
            email=account.email,
            phone=account.phone if is_own or not account.phone_proven else "",
            avatar_object=PictureObject.of(account.picture),
            avatar_url=picture_url(account.picture, links),
        )


class MessageAttachment(Struct, omit_defaults=True):
    """An attachment of a message."""

    file_id: str = ""
    file_name: str = ""
    file_blur_hash: str = ""
    file_content_type: str = ""
    file_size: int | None = None
    file_width: int | None = None
    file_height: int | None = None
    file_url: str = ""


def attachment(given: Attachment) -> Raw | MessageAttachment:
    """With whatever further keys the sender gave."""
    known = MessageAttachment(
        "" if given.file_id is None else to_wire(given.file_id), given.name, given.blur_hash, given.content_type, given.size_bytes,
        given.width, given.height, given.url,
    )  # fmt: skip
    if not given.more:
        return known
    return Raw(encode({**msgspec.json.decode(given.more), **msgspec.to_builtins(known)}))


class ReactionCounts(Struct, omit_defaults=True):
    """`{}`, or the reader's own and how many of each."""

    own: tuple[str, ...] | UnsetType = UNSET
    total: dict[str, int] | UnsetType = UNSET


class Message(Struct, omit_defaults=True):
    """A message, in packets and lists (document, Messages API)."""

    _id: str
    cid: str
    from_: str = field(name="from")
    t: int
    body: str
    x: Raw
    created_at: str
    updated_at: str
    c_type: str = ""
    attachments: list[Raw | MessageAttachment] | UnsetType = UNSET
    replied_message_id: str = ""
    forwarded_message_id: str = ""
    encrypted_message_type: int | None = None
    status: str = ""
    reactions: ReactionCounts | UnsetType = UNSET

    @classmethod
    def of(cls, message: CoreMessage, links: Links, c_type: str = "") -> "Message":
        """`c_type` goes into live packets only."""
        sent = date(message.sent_at)
        return cls(
            to_wire(message.id),
            to_wire(message.chat_id),
            to_wire(message.author_id),
            whole_second(message.sent_at),
            message.text,
            extra(message, links),
            sent,
            sent if message.edited_at is None else date(message.edited_at),
            c_type,
            [attachment(each) for each in message.attachments] if message.attachments else UNSET,
            "" if message.reply_to is None else to_wire(message.reply_to),
            message.forward_of,
            message.cipher,
        )

    @classmethod
    def listed(cls, listed: ListedMessage, links: Links, *, with_status: bool) -> "Message":
        """`status` is for the reader's own messages, and for every `last_message`."""
        message = cls.of(listed.message, links)
        if with_status:
            message.status = "read" if listed.is_read else "sent"
        total = listed.reactions.total
        message.reactions = (
            ReactionCounts(listed.reactions.own, dict(total)) if total else ReactionCounts()
        )
        return message


class LastMessage(Struct, omit_defaults=True):
    """The newest message of a conversation, shorter than in a list of messages."""

    _id: str
    body: str
    from_: str = field(name="from")
    t: int
    x: Raw
    created_at: str
    status: str
    reactions: ReactionCounts
    attachments: list[Raw | MessageAttachment] | UnsetType = UNSET

    @classmethod
    def of(cls, listed: ListedMessage, links: Links) -> "LastMessage":
        """With status, whoever wrote it."""
        whole = Message.listed(listed, links, with_status=True)
        assert whole.reactions is not UNSET, "lists always say them"
        return cls(
            whole._id,  # noqa: SLF001 - the wire's own name for it
            whole.body,
            whole.from_,
            whole.t,
            whole.x,
            whole.created_at,
            whole.status,
            whole.reactions,
            whole.attachments,
        )


def extra(message: CoreMessage, links: Links) -> Raw:
    """`x`: what the sender attached, or what a notice is about."""
    if message.notice is not None:
        return Raw(encode(_notice(message.notice, links)))
    return Raw(message.extra.encode()) if message.extra else EMPTY


def _notice(notice: Notice, links: Links) -> dict[str, Any]:
    about: dict[str, Any] = {"type": NOTICE_TYPES[notice.kind]}
    if notice.account is not None:
        about["user"] = User.of(notice.account, links)
    if notice.chat is not None:
        about["conversation"] = Conversation.of(notice.chat, links)
    return about


class Conversation(Struct, omit_defaults=True):
    """A conversation (document, Conversations API)."""

    _id: str
    type: str
    owner_id: str
    created_at: str
    updated_at: str
    organization_id: str
    opponent_id: str = ""
    name: str = ""
    description: str = ""
    image_object: PictureObject | UnsetType = UNSET
    image_url: str = ""
    is_encrypted: bool = False
    subscribers_count: int | UnsetType = UNSET
    last_message: LastMessage | UnsetType = UNSET
    unread_messages_count: int | UnsetType = UNSET
    participants: list[str] | UnsetType = UNSET

    @classmethod
    def of(cls, chat: Chat, links: Links) -> "Conversation":
        """The card alone."""
        return cls(
            _id=to_wire(chat.id),
            type=TYPES[chat.kind],
            owner_id=to_wire(chat.owner_id),
            created_at=date(chat.created_at),
            updated_at=date(chat.updated_at),
            organization_id=ORGANIZATION,
            opponent_id="" if chat.other_id is None else to_wire(chat.other_id),
            name=chat.name,
            description=chat.description,
            image_object=PictureObject.of(chat.picture),
            image_url=picture_url(chat.picture, links),
            is_encrypted=chat.encrypted,
            subscribers_count=chat.subscribers if chat.kind is ChatKind.CHANNEL else UNSET,
        )

    @classmethod
    def listed(cls, listed: ListedChat, links: Links) -> "Conversation":
        """With the newest message and what is unread."""
        conversation = cls.of(listed.chat, links)
        conversation.unread_messages_count = listed.unread
        if listed.last is not None:
            conversation.last_message = LastMessage.of(listed.last, links)
        return conversation


class LogEntry(Struct):
    """What a user missed (document, Operations log): `packet` as it would have come live."""

    _id: int
    user_id: str
    packet: Raw
    created_at: str
    updated_at: str


class FileObject(Struct):
    """A file that was announced (document, Attachments API).

    QUIRK sama: the document calls its id `_id`, clients in the field `object_id`.
    """

    _id: str
    object_id: str
    name: str
    size: int
    content_type: str
    user_id: str
    organization_id: str
    created_at: str
    updated_at: str
    upload_url: str

    @classmethod
    def of(cls, file: File, upload_url: str) -> "FileObject":
        """With where to put its content."""
        name, made = to_wire(file.id), date(file.created_at)
        return cls(
            name, name, file.name, file.size_bytes, file.content_type, to_wire(file.maker_id),
            ORGANIZATION, made, made, upload_url,
        )  # fmt: skip
