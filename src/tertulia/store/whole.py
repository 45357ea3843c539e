"""Messages with everything that is to be seen of them: a few statements for a page, however long it is.

A message's place among those that are not deleted is its place among all, less the deleted ones before
it; those are counted from the end, stretch by stretch between the messages of the page.
"""

from collections.abc import Iterable, Sequence

from tertulia.core.flags import SILENT
from tertulia.core.ids import AccountId, ChatId, MessageId, drawn_at
from tertulia.core.message_model import Message, MessageRef
from tertulia.core.model import ChatKind
from tertulia.core.whole import Reaction, WholeMessage
from tertulia.store import records
from tertulia.store.mentions import with_mentions
from tertulia.store.work import FAR_FUTURE, Row, Work, array, rows

WHOLE_BY_ID = f"""
SELECT {records.MESSAGE}, m.is_read, m.reacted, m.deleted_at, m.deleted_by, d.text,
    c.kind, c.team_id, c.owner_id, c.other_id, c.tail_id, c.gone, p.id, p.uid, c.encrypted
FROM json_each(?) AS each
JOIN messages m ON m.id = CAST(each.value AS BIGINT)
JOIN chats c ON c.id = m.chat_id
LEFT JOIN deleted_texts d ON d.message_id = m.id
LEFT JOIN messages p ON p.id = (
    SELECT x.id FROM messages x
    WHERE x.chat_id = m.chat_id AND x.sent_at < m.sent_at AND x.deleted_at IS NULL
    ORDER BY x.sent_at DESC LIMIT 1
)
"""

# Of chat, date and a later date: how many deleted messages lie between, the later date included.
GONE_BETWEEN = """
SELECT CAST(each.value ->> 0 AS BIGINT), CAST(each.value ->> 1 AS BIGINT), (
    SELECT COUNT(*) FROM messages m
    WHERE m.chat_id = CAST(each.value ->> 0 AS BIGINT)
        AND m.sent_at > CAST(each.value ->> 1 AS BIGINT)
        AND m.sent_at <= CAST(each.value ->> 2 AS BIGINT)
        AND m.deleted_at IS NOT NULL
)
FROM json_each(?) AS each
"""

QUOTED = f"""
SELECT {records.MESSAGE} FROM messages m
WHERE m.id IN (SELECT CAST(each.value AS BIGINT) FROM json_each(?) AS each)
    AND m.deleted_at IS NULL
"""

ALL_REACTIONS = """
SELECT r.message_id, r.reaction, r.account_id, r.number FROM reactions r
WHERE r.message_id IN (SELECT CAST(each.value AS BIGINT) FROM json_each(?) AS each)
ORDER BY r.number
"""


def whole_messages(ids: Sequence[MessageId]) -> Work[list[WholeMessage]]:
    """Those that there are, in the order asked; nobody's rights are looked at."""
    if not ids:
        return []
    found = {each[0]: each for each in (yield from rows(WHOLE_BY_ID, array(ids)))}
    page = [found[each] for each in ids if each in found]
    named = yield from with_mentions([records.message(each) for each in page])
    messages = {each.id: each for each in named}
    gone_after = yield from _gone_after(page)
    quoted = yield from _quoted(messages.values())
    reactions = yield from _reactions([each[0] for each in page if each[17]])
    return [
        _whole(each, messages[each[0]], gone_after, quoted, reactions.get(each[0], ()))
        for each in page
    ]


def _whole(
    row: Row,
    message: Message,
    gone_after: dict[MessageId, int],
    quoted: dict[MessageId, Message],
    reactions: tuple[Reaction, ...],
) -> WholeMessage:
    (
        is_read,
        _,
        deleted_at,
        deleted_by,
        kept,
        kind,
        team_id,
        owner,
        other,
        tail,
        gone,
        prev,
        uid,
        encrypted,
    ) = row[16:]
    if kept is not None:
        message = message._replace(text=kept)
    partner = None
    if kind == ChatKind.DIRECT and not encrypted:
        partner = other if message.author_id == owner else owner
    num = None
    if deleted_at is None:
        num = message.seq - 1 - (gone - gone_after.get(message.id, 0))
    return WholeMessage(
        message=message,
        chat_kind=ChatKind(kind),
        team_id=team_id,
        partner_id=partner,
        prev=None if prev is None else MessageRef(prev, uid or ""),
        num=num,
        is_last=tail == message.id,
        is_read=bool(is_read),
        quoted=tuple(quoted[each] for each in named_in(message) if each in quoted),
        reactions=reactions,
        deleted_at=deleted_at,
        deleted_by=deleted_by,
        encrypted=bool(encrypted),
    )


def named_in(message: Message) -> tuple[MessageId, ...]:
    """What it replies to and brings along, each once."""
    reply = () if message.reply_to is None else (message.reply_to,)
    return tuple(dict.fromkeys((*reply, *message.linked)))


def _gone_after(page: Sequence[Row]) -> Work[dict[MessageId, int]]:
    """How many deleted messages came after each in its chat; chats without any are left out."""
    by_chat: dict[ChatId, list[Row]] = {}
    for each in page:
        if each[26]:
            by_chat.setdefault(each[1], []).append(each)
    stretches: list[tuple[int, int, int]] = []
    for chat_id, found in by_chat.items():
        found.sort(key=lambda each: -each[5])
        later = FAR_FUTURE
        for each in found:
            stretches.append((chat_id, each[5], later))
            later = each[5]
    if not stretches:
        return {}
    counted = {
        (each[0], each[1]): each[2] for each in (yield from rows(GONE_BETWEEN, array(stretches)))
    }
    after: dict[MessageId, int] = {}
    for chat_id, found in by_chat.items():
        total = 0
        for each in found:
            total += counted[chat_id, each[5]]
            after[each[0]] = total
    return after


def _quoted(messages: Iterable[Message]) -> Work[dict[MessageId, Message]]:
    named = {each for message in messages for each in named_in(message)}
    if not named:
        return {}
    found = yield from rows(QUOTED, array(list(named)))
    messages = yield from with_mentions([records.message(each) for each in found])
    return {each.id: each for each in messages}


def _reactions(ids: Sequence[MessageId]) -> Work[dict[MessageId, tuple[Reaction, ...]]]:
    if not ids:
        return {}
    by_message: dict[MessageId, list[Reaction]] = {}
    for message_id, name, account_id, number in (yield from rows(ALL_REACTIONS, array(ids))):
        reaction = Reaction(name, AccountId(account_id), drawn_at(number))
        by_message.setdefault(message_id, []).append(reaction)
    return {message_id: tuple(each) for message_id, each in by_message.items()}


def is_silent(flags: int) -> bool:
    """Whether nobody had it as unread."""
    return bool(flags & SILENT)
