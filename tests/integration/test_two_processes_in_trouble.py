"""Of several processes one dies, stops or loses its store, or the bus is away: nothing acknowledged is lost, and
whoever is still connected hears everything, once and in order."""

import asyncio
import itertools
import signal
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import asyncpg
import pytest

from tests.integration.cluster import Cluster, Side, cluster, hears_until, holds
from tests.integration.load import Listener, Load, load_on
from tests.receiver import Receiver
from tests.world.astrak import AstrakVoice
from tests.world.voice import direct
from tests.world.wires import Http

pytestmark = [pytest.mark.integration, pytest.mark.slow]

NUMBERS = itertools.count(1)
OPTIONS = ("--callback-allow", "127.0.0.1/32")


@pytest.fixture
def one(tmp_path: Path) -> Iterator[Cluster]:
    """A process of its own; others may join."""
    with cluster(tmp_path, *OPTIONS, processes=1) as made:
        yield made


@pytest.fixture
def two(one: Cluster) -> Cluster:
    """Two processes of their own."""
    one.start("process-2")
    return one


Story = Callable[[Load, Side, Side], Awaitable[None]]


def under_load(made: Cluster, story: Story) -> None:
    """Play it while people write to all processes, which they go on with after it for a while."""

    async def played() -> None:
        async with load_on(made) as (load, (here, there)):
            await load.goes_on()
            await story(load, here, there)

    asyncio.run(played())


async def has_heard_everything(load: Load, *listeners: Listener) -> None:
    """Nobody writes any more; each of these has heard what there is, without a new connection."""
    await load.end()
    order = await load.order()

    async def has_come() -> bool:
        return all(
            sum(map(len, each.heard.values())) >= sum(map(len, order.values()))
            for each in listeners
        )

    await holds(has_come)
    for each in listeners:
        assert each.heard == order
        assert not each.is_over


async def talks(load: Load, here: Side, there: Side) -> None:
    """Somebody on one process says something that somebody on the other hears, both ways."""
    for one, other in ((here, there), (there, here)):
        anna, boris = await one.comes("anna"), await other.comes("boris")
        hall = await one.private(anna, "boris")
        # Under another id each time: otherwise it would be the same message, sent again.
        said = (await anna.say(hall, "are you there?", str(next(NUMBERS))))["server_mid"]
        heard = await hears_until(boris, lambda packet: "message" in packet)
        assert heard[-1]["message"]["_id"] == said
        await anna.hang_up()
        await boris.hang_up()


Tells = Callable[..., Awaitable[None]]


async def speaker_to(receiver: Receiver, here: Side, there: Side) -> Tells:
    """Anna has a callback. What is returned lets Boris write to her: at which process, and what."""

    def begin() -> tuple[AstrakVoice, AstrakVoice]:
        logins = [here.login(each) for each in ("anna", "boris")]
        anna, boris = (
            AstrakVoice(side.base_url, login, f"{login}-secret")
            for side, login in zip((here, there), logins, strict=True)
        )
        anna.ask("POST", "/events/callback/start", callback=receiver.url)
        return anna, boris

    anna, boris = await asyncio.to_thread(begin)

    def tell(base_url: str, *texts: str) -> None:
        boris.http.close()
        boris.http = Http(base_url)
        for text in texts:
            boris.send(direct(anna.account), text)

    async def tells(base_url: str, *texts: str) -> None:
        await asyncio.to_thread(tell, base_url, *texts)

    return tells


def state_of(base_url: str) -> tuple[int, int]:
    """Whether a process can be used, and whether it has a way to the others."""
    http = Http(base_url)
    (connected,) = [
        line for line in http.ask("GET", "/metrics").text.splitlines()
        if line.startswith("tertulia_bus_connected ")
    ]  # fmt: skip
    return http.ask("GET", "/readyz").status, int(float(connected.split()[1]))


def test_a_process_is_killed_and_the_other_goes_on_with_everything(
    two: Cluster, receiver: Receiver
) -> None:
    async def story(load: Load, here: Side, there: Side) -> None:
        anna, boris = await here.comes("anna"), await there.comes("boris")
        tells = await speaker_to(receiver, here, there)
        watched = await boris.ask("user_last_activity_subscribe", {"id": here.ids["anna"]})
        assert watched["last_activity"][here.ids["anna"]] == "online"
        await tells(there.base_url, "one", "two", "three")
        two.processes[0].signal(signal.SIGKILL)
        assert two.processes[0].status() == -signal.SIGKILL
        load.urls = [there.base_url]
        await tells(there.base_url, "four", "five", "six")
        await load.goes_on()
        # She was there only, and it cannot say any more that she is gone.
        gone = await hears_until(boris, lambda packet: "last_activity" in packet)
        assert isinstance(gone[-1]["last_activity"][here.ids["anna"]], int)
        # What was under way to the callback may come again, under its number.
        called: dict[int, str] = {}
        while len(called) < 6:
            call = await asyncio.to_thread(receiver.next)
            called.setdefault(call.json["event_id"], call.text)
        assert list(called.values()) == ["one", "two", "three", "four", "five", "six"]
        await anna.close_code()
        back = await there.comes("anna")
        await hears_until(boris, lambda packet: "last_activity" in packet)
        await back.hang_up()
        await has_heard_everything(load, load.listeners[1])
        assert load.listeners[0].is_over

    under_load(two, story)


