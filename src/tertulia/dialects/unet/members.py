"""The members of a request object, each read as what it must be (document, request model).

Ids and limits may also come as decimal strings. Unknown members are ignored.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from tertulia.core.ids import MAX_NUMBER
from tertulia.dialects.unet.errors import bad_member

NOTHING = 0
"""Nothing has this number: it stands for any that is too large to be one of ours."""

DECIMAL = re.compile(r"[0-9]+")
MOST_DIGITS = 30
"""Of a decimal string; more are not even counted, the number is too large."""

Json = dict[str, Any]


class Members:
    """One object of `q`."""

    __slots__ = ("values",)

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.values = values

    def number(self, name: str) -> int | None:
        """An id; None when it is not given."""
        value = self._whole(name)
        return NOTHING if value is not None and value > MAX_NUMBER else value

    def need_number(self, name: str) -> int:
        """An id that must be given."""
        value = self.number(name)
        if value is None:
            raise bad_member(name, "is missing")
        return value

    def limit(self, otherwise: int, most: int) -> int:
        """Items of a page: at least 1; more than *most* is cut."""
        value = self._whole("limit")
        if value is None:
            return otherwise
        if value == 0:
            raise bad_member("limit", "must be 1 or more")
        return min(value, most)

    def _whole(self, name: str) -> int | None:
        if name not in self.values:
            return None
        value = self.values[name]
        if isinstance(value, str) and DECIMAL.fullmatch(value):
            return int(value) if len(value) <= MOST_DIGITS else MAX_NUMBER + 1
        if type(value) is not int or value < 0:
            raise bad_member(name, "must be an unsigned integer")
        return value

    def text(self, name: str) -> str | None:
        """A string; None when it is not given."""
        if name not in self.values:
            return None
        value = self.values[name]
        if not isinstance(value, str):
            raise bad_member(name, "must be a string")
        return value

    def flag(self, name: str) -> bool:
        """A boolean; False when it is not given."""
        value = self.values.get(name, False)
        if not isinstance(value, bool):
            raise bad_member(name, "must be a boolean")
        return value

    def objects(self, name: str) -> list["Members"]:
        """An array of objects; none when it is not given."""
        value = self.values.get(name, [])
        if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
            raise bad_member(name, "must be an array of objects")
        return [Members(each) for each in value]

    def fields(self) -> "Fields":
        """Which fields of the answer are wished for."""
        value = self.values.get("fields", {})
        if not isinstance(value, dict) or not all(
            isinstance(each, bool) for each in value.values()
        ):
            raise bad_member("fields", "must be an object of field names and booleans")
        return Fields(value)


class Fields:
    """Fields that are asked for, or not wanted; all others stay as they are."""

    __slots__ = ("wishes",)

    def __init__(self, wishes: Mapping[str, bool] | None = None) -> None:
        self.wishes = wishes or {}

    def wants(self, name: str) -> bool:
        """Whether a field that is left out without a wish is wished for."""
        return self.wishes.get(name, False)

    def among(self, names: Iterable[str]) -> dict[str, bool]:
        """The wishes for these; for any other name they mean nothing."""
        return {name: self.wishes[name] for name in names if name in self.wishes}

    def shaped(self, item: Json) -> Json:
        """The item without the fields that are not wanted."""
        if False not in self.wishes.values():
            return item
        return {name: value for name, value in item.items() if self.wishes.get(name, True)}
