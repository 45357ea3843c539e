"""What goes over Tada's WebSocket: `{"event": …, "confirm_id"?: …, "params"?: …}` (WebSocket, Envelope).

A packet that says the same to everybody is a finished frame. One that ends with the reader's own
counters is `Counted`: its socket adds them (`socket.Talk.offer`).
"""

import secrets
import string
from typing import Any, NamedTuple

from tertulia.core.ids import ChatId, MessageId, TeamId
from tertulia.dialects.tada.wire.envelope import encode
from tertulia.web.socket import text_frame

_LETTERS = string.ascii_letters + string.digits
_COUNTED = 10**8


def _new_prefix() -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(4))


class _ConfirmIds:
    """Twelve letters and digits that were never used before: four drawn by lot, eight that count."""

    __slots__ = ("_number", "_prefix")

    def __init__(self) -> None:
        self._number, self._prefix = 0, _new_prefix()

    def __call__(self) -> str:
        """The next."""
        self._number += 1
        if self._number == _COUNTED:
            self._number, self._prefix = 0, _new_prefix()
        return f"{self._prefix}{self._number:08d}"


new_confirm_id = _ConfirmIds()


_CONFIRM = b'{"event":"server.confirm","params":{"confirm_id":"%b"}}'


class Counted(bytes):
    """A packet up to `"num_unread":`, where the reader's own part begins.

    Attributes:
        chat_id: the chat that is counted.
        tail: its newest message as JSON.
        confirm_id: what the client shall confirm; "" for nothing.
        messages: what it has when it does.
    """

    chat_id: ChatId
    tail: bytes
    confirm_id: str
    messages: tuple[MessageId, ...]


class Moved(bytes):
    """Not said as it is: tells a socket that the account's counters of other teams have moved."""

    teams: tuple[TeamId, ...]


class Farewell(bytes):
    """A finished frame; sockets of that team are closed after it."""

    team_id: TeamId


class Heard(NamedTuple):
    """What a client said.

    Attributes:
        name: of the event.
        confirm_id: what it wants to have confirmed; "" for nothing.
        params: as they came, if they are an object.
        orig: all of it, to be said back with a warning.
    """

    name: str
    confirm_id: str
    params: dict[str, Any]
    orig: Any


def said(event: str, params: object) -> bytes:
    """A finished frame of an event that nobody confirms."""
    return text_frame(encode({"event": event, "params": params}))


def confirmable(event: str, params: object) -> bytes:
    """A finished frame of an event that the client confirms, without consequences."""
    whole = {"event": event, "confirm_id": new_confirm_id(), "params": params}
    return text_frame(encode(whole))


def confirm(confirm_id: str) -> bytes:
    """What the client asked for has taken effect."""
    if confirm_id.isascii() and confirm_id.isalnum():
        # By far the most are.
        return text_frame(_CONFIRM % confirm_id.encode())
    return said("server.confirm", {"confirm_id": confirm_id})


def warning(message: str, orig: object) -> bytes:
    """It has not, and why."""
    return said("server.warning", {"message": message, "orig": orig})


class About(NamedTuple):
    """The chat that a packet counts.

    Attributes:
        chat_id: our number.
        counters: the counters' fields that are the same for everybody, as JSON without the braces.
        tail: the chat's newest message as JSON.
    """

    chat_id: ChatId
    counters: bytes
    tail: bytes


def counted(event: str, begin: bytes, about: About) -> Counted:
    """A packet that ends with the reader's counters of one chat, and that nobody confirms.

    *begin*: what `params` begins with, up to the bracket of the list of counters.
    """
    return _counted(b'{"event":"%b","params":{%b' % (event.encode(), begin), about, "", ())


def updated(messages: bytes, ids: tuple[MessageId, ...], about: About, *, delayed: bool) -> Counted:
    """`server.message.updated`: messages as JSON, with commas between them, and their ids."""
    confirm_id = new_confirm_id()
    begin = (
        b'{"event":"server.message.updated","confirm_id":"%b",'
        b'"params":{"messages":[%b],"delayed":%b,"chat_counters":['
        % (confirm_id.encode(), messages, b"true" if delayed else b"false")
    )
    return _counted(begin, about, confirm_id, ids)


def _counted(
    begin: bytes, about: About, confirm_id: str, messages: tuple[MessageId, ...]
) -> Counted:
    packet = Counted(b'%b{%b,"num_unread":' % (begin, about.counters))
    packet.chat_id, packet.tail = about.chat_id, about.tail
    packet.confirm_id, packet.messages = confirm_id, messages
    return packet
