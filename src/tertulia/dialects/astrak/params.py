"""The parameters of a request: texts, numbers and flags, however they were sent.

An id or a flag may be a JSON number or a text: forms know nothing but texts.
"""

import re
from collections.abc import Mapping
from typing import Any

from tertulia.core.ids import MAX_NUMBER
from tertulia.dialects.astrak.errors import Malformed

DIGITS = re.compile(r"[0-9]+", re.ASCII)

MOST_DIGITS = 20
"""Of a number; longer ones name nothing anyway."""

FLAGS = {"1": True, "true": True, "0": False, "false": False}

NOBODY = 0
"""An id that nothing has."""


class Params:
    """Reads parameters. What is `null` is not given."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = values

    def text(self, name: str) -> str | None:
        """A text, NUL characters removed; None: it is not given. Raises: Malformed."""
        value = self._values.get(name)
        if value is None:
            return None
        if not isinstance(value, str):
            raise Malformed(f"{name} must be a string.")
        return value.replace("\0", "") if "\0" in value else value

    def need_text(self, name: str) -> str:
        """The same for what must be there."""
        value = self.text(name)
        if value is None:
            raise Malformed(f"{name} is missing.")
        return value

    def name(self, name: str) -> str | None:
        """A text that may be sent as a whole number: an id, a phone, a code."""
        value = self._values.get(name)
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        return self.text(name)

    def need_name(self, name: str) -> str:
        """The same for what must be there."""
        value = self.name(name)
        if value is None:
            raise Malformed(f"{name} is missing.")
        return value

    def id(self, name: str) -> int | None:
        """An id; NOBODY for a number that nothing can have. Raises: Malformed."""
        value = self.name(name)
        return None if value is None else id_in(value, name)

    def need_id(self, name: str) -> int:
        """The same for what must be there."""
        return id_in(self.need_name(name), name)

    def place(self, name: str) -> int | None:
        """A number to stand before or behind; one that nothing can have is behind everything."""
        value = self.id(name)
        is_far = value == NOBODY and (self.name(name) or "").strip("0")
        return MAX_NUMBER if is_far else value

    def whole(self, name: str, low: int, high: int) -> int | None:
        """A whole number from *low* to *high*. Raises: Malformed."""
        value = self.name(name)
        if value is None:
            return None
        if not DIGITS.fullmatch(value) or len(value) > MOST_DIGITS:
            raise Malformed(f"{name} must be a whole number.")
        if not low <= int(value) <= high:
            raise Malformed(f"{name} must be from {low} to {high}.")
        return int(value)

    def flag(self, name: str) -> bool | None:
        """`1`, `0`, `true` or `false`. Raises: Malformed."""
        value = self._values.get(name)
        if value is None or isinstance(value, bool):
            return value
        flag = FLAGS.get(str(value).lower()) if isinstance(value, str | int) else None
        if flag is None:
            raise Malformed(f"{name} must be 1 or 0.")
        return flag


def is_id(text: str) -> bool:
    """Whether it is a number: then it is no username."""
    return DIGITS.fullmatch(text) is not None


def id_in(text: str, name: str) -> int:
    """The number. Raises: Malformed when it is none."""
    if not is_id(text):
        raise Malformed(f"{name} must be a number.")
    number = int(text) if len(text) <= MOST_DIGITS else MAX_NUMBER + 1
    return number if number <= MAX_NUMBER else NOBODY
