"""Events as text, for processes that did not see them happen."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple, get_args

import msgspec

from tertulia.core.events import Event, MessagePosted

_DECODERS: dict[str, msgspec.json.Decoder[Any]] = {
    each.__name__: msgspec.json.Decoder(each) for each in get_args(Event)
}

_encoder = msgspec.json.Encoder()


class _Said(NamedTuple):
    """An event, by the name of its class."""

    kind: str
    body: msgspec.Raw


_said = msgspec.json.Decoder(list[_Said])


class BadWords(ValueError):
    """They are no events that this version knows."""


def encoded(events: Sequence[Event]) -> bytes:
    """Everything of them: JSON in UTF-8."""
    return _encoder.encode([(type(event).__name__, event) for event in events])


def decoded(words: bytes | str, *, foreign: bool) -> list[Event]:
    """The events again. *foreign*: of another process, whose connections mean nothing here.

    Raises:
        BadWords: a newer version has written them, or nobody of us.
    """
    try:
        events: list[Event] = [_DECODERS[kind].decode(body) for kind, body in _said.decode(words)]
    except (msgspec.MsgspecError, KeyError) as error:
        raise BadWords(str(error)) from error
    return [_of_nobody(event) for event in events] if foreign else events


def _of_nobody(event: Event) -> Event:
    if not event.origin:
        return event
    if isinstance(event, MessagePosted):
        return event._replace(origin=0)
    return replace(event, origin=0)
