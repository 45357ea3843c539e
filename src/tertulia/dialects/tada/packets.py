"""What goes over Tada's WebSocket: `{"event": …, "confirm_id"?: …, "params"?: …}` (WebSocket, Envelope).

A packet that says the same to everybody is a finished frame. One that ends with the reader's own
counters is `Counted`: its socket adds them (`socket.Talk.offer`).
"""

import secrets
import string
from typing import Literal

import msgspec
from msgspec import Struct

from tertulia.core.ids import ChatId, MessageId, TeamId
from tertulia.dialects.tada.wire.envelope import encode
from tertulia.web.frames import text_frame

CONFIRM_LENGTH = 12
"""Characters of what a client is to confirm."""

_LETTERS = string.ascii_letters + string.digits
_FIRST, _END = 10**7, 10**8
"""Numbers of eight digits."""


class _ConfirmIds:
    """Twelve letters and digits that were never used before: four drawn by lot, eight that count."""

    __slots__ = ("_number", "_prefix")

    def __init__(self) -> None:
        self._number, self._prefix = _END, ""

    def __call__(self) -> str:
        """The next."""
        number = self._number
        if number == _END:
            number = _FIRST
            self._prefix = "".join(secrets.choice(_LETTERS) for _ in range(4))
        self._number = number + 1
        return f"{self._prefix}{number}"


new_confirm_id = _ConfirmIds()


_CONFIRM = b'{"event":"server.confirm","params":{"confirm_id":"%b"}}'


class About(Struct, gc=False):
    """What a packet counts, and what of it is to be confirmed. Every socket looks at it, and keeps it.

    Attributes:
        chat_id: the chat that is counted.
        tail: its newest message as JSON.
        confirm_id: what the client shall confirm; "" for nothing.
        messages: what it has when it does.
        changed_at: when they were changed; 0: they are new.
    """

    chat_id: ChatId
    tail: bytes
    confirm_id: str = ""
    messages: tuple[MessageId, ...] = ()
    changed_at: int = 0


class Counted(bytes):
    """A packet up to `"num_unread":`, where the reader's own part begins."""

    about: About


class Moved(bytes):
    """Not said as it is: tells a socket that the account's counters of other teams have moved."""

    teams: tuple[TeamId, ...]


class Farewell(bytes):
    """A finished frame; sockets of that team are closed after it."""

    team_id: TeamId


class _ConfirmedParams(Struct):
    confirm_id: str


class _Confirmed(Struct):
    event: Literal["client.confirm"]
    params: _ConfirmedParams


_confirmation = msgspec.json.Decoder(_Confirmed).decode


def confirmed(message: bytes) -> str | None:
    """What `client.confirm` confirms; None: it is something else, or not as it should be."""
    try:
        return _confirmation(message).params.confirm_id
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


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


def counted(event: str, begin: bytes, counters: bytes, about: About) -> Counted:
    """A packet that ends with the reader's counters of one chat.

    Args:
        event: its name.
        begin: what `params` begins with, up to the bracket of the list of counters.
        counters: the counters' fields that are the same for everybody, as JSON without the braces.
        about: the chat, and what is to be confirmed.
    """
    asks = f'"confirm_id":"{about.confirm_id}",' if about.confirm_id else ""
    packet = Counted(
        b'{"event":"%b",%b"params":{%b{%b,"num_unread":'
        % (event.encode(), asks.encode(), begin, counters)
    )
    packet.about = about
    return packet


def updated(messages: bytes, counters: bytes, about: About, *, delayed: bool) -> Counted:
    """`server.message.updated`: messages as JSON, with commas between them."""
    begin = b'"messages":[%b],"delayed":%b,"chat_counters":[' % (
        messages,
        b"true" if delayed else b"false",
    )
    return counted("server.message.updated", begin, counters, about)
