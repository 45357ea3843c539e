"""A WebSocket as a dialect sees it: whole messages in, finished frames out, one clean end.

Reading and framing are picows' business; this module joins fragments, answers control frames, puts
what is offered during one turn of the event loop into one write, and parts with readers who do not
read. It does not look at what is said: that the text is UTF-8 is checked where it is decoded.
"""

import asyncio
import logging
from typing import Protocol, cast

from picows.picows import WSCloseCode, WSFrame, WSListener, WSMsgType, WSTransport
from typing_extensions import override

from tertulia.web.deflate import BadDeflate, TooLong, inflated
from tertulia.web.frames import (
    BAD_DATA,
    GOING_AWAY,
    INTERNAL_ERROR,
    PING,
    POLICY,
    PROTOCOL_ERROR,
    TOO_BIG,
    TRY_LATER,
    pong,
)
from tertulia.web.house import House
from tertulia.web.speaker import Speaker

LOG = logging.getLogger(__name__)

# Codes that stand in no close frame: of a connection that broke without a word, and all past the last.
ABNORMAL, MOST_CODE = 1006, 4999
# Two bytes of a control frame's 125 are the code.
MOST_REASON_BYTES = 123
# So much goes into one write; a reader that is too slow never holds more of ours than this and a frame.
CHUNK_BYTES = 64 << 10
# It shall cost the socket it happened on, and no other.
MISTAKE = "a dialect has raised"

_MESSAGES = (WSMsgType.TEXT, WSMsgType.BINARY)
_MORE, _PING, _CLOSE = WSMsgType.CONTINUATION, WSMsgType.PING, WSMsgType.CLOSE


class Slim(Protocol):
    """What the loop's transport calls (`Handover`)."""

    def slim(self) -> None:
        """Give back memory that is not needed just now."""
        ...


