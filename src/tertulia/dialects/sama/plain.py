"""A message that is words, and perhaps `x`, in a chat: what clients say most, read and checked in one go.

Whatever else is said, or said otherwise, takes the long way (`envelope`, `handlers.messages`), which tells
what is wrong with it.
"""

from typing import Annotated, Any, NamedTuple

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from tertulia.core.ids import ChatId
from tertulia.core.messages import MAX_TEXT
from tertulia.dialects.sama.handlers.messages import MAX_REF, MAX_X
from tertulia.dialects.sama.ids import chat
from tertulia.dialects.sama.wire import encode
from tertulia.web.wire import JsonLimits, is_narrow


class _Message(Struct, forbid_unknown_fields=True, gc=False):
    id: Annotated[str, Meta(min_length=1, max_length=MAX_REF)]
    cid: Annotated[str, Meta(min_length=1)]
    body: Annotated[str, Meta(max_length=MAX_TEXT)]
    x: dict[str, Any] | UnsetType = UNSET


class _Frame(Struct, forbid_unknown_fields=True, gc=False):
    message: _Message


_decode = msgspec.json.Decoder(_Frame).decode


class Plain(NamedTuple):
    """The message as it stands.

    Attributes:
        chat_id: `ids.UNKNOWN` for one that cannot be.
        x: as JSON; "" for none.
    """

    ref: str
    chat_id: ChatId
    body: str
    x: str


def read_plain(frame: bytes, limits: JsonLimits) -> Plain | None:
    """The message; None: there is more to it."""
    if b"\\u0000" in frame:
        # Not to be kept as it is.
        return None
    try:
        message = _decode(frame).message
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    ref = message.id
    if not (ref.isascii() and message.body.strip()):
        return None
    x = ""
    if message.x:
        if not is_narrow(frame, limits):
            return None
        as_json = encode(message.x)
        if len(as_json) > MAX_X:
            return None
        x = as_json.decode()
    return Plain(ref, chat(message.cid), message.body, x)
