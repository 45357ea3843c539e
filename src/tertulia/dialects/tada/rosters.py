"""Who is in which team, in memory: for names that must be known at once, without asking the store.

A roster is read when the first socket of one of its people comes, and kept up by events from then on.
What an event says while the roster is being read counts more than what was read, if it is newer.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Coroutine, Iterable, Sequence
from typing import Any

from tertulia.core.errors import NotAllowed, NotFound
from tertulia.core.events import Event, TeamChanged, TeamMembersChanged, TeamRemoved
from tertulia.core.ids import AccountId, SessionId, TeamId
from tertulia.core.model import Actor
from tertulia.core.team_model import (
    HOME_TEAM,
    NOTEBOT,
    SYSTEMBOT,
    Team,
    TeamCard,
    TeamMember,
)
from tertulia.dialects.tada.ids import Kind, to_jid

MyTeams = Callable[[Actor], Awaitable[Sequence[TeamCard]]]
"""The teams of somebody; the home team may be among them."""

People = Callable[[Actor, TeamId], Awaitable[Iterable[TeamMember]]]
"""Everybody in a team of the actor's, bots and those who have left among them."""

Spawn = Callable[[Coroutine[Any, Any, None]], object]

NO_SESSION = SessionId(0)


class Roster:
    """A team and its people. `users`: accounts with sockets that are in it."""

    __slots__ = ("_later", "jids", "people", "reading", "team", "users")

    def __init__(self, team: Team) -> None:
        """Nobody is read yet."""
        self.team = team
        self.people: dict[AccountId, TeamMember] = {}
        # Of those that are the same for everybody; they never change.
        self.jids: dict[AccountId, str] = {}
        self.users = 0
        self.reading: asyncio.Future[None] | None = None
        self._later: list[TeamMember] | None = []

    @property
    def is_read(self) -> bool:
        """Whether everybody is in it."""
        return self._later is None

    def learn(self, members: Iterable[TeamMember]) -> None:
        """These are so now."""
        if self._later is not None:
            self._later += members
        for each in members:
            known = self.people.get(each.account_id)
            if known is None or known.version <= each.version:
                self.people[each.account_id] = each

    def fill(self, members: Iterable[TeamMember]) -> None:
        """These were so when the store was asked."""
        later, self._later = self._later or [], None
        self.people = {each.account_id: each for each in members}
        self.learn(later)

    def has(self, account_id: AccountId) -> bool:
        """Whether the account is in the team now."""
        found = self.people.get(account_id)
        return found is not None and not found.is_archived


