import asyncio
import http.client
import json
import logging
from dataclasses import replace
from http import HTTPStatus
from ipaddress import ip_network
from typing import Any, cast

import pytest
import websockets
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from tertulia.web.flow import quiet
from tertulia.web.limits import Limits
from tertulia.web.speaker import Upgrade
from tests.web.serving import TEXT, Client, frame, in_time, serving, until, upgrade

QUICK = Limits(
    sweep_every_s=0.01,
    first_byte_s=0.03,
    head_s=0.03,
    body_s=0.03,
    keep_alive_s=0.03,
    linger_s=0.05,
)


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


async def answer_to(request: bytes, limits: Limits | None = None) -> bytes:
    async with serving(limits) as served, await served.visit() as client:
        client.send(request)
        return await client.rest()


def test_http_and_websockets_share_a_port() -> None:
    async def story() -> None:
        async with serving() as served, websockets.connect(served.url) as socket:
            http_client = http.client.HTTPConnection(*served.address)

            def ask() -> int:
                http_client.request("POST", "/measure", b"abc")
                told = json.loads(http_client.getresponse().read())
                assert isinstance(told["bytes"], int)
                return told["bytes"]

            assert await asyncio.to_thread(ask) == 3
            await socket.send("hello")
            assert await socket.recv() == "hello"
            assert await asyncio.to_thread(ask) == 3
            http_client.close()

    in_time(story)


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (b"GET /\xff HTTP/1.1\r\n\r\n", 400),
        (b"GET /?q=\xc3\xa9 HTTP/1.1\r\n\r\n", 400),
        (b"GET /%ff%zz HTTP/1.1\r\nConnection: close\r\n\r\n", 404),
        (b"GET http://x/deaf HTTP/1.1\r\nConnection: close\r\n\r\n", 200),
        (b"GET http://x HTTP/1.1\r\n\r\n", 400),
        (b"GET http:// HTTP/1.1\r\n\r\n", 400),
        (b"OPTIONS * HTTP/1.1\r\nConnection: close\r\n\r\n", 404),
        (b"CONNECT x:443 HTTP/1.1\r\nHost: x:443\r\n\r\n", 400),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
        (b"GET / HTTP/3.7\r\n\r\n", 400),
        (b"GET /a b HTTP/1.1\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01", 400),
        (b"POST /deaf HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400),
        (b"POST /deaf HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        (b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\n\r\n", 414),
        (b"GET /" + b"a" * 9000, 414),
        (b"GET / HTTP/1.1\r\nA: " + b"a" * 40_000 + b"\r\n\r\n", 431),
        (b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 6000 + b"\r\n", 431),
        (b"GET / HTTP/1.1\r\nA: " + b"a" * 50_000, 431),
        (b"GET / HTTP/1.1\r\n" + b"a" * 50_000, 431),
        (b"POST /measure HTTP/1.1\r\nContent-Length: 1048577\r\n\r\n", 413),
        (b"POST /measure HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2000000\r\n\r\n", 413),
    ],
)
def test_whatever_is_no_proper_request_is_told_so(
    request_: bytes, expected: int, caplog: pytest.LogCaptureFixture
) -> None:
    async def story() -> None:
        assert status(await answer_to(request_)) == expected

    in_time(story)
    assert [entry for entry in caplog.records if entry.levelno >= logging.WARNING] == []


def test_a_head_within_its_limits_is_served() -> None:
    async def story() -> None:
        head = b"GET /deaf?" + b"q" * 8100 + b" HTTP/1.1\r\nConnection: close\r\n"
        answer = await answer_to(
            head + b"A: " + b"a" * 16_000 + b"\r\nB: " + b"b" * 16_000 + b"\r\n\r\n"
        )
        assert status(answer) == 200

    in_time(story)


def test_a_head_is_counted_while_it_trickles_in() -> None:
    async def story() -> None:
        async with serving() as served, await served.visit() as client:
            client.send(b"GET / HTTP/1.1\r\nA: ")
            for _ in range(45):
                client.send(b"a" * 1000)
                await client.writer.drain()
            assert status(await client.rest()) == 431

    in_time(story)


def test_a_chunked_body_is_bounded_while_it_streams(caplog: pytest.LogCaptureFixture) -> None:
    async def story() -> None:
        limits = Limits(body_bytes=lambda _: 100_000)
        async with serving(limits) as served, await served.visit() as client:
            client.send(b"POST /measure HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n")
            for _ in range(100):
                client.send(b"1000\r\n" + b"a" * 4096 + b"\r\n")
                await client.writer.drain()
            assert status(await client.rest()) == 413

    in_time(story)
    assert [entry for entry in caplog.records if entry.levelno >= logging.WARNING] == []


