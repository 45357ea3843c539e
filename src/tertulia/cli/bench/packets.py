"""What the load generator says and hears: the few SAMA packets it needs, in SAMA's words."""

import secrets
from typing import Protocol

import msgspec

# Distinguishes this process from every other that ever wrote to the same store.
_PROCESS = secrets.token_hex(4)

# Digits of the number that opens a numbered text.
_DIGITS = 9


class Error(msgspec.Struct, gc=False):
    """What every refusal carries."""

    status: int
    message: str


class Message(msgspec.Struct, gc=False):
    """`message` as it is delivered, as it stands in a page, or as a refusal of one we sent."""

    id_: str = msgspec.field(name="_id", default="")
    from_: str = msgspec.field(name="from", default="")
    body: str = ""
    created_at: str = ""
    error: Error | None = None


class Ask(msgspec.Struct, gc=False):
    """The acknowledgement of a message we sent."""

    mid: str = ""
    server_mid: str = ""


class Named(msgspec.Struct):
    """A user or a conversation: all we need of it is its id."""

    id_: str = msgspec.field(name="_id")


class Response(msgspec.Struct):
    """The answer to one of our requests, whichever it was."""

    id: str | int = ""
    error: Error | None = None
    user: Named | None = None
    token: str = ""
    conversation: Named | None = None
    messages: list[Message] = msgspec.field(default_factory=list)


class Packet(msgspec.Struct, gc=False):
    """Anything the server says; other kinds of packets leave all three empty."""

    message: Message | None = None
    ask: Ask | None = None
    response: Response | None = None


read_packet = msgspec.json.Decoder(Packet).decode


def request(name: str, params: object, ref: str) -> bytes:
    """The request *name* as bytes; its answer will carry *ref*."""
    return msgspec.json.encode({"request": {name: params, "id": ref}})


class Wording(Protocol):
    """How one sender's messages look, so that its listeners can tell them apart."""

    def ref(self, number: int) -> str:
        """The client's id of the message *number*."""

    def packet(self, number: int) -> bytes:
        """The message *number*, ready to be sent."""

    def fits(self, number: int, body: str) -> bool:
        """Whether *body* is that of the message *number*."""


class Numbered:
    """Texts of a given length that begin with their number; every client id is used once."""

    def __init__(self, cid: str, writer: str, length: int) -> None:
        self._prefix = f"{_PROCESS}-{writer}-"
        self._head = f'{{"message":{{"id":"{self._prefix}'
        self._middle = f'","cid":"{cid}","body":"'
        self._tail = "x" * max(0, length - _DIGITS) + '"}}'

    def ref(self, number: int) -> str:
        """The process, the writer, the number."""
        return f"{self._prefix}{number}"

    def packet(self, number: int) -> bytes:
        """The whole packet."""
        return f"{self._head}{number}{self._middle}{number:09d}{self._tail}".encode()

    def fits(self, number: int, body: str) -> bool:
        """Whether the text opens with that number."""
        return body[:_DIGITS] == f"{number:09d}"


class Repeated:
    """One text under one client id for ever, by every writer: SAMA's published load test."""

    REF = "5a34p21m0xj23"
    BODY = "hey how is it going?"

    def __init__(self, cid: str) -> None:
        self._packet = msgspec.json.encode(
            {"message": {"id": self.REF, "cid": cid, "body": self.BODY}}
        )

    def ref(self, number: int) -> str:  # noqa: ARG002 - the same whatever the number
        """The same for every message."""
        return self.REF

    def packet(self, number: int) -> bytes:  # noqa: ARG002 - the same whatever the number
        """The same for every message."""
        return self._packet

    def fits(self, number: int, body: str) -> bool:  # noqa: ARG002 - the same whatever the number
        """Whether the text is the one text."""
        return body == self.BODY
