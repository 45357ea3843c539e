"""Messages: editing, deleting, history, reactions. Sending and reading are in `hot` and `reading`."""

from collections.abc import Sequence
from dataclasses import replace

from tertulia.core.access import may_delete_others
from tertulia.core.errors import NotAllowed, NotFound, TooMuch
from tertulia.core.events import MessageEdited, ReactionsChanged
from tertulia.core.ids import AccountId, ChatId, MessageId
from tertulia.core.message_model import Draft, ListedMessage, Reactions, ReadMark, Sent
from tertulia.core.model import Actor, ChatKind, Page
from tertulia.core.pending import Pending
from tertulia.core.whole import WholeMessage
from tertulia.store import records
from tertulia.store.deleting import DOOMED, erase, tail_of
from tertulia.store.engine import Engine
from tertulia.store.hiding import hidden_from
from tertulia.store.hot import Posting, appending
from tertulia.store.log import record
from tertulia.store.mentions import mention_anew
from tertulia.store.newly_read import Reading
from tertulia.store.reading import MARK_MESSAGES_READ, tell_read
from tertulia.store.resends import Resends
from tertulia.store.unseen import NOT_HIDDEN, hide, need_membership
from tertulia.store.whole import whole_messages
from tertulia.store.work import FAR_FUTURE, Row, Work, array, draw, many, row, rows, run

MOST_REACTIONS = 20
"""Different reactions of one account to one message."""

LISTED = f"SELECT {records.MESSAGE}, m.is_read, m.reacted FROM messages m"

OLDER = f"""
{LISTED}
WHERE m.chat_id = ? AND m.sent_at < ? AND {NOT_HIDDEN}
ORDER BY m.sent_at DESC LIMIT ?
"""

NEXT = f"""
{LISTED}
WHERE m.chat_id = ? AND m.sent_at > ? AND m.sent_at < ? AND {NOT_HIDDEN}
ORDER BY m.sent_at LIMIT ?
"""

# Two indexed halves; together in the order of change, so that no page border loses a row. And one
# statement: what is committed between two would be missing before what the second one sees.
CHANGED = f"""
SELECT n.* FROM (
    SELECT * FROM (
        {LISTED}
        WHERE m.chat_id = ? AND m.sent_at > ? AND m.sent_at < ? AND m.edited_at IS NULL
            AND {NOT_HIDDEN}
        ORDER BY m.sent_at LIMIT ?
    ) AS n
    UNION ALL
    SELECT * FROM (
        {LISTED}
        WHERE m.chat_id = ? AND m.edited_at > ? AND m.sent_at < ? AND {NOT_HIDDEN}
        ORDER BY m.edited_at LIMIT ?
    ) AS n
) AS n
ORDER BY COALESCE(n.edited_at, n.sent_at) LIMIT ?
"""

# With the plus no engine goes through the whole chat to find the few messages that are named.
NAMED = f"""
{LISTED}
WHERE m.id IN (SELECT CAST(each.value AS BIGINT) FROM json_each(?) AS each)
    AND +m.chat_id = ? AND m.sent_at < ? AND {NOT_HIDDEN}
ORDER BY m.sent_at DESC LIMIT ?
"""

BY_ID = f"{LISTED} WHERE m.id IN (SELECT CAST(each.value AS BIGINT) FROM json_each(?) AS each)"

REACTIONS_OF = """
SELECT r.message_id, r.reaction, COUNT(*), SUM(CASE WHEN r.account_id = ? THEN 1 ELSE 0 END)
FROM reactions r
WHERE r.message_id IN (SELECT CAST(each.value AS BIGINT) FROM json_each(?) AS each)
GROUP BY r.message_id, r.reaction
ORDER BY r.message_id, MIN(r.number)
"""

WHO_REACTED = """
SELECT r.reaction, r.account_id FROM reactions r WHERE r.message_id = ? ORDER BY r.number
"""

VISIBLE = f"""
SELECT m.chat_id, c.kind, m.author_id, m.notice, c.last_at
FROM messages m
JOIN chats c ON c.id = m.chat_id
JOIN members b ON b.chat_id = c.id AND b.account_id = ? AND b.left_at IS NULL
WHERE m.id = ? AND {NOT_HIDDEN}
"""

EDIT = "UPDATE messages SET text = ?, folded = ?, edited_at = ? WHERE id = ?"

