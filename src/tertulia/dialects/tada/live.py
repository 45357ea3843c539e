"""What all sockets share: who is in which team, what is unread, who is online, how events are said.

It hears every event before packets of it are offered, so that what a packet says of a reader's counters
is how they stand after the event. What must be asked for (a chat as each member sees it, oneself among
the contacts) is asked for once per event, and told a moment later.
"""

from collections.abc import Collection, Iterable

from tertulia.core.events import (
    BlocksChanged,
    ChatChanged,
    ChatOpened,
    ChatSettingsChanged,
    Event,
    MembersAdded,
    MembersRemoved,
    MessagePosted,
    MessagesHidden,
    TeamMembersChanged,
    UnreadCounted,
)
from tertulia.core.ids import AccountId, TeamId
from tertulia.core.model import Actor, ChatKind
from tertulia.core.team_model import TeamMember
from tertulia.delivery.encoder import Connection
from tertulia.dialects.tada.chat_news import ChatNews
from tertulia.dialects.tada.counters import Counters
from tertulia.dialects.tada.desk import TadaDesk
from tertulia.dialects.tada.events import TadaEncoder
from tertulia.dialects.tada.home_news import HomeNews
from tertulia.dialects.tada.moved_sums import Counting, MovedSums, who_counts
from tertulia.dialects.tada.online import Online
from tertulia.dialects.tada.packets import said
from tertulia.dialects.tada.rank_news import RankNews
from tertulia.dialects.tada.repeats import Repeats
from tertulia.dialects.tada.rosters import NO_SESSION, Rosters
from tertulia.dialects.tada.sights import Sights
from tertulia.dialects.tada.tallies import Tally
from tertulia.dialects.tada.views import MOST_CONTACTS, sockets_of

NOBODY = 0
"""No socket caused it."""


class Live:
    """Made once; every socket has it.

    Attributes:
        generation: another number whenever a chat may be found elsewhere than before.
    """

    def __init__(self, desk: TadaDesk) -> None:
        core, spawn = desk.core, desk.house.spawn
        self.desk = desk
        self.rosters = Rosters(core.teams.mine, self._people, spawn, self._moved)
        self.counters = Counters(core.unread, self.rosters.shared, spawn)
        self.sights = Sights(desk, self.rosters)
        self.encoder = TadaEncoder(self.rosters, self.counters, self.sights)
        self.online = Online(desk.house.hub, self.rosters, self._acquaintances, spawn)
        self.repeats = Repeats(desk, self.encoder)
        self.sums = MovedSums(desk.house.hub, self.rosters)
        self.news = ChatNews(desk, self.rosters, self.counters, self.sights, self.sums)
        self.home = HomeNews(
            desk,
            rosters=self.rosters,
            counters=self.counters,
            sights=self.sights,
            sums=self.sums,
            chats=self.news,
        )
        self.ranks = RankNews(desk, self.rosters, self.counters, self.sights)
        self.generation = 0

    async def _people(self, actor: Actor, team_id: TeamId) -> Iterable[TeamMember]:
        return await self.desk.core.teams.contacts(actor, team_id, bots=True)

    async def _acquaintances(self, actor: Actor) -> Iterable[AccountId]:
        """Who is online of those the actor meets in the home team, without who blocks him."""
        online = set(await self.desk.core.presence.online(actor))
        met = await self.desk.core.teams.contacts(actor, TeamId(0))
        return [each.account_id for each in met if each.account_id in online]

    # Sockets.

    def enter(self, account_id: AccountId) -> None:
        """A socket of the account is there, until `leave`."""
        self.rosters.enter(account_id)
        self.counters.enter(account_id)

    async def ready(self, actor: Actor) -> Tally:
        """Everything is known that the packets of an account that has entered depend on.

        Raises:
            Unavailable: the store does not answer.
        """
        has_home = await self.rosters.read(actor)
        self.home.begin(actor.account_id, shows=has_home)
        return await self.counters.counted(actor.account_id)

    def leave(self, account_id: AccountId) -> None:
        """It is gone."""
        self.counters.leave(account_id)
        self.rosters.leave(account_id)
        if not self.rosters.is_here(account_id):
            self.home.leave(account_id)

    # Events.

    def hear(self, event: Event, accounts: Collection[AccountId]) -> None:
        """Keep up (`delivery.fanout.Hearer`)."""
        if type(event) is MessagePosted:
            # By far the most frequent, and it moves nothing else.
            self.counters.posted(event, accounts)
            if event.chat_kind is ChatKind.DIRECT and event.partner_id is not None:
                tally = self.counters.of(event.partner_id)
                if tally is not None:
                    self.sums.posted(event, tally)
            back = self.counters.hidden.back(event)
            if back:
                self.news.back(event, back)
            return
        ranked = self.ranks.changed(event)
        came_or_went = self.rosters.hear(event)
        if came_or_went:
            self._moved()
        if isinstance(event, Counting):
            self._count(event, accounts)
        else:
            self.counters.hear(event, accounts)
        self.home.hear(event, came_or_went)
        self.ranks.tell(ranked)
        match event:
            case ChatOpened() | MembersAdded() | ChatChanged() | ChatSettingsChanged():
                self.news.changed(event, accounts)
            case MembersRemoved():
                self.news.gone(event)
            case TeamMembersChanged() if len(event.members) <= MOST_CONTACTS:
                self._tell_themselves(event)
            case BlocksChanged() if any(map(self.rosters.is_here, _both_sides(event))):
                self.desk.house.spawn(self.news.silence(event.account_id, {*event.accounts}))
            case _:
                pass

    def _count(self, event: Counting, accounts: Collection[AccountId]) -> None:
        """Counters move, and who has sockets in several teams hears of it in all of them."""
        chat_id, concerned = who_counts(event, accounts)
        before = self.counters.stand(concerned, chat_id)
        self.counters.hear(event, accounts)
        after = self.counters.stand(before, chat_id)
        self.sums.heard(event, before, after)
        moved = [each for each in after if after[each] != before[each]]
        if isinstance(event, MessagesHidden):
            self.news.hidden(event, is_counted=bool(moved))
        elif isinstance(event, UnreadCounted):
            self.news.recounted(event, moved)

    def _moved(self) -> None:
        self.generation += 1
        for account_id, teams in self.counters.recast():
            self.sums.tell(account_id, teams, NOBODY)

    def _tell_themselves(self, event: TeamMembersChanged) -> None:
        """Who is one of those that have changed sees himself otherwise than the others do."""
        hub = self.desk.house.hub
        for member in event.members:
            sockets = sockets_of(hub, member.account_id, event.team_id)
            if sockets:
                self.desk.house.spawn(self._tell_himself(event, member, sockets))

    async def _tell_himself(
        self, event: TeamMembersChanged, me: TeamMember, sockets: Iterable[Connection]
    ) -> None:
        actor = Actor(me.account_id, NO_SESSION)
        preferences = await self.desk.core.teams.preferences(actor)
        contacts = self.sights.contacts_and_me(event, me, preferences)
        packet = said("server.contact.updated", {"contacts": contacts})
        for each in sockets:
            each.offer(packet)


def _both_sides(event: BlocksChanged) -> tuple[AccountId, ...]:
    return (event.account_id, *event.accounts)
