"""uvicorn's HTTP connection with bounds, and the way from there to a WebSocket.

uvicorn neither counts a head while it arrives nor bounds a body, and waits for both as long as it
takes. `OnePortHttp` does, so that every refusal is an answer: 400, 408, 413, 414, 431. What follows an
upgrade request in the same packet belongs to the WebSocket and is not lost.
"""

import enum
import math
from collections.abc import Coroutine
from http import HTTPStatus
from typing import Any, ClassVar, cast

from httptools import HttpParserError, HttpParserUpgrade
from starlette.types import ASGIApp
from typing_extensions import override
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from tertulia.web.addresses import told_by_proxies
from tertulia.web.asking import Asking
from tertulia.web.door import Door, TurnedAway, Verdict
from tertulia.web.flow import Flow, quiet
from tertulia.web.handover import Handover, NoUpgrade, read_upgrade
from tertulia.web.held import Held
from tertulia.web.speaker import Speaker, Upgrade

# "GET " before the target and " HTTP/1.1" after it.
AROUND_TARGET_BYTES = 13
# ": " and the line's end.
AROUND_HEADER_BYTES = 4


class Phase(enum.Enum):
    """Where an HTTP connection is between two requests."""

    FIRST = enum.auto()
    HEAD = enum.auto()
    BODY = enum.auto()
    WORK = enum.auto()
    IDLE = enum.auto()
    LAST = enum.auto()


class Refused(Exception):
    """Ends the parser's work on input we will not take."""


