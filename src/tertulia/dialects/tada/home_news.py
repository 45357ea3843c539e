"""The home team on sockets: when somebody gets or loses it, whom he meets there, and what moves in and out.

It is one of a person's teams only while it has something to show (docs/decisions/0070). A direct chat is
there while the two share no team: so it moves when one of them joins a team or leaves it.
"""

from collections.abc import Collection

from tertulia.core.chat_lists import DirectSeat
from tertulia.core.errors import TertuliaError
from tertulia.core.events import (
    ChatOpened,
    Event,
    MembersAdded,
    MembersRemoved,
    TeamChanged,
    TeamMembersChanged,
    TeamRemoved,
)
from tertulia.core.ids import AccountId, TeamId
from tertulia.core.model import Actor, Chat, ChatKind
from tertulia.core.team_model import HOME_TEAM, TeamStatus
from tertulia.dialects.tada import teams
from tertulia.dialects.tada.chat_news import ChatNews
from tertulia.dialects.tada.counters import Counters
from tertulia.dialects.tada.desk import TadaDesk
from tertulia.dialects.tada.moved_sums import MovedSums
from tertulia.dialects.tada.packets import said
from tertulia.dialects.tada.rosters import NO_SESSION, Rosters
from tertulia.dialects.tada.sights import Sights
from tertulia.dialects.tada.views import MOST_CONTACTS, sockets_of

Coming = ChatOpened | MembersAdded

HOME_VERSION = 0
"""It is always the same: nothing of the home team is stored."""


