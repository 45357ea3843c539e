"""What is around every answer: `_time`, `ok`, then `result` or `error` (Tada document, Пинг)."""

from math import floor, log10
from typing import TypeVar

import msgspec
from msgspec import UNSET, Struct, UnsetType

T = TypeVar("T")

_encoder = msgspec.json.Encoder()
encode = _encoder.encode
"""Anything to JSON in UTF-8."""


class Succeeded(Struct):
    """`result` is there even when it is null."""

    time: str = msgspec.field(name="_time")
    ok: bool
    result: object


class Failed(Struct):
    """`details`: with INVALID_DATA, from the field's name to a text for people; flat, always strings."""

    time: str = msgspec.field(name="_time")
    ok: bool
    error: str
    details: dict[str, str] | UnsetType = UNSET
    reason: str | UnsetType = UNSET


def or_unset(value: T | None) -> T | UnsetType:
    """The value; UNSET when it is empty, zero, false or None: then the field is left out."""
    return value or UNSET


def work_time(seconds: float) -> str:
    """How long the server worked: `0.024 ms`, `2.2 ms`, `58 ms`, `446 ms`, `3.9 s`."""
    ms = seconds * 1000
    if ms >= 999.5:
        return f"{_two_digits(seconds)} s"
    return f"{_two_digits(ms)} ms"


def _two_digits(value: float) -> str:
    """Two significant digits; whole from 10 up."""
    if value <= 0:
        return "0.0"
    shown = float(f"{value:.1e}")
    return f"{shown:.{1 - floor(log10(shown))}f}" if shown < 10 else f"{value:.0f}"


def succeeded(result: object, seconds: float) -> bytes:
    """The body of an answer that says yes."""
    return encode(Succeeded(work_time(seconds), ok=True, result=result))


def failed(
    error: str, seconds: float, details: dict[str, str] | None = None, reason: str = ""
) -> bytes:
    """The body of an answer that says no."""
    said = Failed(
        work_time(seconds),
        ok=False,
        error=error,
        details=or_unset(details),
        reason=or_unset(reason),
    )
    return encode(said)
