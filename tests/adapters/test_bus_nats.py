"""The bus carries words to the other processes of the same installation, and never gets in anybody's way."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager

import nats
import pytest

from tertulia.adapters.bus_nats import MOST_WAITING, NatsBus
from tertulia.core.errors import Unavailable
from tertulia.core.tally import Tally
from tests.nats_server import NatsServer, nats_server

PATIENCE_S = 20.0


@pytest.fixture(scope="module")
def server() -> Iterator[NatsServer]:
    with nats_server() as running:
        yield running


class Ears:
    """What came to a process, by topic."""

    def __init__(self) -> None:
        self.tally = Tally()
        self.heard: list[tuple[str, bytes]] = []
        self.resumed = 0
        self._news = asyncio.Event()

    def of(self, topic: str) -> Callable[[bytes], None]:
        def hear(words: bytes) -> None:
            self.heard.append((topic, words))
            self._news.set()
            if words == b"fail":
                raise ValueError("it cannot be heard")

        return hear

    def resume(self) -> None:
        self.resumed += 1
        self._news.set()

    async def until(self, is_so: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not is_so():
                self._news.clear()
                await self._news.wait()


@asynccontextmanager
async def process(url: str, installation: str = "ours") -> AsyncIterator[tuple[NatsBus, Ears]]:
    ears = Ears()
    bus = NatsBus(url, ears.tally)
    hears = {topic: ears.of(topic) for topic in ("told", "said")}
    await bus.open(installation, hears, ears.resume)
    try:
        yield bus, ears
    finally:
        await bus.close()


def played(story: Callable[[], Awaitable[None]]) -> None:
    async def main() -> None:
        await story()

    asyncio.run(main())


def test_what_one_says_all_others_hear_in_order(server: NatsServer) -> None:
    async def story() -> None:
        async with (
            process(server.url) as (here, my_ears),
            process(server.url) as (_, ears),
            process(server.url) as (_, more_ears),
        ):
            said = [("told" if number % 3 else "said", b"%d" % number) for number in range(500)]
            for topic, words in said:
                here.send(topic, words)
            await ears.until(lambda: len(ears.heard) == len(said))
            await more_ears.until(lambda: len(more_ears.heard) == len(said))
            assert ears.heard == more_ears.heard == said
            assert my_ears.heard == []
            assert my_ears.tally.bus_sent == ears.tally.bus_received == len(said)

    played(story)


def test_another_installation_hears_nothing(server: NatsServer) -> None:
    async def story() -> None:
        async with (
            process(server.url) as (here, _),
            process(server.url) as (_, ears),
            process(server.url, "theirs") as (_, theirs),
        ):
            here.send("told", b"secret")
            await ears.until(lambda: bool(ears.heard))
            assert theirs.heard == []

    played(story)


def test_a_message_that_cannot_be_heard_costs_no_other(
    server: NatsServer, caplog: pytest.LogCaptureFixture
) -> None:
    async def story() -> None:
        async with process(server.url) as (here, _), process(server.url) as (_, ears):
            here.send("unknown", b"1")
            here.send("told", b"fail")
            here.send("told", b"2")
            await ears.until(lambda: len(ears.heard) == 2)
            assert "could not be heard" in caplog.text

    played(story)


def test_what_is_too_long_is_dropped(server: NatsServer) -> None:
    async def story() -> None:
        async with process(server.url) as (here, _), process(server.url) as (_, ears):
            here.send("told", b"x" * (1 << 21))
            here.send("told", b"short")
            await ears.until(lambda: bool(ears.heard))
            assert ears.heard == [("told", b"short")]

    played(story)


def test_more_than_can_wait_is_dropped(server: NatsServer) -> None:
    async def story() -> None:
        async with process(server.url) as (here, mine), process(server.url) as (_, ears):
            for _ in range(MOST_WAITING + 100):
                here.send("told", b"1")
            await ears.until(lambda: len(ears.heard) == MOST_WAITING)
            assert mine.tally.bus_sent == MOST_WAITING

    played(story)


def test_closing_sends_what_waits(server: NatsServer) -> None:
    async def story() -> None:
        async with process(server.url) as (_, ears):
            async with process(server.url) as (here, _):
                for number in range(100):
                    here.send("told", b"%d" % number)
            await ears.until(lambda: len(ears.heard) == 100)

    played(story)


def test_a_bus_that_went_away_comes_back(caplog: pytest.LogCaptureFixture) -> None:
    async def story() -> None:
        with nats_server() as own:
            async with process(own.url) as (here, mine), process(own.url) as (_, ears):
                here.send("told", b"before")
                await ears.until(lambda: len(ears.heard) == 1)
                own.stop()
                async with asyncio.timeout(PATIENCE_S):
                    while here.is_connected:  # noqa: ASYNC110 - the library tells nobody
                        await asyncio.sleep(0.01)
                with pytest.raises(Unavailable):
                    here.check()
                here.send("told", b"meanwhile")
                own.start()
                await mine.until(lambda: mine.resumed == 1)
                await ears.until(lambda: ears.resumed == 1)
                here.check()
                here.send("told", b"after")
                await ears.until(lambda: len(ears.heard) == 2)
                assert ears.heard[-1] == ("told", b"after")
        assert caplog.text.count("The bus is away") == 2

    played(story)


def test_where_nobody_answers_it_is_said_without_secrets() -> None:
    async def story() -> None:
        bus = NatsBus("nats://ours:hidden@127.0.0.1:9", Tally())
        with pytest.raises(Unavailable) as refused:
            await bus.open("ours", {}, lambda: None)
        assert "nats://127.0.0.1:9" in str(refused.value)
        assert "hidden" not in str(refused.value)

    played(story)


@pytest.mark.parametrize(
    "url",
    [
        "nats://:4222",
        "nats:///ours",
        "nats://127.0.0.1:99999",
        "nats://127.0.0.1:0",
        "nats://127.0.0.1,127.0.0.1:4222",
    ],
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        NatsBus(url, Tally())


def test_of_several_servers_the_next_is_tried(server: NatsServer) -> None:
    async def story() -> None:
        async with process(f"nats://127.0.0.1:9, {server.url}") as (bus, _):
            assert bus.is_connected

    played(story)


def test_nothing_is_said_to_a_server_that_does_not_encrypt_and_should() -> None:
    said: list[bytes] = []

    async def stranger(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b'INFO {"server_id":"x","version":"2.15.1","max_payload":1048576}\r\n')
        said.append(await reader.read(1_000))
        writer.close()

    async def story() -> None:
        async with await asyncio.start_server(stranger, "127.0.0.1", 0) as listening:
            port = listening.sockets[0].getsockname()[1]
            bus = NatsBus(f"tls://ours:hidden@127.0.0.1:{port}", Tally())
            with pytest.raises(Unavailable, match="secure"):
                await bus.open("ours", {}, lambda: None)
        assert said
        assert b"".join(said) == b""

    played(story)


def test_others_on_the_same_bus_do_not_disturb(server: NatsServer) -> None:
    async def story() -> None:
        async with process(server.url) as (_, ears), process(server.url) as (here, _):
            stranger = await nats.connect(server.url)
            await stranger.publish("tertulia.ours", b"1")
            await stranger.publish("tertulia.ours.told.more", b"2")
            await stranger.flush()
            await stranger.close()
            here.send("told", b"3")
            await ears.until(lambda: bool(ears.heard))
            assert ears.heard == [("told", b"3")]

    played(story)
