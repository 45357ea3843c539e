"""Teams: make, list, read, change, archive, join (Tada document, Команды, Приглашения в команду)."""

import re

from tertulia.core.ids import TeamId
from tertulia.core.team_model import Invited, Membership, TeamChange, TeamStatus
from tertulia.core.team_rights import need_manager
from tertulia.dialects.tada import errors, ids, teams
from tertulia.dialects.tada.contacts import Eyes
from tertulia.dialects.tada.fields import Fields
from tertulia.dialects.tada.ids import Kind
from tertulia.dialects.tada.limits import MAX_EMAIL, MAX_ROLE, MAX_TEAM_TITLE, MAX_USERNAME_PART
from tertulia.dialects.tada.request import Call
from tertulia.dialects.tada.routes import Operation
from tertulia.dialects.tada.wire import teams as wire

STATUSES = tuple(each.value for each in TeamStatus)

MAX_UPDATE_AGE_S = 10 * 366 * 86_400
"""How long a team may let its messages be changed."""

SETTINGS = (
    "name", "default_task_deadline", "max_message_update_age", "use_patronymic",
    "display_family_name_first",
)  # fmt: skip
"""What only those who manage a team change in it."""

OWN = ("need_confirmation", "pinned")
"""What everybody says of himself there."""

_TIME_OF_DAY = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d", re.ASCII)


def team_id(call: Call) -> TeamId:
    """The team in the path. Raises: NotFound("team"): that is none of our uuids."""
    return TeamId(ids.need(Kind.TEAM, call.path["team"]))


async def need_team(call: Call) -> Membership:
    """The team in the path, and the caller's entry in it. Raises: NotFound("team"), NotAllowed("team")."""
    return await call.core.teams.need(call.actor, team_id(call))


def time_of_day(form: Fields, key: str) -> str | None:
    """`HH:MM:SS`; None when absent or empty."""
    value = form.text(key) or None
    if value is not None and not _TIME_OF_DAY.fullmatch(value):
        form.note(key, errors.WRONG_VALUE)
    return value


def email(form: Fields, key: str) -> str | None:
    """An address, or "" to clear it; None when absent."""
    value = form.text(key, most=MAX_EMAIL)
    if value:
        name, _, domain = value.partition("@")
        if not name or not domain or "@" in domain or any(map(str.isspace, value)):
            form.note(key, errors.WRONG_EMAIL)
    return value


def invited(form: Fields) -> Invited:
    """Somebody to be added, as `contacts` of a new team and the body of a new contact name him."""
    phone = form.need_phone()
    status = form.choice("status", STATUSES)
    return Invited(
        phone,
        first_name=form.text("given_name", most=MAX_USERNAME_PART) or "",
        last_name=form.text("family_name", most=MAX_USERNAME_PART) or "",
        role=form.text("role", most=MAX_ROLE) or "",
        status=TeamStatus(status) if status else TeamStatus.MEMBER,
        email=email(form, "contact_email") or "",
    )


async def create(call: Call) -> wire.Team:
    """`POST /teams`: a new team, with everybody in it in the answer."""
    form = await call.fields()
    name = form.need_text("name", most=MAX_TEAM_TITLE)
    people = [invited(each) for each in form.objects("contacts") or []]
    form.check()
    card, members = await call.core.teams.create(call.actor, name, people)
    said = await teams.one(call.desk, call.actor, call.view, card)
    eyes = Eyes(call.desk, call.view, card.team, card.me)
    return await teams.with_contacts(said, eyes, members)


async def listed(call: Call) -> list[wire.Team]:
    """`GET /teams`: those of the caller, oldest first."""
    return await teams.listed(call.desk, call.actor, call.view)


async def read(call: Call) -> wire.Team:
    """`GET /teams/{team}`."""
    return await _shown(call, team_id(call))


async def _shown(call: Call, team: TeamId) -> wire.Team:
    card = await call.core.teams.card(call.actor, team)
    return await teams.one(call.desk, call.actor, call.view, card)


async def change(call: Call) -> wire.Team:
    """`PUT /teams/{team}`: what is given changes. Everybody may confirm that he wants to be in it, and pin it."""
    membership = await need_team(call)
    form = await call.fields()
    asks = [key for key in SETTINGS if form.values.get(key) is not None]
    if asks or not any(map(form.given, OWN)):
        need_manager(membership.me)
    name = form.need_text("name", most=MAX_TEAM_TITLE) if "name" in asks else None
    wanted = TeamChange(
        name=name,
        task_deadline=time_of_day(form, "default_task_deadline"),
        edit_window_s=form.number("max_message_update_age", 0, MAX_UPDATE_AGE_S),
        family_name_first=form.flag("display_family_name_first"),
        use_patronymic=form.flag("use_patronymic"),
    )
    needs_confirmation, is_pinned = form.flag("need_confirmation"), form.flag("pinned")
    form.check()
    team = membership.team.id
    if asks:
        await call.core.teams.change(call.actor, team, wanted)
    if needs_confirmation is False:
        await call.core.teams.confirm(call.actor, team)
    if is_pinned is not None:
        await call.core.teams.pin(call.actor, team, is_pinned=is_pinned)
    return await _shown(call, team)


async def confirm(call: Call) -> wire.Team:
    """`PUT /teams/{team}/confirmation`: the caller wants to be in the team."""
    membership = await need_team(call)
    form = await call.fields()
    needs_confirmation = form.flag("need_confirmation")
    form.check()
    if needs_confirmation is False:
        await call.core.teams.confirm(call.actor, membership.team.id)
    return await _shown(call, membership.team.id)


async def archive(call: Call) -> wire.Team:
    """`DELETE /teams/{team}`: out of everybody's lists."""
    card = await call.core.teams.archive(call.actor, team_id(call))
    return await teams.one(call.desk, call.actor, call.view, card)


async def usage(call: Call) -> wire.Usage:
    """`GET /teams/{team}/usage`: what uploads take."""
    membership = await need_team(call)
    found = await call.core.teams.usage(call.actor, membership.team.id)
    months = [wire.MonthOfUsage(month, size, year) for year, month, size in found.by_month]
    return wire.Usage(months, found.total, membership.team.uploads_limit)


async def join(call: Call) -> wire.Team:
    """`POST /teams/join`: in by an invitation's token."""
    form = await call.fields()
    token = form.need_text("token")
    form.check()
    return await _shown(call, await call.core.invitations.join(call.actor, token))


ALL = "/teams"
ONE = ALL + "/{team}"

OPERATIONS = (
    Operation("POST", ALL, create),
    Operation("GET", ALL, listed),
    Operation("POST", ALL + "/join", join),
    Operation("GET", ONE, read),
    Operation("PUT", ONE, change),
    Operation("DELETE", ONE, archive),
    Operation("PUT", ONE + "/confirmation", confirm),
    Operation("GET", ONE + "/usage", usage),
)
