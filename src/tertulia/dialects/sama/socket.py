"""One SAMA connection: hear, answer in order, pass packets on.

Requests of one connection are served one after the other, each in a task of its own. Only messages
that follow each other directly go side by side, so that they share a commit; their answers still leave
in the order of the requests. A connection that is idle has no task and next to no memory.
"""

import itertools
import logging
from collections import deque
from collections.abc import Callable
from dataclasses import replace

from tertulia.core.errors import NotSignedIn, TertuliaError
from tertulia.core.model import Actor, Session
from tertulia.delivery.encoder import Encoder, Reader
from tertulia.dialects.sama import envelope
from tertulia.dialects.sama.desk import SamaDesk
from tertulia.dialects.sama.envelope import Misfit, Request
from tertulia.dialects.sama.errors import MISTAKE_OF_OURS, NO_ROUTE, UNAUTHORIZED, explain
from tertulia.dialects.sama.events import ENCODER
from tertulia.dialects.sama.handlers import OPEN, OPERATIONS
from tertulia.dialects.sama.handlers.answer import Answer, Packet
from tertulia.dialects.sama.wire import encode
from tertulia.web.socket import Socket, text_frame

LOG = logging.getLogger(__name__)

MOST_WAITING = 64
"""Requests. Beyond it the connection is not read until some are answered."""

MOST_IN_FLIGHT = 256
"""Messages under way to the disk from one connection."""

MOST_ACKNOWLEDGED = 256
"""Messages' own ids whose acknowledgement this connection remembers."""

MOST_MISFITS = 20
"""Frames in a row that are no JSON object; then the connection is closed with 1008."""

POLICY_VIOLATION = 1008

OPEN_ELSEWHERE = frozenset({"user_send_otp", "user_reset_password"})
"""Open before sign-in where they exist; here they are unknown to everybody alike."""

_numbers = itertools.count(1)


class _Slot:
    """The place of one answer; None: not known yet, "": there is none."""

    __slots__ = ("answer",)

    def __init__(self) -> None:
        self.answer: bytes | None = None


