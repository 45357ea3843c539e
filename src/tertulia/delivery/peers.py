"""Several processes know of one another who is connected to them: each is a *peer* of the others.

They speak over a broadcast that may lose messages. What is lost is noticed by numbers (`delivery.rolls`),
with the next beat at the latest, and asked for again. Who is silent for too long is taken for dead.
"""

import logging
import secrets
from collections.abc import Callable, Iterable
from typing import Protocol

from tertulia.core.ids import AccountId
from tertulia.core.ports import Clock
from tertulia.core.tally import Tally
from tertulia.delivery.hub import Hub
from tertulia.delivery.rolls import (
    FLAG_BITS,
    FLAGS,
    Ask,
    Beat,
    Bye,
    Change,
    Copy,
    Part,
    Roll,
    Words,
    in_parts,
    read,
    standing,
    written,
)

LOG = logging.getLogger(__name__)

BEAT_S = 2.0
"""Between two signs of life."""

MOST_SILENT = 5
"""Beats of our own without a word of a peer; with the next one it is dead.

Our own, so that a process which itself stood still for a while does not bury all others.
"""

GATHER_S = 0.02
"""For so long changes are gathered before they are told."""

ASK_AGAIN_S = 1.0
"""Between two questions to one peer, and between two whole rolls of ours."""

MOST_PEERS = 1_000
"""Who comes when there are so many is not heard."""


class Timer(Protocol):
    """What can be put off."""

    def cancel(self) -> None:
        """Do not do it."""
        ...


class Timers(Protocol):
    """What we need of an event loop."""

    def time(self) -> float:
        """Seconds, from whenever."""
        ...

    def call_later(self, delay: float, callback: Callable[[], object], /) -> Timer:
        """Call it after so many seconds."""
        ...


class Watches(Protocol):
    """Who watches whom, as far as it was said to this process (`core.presence.PresenceBook`)."""

    def share(self, spoke: Callable[[AccountId], object]) -> None:
        """*spoke* is told who has said here whom it watches."""
        ...

    def forget(self, watcher: AccountId) -> None:
        """It has said so to another process since."""
        ...


class _Peer(Copy):
    """Another process: its roll, and how we stand with it."""

    __slots__ = ("asked_at", "silent")

    def __init__(self) -> None:
        super().__init__()
        self.asked_at = float("-inf")
        self.silent = 0


