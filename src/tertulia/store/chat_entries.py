"""Chats read whole, for those who find them in their lists: a few statements, however many they are."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from tertulia.core.access import may_moderate
from tertulia.core.chat_lists import ChatEntry, MemberSettings
from tertulia.core.chats import MOST_NAMED_MEMBERS
from tertulia.core.groups import GroupMember, GroupSettings
from tertulia.core.ids import AccountId, ChatId, FileId, MessageId, TeamId, TeamMemberId
from tertulia.core.message_model import MessageRef
from tertulia.core.model import ChatKind, File, Role
from tertulia.core.tasks import Task
from tertulia.core.team_model import (
    HOME_TEAM,
    NOTEBOT,
    NOTES_NAME,
    SYSTEM_NAME,
    SYSTEMBOT,
    Membership,
    Portrait,
    TeamMember,
    TeamStatus,
)
from tertulia.core.whole import WholeMessage
from tertulia.store import records
from tertulia.store.blocks import blocks_between
from tertulia.store.files import files_of
from tertulia.store.my_chats import IS_HIDDEN
from tertulia.store.tasks import tasks_of
from tertulia.store.team_records import HOME, TEAM_BY_ID, members_of_accounts, team
from tertulia.store.unread import standings_of
from tertulia.store.unread_terms import UNREAD_OF_PEOPLE
from tertulia.store.whole import whole_messages
from tertulia.store.work import Row, Work, array, row, rows

CHATS = f"""
SELECT {records.CHAT}, c.readonly,
    g.is_public, g.is_default, g.cleanup_s, g.section_id, g.version, f.id, f.width, f.height,
    c.importants, c.last_at
FROM chats c LEFT JOIN group_settings g ON g.chat_id = c.id
LEFT JOIN picture_files p ON p.holder_id = c.id
LEFT JOIN files f ON f.id = p.file_id AND f.width IS NOT NULL
WHERE c.id IN (SELECT CAST(each.value AS BIGINT) FROM json_each(?) AS each)
"""

CHAT_WIDTH = len(records.CHAT.split(","))

# Of pairs of chat and account. The newest message he sees is nearly always the newest there is.
KEPT = f"""
SELECT c.id, CAST(each.value ->> 1 AS BIGINT), b.role,
    CASE WHEN c.kind = 'channel' THEN 0 ELSE {UNREAD_OF_PEOPLE} END,
    CASE WHEN EXISTS (
        SELECT 1 FROM hidden h WHERE h.message_id = c.tail_id AND h.account_id = b.account_id
    ) THEN (
        SELECT m.id FROM messages m
        WHERE m.chat_id = c.id AND m.sent_at <= c.last_at AND m.deleted_at IS NULL AND NOT EXISTS (
            SELECT 1 FROM hidden h WHERE h.message_id = m.id AND h.account_id = b.account_id
        )
        ORDER BY m.sent_at DESC LIMIT 1
    ) ELSE c.tail_id END,
    {IS_HIDDEN}, s.is_pinned, s.pin_order, s.notifies, s.counts, s.is_collapsed, s.draft, s.draft_at,
    s.version, b.marked_at, b.mentioned
FROM json_each(?) AS each
JOIN chats c ON c.id = CAST(each.value ->> 0 AS BIGINT)
JOIN members b ON b.chat_id = c.id AND b.left_at IS NULL
    AND b.account_id = CAST(each.value ->> 1 AS BIGINT)
