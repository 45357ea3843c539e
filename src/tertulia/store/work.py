"""A unit of work is a generator: it asks, an engine answers.

So one text serves SQLite in a thread and PostgreSQL over a socket, and an engine can put many units
into one commit without their knowing. A unit does not sleep, call out, or read the clock.

SQL is written once, in the subset both engines speak. Parameters are `?`. A list enters as one JSON
array: `json_each(?) AS each` gives its elements as `each.value`; an element that is itself an array is
read with `each.value ->> 0`.
"""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

import msgspec

from tertulia.core.events import Event

T = TypeVar("T")

Row = tuple[Any, ...]

FAR_FUTURE = 2**53 - 1
"""After every date, in milliseconds since 1970 UTC, and no smaller than any number."""


LAST_NUMBER = "SELECT value FROM counters WHERE name = 'number'"
"""The last number of the sequence; SQLite keeps one that it has not come to yet."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Ask for all rows of a statement."""

    sql: str
    params: Sequence[object] = ()


@dataclass(frozen=True, slots=True)
class Run:
    """Ask for one statement to be carried out; nothing comes back."""

    sql: str
    params: Sequence[object] = ()


@dataclass(frozen=True, slots=True)
class Many:
    """Ask for one statement to be carried out for each row of parameters, in one go."""

    sql: str
    rows: Sequence[Sequence[object]]


class Draw(NamedTuple):
    """Ask for the next number of the one sequence (`core.ids.Numbers.draw`)."""

    at_ms: int


class Tell(NamedTuple):
    """Hand an event to delivery once the commit has reached the disk."""

    event: Event


Ask = Rows | Run | Many | Draw | Tell
Work = Generator[Ask, Any, T]


def rows(sql: str, *params: object) -> Work[list[Row]]:
    """All rows."""
    return (yield Rows(sql, params))  # type: ignore[no-any-return]  # the engine's answer to Rows


def row(sql: str, *params: object) -> Work[Row | None]:
    """The first row, or None."""
    found: list[Row] = yield Rows(sql, params)
    return found[0] if found else None


def run(sql: str, *params: object) -> Work[None]:
    """Carry out one statement."""
    yield Run(sql, params)


def many(sql: str, each: Sequence[Sequence[object]]) -> Work[None]:
    """Carry out one statement for each row of parameters; nothing for none."""
    if each:
        yield Many(sql, each)


def draw(at_ms: int) -> Work[int]:
    """The next number."""
    return (yield Draw(at_ms))  # type: ignore[no-any-return]  # the engine's answer to Draw


def tell(event: Event) -> Work[None]:
    """Announce without storing: for what a row of its own already says, or what nobody needs later."""
    yield Tell(event)


def array(values: Sequence[object]) -> str:
    """A list as a parameter for `json_each(?) AS each`."""
    return msgspec.json.encode(values).decode()
