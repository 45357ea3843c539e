"""What only PostgreSQL has: several processes at one store, connections that break, its own spelling."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import uvloop

from tertulia.core.errors import Unavailable
from tertulia.core.events import MessagePosted
from tertulia.core.message_model import Draft
from tertulia.core.tally import Tally
from tertulia.store import migrate
from tertulia.store.postgres import PostgresEngine, Spawn
from tertulia.store.postgres_connection import respelled
from tertulia.store.work import draw, row, rows
from tests.store.postgres_server import address, new_database
from tests.store.world import START, World, in_file, in_postgres, tasks_of_engine, tell

pytestmark = pytest.mark.integration


def engine_of(world: World) -> PostgresEngine:
    assert isinstance(world.engine, PostgresEngine)
    return world.engine


async def kill_writer(world: World) -> None:
    """As when the database restarts: the server closes the connection."""
    writer = engine_of(world)._writer
    assert writer is not None
    other = await asyncpg.connect(engine_of(world)._url)
    await other.execute("SELECT pg_terminate_backend($1)", writer.get_server_pid())
    await other.close()


def in_two_processes(story: Callable[[World, World], Awaitable[None]]) -> None:
    """Two engines, each with everything a process has of it, at one database."""

    async def main() -> None:
        url = await new_database()

        async def one(spawn: Spawn) -> World:
            heard: list[object] = []
            tally = Tally()
            return World(PostgresEngine(url, heard.extend, tally, spawn), heard, tally)  # type: ignore[arg-type]  # a list of whatever is published

        async with tasks_of_engine() as spawn:
            worlds = [await one(spawn), await one(spawn)]
            # Both start on the empty database at once: one of them makes the tables.
            await asyncio.gather(*(world.engine.open() for world in worlds))
            try:
                await story(*worlds)
            finally:
                for world in worlds:
                    await world.engine.close()

    uvloop.run(main())


def test_statements_are_respelled() -> None:
    assert (
        respelled("SELECT ? FROM json_each(?) AS each WHERE each.value ->> 0 = ?")
        == "SELECT $1 FROM jsonb_array_elements($2::jsonb) AS each(value)"
        " WHERE each.value ->> 0 = $3"
    )


def test_two_processes_draw_their_numbers_in_the_order_of_commits() -> None:
    async def story(here: World, there: World) -> None:
        for _ in range(5):
            numbers = await asyncio.gather(
                *(world.engine.write(draw(START)) for world in (here, there) * 10)
            )
            assert len(set(numbers)) == 20
            # Whoever writes after both of them is above both.
            assert await here.engine.write(draw(START)) > max(numbers)

    in_two_processes(story)


def test_a_process_knows_that_another_was_there_before(tmp_path: Path) -> None:
    async def story(here: World, there: World) -> None:
        assert here.engine.is_shared or there.engine.is_shared

    async def alone(world: World) -> None:
        assert not world.engine.is_shared

    in_two_processes(story)
    uvloop.run(tell(alone, in_postgres))
    uvloop.run(tell(alone, in_file(tmp_path / "tertulia.db")))


def test_two_processes_write_into_one_chat_without_gap_or_repetition() -> None:
    async def story(here: World, there: World) -> None:
        anna, boris = await here.people("anna", "boris")
        chat = await here.group(anna, boris)
        seen: list[int] = []

        async def watch() -> None:
            """A reader's position never skips a row that commits later."""
            position = 0
            while len(seen) < 200:
                found = await here.engine.read(
                    rows("SELECT seq, id FROM messages WHERE id > ? ORDER BY id", position)
                )
                seen.extend(each[0] for each in found)
                position = found[-1][1] if found else position

        async def write(world: World, number: int) -> None:
            draft = Draft(chat.id, f"{number}", client_ref=f"{number}")
            # Both processes get the same send: a client that resends elsewhere.
            await world.messages.append(anna, draft, START)

        async with asyncio.timeout(30), asyncio.TaskGroup() as tasks:
            tasks.create_task(watch())
            for number in range(200):
                tasks.create_task(write(here, number))
                tasks.create_task(write(there, number))
        assert seen == list(range(1, 201))
        texts = await there.texts(boris, chat.id)
        assert sorted(texts, key=int) == [str(number) for number in range(200)]

    in_two_processes(story)


