"""What surrounds a request: finding its name, its parameters and its id in a frame (section Envelope).

Two forms: `{"request": {NAME: PARAMS, "id": ID}}`, and bare, `{NAME: PARAMS, "id": ID}`. Messages,
system messages and typing come bare with their id inside; clients in the field also wrap them.
"""

from collections.abc import Container
from dataclasses import dataclass
from typing import Any, NamedTuple

from tertulia.core.errors import BadInput
from tertulia.dialects.sama.errors import BAD_REQUEST, INVALID_FORMAT, NO_ROUTE, Words
from tertulia.dialects.sama.wire import encode
from tertulia.web.wire import JsonLimits, read_json

BARE = frozenset({"message", "system_message", "typing"})


class Request(NamedTuple):
    """One request of a client.

    Attributes:
        name: the operation.
        params: as they came.
        ref: the client's id for it, as JSON; None: it gave none.
        is_bare: one of BARE without a wrapping.
    """

    name: str
    params: Any
    ref: bytes | None
    is_bare: bool

    def error(self, words: Words) -> bytes:
        """The packet that says what is wrong."""
        error = encode({"status": words[0], "message": words[1]})
        if self.is_bare:
            if self.ref is None:
                return b'{"%b":{"error":%b}}' % (self.name.encode(), error)
            return b'{"%b":{"id":%b,"error":%b}}' % (self.name.encode(), self.ref, error)
        return response(self.ref, b'{"error":%b}' % error)


@dataclass(frozen=True, slots=True)
class Misfit:
    """A frame that asks for nothing we know. `is_json`: it is a JSON object at least."""

    words: Words
    ref: bytes | None
    is_json: bool
    name: str = ""

    def error(self) -> bytes:
        """The packet that says what is wrong."""
        error = encode({"status": self.words[0], "message": self.words[1]})
        return response(self.ref, b'{"error":%b}' % error)


def bare(name: str, ref: str | None) -> Request:
    """One of BARE of which nothing but the id is needed any more."""
    return Request(name, {"id": ref}, _ref(ref), is_bare=True)


def response(ref: bytes | None, fields: bytes) -> bytes:
    """`{"response": {"id": …, …}}` around the fields of a JSON object."""
    if ref is None:
        return b'{"response":%b}' % fields
    if fields == b"{}":
        return b'{"response":{"id":%b}}' % ref
    return b'{"response":{"id":%b,%b}' % (ref, fields[1:])


def read(frame: bytes, known: Container[str], limits: JsonLimits) -> Request | Misfit:
    """The request in a frame."""
    try:
        packet = read_json(frame, limits)
    except BadInput:
        return Misfit(INVALID_FORMAT, None, is_json=False)
    if not isinstance(packet, dict):
        return Misfit(INVALID_FORMAT, None, is_json=False)
    if "request" in packet:
        inner = packet["request"]
        if not isinstance(inner, dict):
            return Misfit(INVALID_FORMAT, None, is_json=False)
        return _named(inner, known, wrapped=True)
    return _named(packet, known, wrapped=False)


def _named(packet: dict[str, Any], known: Container[str], *, wrapped: bool) -> Request | Misfit:
    ref = _ref(packet.get("id"))
    names = [key for key in packet if key != "id"]
    ours = [name for name in names if name in known]
    if not names or len(ours) > 1:
        return Misfit(BAD_REQUEST, ref, is_json=True)
    if not ours:
        return Misfit(NO_ROUTE, ref, is_json=True, name=names[0])
    name = ours[0]
    params = packet[name]
    is_bare = name in BARE and not wrapped
    if is_bare:
        ref = _ref(params.get("id")) if isinstance(params, dict) else None
    return Request(name, params, ref, is_bare)


def _ref(value: Any) -> bytes | None:
    """A string or a number goes back as it came."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    return encode(value)
