"""Attachments of messages: what clients give, and the links for files that are yet to come."""

from collections.abc import Sequence
from typing import Any

from tertulia.core.errors import BadInput
from tertulia.core.files import Files
from tertulia.core.ids import FileId
from tertulia.core.message_model import Attachment
from tertulia.core.model import NewFile
from tertulia.dialects.sama.acknowledgements import AwaitedFile
from tertulia.dialects.sama.errors import NO_BODY, Refused, refused
from tertulia.dialects.sama.ids import to_wire
from tertulia.dialects.sama.params import Params
from tertulia.dialects.sama.wire import encode

BAD_ATTACHMENT = "Invalid attachment fields."
TOO_MANY_FILES = "You've exceeded the file limit."

MAX_ATTACHMENTS = 100
MAX_FILE_SIZE = 104_857_600
MAX_SIDE = 10_000
MAX_URL = 2_048

MOST_NEW_FILES = 10
"""In one request, whether files are made by themselves or with a message."""

KEYS = frozenset({
    "file_id", "file_name", "file_blur_hash", "file_content_type", "file_size", "file_width",
    "file_height", "file_url",
})  # fmt: skip

KEYS_OF_NEW = frozenset({"name", "size", "content_type"})


def attachments(params: Params, files: Files) -> tuple[Attachment, ...]:
    """The attachments of a message; none when there is no such key."""
    if "attachments" not in params.values:
        return ()
    given = params.values["attachments"]
    if not isinstance(given, list) or not 1 <= len(given) <= MAX_ATTACHMENTS:
        raise Refused(NO_BODY)
    if not all(isinstance(each, dict) for each in given):
        raise Refused(NO_BODY)
    found = tuple(_attachment(Params(each), files) for each in given)
    if sum(each.is_to_make for each in found) > MOST_NEW_FILES:
        raise refused(TOO_MANY_FILES)
    return found


def _attachment(params: Params, files: Files) -> Attachment:
    """A file of ours, one that is elsewhere, or, in the document's own form, one to be made.

    QUIRK sama: the document sends `{name, size, content_type}`, clients in the field
    `{file_id, file_name, …}`.
    """
    file_id, url = None, ""
    if params.given("file_id"):
        file_id = FileId(params.id("file_id", words=BAD_ATTACHMENT))
    elif params.given("file_url"):
        url = params.text("file_url", 1, MAX_URL, words=BAD_ATTACHMENT) or ""
    else:
        return _new(params, files)
    return Attachment(
        file_id=file_id,
        url=url,
        name=params.text("file_name", 0, 255, words=BAD_ATTACHMENT) or "",
        blur_hash=params.text("file_blur_hash", 0, 255, words=BAD_ATTACHMENT) or "",
        content_type=params.text("file_content_type", 0, 255, words=BAD_ATTACHMENT) or "",
        size_bytes=whole(params.values.get("file_size"), MAX_FILE_SIZE, BAD_ATTACHMENT),
        width=whole(params.values.get("file_width"), MAX_SIDE, BAD_ATTACHMENT),
        height=whole(params.values.get("file_height"), MAX_SIDE, BAD_ATTACHMENT),
        more=_more(params, KEYS),
    )


def _new(params: Params, files: Files) -> Attachment:
    new = new_file(params, BAD_ATTACHMENT, BAD_ATTACHMENT, BAD_ATTACHMENT)
    try:
        files.check(new)
    except BadInput as error:
        raise refused(BAD_ATTACHMENT) from error
    return Attachment(
        name=new.name,
        content_type=new.content_type,
        size_bytes=new.size_bytes,
        more=_more(params, KEYS | KEYS_OF_NEW),
        is_to_make=True,
    )


def new_file(params: Params, bad_name: str, bad_size: str, bad_type: str) -> NewFile:
    """`{name, size, content_type}`, checked in this order."""
    name = params.need_text("name", 1, 255, words=bad_name)
    size = whole(params.values.get("size"), MAX_FILE_SIZE, bad_size)
    if size is None:
        raise refused(bad_size)
    return NewFile(name, params.need_text("content_type", 1, 255, words=bad_type), size)


def _more(params: Params, known: frozenset[str]) -> str:
    more = {
        key: value for key, value in params.values.items() if key not in known and value is not None
    }
    return encode(more).decode() if more else ""


def whole(value: Any, most: int, words: str) -> int | None:
    """A whole number from 0 to *most*; None when not given."""
    if value is None:
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
        raise refused(words)
    return value


def awaited(
    given: Sequence[Attachment], stored: Sequence[Attachment], files: Files
) -> list[AwaitedFile]:
    """The files that were made with a message, and where to put their content."""
    return [
        AwaitedFile(to_wire(made.file_id), made.name, files.links.upload(made.file_id))
        for asked, made in zip(given, stored, strict=True)
        if asked.is_to_make and made.file_id is not None
    ]
