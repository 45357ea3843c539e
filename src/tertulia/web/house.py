"""What the WebSockets of one port share: their bounds, their counts, and one write for each turn."""

import asyncio
from typing import TYPE_CHECKING

from tertulia.core.tally import Tally
from tertulia.web.addresses import is_loopback
from tertulia.web.limits import Limits

if TYPE_CHECKING:
    from tertulia.web.socket import Socket


class Flusher:
    """Lets each socket write once for all it was offered in one turn of the event loop."""

    __slots__ = ("_armed", "_touched")

    def __init__(self) -> None:
        self._touched: list[Socket] = []
        self._armed = False

    def touch(self, socket: "Socket") -> None:
        """*socket* has something to write: before this turn of the loop is over, it will."""
        self._touched.append(socket)
        if not self._armed:
            self._armed = True
            asyncio.get_running_loop().call_soon(self._turn)

    def flush(self) -> None:
        """Write now, for whoever knows that a batch is complete."""
        touched, self._touched = self._touched, []
        for socket in touched:
            socket.flush()

    def _turn(self) -> None:
        self._armed = False
        self.flush()


class House:
    """What all sockets of one port share."""

    __slots__ = (
        "asking", "closing", "flusher", "limits", "most_bytes", "most_packets", "now", "sockets", "stopping",
        "strangers", "tally", "unsigned",
    )  # fmt: skip

    def __init__(self, limits: Limits, tally: Tally) -> None:
        """Nobody is there.

        Attributes:
            now: seconds on the loop's clock, as of the last sweep.
            sockets: all that are open, spread over as many slots as sweeps lie between two pings.
            closing: who has our close frame, and when we stop waiting for the answer.
            strangers: by address, how many are connected and not signed in.
            unsigned: sockets that are not signed in, the one that came first in front.
            asking: how many upgrades wait for their dialect to decide.
        """
        self.limits = limits
        # Looked at for every packet.
        self.most_bytes = limits.waiting_bytes
        self.most_packets = limits.waiting_packets
        self.tally = tally
        self.flusher = Flusher()
        self.now = 0.0
        slots = max(1, round(limits.ping_every_s / limits.sweep_every_s))
        self.sockets: list[set[Socket]] = [set() for _ in range(slots)]
        self.closing: dict[Socket, float] = {}
        self.strangers: dict[str, int] = {}
        self.unsigned: dict[Socket, None] = {}
        self.asking = 0
        self.stopping = False

    def is_crowded(self, peer: str) -> bool:
        """Whether so many from *peer*'s address have not signed in that one more is too many."""
        return self.strangers.get(peer, 0) >= self.limits.unsigned_per_address

    def meet(self, peer: str) -> None:
        """A stranger from *peer* has come."""
        if not is_loopback(peer):
            self.strangers[peer] = self.strangers.get(peer, 0) + 1

    def part(self, peer: str) -> None:
        """A stranger from *peer* has signed in or gone."""
        left = self.strangers.get(peer, 0) - 1
        if left > 0:
            self.strangers[peer] = left
        else:
            self.strangers.pop(peer, None)