class Peers:
    """Keeps the hub right about connections to other processes, and tells them of ours."""

    def __init__(
        self,
        hub: Hub,
        watches: Watches,
        *,
        send: Callable[[bytes], None],
        clock: Clock,
        loop: Timers,
        tally: Tally,
        process_id: str | None = None,
        is_connected: Callable[[], bool] = lambda: True,
    ) -> None:
        """We are alone.

        Args:
            hub: who is connected.
            watches: forgets what an account said here if it has said something else elsewhere since.
            send: broadcasts to all other processes. Never waits, never fails; what it loses is lost.
            clock: the time.
            loop: timers.
            tally: where the other processes are counted.
            process_id: what the others know us by; nobody may ever have had it. None: a random one.
            is_connected: whether anybody could be heard now.
        """
        self.id = secrets.token_hex(8) if process_id is None else process_id
        self._hub = hub
        self._watches = watches
        self._broadcast = send
        self._clock = clock
        self._loop = loop
        self._tally = tally
        self._is_connected = is_connected
        # What the others have been told, which is what our numbers are of.
        self._roll: Roll = {}
        self._number = 0
        self._changed: set[AccountId] = set()
        self._spoke_at: dict[AccountId, int] = {}
        self._peers: dict[str, _Peer] = {}
        self._when_gone: list[Callable[[str], object]] = []
        self._beating: Timer | None = None
        self._telling: Timer | None = None
        self._answering: Timer | None = None
        self._answered_at = float("-inf")
        self._has_complained = False

    # What the server asks and tells us.

    def start(self) -> None:
        """Tell the others that we are here, and hear who they are."""
        self._beating = self._loop.call_later(BEAT_S, self._beat)
        self._hub.share(self._note)
        self._watches.share(self._note_spoken)
        for account_id in self._hub.here():
            self._note(account_id)
        self._say(Beat(self.id, self._number, asks=True))

    def stop(self) -> None:
        """Say goodbye: whoever is still connected here is not, for the others."""
        if self._beating is None:
            return
        self._tell()
        self._say(Bye(self.id))
        for timer in (self._beating, self._telling, self._answering):
            if timer is not None:
                timer.cancel()
        self._beating = self._telling = self._answering = None

    def resumed(self) -> None:
        """What we or the others said in the meantime is perhaps lost: compare the numbers at once."""
        if self._beating is not None:
            self._say(Beat(self.id, self._number, asks=True))

    @property
    def ids(self) -> frozenset[str]:
        """The processes that are alive, this one included."""
        return frozenset((self.id, *self._peers))

    @property
    def count(self) -> int:
        """How many processes are alive, this one included."""
        return 1 + len(self._peers)

    def when_gone(self, told: Callable[[str], object]) -> None:
        """*told* hears of every process that has ended or is taken for dead. Such a one may come back."""
        self._when_gone.append(told)

    def arrived(self, words: bytes) -> None:
        """What another process has said. Those of one come in order, but some may be missing."""
        said = read(words)
        if said is None:
            if not self._has_complained:
                self._has_complained = True
                LOG.warning("A word between processes is not understood; no more is said of such")
            return
        if self._beating is None or said.sender == self.id:
            return
        if isinstance(said, Bye):
            self._drop(said.sender, "It has said goodbye")
            return
        peer = self._peer(said.sender)
        if peer is not None:
            peer.silent = 0
            self._hear(peer, said)

    # What changes here.

    def _note(self, account_id: AccountId) -> None:
        """Its connections here have changed, or what it said here."""
        self._changed.add(account_id)
        if self._telling is None and self._beating is not None:
            self._telling = self._loop.call_later(GATHER_S, self._tell)

    def _note_spoken(self, account_id: AccountId) -> None:
        """It has said here whom it watches: that is later than all it said elsewhere."""
        before = max((at for at, _ in self._spoken_elsewhere(account_id)), default=0)
        before = max(before, self._spoke_at.get(account_id, 0))
        self._spoke_at[account_id] = max(self._clock.now_ms(), before + 1)
        self._note(account_id)

    def _tell(self) -> None:
        """Tell the others whose standing here is another than they know."""
        self._telling = None
        changed, self._changed = self._changed, set()
        news: Roll = {}
        for account_id in changed:
            now = self._standing(account_id)
            if now != self._roll.get(account_id, 0):
                news[account_id] = now
        for part in in_parts(news):
            self._number += 1
            for account_id, now in part.items():
                if now:
                    self._roll[account_id] = now
                else:
                    del self._roll[account_id]
            self._say(Change(self.id, self._number, part))

    def _standing(self, account_id: AccountId) -> int:
        if account_id in self._spoke_at and not self._hub.is_online(account_id):
            del self._spoke_at[account_id]
        return standing(self._hub.flags_here(account_id), self._spoke_at.get(account_id, 0))

    # Timers.

    def _beat(self) -> None:
        self._beating = self._loop.call_later(BEAT_S, self._beat)
        self._say(Beat(self.id, self._number, asks=False))
        if not self._is_connected():
            return
        for sender, peer in tuple(self._peers.items()):
            peer.silent += 1
            if peer.silent > MOST_SILENT:
                self._drop(sender, "Nothing is heard of it")

    def _answer(self) -> None:
        """Tell everybody our whole roll, in one breath: nothing can come in between."""
        self._answering, self._answered_at = None, self._loop.time()
        parts = list(in_parts(self._roll)) or [{}]
        for place, part in enumerate(parts):
            self._say(Part(self.id, self._number, place, place == len(parts) - 1, part))

    def _say(self, words: Words) -> None:
        self._broadcast(written(words))

    # What others say.

    def _peer(self, sender: str) -> _Peer | None:
        peer = self._peers.get(sender)
        if peer is None and len(self._peers) < MOST_PEERS:
            peer = self._peers[sender] = _Peer()
            self._tally.peers = len(self._peers)
            LOG.info("Another process is there", extra={"fields": {"process": sender}})
        return peer

    def _hear(self, peer: _Peer, said: Beat | Change | Ask | Part) -> None:
        match said:
            case Beat():
                if said.number != peer.number:
                    self._ask(said.sender, peer)
                if said.asks:
                    self._say(Beat(self.id, self._number, asks=False))
            case Change():
                if said.number == peer.number + 1:
                    self._settle(peer.change(said))
                elif said.number > peer.number:
                    self._ask(said.sender, peer)
            case Part():
                self._settle(peer.collect(said))
            case Ask():
                if said.whom == self.id and self._answering is None:
                    wait = self._answered_at + ASK_AGAIN_S - self._loop.time()
                    self._answering = self._loop.call_later(max(0.0, wait), self._answer)

    def _ask(self, whom: str, peer: _Peer) -> None:
        """For its whole roll. What is not answered is asked again with its next word, a beat at the latest."""
        now = self._loop.time()
        if now - peer.asked_at >= ASK_AGAIN_S:
            peer.asked_at = now
            self._say(Ask(self.id, whom))

    def _drop(self, sender: str, why: str) -> None:
        """Nobody is connected to it any more."""
        peer = self._peers.pop(sender, None)
        if peer is None:
            return
        self._tally.peers = len(self._peers)
        LOG.info("Another process is gone", extra={"fields": {"process": sender, "why": why}})
        self._settle(peer.roll, is_lost=True)
        for told in self._when_gone:
            try:
                told(sender)
            except Exception:
                LOG.exception("The end of a process could not be heard")

    def _settle(self, accounts: Iterable[AccountId], *, is_lost: bool = False) -> None:
        """Their standings elsewhere have changed."""
        rolls = [each.roll for each in self._peers.values()]
        for account_id in accounts:
            flags = 0
            for roll in rolls:
                flags |= roll.get(account_id, 0)
            self._hub.is_elsewhere(account_id, flags & FLAGS, is_lost=is_lost)
            if account_id in self._spoke_at:
                self._settle_watch(account_id)

    def _settle_watch(self, account_id: AccountId) -> None:
        """Forget what it said here if that was not its last word. Two at once: the greater id counts."""
        ours = self._spoke_at[account_id], self.id
        latest = max(self._spoken_elsewhere(account_id), default=ours)
        if latest > ours:
            del self._spoke_at[account_id]
            self._watches.forget(account_id)
        if latest > ours or not self._hub.is_online(account_id):
            self._note(account_id)

    def _spoken_elsewhere(self, account_id: AccountId) -> list[tuple[int, str]]:
        """When it said whom it watches, and to whom."""
        return [
            (peer.roll.get(account_id, 0) >> FLAG_BITS, sender)
            for sender, peer in self._peers.items()
        ]