LEFT JOIN member_settings s ON s.chat_id = b.chat_id AND s.account_id = b.account_id
"""

MEMBERS_OF = """
SELECT m.chat_id, m.account_id, m.role, m.joined_at
FROM json_each(?) AS each
JOIN members m ON m.chat_id = CAST(each.value AS BIGINT) AND m.left_at IS NULL
ORDER BY m.chat_id, m.joined_at, m.account_id
"""

BOTS = f"""
SELECT h.account_id, h.kind FROM house_bots h WHERE h.kind IN ('{NOTEBOT}', '{SYSTEMBOT}')
"""


NOBODY_NAMED = (ChatKind.DIRECT, ChatKind.CHANNEL)
"""Chats whose members are not listed: there are two, or any number of readers."""


class Wanted(NamedTuple):
    """A chat that is to be read for somebody. `chat_id` None: it is not begun."""

    kind: ChatKind
    chat_id: ChatId | None
    partner_id: AccountId | None


class Asked(NamedTuple):
    """The same, with who asks."""

    membership: Membership
    wanted: Wanted


class _Read(NamedTuple):
    """What was read for all of them."""

    chats: Mapping[ChatId, Row]
    kept: Mapping[tuple[ChatId, AccountId], Row]
    marks: Mapping[tuple[ChatId, AccountId], MessageRef | None]
    wholes: Mapping[MessageId, WholeMessage]
    members: Mapping[ChatId, tuple[GroupMember, ...]]
    tasks: Mapping[ChatId, Task]
    files: Mapping[FileId, File]
    people: Mapping[AccountId, TeamMember]
    bots: Mapping[AccountId, str]
    blocked: Collection[tuple[AccountId, AccountId]]


def read_entries(
    membership: Membership, wanted: Sequence[Wanted], *, many_members: bool
) -> Work[list[ChatEntry]]:
    """Those chats for one member, in the same order. *many_members*: also of large groups all are named."""
    asked = [Asked(membership, each) for each in wanted]
    return (yield from _entries(membership.team.id, asked, None, many_members=many_members))


def entries_for(
    team_id: TeamId, chat_id: ChatId, accounts: Collection[AccountId]
) -> Work[dict[AccountId, ChatEntry]]:
    """One chat for many; who is not in the team or not in the chat is left out."""
    found = yield from rows(CHATS, array([chat_id]))
    its_team = (yield from row(TEAM_BY_ID, team_id)) if team_id != HOME_TEAM else None
    if not found or (its_team is None and team_id != HOME_TEAM):
        return {}
    chat = records.chat(found[0])
    if chat.encrypted or (
        chat.kind is not ChatKind.DIRECT and (chat.team_id or HOME_TEAM) != team_id
    ):
        return {}
    where = HOME if its_team is None else team(its_team)
    people = yield from members_of_accounts(team_id, [*accounts])
    asked = []
    for account_id in accounts:
        me = people.get(account_id)
        if me is not None and not me.is_archived:
            partner = None
            if chat.kind is ChatKind.DIRECT:
                partner = chat.other_id if chat.owner_id == account_id else chat.owner_id
            asked.append(Asked(Membership(where, me), Wanted(chat.kind, chat_id, partner)))
    entries = yield from _entries(team_id, asked, chat_id, many_members=False)
    return {
        each.membership.me.account_id: each
        for each in entries
        if each.role is not None or each.kind is ChatKind.DIRECT
    }


def _entries(
    team_id: TeamId, asked: Sequence[Asked], one_chat: ChatId | None, *, many_members: bool
) -> Work[list[ChatEntry]]:
    pairs = [
        (each.wanted.chat_id, each.membership.me.account_id)
        for each in asked
        if each.wanted.chat_id is not None
    ]
    read = yield from _read(team_id, asked, pairs, one_chat, many_members)
    return [_entry(each, read) for each in asked]


def _read(
    team_id: TeamId,
    asked: Sequence[Asked],
    pairs: Sequence[tuple[Any, AccountId]],
    one_chat: ChatId | None,
    many_members: bool,  # noqa: FBT001 - handed on
) -> Work[_Read]:
    ids = list({each[0] for each in pairs})
    chats = {ChatId(each[0]): each for each in (yield from rows(CHATS, array(ids)))}
    kept = {(each[0], each[1]): each for each in (yield from rows(KEPT, array(pairs)))}
    last = {MessageId(each[4]) for each in kept.values() if each[4] is not None}
    wholes = yield from whole_messages(list(last))
    kinds = {chat_id: ChatKind(each[1]) for chat_id, each in chats.items()}
    listed = [
        chat_id
        for chat_id, each in chats.items()
        if kinds[chat_id] not in NOBODY_NAMED and (many_members or each[10] <= MOST_NAMED_MEMBERS)
    ]
    members: dict[ChatId, list[GroupMember]] = {}
    if listed:
        for chat_id, account_id, role, joined_at in (yield from rows(MEMBERS_OF, array(listed))):
            leads = may_moderate(Role(role))
            members.setdefault(chat_id, []).append(GroupMember(account_id, leads, joined_at))
    tasks = yield from tasks_of([each for each in ids if kinds.get(each) is ChatKind.TASK])
    files = yield from files_of({file for each in tasks.values() for file in each.uploads})
    partners = {each.wanted.partner_id for each in asked} - {None}
    people = yield from members_of_accounts(
        team_id, [each for each in partners if each is not None]
    )
    bots: dict[AccountId, str] = {}
    if partners - people.keys() and team_id != HOME_TEAM:
        bots = dict((yield from rows(BOTS)))
    return _Read(
        chats,
        kept,
        (yield from _marks(asked, one_chat)),
        {each.message.id: each for each in wholes},
        {chat_id: tuple(each) for chat_id, each in members.items()},
        tasks,
        files,
        people,
        bots,
        (yield from _blocked(asked)),
    )


def _blocked(asked: Sequence[Asked]) -> Work[set[tuple[AccountId, AccountId]]]:
    """Who of them and of their partners may not write to each other."""
    pairs = [
        (each.membership.me.account_id, each.wanted.partner_id)
        for each in asked
        if each.wanted.partner_id is not None
    ]
    return (yield from blocks_between(pairs))


def _marks(
    asked: Sequence[Asked], one_chat: ChatId | None
) -> Work[dict[tuple[ChatId, AccountId], MessageRef | None]]:
    """Up to where those have read who have not read everything."""
    accounts = list(dict.fromkeys(each.membership.me.account_id for each in asked))
    if not accounts:
        return {}
    standings = yield from standings_of(accounts, one_chat)
    return {
        (behind.chat_id, each.account_id): behind.mark
        for each in standings
        for behind in each.behind
    }


def _entry(asked: Asked, read: _Read) -> ChatEntry:
    membership, wanted = asked
    partner = None
    if wanted.partner_id is not None:
        partner = read.people.get(wanted.partner_id) or _bot(membership, wanted.partner_id, read)
    is_blocked = (membership.me.account_id, wanted.partner_id) in read.blocked
    found = None if wanted.chat_id is None else read.chats.get(wanted.chat_id)
    if found is None:
        return ChatEntry(membership, wanted.kind, None, partner, is_blocked=is_blocked)
    chat = records.chat(found)
    readonly, is_public, is_default, cleanup_s, section_id, version = found[
        CHAT_WIDTH : CHAT_WIDTH + 6
    ]
    *picture, importants, last_at = found[CHAT_WIDTH + 6 :]
    key = (chat.id, membership.me.account_id)
    kept = read.kept.get(key)
    members = read.members.get(chat.id)
    task = read.tasks.get(chat.id)
    if chat.kind is ChatKind.DIRECT:
        members = ()
    last = None if kept is None or kept[4] is None else read.wholes.get(kept[4])
    # Who has read everything has read up to the newest message that he sees.
    mark = None if last is None else MessageRef(last.message.id, last.message.uid)
    return ChatEntry(
        membership=membership,
        kind=chat.kind,
        chat=chat,
        partner=partner,
        portrait=None if picture[0] is None else Portrait(*picture),
        role=None if kept is None or chat.kind is ChatKind.DIRECT else Role(kept[2]),
        settings=_settings(kept),
        group=GroupSettings(
            bool(is_public),
            bool(readonly) or chat.kind is ChatKind.CHANNEL,
            bool(is_default),
            cleanup_s,
            section_id,
            version or 0,
        ),
        task=task,
        files=_files(task, read),
        members=members,
        num_members=chat.subscribers or len(members or ()),
        unread=0 if kept is None else max(kept[3], 0),
        mentioned=0 if kept is None else kept[-1],
        importants=importants,
        last=last,
        last_at=last_at,
        mark=read.marks.get(key, mark),
        marked_at=0 if kept is None else kept[-2],
        is_blocked=is_blocked,
    )


def _files(task: Task | None, read: _Read) -> tuple[File, ...]:
    if task is None:
        return ()
    return tuple(read.files[each] for each in task.uploads if each in read.files)


def _settings(kept: Row | None) -> MemberSettings:
    if kept is None or kept[6] is None:
        return MemberSettings()
    hidden, pinned, order, notifies, counts, collapsed, draft, draft_at, version = kept[5:14]
    return MemberSettings(
        bool(hidden), bool(pinned), order, bool(notifies), bool(counts), bool(collapsed), draft,
        draft_at, version,
    )  # fmt: skip


def _bot(membership: Membership, account_id: AccountId, read: _Read) -> TeamMember | None:
    """One of the server's own bots, as this member finds it."""
    kind = read.bots.get(account_id)
    if kind is None:
        return None
    its_team, me = membership
    is_notes = kind == NOTEBOT
    return TeamMember(
        id=me.id if is_notes else TeamMemberId(its_team.id),
        team_id=its_team.id,
        account_id=account_id,
        status=TeamStatus.MEMBER,
        created_at=me.created_at if is_notes else its_team.created_at,
        version=int(me.id) if is_notes else int(its_team.id),
        first_name=NOTES_NAME if is_notes else SYSTEM_NAME,
        bot=kind,
    )
