"""A search through all of somebody's chats, newest first, window of time by window of time.

No index of words is kept: it would make every message dearer. Instead each window is as long as has at
most so many messages in it, and a page ends when enough was found, or enough was looked at.
"""

from tertulia.core.ids import AccountId, ChatId, MessageId
from tertulia.core.model import ChatKind
from tertulia.core.searching import FoundMessage, FoundPage, Spot
from tertulia.core.text import containing
from tertulia.store import records
from tertulia.store.engine import Engine
from tertulia.store.message_filters import HAS_WORDS, NOT_HIDDEN
from tertulia.store.work import FAR_FUTURE, Row, Work, row, rows

MOST_IN_WINDOW = 50_000
MOST_LOOKED_AT = 100_000
"""Messages; the rest is for the next page."""

FIRST_SPAN_MS = 24 * 3_600_000
SHORTEST_SPAN_MS = 1_000
WIDER = 8
"""How many times longer a window is than the one before, and shorter when it holds too much."""

MINE = """
FROM members b
JOIN chats c ON c.id = b.chat_id AND c.encrypted = 0
JOIN messages m ON m.chat_id = c.id AND m.sent_at > ? AND m.sent_at <= ?
WHERE b.account_id = ? AND b.left_at IS NULL
"""

IN_ONE = f"{MINE} AND b.chat_id = ?"


def _count(where: str) -> str:
    return f"SELECT COUNT(*) FROM (SELECT 1 {where} LIMIT {MOST_IN_WINDOW + 1}) AS c"


def _found(where: str) -> str:
    return rf"""
SELECT {records.MESSAGE}, c.kind {where}
    AND (m.sent_at < ? OR m.id < ?) AND m.deleted_at IS NULL AND m.notice IS NULL
    AND {HAS_WORDS} AND {NOT_HIDDEN}
ORDER BY m.sent_at DESC, m.id DESC LIMIT ?
"""


COUNT, COUNT_IN_ONE = _count(MINE), _count(IN_ONE)
FOUND, FOUND_IN_ONE = _found(MINE), _found(IN_ONE)

# Before it there is nothing of his chats.
BEGINNING = """
SELECT MIN(c.created_at) FROM members b JOIN chats c ON c.id = b.chat_id
WHERE b.account_id = ? AND b.left_at IS NULL
"""


class SqlSearch:
    """`core.searching.SearchStore` over an engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def search(
        self,
        reader: AccountId,
        words: str,
        limit: int,
        start: Spot | None,
        now: int,
        *,
        chat_id: ChatId | None = None,
    ) -> FoundPage:
        """See the port."""
        return await self._engine.scan(search(reader, words, limit, start, now, chat_id=chat_id))


def search(
    reader: AccountId,
    words: str,
    limit: int,
    start: Spot | None,
    now: int,
    *,
    chat_id: ChatId | None = None,
) -> Work[FoundPage]:
    """One page."""
    whose = (reader,) if chat_id is None else (reader, chat_id)
    beginning = yield from row(BEGINNING, reader)
    first = FAR_FUTURE if beginning is None or beginning[0] is None else int(beginning[0])
    last = Spot(FAR_FUTURE, MessageId(0)) if start is None else start
    high, span, looked_at = last.sent_at, FIRST_SPAN_MS, 0
    found: list[Row] = []
    while high >= first and looked_at < MOST_LOOKED_AT:
        low, span, count = yield from _window(whose, min(high, now), high, span)
        looked_at += count
        found += yield from rows(
            FOUND if chat_id is None else FOUND_IN_ONE, low, high, *whose, last.sent_at, last.message_id, containing(words), reader,
            limit + 1 - len(found),
        )  # fmt: skip
        if len(found) > limit:
            oldest = found[limit - 1]
            return _page(found[:limit], Spot(oldest[5], MessageId(oldest[0])))
        high = low
        span = span if count > MOST_IN_WINDOW // WIDER else span * WIDER
    # Everything up to *high* is still to be looked at, with all of its numbers.
    return _page(found, None if high < first else Spot(high, MessageId(FAR_FUTURE)))


def _window(whose: tuple[int, ...], end: int, high: int, span: int) -> Work[tuple[int, int, int]]:
    """A window up to *high* that is not too full: from where (not included), its length, its messages.

    *end*: from where the length is measured; what is dated later than now belongs to the newest window.
    """
    count = COUNT if len(whose) == 1 else COUNT_IN_ONE
    while True:
        low = max(end - span, -1)
        counted = yield from row(count, low, high, *whose)
        assert counted is not None, "a count has a row"
        if counted[0] <= MOST_IN_WINDOW or span <= SHORTEST_SPAN_MS:
            return low, span, counted[0]
        span = max(span // WIDER, SHORTEST_SPAN_MS)


def _page(found: list[Row], rest: Spot | None) -> FoundPage:
    return FoundPage(
        tuple(FoundMessage(records.message(each), ChatKind(each[-1])) for each in found), rest
    )
