"""What a push says: the four keys that the web app's worker reads (document, Send/Receive messages)."""

from collections.abc import Callable

from msgspec import UNSET, Struct, UnsetType

from tertulia.core.ids import FileId
from tertulia.core.push import PushNotice
from tertulia.dialects.sama.ids import to_wire
from tertulia.dialects.sama.wire import encode


class Payload(Struct, rename={"first_attachment_url": "firstAttachmentUrl"}):
    """`firstAttachmentUrl` is null when there is none; `is_encrypted` is absent when it is not so."""

    title: str
    body: str
    first_attachment_url: str | None
    cid: str
    is_encrypted: bool | UnsetType = UNSET


def push_words(links: Callable[[FileId], str]) -> Callable[[PushNotice], str]:
    """Says notices in SAMA's words; `links` makes addresses of files."""

    def words(notice: PushNotice) -> str:
        first = notice.attachment
        url = None
        if first is not None:
            url = first.url or None if first.file_id is None else links(first.file_id)
        encrypted = True if notice.encrypted else UNSET
        payload = Payload(notice.title, notice.body, url, to_wire(notice.chat_id), encrypted)
        return encode(payload).decode()

    return words
