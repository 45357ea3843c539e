"""How a page's people reach the server: sockets and HTTP requests."""

import asyncio
import itertools
import json
import re
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from http.client import HTTPConnection
from typing import TypeAlias

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from tests.wire.pages import Told
from tests.wire.shapes import Json, MismatchError, Names, compare

# Seconds until a packet that does not come has not come.
PATIENCE_S = 5.0

# How long the server worked stands in every answer of Tada's, and pages leave it out.
WORK_TIME = "_time"

# A call of JSONP.
SCRIPT = re.compile(r"(?P<call>/\*\*/[\w.$]+)\((?P<json>.*)\);")

Headers: TypeAlias = tuple[tuple[str, str], ...]


class Line:
    """One socket, and what it has heard that the page has not told yet."""

    def __init__(
        self, who: str, socket: ClientConnection, look: Callable[[Json], None] | None = None
    ) -> None:
        self.who = who
        self.untold: deque[Json] = deque()
        self._socket = socket
        self._look = look
        self._pings = itertools.count(1)

    async def send(self, packet: Json, *, as_bytes: bool = False) -> None:
        """Send JSON, in a text frame or as bytes."""
        text = json.dumps(packet, ensure_ascii=False)
        await self._put(text.encode() if as_bytes else text)

    async def send_text(self, text: str) -> None:
        """Send whatever it is."""
        await self._put(text)

    async def next(self) -> Json:
        """The next packet.

        Raises:
            TimeoutError: none came in time.
            ConnectionClosed: the server hung up.
        """
        return self.untold.popleft() if self.untold else await self._receive()

    async def listen(self) -> None:
        """Ping, and keep all that comes before the pong."""
        ref = f"player-{next(self._pings)}"
        await self.send({"request": {"ping": {}, "id": ref}})
        pong: Json = {"response": {"id": ref, "pong": {}}}
        while (heard := await self._receive()) != pong:
            self.untold.append(heard)

    async def ask(self, request: str, params: dict[str, Json]) -> dict[str, Json]:
        """The answer to a request of the stage's, without error; events are not looked at."""
        ref = f"stage-{next(self._pings)}"
        await self.send({"request": {request: params, "id": ref}})
        while True:
            heard = an_object(await self._receive())
            answer = an_object(heard.get("response", {}))
            if answer.get("id") == ref:
                assert "error" not in answer, f"{request} on the stage: {answer}"
                return answer

    async def say(self, packet: dict[str, Json]) -> dict[str, Json]:
        """The acknowledgement of a message the stage needs."""
        await self.send({"message": packet})
        while True:
            heard = an_object(await self._receive())
            assert "response" not in heard, f"a message on the stage: {heard}"
            if "ask" in heard:
                return an_object(heard["ask"])

    async def hang_up(self) -> None:
        """Close as a client does."""
        await self._socket.close()

    async def close_code(self) -> int | None:
        """The code the server hangs up with; packets before it are let pass."""
        try:
            while True:
                await self._receive()
        except ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd else None

    async def _put(self, frame: str | bytes) -> None:
        # Whoever is hung up on notices when listening next; the page tells whether that is right.
        with suppress(ConnectionClosed):
            await self._socket.send(frame)

    async def _receive(self) -> Json:
        async with asyncio.timeout(PATIENCE_S):
            heard: Json = json.loads(await self._socket.recv())
        if self._look is not None:
            self._look(heard)
        return heard


async def http(
    host: str, method: str, path: str, headers: Headers, body: str
) -> tuple[int, Headers, str]:
    """Status, headers and body of the answer to one request on a connection of its own."""

    def talk() -> tuple[int, Headers, str]:
        connection = HTTPConnection(host, timeout=PATIENCE_S)
        try:
            connection.request(method, path, body.encode() or None, dict(headers))
            answer = connection.getresponse()
            return answer.status, tuple(answer.getheaders()), answer.read().decode(errors="replace")
        finally:
            connection.close()

    return await asyncio.to_thread(talk)


def compare_answer(told: Told, status: int, headers: Headers, body: str, names: Names) -> None:
    """Check an HTTP answer against the page.

    Cookies are compared as a list, so that a second one is noticed; a header told as `none`
    must be absent; a body that begins like an object is JSON, any other is compared as text,
    and a picture that is not told is not compared.

    Raises:
        MismatchError: they differ.
    """
    if status != told.status:
        raise MismatchError("status", f"the page says {told.status}, heard {status} {body[:300]}")
    cookies: list[Json] = [value for name, value in told.headers if name == "Set-Cookie"]
    heard: list[Json] = [value for name, value in headers if name.lower() == "set-cookie"]
    compare(cookies, heard, names, "Set-Cookie")
    found = {name.lower(): value for name, value in headers}
    for name, value in told.headers:
        if value == "none":
            if name.lower() in found:
                raise MismatchError(name, f"is there: {found[name.lower()]}")
        elif name != "Set-Cookie":
            actual = found.get(name.lower())
            if actual and name == "Content-Type" and ";" not in value:
                actual = actual.split(";")[0]
            compare(value, actual, names, name)
    if found.get("content-type", "").startswith("image/") and not told.body:
        return
    if found.get("content-type", "").startswith("text/html"):
        _compare_excerpt(told.body, body, names)
    elif told.body.startswith("/**/"):
        _compare_script(told.body, body, names)
    elif told.body.startswith(('{"', '["')):
        expected, actual = json.loads(told.body), json.loads(body)
        if isinstance(actual, dict) and WORK_TIME in actual and WORK_TIME not in expected:
            compare("{work time}", actual.pop(WORK_TIME), names, WORK_TIME)
        compare(expected, actual, names, "body")
    else:
        compare(told.body, body, names, "body")


def _compare_excerpt(told: str, page: str, names: Names) -> None:
    """Each line that is told is somewhere on the page, and gives its names."""
    for line in filter(str.strip, told.splitlines()):
        for shown in page.splitlines():
            trial = Names(dict(names.values), names.shapes)
            with suppress(MismatchError):
                compare(line.strip(), shown.strip(), trial)
                names.values.update(trial.values)
                break
        else:
            raise MismatchError("page", f"there is no line like {line}")


def _compare_script(told: str, heard: str, names: Names) -> None:
    expected, actual = SCRIPT.fullmatch(told), SCRIPT.fullmatch(heard)
    if expected is None or actual is None or expected["call"] != actual["call"]:
        raise MismatchError("body", f"the page says {told}, heard {heard}")
    compare(json.loads(expected["json"]), json.loads(actual["json"]), names, "body")


def an_object(value: Json) -> dict[str, Json]:
    """The value, which must be an object."""
    assert isinstance(value, dict), f"an object was expected, not {value!r}"
    return value
