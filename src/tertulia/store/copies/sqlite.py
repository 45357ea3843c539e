"""Copies from and to a SQLite file. The server may go on writing to the one that is read."""

import os
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, closing, contextmanager
from itertools import islice
from pathlib import Path
from urllib.parse import quote

import apsw

from tertulia.core.errors import Unavailable
from tertulia.store import migrate
from tertulia.store.copies.tables import (
    LEFT_OUT,
    ROWS_AT_ONCE,
    BadBackup,
    NoStore,
    NotEmpty,
    Row,
    Table,
    check_columns,
    counting,
    insertion,
    selection,
)
from tertulia.store.sqlite import REFUSED, locked

READ_ONLY = apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI

NAMES = """
SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name
"""
COLUMNS = "SELECT name FROM pragma_table_info(?) ORDER BY cid"
PATIENCE_MS = 5_000
MOST_DAMAGES = 20

BESIDE = ("-wal", "-shm", "-journal")
"""Endings of what belongs to a store's file; of another one it would spoil it."""

CACHE_KIB = 65_536
"""Page cache while a store is filled."""


class SqliteSnapshot:
    """`Snapshot` of a file, as long as its transaction lasts."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        self._step = int(connection.execute(migrate.VERSION).get)

    @property
    def step(self) -> int:
        """See `Snapshot`."""
        return self._step

    async def tables(self) -> list[Table]:
        """See `Snapshot`."""
        return [
            Table(name, columns, self._connection.execute(counting(name)).get)
            for name, columns in _columns(self._connection).items()
        ]

    async def rows(self, table: Table) -> AsyncIterator[list[Row]]:
        """See `Snapshot`."""
        cursor = self._connection.execute(selection(table))
        while some := list(islice(cursor, ROWS_AT_ONCE)):
            yield some

    async def ask(self, sql: str) -> list[Row]:
        """See `Snapshot`."""
        return list(self._connection.execute(sql))

    async def damages(self) -> list[str]:
        """See `Snapshot`."""
        try:
            pages = self._connection.execute(f"PRAGMA integrity_check({MOST_DAMAGES})").fetchall()
            orphans = list(
                islice(self._connection.execute("PRAGMA foreign_key_check"), MOST_DAMAGES)
            )
        except apsw.Error as error:
            return [str(error)]
        found = [str(text) for (text,) in pages if text != "ok"]
        return found + [
            f"a row of {table} names one of {parent} that is not there"
            for table, _, parent, _ in orphans
        ]


@asynccontextmanager
async def of_file(path: Path) -> AsyncIterator[SqliteSnapshot]:
    """The store in that file.

    Raises:
        NoStore: there is none.
        Unavailable: it cannot be read.
    """
    try:
        with closing(_opened(path)) as connection:
            connection.set_busy_timeout(PATIENCE_MS)
            connection.execute("BEGIN")
            yield SqliteSnapshot(connection)
    except apsw.Error as error:
        raise Unavailable(f"the store {path} ({error})") from error


def _opened(path: Path) -> apsw.Connection:
    if not path.exists():
        raise NoStore(f"there is no store at {path}: the first start makes it")
    return apsw.Connection(f"file:{quote(str(path))}?mode=ro", READ_ONLY)


class SqliteFilling:
    """`Filling` of a file that nobody else knows of yet."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        self._known = _columns(connection)
        for name in self._known:
            connection.execute(f'DELETE FROM "{name}"')

    async def add(self, table: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
        """See `Filling`."""
        check_columns(self._known, table, columns)
        with _fitting():
            self._connection.executemany(insertion(table, columns), rows)


@asynccontextmanager
async def into_file(path: Path, step: int) -> AsyncIterator[SqliteFilling]:
    """An empty store at that schema step; the file is there when the block has ended well.

    Raises:
        NotEmpty: there is a store already.
        Unavailable: a server holds the place, or there is no room.
        BadBackup: what it was filled with does not fit together.
    """
    with closing(locked(path)):
        for ending in ("", *BESIDE):
            there = path.with_name(path.name + ending)
            if there.exists():
                raise NotEmpty(
                    f"there is a store already: {there}. Move it away, or name another folder"
                )
        growing = path.with_name(f"{path.name}.restoring")
        growing.unlink(missing_ok=True)
        os.close(os.open(growing, os.O_CREAT | os.O_EXCL, 0o600))
        try:
            with closing(apsw.Connection(str(growing))) as connection:
                yield _prepared(connection, step)
                connection.execute("COMMIT")
                _check_references(connection)
            _put(growing, path)
        except apsw.Error as error:
            raise Unavailable(f"the store {growing} ({error})") from error
        finally:
            growing.unlink(missing_ok=True)


def _prepared(connection: apsw.Connection, step: int) -> SqliteFilling:
    """Ready to be filled, in one transaction."""
    # Nobody knows the file yet, so nobody needs it after a loss of power.
    connection.execute("PRAGMA journal_mode=OFF")
    connection.execute("PRAGMA synchronous=OFF")
    connection.execute(f"PRAGMA cache_size=-{CACHE_KIB}")
    migrate.upgrade_sqlite(connection, upto=step)
    connection.execute("BEGIN")
    return SqliteFilling(connection)


def _check_references(connection: apsw.Connection) -> None:
    found = connection.execute("PRAGMA foreign_key_check").fetchone()
    if found is not None:
        raise BadBackup(
            f"the backup does not fit together: a row of {found[0]} names what is not there"
        )


def _put(growing: Path, path: Path) -> None:
    """Give the finished file its name, for good."""
    with growing.open("rb") as file:
        os.fsync(file.fileno())
    growing.rename(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _columns(connection: apsw.Connection) -> dict[str, tuple[str, ...]]:
    names = [str(name) for (name,) in connection.execute(NAMES).fetchall() if name not in LEFT_OUT]
    return {
        name: tuple(str(column) for (column,) in connection.execute(COLUMNS, (name,)))
        for name in names
    }


@contextmanager
def _fitting() -> Iterator[None]:
    try:
        yield
    except apsw.FullError:
        raise
    except REFUSED as error:
        raise BadBackup(f"the backup does not fit together: {error}") from error
