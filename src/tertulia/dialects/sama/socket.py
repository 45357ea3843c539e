"""One SAMA connection: hear, answer in order, pass packets on.

Requests of one connection are served one after the other, each in a task of its own. Only messages
that follow each other directly go side by side, so that they share a commit; their answers still leave
in the order of the requests. A connection that is idle has no task and next to no memory.
"""

import itertools
import logging
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from tertulia.core.errors import NotSignedIn, TertuliaError
from tertulia.core.ids import AccountId, SessionId
from tertulia.core.message_model import Draft, Sent
from tertulia.core.model import Actor, Session
from tertulia.core.pending import Pending
from tertulia.delivery.encoder import Encoder, Reader, nowhere
from tertulia.dialects.sama import envelope
from tertulia.dialects.sama.desk import SamaDesk, SamaReader
from tertulia.dialects.sama.envelope import Misfit, Request, bare
from tertulia.dialects.sama.errors import MISTAKE_OF_OURS, NO_ROUTE, UNAUTHORIZED, explain
from tertulia.dialects.sama.handlers import OPEN, OPERATIONS, messages
from tertulia.dialects.sama.handlers.answer import Answer, Packet
from tertulia.dialects.sama.plain import read_plain
from tertulia.dialects.sama.wire import encode
from tertulia.web.frames import POLICY, text_frame
from tertulia.web.socket import Socket

LOG = logging.getLogger(__name__)

MESSAGE = "message"

MOST_WAITING = 64
"""Requests. Beyond it the connection is not read until some are answered."""

MOST_IN_FLIGHT = 256
"""Messages under way to the disk from one connection."""

LARGE = 65_536
"""Bytes. A frame from this size on goes alone, and while it waits the connection is not read."""

MOST_ACKNOWLEDGED = 256
"""Messages' own ids whose acknowledgement this connection remembers."""

MOST_MISFITS = 20
"""Frames in a row that are no JSON object; then the connection is closed with 1008."""

NOBODY = Reader(0, AccountId(0), SessionId(0), "")
"""Who listens while nobody is signed in; never in the hub."""

_numbers = itertools.count(1)


class _Slot:
    """The place of one answer; None: not known yet, "": there is none."""

    __slots__ = ("answer",)

    def __init__(self) -> None:
        self.answer: bytes | None = None


