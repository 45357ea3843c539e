"""Chats: opening them, lists, members. Changing and leaving are in `membership`."""

from collections.abc import Sequence

from tertulia.core.errors import BadInput, TooMuch
from tertulia.core.events import ChatOpened
from tertulia.core.ids import AccountId, ChatId
from tertulia.core.model import (
    Actor,
    Chat,
    ChatChange,
    ChatKind,
    ListedChat,
    ListedMessage,
    NewGroup,
    Page,
    Role,
)
from tertulia.core.text import containing, fold
from tertulia.store import records
from tertulia.store.directory import known_accounts, need_alive
from tertulia.store.engine import Engine
from tertulia.store.log import record
from tertulia.store.membership import change_chat, leave
from tertulia.store.messages import BY_ID, FAR_FUTURE, listed
from tertulia.store.work import Work, array, draw, many, row, rows, run

INSERT_CHAT = """
INSERT INTO chats (id, kind, pair, name, description, search_text, picture, owner_id, other_id,
    created_at, updated_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""

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

SEARCH = rf"""
SELECT {records.CHAT}
FROM members b JOIN chats c ON c.id = b.chat_id
WHERE b.account_id = ? AND b.left_at IS NULL AND c.kind = 'group'
    AND c.search_text LIKE ? ESCAPE '\' AND c.updated_at > ?
ORDER BY c.updated_at DESC, c.id DESC LIMIT ?
"""

MEMBERS_OF_MINE = """
SELECT m.chat_id, m.account_id
FROM members b JOIN members m ON m.chat_id = b.chat_id
WHERE b.account_id = ? AND b.left_at IS NULL
    AND b.chat_id IN (SELECT CAST(each.value AS BIGINT) FROM json_each(?) AS each)
ORDER BY m.chat_id, m.joined_at, m.account_id
"""

CARD = """
SELECT c.kind, m.account_id
FROM chats c LEFT JOIN members m ON m.chat_id = c.id AND m.left_at IS NULL
WHERE c.id = ?
"""


class SqlChats:
    """`core.ports.ChatStore` over an engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def open_direct(self, actor: Actor, other: AccountId, new: NewGroup, now: int) -> Chat:
        """See the port."""
        return await self._engine.write(open_direct(actor, other, new, now))

    async def open_group(self, actor: Actor, new: NewGroup, limit: int, now: int) -> Chat:
        """See the port."""
        return await self._engine.write(open_group(actor, new, limit, now))

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
        found = await self._engine.read(rows(MEMBERS_OF_MINE, actor.account_id, array(chat_ids)))
        members: dict[ChatId, list[AccountId]] = {}
        for chat_id, account_id in found:
            members.setdefault(chat_id, []).append(account_id)
        return members

    async def card(self, chat_id: ChatId) -> tuple[ChatKind, tuple[AccountId, ...]] | None:
        """Kind and present members, for the audience that delivery remembers."""
        found = await self._engine.read(rows(CARD, chat_id))
        if not found:
            return None
        return ChatKind(found[0][0]), tuple(each[1] for each in found if each[1] is not None)


def pair(one: AccountId, other: AccountId) -> str:
    """The name of a direct chat: the same whoever begins."""
    return f"{min(one, other)}:{max(one, other)}"


def open_direct(actor: Actor, other: AccountId, new: NewGroup, now: int) -> Work[Chat]:
    """The one direct chat of the two: made, or brought back with its history for who had left it."""
    me = actor.account_id
    yield from need_alive(other)
    found = yield from row(BY_PAIR, pair(me, other))
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


def _insert(
    kind: ChatKind, actor: Actor, new: NewGroup, now: int, other: AccountId | None
) -> Work[Chat]:
    number = ChatId((yield from draw(now)))
    chat = Chat(
        number, kind, actor.account_id, now, now, new.name, new.description, new.picture, other
    )
    yield from run(
        INSERT_CHAT, number, kind.value, None if other is None else pair(actor.account_id, other),
        new.name, new.description, fold(new.name), records.as_json(new.picture), actor.account_id,
        other, now, now,
    )  # fmt: skip
    return chat


def list_chats(actor: Actor, page: Page) -> Work[list[ListedChat]]:
    """The actor's chats with what is unread and the newest message he sees."""
    span = (
        actor.account_id,
        -1 if page.after is None else page.after,
        FAR_FUTURE if page.before is None else page.before,
    )
    if page.only is None:
        found = yield from rows(LATEST, *span, page.limit)
    else:
        found = yield from rows(NAMED, *span, array(page.only), page.limit)
    last_ids = [each[10] for each in found if each[10] is not None]
    last: dict[int, ListedMessage] = {}
    if last_ids:
        newest = yield from rows(BY_ID, array(last_ids))
        messages = yield from listed(actor.account_id, newest)
        last = {each.message.chat_id: each for each in messages}
    return [ListedChat(records.chat(each), max(each[9], 0), last.get(each[0])) for each in found]
