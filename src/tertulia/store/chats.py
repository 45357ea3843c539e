"""Chats: opening them, lists, members. Changing is in `membership`, leaving in `leaving`."""

from collections.abc import Sequence
from dataclasses import replace

from tertulia.core.errors import BadInput, TooMuch
from tertulia.core.events import ChatOpened
from tertulia.core.ids import AccountId, ChatId, TeamId
from tertulia.core.message_model import ListedChat, ListedMessage
from tertulia.core.model import Actor, Chat, ChatChange, ChatKind, NewGroup, Page, Role
from tertulia.core.text import containing, fold
from tertulia.store import records
from tertulia.store.directory import known_accounts, need_alive
from tertulia.store.engine import Engine
from tertulia.store.files import held_picture
from tertulia.store.leaving import leave, subscribe, unsubscribe
from tertulia.store.log import record
from tertulia.store.membership import COUNT_IN, change_chat
from tertulia.store.messages import BY_ID, listed
from tertulia.store.work import FAR_FUTURE, Work, array, draw, many, row, rows, run

INSERT_CHAT = """
INSERT INTO chats (id, kind, pair, name, description, search_text, picture, owner_id, other_id,
    created_at, updated_at, encrypted)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""

MOST_NAMED = 1_000
"""Accounts that one event names."""

INSERT_MEMBER = "INSERT INTO members (chat_id, account_id, role, joined_at) VALUES (?, ?, ?, ?)"

BY_PAIR = f"SELECT {records.CHAT} FROM chats c WHERE c.pair = ?"

WHO_LEFT = """
SELECT m.account_id FROM members m JOIN accounts a ON a.id = m.account_id
WHERE m.chat_id = ? AND m.left_at IS NOT NULL AND a.deleted_at IS NULL
"""

RETURN_ALL = """
UPDATE members SET left_at = NULL
WHERE chat_id = ? AND account_id IN (SELECT CAST(each.value AS BIGINT) FROM json_each(?) AS each)
"""

# The page is cut first: the newest visible message is looked up for its chats, not for all.
LISTED = """
SELECT {chat}, c.unread, (
    SELECT m.id FROM messages m
    WHERE m.chat_id = c.id AND m.deleted_at IS NULL AND NOT EXISTS (
        SELECT 1 FROM hidden h WHERE h.message_id = m.id AND h.account_id = c.reader
    )
    ORDER BY m.sent_at DESC LIMIT 1
)
FROM (
    SELECT {chat}, c.last_seq - b.read_seq - b.skipped AS unread, b.account_id AS reader
    FROM members b JOIN chats c ON c.id = b.chat_id
    WHERE b.account_id = ? AND b.left_at IS NULL AND c.updated_at > ? AND c.updated_at < ? {only}
    ORDER BY c.updated_at DESC, c.id DESC LIMIT ?
) AS c
ORDER BY c.updated_at DESC, c.id DESC
"""

LATEST = LISTED.format(chat=records.CHAT, only="")

NAMED = LISTED.format(
    chat=records.CHAT,
    only="AND c.id IN (SELECT CAST(each.value AS BIGINT) FROM json_each(?) AS each)",
)

# What has the very date a page ends with, and comes after its end.
TIES = LISTED.format(chat=records.CHAT, only="AND c.id < ?")

MOST_TIES = 100

SEARCH = rf"""
SELECT {records.CHAT}
FROM (
    SELECT g.* FROM members b JOIN chats g ON g.id = b.chat_id
    WHERE b.account_id = ? AND b.left_at IS NULL AND g.kind = 'group'
    UNION ALL
    SELECT g.* FROM chats g WHERE g.kind = 'channel'
) AS c
WHERE c.search_text LIKE ? ESCAPE '\' AND c.updated_at > ?
ORDER BY c.updated_at DESC, c.id DESC LIMIT ?
"""

MOST_SHOWN = 1_000
"""Subscribers of one channel that are named, beside its owner and admins."""

# Up to which account those of a channel are named; nothing has the number that stands for all.
MINE = f"""
SELECT b.chat_id, c.kind, CASE WHEN c.kind <> 'channel' THEN {FAR_FUTURE} ELSE COALESCE((
    SELECT x.account_id FROM members x WHERE x.chat_id = b.chat_id
    ORDER BY x.account_id LIMIT 1 OFFSET {MOST_SHOWN - 1}
), {FAR_FUTURE}) END AS up_to
FROM members b JOIN chats c ON c.id = b.chat_id
WHERE b.account_id = ? AND b.left_at IS NULL
    AND b.chat_id IN (SELECT CAST(each.value AS BIGINT) FROM json_each(?) AS each)
