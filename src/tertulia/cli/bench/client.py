"""One WebSocket to the server: requests and their answers; everything else is for subclasses."""

import asyncio
import itertools
import logging
from collections.abc import Callable
from typing import TypeVar

import msgspec
from picows import WSCloseCode, WSFrame, WSListener, WSMsgType, WSTransport, ws_connect
from typing_extensions import override

from tertulia.cli.bench.packets import Error, Packet, Response, read_packet, request
from tertulia.cli.bench.report import Complaints

# An adapter, because for a plain logger picows makes a child of it per socket.
_LOG = logging.LoggerAdapter(logging.getLogger("tertulia.bench"), {})

# How long an answer or a handshake may take, in seconds: a server that is busy hashing is slow.
PATIENCE_S = 60.0

# Bytes a socket sets aside for reading; it grows by itself.
_READ_BUFFER = 4096


class Refused(Exception):
    """The server said no to a request that the load cannot do without."""

    def __init__(self, name: str, error: Error) -> None:
        super().__init__(f"{name} was refused: {error.status} {error.message}")
        self.status = error.status


class Client(WSListener):
    """One socket. `ask` sends a request and waits; packets of other kinds reach `hear`."""

    def __init__(self, complaints: Complaints) -> None:
        self.complaints = complaints
        self.transport: WSTransport | None = None
        self._refs = itertools.count(1)
        self._answers: dict[str, asyncio.Future[Response]] = {}
        self._leaving = False

    async def ask(self, name: str, /, **params: object) -> Response:
        """The answer to the request *name*.

        Raises:
            Refused: the server answered with an error.
            TimeoutError: it did not answer.
            ConnectionError: the socket is closed.
        """
        if self.transport is None:
            raise ConnectionError("the server has closed the socket")
        ref = str(next(self._refs))
        answer: asyncio.Future[Response] = asyncio.get_running_loop().create_future()
        self._answers[ref] = answer
        self.send(request(name, params, ref))
        async with asyncio.timeout(PATIENCE_S):
            response = await answer
        if response.error is not None:
            raise Refused(name, response.error)
        return response

    def send(self, packet: bytes) -> None:
        """Send one text frame, at once; nothing on a socket that is closed, which was noticed."""
        if self.transport is not None:
            self.transport.send(WSMsgType.TEXT, packet)

    def leave(self) -> None:
        """Close the socket in the proper way."""
        self._leaving = True
        if self.transport is not None:
            self.transport.send_close(WSCloseCode.OK)
            self.transport.disconnect()

    def hear(self, packet: Packet) -> None:
        """A packet that answers no request; here nobody cares."""

    def lost(self, why: str) -> None:
        """The socket ended, and not by our wish."""
        self.complaints.add(why)

    @override
    def on_ws_connected(self, transport: WSTransport) -> None:
        self.transport = transport

    @override
    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type is WSMsgType.TEXT:
            self._read(frame)
        elif frame.msg_type is WSMsgType.CLOSE:
            if not self._leaving:
                self._leaving = True
                why = f"{frame.get_close_code().value} {frame.get_close_reason() or ''}"
                self.lost(f"the server closed a socket: {why}")
            transport.send_close(WSCloseCode.OK)
            transport.disconnect()

    @override
    def on_ws_disconnected(self, transport: WSTransport) -> None:
        self.transport = None
        if not self._leaving:
            self.lost("a socket broke without a word")
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(ConnectionError("the socket was closed before the answer"))
        self._answers.clear()

    def _read(self, frame: WSFrame) -> None:
        try:
            packet = read_packet(frame.get_payload_as_memoryview())
        except msgspec.DecodeError as error:
            self.complaints.add(f"a frame could not be read: {error}")
            return
        response = packet.response
        answer = self._answers.pop(str(response.id), None) if response is not None else None
        if response is None:
            self.hear(packet)
        elif answer is not None and not answer.done():
            answer.set_result(response)
        elif response.error is not None:
            self.complaints.add(f"an error nobody asked for: {response.error}")


AnyClient = TypeVar("AnyClient", bound=Client)


async def reach(url: str, make: Callable[[], AnyClient], **headers: str) -> AnyClient:
    """A client of the kind *make* gives, connected to *url* (`http` or `ws`) and not signed in.

    *headers* go with the handshake.
    """
    client = make()
    await ws_connect(
        lambda: client,
        "ws" + url.removeprefix("http").removeprefix("ws"),
        websocket_handshake_timeout=PATIENCE_S,
        logger_name=_LOG,
        read_buffer_init_size=_READ_BUFFER,
        extra_headers=headers or None,
    )
    return client
