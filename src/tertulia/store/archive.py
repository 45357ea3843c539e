"""Chats page by page: what `core.archive` reads. Every page is found by its place in an index.

How many messages a chat shows is a subtraction: all places, less what was deleted (`chats.gone`), what
the server said itself (few, and indexed) and what the reader has hidden (`hidden_counts`). Only a search
goes through rows, and runs where nobody waits for it.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from tertulia.core.archive import Acquaintances, Edit, Extras, Kept, Listed, Part, Shelf, Sieve
from tertulia.core.errors import NotFound
from tertulia.core.ids import AccountId, ChatId, MessageId
from tertulia.core.message_model import Attachment
from tertulia.core.model import ChatKind, File
from tertulia.store import records
from tertulia.store.acquaintances import acquaintances
from tertulia.store.chats import pair
from tertulia.store.engine import Engine
from tertulia.store.files import visible
from tertulia.store.stacks import COLUMNS, SHOWN, Stack
from tertulia.store.work import Row, Work, array, row, rows

NOTICES = "SELECT COUNT(*) FROM messages n WHERE n.chat_id = c.id AND n.notice IS NOT NULL"

HIDDEN = """
COALESCE((
    SELECT x.hidden FROM hidden_counts x WHERE x.chat_id = c.id AND x.account_id = b.account_id
), 0)
"""

# Accounts and chats have their numbers of one sequence: what is a partner's is no group's.
PLACE = f"""
SELECT c.id, c.last_seq - c.gone - ({NOTICES}), {HIDDEN}, b.read_seq
FROM chats c JOIN members b ON b.chat_id = c.id AND b.account_id = ? AND b.left_at IS NULL
WHERE c.id = COALESCE((SELECT d.id FROM chats d WHERE d.pair = ?), ?)
    AND (c.pair = ? OR c.kind IN ('group', 'channel') AND c.encrypted = 0)
"""

IS_ALIVE = "SELECT a.id FROM accounts a WHERE a.id = ? AND a.deleted_at IS NULL"

READS, ALL_EXTRAS = Extras(reads=True), Extras(edits=True, reads=True)

ONE = f"""
SELECT {COLUMNS}, b.read_seq, c.kind, c.owner_id, c.other_id
FROM messages m
JOIN chats c ON c.id = m.chat_id AND c.kind <> 'task' AND c.encrypted = 0
JOIN members b ON b.chat_id = c.id AND b.account_id = ? AND b.left_at IS NULL
WHERE m.id = ? AND {SHOWN}
"""

NAMED_MESSAGES = f"""
SELECT {COLUMNS}
FROM messages m WHERE m.id IN (SELECT CAST(each.value AS BIGINT) FROM json_each(?) AS each)
"""

READ_BY_NAME = """
SELECT r.message_id FROM named_reads r
WHERE r.account_id = ?
    AND r.message_id IN (SELECT CAST(each.value AS BIGINT) FROM json_each(?) AS each)
"""

EDITS = """
SELECT e.message_id, e.account_id, e.at FROM message_edits e
WHERE e.message_id IN (SELECT CAST(each.value AS BIGINT) FROM json_each(?) AS each)
ORDER BY e.message_id, e.at
"""

CHATS = f"""
SELECT {records.CHAT}, c.last_seq - b.read_seq - b.skipped, b.read_seq,
    CASE WHEN c.kind = 'direct' THEN 2 WHEN c.subscribers > 0 THEN c.subscribers ELSE (
        SELECT COUNT(*) FROM members y WHERE y.chat_id = c.id AND y.left_at IS NULL
    ) END
FROM members b JOIN chats c ON c.id = b.chat_id
WHERE b.account_id = ? AND b.left_at IS NULL AND c.kind <> 'task' AND c.encrypted = 0
    AND (c.kind <> 'direct' OR c.last_seq - c.gone - {HIDDEN} > 0)
ORDER BY c.updated_at DESC, c.id DESC
"""

NEWEST = f"""
SELECT CAST(each.value AS BIGINT), (
    SELECT m.id FROM messages m
    WHERE m.chat_id = CAST(each.value AS BIGINT) AND {SHOWN}
    ORDER BY m.sent_at DESC LIMIT 1
)
FROM json_each(?) AS each
"""

_record = tuple.__new__
"""A named tuple of all its fields in order. Its own constructor does no more, and takes twice the time."""


class SqlArchive:
    """`core.archive.ArchiveStore` over an engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def page(
        self, reader: AccountId, number: int, sieve: Sieve, part: Part, extras: Extras
    ) -> Shelf:
        """See the port."""
        return await self._engine.read(_Reading(reader, extras).page(number, sieve, part))

    async def search(
        self, reader: AccountId, number: int, sieve: Sieve, part: Part, extras: Extras
    ) -> Shelf:
        """See the port."""
        return await self._engine.scan(_Reading(reader, extras).page(number, sieve, part))

    async def message(self, reader: AccountId, message_id: MessageId) -> Kept | None:
        """See the port."""
        return await self._engine.read(_Reading(reader, ALL_EXTRAS).message(message_id))

    async def chats(self, reader: AccountId, *, with_last: bool) -> list[Listed]:
        """See the port."""
        return await self._engine.scan(_Reading(reader, READS).chats(with_last=with_last))

    async def acquaintances(self, reader: AccountId, part: Part) -> Acquaintances:
        """See the port."""
        return await self._engine.scan(acquaintances(reader, part))


class Place(NamedTuple):
    """A chat that a reader is in.

    `shown`: how many messages it has that are shown to everybody; `hidden`: how many of these the reader
    has hidden; `read_seq`: how far he has read.
    """

    chat_id: ChatId
    shown: int
    hidden: int
    read_seq: int


