"""Files in messages as Tada's clients see them, and the public addresses under which they lie."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from tertulia.core.ids import FileId, drawn_at
from tertulia.core.message_model import Attachment, Message
from tertulia.core.message_types import MessageType, main_attachment, type_of, type_of_file
from tertulia.core.model import File
from tertulia.dialects.tada.addresses import folder_of
from tertulia.dialects.tada.cards import card_content
from tertulia.dialects.tada.desk import TadaDesk
from tertulia.dialects.tada.ids import Kind, to_uuid
from tertulia.dialects.tada.times import date_time

CONTENT_TYPES = {
    MessageType.PLAIN: "plain",
    MessageType.CHANGE: "change",
    MessageType.IMAGE: "image",
    MessageType.VIDEO: "video",
    MessageType.VOICE: "audiomsg",
    MessageType.FILE: "file",
}
"""The document's words for what a message is."""

PREVIEW, PREVIEW_2X = 320, 640
"""Sides of previews in pixels, at most."""

UNNAMED = "file"


def file_path(desk: TadaDesk, file_id: FileId, name: str) -> str:
    """Where a file lies, from the root of the server."""
    return f"/u/{folder_of(desk.key, file_id)}/{quote(name or UNNAMED, safe='')}"


def address_of(desk: TadaDesk, attachment: Attachment) -> str:
    """Where an attachment can be got: a file of ours, or an address elsewhere."""
    if attachment.file_id is None:
        return attachment.url
    return desk.public_url + file_path(desk, attachment.file_id, attachment.known.name)


def content_of(desk: TadaDesk, message: Message) -> dict[str, Any]:
    """`content`: the words, or the one file that the message is about."""
    kind = type_of(message)
    if kind is MessageType.PLAIN:
        return card_content(message) or {"type": "plain", "text": message.text}
    if kind is MessageType.CHANGE:
        return {"type": "change", "text": message.text, "title": message.text}
    attachment = main_attachment(message)
    address = address_of(desk, attachment)
    content: dict[str, Any] = {
        "type": CONTENT_TYPES[kind],
        "text": f"File: {address}",
        "mediaURL": address,
        "name": attachment.known.name,
        "size": attachment.known.size_bytes or 0,
    }
    if attachment.file_id is not None:
        content["upload"] = to_uuid(Kind.UPLOAD, attachment.file_id)
    if kind is MessageType.IMAGE:
        content |= _previews(desk, attachment, address)
    elif kind in {MessageType.VIDEO, MessageType.VOICE}:
        content["duration"] = 0
        if kind is MessageType.VOICE:
            content["comment"] = ""
    return content


def _previews(desk: TadaDesk, attachment: Attachment, address: str) -> dict[str, Any]:
    """Two smaller copies of a picture of ours; of others the picture itself."""
    if attachment.file_id is None or not attachment.width or not attachment.height:
        return {
            "previewURL": address,
            "preview2xURL": address,
            "previewWidth": attachment.width or 0,
            "previewHeight": attachment.height or 0,
        }
    folder = f"{desk.public_url}/u/{folder_of(desk.key, attachment.file_id)}/p"
    width, height = fitted(attachment.width, attachment.height, PREVIEW)
    return {
        "previewURL": f"{folder}/{PREVIEW}.jpg",
        "preview2xURL": f"{folder}/{PREVIEW_2X}.jpg",
        "previewWidth": width,
        "previewHeight": height,
    }


def fitted(width: int, height: int, side: int) -> tuple[int, int]:
    """The sides of a picture in at most *side* pixels a side; never enlarged."""
    longer = max(width, height)
    if longer <= side:
        return width, height
    return max(round(width * side / longer), 1), max(round(height * side / longer), 1)


def upload_link(desk: TadaDesk, message: Message) -> list[dict[str, Any]]:
    """The one link of a message that is a file."""
    attachment = main_attachment(message)
    address = address_of(desk, attachment)
    pattern = address.removeprefix(desk.public_url) if attachment.file_id is not None else address
    return [{"pattern": pattern, "url": address, "text": attachment.known.name or UNNAMED}]


def beside(message: Message) -> list[Attachment]:
    """What hangs on a message apart from the file that its content is."""
    is_file = type_of(message) not in {MessageType.PLAIN, MessageType.CHANGE}
    main = main_attachment(message) if is_file else None
    return [each for each in message.attachments if each is not main]


def links_elsewhere(attachments: Iterable[Attachment]) -> list[dict[str, Any]]:
    """To what lies at an address elsewhere, which is no upload of anybody's."""
    return [
        {"pattern": each.url, "url": each.url, "text": each.name or each.url}
        for each in attachments
        if each.file_id is None and each.url.startswith(("http://", "https://"))
    ]


def upload(desk: TadaDesk, attachment: Attachment, message: Message) -> dict[str, Any]:
    """A file that hangs on a message (`Upload`)."""
    assert attachment.file_id is not None, "the caller looked"
    return _upload(
        desk,
        attachment,
        attachment.file_id,
        drawn_at(attachment.file_id) if attachment.file_id < message.id else message.sent_at,
    )


def uploaded(desk: TadaDesk, file: File) -> dict[str, Any]:
    """A file that has just come, and hangs on nothing yet."""
    attachment = Attachment(
        file.id, "", file.name, file.content_type, file.size_bytes, file.width, file.height
    )
    return _upload(desk, attachment, file.id, file.created_at)


def _upload(
    desk: TadaDesk, attachment: Attachment, file_id: FileId, created_at: int
) -> dict[str, Any]:
    facts = attachment.known
    kind = type_of_file(facts.content_type)
    is_sound = facts.content_type.startswith("audio/")
    said: dict[str, Any] = {
        "uid": to_uuid(Kind.UPLOAD, file_id),
        "created": date_time(created_at),
        "size": facts.size_bytes or 0,
        "name": facts.name,
        "url": address_of(desk, attachment),
        "content_type": facts.content_type,
        "type": "audio" if is_sound else CONTENT_TYPES[kind],
    }
    if kind is MessageType.IMAGE and attachment.width:
        found = _previews(desk, attachment, said["url"])
        said["preview"] = {
            "url": found["previewURL"],
            "url_2x": found["preview2xURL"],
            "width": found["previewWidth"],
            "height": found["previewHeight"],
        }
    return said
