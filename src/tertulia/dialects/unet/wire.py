"""The objects of this API, in its words (document, Definitions).

Objects are dictionaries: which keys they have is for the client to say (`fields`). Only a message about
which nothing was said is a record: pages are full of them.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import lru_cache

import msgspec

from tertulia.core.archive import Kept, Listed
from tertulia.core.flags import SILENT
from tertulia.core.ids import AccountId, FileId
from tertulia.core.kinds import is_image
from tertulia.core.letters import marks
from tertulia.core.message_model import Attachment
from tertulia.core.model import Account, Chat, ChatKind, File
from tertulia.dialects.unet.members import Fields, Json

encode = msgspec.json.Encoder().encode

Links = Callable[[FileId], str]

SAFE_ADDRESSES = ("https://", "http://")


SECONDS = tuple(f":{second:02}+00:00" for second in range(60))


def time_of(at: int) -> str:
    """ISO 8601, UTC, whole seconds."""
    second = at // 1000
    return _minute(second // 60) + SECONDS[second % 60]


@lru_cache(maxsize=4_096)
def _minute(number: int) -> str:
    """Counted from 1970. Messages of one page often share theirs, and nearly always their days."""
    day, minute = divmod(number, 1_440)
    return f"{_day(day)}T{minute // 60:02}:{minute % 60:02}"


@lru_cache(maxsize=4_096)
def _day(number: int) -> str:
    """Counted from 1970."""
    return datetime.fromtimestamp(number * 86_400, UTC).date().isoformat()


class Item(msgspec.Struct, gc=False):
    """MessagesItemResponse, with what we tell beside it."""

    id: int
    uid: int
    message: str
    attachments: Json
    chat_id: int
    created_time: str
    is_whisper: bool


MESSAGE_FIELDS = (*Item.__struct_fields__, "edits", "is_read", "can_edit", "can_delete")
"""All that a message may have."""

Said = Json | Item
"""An answer, or a part of one."""

NO_FILES: Json = {}


def message(kept: Kept, reader: AccountId, links: Links, fields: Fields) -> Said:
    """A message with the fields that are wished for."""
    item = _item(kept, links)
    return _wished(item, kept, reader, fields) if fields.wishes else item


def messages(page: Sequence[Kept], reader: AccountId, links: Links, fields: Fields) -> list[Said]:
    """Messages of one page."""
    if fields.wishes:
        return [message(each, reader, links, fields) for each in page]
    return [_item(each, links) for each in page]


def _item(kept: Kept, links: Links) -> Item:
    # Unpacked at once: a page has up to 500, and every look at a member by its name costs.
    message_id, _, author_id, text, sent_at, _, attached, flags, number, _, _, _ = kept
    return Item(
        message_id,
        author_id,
        text,
        attachments(kept, links) if attached else NO_FILES,
        number,
        time_of(sent_at),
        flags & SILENT != 0,
    )


def _wished(item: Item, kept: Kept, reader: AccountId, fields: Fields) -> Json:
    shown: Json = msgspec.structs.asdict(item)
    is_mine = kept.author_id == reader
    if fields.wants("edits"):
        shown["edits"] = [{"uid": each.account_id, "time": time_of(each.at)} for each in kept.edits]
    if fields.wants("is_read"):
        shown["is_read"] = kept.is_read
    if fields.wants("can_edit"):
        shown["can_edit"] = is_mine
    if fields.wants("can_delete"):
        shown["can_delete"] = is_mine
    return fields.shaped(shown)


def chat(listed: Listed, reader: AccountId, links: Links, fields: Fields) -> Json:
    """MessagesChatsItemResponse, with what we tell beside it."""
    stored = listed.chat
    if stored.kind is ChatKind.DIRECT:
        item: Json = {"chat_id": listed.number, "type": "private"}
    else:
        item = {
            "chat_id": listed.number,
            "type": "group",
            "name": stored.name,
            "picture_url": picture_url(stored, links),
            "members_count": str(listed.members),
        }
    if fields.wants("unread_count"):
        item["unread_count"] = listed.unread
    if fields.wants("last_message") and listed.last is not None:
        item["last_message"] = message(listed.last, reader, links, Fields())
    return fields.shaped(item)


def picture_url(of: Chat | Account, links: Links) -> str:
    """Where the picture can be got from; "" when there is none of ours."""
    picture = of.picture
    return links(picture.file_id) if picture is not None and picture.file_id is not None else ""


def attachments(kept: Kept, links: Links) -> Json:
    """AttachmentStructure: lists by kind; those that are empty are absent."""
    files = {file.id: file for file in kept.files}
    lists: dict[str, list[Json]] = {}
    stored = kept.attachments
    for mark, each in zip(marks(stored), stored, strict=True):
        file = files.get(each.file_id) if each.file_id is not None else None
        item = _attachment(mark, each, file, links)
        lists.setdefault(_list_of(item["content_type"]), []).append(item)
    return {name: lists[name] for name in ("images", "videos", "audios", "files") if name in lists}


def _attachment(mark: int, attachment: Attachment, file: File | None, links: Links) -> Json:
    size, kind, name, url = attachment.size_bytes, attachment.content_type, attachment.name, ""
    width, height = attachment.width, attachment.height
    if file is not None:
        size, name, kind = file.size_bytes, name or file.name, kind or file.content_type
        width, height, url = file.width or width, file.height or height, links(file.id)
    elif attachment.file_id is None and attachment.url.startswith(SAFE_ADDRESSES):
        url = attachment.url
    item: Json = {
        "id": mark,
        "name": name,
        "title": attachment.title,
        "size": size or 0,
        "content_type": kind,
        "url": url,
    }
    if is_image(kind) and width and height:
        item["width"], item["height"] = width, height
    return item


def _list_of(kind: str) -> str:
    if is_image(kind):
        return "images"
    return {"video": "videos", "audio": "audios"}.get(kind.partition("/")[0], "files")
