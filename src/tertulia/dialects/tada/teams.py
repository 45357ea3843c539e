"""Teams as Tada's clients see them, each member his own."""

from collections.abc import Mapping, Sequence

from tertulia.core.chat_lists import Unread
from tertulia.core.ids import TeamId
from tertulia.core.model import Actor, ChatKind
from tertulia.core.team_model import Preferences, Team, TeamCard, TeamMember, TeamStatus
from tertulia.core.team_rights import statuses_given_by
from tertulia.dialects.tada.contacts import Eyes, contact, in_turns, myself
from tertulia.dialects.tada.desk import TadaDesk, View
from tertulia.dialects.tada.icons import portrait_icons, stub_icons
from tertulia.dialects.tada.ids import Kind, to_uuid
from tertulia.dialects.tada.times import gentime
from tertulia.dialects.tada.wire import teams as wire
from tertulia.dialects.tada.wire.envelope import or_unset
from tertulia.dialects.tada.wire.icons import Icons

COUNTED = (ChatKind.DIRECT, ChatKind.GROUP, ChatKind.TASK)

ACCOUNT_STATUS = "PERSONAL_ACCOUNT_STATUS_ACTIVE"
USER_FIELDS = ["given_name", "family_name"]


async def listed(desk: TadaDesk, actor: Actor, view: View) -> list[wire.Team]:
    """The actor's teams, as in `GET /teams` and in `me`."""
    preferences = await desk.core.teams.preferences(actor)
    unread = await unread_by_team(desk, actor, view)
    cards = await desk.core.teams.mine(actor)
    return [team(desk, view, each, preferences, unread.get(each.team.id)) for each in cards]


async def one(desk: TadaDesk, actor: Actor, view: View, card: TeamCard) -> wire.Team:
    """One of them."""
    preferences = await desk.core.teams.preferences(actor)
    unread = await unread_by_team(desk, actor, view)
    return team(desk, view, card, preferences, unread.get(card.team.id))


async def unread_by_team(desk: TadaDesk, actor: Actor, view: View) -> dict[TeamId, wire.TeamUnread]:
    """What the actor has not read, for those of his teams that have anything."""
    found = await desk.core.chat_lists.unread(actor)
    return {team_id: team_unread(view, by_kind) for team_id, by_kind in found.items()}


def team_unread(view: View, by_kind: Mapping[ChatKind, Unread]) -> wire.TeamUnread:
    """By types of chats, zeroes included."""
    direct, group, task = (by_kind.get(kind, Unread()) for kind in COUNTED)
    if view is View.V3:
        return wire.TeamUnreadV3(
            wire.UnreadV3(direct.chats, direct.messages),
            wire.UnreadV3(group.chats, group.messages),
            wire.UnreadV3(task.chats, task.messages),
        )
    return wire.TeamUnreadV4(
        direct=_unread(direct),
        group=_unread(group),
        task=_unread(task),
        meeting=_unread(Unread()),
        thread=_unread(Unread()),
    )


def _unread(found: Unread) -> wire.UnreadV4:
    return wire.UnreadV4(found.chats, found.messages, found.mentioned)


def team(
    desk: TadaDesk,
    view: View,
    card: TeamCard,
    preferences: Preferences,
    unread: wire.TeamUnread | None,
) -> wire.Team:
    """A team as the member of that card sees it. `unread` None: he has read everything."""
    found, me = card.team, card.me
    eyes = Eyes(desk, view, found, me)
    common = (
        found.task_deadline,
        team_icons(desk, view, found),
        card.is_last_active,
        found.edit_window_s,
        myself(eyes, preferences),
        found.name,
        me.needs_confirmation,
        to_uuid(Kind.TEAM, found.id),
        unread or NOTHING_UNREAD[view],
    )
    said = wire.TeamV3(*common) if view is View.V3 else _with_more(common, found, me)
    manages = me.status.manages
    said.bad_profile = or_unset(not (me.first_name.strip() or me.last_name.strip()))
    said.can_add_to_team = or_unset(manages)
    said.can_manage_integrations = or_unset(manages)
    said.can_manage_sections = or_unset(me.status is not TeamStatus.GUEST)
    said.is_archive = or_unset(found.is_archived)
    if manages:
        said.changeable_statuses = [each.value for each in statuses_given_by(me.status)]
        said.uploads_size = card.uploads_bytes
        said.uploads_size_limit = found.uploads_limit
    return said


_Common = tuple[str, Icons, bool, int, wire.Contact, str, bool, str, wire.TeamUnread]


def _with_more(common: _Common, found: Team, me: TeamMember) -> wire.TeamV4:
    return wire.TeamV4(
        *common,
        account_status=ACCOUNT_STATUS,
        gentime=gentime(found.version),
        user_fields=USER_FIELDS,
        display_family_name_first=or_unset(found.family_name_first),
        use_patronymic=or_unset(found.use_patronymic),
        pinned=or_unset(me.is_pinned),
    )


async def with_contacts(said: wire.Team, eyes: Eyes, members: Sequence[TeamMember]) -> wire.Team:
    """The same with everybody in it; the reader's own entry is `me`."""
    said.contacts = [
        said.me if each.id == eyes.me.id else contact(eyes, each)
        async for each in in_turns(members)
    ]
    return said


def team_icons(desk: TadaDesk, view: View, found: Team) -> Icons:
    """Its picture, or the generated one: the color stays when the name changes."""
    if found.portrait is not None:
        return portrait_icons(desk, view, found.portrait)
    return stub_icons(desk, view, to_uuid(Kind.TEAM, found.id), found.name)


def deleted(team_id: TeamId, version: int) -> wire.DeletedTeam:
    """A team that is over for the reader."""
    return wire.DeletedTeam(to_uuid(Kind.TEAM, team_id), is_archive=True, gentime=gentime(version))


NOTHING_UNREAD: dict[View, wire.TeamUnread] = {view: team_unread(view, {}) for view in View}
"""Of whoever has read everything."""
