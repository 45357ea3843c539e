"""Whole stores, copied from one engine to another, and asked whether all in them fits together."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import apsw
import asyncpg
import pytest
import uvloop

from tertulia.core.errors import Unavailable
from tertulia.store.copies.postgres import into_database, of_database
from tertulia.store.copies.soundness import RULES
from tertulia.store.copies.sqlite import into_file, of_file
from tertulia.store.copies.tables import BadBackup, Filling, NoStore, NotEmpty, Row, Snapshot
from tertulia.store.migrate import for_postgres, newest_step, statements, steps
from tertulia.store.work import run
from tests.store.full_store import FILL
from tests.store.postgres_server import new_database
from tests.store.sound import broken
from tests.store.world import InStore, World, in_file, tell

Kept = dict[str, set[tuple[Any, ...]]]

CHAT = {
    "id": 7, "kind": "group", "name": "", "description": "", "search_text": "", "owner_id": 1,
    "created_at": 0, "updated_at": 0,
}  # fmt: skip


def of(address: str) -> AbstractAsyncContextManager[Snapshot]:
    """The store at a path or a URL."""
    return of_database(address) if "://" in address else of_file(Path(address))


def into(address: str, step: int) -> AbstractAsyncContextManager[Filling]:
    """A new store there."""
    return into_database(address, step) if "://" in address else into_file(Path(address), step)


async def all_rows(snapshot: Snapshot) -> AsyncIterator[tuple[str, tuple[str, ...], list[Row]]]:
    for table in await snapshot.tables():
        async for some in snapshot.rows(table):
            yield table.name, table.columns, some


async def copy(source: str, target: str) -> None:
    async with of(source) as snapshot, into(target, snapshot.step) as filling:
        async for name, columns, some in all_rows(snapshot):
            await filling.add(name, columns, some)


async def kept(address: str) -> Kept:
    """Everything in a store, by table."""
    found: Kept = {}
    async with of(address) as snapshot:
        for table in await snapshot.tables():
            order = sorted(range(len(table.columns)), key=table.columns.__getitem__)
            rows = found[table.name] = set()
            async for some in snapshot.rows(table):
                rows |= {tuple(each[place] for place in order) for each in some}
            assert len(rows) == table.rows
    return found


@pytest.mark.slow
@pytest.mark.integration
def test_a_full_store_goes_from_postgresql_to_sqlite_and_back_unchanged(tmp_path: Path) -> None:
    async def story() -> None:
        first, last = await new_database(), await new_database()
        await make_full(first)
        between = str(tmp_path / "tertulia.db")
        await copy(first, between)
        before = await kept(first)
        assert await kept(between) == before
        await copy(between, last)
        assert await kept(last) == before
        assert all(before[table] for table in before if table != "secrets")
        assert await schema(last) == await schema(first)

    async def make_full(url: str) -> None:
        connection = await asyncpg.connect(url)
        for _, text in steps():
            for statement in statements(text):
                await connection.execute(for_postgres(statement))
        await connection.execute("CREATE TABLE schema_steps (step BIGINT PRIMARY KEY)")
        await connection.execute("INSERT INTO schema_steps VALUES ($1)", newest_step())
        for text in FILL:
            await connection.execute(text)
        await connection.close()

    async def schema(url: str) -> list[Any]:
        connection = await asyncpg.connect(url)
        found = await connection.fetch(
            "SELECT conrelid::regclass::text, pg_get_constraintdef(oid) FROM pg_constraint"
            " WHERE connamespace = current_schema()::regnamespace"
            " UNION ALL SELECT tablename, indexdef FROM pg_indexes WHERE schemaname = current_schema()"
            " ORDER BY 1, 2"
        )
        await connection.close()
        return found

    uvloop.run(story())


def test_the_copy_of_an_open_store_is_that_of_one_moment(tmp_path: Path) -> None:
    path = tmp_path / "tertulia.db"

    async def story(world: World) -> None:
        anna, boris = await world.people("anna", "boris")
        chat = await world.group(anna, boris)
        await world.post(anna, chat.id, "before")
        async with of_file(path) as snapshot, into_file(tmp_path / "copy.db", snapshot.step) as new:
            await world.post(anna, chat.id, "meanwhile")
            async for name, columns, some in all_rows(snapshot):
                await new.add(name, columns, some)
        assert await world.texts(anna, chat.id) == ["before", "meanwhile"]
        texts.extend([anna, chat.id])

    async def look(world: World) -> None:
        assert await world.texts(*texts) == ["before"]
        # It can be written to like any other.
        await world.post(texts[0], texts[1], "after")
        assert await broken(world.engine) == []

    texts: list[Any] = []
    uvloop.run(tell(story, in_file(path)))
    uvloop.run(tell(look, in_file(tmp_path / "copy.db")))


@pytest.mark.parametrize("ending", ["", "-wal", "-journal"])
def test_nothing_that_is_there_is_written_over(tmp_path: Path, ending: str) -> None:
    async def story() -> None:
        with pytest.raises(NotEmpty, match="there is a store already"):
            async with into_file(path, newest_step()):
                pytest.fail("it has begun")

    path = tmp_path / "tertulia.db"
    there = path.with_name(path.name + ending)
    there.write_bytes(b"mine")
    uvloop.run(story())
    assert there.read_bytes() == b"mine"


def test_not_where_a_server_is(tmp_path: Path) -> None:
    async def story(_: World) -> None:
        with pytest.raises(Unavailable, match="another Tertulia uses it"):
            async with into_file(tmp_path / "tertulia.db", newest_step()):
                pytest.fail("it has begun")

    uvloop.run(tell(story, in_file(tmp_path / "tertulia.db")))


@pytest.fixture(params=["file", pytest.param("postgres", marks=pytest.mark.integration)])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where there is no store yet."""
    if request.param == "file":
        return str(tmp_path / "tertulia.db")
    return uvloop.run(new_database())


