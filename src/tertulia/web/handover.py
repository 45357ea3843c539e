"""From uvicorn to picows: the protocol that takes a connection over when it becomes a WebSocket.

uvicorn's parser has read the request and we have checked it (`read_upgrade`), so picows is only fed the
shortest request that makes it answer 101. That spares every socket the memory of its headers.
"""

import asyncio
import base64
import binascii
import logging
import os
import socket as sockets
import urllib.parse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, ClassVar

import httptools
from multidict import CIMultiDict
from picows import WSUpgradeResponse, WSUpgradeResponseWithListener
from picows.picows import WSAutoPingStrategy
from typing_extensions import override

from tertulia.web.addresses import Network, peer_address
from tertulia.web.deflate import accepted_offer
from tertulia.web.rounds import Rounds
from tertulia.web.socket import Socket
from tertulia.web.speaker import Speaker, Upgrade

if TYPE_CHECKING:
    WSProtocol: Any
else:
    # Not in picows' stubs, but the class to derive from; the version is pinned for that.
    from picows.picows import WSProtocol

# picows does not take less than this to read into; it grows when a frame needs more.
READ_BUFFER_BYTES = 2048
# Grown to so many times that, it is taken back.
SLIM_TIMES = 8
# What picows needs to see. The client's own request has been checked and kept from it.
REQUEST = (
    b"GET / HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %b\r\n\r\n"
)
NOBODY = asyncio.Protocol()
NO_HEADERS: CIMultiDict[str] = CIMultiDict()


class _Quiet(logging.LoggerAdapter[logging.Logger]):
    """What picows says, at the level an operator would choose: clients' mistakes are not our errors.

    An adapter, because picows makes a child of its own of every Logger, for every connection.
    """

    @override
    def info(self, msg: object, *args: object, **kwargs: Any) -> None:
        self.debug(msg, *args, **kwargs)

    @override
    def warning(self, msg: object, *args: object, **kwargs: Any) -> None:
        self.debug(msg, *args, **kwargs)

    @override
    def error(self, msg: object, *args: object, **kwargs: Any) -> None:
        self.debug(msg, *args, **kwargs)


LOG = _Quiet(logging.getLogger(__name__), {})


@dataclass(frozen=True, slots=True)
class NoUpgrade:
    """Why a request cannot become a WebSocket: the status, and headers that go with it."""

    status: HTTPStatus
    headers: tuple[tuple[bytes, bytes], ...] = ()


def read_upgrade(
    line: tuple[str, bytes, str],
    raw_headers: Sequence[tuple[bytes, bytes]],
    address: str,
    trusted: Sequence[Network],
) -> Upgrade | NoUpgrade:
    """The request in a form for dialects, or why it is none that RFC 6455 (4.2.1) allows.

    Args:
        line: method, target and version.
        raw_headers: names in lower case.
        address: the other end of the connection.
        trusted: networks of proxies that may say who is behind them.
    """
    method, url, version = line
    headers: dict[str, str] = {}
    for raw_name, raw_value in raw_headers:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        glue = "; " if name == "cookie" else ", "
        headers[name] = f"{headers[name]}{glue}{value}" if name in headers else value
    if method != "GET" or version != "1.1":
        return NoUpgrade(HTTPStatus.BAD_REQUEST)
    if headers.get("sec-websocket-version") != "13":
        return NoUpgrade(HTTPStatus.UPGRADE_REQUIRED, ((b"sec-websocket-version", b"13"),))
    if not _is_key(headers.get("sec-websocket-key", "")):
        return NoUpgrade(HTTPStatus.BAD_REQUEST)
    try:
        parsed = httptools.parse_url(url)
    except httptools.HttpParserInvalidURLError:
        return NoUpgrade(HTTPStatus.BAD_REQUEST)
    return Upgrade(
        path=urllib.parse.unquote((parsed.path or b"/").decode("ascii")),
        query=(parsed.query or b"").decode("ascii"),
        headers=headers,
        peer=peer_address(address, headers.get("x-forwarded-for", ""), trusted),
    )


def _is_key(text: str) -> bool:
    try:
        return len(base64.b64decode(text, validate=True)) == 16
    except (binascii.Error, ValueError):
        return False


