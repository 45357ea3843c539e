"""A store as tables of numbers and texts, which mean the same in every engine (docs/decisions/0124)."""

from collections.abc import AsyncIterator, Sequence
from typing import NamedTuple, Protocol

from tertulia.core.errors import TertuliaError

Row = Sequence[int | str | None]

STEPS = "schema_steps"
"""The table of schema steps. It is not copied: the schema of a copy is made by the steps themselves."""

LEFT_OUT = (STEPS, "told")
"""Tables that are not copied. What commits told concerns the processes that run just now."""

ROWS_AT_ONCE = 500
"""So many are read, or stored, in one go."""


class BadBackup(TertuliaError):
    """The backup is none of ours, is not whole, or does not fit together; the text says which."""


class NotEmpty(TertuliaError):
    """There is a store already where one was to be made."""


class NoStore(TertuliaError):
    """There is none where one was to be read."""


class Table(NamedTuple):
    """One table, and how many rows it has."""

    name: str
    columns: tuple[str, ...]
    rows: int


class Snapshot(Protocol):
    """A store as it is at one moment, whoever goes on writing to it."""

    @property
    def step(self) -> int:
        """The schema step it is at."""
        ...

    async def tables(self) -> list[Table]:
        """All of them, by name, but those in LEFT_OUT."""
        ...

    def rows(self, table: Table) -> AsyncIterator[list[Row]]:
        """Every row of it, a few at once."""
        ...

    async def ask(self, sql: str) -> list[Row]:
        """What a query answers."""
        ...

    async def damages(self) -> list[str]:
        """What the engine itself finds wrong with how it keeps the store, in its own words."""
        ...


class Filling(Protocol):
    """A new store that is being filled. It comes to be whole, or not at all."""

    async def add(self, table: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
        """Rows of a table.

        Raises:
            BadBackup: there is no such table, it has other columns, or they do not go in.
        """
        ...


def check_columns(known: dict[str, tuple[str, ...]], table: str, columns: Sequence[str]) -> None:
    """Whether a table of a backup is the one we know. Raises: BadBackup."""
    if table not in known or sorted(known[table]) != sorted(columns):
        raise BadBackup(f"the backup has a table {table!r} that the store does not have so")


def insertion(table: str, columns: Sequence[str]) -> str:
    """The statement that adds a row; names were checked before."""
    names = ", ".join(f'"{each}"' for each in columns)
    return f'INSERT INTO "{table}" ({names}) VALUES ({", ".join("?" * len(columns))})'


def selection(table: Table) -> str:
    """The query that reads a table; its names come from the store itself."""
    names = ", ".join(f'"{each}"' for each in table.columns)
    return f'SELECT {names} FROM "{table.name}"'


def counting(name: str) -> str:
    """The query that counts its rows."""
    return f'SELECT COUNT(*) FROM "{name}"'
