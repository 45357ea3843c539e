"""Members of teams as Tada's contacts: who sees whom, and what he may do with him."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec import UNSET, Raw

from tertulia.core.team_model import (
    HOME_TEAM,
    NOTEBOT,
    SYSTEMBOT,
    Preferences,
    Team,
    TeamMember,
    TeamStatus,
)
from tertulia.core.team_rights import may_manage
from tertulia.dialects.tada.desk import TadaDesk, View
from tertulia.dialects.tada.icons import portrait_icons, stub_icons
from tertulia.dialects.tada.ids import Kind, to_jid, to_uuid
from tertulia.dialects.tada.names import person_name, short_name
from tertulia.dialects.tada.times import date_time, gentime
from tertulia.dialects.tada.wire.envelope import or_unset
from tertulia.dialects.tada.wire.icons import Icons
from tertulia.dialects.tada.wire.teams import Contact, ContactV3, ContactV4, MyselfV3, MyselfV4

ABOUT_OTHERS = (
    "add_to_team_rights", "contact_email", "contact_phone", "role", "section", "sections", "status",
)  # fmt: skip
"""What whoever manages a team may change of others in it."""

ABOUT_MYSELF = (
    "alt_send", "contact_email", "contact_mshort_view", "contact_phone", "contact_short_view",
    "contact_show_archived", "debug_show_activity", "default_lang", "family_name", "given_name",
    "group_mshort_view", "group_notifications_enabled", "group_short_view", "icons", "phone", "role",
    "task_mshort_view", "task_notifications_enabled", "task_short_view", "unread_first",
)  # fmt: skip
"""What everybody may change of himself."""

ABOUT_MYSELF_LATER = (
    "always_send_pushes", "asterisk_mention", "mood", "munread_first", "quiet_time_finish",
    "quiet_time_start", "timezone",
)  # fmt: skip
"""The same, for clients of today."""

LOOKS = (
    "alt_send", "contact_mshort_view", "contact_short_view", "contact_show_archived",
    "debug_show_activity", "default_lang", "group_mshort_view", "group_notifications_enabled",
    "group_short_view", "task_mshort_view", "task_notifications_enabled", "task_short_view",
    "unread_first",
)  # fmt: skip
"""Preferences that every client sees; it calls them as we do."""

OF_A_TEAM_ONLY = frozenset({"contact_email", "contact_phone", "role"})
"""What the home team does not keep."""

HOUSE_BOTS = {NOTEBOT: Kind.NOTEBOT, SYSTEMBOT: Kind.SYSTEMBOT}

CANNOT_WRITE_TO_MYSELF = "Нельзя написать самому себе"

_encode = msgspec.json.encode


def _raw(names: set[str] | tuple[str, ...]) -> Raw:
    return Raw(_encode(sorted(names)))


_NOTHING = _raw(())
_OTHERS = _raw(ABOUT_OTHERS)
_PLAIN = {View.V3: _raw(ABOUT_MYSELF), View.V4: _raw((*ABOUT_MYSELF, *ABOUT_MYSELF_LATER))}
_MANAGING = {
    View.V3: _raw({*ABOUT_MYSELF, *ABOUT_OTHERS}),
    View.V4: _raw({*ABOUT_MYSELF, *ABOUT_OTHERS, *ABOUT_MYSELF_LATER}),
}
_AT_HOME = {
    View.V3: _raw({*ABOUT_MYSELF} - OF_A_TEAM_ONLY),
    View.V4: _raw({*ABOUT_MYSELF, *ABOUT_MYSELF_LATER} - OF_A_TEAM_ONLY),
}


@dataclass(frozen=True, slots=True)
class Eyes:
    """Who looks at a team, and in which view: all that a contact depends on beside itself.

    `me` is the reader's own entry there.
    """

    desk: TadaDesk
    view: View
    team: Team
    me: TeamMember


def contact_kind(member: TeamMember) -> Kind:
    """What kind of thing his jid names; its number is the member's `id`."""
    if member.team_id == HOME_TEAM:
        return Kind.HOME_CONTACT
    return HOUSE_BOTS.get(member.bot, Kind.CONTACT)


def contact_jid(member: TeamMember) -> str:
    """`d-…`."""
    return to_jid(contact_kind(member), member.id)


def member_name(team: Team, member: TeamMember) -> str:
    """What he is called in that team: `display_name`."""
    given, family = member.first_name.strip(), member.last_name.strip()
    if team.use_patronymic:
        given = f"{given} {member.patronymic.strip()}".strip()
    if team.family_name_first:
        given, family = family, given
    return person_name(given, family, member.phone, member.login, member.email)


