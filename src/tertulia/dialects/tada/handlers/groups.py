"""Groups of a team: make, list, set up, delete, and who is in them (later clients)."""

from dataclasses import replace
from typing import Any

from tertulia.core.errors import NotFound
from tertulia.core.groups import GroupSettings, NewTeamGroup
from tertulia.core.histories import Target
from tertulia.core.ids import AccountId, ChatId
from tertulia.core.model import Keep
from tertulia.core.team_model import Membership, TeamMember
from tertulia.core.team_rights import need_more_than_guest
from tertulia.dialects.tada import errors, ids
from tertulia.dialects.tada.chats import archived, group_membership
from tertulia.dialects.tada.contacts import contact_jid
from tertulia.dialects.tada.fields import Fields
from tertulia.dialects.tada.handlers import chats
from tertulia.dialects.tada.handlers.contacts import need_contact_at
from tertulia.dialects.tada.handlers.icons import taken_picture
from tertulia.dialects.tada.handlers.teams import need_team
from tertulia.dialects.tada.icons import portrait_icons, stub_icons
from tertulia.dialects.tada.ids import Kind
from tertulia.dialects.tada.limits import MAX_GROUP_TITLE
from tertulia.dialects.tada.people import people_in_chats
from tertulia.dialects.tada.request import Call
from tertulia.dialects.tada.routes import Operation
from tertulia.dialects.tada.wire.icons import Icons

STATUSES = ("admin", "member")
MOST_MEMBERS = 10_000
"""That one request names."""


def group_id(call: Call) -> ChatId:
    """The group in the path. Raises: NotFound("chat")."""
    return ChatId(ids.need_jid(call.path["jid"], Kind.GROUP).number)


async def listed(call: Call) -> list[dict[str, Any]]:
    """`GET …/groups`: one's own, with their members."""
    membership = await need_team(call)
    found = await call.core.chat_lists.groups(call.actor, membership.team.id)
    return await chats.said(call, membership, found)


async def public(call: Call) -> list[dict[str, Any]]:
    """`GET …/groups/public`: those that one is not in and may join."""
    membership = await need_team(call)
    found = await call.core.chat_lists.public_groups(call.actor, membership.team.id)
    return await chats.said(call, membership, found)


async def create(call: Call) -> dict[str, Any]:
    """`POST …/groups`: a new one, led by the caller."""
    membership = await need_team(call)
    need_more_than_guest(membership.me)
    form = await call.fields()
    name = form.need_text("display_name", most=MAX_GROUP_TITLE)
    wish = await chats.group_change(call, membership, form)
    members = await _members(call, membership, form)
    form.check()
    settings = GroupSettings(
        wish.is_public or False,
        wish.is_readonly or False,
        wish.is_default or False,
        wish.cleanup_s or None,
        None if isinstance(wish.section_id, Keep) else wish.section_id,
    )
    new = NewTeamGroup(name, wish.description or "", settings)
    team_id = membership.team.id
    made = await call.core.groups.create(call.actor, team_id, new, members)
    return await chats.one(call, membership, Target(chat_id=made.id))


async def _members(
    call: Call, membership: Membership, form: Fields
) -> list[tuple[AccountId, bool]]:
    """`members`: who, and whether he leads."""
    found = []
    for each in form.objects("members", most_items=MOST_MEMBERS) or []:
        entry = await _member(call, membership, each)
        if entry is not None:
            found.append(entry)
    return found


async def _member(
    call: Call, membership: Membership, form: Fields
) -> tuple[AccountId, bool] | None:
    """`jid` and `status` of one; None when something is wrong, and noted."""
    jid = form.need_text("jid")
    status = form.choice("status", STATUSES)
    contact = await find_member(call, membership, jid) if jid else None
    if jid and (contact is None or contact.is_archived or contact.bot):
        form.note("jid", errors.no_choice(jid))
        return None
    return None if contact is None else (contact.account_id, status == "admin")


async def find_member(call: Call, membership: Membership, jid: str) -> TeamMember | None:
    """The contact of that jid; None: the team has none such."""
    found = ids.read_jid(jid)
    if found is None:
        return None
    try:
        return await need_contact_at(call, membership, found)
    except NotFound:
        return None


async def read(call: Call) -> dict[str, Any]:
    """`GET …/groups/{jid}`."""
    membership = await need_team(call)
    return await chats.one(call, membership, Target(chat_id=group_id(call)))


async def change(call: Call) -> dict[str, Any]:
    """`PUT …/groups/{jid}`: what is given is set."""
    membership = await need_team(call)
    number, team_id = group_id(call), membership.team.id
    await _need_led(call, membership, number)
    form = await call.fields()
    wish = await chats.group_change(call, membership, form)
    form.check()
    await call.core.groups.change(call.actor, team_id, number, wish)
    return await chats.one(call, membership, Target(chat_id=number))


async def _need_led(call: Call, membership: Membership, number: ChatId) -> None:
    """Whether there is such a group, and whether one leads it, comes before what one asks for."""
    await call.core.groups.need_led(call.actor, membership.team.id, number)


async def archive(call: Call) -> dict[str, Any]:
    """`DELETE …/groups/{jid}`: gone for everybody; the group as it was."""
    membership = await need_team(call)
    number = group_id(call)
    said = await chats.one(call, membership, Target(chat_id=number))
    gone = await call.core.groups.archive(call.actor, membership.team.id, number)
    return archived(said, gone)


async def members(call: Call) -> dict[str, Any]:
    """`GET …/groups/{jid}/members`."""
    membership = await need_team(call)
    return {"members": await _memberships(call, membership, group_id(call))}


