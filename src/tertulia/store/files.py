"""Files: what is known of them, and who sees them. Their content lies elsewhere."""

from collections.abc import Collection, Sequence
from dataclasses import replace

from tertulia.core.ids import AccountId, ChatId, FileId
from tertulia.core.message_model import Attachment, FileFacts
from tertulia.core.model import Actor, File, NewFile, Picture
from tertulia.store.engine import Engine
from tertulia.store.work import Row, Work, array, draw, many, row, rows, run

FILE = (
    "f.id, f.maker_id, f.name, f.content_type, f.size_bytes, f.created_at, f.uploaded_at,"
    " f.width, f.height"
)

INSERT_FILE = """
INSERT INTO files (id, maker_id, name, content_type, size_bytes, created_at)
VALUES (?, ?, ?, ?, ?, ?)
"""

FIND = f"SELECT {FILE} FROM files f WHERE f.id = ?"

# Of pairs of file and account: the maker; who sees a message with it; who sees whose picture it is:
# everybody an account's or a channel's, members their group's.
VISIBLE = f"""
SELECT {FILE}, CAST(each.value ->> 1 AS BIGINT)
FROM json_each(?) AS each
JOIN files f ON f.id = CAST(each.value ->> 0 AS BIGINT)
WHERE f.maker_id = CAST(each.value ->> 1 AS BIGINT) OR EXISTS (
    SELECT 1 FROM message_files l
    JOIN messages m ON m.id = l.message_id AND m.deleted_at IS NULL
    JOIN members b ON b.chat_id = m.chat_id AND b.left_at IS NULL
        AND b.account_id = CAST(each.value ->> 1 AS BIGINT)
    WHERE l.file_id = f.id AND NOT EXISTS (
        SELECT 1 FROM hidden h WHERE h.message_id = m.id AND h.account_id = b.account_id
    )
) OR EXISTS (
    SELECT 1 FROM picture_files p
    LEFT JOIN accounts a ON a.id = p.holder_id
    LEFT JOIN chats c ON c.id = p.holder_id AND c.kind = 'channel'
    LEFT JOIN members b ON b.chat_id = p.holder_id AND b.left_at IS NULL
        AND b.account_id = CAST(each.value ->> 1 AS BIGINT)
    WHERE p.file_id = f.id
        AND (a.id IS NOT NULL OR c.id IS NOT NULL OR b.account_id IS NOT NULL)
)
"""

SEVERAL = f"""
SELECT {FILE} FROM json_each(?) AS each JOIN files f ON f.id = CAST(each.value AS BIGINT)
"""

NOTE_UPLOADED = """
UPDATE files SET uploaded_at = ?, width = ?, height = ? WHERE id = ? AND uploaded_at IS NULL
"""

UNCLAIMED = """
SELECT f.id FROM files f
WHERE f.uploaded_at IS NULL AND f.created_at < ?
    AND NOT EXISTS (SELECT 1 FROM message_files l WHERE l.file_id = f.id)
    AND NOT EXISTS (SELECT 1 FROM picture_files p WHERE p.file_id = f.id)
ORDER BY f.created_at LIMIT ?
"""

FORGET = (
    "DELETE FROM files WHERE id IN (SELECT CAST(each.value AS BIGINT) FROM json_each(?) AS each)"
)

DISCARD = """
DELETE FROM files
WHERE id IN (SELECT CAST(each.value AS BIGINT) FROM json_each(?) AS each) AND maker_id = ?
    AND NOT EXISTS (SELECT 1 FROM message_files l WHERE l.file_id = files.id)
    AND NOT EXISTS (SELECT 1 FROM picture_files p WHERE p.file_id = files.id)
RETURNING id
"""

LINK = "INSERT INTO message_files (file_id, message_id) VALUES (?, ?) ON CONFLICT DO NOTHING"

UNLINK = "DELETE FROM message_files WHERE message_id = ?"

HOLD_PICTURE = """
INSERT INTO picture_files (holder_id, file_id) VALUES (?, ?)
ON CONFLICT (holder_id) DO UPDATE SET file_id = excluded.file_id
"""

DROP_PICTURE = "DELETE FROM picture_files WHERE holder_id = ?"


