"""What is said in a team's chats: pages by many wishes, searches over chats, changes within a time.

Ids are found first, by a statement made of the wishes; the messages are read whole afterwards.
"""

from collections.abc import Mapping, Sequence

from tertulia.core.errors import BadInput
from tertulia.core.histories import (
    MOST_COUNTED,
    Found,
    MessageChange,
    MessageFilter,
    Target,
    Whereabouts,
)
from tertulia.core.ids import AccountId, ChatId, MessageId, TeamId
from tertulia.core.message_model import MessageRef
from tertulia.core.model import Actor, ChatKind
from tertulia.core.whole import WholeMessage
from tertulia.store.deleting import FORGET_TEXTS
from tertulia.store.engine import Engine
from tertulia.store.message_changes import change_message, delete_message
from tertulia.store.message_filters import Conditions, conditions, span
from tertulia.store.my_chats import my_chats
from tertulia.store.team_records import need_member
from tertulia.store.whereabouts import need_whereabouts
from tertulia.store.whole import whole_messages
from tertulia.store.work import FAR_FUTURE, Row, Work, array, row, rows, run

QUICK = 50
"""Messages of a page without wishes that may be read on the loop."""

READ_AT = "SELECT b.read_at FROM members b WHERE b.chat_id = ? AND b.account_id = ?"

POSITION_BY_ID = "SELECT m.chat_id, m.sent_at FROM messages m WHERE m.id = ?"

POSITION_BY_UID = "SELECT m.chat_id, m.sent_at FROM messages m WHERE m.uid = ?"

PAGE = """
SELECT m.id, m.sent_at FROM messages m
WHERE m.chat_id = ? AND m.sent_at > ? AND m.sent_at < ?{conditions}
ORDER BY m.sent_at {order} LIMIT ? OFFSET ?
"""

# What was posted, edited or deleted since, each by an index of its own.
CHANGED_PAGE = """
SELECT m.id, m.sent_at
FROM (
    SELECT x.id FROM messages x
    WHERE x.chat_id = ? AND x.sent_at >= ? AND x.sent_at > ? AND x.sent_at < ?
    UNION
    SELECT x.id FROM messages x WHERE x.chat_id = ? AND x.edited_at >= ?
    UNION
    SELECT x.id FROM messages x WHERE x.chat_id = ? AND x.deleted_at >= ?
) AS n
JOIN messages m ON m.id = n.id
WHERE m.sent_at > ? AND m.sent_at < ?{conditions}
ORDER BY m.sent_at {order} LIMIT ? OFFSET ?
"""

# Chats as [number, first date, last date, read up to]; dates not included.
FOUND = """
FROM json_each(?) AS each
JOIN messages m ON m.chat_id = CAST(each.value ->> 0 AS BIGINT)
    AND m.sent_at > CAST(each.value ->> 1 AS BIGINT)
    AND m.sent_at < CAST(each.value ->> 2 AS BIGINT)
WHERE 1 = 1{conditions}
"""

SEARCH = f"SELECT m.id {FOUND} ORDER BY m.sent_at DESC, m.id DESC LIMIT ? OFFSET ?"

COUNT = f"SELECT COUNT(*) FROM (SELECT 1 {FOUND} LIMIT {MOST_COUNTED}) AS n"

# In each chat, the date of its so manieth newest such message: older ones are on no page up to there.
NEWEST = """
SELECT CAST(each.value ->> 0 AS BIGINT), (
    SELECT m.sent_at FROM messages m
    WHERE m.chat_id = CAST(each.value ->> 0 AS BIGINT)
        AND m.sent_at > CAST(each.value ->> 1 AS BIGINT)
        AND m.sent_at < CAST(each.value ->> 2 AS BIGINT){conditions}
    ORDER BY m.sent_at DESC LIMIT 1 OFFSET ?
)
FROM json_each(?) AS each
"""

READ_UP_TO = "CAST(each.value ->> 3 AS BIGINT)"

# From the message to its chat, never the other way: an account may be in many chats.
SEEN = """
CROSS JOIN chats c CROSS JOIN members b
WHERE {message} AND c.id = m.chat_id AND b.chat_id = m.chat_id AND b.account_id = ?
    AND b.left_at IS NULL AND NOT EXISTS (
    SELECT 1 FROM hidden h WHERE h.message_id = m.id AND h.account_id = b.account_id
)
"""

PLACE = "m.id, m.uid, c.id, c.kind, c.team_id, c.archived_at, c.encrypted, c.owner_id, c.other_id"

SEEN_BY_ID = f"""
SELECT {PLACE} FROM json_each(?) AS each CROSS JOIN messages m
{SEEN.format(message="m.id = CAST(each.value ->> 0 AS BIGINT)")}
"""

SEEN_BY_UID = f"""
SELECT {PLACE} FROM json_each(?) AS each CROSS JOIN messages m
{SEEN.format(message="m.uid = each.value ->> 0")}
"""


