"""Chats as members of teams find them. A page is cut from a list of small rows; only what is on it is read whole.

A direct chat with everybody in the team is on the list, begun or not, so the list is put together here
from two: the chats there are, and the people.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, NamedTuple

from tertulia.core.chat_lists import (
    ChatEntry,
    ChatFilter,
    DirectSeat,
    Order,
    SettingsChange,
    Unread,
)
from tertulia.core.histories import Target
from tertulia.core.ids import AccountId, ChatId, TeamId, drawn_at
from tertulia.core.model import Actor, ChatKind, Versions
from tertulia.core.team_model import NOTEBOT, SYSTEMBOT, Membership
from tertulia.core.text import fold
from tertulia.store.chat_entries import Wanted, entries_for, read_entries
from tertulia.store.chat_settings import settle
from tertulia.store.engine import Engine
from tertulia.store.home_team import DIRECT, GROUPS, OTHER
from tertulia.store.my_chats import CHANGED_AT, IS_HIDDEN, SHOWN
from tertulia.store.team_records import need_member
from tertulia.store.unread_sums import badge, unread_by_team
from tertulia.store.unread_terms import UNREAD_OF_PEOPLE
from tertulia.store.whereabouts import need_whereabouts
from tertulia.store.work import Row, Work, array, rows

# What is needed to choose and to sort: number, kind, the other one, name, the number of its newest message or
# its own, unread, whether there is a message, hidden, pinned, its place among the pinned, when it was changed,
# in part or whole, and when the member read there.
LIGHT = f"""
c.id, c.kind, {OTHER}, c.search_text, COALESCE(c.tail_id, c.id),
    CASE WHEN c.kind = 'channel' THEN 0 ELSE {UNREAD_OF_PEOPLE} END,
    CASE WHEN c.tail_id IS NULL THEN 0 ELSE 1 END,
    {IS_HIDDEN}, COALESCE(s.is_pinned, 0), COALESCE(s.pin_order, 0),
    {CHANGED_AT}, COALESCE(s.version, 0), b.marked_at
"""

SETTINGS = "LEFT JOIN member_settings s ON s.chat_id = c.id AND s.account_id = b.account_id"

# Of groups and of tasks.
PARTS = "COALESCE(g.version, 0), COALESCE(k.version, 0)"
PARTS_FROM = """
LEFT JOIN group_settings g ON g.chat_id = c.id LEFT JOIN tasks k ON k.chat_id = c.id
"""

LIGHT_IN_TEAM = f"""
SELECT {LIGHT}, {PARTS}
FROM members b JOIN chats c ON c.id = b.chat_id AND c.team_id = ? AND {SHOWN} {SETTINGS} {PARTS_FROM}
WHERE b.account_id = ? AND b.left_at IS NULL
"""

# With whom, whatever team: who is in this one is found out beside the people.
LIGHT_DIRECT = f"""
SELECT {LIGHT}, 0, 0
FROM members b JOIN chats c ON c.id = b.chat_id AND c.kind = 'direct' AND c.encrypted = 0 {SETTINGS}
WHERE b.account_id = ? AND b.left_at IS NULL
"""

LIGHT_AT_HOME = f"""
SELECT {LIGHT}, {PARTS}
FROM (SELECT c.id AS id {GROUPS} WHERE b.account_id = ? AND b.left_at IS NULL
    UNION ALL SELECT c.id {DIRECT}) AS mine
