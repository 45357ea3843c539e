"""Several real servers before one store, one folder of files and one bus; and people who use all of them."""

import asyncio
import itertools
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

from typing_extensions import override

from tests.nats_server import NatsServer, nats_server
from tests.store.postgres_server import new_database
from tests.stories.morning import registered_application
from tests.stories.people import Client, Packet, Town
from tests.stories.process import Process, serving
from tests.world.unet import Application

PATIENCE_S = 20.0
PAUSE_S = 0.02

_numbers = itertools.count(1)


class Cluster:
    """The processes that run, what they share, and where each has its own folder."""

    def __init__(
        self, folder: Path, database_url: str, bus: NatsServer, more: tuple[str, ...]
    ) -> None:
        self.folder = folder
        self.database_url = database_url
        self.bus = bus
        self._options = (
            "--database-url", database_url, "--bus-url", bus.url,
            "--files-url", (folder / "files").as_uri(), *more,
        )  # fmt: skip
        self._closing = ExitStack()
        self.processes: list[Process] = []

    def start(self, name: str) -> Process:
        """One more process. The same name again: the same folder."""
        process = self._closing.enter_context(serving(self.folder / name, *self._options))
        self.processes.append(process)
        return process

    @cached_property
    def application(self) -> Application:
        """A Unet application, registered by an operator while they run."""
        store = ("--database-url", self.database_url)
        return registered_application(self.folder / "operator", store)

    @property
    def urls(self) -> list[str]:
        """Where they are, in the order in which they were started."""
        return [process.base_url for process in self.processes]

    def close(self) -> None:
        """End all of them by force."""
        self._closing.close()

    def mistakes(self) -> list[str]:
        """What they have logged as errors."""
        lines = [line for process in self.processes for line in process.log.splitlines()]
        return [line for line in lines if '"level": "error"' in line]


@contextmanager
def cluster(folder: Path, *options: str, processes: int = 2) -> Iterator[Cluster]:
    """Some processes, one started after the other, on a store of their own."""
    with nats_server() as bus:
        made = Cluster(folder, asyncio.run(new_database()), bus, options)
        try:
            for number in range(processes):
                made.start(f"process-{number + 1}")
            yield made
        finally:
            made.close()


class Side(Town):
    """One process, as the people of one test use it: nobody else has their logins."""

    def __init__(self, base_url: str, closing: AsyncExitStack, number: int) -> None:
        super().__init__(base_url, closing)
        self._number = number

    def login(self, name: str) -> str:
        """What that person of this test is called."""
        return f"{name}{self._number}"

    @override
    async def settle(self, *logins: str) -> None:
        """These people sign up; the password of anna1 is `anna1-secret`."""
        await super().settle(*map(self.login, logins))
        self.ids.update({login: self.ids[self.login(login)] for login in logins})

    @override
    async def comes(self, login: str, device: str = "phone", **options: Any) -> Client:
        """A new socket of that person, signed in by password."""
        return await super().comes(self.login(login), device, **options)

    async def comes_with(self, token: str, device: str = "phone") -> Client:
        """A new socket with a token that was given out before, perhaps elsewhere."""
        client = await self.client()
        await client.ask("connect", {"token": token, "device_id": device})
        return client


@asynccontextmanager
async def sides(urls: list[str], *logins: str) -> AsyncIterator[list[Side]]:
    """The processes at these addresses, and new people who have signed up at the first."""
    async with AsyncExitStack() as closing:
        number = next(_numbers)
        found = [Side(url, closing, number) for url in urls]
        await found[0].settle(*logins)
        for each in found[1:]:
            each.ids = found[0].ids
        yield found


Story = Callable[[Side, Side], Awaitable[None]]


def play(urls: list[str], story: Story, *logins: str) -> None:
    """Play *story* with new people, at the first two of these processes."""

    async def played() -> None:
        async with asyncio.timeout(60), sides(urls, *logins) as (here, there, *_):
            await story(here, there)

    asyncio.run(played())


async def holds(fact: Callable[[], Awaitable[bool]]) -> None:
    """Wait until it is a fact. What one process knows, another knows a moment later."""
    async with asyncio.timeout(PATIENCE_S):
        # SAFE: nobody tells us; this only keeps us from asking all the time.
        while not await fact():  # noqa: ASYNC110 - see above
            await asyncio.sleep(PAUSE_S)


def until(fact: Callable[[], bool]) -> None:
    """The same, for tests that are no coroutines."""
    end = time.monotonic() + PATIENCE_S
    while not fact():
        assert time.monotonic() < end, "it never came true"
        # SAFE: as above.
        time.sleep(PAUSE_S)


async def hears_until(client: Client, wanted: Callable[[Packet], bool]) -> list[Packet]:
    """Everything up to the packet that is wanted, which is the last one."""
    heard: list[Packet] = []
    async with asyncio.timeout(PATIENCE_S):
        while not heard or not wanted(heard[-1]):
            heard.append(
                client.inbox.popleft() if client.inbox else json.loads(await client.socket.recv())
            )
    return heard


def says(body: str) -> Callable[[Packet], bool]:
    """Whether it is the message with that text."""
    return lambda packet: packet.get("message", {}).get("body") == body
