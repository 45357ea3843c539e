"""Our events in Astrak's words: the same for callbacks and polls (Astrak document, Указание Callback).

Every event has the five fields of a message, because the public client checks them; what does not
fit is zero or empty.
"""

from collections.abc import Sequence
from typing import Any, assert_never

from tertulia.core.callbacks import CallbackChange
from tertulia.core.events import (
    ChatOpened,
    MembersAdded,
    MembersRemoved,
    MessageEdited,
    MessagePosted,
    MessagesDeleted,
    MessagesRead,
)
from tertulia.core.files import Files
from tertulia.core.ids import AccountId, MessageId
from tertulia.core.model import Chat, File
from tertulia.core.stream import StreamEntry
from tertulia.dialects.astrak.wire import Links, extras, five_fields, group

Said = dict[str, Any]


async def tell(entries: Sequence[StreamEntry], reader: AccountId, files: Files) -> list[Said]:
    """`{"type", "event_id", "event"}` of each, for one reader."""
    ids = [
        each.file_id
        for entry in entries
        if isinstance(entry.event, MessagePosted)
        for each in entry.event.message.attachments
        if each.file_id is not None
    ]
    # A message need not repeat what is known of its files.
    known = list((await files.visible(reader, ids)).values()) if ids else []
    return [say(entry, reader, files.links.brief, known) for entry in entries]


def say(entry: StreamEntry, reader: AccountId, links: Links, files: Sequence[File] = ()) -> Said:
    """One of them. *files*: those attached to it."""
    name, event = _say(entry, reader, links, files)
    return {"type": name, "event_id": entry.number, "event": event}


def _say(
    entry: StreamEntry, reader: AccountId, links: Links, files: Sequence[File]
) -> tuple[str, Said]:
    event = entry.event
    match event:
        case MessagePosted(message=message):
            number = entry.partner_id or message.chat_id
            name = "message_sent" if message.author_id == reader else "new_message"
            said = five_fields(message, number, reader)
            return name, said | extras(message, number, links, files)
        case MessageEdited(text=text, at=at):
            return "message_edited", _about(entry, reader, text) | {"edited_at": at // 1000}
        case MessagesDeleted(at=at):
            return "message_deleted", _about(entry, reader, "") | {"deleted_at": at // 1000}
        case MessagesRead(account_id=by, at=at):
            said = _about(entry, reader, "")
            said |= {"from_id": reader, "to_id": by, "read_at": at // 1000}
            return "message_read", said
        case (
            ChatOpened(chat=chat, account_id=by, at=at)
            | MembersAdded(chat=chat, account_id=by, at=at)
        ):
            return "dialog_added", _about_group(chat, by, at)
        case MembersRemoved(chat=chat, account_id=by, at=at):
            return "dialog_removed", _about_group(chat, by, at)
        case CallbackChange(old=old, new=new, at=at):
            said = _fields(MessageId(0), reader, reader, at)
            return "callback_deprecated", said | {"old": old, "new": new}
        case _:
            assert_never(event)


def _about(entry: StreamEntry, reader: AccountId, text: str) -> Said:
    """What happened to a message; if that is gone altogether, as much as the event knows."""
    event, message = entry.event, entry.message
    assert isinstance(event, MessageEdited | MessagesDeleted | MessagesRead), "only these ask"
    number = entry.partner_id or event.chat_id
    if message is None:
        ids = event.message_ids[0] if isinstance(event, MessagesDeleted) else 0
        said = _fields(MessageId(ids), number, event.account_id, event.at)
    else:
        said = five_fields(message, number, reader) | {"text": text}
    return said | group(number) if entry.partner_id is None else said


def _about_group(chat: Chat, by: AccountId, at: int) -> Said:
    return _fields(MessageId(0), chat.id, by, at, chat.name) | group(chat.id)


def _fields(message_id: MessageId, to_id: int, from_id: int, at: int, text: str = "") -> Said:
    return {
        "message_id": message_id,
        "to_id": to_id,
        "from_id": from_id,
        "created_at": at // 1000,
        "text": text,
    }
