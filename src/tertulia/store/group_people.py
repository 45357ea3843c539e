"""Who is in a team's group: looked up, brought in, put out, risen, fallen; who comes in by himself."""

from collections.abc import Sequence
from dataclasses import replace

from tertulia.core.access import may_moderate
from tertulia.core.errors import BadInput, NotAllowed, NotFound
from tertulia.core.groups import GroupMember
from tertulia.core.ids import AccountId, ChatId, TeamId
from tertulia.core.model import Actor, Chat, Role
from tertulia.core.team_model import HOME_TEAM
from tertulia.store.found_groups import need_all, need_group, need_led
from tertulia.store.membership import RANK, find_chat, is_member
from tertulia.store.team_groups import add_members, remove_member, tell_all, touch
from tertulia.store.work import Work, many, row, rows, run

MEMBERS = """
SELECT m.account_id, m.role, m.joined_at FROM members m
WHERE m.chat_id = ? AND m.left_at IS NULL ORDER BY m.joined_at, m.account_id
"""

NEW_OWNER = "UPDATE chats SET owner_id = ? WHERE id = ?"

OTHER_LEADER = """
SELECT m.account_id FROM members m
WHERE m.chat_id = ? AND m.role <> 'member' AND m.account_id <> ?
ORDER BY m.joined_at, m.account_id LIMIT 1
"""


def members(actor: Actor, team_id: TeamId, chat_id: ChatId) -> Work[list[GroupMember]]:
    """Who is in it."""
    group = yield from need_group(actor, team_id, chat_id)
    if not group.may_look:
        raise NotAllowed("see the group")
    return (yield from group_members(chat_id))


def group_members(chat_id: ChatId) -> Work[list[GroupMember]]:
    """Who is in a chat, oldest first; nobody's rights are looked at."""
    found = yield from rows(MEMBERS, chat_id)
    return [GroupMember(each[0], may_moderate(Role(each[1])), each[2]) for each in found]


def put_members(
    actor: Actor,
    team_id: TeamId,
    chat_id: ChatId,
    members: Sequence[tuple[AccountId, Role]],
    now: int,
) -> Work[None]:
    """Who is not in it comes in, who is has this role from now on."""
    group = yield from need_led(actor, team_id, chat_id)
    if team_id == HOME_TEAM:
        raise NotAllowed("lead the group")
    yield from need_all(team_id, members)
    present = {each.account_id: each.leads for each in (yield from group_members(chat_id))}
    newcomers = [(each, role) for each, role in members if each not in present]
    ranked = [
        (each, role)
        for each, role in dict(members).items()
        if each in present and present[each] != may_moderate(role)
    ]
    chat = group.chat
    for account_id, role in ranked:
        if role is Role.MEMBER and account_id == chat.owner_id:
            chat = yield from _hand_over(chat)
    yield from many(RANK, [(role.value, chat_id, each) for each, role in ranked])
    if newcomers:
        chat = yield from add_members(actor, chat, newcomers, now)
    elif ranked:
        yield from tell_all(actor, (yield from touch(chat, now)), now)


def _hand_over(chat: Chat) -> Work[Chat]:
    """Another leader owns the group. Raises: BadInput("group status") when there is none."""
    found = yield from row(OTHER_LEADER, chat.id, chat.owner_id)
    if found is None:
        raise BadInput("group status", "would leave the group without an admin")
    yield from run(RANK, Role.OWNER.value, chat.id, found[0])
    yield from run(NEW_OWNER, found[0], chat.id)
    return replace(chat, owner_id=found[0])


def drop_member(
    actor: Actor, team_id: TeamId, chat_id: ChatId, account_id: AccountId, now: int
) -> Work[None]:
    """Out of it."""
    group = yield from need_group(actor, team_id, chat_id)
    if not group.may_look:
        raise NotAllowed("see the group")
    if account_id != actor.account_id and not group.leads:
        raise NotAllowed("lead the group")
    if account_id == actor.account_id and group.role is None:
        raise NotFound("member")
    if not (yield from is_member(chat_id, account_id)):
        raise NotFound("member")
    yield from remove_member(actor, group.chat, account_id, now)


def join(actor: Actor, team_id: TeamId, chat_id: ChatId, now: int) -> Work[None]:
    """Into a public one."""
    group = yield from need_group(actor, team_id, chat_id)
    if group.role is not None:
        return
    if not group.may_come:
        raise NotAllowed("join the group")
    chat = yield from find_chat(chat_id)
    assert chat is not None, "it was read in this transaction"
    yield from add_members(actor, chat, [(actor.account_id, Role.MEMBER)], now)
