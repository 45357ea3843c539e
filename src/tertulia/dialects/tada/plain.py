"""A client's new message that is words and nothing else: what clients say most, read and checked in one go.

Whatever else is said, or said otherwise, takes the long way (`hearing`, `client_events`), which tells what
is wrong with it.
"""

from collections.abc import Mapping
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from tertulia.core.flags import IMPORTANT, NAMES, NO_PREVIEW
from tertulia.core.message_model import Draft, Sent
from tertulia.dialects.tada.client_events import Place
from tertulia.dialects.tada.limits import MAX_MESSAGE

MOST_PLACES = 256
"""Chats whose names a socket remembers."""

# A uuid in lower case that is not of our own version: a name that a client may give.
_FOREIGN = r"\A[0-9a-f]{8}-[0-9a-f]{4}-[0-79a-f][0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}\Z"


class _Content(Struct, forbid_unknown_fields=True, gc=False):
    text: Annotated[str, Meta(max_length=MAX_MESSAGE)]
    type: Literal["plain"] = "plain"


class _Params(Struct, forbid_unknown_fields=True, gc=False):
    to: str
    content: _Content
    message_id: Annotated[str, Meta(pattern=_FOREIGN)]
    important: bool | None = None
    nopreview: bool | None = None


class _Event(Struct, forbid_unknown_fields=True, gc=False):
    event: Literal["client.message.updated"]
    params: _Params
    confirm_id: str = ""


_decode = msgspec.json.Decoder(_Event).decode


class Places:
    """The chats that a socket has written to, by what its client calls them."""

    __slots__ = ("_generation", "_known")

    def __init__(self) -> None:
        """None."""
        self._known: dict[str, Place] = {}
        self._generation = 0

    def known(self, generation: int) -> Mapping[str, Place]:
        """Those that were found since chats were last to be found elsewhere (`live.Live.generation`)."""
        return self._known if generation == self._generation else {}

    def note(self, generation: int, jid: str, place: Place) -> None:
        """It is found there."""
        if generation != self._generation or len(self._known) >= MOST_PLACES:
            self._known, self._generation = {}, generation
        self._known[jid] = place


def plain_draft(message: bytes, places: Mapping[str, Place]) -> tuple[Draft, str] | None:
    """What it is to be, and the name it is to be confirmed by; None: there is more to it.

    *places*: the chats that are known, by what the client calls them.
    """
    if b"\\u0000" in message:
        # Not to be kept as it is.
        return None
    try:
        event = _decode(message)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    params = event.params
    found, text = places.get(params.to), params.content.text
    if found is None or not text.strip():
        return None
    flags = (IMPORTANT if params.important else 0) | (NO_PREVIEW if params.nopreview else 0)
    draft = Draft(found.chat_id, text, uid=params.message_id, flags=flags, reads=True)
    return draft, event.confirm_id


def written(sent: Sent, draft: Draft) -> bool:
    """Whether the message stands there as the draft says: it is new, or the very same came again."""
    message = sent.message
    return sent.is_new or (message.text == draft.text and message.flags & ~NAMES == draft.flags)
