"""Requests that are answered later."""

import asyncio
import gc
from collections.abc import Awaitable, Callable
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tertulia.web.held import Held, Later
from tests.web.serving import Served, in_time, serving, until

WAIT = b"POST /later HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhm"
ASK = b"GET /deaf HTTP/1.1\r\nHost: x\r\n\r\n"
LAST = b"GET /later HTTP/1.0\r\nHost: x\r\n\r\n"


class Waiting:
    """Keeps what is to be answered, and what became of it."""

    def __init__(self) -> None:
        self.held: list[Held] = []
        self.gone_times = self.stops = 0

    def gone(self) -> None:
        self.gone_times += 1

    def stop(self) -> None:
        self.stops += 1
        self.held[-1].answer(HTTPStatus.NO_CONTENT, (), b"")


def at_port(story: Callable[[Served, Waiting], Awaitable[None]]) -> None:
    waiting = Waiting()

    async def later(request: Request) -> Response:
        await request.body()
        return Later(waiting, waiting.held.append)

    async def played() -> None:
        async with serving(None, Route("/later", later, methods=["GET", "POST"])) as served:
            await story(served, waiting)

    in_time(played)


async def head_and_body(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    head = await reader.readuntil(b"\r\n\r\n")
    size = next(
        (int(line.split(b":")[1]) for line in head.split(b"\r\n") if b"content-length" in line), 0
    )
    return head, await reader.readexactly(size)


def test_an_answer_that_comes_later_is_an_answer() -> None:
    async def story(served: Served, waiting: Waiting) -> None:
        client = await served.visit()
        for number in range(3):
            client.writer.write(WAIT)
            await until(lambda: len(waiting.held) > number)  # noqa: B023 - called at once
            body = b"%d" % number
            assert waiting.held[number].answer(HTTPStatus.OK, ((b"x-a", b"b"),), body)
            head, heard = await head_and_body(client.reader)
            assert head.startswith(b"HTTP/1.1 200 OK\r\n")
            assert b"x-a: b\r\n" in head
            assert heard == body
            assert not waiting.held[number].answer(HTTPStatus.OK, (), b"twice")
        client.writer.close()

    at_port(story)


def test_what_was_asked_meanwhile_is_answered_after_it() -> None:
    async def story(served: Served, waiting: Waiting) -> None:
        client = await served.visit()
        client.writer.write(WAIT + ASK + WAIT)
        await until(lambda: waiting.held)
        waiting.held[0].answer(HTTPStatus.NO_CONTENT, (), b"")
        head, _ = await head_and_body(client.reader)
        assert head.startswith(b"HTTP/1.1 204 No Content\r\n")
        assert b"content-length" not in head
        head, body = await head_and_body(client.reader)
        assert body == b'{"query":""}'
        await until(lambda: len(waiting.held) == 2)
        waiting.held[1].answer(HTTPStatus.OK, (), b"last")
        assert (await head_and_body(client.reader))[1] == b"last"
        client.writer.close()

    at_port(story)


def test_who_hangs_up_is_told_of_once() -> None:
    async def story(served: Served, waiting: Waiting) -> None:
        client = await served.visit()
        client.writer.write(WAIT)
        await until(lambda: waiting.held)
        client.writer.transport.abort()
        await until(lambda: waiting.gone_times)
        assert not waiting.held[0].answer(HTTPStatus.OK, (), b"late")
        assert (waiting.gone_times, waiting.stops) == (1, 0)

    at_port(story)


def test_who_hangs_up_after_the_answer_is_nobodys_business() -> None:
    async def story(served: Served, waiting: Waiting) -> None:
        client = await served.visit()
        client.writer.write(WAIT)
        await until(lambda: waiting.held)
        waiting.held[0].answer(HTTPStatus.OK, (), b"done")
        await head_and_body(client.reader)
        client.writer.close()
        await until(lambda: not served.state.connections)
        assert waiting.gone_times == 0

    at_port(story)


def test_a_connection_that_is_not_to_stay_is_closed_after_it() -> None:
    async def story(served: Served, waiting: Waiting) -> None:
        async with await served.visit() as client:
            client.send(LAST)
            await until(lambda: waiting.held)
            waiting.held[0].answer(HTTPStatus.OK, (), b"bye")
            assert (await client.rest()).endswith(b"connection: close\r\n\r\nbye")

    at_port(story)


def test_a_server_that_stops_asks_for_the_answer() -> None:
    async def story(served: Served, waiting: Waiting) -> None:
        async with await served.visit() as client:
            client.send(WAIT)
            await until(lambda: waiting.held)
            served.stop()
            assert (await client.rest()).startswith(b"HTTP/1.1 204 No Content\r\n")
        assert (waiting.stops, waiting.gone_times) == (1, 0)

    at_port(story)


def test_nothing_of_the_request_is_kept_while_it_waits() -> None:
    async def story(served: Served, waiting: Waiting) -> None:
        client = await served.visit()
        client.writer.write(b"POST /later HTTP/1.1\r\nHost: x\r\nX-Long: " + b"a" * 8_000)
        client.writer.write(b"\r\nContent-Length: 0\r\n\r\n")
        await until(lambda: waiting.held)
        await asyncio.sleep(0)
        gc.collect()
        assert [each for each in gc.get_objects() if _is_long_header(each)] == []
        waiting.held[0].answer(HTTPStatus.OK, (), b"")
        await head_and_body(client.reader)
        client.writer.close()

    at_port(story)


def _is_long_header(value: object) -> bool:
    return isinstance(value, tuple) and len(value) == 2 and value[0] == b"x-long"
