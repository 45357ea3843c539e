"""The parameters of a request, checked one by one in the order the document lists them.

A handler reads what it needs; the first check that fails is the answer. Where the document gives a
check a sentence of its own, that is passed as `words`; every other check has the general form
`"key" must be …`.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from tertulia.core import text
from tertulia.core.ids import AccountId
from tertulia.core.model import Page
from tertulia.dialects.sama import ids
from tertulia.dialects.sama.errors import Refused, refused

FARTHEST_MS = 2**53 - 1
MAX_DEVICE = 255
"""Code points of a device id."""


class Params:
    """A JSON object from a client. `null` counts as not given, unless a method says otherwise."""

    __slots__ = ("values",)

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.values = values

    def given(self, key: str) -> bool:
        """Whether *key* is there and not null."""
        return self.values.get(key) is not None

    def text(
        self, key: str, low: int, high: int, *, words: str | None = None, clearable: bool = False
    ) -> str | None:
        """A text of *low* to *high* code points; None when not given. `clearable`: "" is welcome."""
        value = self.values.get(key)
        if value is None:
            return None
        if not isinstance(value, str):
            raise refused(words or f'"{key}" must be a string')
        size = len(value) if text.is_longer(value, high) else text.length(value)
        if not size and clearable:
            return value
        if not size and low:
            raise refused(words or f'"{key}" is not allowed to be empty')
        if size < low:
            raise refused(words or f'"{key}" length must be at least {low} characters long')
        if size > high:
            raise refused(
                words or f'"{key}" length must be less than or equal to {high} characters long'
            )
        return value

    def need_text(self, key: str, low: int, high: int, *, words: str | None = None) -> str:
        """A text that must be there."""
        value = self.text(key, low, high, words=words)
        if value is None:
            raise refused(words or f'"{key}" is required')
        return value

    def id(self, key: str, *, words: str | None = None) -> int:
        """An id that must be there; `ids.UNKNOWN` for a text that is none of ours."""
        value = self.values.get(key)
        if value is None or value == "":
            raise refused(words or f'"{key}" is required')
        if not isinstance(value, str):
            raise refused(words or f'"{key}" must be a string')
        return ids.from_wire(value)

    def ids(
        self, key: str, high: int, *, low: int = 0, words: str | None = None
    ) -> list[int] | None:
        """A list of *low* to *high* ids, unknown ones as `ids.UNKNOWN`; None when not given."""
        value = self.values.get(key)
        if value is None:
            return None
        if not isinstance(value, list):
            raise refused(words or f'"{key}" must be an array')
        if len(value) < low:
            raise refused(words or f'"{key}" must contain at least {low} items')
        if len(value) > high:
            raise refused(words or f'"{key}" must contain less than or equal to {high} items')
        for place, each in enumerate(value):
            if not isinstance(each, str):
                raise refused(words or f'"{key}[{place}]" must be a string')
        return [ids.from_wire(each) for each in value]

    def need_ids(self, key: str, high: int, *, low: int = 0, words: str | None = None) -> list[int]:
        """A list of ids that must be there."""
        value = self.ids(key, high, low=low, words=words)
        if value is None:
            raise refused(words or f'"{key}" is required')
        return value

    def accounts(self, key: str, high: int) -> tuple[AccountId, ...]:
        """The known-looking ones of a list of user ids; empty when not given."""
        value = self.ids(key, high) or []
        return tuple(AccountId(each) for each in value if each != ids.UNKNOWN)

    def object(self, key: str, *, words: str | None = None) -> "Params | None":
        """An object; None when not given."""
        value = self.values.get(key)
        if value is None:
            return None
        if not isinstance(value, dict):
            raise refused(words or f'"{key}" must be of type object')
        return Params(value)

    def flag(self, key: str) -> bool | None:
        """True or false; None when not given."""
        value = self.values.get(key)
        if value is not None and not isinstance(value, bool):
            raise refused(f'"{key}" must be a boolean')
        return value

    def limit(self, default: int, cap: int) -> int:
        """How many at most: 0 or less means the default, above the cap means the cap."""
        asked = self._number("limit")
        if asked is None or asked <= 0:
            return default
        return min(asked, cap)

    def strict_limit(self, default: int, highest: int, cap: int) -> int:
        """How many at most, where 0 and more than *highest* are refused."""
        asked = self._number("limit")
        if asked is None:
            return default
        if asked < 1:
            raise refused('"limit" must be greater than or equal to 1')
        if asked > highest:
            raise refused(f'"limit" must be less than or equal to {highest}')
        return min(asked, cap)

    def offset(self) -> int:
        """How many of a list to pass over; 0 when not given."""
        asked = self._number("offset") or 0
        if asked < 0:
            raise refused('"offset" must be greater than or equal to 0')
        return asked

    def _number(self, key: str) -> int | None:
        value = self.values.get(key)
        if value is None or value == "":
            return None
        if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 16:
            return int(value)
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            raise refused(f'"{key}" must be a number')
        return value

    def page(self, default: int, cap: int, most_ids: int) -> Page:
        """`limit`, `updated_at {gt, lt}` and `ids`, in this order."""
        limit = self.limit(default, cap)
        after, before = self.bounds()
        only = self.ids("ids", most_ids)
        return Page(limit, after, before, None if only is None else tuple(only))

    def bounds(self, key: str = "updated_at") -> tuple[int | None, int | None]:
        """`updated_at {gt, lt}`, exclusive, in milliseconds."""
        value = self.values.get(key)
        if value is None or value == "":
            return None, None
        if not isinstance(value, dict):
            raise refused(f'"{key}" must be of type object')
        return (
            moment(value.get("gt"), f"{key}.gt"),
            moment(value.get("lt"), f"{key}.lt"),
        )

    def device(self, key: str = "device_id") -> str | None:
        """A device id, a number as its digits; None for missing, empty or 0."""
        value = self.values.get(key)
        if isinstance(value, bool):
            value = None
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, int) and value:
            value = str(value)
        if not isinstance(value, str) or not value or text.is_longer(value, MAX_DEVICE):
            return None
        return value

    def need_device(self, key: str = "device_id") -> str:
        """A device id that must be there."""
        value = self.device(key)
        if value is None:
            raise refused("'device_id' is required.")
        return value


def moment(value: Any, key: str) -> int | None:
    """A date in milliseconds: a number, its digits, or ISO 8601 with or without zone (then UTC)."""
    if value is None or value == "":
        return None
    if isinstance(value, str):
        value = _moment_of_text(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:  # noqa: PLR0124 - NaN
        raise refused(f'"{key}" must be a valid date')
    return int(max(-FARTHEST_MS, min(value, FARTHEST_MS)))


def _moment_of_text(value: str) -> float | None:
    if len(value) <= 17 and value.isascii() and value.removeprefix("-").isdigit():
        return int(value)
    try:
        date = datetime.fromisoformat(value)
    except ValueError:
        return None
    if date.tzinfo is None:
        date = date.replace(tzinfo=UTC)
    return round(date.timestamp() * 1000)


def need_object(value: Any) -> Params:
    """PARAMS of a request: an object; absent and null are an empty one."""
    if value is None:
        return Params({})
    if not isinstance(value, dict):
        raise Refused((422, '"value" must be of type object'))
    return Params(value)