async def _memberships(
    call: Call, membership: Membership, number: ChatId, only: AccountId | None = None
) -> list[dict[str, Any]]:
    """Who is in the group, or one of them."""
    team_id = membership.team.id
    found = await call.core.groups.members(call.actor, team_id, number)
    entry = await call.core.chat_lists.entry(call.actor, team_id, Target(chat_id=number))
    entry = replace(entry, members=tuple(found))
    people = await people_in_chats(call.desk, membership, [entry])
    return [
        group_membership(entry, each, people.jid)
        for each in found
        if only is None or each.account_id == only
    ]


async def add_members(call: Call) -> dict[str, Any]:
    """`POST …/groups/{jid}/members`: one, or several as `members`."""
    membership = await need_team(call)
    number, team_id = group_id(call), membership.team.id
    await _need_led(call, membership, number)
    form = await call.fields()
    if form.given("members"):
        wanted = await _members(call, membership, form)
        form.check()
        await call.core.groups.put_members(call.actor, team_id, number, wanted)
        among = {each for each, _ in wanted}
        found = await _memberships(call, membership, number)
        jids = await _jids(call, membership, among)
        return {"members": [each for each in found if each["jid"] in jids]}
    one = await _member(call, membership, form)
    form.check()
    assert one is not None, "what is wrong is noted"
    await call.core.groups.put_members(call.actor, team_id, number, [one])
    (shown,) = await _memberships(call, membership, number, one[0])
    return shown


async def _jids(call: Call, membership: Membership, accounts: set[AccountId]) -> set[str]:
    entries = await call.core.teams.contact_of(membership.team.id, list(accounts))
    return {contact_jid(each) for each in entries.values()}


async def read_member(call: Call) -> dict[str, Any]:
    """`GET …/groups/{jid}/members/{member}`."""
    membership = await need_team(call)
    number = group_id(call)
    await call.core.groups.members(call.actor, membership.team.id, number)
    contact = await _need_contact(call, membership)
    found = await _memberships(call, membership, number, contact.account_id)
    if not found:
        raise NotFound("member")
    return found[0]


async def _need_contact(call: Call, membership: Membership) -> TeamMember:
    found = await find_member(call, membership, call.path["member"])
    if found is None:
        raise NotFound("member")
    return found


async def change_member(call: Call) -> dict[str, Any]:
    """`PUT …/groups/{jid}/members/{member}`: whether he leads it."""
    membership = await need_team(call)
    number = group_id(call)
    await _need_led(call, membership, number)
    contact = await _need_contact(call, membership)
    if not await _memberships(call, membership, number, contact.account_id):
        raise NotFound("member")
    form = await call.fields()
    status = form.need_choice("status", STATUSES)
    form.check()
    wanted = [(contact.account_id, status == "admin")]
    await call.core.groups.put_members(call.actor, membership.team.id, number, wanted)
    (shown,) = await _memberships(call, membership, number, contact.account_id)
    return shown


async def remove_member(call: Call) -> dict[str, Any]:
    """`DELETE …/groups/{jid}/members/{member}`: put out; oneself: leave."""
    membership = await need_team(call)
    number = group_id(call)
    await call.core.groups.members(call.actor, membership.team.id, number)
    contact = await _need_contact(call, membership)
    await call.core.groups.drop_member(call.actor, membership.team.id, number, contact.account_id)
    return {}


async def join(call: Call) -> dict[str, Any]:
    """`POST …/groups/public/{jid}/join`: come into a public one."""
    membership = await need_team(call)
    number = group_id(call)
    await call.core.groups.join(call.actor, membership.team.id, number)
    return await chats.one(call, membership, Target(chat_id=number))


async def set_icons(call: Call) -> Icons:
    """`POST …/groups/{jid}/icons`: its picture from now on."""
    membership = await need_team(call)
    number = group_id(call)
    await _need_led(call, membership, number)
    portrait = await taken_picture(call)
    await call.core.groups.set_portrait(call.actor, membership.team.id, number, portrait.file_id)
    return portrait_icons(call.desk, call.view, portrait)


async def remove_icons(call: Call) -> Icons:
    """`DELETE …/groups/{jid}/icons`: the generated picture again, also when there was no other."""
    membership = await need_team(call)
    number, team_id = group_id(call), membership.team.id
    await call.core.groups.set_portrait(call.actor, team_id, number, None)
    entry = await call.core.chat_lists.entry(call.actor, team_id, Target(chat_id=number))
    assert entry.chat is not None, "a group is there"
    uuid = ids.to_uuid(Kind.GROUP, number)
    return stub_icons(call.desk, call.view, uuid, entry.chat.name)


ALL = "/teams/{team}/groups"
ONE = f"{ALL}/{{jid}}"

OPERATIONS = (
    Operation("GET", ALL, listed),
    Operation("POST", ALL, create),
    Operation("GET", f"{ALL}/public", public),
    Operation("POST", f"{ALL}/public/{{jid}}/join", join),
    Operation("GET", ONE, read),
    Operation("PUT", ONE, change),
    Operation("POST", ONE, change),
    Operation("DELETE", ONE, archive),
    Operation("GET", f"{ONE}/members", members),
    Operation("POST", f"{ONE}/members", add_members),
    Operation("GET", f"{ONE}/members/{{member}}", read_member),
    Operation("PUT", f"{ONE}/members/{{member}}", change_member),
    Operation("POST", f"{ONE}/members/{{member}}", change_member),
    Operation("DELETE", f"{ONE}/members/{{member}}", remove_member),
    Operation("POST", f"{ONE}/icons", set_icons),
    Operation("DELETE", f"{ONE}/icons", remove_icons),
)
