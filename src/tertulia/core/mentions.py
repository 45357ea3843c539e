"""Whom and what a text names: `@` before a person's name, `#` before a group's name or a task's number.

What follows the sign is a name when somebody is called so; how many words it has, nobody knows before. So
each sign gives several candidates, and the longest that is somebody's name counts.
"""

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple, TypeVar

from tertulia.core.text import fold

MOST_SIGNS = 20
"""Signs in one text that are looked at."""

MOST_WORDS = 4
"""Of one name."""

MAX_NAME = 100
"""Code points of one name."""

_SIGN = re.compile(r"(?<![\w@#&/.+-])[@#](?=[^\s@#])")
_WORD = re.compile(r"[^\s@#]+")
_ENDS = ".,;:!?…)]}>»\"'*_~"
"""What ends a sentence, or sets off words, rather than being part of a name."""

T = TypeVar("T")


class Called(NamedTuple):
    """One sign and what may be the name after it, the longest first; as in the text."""

    sign: str
    names: tuple[str, ...]


def called_in(text: str) -> list[Called]:
    """Where the text may name somebody or something."""
    if "@" not in text and "#" not in text:
        return []
    found: list[Called] = []
    for sign in _SIGN.finditer(text):
        names = tuple(_names(text[sign.end() : sign.end() + MAX_NAME]))
        if names:
            found.append(Called(sign[0], names))
        if len(found) == MOST_SIGNS:
            break
    return found


def _names(words: str) -> Iterable[str]:
    """What the text may begin with, the longest first."""
    line = words.partition("\n")[0]
    ends = [each.end() for each in _WORD.finditer(line)][:MOST_WORDS]
    for end in reversed(ends):
        whole = line[:end]
        yield whole
        short = whole.rstrip(_ENDS)
        if short and short != whole:
            yield short


def resolved(called: Called, known: Mapping[str, T]) -> tuple[str, T] | None:
    """The words, sign included, and what they stand for. *known*: by folded name."""
    for name in called.names:
        found = known.get(fold(name))
        if found is not None:
            return called.sign + name, found
    return None