class Talk:
    """A client's connection (`web.socket.Speaker`, `delivery.encoder.Connection`)."""

    __slots__ = (
        "_acknowledged", "_held", "_held_at", "_is_paused", "_listens", "_misfits", "_on_idle", "_slots",
        "_together", "_waiting", "desk", "encoder", "extensions", "is_inactive", "number", "offer", "reader",
        "session", "socket",
    )  # fmt: skip

    def __init__(self, desk: SamaDesk) -> None:
        self.desk = desk
        self.number = next(_numbers)
        self.session: Session | None = None
        self.socket: Socket | None = None
        self.is_inactive = False
        self.extensions: frozenset[str] = frozenset()
        self.reader = NOBODY
        self.encoder: Encoder = desk.encoder
        self.offer: Callable[[bytes], None] = nowhere
        self._slots: deque[_Slot] | None = None
        self._waiting: deque[Request | Misfit] | None = None
        self._held: list[bytes] | None = None
        self._held_at = 0
        self._acknowledged: dict[str, None] | None = None
        self._together = False
        self._is_paused = False
        self._listens = False
        self._misfits = 0
        self._on_idle: Callable[[], None] | None = None

    # What the socket tells us.

    def opened(self, socket: Socket) -> None:
        """The socket is there."""
        self.socket = socket
        self.offer = socket.offer

    def hear(self, message: bytes) -> None:
        """One frame."""
        if self._say_plain(message):
            return
        request = envelope.read(message, OPERATIONS, self.desk.house.json_limits)
        slots, is_large = self._slots, len(message) >= LARGE
        if slots and (
            self._waiting
            or is_large
            or len(slots) >= MOST_IN_FLIGHT
            or not self._goes_together(request)
        ):
            if self._waiting is None:
                self._waiting = deque()
            self._waiting.append(request)
            if (is_large or len(self._waiting) >= MOST_WAITING) and not self._is_paused:
                assert self.socket is not None, "we heard something through it"
                self._is_paused = True
                self.socket.pause_reading()
        else:
            self._start(request)

    def _goes_together(self, request: Request | Misfit) -> bool:
        return self._together and isinstance(request, Request) and request.name == MESSAGE

    def drain(self, done: Callable[[], None]) -> None:
        """Call *done* when everything that was heard is answered."""
        if self._slots:
            self._on_idle = done
        else:
            done()

    def parting(self) -> None:
        """Nothing more is sent: whatever happens from now on is for the log."""
        self.socket = None
        self.offer = nowhere
        self._stop_listening()

    def closed(self) -> None:
        """The socket is gone. What is under way comes to its end, but nobody hears of it."""
        self.parting()
        self.sign_out()
        self._waiting = None

    # Serving.

    def _next_slot(self) -> _Slot:
        slot = _Slot()
        if self._slots is None:
            self._slots = deque()
        self._slots.append(slot)
        return slot

    def _start(self, request: Request | Misfit) -> None:
        slot = self._next_slot()
        if isinstance(request, Misfit):
            self._together = False
            self._answer_misfit(request, slot)
        else:
            self._misfits = 0
            # What takes the long way comes to the store later: nothing may overtake it.
            self._together = request.name == MESSAGE and self._send(request, slot)
            if not self._together:
                self.desk.house.spawn(self._serve(request, slot))

    def _say_plain(self, frame: bytes) -> bool:
        """Send what is a plain message and may start now; False: it is none, or may not."""
        session, slots = self.session, self._slots
        if session is None or self._waiting or len(frame) >= LARGE:
            return False
        if slots and (not self._together or len(slots) >= MOST_IN_FLIGHT):
            return False
        plain = read_plain(frame, self.desk.house.json_limits)
        if plain is None:
            return False
        ref, chat_id, body, x = plain
        draft = Draft(chat_id, body, ref, x, acknowledged=self.was_acknowledged(ref))
        slot = self._next_slot()
        self._together = True
        self._misfits = 0
        try:
            stored = self.desk.core.messages.send(self.actor, draft)
        except TertuliaError as error:
            slot.answer = self._refusal(bare(MESSAGE, ref), error)
            self._say_answers()
        else:
            stored.then(partial(self._sent, ref, None, slot))
        return True

    def _send(self, request: Request, slot: _Slot) -> bool:
        """Send a message without a task of its own; False when it takes one."""
        if self.session is None:
            return False
        try:
            stored = messages.send(self, request.params)
        except Exception as error:  # noqa: BLE001 - a mistake of ours; logged, and the client hears
            slot.answer = self._refusal(request, error)
            self._say_answers()
            return True
        if stored is None:
            return False
        stored.then(partial(self._sent, request.params.get("id"), request, slot))
        return True

    def _sent(
        self, ref: str | None, request: Request | None, slot: _Slot, stored: Pending[Sent]
    ) -> None:
        error = stored.error
        if error is None:
            slot.answer = messages.sent(self, ref, stored.result())
        else:
            slot.answer = self._refusal(request or bare(MESSAGE, ref), error)
        self._say_answers()
        self._go_on()

    @staticmethod
    def _refusal(request: Request, error: BaseException) -> bytes:
        if isinstance(error, TertuliaError):
            return request.error(explain(error, request.name))
        LOG.error(
            "A SAMA request failed", exc_info=error, extra={"fields": {"request": request.name}}
        )
        return request.error(MISTAKE_OF_OURS)

    def _answer_misfit(self, misfit: Misfit, slot: _Slot) -> None:
        if misfit.words == NO_ROUTE and self.session is None:
            # A stranger does not learn what there is.
            misfit = replace(misfit, words=UNAUTHORIZED)
        self._misfits = 0 if misfit.is_json else self._misfits + 1
        slot.answer = misfit.error()
        self._say_answers()
        if self._misfits >= MOST_MISFITS and self.socket is not None:
            self.socket.close(POLICY, "nothing of this is a request")

    async def _serve(self, request: Request, slot: _Slot) -> None:
        slot.answer = await self._answer(request)
        self._say_answers()
        self._go_on()

    async def _answer(self, request: Request) -> bytes:
        """Do what is asked and say how it went; whatever happens, the client hears back."""
        try:
            return _said(await self._done(request), request)
        except Exception as error:  # noqa: BLE001 - a mistake of ours; logged, and the client hears
            return self._refusal(request, error)

    async def _done(self, request: Request) -> Answer:
        if self.session is None and request.name not in OPEN:
            raise NotSignedIn
        return await OPERATIONS[request.name](self, request.params)

    def _say_answers(self) -> None:
        """Send what is answered, in the order asked."""
        slots, socket = self._slots, self.socket
        while slots and slots[0].answer is not None:
            answer = slots.popleft().answer
            if answer and socket is not None:
                socket.offer(text_frame(answer))
        if not slots:
            self._slots = None
            self._release()

    def _release(self) -> None:
        held, self._held = self._held, None
        if held is not None:
            self.offer = nowhere if self.socket is None else self.socket.offer
            for packet in held:
                self.offer(packet)

    def _go_on(self) -> None:
        """Start what waits, as far as it may; say so when nothing does."""
        waiting = self._waiting
        while waiting and (not self._slots or self._goes_together(waiting[0])):
            self._start(waiting.popleft())
        if not self._slots and self._on_idle is not None:
            self._on_idle()
        if self._is_paused and not self._waiting and self.socket is not None:
            self._is_paused = False
            if self._on_idle is None:
                self.socket.resume_reading()

    # What delivery needs.

    def offer_after_answer(self, packet: bytes) -> None:
        """Pass on what our own request caused: after its answer, and whatever follows after it."""
        if self._slots:
            self._hold()
        self.offer(packet)

    def _hold(self) -> None:
        """Keep packets back until the present request is answered."""
        if self._held is None:
            self._held = []
            self._held_at = self.desk.core.log.heard
            self.offer = self._held.append

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

    def sign_in(self, session: Session) -> bool:
        """The connection is the session's from now on, whoever's it was before.

        Whether it is the account's first here; packets then wait until the request that asked for this
        has been answered, so that `catch_up` can put in front of them what was missed.
        """
        account_id = session.account_id
        reader = Reader(self.number, account_id, session.id, session.flavour)
        if self.extensions:
            reader = SamaReader(
                self.number, account_id, session.id, session.flavour, self.extensions
            )
        if self.session is not None and self.session.account_id == account_id:
            self.session, self.reader = session, reader
            return False
        self.sign_out()
        if self.socket is None:
            return False
        self.session, self.reader = session, reader
        self.socket.signed_in = True
        log = self.desk.core.log
        is_first = not log.is_there(account_id)
        if is_first:
            self._hold()
        log.came(account_id)
        self._listens = True
        self.desk.house.hub.add(self)
        return is_first

    def catch_up(self, packets: Sequence[bytes]) -> None:
        """Pass these on before everything else, once the present request is answered."""
        self._hold()
        assert self._held is not None, "it holds"
        self._held[:0] = map(text_frame, packets)

    def sign_out(self) -> None:
        """Nobody is signed in here; the socket stays open."""
        if self.session is None:
            return
        self.desk.house.hub.remove(self)
        self._stop_listening()
        self.session, self.reader = None, NOBODY
        self.is_inactive = False
        if self.socket is not None:
            self.socket.signed_in = False

    def _stop_listening(self) -> None:
        if self._listens and self.session is not None:
            self._listens = False
            # What is kept back leaves all the same, if only the session ends.
            is_lost = self._held is not None and self.socket is None
            heard = self._held_at if is_lost else None
            self.desk.core.log.went(self.session.account_id, heard=heard)

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


def _said(reply: Answer, request: Request) -> bytes:
    """The packet that answers; nothing for None."""
    if reply is None:
        return b""
    if isinstance(reply, Packet):
        return encode(reply.content)
    return envelope.response(request.ref, encode(reply))
