"""What an account missed: read from the messages and events of its chats, for the times it was away.

Nothing is stored per recipient. A *gap* is a stretch of the log, `(since, until]` in numbers, in which
the account had no connection. Within a chat, order of numbers and order of dates are one, so messages
are found by the index on dates that is there anyway; `SLACK_MS` makes up for numbers and dates being
taken at different moments.
"""

from collections.abc import Callable, Iterator, Sequence

import msgspec

from tertulia.core.events import (
    ChatChanged,
    ChatOpened,
    Event,
    LogEntry,
    MembersAdded,
    MembersRemoved,
    MessageEdited,
    MessagePosted,
    MessagesDeleted,
    MessagesRead,
    ReactionsChanged,
)
from tertulia.core.ids import COUNTER_BITS, MAX_NUMBER, AccountId, MessageId, drawn_at
from tertulia.core.model import ChatKind
from tertulia.store import records
from tertulia.store.engine import Engine
from tertulia.store.work import Row, Work, array, many, rows, run

SLACK_MS = 60_000
"""How far a message's date and its number's may be apart."""

MOST_LOOKED_THROUGH = 20_000
"""Messages of one chat around one absence, or several that lie close together: the newest."""

MOST_GAPS = 1_000
"""The newest; what an account missed before so many absences is left out."""

LOST_IN_A_CRASH_MS = 3_000
"""What was announced so shortly before a crash may not have been heard; and after one the sequence goes
on up to a second later than it had come."""

FORGOTTEN_AT_ONCE = 1_000
"""Events that one commit drops."""

CAME = """
INSERT INTO visits (account_id, came) VALUES (?, ?)
ON CONFLICT (account_id, came) DO UPDATE SET went = NULL
"""

WENT = "UPDATE visits SET went = ? WHERE account_id = ? AND came = ?"

FORGET_VISITS = "DELETE FROM visits WHERE account_id = ? AND came < ? AND went < ?"

# In a crash nobody says goodbye.
CLOSE_ALL = """
UPDATE visits SET went = CASE WHEN came > ? THEN came ELSE ? END WHERE went IS NULL
"""

VISITS = """
SELECT v.came, v.went FROM visits v
WHERE v.account_id = ? AND (v.went IS NULL OR v.went > ?)
ORDER BY v.came
"""

# Where the account may have messages to find: window by window, chat by chat, and where its newest begin.
# The dates of a window are its elements 2 and 3.
PLACES = f"""
SELECT b.chat_id, b.joined_at, each.value, (
    SELECT x.sent_at FROM messages x
    WHERE x.chat_id = b.chat_id
        AND x.sent_at > CAST(each.value ->> 2 AS BIGINT)
        AND x.sent_at <= CAST(each.value ->> 3 AS BIGINT)
    ORDER BY x.sent_at DESC LIMIT 1 OFFSET {MOST_LOOKED_THROUGH}
)
FROM json_each(?) AS each CROSS JOIN members b
WHERE b.account_id = ? AND b.left_at IS NULL AND EXISTS (
    SELECT 1 FROM messages y
    WHERE y.chat_id = b.chat_id
        AND y.sent_at > CAST(each.value ->> 2 AS BIGINT)
        AND y.sent_at <= CAST(each.value ->> 3 AS BIGINT)
)
"""

# The plus keeps both engines from going through everybody's messages by number. A message was missed
# if the last visit that began before it had ended before it.
MESSAGES = f"""
SELECT {records.MESSAGE}, c.kind
FROM json_each(?) AS each
JOIN chats c ON c.id = CAST(each.value ->> 0 AS BIGINT)
JOIN messages m ON m.chat_id = CAST(each.value ->> 0 AS BIGINT)
    AND m.sent_at > CAST(each.value ->> 1 AS BIGINT)
    AND m.sent_at <= CAST(each.value ->> 2 AS BIGINT)
WHERE +m.id > CAST(each.value ->> 3 AS BIGINT) AND +m.id <= CAST(each.value ->> 4 AS BIGINT)
    AND m.author_id <> ? AND m.deleted_at IS NULL
    AND COALESCE((
        SELECT COALESCE(v.went, {MAX_NUMBER}) FROM visits v
        WHERE v.account_id = ? AND v.came < m.id ORDER BY v.came DESC LIMIT 1
    ), 0) < m.id
    AND NOT EXISTS (
        SELECT 1 FROM hidden h WHERE h.message_id = m.id AND h.account_id = ?
    )
ORDER BY +m.id DESC LIMIT ?
"""

