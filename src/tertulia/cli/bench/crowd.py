"""People in chats who write and listen, and the proof that everything written is heard.

Every delivery is checked: it comes once, in the sender's order, under the id its
acknowledgement named, and ids only grow on a socket, so that all members of a chat see one
order. Against the bare baseline, which knows no ids, deliveries are only counted.
"""

import asyncio
from array import array
from collections.abc import Callable
from time import perf_counter

import msgspec
from picows import WSFrame, WSMsgType, WSTransport
from typing_extensions import override

from tertulia.cli.bench.client import Client
from tertulia.cli.bench.packets import Ask, Message, Packet, Wording, read_packet
from tertulia.cli.bench.report import Complaints


class Stretch:
    """One stretch of talking: what came back, how late, and whether anything is still out.

    Args:
        again: asked with the time whenever a message is over, whether its sender goes on.
        offering: somebody else will still send; the stretch does not end by itself before.
    """

    def __init__(self, again: Callable[[float], bool], *, offering: bool = False) -> None:
        self.again = again
        self.offering = offering
        self.sent = 0
        self.open = 0
        self.ack_delays = array("d")
        self.delivery_delays = array("d")
        self.ack_bytes = 0
        self.delivery_bytes = 0
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def message_over(self, sender: "Sender", now: float) -> None:
        """A message has been acknowledged and everybody has it."""
        self.open -= 1
        if self.again(now):
            sender.say(now)
        elif not self.open:
            self.end_if_still()

    def end_if_still(self) -> None:
        """Let the waiter go when nothing is out and nobody will send."""
        if not self.open and not self.offering:
            self.give_up()

    def give_up(self) -> None:
        """Let the waiter go, whatever is still out."""
        if not self.over.done():
            self.over.set_result(None)


class Chat:
    """One chat: who is in it, who writes, and the stretch under way (None: nobody listens yet)."""

    def __init__(self, cid: str, complaints: Complaints, *, checked: bool) -> None:
        self.cid = cid
        self.complaints = complaints
        self.checked = checked
        self.members: list[Member] = []
        self.senders: dict[str, Sender] = {}
        self.stretch: Stretch | None = None
        self.noise_at = 0.0


class Sender:
    """What one member of a chat has written, and what is still to come back for it."""

    def __init__(self, member: "Member", wording: Wording) -> None:
        self.wording = wording
        self._member = member
        self._chat = member.chat
        self._listeners = len(self._chat.members) - 1
        self._due: list[float] = []
        self._missing: list[int] = []
        self.mids: list[str] = []
        self._acked = 0

    def say(self, due: float) -> None:
        """Write the next message; its delays count from *due*, whether or not we are late."""
        stretch = self._chat.stretch
        assert stretch is not None, "nobody writes outside a stretch"
        number = len(self._due)
        self._due.append(due)
        self._missing.append(self._listeners + 1)
        self.mids.append("")
        stretch.open += 1
        stretch.sent += 1
        self._member.send(self.wording.packet(number))

    def acked(self, ask: Ask, now: float, stretch: Stretch) -> None:
        """The server has our next message on disk."""
        number = self._acked
        self._acked += 1
        if number >= len(self._due):
            self._chat.complaints.add(f"an acknowledgement for nothing: {ask.mid}")
            return
        if self._chat.checked:
            if ask.mid != self.wording.ref(number):
                wanted = self.wording.ref(number)
                self._chat.complaints.add(f"acknowledged {ask.mid} where {wanted} was due")
            self._same(number, ask.server_mid)
        stretch.ack_delays.append(now - self._due[number])
        self._one_less(number, now, stretch)

    def delivered(self, number: int, message: Message, now: float, stretch: Stretch) -> None:
        """A listener has, by its own count, our message *number*."""
        if number >= len(self._due):
            self._chat.complaints.add(f"a delivery that nobody sent: {message.id_}")
            return
        if self._chat.checked:
            if not self.wording.fits(number, message.body):
                heard = message.body[:20]
                self._chat.complaints.add(f"message {number} was due, {heard!r} came")
            self._same(number, message.id_)
        stretch.delivery_delays.append(now - self._due[number])
        self._one_less(number, now, stretch)

    def _same(self, number: int, mid: str) -> None:
        known = self.mids[number]
        if not known:
            self.mids[number] = mid
        elif known != mid:
            self._chat.complaints.add(f"message {number} is {known} to one and {mid} to another")

    def _one_less(self, number: int, now: float, stretch: Stretch) -> None:
        missing = self._missing[number] - 1
        self._missing[number] = missing
        if not missing:
            stretch.message_over(self, now)


class Member(Client):
    """A socket that sits in one chat."""

    def __init__(self, account_id: str, chat: Chat) -> None:
        super().__init__(chat.complaints)
        self.account_id = account_id
        self.chat = chat
        self.sender: Sender | None = None
        self._heard: dict[str, int] = {}
        self._newest = ""

    def write(self, wording: Wording) -> Sender:
        """Make this member one of those who write; everybody has to have sat down."""
        self.sender = Sender(self, wording)
        self.chat.senders[self.account_id] = self.sender
        return self.sender

    @override
    def hear(self, packet: Packet) -> None:
        """Before the first stretch: the echo of how the chat was made."""
        self.chat.noise_at = perf_counter()

    @override
    def lost(self, why: str) -> None:
        """Nothing can be complete any more: nobody waits for the rest."""
        super().lost(why)
        if self.chat.stretch is not None:
            self.chat.stretch.give_up()

    @override
    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        stretch = self.chat.stretch
        if stretch is None or frame.msg_type is not WSMsgType.TEXT:
            super().on_ws_frame(transport, frame)
            return
        now = perf_counter()
        try:
            packet = read_packet(frame.get_payload_as_memoryview())
        except msgspec.DecodeError as error:
            self.complaints.add(f"a frame could not be read: {error}")
            return
        if packet.message is not None:
            stretch.delivery_bytes = frame.payload_size
            self._message(packet.message, now, stretch)
        elif packet.ask is not None and self.sender is not None:
            stretch.ack_bytes = frame.payload_size
            self.sender.acked(packet.ask, now, stretch)
        else:
            self.complaints.add(f"unexpected: {frame.get_payload_as_bytes()[:80]!r}")

    def _message(self, message: Message, now: float, stretch: Stretch) -> None:
        author = message.from_
        sender = self.chat.senders.get(author)
        if message.error is not None:
            self.complaints.add(f"a message was refused: {message.error}")
        elif sender is None or sender is self.sender:
            self.complaints.add(f"a message of {author} reached one who should not have it")
        else:
            number = self._heard.get(author, 0)
            self._heard[author] = number + 1
            if self.chat.checked:
                if message.id_ <= self._newest:
                    self.complaints.add(f"{message.id_} came after {self._newest}")
                self._newest = message.id_
            sender.delivered(number, message, now, stretch)
