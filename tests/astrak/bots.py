"""People and bots who speak Astrak to a server in the test's own loop, over connections they can look at."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from tertulia.assembly import Server
from tertulia.core.ids import AccountId, SessionId
from tertulia.core.model import Actor, NewAccount
from tertulia.delivery.polling import Polls
from tertulia.dialects.astrak.routes import AstrakApp
from tests.house import running_house

FORM = "application/x-www-form-urlencoded"
PATIENCE_S = 10.0
PASSWORD = "correct horse"


@dataclass(frozen=True)
class Answer:
    """An answer, header names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """What it says."""
        assert self.headers["content-type"] == "application/json", self
        return json.loads(self.body)

    @property
    def code(self) -> int:
        """Ten, or what went wrong."""
        code = self.json["code"]
        assert isinstance(code, int)
        assert (self.status == 200) == (code == 10), self
        return code


class Connection:
    """One connection to the server, for one request after the other."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    def send(
        self, method: str, path: str, body: bytes = b"", kind: str = "", **headers: str
    ) -> None:
        """Send a request, whole."""
        lines = [f"{method} {path} HTTP/1.1", "Host: tertulia.test"]
        lines += [f"Content-Type: {kind}"] if kind else []
        lines += [f"Content-Length: {len(body)}"] if body or method == "POST" else []
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        self._writer.write("\r\n".join((*lines, "", "")).encode() + body)

    def send_form(self, path: str, **fields: Any) -> None:
        """Send a form."""
        self.send("POST", path, urlencode(fields).encode(), FORM)

    async def hear(self) -> Answer:
        """The next answer."""
        async with asyncio.timeout(PATIENCE_S):
            head = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            first, *lines = head.rstrip().split("\r\n")
            headers = {
                name.lower(): value for name, _, value in (line.partition(": ") for line in lines)
            }
            size = int(headers.get("content-length", 0))
            return Answer(int(first.split()[1]), headers, await self._reader.readexactly(size))

    async def is_closed(self) -> bool:
        """Whether the server hangs up without another word."""
        async with asyncio.timeout(PATIENCE_S):
            return await self._reader.read() == b""

    def abort(self) -> None:
        """Be gone."""
        self._writer.transport.abort()

    async def close(self) -> None:
        """Hang up."""
        self._writer.close()
        try:
            await self._writer.wait_closed()
        except ConnectionError:
            return


@dataclass(frozen=True)
class Person:
    """Somebody with an account and a token."""

    town: "Town"
    id: AccountId
    name: str
    token: str

    @property
    def actor(self) -> Actor:
        """The same through another API."""
        return Actor(self.id, SessionId(1))

    async def ask(self, path: str, **fields: Any) -> Answer:
        """The answer to a form."""
        return await self.town.ask(path, token=self.token, **fields)

    async def done(self, path: str, **fields: Any) -> Any:
        """What a call that must succeed says."""
        answer = await self.ask(path, **fields)
        assert answer.code == 10, answer
        return answer.json

    async def say(self, to: "Person | int", text: str) -> int:
        """The id of a message."""
        number = to.id if isinstance(to, Person) else to
        said = await self.done("/messages/send", to=number, text=text)
        return int(said["response"]["message_id"])

    async def events(self, **fields: Any) -> list[Any]:
        """What polls say there is now."""
        fields = {"limit": 100, "timeout": 0} | fields
        found = (await self.done("/events/polling", **fields))["response"]
        assert isinstance(found, list)
        return found

    async def polls(self, **fields: Any) -> Connection:
        """A poll that waits."""
        waiting = len(self.town.polls)
        connection = await self.town.connect()
        connection.send_form("/events/polling", token=self.token, **fields)
        await until(lambda: len(self.town.polls) > waiting)
        return connection


@dataclass(frozen=True)
class Town:
    """A server, and how to reach it."""

    server: Server
    base_url: str
    closing: AsyncExitStack

    @property
    def polls(self) -> Polls:
        """Who waits."""
        apps = (getattr(route, "app", None) for route in self.server.app.routes)
        return next(app._desk.polls for app in apps if isinstance(app, AstrakApp))

    async def connect(self) -> Connection:
        """A new connection."""
        host, _, port = self.base_url.removeprefix("http://").partition(":")
        connection = Connection(*await asyncio.open_connection(host, int(port)))
        self.closing.push_async_callback(connection.close)
        return connection

    async def request(
        self, method: str, path: str, body: bytes = b"", kind: str = "", **headers: str
    ) -> Answer:
        """The answer to one request on a connection of its own."""
        connection = await self.connect()
        try:
            connection.send(method, path, body, kind, **headers)
            return await connection.hear()
        finally:
            await connection.close()

    async def ask(self, path: str, **fields: Any) -> Answer:
        """The answer to a form."""
        return await self.request("POST", path, urlencode(fields).encode(), FORM)

    async def person(self, name: str) -> Person:
        """Somebody new, born in another API."""
        account = await self.server.core.accounts.register(NewAccount(name, PASSWORD))
        return await self.signed_in(account.id, name)

    async def signed_in(self, account_id: AccountId, name: str) -> Person:
        """A new token of somebody who is there."""
        answer = await self.ask("/users/login", username=name, password=PASSWORD)
        assert answer.code == 10, answer
        return Person(self, account_id, name, answer.json["token"])

    async def people(self, *names: str) -> list[Person]:
        """Several of them."""
        return [await self.person(name) for name in names]


@asynccontextmanager
async def town(closing: AsyncExitStack | None = None, **settings: Any) -> AsyncIterator[Town]:
    """A server that nobody knows yet. Connections to it are closed after it, or with *closing*."""
    async with AsyncExitStack() as own, running_house(**settings) as (server, base_url):
        yield Town(server, base_url, closing or own)


async def until(is_so: Callable[[], bool]) -> None:
    """Returns when it is so: for what happens in the server and nobody is told of."""
    async with asyncio.timeout(PATIENCE_S):
        while not is_so():  # noqa: ASYNC110 - nobody sets an event when the server has begun to wait
            await asyncio.sleep(0.001)