def test_a_body_that_nobody_wants_to_read_is_bounded_too() -> None:
    async def story() -> None:
        limits = Limits(body_bytes=lambda _: 100_000)
        async with serving(limits) as served, await served.visit() as client:
            client.send(b"POST /deaf HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n")
            assert status(await client.head()) == 200
            client.send((b"1000\r\n" + b"a" * 4096 + b"\r\n") * 100)
            assert await client.rest() == b'{"query":""}'

    in_time(story)


def test_the_answer_arrives_although_the_client_goes_on_sending() -> None:
    async def story() -> None:
        async with serving() as served, await served.visit() as client:
            client.send(
                b"POST /measure HTTP/1.1\r\nContent-Length: 3000000\r\n\r\n" + b"a" * 3_000_000
            )
            assert status(await client.rest()) == 413

    in_time(story)


def test_a_path_may_have_a_limit_of_its_own() -> None:
    def limit(path: str) -> int:
        return 2_000_000 if path.startswith("/measure") else 10

    async def story() -> None:
        async with serving(Limits(body_bytes=limit)) as served:
            async with await served.visit() as client:
                head = b"POST /measure?a HTTP/1.1\r\nContent-Length: 1500000\r\nConnection: close\r\n\r\n"
                client.send(head + b"a" * 1_500_000)
                assert b'"bytes":1500000' in await client.rest()
            async with await served.visit() as client:
                client.send(b"POST /deaf HTTP/1.1\r\nContent-Length: 11\r\n\r\n")
                assert status(await client.rest()) == 413

    in_time(story)


def test_a_refusal_can_be_said_in_the_words_of_an_api() -> None:
    def words(path: str, status: HTTPStatus) -> tuple[bytes, bytes]:
        return b"application/json", json.dumps([path, status]).encode()

    async def story() -> None:
        async with serving(refusal=words) as served, await served.visit() as client:
            client.send(b"POST /a/b?c HTTP/1.1\r\nContent-Length: 2000000\r\n\r\n")
            answer = await client.rest()
            assert answer.endswith(b'["/a/b", 413]')
            assert b"application/json" in answer
            assert served.tally.refused == 1

    in_time(story)


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (b"", b""),
        (b"\r\n", b""),
        (b"G", b"HTTP/1.1 408 "),
        (b"GET / HTTP/1.1\r\nHost: ", b"HTTP/1.1 408 "),
        (b"POST /measure HTTP/1.1\r\nContent-Length: 9\r\n\r\n1234", b"HTTP/1.1 408 "),
    ],
)
def test_silence_is_ended(sent: bytes, expected: bytes) -> None:
    async def story() -> None:
        assert (await answer_to(sent, QUICK)).startswith(expected)

    in_time(story)


def test_a_head_cannot_trickle_in_for_ever() -> None:
    limits = Limits(sweep_every_s=0.01, head_s=5, head_total_s=0.05)

    async def story() -> None:
        assert status(await answer_to(b"GET / HT", limits)) == 408

    in_time(story)


def test_an_idle_connection_is_closed_without_a_word() -> None:
    async def story() -> None:
        answer = await answer_to(b"GET /deaf HTTP/1.1\r\n\r\n", QUICK)
        assert status(answer) == 200
        assert answer.count(b"HTTP/1.1") == 1

    in_time(story)


def test_a_slow_answer_and_a_body_not_yet_wanted_are_nobodys_silence() -> None:
    async def slow(request: Request) -> JSONResponse:
        # Longer than every patience of this port.
        await asyncio.sleep(0.1)
        return JSONResponse(len(await request.body()))

    limits = replace(QUICK, body_s=0.08, keep_alive_s=5)

    async def story() -> None:
        async with serving(limits, Route("/slow", slow, methods=["POST"])) as served:
            async with await served.visit() as client:
                client.send(
                    b"POST /slow HTTP/1.1\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc"
                )
                assert (await client.rest()).endswith(b"\r\n\r\n3")
            async with await served.visit() as client:
                client.send(
                    b"POST /slow HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n"
                )
                assert status(await client.head()) == 100
                client.send(b"abc")
                assert status(await client.head()) == 200

    in_time(story)


