"""The embedded store as a file: whose it is, which versions it takes, what a failing disk does to it."""

import asyncio
import errno
import os
import resource
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import apsw
import pytest
import uvloop

from tertulia.core.errors import Unavailable
from tertulia.core.tally import Tally
from tertulia.store import batch as batches
from tertulia.store import sqlite
from tertulia.store.batch import Batch
from tertulia.store.engine import Engine
from tertulia.store.migrate import NewerStore, steps
from tertulia.store.sqlite import SqliteEngine
from tertulia.store.work import rows
from tests.store.world import START, World, in_file, tell

IN_TIME_S = 30.0
"""Nothing here takes so long; who waits for it has found a mistake."""


def test_what_was_stored_is_there_after_a_restart(tmp_path: Path) -> None:
    open_engine = in_file(tmp_path / "deep" / "down" / "tertulia.db")

    async def first(world: World) -> None:
        anna, boris = await world.people("anna", "boris")
        chat = await world.group(anna, boris)
        await world.post(anna, chat.id, "still here")
        remembered.update(anna=anna, chat=chat)

    async def second(world: World) -> None:
        anna, chat = remembered["anna"], remembered["chat"]
        assert await world.texts(anna, chat.id) == ["still here"]
        # The clock was set back meanwhile; numbers and dates grow all the same.
        world.now = START - 1_000
        message = await world.post(anna, chat.id)
        assert (message.seq, message.sent_at) == (2, START + 1)
        assert message.id > chat.id

    remembered: dict[str, Any] = {}
    uvloop.run(tell(first, open_engine))
    uvloop.run(tell(second, open_engine))


def test_nobody_else_may_read_it_whatever_the_folder_allows(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await world.person("anna")
        assert rights() == {"tertulia.db": 0, "tertulia.db-wal": 0, "tertulia.db-shm": 0}

    def rights() -> dict[str, int]:
        files = (each for each in tmp_path.iterdir() if each.suffix != ".lock")
        return {each.name: each.stat().st_mode & 0o077 for each in files}

    tmp_path.chmod(0o755)
    uvloop.run(tell(story, in_file(tmp_path / "tertulia.db")))


def test_a_second_process_is_refused_by_the_lock(tmp_path: Path) -> None:
    path = tmp_path / "tertulia.db"

    async def story(world: World) -> None:
        second = SqliteEngine(str(path), world.heard.extend, Tally())
        with pytest.raises(Unavailable, match="another Tertulia uses it"):
            await second.open()
        await world.person("anna")

    uvloop.run(tell(story, in_file(path)))


def test_a_newer_store_is_refused_in_one_clear_sentence_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "tertulia.db"

    async def story(world: World) -> None:
        await world.person("anna")

    uvloop.run(tell(story, in_file(path)))
    newest = steps()[-1][0]
    with closing(apsw.Connection(str(path))) as later:
        later.execute("INSERT INTO schema_steps VALUES (?)", (newest + 1,))
    before = path.read_bytes()
    with pytest.raises(NewerStore) as refusal:
        uvloop.run(tell(story, in_file(path)))
    assert str(refusal.value) == (
        f"the store is at schema step {newest + 1}, this version of Tertulia knows steps up to"
        f" {newest}: start the newer version, or restore a backup made by this one"
    )
    assert path.read_bytes() == before
    # The lock was let go: the older version may come back to its own file.
    with closing(apsw.Connection(str(path))) as repaired:
        repaired.execute("DELETE FROM schema_steps WHERE step > ?", (newest,))

    async def again(world: World) -> None:
        assert await world.accounts.secret_of("anna") is not None

    uvloop.run(tell(again, in_file(path)))


def test_what_is_no_store_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "tertulia.db"
    path.write_text("a shopping list, which is no database at all" * 100)

    async def story(_: World) -> None:
        raise AssertionError("opened")

    with pytest.raises(Unavailable, match=r"tertulia\.db"):
        uvloop.run(tell(story, in_file(path)))


def test_a_database_of_somebody_else_is_refused_in_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "tertulia.db"
    with closing(apsw.Connection(str(path))) as connection:
        connection.execute("CREATE TABLE accounts (money INTEGER)")

    async def story(_: World) -> None:
        raise AssertionError("opened")

    with pytest.raises(Unavailable, match=r"tertulia\.db \(.*accounts already exists\)"):
        uvloop.run(tell(story, in_file(path)))


class FullDisk:
    """A connection that writes as to a full disk."""

    def __init__(self, engine: Engine) -> None:
        """From now on it stands before the writing connection of *engine*."""
        assert isinstance(engine, SqliteEngine)
        self.connection = engine._writer
        self.full = False
        engine._writer = self  # type: ignore[assignment]  # it does all that one does

    def execute(self, sql: str, *parameters: Any) -> apsw.Cursor:
        if self.full and sql.startswith(("COMMIT", "UPDATE counters", "PRAGMA wal_checkpoint")):
            raise apsw.FullError("database or disk is full")
        return self.connection.execute(sql, *parameters)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.connection, name)


