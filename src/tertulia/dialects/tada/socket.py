"""One socket of one team: hear, do, confirm, pass packets on (Tada document, WebSocket).

What a client asks for is done in the order asked; messages that follow each other directly go side by
side, so that they share a commit. What happened meanwhile to others is passed on at once, what the
client's own request caused goes behind its confirmation. A socket that is idle has no task.
"""

import asyncio
import itertools
import logging
from collections import deque
from collections.abc import Callable
from functools import partial

from tertulia.core.errors import NotSignedIn, TertuliaError, Unavailable
from tertulia.core.ids import TeamId
from tertulia.core.message_model import Draft, Sent
from tertulia.core.model import Actor
from tertulia.core.pending import Pending
from tertulia.delivery.encoder import Encoder, nowhere
from tertulia.dialects.tada import packets
from tertulia.dialects.tada.auth import Caller
from tertulia.dialects.tada.client_events import EVENTS, Asked
from tertulia.dialects.tada.confirmations import Confirmations
from tertulia.dialects.tada.errors import INTERNAL, explain
from tertulia.dialects.tada.fields import Fields
from tertulia.dialects.tada.hearing import CONFIRM, Heard, read
from tertulia.dialects.tada.live import Live
from tertulia.dialects.tada.packets import Counted, Farewell, Moved, said, warning
from tertulia.dialects.tada.plain import Places, plain_draft, written
from tertulia.dialects.tada.tallies import Tally
from tertulia.dialects.tada.times import date_time
from tertulia.dialects.tada.views import TadaReader
from tertulia.web.frames import POLICY, TOO_BIG, TRY_LATER, text_frame
from tertulia.web.socket import Socket

LOG = logging.getLogger(__name__)

MOST_BYTES = 256 << 10
"""Of one event."""

MOST_WAITING = 64
"""Events. Beyond it the socket is not read until some are done."""

MOST_IN_FLIGHT = 256
"""Messages under way to the disk from one socket."""

BEGIN_S = 30.0
"""In which everything must be known that a new socket is told."""

MESSAGE = "client.message.updated"
_CONFIRM = CONFIRM.encode()

SHORT = 256
"""Bytes. No confirmation of what we say is longer."""

_HEADERS = tuple(bytes((0x81, 126, each >> 8, each & 255)) for each in range(1 << 12))
"""Of text frames, by their length. None that counts is so short that it would stand in one byte."""

_numbers = itertools.count(1 << 40)