def test_pipelined_requests_are_answered_in_order_and_a_bad_one_last() -> None:
    async def story() -> None:
        one = b"GET /deaf?1 HTTP/1.1\r\n\r\n"
        two = b"GET /deaf?2 HTTP/1.1\r\n\r\n"
        answer = await answer_to(one + two + b"nonsense\r\n\r\n")
        places = [
            answer.index(b'"query":"1"'),
            answer.index(b'"query":"2"'),
            answer.index(b" 400 "),
        ]
        assert places == sorted(places)

    in_time(story)


def test_many_small_requests_in_one_breath_are_no_large_head() -> None:
    async def story() -> None:
        async with serving() as served, await served.visit() as client:
            client.send(b"GET /deaf?1 HTTP/1.1\r\n\r\n" * 2000 + b"GET /deaf?2 HTTP")
            for _ in range(2000):
                assert status(await client.head()) == 200
                await client.reader.readexactly(len(b'{"query":"1"}'))
            client.send(b"/1.1\r\nConnection: close\r\n\r\n")
            assert (await client.rest()).endswith(b'{"query":"2"}')

    in_time(story)


@pytest.mark.parametrize("has_begun", [False, True])
def test_a_request_that_outlives_the_server_is_no_mistake(
    caplog: pytest.LogCaptureFixture, *, has_begun: bool
) -> None:
    said: list[Any] = []

    async def send(message: Any) -> None:
        if said and message["type"] == said[-1]["type"]:
            raise RuntimeError("the answer has begun")
        said.append(message)

    async def endless(scope: Any, receive: Any, send: Any) -> None:
        if has_begun:
            await send({"type": "http.response.start", "status": 200, "headers": []})
        begun.set()
        await asyncio.Event().wait()

    async def story() -> None:
        async with asyncio.TaskGroup() as tasks:
            serving_it = cast("Any", quiet(endless))({}, None, send)
            task = tasks.create_task(serving_it)
            await begun.wait()
            task.cancel()

    begun = asyncio.Event()
    in_time(story)
    assert [each.get("status") for each in said] == ([200] if has_begun else [503, None])
    assert [entry.levelname for entry in caplog.records] == ["WARNING"]


def test_a_pipelined_body_that_is_too_large_is_refused_in_its_turn() -> None:
    async def story() -> None:
        one = b"GET /deaf?1 HTTP/1.1\r\n\r\n"
        two = b"POST /measure HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
        answer = await answer_to(
            one + two + b"40\r\n" + b"a" * 64 + b"\r\n", Limits(body_bytes=lambda _: 10)
        )
        assert answer.index(b'"query":"1"') < answer.index(b" 413 ")

    in_time(story)


def test_an_offer_of_http_2_is_answered_in_http_1() -> None:
    async def story() -> None:
        offer = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n"
        async with serving() as served, await served.visit() as client:
            client.send(b"GET /deaf?1 HTTP/1.1\r\n" + offer)
            assert status(await client.head()) == 200
            await client.reader.readexactly(len(b'{"query":"1"}'))
            client.send(b"GET /deaf?2 HTTP/1.1\r\nConnection: close\r\n\r\n")
            assert (await client.rest()).endswith(b'{"query":"2"}')

    in_time(story)


async def is_echoed(client: Client) -> bool:
    client.send(frame(TEXT, b"here"))
    return await client.frame() == (TEXT, b"here")


def test_frames_in_the_packet_of_the_upgrade_are_heard() -> None:
    async def story() -> None:
        async with serving() as served, await served.visit() as client:
            client.send(upgrade() + frame(TEXT, b"early") + frame(TEXT, b"bird" * 2000))
            assert status(await client.head()) == 101
            assert await client.frame() == (TEXT, b"early")
            assert await client.frame() == (TEXT, b"bird" * 2000)

    in_time(story)


@pytest.mark.parametrize("connection", ["keep-alive, Upgrade", "upgrade", "Upgrade , close"])
def test_connection_may_say_more_than_upgrade(connection: str) -> None:
    async def story() -> None:
        async with serving() as served, await served.visit() as client:
            client.send(upgrade(connection=connection))
            assert status(await client.head()) == 101
            assert await is_echoed(client)

    in_time(story)


