"""The watchman of a port: one timer for all connections, instead of one or more for each."""

import asyncio
from typing import Protocol

from tertulia.web.house import House
from tertulia.web.socket import Socket


class Visitor(Protocol):
    """An HTTP connection, as far as the watchman cares."""

    @property
    def deadline(self) -> float:
        """When its patience or ours ends, on the loop's clock; infinite while the server works."""
        ...

    def expire(self) -> None:
        """The deadline has passed."""
        ...


class Rounds:
    """Walks by every connection in turn; stands still while there is none.

    An HTTP connection is looked at in every sweep. An idle WebSocket has a slot that comes up once in
    `ping_every_s`, so that many sockets are not looked after in one long turn of the loop.
    """

    __slots__ = ("_armed", "_slot", "_stop_armed", "house", "visitors")

    def __init__(self, house: House) -> None:
        """Nobody is there yet."""
        self.house = house
        self.visitors: set[Visitor] = set()
        self._slot = 0
        self._armed = self._stop_armed = False

    def begin(self) -> None:
        """Somebody has come: walk, if we do not already."""
        if not self._armed:
            self._armed = True
            loop = asyncio.get_running_loop()
            self.house.now = loop.time()
            loop.call_later(self.house.limits.sweep_every_s, self._sweep)

    def slot(self) -> int:
        """The slot for a new socket: the one whose turn is furthest away."""
        return self._slot

    def stop(self, socket: Socket) -> None:
        """The server stops: let *socket* finish what was heard, for at most `drain_s` in all."""
        house = self.house
        house.stopping = True
        if not self._stop_armed:
            self._stop_armed = True
            asyncio.get_running_loop().call_later(house.limits.drain_s, self._leave)
        socket.drain()

    def _leave(self) -> None:
        for slot in self.house.sockets:
            for socket in tuple(slot):
                socket.leave()

    def _sweep(self) -> None:
        house, loop = self.house, asyncio.get_running_loop()
        house.now = now = loop.time()
        for visitor in tuple(self.visitors):
            if now >= visitor.deadline:
                visitor.expire()
        for socket, deadline in tuple(house.closing.items()):
            if now >= deadline:
                socket.abort()
        self._turn_strangers_away(now)
        self._slot = (self._slot + 1) % len(house.sockets)
        for socket in tuple(house.sockets[self._slot]):
            socket.look_after()
        self._armed = bool(self.visitors or any(house.sockets))
        if self._armed:
            loop.call_later(house.limits.sweep_every_s, self._sweep)

    def _turn_strangers_away(self, now: float) -> None:
        """They wait in the order in which they came, so only the first of them are looked at."""
        house = self.house
        latest = now - house.limits.unsigned_s
        while house.unsigned:
            socket = next(iter(house.unsigned))
            if socket.opened_at > latest:
                return
            del house.unsigned[socket]
            socket.turn_away()