def test_after_a_lost_connection_the_next_batch_gets_a_new_one() -> None:
    async def story(world: World) -> None:
        anna, boris = await world.people("anna", "boris")
        chat = await world.group(anna, boris)
        for number in range(3):
            await kill_writer(world)
            # Either the loss was noticed before, or this batch falls victim to it.
            outcomes = await asyncio.gather(
                *(world.post(anna, chat.id, f"{number}") for _ in range(3)), return_exceptions=True
            )
            assert len({type(each) for each in outcomes}) == 1
            await world.post(anna, chat.id, f"after {number}")
        texts = await world.texts(anna, chat.id)
        assert [text for text in texts if "after" in text] == [f"after {n}" for n in range(3)]
        seqs = [each.message.seq for each in await world.history(anna, chat.id)]
        assert seqs == list(range(1, len(seqs) + 1))

    uvloop.run(tell(story, in_postgres))


def test_a_connection_lost_inside_a_batch_acknowledges_nothing_of_it() -> None:
    async def story(world: World) -> None:
        anna, boris = await world.people("anna", "boris")
        chat = await world.group(anna, boris)
        blocker = await asyncpg.connect(engine_of(world)._url)
        await blocker.execute("BEGIN; SELECT 1 FROM counters FOR UPDATE")
        world.heard.clear()
        async with asyncio.timeout(20), asyncio.TaskGroup() as tasks:
            posts = [tasks.create_task(attempt(world.post(anna, chat.id))) for _ in range(5)]
            while not await blocker.fetchval("SELECT COUNT(*) FROM pg_locks WHERE NOT granted"):
                pass
            await kill_writer(world)
        await blocker.close()
        assert [type(post.result()) for post in posts] == [Unavailable] * 5
        assert world.heard == []
        assert (await world.post(anna, chat.id)).seq == 1

    uvloop.run(tell(story, in_postgres))


class Breaking:
    """A writing connection that is lost over its next COMMIT: after that is kept, or before."""

    def __init__(self, engine: PostgresEngine, is_kept: bool) -> None:  # noqa: FBT001 - it has a name
        assert engine._writer is not None
        self._writer = engine._writer
        self._is_kept = is_kept

    async def execute(self, sql: str) -> str:
        if not sql.endswith("COMMIT"):
            return await self._writer.execute(sql)
        if self._is_kept:
            await self._writer.execute(sql)
        self._writer.terminate()
        raise asyncpg.ConnectionDoesNotExistError("connection was closed")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._writer, name)


@pytest.mark.parametrize("is_kept", [True, False])
def test_a_connection_lost_over_a_commit_hides_nothing_that_was_kept(*, is_kept: bool) -> None:
    """What nobody was told had been stored is heard before what comes next, and once."""

    async def story(world: World) -> None:
        anna, boris = await world.people("anna", "boris")
        chat = await world.group(anna, boris)
        engine_of(world)._writer = Breaking(engine_of(world), is_kept)  # type: ignore[assignment]  # it does all that one does
        world.heard.clear()
        outcome = await attempt(world.post(anna, chat.id, "perhaps"))
        assert isinstance(outcome, Unavailable)
        assert world.heard == []
        last = await world.post(anna, chat.id, "after")
        wanted = ["perhaps", "after"] if is_kept else ["after"]
        assert [each.message.text for each in world.told(MessagePosted)] == wanted
        assert await world.texts(boris, chat.id) == wanted
        assert world.engine.position >= last.id

    uvloop.run(tell(story, in_postgres))


async def attempt(work: Awaitable[object]) -> object:
    try:
        return await work
    except Unavailable as error:
        return error


def test_a_reader_whose_connection_was_lost_gets_another() -> None:
    async def story(world: World) -> None:
        anna = await world.person("anna")
        other = await asyncpg.connect(engine_of(world)._url)
        await other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        await other.close()
        outcomes = [await attempt(world.accounts.several([anna.account_id])) for _ in range(6)]
        assert isinstance(outcomes[-1], list)
        await world.engine.check()

    uvloop.run(tell(story, in_postgres))