class SqlFiles:
    """`core.file_ports.FileRecords` over an engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def add(self, maker: AccountId, new: Sequence[NewFile], now: int) -> list[File]:
        """See the port."""
        return await self._engine.write(add(maker, new, now))

    async def find(self, file_id: FileId) -> File | None:
        """See the port."""
        found = await self._engine.read(row(FIND, file_id))
        return file(found) if found else None

    async def visible(self, account_id: AccountId, ids: Sequence[FileId]) -> list[File]:
        """See the port."""
        pairs = {(each, account_id) for each in ids}
        return list((await self._engine.read(visible(pairs))).values())

    async def note_uploaded(self, file_id: FileId, sides: tuple[int, int] | None, now: int) -> None:
        """See the port."""
        width, height = sides or (None, None)
        await self._engine.write(run(NOTE_UPLOADED, now, width, height, file_id))

    async def discard(self, maker: AccountId, ids: Sequence[FileId]) -> list[FileId]:
        """See the port."""
        found = await self._engine.write(rows(DISCARD, array(ids), maker))
        return [FileId(each[0]) for each in found]

    async def forget_unclaimed(self, before: int, limit: int) -> list[FileId]:
        """See the port."""
        return await self._engine.write(forget_unclaimed(before, limit))


def file(found: Row) -> File:
    """From the columns of FILE, which may be followed by others."""
    return File(FileId(found[0]), AccountId(found[1]), *found[2:9])


def add(maker: AccountId, new: Sequence[NewFile], now: int) -> Work[list[File]]:
    """New files without content."""
    made = []
    for each in new:
        number = FileId((yield from draw(now)))
        made.append(File(number, maker, each.name, each.content_type, each.size_bytes, now))
    yield from many(
        INSERT_FILE,
        [(f.id, maker, f.name, f.content_type, f.size_bytes, f.created_at) for f in made],
    )
    return made


def visible(
    pairs: Collection[tuple[FileId, AccountId]],
) -> Work[dict[tuple[FileId, AccountId], File]]:
    """Those pairs where the account may see the file."""
    if not pairs:
        return {}
    found = yield from rows(VISIBLE, array(list(pairs)))
    return {(FileId(each[0]), AccountId(each[9])): file(each) for each in found}


def files_of(ids: Collection[FileId]) -> Work[dict[FileId, File]]:
    """What is known of them, whoever asks."""
    if not ids:
        return {}
    found = yield from rows(SEVERAL, array(list(ids)))
    return {FileId(each[0]): file(each) for each in found}


def forget_unclaimed(before: int, limit: int) -> Work[list[FileId]]:
    """Remove what nobody uploaded and nothing uses."""
    ids = [FileId(each[0]) for each in (yield from rows(UNCLAIMED, before, limit))]
    if ids:
        yield from run(FORGET, array(ids))
    return ids


def held_picture(
    actor: Actor, holder_id: AccountId | ChatId, picture: Picture | None
) -> Work[Picture | None]:
    """The picture as it is to be stored with its holder: without a file that the actor cannot see."""
    if picture is None:
        return None
    if picture.file_id is not None:
        pair = (picture.file_id, actor.account_id)
        if (yield from visible([pair])):
            yield from run(HOLD_PICTURE, holder_id, picture.file_id)
            return picture
        picture = replace(picture, file_id=None)
    yield from run(DROP_PICTURE, holder_id)
    return picture


def attached(
    author: AccountId,
    given: Sequence[Attachment],
    known: dict[tuple[FileId, AccountId], File],
    now: int,
) -> Work[tuple[Attachment, ...]]:
    """The attachments as they are to be stored: new files made, and with what their senders did not say."""
    ready = []
    for each in given:
        if each.is_to_make:
            assert each.size_bytes is not None, "it was announced"
            new = NewFile(each.name, each.content_type, each.size_bytes)
            (made,) = yield from add(author, (new,), now)
            ready.append(replace(each, file_id=made.id, is_to_make=False))
        elif each.file_id is not None:
            ready.append(_completed(each, known[each.file_id, author]))
        else:
            ready.append(each)
    return tuple(ready)


def _completed(given: Attachment, file: File) -> Attachment:
    """With the measures, if none were given, and what else the file's record alone says."""
    if given.width is None and given.height is None:
        given = replace(given, width=file.width, height=file.height)
    facts = FileFacts(
        "" if given.name else file.name,
        "" if given.content_type else file.content_type,
        file.size_bytes if given.size_bytes is None else None,
    )
    return given if facts == FileFacts() else replace(given, facts=facts)