def test_where_there_is_none_it_is_said(empty: str) -> None:
    async def story() -> None:
        with pytest.raises(NoStore, match="the first start makes it"):
            async with of(empty):
                pytest.fail("there is one")

    uvloop.run(story())


@pytest.mark.parametrize(
    ("table", "columns", "row"),
    [
        ("nowhere", ["id"], [1]),
        ("chats", ["id", "colour"], [1, "red"]),
        ("chats", list(CHAT), [*CHAT.values()]),
        ("hidden", ["account_id", "message_id"], ["seven", 8]),
        ("hidden", ["account_id", "message_id"], [7]),
        ("hidden", ["account_id", "message_id"], [7, None]),
        ("hidden", ["account_id", "message_id"], [7, 1 << 63]),
        # There is no such message.
        ("hidden", ["account_id", "message_id"], [7, 8]),
    ],
)
def test_of_what_does_not_fit_nothing_is_left(
    empty: str, table: str, columns: list[str], row: list[Any]
) -> None:
    async def story() -> None:
        with pytest.raises(BadBackup):
            async with into(empty, newest_step()) as filling:
                await filling.add(table, columns, [row])
        with pytest.raises(NoStore):
            async with of(empty):
                pytest.fail("it is there")
        # So the next attempt may begin.
        async with into(empty, newest_step()):
            pass
        async with of(empty) as snapshot:
            assert snapshot.step == newest_step()

    uvloop.run(story())


def test_a_database_that_holds_anything_is_left_alone(empty: str) -> None:
    async def story() -> None:
        async with into(empty, newest_step()):
            pass
        with pytest.raises(NotEmpty):
            async with into(empty, newest_step()):
                pytest.fail("it has begun")

    uvloop.run(story())


BREAKS = {
    "every message stands in a chat": "UPDATE messages SET chat_id = 99",
    "the places of a chat have no gap, and its newest message stands at the last one":
        "UPDATE messages SET seq = seq + 1 WHERE seq = 2",
    "dates and numbers grow from message to message of a chat":
        "UPDATE messages SET sent_at = sent_at - 10 WHERE seq = 2",
    "a chat knows how many of its messages were deleted": "UPDATE messages SET deleted_at = 1 WHERE seq = 1",
    "nobody has read, or has unread, what is not there": "UPDATE members SET skipped = 9",
    "every author and every member is an account": "UPDATE messages SET author_id = 99",
    "no number was given twice, and the next one is new":
        "UPDATE messages SET id = id + 1000000000000 WHERE seq = 2",
    "every file of a message is known":
        "INSERT INTO message_files SELECT 99, id FROM messages WHERE seq = 1",
}  # fmt: skip


@pytest.mark.parametrize("rule", [each.says for each in RULES])
def test_each_rule_sees_what_breaks_it(in_store: InStore, rule: str) -> None:
    async def story(world: World) -> None:
        anna, boris = await world.people("anna", "boris")
        chat = await world.group(anna, boris)
        for _ in range(2):
            await world.post(anna, chat.id)
        assert await broken(world.engine) == []
        await world.engine.write(run(BREAKS[rule]))
        assert rule in [each.partition(":")[0] for each in await broken(world.engine)]

    in_store(story)


def test_damage_to_the_file_is_seen(tmp_path: Path) -> None:
    path = tmp_path / "tertulia.db"

    async def fill(world: World) -> None:
        anna, boris = await world.people("anna", "boris")
        chat = await world.group(anna, boris)
        for _ in range(200):
            await world.post(anna, chat.id, "x" * 100)

    async def look() -> list[str]:
        async with of_file(path) as snapshot:
            return await snapshot.damages()

    uvloop.run(tell(fill, in_file(path)))
    assert uvloop.run(look()) == []
    connection = apsw.Connection(str(path))
    root = connection.execute(
        "SELECT rootpage FROM sqlite_master WHERE name = 'messages_by_date'"
    ).get
    connection.close()
    content = bytearray(path.read_bytes())
    start = (int(root) - 1) * 4_096
    content[start : start + 100] = bytes(100)
    path.write_bytes(content)
    assert uvloop.run(look()) != []
