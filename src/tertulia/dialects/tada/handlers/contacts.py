"""Contacts of a team: list, add, read, change, remove."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields as record_fields
from dataclasses import replace
from typing import Any

from tertulia.core import text as texts
from tertulia.core.errors import NotAllowed, NotFound
from tertulia.core.ids import SectionId, TeamMemberId
from tertulia.core.phone_codes import Purpose
from tertulia.core.team_model import (
    NOTEBOT,
    SYSTEMBOT,
    Invited,
    MemberChange,
    Membership,
    Preferences,
    TeamMember,
    TeamStatus,
)
from tertulia.core.team_rights import may_manage, need_manager, need_may_change
from tertulia.dialects.tada import errors, filters, ids
from tertulia.dialects.tada.contacts import (
    Eyes,
    contact,
    contact_jid,
    in_turns,
    member_name,
    myself,
)
from tertulia.dialects.tada.desk import View
from tertulia.dialects.tada.fields import Fields
from tertulia.dialects.tada.handlers.teams import (
    STATUSES,
    email,
    invited,
    need_team,
    time_of_day,
)
from tertulia.dialects.tada.ids import Jid, Kind
from tertulia.dialects.tada.limits import MAX_MOOD, MAX_ROLE, MAX_USERNAME_PART
from tertulia.dialects.tada.request import Call
from tertulia.dialects.tada.routes import Operation
from tertulia.dialects.tada.wire import teams as wire

SWITCHES = tuple(each.name for each in record_fields(Preferences) if each.type in {bool, "bool"})
"""Preferences that are on or off; clients call them as we do."""

TEXTS = ("default_lang", "mood", "timezone", "quiet_time_start", "quiet_time_finish")

MOST = 1_000_000_000
"""Of what a page may skip or hold; a team has far fewer contacts."""

MAX_LANG = 35
MAX_TIMEZONE = 64
"""Characters."""

MOST_SECTIONS = 100
"""That one contact stands under."""


async def listed(call: Call) -> list[wire.Contact]:
    """`GET …/contacts`: newest first, archived ones flagged; in v4 bots last."""
    membership = await need_team(call)
    wanted = _Filter(membership, call.query, is_later=call.view is View.V4)
    call.query.check()
    found = await call.core.teams.contacts(
        call.actor, membership.team.id, bots=call.view is View.V4
    )
    return await shown(call, membership, await wanted.chosen(found))


async def shown(
    call: Call, membership: Membership, members: Iterable[TeamMember]
) -> list[wire.Contact]:
    """These as the caller sees them."""
    eyes = Eyes(call.desk, call.view, *membership)
    said: list[wire.Contact] = []
    async for each in in_turns(members):
        if each.account_id == membership.me.account_id:
            preferences = await call.core.teams.preferences(call.actor)
            said.append(myself(replace(eyes, me=each), preferences))
        else:
            said.append(contact(eyes, each))
    return said


Test = Callable[[TeamMember], bool]


class _Filter:
    """Which contacts are asked for."""

    def __init__(self, membership: Membership, query: Fields, *, is_later: bool) -> None:
        self._offset = query.number("offset", 0, MOST) or 0
        limit = query.number("limit", 0, MOST)
        self._end = self._offset + limit if limit else None
        self._tests: list[Test] = []
        if (statuses := query.texts("status")) is not None:
            self._tests.append(lambda each: each.status.value in statuses)
        if (jids := query.texts("id")) is not None:
            self._tests.append(lambda each: contact_jid(each) in jids)
        if name := query.text("display_name"):
            part = texts.fold(name)
            self._tests.append(lambda each: part in texts.fold(member_name(membership.team, each)))
        if (archived := filters.flag(query, "is_archived")) is not None:
            self._tests.append(lambda each: each.is_archived is archived)
        if is_later and (bot := filters.flag(query, "is_bot")) is not None:
            self._tests.append(lambda each: bool(each.bot) is bot)
        if filters.flag(query, "without_me"):
            self._tests.append(lambda each: each.account_id != membership.me.account_id)

    async def chosen(self, found: Sequence[TeamMember]) -> Sequence[TeamMember]:
        """Those, in the same order."""
        if self._tests:
            tests = self._tests
            found = [each async for each in in_turns(found) if all(test(each) for test in tests)]
        return found[self._offset : self._end]


async def add(call: Call) -> wire.Contact | wire.Contacts:
    """`POST …/contacts`: one, or several in `contacts`; whoever is in the team stays as he is."""
    membership = await need_team(call)
    need_manager(membership.me)
    form = await call.fields()
    several = form.objects("contacts")
    forms = [form] if several is None else several
    known = await _sections(call, membership, forms)
    people = [_with_sections(invited(each), each, known) for each in forms]
    form.check()
    members = await call.core.teams.invite(call.actor, membership.team.id, people)
    said = await shown(call, membership, members)
    return said[0] if several is None else wire.Contacts(said)


async def _sections(
    call: Call, membership: Membership, forms: Iterable[Fields]
) -> frozenset[SectionId]:
    """Those of the team, read only if any are named."""
    if not any(form.given("section") or form.given("sections") for form in forms):
        return frozenset()
    found = await call.core.sections.listed(call.actor, membership.team.id)
    return frozenset(each.id for each in found)


def _with_sections(person: Invited, form: Fields, known: frozenset[SectionId]) -> Invited:
    return replace(person, sections=sections(form, known) or ())


def sections(form: Fields, known: frozenset[SectionId]) -> tuple[SectionId, ...] | None:
    """`sections`, or the one `section` of older clients; None when neither says anything."""
    uids = form.texts("sections", most_items=MOST_SECTIONS)
    if uids is None:
        one = form.text("section")
        uids = [one] if one else None
    if uids is None:
        return None
    found: dict[SectionId, None] = {}
    for uid in uids:
        number = ids.from_uuid(Kind.SECTION, uid)
        if number is None or SectionId(number) not in known:
            form.note("section", errors.no_section(uid))
        else:
            found[SectionId(number)] = None
    return tuple(found)


async def need_contact(call: Call, membership: Membership) -> TeamMember:
    """The contact in the path. Raises: NotFound("contact")."""
    jid = ids.read_jid(call.path["jid"])
    if jid is None:
        raise NotFound("contact")
    return await need_contact_at(call, membership, jid)


async def need_contact_at(call: Call, membership: Membership, jid: Jid) -> TeamMember:
    """The contact of that jid in the team, as the caller may see it. Raises: NotFound("contact")."""
    team, me = membership
    house_bot = {Kind.NOTEBOT: NOTEBOT, Kind.SYSTEMBOT: SYSTEMBOT}.get(jid.kind)
    if house_bot is not None and call.view is View.V4:
        for each in call.core.teams.house_bots(membership):
            if (each.bot, each.id) == (house_bot, jid.number):
                return each
    if jid.kind is not (Kind.HOME_CONTACT if team.is_home else Kind.CONTACT):
        raise NotFound("contact")
    if jid.number == me.id:
        return me
    found = await call.core.teams.contact(call.actor, team.id, TeamMemberId(jid.number))
    if found.bot and call.view is View.V3:
        raise NotFound("contact")
    return found


async def read(call: Call) -> wire.Contact:
    """`GET …/contacts/{jid}`."""
    membership = await need_team(call)
    return await _one(call, membership, await need_contact(call, membership))


async def _one(call: Call, membership: Membership, member: TeamMember) -> wire.Contact:
    (said,) = await shown(call, membership, [member])
    return said


async def change(call: Call) -> wire.Contact:
    """`PUT …/contacts/{jid}`: what is given and is the caller's to change; the rest must stay as it is."""
    membership = await need_team(call)
    member = await need_contact(call, membership)
    form = await call.fields()
    known = await _sections(call, membership, [form])
    is_me = member.account_id == membership.me.account_id
    wanted = _member_change(form, known)
    preferences = await _preferences(call, form) if is_me else None
    if not is_me:
        _need_no_more(form)
    if not is_me and form.is_wrong and not may_manage(membership.me, member):
        # What makes no sense is no change that needs no right.
        raise NotAllowed("change the member")
    news = _news(member, wanted)
    if (member.bot or member.is_archived) and news != MemberChange():
        # Nothing of them is anybody's to change.
        raise NotAllowed("change the member")
    need_may_change(membership.me, member, news)
    phone = await _new_phone(call, form) if is_me else None
    form.check()
    if phone is not None:
        await call.core.phone_codes.prove(phone, form.text("code") or "", Purpose.SIGN_IN)
        await call.core.accounts.take_phone(call.actor, phone)
    if not member.bot:
        member = await call.core.teams.change_member(
            call.actor, membership.team.id, member.id, wanted
        )
    if preferences is not None:
        await call.core.teams.prefer(call.actor, preferences)
        membership = await need_team(call)
        member = membership.me
    return await _one(call, membership, member)


