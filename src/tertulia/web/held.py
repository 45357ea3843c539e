"""Requests that are answered later, held by their connection alone.

A request that waits for something to happen needs no task, and nothing of what the client sent. The
application takes the exchange out of the server's hands, returns, and answers when it can; a thousand of
them cost a thousand idle connections.
"""

from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Any, Protocol, cast

from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from typing_extensions import override
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

NOTHING = bytearray()


class Waiter(Protocol):
    """Whoever will answer. One of these is called at most, and none after the answer."""

    def gone(self) -> None:
        """The client has hung up."""
        ...

    def stop(self) -> None:
        """The server stops: answer now."""
        ...


class Connection(Protocol):
    """What a held exchange needs of its connection."""

    def on_response_complete(self) -> None:
        """The answer is written."""
        ...

    def keep(self, held: "Held") -> None:
        """Tell *held* when the client hangs up or the server stops."""
        ...


class Held:
    """An exchange that waits for its answer."""

    __slots__ = ("_connection", "_cycle", "_waiter")

    def __init__(self, connection: Connection, cycle: RequestResponseCycle, waiter: Waiter) -> None:
        """The exchange is *waiter*'s from now on; uvicorn takes it for given up."""
        self._connection: Connection | None = connection
        self._cycle = cycle
        self._waiter = waiter
        # So that uvicorn does not miss an answer when the application returns.
        cycle.disconnected = True
        # Nobody reads them any more, and they are most of what a request weighs.
        cycle.scope.clear()  # type: ignore[attr-defined]  # a typed dictionary has no such method
        cycle.body = NOTHING

    def answer(
        self, status: HTTPStatus, headers: Sequence[tuple[bytes, bytes]], body: bytes
    ) -> bool:
        """Write the whole answer; whether the connection took it. The exchange is over either way."""
        cycle, connection = self._cycle, self._connection
        self._connection = None
        if connection is None or cycle.transport.is_closing():
            return False
        lines = [STATUS_LINE[status]]
        lines += [b"%b: %b\r\n" % header for header in (*cycle.default_headers, *headers)]
        if status is not HTTPStatus.NO_CONTENT:
            lines.append(b"content-length: %d\r\n" % len(body))
        if not cycle.keep_alive:
            lines.append(b"connection: close\r\n")
        cycle.transport.write(b"".join((*lines, b"\r\n", body)))
        cycle.response_started = cycle.response_complete = True
        if not cycle.keep_alive:
            cycle.transport.close()
        connection.on_response_complete()
        return True

    def lost(self) -> None:
        """The client has hung up."""
        if self._connection is not None:
            self._connection = None
            self._waiter.gone()

    def stop(self) -> None:
        """The server stops."""
        if self._connection is not None:
            self._waiter.stop()


class Later(Response):
    """What a handler returns that will answer later: `begin` gets the exchange."""

    def __init__(self, waiter: Waiter, begin: Callable[[Held], None]) -> None:
        super().__init__()
        self._waiter = waiter
        self._begin = begin

    @override
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # Nothing between uvicorn and us wraps `receive`; the request's cycle and connection hang on it.
        cycle: RequestResponseCycle = cast("Any", receive).__self__
        connection: Connection | None = cast("Any", cycle.flow).connection
        if connection is None or cycle.disconnected:
            # Before it began to wait: nobody is owed an answer.
            return
        held = Held(connection, cycle, self._waiter)
        self._begin(held)
        connection.keep(held)
