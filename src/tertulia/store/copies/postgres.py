"""Copies from and to a PostgreSQL database. Servers may go on writing to the one that is read."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TypeAlias

import asyncpg

from tertulia.core.errors import Unavailable
from tertulia.store import migrate
from tertulia.store.copies.tables import (
    LEFT_OUT,
    ROWS_AT_ONCE,
    STEPS,
    BadBackup,
    NoStore,
    NotEmpty,
    Row,
    Table,
    check_columns,
    counting,
    selection,
)
from tertulia.store.postgres_connection import CONNECT_WITHIN_S, LOST, upgrade

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

COLUMNS = """
SELECT table_name, array_agg(column_name::text ORDER BY ordinal_position)
FROM information_schema.columns WHERE table_schema = current_schema()
GROUP BY table_name ORDER BY table_name
"""
ANYTHING = "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = current_schema()"
IS_OURS = f"SELECT to_regclass('{STEPS}') IS NOT NULL"

# References are taken away while tables are filled, in whatever order, and put back checked.
REFERENCES = """
SELECT conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid)
FROM pg_constraint WHERE contype = 'f' AND connamespace = current_schema()::regnamespace
"""


# What the database, or the driver that packs the rows, raises for values that have no place in a column.
MISFITS = (
    asyncpg.DataError,
    asyncpg.IntegrityConstraintViolationError,
    IndexError,
    OverflowError,
    TypeError,
    ValueError,
)


class PostgresSnapshot:
    """`Snapshot` of a database, as long as its transaction lasts."""

    def __init__(self, connection: Connection, step: int) -> None:
        self._connection = connection
        self._step = step

    @property
    def step(self) -> int:
        """See `Snapshot`."""
        return self._step

    async def tables(self) -> list[Table]:
        """See `Snapshot`."""
        known = await _columns(self._connection)
        return [
            Table(name, columns, await self._connection.fetchval(counting(name)))
            for name, columns in known.items()
        ]

    async def rows(self, table: Table) -> AsyncIterator[list[Row]]:
        """See `Snapshot`."""
        cursor = await self._connection.cursor(selection(table))
        while some := await cursor.fetch(ROWS_AT_ONCE):
            yield [tuple(each) for each in some]

    async def ask(self, sql: str) -> list[Row]:
        """See `Snapshot`."""
        return [tuple(each) for each in await self._connection.fetch(sql)]

    async def damages(self) -> list[str]:
        """Nothing: a database is looked after with its own tools."""
        return []


@asynccontextmanager
async def of_database(url: str) -> AsyncIterator[PostgresSnapshot]:
    """The store in that database.

    Raises:
        NoStore: there is none.
        Unavailable: it does not answer.
    """
    async with (
        _connected(url) as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        if not await connection.fetchval(IS_OURS):
            raise NoStore("there is no store in the database: the first start makes it")
        step = await connection.fetchval(migrate.VERSION)
        yield PostgresSnapshot(connection, step)


class PostgresFilling:
    """`Filling` of a database, in one transaction."""

    def __init__(self, connection: Connection, known: dict[str, tuple[str, ...]]) -> None:
        self._connection = connection
        self._known = known

    async def add(self, table: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
        """See `Filling`."""
        check_columns(self._known, table, columns)
        try:
            await self._connection.copy_records_to_table(table, records=rows, columns=columns)
        except MISFITS as error:
            raise BadBackup(f"the backup does not fit together: {error}") from error


@asynccontextmanager
async def into_database(url: str, step: int) -> AsyncIterator[PostgresFilling]:
    """An empty store at that schema step; it is there when the block has ended well.

    Raises:
        NotEmpty: the database has tables already.
        Unavailable: it does not answer.
        BadBackup: what it was filled with does not fit together.
    """
    async with _connected(url) as connection, connection.transaction():
        if await connection.fetchval(ANYTHING):
            raise NotEmpty("the database is not empty: name an empty one")
        await upgrade(connection, upto=step)
        known = await _columns(connection)
        references = await connection.fetch(REFERENCES)
        for table, name, _ in references:
            await connection.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
        for name in known:
            await connection.execute(f'DELETE FROM "{name}"')
        yield PostgresFilling(connection, known)
        try:
            for table, name, definition in references:
                await connection.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")
        except asyncpg.IntegrityConstraintViolationError as error:
            raise BadBackup(f"the backup does not fit together: {error}") from error
        await connection.execute("ANALYZE")


async def _columns(connection: Connection) -> dict[str, tuple[str, ...]]:
    found = await connection.fetch(COLUMNS)
    return {name: tuple(columns) for name, columns in found if name not in LEFT_OUT}


@asynccontextmanager
async def _connected(url: str) -> AsyncIterator[Connection]:
    try:
        connection: Connection = await asyncpg.connect(url, timeout=CONNECT_WITHIN_S)
        try:
            await connection.execute("SET application_name = 'tertulia copy'")
            yield connection
        finally:
            await connection.close(timeout=CONNECT_WITHIN_S)
    except (*LOST, asyncpg.PostgresError) as error:
        raise Unavailable(f"the store ({error})") from error
