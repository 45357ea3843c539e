"""Who is there: `server.online`, gathered, from one timer for all sockets (WebSocket, server.online).

A team hears who of it is connected, by whatever API: soon after somebody comes, goes or turns away, at
most once a second, and every few seconds in any case, because clients take silence for a dead line. In
the home team everybody hears of those he meets there, unless they block him.
"""

import asyncio
import itertools
from collections.abc import Callable, Coroutine, Iterable
from typing import Any, Protocol

from tertulia.core.ids import AccountId, TeamId
from tertulia.core.model import Actor
from tertulia.core.team_model import HOME_TEAM
from tertulia.delivery.hub import ACTIVE, MOBILE, Hub
from tertulia.dialects.tada.packets import said
from tertulia.dialects.tada.rosters import Rosters

TICK_S = 1.0

BEATS = 7
"""Ticks after which a team hears although nothing has changed: below eight seconds."""

MOST_NAMED = 1_000
"""People of one team who are named; the others are not shown as online."""

Spawn = Callable[[Coroutine[Any, Any, None]], object]


class Acquaintances(Protocol):
    """Finds who is online of those somebody meets in the home team."""

    async def __call__(self, actor: Actor) -> Iterable[AccountId]:
        """Without those who block the actor."""
        ...


class Listener(Protocol):
    """A socket of the home team."""

    @property
    def actor(self) -> Actor:
        """Whose it is."""
        ...

    @property
    def offer(self) -> Callable[[bytes], None]:
        """Takes a packet; never waits."""
        ...


class Online:
    """Tells teams who is there, as long as a socket listens."""

    def __init__(
        self, hub: Hub, rosters: Rosters, acquaintances: Acquaintances, spawn: Spawn
    ) -> None:
        """Nobody listens."""
        self._hub = hub
        self._rosters = rosters
        self._acquaintances = acquaintances
        self._spawn = spawn
        self._touched: set[AccountId] = set()
        self._listeners = 0
        self._homes: set[Listener] = set()
        self._is_asking = False
        self._beat = 0
        self._timer: asyncio.TimerHandle | None = None
        hub.watch(self.touch)

    async def listen(self, team_id: TeamId, socket: Listener) -> bytes:
        """A socket of the team is there, in the hub already; the packet says who else is."""
        self._listeners += 1
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(TICK_S, self._tick)
        if team_id != HOME_TEAM:
            return self.now(team_id)
        self._homes.add(socket)
        return self._packet(HOME_TEAM, await self._acquaintances(socket.actor))

    def part(self, socket: Listener) -> None:
        """It is gone. Without sockets the timer stands still."""
        self._listeners -= 1
        self._homes.discard(socket)
        if not self._listeners and self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def touch(self, account_id: AccountId) -> None:
        """It came, went, turned away or came back: its teams hear of it with the next tick."""
        # Which teams those are is asked once for all: thousands may come at once when another process does.
        if self._hub.rooms():
            self._touched.add(account_id)

    def now(self, team_id: TeamId) -> bytes:
        """The packet for a team."""
        people, hub = self._rosters.people(team_id), self._hub
        there = [
            account_id
            for account_id, member in people.items()
            if hub.is_online(account_id) and not member.is_archived
        ]
        return self._packet(team_id, there)

    def tick(self) -> None:
        """Tell those teams whose turn it is, or that have news."""
        self._beat += 1
        touched, self._touched = self._touched, set()
        for room in tuple(self._hub.rooms()):
            team_id = TeamId(room)
            if (self._beat + room) % BEATS and not self._has_news(team_id, touched):
                continue
            if team_id == HOME_TEAM:
                if not self._is_asking:
                    self._spawn(self._tell_home(tuple(self._homes)))
                continue
            packet = self.now(team_id)
            for connection in tuple(self._hub.in_room(room)):
                connection.offer(packet)

    def _has_news(self, team_id: TeamId, touched: set[AccountId]) -> bool:
        if team_id == HOME_TEAM:
            return bool(touched)
        return not self._rosters.people(team_id).keys().isdisjoint(touched)

    def _tick(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(TICK_S, self._tick)
        self.tick()

    async def _tell_home(self, sockets: Iterable[Listener]) -> None:
        """One after the other: the store is asked for each of them."""
        self._is_asking = True
        try:
            for socket in sockets:
                there = await self._acquaintances(socket.actor)
                if socket in self._homes:
                    socket.offer(self._packet(HOME_TEAM, there))
        finally:
            self._is_asking = False

    def _packet(self, team_id: TeamId, accounts: Iterable[AccountId]) -> bytes:
        contacts = []
        for account_id in itertools.islice(accounts, MOST_NAMED):
            flags = self._hub.flags(account_id)
            contact: dict[str, object] = {"jid": self._rosters.jid(team_id, account_id, account_id)}
            if not flags & ACTIVE:
                contact["afk"] = True
            contact["mobile"] = bool(flags & MOBILE)
            contacts.append(contact)
        return said("server.online", {"contacts": contacts})