class Talk:
    """A client's connection (`web.socket.Speaker`, `delivery.encoder.Connection`)."""

    __slots__ = (
        "_acknowledged", "_held", "_is_paused", "_misfits", "_on_idle", "_reader", "_slots",
        "_together", "_waiting", "desk", "number", "session", "socket",
    )  # fmt: skip

    def __init__(self, desk: SamaDesk) -> None:
        self.desk = desk
        self.number = next(_numbers)
        self.session: Session | None = None
        self.socket: Socket | None = None
        self._reader: Reader | None = None
        self._slots: deque[_Slot] | None = None
        self._waiting: deque[Request | Misfit] | None = None
        self._held: list[bytes] | None = None
        self._acknowledged: dict[str, None] | None = None
        self._together = False
        self._is_paused = False
        self._misfits = 0
        self._on_idle: Callable[[], None] | None = None

    # What the socket tells us.

    def opened(self, socket: Socket) -> None:
        """The socket is there."""
        self.socket = socket

    def hear(self, message: bytes) -> None:
        """One frame."""
        request = envelope.read(message, OPERATIONS, self.desk.house.json_limits)
        slots = self._slots
        if slots and not (self._goes_together(request) and len(slots) < MOST_IN_FLIGHT):
            if self._waiting is None:
                self._waiting = deque()
            self._waiting.append(request)
            if len(self._waiting) >= MOST_WAITING and not self._is_paused:
                assert self.socket is not None, "we heard something through it"
                self._is_paused = True
                self.socket.pause_reading()
        else:
            self._start(request)

    def _goes_together(self, request: Request | Misfit) -> bool:
        return (
            self._together
            and not self._waiting
            and isinstance(request, Request)
            and request.name == "message"
        )

    def drain(self, done: Callable[[], None]) -> None:
        """Call *done* when everything that was heard is answered."""
        if self._slots:
            self._on_idle = done
        else:
            done()

    def closed(self) -> None:
        """The socket is gone."""
        self.sign_out()
        self._waiting = None

    # Serving.

    def _start(self, request: Request | Misfit) -> None:
        slot = _Slot()
        if self._slots is None:
            self._slots = deque()
        self._slots.append(slot)
        if isinstance(request, Misfit):
            self._together = False
            self._answer_misfit(request, slot)
        else:
            self._together = request.name == "message"
            self._misfits = 0
            self.desk.house.spawn(self._serve(request, slot))

    def _answer_misfit(self, misfit: Misfit, slot: _Slot) -> None:
        if misfit.words == NO_ROUTE and self.session is None and misfit.name not in OPEN_ELSEWHERE:
            # A stranger does not learn what there is.
            misfit = replace(misfit, words=UNAUTHORIZED)
        self._misfits = 0 if misfit.is_json else self._misfits + 1
        slot.answer = misfit.error()
        self._emit()
        if self._misfits >= MOST_MISFITS and self.socket is not None:
            self.socket.close(POLICY_VIOLATION, "nothing of this is a request")

    async def _serve(self, request: Request, slot: _Slot) -> None:
        slot.answer = await self._answer(request)
        self._emit()

    async def _answer(self, request: Request) -> bytes:
        """Do what is asked and say how it went; whatever happens, the client hears back."""
        try:
            reply = await self._done(request)
        except TertuliaError as error:
            return request.error(explain(error, request.name))
        except Exception:
            LOG.exception("A SAMA request failed", extra={"fields": {"request": request.name}})
            return request.error(MISTAKE_OF_OURS)
        if reply is None:
            return b""
        if isinstance(reply, Packet):
            return encode(reply.content)
        return envelope.response(request.ref, encode(reply))

    async def _done(self, request: Request) -> Answer:
        if self.session is None and request.name not in OPEN:
            raise NotSignedIn
        return await OPERATIONS[request.name](self, request.params)

    def _emit(self) -> None:
        """Send what is answered, in the order asked; then go on with what waits."""
        slots, socket = self._slots, self.socket
        assert slots is not None and socket is not None, "a request was heard"  # noqa: PT018 - one fact
        while slots and slots[0].answer is not None:
            answer = slots.popleft().answer
            if answer:
                socket.offer(text_frame(answer))
        if not slots:
            self._slots = None
            self._release()
            self._go_on()

    def _release(self) -> None:
        held, self._held = self._held, None
        if held and self.socket is not None:
            for packet in held:
                self.socket.offer(packet)

    def _go_on(self) -> None:
        if self._waiting:
            self._start(self._waiting.popleft())
            while (
                self._waiting
                and self._together
                and isinstance(self._waiting[0], Request)
                and self._waiting[0].name == "message"
            ):
                self._start(self._waiting.popleft())
        elif self._on_idle is not None:
            self._on_idle()
        if self._is_paused and not self._waiting and self.socket is not None:
            self._is_paused = False
            if self._on_idle is None:
                self.socket.resume_reading()

    # What delivery needs.

    @property
    def reader(self) -> Reader:
        """Who listens; only while somebody is signed in."""
        assert self._reader is not None, "only signed-in connections are in the hub"
        return self._reader

    @property
    def encoder(self) -> Encoder:
        """SAMA's voice."""
        return ENCODER

    def offer(self, packet: bytes, *, caused_here: bool) -> None:
        """Pass a packet on; one that our own request caused waits for the answer, and so does what follows."""
        if self._held is not None:
            self._held.append(packet)
        elif caused_here and self._slots:
            self._held = [packet]
        else:
            assert self.socket is not None, "it was opened before anybody signed in"
            self.socket.offer(packet)

    def signed_out(self) -> None:
        """The session has ended."""
        self.sign_out()

    # What handlers need.

    @property
    def actor(self) -> Actor:
        """Who asks. Raises: NotSignedIn."""
        if self.session is None:
            raise NotSignedIn
        return Actor(self.session.account_id, self.session.id, self.number)

    @property
    def flavour(self) -> str:
        """What the client is; see `desk`."""
        assert self.session is not None, "only asked while signed in"
        return self.session.flavour

    def sign_in(self, session: Session) -> None:
        """The connection is the session's from now on, whoever's it was before."""
        account_id = session.account_id
        reader = Reader(self.number, account_id, session.id, session.flavour)
        if self.session is not None and self.session.account_id == account_id:
            self.session, self._reader = session, reader
            return
        self.sign_out()
        if self.socket is None:
            return
        self.session, self._reader = session, reader
        self.socket.signed_in = True
        self.desk.house.hub.add(self)

    def sign_out(self) -> None:
        """Nobody is signed in here; the socket stays open."""
        if self.session is None:
            return
        self.desk.house.hub.remove(self)
        self.session = self._reader = None
        if self.socket is not None:
            self.socket.signed_in = False

    def was_acknowledged(self, ref: str | None) -> bool:
        """Whether this connection has had an acknowledgement for a message of that id."""
        return self._acknowledged is not None and ref in self._acknowledged

    def note_acknowledged(self, ref: str | None) -> None:
        """It has now."""
        if ref is None:
            return
        if self._acknowledged is None:
            self._acknowledged = {}
        self._acknowledged.pop(ref, None)
        self._acknowledged[ref] = None
        if len(self._acknowledged) > MOST_ACKNOWLEDGED:
            del self._acknowledged[next(iter(self._acknowledged))]
