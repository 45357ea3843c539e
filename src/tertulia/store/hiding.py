"""From whom messages are hidden, and how many of a chat: kept, so that a total is a subtraction.

Notices and deleted messages do not count; they are subtracted from a chat's messages on their own.
"""

from collections.abc import Sequence

from tertulia.core.ids import AccountId, ChatId, MessageId
from tertulia.store.work import Work, array, many, rows

COUNT_HIDDEN = """
INSERT INTO hidden_counts (account_id, chat_id, hidden) VALUES (?, ?, ?)
ON CONFLICT (account_id, chat_id) DO UPDATE SET hidden = hidden_counts.hidden + excluded.hidden
"""

# Before it is erased: afterwards nobody knows whether it was a notice.
UNCOUNT_HIDDEN = """
UPDATE hidden_counts SET hidden = hidden - 1
WHERE chat_id = ? AND account_id IN (
    SELECT h.account_id FROM hidden h
    JOIN messages m ON m.id = h.message_id AND m.notice IS NULL AND m.deleted_at IS NULL
    WHERE h.message_id = ?
)
"""

HIDDEN_FROM = """
SELECT h.account_id, h.message_id FROM hidden h
WHERE h.message_id IN (SELECT CAST(each.value AS BIGINT) FROM json_each(?) AS each)
"""


def hidden_from(ids: Sequence[MessageId]) -> Work[tuple[tuple[AccountId, MessageId], ...]]:
    """Who does not see which of these."""
    return tuple((each[0], each[1]) for each in (yield from rows(HIDDEN_FROM, array(ids))))


def count_hidden(hidden: Sequence[tuple[AccountId, ChatId]]) -> Work[None]:
    """One entry for each message that was hidden just now."""
    counts: dict[tuple[AccountId, ChatId], int] = {}
    for place in hidden:
        counts[place] = counts.get(place, 0) + 1
    yield from many(COUNT_HIDDEN, [(*place, count) for place, count in counts.items()])


def uncount_hidden(doomed: Sequence[tuple[ChatId, MessageId]]) -> Work[None]:
    """These are about to be erased."""
    yield from many(UNCOUNT_HIDDEN, doomed)
