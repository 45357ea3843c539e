"""Which of several processes leads: the one that holds a lock in PostgreSQL.

Each process has a connection for this alone. On it, it holds a lock of its own, by which the others see
that it is there, and tries for the one lock that says who leads. Locks end with their connections: when
a process ends, however it does, the next one has its turn within a moment.

A process that hangs, or a machine that is cut off, would keep its connection and lead on for nobody. So
the database ends a connection on which nothing is asked for a while, and a process that is not answered
in time leads no more, before the database can have given its turn to another.
"""

import asyncio
import logging
from collections.abc import Callable, Collection, Coroutine
from contextlib import suppress
from typing import Any, NamedTuple

import asyncpg

from tertulia.core.errors import Unavailable
from tertulia.core.leading import Duties
from tertulia.store.postgres_connection import CONNECT_WITHIN_S, LOST, Connection

LOG = logging.getLogger(__name__)

Spawn = Callable[[Coroutine[Any, Any, None]], object]

LEAD_LOCK = 0x7E27_71A1
"""An advisory lock of our own: who holds it leads."""

ANSWER_WITHIN_S = 5.0
"""For the database; then the connection counts as lost."""


class Pace(NamedTuple):
    """How often who leads makes sure of it, and who does not tries; and when a connection is too silent.

    The second is more than the first and ANSWER_WITHIN_S together.
    """

    look_every_s: float = 2.0
    silent_for_s: int = 20


DEFAULT = Pace()


# Settings that an older database does not know are passed over.
SETTLE = """
WITH wanted (name, value) AS (VALUES
    ('application_name', 'tertulia leading'),
    ('idle_session_timeout', '{silent_for_s}s'),
    ('tcp_keepalives_idle', '5'), ('tcp_keepalives_interval', '5'), ('tcp_keepalives_count', '3')
)
SELECT set_config(s.name, w.value, false) FROM wanted w JOIN pg_settings s ON s.name = w.name
"""

TRY = "SELECT pg_try_advisory_lock({key})"

# A key of 64 bits stands in two halves.
LIVING = """
WITH here AS (SELECT oid FROM pg_database WHERE datname = current_database())
SELECT (l.classid::bigint << 32) | l.objid::bigint FROM pg_locks l JOIN here h ON h.oid = l.database
WHERE l.locktype = 'advisory' AND l.objsubid = 1 AND l.granted
"""

TROUBLE = (*LOST, asyncpg.PostgresError, Unavailable)


class _Over(Exception):
    """The connection is gone, or the process ends."""


class ElectedLeading:
    """`core.leading.Leading` among the processes that share a database."""

    def __init__(
        self, url: str, process: int, duties: Duties, spawn: Spawn, *, pace: Pace = DEFAULT
    ) -> None:
        """Nothing is connected yet.

        Args:
            url: of the database, without a pooler between that shares sessions.
            process: the number of this one.
            duties: what is to be done while this process leads.
            spawn: starts a task, which `close` ends.
            pace: how often to look.
        """
        self._pace = pace
        self._url = url
        self._process = process
        self._duties = duties
        self._spawn = spawn
        self._is_closing = False
        # When the present connection is gone, or we go; when it is known who leads; when all has ended.
        self._gone, self._is_known, self._ended = (asyncio.Event() for _ in range(3))
        self.leads = False

    async def open(self) -> None:
        """See the port. Returns when it is known whether this process is the first to lead."""
        self._spawn(self._run())
        await self._is_known.wait()

    async def close(self) -> None:
        """See the port."""
        self._is_closing = True
        self._gone.set()
        await self._ended.wait()

    async def living(self) -> Collection[int]:
        """See the port."""
        try:
            connection = await self._connect()
            try:
                return {each[0] for each in await connection.fetch(LIVING)}
            finally:
                await _let_go(connection)
        except TROUBLE as error:
            raise Unavailable("store") from error

    async def _run(self) -> None:
        try:
            while not self._is_closing:
                self._gone = asyncio.Event()
                try:
                    await self._once()
                except Exception as error:
                    LOG.warning(
                        "Who leads is not known here for a moment",
                        exc_info=None if isinstance(error, TROUBLE) else error,
                        extra={"fields": {"why": str(error) or type(error).__name__}},
                    )
                    self._is_known.set()
                    await self._pause(self._gone)
        finally:
            self._ended.set()

    async def _once(self) -> None:
        """From one connection's beginning to its end."""
        connection, gone = await self._connect(), self._gone
        connection.add_termination_listener(lambda _: gone.set())
        try:
            await connection.execute(SETTLE.format(silent_for_s=self._pace.silent_for_s))
            await self._gets(self._process, connection)
            while not await self._gets(LEAD_LOCK, connection):
                self._is_known.set()
                if await self._pause(gone):
                    return
            await self._lead(connection, gone)
        finally:
            await _let_go(connection)

    async def _lead(self, connection: Connection, gone: asyncio.Event) -> None:
        LOG.info("This process leads")
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._watch(connection, gone))
                await self._duties.take_up()
                self.leads = True
                self._is_known.set()
        except ExceptionGroup as several:
            trouble = [each for each in several.exceptions if not isinstance(each, _Over)]
            if trouble:
                raise trouble[0] from None
        finally:
            self.leads = False
            self._duties.lay_down()
            LOG.info("This process does not lead any more")

    async def _watch(self, connection: Connection, gone: asyncio.Event) -> None:
        """Raises: _Over, or what ends the connection."""
        while not await self._pause(gone):
            await connection.fetchval("SELECT 1", timeout=ANSWER_WITHIN_S)
        raise _Over

    async def _pause(self, gone: asyncio.Event) -> bool:
        """A moment, or until it is gone: whether it is."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._pace.look_every_s):
                await gone.wait()
        return gone.is_set()

    async def _gets(self, key: int, connection: Connection) -> bool:
        found = await connection.fetchval(TRY.format(key=key), timeout=ANSWER_WITHIN_S)
        return bool(found)

    async def _connect(self) -> Connection:
        connection: Connection = await asyncpg.connect(
            self._url, timeout=CONNECT_WITHIN_S, command_timeout=ANSWER_WITHIN_S
        )
        return connection


async def _let_go(connection: Connection) -> None:
    """With a word, so that its locks are free at once."""
    try:
        await connection.close(timeout=ANSWER_WITHIN_S)
    except TROUBLE:
        connection.terminate()
