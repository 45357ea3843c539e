"""The engine for large installations: PostgreSQL, one writing connection, many units in one commit.

Every batch of every process first locks the row that counts the numbers. So batches follow each other
as they do in SQLite, numbers stand in the order of commits, and a reader's position can never skip a
row that commits later.

Each statement is a round trip, so the control statements travel together: BEGIN with the lock, RELEASE
with the next SAVEPOINT or with the COMMIT.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import asyncpg
import asyncpg.pool

from tertulia.core.errors import Unavailable
from tertulia.core.events import Event
from tertulia.core.pending import Pending
from tertulia.core.tally import Tally
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
from tertulia.store.event_words import encoded
from tertulia.store.postgres_connection import (
    ANSWER_WITHIN_S,
    CONNECT_WITHIN_S,
    LOST,
    Connection,
    Either,
    connected,
    respelled,
    settle,
    upgrade,
)
from tertulia.store.telling import Telling
from tertulia.store.told import TELL
from tertulia.store.work import LAST_NUMBER, Ask, Many, Rows, Run, Work, rows

LOG = logging.getLogger(__name__)

T = TypeVar("T")
M = TypeVar("M")
R = TypeVar("R")

Spawn = Callable[[Coroutine[Any, Any, None]], object]
READERS = 4
"""Connections that only read. A read beyond them waits for its turn."""

# The lock that makes writers take turns. It finds its row only while the number is still the one we
# wrote last, which spares a process that is alone the reading of it.
BEGIN = """
BEGIN ISOLATION LEVEL READ COMMITTED;
SELECT value FROM counters WHERE name = 'number' AND value = {last} FOR UPDATE
"""
OUR_NUMBER = "SELECT 1"
LOCK_NUMBER = f"{LAST_NUMBER} FOR UPDATE"
COMMIT = "UPDATE counters SET value = {last} WHERE name = 'number'; COMMIT"
# Who stands still in the middle of a commit keeps all others from theirs: the database ends his connection.
STAND_ASIDE = "SET idle_in_transaction_session_timeout = '5s'"

OTHERS = """
SELECT COUNT(*) FROM pg_stat_activity
WHERE datname = current_database() AND application_name = 'tertulia' AND pid <> pg_backend_pid()
"""


class PostgresEngine:
    """Units over one PostgreSQL database, which several processes may share."""

    def __init__(
        self,
        url: str,
        publish: Callable[[list[Event]], None],
        tally: Tally,
        spawn: Spawn,
        *,
        process: int = 0,
    ) -> None:
        """Nothing is connected yet.

        Args:
            url: of the database.
            publish: is told what happened.
            tally: where everything is counted.
            spawn: starts a task in a group that outlives `close`.
            process: the number of this process in its cluster, where each commit keeps what it told for
                the others; 0: there are no others.
        """
        self._url = url
        self._spawn = spawn
        self.process = process
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
            self._writer = await self._new_writer()
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
                init=settle,
                reset=_nothing_to_reset,
            )
        except (*LOST, asyncpg.PostgresError) as error:
            self._let_go()
            raise Unavailable(f"the store ({error})") from error
        except BaseException:
            self._let_go()
            raise
        self._gathering.start(self._take, self._last_number)

    async def _new_writer(self) -> Connection:
        writer = await connected(self._url)
        if self.process:
            await writer.execute(STAND_ASIDE)
        return writer

    @property
    def position(self) -> int:
        """See `Engine`."""
        return self._gathering.position

    @property
    def is_shared(self) -> bool:
        """See `Engine`."""
        return self._is_shared

    @property
    def telling(self) -> Telling:
        """Hands to delivery what `tell_through` was given, when its turn has come."""
        return self._gathering.telling

    def tell_through(self, hand_on: Callable[[Batch], None]) -> None:
        """*hand_on* sees to it that each batch is told in its turn among those of other processes."""
        self._gathering.tell_through(hand_on)

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
                self._writer = await self._new_writer()
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
                if self.process and isinstance(ask, Commit):
                    ask = await self._keep_told(batch, writer)
                answer = await self._carried_out(ask, writer)
            except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                if writer.is_closed():
                    raise
                fault = StoreFault(str(error))
                fault.__cause__ = error

    async def _keep_told(self, batch: Batch, writer: Connection) -> Commit:
        """What the batch told, for the other processes. Each has a number of its own."""
        batch.before = self._last_number
        if batch.events:
            batch.last_number = max(batch.last_number, batch.before + 1)
        if batch.last_number > batch.before:
            batch.words = encoded(batch.events)
            place = (batch.before, batch.last_number, self.process)
            await writer.execute(respelled(TELL), *place, batch.words.decode())
        return Commit(batch.last_number)

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


async def _nothing_to_reset(_connection: Any) -> None:
    """A reader leaves no state behind; asking the server to forget it would cost a round trip."""