# accounts: "[1,2]". The chat's members are meant when it is NULL.
EVENTS = """
SELECT e.id, e.kind, e.body
FROM json_each(?) AS each CROSS JOIN members b CROSS JOIN events e
WHERE b.account_id = ? AND b.left_at IS NULL
    AND e.chat_id = b.chat_id
    AND e.id > CAST(each.value ->> 0 AS BIGINT) AND e.id <= CAST(each.value ->> 1 AS BIGINT)
    AND e.at >= b.joined_at AND e.kind IN ({kinds})
    AND (e.accounts IS NULL OR REPLACE(REPLACE(e.accounts, '[', ','), ']', ',') LIKE ?)
ORDER BY e.id DESC LIMIT ?
"""

FAREWELLS = """
SELECT e.id, e.kind, e.body
FROM json_each(?) AS each CROSS JOIN farewells f CROSS JOIN events e
WHERE f.account_id = ?
    AND f.event_id > CAST(each.value ->> 0 AS BIGINT)
    AND f.event_id <= CAST(each.value ->> 1 AS BIGINT)
    AND e.id = f.event_id
ORDER BY e.id DESC LIMIT ?
"""

# With the plus no engine takes an index over all deleted messages for it.
ERASED = """
SELECT m.id FROM messages m
WHERE m.id IN (SELECT CAST(each.value AS BIGINT) FROM json_each(?) AS each)
    AND +m.deleted_at IS NOT NULL
"""

UNSEEN = """
SELECT h.message_id FROM hidden h
WHERE h.account_id = ?
    AND h.message_id IN (SELECT CAST(each.value AS BIGINT) FROM json_each(?) AS each)
"""

SETTLED = "SELECT 1"

OLD_EVENTS = "SELECT e.id FROM events e WHERE e.id <= ? ORDER BY e.id LIMIT ?"

FORGET_EVENT = "DELETE FROM events WHERE id = ?"

FORGET_FAREWELL = "DELETE FROM farewells WHERE event_id = ?"

Logged = (
    ChatChanged
    | ChatOpened
    | MembersAdded
    | MembersRemoved
    | MessageEdited
    | MessagesDeleted
    | MessagesRead
    | ReactionsChanged
)

_DECODERS: dict[str, msgspec.json.Decoder[Logged]] = {
    each.__name__: msgspec.json.Decoder(each)
    for each in (
        ChatChanged, ChatOpened, MembersAdded, MembersRemoved, MessageEdited, MessagesDeleted,
        MessagesRead, ReactionsChanged,
    )
}  # fmt: skip

# Who was removed is told in FAREWELLS, whether he has come back or not.
IN_CHATS = tuple(kind for kind in _DECODERS if kind != MembersRemoved.__name__)

Gap = tuple[int, int]


class SqlLog:
    """`core.chat_ports.LogStore` over an engine."""

    def __init__(self, engine: Engine, heard: Callable[[], int] | None = None) -> None:
        """*heard* tells up to where everything has been delivered; None: all that was handed over has."""
        self._engine = engine
        self._heard = heard

    @property
    def position(self) -> int:
        """See the port."""
        return self._engine.position

    @property
    def heard(self) -> int:
        """See the port."""
        return self._engine.position if self._heard is None else self._heard()

    async def came(self, account_id: AccountId, position: int, oldest: int) -> None:
        """See the port."""
        await self._engine.write(came(account_id, position, oldest))

    async def went(self, account_id: AccountId, came: int, position: int) -> None:
        """See the port."""
        await self._engine.write(run(WENT, position, account_id, came))

    async def missed(
        self,
        account_id: AccountId,
        oldest: int,
        until: int,
        limit: int,
        *,
        only_last: Sequence[str] | None,
    ) -> list[LogEntry]:
        """See the port."""
        # Comings and goings that are still on their way to the disk are there after this.
        await self._engine.write(rows(SETTLED))
        return await self._engine.scan(missed(account_id, oldest, until, limit, only_last))

    async def forget(self, oldest: int) -> None:
        """See the port."""
        while await self._engine.write(forget(oldest)):
            pass

    async def close_visits(self) -> None:
        """End what a crash left open, a moment before the crash. Nobody is connected yet."""
        at = self._engine.position - (LOST_IN_A_CRASH_MS << COUNTER_BITS)
        await self._engine.write(run(CLOSE_ALL, at, at))


def came(account_id: AccountId, position: int, oldest: int) -> Work[None]:
    """A visit begins; its account's old ones are forgotten."""
    yield from run(CAME, account_id, position)
    yield from run(FORGET_VISITS, account_id, oldest, oldest)


def gaps_between(
    account_id: AccountId, visits: Sequence[Row], oldest: int, until: int
) -> list[Gap]:
    """The stretches in which the account was away, oldest first; the first begins with its creation.

    `visits` are `(came, went)` in order; the last `went` may be None.
    """
    gaps = []
    away_since: int = account_id
    for came_at, went_at in (*visits, (until, None)):
        since, end = max(away_since, oldest), min(came_at, until)
        if end > since:
            gaps.append((since, end))
        away_since = max(away_since, MAX_NUMBER if went_at is None else went_at)
    return gaps[-MOST_GAPS:]