def chat_of(reader: AccountId, number: int) -> Work[Place | None]:
    """The chat of that number; None: it is none that the reader is in."""
    both = pair(reader, AccountId(number))
    found = yield from row(PLACE, reader, both, number, both)
    return None if found is None else Place(*found)


class _Reading:
    """One reader, and what he wants to know of each message."""

    def __init__(self, reader: AccountId, extras: Extras) -> None:
        self._reader = reader
        self._extras = extras

    def page(self, number: int, sieve: Sieve, part: Part) -> Work[Shelf]:
        place = yield from chat_of(self._reader, number)
        if place is None:
            if (yield from row(IS_ALIVE, number)) is None:
                raise NotFound("chat")
            return Shelf((), 0, has_newer=False, has_older=False)
        stack = Stack(self._reader, place.chat_id, sieve, has_hidden=place.hidden > 0)
        total = place.shown - place.hidden
        if not sieve.is_open:
            total = yield from stack.count()
        found, has_newer, has_older = yield from stack.page(part)
        items = yield from self._kept(found, {place.chat_id: (number, place.read_seq)})
        return Shelf(items, total, has_newer, has_older)

    def message(self, message_id: MessageId) -> Work[Kept | None]:
        me = self._reader
        found = yield from row(ONE, me, message_id, me)
        if found is None:
            return None
        *columns, read_seq, kind, owner_id, other_id = found
        number = number_of(me, found[1], kind, owner_id, other_id)
        kept = yield from self._kept([tuple(columns)], {found[1]: (number, read_seq)})
        return kept[0]

    def chats(self, *, with_last: bool) -> Work[list[Listed]]:
        found = yield from rows(CHATS, self._reader)
        chats = [records.chat(each) for each in found]
        numbers = [
            number_of(self._reader, chat.id, chat.kind, chat.owner_id, chat.other_id)
            for chat in chats
        ]
        last: dict[int, Kept] = {}
        if with_last and chats:
            places = {
                chat.id: (number, each[-2])
                for chat, number, each in zip(chats, numbers, found, strict=True)
            }
            last = yield from self._newest(places)
        return [
            Listed(number, chat, each[-1], max(each[-3], 0), last.get(chat.id))
            for chat, number, each in zip(chats, numbers, found, strict=True)
        ]

    def _newest(self, places: dict[ChatId, tuple[int, int]]) -> Work[dict[int, Kept]]:
        newest = yield from rows(NEWEST, self._reader, array(list(places)))
        ids = [each[1] for each in newest if each[1] is not None]
        found = yield from rows(NAMED_MESSAGES, array(ids))
        kept = yield from self._kept(found, places)
        return {each.chat_id: each for each in kept}

    def _kept(
        self, found: Sequence[Row], places: dict[ChatId, tuple[int, int]]
    ) -> Work[list[Kept]]:
        """Rows of COLUMNS; `places`: how the reader calls each chat, and how far he has read it."""
        attachments = {each[0]: records.attachments(each[7]) for each in found if each[7]}
        files = (yield from self._files(attachments)) if attachments else {}
        edits = (yield from _edits(found)) if self._extras.edits else {}
        read = (yield from self._read(found, places)) if self._extras.reads else ()
        return [
            _record(
                Kept,
                (
                    message_id, chat_id, author_id, text, sent_at, edited_at,
                    attachments.get(message_id, ()), flags, places[chat_id][0],
                    message_id in read, edits.get(message_id, ()), files.get(message_id, ()),
                ),
            )
            for message_id, chat_id, _, author_id, text, sent_at, edited_at, _, flags, _ in found
        ]  # fmt: skip

    def _files(
        self, attachments: Mapping[MessageId, tuple[Attachment, ...]]
    ) -> Work[dict[MessageId, tuple[File, ...]]]:
        """Of each message, those of its files that the reader may see."""
        wanted = {
            message_id: [(each.file_id, self._reader) for each in own if each.file_id is not None]
            for message_id, own in attachments.items()
        }
        files = yield from visible({pair for pairs in wanted.values() for pair in pairs})
        return {
            message_id: tuple(files[pair] for pair in pairs if pair in files)
            for message_id, pairs in wanted.items()
        }

    def _read(
        self, found: Sequence[Row], places: dict[ChatId, tuple[int, int]]
    ) -> Work[set[MessageId]]:
        """Which of them are read: one's own by others, those of others up to the mark, or by name."""
        read: set[MessageId] = set()
        beyond: list[MessageId] = []
        for message_id, chat_id, seq, author_id, *_, is_read in found:
            if author_id == self._reader:
                if is_read:
                    read.add(message_id)
            elif seq <= places[chat_id][1]:
                read.add(message_id)
            else:
                beyond.append(message_id)
        if beyond:
            by_name = yield from rows(READ_BY_NAME, self._reader, array(beyond))
            read.update(each[0] for each in by_name)
        return read


def _edits(found: Sequence[Row]) -> Work[dict[MessageId, tuple[Edit, ...]]]:
    """Of rows of COLUMNS, whatever was written anew."""
    edits: dict[MessageId, list[Edit]] = {}
    edited = [each[0] for each in found if each[6] is not None]
    if edited:
        for message_id, account_id, at in (yield from rows(EDITS, array(edited))):
            edits.setdefault(message_id, []).append(Edit(account_id, at))
    return {message_id: tuple(each) for message_id, each in edits.items()}


def number_of(
    reader: AccountId, chat_id: int, kind: str, owner_id: AccountId, other_id: AccountId | None
) -> int:
    """What the reader calls the chat."""
    if kind != ChatKind.DIRECT or other_id is None:
        return chat_id
    return other_id if owner_id == reader else owner_id
