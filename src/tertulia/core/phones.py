"""Any spelling of a phone number to one: `+` and digits. And the table of countries behind it."""

import json
import re
from dataclasses import dataclass
from functools import cache
from importlib import resources

from tertulia.core.errors import BadInput

FEWEST_DIGITS = 8
MOST_DIGITS = 15
"""Of an international number, its country code included."""

HOME = "+7"
"""The country that is meant when a number does not say."""

HOME_DIGITS = 11
"""Of a number of that country, its code included."""

MOST_SIGNS = 64
"""Of what may be a number at all, in code points."""

# White space of all kinds, what is invisible (marks of direction come along when a number is copied),
# brackets, dots, hyphens and dashes.
_FILLING = re.compile(r"[\s\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff()\[\].‐‑‒–—―−-]+")

_DIGITS = re.compile(r"(?a)\+?\d+")


@dataclass(frozen=True, slots=True)
class Country:
    """A row of the table: code with its `+`, Russian name, whether it is the one that is guessed."""

    code: str
    name: str
    is_default: bool = False


def normalised(text: str) -> str:
    """The number as `+` and 8 to 15 digits; the same for every spelling of it.

    Without `+` or `00` in front only numbers of the country `HOME` are understood: ten digits, or
    eleven that begin with 7 or 8.

    Raises:
        BadInput: "phone": it is no number, or of no country that we know.
    """
    if len(text) > MOST_SIGNS:
        raise _no_number()
    bare = _FILLING.sub("", text)
    if not _DIGITS.fullmatch(bare):
        raise _no_number()
    number = _international(bare)
    if not FEWEST_DIGITS <= len(number) - 1 <= MOST_DIGITS:
        raise _no_number()
    if number.startswith(HOME) and len(number) - 1 != HOME_DIGITS:
        raise _no_number()
    if not number.startswith(_codes()):
        raise _no_number()
    return number


def is_number(text: str) -> bool:
    """Whether `normalised` would understand it."""
    try:
        normalised(text)
    except BadInput:
        return False
    return True


def spellings(number: str) -> tuple[str, ...]:
    """The digits of every spelling that is normalised to *number*, which is normalised already."""
    digits = number[1:]
    abroad = (digits, f"00{digits}")
    if not number.startswith(HOME):
        return abroad
    # Ten digits that begin with two zeros are understood as a call abroad.
    short = () if digits.startswith("700") else (digits[1:],)
    return (*abroad, f"8{digits[1:]}", *short)


@cache
def countries() -> tuple[Country, ...]:
    """The table, in its order. Codes repeat: some countries share one."""
    text = (resources.files("tertulia.core") / "countries.json").read_text("utf-8")
    return tuple(
        Country(row["code"], row["name"], row.get("default", False))
        for row in json.loads(text)["countries"]
    )


def _international(bare: str) -> str:
    if bare.startswith("+"):
        return bare
    if bare.startswith("00"):
        return f"+{bare[2:]}"
    if len(bare) == HOME_DIGITS - 1:
        return HOME + bare
    if len(bare) == HOME_DIGITS and bare[0] in "78":
        return HOME + bare[1:]
    raise _no_number()


@cache
def _codes() -> tuple[str, ...]:
    return tuple({country.code for country in countries()})


def _no_number() -> BadInput:
    return BadInput("phone", "is no phone number")