DATED = "UPDATE chats SET last_at = ? WHERE id = ?"

NOTE_EDIT = "INSERT INTO message_edits (message_id, at, account_id) VALUES (?, ?, ?)"

ADD_REACTION = """
INSERT INTO reactions (message_id, account_id, reaction, number) VALUES (?, ?, ?, ?)
"""

DROP_REACTION = "DELETE FROM reactions WHERE message_id = ? AND account_id = ? AND reaction = ?"

OWN_REACTIONS = "SELECT reaction FROM reactions WHERE message_id = ? AND account_id = ?"


class SqlMessages:
    """`core.chat_ports.MessageStore` over an engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._append = appending(Resends())

    def append(self, actor: Actor, draft: Draft, now: int) -> Pending[Sent]:
        """See the port."""
        posting = Posting(actor, draft, now, draft.fingerprint(actor.account_id))
        return self._engine.join(self._append, posting)

    async def mark_read(self, actor: Actor, mark: ReadMark, now: int) -> None:
        """See the port."""
        await self._engine.join(MARK_MESSAGES_READ, Reading(actor, mark, now))

    async def tell_read(self, actor: Actor, mark: ReadMark, now: int) -> None:
        """See the port."""
        await self._engine.write(tell_read(Reading(actor, mark, now)))

    async def edit(self, actor: Actor, message_id: MessageId, text: str, now: int) -> None:
        """See the port."""
        await self._engine.write(edit(actor, message_id, text, now))

    async def delete(
        self, actor: Actor, chat_id: ChatId, ids: Sequence[MessageId], now: int
    ) -> None:
        """See the port."""
        await self._engine.write(delete(actor, chat_id, ids, now))

    async def hide(self, actor: Actor, chat_id: ChatId, ids: Sequence[MessageId], now: int) -> None:
        """See the port."""
        await self._engine.write(hide(actor, chat_id, ids, now))

    async def history(self, actor: Actor, chat_id: ChatId, page: Page) -> list[ListedMessage]:
        """See the port."""
        return await self._engine.read(history(actor, chat_id, page))

    async def react(
        self,
        actor: Actor,
        message_id: MessageId,
        add: Sequence[str],
        remove: Sequence[str],
        now: int,
    ) -> None:
        """See the port."""
        await self._engine.write(react(actor, message_id, add, remove, now))

    async def reactions(
        self, actor: Actor, message_id: MessageId
    ) -> list[tuple[str, list[AccountId]]]:
        """See the port."""
        return await self._engine.read(reactions(actor, message_id))


def history(actor: Actor, chat_id: ChatId, page: Page) -> Work[list[ListedMessage]]:
    """A page of the chat as the actor sees it."""
    yield from need_membership(actor, chat_id, "read")
    me = actor.account_id
    before = FAR_FUTURE if page.before is None else page.before
    if page.only is not None:
        found = yield from rows(NAMED, array(page.only), chat_id, before, me, page.limit)
    elif page.posted_after is not None:
        found = yield from rows(NEXT, chat_id, page.posted_after, before, me, page.limit)
    elif page.after is None:
        found = yield from rows(OLDER, chat_id, before, me, page.limit)
    else:
        span = (chat_id, page.after, before, me, page.limit)
        found = yield from rows(CHANGED, *span, *span, page.limit)
    return (yield from listed(me, found))


def listed(reader: AccountId, found: Sequence[Row]) -> Work[list[ListedMessage]]:
    """Rows of LISTED, with the reactions they have."""
    reacted = [each[0] for each in found if each[-1]]
    reactions_of: dict[int, Reactions] = {}
    if reacted:
        reactions_of = yield from _reactions_of(reader, reacted)
    none = Reactions()
    return [
        ListedMessage(records.message(each), bool(each[-2]), reactions_of.get(each[0], none))
        for each in found
    ]


def _reactions_of(reader: AccountId, ids: Sequence[int]) -> Work[dict[int, Reactions]]:
    own: dict[int, list[str]] = {}
    total: dict[int, list[tuple[str, int]]] = {}
    for message_id, reaction, count, mine in (yield from rows(REACTIONS_OF, reader, array(ids))):
        total.setdefault(message_id, []).append((reaction, count))
        if mine:
            own.setdefault(message_id, []).append(reaction)
    return {
        message_id: Reactions(tuple(sorted(own.get(message_id, ()))), tuple(counts))
        for message_id, counts in total.items()
    }


def edit(actor: Actor, message_id: MessageId, text: str, now: int) -> Work[None]:
    """The author writes it anew. The date of change is the chat's next: no date stands there twice."""
    found = yield from row(VISIBLE, actor.account_id, message_id, actor.account_id)
    if found is None:
        raise NotFound("message")
    chat_id, _, author_id, notice, last_at = found
    if author_id != actor.account_id or notice is not None:
        raise NotAllowed("edit")
    at = max(now, last_at + 1)
    yield from run(EDIT, text, records.folded(text), at, message_id)
    yield from run(DATED, at, chat_id)
    yield from tell_edited(actor, message_id, at, now)


