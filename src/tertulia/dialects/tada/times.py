"""Tada's date-times and versions (`gentime`), and our milliseconds and numbers."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache

from tertulia.core.ids import COUNTER_MASK, drawn_at

NS_PER_MS = 1_000_000
NS_PER_COUNT = 244
"""4,096 numbers may be drawn in one millisecond."""

_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
_FRACTIONS = tuple(f".{each:03d}000Z" for each in range(1_000))
_FIRST_MS, _LAST_MS = -62_135_596_800_000, 253_402_300_799_999


def date_time(at_ms: int) -> str:
    """`2026-03-01T10:01:00.120000Z`: UTC, six digits."""
    return _second(at_ms // 1_000) + _FRACTIONS[at_ms % 1_000]


@lru_cache(maxsize=4_096)
def _second(second: int) -> str:
    """What is the same for a thousand dates; many of a kind come one after the other."""
    return f"{_BEGINNING + timedelta(seconds=second):%Y-%m-%dT%H:%M:%S}"


def read_moment(text: str) -> int | None:
    """Milliseconds since 1970 of a date or date-time, UTC where it has no zone; None: it is none."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    try:
        passed = moment - _BEGINNING
    except OverflowError:
        return None
    return max(_FIRST_MS, min(passed // timedelta(milliseconds=1), _LAST_MS))


def gentime(version: int) -> int:
    """Nanoseconds since 1970 of a version: the number drawn at a thing's last change.

    It grows with the number.
    """
    return drawn_at(version) * NS_PER_MS + (version & COUNTER_MASK) * NS_PER_COUNT
