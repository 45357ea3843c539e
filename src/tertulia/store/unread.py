"""What accounts have not read: counted in the transaction of a write, and told as an event there."""

from collections.abc import Sequence

from tertulia.core.events import UnreadCounted
from tertulia.core.flags import SILENT
from tertulia.core.ids import AccountId, ChatId
from tertulia.core.message_model import MessageRef
from tertulia.core.model import ChatKind
from tertulia.core.unread import Behind, Standing
from tertulia.store.engine import Engine
from tertulia.store.my_chats import IS_HIDDEN
from tertulia.store.unread_terms import UNREAD_OF_PEOPLE
from tertulia.store.work import Work, array, rows, tell

# What is unread is a subtraction (docs/decisions/0004). The mark is the newest message before the first
# that is unread: own messages, deleted ones and notices lie in between.
BEHIND = f"""
SELECT b.account_id, c.id, c.kind, c.team_id,
    CASE WHEN c.other_id = b.account_id THEN c.owner_id ELSE c.other_id END,
    {UNREAD_OF_PEOPLE}, t.id, t.uid, b.mentioned
FROM json_each(?) AS each
JOIN members b ON b.account_id = CAST(each.value AS BIGINT) AND b.left_at IS NULL
JOIN chats c ON c.id = b.chat_id AND c.kind <> 'channel' AND c.encrypted = 0
LEFT JOIN messages t ON t.chat_id = c.id AND t.sent_at = (
    SELECT x.sent_at FROM messages x
    WHERE x.chat_id = c.id AND x.deleted_at IS NULL AND x.sent_at < (
        SELECT y.sent_at FROM messages y
        WHERE y.chat_id = c.id AND y.sent_at > b.read_at AND y.deleted_at IS NULL
            AND y.author_id <> b.account_id AND (y.flags & {SILENT}) = 0 AND y.notice IS NULL
            AND NOT EXISTS (
                SELECT 1 FROM hidden h
                WHERE h.message_id = y.id AND h.account_id = b.account_id
            )
        ORDER BY y.sent_at LIMIT 1
    )
    ORDER BY x.sent_at DESC LIMIT 1
)
WHERE {UNREAD_OF_PEOPLE} > 0 {{only}}
"""

EVERYWHERE = BEHIND.format(only="")

IN_ONE_CHAT = BEHIND.format(only="AND b.chat_id = ?")

KEPT = f"""
SELECT s.account_id, s.chat_id, s.counts, (SELECT {IS_HIDDEN} FROM chats c WHERE c.id = s.chat_id)
FROM json_each(?) AS each
JOIN member_settings s ON s.account_id = CAST(each.value AS BIGINT)
WHERE s.counts = 0 OR s.hidden_until > 0
"""


class SqlUnread:
    """`core.unread.UnreadStore` over an engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def count(self, accounts: Sequence[AccountId], chat_id: ChatId | None) -> None:
        """See the port."""
        await self._engine.write(count(accounts, chat_id))


def count(accounts: Sequence[AccountId], chat_id: ChatId | None) -> Work[None]:
    """Count, and tell it at this very place among the events."""
    standings = yield from standings_of(accounts, chat_id)
    yield from tell(UnreadCounted(standings, chat_id))


def standings_of(
    accounts: Sequence[AccountId], chat_id: ChatId | None
) -> Work[tuple[Standing, ...]]:
    """What each of these accounts has not read, in the order given."""
    asked = array(accounts)
    if chat_id is None:
        found = yield from rows(EVERYWHERE, asked)
    else:
        found = yield from rows(IN_ONE_CHAT, asked, chat_id)
    behind: dict[AccountId, list[Behind]] = {each: [] for each in accounts}
    for account_id, chat, kind, team_id, partner_id, unread, mark_id, mark_uid, mentioned in found:
        mark = None if mark_id is None else MessageRef(mark_id, mark_uid or "")
        behind[account_id].append(
            Behind(chat, ChatKind(kind), team_id, partner_id, unread, mark, mentioned)
        )
    uncounted: dict[AccountId, set[ChatId]] = {each: set() for each in accounts}
    hidden: dict[AccountId, set[ChatId]] = {each: set() for each in accounts}
    for account_id, chat, counts, is_hidden in (yield from rows(KEPT, asked)):
        if not counts:
            uncounted[account_id].add(chat)
        if is_hidden:
            hidden[account_id].add(chat)
    return tuple(
        Standing(each, tuple(behind[each]), frozenset(uncounted[each]), frozenset(hidden[each]))
        for each in accounts
    )