def test_a_commit_that_fails_acknowledges_nothing_and_the_next_one_works(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        anna, boris = await world.people("anna", "boris")
        chat = await world.group(anna, boris)
        disk = FullDisk(world.engine)
        world.heard.clear()
        disk.full = True
        outcomes = await asyncio.gather(
            world.post(anna, chat.id, "lost"), world.person("clara"), return_exceptions=True
        )
        assert [type(each) for each in outcomes] == [Unavailable] * 2
        assert world.heard == []
        assert world.tally.commits_failed == 1
        assert await world.texts(anna, chat.id) == []
        disk.full = False
        assert (await world.post(anna, chat.id, "kept")).seq == 1

    uvloop.run(tell(story, in_file(tmp_path / "tertulia.db")))


def test_where_a_commit_failed_is_said_once_and_why_each_time(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def story(world: World) -> None:
        disk = FullDisk(world.engine)
        disk.full = True
        for _ in range(3):
            with pytest.raises(Unavailable):
                await world.person("anna")

    with caplog.at_level("ERROR", "tertulia.store.batch"):
        uvloop.run(tell(story, in_file(tmp_path / "tertulia.db")))
    assert [bool(entry.exc_info) for entry in caplog.records] == [True, False, False]
    reasons = [vars(entry)["fields"]["why"] for entry in caplog.records]
    assert reasons == ["database or disk is full"] * 3


def test_a_store_that_cannot_be_written_to_does_not_pass_its_check(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        disk = FullDisk(world.engine)
        disk.full = True
        with pytest.raises(Unavailable):
            await world.person("anna")
        with pytest.raises(Unavailable):
            await world.engine.check()
        disk.full = False
        await world.engine.check()

    uvloop.run(tell(story, in_file(tmp_path / "tertulia.db")))


@pytest.mark.parametrize(
    ("free_kib", "blocks", "is_ready"), [(1_023, 9, False), (1_024, 9, True), (0, 0, True)]
)
def test_a_store_without_room_on_its_disk_does_not_pass_its_check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free_kib: int, blocks: int, *, is_ready: bool
) -> None:
    room = SimpleNamespace(f_blocks=blocks, f_bavail=free_kib, f_frsize=1_024)
    monkeypatch.setattr("tertulia.store.sqlite.os.statvfs", lambda _: room)

    async def story(world: World) -> None:
        if is_ready:
            await world.engine.check()
        else:
            with pytest.raises(Unavailable, match="no room on its disk"):
                await world.engine.check()

    uvloop.run(tell(story, in_file(tmp_path / "tertulia.db")))


def test_a_store_whose_commits_do_not_end_does_not_pass_its_check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, goes_on = threading.Event(), threading.Event()

    async def story(world: World) -> None:
        engine = world.engine
        assert isinstance(engine, SqliteEngine)
        commit = engine._commit

        def hanging(batch: Batch) -> None:
            begun.set()
            goes_on.wait(IN_TIME_S)
            commit(batch)

        monkeypatch.setattr(batches, "LATE_S", 0.0)
        monkeypatch.setattr(engine, "_commit", hanging)
        async with asyncio.TaskGroup() as group:
            group.create_task(world.person("anna"))
            await asyncio.to_thread(begun.wait, IN_TIME_S)
            with pytest.raises(Unavailable, match="a commit has not ended for"):
                await engine.check()
            goes_on.set()
        await engine.check()

    uvloop.run(tell(story, in_file(tmp_path / "tertulia.db")))


def test_a_store_that_may_only_be_read_is_refused_in_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "tertulia.db"
    usual = os.open

    def strict(name: Path, flags: int, *more: Any) -> int:
        # The tests may run as root, who may write everywhere.
        if name == path and flags & (os.O_WRONLY | os.O_RDWR):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(name))
        return usual(name, flags, *more)

    async def story(_: World) -> None:
        raise AssertionError("opened")

    monkeypatch.setattr(os, "open", strict)
    with pytest.raises(Unavailable, match=r"the store .*tertulia\.db \(Permission denied\)"):
        uvloop.run(tell(story, in_file(path)))


def test_a_store_on_a_full_disk_is_closed_all_the_same(tmp_path: Path) -> None:
    async def first(world: World) -> None:
        anna, boris = await world.people("anna", "boris")
        chat = await world.group(anna, boris)
        last = await world.post(anna, chat.id, "kept")
        FullDisk(world.engine).full = True
        remembered.update(anna=anna, chat=chat, last=last)

    async def second(world: World) -> None:
        anna, chat = remembered["anna"], remembered["chat"]
        assert await world.texts(anna, chat.id) == ["kept"]
        assert (await world.post(anna, chat.id)).id > remembered["last"].id

    remembered: dict[str, Any] = {}
    open_engine = in_file(tmp_path / "tertulia.db")
    uvloop.run(tell(first, open_engine))
    uvloop.run(tell(second, open_engine))


@contextmanager
def no_file_can_be_opened() -> Iterator[None]:
    usual = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, usual[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, usual)


def test_a_crowd_that_takes_all_descriptors_stops_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "PAGES_BETWEEN_COPIES", 1)

    async def story(world: World) -> None:
        anna, boris = await world.people("anna", "boris")
        chat = await world.group(anna, boris)
        async with asyncio.timeout(IN_TIME_S):
            with no_file_can_be_opened():
                # Long reads, and copying the log, have what they need from the start.
                assert await world.engine.scan(rows("SELECT 1")) == [(1,)]
                for number in range(20):
                    await world.post(anna, chat.id, str(number))
            assert len(await world.texts(anna, chat.id)) == 20

    uvloop.run(tell(story, in_file(tmp_path / "tertulia.db")))


