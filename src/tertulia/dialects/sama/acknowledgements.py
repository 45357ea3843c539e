"""What senders get when their message is on the disk (document, Sent status)."""

from collections.abc import Sequence

from msgspec import UNSET, Struct, UnsetType


class SignalAcknowledgement(Struct):
    """What the sender of a system message gets; without an `id` of its own there is no `mid`."""

    server_mid: str
    t: int
    mid: str | UnsetType = UNSET


class AwaitedFile(Struct):
    """A file that a message has made, and where to put its content."""

    file_id: str
    file_name: str
    upload_url: str


class Acknowledgement(SignalAcknowledgement):
    """What the sender of a message gets.

    `modified` and `bot_message` are for conversation handlers, which we lack; `attachments` is there
    when the message has made files.
    """

    modified: None = None
    bot_message: None = None
    attachments: Sequence[AwaitedFile] | UnsetType = UNSET


class Acknowledged(Struct):
    """QUIRK sama: the document calls it `ack`, clients in the field wait for `ask`: one packet has both."""

    ask: SignalAcknowledgement
    ack: SignalAcknowledgement
