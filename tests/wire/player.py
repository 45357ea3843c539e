"""Plays a page against a running server.

Nothing here sleeps. What must be heard is waited for, up to `PATIENCE_S`. That nothing more is
heard is found out with pings: when the one who acted and then everybody else has had a pong, all
that was on its way has arrived. This is done before each act and at the end, so a packet the page
does not tell is noticed in the scene it belongs to.
"""

import json
from collections.abc import Mapping
from contextlib import AsyncExitStack
from time import perf_counter
from urllib.parse import quote, urlencode, urlsplit

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from tests.wire.astrak import POLLING, AstrakStage, Receiver
from tests.wire.lines import Headers, Line, an_object, compare_answer, http
from tests.wire.pages import (
    ASTRAK,
    FIELDS,
    SAMA,
    TADA,
    UNET,
    Answers,
    Arrives,
    Asks,
    Called,
    Group,
    HangsUp,
    Hears,
    HungUpOn,
    Page,
    Pair,
    Prop,
    Role,
    Said,
    Sends,
    SendsText,
    Silence,
    Step,
    Team,
    Told,
    split_q,
)
from tests.wire.published import readable
from tests.wire.shapes import (
    NOBODY,
    Json,
    MismatchError,
    Names,
    PageError,
    compare,
    fill,
    fill_text,
)
from tests.wire.tada import TadaLine, TadaStage, is_online
from tests.wire.unet import UnetStage

FORM = "application/x-www-form-urlencoded"

# Twice round: what the first round's pongs set free is heard in the second.
ROUNDS = 2
# Seconds between two acts at least, so that no two fall into one millisecond: dates tell them apart.
BEAT_S = 0.002


class PlayError(AssertionError):
    """The server did not do what the page says."""


async def play(page: Page, base_url: str, shapes: Mapping[str, Json]) -> None:
    """Play one page, from its cast's sign-up to the silence after its last line.

    Args:
        page: what to play.
        base_url: `http://HOST:PORT` of a server that knows nobody yet.
        shapes: the shapes of the page's dialect.

    Raises:
        PlayError: the server departed from the page; the message names page, line, and both sides.
    """
    async with AsyncExitStack() as closing:
        theatre = Theatre(page, base_url, shapes, closing)
        await theatre.prepare()
        for step in page.steps:
            try:
                await theatre.perform(step)
            except (MismatchError, PageError) as error:
                raise theatre.failure(step.line, str(error)) from error
        await theatre.check_silence(page.steps[-1].line if page.steps else 1, ())