@pytest.mark.parametrize("kind", [asyncpg.CannotConnectNowError, asyncpg.TooManyConnectionsError])
def test_a_database_that_lets_no_reader_in_is_unavailable(kind: type[Exception]) -> None:
    class Shut:
        def acquire(self, timeout: float) -> None:
            raise kind("the database system is starting up")

    async def story(world: World) -> None:
        engine = engine_of(world)
        readers, engine._readers = engine._readers, Shut()  # type: ignore[assignment]  # of a pool, only what is asked for
        try:
            with pytest.raises(Unavailable):
                await engine.read(rows("SELECT 1"))
        finally:
            engine._readers = readers

    uvloop.run(tell(story, in_postgres))


def test_a_database_that_keeps_nothing_does_not_pass_its_check() -> None:
    async def story(world: World) -> None:
        other = await asyncpg.connect(engine_of(world)._url)
        await other.execute(
            "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE disk_full; END $$"
        )
        await other.execute(
            "CREATE TRIGGER full_disk BEFORE UPDATE ON counters EXECUTE FUNCTION full_disk()"
        )
        with pytest.raises(Unavailable):
            await world.person("anna")
        with pytest.raises(Unavailable):
            await world.engine.check()
        await other.execute("DROP TRIGGER full_disk ON counters")
        await other.close()
        await world.engine.check()

    uvloop.run(tell(story, in_postgres))


def test_a_database_that_is_not_there_is_unavailable() -> None:
    async def main() -> None:
        for url in (address("no_such_database"), "postgresql://nobody@127.0.0.1:9/nothing"):
            engine = PostgresEngine(url, print, Tally(), print)
            with pytest.raises(Unavailable):
                await engine.open()
            await engine.close()

    uvloop.run(main())


@pytest.mark.parametrize(("encoding", "is_wide"), [("LATIN1", False), ("SQL_ASCII", True)])
def test_a_database_that_cannot_hold_every_text_is_refused(encoding: str, *, is_wide: bool) -> None:
    async def main() -> None:
        connection = await asyncpg.connect(await new_database())
        name = f"in_{encoding.lower()}"
        await connection.execute(
            f"CREATE DATABASE {name} TEMPLATE template0 ENCODING '{encoding}' LOCALE 'C'"
        )
        await connection.close()
        engine = PostgresEngine(address(name), print, Tally(), print)
        if is_wide:
            await engine.open()
        else:
            with pytest.raises(Unavailable, match="its encoding is LATIN1 instead of UTF8"):
                await engine.open()
        await engine.close()

    uvloop.run(main())


def test_a_newer_database_is_refused_and_left_alone() -> None:
    async def main() -> None:
        url = await new_database()
        newest = migrate.steps()[-1][0]
        for _ in range(2):
            engine = PostgresEngine(url, print, Tally(), print)
            await engine.open()
            await engine.close()
        connection = await asyncpg.connect(url)
        await connection.execute("INSERT INTO schema_steps VALUES ($1)", newest + 1)
        with pytest.raises(migrate.NewerStore, match=f"at schema step {newest + 1}"):
            await PostgresEngine(url, print, Tally(), print).open()
        await connection.close()

    uvloop.run(main())


def test_a_batch_that_finds_no_group_of_tasks_is_refused() -> None:
    async def main() -> None:
        def closed(_: object) -> None:
            raise RuntimeError("the group has ended")

        engine = PostgresEngine(await new_database(), print, Tally(), closed)
        await engine.open()
        with pytest.raises(Unavailable):
            await engine.write(draw(START))
        await engine.close()

    uvloop.run(main())


def test_commits_reach_the_disk_even_where_the_database_is_told_otherwise() -> None:
    async def main() -> None:
        url = await new_database()
        connection = await asyncpg.connect(url)
        name = await connection.fetchval("SELECT current_database()")
        await connection.execute(f"ALTER DATABASE {name} SET synchronous_commit = off")
        await connection.close()
        async with tasks_of_engine() as spawn:
            engine = PostgresEngine(url, print, Tally(), spawn)
            await engine.open()
            shown = await engine.write(row("SHOW synchronous_commit"))
            await engine.close()
        assert shown == ("on",)

    uvloop.run(main())