def _news(member: TeamMember, wanted: MemberChange) -> MemberChange:
    """What would change."""
    given = {name: getattr(wanted, name) for name in MemberChange.__slots__}
    return MemberChange(
        **{name: value for name, value in given.items() if value != getattr(member, name)}
    )


def _member_change(form: Fields, known: frozenset[SectionId]) -> MemberChange:
    status = form.choice("status", STATUSES)
    phone = form.text("contact_phone")
    if phone:
        phone = form.need_phone("contact_phone")
    return MemberChange(
        status=TeamStatus(status) if status else None,
        role=form.text("role", most=MAX_ROLE),
        email=email(form, "contact_email"),
        phone=phone,
        sections=sections(form, known),
        first_name=form.text("given_name", most=MAX_USERNAME_PART),
        last_name=form.text("family_name", most=MAX_USERNAME_PART),
        patronymic=form.text("patronymic", most=MAX_USERNAME_PART),
    )


def _need_no_more(form: Fields) -> None:
    """Raises: NotAllowed: preferences and the account's phone are nobody else's to change."""
    if any(form.given(key) for key in (*SWITCHES, *TEXTS, "phone")):
        raise NotAllowed("change the member")


async def _preferences(call: Call, form: Fields) -> Preferences | None:
    """The caller's as he wants them from now on; None when he says nothing of them."""
    if not any(form.given(key) for key in (*SWITCHES, *TEXTS)):
        return None
    old = await call.core.teams.preferences(call.actor)
    switched: dict[str, Any] = {key: form.flag(key) for key in SWITCHES}
    new = replace(old, **{key: value for key, value in switched.items() if value is not None})
    if form.given("default_lang"):
        new = replace(new, default_lang=form.text("default_lang", most=MAX_LANG) or None)
    if form.given("quiet_time_start"):
        new = replace(new, quiet_from=time_of_day(form, "quiet_time_start"))
    if form.given("quiet_time_finish"):
        new = replace(new, quiet_until=time_of_day(form, "quiet_time_finish"))
    mood, timezone = form.text("mood", most=MAX_MOOD), form.text("timezone", most=MAX_TIMEZONE)
    return replace(
        new,
        mood=old.mood if mood is None else mood,
        timezone=old.timezone if timezone is None else timezone,
    )


async def _new_phone(call: Call, form: Fields) -> str | None:
    """The number one wants to sign in with; None when it is the same. It takes a `code` sent there."""
    asked = form.text("phone")
    if not asked:
        return None
    account = await call.core.accounts.need(call.actor.account_id)
    if asked == account.phone:
        return None
    number = form.need_phone()
    if number == account.phone and account.phone_proven:
        return None
    if number and not form.text("code"):
        form.note("phone", errors.PHONE_NEEDS_CODE)
    return number


async def remove(call: Call) -> wire.Contact:
    """`DELETE …/contacts/{jid}`: out of the team; oneself: to leave."""
    membership = await need_team(call)
    member = await need_contact(call, membership)
    if member.bot:
        raise NotAllowed("remove the member")
    gone = await call.core.teams.remove_member(call.actor, membership.team.id, member.id)
    return await _one(call, membership, gone)


ALL = "/teams/{team}/contacts"
ONE = ALL + "/{jid}"

OPERATIONS = (
    Operation("GET", ALL, listed),
    Operation("POST", ALL, add),
    Operation("GET", ONE, read),
    Operation("PUT", ONE, change),
    Operation("POST", ONE, change),
    Operation("DELETE", ONE, remove),
)