class HomeNews:
    """Tells of it."""

    def __init__(
        self,
        desk: TadaDesk,
        *,
        rosters: Rosters,
        counters: Counters,
        sights: Sights,
        sums: MovedSums,
        chats: ChatNews,
    ) -> None:
        self._desk = desk
        self._rosters = rosters
        self._counters = counters
        self._sights = sights
        self._sums = sums
        self._chats = chats
        # Of accounts with a socket: whether they were last told that they have it.
        self._shows: dict[AccountId, bool] = {}
        # Who is to be looked after, and whether he is told even if he had it before.
        self._waiting: dict[AccountId, bool] = {}
        self._looked_after: set[AccountId] = set()

    # Coming and going of sockets.

    def begin(self, account_id: AccountId, *, shows: bool) -> None:
        """The account has a socket, and had the home team or not when it was read."""
        self._shows.setdefault(account_id, shows)

    def leave(self, account_id: AccountId) -> None:
        """It has no socket any more."""
        self._shows.pop(account_id, None)

    # Events.

    def hear(self, event: Event, came_or_went: Collection[AccountId]) -> None:
        """Keep up. *came_or_went*: who did so in the team of the event."""
        match event:
            case ChatOpened() | MembersAdded() if self._is_at_home(event.chat):
                self._came(event)
            case MembersRemoved() if self._is_at_home(event.chat):
                for account_id in event.accounts:
                    if self._shows.get(account_id):
                        self._look_after(account_id)
            case TeamMembersChanged() if event.team.is_home:
                self._changed(event)
            case TeamMembersChanged() | TeamChanged() if came_or_went:
                self._desk.house.spawn(self._move(event.team.id, came_or_went))
            case TeamRemoved() if came_or_went:
                self._desk.house.spawn(self._move(event.team_id, came_or_went))
            case _:
                pass

    def _changed(self, event: TeamMembersChanged) -> None:
        """Somebody is called otherwise, or looks otherwise, or is there no more."""
        for member in event.members:
            if self._shows.get(member.account_id):
                self._look_after(member.account_id, anyhow=True)
            if member.is_archived:
                # The account is deleted.
                self._desk.house.spawn(self._chats.silence(member.account_id))

    @staticmethod
    def _is_at_home(chat: Chat) -> bool:
        """Whether it is no team's; a direct chat may be found in some all the same."""
        return chat.team_id is None and not chat.encrypted

    def _came(self, event: Coming) -> None:
        chat, newcomers = event.chat, set(event.accounts)
        if chat.kind is ChatKind.DIRECT:
            newcomers = {
                each for each in newcomers if self._sums.teams_of(chat, each) == (HOME_TEAM,)
            }
        for account_id in newcomers:
            if self._rosters.is_here(account_id) and not self._shows.get(account_id):
                self._look_after(account_id)
        met: dict[AccountId, set[AccountId]] = {}
        if chat.kind is ChatKind.CHANNEL:
            # Readers do not meet each other.
            met = {each: {chat.owner_id} for each in newcomers}
        elif newcomers:
            everybody = newcomers | {*event.members}
            met = {each: everybody if each in newcomers else newcomers for each in everybody}
        self._introduce(met)

    # Having it.

    def _look_after(self, account_id: AccountId, *, anyhow: bool = False) -> None:
        self._waiting[account_id] = anyhow or self._waiting.get(account_id, False)
        if account_id not in self._looked_after:
            self._looked_after.add(account_id)
            self._desk.house.spawn(self._look(account_id))

    async def _look(self, account_id: AccountId) -> None:
        """One after the other, so that the last that is told is how it is."""
        try:
            while account_id in self._waiting:
                await self._tell(account_id, anyhow=self._waiting.pop(account_id))
        finally:
            self._looked_after.discard(account_id)

    async def _tell(self, me: AccountId, *, anyhow: bool) -> None:
        actor, core = Actor(me, NO_SESSION), self._desk.core
        try:
            cards = await core.teams.mine(actor)
            preferences = await core.teams.preferences(actor)
        except TertuliaError:
            # The store is busy. He finds it in the list of his teams.
            return
        if not self._rosters.is_here(me):
            return
        card = next((each for each in cards if each.team.is_home), None)
        before, self._shows[me] = self._shows.get(me), card is not None
        if card is None and before:
            gone = teams.deleted(HOME_TEAM, HOME_VERSION)
            self._offer(me, said("server.team.deleted", {"teams": [gone]}))
        elif card is not None and (anyhow or not before):
            team = self._sights.card(card, preferences, self._counters.of(me))
            self._offer(me, said("server.team.updated", {"teams": [team]}))

    # Meeting somebody.

    def _introduce(self, met: dict[AccountId, set[AccountId]]) -> None:
        """To these, as far as they listen there."""
        hub = self._desk.house.hub
        listening = {each: met[each] - {each} for each in met if sockets_of(hub, each, HOME_TEAM)}
        if any(listening.values()):
            self._desk.house.spawn(self._tell_contacts(listening))

    async def _tell_contacts(self, met: dict[AccountId, set[AccountId]]) -> None:
        core = self._desk.core
        reader = next(iter(met))
        try:
            home, _ = await core.teams.need(Actor(reader, NO_SESSION), HOME_TEAM)
            found = await core.teams.contact_of(HOME_TEAM, [*set().union(*met.values())])
        except TertuliaError:
            # The store is busy, or the reader is gone. They find it in the list of contacts.
            return
        at = core.clock.now_ms()
        for account_id, others in met.items():
            members = tuple([found[each] for each in sorted(others) if each in found])
            if 0 < len(members) <= MOST_CONTACTS:
                event = TeamMembersChanged(home, members, at, 0)
                contacts = self._sights.contacts(event, TeamStatus.GUEST)
                self._offer(
                    account_id,
                    said("server.contact.updated", {"contacts": contacts}),
                    team_id=HOME_TEAM,
                )

    # Moving.

    async def _move(self, team_id: TeamId, accounts: Collection[AccountId]) -> None:
        """These joined the team or left it: their direct chats may be found elsewhere now."""
        try:
            for each in accounts:
                await self._rosters.known(each, team_id)
            seats = await self._desk.core.chat_lists.direct_seats(accounts)
        except TertuliaError:
            # The store is busy. Whoever was not told finds them in the lists.
            return
        for seat in seats:
            if self._rosters.is_here(seat.account_id) and self._concerns(team_id, seat, accounts):
                self._tell_moved(team_id, seat)

    def _concerns(self, team_id: TeamId, seat: DirectSeat, accounts: Collection[AccountId]) -> bool:
        """Whether the two share the team, or did so."""
        me, other = seat.account_id, seat.other_id
        if me not in accounts:
            return team_id in self._rosters.teams_of(me)
        # Of a team in which nobody here is any more it is not known.
        is_known = self._rosters.team(team_id) is not None
        return other in accounts or not is_known or bool(self._rosters.member(team_id, other))

    def _tell_moved(self, team_id: TeamId, seat: DirectSeat) -> None:
        me, other = seat.account_id, seat.other_id
        found = self._rosters.shared(me, other)
        if team_id in found:
            self._chats.moved_in(seat, team_id)
            if len(found) == 1:
                self._chats.moved_out(seat, HOME_TEAM)
        else:
            self._chats.moved_out(seat, team_id)
            if found == (HOME_TEAM,):
                self._introduce({me: {other}})
                self._chats.moved_in(seat, HOME_TEAM)
        self._look_after(me)

    # Whom to tell.

    def _offer(
        self, account_id: AccountId, packet: bytes, *, team_id: TeamId | None = None
    ) -> None:
        for each in sockets_of(self._desk.house.hub, account_id, team_id):
            each.offer(packet)
