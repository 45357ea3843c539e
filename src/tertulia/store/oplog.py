"""What an account missed: read from the messages and events of its chats, for the times it was away.

Nothing is stored per recipient. A *gap* is a stretch of the log, `(since, until]` in numbers, in which
the account had no connection. Within a chat, order of numbers and order of dates are one, so messages
are found by the index on dates that is there anyway; `SLACK_MS` makes up for numbers and dates being
taken at different moments.
"""

from bisect import bisect_left
from collections.abc import Callable, Collection, Iterator, Sequence
from operator import itemgetter

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
from tertulia.core.ids import MAX_NUMBER, AccountId, MessageId, drawn_at
from tertulia.core.model import ChatKind
from tertulia.store import records, visits
from tertulia.store.engine import Engine
from tertulia.store.work import Row, Work, array, many, rows, run

SLACK_MS = 60_000
"""How far a message's date and its number's may be apart."""

MOST_LOOKED_THROUGH = 20_000
"""Messages of one chat around one absence, or several that lie close together: the newest."""

MOST_GAPS = 1_000
"""The newest; what an account missed before so many absences is left out."""

FORGOTTEN_AT_ONCE = 1_000
"""Events that one commit drops."""

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
# if the last visit that began before it had ended before it; where visits overlap, an earlier one may
# have lasted longer, which is seen to afterwards. How far an open one has come is known where it is.
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
        SELECT COALESCE(v.went, CASE WHEN v.process = ? THEN {MAX_NUMBER} ELSE 0 END)
        FROM visits v WHERE v.account_id = ? AND v.came < m.id ORDER BY v.came DESC LIMIT 1
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

    def __init__(
        self,
        engine: Engine,
        heard: Callable[[], int] | None = None,
        *,
        process: int = visits.ALONE,
    ) -> None:
        """Visits are those of this process.

        Args:
            engine: runs the units.
            heard: tells up to where everything has been delivered; None: all that was handed over has.
            process: the number of this one among several.
        """
        self._engine = engine
        self._heard = heard
        self._process = process
        # Where this process stood when it last said so; and which were looked for in vain.
        self._said = 0
        self._missing: set[int] = set()

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
        await self._engine.write(visits.came(account_id, position, oldest, self._process))

    async def went(self, account_id: AccountId, came: int, position: int) -> None:
        """See the port."""
        await self._engine.write(run(visits.WENT, position, account_id, came, self._process))

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
        unit = missed(account_id, oldest, until, limit, only_last, process=self._process)
        return await self._engine.scan(unit)

    async def forget(self, oldest: int) -> None:
        """See the port."""
        while await self._engine.write(forget(oldest)):
            pass

    async def close_visits(self) -> None:
        """End what a crash left open, a moment before the crash. Nobody is connected to this process yet.

        Others may be there, unless it is alone.
        """
        position = self._engine.position
        if self._process == visits.ALONE:
            await self._engine.write(visits.close_all(position))
        else:
            await self._engine.write(visits.close_of(visits.ALONE, position))

    async def say(self) -> None:
        """Tell the other processes up to where everything has been heard here; from time to time.

        Until it is said for the first time, nothing that goes on here counts for them.
        """
        heard = self.heard
        if heard != self._said:
            await self._engine.write(run(visits.SAY, self._process, heard))
            self._said = heard

    async def say_farewell(self) -> None:
        """This process ends; whoever was connected here is not any more."""
        if self._process == visits.ALONE:
            return
        await self._engine.write(visits.close_of(self._process, self.heard))

    async def close_missing(self, living: Collection[int]) -> None:
        """End what processes left open that were not among the *living*, neither now nor the last time."""
        self._missing = await self._engine.write(visits.close_missing(living, self._missing))


def gaps_between(account_id: AccountId, there: Sequence[Row], oldest: int, until: int) -> list[Gap]:
    """The stretches in which the account was away, oldest first; the first begins with its creation.

    `there` are visits, `(came, went)` in order of coming; `went` may be None.
    """
    gaps = []
    away_since: int = account_id
    for came_at, went_at in (*there, (until, None)):
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
    *,
    process: int,
) -> Work[list[LogEntry]]:
    """The newest entries, oldest first, as *process* knows who was there."""
    there = yield from visits.attendance_of(account_id, oldest, process)
    gaps = gaps_between(account_id, there.visits, oldest, until)
    if only_last is not None:
        gaps = [gap for gap in gaps[-1:] if gap[1] == until]
    if not gaps:
        return []
    entries = []
    if only_last is None:
        entries += yield from _messages(account_id, gaps, limit, process, there)
    entries += yield from _events(account_id, gaps, limit, only_last or IN_CHATS)
    if only_last is None:
        found = yield from rows(FAREWELLS, array(gaps), account_id, limit)
        entries += _by_others(account_id, found)
    entries = yield from _without_erased(entries)
    entries = yield from _without_unseen(account_id, entries)
    entries.sort(key=lambda entry: entry.number)
    return entries[-limit:]


def _messages(
    account_id: AccountId, gaps: Sequence[Gap], limit: int, process: int, there: visits.Attendance
) -> Work[list[LogEntry]]:
    places = []
    windows = windows_around(gaps)
    for chat_id, joined_at, window, first in (yield from rows(PLACES, array(windows), account_id)):
        since, until, begin, end = msgspec.json.decode(window)
        places.append((chat_id, max(begin, joined_at - 1, first or 0), end, since, until))
    missed_ones: list[Row] = []
    while places:
        me = (account_id, process, account_id, account_id)
        found = yield from rows(MESSAGES, array(places), *me, limit)
        # Of visits that overlap, the query has asked the one that began last.
        plain = there.is_plain
        missed_ones += found if plain else [each for each in found if is_within(gaps, each[0])]
        if plain or len(found) < limit or len(missed_ones) >= limit:
            break
        places = _before(found[-1][0], places)
    return [
        LogEntry(each[0], MessagePosted(records.message(each), ChatKind(each[-1]), 0))
        for each in missed_ones[:limit]
    ]


def is_within(gaps: Sequence[Gap], number: int) -> bool:
    """Whether it lies in one of the gaps, which stand in order and do not overlap."""
    place = bisect_left(gaps, number, key=itemgetter(0)) - 1
    return place >= 0 and number <= gaps[place][1]


def _before(
    number: int, places: Sequence[tuple[int, int, int, int, int]]
) -> list[tuple[int, int, int, int, int]]:
    """What of the places lies before that number."""
    return [
        (chat_id, begin, end, since, min(until, number - 1))
        for chat_id, begin, end, since, until in places
        if since < number - 1
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
