"""A message as Tada's clients see it (Tada document, Сообщения; later clients see more).

The same message is called otherwise from each side of a direct chat, and one that is deleted still says
to its author, and to whoever deleted it, what it said.
"""

import re
from collections.abc import Callable
from typing import Any, NamedTuple

from tertulia.core.flags import IMPORTANT, NO_PREVIEW, SILENT
from tertulia.core.ids import COUNTER_MASK, AccountId, ChatId, MessageId, TeamId
from tertulia.core.message_model import Mention, Message, MessageRef, readable
from tertulia.core.model import ChatKind
from tertulia.core.whole import Reaction, WholeMessage
from tertulia.dialects.tada.desk import TadaDesk
from tertulia.dialects.tada.ids import Kind, to_jid, to_uuid
from tertulia.dialects.tada.times import NS_PER_COUNT, NS_PER_MS, date_time
from tertulia.dialects.tada.uploads import beside, content_of, links_elsewhere, upload, upload_link

CHAT_TYPES = {
    ChatKind.DIRECT: "direct",
    ChatKind.GROUP: "group",
    ChatKind.TASK: "task",
    # In which most may only read.
    ChatKind.CHANNEL: "group",
}

PUSH_TEXTS = {"file": "File", "image": "Image", "video": "Video", "audiomsg": "Audio"}
"""What a notification says of a message without words."""

V3_FIELDS = (
    "chat", "chat_type", "content", "created", "editable_until", "from", "gentime", "message_id",
    "prev", "to", "is_archive",
)  # fmt: skip
"""What the document itself shows of a message, in its order; the last of deleted ones only."""

SCHEME = "tadateam://"
"""Begins the address of what is found in the client itself."""

_ADDRESS = re.compile(r"(?:https?://|www\.)[^\s<>\"'`]+", re.IGNORECASE)
MOST_LINKS = 100
"""Of one message that are shown as such."""


class Looking(NamedTuple):
    """Who looks at messages, and from which team.

    Attributes:
        desk: for addresses.
        team_id: where he looks; the home team for what is nobody's.
        reader: whose own names count; 0: somebody who neither wrote nor deleted it.
        jid: what a contact is called there ("" for who never was there).
        edit_window_s: how long authors may change what they wrote, in seconds.
    """

    desk: TadaDesk
    team_id: TeamId
    reader: AccountId
    jid: Callable[[AccountId], str]
    edit_window_s: int


def message_id(ref: MessageRef) -> str:
    """What a message is called: as its sender said, else by its number."""
    return ref.uid or to_uuid(Kind.MESSAGE, ref.id)


def ref_of(message: Message) -> MessageRef:
    """What it is called by."""
    return MessageRef(message.id, message.uid)


def chat_jid(kind: ChatKind, chat_id: ChatId) -> str:
    """`g-…` or `t-…`; a direct chat has no name of its own."""
    return to_jid(Kind.TASK if kind is ChatKind.TASK else Kind.GROUP, chat_id)


def message_gentime(number: MessageId, changed_at: int) -> int:
    """The version of a message, in nanoseconds: grows with every change."""
    return changed_at * NS_PER_MS + (number & COUNTER_MASK) * NS_PER_COUNT


def shown(whole: WholeMessage, looking: Looking) -> dict[str, Any]:
    """The message in the form of today (v4)."""
    said = _said(whole.message, whole, looking)
    message = whole.message
    if whole.prev is not None:
        said["prev"] = message_id(whole.prev)
    if whole.num is not None:
        said["num"] = whole.num
        if not whole.num:
            said["is_first"] = True
    if whole.is_last:
        said["is_last"] = True
    if whole.is_read:
        said["received"] = True
    if whole.reactions:
        said["reactions"] = _reactions(whole.reactions, looking)
    if whole.quoted:
        quoted = [_quoted(each, whole, looking) for each in whole.quoted]
        if message.reply_to == whole.quoted[0].id:
            said["reply_to"] = quoted[0]
        said["linked_messages"] = quoted
    return said


def shown_v3(whole: WholeMessage, looking: Looking) -> dict[str, Any]:
    """The message with exactly the fields of the document; `content` of a plain text has two."""
    said = shown(whole, looking)
    return {key: said[key] for key in V3_FIELDS if key in said}


