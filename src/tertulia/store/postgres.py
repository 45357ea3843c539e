"""The engine for large installations: PostgreSQL, one writing connection, many units in one commit.

Every batch of every process first locks the row that counts the numbers. So batches follow each other
as they do in SQLite, numbers stand in the order of commits, and a reader's position can never skip a
row that commits later.

Each statement is a round trip, so the control statements travel together: BEGIN with the lock, RELEASE
with the next SAVEPOINT or with the COMMIT.
"""

import asyncio
import logging
import re
from collections.abc import Callable, Coroutine
from functools import cache
from itertools import count
from typing import Any, TypeAlias, TypeVar

import asyncpg
import asyncpg.pool

from tertulia.core.errors import Unavailable
from tertulia.core.events import Event
from tertulia.core.pending import Pending
from tertulia.core.tally import Tally
from tertulia.store import migrate
from tertulia.store.batch import (
    RELEASE,
    Batch,
    Begin,
    Commit,
    Gathering,
    SetUnit,
    StoreFault,
    commit,
)
from tertulia.store.work import Ask, Many, Rows, Run, Work, rows

LOG = logging.getLogger(__name__)

T = TypeVar("T")
M = TypeVar("M")
R = TypeVar("R")

Spawn = Callable[[Coroutine[Any, Any, None]], object]
# In quotes, because only the stubs of asyncpg take parameters.
Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
Either: TypeAlias = "Connection | asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"

READERS = 4
"""Connections that only read. A read beyond them waits for its turn."""

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

# The lock that makes writers take turns. It finds its row only while the number is still the one we
# wrote last, which spares a process that is alone the reading of it.
BEGIN = """
BEGIN ISOLATION LEVEL READ COMMITTED;
SELECT value FROM counters WHERE name = 'number' AND value = {last} FOR UPDATE
"""
OUR_NUMBER = "SELECT 1"
LAST_NUMBER = "SELECT value FROM counters WHERE name = 'number'"
LOCK_NUMBER = f"{LAST_NUMBER} FOR UPDATE"
COMMIT = "UPDATE counters SET value = {last} WHERE name = 'number'; COMMIT"

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


OTHERS = """
SELECT COUNT(*) FROM pg_stat_activity
WHERE datname = current_database() AND application_name = 'tertulia' AND pid <> pg_backend_pid()
"""