JOIN chats c ON c.id = mine.id
JOIN members b ON b.chat_id = c.id AND b.account_id = ? {SETTINGS} {PARTS_FROM}
"""

PEOPLE = """
SELECT t.account_id, t.created_at, a.first_name, a.last_name, a.login, t.version
FROM team_members t JOIN accounts a ON a.id = t.account_id AND a.bot = ''
WHERE t.team_id = ? AND t.archived_at IS NULL AND t.account_id <> ?
"""

HOUSE_BOTS = f"""
SELECT h.account_id, a.created_at, a.first_name, a.last_name, a.login, h.kind
FROM house_bots h JOIN accounts a ON a.id = h.account_id
WHERE h.kind IN ('{NOTEBOT}', '{SYSTEMBOT}')
"""

NAMES = """
SELECT a.id, a.created_at, a.first_name, a.last_name, a.login, a.id FROM accounts a
WHERE a.id IN (SELECT CAST(each.value AS BIGINT) FROM json_each(?) AS each)
"""

DIRECT_SEATS = f"""
SELECT DISTINCT c.id, b.account_id, {OTHER}
FROM json_each(?) AS each
JOIN members m ON m.account_id = CAST(each.value AS BIGINT)
JOIN chats c ON c.id = m.chat_id AND c.kind = 'direct' AND c.encrypted = 0
JOIN members b ON b.chat_id = c.id AND b.left_at IS NULL
JOIN accounts o ON o.id = {OTHER} AND o.bot = ''
"""

PUBLIC = """
SELECT g.chat_id FROM group_settings g JOIN chats c ON c.id = g.chat_id AND c.archived_at IS NULL
WHERE g.team_id = ? AND g.is_public = 1 AND NOT EXISTS (
    SELECT 1 FROM members m WHERE m.chat_id = g.chat_id AND m.account_id = ? AND m.left_at IS NULL
)
ORDER BY g.chat_id DESC
"""


class Listed(NamedTuple):
    """A chat that may come on the page. `chat_id` None: a direct chat that is not begun.

    `at`: the time of its newest message; without any when it came to be. The last six: as in `Versions`.
    """

    chat_id: ChatId | None
    kind: ChatKind
    partner_id: AccountId | None
    name: str
    at: int
    unread: int = 0
    has_messages: bool = False
    is_hidden: bool = False
    is_pinned: bool = False
    pin_order: int = 0
    changed_at: int = 0
    settings: int = 0
    marked_at: int = 0
    group: int = 0
    task: int = 0
    partner: int = 0


class SqlChatLists:
    """`core.chat_lists.ChatListStore` over an engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def listed(
        self, actor: Actor, team_id: TeamId, wish: ChatFilter
    ) -> tuple[list[ChatEntry], int]:
        """See the port."""
        return await self._engine.scan(list_team_chats(actor, team_id, wish))

    async def entry(self, actor: Actor, team_id: TeamId, target: Target) -> ChatEntry:
        """See the port."""
        return await self._engine.read(one_entry(actor, team_id, target))

    async def several(
        self, actor: Actor, team_id: TeamId, kind: ChatKind, chat_ids: Sequence[ChatId]
    ) -> list[ChatEntry]:
        """See the port."""
        return await self._engine.scan(several(actor, team_id, kind, chat_ids))

    async def entries(
        self, team_id: TeamId, chat_id: ChatId, accounts: Collection[AccountId]
    ) -> Mapping[AccountId, ChatEntry]:
        """See the port."""
        return await self._engine.scan(entries_for(team_id, chat_id, accounts))

    async def direct_seats(self, accounts: Collection[AccountId]) -> list[DirectSeat]:
        """See the port."""
        found = await self._engine.scan(rows(DIRECT_SEATS, array([*accounts])))
        return [DirectSeat(*each) for each in found]

    async def groups(self, actor: Actor, team_id: TeamId) -> list[ChatEntry]:
        """See the port."""
        return await self._engine.scan(my_groups(actor, team_id))

    async def public_groups(self, actor: Actor, team_id: TeamId) -> list[ChatEntry]:
        """See the port."""
        return await self._engine.scan(public_groups(actor, team_id))

    async def settle(
        self, actor: Actor, team_id: TeamId, target: Target, change: SettingsChange, now: int
    ) -> None:
        """See the port."""
        await self._engine.write(settle(actor, team_id, target, change, now))

    async def unread(self, account_id: AccountId) -> Mapping[TeamId, Mapping[ChatKind, Unread]]:
        """See the port."""
        return await self._engine.read(unread_by_team(account_id))

    async def badge(self, account_id: AccountId) -> int:
        """See the port."""
        return await self._engine.read(badge(account_id))


def list_team_chats(
    actor: Actor, team_id: TeamId, wish: ChatFilter
) -> Work[tuple[list[ChatEntry], int]]:
    """The page, and how many there are."""
    membership = yield from need_member(team_id, actor.account_id)
    found = yield from _all(membership, wish)
    chosen = sorted((each for each in found if _is_wanted(each, wish)), key=_place(wish))
    page = chosen[wish.offset : wish.offset + wish.limit]
    entries = yield from _read(membership, page, many_members=False)
    return entries, len(chosen)


def _all(membership: Membership, wish: ChatFilter) -> Work[list[Listed]]:
    """Everything that the reader has in the team, as far as its kinds are wanted."""
    team, me = membership.team, membership.me.account_id
    if team.is_home:
        found = yield from rows(LIGHT_AT_HOME, me, me, me)
        partners = [each[2] for each in found if each[2] is not None]
        names = yield from rows(NAMES, array(partners))
        people = {each[0]: each for each in names}
        return [_listed(each, people) for each in found]
    listed = []
    if wish.kinds is None or set(wish.kinds) - {ChatKind.DIRECT}:
        listed += [_listed(each, {}) for each in (yield from rows(LIGHT_IN_TEAM, team.id, me))]
    if wish.kinds is None or ChatKind.DIRECT in wish.kinds:
        listed += yield from _direct(membership)
    return listed


def _direct(membership: Membership) -> Work[list[Listed]]:
    """One with everybody in the team, and with the server's bots."""
    me = membership.me
    people = {
        each[0]: each for each in (yield from rows(PEOPLE, membership.team.id, me.account_id))
    }
    people |= {each[0]: _bot(membership, each) for each in (yield from rows(HOUSE_BOTS))}
    begun = {
        each[2]: _listed(each, people)
        for each in (yield from rows(LIGHT_DIRECT, me.account_id))
        if each[2] in people
    }
    listed = []
    for account_id, each in people.items():
        met_at = max(each[1], me.created_at)
        found = begun.get(account_id) or Listed(
            None, ChatKind.DIRECT, account_id, _name(each), met_at,
            changed_at=met_at, partner=each[5],
        )  # fmt: skip
        listed.append(found if found.has_messages else found._replace(at=met_at))
    return listed


