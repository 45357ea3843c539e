"""Of several processes one sends pushes, also those that the others are asked for."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import uvloop

from tertulia.core.events import Event, MessagePosted, PushesPut, Subscribed
from tertulia.core.ids import AccountId
from tertulia.core.model import Actor
from tertulia.core.push import NewSubscription, Outcome, Platform
from tertulia.delivery.audience import Audience
from tertulia.delivery.hub import Hub
from tertulia.delivery.pushes import Pushes
from tertulia.store.pushes import SqlPushes
from tests.core.house import StillClock
from tests.store.world import START, World, in_memory, tea, tell

PATIENCE_S = 5.0


class Devices:
    """The way to devices (`core.push.PushSender`): what was sent, by device."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str]] = []
        self.outcome = Outcome.SENT

    async def send(self, to: NewSubscription, payload: str) -> Outcome:
        self.sent.append((to.device, payload))
        return self.outcome


class Cluster:
    """Processes over one store, all with the same devices behind them."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.store = SqlPushes(world.engine)
        self.devices = Devices()
        self.tasks: set[asyncio.Task[None]] = set()
        self._told = 0

    def process(self) -> Pushes:
        """One that does not send yet."""
        return Pushes(
            Hub(_nobody, _nobody),
            Audience(self.world.chats.card),
            self.store,
            self.devices,
            words=lambda notice: notice.body,
            clock=StillClock(START),
            spawn=self._spawn,
        )

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        self.tasks.add(asyncio.get_running_loop().create_task(work))

    async def subscribe(self, who: Actor, device: str = "phone") -> None:
        new = NewSubscription(device, Platform.WEB, f"https://push.example/{device}")
        await self.store.subscribe(who.account_id, new, 10, self.world.now)

    def news(self) -> list[Event]:
        """What was told since the last time."""
        told, self._told = self.world.heard[self._told :], len(self.world.heard)
        return told

    async def rested(self) -> None:
        """Until nothing is under way."""
        async with asyncio.timeout(PATIENCE_S):
            while not all(each.done() for each in self.tasks):
                await asyncio.wait(self.tasks)

    async def waiting(self) -> int:
        return len(await self.store.waiting(0, 100))


def _nobody(_: AccountId) -> None:
    """There is nobody to tell."""


def in_cluster(story: Callable[[World, Cluster], Awaitable[None]]) -> None:
    async def played(world: World) -> None:
        await story(world, Cluster(world))

    uvloop.run(tell(played, in_memory))


def test_who_leads_sends_what_another_process_was_asked_for() -> None:
    async def story(world: World, cluster: Cluster) -> None:
        anna, boris, _ = await tea(world)
        await cluster.subscribe(boris)
        leader, other = cluster.process(), cluster.process()
        await leader.open()
        cluster.news()
        await other.post(anna.account_id, [boris.account_id], "hola", world.now)
        await cluster.rested()
        assert cluster.devices.sent == []
        news = cluster.news()
        assert [type(each) for each in news] == [PushesPut]
        for each in (leader, other):
            each.hear(news)
        await cluster.rested()
        assert cluster.devices.sent == [("phone", "hola")]
        assert await cluster.waiting() == 0

    in_cluster(story)


def test_who_leads_tells_nobody_what_it_sends() -> None:
    async def story(world: World, cluster: Cluster) -> None:
        anna, boris, _ = await tea(world)
        await cluster.subscribe(boris)
        leader = cluster.process()
        await leader.open()
        cluster.news()
        await leader.post(anna.account_id, [boris.account_id], "hola", world.now)
        await cluster.rested()
        assert cluster.devices.sent == [("phone", "hola")]
        assert cluster.news() == []

    in_cluster(story)


def test_who_leads_learns_of_subscriptions_made_elsewhere() -> None:
    async def story(world: World, cluster: Cluster) -> None:
        anna, boris, chat = await tea(world)
        leader, other = cluster.process(), cluster.process()
        await leader.open()
        await cluster.subscribe(boris)
        news = cluster.news()
        assert Subscribed(boris.account_id) in news
        for each in (leader, other):
            each.hear(news)
        await world.post(anna, chat.id, "hola")
        posted = [each for each in cluster.news() if isinstance(each, MessagePosted)]
        for each in (leader, other):
            each.consider(posted)
        await cluster.rested()
        assert cluster.devices.sent == [("phone", "hola")]

    in_cluster(story)


def test_what_was_put_before_one_led_is_sent_once_however_late_it_is_heard() -> None:
    async def story(world: World, cluster: Cluster) -> None:
        anna, boris, _ = await tea(world)
        await cluster.subscribe(boris)
        leader, other = cluster.process(), cluster.process()
        await other.post(anna.account_id, [boris.account_id], "hola", world.now)
        await leader.open()
        leader.hear(cluster.news())
        await cluster.rested()
        assert cluster.devices.sent == [("phone", "hola")]

    in_cluster(story)


def test_what_is_put_while_one_comes_to_lead_is_sent() -> None:
    async def story(world: World, cluster: Cluster) -> None:
        anna, boris, _ = await tea(world)
        await cluster.subscribe(boris)
        leader, other = cluster.process(), cluster.process()
        cluster.news()
        read = cluster.store.waiting

        async def late(since: int, limit: int) -> Any:
            found = await read(since, limit)
            await other.post(anna.account_id, [boris.account_id], "hola", world.now)
            leader.hear(cluster.news())
            return found

        cluster.store.waiting = late  # type: ignore[method-assign]  # something happens meanwhile
        await leader.open()
        await cluster.rested()
        assert cluster.devices.sent == [("phone", "hola")]

    in_cluster(story)


def test_the_next_one_that_leads_goes_on_with_what_waits() -> None:
    async def story(world: World, cluster: Cluster) -> None:
        anna, boris, _ = await tea(world)
        await cluster.subscribe(boris)
        first, second = cluster.process(), cluster.process()
        await first.open()
        cluster.devices.outcome = Outcome.FAILED
        await first.post(anna.account_id, [boris.account_id], "hola", world.now)
        await cluster.rested()
        first.close()
        cluster.devices.outcome = Outcome.SENT
        await second.open()
        await cluster.rested()
        assert len(cluster.devices.sent) == 2
        assert await cluster.waiting() == 0
        second.close()
        await first.open()
        await first.post(anna.account_id, [boris.account_id], "otra vez", world.now)
        await cluster.rested()
        assert cluster.devices.sent[2:] == [("phone", "otra vez")]

    in_cluster(story)
