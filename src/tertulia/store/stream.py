"""What happened in an account's chats after a position, in the order of numbers."""

from collections.abc import Sequence
from dataclasses import replace

from tertulia.core.events import MessageEdited, MessagesDeleted, MessagesRead
from tertulia.core.ids import AccountId, MessageId, drawn_at
from tertulia.core.stream import Streamed, StreamEntry, StreamPart
from tertulia.store import records
from tertulia.store.engine import Engine
from tertulia.store.stream_sources import FOR_ME, changes, events, farewells, messages
from tertulia.store.work import Row, Work, array, row, rows

ABOUT = f"""
SELECT {records.MESSAGE}, CASE WHEN c.other_id = ? THEN c.owner_id ELSE c.other_id END,
    CASE WHEN m.deleted_at IS NULL THEN 0 ELSE 1 END,
    CASE WHEN EXISTS (
        SELECT 1 FROM hidden h WHERE h.message_id = m.id AND h.account_id = ?
    ) THEN 1 ELSE 0 END
FROM messages m JOIN chats c ON c.id = m.chat_id
WHERE m.id IN (SELECT CAST(each.value AS BIGINT) FROM json_each(?) AS each)
"""

# The number of the entry that has so many newer ones. Of each chat so many messages are enough.
FLOOR = f"""
SELECT n.number FROM (
    SELECT m.id AS number
    FROM members b
    JOIN chats c ON c.id = b.chat_id AND c.kind <> 'task' AND c.encrypted = 0
    JOIN messages m ON m.chat_id = b.chat_id AND m.sent_at > ? AND m.sent_at >= b.joined_at
        AND m.sent_at >= COALESCE((
            SELECT x.sent_at FROM messages x WHERE x.chat_id = b.chat_id AND x.sent_at > ?
            ORDER BY x.sent_at DESC LIMIT 1 OFFSET ?
        ), 0)
    WHERE b.account_id = ? AND b.left_at IS NULL
    AND m.notice IS NULL AND m.author_id <> b.account_id
    UNION ALL
    SELECT e.id AS number
    FROM members b
    JOIN chats c ON c.id = b.chat_id AND c.kind <> 'task' AND c.encrypted = 0
    CROSS JOIN events e
    WHERE b.account_id = ? AND b.left_at IS NULL AND e.chat_id = b.chat_id AND e.id > ?
    {FOR_ME.format(e="e")}
) AS n
ORDER BY n.number DESC LIMIT 1 OFFSET ?
"""


class SqlStream:
    """`core.stream.StreamStore` over an engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @property
    def position(self) -> int:
        """See the port."""
        return self._engine.position

    async def after(
        self, account_id: AccountId, position: int, limit: int, *, own: bool
    ) -> StreamPart:
        """See the port."""
        # What is handed to delivery can be read by all statements of the unit; what comes while they
        # run, by the later ones only. It has not been handed over yet, so somebody will look again.
        end = max(self._engine.position, position)
        begin = position
        while True:
            part = await self._engine.read(first_after(account_id, begin, end, limit, own=own))
            if part.entries or part.seen == end:
                return part
            begin = part.seen

    async def floor(self, account_id: AccountId, oldest: int, count: int) -> int:
        """See the port."""
        at = drawn_at(oldest)
        me = f"%,{account_id},%"
        found = await self._engine.scan(
            row(FLOOR, at, at, count, account_id, account_id, oldest, me, count)
        )
        return oldest if found is None else max(found[0], oldest)


def first_after(
    account_id: AccountId, position: int, end: int, limit: int, *, own: bool
) -> Work[StreamPart]:
    """The first entries after a place, up to *end*; `seen` is that when there are no others.

    There may be none and `seen` another place: everything up to there was not worth an entry.
    """
    sources = (
        (yield from messages(account_id, position, limit, own=own)),
        (yield from events(account_id, position, limit, own=own)),
        *(yield from farewells(account_id, position, limit)),
        (yield from changes(account_id, position, limit)),
    )
    seen = min(end, *(source.complete for source in sources))
    known = {
        entry.number: entry
        for source in sources
        for entry in source.entries
        if position < entry.number <= seen
    }
    entries = [known[number] for number in sorted(known)]
    if len(entries) > limit:
        entries = entries[:limit]
        seen = entries[-1].number
    return StreamPart((yield from _with_messages(account_id, entries)), seen)


def _with_messages(
    account_id: AccountId, entries: Sequence[StreamEntry]
) -> Work[list[StreamEntry]]:
    """The entries with what they are about; what an account does not see, it hears nothing of."""
    asked = {about for entry in entries if (about := _about(entry.event)) is not None}
    known: dict[int, Row] = {}
    if asked:
        found = yield from rows(ABOUT, account_id, account_id, array(list(asked)))
        known = {each[0]: each for each in found}
    return [
        told
        for entry in entries
        if (told := _told(entry, known.get(_about(entry.event) or 0))) is not None
    ]


def _about(event: Streamed) -> MessageId | None:
    """The message that is yet to be read for it."""
    match event:
        case MessageEdited(message_id=message_id):
            return message_id
        case MessagesDeleted(message_ids=ids):
            return ids[0]
        case MessagesRead(by_author=by_author):
            return by_author[0][1][0]
        case _:
            return None


def _told(entry: StreamEntry, found: Row | None) -> StreamEntry | None:
    if found is None:
        return entry
    *_, partner_id, is_deleted, is_hidden = found
    if is_hidden:
        return None
    event = entry.event
    if is_deleted and isinstance(event, MessageEdited):
        # What it was changed to is nobody's business any more.
        event = replace(event, text="")
    return StreamEntry(entry.number, event, records.message(found), partner_id)