def _said(message: Message, whole: WholeMessage, looking: Looking) -> dict[str, Any]:
    """What is said of a message wherever it stands: also of one that is quoted."""
    deleted_at = whole.deleted_at if message is whole.message else None
    changed_at = whole.changed_at if message is whole.message else _changed_at(message)
    message, author = readable(message), message.author_id
    chat, to = _direction(message, whole, looking)
    said: dict[str, Any] = {
        "message_id": message_id(ref_of(message)),
        "from": looking.jid(author),
        "to": to,
        "chat": chat,
        "chat_type": CHAT_TYPES[whole.chat_kind],
        "created": date_time(message.sent_at),
        "gentime": message_gentime(message.id, changed_at),
        "editable_until": date_time(_editable_until(message, looking)),
    }
    is_gone = deleted_at is not None
    if is_gone and looking.reader not in {author, whole.deleted_by}:
        said["content"] = {"type": "deleted", "text": ""}
    else:
        said["content"] = content_of(looking.desk, message)
        said["push_text"] = message.text or PUSH_TEXTS.get(said["content"]["type"], "")
    _mark(said, message, looking, is_gone=is_gone)
    if changed_at != message.sent_at:
        said["edited"] = date_time(changed_at)
    return said


def _mark(said: dict[str, Any], message: Message, looking: Looking, *, is_gone: bool) -> None:
    if is_gone:
        said["is_archive"] = True
        return
    flags, desk = message.flags, looking.desk
    if flags & IMPORTANT:
        said["important"] = True
    if flags & NO_PREVIEW:
        said["nopreview"] = True
    if flags & SILENT:
        said["silently"] = True
    if looking.reader and message.names(looking.reader) and looking.reader != message.author_id:
        said["notice"] = True
    others = beside(message) if message.attachments else []
    links = _links(message, said["content"], looking) + links_elsewhere(others)
    if links:
        said["links"] = links
    uploads = [upload(desk, each, message) for each in others if each.file_id is not None]
    if uploads:
        said["uploads"] = uploads


def _changed_at(message: Message) -> int:
    return message.edited_at or message.sent_at


def _editable_until(message: Message, looking: Looking) -> int:
    if message.notice is not None or looking.reader != message.author_id:
        return message.sent_at
    return message.sent_at + looking.edit_window_s * 1_000


def _direction(message: Message, whole: WholeMessage, looking: Looking) -> tuple[str, str]:
    """`chat` and `to`: of what is quoted those of the message that quotes it."""
    if whole.chat_kind is not ChatKind.DIRECT:
        jid = chat_jid(whole.chat_kind, whole.message.chat_id)
        return jid, jid
    one, other = whole.message.author_id, whole.partner_id
    assert other is not None, "a direct chat has two"
    to = looking.jid(one if message.author_id == other else other)
    if looking.reader == one:
        return looking.jid(other), to
    return looking.jid(one), to


def _quoted(message: Message, whole: WholeMessage, looking: Looking) -> dict[str, Any]:
    return _said(message, whole, looking)


def _reactions(reactions: tuple[Reaction, ...], looking: Looking) -> list[dict[str, Any]]:
    by_name: dict[str, list[dict[str, Any]]] = {}
    for each in reactions:
        by_name.setdefault(each.name, []).append(
            {
                "created": date_time(each.at),
                "sender": looking.jid(each.account_id),
                "name": each.name,
            }
        )
    return [
        {"name": name, "counter": len(details), "details": details}
        for name, details in by_name.items()
    ]


def _links(message: Message, content: dict[str, Any], looking: Looking) -> list[dict[str, Any]]:
    """One for everybody and everything named, and every address in the text; of an upload, one for the file."""
    if content["type"] in PUSH_TEXTS:
        return upload_link(looking.desk, message)
    addresses = links_in(message.text)
    if not message.mentions:
        return addresses
    by_words: dict[str, dict[str, Any]] = {}
    for each in message.mentions:
        jid = _jid_of(each, looking)
        if jid:
            link = {"pattern": each.pattern, "url": f"{SCHEME}{jid}", "text": each.pattern}
            by_words.setdefault(each.pattern, link)
    return [*by_words.values(), *addresses]


def _jid_of(mention: Mention, looking: Looking) -> str:
    if mention.account_id is not None:
        return looking.jid(mention.account_id)
    if mention.chat_id is None or mention.kind is None:
        return ""
    return chat_jid(mention.kind, mention.chat_id)


def links_in(words: str) -> list[dict[str, Any]]:
    """One for every address."""
    if "//" not in words and "ww." not in words.lower():
        return []
    found = []
    for each in _ADDRESS.finditer(words):
        text = _trimmed(each[0])
        url = text if "://" in text else f"http://{text}"
        found.append({"pattern": text, "url": url, "text": text})
        if len(found) == MOST_LINKS:
            break
    return found


def _trimmed(address: str) -> str:
    """Without what ends the sentence rather than the address.

    Brackets are counted once, however many stand there: others write these texts.
    """
    end = len(address.rstrip(".,;:!?*_~…»"))
    loose = address.count(")", 0, end) - address.count("(", 0, end)
    while loose > 0 and address[end - 1] == ")":
        loose -= 1
        end -= 1
        while address[end - 1] in ".,;:!?":
            end -= 1
    return address[:end]
