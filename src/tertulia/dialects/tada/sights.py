"""Objects as the readers of sockets see them: from what is in memory, without asking the store."""

from collections.abc import Hashable, Sequence
from typing import Any

from tertulia.core.events import TeamChanged, TeamMembersChanged
from tertulia.core.ids import AccountId, TeamId, TeamMemberId
from tertulia.core.team_model import (
    HOME_TEAM,
    Preferences,
    Section,
    Tag,
    TeamCard,
    TeamMember,
    TeamStatus,
)
from tertulia.core.whole import WholeMessage
from tertulia.dialects.tada import teams
from tertulia.dialects.tada.contacts import Eyes, contact, myself
from tertulia.dialects.tada.desk import TadaDesk, View
from tertulia.dialects.tada.handlers.sections import section
from tertulia.dialects.tada.ids import Kind, to_jid, to_uuid
from tertulia.dialects.tada.messages import Looking, shown
from tertulia.dialects.tada.rosters import Rosters
from tertulia.dialects.tada.tallies import Sums, Tally
from tertulia.dialects.tada.wire import teams as wire
from tertulia.dialects.tada.wire.envelope import encode

HOME_WINDOW_S = 86_400
"""How long authors may change what they wrote where no team says so, in seconds."""

NOBODY = TeamMember(TeamMemberId(0), HOME_TEAM, AccountId(0), TeamStatus.GUEST, 0, 0)


class Sights:
    """What readers see (`events.Views`)."""

    def __init__(self, desk: TadaDesk, rosters: Rosters) -> None:
        self._desk = desk
        self._rosters = rosters

    def message(self, whole: WholeMessage, team_id: TeamId, reader: AccountId) -> bytes:
        """See Views."""

        def jid(account_id: AccountId) -> str:
            # Who never was in the team may be quoted there: he is called by his account, as in answers.
            known = self._rosters.jid(team_id, account_id, reader)
            return known or to_jid(Kind.HOME_CONTACT, account_id)

        looking = Looking(self._desk, team_id, reader, jid, self.window_s(team_id))
        return encode(shown(whole, looking))

    def window_s(self, team_id: TeamId) -> int:
        """See Views."""
        team = self._rosters.team(team_id)
        return HOME_WINDOW_S if team is None else team.edit_window_s

    def status_of(self, team_id: TeamId, reader: AccountId) -> TeamStatus:
        """What the reader may do in the team: who may manage sees others otherwise."""
        member = self._rosters.member(team_id, reader)
        return TeamStatus.GUEST if member is None else member.status

    def contacts(self, event: TeamMembersChanged, view: Hashable) -> list[Any]:
        """See Views. The view is a status."""
        assert isinstance(view, TeamStatus), "`status_of` makes the views"
        me = NOBODY._replace(team_id=event.team_id, status=view)
        eyes = Eyes(self._desk, View.V4, event.team, me)
        return [contact(eyes, each) for each in event.members]

    def contacts_and_me(
        self, event: TeamMembersChanged, me: TeamMember, preferences: Preferences
    ) -> list[Any]:
        """The same for one of them."""
        eyes = Eyes(self._desk, View.V4, event.team, me)
        return [
            myself(eyes, preferences) if each.id == me.id else contact(eyes, each)
            for each in event.members
        ]

    def team(self, event: TeamChanged, me: TeamMember, tally: Tally | None) -> Any:
        """A team as one of its members sees it."""
        is_last_active = me.account_id in event.active_here
        card = TeamCard(event.team, me, event.uploads_bytes, is_last_active)
        return self.card(card, event.preferences.get(me.account_id, Preferences()), tally)

    def card(self, card: TeamCard, preferences: Preferences, tally: Tally | None) -> Any:
        """The same of a card that was read."""
        unread = None if tally is None else _unread(tally.sums.get(card.team.id))
        return teams.team(self._desk, View.V4, card, preferences, unread)

    @staticmethod
    def sections(sections: Sequence[Section]) -> list[Any]:
        """See Views."""
        return [section(each) for each in sections]

    @staticmethod
    def tags(tags: Sequence[Tag]) -> list[Any]:
        """See Views."""
        return [wire.Tag(to_uuid(Kind.TAG, each.id), each.name) for each in tags]


def _unread(sums: Sums | None) -> wire.TeamUnread | None:
    if sums is None:
        return None
    direct, group, task = (
        wire.UnreadV4(each.chats, each.messages, each.mentioned) for each in sums
    )
    nothing = wire.UnreadV4(0, 0)
    return wire.TeamUnreadV4(direct, group, task, nothing, nothing)
