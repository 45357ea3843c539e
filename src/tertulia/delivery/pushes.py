"""Pushes for accounts that nobody hears: found out when something happens, stored, sent, tried again.

Of several processes one sends pushes (`core.leading`); what the others are asked to send they store, and
tell it so.

Nothing here holds up a message: an event costs the look into a set, and everything else comes after
its commit and its delivery. What is stored survives a restart; a push that falls between the commit of
its message and its own is lost.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Coroutine, Iterable, Sequence
from typing import Any

from tertulia.core.errors import Unavailable
from tertulia.core.events import (
    ChatOpened,
    Event,
    MembersAdded,
    MembersRemoved,
    MessagePosted,
    PushesPut,
    Subscribed,
)
from tertulia.core.flags import SILENT
from tertulia.core.ids import AccountId, ChatId
from tertulia.core.model import ChatKind
from tertulia.core.ports import Clock
from tertulia.core.push import (
    Outcome,
    Push,
    PushNotice,
    PushSender,
    PushStore,
    PushWorthy,
    notice_for,
)
from tertulia.delivery.audience import Audience, Card
from tertulia.delivery.hub import Hub

LOG = logging.getLogger(__name__)

Spawn = Callable[[Coroutine[Any, Any, None]], object]

AT_ONCE = 64
"""Pushes under way; the others wait."""

MOST_OF_ONE = 4
"""Of them for one account, so that its slow devices do not hold up everybody."""

MOST_WAITING = 10_000
"""Pushes; beyond it no more are made until some are sent."""

MOST_CONSIDERED = 1_000
"""Events whose pushes are being written; beyond it an event has none."""

RETRY_AFTER_S = (5.0, 60.0)
"""Before the second attempt, and before the third and last."""

LOOK_AGAIN_S = 5.0
"""After the store did not say what others have put."""

KEPT_MS = 24 * 3_600_000
"""A push that could not be sent for so long is of no use any more."""


class Pushes:
    """Considers every event; sends what it finds worth a push (`core.push.Courier`)."""

    def __init__(
        self,
        hub: Hub,
        audience: Audience,
        store: PushStore,
        sender: PushSender,
        *,
        words: Callable[[PushNotice], str],
        clock: Clock,
        spawn: Spawn,
    ) -> None:
        """Nobody has a subscription until `open`.

        Args:
            hub: who is connected.
            audience: who is in which chat.
            store: subscriptions, and pushes that wait.
            sender: the way to devices.
            words: what a push says, as the clients read it.
            clock: the time.
            spawn: starts a task.
        """
        self._hub = hub
        self._audience = audience
        self._store = store
        self._sender = sender
        self._words = words
        self._clock = clock
        self._spawn = spawn
        self._subscribers: set[AccountId] = set()
        self._queue: deque[tuple[Push, int]] = deque()
        self._under_way: dict[AccountId, int] = {}
        self._busy = 0
        self._later: set[asyncio.TimerHandle] = set()
        self._considered = 0
        self._learned = 0
        self._is_open = False
        # What had been put up to this number, whoever put it, was in the queue or settled when we opened.
        self._opened_at = 0
        # What others put while we open; None while we do not.
        self._meanwhile: list[PushesPut] | None = None

    async def open(self) -> None:
        """Go on where the last run, or another process, stopped."""
        meanwhile = self._meanwhile = []
        self._subscribers |= await self._store.subscribers()
        since = self._clock.now_ms() - KEPT_MS
        waiting = await self._store.waiting(since, MOST_WAITING)
        self._meanwhile = None
        self._opened_at = waiting[-1].id if waiting else 0
        self._queue.extend((push, 1) for push in waiting)
        self._is_open = True
        self._pump()
        for put in meanwhile:
            self._spawn(self._fetch(put))

    def close(self) -> None:
        """Start nothing new; what waits is stored, for whoever opens next."""
        self._is_open = False
        self._meanwhile = None
        self._subscribers.clear()
        for timer in self._later:
            timer.cancel()
        self._later.clear()
        self._queue.clear()

    async def tidy(self) -> None:
        """Throw away what came to nothing."""
        await self._store.forget(self._clock.now_ms() - KEPT_MS)

    def learn(self, account_id: AccountId) -> None:
        """See the port. That an account has none any more is found out when it is asked for them."""
        self._subscribers.add(account_id)
        self._learned += 1

    def consider(self, events: Sequence[Event]) -> None:
        """Listen to what happened (`delivery.bus.Listener`). Never waits, never fails."""
        if not self._subscribers or not self._is_open:
            return
        for event in events:
            if isinstance(event, MessagePosted | ChatOpened | MembersAdded | MembersRemoved):
                self._consider(event)

    def hear(self, events: Sequence[Event]) -> None:
        """Learn what other processes changed (`delivery.bus.Listener`). Never waits, never fails."""
        for event in events:
            if isinstance(event, Subscribed):
                self.learn(event.account_id)
            elif isinstance(event, PushesPut):
                if self._meanwhile is not None:
                    self._meanwhile.append(event)
                elif self._is_open:
                    self._spawn(self._fetch(event))

    async def _fetch(self, put: PushesPut) -> None:
        """Send what another process has put."""
        after = max(put.after, self._opened_at)
        while self._is_open:
            try:
                pushes = await self._store.put_between(after, put.upto)
            except Unavailable:
                await asyncio.sleep(LOOK_AGAIN_S)
                continue
            if self._is_open:
                self._queue.extend((push, 1) for push in pushes)
                self._pump()
            return

    def _consider(self, event: PushWorthy) -> None:
        if isinstance(event, MessagePosted) and event.message.flags & SILENT:
            return
        if not isinstance(event, MessagePosted):
            unheard = self._unheard(_told(event), event.account_id)
            if unheard:
                self._start(event, unheard)
            return
        card = self._audience.known(event.message.chat_id)
        if card is None:
            self._start(event, None)
            return
        unheard = self._unheard_of(event, card)
        if unheard:
            self._start(event, unheard)

    def _unheard_of(self, event: MessagePosted, card: Card) -> list[AccountId]:
        members = card.members & self._subscribers
        members.difference_update(event.hidden_from)
        return self._unheard(members, event.message.author_id)

    def _unheard(self, accounts: Iterable[AccountId], author_id: AccountId) -> list[AccountId]:
        """Those with a subscription who have no connection, or one that nobody looks at."""
        return [
            each
            for each in accounts
            if each != author_id and each in self._subscribers and self._hub.is_unheard(each)
        ]

    def _start(self, event: PushWorthy, accounts: list[AccountId] | None) -> None:
        if self._considered >= MOST_CONSIDERED or len(self._queue) >= MOST_WAITING:
            LOG.warning("Too many pushes are waiting; an event has none")
            return
        self._considered += 1
        self._spawn(self._write(event, accounts))

    async def _write(self, event: PushWorthy, accounts: list[AccountId] | None) -> None:
        """Find the words and store the pushes."""
        try:
            author_id, chat_id = _whereabouts(event)
            if accounts is None:
                assert isinstance(event, MessagePosted), "the others name their accounts"
                card = await self._audience.card(chat_id)
                accounts = [] if card is None else self._unheard_of(event, card)
            if accounts and isinstance(event, MessagePosted):
                accounts = await self._store.unmuted(chat_id, accounts)
            scene = await self._store.scene(author_id, chat_id) if accounts else None
            if scene is not None:
                payload = self._words(notice_for(event, *scene))
                await self.post(author_id, accounts, payload, self._clock.now_ms())
        finally:
            self._considered -= 1

    async def post(
        self, author_id: AccountId, accounts: Sequence[AccountId], payload: str, now: int
    ) -> int:
        """See the port."""
        is_ours = self._is_open
        number, pushes = await self._store.put(
            author_id, accounts, payload, now, for_others=not is_ours
        )
        if not is_ours or not self._is_open:
            return number
        self._queue.extend((push, 1) for push in pushes)
        # Who had no subscription any more need not be asked again.
        if not pushes:
            await self._look_again(accounts)
        self._pump()
        return number

    async def _look_again(self, accounts: Sequence[AccountId]) -> None:
        for account_id in accounts:
            learned = self._learned
            # Perhaps he has just subscribed again while we read.
            if not await self._store.of(account_id) and learned == self._learned:
                self._subscribers.discard(account_id)

    def _pump(self) -> None:
        """Start what may start. A push whose account has enough under way lets others pass."""
        passed: list[tuple[Push, int]] = []
        while self._is_open and self._queue and self._busy < AT_ONCE:
            push, attempt = self._queue.popleft()
            if self._under_way.get(push.account_id, 0) >= MOST_OF_ONE:
                passed.append((push, attempt))
                if len(passed) > AT_ONCE:
                    break
                continue
            self._busy += 1
            self._under_way[push.account_id] = self._under_way.get(push.account_id, 0) + 1
            self._spawn(self._send(push, attempt))
        self._queue.extendleft(reversed(passed))

    async def _send(self, push: Push, attempt: int) -> None:
        try:
            outcome = await self._sender.send(push.to, push.payload)
            await self._settle(push, attempt, outcome)
        finally:
            self._busy -= 1
            left = self._under_way[push.account_id] - 1
            if left:
                self._under_way[push.account_id] = left
            else:
                del self._under_way[push.account_id]
            self._pump()

    async def _settle(self, push: Push, attempt: int, outcome: Outcome) -> None:
        if outcome is Outcome.FAILED and attempt <= len(RETRY_AFTER_S):
            self._try_later(push, attempt)
        elif outcome is Outcome.GONE:
            LOG.info(
                "A push subscription is gone", extra={"fields": {"platform": push.to.platform}}
            )
            await self._store.drop(push.subscription_id)
        else:
            if outcome is not Outcome.SENT:
                fields = {"outcome": outcome, "platform": push.to.platform}
                LOG.info("A push could not be sent", extra={"fields": fields})
            await self._store.settle(push.id)

    def _try_later(self, push: Push, attempt: int) -> None:
        if not self._is_open:
            return
        loop = asyncio.get_running_loop()
        if len(self._later) >= MOST_WAITING:
            # It is stored, and the next start tries it again.
            return

        def again() -> None:
            self._later.discard(timer)
            self._queue.append((push, attempt + 1))
            self._pump()

        timer = loop.call_later(RETRY_AFTER_S[attempt - 1], again)
        self._later.add(timer)


def _told(event: ChatOpened | MembersAdded | MembersRemoved) -> Sequence[AccountId]:
    """Who is told of a chat by a push. A direct chat comes with its first message."""
    if event.chat.kind is ChatKind.DIRECT:
        return ()
    if isinstance(event, MembersRemoved) and event.by_themselves:
        return ()
    return event.accounts


def _whereabouts(event: PushWorthy) -> tuple[AccountId, ChatId]:
    if isinstance(event, MessagePosted):
        return event.message.author_id, event.message.chat_id
    return event.account_id, event.chat.id