class OnePortHttp(HttpToolsProtocol):
    """uvicorn's HTTP connection, bounded, and without timers of its own."""

    door: ClassVar[Door]
    # uvicorn says that it always has one, but begins without.
    cycle: RequestResponseCycle | None  # type: ignore[assignment]

    @override
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.app = quiet(cast("ASGIApp", self.app))
        self._rounds = self.door.rounds
        self._limits = self._rounds.house.limits
        self._phase = Phase.FIRST
        self._patience = math.inf
        # Since when nobody reads our answer, and when we stop waiting for that.
        self._unread = math.inf
        # Bytes fed since the head began; bytes in its complete headers.
        self._head_bytes = self._header_bytes = self._body_bytes = 0
        # Heads that began in what is being fed.
        self._heads = 0
        self._head_ends = math.inf
        self._body_limit = 0
        self._deaf = False
        self._verdict = b""
        # While a dialect asks whether this may be a WebSocket.
        self._asking: Asking | None = None
        # An exchange that the application will answer later.
        self._held: Held | None = None

    # The connection.

    @override
    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self.flow = Flow(transport, self)
        self._rounds.begin()
        self._rounds.visitors.add(self)
        self._enter(Phase.FIRST, self._limits.first_byte_s)

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._rounds.visitors.discard(self)
        if self._asking is not None:
            self._asking.cancel()
        super().connection_lost(exc)
        if self._held is not None:
            self._held.lost()

    @override
    def pause_writing(self) -> None:
        super().pause_writing()
        self._unread = self.loop.time() + self._limits.unread_answer_s

    @override
    def resume_writing(self) -> None:
        super().resume_writing()
        self._unread = math.inf

    @override
    def data_received(self, data: bytes) -> None:
        if self._deaf:
            return
        if self._asking is not None:
            self._asking.hear(data)
            return
        fresh = self._phase in (Phase.FIRST, Phase.IDLE)
        self._heads = 0
        try:
            self._feed(data)
        except HttpParserError:
            # The parser wraps whatever happens in our callbacks, too.
            if not self._deaf:
                self._refuse(HTTPStatus.BAD_REQUEST)
            return
        if self._phase is Phase.HEAD and not self._deaf:
            # A head that began behind other requests is counted from the next bytes on.
            if not self._heads or (fresh and self._heads == 1):
                self._head_bytes += len(data)
            limits = self._limits
            if self._head_bytes > limits.request_line_bytes + limits.header_bytes:
                self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
            self._patience = min(self.loop.time() + limits.head_s, self._head_ends)
        elif self._phase is Phase.BODY:
            self._patience = self.loop.time() + self._body_s

    @override
    def shutdown(self) -> None:
        self._rounds.house.stopping = True
        if self._asking is not None:
            self._asking.cancel()
            self._refuse(HTTPStatus.SERVICE_UNAVAILABLE)
            return
        if self._phase is Phase.BODY:
            # Whoever goes on sending is waited for, whoever is silent is not.
            self._patience = min(self._patience, self.loop.time() + self._body_s)
        super().shutdown()
        if self._held is not None:
            self._held.stop()

    @property
    def _body_s(self) -> float:
        """How long a body may be silent; a server that stops is less patient."""
        is_stopping = self._rounds.house.stopping
        return self._limits.linger_s if is_stopping else self._limits.body_s

    # The rounds.

    @property
    def deadline(self) -> float:
        """When the rounds should look after this connection."""
        return min(self._patience, self._unread)

    def expire(self) -> None:
        """Somebody has been silent, or has not read, for too long."""
        if self._phase is Phase.LAST or self._rounds.house.now >= self._unread:
            self.transport.abort()
        elif self._phase in (Phase.FIRST, Phase.IDLE):
            self.transport.close()
            self._deaf = True
            self._enter(Phase.LAST, self._limits.linger_s)
        elif self._phase is Phase.BODY and self._is_unheard:
            # It is us who do not want to hear more yet.
            self._patience = self._rounds.house.now + self._body_s
        else:
            self._refuse(HTTPStatus.REQUEST_TIMEOUT)

    def keep(self, held: Held) -> None:
        """See `web.held.Connection`."""
        self._held = held
        if self._phase is Phase.WORK:
            # Of this very request, and read; there is no other yet.
            self.headers = []
        if self._rounds.house.stopping:
            held.stop()

    def want_more(self) -> None:
        """The application waits for the body: from now on, silence is the client's."""
        if self._phase is Phase.BODY:
            self._patience = self.loop.time() + self._body_s

    # What the parser finds.

    @override
    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._head_bytes = self._header_bytes = self._body_bytes = 0
        self._heads += 1
        self._head_ends = self.loop.time() + self._limits.head_total_s
        self._phase = Phase.HEAD

    @override
    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        if not url.isascii():
            self._refuse(HTTPStatus.BAD_REQUEST)
        elif len(self.url) + AROUND_TARGET_BYTES > self._limits.request_line_bytes:
            self._refuse(HTTPStatus.REQUEST_URI_TOO_LONG)
        else:
            return
        raise Refused

    @override
    def on_header(self, name: bytes, value: bytes) -> None:
        self._header_bytes += len(name) + len(value) + AROUND_HEADER_BYTES
        if self._header_bytes > self._limits.header_bytes:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
            raise Refused
        super().on_header(name, value)

    @override
    def on_headers_complete(self) -> None:
        self._body_limit = self._limits.body_bytes(self._path)
        length = next((value for name, value in self.headers if name == b"content-length"), b"0")
        if int(length) > self._body_limit:
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            raise Refused
        trusted = self._limits.trusted_proxies
        if trusted and self.client is not None:
            peer, scheme = told_by_proxies(self.client[0], self.headers, trusted)
            if peer != self.client[0]:
                self.scope["client"] = (peer, 0)
            if scheme:
                self.scope["scheme"] = scheme
        super().on_headers_complete()
        self._enter(Phase.BODY, self._body_s)

    @override
    def on_body(self, body: bytes) -> None:
        self._body_bytes += len(body)
        if self._body_bytes > self._body_limit:
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            raise Refused
        super().on_body(body)

    @override
    def on_message_complete(self) -> None:
        super().on_message_complete()
        if self.cycle is None or self.cycle.response_complete:
            self._enter(Phase.IDLE, self._limits.keep_alive_s)
        else:
            self._enter(Phase.WORK, math.inf)

    @override
    def on_response_complete(self) -> None:
        self.server_state.total_requests += 1
        self._held = None
        if self.transport.is_closing():
            self._deaf = True
            self._enter(Phase.LAST, self._limits.unread_answer_s)
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
        elif self._verdict:
            self._say_last(self._verdict)
        elif self._phase is Phase.WORK:
            self._enter(Phase.IDLE, self._limits.keep_alive_s)

    # Private parts.

    @property
    def _is_unheard(self) -> bool:
        """Whether more of the body may be there, and the application has not asked for it."""
        return self.flow.read_paused or (
            self.cycle is not None and self.cycle.waiting_for_100_continue
        )

    @property
    def _path(self) -> str:
        return self.url.partition(b"?")[0].decode("ascii", "replace")

    def _enter(self, phase: Phase, patience_s: float) -> None:
        self._phase = phase
        self._patience = self.loop.time() + patience_s

    def _feed(self, data: bytes) -> None:
        while data:
            try:
                self.parser.feed_data(data)
            except HttpParserUpgrade as pause:
                data = data[pause.args[0] :]
                if self._should_upgrade():
                    self._hand_over(data)
                    return
                # Somebody would like another protocol than HTTP: they were answered in HTTP.
            else:
                return

    def _hand_over(self, rest: bytes) -> None:
        """Make this connection a WebSocket, or say why not; *rest* came after the request."""
        house = self._rounds.house
        line = (self.scope["method"], self.url, self.parser.get_http_version())
        address = self.client[0] if self.client else ""
        asked = read_upgrade(line, self.headers, address, self._limits.trusted_proxies)
        if isinstance(asked, NoUpgrade):
            self._refuse(asked.status, asked.headers)
            return
        if self.cycle is not None and not self.cycle.response_complete:
            # An answer to an earlier request is still on its way here.
            self._refuse(HTTPStatus.BAD_REQUEST)
            return
        verdict = self.door.verdict_on(asked)
        if not isinstance(verdict, Coroutine):
            self._decide(asked, verdict, rest)
        elif house.asking >= self._limits.most_asking:
            verdict.close()
            self._refuse(HTTPStatus.SERVICE_UNAVAILABLE)
        else:
            self._enter(Phase.WORK, math.inf)
            self._asking = Asking(house, asked, self.flow, rest)
            self._asking.begin(verdict, self._settle, self.tasks)

    def _settle(self, asking: Asking, verdict: Verdict) -> None:
        """The dialect has asked, and this is what came of it."""
        self._asking = None
        if not self.transport.is_closing():
            self.flow.resume_reading()
            self._decide(asking.asked, verdict, asking.early)

    def _decide(self, asked: Upgrade, verdict: Verdict | None, rest: bytes) -> None:
        """Open the WebSocket, or refuse it. None: the house is crowded, and the socket will say so."""
        if isinstance(verdict, HTTPStatus):
            self._refuse(verdict)
        elif isinstance(verdict, TurnedAway):
            self._refuse(verdict.status, words=(verdict.content_type, verdict.body))
        else:
            self._become(asked, verdict, rest)

    def _become(self, asked: Upgrade, speaker: Speaker | None, rest: bytes) -> None:
        self.connections.discard(self)
        self._rounds.visitors.discard(self)
        make = cast("type[Handover]", self.ws_protocol_class)
        protocol = make(self.config, self.server_state, self.app_state)
        # This object is done, and a ring of references would keep it until the next collection.
        self._deaf = True
        self.parser = None  # type: ignore[assignment]  # as uvicorn does when a connection is lost
        protocol.take_over(self.transport, asked, speaker)
        protocol.feed(rest)

    def _refuse(
        self,
        status: HTTPStatus,
        extra: tuple[tuple[bytes, bytes], ...] = (),
        *,
        words: tuple[bytes, bytes] | None = None,
    ) -> None:
        """Hear nothing more; answer *status* as soon as all earlier requests are answered.

        *words*: content type and body, if they are not those of the path's dialect (`Refusal`).
        """
        self._deaf = True
        self._rounds.house.tally.refused += 1
        headers = (*self.server_state.default_headers, *extra)
        answer = self.door.refuse(self._path, status, headers, words)
        cycle = self.cycle
        # Without its body, the refused request may have reached the application already.
        if self._phase is Phase.BODY and cycle is not None:
            if self.pipeline:
                # It waits behind others: it never begins. The newest is on the left.
                self.pipeline.popleft()
            elif cycle.response_complete:
                self._say_last(b"")
                return
            elif cycle.response_started:
                self.transport.close()
                self._enter(Phase.LAST, self._limits.linger_s)
                return
            else:
                cycle.disconnected = True
                cycle.message_event.set()
                self._say_last(answer)
                return
        if cycle is not None and not cycle.response_complete:
            self._verdict = answer
            self._enter(Phase.WORK, math.inf)
        else:
            self._say_last(answer)

    def _say_last(self, answer: bytes) -> None:
        """Send *answer* and hang up, without a reset that would take the answer with it."""
        self._deaf = True
        self._enter(Phase.LAST, self._limits.linger_s)
        if self.transport.is_closing():
            return
        self.transport.write(answer)
        if self.transport.can_write_eof():
            self.flow.resume_reading()
            self.transport.write_eof()
        else:
            self.transport.close()
