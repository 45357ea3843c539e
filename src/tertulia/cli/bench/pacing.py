"""When the next message leaves: as soon as one is over, or by the clock whatever happens."""

import asyncio
import itertools
from collections.abc import Sequence
from time import perf_counter

from tertulia.cli.bench.crowd import Chat, Sender, Stretch
from tertulia.cli.bench.report import Complaints

# After the last message was sent, everything has to have come back within so many seconds.
DEADLINE_S = 30.0

# How often to look whether waiting still makes sense, in seconds.
_LOOK_S = 0.5

# The loop's timers are a millisecond coarse: sleep until so shortly before, in seconds, then spin.
_SPIN_S = 0.002


async def for_seconds(chats: Sequence[Chat], window: int, seconds: float) -> Stretch:
    """Every writer keeps *window* messages in flight for so long; then all are waited for."""
    stop_at = perf_counter() + seconds
    return await _in_flight(chats, window, Stretch(lambda now: now < stop_at), seconds)


async def for_messages(chats: Sequence[Chat], window: int, count: int) -> Stretch:
    """Every writer keeps up to *window* messages in flight until *count* are written in all."""
    window = min(window, count)
    left = itertools.count(count - window * sum(len(chat.senders) for chat in chats), -1)
    return await _in_flight(chats, window, Stretch(lambda _: next(left) > 0), count / 1000)


async def at_rate(
    chats: Sequence[Chat], rate: float, seconds: float, turn: Sequence[Sender]
) -> Stretch:
    """Offer *rate* messages a second at even distances, the writers taking turns.

    Delays count from the moment a message was due, so that a server that falls behind, or
    we ourselves, cannot hide it by sending later.
    """
    stretch = Stretch(lambda _: False, offering=True)
    for chat in chats:
        chat.stretch = stretch
    _Clockwork(stretch, turn, rate, total=int(rate * seconds)).tick()
    await _all_back(stretch, seconds, chats[0].complaints)
    return stretch


class _Clockwork:
    """Sends what is due, sleeps until just before the next, and spins the rest of the way."""

    def __init__(self, stretch: Stretch, turn: Sequence[Sender], rate: float, total: int) -> None:
        self._stretch = stretch
        self._turn = turn
        self._rate = rate
        self._left = total
        self._sent = 0
        self._started = perf_counter()
        self._loop = asyncio.get_running_loop()

    def tick(self) -> None:
        """Send everything that is due by now and come again."""
        stretch = self._stretch
        due = self._started + self._sent / self._rate
        while self._left and due <= perf_counter():
            self._turn[self._sent % len(self._turn)].say(due)
            self._sent += 1
            self._left -= 1
            due = self._started + self._sent / self._rate
        if not self._left:
            stretch.offering = False
            stretch.end_if_still()
        elif (wait := due - perf_counter() - _SPIN_S) > 0:
            self._loop.call_later(wait, self.tick)
        else:
            self._loop.call_soon(self.tick)


async def _in_flight(
    chats: Sequence[Chat], window: int, stretch: Stretch, seconds: float
) -> Stretch:
    for chat in chats:
        chat.stretch = stretch
    for chat in chats:
        for sender in chat.senders.values():
            for _ in range(window):
                sender.say(perf_counter())
    await _all_back(stretch, seconds, chats[0].complaints)
    return stretch


async def _all_back(stretch: Stretch, seconds: float, complaints: Complaints) -> None:
    started = perf_counter()
    while not stretch.over.done():
        # Once something is wrong, the counts will not come right again: no need to wait for it.
        patience = seconds if complaints.count else seconds + DEADLINE_S
        if perf_counter() - started > patience:
            complaints.add(
                f"of {stretch.sent} messages {stretch.open} were not acknowledged and heard by "
                f"everybody in time: {len(stretch.ack_delays)} acknowledgements and "
                f"{len(stretch.delivery_delays)} deliveries came"
            )
            return
        await asyncio.wait([stretch.over], timeout=_LOOK_S)
