"""What kind of thing a message is: words, or one file that stands for itself."""

from enum import StrEnum

from tertulia.core.flags import VOICE
from tertulia.core.message_model import Attachment, Message


class MessageType(StrEnum):
    """CHANGE is what the server itself says in a chat; what has words is PLAIN, whatever hangs on it."""

    PLAIN = "plain"
    CHANGE = "change"
    IMAGE = "image"
    VIDEO = "video"
    VOICE = "voice"
    FILE = "file"


PICTURES = ("image/jpeg", "image/png", "image/gif", "image/webp")
"""Content types that everybody's programs show as pictures."""


def type_of_file(content_type: str) -> MessageType:
    """IMAGE, VIDEO or FILE: what a file of that content type is shown as."""
    if content_type in PICTURES:
        return MessageType.IMAGE
    return MessageType.VIDEO if content_type.startswith("video/") else MessageType.FILE


def type_of(message: Message) -> MessageType:
    """What a message is."""
    if message.notice is not None:
        return MessageType.CHANGE
    if message.text or not message.attachments:
        return MessageType.PLAIN
    if message.flags & VOICE:
        return MessageType.VOICE
    types = {type_of_file(each.known.content_type) for each in message.attachments}
    return next(
        each for each in (MessageType.IMAGE, MessageType.VIDEO, MessageType.FILE) if each in types
    )


def main_attachment(message: Message) -> Attachment:
    """The file that a message of one is about: the first of its type, else the first at all."""
    kind = type_of(message)
    same = (each for each in message.attachments if type_of_file(each.known.content_type) is kind)
    return next(same, message.attachments[0])
