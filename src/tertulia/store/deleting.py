"""Messages that are deleted for everybody: what is left of them, what it changes, what is told."""

from collections.abc import Sequence
from dataclasses import replace

from tertulia.core.events import MessagesDeleted
from tertulia.core.flags import IMPORTANT, WAS_NOTICE
from tertulia.core.ids import ChatId
from tertulia.core.message_model import MessageRef
from tertulia.core.model import Actor, ChatKind
from tertulia.core.whole import WholeMessage
from tertulia.store import records
from tertulia.store.files import UNLINK
from tertulia.store.hiding import hidden_from, uncount_hidden
from tertulia.store.log import record
from tertulia.store.mentions import forget_mentions
from tertulia.store.team_usage import release_uploads
from tertulia.store.whole import is_silent, whole_messages
from tertulia.store.work import Row, Work, many, row, run

DOOMED = """
SELECT m.id, m.author_id, m.seq, m.flags, m.attachments, m.notice
FROM messages m
WHERE m.id IN (SELECT CAST(each.value AS BIGINT) FROM json_each(?) AS each)
    AND +m.chat_id = ? AND m.deleted_at IS NULL
ORDER BY m.seq
"""

ERASE = f"""
UPDATE messages SET deleted_at = ?, deleted_by = ?, text = '', folded = NULL, extra = '', attachments = NULL,
    notice = NULL, flags = CASE WHEN notice IS NULL THEN flags ELSE flags | {WAS_NOTICE} END
WHERE id = ?
"""

# For its author and whoever deleted it. What the server cannot read is not kept.
KEEP_TEXT = """
INSERT INTO deleted_texts (message_id, text, deleted_at)
SELECT m.id, m.text, ? FROM messages m WHERE m.id = ? AND m.cipher IS NULL
"""

FORGET_TEXTS = "DELETE FROM deleted_texts WHERE deleted_at < ?"

NEWEST = """
    FROM messages m WHERE m.chat_id = chats.id AND m.deleted_at IS NULL
    ORDER BY m.sent_at DESC LIMIT 1
"""

# So many more are deleted, and perhaps another is the newest that is not. It takes a date of its own, as an edit.
COUNT_GONE = f"""
UPDATE chats SET gone = gone + ?, importants = importants - ?, tail_id = (SELECT m.id {NEWEST}), tail_uid = (SELECT m.uid {NEWEST}),
    last_at = CASE WHEN last_at >= ? THEN last_at + 1 ELSE ? END
WHERE id = ?
"""

ERASE_REACTIONS = "DELETE FROM reactions WHERE message_id = ?"

# Of a notice both numbers go on.
SKIP_DELETED = """
UPDATE members SET skipped = skipped + 1, noted = noted + ?
WHERE chat_id = ? AND read_seq < ? AND account_id <> ? AND NOT EXISTS (
    SELECT 1 FROM hidden h WHERE h.message_id = ? AND h.account_id = members.account_id
)
"""

TAIL = "SELECT c.tail_id, c.tail_uid FROM chats c WHERE c.id = ?"


def tail_of(chat_id: ChatId) -> Work[MessageRef | None]:
    """The chat's newest message that is not deleted."""
    found = yield from row(TAIL, chat_id)
    return None if found is None or found[0] is None else MessageRef(found[0], found[1] or "")


def erase(
    actor: Actor, chat_id: ChatId, kind: ChatKind, doomed: Sequence[Row], now: int
) -> Work[tuple[WholeMessage, ...]]:
    """Rows of DOOMED are gone for everybody, and announced; what they were. Whoever calls has checked the right."""
    ids = tuple(each[0] for each in doomed)
    before = yield from whole_messages(ids)
    counted = [
        (0 if each[5] is None else 1, chat_id, each[2], each[1], each[0])
        for each in doomed
        if not is_silent(each[3])
    ]
    yield from forget_mentions([each.message for each in before])
    yield from many(SKIP_DELETED, counted)
    unseen_by = yield from hidden_from(ids)
    yield from uncount_hidden([(chat_id, each) for each in ids])
    yield from many(KEEP_TEXT, [(now, each) for each in ids])
    yield from many(ERASE, [(now, actor.account_id, each) for each in ids])
    yield from many(ERASE_REACTIONS, [(each,) for each in ids])
    yield from many(UNLINK, [(each,) for each in ids])
    important = sum(1 for each in doomed if each[3] & IMPORTANT)
    yield from run(COUNT_GONE, len(ids), important, now, now, chat_id)
    yield from _release(doomed)
    gone = tuple(
        each._replace(
            num=None, is_last=False, reactions=(), deleted_at=now, deleted_by=actor.account_id
        )
        for each in before
    )
    event = MessagesDeleted(ids, chat_id, kind, actor.account_id, now, actor.connection)
    told = replace(event, whole=gone, unseen_by=unseen_by, tail=(yield from tail_of(chat_id)))
    yield from record(event, now, chat_id=chat_id, told=told)
    return gone


def _release(doomed: Sequence[Row]) -> Work[None]:
    """What was uploaded for a message does not count for its team any more."""
    files = [
        each.file_id
        for found in doomed
        for each in records.attachments(found[4])
        if each.file_id is not None
    ]
    if files:
        yield from release_uploads(files)