def member_icons(eyes: Eyes, member: TeamMember, name: str) -> Icons:
    """His picture, or the generated one."""
    if member.portrait is not None:
        return portrait_icons(eyes.desk, eyes.view, member.portrait)
    uuid = to_uuid(contact_kind(member), member.id)
    return stub_icons(eyes.desk, eyes.view, uuid, name)


def contact(eyes: Eyes, member: TeamMember) -> Contact:
    """Somebody else in the team, as the reader sees him."""
    name = member_name(eyes.team, member)
    is_active = UNSET if member.is_archived else True
    is_person = UNSET if member.is_archived or member.bot else True
    is_mine = is_person is True and not eyes.team.is_home and may_manage(eyes.me, member)
    common = (
        _OTHERS if is_mine else _NOTHING,
        member.email,
        member.phone,
        name,
        member_icons(eyes, member, name),
        contact_jid(member),
        None if member.active_at is None else date_time(member.active_at),
        member.role,
        _sections(member),
        member.status.value,
        is_person,
        is_person,
        is_person,
        or_unset(is_mine),
        is_active,
        or_unset(member.is_archived),
    )
    if eyes.view is View.V3:
        return ContactV3(*common)
    given, family = member.first_name.strip(), member.last_name.strip()
    return ContactV4(
        *common,
        gentime=gentime(member.version),
        short_name=short_name(given, family, name),
        botname=or_unset(member.bot),
        family_name=or_unset(family),
        given_name=or_unset(given),
        patronymic=or_unset(member.patronymic),
    )


def _sections(member: TeamMember) -> list[str]:
    return [to_uuid(Kind.SECTION, each) for each in member.sections]


def myself(eyes: Eyes, preferences: Preferences) -> Contact:
    """The reader's own entry."""
    me, team = eyes.me, eyes.team
    name = member_name(team, me)
    given, family = me.first_name.strip(), me.last_name.strip()
    is_active = or_unset(not me.is_archived)
    said: dict[str, Any] = {
        "can_add_to_group": is_active,
        "can_create_task": is_active,
        "can_delete": or_unset(not team.is_home and not me.is_archived),
        "changeable_fields": _changeable(eyes),
        "contact_email": me.email,
        "contact_phone": me.phone,
        "display_name": name,
        "family_name": family,
        "given_name": given,
        "icons": member_icons(eyes, me, name),
        "is_archive": or_unset(me.is_archived),
        "jid": contact_jid(me),
        "last_activity": None if me.active_at is None else date_time(me.active_at),
        "role": me.role,
        "sections": _sections(me),
        "status": me.status.value,
    }
    said |= {field: getattr(preferences, field) for field in LOOKS}
    if eyes.view is View.V3:
        return MyselfV3(**said)
    manages = or_unset(me.status.manages)
    works = or_unset(me.status is not TeamStatus.GUEST)
    return MyselfV4(
        **said,
        always_send_pushes=preferences.always_send_pushes,
        asterisk_mention=preferences.asterisk_mention,
        cant_send_message_reason=CANNOT_WRITE_TO_MYSELF,
        gentime=gentime(me.version),
        munread_first=preferences.munread_first,
        quiet_time_finish=preferences.quiet_until,
        quiet_time_start=preferences.quiet_from,
        short_name=short_name(given, family, name),
        timezone=preferences.timezone,
        can_add_to_team=manages,
        can_create_group=works,
        can_create_team=True,
        can_join_public_groups=works,
        can_join_public_tasks=works,
        can_manage_integrations=manages,
        can_manage_sections=works,
        can_manage_tags=works,
        mood=or_unset(preferences.mood),
        patronymic=or_unset(me.patronymic),
    )


def _changeable(eyes: Eyes) -> Raw:
    if eyes.team.is_home:
        return _AT_HOME[eyes.view]
    return (_MANAGING if eyes.me.status.manages else _PLAIN)[eyes.view]


AT_ONCE = 250
"""Contacts that are looked at without a pause: some milliseconds."""


async def in_turns(members: Iterable[TeamMember]) -> AsyncIterator[TeamMember]:
    """These, with pauses in which others have their turn: a team may have thousands."""
    for place, each in enumerate(members, 1):
        if place % AT_ONCE == 0:
            await asyncio.sleep(0)
        yield each