class PostgresEngine:
    """Units over one PostgreSQL database, which several processes may share."""

    def __init__(
        self, url: str, publish: Callable[[list[Event]], None], tally: Tally, spawn: Spawn
    ) -> None:
        """Nothing is connected yet. `spawn` starts a task in a group that outlives `close`."""
        self._url = url
        self._spawn = spawn
        self._gathering = Gathering(publish, tally)
        self._writer: Connection | None = None
        self._readers: asyncpg.Pool[asyncpg.Record] | None = None
        self._is_shared = False
        self._last_number = 0
        self._held = ""
        # The connection was lost over its COMMIT, and nobody knows which was first.
        self._doubtful: Batch | None = None
        self._is_committing = False

    async def open(self) -> None:
        """Connect and bring the schema up to date.

        Raises:
            Unavailable: the database does not answer, or does not let us in.
            migrate.NewerStore: a later version of Tertulia wrote it.
        """
        try:
            self._writer = await self._connect()
            await upgrade(self._writer)
            self._is_shared = await self._writer.fetchval(OTHERS) > 0
            self._last_number = await self._writer.fetchval(LAST_NUMBER)
            self._readers = await asyncpg.create_pool(
                self._url,
                min_size=1,
                max_size=READERS,
                timeout=CONNECT_WITHIN_S,
                command_timeout=ANSWER_WITHIN_S,
                statement_cache_size=512,
                max_cached_statement_lifetime=0,
                init=_settle,
                reset=_nothing_to_reset,
            )
        except (*LOST, asyncpg.PostgresError) as error:
            self._let_go()
            raise Unavailable(f"the store ({error})") from error
        except BaseException:
            self._let_go()
            raise
        self._gathering.start(self._take, self._last_number)

    async def _connect(self) -> Connection:
        connection: Connection = await asyncpg.connect(
            self._url,
            timeout=CONNECT_WITHIN_S,
            command_timeout=ANSWER_WITHIN_S,
            statement_cache_size=512,
            max_cached_statement_lifetime=0,
        )
        await _settle(connection)
        return connection

    @property
    def position(self) -> int:
        """See `Engine`."""
        return self._gathering.position

    @property
    def is_shared(self) -> bool:
        """See `Engine`."""
        return self._is_shared

    async def write(self, unit: Work[T]) -> T:
        """The unit's result, on disk. Raises: whatever the unit raises, Unavailable."""
        return await self._gathering.submit(unit)

    def join(self, set_unit: SetUnit[M, R], member: M) -> Pending[R]:
        """The member's result, on disk. Raises: the error the set gave it, Unavailable."""
        return self._gathering.join(set_unit, member)

    async def read(self, unit: Work[T]) -> T:
        """The result of a unit that only reads. Raises: whatever the unit raises, Unavailable."""
        assert self._readers is not None, "open() was called"
        try:
            async with self._readers.acquire(timeout=ANSWER_WITHIN_S) as connection:
                return await _answered(unit, connection)
        except LOST as error:
            if isinstance(error, ValueError):  # a parameter without a place in its column
                raise
            raise Unavailable("store") from error

    async def scan(self, unit: Work[T]) -> T:
        """The same as `read`: nobody waits here for a slow one but its caller."""
        return await self.read(unit)

    async def check(self) -> None:
        """Raises: Unavailable when the database does not answer, or keeps nothing."""
        assert self._readers is not None, "open() was called"
        try:
            async with asyncio.timeout(CONNECT_WITHIN_S):
                await self._readers.fetchval(LAST_NUMBER)
        except (*LOST, asyncpg.PostgresError) as error:
            raise Unavailable("store") from error
        self._gathering.check()
        if self._gathering.is_failing:
            # Each commit keeps the last number at least.
            await self.write(rows(LAST_NUMBER))

    async def close(self) -> None:
        """Finish what waits, then disconnect."""
        await self._gathering.drained()
        if self._readers is not None:
            try:
                async with asyncio.timeout(CONNECT_WITHIN_S):
                    await self._readers.close()
            except TimeoutError:
                self._readers.terminate()
        self._let_go()

    def _let_go(self) -> None:
        """Drop the writing connection; the database undoes what it had not committed."""
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.terminate()

    def _take(self, batch: Batch) -> None:
        carrying = self._carry(batch)
        try:
            self._spawn(carrying)
        except RuntimeError as error:  # the group of tasks has ended already
            carrying.close()
            self._gathering.fail(batch, error)

    async def _carry(self, batch: Batch) -> None:
        """Commit the batch, or fail all of it.

        After a failure we no longer know the state of the connection (not even whether a COMMIT
        arrived), so the next batch gets a new one.
        """
        try:
            if self._writer is None or self._writer.is_closed():
                self._writer = await self._connect()
            await self._settle_doubt(self._writer)
            await self._commit(batch, self._writer)
        except Exception as error:  # noqa: BLE001 - the callers are told, and the log
            self._let_go()
            if self._is_committing and batch.last_number > self._last_number:
                self._doubtful = batch
            self._gathering.fail(batch, error)
        except BaseException as error:
            self._let_go()
            self._gathering.fail(batch, error)
            raise
        else:
            self._gathering.finish(batch)

    async def _settle_doubt(self, writer: Connection) -> None:
        """Publish what has happened after all; each commit keeps a number of its own."""
        if self._doubtful is None:
            return
        kept = await writer.fetchval(LOCK_NUMBER)
        batch, self._doubtful = self._doubtful, None
        if kept == batch.last_number:
            LOG.warning("A commit that had failed is on the disk")
            self._gathering.tell_late(batch)

    async def _commit(self, batch: Batch, writer: Connection) -> None:
        transaction = commit(batch)
        answer: Any = None
        fault: StoreFault | None = None
        self._held = ""
        self._is_committing = False
        while True:
            try:
                ask = transaction.send(answer) if fault is None else transaction.throw(fault)
            except StopIteration:
                return
            fault = None
            try:
                answer = await self._carried_out(ask, writer)
            except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                if writer.is_closed():
                    raise
                fault = StoreFault(str(error))
                fault.__cause__ = error

    async def _carried_out(self, ask: Ask | Begin | Commit, writer: Connection) -> Any:
        held, self._held = self._held, ""
        match ask:
            case Begin():
                return await self._begun(writer)
            case Commit(last_number=last):
                self._is_committing = True
                # COMMIT of a transaction that cannot be kept answers ROLLBACK, and is no error.
                if await writer.execute(held + COMMIT.format(last=last)) != "COMMIT":
                    raise StoreFault("the transaction was rolled back")
                self._last_number = last
            case Run(sql=sql, params=()) if sql == RELEASE:
                self._held = f"{held}{sql};"
            case Run(sql=sql, params=()):
                await writer.execute(held + sql)
            case _:
                assert not held, "after RELEASE comes SAVEPOINT or Commit"
                return await _answer(ask, writer)
        return None

    async def _begun(self, writer: Connection) -> int:
        locked = await writer.execute(BEGIN.format(last=self._last_number))
        if locked != OUR_NUMBER:  # another process has written since, or we have just connected
            self._last_number = await writer.fetchval(LOCK_NUMBER)
        return self._last_number


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


async def _answered(unit: Work[T], connection: Either) -> T:
    answer: Any = None
    while True:
        try:
            ask = unit.send(answer)
        except StopIteration as stop:
            return stop.value  # type: ignore[no-any-return]  # a generator's value is untyped
        answer = await _answer(ask, connection)


async def _answer(ask: Ask, connection: Either) -> Any:
    match ask:
        case Rows(sql=sql, params=params):
            return [tuple(each) for each in await connection.fetch(respelled(sql), *params)]
        case Run(sql=sql, params=params):
            await connection.execute(respelled(sql), *params)
        case Many(sql=sql, rows=rows):
            await connection.executemany(respelled(sql), rows)
        case _:
            raise TypeError(f"{ask} has no place in a unit that only reads")
    return None


async def _settle(connection: Any) -> None:
    await connection.execute(SETTLE)


async def _nothing_to_reset(_connection: Any) -> None:
    """A reader leaves no state behind; asking the server to forget it would cost a round trip."""


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