class SqlHistories:
    """`core.histories.HistoryStore` over an engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def whereabouts(self, actor: Actor, team_id: TeamId, target: Target) -> Whereabouts:
        """See the port."""
        return await self._engine.read(need_whereabouts(actor, team_id, target))

    async def page(
        self, actor: Actor, team_id: TeamId, target: Target, wish: MessageFilter
    ) -> list[WholeMessage]:
        """See the port."""
        unit = page(actor, team_id, target, wish)
        is_quick = wish.limit <= QUICK and _is_plain(wish)
        return await (self._engine.read(unit) if is_quick else self._engine.scan(unit))

    async def search(
        self, actor: Actor, team_id: TeamId, wish: MessageFilter
    ) -> tuple[list[WholeMessage], int]:
        """See the port."""
        return await self._engine.scan(search(actor, team_id, wish))

    async def named(
        self, actor: Actor, team_id: TeamId, refs: Sequence[MessageRef]
    ) -> Mapping[MessageRef, Found]:
        """See the port."""
        return await self._engine.read(named(actor, team_id, refs))

    async def change(  # noqa: PLR0917 - who, where, which, how
        self,
        actor: Actor,
        team_id: TeamId,
        target: Target,
        ref: MessageRef,
        change: MessageChange,
        now: int,
    ) -> WholeMessage:
        """See the port."""
        return await self._engine.write(change_message(actor, team_id, target, ref, change, now))

    async def delete(
        self, actor: Actor, team_id: TeamId, target: Target, ref: MessageRef, now: int
    ) -> WholeMessage:
        """See the port."""
        return await self._engine.write(delete_message(actor, team_id, target, ref, now))

    async def whole(self, ids: Sequence[MessageId]) -> list[WholeMessage]:
        """See the port."""
        return await self._engine.read(whole_messages(ids))

    async def forget_texts(self, before: int) -> None:
        """See the port."""
        await self._engine.write(run(FORGET_TEXTS, before))


def _is_plain(wish: MessageFilter) -> bool:
    """Whether every message that is looked at is most likely one of the answer."""
    asked = (
        wish.authors, wish.types, wish.has_upload, wish.important, wish.unread, wish.changed_from,
    )  # fmt: skip
    return not wish.text and all(each is None for each in asked)


def page(
    actor: Actor, team_id: TeamId, target: Target, wish: MessageFilter
) -> Work[list[WholeMessage]]:
    """One chat; nothing when the two have none yet."""
    where = yield from need_whereabouts(actor, team_id, target)
    if where.chat_id is None:
        return []
    chat_id, me = where.chat_id, actor.account_id
    read = yield from row(READ_AT, chat_id, me)
    wanted = conditions(me, wish, read_at=str(read[0]) if read else "0")
    if wish.exact is not None:
        at = yield from _position(wish.exact, [chat_id], "exact")
        ids = yield from _ids(chat_id, (at - 1, at + 1), wanted, wish)
    elif wish.around is not None:
        ids = yield from _around(chat_id, wanted, wish)
    else:
        bounds = yield from _bounds([chat_id], wish)
        newest_last = wish.newer_than is not None and wish.older_than is None
        ids = yield from _ids(chat_id, span(wish, bounds), wanted, wish, upwards=newest_last)
    return (yield from whole_messages(ids))


def _bounds(chats: Sequence[ChatId], wish: MessageFilter) -> Work[tuple[int, int]]:
    """The dates between which the wish wants messages, neither included."""
    since, until = -1, FAR_FUTURE
    if wish.newer_than is not None:
        since = yield from _position(wish.newer_than, chats, "newer_than")
        since -= int(wish.including_newer)
    if wish.older_than is not None:
        until = yield from _position(wish.older_than, chats, "older_than")
        until += int(wish.including_older)
    return since, until


def _position(ref: MessageRef, chats: Sequence[ChatId], name: str) -> Work[int]:
    """The date of a message of one of the chats. Raises: BadInput(*name*)."""
    sql, key = (POSITION_BY_UID, ref.uid) if ref.uid else (POSITION_BY_ID, ref.id)
    found = yield from row(sql, key)
    if found is None or found[0] not in chats:
        raise BadInput(name, "is no message there")
    return int(found[1])


def _ids(
    chat_id: ChatId,
    dates: tuple[int, int],
    wanted: Conditions,
    wish: MessageFilter,
    *,
    upwards: bool = False,
) -> Work[list[MessageId]]:
    """Newest first; with *upwards* those next to the earlier date."""
    order = "ASC" if upwards else "DESC"
    ends = (*wanted.params, wish.limit, wish.offset)
    if wish.changed_from is None:
        sql = PAGE.format(conditions=wanted.sql, order=order)
        found = yield from rows(sql, chat_id, *dates, *ends)
    else:
        at = wish.changed_from[0]
        sql = CHANGED_PAGE.format(conditions=wanted.sql, order=order)
        branches = (chat_id, at, *dates, chat_id, at, chat_id, at)
        found = yield from rows(sql, *branches, *dates, *ends)
    ids = [MessageId(each[0]) for each in found]
    return ids[::-1] if upwards else ids


def _around(chat_id: ChatId, wanted: Conditions, wish: MessageFilter) -> Work[list[MessageId]]:
    """As many on either side as there are, and if one side is short more of the other."""
    assert wish.around is not None, "the caller looked"
    at = yield from _position(wish.around, [chat_id], "around")
    since, until = span(wish, (-1, FAR_FUTURE))
    older = yield from _ids(chat_id, (since, min(until, at + 1)), wanted, wish)
    newer = yield from _ids(chat_id, (max(since, at), until), wanted, wish, upwards=True)
    of_newer = min(len(newer), max(wish.limit // 2, wish.limit - len(older)))
    of_older = wish.limit - of_newer
    return [*newer[len(newer) - of_newer :], *older[:of_older]]


def search(
    actor: Actor, team_id: TeamId, wish: MessageFilter
) -> Work[tuple[list[WholeMessage], int]]:
    """All chats of the team that the actor is in, and that the wish names."""
    yield from need_member(team_id, actor.account_id)
    me = actor.account_id
    mine = [each for each in (yield from my_chats(me, team_id)) if _is_meant(each, me, wish)]
    if not mine:
        return [], 0
    ids = [ChatId(each[0]) for each in mine]
    bounds = yield from _bounds(ids, wish)
    if wish.exact is not None:
        at = yield from _position(wish.exact, ids, "exact")
        bounds = (at - 1, at + 1)
    since, until = span(wish, bounds)
    places = [(each[0], since, until, each[4]) for each in mine]
    wanted = conditions(me, wish, read_at=READ_UP_TO)
    if wish.exact is not None:
        # Others may have been posted at that very moment elsewhere.
        column, key = ("m.uid", wish.exact.uid) if wish.exact.uid else ("m.id", wish.exact.id)
        wanted.add(f"{column} = ?", key)
    counted = yield from row(COUNT.format(conditions=wanted.sql), array(places), *wanted.params)
    assert counted is not None, "a count has a row"
    if _is_plain(wish):
        places = yield from _newest(places, wanted, wish.limit + wish.offset)
    sql = SEARCH.format(conditions=wanted.sql)
    found = yield from rows(sql, array(places), *wanted.params, wish.limit, wish.offset)
    messages = yield from whole_messages([MessageId(each[0]) for each in found])
    return messages, counted[0]


def _is_meant(mine: Row, me: AccountId, wish: MessageFilter) -> bool:
    """Whether a row of `my_chats` is one that the wish names."""
    chat_id, kind, owner, other = mine[:4]
    if wish.kinds is not None and kind not in wish.kinds:
        return False
    if wish.chats is None:
        return True
    if kind == ChatKind.DIRECT:
        return Target(partner_id=other if owner == me else owner) in wish.chats
    return Target(chat_id=chat_id) in wish.chats


def _newest(
    places: Sequence[tuple[int, int, int, int]], wanted: Conditions, count: int
) -> Work[list[tuple[int, int, int, int]]]:
    """The same chats, each from where its newest *count* messages begin."""
    sql = NEWEST.format(conditions=wanted.sql)
    found: dict[int, int | None] = dict(
        (yield from rows(sql, *wanted.params, count - 1, array(places)))
    )
    return [
        (chat_id, since if (first := found[chat_id]) is None else first - 1, until, read_at)
        for chat_id, since, until, read_at in places
    ]


def named(
    actor: Actor, team_id: TeamId, refs: Sequence[MessageRef]
) -> Work[dict[MessageRef, Found]]:
    """What the refs stand for in chats that the actor is in, whatever team they are of."""
    yield from need_member(team_id, actor.account_id)
    me = actor.account_id
    uids = [[each.uid] for each in refs if each.uid]
    ids = [[each.id] for each in refs if not each.uid]
    seen: list[Row] = []
    if uids:
        seen += yield from rows(SEEN_BY_UID, array(uids), me)
    if ids:
        seen += yield from rows(SEEN_BY_ID, array(ids), me)
    by_uid = {each[1]: each for each in seen if each[1]}
    by_id = {each[0]: each for each in seen}
    found: dict[MessageRef, Found] = {}
    for ref in refs:
        there = by_uid.get(ref.uid) if ref.uid else by_id.get(ref.id)
        if there is not None:
            found[ref] = Found(MessageId(there[0]), _target(there, me))
    return found


def _target(seen: Row, me: AccountId) -> Target:
    chat_id, kind, *_, owner, other = seen[2:]
    if kind == ChatKind.DIRECT:
        return Target(partner_id=other if owner == me else owner)
    return Target(chat_id=chat_id)
