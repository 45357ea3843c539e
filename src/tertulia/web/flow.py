"""Two things uvicorn does not tell by itself: that more of a body is wanted, and that a client left."""

import asyncio
import logging
import weakref
from contextlib import suppress
from typing import Protocol

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Receive, Scope, Send
from typing_extensions import override
from uvicorn.protocols.http.flow_control import FlowControl

LOG = logging.getLogger(__name__)

_CLOSING = ((b"content-type", b"text/plain; charset=utf-8"), (b"connection", b"close"))


class Listening(Protocol):
    """An HTTP connection whose application may ask for more."""

    def want_more(self) -> None:
        """The application waits for the body."""
        ...


class Flow(FlowControl):
    """uvicorn's flow control, which also tells when the application asks for more of a body."""

    def __init__(self, transport: asyncio.Transport, connection: Listening) -> None:
        super().__init__(transport)
        # Weak, because the connection holds us: a ring would wait for the garbage collection.
        self._connection = weakref.ref(connection)

    @property
    def connection(self) -> Listening | None:
        """Whose flow it is, while that lives."""
        return self._connection()

    @override
    def resume_reading(self) -> None:
        super().resume_reading()
        connection = self._connection()
        if connection is not None:
            connection.want_more()


def quiet(app: ASGIApp) -> ASGIApp:
    """*app*; a client that goes away in the middle of its body, or a server that ends, is nobody's mistake."""

    async def served(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await app(scope, receive, send)
        except ClientDisconnect:
            LOG.debug("A client went away before its request was complete")
        except asyncio.CancelledError:
            # Only the end of the server does that, when it has waited long enough.
            LOG.warning("A request was not finished when the server stopped")
            # If the answer had begun, it ends here.
            with suppress(RuntimeError):
                await send({"type": "http.response.start", "status": 503, "headers": _CLOSING})
                await send({"type": "http.response.body", "body": b"The server is stopping.\n"})

    return served
