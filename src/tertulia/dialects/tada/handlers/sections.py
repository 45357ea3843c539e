"""Sections of a team's contacts, and the tags of its tasks."""

from tertulia.core.ids import SectionId
from tertulia.core.model import KEEP, Keep
from tertulia.core.team_model import Beside, Membership, Section, SectionChange
from tertulia.core.team_rights import need_more_than_guest
from tertulia.dialects.tada import errors, ids
from tertulia.dialects.tada.fields import Fields
from tertulia.dialects.tada.handlers.teams import need_team, team_id
from tertulia.dialects.tada.ids import Kind
from tertulia.dialects.tada.limits import MAX_SECTION_DESCRIPTION, MAX_SECTION_NAME
from tertulia.dialects.tada.request import Call
from tertulia.dialects.tada.routes import Operation
from tertulia.dialects.tada.times import gentime
from tertulia.dialects.tada.wire import teams as wire
from tertulia.dialects.tada.wire.envelope import or_unset


def section(found: Section) -> wire.Section:
    """As everybody in the team sees it."""
    return wire.Section(
        uid=ids.to_uuid(Kind.SECTION, found.id),
        sort_ordering=found.place,
        name=found.name,
        gentime=gentime(found.version),
        description=or_unset(found.description),
    )


async def section_wish(call: Call, membership: Membership, form: Fields) -> SectionId | Keep | None:
    """`section` of a group or task: a uuid of the team's; null or "" takes it out of its section."""
    if not form.given("section"):
        return KEEP
    text = form.text("section")
    if not text:
        return None
    number = ids.from_uuid(Kind.SECTION, text)
    known = await call.core.sections.listed(call.actor, membership.team.id)
    if number not in {each.id for each in known}:
        form.note("section", errors.no_section(text))
        return None
    return SectionId(number)


async def listed(call: Call) -> list[wire.Section]:
    """`GET …/sections`: in their order."""
    return [section(each) for each in await call.core.sections.listed(call.actor, team_id(call))]


async def add(call: Call) -> wire.Section:
    """`POST …/sections`: the last one, or beside another."""
    membership = await need_team(call)
    need_more_than_guest(membership.me)
    form = await call.fields()
    name = form.need_text("name", most=MAX_SECTION_NAME)
    new = await _change(call, form, name)
    form.check()
    return section(await call.core.sections.add(call.actor, membership.team.id, new))


async def _change(call: Call, form: Fields, name: str | None) -> SectionChange:
    description = form.text("description", most=MAX_SECTION_DESCRIPTION)
    beside: Beside | None = None
    for key, is_after in (("move_after", True), ("move_before", False)):
        uid = form.text(key)
        if uid:
            beside = (await _known(call, form, key, uid), is_after)
    return SectionChange(name, description, beside)


async def _known(call: Call, form: Fields, key: str, uid: str) -> SectionId:
    number = SectionId(ids.from_uuid(Kind.SECTION, uid) or 0)
    known = await call.core.sections.listed(call.actor, team_id(call))
    if number not in {each.id for each in known}:
        form.note(key, errors.no_section(uid))
    return number


async def read(call: Call) -> wire.Section:
    """`GET …/sections/{uid}`."""
    return section(await call.core.sections.need(call.actor, team_id(call), _number(call)))


async def change(call: Call) -> wire.Section:
    """`PUT …/sections/{uid}`: what is given changes."""
    old = await _need_mine(call)
    form = await call.fields()
    named = form.values.get("name") is not None
    name = form.need_text("name", most=MAX_SECTION_NAME) if named else None
    wanted = await _change(call, form, name)
    form.check()
    return section(await call.core.sections.change(call.actor, old.team_id, old.id, wanted))


async def _need_mine(call: Call) -> Section:
    """The section in the path, and the right to change it."""
    membership = await need_team(call)
    found = await call.core.sections.need(call.actor, membership.team.id, _number(call))
    need_more_than_guest(membership.me)
    return found


async def remove(call: Call) -> None:
    """`DELETE …/sections/{uid}`: whoever stood under it stands under it no more."""
    old = await _need_mine(call)
    await call.core.sections.remove(call.actor, old.team_id, old.id)


async def move_after(call: Call) -> wire.Section:
    """`POST …/sections/{uid}/move-after/{other}`."""
    return await _moved(call, is_after=True)


async def move_before(call: Call) -> wire.Section:
    """`POST …/sections/{uid}/move-before/{other}`."""
    return await _moved(call, is_after=False)


async def _moved(call: Call, *, is_after: bool) -> wire.Section:
    old = await _need_mine(call)
    other = SectionId(ids.from_uuid(Kind.SECTION, call.path["other"]) or 0)
    neighbour = await call.core.sections.need(call.actor, old.team_id, other)
    wanted = SectionChange(beside=(neighbour.id, is_after))
    return section(await call.core.sections.change(call.actor, old.team_id, old.id, wanted))


async def tags(call: Call) -> list[wire.Tag]:
    """`GET …/tags`: by name; tasks make them."""
    found = await call.core.sections.tags(call.actor, team_id(call))
    return [wire.Tag(ids.to_uuid(Kind.TAG, each.id), each.name) for each in found]


def _number(call: Call) -> SectionId:
    # What is no uuid of ours names no section, in a team that must be looked at first.
    return SectionId(ids.from_uuid(Kind.SECTION, call.path["section"]) or 0)


ALL = "/teams/{team}/sections"
ONE = ALL + "/{section}"

OPERATIONS = (
    Operation("GET", ALL, listed),
    Operation("POST", ALL, add),
    Operation("GET", ONE, read),
    Operation("PUT", ONE, change),
    Operation("DELETE", ONE, remove),
    Operation("POST", ONE + "/move-after/{other}", move_after),
    Operation("POST", ONE + "/move-before/{other}", move_before),
    Operation("GET", "/teams/{team}/tags", tags),
)
