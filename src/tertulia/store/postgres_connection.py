"""Connections to PostgreSQL: how they are made, what they are told first, how a statement is spelled there."""

import re
from functools import cache
from itertools import count
from typing import Any, TypeAlias

import asyncpg
import asyncpg.pool

from tertulia.core.errors import Unavailable
from tertulia.store import migrate

# In quotes, because only the stubs of asyncpg take parameters.
Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
Either: TypeAlias = "Connection | asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"

ANSWER_WITHIN_S = 30.0
"""How long one statement, or the wait for a free reader, may take, in seconds; then Unavailable."""

CONNECT_WITHIN_S = 5.0
"""How long a connection, or the answer to `check`, may take, in seconds; then Unavailable."""

UPGRADE_LOCK = 0x7E27_71A0
"""An advisory lock of our own: two processes that start at once upgrade one after the other."""

WIDE_ENCODINGS = ("UTF8", "SQL_ASCII")
"""What can hold every text; the second keeps what it is given as it is."""

# What a connection that breaks, or cannot be had, may raise: also while the database starts or stops,
# and when it has no room for one more.
LOST = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
)

# Every statement of ours goes by an index. The planner must be told so: it cannot know how long a list
# is, nor how much of a chat a page takes, and one wrong guess reads a whole table. As the plan is always
# the same, it is made once. Compiling such short statements costs more than running them.
# And what is acknowledged is on the disk, whatever the database is set to.
SETTLE = """
SET application_name = 'tertulia';
SET jit = off;
SET plan_cache_mode = force_generic_plan;
SET enable_seqscan = off;
SET enable_bitmapscan = off;
SET enable_hashjoin = off;
SET enable_mergejoin = off;
SET max_parallel_workers_per_gather = 0;
SELECT set_config('synchronous_commit', 'on', false)
WHERE current_setting('synchronous_commit') = 'off'
"""


async def connected(url: str) -> Connection:
    """A new connection, ready for our statements. Raises: LOST, asyncpg.PostgresError."""
    connection: Connection = await asyncpg.connect(
        url,
        timeout=CONNECT_WITHIN_S,
        command_timeout=ANSWER_WITHIN_S,
        statement_cache_size=512,
        max_cached_statement_lifetime=0,
    )
    await settle(connection)
    return connection


async def settle(connection: Any) -> None:
    """Tell a new connection how we want to be served."""
    await connection.execute(SETTLE)


@cache
def respelled(sql: str) -> str:
    """A statement as PostgreSQL spells it: numbered parameters, lists as `jsonb`."""
    numbers = count(1)
    numbered = re.sub(r"\?", lambda _: f"${next(numbers)}", sql)
    return re.sub(
        r"json_each\((\$\d+)\) AS each",
        r"jsonb_array_elements(\1::jsonb) AS each(value)",
        numbered,
    )


async def upgrade(connection: Connection, upto: int | None = None) -> None:
    """Bring the database up to date, or up to a step; all steps or none.

    Processes that start together take turns.

    Raises:
        NewerStore: a later version wrote it.
        Unavailable: it cannot hold every text.
    """
    encoding = await connection.fetchval("SHOW server_encoding")
    if encoding not in WIDE_ENCODINGS:
        raise Unavailable(f"the store (its encoding is {encoding} instead of UTF8)")
    async with connection.transaction():
        await connection.execute(f"SELECT pg_advisory_xact_lock({UPGRADE_LOCK})")
        await connection.execute(migrate.for_postgres(migrate.VERSION_TABLE))
        found = await connection.fetchval(migrate.VERSION)
        for number, text in migrate.missing(found, upto):
            for statement in migrate.statements(text):
                await connection.execute(migrate.for_postgres(statement))
            await connection.execute("INSERT INTO schema_steps VALUES ($1)", number)
