"""Upgrades that a dialect decides only after it has asked somebody."""

import asyncio
import logging
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from http import HTTPStatus
from typing import Any

import pytest

from tertulia.web.asking import EARLY_BYTES
from tertulia.web.door import TurnedAway, Verdict
from tertulia.web.http import OnePortHttp
from tertulia.web.limits import Limits
from tertulia.web.speaker import Upgrade
from tests.web.serving import TEXT, Client, Echo, Served, frame, in_time, serving, until, upgrade

LIMITS = Limits(sweep_every_s=0.01, linger_s=0.05)


class Porter:
    """Decides when told to."""

    def __init__(self) -> None:
        self.asked = 0
        self.gave_up = 0
        self.verdicts: asyncio.Queue[Verdict | Exception] = asyncio.Queue()
        self.speakers: list[Echo] = []

    def __call__(self, upgrade: Upgrade) -> Coroutine[Any, Any, Verdict]:
        return self._decide(upgrade)

    async def _decide(self, upgrade: Upgrade) -> Verdict:
        self.asked += 1
        try:
            verdict = await self.verdicts.get()
        except asyncio.CancelledError:
            self.gave_up += 1
            raise
        if isinstance(verdict, Exception):
            raise verdict
        return verdict

    def let_in(self) -> None:
        self.speakers.append(Echo(Upgrade("/", "", {}, "")))
        self.verdicts.put_nowait(self.speakers[-1])


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


async def is_calm(served: Served) -> None:
    """Nobody is asking, nobody counts as a stranger any more."""
    house = served.port.house
    await until(lambda: not house.asking and not house.strangers and not served.state.tasks)


def test_what_is_said_meanwhile_is_heard_afterwards() -> None:
    porter = Porter()

    async def story() -> None:
        async with serving(LIMITS, wrong=porter) as served, await served.visit() as client:
            client.send(upgrade() + frame(TEXT, b"one"))
            await until(lambda: porter.asked)
            client.send(frame(TEXT, b"two"))
            client.send(frame(TEXT, b"three")[:4])
            porter.let_in()
            assert status(await client.head()) == 101
            assert await client.frame() == (TEXT, b"one")
            assert await client.frame() == (TEXT, b"two")
            await is_calm(served)

    in_time(story)


def test_who_says_much_meanwhile_is_not_read_and_loses_nothing() -> None:
    porter = Porter()
    flood = b"a" * (EARLY_BYTES * 8)

    async def story() -> None:
        async with serving(LIMITS, wrong=porter) as served, await served.visit() as client:
            client.send(upgrade())
            await until(lambda: porter.asked)
            client.send(frame(TEXT, flood) + frame(TEXT, b"last"))
            (connection,) = served.state.connections
            assert isinstance(connection, OnePortHttp)
            await until(lambda: connection.flow.read_paused)
            porter.let_in()
            assert status(await client.head()) == 101
            assert await client.frame() == (TEXT, flood)
            assert await client.frame() == (TEXT, b"last")

    in_time(story)


@pytest.mark.parametrize("code", [401, 403, 404])
def test_a_dialect_refuses_in_its_own_words(code: int) -> None:
    porter = Porter()
    words = TurnedAway(HTTPStatus(code), b"application/json", b'{"ok":false}')

    async def story() -> None:
        async with serving(LIMITS, wrong=porter) as served, await served.visit() as client:
            client.send(upgrade() + frame(TEXT, b"early"))
            porter.verdicts.put_nowait(words)
            answer = await client.rest()
            assert status(answer) == code
            assert b"content-type: application/json\r\n" in answer
            assert answer.endswith(b'\r\n\r\n{"ok":false}')
            await is_calm(served)

    in_time(story)


def test_a_bare_status_is_refused_in_the_words_of_the_path() -> None:
    porter = Porter()

    def refusal(path: str, status: HTTPStatus) -> tuple[bytes, bytes]:
        return b"text/plain", f"{path} {status.value}".encode()

    async def story() -> None:
        async with (
            serving(LIMITS, wrong=porter, refusal=refusal) as served,
            await served.visit() as client,
        ):
            client.send(upgrade("/there"))
            porter.verdicts.put_nowait(HTTPStatus.FORBIDDEN)
            assert (await client.rest()).endswith(b"/there 403")

    in_time(story)


def test_a_client_that_goes_meanwhile_ends_the_asking(caplog: pytest.LogCaptureFixture) -> None:
    porter = Porter()

    async def story() -> None:
        async with serving(LIMITS, wrong=porter) as served:
            async with await served.visit() as client:
                client.send(upgrade())
                await until(lambda: porter.asked)
            await is_calm(served)
            assert porter.gave_up == 1
            assert not served.state.connections

    in_time(story)
    assert [entry for entry in caplog.records if entry.levelno >= logging.WARNING] == []


def test_a_client_that_goes_with_its_request_leaves_nothing() -> None:
    porter = Porter()

    async def story() -> None:
        async with serving(LIMITS, wrong=porter) as served:
            async with await served.visit() as client:
                client.send(upgrade())
                client.writer.write_eof()
                assert await client.rest() == b""
            await is_calm(served)

    in_time(story)


def test_asking_has_an_end() -> None:
    porter = Porter()

    async def story() -> None:
        limits = Limits(sweep_every_s=0.01, linger_s=0.05, ask_s=0.02)
        async with serving(limits, wrong=porter) as served, await served.visit() as client:
            client.send(upgrade())
            assert status(await client.rest()) == 503
            assert porter.gave_up == 1
            await is_calm(served)

    in_time(story)


def test_only_so_many_ask_at_once() -> None:
    porter = Porter()

    async def story() -> None:
        limits = Limits(sweep_every_s=0.01, linger_s=0.05, most_asking=1)
        async with serving(limits, wrong=porter) as served, await served.visit() as first:
            first.send(upgrade())
            await until(lambda: porter.asked)
            async with await served.visit() as second:
                second.send(upgrade())
                assert status(await second.rest()) == 503
            porter.let_in()
            assert status(await first.head()) == 101

    in_time(story)


def test_a_mistake_while_asking_is_a_500_and_one_line_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    porter = Porter()

    async def story() -> None:
        async with serving(LIMITS, wrong=porter) as served, await served.visit() as client:
            client.send(upgrade())
            porter.verdicts.put_nowait(LookupError())
            assert status(await client.rest()) == 500

    in_time(story)
    assert [entry.message for entry in caplog.records] == ["Nobody speaks for an upgrade"]


def test_a_stop_answers_who_is_still_waiting() -> None:
    porter = Porter()

    async def story() -> None:
        async with serving(LIMITS, wrong=porter) as served, await served.visit() as client:
            client.send(upgrade())
            await until(lambda: porter.asked)
            served.stop()
            assert status(await client.rest()) == 503
            assert porter.gave_up == 1
            await is_calm(served)

    in_time(story)


def test_who_is_let_in_can_be_talked_to_and_hears_the_end() -> None:
    porter = Porter()

    async def story() -> None:
        async with serving(LIMITS, wrong=porter) as served, AsyncExitStack() as leaving:
            clients: list[Client] = [
                await leaving.enter_async_context(await served.visit()) for _ in range(20)
            ]
            for client in clients:
                client.send(upgrade())
            await until(lambda: porter.asked == len(clients))
            for _ in clients:
                porter.let_in()
            for client in clients:
                assert status(await client.head()) == 101
                client.send(frame(TEXT, b"hello"))
                assert await client.frame() == (TEXT, b"hello")
            served.stop()
            assert [(await client.closing())[0] for client in clients] == [1001] * len(clients)

    in_time(story)
