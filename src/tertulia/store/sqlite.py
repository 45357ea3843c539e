"""The embedded engine: one SQLite file, one writer thread, many units in one commit.

The loop reads through a connection of its own; what may take long goes to a reader thread. A store in
memory (for tests) has one connection and no threads. One process owns the file: a lock says so.
"""

import asyncio
import fcntl
import logging
import os
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import IO, Any, TypeVar

import apsw

from tertulia.core.errors import Unavailable
from tertulia.core.events import Event
from tertulia.core.ids import COUNTER_BITS
from tertulia.core.pending import Pending
from tertulia.core.tally import Tally
from tertulia.store import migrate
from tertulia.store.batch import Batch, Begin, Commit, Gathering, SetUnit, StoreFault, commit
from tertulia.store.work import LAST_NUMBER, Ask, Many, Rows, Run, Work, run

LOG = logging.getLogger(__name__)

T = TypeVar("T")
M = TypeVar("M")
R = TypeVar("R")

# What the driver raises for one bad statement: the database's own errors, numbers that have no place
# in 64 bits, text that is no Unicode.
REFUSED = (apsw.Error, OverflowError, UnicodeError)

IN_MEMORY = ":memory:"
KEEP_NUMBER = "UPDATE counters SET value = ? WHERE name = 'number'"
TRIAL = "UPDATE counters SET value = value WHERE name = 'number'"
PAGES_BETWEEN_COPIES = 3_000
"""12 MiB. When the log has grown by so many it is copied into the database file, beside the writer."""

MOST_PAGES_IN_LOG = 32_768
"""128 MiB. A log this long is copied by the writer itself, whoever waits: the copier cannot keep up."""

TIMES_COPIED = 3
"""By the copier, before the writer copies the rest."""

COPY = "PRAGMA wal_checkpoint(PASSIVE)"
"""Copy what no reader stands before; nobody waits for it, and it waits for nobody."""

NUMBERS_IN_RESERVE = 1_000 << COUNTER_BITS
"""A second's worth. After a crash numbers go on from there; a clean stop keeps the last one itself."""

CACHED_STATEMENTS = 256
"""Of each connection: it prepares a statement once."""

PATIENCE_MS = 5_000
"""How long a connection waits for one of ours that has locked the file for a moment."""

LEAST_ROOM_BYTES = 1 << 20
"""On its disk. With less the store is as good as full."""

CACHE_KIB = 16_384
"""Page cache of the writer, in KiB; a reader has a quarter of it."""


