"""The cast and the stage of Astrak's pages: people with tokens, polls that wait, and receivers of callbacks."""

import asyncio
import json
from collections.abc import Mapping
from contextlib import AsyncExitStack

from websockets.asyncio.client import connect

from tertulia.dialects.sama.ids import from_wire, to_wire
from tests.wire.lines import PATIENCE_S, Headers, Line, an_object, compare_answer, http
from tests.wire.pages import Called, Group, Page, Pair, Prop, Role, Said, Told, phone_of
from tests.wire.shapes import NOBODY, Json, MismatchError, Names, PageError

FORM = ("Content-Type", "application/x-www-form-urlencoded")
POLLING = "/events/polling"

Answer = tuple[int, Headers, str]


class Receiver:
    """Somebody who is called: keeps what he heard, and answers as he is told."""

    def __init__(self) -> None:
        self.status = 200
        self._heard: asyncio.Queue[tuple[str, Headers, str]] = asyncio.Queue()
        self._server: asyncio.Server | None = None

    async def open(self, closing: AsyncExitStack) -> str:
        """The address under which he is called."""
        self._server = await closing.enter_async_context(
            await asyncio.start_server(self._answer, "127.0.0.1", 0)
        )
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.rstrip().split("\r\n")
        headers = tuple(
            (name, value) for name, _, value in (line.partition(": ") for line in lines)
        )
        size = next(int(value) for name, value in headers if name.lower() == "content-length")
        body = (await reader.readexactly(size)).decode()
        self._heard.put_nowait((first.rsplit(" ", 1)[0], headers, body))
        writer.write(b"HTTP/1.1 %d Told\r\nContent-Length: 0\r\n\r\n" % self.status)
        writer.close()

    async def check(self, called: Called, names: Names) -> None:
        """The next call is as the page tells it.

        Raises:
            MismatchError: it is not, or none came.
        """
        try:
            async with asyncio.timeout(PATIENCE_S):
                first, headers, body = await self._heard.get()
        except TimeoutError:
            raise MismatchError(called.who, "hears nothing") from None
        if first != called.first:
            raise MismatchError("call", f"the page says {called.first}, heard {first} {body}")
        compare_answer(
            Told(called.line, called.who, 200, called.headers, called.body),
            200,
            headers,
            body,
            names,
        )

    def untold(self) -> list[str]:
        """What was heard and not told."""
        return [self._heard.get_nowait()[2] for _ in range(self._heard.qsize())]


class AstrakStage:
    """Signs people up through SAMA, which asks for no phone, and in through Astrak."""

    def __init__(self, page: Page, host: str, names: Names, closing: AsyncExitStack) -> None:
        self._page = page
        self._host = host
        self._names = names
        self._closing = closing
        self._polls: dict[str, asyncio.Task[Answer]] = {}
        self.receivers: dict[str, Receiver] = {}

    async def prepare(self) -> None:
        """Give everybody an account and a token for each of his names, and build the stage.

        `anna` is a person's number, `anna.token` a token of his, `anna.phone` a number whose code is known.
        """
        self._closing.push_async_callback(self._give_up_polls)
        self._names.values["nobody"] = from_wire(NOBODY) or 1
        backstage: dict[str, Line] = {}
        for role in self._page.cast:
            if role.receiver:
                receiver = self.receivers[role.person] = Receiver()
                self._names.learn(role.person, await receiver.open(self._closing))
                continue
            self._names.learn(f"{role.person}.phone", phone_of(self._page.cast, role.person))
            if not role.guest:
                backstage[role.person] = await self._sign_up(role)
        for prop in self._page.stage:
            await self._place(prop, backstage)
        for line in backstage.values():
            await line.hang_up()
        for role in self._page.cast:
            if not role.guest and not role.receiver:
                for who in role.sockets:
                    self._names.learn(f"{who}.token", await self._sign_in(role))

    async def _sign_up(self, role: Role) -> Line:
        socket = connect(f"ws://{self._host}/", proxy=None)
        line = Line(role.person, await self._closing.enter_async_context(socket))
        secrets: dict[str, Json] = {"login": role.person, "password": f"{role.person}-secret"}
        made = an_object((await line.ask("user_create", secrets))["user"])
        await line.ask("user_login", {**secrets, "device_id": "backstage"})
        self._names.learn(role.person, from_wire(str(made["_id"])))
        return line

    async def _sign_in(self, role: Role) -> str:
        secrets = json.dumps({"username": role.person, "password": f"{role.person}-secret"})
        status, _, body = await http(self._host, "POST", "/users/login", (), secrets)
        assert status == 200, f"{role.person} cannot sign in: {status} {body}"
        return str(json.loads(body)["token"])

    async def _place(self, prop: Prop, backstage: Mapping[str, Line]) -> None:
        match prop:
            case Group(name=name, people=people) | Pair(name=name, people=people):
                others: list[Json] = [_hex(self._names.value(person)) for person in people[1:]]
                kind = "g" if isinstance(prop, Group) else "u"
                params: dict[str, Json] = {"type": kind, "name": name, "participants": others}
                made = await backstage[people[0]].ask("conversation_create", params)
                self._names.learn(name, from_wire(str(an_object(made["conversation"])["_id"])))
            case Said():
                chat = _hex(self._names.value(prop.chat))
                ack = await backstage[prop.person].say(
                    {"id": prop.name, "cid": chat, "body": prop.text}
                )
                self._names.learn(prop.name, from_wire(str(ack["server_mid"])))
            case _:
                raise PageError(f"the stage of an Astrak page cannot hold {prop}")

    # Polls.

    def poll(self, who: str, method: str, path: str, headers: Headers, body: str) -> None:
        """Begin a poll; the page goes on."""
        if not any(name.lower() == "content-type" for name, _ in headers):
            headers = (*headers, FORM)
        asking = http(self._host, method, path, headers, body)
        self._polls[who] = asyncio.get_running_loop().create_task(asking)

    async def poll_of(self, who: str) -> Answer | None:
        """The answer to the poll somebody has begun; None: he has not."""
        poll = self._polls.pop(who, None)
        return None if poll is None else await poll

    async def _give_up_polls(self) -> None:
        for poll in self._polls.values():
            poll.cancel()
        await asyncio.gather(*self._polls.values(), return_exceptions=True)


def _hex(number: Json) -> str:
    assert isinstance(number, int), "ids are numbers here"
    return to_wire(number)
