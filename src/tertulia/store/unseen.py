"""Messages that an account does not want to see any more, and what that changes for it."""

from collections.abc import Sequence

from tertulia.core.errors import NotAllowed, NotFound
from tertulia.core.events import MessagesHidden
from tertulia.core.ids import ChatId, MessageId
from tertulia.core.model import Actor, ChatKind, Role
from tertulia.store import records
from tertulia.store.hiding import count_hidden
from tertulia.store.hot import HIDE
from tertulia.store.log import record
from tertulia.store.mentions import unsee_mentions, with_mentions
from tertulia.store.unread_terms import UNREAD_OF_PEOPLE
from tertulia.store.whole import is_silent
from tertulia.store.work import Work, array, many, row, rows, run

MEMBERSHIP = """
SELECT c.kind, m.role
FROM chats c LEFT JOIN members m ON m.chat_id = c.id AND m.account_id = ? AND m.left_at IS NULL
WHERE c.id = ?
"""

NOT_HIDDEN = """
    m.deleted_at IS NULL AND NOT EXISTS (
        SELECT 1 FROM hidden h WHERE h.message_id = m.id AND h.account_id = ?
    )
"""

UNHIDDEN = f"""
SELECT {records.MESSAGE}
FROM messages m
WHERE m.id IN (SELECT CAST(each.value AS BIGINT) FROM json_each(?) AS each)
    AND +m.chat_id = ? AND {NOT_HIDDEN}
ORDER BY m.seq
"""

# Of a notice both numbers go on.
SKIP_HIDDEN = """
UPDATE members SET skipped = skipped + 1, noted = noted + ?
WHERE chat_id = ? AND account_id = ? AND read_seq < ?
"""

# What it shows of the chat is another thing from then on.
MARKED = """
UPDATE members SET marked_at = CASE WHEN marked_at >= ? THEN marked_at + 1 ELSE ? END
WHERE chat_id = ? AND account_id = ?
"""

LEFT = f"""
SELECT {UNREAD_OF_PEOPLE}, b.mentioned
FROM members b JOIN chats c ON c.id = b.chat_id WHERE b.chat_id = ? AND b.account_id = ?
"""


def need_membership(actor: Actor, chat_id: ChatId, what: str) -> Work[tuple[ChatKind, Role]]:
    """Kind of the chat and the actor's role in it. Raises: NotFound("chat"), NotAllowed(*what*)."""
    found = yield from row(MEMBERSHIP, actor.account_id, chat_id)
    if found is None:
        raise NotFound("chat")
    if found[1] is None:
        raise NotAllowed(what)
    return ChatKind(found[0]), Role(found[1])


def hide(actor: Actor, chat_id: ChatId, ids: Sequence[MessageId], now: int) -> Work[None]:
    """Out of the actor's own sight."""
    kind, _ = yield from need_membership(actor, chat_id, "delete")
    me = actor.account_id
    unhidden = yield from rows(UNHIDDEN, array(ids), chat_id, me)
    if not unhidden:
        return
    found = yield from with_mentions([records.message(each) for each in unhidden])
    yield from unsee_mentions(me, found)
    yield from many(HIDE, [(me, each.id) for each in found])
    yield from count_hidden([(me, chat_id) for each in found if each.notice is None])
    counted = [
        (0 if each.notice is None else 1, chat_id, me, each.seq)
        for each in found
        if each.author_id != me and not is_silent(each.flags)
    ]
    yield from many(SKIP_HIDDEN, counted)
    yield from run(MARKED, now, now, chat_id, me)
    left = yield from row(LEFT, chat_id, me)
    unread, mentioned = left or (0, 0)
    hidden = tuple(each.id for each in found)
    event = MessagesHidden(hidden, chat_id, kind, me, actor.connection, unread, mentioned)
    yield from record(event, now, accounts=(me,))