class SqliteEngine:
    """Units over one SQLite file."""

    process = 0

    def __init__(self, path: str, publish: Callable[[list[Event]], None], tally: Tally) -> None:
        self._path = path
        self._gathering = Gathering(publish, tally)
        self._inbox: queue.SimpleQueue[Batch | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._scanner: ThreadPoolExecutor | None = None
        self._copier: ThreadPoolExecutor | None = None
        self._copying: Future[None] | None = None
        # Pages in the log now, and when it was copied last.
        self._logged = self._copied = 0
        self._last_number = 0
        # What the file says: ahead of the last number, so that not every commit must write it.
        self._kept_number = 0

    async def open(self) -> None:
        """Lock the file, bring its schema up to date, start the writer.

        Raises:
            Unavailable: another process owns the file, or it cannot be opened.
            migrate.NewerStore: a later version of Tertulia wrote it.
        """
        self._loop = asyncio.get_running_loop()
        if self._path == IN_MEMORY:
            self._writer = self._reader = self._upgraded()
        else:
            self._lock = _own(Path(self._path))
            try:
                self._writer = self._upgraded()
            except BaseException:
                self._lock.close()
                raise
        self._last_number = self._writer.execute(LAST_NUMBER).get
        if self._path == IN_MEMORY:
            self._gathering.start(self._commit_here, self._last_number)
            return
        self._writer.set_wal_hook(self._note_length)
        self._reader = self._connect(reads_only=True)
        # Closed after everything else: the first descriptor closed takes SQLite's locks along.
        self._file = os.open(self._path, os.O_RDONLY)
        # They come to life now: later there may be no descriptor left for their connections.
        self._scanner = ThreadPoolExecutor(1, "store-scan")
        self._scanner.submit(self._open_scanner).result()
        self._copier = ThreadPoolExecutor(1, "store-copy")
        self._copier.submit(self._open_copier).result()
        self._thread = threading.Thread(target=self._work, name="store-writer", daemon=True)
        self._thread.start()
        self._gathering.start(self._hand_over, self._last_number)

    def _upgraded(self) -> apsw.Connection:
        connection = self._connect()
        try:
            migrate.upgrade_sqlite(connection)
        except apsw.Error as error:
            connection.close()
            raise Unavailable(f"the store {self._path} ({error})") from error
        except BaseException:
            connection.close()
            raise
        return connection

    def _connect(self, *, reads_only: bool = False) -> apsw.Connection:
        try:
            connection = apsw.Connection(self._path, statementcachesize=CACHED_STATEMENTS)
        except apsw.Error as error:
            raise Unavailable(f"the store {self._path} ({error})") from error
        try:
            connection.set_busy_timeout(PATIENCE_MS)
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")
        except apsw.Error as error:
            connection.close()
            raise Unavailable(f"the store {self._path} ({error})") from error
        connection.execute(f"PRAGMA wal_autocheckpoint={MOST_PAGES_IN_LOG}")
        connection.execute(f"PRAGMA cache_size=-{CACHE_KIB // 4 if reads_only else CACHE_KIB}")
        connection.execute("PRAGMA temp_store=MEMORY")
        connection.execute("PRAGMA foreign_keys=ON")
        if reads_only:
            connection.execute("PRAGMA query_only=ON")
        return connection

    @property
    def position(self) -> int:
        """See `Engine`."""
        return self._gathering.position

    @property
    def is_shared(self) -> bool:
        """See `Engine`; the lock says no."""
        return False

    async def write(self, unit: Work[T]) -> T:
        """The unit's result, on disk. Raises: whatever the unit raises, Unavailable."""
        return await self._gathering.submit(unit)

    def join(self, set_unit: SetUnit[M, R], member: M) -> Pending[R]:
        """The member's result, on disk. Raises: the error the set gave it, Unavailable."""
        return self._gathering.join(set_unit, member)

    async def read(self, unit: Work[T]) -> T:
        """The result of a unit that only reads, and quickly (some 100 µs): it runs on the loop."""
        return answered(unit, self._reader)

    async def scan(self, unit: Work[T]) -> T:
        """The result of a unit that only reads and may take long: it runs in a thread."""
        if self._scanner is None:
            return answered(unit, self._reader)
        return await self._loop.run_in_executor(self._scanner, self._scan, unit)

    def _open_scanner(self) -> None:
        self._scanning = self._connect(reads_only=True)

    def _stop_scanner(self) -> None:
        self._scanning.close()

    def _scan(self, unit: Work[T]) -> T:
        return answered(unit, self._scanning)

    async def check(self) -> None:
        """Raises: Unavailable when the store cannot be read, or not be written to."""
        try:
            self._reader.execute(LAST_NUMBER).fetchone()
        except apsw.Error as error:
            raise Unavailable("store") from error
        if self._path != IN_MEMORY and not _has_room(self._path):
            # What is short may still find a place; what people write does not.
            raise Unavailable(f"the store {self._path} (no room on its disk)")
        self._gathering.check()
        if self._gathering.is_failing:
            await self.write(run(TRIAL))

    async def close(self) -> None:
        """Finish what waits, then tidy the file."""
        await self._gathering.drained()
        if self._thread is not None:
            self._inbox.put(None)
            await self._loop.run_in_executor(None, self._thread.join)
        if self._copier is not None:
            self._copier.submit(self._close_copier)
            self._copier.shutdown(wait=True)
        if self._scanner is not None:
            self._scanner.submit(self._stop_scanner)
            self._scanner.shutdown(wait=True)
        self._reader.close()
        if self._path != IN_MEMORY:
            self._tidy()
            self._writer.close()
            os.close(self._file)
            self._lock.close()

    def _tidy(self) -> None:
        try:
            self._writer.execute(KEEP_NUMBER, (self._last_number,))
            self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except apsw.Error as error:
            # As after a crash: all is in the log, and numbers go on from those in reserve.
            LOG.warning("The store could not be tidied: %s", error)

    def _hand_over(self, batch: Batch) -> None:
        self._inbox.put(batch)

    def _work(self) -> None:
        """The writer thread: one batch after the other, until None comes."""
        while (batch := self._inbox.get()) is not None:
            try:
                self._commit(batch)
            except BaseException as error:  # noqa: BLE001 - the thread must not die silently
                self._loop.call_soon_threadsafe(self._gathering.fail, batch, error)
            else:
                self._loop.call_soon_threadsafe(self._gathering.finish, batch)
            self._copy_now_and_then()

    def _note_length(self, _: apsw.Connection, __: str, pages: int) -> int:
        """After a commit, in place of SQLite's own copying: how long the log is."""
        if pages < self._logged:
            self._copied = 0
        self._logged = pages
        return apsw.SQLITE_OK

    def _copy_now_and_then(self) -> None:
        """Keep the log short without making a commit wait for it.

        The copier never gets to the end of a log that grows under its hands. So the writer copies the
        rest, and the next commit can begin the log anew.
        """
        if self._copying is not None and self._copying.done():
            self._copying = None
            _copy(self._writer)
        elif self._logged > MOST_PAGES_IN_LOG:
            _copy(self._writer)
        elif self._copying is None and self._logged - self._copied >= PAGES_BETWEEN_COPIES:
            assert self._copier is not None, "a store in a file has one"
            self._copied = self._logged
            self._copying = self._copier.submit(self._copy)

    def _open_copier(self) -> None:
        self._copies = self._connect()

    def _close_copier(self) -> None:
        self._copies.close()

    def _copy(self) -> None:
        # Again and again: what was written meanwhile is less each time, and at last next to nothing.
        for _ in range(TIMES_COPIED):
            _copy(self._copies)
            try:
                # SQLite does so at the end of the log only: the writer would wait for it all.
                os.fdatasync(self._file)
            except OSError as error:
                LOG.warning("The store could not be flushed to the disk: %s", error)

    def _commit_here(self, batch: Batch) -> None:
        try:
            self._commit(batch)
        except Exception as error:  # noqa: BLE001 - the callers are told, and the log
            self._gathering.fail(batch, error)
        else:
            self._gathering.finish(batch)

    def _commit(self, batch: Batch) -> None:
        transaction = commit(batch)
        answer: Any = None
        fault: StoreFault | None = None
        try:
            while True:
                try:
                    ask = transaction.send(answer) if fault is None else transaction.throw(fault)
                except StopIteration:
                    return
                fault = None
                match ask:
                    case Begin():
                        self._writer.execute("BEGIN IMMEDIATE")
                        answer = self._last_number
                    case Commit(last_number=last):
                        kept = self._kept_number
                        if last > kept:
                            kept = last + NUMBERS_IN_RESERVE
                            self._writer.execute(KEEP_NUMBER, (kept,))
                        self._writer.execute("COMMIT")
                        self._last_number, self._kept_number = last, kept
                    case _:
                        try:
                            answer = _answer(ask, self._writer)
                        except REFUSED as error:
                            fault = StoreFault(str(error))
                            fault.__cause__ = error
        except BaseException:
            if self._writer.in_transaction:
                self._writer.execute("ROLLBACK")
            raise


def _has_room(path: str) -> bool:
    found = os.statvfs(path)
    # Some file systems do not know.
    return not found.f_blocks or found.f_bavail * found.f_frsize >= LEAST_ROOM_BYTES


def _copy(connection: apsw.Connection) -> None:
    try:
        connection.execute(COPY).fetchall()
    except apsw.Error as error:
        # The log grows until the next time; nothing is lost by that.
        LOG.warning("The store's log could not be copied: %s", error)


def answered(unit: Work[T], connection: apsw.Connection) -> T:
    """Run a unit that only reads."""
    answer: Any = None
    while True:
        try:
            ask = unit.send(answer)
        except StopIteration as stop:
            return stop.value  # type: ignore[no-any-return]  # a generator's value is untyped
        answer = _answer(ask, connection)


def _answer(ask: Ask, connection: apsw.Connection) -> Any:
    match ask:
        case Rows(sql=sql, params=params):
            return connection.execute(sql, params).fetchall()
        case Run(sql=sql, params=params):
            connection.execute(sql, params)
        case Many(sql=sql, rows=rows):
            connection.executemany(sql, rows)
        case _:
            raise TypeError(f"{ask} has no place in a unit that only reads")
    return None


def _own(path: Path) -> IO[str]:
    """The lock that says whose file it is, which is there from now on."""
    lock = locked(path)
    try:
        # Else SQLite would make it for all to read; the files beside it get the rights of this one.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        lock.close()
        raise Unavailable(f"the store {path} ({error.strerror})") from error
    return lock


def locked(path: Path) -> IO[str]:
    """The lock on a store's file, there or not; released when closed, and by the system if we die.

    Raises:
        Unavailable: another process has it, or nothing can be written there.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = path.with_name(path.name + ".lock").open("w")
    except OSError as error:
        raise Unavailable(f"the store {path} ({error.strerror})") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.close()
        raise Unavailable(f"the store {path}: another Tertulia uses it, so it") from error
    return lock
