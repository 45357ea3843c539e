"""Messages of a team that are written anew, marked or deleted, each right looked at where it is used."""

from tertulia.core.errors import BadInput, NotAllowed, NotFound
from tertulia.core.flags import IMPORTANT, NO_PREVIEW
from tertulia.core.histories import MessageChange, Target, Whereabouts
from tertulia.core.ids import TeamId
from tertulia.core.message_model import MessageRef
from tertulia.core.model import Actor
from tertulia.core.whole import WholeMessage
from tertulia.store import records
from tertulia.store.deleting import DOOMED, erase
from tertulia.store.hot import COUNT_IMPORTANT
from tertulia.store.messages import DATED, tell_edited
from tertulia.store.whereabouts import need_whereabouts
from tertulia.store.whole import whole_messages
from tertulia.store.work import Row, Work, array, row, rows, run

BY_ID = "SELECT m.id FROM messages m WHERE m.id = ? AND +m.chat_id = ?"

BY_UID = "SELECT m.id FROM messages m WHERE m.uid = ? AND +m.chat_id = ?"

FREE = IMPORTANT | NO_PREVIEW
"""Flags that a change may set and clear; whether it made a noise was decided when it was posted."""

CHANGEABLE = """
SELECT m.id, m.author_id, m.notice, m.sent_at, m.text, m.flags, m.attachments, m.deleted_at,
    m.deleted_by, c.last_at, m.cipher
FROM messages m JOIN chats c ON c.id = m.chat_id
WHERE m.id = ? AND NOT EXISTS (
    SELECT 1 FROM hidden h WHERE h.message_id = m.id AND h.account_id = ?
)
"""

CHANGE = "UPDATE messages SET text = ?, folded = ?, flags = ?, edited_at = ? WHERE id = ?"


def _changeable(
    actor: Actor, team_id: TeamId, target: Target, ref: MessageRef
) -> Work[tuple[Whereabouts, Row]]:
    """The chat and a row of CHANGEABLE. Raises: as `need_whereabouts`, NotFound("message")."""
    where = yield from need_whereabouts(actor, team_id, target)
    if where.chat_id is None:
        raise NotFound("message")
    sql, key = (BY_UID, ref.uid) if ref.uid else (BY_ID, ref.id)
    number = yield from row(sql, key, where.chat_id)
    found = None if number is None else (yield from row(CHANGEABLE, number[0], actor.account_id))
    if found is None:
        raise NotFound("message")
    return where, found


def change_message(  # noqa: PLR0917 - who, where, which, how
    actor: Actor,
    team_id: TeamId,
    target: Target,
    ref: MessageRef,
    change: MessageChange,
    now: int,
) -> Work[WholeMessage]:
    """Nobody hears of a change that changes nothing."""
    where, found = yield from _changeable(actor, team_id, target, ref)
    message_id, author_id, notice, sent_at, text, flags, attachments, deleted_at = found[:8]
    last_at, cipher = found[9:]
    if deleted_at is not None:
        raise NotFound("message")
    new_text = text if change.text is None else change.text
    new_flags = (flags | change.set_flags & FREE) & ~(change.clear_flags & FREE)
    if notice is not None:
        raise NotAllowed("edit")
    is_mine = author_id == actor.account_id
    if not is_mine and (new_text != text or not where.leads):
        raise NotAllowed("edit")
    if new_text != text and cipher is not None:
        # Whoever reads encrypted words would take plain ones for such, and could read neither.
        raise NotAllowed("edit")
    if is_mine and now > sent_at + where.edit_window_s * 1_000:
        raise NotAllowed("edit")
    if not new_text.strip() and not attachments:
        raise BadInput("text", "is empty")
    if (new_text, new_flags) == (text, flags):
        (whole,) = yield from whole_messages([message_id])
        return whole
    at = max(now, last_at + 1)
    yield from run(CHANGE, new_text, records.folded(new_text), new_flags, at, message_id)
    assert where.chat_id is not None, "the message was found there"
    yield from run(DATED, at, where.chat_id)
    more = bool(new_flags & IMPORTANT) - bool(flags & IMPORTANT)
    if more:
        yield from run(COUNT_IMPORTANT, more, where.chat_id)
    return (yield from tell_edited(actor, message_id, at, now))


def delete_message(
    actor: Actor, team_id: TeamId, target: Target, ref: MessageRef, now: int
) -> Work[WholeMessage]:
    """Deleted by its author in time, or by whoever leads the chat."""
    where, found = yield from _changeable(actor, team_id, target, ref)
    message_id, author_id, notice, sent_at, *_, deleted_at, deleted_by, _, _ = found
    assert where.chat_id is not None, "the message was found there"
    if deleted_at is not None:
        if actor.account_id not in {author_id, deleted_by}:
            raise NotFound("message")
        (whole,) = yield from whole_messages([message_id])
        return whole
    in_time = now <= sent_at + where.edit_window_s * 1_000 and notice is None
    if not where.leads and not (author_id == actor.account_id and in_time):
        raise NotAllowed("delete")
    doomed = yield from rows(DOOMED, array([message_id]), where.chat_id)
    (whole,) = yield from erase(actor, where.chat_id, where.kind, doomed, now)
    return whole
