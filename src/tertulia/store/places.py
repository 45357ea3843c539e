"""Where messages stand in chats: by number, and what the server said itself among the unread."""

from tertulia.core.ids import AccountId, ChatId, drawn_at
from tertulia.core.places import Span
from tertulia.store.chats import pair
from tertulia.store.engine import Engine
from tertulia.store.oplog import SLACK_MS
from tertulia.store.unread_terms import UNREAD, UNREAD_OF_PEOPLE
from tertulia.store.work import FAR_FUTURE, Work, row, rows

# The chat of a number, if the reader is in it.
NAMED = """
SELECT c.id FROM chats c JOIN members b
    ON b.chat_id = c.id AND b.account_id = ? AND b.left_at IS NULL
WHERE c.pair = ?
UNION ALL
SELECT c.id FROM chats c JOIN members b
    ON b.chat_id = c.id AND b.account_id = ? AND b.left_at IS NULL
WHERE c.id = ? AND c.kind IN ('group', 'channel') AND c.encrypted = 0
"""

# The plus keeps both engines on the index on dates.
FIRST_FROM = """
SELECT m.sent_at FROM messages m
WHERE m.chat_id = ? AND m.sent_at > ? AND +m.id >= ?
ORDER BY m.sent_at LIMIT 1
"""

UNREAD_NOTICES = f"""
SELECT c.id, c.notices - b.noted
FROM members b JOIN chats c ON c.id = b.chat_id
WHERE b.account_id = ? AND b.left_at IS NULL AND c.notices > b.noted AND {UNREAD} > 0
"""

UNREAD_HERE = f"""
SELECT CASE WHEN c.kind = 'channel' THEN 0 ELSE {UNREAD_OF_PEOPLE} END
FROM members b JOIN chats c ON c.id = b.chat_id
WHERE b.account_id = ? AND b.chat_id = ? AND b.left_at IS NULL
"""


class SqlPlaces:
    """`core.places.PlaceStore` over an engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def span(
        self, reader: AccountId, number: int, after: int | None, before: int | None
    ) -> Span:
        """See the port."""
        return await self._engine.read(span(reader, number, after, before))

    async def notices_unread(self, reader: AccountId) -> dict[ChatId, int]:
        """See the port."""
        found = await self._engine.scan(rows(UNREAD_NOTICES, reader))
        return {each[0]: each[1] for each in found if each[1]}

    async def unread(self, reader: AccountId, number: int) -> int:
        """See the port."""
        return await self._engine.read(unread(reader, number))


def _chat_of(reader: AccountId, number: int) -> Work[ChatId | None]:
    found = yield from row(NAMED, reader, pair(reader, AccountId(number)), reader, number)
    return None if found is None else ChatId(found[0])


def span(reader: AccountId, number: int, after: int | None, before: int | None) -> Work[Span]:
    """The dates next to those numbers in the chat; no bound where there is no such message."""
    chat_id = yield from _chat_of(reader, number)
    if chat_id is None:
        return Span(None, None)
    low = None if after is None else (yield from _first_from(chat_id, after + 1))
    high = None if before is None else (yield from _first_from(chat_id, before))
    return Span(
        None if after is None else (FAR_FUTURE if low is None else low) - 1,
        high,
    )


def _first_from(chat_id: ChatId, number: int) -> Work[int | None]:
    """The date of the first message with that number or a larger one."""
    found = yield from row(FIRST_FROM, chat_id, drawn_at(number) - SLACK_MS, number)
    return None if found is None else int(found[0])


def unread(reader: AccountId, number: int) -> Work[int]:
    """What people wrote there and the reader has not read."""
    chat_id = yield from _chat_of(reader, number)
    if chat_id is None:
        return 0
    found = yield from row(UNREAD_HERE, reader, chat_id)
    return 0 if found is None else max(found[0], 0)
