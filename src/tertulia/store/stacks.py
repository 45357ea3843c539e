"""The messages of one chat as a reader finds them, page by page: every page is found by its place in an index."""

from tertulia.core.archive import Part, Sieve
from tertulia.core.ids import AccountId, ChatId
from tertulia.core.message_model import UNREADABLE
from tertulia.core.text import containing
from tertulia.store.message_filters import HAS_WORDS
from tertulia.store.work import FAR_FUTURE, Row, Work, row, rows

SHOWN = """
m.deleted_at IS NULL AND m.notice IS NULL AND NOT EXISTS (
    SELECT 1 FROM hidden h WHERE h.message_id = m.id AND h.account_id = ?
)
"""

# As `core.message_model.readable`.
TEXT = f"CASE WHEN m.cipher IS NULL OR m.text = '' THEN m.text ELSE '{UNREADABLE}' END"

# What these readers are shown, and no more: a page has up to 500 rows, and every column of each costs.
COLUMNS = (
    f"m.id, m.chat_id, m.seq, m.author_id, {TEXT}, m.sent_at, m.edited_at, m.attachments, m.flags,"
    " m.is_read"
)

IN_CHAT = "FROM messages m WHERE m.chat_id = ? AND m.sent_at > ? AND m.sent_at < ?"

# Whoever has hidden nothing of a chat is spared the search for it.
SHOWN_TO_ALL = " AND m.deleted_at IS NULL AND m.notice IS NULL"
SHOWN_TO_ONE = f" AND {SHOWN}"

WITH_WORDS = f" AND {HAS_WORDS}"


def _page(shown: str, words: str, order: str) -> str:
    return f"SELECT {COLUMNS} {IN_CHAT}{shown}{words} ORDER BY m.sent_at {order} LIMIT ?"


# By whether something is hidden, whether words are searched, and whether newer ones are asked for.
PAGES = tuple(
    _page(shown, words, order)
    for shown in (SHOWN_TO_ALL, SHOWN_TO_ONE)
    for words in ("", WITH_WORDS)
    for order in ("DESC", "ASC")
)

# Where so many of them begin, shown or not: the index alone tells.
BEGINNING = f"SELECT m.sent_at {IN_CHAT} ORDER BY m.sent_at DESC LIMIT 1 OFFSET ?"

FEW = 50
"""Rows that lie on few pages of the file, in whatever order they are read."""

COUNT_ALL, COUNT_FOUND = (
    f"SELECT COUNT(*) {IN_CHAT}{SHOWN_TO_ONE}{words}" for words in ("", WITH_WORDS)
)


class Stack:
    """The messages of one chat that a reader sees and a sieve lets pass."""

    def __init__(
        self, reader: AccountId, chat_id: ChatId, sieve: Sieve, *, has_hidden: bool
    ) -> None:
        """`has_hidden`: the reader has hidden something of the chat."""
        self._reader = reader
        self._chat_id = chat_id
        self._has_hidden = has_hidden
        self._words = (containing(sieve.words),) if sieve.words else ()
        # Both exclusive, as places are.
        self._low = -1 if sieve.since is None else sieve.since - 1
        self._high = FAR_FUTURE if sieve.until is None else sieve.until + 1

    def count(self) -> Work[int]:
        """How many there are."""
        params = (self._chat_id, self._low, self._high, self._reader, *self._words)
        found = yield from row(COUNT_FOUND if self._words else COUNT_ALL, *params)
        assert found is not None, "a count always has a row"
        return int(found[0])

    def page(self, part: Part) -> Work[tuple[list[Row], bool, bool]]:
        """The rows, newest first; whether there are newer ones, and older ones."""
        if part.place is None:
            found = yield from self._rows(FAR_FUTURE, part.limit + 1, back=False)
            return found[: part.limit], False, len(found) > part.limit
        found = yield from self._rows(part.place, part.limit + 1, back=part.back)
        has_more = len(found) > part.limit
        found = found[: part.limit]
        if part.back:
            # The page begins with what stands next to the place; the place itself is older.
            behind = (yield from self._rows(part.place + 1, 1, back=False)) != []
            return found[::-1], has_more, behind
        before = (yield from self._rows(part.place - 1, 1, back=True)) != []
        return found, before, has_more

    def _rows(self, place: int, limit: int, *, back: bool) -> Work[list[Row]]:
        if back:
            return (yield from self._between(max(self._low, place), self._high, limit, back=True))
        low, high = self._low, min(self._high, place)
        newest: list[Row] = []
        if limit > FEW and not self._words:
            # Most of them upwards: what the system has not at hand it reads ahead, but never backwards.
            begins = yield from row(BEGINNING, self._chat_id, low, high, limit - 1)
            if begins is not None:
                newest = yield from self._between(begins[0] - 1, high, limit, back=True)
                newest.reverse()
                high, limit = begins[0], limit - len(newest)
        if not limit:
            return newest
        return newest + (yield from self._between(low, high, limit, back=False))

    def _between(self, low: int, high: int, limit: int, *, back: bool) -> Work[list[Row]]:
        """Neither date included; with *back* those next to the earlier one, in that order."""
        reader = (self._reader,) if self._has_hidden else ()
        sql = PAGES[4 * self._has_hidden + 2 * bool(self._words) + back]
        return (yield from rows(sql, self._chat_id, low, high, *reader, *self._words, limit))