class Talk:
    """A client's socket (`web.socket.Speaker`, `delivery.encoder.Connection`)."""

    __slots__ = (
        "_actor", "_begun", "_busy", "_has_worked", "_held", "_in_flight", "_is_paused",
        "_is_ready", "_on_idle",
        "_places", "_since", "_tally", "_waiting", "confirmations", "encoder", "is_inactive",
        "live", "offer", "reader", "socket", "team_id",
    )  # fmt: skip

    def __init__(self, live: Live, caller: Caller, team_id: TeamId) -> None:
        """Of somebody who is in the team, and not open yet."""
        session = caller.session
        number = next(_numbers)
        self.live = live
        self.team_id = team_id
        self.reader = TadaReader(number, session.account_id, session.id, session.flavour, team_id)
        self.encoder: Encoder = live.encoder
        self.socket: Socket | None = None
        self.is_inactive = False
        self._actor = Actor(session.account_id, session.id, number)
        self._tally: Tally | None = None
        self._begun = self._is_ready = self._has_worked = False
        self._busy = 0
        self._in_flight = 0
        self._is_paused = False
        self._held: list[bytes] | None = None
        self.offer: Callable[[bytes], None] = nowhere
        self._waiting: deque[Heard] | None = None
        self.confirmations = Confirmations()
        self._places: Places | None = None
        self._on_idle: Callable[[], None] | None = None
        self._since = 0

    @property
    def actor(self) -> Actor:
        """Whose socket it is."""
        return self._actor

    # What the socket tells us.

    def opened(self, socket: Socket) -> None:
        """The socket is there."""
        self.socket = socket
        socket.signed_in = True
        self._since = self.live.desk.core.unconfirmed.position
        self.live.desk.house.spawn(self._begin())

    def hear(self, message: bytes) -> None:
        """One event."""
        size = len(message)
        if size < SHORT and _CONFIRM in message:
            # One for nearly every packet we send: the shortest way.
            confirmed = packets.confirmed(message)
            if confirmed is not None:
                self.confirmations.note(confirmed)
                return
        if size > MOST_BYTES:
            self._close(TOO_BIG, "the event is too long")
            return
        if not self._waiting and self._post(message):
            return
        heard = read(message, self.live.desk.house.json_limits)
        if isinstance(heard, bytes):
            self._send(heard)
            return
        if heard.name == CONFIRM:
            # It confirms nothing that we ever said.
            return
        if self._waiting or not self._serve_in_turn(heard):
            self._wait(heard)

    def drain(self, done: Callable[[], None]) -> None:
        """Call *done* when everything that was heard is done."""
        if self._busy or self._in_flight or self._waiting:
            self._on_idle = done
        else:
            done()

    def parting(self) -> None:
        """What is not sent is not confirmed, and will be said again."""

    def closed(self) -> None:
        """The socket is gone. What is under way comes to its end, but nobody hears of it."""
        self.socket = self._waiting = None
        if self._begun:
            self._hang_up()
        self._begun = self._is_ready = False
        self._held = None
        # It would keep us alive otherwise.
        self.offer = nowhere

    # Beginning and ending.

    async def _begin(self) -> None:
        """Know what packets depend on, then be in the hub, and tell what there is to be told."""
        live, me = self.live, self._actor.account_id
        live.enter(me)
        try:
            async with asyncio.timeout(BEGIN_S):
                self._tally = await live.ready(self._actor)
        except (TertuliaError, TimeoutError):
            self._close(TRY_LATER, "the server is busy")
        except BaseException:
            live.leave(me)
            raise
        if self.socket is None or self._tally is None:
            live.leave(me)
        elif not live.rosters.is_in(self.team_id, me):
            live.leave(me)
            self._close(POLICY, "not in the team any more")
        else:
            await self._join()

    async def _join(self) -> None:
        """From here on it hears of everything: of the end of its session and of its place, too."""
        live, actor = self.live, self._actor
        hub = live.desk.house.hub
        self._begun = True
        self._hold()
        hub.add(self)
        hub.join(self.team_id, self)
        self._send(said("server.time", {"time": date_time(live.desk.core.clock.now_ms())}))
        live.online.touch(actor.account_id)
        try:
            async with asyncio.timeout(BEGIN_S):
                self._send(await live.online.listen(self.team_id, self))
                missed = live.repeats.missed(actor, self.reader, self._since, self.confirmations)
                for packet in await missed:
                    self._offer(packet)
        except NotSignedIn:
            # It ended while we were not in the hub yet.
            self.signed_out()
        except Exception as error:
            if not isinstance(error, TertuliaError | TimeoutError):
                LOG.exception("A Tada socket could not begin")
            self._close(TRY_LATER, "the server is busy")
        else:
            self._is_ready = self._begun
            self._release()
            self._go_on()

    def _hang_up(self) -> None:
        """Be nowhere any more. Whoever was not even told what he had missed stands where he stood."""
        live, actor = self.live, self._actor
        live.desk.house.hub.remove(self)
        live.online.part(self)
        live.online.touch(actor.account_id)
        live.leave(actor.account_id)
        if self._has_worked:
            live.desk.house.spawn(live.desk.core.teams.note_active(actor, self.team_id))
        if self._is_ready:
            unconfirmed = live.desk.core.unconfirmed
            held = [each.about for each in self._held or () if isinstance(each, Counted)]
            stood = self.confirmations.stood(unconfirmed.position, held)
            live.desk.house.spawn(unconfirmed.end(actor.session_id, self.team_id, stood))

    def _close(self, code: int, reason: str) -> None:
        if self.socket is not None:
            self.socket.close(code, reason)

    # Serving.

    def _wait(self, heard: Heard) -> None:
        if self._waiting is None:
            self._waiting = deque()
        self._waiting.append(heard)
        if len(self._waiting) >= MOST_WAITING and not self._is_paused and self.socket is not None:
            self._is_paused = True
            self.socket.pause_reading()

    def _serve_in_turn(self, heard: Heard) -> bool:
        """Do what is asked, if it is its turn: it goes alone."""
        if self._busy or self._in_flight or not self._is_ready:
            return False
        self._serve_alone(heard)
        return True

    def _serve_alone(self, heard: Heard) -> None:
        self._busy += 1
        self.live.desk.house.spawn(self._serve(heard))

    def _post(self, message: bytes) -> bool:
        """Send a plain message beside others, without a task; False: it is none, or not its turn."""
        if (
            self._places is None
            or self._busy
            or not self._is_ready
            or self._in_flight >= MOST_IN_FLIGHT
        ):
            return False
        plain = plain_draft(message, self._places.known(self.live.generation))
        if plain is None:
            return False
        draft, confirm_id = plain
        try:
            stored = self.live.desk.core.messages.send(self._actor, draft)
        except TertuliaError:
            return False
        self._in_flight += 1
        stored.then(partial(self._posted, message, confirm_id, draft))
        return True

    def _posted(self, message: bytes, confirm_id: str, draft: Draft, stored: Pending[Sent]) -> None:
        self._in_flight -= 1
        error = stored.error
        if error is None and written(stored.result(), draft):
            self._has_worked = True
            self._confirm(confirm_id)
            self._go_on()
        else:
            # Somebody else's name, an edit, no right: the long way finds out, and says so.
            self._places = None
            heard = read(message, self.live.desk.house.json_limits)
            assert isinstance(heard, Heard), "it was read before"
            self._serve_alone(heard)

    async def _serve(self, heard: Heard) -> None:
        asked = Asked(self.live.desk, self._actor, self.team_id, Fields(heard.params))
        try:
            await EVENTS[heard.name](asked)
        except TertuliaError as error:
            self._refuse(heard, error)
        except Exception:
            LOG.exception("A Tada event failed", extra={"fields": {"event": heard.name}})
            self._send(warning(INTERNAL.code, heard.orig))
        else:
            self._note(heard, asked)
            self._confirm(heard.confirm_id)
        self._busy -= 1
        self._go_on()

    def _note(self, heard: Heard, asked: Asked) -> None:
        """Keep in mind what the next event need not ask for."""
        if asked.afk is not None:
            self.note_afk(asked.afk)
        if heard.name == MESSAGE and asked.found is not None:
            if self._places is None:
                self._places = Places()
            self._places.note(self.live.generation, asked.jid, asked.found)

    def note_afk(self, afk: bool) -> None:  # noqa: FBT001 - as it is said
        """Whether nobody looks at this socket."""
        if afk is not self.is_inactive:
            self.is_inactive = afk
            self.live.desk.house.hub.turned(self)

    def _confirm(self, confirm_id: str) -> None:
        if confirm_id:
            self._send(packets.confirm(confirm_id))

    def _refuse(self, heard: Heard, error: TertuliaError) -> None:
        fault = explain(error)
        if isinstance(error, Unavailable) or fault is INTERNAL:
            LOG.warning("A Tada event failed", exc_info=error)
        why = "; ".join(f"{key}: {text}" for key, text in fault.details.items()) or fault.reason
        self._send(warning(f"{fault.code}: {why}" if why else fault.code, heard.orig))

    def _go_on(self) -> None:
        """Start what waits, as far as it may; say so when nothing does."""
        waiting = self._waiting
        while waiting and (self._post(waiting[0].message) or self._serve_in_turn(waiting[0])):
            waiting.popleft()
        if self._on_idle is not None and not (self._busy or self._in_flight or self._waiting):
            self._on_idle()
        if self._is_paused and not self._waiting and self.socket is not None:
            self._is_paused = False
            if self._on_idle is None:
                self.socket.resume_reading()

    # What delivery needs.

    def offer_after_answer(self, packet: bytes) -> None:
        """Pass on what our own request caused: its confirmation goes first.

        The confirmation is said in the turn of the loop after the one in which delivery tells what was
        committed; so we hold back what comes for two turns.
        """
        if self._held is None:
            self._hold()
            loop = asyncio.get_running_loop()
            loop.call_soon(loop.call_soon, self._release)
        self.offer(packet)

    def signed_out(self) -> None:
        """The session has ended."""
        if self._held is not None:
            self._release()
        self._send(said("server.logout", {"reason": "the session has ended"}))
        self._close(POLICY, "the session has ended")

    def _hold(self) -> None:
        """Keep packets back."""
        self._held = []
        self.offer = self._held.append

    def _release(self) -> None:
        held, self._held = self._held, None
        if self.socket is not None:
            self.offer = self._offer
        for packet in held or ():
            self._offer(packet)

    def _send(self, frame: bytes) -> None:
        """A finished frame, before everything that is held back."""
        if self.socket is not None:
            self.socket.offer(frame)

    def _offer(self, packet: bytes) -> None:
        socket, tally = self.socket, self._tally
        if socket is None or tally is None:
            return
        if type(packet) is Counted:
            about = packet.about
            if about.confirm_id:
                self.confirmations.told(about)
            end = tally.rest(about, self.team_id)
            size = len(packet) + len(end)
            if size < len(_HEADERS):
                socket.offer(b"".join((_HEADERS[size], packet, end)))
            else:
                socket.offer(text_frame(packet + end))
        elif isinstance(packet, Moved):
            socket.offer(said("server.team.counters", tally.counters_of(packet.teams)))
        else:
            socket.offer(packet)
            if isinstance(packet, Farewell) and packet.team_id == self.team_id:
                self._close(POLICY, "not in the team any more")