"""

MEMBERS_OF_MINE = f"""
WITH mine AS ({MINE})
SELECT m.chat_id, m.account_id, m.joined_at
FROM mine JOIN members m ON m.chat_id = mine.chat_id AND m.account_id <= mine.up_to
UNION
SELECT m.chat_id, m.account_id, m.joined_at
FROM mine JOIN members m ON m.chat_id = mine.chat_id AND m.role <> 'member'
WHERE mine.kind = 'channel'
ORDER BY 1, 3, 2
"""

ADMINS_OF_MINE = """
SELECT m.chat_id, m.account_id
FROM members b
JOIN chats c ON c.id = b.chat_id AND c.kind <> 'direct'
JOIN members m ON m.chat_id = b.chat_id AND m.role <> 'member'
WHERE b.account_id = ? AND b.role <> 'member'
    AND b.chat_id IN (SELECT CAST(each.value AS BIGINT) FROM json_each(?) AS each)
ORDER BY m.chat_id, CASE m.role WHEN 'owner' THEN 0 ELSE 1 END, m.joined_at, m.account_id
"""

# In a channel, and where members only read, owner and admins write.
MAY_WRITE = """
SELECT 1 FROM chats c
JOIN members m ON m.chat_id = c.id AND m.account_id = ? AND m.left_at IS NULL
WHERE c.id = ? AND (m.role <> 'member' OR (c.kind <> 'channel' AND c.readonly = 0))
"""

CARD = """
SELECT c.kind, m.account_id, c.team_id, c.encrypted
FROM chats c LEFT JOIN members m ON m.chat_id = c.id AND m.left_at IS NULL
WHERE c.id = ?
"""


class SqlChats:
    """`core.chat_ports.ChatStore` over an engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def open_direct(self, actor: Actor, other: AccountId, new: NewGroup, now: int) -> Chat:
        """See the port."""
        return await self._engine.write(open_direct(actor, other, new, now))

    async def open_group(self, actor: Actor, new: NewGroup, limit: int, now: int) -> Chat:
        """See the port."""
        return await self._engine.write(open_group(actor, new, limit, now))

    async def open_channel(self, actor: Actor, new: NewGroup, now: int) -> Chat:
        """See the port."""
        return await self._engine.write(open_channel(actor, new, now))

    async def subscribe(self, actor: Actor, chat_id: ChatId, now: int) -> None:
        """See the port."""
        await self._engine.write(subscribe(actor, chat_id, now))

    async def unsubscribe(self, actor: Actor, chat_id: ChatId, now: int) -> None:
        """See the port."""
        await self._engine.write(unsubscribe(actor, chat_id, now))

    async def change(
        self, actor: Actor, chat_id: ChatId, change: ChatChange, limit: int, now: int
    ) -> Chat | None:
        """See the port."""
        return await self._engine.write(change_chat(actor, chat_id, change, limit, now))

    async def leave(self, actor: Actor, chat_id: ChatId, now: int) -> None:
        """See the port."""
        await self._engine.write(leave(actor, chat_id, now))

    async def listed(self, actor: Actor, page: Page) -> list[ListedChat]:
        """See the port."""
        return await self._engine.read(list_chats(actor, page))

    async def search(
        self, actor: Actor, part: str, limit: int, *, changed_after: int | None
    ) -> list[Chat]:
        """See the port."""
        since = -1 if changed_after is None else changed_after
        found = await self._engine.read(
            rows(SEARCH, actor.account_id, containing(part), since, limit)
        )
        return [records.chat(each) for each in found]

    async def members(
        self, actor: Actor, chat_ids: Sequence[ChatId]
    ) -> dict[ChatId, list[AccountId]]:
        """See the port."""
        return await self._by_chat(MEMBERS_OF_MINE, actor, chat_ids)

    async def admins(
        self, actor: Actor, chat_ids: Sequence[ChatId]
    ) -> dict[ChatId, list[AccountId]]:
        """See the port."""
        return await self._by_chat(ADMINS_OF_MINE, actor, chat_ids)

    async def may_write(self, actor: Actor, chat_id: ChatId) -> bool:
        """See the port."""
        return bool(await self._engine.read(rows(MAY_WRITE, actor.account_id, chat_id)))

    async def _by_chat(
        self, sql: str, actor: Actor, chat_ids: Sequence[ChatId]
    ) -> dict[ChatId, list[AccountId]]:
        found = await self._engine.read(rows(sql, actor.account_id, array(chat_ids)))
        by_chat: dict[ChatId, list[AccountId]] = {}
        for chat_id, account_id, *_ in found:
            by_chat.setdefault(chat_id, []).append(account_id)
        return by_chat

    async def card(
        self, chat_id: ChatId
    ) -> tuple[ChatKind, tuple[AccountId, ...], TeamId | None, bool] | None:
        """Kind, present members, team and whether it is encrypted, for the audience that delivery remembers."""
        found = await self._engine.read(rows(CARD, chat_id))
        if not found:
            return None
        members = tuple(each[1] for each in found if each[1] is not None)
        return ChatKind(found[0][0]), members, found[0][2], bool(found[0][3])


def pair(one: AccountId, other: AccountId, *, encrypted: bool = False) -> str:
    """The name of a direct chat: the same whoever begins, another for the encrypted one of the two."""
    return f"{min(one, other)}:{max(one, other)}{':encrypted' if encrypted else ''}"


