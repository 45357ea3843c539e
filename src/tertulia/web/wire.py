"""Bytes to JSON values, within limits."""

import re
from dataclasses import dataclass
from typing import Any

import msgspec

from tertulia.core.errors import BadInput

SHORTEST_ITEM = 2
"""Bytes: a digit and a comma."""

_decode = msgspec.json.Decoder().decode

LONGEST_MENDED = 64 << 10
"""Bytes of JSON with half signs in it: to look through more would hold everybody up."""

_ESCAPES = re.compile(
    rb"(?:\\\\)+"
    rb"|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    rb"|(?P<half>\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
)
"""Whole pairs are found before their halves, and no backslash that another one escapes begins one."""


@dataclass(frozen=True, slots=True)
class JsonLimits:
    """How deep and wide JSON may be."""

    depth: int = 64
    keys: int = 1_000
    items: int = 10_000


def read_json(message: bytes, limits: JsonLimits) -> Any:
    """The value, NUL characters removed from its texts, half signs replaced.

    Raises:
        BadInput: "json": it is no JSON in UTF-8, or too deep or wide.
    """
    try:
        value = _decode(message)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        value = _with_whole_signs(message, error)
    if not is_narrow(message, limits):
        _check(value, limits)
    if b"\\" in message and b"\\u0000" in message:
        value = _without_nul(value)
    return value


def _with_whole_signs(message: bytes, error: Exception) -> Any:
    """The value, if half of a surrogate pair is all that hinders: clients cut emoji in two.

    JavaScript and Dart write such a half as an escape, and read it; no text of ours can have it.
    """
    if len(message) > LONGEST_MENDED:
        raise BadInput("json", "cannot be read") from error
    whole = _ESCAPES.sub(lambda found: b"\\ufffd" if found["half"] else found[0], message)
    if whole == message:
        raise BadInput("json", "cannot be read") from error
    try:
        return _decode(whole)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as again:
        raise BadInput("json", "cannot be read") from again


def is_narrow(message: bytes, limits: JsonLimits) -> bool:
    """Whether a look at the bytes shows that it is within the limits; it is cheap, and nearly always enough.

    So few brackets cannot be too deep, so few bytes cannot be too wide.
    """
    if len(message) > limits.keys * SHORTEST_ITEM:
        return False
    brackets = message.count(b"{") + (message.count(b"[") if b"[" in message else 0)
    return brackets <= limits.depth


def _check(value: Any, limits: JsonLimits) -> None:
    waiting = [(value, 1)]
    while waiting:
        each, depth = waiting.pop()
        if isinstance(each, dict):
            too_wide = len(each) > limits.keys
            inside: Any = each.values()
        elif isinstance(each, list):
            too_wide = len(each) > limits.items
            inside = each
        else:
            continue
        if too_wide or depth > limits.depth:
            raise BadInput("json", "is too deep or too wide")
        waiting += [(child, depth + 1) for child in inside if isinstance(child, dict | list)]


def _without_nul(value: Any) -> Any:
    """Databases end texts there, and no person ever types one."""
    match value:
        case str():
            return value.replace("\0", "")
        case list():
            return [_without_nul(each) for each in value]
        case dict():
            return {_without_nul(key): _without_nul(each) for key, each in value.items()}
        case _:
            return value