class Rosters:
    """The rosters of all teams of everybody who has a socket here."""

    def __init__(
        self, my_teams: MyTeams, people: People, spawn: Spawn, moved: Callable[[], None]
    ) -> None:
        """Nobody is known.

        Args:
            my_teams: asks for the teams of somebody.
            people: asks for everybody in a team.
            spawn: starts a task.
            moved: is told when a roster that was read later may change who shares a team with whom.
        """
        self._my_teams = my_teams
        self._read_people = people
        self._spawn = spawn
        self._moved = moved
        self._rosters: dict[TeamId, Roster] = {}
        self._teams_of: dict[AccountId, dict[TeamId, None]] = {}
        self._sockets: dict[AccountId, int] = {}

    # Coming and going.

    def enter(self, account_id: AccountId) -> None:
        """A socket of the account is there, until `leave`."""
        self._sockets[account_id] = self._sockets.get(account_id, 0) + 1
        self._teams_of.setdefault(account_id, {})

    async def read(self, actor: Actor) -> bool:
        """The actor, who has entered, is known with his teams and everybody in them.

        Returns:
            Whether the home team is one of them.

        Raises:
            Unavailable: the store does not answer.
        """
        cards = await self._my_teams(actor)
        for card in cards:
            if actor.account_id in self._sockets and not card.team.is_home:
                self._enter(actor.account_id, card.team)
                await self._read(actor, card.team.id)
        return any(card.team.is_home for card in cards)

    async def known(self, account_id: AccountId, team_id: TeamId) -> None:
        """Everybody in the team is known, if an account with a socket is in it."""
        await self._read(Actor(account_id, NO_SESSION), team_id)

    def leave(self, account_id: AccountId) -> None:
        """A socket of it is gone. Rosters that nobody needs are forgotten."""
        self._sockets[account_id] -= 1
        if not self._sockets[account_id]:
            del self._sockets[account_id]
            for team_id in tuple(self._teams_of[account_id]):
                self._exit(account_id, team_id)
            del self._teams_of[account_id]

    def _enter(self, account_id: AccountId, team: Team) -> Roster:
        roster = self._rosters.get(team.id)
        if roster is None:
            roster = self._rosters[team.id] = Roster(team)
        mine = self._teams_of[account_id]
        if team.id not in mine:
            mine[team.id] = None
            roster.users += 1
        return roster

    def _exit(self, account_id: AccountId, team_id: TeamId) -> None:
        mine = self._teams_of[account_id]
        if team_id in mine:
            del mine[team_id]
            roster = self._rosters[team_id]
            roster.users -= 1
            if not roster.users:
                del self._rosters[team_id]

    async def _read(self, actor: Actor, team_id: TeamId) -> None:
        """Whoever comes first reads; the others wait for him."""
        roster = self._rosters.get(team_id)
        if roster is None or roster.is_read:
            return
        if roster.reading is None:
            roster.reading = asyncio.get_running_loop().create_future()
            try:
                roster.fill(await self._read_people(actor, team_id))
            except (NotAllowed, NotFound):
                # He is out of it meanwhile, and the event that says so is on its way.
                return
            finally:
                reading, roster.reading = roster.reading, None
                reading.set_result(None)
        else:
            # Whoever stops waiting must not stop it for the others.
            await asyncio.shield(roster.reading)
            await self._read(actor, team_id)

    # Keeping up.

    def hear(self, event: Event) -> Collection[AccountId]:
        """Keep up. Who may share a team with somebody else now, or does so no more."""
        match event:
            case TeamMembersChanged() | TeamChanged():
                return () if event.team.is_home else self._learn(event.team, event.members)
            case TeamRemoved(team_id=team_id, accounts=accounts):
                gone = [each for each in accounts if each in self._teams_of]
                for account_id in gone:
                    self._exit(account_id, team_id)
                return gone
            case _:
                return ()

    def _learn(self, team: Team, members: Sequence[TeamMember]) -> Collection[AccountId]:
        team_id = team.id
        before = self._rosters.get(team_id)
        was_in = {each.account_id for each in members if before and before.has(each.account_id)}
        for each in members:
            if each.account_id in self._teams_of and not each.is_archived:
                roster = self._enter(each.account_id, team)
                if not roster.is_read and roster.reading is None:
                    self._spawn(self._catch_up(each.account_id, team_id))
        roster_now = self._rosters.get(team_id)
        if roster_now is None:
            return ()
        if roster_now.team.version <= team.version:
            roster_now.team = team
        roster_now.learn(members)
        return [
            each.account_id for each in members if (each.account_id in was_in) == each.is_archived
        ]

    async def _catch_up(self, account_id: AccountId, team_id: TeamId) -> None:
        await self.known(account_id, team_id)
        self._moved()

    # Being asked.

    def is_here(self, account_id: AccountId) -> bool:
        """Whether the account has a socket."""
        return account_id in self._sockets

    def teams_of(self, account_id: AccountId) -> Iterable[TeamId]:
        """The teams of an account that has a socket here, without the home team."""
        return self._teams_of.get(account_id, ())

    def shared(self, account_id: AccountId, other: AccountId) -> tuple[TeamId, ...]:
        """Where an account with a socket finds its direct chat with *other*: else in the home team."""
        both = tuple(
            team_id for team_id in self.teams_of(account_id) if self._rosters[team_id].has(other)
        )
        return both or (HOME_TEAM,)

    def team(self, team_id: TeamId) -> Team | None:
        """The team, if somebody with a socket is in it."""
        roster = self._rosters.get(team_id)
        return None if roster is None else roster.team

    def member(self, team_id: TeamId, account_id: AccountId) -> TeamMember | None:
        """The account's place in the team, if it has, or had, one."""
        roster = self._rosters.get(team_id)
        return None if roster is None else roster.people.get(account_id)

    def people(self, team_id: TeamId) -> dict[AccountId, TeamMember]:
        """Everybody in the team, also those who have left; not to be changed."""
        roster = self._rosters.get(team_id)
        return {} if roster is None else roster.people

    def is_in(self, team_id: TeamId, account_id: AccountId) -> bool:
        """Whether an account with a socket, whose rosters are read, is in the team now."""
        roster = self._rosters.get(team_id)
        return team_id == HOME_TEAM or (roster is not None and roster.has(account_id))

    def jid(self, team_id: TeamId, account_id: AccountId, reader: AccountId) -> str:
        """The contact's name in that team, as *reader* sees it; "" for who never was there."""
        roster = self._rosters.get(team_id)
        if roster is None:
            return to_jid(Kind.HOME_CONTACT, account_id) if team_id == HOME_TEAM else ""
        jid = roster.jids.get(account_id)
        return self._new_jid(roster, account_id, reader) if jid is None else jid

    @staticmethod
    def _new_jid(roster: Roster, account_id: AccountId, reader: AccountId) -> str:
        found = roster.people.get(account_id)
        if found is None:
            return ""
        if found.bot == NOTEBOT:
            mine = roster.people.get(reader)
            return "" if mine is None else to_jid(Kind.NOTEBOT, mine.id)
        kind, number = Kind.CONTACT, int(found.id)
        if found.bot == SYSTEMBOT:
            kind, number = Kind.SYSTEMBOT, roster.team.id
        jid = roster.jids[account_id] = to_jid(kind, number)
        return jid
