"""What Astrak says, in the document's words and order. Times are whole Unix seconds, ids are numbers."""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from tertulia.core.archive import Kept
from tertulia.core.ids import FileId
from tertulia.core.message_model import Attachment, Message
from tertulia.core.model import File

encode = msgspec.json.Encoder().encode

Links = Callable[[FileId], str]
"""From a file to an address it can be got from, for an hour."""


def message(kept: Kept, reader_id: int, links: Links) -> dict[str, Any]:
    """A message as its reader finds it in a dialog."""
    said = five_fields(kept, kept.number, reader_id)
    said["read"] = kept.is_read
    return said | extras(kept, kept.number, links, kept.files)


def five_fields(message: Message | Kept, number: int, reader_id: int) -> dict[str, Any]:
    """What every message and every event has; in a group `to_id` is the group.

    *number*: what the reader calls the chat.
    """
    is_private = number != message.chat_id
    to_id = reader_id if is_private and message.author_id != reader_id else number
    return {
        "message_id": message.id,
        "to_id": to_id,
        "from_id": message.author_id,
        "created_at": message.sent_at // 1000,
        "text": message.text,
    }


def extras(
    message: Message | Kept, number: int, links: Links, files: Sequence[File] = ()
) -> dict[str, Any]:
    """What a message has beyond that: its group, when it was edited, its files."""
    said: dict[str, Any] = {}
    if number == message.chat_id:
        said |= group(number)
    if message.edited_at is not None:
        said["edited_at"] = message.edited_at // 1000
    if message.attachments:
        known = {each.id: each for each in files}
        said["attachments"] = [_attachment(each, known, links) for each in message.attachments]
    return said


def group(chat_id: int) -> dict[str, Any]:
    """What stands with everything in a group."""
    return {"chat_id": chat_id, "chat_type": "group"}


def _attachment(attachment: Attachment, known: dict[FileId, File], links: Links) -> dict[str, Any]:
    file_id = attachment.file_id
    file = None if file_id is None else known.get(file_id)
    size = attachment.size_bytes or (file.size_bytes if file else 0)
    return {
        "name": attachment.name or (file.name if file else ""),
        "size": size,
        "content_type": attachment.content_type or (file.content_type if file else ""),
        "url": attachment.url if file_id is None else links(file_id),
    }


def summary(kept: Kept) -> str:
    """A message in a list: its text, else its first file's name."""
    if kept.text or not kept.attachments:
        return kept.text
    first = kept.attachments[0]
    return first.name or next((each.name for each in kept.files if each.id == first.file_id), "")
