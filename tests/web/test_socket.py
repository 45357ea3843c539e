import asyncio
import gc
import logging
import os
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import ip_network
from pathlib import Path
from typing import cast

import pytest
import uvicorn
import websockets
from picows.picows import WSTransport
from starlette.applications import Starlette
from typing_extensions import override
from websockets.asyncio.client import ClientConnection

from tertulia.core.tally import Tally
from tertulia.web.frames import text_frame
from tertulia.web.handover import Handover
from tertulia.web.house import House
from tertulia.web.limits import Limits
from tertulia.web.port import one_port
from tertulia.web.socket import Socket
from tertulia.web.speaker import Upgrade
from tests.web.serving import (
    BINARY,
    CLOSE,
    PING,
    PONG,
    TEXT,
    Client,
    Echo,
    Served,
    frame,
    in_time,
    serving,
    until,
    upgrade,
)

SMALL = Limits(sweep_every_s=0.01, message_bytes=100_000, close_grace_s=0.05)


@asynccontextmanager
async def raw(limits: Limits = SMALL, *headers: str) -> AsyncIterator[tuple[Served, Client]]:
    async with serving(limits) as served, await served.visit() as client:
        client.send(upgrade("/x", *headers))
        assert (await client.head()).startswith(b"HTTP/1.1 101 ")
        yield served, client


async def close_code(*frames: bytes, deflate: bool = False) -> int:
    """With which code we close after *frames*."""
    offer = ["Sec-WebSocket-Extensions: permessage-deflate"] if deflate else []
    async with raw(SMALL, *offer) as (_, client):
        client.send(b"".join(frames))
        return (await client.closing())[0]


async def refused_with(socket: ClientConnection) -> tuple[int, str]:
    with pytest.raises(websockets.ConnectionClosed) as error:
        await socket.recv()
    assert error.value.rcvd is not None
    return error.value.rcvd.code, error.value.rcvd.reason


def test_a_dialect_sees_path_query_cookie_and_peer() -> None:
    async def story() -> None:
        async with serving() as served:
            url = f"{served.url}/caf%C3%A9?a=1"
            async with websockets.connect(url, additional_headers={"Cookie": "s=1"}) as socket:
                await socket.send("who")
                assert await socket.recv() == "['/café', 'a=1', '127.0.0.1', 's=1']"

    in_time(story)