def test_a_used_connection_can_be_upgraded_and_outlives_its_idle_time() -> None:
    limits = Limits(sweep_every_s=0.01, keep_alive_s=0.1, ping_every_s=0.01)

    async def story() -> None:
        async with serving(limits) as served, await served.visit() as client:
            client.send(b"GET /deaf HTTP/1.1\r\n\r\n")
            assert status(await client.head()) == 200
            await client.reader.readexactly(len(b'{"query":""}'))
            client.send(upgrade())
            assert status(await client.head()) == 101
            for _ in range(14):
                assert (await client.frame())[0] == 9
            client.send(frame(TEXT, b"late"))
            while (said := await client.frame())[0] == 9:
                pass
            assert said == (TEXT, b"late")

    in_time(story)


def test_an_upgrade_may_have_a_head_as_large_as_any_other() -> None:
    async def story() -> None:
        async with serving() as served, await served.visit() as client:
            client.send(upgrade("/x", *[f"X-{n}: {'a' * 100}" for n in range(250)]))
            assert status(await client.head()) == 101
            assert await is_echoed(client)
            assert len(served.speakers[0].upgrade.headers) > 250

    in_time(story)


GOOD = upgrade()


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (GOOD.replace(b"Sec-WebSocket-Key", b"X-Key"), 400),
        (GOOD.replace(b"Key: ", b"Key: AAAA"), 400),
        (GOOD.replace(b"Key: ", b"Key: \xe9"), 400),
        (GOOD.replace(b"Version: 13", b"Version: 12"), 426),
        (GOOD.replace(b"Sec-WebSocket-Version: 13\r\n", b""), 426),
        (GOOD.replace(b"GET", b"POST"), 400),
        (GOOD.replace(b"HTTP/1.1", b"HTTP/1.0"), 400),
        (GOOD.replace(b"GET /x", b"GET /\xff"), 400),
        (GOOD.replace(b"GET /x", b"GET /refused"), 401),
    ],
)
def test_an_upgrade_that_cannot_be_is_told_so(
    request_: bytes, expected: int, caplog: pytest.LogCaptureFixture
) -> None:
    async def story() -> None:
        assert status(await answer_to(request_)) == expected

    in_time(story)
    assert [entry for entry in caplog.records if entry.levelno >= logging.WARNING] == []


def test_our_mistake_at_an_upgrade_is_a_500_and_one_line_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def wrong(_: Upgrade) -> HTTPStatus:
        raise LookupError

    async def story() -> None:
        async with serving(wrong=wrong) as served, await served.visit() as client:
            client.send(upgrade())
            assert status(await client.rest()) == 500

    in_time(story)
    assert [entry.message for entry in caplog.records] == ["Nobody speaks for an upgrade"]


def test_a_client_that_leaves_in_its_body_leaves_nothing_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def story() -> None:
        async with serving() as served:
            async with await served.visit() as client:
                client.send(
                    b"POST /measure HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n"
                )
                assert status(await client.head()) == 100
            await until(lambda: not served.state.connections and not served.state.tasks)

    in_time(story)
    assert [entry for entry in caplog.records if entry.levelno >= logging.WARNING] == []


def test_only_trusted_proxies_say_who_is_behind_them() -> None:
    request = b"GET /measure HTTP/1.1\r\nX-Forwarded-For: 9.9.9.9, 203.0.113.7\r\nConnection: close\r\n\r\n"

    async def story() -> None:
        trusting = Limits(trusted_proxies=[ip_network("127.0.0.0/8")])
        assert b'"client":"127.0.0.1"' in await answer_to(request)
        assert b'"client":"203.0.113.7"' in await answer_to(request, trusting)

    in_time(story)


def test_somebody_who_does_not_read_the_answer_is_left() -> None:
    async def large(_: Request) -> JSONResponse:
        return JSONResponse("a" * 12_000_000)

    limits = Limits(sweep_every_s=0.01, unread_answer_s=0.03)

    async def story() -> None:
        async with (
            serving(limits, Route("/large", large)) as served,
            await served.visit() as client,
        ):
            client.never_read()
            client.send(b"GET /large HTTP/1.1\r\n\r\n")
            await until(lambda: served.state.connections)
            await until(lambda: not served.state.connections)

    in_time(story)


def test_a_stop_does_not_wait_for_a_body_that_never_comes() -> None:
    async def story() -> None:
        limits = Limits(body_s=60, linger_s=0.01, sweep_every_s=0.01)
        async with serving(limits) as served, await served.visit() as client:
            client.send(b"POST /measure HTTP/1.1\r\nContent-Length: 10\r\n\r\nhalf")
            await until(lambda: served.state.tasks)
            served.stop()
            assert status(await client.head()) == 408

    in_time(story)
