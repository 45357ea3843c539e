"""Several processes in one test: each has a hub and peers, and the air between them can lose words."""

import heapq
import itertools
from collections import deque
from collections.abc import Callable

from tertulia.core.ids import AccountId, SessionId
from tertulia.core.tally import Tally
from tertulia.delivery.encoder import Reader
from tertulia.delivery.hub import Hub
from tertulia.delivery.peers import BEAT_S, GATHER_S, MOST_SILENT, Peers, Watches
from tertulia.delivery.rolls import Beat, Words, read
from tertulia.dialects.tada.views import TadaReader
from tests.core.house import Ear, StillClock, Verbatim

MOMENT_S = GATHER_S * 2
"""After it what has changed is told."""

SILENCE_S = BEAT_S * (MOST_SILENT + 2)
"""After it whoever is silent is dead."""

CALM_S = BEAT_S * 4
"""After it, if nothing is lost any more, everybody knows everything."""


class Alarm:
    """Something put off."""

    def __init__(self, callback: Callable[[], object]) -> None:
        self.callback: Callable[[], object] | None = callback

    def cancel(self) -> None:
        self.callback = None


class Hands:
    """Timers whose time passes when a test says so (`delivery.peers.Timers`)."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.alarms: list[tuple[float, int, Alarm]] = []
        self.numbers = itertools.count()

    def time(self) -> float:
        return self.now

    def call_later(self, delay: float, callback: Callable[[], object], /) -> Alarm:
        alarm = Alarm(callback)
        heapq.heappush(self.alarms, (self.now + delay, next(self.numbers), alarm))
        return alarm

    def step(self, until: float) -> bool:
        """Do the next thing that is due until then; whether there was one."""
        if not self.alarms or self.alarms[0][0] > until:
            return False
        at, _, alarm = heapq.heappop(self.alarms)
        self.now = max(self.now, at)
        if alarm.callback is not None:
            alarm.callback()
        return True


class Book:
    """Who has last said here whom he watches."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.watchers: set[AccountId] = set()
        self.spoke: Callable[[AccountId], object] = lambda _: None

    def share(self, spoke: Callable[[AccountId], object]) -> None:
        self.spoke = spoke

    def forget(self, watcher: AccountId) -> None:
        self.watchers.discard(watcher)

    def watch(self, watcher: AccountId) -> None:
        assert self.hub.is_online(watcher)
        self.watchers.add(watcher)
        self.spoke(watcher)


class Process:
    """A hub whose answers are true for all processes."""

    def __init__(
        self, air: "Air", name: str, watches_of: Callable[[Hub], Watches] | None = None
    ) -> None:
        self.air = air
        self.name = name
        self.heard: list[tuple[str, AccountId]] = []
        self.there: set[AccountId] = set()
        self.ears: list[Ear] = []
        self.gone: list[str] = []
        self.has_bus = True
        self.tally = Tally()
        self.hub = Hub(self.came, self.went, self.went_elsewhere)
        self.book = Book(self.hub)
        self.peers = Peers(
            self.hub,
            self.book if watches_of is None else watches_of(self.hub),
            send=self.send,
            clock=air.clock,
            loop=air.hands,
            tally=self.tally,
            process_id=name,
            is_connected=lambda: self.has_bus,
        )
        self.peers.when_gone(self.gone.append)

    def came(self, account_id: AccountId) -> None:
        assert account_id not in self.there
        self.there.add(account_id)
        self.heard.append(("came", account_id))

    def went(self, account_id: AccountId) -> None:
        self.there.remove(account_id)
        self.book.forget(account_id)
        self.heard.append(("went", account_id))

    def went_elsewhere(self, account_id: AccountId) -> None:
        self.there.remove(account_id)
        self.book.forget(account_id)
        self.heard.append(("went elsewhere", account_id))

    def news(self) -> list[tuple[str, AccountId]]:
        """Who came and went since the last time."""
        news, self.heard = self.heard, []
        return news

    def send(self, words: bytes) -> None:
        self.air.say(self, words)

    def listens(self, account_id: AccountId, flavour: str = "web", *, looks: bool = True) -> Ear:
        """A connection of that account."""
        reader = next(self.air.readers)(account_id, flavour)
        ear = Ear(reader, self.air.encoder)
        ear.is_inactive = not looks
        self.hub.add(ear)
        self.ears.append(ear)
        return ear

    def hangs_up(self, ear: Ear) -> None:
        self.ears.remove(ear)
        self.hub.remove(ear)

    def turns(self, ear: Ear, *, looks: bool) -> None:
        ear.is_inactive = not looks
        self.hub.turned(ear)


class Air:
    """Carries words from each process to each other one, in order; what `is_lost` says is lost."""

    def __init__(self) -> None:
        self.hands = Hands()
        self.clock = StillClock()
        self.encoder = Verbatim()
        self.readers = (_reader(number) for number in itertools.count(1))
        self.processes: list[Process] = []
        self.ways: dict[tuple[str, str], deque[bytes]] = {}
        self.is_lost: Callable[[str, str, Words | None], bool] = lambda _, __, ___: False
        self.said: list[Words] = []

    def process(self, name: str, watches_of: Callable[[Hub], Watches] | None = None) -> Process:
        """Another one, which has just started."""
        new = Process(self, name, watches_of)
        self.processes.append(new)
        new.peers.start()
        return new

    def say(self, sender: Process, words: bytes) -> None:
        if sender not in self.processes:
            return
        said = read(words)
        assert said is not None
        self.said.append(said)
        for each in self.processes:
            if each is not sender and not self.is_lost(sender.name, each.name, said):
                self.ways.setdefault((sender.name, each.name), deque()).append(words)

    def dies(self, process: Process) -> None:
        """Without a word. What it has said is still on its way."""
        self.processes.remove(process)

    def stops(self, process: Process) -> None:
        """In good order."""
        process.peers.stop()
        self.processes.remove(process)

    def deliver(self, sender: str, receiver: str) -> None:
        """The next word from one to the other, if there is one."""
        way = self.ways.get((sender, receiver))
        if way:
            words = way.popleft()
            for each in self.processes:
                if each.name == receiver:
                    each.peers.arrived(words)

    def settle(self) -> None:
        """Everything that is on its way arrives."""
        while any(self.ways.values()):
            for sender, receiver in tuple(self.ways):
                self.deliver(sender, receiver)

    def passes(self, seconds: float = MOMENT_S) -> None:
        """Time in which everything arrives at once."""
        until = self.hands.now + seconds
        self.settle()
        while self.hands.step(until):
            self.settle()
        self.clock.move(until - self.hands.now)
        self.hands.now = until

    def heard_since(self, number: int) -> list[Words]:
        """What was said since then, but for beats."""
        return [each for each in self.said[number:] if not isinstance(each, Beat)]


def _reader(number: int) -> Callable[[AccountId, str], Reader]:
    def made(account_id: AccountId, flavour: str) -> Reader:
        return TadaReader(number, account_id, SessionId(number), flavour, 7)  # type: ignore[arg-type]  # any team

    return made
