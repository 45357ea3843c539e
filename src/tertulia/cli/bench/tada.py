"""Tada's side of the load: sockets of a team, and the few events that a conversation needs."""

import asyncio
import json
import urllib.request
import uuid
from collections.abc import Sequence
from time import perf_counter
from typing import Any

import msgspec
from picows import WSFrame, WSMsgType, WSTransport
from typing_extensions import override

from tertulia.cli.bench.client import reach
from tertulia.cli.bench.crowd import Chat, Member
from tertulia.cli.bench.packets import Ask, Message
from tertulia.cli.bench.report import Complaints
from tertulia.cli.bench.roster import Account

# How long an answer over HTTP may take, in seconds.
_PATIENCE_S = 60.0

# Digits of the number that opens a text.
_DIGITS = 9


class Content(msgspec.Struct, gc=False):
    """What a message says."""

    text: str = ""


class Shown(msgspec.Struct, gc=False):
    """A message as a socket hears of it."""

    message_id: str
    from_: str = msgspec.field(name="from", default="")
    content: Content = msgspec.field(default_factory=Content)


class Params(msgspec.Struct, gc=False):
    """What the events we wait for have in them."""

    messages: list[Shown] = []
    delayed: bool = False
    confirm_id: str = ""
    message: str = ""


class Said(msgspec.Struct, gc=False):
    """Anything the server says."""

    event: str
    confirm_id: str = ""
    params: Params = msgspec.field(default_factory=Params)


read_said = msgspec.json.Decoder(Said).decode


class Worded:
    """Texts of a given length that begin with their number, under a uuid and a confirm id of their own."""

    def __init__(self, to: str, length: int) -> None:
        self._prefix = str(uuid.uuid4())[:24]
        self._to = to
        self._rest = "x" * max(0, length - _DIGITS)

    def ref(self, number: int) -> str:
        """What the server is to confirm."""
        return f"c{number:011d}"

    def mid(self, number: int) -> str:
        """The message's uuid."""
        return f"{self._prefix}{number:012x}"

    def packet(self, number: int) -> bytes:
        """The whole event."""
        return (
            f'{{"event":"client.message.updated","confirm_id":"{self.ref(number)}","params":'
            f'{{"to":"{self._to}","message_id":"{self.mid(number)}",'
            f'"content":{{"type":"plain","text":"{number:09d}{self._rest}"}}}}}}'
        ).encode()

    def fits(self, number: int, body: str) -> bool:
        """Whether the text opens with that number."""
        return body[:_DIGITS] == f"{number:09d}"


class TadaMember(Member):
    """A socket of a team, whose owner sits in one group.

    Every message is heard once, by everybody, its author too, in its author's order, under its uuid.
    """

    def __init__(self, jid: str, chat: Chat, *, confirms: bool) -> None:
        super().__init__(jid, chat)
        self._confirms = confirms
        self._echoed = 0

    @override
    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type is not WSMsgType.TEXT:
            super().on_ws_frame(transport, frame)
            return
        now, stretch = perf_counter(), self.chat.stretch
        try:
            said = read_said(frame.get_payload_as_memoryview())
        except msgspec.DecodeError as error:
            self.complaints.add(f"a frame could not be read: {error}")
            return
        if stretch is None:
            self.chat.noise_at = now
        elif said.event == "server.message.updated":
            stretch.delivery_bytes = frame.payload_size
            if self._confirms:
                self.send(
                    b'{"event":"client.confirm","params":{"confirm_id":"%b"}}'
                    % said.confirm_id.encode()
                )
            for each in said.params.messages:
                self._shown(each, now)
        elif said.event == "server.confirm" and self.sender is not None:
            stretch.ack_bytes = frame.payload_size
            wording = self.sender.wording
            assert isinstance(wording, Worded), "Tada's writers have these"
            ref = said.params.confirm_id
            mid = wording.mid(int(ref[1:]))
            self.sender.acked(Ask(ref, mid), now, stretch)
        elif said.event == "server.warning":
            self.complaints.add(f"a warning: {said.params.message}")

    def _shown(self, message: Shown, now: float) -> None:
        stretch = self.chat.stretch
        assert stretch is not None, "the caller looked"
        if self.sender is not None and message.from_ == self.account_id:
            if not self.sender.wording.fits(self._echoed, message.content.text):
                self.complaints.add("one's own messages came back in another order")
            self._echoed += 1
            return
        sender = self.chat.senders.get(message.from_)
        if sender is None:
            self.complaints.add(f"a message of {message.from_} that nobody wrote")
            return
        number = self._heard.get(message.from_, 0)
        self._heard[message.from_] = number + 1
        told = Message(id_=message.message_id, body=message.content.text)
        sender.delivered(number, told, now, stretch)


async def seat(
    url: str, party: Sequence[Account], complaints: Complaints, *, confirms: bool
) -> Chat:
    """A team of *party*, its common group, and a socket for everybody."""
    tokens = [await _token(url, account) for account in party]
    made = await _ask(url, "POST", "/teams", tokens[0], {"name": "bench"})
    path = f"/teams/{made['uid']}"
    invitation = await _ask(url, "POST", f"{path}/invitations", tokens[0], {})
    entry = {"token": invitation["token"]}
    joined = [await _ask(url, "POST", "/teams/join", token, entry) for token in tokens[1:]]
    (group,) = await _ask(url, "GET", f"{path}/groups", tokens[0])
    chat = Chat(group["jid"], complaints, checked=True)
    for team, token in zip([made, *joined], tokens, strict=True):
        member = TadaMember(team["me"]["jid"], chat, confirms=confirms)
        chat.members.append(await _sit(f"{url}/messaging/{made['uid']}", member, token))
    return chat


async def _sit(address: str, member: TadaMember, token: str) -> TadaMember:
    return await reach(address, lambda: member, token=token)


async def _token(url: str, account: Account) -> str:
    secrets = {"username": account.login, "password": account.password}
    return str((await _ask(url, "POST", "/auth/password/get-token", "", secrets))["token"])


async def _ask(url: str, method: str, path: str, token: str, body: object = None) -> Any:
    """The result of a request that must succeed."""
    request = urllib.request.Request(  # noqa: S310 - the server we were told to load
        f"{url}/api/v4{path}",
        data=None if body is None else json.dumps(body).encode(),
        headers={"token": token} if token else {},
        method=method,
    )

    def talk() -> Any:
        with urllib.request.urlopen(request, timeout=_PATIENCE_S) as answer:  # noqa: S310 - as above
            return json.loads(answer.read())["result"]

    return await asyncio.to_thread(talk)
