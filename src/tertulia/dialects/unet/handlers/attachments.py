"""Attachments of a request (document, AttachmentsConfiguration): what to add, rename and take away.

Everything is looked at before anything is stored, and what was stored for a message that is refused
after all is removed again.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from tertulia.core import text
from tertulia.core.errors import NotFound
from tertulia.core.files import fit_name
from tertulia.core.ids import FileId
from tertulia.core.kinds import HEAD_BYTES, content_type, kind_of
from tertulia.core.letters import MOST_ATTACHMENTS
from tertulia.core.message_model import Attachment
from tertulia.core.model import File, NewFile
from tertulia.dialects.unet.call import Call
from tertulia.dialects.unet.errors import bad_member, too_large
from tertulia.dialects.unet.members import Members
from tertulia.web.forms import Incoming

MAX_TITLE = 255


@dataclass(slots=True)
class Adding:
    """A file that is to be attached: one that came along, or one that is there."""

    title: str
    part: Incoming | None = None
    file_id: FileId | None = None


@dataclass(slots=True)
class Changes:
    """What `attachments` asks for."""

    add: list[Adding] = field(default_factory=list)
    rename: dict[int, str] = field(default_factory=dict)
    drop: set[int] = field(default_factory=set)


def read_changes(call: Call, members: Members, *, is_new: bool) -> Changes:
    """What is asked for. Raises: Refused: an action, a part or an id makes no sense."""
    changes = Changes()
    listed = members.objects("attachments")
    if len(listed) > 3 * MOST_ATTACHMENTS:
        raise bad_member("attachments", "asks for too much")
    for each in listed:
        action = each.text("action")
        if action in (None, "add"):
            changes.add.append(_adding(call, each))
        elif action == "edit" and not is_new:
            number = each.need_number("id")
            if "title" not in each.values:
                raise bad_member("title", "is missing")
            changes.rename[number] = _title(each)
        elif action == "delete" and not is_new:
            changes.drop.add(each.need_number("id"))
        else:
            raise bad_member("attachments", "has an action that is not known here")
    parts = [each.part for each in changes.add if each.part is not None]
    if len(changes.add) > MOST_ATTACHMENTS:
        raise bad_member("attachments", f"must be at most {MOST_ATTACHMENTS}")
    if len(set(map(id, parts))) < len(parts):
        raise bad_member("attachments", "names one file twice")
    return changes


def _adding(call: Call, member: Members) -> Adding:
    name, number = member.text("file"), _number(call, member)
    if (name is None) == (number is None):
        raise bad_member("attachments", "needs either `file` or `file_id`")
    if number is not None:
        return Adding(_title(member), file_id=FileId(number))
    part = call.files.get(name or "")
    if part is None:
        raise bad_member("attachments", "names a file that did not come along")
    if part.size_bytes > call.core.files.most_bytes:
        raise too_large()
    return Adding(_title(member), part=part)


def _number(call: Call, member: Members) -> int | None:
    """The file, by its number or by what the API calls it through which it came (docs/decisions/0110)."""
    name = member.values.get("file_id")
    found = call.desk.file_named(name) if isinstance(name, str) else None
    return found or member.number("file_id")


def _title(member: Members) -> str:
    title = member.text("title") or ""
    if text.is_longer(title, MAX_TITLE):
        raise bad_member("title", f"must be at most {MAX_TITLE} characters")
    return title


@asynccontextmanager
async def stored(call: Call, changes: Changes) -> AsyncIterator[tuple[Attachment, ...]]:
    """The attachments to add, their files in the store; removed again if the message is refused."""
    files = call.core.files
    fresh: list[FileId] = []
    try:
        own = await files.visible(
            call.actor.account_id, [each.file_id for each in changes.add if each.file_id]
        )
        known = {number: await _own(call, own, number) for number in _numbers(changes)}
        attachments = []
        for each in changes.add:
            if each.part is not None:
                attachments.append(await _received(call, each.part, each.title, fresh))
            else:
                assert each.file_id is not None, "it is one or the other"
                attachments.append(_attachment(known[each.file_id], each.title))
        yield tuple(attachments)
    except BaseException:
        if fresh:
            await files.discard(call.actor, fresh)
        raise


def _numbers(changes: Changes) -> list[FileId]:
    return [each.file_id for each in changes.add if each.file_id is not None]


async def _own(call: Call, files: dict[FileId, File], number: FileId) -> File:
    """A file that the actor has uploaded before, as its content shows. Raises: NotFound("file")."""
    file = files.get(number)
    if file is None or file.maker_id != call.actor.account_id:
        raise NotFound("file")
    content = await call.core.files.content(file)
    try:
        head = bytes(await content.read(0, min(HEAD_BYTES, content.size_bytes)))
    finally:
        content.close()
    kind = kind_of(head) or content_type(head, file.content_type)
    return File(
        file.id, file.maker_id, file.name, kind, file.size_bytes, file.created_at,
        file.uploaded_at, file.width, file.height,
    )  # fmt: skip


async def _received(call: Call, part: Incoming, title: str, fresh: list[FileId]) -> Attachment:
    files = call.core.files
    kind = content_type(await part.head(HEAD_BYTES), part.content_type)
    (file,) = await files.create(call.actor, [NewFile(fit_name(part.name), kind, part.size_bytes)])
    fresh.append(file.id)
    await files.receive(file, part.chunks())
    return _attachment(file, title)


def _attachment(file: File, title: str) -> Attachment:
    return Attachment(
        file_id=file.id,
        name=file.name,
        content_type=file.content_type,
        size_bytes=file.size_bytes,
        title=title,
    )