def missed(
    account_id: AccountId,
    oldest: int,
    until: int,
    limit: int,
    only_last: Sequence[str] | None,
) -> Work[list[LogEntry]]:
    """The newest entries, oldest first."""
    visits = yield from rows(VISITS, account_id, oldest)
    gaps = gaps_between(account_id, visits, oldest, until)
    if only_last is not None:
        gaps = [gap for gap in gaps[-1:] if gap[1] == until]
    if not gaps:
        return []
    entries = []
    if only_last is None:
        entries += yield from _messages(account_id, gaps, limit)
    entries += yield from _events(account_id, gaps, limit, only_last or IN_CHATS)
    if only_last is None:
        found = yield from rows(FAREWELLS, array(gaps), account_id, limit)
        entries += _by_others(account_id, found)
    entries = yield from _without_erased(entries)
    entries = yield from _without_unseen(account_id, entries)
    entries.sort(key=lambda entry: entry.number)
    return entries[-limit:]


def _messages(account_id: AccountId, gaps: Sequence[Gap], limit: int) -> Work[list[LogEntry]]:
    places = []
    windows = windows_around(gaps)
    for chat_id, joined_at, window, first in (yield from rows(PLACES, array(windows), account_id)):
        since, until, begin, end = msgspec.json.decode(window)
        places.append((chat_id, max(begin, joined_at - 1, first or 0), end, since, until))
    if not places:
        return []
    me = (account_id, account_id, account_id)
    found = yield from rows(MESSAGES, array(places), *me, limit)
    return [
        LogEntry(each[0], MessagePosted(records.message(each), ChatKind(each[-1]), 0))
        for each in found
    ]


def windows_around(gaps: Sequence[Gap]) -> list[tuple[int, int, int, int]]:
    """First and last number, first and last date of stretches that hold all gaps and do not overlap."""
    windows: list[tuple[int, int, int, int]] = []
    for since, until in gaps:
        begin, end = drawn_at(since) - SLACK_MS, drawn_at(until) + SLACK_MS
        if windows and begin <= windows[-1][3]:
            first, _, earliest, _ = windows.pop()
            windows.append((first, until, earliest, end))
        else:
            windows.append((since, until, begin, end))
    return windows


def _events(
    account_id: AccountId, gaps: Sequence[Gap], limit: int, kinds: Sequence[str]
) -> Work[list[LogEntry]]:
    sql = EVENTS.format(kinds=", ".join(f"'{kind}'" for kind in kinds))
    found = yield from rows(sql, array(gaps), account_id, f"%,{account_id},%", limit)
    return list(_by_others(account_id, found))


def _by_others(account_id: AccountId, found: Sequence[Row]) -> Iterator[LogEntry]:
    for number, kind, body in found:
        event = _DECODERS[kind].decode(body)
        told_otherwise = isinstance(event, ChatChanged) and account_id in event.unheard_by
        if event.account_id != account_id and not told_otherwise:
            yield LogEntry(number, event)


def _without_erased(entries: Sequence[LogEntry]) -> Work[list[LogEntry]]:
    """What a message was edited to is nobody's business once it is deleted."""
    edited = {entry.event.message_id for entry in entries if isinstance(entry.event, MessageEdited)}
    erased: set[int] = set()
    if edited:
        erased = {each[0] for each in (yield from rows(ERASED, array(list(edited))))}
    return [entry for entry in entries if not _is_about(entry.event, erased)]


def _is_about(event: Event, erased: set[int]) -> bool:
    return isinstance(event, MessageEdited) and event.message_id in erased


def _without_unseen(account_id: AccountId, entries: Sequence[LogEntry]) -> Work[list[LogEntry]]:
    """What becomes of a message is nobody's business who does not see it."""
    asked = {each for entry in entries if (each := _changed(entry.event)) is not None}
    unseen: set[int] = set()
    if asked:
        unseen = {each[0] for each in (yield from rows(UNSEEN, account_id, array(list(asked))))}
    return [entry for entry in entries if _changed(entry.event) not in unseen]


def _changed(event: Event) -> MessageId | None:
    return event.message_id if isinstance(event, MessageEdited | ReactionsChanged) else None


def forget(oldest: int) -> Work[int]:
    """Drop some events up to *oldest*; how many."""
    old = yield from rows(OLD_EVENTS, oldest, FORGOTTEN_AT_ONCE)
    yield from many(FORGET_EVENT, old)
    yield from many(FORGET_FAREWELL, old)
    return len(old)