class Theatre:
    """A server, the people of a page on their sockets, and the names the page gave to things."""

    def __init__(
        self, page: Page, base_url: str, shapes: Mapping[str, Json], closing: AsyncExitStack
    ) -> None:
        self._page = page
        address = urlsplit(base_url)
        self._host = address.netloc
        self._names = Names({"nobody": NOBODY, "hostname": address.hostname}, shapes)
        self._lines: dict[str, Line] = {}
        self._answers: dict[str, tuple[int, Headers, str]] = {}
        self._closing = closing
        self._astrak: AstrakStage | None = None
        if page.path.parent.name == ASTRAK:
            self._astrak = AstrakStage(page, self._host, self._names, closing)

    async def prepare(self) -> None:
        """Sign everybody up, build the stage, bring the cast on, and let all that noise pass."""
        if self._page.path.parent.name == TADA:
            await TadaStage(self._page, self._host, self._names).prepare()
            return
        if self._astrak is not None:
            await self._astrak.prepare()
            return
        if self._page.path.parent.name == UNET:
            await UnetStage(self._page, self._host, self._names).prepare()
            return
        backstage = {"": await self._open("backstage")}
        for role in self._page.cast:
            if not role.guest:
                answer = await backstage[""].ask("user_create", self._secrets(role.person))
                self._names.learn(role.person, an_object(answer["user"])["_id"])
        for prop in self._page.stage:
            await self._place(prop, backstage)
        for line in backstage.values():
            await line.hang_up()
        for role in self._page.cast:
            for who in role.sockets:
                self._lines[who] = await self._open(who)
                if not role.guest:
                    await self._sign_in(who, role)
        await self._round(1)
        for line in self._lines.values():
            line.untold.clear()

    async def perform(self, step: Step) -> None:
        """Do or check one thing.

        Raises:
            PlayError: the server departed from the page.
            MismatchError: the same, in one packet; the caller knows where on the page.
        """
        match step:
            case Hears() | Told() | Called() | Silence() | HungUpOn():
                await self._check(step)
            case Answers(who=who, status=status):
                self._receiver(who).status = status
            case _:
                await self.check_silence(step.line, ())
                await self._act(step)

    async def _act(self, step: Sends | SendsText | Asks | Arrives | HangsUp) -> None:
        match step:
            case Sends():
                for packet in step.packets:
                    await self._line(step.who).send(
                        fill(packet, self._names), as_bytes=step.as_bytes
                    )
            case SendsText():
                for text in step.frames:
                    await self._line(step.who).send_text(text)
            case Asks(path=path) if self._astrak is not None and path.startswith(POLLING):
                _, headers, body = self._filled(step)
                self._astrak.poll(step.who, step.method, path, headers, body)
            case Asks():
                self._answers[step.who] = await self._request(step)
            case Arrives(team=team) if team:
                self._lines[step.who] = await self._listen(step)
            case Arrives():
                self._lines[step.who] = await self._open(step.who)
                if step.signs_in:
                    await self._sign_in(step.who, self._role(step.who))
            case HangsUp():
                await self._lines.pop(step.who).hang_up()

    async def _check(self, step: Hears | Told | Called | Silence | HungUpOn) -> None:
        match step:
            case Hears():
                for who in step.who:
                    await self._hear(step, who)
            case Told():
                polled = await self._astrak.poll_of(step.who) if self._astrak else None
                if polled is not None:
                    self._answers[step.who] = polled
                self._compare_answer(step)
            case Called(who=who):
                await self._receiver(who).check(step, self._names)
            case Silence():
                await self.check_silence(step.line, step.who)
            case HungUpOn():
                code = await self._lines.pop(step.who).close_code()
                if code != step.code:
                    raise self.failure(step.line, f"{step.who} was hung up on with {code}")

    async def check_silence(self, line: int, who: tuple[str, ...]) -> None:
        """Nobody, or none of these, has heard anything the page has not told by this line.

        Raises:
            PlayError: somebody has.
        """
        await self._round(line)
        for name in who or tuple(self._lines):
            if untold := self._line(name).untold:
                heard = "\n".join(json.dumps(packet, ensure_ascii=False) for packet in untold)
                raise self.failure(line, f"before this line {name} also heard\n{heard}")
        if not who and self._answers:
            raise self.failure(line, f"an HTTP answer is not told: {self._answers}")
        for name, receiver in self._astrak.receivers.items() if self._astrak else ():
            if calls := receiver.untold():
                raise self.failure(line, f"{name} was also called: {calls}")

    def failure(self, line: int, why: str) -> PlayError:
        """The failure at that line of the page."""
        path = "/".join(self._page.path.parts[-4:])
        return PlayError(f"{path}:{line}: {why}")

    async def _round(self, number: int) -> None:
        beat = perf_counter() + BEAT_S
        rounds = 0
        while self._lines and (rounds < ROUNDS or perf_counter() < beat):
            rounds += 1
            for who, line in self._lines.items():
                try:
                    await line.listen()
                except ConnectionClosed as closed:
                    raise self.failure(number, f"{who} was hung up on: {closed}") from closed
                except TimeoutError:
                    raise self.failure(number, f"{who} has no answer to a ping") from None

    async def _hear(self, step: Hears, who: str) -> None:
        line = self._line(who)
        for told in step.packets:
            if step.perhaps:
                await self._round(step.line)
                if not line.untold:
                    return
            try:
                if is_online(told) and isinstance(line, TadaLine):
                    heard = await line.online(told, self._names)
                else:
                    heard = await line.next()
            except TimeoutError:
                raise self.failure(step.line, f"{who} hears nothing instead of\n{told}") from None
            except ConnectionClosed as closed:
                raise self.failure(step.line, f"{who} was hung up on: {closed}") from closed
            try:
                compare(told, heard, self._names)
            except MismatchError as error:
                raise self.failure(
                    step.line,
                    f"{who}, {error}\nthe page: {json.dumps(told, ensure_ascii=False)}"
                    f"\nheard:    {json.dumps(heard, ensure_ascii=False)}",
                ) from error

    def _line(self, who: str) -> Line:
        if who not in self._lines:
            raise PageError(f"{who} has no socket (there are {', '.join(self._lines)})")
        return self._lines[who]

    def _role(self, who: str) -> Role:
        person = who.split("/", maxsplit=1)[0]
        for role in self._page.cast:
            if role.person == person:
                return role
        raise PageError(f"{person} is not in the cast")

    async def _open(self, who: str) -> Line:
        socket = connect(
            f"ws://{self._host}/",
            compression=None,
            max_queue=None,
            max_size=None,
            ping_interval=None,
            proxy=None,
        )
        look = readable if self._page.path.parent.name == SAMA else None
        return Line(who, await self._closing.enter_async_context(socket), look)

    async def _listen(self, step: Arrives) -> TadaLine:
        """A socket of a team, whose greeting the page tells or leaves out."""
        socket = connect(
            f"ws://{self._host}/messaging/{self._names.value(step.team)}",
            additional_headers={"token": str(self._names.value(f"{step.who}.token"))},
            compression=None,
            max_queue=None,
            max_size=None,
            ping_interval=None,
            proxy=None,
        )
        line = TadaLine(step.who, await self._closing.enter_async_context(socket))
        if not step.greeted:
            await line.greeted()
        return line

    @staticmethod
    def _secrets(person: str) -> dict[str, Json]:
        return {"login": person, "password": f"{person}-secret"}

    async def _sign_in(self, who: str, role: Role) -> None:
        """Sign a new socket in, as the client's flavour does it; its token gets a name."""
        params = {**self._secrets(role.person), "device_id": who}
        if role.stock:
            params["organization_id"] = "default"
            head = (("Content-Type", "application/json"),)
            status, _, body = await http(self._host, "POST", "/login", head, json.dumps(params))
            assert status == 200, f"{who} cannot sign in: {status} {body}"
            token = json.loads(body)["access_token"]
            await self._line(who).ask("connect", {"token": token, "device_id": who})
        else:
            token = (await self._line(who).ask("user_login", params))["token"]
        # Who comes back has a new token under the old name.
        self._names.values[f"{who}.token"] = token

    async def _place(self, prop: Prop, backstage: dict[str, Line]) -> None:
        people = (prop.person,) if isinstance(prop, Said) else prop.people
        actor = people[0]
        if actor not in backstage:
            backstage[actor] = await self._open(actor)
            secrets = self._secrets(actor)
            await backstage[actor].ask("user_login", {**secrets, "device_id": "backstage"})
        others = [self._names.value(person) for person in people[1:]]
        beat = perf_counter() + BEAT_S
        while perf_counter() < beat:
            await backstage[actor].listen()
        match prop:
            case Group():
                params: dict[str, Json] = {"type": "g", "name": prop.name, "participants": others}
                made = await backstage[actor].ask("conversation_create", params)
                self._names.learn(prop.name, an_object(made["conversation"])["_id"])
            case Pair():
                params = {"type": "u", "participants": others}
                made = await backstage[actor].ask("conversation_create", params)
                self._names.learn(prop.name, an_object(made["conversation"])["_id"])
            case Said():
                chat = self._names.value(prop.chat)
                ack = await backstage[actor].say({"id": prop.name, "cid": chat, "body": prop.text})
                self._names.learn(prop.name, ack["server_mid"])
            case Team():
                raise PageError("there are teams on pages of Tada only")

    def _receiver(self, who: str) -> Receiver:
        if self._astrak is None or who not in self._astrak.receivers:
            raise PageError(f"{who} is no receiver")
        return self._astrak.receivers[who]

    async def _request(self, step: Asks) -> tuple[int, Headers, str]:
        path, headers, body = self._filled(step)
        return await http(self._host, step.method, path, headers, body)

    def _filled(self, step: Asks) -> tuple[str, Headers, str]:
        """Path, headers and body with the page's names filled in."""
        headers = tuple((name, fill_text(value, self._names)) for name, value in step.headers)
        body = step.body
        if body.startswith(("{", "[")):
            body = json.dumps(fill(json.loads(body), self._names))
        else:
            body = fill_text(body, self._names)
        if FIELDS.fullmatch(body) and ("Content-Type", FORM) in headers:
            pairs = [line.partition(": ") for line in body.split("\n")]
            body = urlencode([(name, value) for name, _, value in pairs])
        if any("multipart" in value for _, value in headers):
            body = body.replace("\n", "\r\n")
        # A link that the server has handed out names it, too.
        path, q = split_q(step.path)
        path = fill_text(path, self._names).removeprefix(f"http://{self._host}")
        if q is not None:
            path += quote(json.dumps(fill(q, self._names), ensure_ascii=False), safe="")
        return path, headers, body

    def _compare_answer(self, told: Told) -> None:
        if told.who not in self._answers:
            raise PageError(f"{told.who} has asked nothing over HTTP")
        status, headers, body = self._answers.pop(told.who)
        compare_answer(told, status, headers, body, self._names)
