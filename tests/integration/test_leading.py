"""Two servers over one database: one calls outside, and the other when the first has ended."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from ipaddress import ip_network
from pathlib import Path

import pytest
import uvloop

from tertulia.adapters.clock import SystemClock
from tertulia.adapters.passwords import Argon2Passwords
from tertulia.assembly import Publish, Server, Spawn, built
from tertulia.core.tally import Tally
from tertulia.settings import Settings
from tertulia.store.engine import Engine
from tertulia.store.postgres import PostgresEngine
from tertulia.store.work import rows
from tests.receiver import Receiver, receiving
from tests.store.postgres_server import new_database
from tests.store.world import World

pytestmark = [pytest.mark.integration, pytest.mark.slow]

ONE, TWO = 11, 2**53 - 7
"""Numbers of processes."""


class Place:
    """Where servers share a database."""

    def __init__(self, url: str, folder: Path, passwords: Argon2Passwords) -> None:
        self._url = url
        self._folder = folder
        self._passwords = passwords

    def server(self, process: int) -> AbstractAsyncContextManager[Server]:
        """One of them, without a port."""

        def engine(publish: Publish, tally: Tally, spawn: Spawn) -> Engine:
            return PostgresEngine(self._url, publish, tally, spawn, process=process)

        settings = Settings(
            data=self._folder,
            database_url=self._url,
            callback_allow=(ip_network("127.0.0.0/8"),),
        )
        return built(
            settings,
            base_url="http://127.0.0.1:1",
            engine_of=engine,
            passwords=self._passwords,
            clock=SystemClock(),
        )


def in_place(folder: Path, story: Callable[[Place], Awaitable[None]]) -> None:
    async def played() -> None:
        passwords = Argon2Passwords(memory_kib=8, rounds=1)
        try:
            await story(Place(await new_database(), folder, passwords))
        finally:
            passwords.close()

    uvloop.run(played())


def people_at(server: Server) -> World:
    world = World(server.engine, [], server.tally)
    world.now = SystemClock().now_ms()
    return world


async def heard(receiver: Receiver) -> str:
    return (await asyncio.to_thread(receiver.next)).text


def test_the_next_one_that_leads_makes_the_calls_that_were_left(tmp_path: Path) -> None:
    async def story(place: Place) -> None:
        async with AsyncExitStack() as closing:
            receiver = closing.enter_context(receiving())
            first = place.server(ONE)
            await first.__aenter__()
            second = await closing.enter_async_context(place.server(TWO))
            world = people_at(second)
            anna, boris = await world.people("anna", "boris")
            chat = await world.direct(anna, boris)
            callback = await second.core.callbacks.start(anna, receiver.url, own=False)
            await world.post(boris, chat.id, "hola")
            # It does not call itself, and knows nothing of who is called.
            assert second.core.callbacks.by_account == {}
            await first.__aexit__(None, None, None)
            assert await heard(receiver) == "hola"
            assert second.core.callbacks.by_account == {anna.account_id: callback}
            await world.post(boris, chat.id, "otra vez")
            assert await heard(receiver) == "otra vez"

    in_place(tmp_path, story)


def test_a_server_that_ends_leaves_no_trace_among_the_processes(tmp_path: Path) -> None:
    async def story(place: Place) -> None:
        async with place.server(ONE) as one:
            await people_at(one).person("anna")
            async with place.server(TWO) as two:
                assert await _processes(two) <= {ONE, TWO}
            assert TWO not in await _processes(one)
        async with place.server(TWO) as two:
            assert ONE not in await _processes(two)

    in_place(tmp_path, story)


async def _processes(server: Server) -> set[int]:
    return {each[0] for each in await server.engine.read(rows("SELECT process FROM processes"))}
