"""Reading what clients say on their sockets: `{"event": …, "confirm_id"?: …, "params"?: …}`."""

from typing import Any, NamedTuple

from tertulia.core.errors import BadInput
from tertulia.dialects.tada.client_events import EVENTS
from tertulia.dialects.tada.packets import warning
from tertulia.web.wire import JsonLimits, read_json

CONFIRM = "client.confirm"


class Heard(NamedTuple):
    """What a client said.

    Attributes:
        name: of the event.
        confirm_id: what it wants to have confirmed; "" for nothing.
        params: as they came, if they are an object.
        orig: all of it, to be said back with a warning.
        message: the same, as it came.
    """

    name: str
    confirm_id: str
    params: dict[str, Any]
    orig: Any
    message: bytes


def read(message: bytes, limits: JsonLimits) -> Heard | bytes:
    """The event; of what is none the frame that says so."""
    try:
        orig = read_json(message, limits)
    except BadInput:
        return warning("INVALID_DATA: not JSON", message.decode("utf-8", "replace"))
    name = orig.get("event") if isinstance(orig, dict) else None
    if not isinstance(name, str) or not name:
        return warning("INVALID_DATA: no event", orig)
    confirm_id, params = orig.get("confirm_id"), orig.get("params")
    if name not in EVENTS and name != CONFIRM:
        return warning(f"unknown event: {name}", orig)
    if params is None:
        params = {}
    elif not isinstance(params, dict):
        return warning("INVALID_DATA: params", orig)
    return Heard(name, confirm_id if isinstance(confirm_id, str) else "", params, orig, message)
