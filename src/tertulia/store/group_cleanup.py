"""Messages whose group is set up to forget them."""

from tertulia.core.ids import SessionId
from tertulia.core.model import Actor, ChatKind
from tertulia.store.deleting import DOOMED, erase
from tertulia.store.work import Work, array, rows

WITH_CLEANUP = """
SELECT s.chat_id, s.cleanup_s, c.kind, c.owner_id
FROM group_settings s JOIN chats c ON c.id = s.chat_id AND c.archived_at IS NULL
WHERE s.cleanup_s > 0
"""

OLD = """
SELECT m.id FROM messages m
WHERE m.chat_id = ? AND m.sent_at < ? AND m.deleted_at IS NULL
ORDER BY m.sent_at LIMIT ?
"""

NOBODY = SessionId(0)


def cleanup(now: int, limit: int) -> Work[int]:
    """Delete some of what is too old, in the name of the group's owner; how many."""
    deleted = 0
    for chat_id, cleanup_s, kind, owner_id in (yield from rows(WITH_CLEANUP)):
        left = limit - deleted
        if left <= 0:
            break
        old = [each[0] for each in (yield from rows(OLD, chat_id, now - cleanup_s * 1_000, left))]
        if old:
            doomed = yield from rows(DOOMED, array(old), chat_id)
            yield from erase(Actor(owner_id, NOBODY), chat_id, ChatKind(kind), doomed, now)
            deleted += len(doomed)
    return deleted