def open_direct(actor: Actor, other: AccountId, new: NewGroup, now: int) -> Work[Chat]:
    """The one such direct chat of the two: made, or brought back with its history for who had left it."""
    me = actor.account_id
    yield from need_alive(other)
    found = yield from row(BY_PAIR, pair(me, other, encrypted=new.encrypted))
    if found is not None:
        chat = records.chat(found)
        returned = [each[0] for each in (yield from rows(WHO_LEFT, chat.id))]
        if not returned:
            return chat
        yield from run(RETURN_ALL, chat.id, array(returned))
        yield from run("UPDATE chats SET dormant = 0 WHERE id = ?", chat.id)
        told = tuple(returned)
    else:
        chat = yield from _insert(ChatKind.DIRECT, actor, new, now, other)
        yield from run(INSERT_MEMBER, chat.id, me, Role.OWNER.value, now)
        yield from run(INSERT_MEMBER, chat.id, other, Role.MEMBER.value, now)
        told = (me, other)
    event = ChatOpened(chat, (me, other), me, told, now, actor.connection)
    yield from record(event, now, chat_id=chat.id, accounts=told)
    return chat


def open_group(actor: Actor, new: NewGroup, limit: int, now: int) -> Work[Chat]:
    """A group of the creator and those who exist. Raises: BadInput("members"), TooMuch("members")."""
    others = yield from known_accounts(new.members, leave_out={actor.account_id})
    if not others:
        raise BadInput("members", "has nobody but the creator")
    if len(others) + 1 > limit:
        raise TooMuch("members")
    chat = yield from _insert(ChatKind.GROUP, actor, new, now, None)
    everybody = (actor.account_id, *others)
    yield from many(
        INSERT_MEMBER,
        [
            (chat.id, each, (Role.OWNER if each == actor.account_id else Role.MEMBER).value, now)
            for each in everybody
        ],
    )
    event = ChatOpened(chat, everybody, actor.account_id, everybody, now, actor.connection)
    yield from record(event, now, chat_id=chat.id, accounts=everybody)
    return chat


def open_channel(actor: Actor, new: NewGroup, now: int) -> Work[Chat]:
    """A channel of the creator and those who exist; however many, no event names too many of them."""
    me = actor.account_id
    others = yield from known_accounts(new.members, leave_out={me})
    chat = yield from _insert(ChatKind.CHANNEL, actor, new, now, None)
    chat = replace(chat, subscribers=len(others) + 1)
    yield from run(COUNT_IN, chat.subscribers, chat.id)
    yield from run(INSERT_MEMBER, chat.id, me, Role.OWNER.value, now)
    yield from many(INSERT_MEMBER, [(chat.id, each, Role.MEMBER.value, now) for each in others])
    everybody = (me, *others)
    for first in range(0, len(everybody), MOST_NAMED):
        told = everybody[first : first + MOST_NAMED]
        event = ChatOpened(chat, (), me, told, now, actor.connection)
        yield from record(event, now, chat_id=chat.id, accounts=told)
    return chat


def _insert(
    kind: ChatKind, actor: Actor, new: NewGroup, now: int, other: AccountId | None
) -> Work[Chat]:
    number = ChatId((yield from draw(now)))
    me = actor.account_id
    picture = yield from held_picture(actor, number, new.picture)
    chat = Chat(
        number, kind, me, now, now, new.name, new.description, picture, other, new.encrypted
    )
    name = None if other is None else pair(me, other, encrypted=new.encrypted)
    yield from run(
        INSERT_CHAT, number, kind.value, name, new.name, new.description, fold(new.name),
        records.as_json(picture), me, other, now, now, int(new.encrypted),
    )  # fmt: skip
    return chat


def list_chats(actor: Actor, page: Page) -> Work[list[ListedChat]]:
    """The actor's chats with what is unread and the newest message he sees.

    Clients page by date, so a page does not end between two chats of one date: it is longer then.
    """
    span = (
        actor.account_id,
        -1 if page.after is None else page.after,
        FAR_FUTURE if page.before is None else page.before,
    )
    if page.only is None:
        found = yield from rows(LATEST, *span, page.limit)
        if len(found) == page.limit:
            last_id, last_at = found[-1][0], found[-1][4]
            found += yield from rows(
                TIES, actor.account_id, last_at - 1, last_at + 1, last_id, MOST_TIES
            )
    else:
        found = yield from rows(NAMED, *span, array(page.only), page.limit)
    last_ids = [each[-1] for each in found if each[-1] is not None]
    last: dict[int, ListedMessage] = {}
    if last_ids:
        newest = yield from rows(BY_ID, array(last_ids))
        messages = yield from listed(actor.account_id, newest)
        last = {each.message.chat_id: each for each in messages}
    return [ListedChat(records.chat(each), max(each[-2], 0), last.get(each[0])) for each in found]
