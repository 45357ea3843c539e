"""A port on 127.0.0.1 for one test, in the test's own event loop, and clients that can misbehave."""

import asyncio
import base64
import os
import socket as sockets
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Self, cast

import uvicorn
import uvloop
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Route
from uvicorn.server import ServerState

from tertulia.core.tally import Tally
from tertulia.web.door import OpenSpeaker, Refusal, Verdict, in_plain_words
from tertulia.web.frames import text_frame
from tertulia.web.limits import Limits
from tertulia.web.port import Port, one_port
from tertulia.web.socket import Socket
from tertulia.web.speaker import Upgrade

# Nothing here takes so long; who waits for it has found a mistake.
PATIENCE_S = 5.0
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


def in_time(story: Callable[[], Awaitable[None]]) -> None:
    """Play *story* in an event loop like the server's own."""

    async def bounded() -> None:
        async with asyncio.timeout(PATIENCE_S * 2):
            await story()

    uvloop.run(bounded())


async def until(happened: Callable[[], object]) -> None:
    """Give the others their turns until something has *happened*."""
    while not happened():  # noqa: ASYNC110 - what the port keeps to itself sets no event.
        await asyncio.sleep(0)


class Echo:
    """Says what it hears, and a few things on request."""

    def __init__(self, upgrade: Upgrade) -> None:
        self.upgrade = upgrade
        self.socket: Socket | None = None
        self.heard: list[bytes] = []
        self.ended = 0
        self.gone = asyncio.Event()
        self.drained: Callable[[], None] | None = None
        self.is_idle = True
        self.parted = 0

    def opened(self, socket: Socket) -> None:
        self.socket = socket

    def say(self, *payloads: bytes) -> None:
        assert self.socket is not None
        for payload in payloads:
            self.socket.offer(text_frame(payload))

    def hear(self, message: bytes) -> None:
        assert self.socket is not None
        self.heard.append(message)
        word, _, rest = message.partition(b" ")
        match word:
            case b"close":
                self.socket.close(int(rest), "as you wish")
            case b"flood":
                self.say(*[b"y" * 10_000] * int(rest))
            case b"who":
                upgrade = self.upgrade
                told = [upgrade.path, upgrade.query, upgrade.peer, upgrade.headers.get("cookie")]
                self.say(repr(told).encode())
            case b"sign-in":
                self.socket.signed_in = True
                self.say(b"welcome")
            case b"later":
                self.is_idle = False
            case _:
                self.say(message)

    def drain(self, done: Callable[[], None]) -> None:
        self.drained = done
        if self.is_idle:
            done()

    def parting(self) -> None:
        self.parted += 1

    def closed(self) -> None:
        self.ended += 1
        self.gone.set()


async def measure(request: Request) -> JSONResponse:
    """How long the body is, and who asks."""
    client = request.client.host if request.client else ""
    return JSONResponse({"bytes": len(await request.body()), "client": client})


async def deaf(request: Request) -> JSONResponse:
    """Answers without reading the body."""
    return JSONResponse({"query": request.url.query})


@dataclass
class Served:
    """A running port and what it has seen."""

    address: tuple[str, int]
    port: Port
    state: ServerState
    tally: Tally
    speakers: list[Echo] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"ws://{self.address[0]}:{self.address[1]}"

    def stop(self) -> None:
        """What uvicorn does first when it stops."""
        for connection in list(self.state.connections):
            connection.shutdown()

    async def visit(self) -> "Client":
        return Client(*await asyncio.open_connection(*self.address, limit=1 << 26))


@asynccontextmanager
async def serving(
    limits: Limits | None = None,
    *routes: BaseRoute,
    refusal: Refusal = in_plain_words,
    wrong: OpenSpeaker | None = None,
) -> AsyncIterator[Served]:
    """A port with `/measure`, `/deaf` and *routes*; every WebSocket but `/refused` is an `Echo`."""
    tally = Tally()
    speakers: list[Echo] = []

    def speaker(upgrade: Upgrade) -> Verdict | Coroutine[Any, Any, Verdict]:
        if upgrade.path == "/refused":
            return HTTPStatus.UNAUTHORIZED
        if wrong is not None:
            return wrong(upgrade)
        speakers.append(Echo(upgrade))
        return speakers[-1]

    port = one_port(speaker, limits or Limits(sweep_every_s=0.01), tally, refusal=refusal)
    usual = [
        Route("/measure", measure, methods=["GET", "POST"]),
        Route("/deaf", deaf, methods=["GET", "POST"]),
    ]
    config = uvicorn.Config(
        Starlette(routes=[*usual, *routes]),
        http=port.http,
        ws=port.ws,
        log_config=None,
        proxy_headers=False,
        lifespan="off",
    )
    config.load()
    state = ServerState()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: port.http(config=config, server_state=state, app_state={}), "127.0.0.1", 0
    )
    try:
        address = server.sockets[0].getsockname()
        yield Served(address, port, state, tally, speakers)
    finally:
        server.close()
        for connection in list(state.connections):
            # After an upgrade, picows' transport holds the one of the loop.
            outer = connection.transport
            getattr(outer, "underlying_transport", outer).abort()
        await server.wait_closed()


