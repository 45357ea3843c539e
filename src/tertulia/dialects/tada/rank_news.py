"""Who gets another status in a team may do more there, or less: he is told how its chats and people look now."""

from collections.abc import Iterable, Sequence
from functools import partial

from msgspec import Raw

from tertulia.core.chat_lists import ChatFilter
from tertulia.core.errors import TertuliaError
from tertulia.core.events import Event, TeamChanged, TeamMembersChanged
from tertulia.core.model import Actor, ChatKind
from tertulia.core.team_model import Team, TeamMember
from tertulia.dialects.tada.chats import chat
from tertulia.dialects.tada.counters import Counters
from tertulia.dialects.tada.desk import TadaDesk
from tertulia.dialects.tada.packets import said
from tertulia.dialects.tada.rosters import NO_SESSION, Rosters
from tertulia.dialects.tada.sights import Sights
from tertulia.dialects.tada.views import MOST_CONTACTS, sockets_of

RULED = (ChatKind.GROUP, ChatKind.TASK)
"""Chats in which it depends on the status what one may do."""

MOST_CHATS = 100
"""Chats that are told of, those in which something happened last; more are read anew by the client."""


class RankNews:
    """Tells of it."""

    def __init__(
        self, desk: TadaDesk, rosters: Rosters, counters: Counters, sights: Sights
    ) -> None:
        self._desk = desk
        self._rosters = rosters
        self._counters = counters
        self._sights = sights

    def changed(self, event: Event) -> Sequence[TeamMember]:
        """Who has another status by this event; to be asked before the rosters have heard it."""
        if not isinstance(event, TeamMembersChanged | TeamChanged):
            return ()
        return [each for each in event.members if self._has_another(event.team, each)]

    def _has_another(self, team: Team, member: TeamMember) -> bool:
        before = self._rosters.member(team.id, member.account_id)
        return (
            before is not None
            and before.version < member.version
            and before.status is not member.status
            and not before.is_archived
            and not member.is_archived
            and self._rosters.is_here(member.account_id)
        )

    def tell(self, members: Iterable[TeamMember]) -> None:
        """These have another status."""
        for each in members:
            self._desk.house.spawn(self._tell(each))

    async def _tell(self, me: TeamMember) -> None:
        core, team_id = self._desk.core, me.team_id
        actor = Actor(me.account_id, NO_SESSION)
        wish = ChatFilter(limit=MOST_CHATS, kinds=RULED, hidden=None)
        try:
            entries, _ = await core.chat_lists.listed(actor, team_id, wish)
            preferences = await core.teams.preferences(actor)
        except TertuliaError:
            # The store is busy, or he is out of the team. He finds it in the lists.
            return
        sockets = sockets_of(self._desk.house.hub, me.account_id, team_id)
        tally = self._counters.of(me.account_id)
        team = self._rosters.team(team_id)
        if not sockets or tally is None or team is None:
            return
        people = [each for each in self._rosters.people(team_id).values() if not each.bot]
        packets = []
        if len(people) <= MOST_CONTACTS:
            now = core.clock.now_ms()
            event = TeamMembersChanged(team, tuple(people), now, 0)
            contacts = self._sights.contacts_and_me(event, me, preferences)
            packets.append(said("server.contact.updated", {"contacts": contacts}))
        if entries:
            jid = partial(self._rosters.jid, team_id, reader=me.account_id)
            params = {
                "chats": [chat(self._desk, each, jid) for each in entries],
                "team_unread": Raw(tally.unread_in(team_id)),
                "badge": tally.badge,
            }
            packets.append(said("server.chat.updated", params))
        for each in sockets:
            for packet in packets:
                each.offer(packet)
