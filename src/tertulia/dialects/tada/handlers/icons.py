"""Pictures of teams and contacts: uploaded, removed, shown (Tada document, Команды: icons)."""

from starlette.responses import Response

from tertulia.core.errors import NotAllowed, NotFound
from tertulia.core.portraits import MAX_BYTES
from tertulia.core.team_model import Membership, Portrait, TeamMember
from tertulia.core.team_rights import may_manage, need_manager
from tertulia.dialects.tada import errors
from tertulia.dialects.tada.addresses import file_in
from tertulia.dialects.tada.contacts import Eyes, member_icons, member_name
from tertulia.dialects.tada.handlers.contacts import need_contact
from tertulia.dialects.tada.handlers.teams import need_team
from tertulia.dialects.tada.icons import portrait_icons
from tertulia.dialects.tada.request import Call
from tertulia.dialects.tada.routes import Access, Operation, Place
from tertulia.dialects.tada.teams import team_icons
from tertulia.dialects.tada.wire.icons import Icons

FOREVER = {
    "cache-control": "public, max-age=31536000, immutable",
    "x-content-type-options": "nosniff",
    "access-control-allow-origin": "*",
    "cross-origin-resource-policy": "cross-origin",
}


async def taken_picture(call: Call) -> Portrait:
    """The picture in the field `file` of the body, kept; nobody's yet. Rights are tested before.

    Raises:
        InvalidData: "file": there is none, or it is no picture that we can read.
    """
    incoming = await call.file()
    if incoming is None or incoming.size_bytes > MAX_BYTES:
        raise errors.invalid("file", errors.WRONG_FILE)
    return await call.core.portraits.take(call.actor, await incoming.read())


async def set_team_icons(call: Call) -> Icons:
    """`POST …/icons`: the team's picture from now on."""
    membership = await need_team(call)
    need_manager(membership.me)
    portrait = await taken_picture(call)
    team = membership.team.id
    await call.core.teams.set_portrait(call.actor, team, portrait.file_id)
    return portrait_icons(call.desk, call.view, portrait)


async def remove_team_icons(call: Call) -> Icons:
    """`DELETE …/icons`: the generated picture again, also when there was no other."""
    membership = await need_team(call)
    need_manager(membership.me)
    bare = await call.core.teams.set_portrait(call.actor, membership.team.id, None)
    return team_icons(call.desk, call.view, bare.team)


async def set_contact_icons(call: Call) -> Icons:
    """`POST …/contacts/{jid}/icons`: one's own picture, or one that a manager gives a member."""
    membership, member = await _need_holder(call)
    portrait = await taken_picture(call)
    team = membership.team.id
    await call.core.teams.set_member_portrait(call.actor, team, member.id, portrait.file_id)
    return portrait_icons(call.desk, call.view, portrait)


async def remove_contact_icons(call: Call) -> Icons:
    """`DELETE …/contacts/{jid}/icons`."""
    membership, member = await _need_holder(call)
    team = membership.team
    bare = await call.core.teams.set_member_portrait(call.actor, team.id, member.id, None)
    eyes = Eyes(call.desk, call.view, *membership)
    return member_icons(eyes, bare, member_name(team, bare))


async def _need_holder(call: Call) -> tuple[Membership, TeamMember]:
    membership = await need_team(call)
    member = await need_contact(call, membership)
    is_me = member.account_id == membership.me.account_id
    if member.bot or not (is_me or may_manage(membership.me, member)):
        raise NotAllowed("change the picture")
    return membership, member


async def small(call: Call) -> Response:
    """`/u/{folder}/p/256.jpg`: the square copy of a picture."""
    return await _copy(call, square=True)


async def large(call: Call) -> Response:
    """`/u/{folder}/p/1x.jpg`: the large one."""
    return await _copy(call, square=False)


async def _copy(call: Call, *, square: bool) -> Response:
    file_id = file_in(call.desk.key, call.path["folder"])
    if file_id is None:
        raise NotFound("picture")
    stored = await call.core.portraits.shown(file_id, square=square)
    try:
        content = await stored.read(0, stored.size_bytes)
    finally:
        stored.close()
    return Response(bytes(content), media_type="image/jpeg", headers=FOREVER)


TEAM = "/teams/{team}/icons"
CONTACT = "/teams/{team}/contacts/{jid}/icons"

OPERATIONS = (
    Operation("POST", TEAM, set_team_icons),
    Operation("DELETE", TEAM, remove_team_icons),
    Operation("POST", CONTACT, set_contact_icons),
    Operation("DELETE", CONTACT, remove_contact_icons),
    Operation("GET", "/u/{folder}/p/256.jpg", small, Access.OPEN, Place.ROOT),
    Operation("GET", "/u/{folder}/p/1x.jpg", large, Access.OPEN, Place.ROOT),
)