def tell_edited(actor: Actor, message_id: MessageId, at: int, now: int) -> Work[WholeMessage]:
    """Announce that a message has been changed, and how it stands now."""
    yield from run(NOTE_EDIT, message_id, at, actor.account_id)
    (whole,) = yield from whole_messages([message_id])
    message, mentioned = yield from mention_anew(whole.message, whole.team_id)
    whole = whole._replace(message=message)
    chat_id = message.chat_id
    event = MessageEdited(
        message_id, chat_id, whole.chat_kind, actor.account_id, message.text, at, actor.connection
    )
    tail = yield from tail_of(chat_id)
    unseen_by = yield from _unseen_by(message_id)
    told = replace(event, whole=whole, tail=tail, mentioned=mentioned, unseen_by=unseen_by)
    yield from record(event, now, chat_id=chat_id, told=told)
    return whole


def _unseen_by(message_id: MessageId) -> Work[tuple[AccountId, ...]]:
    return tuple(account_id for account_id, _ in (yield from hidden_from([message_id])))


def delete(actor: Actor, chat_id: ChatId, ids: Sequence[MessageId], now: int) -> Work[None]:
    """Gone for everybody: own messages, and in groups and channels whatever owner and admins say."""
    kind, role = yield from need_membership(actor, chat_id, "delete")
    doomed = yield from rows(DOOMED, array(ids), chat_id)
    foreign = any(each[1] != actor.account_id for each in doomed)
    if foreign and not may_delete_others(kind, role):
        raise NotAllowed("delete")
    if doomed:
        yield from erase(actor, chat_id, kind, doomed, now)


def react(
    actor: Actor, message_id: MessageId, add: Sequence[str], remove: Sequence[str], now: int
) -> Work[None]:
    """Add and take back reactions; only what changes something is announced, in channels nothing."""
    me = actor.account_id
    found = yield from row(VISIBLE, me, message_id, me)
    if found is None:
        raise NotFound("message")
    own = {each[0] for each in (yield from rows(OWN_REACTIONS, message_id, me))}
    removed = tuple(each for each in dict.fromkeys(remove) if each in own and each not in add)
    own.difference_update(removed)
    added = tuple(each for each in dict.fromkeys(add) if each not in own)
    if len(own) + len(added) > MOST_REACTIONS:
        raise TooMuch("reactions")
    if not added and not removed:
        return
    yield from many(DROP_REACTION, [(message_id, me, each) for each in removed])
    for each in added:
        yield from run(ADD_REACTION, message_id, me, each, (yield from draw(now)))
    yield from run("UPDATE messages SET reacted = 1 WHERE id = ?", message_id)
    kind = ChatKind(found[1])
    if kind is ChatKind.CHANNEL:
        return
    event = ReactionsChanged(message_id, found[0], kind, me, added, removed, now, actor.connection)
    (whole,) = yield from whole_messages([message_id])
    tail, unseen_by = (yield from tail_of(found[0])), (yield from _unseen_by(message_id))
    told = replace(event, whole=whole, tail=tail, unseen_by=unseen_by)
    yield from record(event, now, chat_id=found[0], told=told)


def reactions(actor: Actor, message_id: MessageId) -> Work[list[tuple[str, list[AccountId]]]]:
    """Who reacted with what."""
    found = yield from row(VISIBLE, actor.account_id, message_id, actor.account_id)
    if found is None:
        raise NotFound("message")
    who: dict[str, list[AccountId]] = {}
    for reaction, account_id in (yield from rows(WHO_REACTED, message_id)):
        who.setdefault(reaction, []).append(account_id)
    return list(who.items())