def _bot(membership: Membership, found: Row) -> Row:
    """As `chat_entries` finds one of the server's bots: notes are as old as their owner's entry in the team."""
    of = membership.me if found[5] == NOTEBOT else membership.team
    return (found[0], of.created_at, *found[2:5], int(of.id))


def _listed(row: Row, people: Mapping[AccountId, Row]) -> Listed:
    chat_id, kind, partner, name, newest, unread, has_messages, hidden, pinned, order = row[:10]
    changed_at, settings, marked_at, group, task = row[10:]
    version = 0
    if kind == ChatKind.DIRECT:
        name = ""
        if partner in people:
            name, version = _name(people[partner]), people[partner][5]
    else:
        partner = None
    return Listed(
        ChatId(chat_id), ChatKind(kind), partner, name, drawn_at(newest), max(unread, 0),
        bool(has_messages), bool(hidden), bool(pinned), order, changed_at, settings, marked_at,
        group, task, version,
    )  # fmt: skip


def _name(person: Row) -> str:
    """What somebody is found and sorted by."""
    return fold(f"{person[2]} {person[3]}".strip() or person[4])


def _is_wanted(each: Listed, wish: ChatFilter) -> bool:
    if wish.kinds is not None and each.kind not in wish.kinds:
        return False
    if wish.hidden is not None and each.is_hidden != wish.hidden:
        return False
    if wish.unread_only and not each.unread:
        return False
    if wish.has_activity and not each.has_messages:
        return False
    if wish.text and fold(wish.text) not in each.name:
        return False
    return wish.is_new is None or wish.is_new(_versions(each))


def _versions(each: Listed) -> Versions:
    """As `ChatEntry.versions`, without the entry."""
    return Versions(
        each.chat_id or 0, each.changed_at, each.group, each.task, each.partner, each.settings,
        each.marked_at,
    )  # fmt: skip


def _place(wish: ChatFilter) -> Callable[[Listed], tuple[Any, ...]]:
    """Where a chat stands in the order that is wanted."""

    def place(each: Listed) -> tuple[Any, ...]:
        number = each.chat_id or each.partner_id or 0
        order = each.pin_order if each.is_pinned else 0
        first = (wish.unread_first and not each.unread, not each.is_pinned, order)
        match wish.order:
            case Order.NEWEST:
                return (*first, -each.at, -number)
            case Order.OLDEST:
                return (*first, each.at, number)
            case Order.NAME:
                return (*first, each.kind is ChatKind.DIRECT, each.name, number)

    return place


def _read(
    membership: Membership, page: Sequence[Listed], *, many_members: bool
) -> Work[list[ChatEntry]]:
    wanted = [Wanted(each.kind, each.chat_id, each.partner_id) for each in page]
    return (yield from read_entries(membership, wanted, many_members=many_members))


def one_entry(actor: Actor, team_id: TeamId, target: Target) -> Work[ChatEntry]:
    """One chat; a public group also to who is not in it."""
    where = yield from need_whereabouts(actor, team_id, target, may_only_see_card=True)
    membership = yield from need_member(team_id, actor.account_id)
    wanted = [Wanted(where.kind, where.chat_id, where.partner_id)]
    (entry,) = yield from read_entries(membership, wanted, many_members=True)
    return entry


def several(
    actor: Actor, team_id: TeamId, kind: ChatKind, chat_ids: Sequence[ChatId]
) -> Work[list[ChatEntry]]:
    """Those chats, in the same order."""
    membership = yield from need_member(team_id, actor.account_id)
    wanted = [Wanted(kind, each, None) for each in chat_ids]
    return (yield from read_entries(membership, wanted, many_members=False))


def my_groups(actor: Actor, team_id: TeamId) -> Work[list[ChatEntry]]:
    """Newest message first, with members."""
    membership = yield from need_member(team_id, actor.account_id)
    wish = ChatFilter(kinds=(ChatKind.GROUP,), hidden=None)
    found = [each for each in (yield from _all(membership, wish)) if _is_wanted(each, wish)]
    found.sort(key=lambda each: (-each.at, -(each.chat_id or 0)))
    return (yield from _read(membership, found, many_members=False))


def public_groups(actor: Actor, team_id: TeamId) -> Work[list[ChatEntry]]:
    """Those that the actor may join."""
    membership = yield from need_member(team_id, actor.account_id)
    if membership.me.status == "guest":
        return []
    found = yield from rows(PUBLIC, team_id, actor.account_id)
    wanted = [Wanted(ChatKind.GROUP, ChatId(each[0]), None) for each in found]
    return (yield from read_entries(membership, wanted, many_members=False))