@dataclass
class Client:
    """A client that sends exactly what it is told to."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.writer.transport.abort()

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    async def head(self) -> bytes:
        async with asyncio.timeout(PATIENCE_S):
            return await self.reader.readuntil(b"\r\n\r\n")

    async def rest(self) -> bytes:
        """Everything until the other end hangs up."""
        async with asyncio.timeout(PATIENCE_S):
            return await self.reader.read()

    async def frame(self) -> tuple[int, bytes]:
        """The next frame's opcode and payload."""
        async with asyncio.timeout(PATIENCE_S):
            first, second = await self.reader.readexactly(2)
            extra = {126: 2, 127: 8}.get(second & 127, 0)
            size = int.from_bytes(await self.reader.readexactly(extra), "big") if extra else second
            return first & 15, await self.reader.readexactly(size)

    async def closing(self) -> tuple[int, str]:
        """Code and reason of the close frame, after whatever comes before it."""
        while True:
            kind, payload = await self.frame()
            if kind == CLOSE:
                return int.from_bytes(payload[:2], "big"), payload[2:].decode()

    def never_read(self) -> None:
        """Leave everything that comes to the kernel, which keeps little."""
        self.pause()
        kernel = self.writer.get_extra_info("socket")
        kernel.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, 4096)

    def pause(self) -> None:
        """Leave everything that comes to the kernel for a while."""
        self._transport.pause_reading()

    def resume(self) -> None:
        """Read what has come, and all that will."""
        self._transport.resume_reading()

    @property
    def _transport(self) -> asyncio.Transport:
        return cast("asyncio.Transport", self.writer.transport)


def upgrade(path: str = "/x", *headers: str, connection: str = "Upgrade") -> bytes:
    """A good upgrade request."""
    key = base64.b64encode(os.urandom(16)).decode()
    lines = [
        f"GET {path} HTTP/1.1",
        "Host: h",
        "Upgrade: websocket",
        f"Connection: {connection}",
        "Sec-WebSocket-Version: 13",
        f"Sec-WebSocket-Key: {key}",
        *headers,
    ]
    return "\r\n".join([*lines, "", ""]).encode()


def frame(
    kind: int, payload: bytes, *, fin: bool = True, rsv1: bool = False, mask: bool = True
) -> bytes:
    """A client's frame, right or wrong."""
    size = len(payload)
    first = bytes([fin << 7 | rsv1 << 6 | kind])
    if size < 126:
        length = bytes([mask << 7 | size])
    elif size < 1 << 16:
        length = bytes([mask << 7 | 126]) + size.to_bytes(2, "big")
    else:
        length = bytes([mask << 7 | 127]) + size.to_bytes(8, "big")
    if not mask:
        return first + length + payload
    key = os.urandom(4)
    stream = int.from_bytes((key * (size // 4 + 1))[:size], "big")
    masked = (int.from_bytes(payload, "big") ^ stream).to_bytes(size, "big")
    return first + length + key + masked


Reply = tuple[int, dict[str, str], bytes]
"""Status, headers with small letters, body."""


def asked(routes: Sequence[BaseRoute], path: str, *lines: str, method: str = "GET") -> Reply:
    """What these routes answer; *lines*: further headers."""
    answers: list[Reply] = []

    async def story() -> None:
        async with serving(Limits(), *routes) as served, await served.visit() as client:
            head = "".join(f"{line}\r\n" for line in ("Host: a", "Connection: close", *lines))
            client.send(f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode())
            answer, body = (await client.rest()).split(b"\r\n\r\n", 1)
            status, *fields = answer.decode().split("\r\n")
            headers = dict(field.lower().split(": ", 1) for field in fields)
            answers.append((int(status.split()[1]), headers, body))
            # The last word is out; the application may still have a file to close.
            await until(lambda: not served.state.tasks)

    in_time(story)
    return answers[0]