def test_a_connection_that_is_gone_acknowledges_nothing(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        anna, boris = await world.people("anna", "boris")
        chat = await world.group(anna, boris)
        engine = world.engine
        assert isinstance(engine, SqliteEngine)
        writer = engine._writer
        engine._writer = apsw.Connection(":memory:")
        engine._writer.close()
        with pytest.raises(Unavailable):
            await world.post(anna, chat.id)
        engine._writer = writer
        assert await world.texts(anna, chat.id) == []

    uvloop.run(tell(story, in_file(tmp_path / "tertulia.db")))


def test_a_log_that_never_rests_is_begun_anew_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "tertulia.db"
    copy = sqlite._copy

    def times_begun() -> int:
        header = path.with_name(path.name + "-wal").read_bytes()[:16]
        return int.from_bytes(header[12:], "big")

    def outrun(connection: apsw.Connection) -> None:
        # So much is written meanwhile that the copier might as well have done nothing.
        if not threading.current_thread().name.startswith("store-copy"):
            copy(connection)

    async def story(world: World) -> None:
        anna, boris = await world.people("anna", "boris")
        chat = await world.group(anna, boris)
        monkeypatch.setattr(sqlite, "_copy", outrun)
        monkeypatch.setattr(sqlite, "PAGES_BETWEEN_COPIES", 20)
        before = times_begun()
        async with asyncio.timeout(IN_TIME_S):
            while times_begun() == before:
                await world.post(anna, chat.id)

    uvloop.run(tell(story, in_file(path)))


def test_a_log_that_somebody_reads_is_not_copied_over_and_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "tertulia.db"
    copy, copies = sqlite._copy, list[int]()

    def counted(connection: apsw.Connection) -> None:
        copies.append(1)
        copy(connection)

    async def story(world: World) -> None:
        anna, boris = await world.people("anna", "boris")
        chat = await world.group(anna, boris)
        monkeypatch.setattr(sqlite, "_copy", counted)
        monkeypatch.setattr(sqlite, "PAGES_BETWEEN_COPIES", 100)
        with closing(apsw.Connection(str(path))) as reader:
            # What he sees must stay in the log: it cannot be begun anew.
            reader.execute("BEGIN")
            reader.execute("SELECT COUNT(*) FROM messages").fetchall()
            for _ in range(100):
                await world.post(anna, chat.id)
        pages = path.with_name(path.name + "-wal").stat().st_size // 4096
        rounds = pages // 100 + 1
        assert 0 < len(copies) <= rounds * (sqlite.TIMES_COPIED + 1)
        assert len(await world.texts(anna, chat.id)) > 0

    uvloop.run(tell(story, in_file(path)))
