"""What happened in an account's chats after a position, in the order of numbers."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from tertulia.core.events import MessageEdited, MessagesDeleted, MessagesRead
from tertulia.core.flags import WAS_NOTICE
from tertulia.core.ids import AccountId, MessageId, drawn_at
from tertulia.core.message_model import readable
from tertulia.core.stream import StreamEntry, StreamPart
from tertulia.store import records
from tertulia.store.engine import Engine
from tertulia.store.stream_sources import FOR_ME, changes, events, farewells, messages
from tertulia.store.visits import ALONE
from tertulia.store.work import LAST_NUMBER, Row, Work, array, row, rows

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

    def __init__(self, engine: Engine, *, process: int = ALONE) -> None:
        """*process*: the number of this one among several, which share a PostgreSQL database."""
        self._engine = engine
        self._is_alone = process == ALONE

    @property
    def position(self) -> int:
        """See the port."""
        return self._engine.position

    async def newest(self) -> int:
        """See the port."""
        if self._is_alone:
            return self._engine.position
        found = await self._engine.read(row(LAST_NUMBER))
        assert found is not None, "the schema has put it there"
        return int(found[0])

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
    about = [ids for entry in entries if (ids := _about(entry))]
    known = yield from _found(account_id, {ids[0] for ids in about})
    # Up to a notice, or to what the account has hidden, was read: then an older message is told of.
    older = {each for ids in about if _is_unshown(known, ids[0]) for each in ids[1:]}
    known |= yield from _found(account_id, older)
    told = (_told(entry, known) for entry in entries)
    return [each for each in told if each is not None]


def _found(account_id: AccountId, ids: Collection[MessageId]) -> Work[dict[int, Row]]:
    """What there is of these messages, by their numbers."""
    if not ids:
        return {}
    found = yield from rows(ABOUT, account_id, account_id, array(list(ids)))
    return {each[0]: each for each in found}


def _about(entry: StreamEntry) -> Sequence[MessageId]:
    """The messages that are yet to be read for it: what was read up to, the newest first."""
    match entry.event:
        case MessageEdited(message_id=message_id):
            return (message_id,)
        case MessagesDeleted(message_ids=ids):
            return ids[:1]
        case MessagesRead(by_author=by_author):
            return by_author[0][1]
        case _:
            return ()


def _is_unshown(known: Mapping[int, Row], message_id: MessageId) -> bool:
    """Whether the account does not see it: it has hidden it, or the server itself said it."""
    found = known.get(message_id)
    if found is None:
        return False
    message, is_hidden = records.message(found), found[-1]
    return is_hidden or message.notice is not None or bool(message.flags & WAS_NOTICE)


def _told(entry: StreamEntry, known: Mapping[int, Row]) -> StreamEntry | None:
    ids = _about(entry)
    if not ids:
        return entry
    about = next((each for each in ids if not _is_unshown(known, each)), None)
    if about is None:
        return None
    if about not in known:
        return entry
    *_, partner_id, is_deleted, _ = known[about]
    event, message = entry.event, readable(records.message(known[about]))
    if is_deleted and isinstance(event, MessageEdited):
        # What it was changed to is nobody's business any more.
        event = replace(event, text="")
    elif message.cipher is not None and isinstance(event, MessageEdited):
        event = replace(event, text=message.text)
    return StreamEntry(entry.number, event, message, partner_id)
