"""Periods of dates (document, MessagesPeriodFilter): ISO 8601, either end open."""

import re
from datetime import UTC, date, datetime, time, timedelta

from tertulia.core.errors import BadInput
from tertulia.dialects.unet.errors import bad_member
from tertulia.dialects.unet.members import Json, Members
from tertulia.web.wire import JsonLimits, read_json

SECOND_MS = 1_000
FRACTION = re.compile(r"[.,]\d")
LOST_PLUS = re.compile(r"(T[0-9:.,]+) ([0-9]{2}:?[0-9]{2})")
"""In a query a plus that is not encoded is a space; the document's own examples have such."""

ENDS = ("from", "till")
MOST_CHARACTERS = 64
"""Of a date; however it is written, it is shorter."""


def period(members: Members, limits: JsonLimits) -> tuple[int | None, int | None]:
    """First and last millisecond since 1970 UTC; None: no such end.

    A date alone is the whole day (UTC), a time without a fraction its whole second: nobody is shown
    fractions.
    """
    given = ends(members, limits)
    since = _moment(given, "from")
    until = _moment(given, "till")
    return (None if since is None else since[0], None if until is None else until[1])


def ends(members: Members, limits: JsonLimits) -> Json:
    """The ends as they are given; nothing else of the period means anything.

    The list calls the period a string, its definition is an object: both are taken.
    """
    value = members.values.get("period", {})
    if isinstance(value, str):
        try:
            value = read_json(value.encode("utf-8", "surrogatepass"), limits)
        except BadInput:
            raise bad_member("period", "must be an object, or its JSON text") from None
    if not isinstance(value, dict):
        raise bad_member("period", "must be an object, or its JSON text")
    return {name: value[name] for name in ENDS if name in value}


def _moment(value: Json, end: str) -> tuple[int, int] | None:
    """First and last millisecond of what was named; None when nothing was."""
    if end not in value:
        return None
    text = value[end]
    name = f"period.{end}"
    if not isinstance(text, str) or not text.isascii() or len(text) > MOST_CHARACTERS:
        raise bad_member(name, "must be a date in ISO 8601")
    try:
        return _day(text) or _time(LOST_PLUS.sub(r"\1+\2", text))
    except (ValueError, OverflowError):
        raise bad_member(name, "must be a date in ISO 8601") from None


def _day(text: str) -> tuple[int, int] | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    first = _ms(datetime.combine(day, time(), UTC))
    return first, first + 86_400_000 - 1


def _time(text: str) -> tuple[int, int]:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    first = _ms(moment)
    return first, first if FRACTION.search(text) else first + SECOND_MS - 1


def _ms(moment: datetime) -> int:
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