def test_without_the_bus_everything_is_heard_a_little_later_and_with_it_again_once(
    two: Cluster,
) -> None:
    async def story(load: Load, here: Side, there: Side) -> None:
        for _ in range(2):
            two.bus.stop()
            await load.goes_on()
            await talks(load, here, there)
            assert [await asyncio.to_thread(state_of, url) for url in two.urls] == [(200, 0)] * 2
            two.bus.start()
            await load.goes_on()
            await talks(load, here, there)

        async def are_connected() -> bool:
            states = [await asyncio.to_thread(state_of, url) for url in two.urls]
            return states == [(200, 1)] * 2

        await holds(are_connected)
        await has_heard_everything(load, *load.listeners)

    under_load(two, story)


def test_a_process_that_loses_its_connections_to_the_store_gets_others(one: Cluster) -> None:
    async def connections() -> list[int]:
        operator = await asyncpg.connect(one.database_url)
        found = await operator.fetch(
            "SELECT pid FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        await operator.close()
        return [each["pid"] for each in found]

    async def cut(pids: list[int]) -> None:
        operator = await asyncpg.connect(one.database_url)
        for pid in pids:
            await operator.execute("SELECT pg_terminate_backend($1)", pid)
        await operator.close()

    first = asyncio.run(connections())
    one.start("process-2")

    async def story(load: Load, here: Side, there: Side) -> None:
        await cut(first)
        await load.goes_on()
        await talks(load, here, there)
        # And now both at once.
        await cut(await connections())
        await load.goes_on()
        await talks(load, here, there)
        await has_heard_everything(load, *load.listeners)

    under_load(one, story)


def test_a_process_that_stands_still_holds_the_others_up_for_some_seconds_only(
    two: Cluster,
) -> None:
    """It may do so in the middle of a commit; the store waits for it no longer."""

    async def story(load: Load, here: Side, there: Side) -> None:
        two.processes[0].signal(signal.SIGSTOP)
        try:
            # Those who write to it wait, the others do not.
            await load.goes_on()
        finally:
            two.processes[0].signal(signal.SIGCONT)
        await load.goes_on()
        await talks(load, here, there)
        await has_heard_everything(load, *load.listeners)

    under_load(two, story)


def test_one_process_after_the_other_is_started_anew_and_nobody_misses_anything(
    two: Cluster, receiver: Receiver
) -> None:
    async def story(load: Load, here: Side, there: Side) -> None:
        first, second = two.processes
        tells = await speaker_to(receiver, here, there)

        async def is_called_once(base_url: str, *texts: str) -> None:
            await tells(base_url, *texts)
            assert await asyncio.to_thread(receiver.texts, len(texts)) == [*texts]

        await is_called_once(here.base_url, "one", "two")
        first.signal(signal.SIGTERM)
        load.urls = [there.base_url]
        assert await asyncio.to_thread(first.status) == 0
        await is_called_once(there.base_url, "three", "four")
        await load.goes_on()
        third = await asyncio.to_thread(two.start, "process-1")
        late = await load.listen_at(third.base_url)
        load.urls = [third.base_url]
        # Both have known of the callback since they started.
        await is_called_once(there.base_url, "five", "six")
        await is_called_once(third.base_url, "seven", "eight")
        await load.goes_on()
        second.signal(signal.SIGTERM)
        assert await asyncio.to_thread(second.status) == 0
        await is_called_once(third.base_url, "nine", "ten")
        await load.goes_on()
        await load.end()
        assert receiver.calls.empty()
        order = await load.order()

        async def has_come() -> bool:
            return {chat: heard[-1:] for chat, heard in late.heard.items()} == {
                chat: messages[-1:] for chat, messages in order.items()
            }

        await holds(has_come)
        for chat, messages in order.items():
            # Who came later hears everything from then on; who was there heard everything until the end.
            heard = late.heard[chat]
            assert heard == messages[-len(heard) :]
            for listener in load.listeners[:2]:
                heard = listener.heard[chat]
                assert heard == messages[: len(heard)]
        assert [each.is_over for each in load.listeners] == [True, True, False]
        for process in two.processes:
            assert '"level": "error"' not in process.log, process.log

    under_load(two, story)


def test_three_processes_that_start_on_an_empty_store_at_once_are_one(tmp_path: Path) -> None:
    with cluster(tmp_path, *OPTIONS, processes=0) as made, ThreadPoolExecutor() as threads:
        for starting in [threads.submit(made.start, f"process-{number}") for number in range(3)]:
            starting.result()

        async def played() -> None:
            async with load_on(made) as (load, (first, second, third)):
                await talks(load, first, second)
                await talks(load, second, third)
                await load.goes_on(50)
                await has_heard_everything(load, *load.listeners)

        asyncio.run(played())