class Handover(WSProtocol):  # type: ignore[misc]  # picows has no stub of it
    """One connection after its upgrade: bytes go to picows, frames to its `Socket`."""

    __slots__ = ("_extensions", "_first_room", "_server_state", "_socket")

    rounds: ClassVar[Rounds]
    # By what we say about extensions; picows only reads them after adding this socket's key.
    _replies: ClassVar[dict[str, Any]] = {}

    def __init__(self, config: Any = None, server_state: Any = None, app_state: Any = None) -> None:
        """As uvicorn wants it; the arguments of picows are positional and not promised."""
        del config, app_state
        self._server_state = server_state
        self._socket: Socket | None = None
        self._extensions = ""
        arguments: tuple[object, ...] = (
            # Host and path, of clients only; whether this is a client; what makes the listener.
            *(None, None, False, self._listen),
            # Hang up when a listener raises; no deadline for the request, because it is here.
            *(LOG, True, None),
            # No pings: picows starts a task for each socket, our rounds ping all of them.
            *(False, 20, 20, WSAutoPingStrategy.PING_WHEN_IDLE),
            # No pongs either: ours leave through the outbox, which is bounded.
            False,
            *(self.rounds.house.limits.message_bytes, None, READ_BUFFER_BYTES),
        )
        super().__init__(*arguments)
        self._first_room = len(self.get_buffer(-1))

    def take_over(
        self, transport: asyncio.Transport, upgrade: Upgrade, speaker: Speaker | None
    ) -> None:
        """Answer 101 on *transport* and open a socket there for *speaker*; None: to say that it is crowded."""
        self._extensions = accepted_offer(upgrade.headers.get("sec-websocket-extensions", ""))
        self._socket = Socket(
            self.rounds.house,
            transport,
            upgrade.peer,
            speaker,
            deflate=bool(self._extensions),
            slot=self.rounds.slot(),
        )
        # Whatever the kernel does not take at once makes pause_writing say so. TLS counts
        # differently there: with 0 it would pause before anything is written.
        over_tls = transport.get_extra_info("ssl_object") is not None
        transport.set_write_buffer_limits(high=1 if over_tls else 0)
        self._server_state.connections.add(self)
        # uvloop keeps the last unbuffered protocol beside a buffered one: let that be nobody, not
        # the HTTP connection with all that hangs on it.
        transport.set_protocol(NOBODY)
        transport.set_protocol(self)
        self.connection_made(transport)
        self.feed(REQUEST % upgrade.headers["sec-websocket-key"].encode("ascii"))
        # picows would keep them as long as the socket lives.
        self.transport.request.headers = NO_HEADERS

    def feed(self, data: bytes) -> None:
        """Treat *data* as if it had just been read from the connection."""
        view = memoryview(data)
        while view:
            room = self.get_buffer(-1)
            size = min(len(room), len(view))
            room[:size] = view[:size]
            view = view[size:]
            self.buffer_updated(size)

    def slim(self) -> None:
        """Give back the memory that a large message needed, if none is just arriving.

        picows doubles what it reads into when it is full and never takes it back: a socket that once
        brought a mebibyte would hold two for ever. So a new protocol takes its place. What there is
        room for is a power of two times the first size exactly when no part of a frame is waiting.
        """
        times, odd = divmod(len(self.get_buffer(-1)), self._first_room)
        if times < SLIM_TIMES or odd or times & (times - 1) or self._socket is None:
            return
        wire = self._socket.wire
        heir = type(self)(None, self._server_state)
        heir._socket, self._socket = self._socket, None  # noqa: SLF001 - one of us
        muted = _Muted(wire)
        self._server_state.connections.discard(self)
        self._server_state.connections.add(heir)
        wire.set_protocol(heir)
        heir.connection_made(muted)
        muted.write = len
        heir.feed(REQUEST % b"AAAAAAAAAAAAAAAAAAAAAA==")
        muted.write = wire.write
        heir.transport.request.headers = NO_HEADERS

    def shutdown(self) -> None:
        """The server stops: finish what was heard, then close with 1001."""
        if self._socket is not None:
            self.rounds.stop(self._socket)

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone, or picows gives it up."""
        self._server_state.connections.discard(self)
        if exc is None and self._socket is not None and self._socket.failed:
            linger(self.transport.underlying_transport, self.rounds.house.limits.linger_s)
        super().connection_lost(exc)
        self._socket = None

    def _listen(self, _request: Any) -> WSUpgradeResponseWithListener:
        """What picows asks for: the answer and the listener."""
        reply = self._replies.get(self._extensions)
        if reply is None:
            extra = {"Sec-WebSocket-Extensions": self._extensions} if self._extensions else None
            reply = self._replies[self._extensions] = WSUpgradeResponse.create_101_response(extra)
        return WSUpgradeResponseWithListener(reply, self._socket)


class _Muted:
    """The loop's transport, whose `write` can be silenced while picows answers nobody's handshake."""

    __slots__ = ("abort", "close", "get_extra_info", "get_write_buffer_size", "write", "writelines")

    def __init__(self, wire: asyncio.Transport) -> None:
        self.abort = wire.abort
        self.close = wire.close
        self.get_extra_info = wire.get_extra_info
        self.get_write_buffer_size = wire.get_write_buffer_size
        self.write: Callable[[bytes], object] = wire.write
        self.writelines = wire.writelines


def linger(transport: asyncio.Transport, most_s: float) -> None:
    """Let the other end read our last words although it is still sending.

    To close a connection with unread input resets it, and a reset may overtake what we said last. So
    a second handle keeps the connection, half closed, and swallows what comes, for *most_s* at most.
    """
    if transport.get_extra_info("ssl_object") is not None:
        return
    loop = asyncio.get_running_loop()
    with sockets.socket(fileno=os.dup(transport.get_extra_info("socket").fileno())) as half:
        try:
            half.shutdown(sockets.SHUT_WR)
        except OSError:
            # It is gone already, and nobody is left to read.
            return
        # A bare number: a loop that ends earlier than this would have an unclosed socket's warning.
        rest = half.detach()

    def swallow() -> None:
        try:
            if os.read(rest, 65536):
                return
        except BlockingIOError:
            return
        except OSError:
            pass
        end()

    def end() -> None:
        timer.cancel()
        loop.remove_reader(rest)
        os.close(rest)

    timer = loop.call_later(most_s, end)
    loop.add_reader(rest, swallow)
