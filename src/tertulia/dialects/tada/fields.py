"""The fields of a request, read one by one; what is wrong with them is collected and told at once.

    form = await call.fields()
    name = form.need_text("name", most=MAX_TEAM_TITLE)
    when = form.number("max_message_update_age", 0, 10**9)
    form.check()

A reader of a wrong field notes why and returns None (the `need_…` readers: something harmless);
`check` then raises. Values of forms and queries are texts: `true`, `True` and `1` are true, digits
are numbers. `null` is as good as absent, unless one asks `given`.
"""

import re
from collections.abc import Collection, Mapping
from typing import Any

from tertulia.core import text as texts
from tertulia.core.errors import BadInput
from tertulia.core.phones import normalised
from tertulia.dialects.tada import errors
from tertulia.dialects.tada.limits import MAX_LIST, MAX_TEXT

TRUE = frozenset({"true", "True", "1"})
FALSE = frozenset({"false", "False", "0"})
_WHOLE = re.compile(r"-?\d{1,19}", re.ASCII)


class Fields:
    """An object from a client; `values` are as they came."""

    __slots__ = ("_details", "_is_text", "_prefix", "values")

    def __init__(
        self,
        values: Mapping[str, Any],
        *,
        is_text: bool = False,
        prefix: str = "",
        details: dict[str, str] | None = None,
    ) -> None:
        """The fields of *values*.

        Args:
            values: from name to value.
            is_text: they come from a form or a query, where everything is a text.
            prefix: goes before names in `details`: `contacts.0.`.
            details: where to note what is wrong; None: a place of its own.
        """
        self.values = values
        self._is_text = is_text
        self._prefix = prefix
        self._details = {} if details is None else details

    @property
    def is_wrong(self) -> bool:
        """Whether anything was noted here or in the objects inside."""
        return bool(self._details)

    def given(self, key: str) -> bool:
        """Whether *key* is there, be it null."""
        return key in self.values

    def note(self, key: str, why: str) -> None:
        """Something is wrong with *key*; the first remark counts."""
        self._details.setdefault(self._prefix + key, why)

    def check(self) -> None:
        """Raises: InvalidData, when anything was noted here or in the objects inside."""
        if self.is_wrong:
            raise errors.InvalidData(dict(self._details))

    def text(self, key: str, *, most: int = MAX_TEXT) -> str | None:
        """A text of at most so many characters, blanks around it trimmed; None when absent."""
        value = self.raw_text(key, most=most)
        return None if value is None else value.strip()

    def raw_text(self, key: str, *, most: int = MAX_TEXT) -> str | None:
        """The same, blanks and all."""
        value = self.values.get(key)
        if isinstance(value, int) and not isinstance(value, bool):
            # The original took numbers for texts, too: codes and phones come as such.
            value = str(value)
        if value is None:
            return None
        if not isinstance(value, str):
            self.note(key, errors.NOT_A_TEXT)
            return None
        if texts.is_longer(value, most):
            self.note(key, errors.too_long(most, len(value)))
            return None
        return value

    def need_text(self, key: str, *, most: int = MAX_TEXT) -> str:
        """A text that must be there and not be blank; "" when it is not."""
        value = self.text(key, most=most)
        if not value:
            self.note(key, errors.REQUIRED)
        return value or ""

    def need_raw_text(self, key: str, *, most: int = MAX_TEXT) -> str:
        """The same with its blanks: for ids that the client has made up."""
        value = self.raw_text(key, most=most)
        if value is None or not value.strip():
            self.note(key, errors.REQUIRED)
        return value or ""

    def need_phone(self, key: str = "phone") -> str:
        """A phone number as `+` and digits, whatever its spelling; "" when it is none."""
        value = self.values.get(key)
        if value is None or value == "":
            self.note(key, errors.REQUIRED)
            return ""
        try:
            return normalised(self.text(key) or "")
        except BadInput:
            self.note(key, errors.WRONG_PHONE)
            return ""

    def flag(self, key: str) -> bool | None:
        """True or false; None when absent."""
        value = self.values.get(key)
        if value is None or isinstance(value, bool):
            return value
        if self._is_text and value in TRUE | FALSE:
            return value in TRUE
        self.note(key, errors.NOT_A_FLAG)
        return None

    def number(self, key: str, low: int, high: int) -> int | None:
        """A whole number from *low* to *high*; None when absent."""
        value = self.values.get(key)
        if value is None or (self._is_text and value == ""):
            return None
        if self._is_text and isinstance(value, str) and _WHOLE.fullmatch(value):
            value = int(value)
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            self.note(key, errors.NOT_A_NUMBER)
            return None
        if not low <= value <= high:
            self.note(key, errors.WRONG_VALUE)
            return None
        return value

    def choice(self, key: str, options: Collection[str]) -> str | None:
        """One of these words; None when absent or empty: some clients send all they have, empty or not."""
        value = self.values.get(key)
        if value is None or value == "":
            return None
        if isinstance(value, str) and value in options:
            return value
        self.note(key, errors.no_choice(value if isinstance(value, str | int) else ""))
        return None

    def need_choice(self, key: str, options: Collection[str]) -> str:
        """One of these words, which must be there; "" when it is not."""
        value = self.values.get(key)
        if value is None or value == "":
            self.note(key, errors.REQUIRED)
            return ""
        return self.choice(key, options) or ""

    def texts(
        self, key: str, *, most_items: int = MAX_LIST, most: int = MAX_TEXT
    ) -> list[str] | None:
        """A list of texts; from forms and queries a comma-separated one. None when absent."""
        value = self.values.get(key)
        if self._is_text and isinstance(value, str):
            value = [part.strip() for part in value.split(",") if part.strip()]
        items = self._list(key, value, most_items)
        if items is None:
            return None
        for place, each in enumerate(items):
            if not isinstance(each, str):
                self.note(f"{key}.{place}", errors.NOT_A_TEXT)
            elif texts.is_longer(each, most):
                self.note(f"{key}.{place}", errors.too_long(most, len(each)))
        return [each for each in items if isinstance(each, str)]

    def object(self, key: str) -> "Fields | None":
        """The object inside; None when absent."""
        value = self.values.get(key)
        if value is None:
            return None
        if not isinstance(value, dict):
            self.note(key, errors.NOT_AN_OBJECT)
            return None
        return self._inside(value, key)

    def objects(self, key: str, *, most_items: int = MAX_LIST) -> "list[Fields] | None":
        """A list of objects, whose remarks are noted as `key.0.name`; None when absent."""
        items = self._list(key, self.values.get(key), most_items)
        if items is None:
            return None
        found = []
        for place, each in enumerate(items):
            if isinstance(each, dict):
                found.append(self._inside(each, f"{key}.{place}"))
            else:
                self.note(f"{key}.{place}", errors.NOT_AN_OBJECT)
        return found

    def _list(self, key: str, value: Any, most_items: int) -> list[Any] | None:
        if value is None:
            return None
        if not isinstance(value, list):
            self.note(key, errors.NOT_A_LIST)
            return None
        if len(value) > most_items:
            self.note(key, errors.too_many(most_items))
            return None
        return value

    def _inside(self, values: dict[str, Any], key: str) -> "Fields":
        return Fields(values, prefix=f"{self._prefix}{key}.", details=self._details)
