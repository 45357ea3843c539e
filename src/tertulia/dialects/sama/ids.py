"""SAMA's 24 hex digits and our numbers.

The first 8 digits are the second the number was drawn in, the other 16 the number itself: so sorting
ids sorts by age, and nothing need be stored to go back (SAMA document, ids; stock clients only compare
and sort them).
"""

import re
from functools import lru_cache

from tertulia.core.ids import AccountId, ChatId, MessageId, drawn_at

UNKNOWN = 0
"""Stands for a text that is no id of ours; nothing has this number."""

DIGITS = 24
_FORM = re.compile(r"[0-9a-fA-F]{24}")


@lru_cache(maxsize=8_192)
def to_wire(number: int) -> str:
    """24 lower-case hex digits."""
    return f"{drawn_at(number) // 1000:08x}{number:016x}"


def from_wire(text: str) -> int:
    """The number; UNKNOWN for what is no id of ours, which then simply is not found."""
    # Looked at here, because what is remembered below may not be long.
    return _from_digits(text) if len(text) == DIGITS else UNKNOWN


@lru_cache(maxsize=8_192)
def _from_digits(text: str) -> int:
    if _FORM.fullmatch(text) is None:
        return UNKNOWN
    number = int(text[8:], 16)
    return number if to_wire(number) == text.lower() else UNKNOWN


def account(text: str) -> AccountId:
    """A user's id."""
    return AccountId(from_wire(text))


def chat(text: str) -> ChatId:
    """A conversation's id."""
    return ChatId(from_wire(text))


def message(text: str) -> MessageId:
    """A message's id."""
    return MessageId(from_wire(text))