@pytest.mark.parametrize("compression", ["deflate", None])
def test_messages_of_every_size_arrive_whole(compression: str | None) -> None:
    async def story() -> None:
        async with (
            serving() as served,
            websockets.connect(served.url, compression=compression, max_size=None) as socket,
        ):
            for size in (0, 1, 125, 126, 65_535, 65_536, 1 << 20):
                await socket.send("é" * (size // 2))
                assert await socket.recv() == "é" * (size // 2)
            assert served.tally.frames_in == 7
            assert served.tally.connections == 1
            assert bool(socket.protocol.extensions) == bool(compression)

    in_time(story)


def test_fragments_are_joined_and_controls_may_come_between() -> None:
    async def story() -> None:
        async with raw() as (_, client):
            client.send(frame(TEXT, b"one", fin=False))
            client.send(frame(PING, b"?"))
            client.send(frame(0, b"", fin=False) + frame(0, b"two"))
            assert await client.frame() == (PONG, b"?")
            assert await client.frame() == (TEXT, b"onetwo")

    in_time(story)


def test_bytes_may_come_one_by_one_and_messages_together() -> None:
    async def story() -> None:
        async with raw() as (served, client):
            for byte in frame(BINARY, b"slowly"):
                client.send(bytes([byte]))
                await client.writer.drain()
            assert await client.frame() == (TEXT, b"slowly")
            client.send(frame(TEXT, b"a") + frame(BINARY, b"b") + frame(TEXT, b"c"))
            assert [(await client.frame())[1] for _ in "abc"] == [b"a", b"b", b"c"]
            assert served.speakers[0].heard == [b"slowly", b"a", b"b", b"c"]

    in_time(story)


@pytest.mark.parametrize(
    ("frames", "code"),
    [
        ([frame(TEXT, b"x", mask=False)], 1002),
        ([frame(3, b"x")], 1002),
        ([frame(PING, b"x", fin=False)], 1002),
        ([frame(PING, b"x" * 126)], 1002),
        ([frame(0, b"nothing to continue")], 1002),
        ([frame(TEXT, b"a", fin=False), frame(TEXT, b"b")], 1002),
        ([frame(TEXT, b"a", rsv1=True)], 1002),
        ([frame(PING, b"a", rsv1=True)], 1002),
        ([frame(TEXT, b"a" * 100_001)], 1009),
        ([frame(TEXT, b"a" * 60_000, fin=False), frame(0, b"a" * 60_000, fin=False)], 1009),
        ([frame(TEXT, b"", fin=False), *[frame(0, b"", fin=False)] * 1100], 1009),
        ([frame(CLOSE, b"\x03")], 1002),
        ([frame(CLOSE, (5).to_bytes(2, "big"))], 1002),
        ([frame(CLOSE, (1006).to_bytes(2, "big"))], 1002),
        ([frame(CLOSE, (5000).to_bytes(2, "big"))], 1002),
    ],
)
def test_a_breach_of_the_protocol_is_answered_with_its_code(
    frames: list[bytes], code: int, caplog: pytest.LogCaptureFixture
) -> None:
    async def story() -> None:
        assert await close_code(*frames) == code

    in_time(story)
    assert [entry for entry in caplog.records if entry.levelno >= logging.WARNING] == []


def squeezed(message: bytes) -> bytes:
    stream = zlib.compressobj(wbits=-15)
    return (stream.compress(message) + stream.flush(zlib.Z_SYNC_FLUSH))[:-4]


def test_compressed_messages_are_heard_and_answered_uncompressed() -> None:
    async def story() -> None:
        offer = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"
        async with raw(SMALL, offer) as (_, client):
            data = squeezed(b"hello " * 100)
            client.send(frame(TEXT, data[:5], rsv1=True, fin=False) + frame(0, data[5:]))
            assert await client.frame() == (TEXT, b"hello " * 100)
            client.send(frame(TEXT, b"plain"))
            assert await client.frame() == (TEXT, b"plain")

    in_time(story)


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        (squeezed(b"0" * 100_001), 1009),
        (b"\xff\xff nonsense", 1007),
        (squeezed(b"0" * 5_000_000), 1009),
    ],
)
def test_bombs_and_rubbish_do_not_inflate(payload: bytes, code: int) -> None:
    async def story() -> None:
        assert await close_code(frame(TEXT, payload, rsv1=True), deflate=True) == code

    in_time(story)


def test_only_the_first_frame_of_a_message_is_marked_as_compressed() -> None:
    async def story() -> None:
        parts = [frame(TEXT, b"a", fin=False), frame(0, b"b", rsv1=True)]
        assert await close_code(*parts, deflate=True) == 1002

    in_time(story)


def test_both_ends_can_close_with_a_code_of_their_own() -> None:
    async def story() -> None:
        async with serving(SMALL) as served:
            socket = await websockets.connect(served.url)
            await socket.send("close 4001")
            assert await refused_with(socket) == (4001, "as you wish")
            for code in (1000, 3005, 4999):
                socket = await websockets.connect(served.url)
                await socket.close(code, "bye")
                assert socket.close_code == code
            async with await served.visit() as client:
                client.send(upgrade() + frame(CLOSE, b""))
                await client.head()
                assert await client.closing() == (1000, "")
            for speaker in served.speakers:
                await speaker.gone.wait()
                assert (speaker.parted, speaker.ended) == (1, 1)
            assert served.tally.connections == 0

    in_time(story)


def test_a_close_lets_pass_what_was_offered_before_and_nothing_after() -> None:
    async def story() -> None:
        async with raw() as (served, client):
            speaker = served.speakers[0]
            speaker.say(b"before")
            assert speaker.socket is not None
            speaker.socket.close(1008, "ä" * 100)
            # Known at once, however long the client takes to answer.
            assert (speaker.parted, speaker.ended) == (1, 0)
            speaker.say(b"after")
            speaker.socket.close(1001)
            client.send(frame(TEXT, b"unheard"))
            assert await client.frame() == (TEXT, b"before")
            assert await client.closing() == (1008, "ä" * 61)
            client.send(frame(CLOSE, (1008).to_bytes(2, "big")))
            assert await client.rest() == b""
            assert speaker.heard == []

    in_time(story)


def test_a_client_that_does_not_answer_our_close_is_cut_off() -> None:
    async def story() -> None:
        async with raw() as (served, client):
            client.send(frame(TEXT, b"close 1000"))
            assert await client.closing() == (1000, "as you wish")
            # Whether that ends in silence or in a reset is up to the kernel.
            await served.speakers[0].gone.wait()
            assert served.port.house.closing == {}

    in_time(story)


def test_the_code_of_a_failure_arrives_although_the_client_goes_on_sending() -> None:
    async def story() -> None:
        async with serving(SMALL) as served:
            socket = await websockets.connect(served.url, compression=None)
            await socket.send("z" * 8_000_000)
            assert (await refused_with(socket))[0] == 1009

    in_time(story)


class Wire:
    """Stands in for the loop's transport and remembers what was written."""

    def __init__(self) -> None:
        self.writes: list[bytes] = []

    def write(self, data: bytes) -> None:
        self.writes.append(data)


class Ws:
    """Stands in for picows' transport."""

    is_close_frame_sent = False

    def __init__(self) -> None:
        self.underlying_transport = Wire()


def test_what_is_offered_in_one_turn_is_one_write() -> None:
    async def story() -> None:
        house = House(Limits(), Tally())
        nobody = Upgrade("/", "", {}, "")
        ears = Ws(), Ws()
        wires = [cast("asyncio.Transport", ws.underlying_transport) for ws in ears]
        readers = [Socket(house, wire, "", Echo(nobody), deflate=False, slot=0) for wire in wires]
        for socket, ws in zip(readers, ears, strict=True):
            socket.on_ws_connected(cast("WSTransport", ws))
            socket.offer(text_frame(b"a"))
            socket.offer(text_frame(b"b"))
        assert [ws.underlying_transport.writes for ws in ears] == [[], []]
        await asyncio.sleep(0)
        assert [ws.underlying_transport.writes for ws in ears] == [[b"\x81\x01a\x81\x01b"]] * 2
        readers[1].offer(text_frame(b"c"))
        house.flusher.flush()
        assert ears[1].underlying_transport.writes[1:] == [b"\x81\x01c"]
        assert house.tally.packets_out == 5

    in_time(story)


def test_one_turn_may_bring_a_quick_reader_more_than_may_wait() -> None:
    async def story() -> None:
        async with raw() as (served, client):
            served.speakers[0].say(*[b"x" * 1000] * 3000)
            for _ in range(3000):
                assert await client.frame() == (TEXT, b"x" * 1000)
            assert served.tally.slow_readers_closed == 0
            assert served.tally.packets_out == 3000

    in_time(story)


def resident_kib() -> int:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") // 1024


@pytest.mark.slow
def test_readers_that_never_read_are_closed_and_cost_no_memory() -> None:
    async def story() -> None:
        async with serving(Limits(sweep_every_s=0.01, close_grace_s=0.1)) as served:
            clients = [await served.visit() for _ in range(20)]
            for client in clients:
                client.send(upgrade())
                await client.head()
                client.never_read()
            before = resident_kib()
            # 200 MB for each, a megabyte a turn.
            for _ in range(200):
                for speaker in served.speakers:
                    speaker.say(*[b"y" * 10_000] * 100)
                await asyncio.sleep(0)
            assert served.tally.slow_readers_closed == 20
            assert resident_kib() - before < 20_000
            for speaker in served.speakers:
                await speaker.gone.wait()
            assert served.tally.connections == 0
            for client in clients:
                client.writer.transport.abort()

    in_time(story)


@pytest.mark.parametrize(
    ("limits", "payload"),
    [
        (Limits(sweep_every_s=0.01, waiting_bytes=1 << 20), b"y" * 10_000),
        (Limits(sweep_every_s=0.01, waiting_packets=100), b"y" * 10_000),
        (Limits(sweep_every_s=0.01, waiting_bytes=1 << 20), b"y" * 1_500_000),
    ],
)
def test_a_slow_reader_finds_1013_at_the_end_of_what_was_on_its_way(
    limits: Limits, payload: bytes
) -> None:
    async def story() -> None:
        async with raw(limits) as (served, client):
            client.pause()
            speaker = served.speakers[0]
            while not served.tally.slow_readers_closed:
                speaker.say(payload, payload)
                await asyncio.sleep(0)
            client.resume()
            assert (await client.closing())[0] == 1013
            assert served.tally.slow_readers_closed == 1

    in_time(story)


def test_pings_nobody_reads_the_answers_of_are_bounded_too() -> None:
    async def story() -> None:
        limits = Limits(sweep_every_s=0.01, waiting_packets=50, close_grace_s=0.05)
        async with raw(limits) as (served, client):
            client.never_read()
            speaker = served.speakers[0]
            # Until the kernel takes no more.
            while not served.tally.slow_readers_closed:
                speaker.say(b"x" * 100_000)
                client.send(frame(PING, b"p" * 125) * 10)
                await asyncio.sleep(0)
            await speaker.gone.wait()

    in_time(story)


def test_who_answers_pings_stays_and_who_is_silent_goes() -> None:
    limits = Limits(sweep_every_s=0.01, ping_every_s=0.02, silent_s=0.15, close_grace_s=0.01)

    async def story() -> None:
        async with (
            serving(limits) as served,
            websockets.connect(served.url, ping_interval=None) as socket,
            await served.visit() as silent,
        ):
            silent.send(upgrade())
            await silent.head()
            assert await silent.frame() == (PING, b"")
            assert (await silent.closing())[0] == 1001
            await socket.send("still here")
            assert await socket.recv() == "still here"

    in_time(story)


def test_whoever_does_not_sign_in_goes() -> None:
    # Also where pings are far apart.
    limits = Limits(sweep_every_s=0.01, ping_every_s=60.0, unsigned_s=0.12)

    async def story() -> None:
        async with (
            serving(limits) as served,
            websockets.connect(served.url) as known,
            websockets.connect(served.url) as stranger,
        ):
            await known.send("sign-in")
            assert await known.recv() == "welcome"
            assert await refused_with(stranger) == (1008, "not signed in")
            await known.send("still here")
            assert await known.recv() == "still here"

    in_time(story)


def test_one_address_may_only_have_so_many_strangers() -> None:
    limits = Limits(
        sweep_every_s=0.01, unsigned_per_address=2, trusted_proxies=[ip_network("127.0.0.1/32")]
    )

    async def story() -> None:
        async with serving(limits) as served:

            async def come(address: str) -> ClientConnection:
                headers = {"X-Forwarded-For": address}
                return await websockets.connect(served.url, additional_headers=headers)

            first, second = await come("203.0.113.1"), await come("203.0.113.1")
            assert (await refused_with(await come("203.0.113.1")))[0] == 1008
            assert served.tally.refused == 1
            others = [await come("203.0.113.2"), *[await come("127.0.0.1") for _ in range(4)]]
            await first.send("sign-in")
            assert await first.recv() == "welcome"
            third = await come("203.0.113.1")
            for socket in (first, second, third, *others):
                await socket.send("echo")
                assert await socket.recv() == "echo"
                await socket.close()
            for speaker in served.speakers:
                await speaker.gone.wait()
            assert served.port.house.strangers == {}

    in_time(story)


def test_a_paused_socket_hears_later_and_is_not_taken_for_silent() -> None:
    limits = Limits(sweep_every_s=0.01, ping_every_s=0.01, silent_s=0.05)

    async def story() -> None:
        async with raw(limits) as (served, client):
            speaker = served.speakers[0]
            assert speaker.socket is not None
            speaker.socket.pause_reading()
            client.send(frame(TEXT, b"patience"))
            paused_at = served.port.house.now
            await until(lambda: served.port.house.now > paused_at + 0.1)
            assert speaker.heard == []
            speaker.socket.resume_reading()
            assert await client.frame() == (TEXT, b"patience")

    in_time(story)


def test_memory_for_large_messages_is_given_back_and_the_socket_goes_on() -> None:
    async def story() -> None:
        async with serving() as served:
            async with websockets.connect(served.url, compression=None, max_size=None) as socket:
                first_room = len(protocol_of(served).get_buffer(-1))
                await socket.send("z" * 1_000_000)
                assert len(await socket.recv()) == 1_000_000
                assert len(protocol_of(served).get_buffer(-1)) > 1_000_000
                # What the rounds do between two pings.
                protocol_of(served).slim()
                assert len(protocol_of(served).get_buffer(-1)) == first_room
                for size in (1, 100_000, 10):
                    await socket.send("z" * size)
                    assert len(await socket.recv()) == size
                assert (served.tally.connections, len(served.state.connections)) == (1, 1)
            await served.speakers[0].gone.wait()
            assert (served.tally.connections, len(served.state.connections)) == (0, 0)
            assert served.speakers[0].ended == 1

    in_time(story)


def protocol_of(served: Served) -> Handover:
    """What the one socket's bytes go to."""
    (protocol,) = served.state.connections
    return cast("Handover", protocol)


def test_nothing_of_http_is_kept_after_an_upgrade() -> None:
    async def story() -> None:
        gc.disable()
        try:
            async with raw() as (served, _):
                kept = [thing for thing in gc.get_objects() if type(thing) is served.port.http]
                assert kept == []
        finally:
            gc.enable()

    in_time(story)


@pytest.mark.slow
def test_uvicorn_itself_stops_only_when_the_sockets_have_been_told() -> None:
    port = one_port(Echo, SMALL, Tally())

    async def story() -> None:
        config = uvicorn.Config(
            Starlette(),
            port=0,
            http=port.http,
            ws=port.ws,
            log_config=None,
            proxy_headers=False,
            lifespan="off",
            timeout_graceful_shutdown=5,
        )
        server = uvicorn.Server(config)
        async with asyncio.TaskGroup() as group:
            stopped = group.create_task(server.serve())
            await until(lambda: server.started)
            address = server.servers[0].sockets[0].getsockname()
            socket = await websockets.connect(f"ws://127.0.0.1:{address[1]}")
            await socket.send("hello")
            assert await socket.recv() == "hello"
            server.should_exit = True
            assert await refused_with(socket) == (1001, "the server is stopping")
            await stopped

    in_time(story)


def test_a_stop_answers_what_was_heard_and_then_says_1001() -> None:
    async def story() -> None:
        async with raw() as (served, client):
            client.send(frame(TEXT, b"later"))
            speaker = served.speakers[0]
            await until(lambda: speaker.heard)
            served.stop()
            client.send(frame(TEXT, b"too late"))
            await client.writer.drain()
            assert speaker.drained is not None
            speaker.say(b"the answer")
            speaker.drained()
            assert await client.frame() == (TEXT, b"the answer")
            assert (await client.closing())[0] == 1001
            client.send(frame(CLOSE, (1001).to_bytes(2, "big")))
            assert await client.rest() == b""
            await speaker.gone.wait()
            assert speaker.heard == [b"later"]
            assert served.state.connections == set()

    in_time(story)


def test_a_stop_does_not_wait_for_ever() -> None:
    async def story() -> None:
        limits = Limits(sweep_every_s=0.01, drain_s=0.03, close_grace_s=0.03)
        async with raw(limits) as (served, client):
            client.send(frame(TEXT, b"later"))
            speaker = served.speakers[0]
            await until(lambda: speaker.heard)
            served.stop()
            assert (await client.closing())[0] == 1001
            await speaker.gone.wait()

    in_time(story)


def test_nobody_comes_in_during_a_stop() -> None:
    async def story() -> None:
        async with raw() as (served, _), await served.visit() as late:
            await until(lambda: len(served.state.connections) == 2)
            served.port.house.stopping = True
            late.send(upgrade())
            assert (await late.rest()).startswith(b"HTTP/1.1 503 ")

    in_time(story)


def test_a_mistake_in_a_dialect_closes_its_socket_and_no_other(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Clumsy(Echo):
        @override
        def hear(self, message: bytes) -> None:
            super().hear(message)
            assert message != b"trip"

    async def story() -> None:
        async with (
            serving(SMALL, wrong=Clumsy) as served,
            websockets.connect(served.url) as first,
            websockets.connect(served.url) as second,
        ):
            await first.send("trip")
            # What it offered before is still sent.
            assert await first.recv() == "trip"
            assert (await refused_with(first))[0] == 1011
            await second.send("on my feet")
            assert await second.recv() == "on my feet"

    in_time(story)
    assert len([entry for entry in caplog.records if entry.exc_info]) == 1
