"""Who is online: gathered, at least every few seconds, one timer for all."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from typing import Any

import uvloop

from tertulia.core.ids import AccountId, SessionId, TeamId, TeamMemberId
from tertulia.core.model import Actor
from tertulia.core.team_model import HOME_TEAM, Team, TeamCard, TeamMember, TeamStatus
from tertulia.delivery.encoder import Encoder
from tertulia.delivery.hub import ACTIVE, INACTIVE, MOBILE, Hub
from tertulia.dialects.tada import online as module
from tertulia.dialects.tada.online import BEATS, Online
from tertulia.dialects.tada.rosters import Rosters
from tertulia.dialects.tada.views import TadaReader

CLUB, OFFICE = TeamId(700), TeamId(800)
ANNA, BORIS, CLARA = AccountId(1), AccountId(2), AccountId(3)
TEAMS = {CLUB: (ANNA, BORIS, CLARA), OFFICE: (ANNA,)}


class Socket:
    """A connection that keeps what it is offered."""

    encoder: Encoder

    def __init__(self, account_id: AccountId, team_id: TeamId, number: int, flavour: str) -> None:
        self.reader = TadaReader(number, account_id, SessionId(number), flavour, team_id)
        self.actor = Actor(account_id, SessionId(number), number)
        self.is_inactive = False
        self.packets: list[bytes] = []

    def offer(self, packet: bytes) -> None:
        self.packets.append(packet)

    def offer_after_answer(self, packet: bytes) -> None:
        self.offer(packet)

    def signed_out(self) -> None:
        pass


def contacts(packet: bytes) -> list[Any]:
    """What a finished frame says."""
    return list(json.loads(packet[packet.index(b"{") :])["params"]["contacts"])


class Square:
    """Teams, and who is there."""

    def __init__(self) -> None:
        self.hub = Hub(lambda _: None, lambda _: None)
        self.tasks: set[asyncio.Task[None]] = set()
        self.rosters = Rosters(self.cards, self.people, self.spawn, lambda: None)
        self.met: tuple[AccountId, ...] = ()
        self.asked = 0
        self.online = Online(self.hub, self.rosters, self.acquaintances, self.spawn)
        self.number = 0

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def cards(self, actor: Actor) -> list[TeamCard]:
        return [
            TeamCard(Team(team, 1, "t", 0), member(actor.account_id, team))
            for team, people in TEAMS.items()
            if actor.account_id in people
        ]

    async def people(self, actor: Actor, team_id: TeamId) -> list[TeamMember]:
        del actor
        return [member(each, team_id) for each in TEAMS[team_id]]

    async def acquaintances(self, actor: Actor) -> Iterable[AccountId]:
        del actor
        self.asked += 1
        return self.met

    async def come(self, account_id: AccountId, team_id: TeamId, flavour: str = "web") -> Socket:
        """A socket of a team, greeted."""
        self.number += 1
        socket = Socket(account_id, team_id, self.number, flavour)
        self.rosters.enter(account_id)
        await self.rosters.read(socket.actor)
        self.hub.add(socket)
        self.hub.join(team_id, socket)
        self.online.touch(account_id)
        socket.offer(await self.online.listen(team_id, socket))
        return socket

    def go(self, socket: Socket) -> None:
        self.hub.remove(socket)
        self.online.part(socket)


def member(account_id: AccountId, team_id: TeamId) -> TeamMember:
    return TeamMember(TeamMemberId(account_id * 10), team_id, account_id, TeamStatus.MEMBER, 0, 1)


def in_square(story: Callable[[Square], Awaitable[None]]) -> None:
    async def played() -> None:
        await story(Square())

    uvloop.run(played())


def test_whoever_comes_hears_at_once_who_is_there_and_the_team_with_the_next_tick() -> None:
    async def story(square: Square) -> None:
        anna = await square.come(ANNA, CLUB)
        assert [each["mobile"] for each in contacts(anna.packets[0])] == [False]
        boris = await square.come(BORIS, CLUB, "android")
        assert [each["mobile"] for each in contacts(boris.packets[0])] == [False, True]
        assert len(anna.packets) == 1
        square.online.tick()
        assert contacts(anna.packets[1]) == contacts(boris.packets[0])

    in_square(story)


def test_many_changes_of_a_second_are_told_once() -> None:
    async def story(square: Square) -> None:
        anna = await square.come(ANNA, CLUB)
        for _ in range(5):
            square.go(await square.come(BORIS, CLUB))
        anna.packets.clear()
        square.online.tick()
        assert [len(contacts(each)) for each in anna.packets] == [1]

    in_square(story)


def test_a_team_without_news_hears_every_few_ticks() -> None:
    async def story(square: Square) -> None:
        anna = await square.come(ANNA, CLUB)
        square.online.tick()
        anna.packets.clear()
        for _ in range(BEATS * 3):
            square.online.tick()
        assert len(anna.packets) == 3
        assert BEATS * module.TICK_S < 8

    in_square(story)


def test_only_teams_of_whoever_came_have_news() -> None:
    async def story(square: Square) -> None:
        office, club = await square.come(ANNA, OFFICE), await square.come(ANNA, CLUB)
        square.online.tick()
        office.packets.clear()
        club.packets.clear()
        await square.come(BORIS, CLUB)
        square.online.tick()
        assert len(club.packets) == 1
        assert len(office.packets) <= 1

    in_square(story)


def test_who_looks_nowhere_is_away_until_one_of_his_sockets_looks() -> None:
    async def story(square: Square) -> None:
        first, second = await square.come(ANNA, CLUB), await square.come(ANNA, CLUB)
        first.is_inactive = True
        assert "afk" not in contacts(square.online.now(CLUB))[0]
        second.is_inactive = True
        assert contacts(square.online.now(CLUB))[0]["afk"] is True

    in_square(story)


def test_whoever_is_connected_to_another_process_is_there_as_he_is_there() -> None:
    async def story(square: Square) -> None:
        anna = await square.come(ANNA, CLUB)
        square.online.tick()
        anna.packets.clear()
        square.hub.is_elsewhere(BORIS, INACTIVE | MOBILE)
        square.online.tick()
        assert [(each.get("afk"), each["mobile"]) for each in contacts(anna.packets[0])] == [
            (None, False),
            (True, True),
        ]
        square.hub.is_elsewhere(BORIS, ACTIVE)
        square.online.tick()
        assert [each.get("afk") for each in contacts(anna.packets[1])] == [None, None]
        square.hub.is_elsewhere(BORIS, 0)
        square.online.tick()
        assert len(contacts(anna.packets[2])) == 1
        # Here he is away only if he is there, too.
        anna.is_inactive = True
        square.hub.is_elsewhere(ANNA, ACTIVE)
        assert "afk" not in contacts(square.online.now(CLUB))[0]

    in_square(story)


def test_in_the_home_team_everybody_hears_of_those_he_meets() -> None:
    async def story(square: Square) -> None:
        square.met = (CLARA,)
        anna = await square.come(ANNA, HOME_TEAM)
        assert len(contacts(anna.packets[0])) == 1
        square.online.tick()
        await asyncio.gather(*square.tasks)
        asked = square.asked
        square.go(anna)
        square.online.tick()
        assert square.asked == asked

    in_square(story)


def test_nobody_is_named_twice_nor_more_than_a_thousand() -> None:
    async def story(square: Square) -> None:
        crowd = tuple(AccountId(10_000 + number) for number in range(module.MOST_NAMED + 5))
        TEAMS[TeamId(900)] = crowd
        try:
            first = await square.come(crowd[0], TeamId(900))
            for each in crowd[1:]:
                square.hub.add(Socket(each, TeamId(900), int(each), "web"))
            square.online.tick()
            named = [each["jid"] for each in contacts(first.packets[-1])]
            assert len(named) == len(set(named)) == module.MOST_NAMED
        finally:
            del TEAMS[TeamId(900)]

    in_square(story)


def test_without_sockets_the_timer_stands_still() -> None:
    async def story(square: Square) -> None:
        before = set(asyncio.all_tasks())
        anna = await square.come(ANNA, CLUB)
        square.go(anna)
        assert square.online._timer is None
        assert set(asyncio.all_tasks()) == before

    in_square(story)