class Socket(WSListener):
    """One open WebSocket.

    Attributes:
        peer: the address at the other end, proxies considered.
        wire: the transport of the event loop; only for the port.
        opened_at, heard_at: when it came (or signed out) and when it last said anything: seconds on the loop's clock, as exact as the sweeps.
        slot: where the house keeps it.
    """

    __slots__ = (
        "_closing",
        "_deflate",
        "_house",
        "_outbox",
        "_parts",
        "_parts_bytes",
        "_parts_deflated",
        "_paused",
        "_signed_in",
        "_speaker",
        "_stuck",
        "_waiting_bytes",
        "_ws",
        "heard_at",
        "opened_at",
        "peer",
        "slot",
        "wire",
    )

    _ws: WSTransport

    def __init__(
        self,
        house: House,
        wire: asyncio.Transport,
        peer: str,
        speaker: Speaker | None,
        *,
        deflate: bool,
        slot: int,
    ) -> None:
        """Not open yet. Without a *speaker* it is closed as soon as it opens: the house is crowded."""
        self._house = house
        self._speaker = speaker
        self._deflate = deflate
        self._outbox: list[bytes] = []
        self._waiting_bytes = 0
        self._parts: list[bytes] | None = None
        self._parts_bytes = 0
        self._parts_deflated = False
        self._signed_in = self._closing = self._stuck = self._paused = False
        self.peer = peer
        self.wire = wire
        self.slot = slot
        self.opened_at = self.heard_at = house.now

    # For the dialect.

    @property
    def signed_in(self) -> bool:
        """Whether the dialect knows who this is. Sockets that nobody signs in do not live long."""
        return self._signed_in

    @signed_in.setter
    def signed_in(self, value: bool) -> None:
        if value == self._signed_in or self._speaker is None:
            return
        self._signed_in = value
        if value:
            self._house.part(self.peer)
            self._house.unsigned.pop(self, None)
        else:
            self._house.meet(self.peer)
            self.opened_at = self._house.now
            self._house.unsigned[self] = None

    def offer(self, frame: bytes) -> None:
        """Send a finished frame with all else that is offered in this turn of the loop.

        Never waits. A reader who leaves more than `waiting_bytes` or `waiting_packets` unread is
        closed with 1013, and what waited for it is dropped: it will read the log.
        """
        if self._closing:
            return
        outbox = self._outbox
        if not outbox and not self._stuck:
            self._house.flusher.touch(self)
        outbox.append(frame)
        waiting = self._waiting_bytes = self._waiting_bytes + len(frame)
        house = self._house
        if waiting > house.most_bytes or len(outbox) > house.most_packets:
            # Perhaps it was only a rich turn, and the reader is quick.
            self.flush()
            if self._waiting_bytes > house.most_bytes or len(outbox) > house.most_packets:
                house.tally.slow_readers_closed += 1
                self._part_with(TRY_LATER, "too much is waiting to be read")

    def close(self, code: int, reason: str = "") -> None:
        """Send what was offered, say goodbye, and go when the other end has answered (or does not)."""
        if self._closing:
            return
        if self._outbox:
            self._house.tally.packets_out += len(self._outbox)
            self.wire.write(b"".join(self._outbox))
        self._part_with(code, reason)

    def pause_reading(self) -> None:
        """Hear nothing more for a while, except what has arrived already."""
        self._paused = True
        self.wire.pause_reading()

    def resume_reading(self) -> None:
        """Hear again."""
        self._paused = False
        self.heard_at = self._house.now
        self.wire.resume_reading()

    # For the port.

    def drain(self) -> None:
        """Hear nothing more, let what was heard be answered, then close."""
        if not self._closing and self._speaker is not None:
            self.pause_reading()
            try:
                self._speaker.drain(self.leave)
            except Exception:
                LOG.exception(MISTAKE)
                self.leave()

    def leave(self) -> None:
        """Close because the server stops."""
        self.close(GOING_AWAY, "the server is stopping")

    def turn_away(self) -> None:
        """Part with a stranger who stayed too long."""
        if not self.failed:
            self.close(POLICY, "not signed in")

    def look_after(self) -> None:
        """Ask whether anybody is still there, and part with who is not."""
        house = self._house
        if self._closing:
            return
        if self._ws.is_close_frame_sent:
            # picows has closed it for a breach of the protocol, but what is unread holds it up.
            self._closing = True
            house.closing[self] = house.now
        elif self._paused:
            self.heard_at = house.now
        elif house.now - self.heard_at >= house.limits.silent_s:
            self.close(GOING_AWAY, "no answer to our pings")
        elif not self._stuck:
            self.wire.write(PING)
            cast("Slim", self.wire.get_protocol()).slim()

    def abort(self) -> None:
        """Be gone, whatever is unsent."""
        self.wire.abort()

    def flush(self) -> None:
        """Write what waits, unless the other end has still to take what was written before."""
        outbox = self._outbox
        if not outbox or self._stuck:
            return
        if self._ws.is_close_frame_sent:
            # picows has closed it in this very turn, and after that frame nothing may come.
            outbox.clear()
            return
        count = len(outbox)
        if self._waiting_bytes <= CHUNK_BYTES:
            self.wire.write(outbox[0] if count == 1 else b"".join(outbox))
            outbox.clear()
            self._waiting_bytes = 0
        else:
            self._write_in_chunks()
        self._house.tally.packets_out += count - len(outbox)

    @property
    def failed(self) -> bool:
        """Whether picows closed it, because the other end broke the protocol."""
        return not self._closing and self._ws.is_close_frame_sent

    # For picows.

    @override
    def on_ws_connected(self, transport: WSTransport) -> None:
        self._ws = transport
        house = self._house
        if self in house.sockets[self.slot]:
            # An old acquaintance with a new protocol (Handover.slim).
            return
        house.tally.connections += 1
        house.sockets[self.slot].add(self)
        if self._speaker is None:
            house.tally.refused += 1
            self.close(POLICY, "too many connections are not signed in")
        else:
            house.meet(self.peer)
            house.unsigned[self] = None
            try:
                self._speaker.opened(self)
            except Exception:
                LOG.exception(MISTAKE)
                self.close(INTERNAL_ERROR, "a mistake of the server")

    @override
    def on_ws_disconnected(self, transport: WSTransport) -> None:
        house = self._house
        house.tally.connections -= 1
        house.sockets[self.slot].discard(self)
        house.closing.pop(self, None)
        self._closing = True
        self._outbox.clear()
        speaker, self._speaker = self._speaker, None
        if speaker is not None:
            if not self._signed_in:
                house.part(self.peer)
                house.unsigned.pop(self, None)
            speaker.closed()

    @override
    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        house = self._house
        self.heard_at = house.now
        kind = frame.msg_type
        if self._closing or transport.is_close_frame_sent:
            # Only the answer to our own close still matters.
            if kind == _CLOSE:
                self.wire.close()
        elif frame.rsv2 or frame.rsv3:
            self.close(PROTOCOL_ERROR, "a reserved bit is set")
        elif kind in _MESSAGES:
            if self._parts is not None:
                self.close(PROTOCOL_ERROR, "the last message is not finished")
            elif frame.rsv1 and not self._deflate:
                self.close(PROTOCOL_ERROR, "compression was not agreed on")
            elif frame.fin and not frame.rsv1:
                house.tally.frames_in += 1
                self._say(frame.get_payload_as_bytes())
            else:
                self._parts = []
                self._parts_bytes = 0
                self._parts_deflated = bool(frame.rsv1)
                self._join(frame)
        elif frame.rsv1:
            self.close(PROTOCOL_ERROR, "only a first frame may be marked as compressed")
        elif kind == _MORE:
            self._join(frame)
        elif kind == _PING:
            self.offer(pong(frame.get_payload_as_bytes()))
        elif kind == _CLOSE:
            self._answer_close(frame)

    @override
    def pause_writing(self) -> None:
        self._stuck = True

    @override
    def resume_writing(self) -> None:
        self._stuck = False
        self.flush()

    # Private parts.

    def _say(self, message: bytes) -> None:
        assert self._speaker is not None, "a socket without one is closing"
        try:
            self._speaker.hear(message)
        except Exception:
            LOG.exception(MISTAKE)
            self.close(INTERNAL_ERROR, "a mistake of the server")

    def _join(self, frame: WSFrame) -> None:
        parts = self._parts
        if parts is None:
            self.close(PROTOCOL_ERROR, "there is nothing to continue")
            return
        limit = self._house.limits.message_bytes
        self._parts_bytes += frame.payload_size
        # An empty part costs memory too.
        if self._parts_bytes > limit or len(parts) > max(1024, self._parts_bytes):
            self.close(TOO_BIG, "the message is too long")
            return
        parts.append(frame.get_payload_as_bytes())
        if not frame.fin:
            return
        message, self._parts = b"".join(parts), None
        if self._parts_deflated:
            try:
                message = inflated(message, limit)
            except TooLong:
                self.close(TOO_BIG, "the message is too long")
                return
            except BadDeflate:
                self.close(BAD_DATA, "the message cannot be inflated")
                return
        self._house.tally.frames_in += 1
        self._say(message)

    def _answer_close(self, frame: WSFrame) -> None:
        # picows makes a plain number of codes that applications invent, and 0 of none.
        code = cast("int", frame.get_close_code())
        if self._outbox:
            self.wire.write(b"".join(self._outbox))
        if code == ABNORMAL or code > MOST_CODE:
            # No frame may bear it, ours neither.
            code = PROTOCOL_ERROR
        self._part_with(code or WSCloseCode.OK.value, "")
        self.wire.close()

    def _part_with(self, code: int, reason: str) -> None:
        """Nothing more goes out after this, and nothing more that comes in is heard."""
        house = self._house
        self._closing = True
        self._outbox.clear()
        self._waiting_bytes = 0
        self._parts = None
        if self._speaker is not None:
            try:
                self._speaker.parting()
            except Exception:
                LOG.exception(MISTAKE)
        house.closing[self] = asyncio.get_running_loop().time() + house.limits.close_grace_s
        # Cut in the middle of a character, the reason would be no UTF-8.
        cut = reason.encode()[:MOST_REASON_BYTES].decode(errors="ignore")
        # picows takes any number, as the RFC lets applications use 3000 to 4999.
        self._ws.send_close(code, cut)  # type: ignore[arg-type]  # said to be an enum
        self.wire.resume_reading()

    def _write_in_chunks(self) -> None:
        outbox = self._outbox
        done = 0
        while done < len(outbox) and not self._stuck:
            start, size = done, 0
            while done < len(outbox) and (not size or size + len(outbox[done]) <= CHUNK_BYTES):
                size += len(outbox[done])
                done += 1
            self.wire.write(b"".join(outbox[start:done]))
        del outbox[:done]
        self._waiting_bytes = sum(map(len, outbox))
