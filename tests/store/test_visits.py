"""Who is connected to several processes was there when one of them had him."""

import apsw
import pytest

from tertulia.core.model import Actor
from tertulia.store import migrate
from tertulia.store.oplog import SqlLog, is_within
from tertulia.store.visits import overlap
from tertulia.store.work import rows
from tests.store.test_oplog import Away
from tests.store.world import InStore, World, tea

ONE, TWO, THREE = 11, 22, 33
"""Processes."""


def at(world: World, who: Actor, process: int) -> Away:
    """The same person, connected to that process."""
    return Away(world, who, SqlLog(world.engine, process=process))


def test_what_one_process_has_told_is_not_missed_at_the_other(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris, chat = await tea(world)
        phone, desk = at(world, boris, ONE), at(world, boris, TWO)
        await world.post(anna, chat.id, "before")
        await phone.comes()
        await world.post(anna, chat.id, "on the phone")
        await desk.comes()
        await world.post(anna, chat.id, "on both")
        await desk.goes()
        await world.post(anna, chat.id, "on the phone again")
        await phone.goes()
        await world.post(anna, chat.id, "on neither")
        await desk.comes()
        await world.post(anna, chat.id, "on the desk")
        await desk.goes()
        for each in (phone, desk):
            assert await each.texts() == ["before", "on neither"]

    in_store(story)


def test_visits_of_two_processes_may_begin_at_one_place(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris, chat = await tea(world)
        phone, desk = at(world, boris, ONE), at(world, boris, TWO)
        await phone.comes()
        await desk.comes()
        await desk.goes()
        await world.post(anna, chat.id, "on the phone")
        await phone.goes()
        await world.post(anna, chat.id, "on neither")
        assert await desk.texts() == ["on neither"]

    in_store(story)


def test_the_newest_are_found_behind_many_that_were_heard_elsewhere(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris, chat = await tea(world)
        phone, desk = at(world, boris, ONE), at(world, boris, TWO)
        for number in range(5):
            await world.post(anna, chat.id, f"missed {number}")
        await phone.comes()
        await desk.comes()
        await desk.goes()
        for number in range(7):
            await world.post(anna, chat.id, f"heard {number}")
        await phone.goes()
        await world.post(anna, chat.id, "missed 5")
        assert await desk.texts(limit=3) == ["missed 3", "missed 4", "missed 5"]

    in_store(story)


def test_an_open_visit_elsewhere_counts_as_far_as_its_process_said(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris, chat = await tea(world)
        phone, desk = at(world, boris, ONE), at(world, boris, TWO)
        there = SqlLog(world.engine, process=ONE)
        await phone.comes()
        await world.post(anna, chat.id, "heard")
        assert await desk.texts() == ["heard"]
        world.now += 10_000
        await world.post(anna, chat.id, "perhaps still on its way")
        await there.say()
        assert await desk.texts() == ["perhaps still on its way"]
        world.now += 10_000
        await world.post(anna, chat.id, "not known to be heard")
        assert await desk.texts() == ["perhaps still on its way", "not known to be heard"]
        assert await phone.texts() == []
        await there.say()
        assert await desk.texts() == ["not known to be heard"]
        await phone.goes()
        assert await desk.texts() == []

    in_store(story)


def test_what_a_process_left_open_ends_where_it_counted(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris, chat = await tea(world)
        dead, alive = at(world, boris, ONE), at(world, anna, TWO)
        await SqlLog(world.engine, process=TWO).say()
        await dead.comes()
        await alive.comes()
        await world.post(anna, chat.id, "heard")
        await world.post(boris, chat.id, "for Anna")
        world.now += 10_000
        await world.post(anna, chat.id, "perhaps heard")
        await SqlLog(world.engine, process=ONE).say()
        world.now += 3_600_000
        await world.post(anna, chat.id, "not heard")
        before = await at(world, boris, THREE).texts()
        assert before == ["perhaps heard", "not heard"]
        leading = SqlLog(world.engine, process=THREE)
        await leading.close_missing({TWO, THREE})
        assert len(await _open(world)) == 2
        await leading.close_missing({TWO, THREE})
        assert await at(world, boris, THREE).texts() == before
        assert await alive.texts() == []
        assert await _open(world) == [(anna.account_id, TWO)]

    in_store(story)


def test_who_comes_back_to_another_process_has_what_came_since_the_first_died(
    in_store: InStore,
) -> None:
    async def story(world: World) -> None:
        anna, boris, chat = await tea(world)
        await at(world, boris, ONE).comes()
        await SqlLog(world.engine, process=ONE).say()
        await world.post(anna, chat.id, "while he had none")
        back = at(world, boris, TWO)
        await back.comes()
        await world.post(anna, chat.id, "live again")
        assert await back.texts() == ["while he had none"]

    in_store(story)


def test_a_process_that_ends_well_leaves_nothing_behind(in_store: InStore) -> None:
    async def story(world: World) -> None:
        _, boris, _ = await tea(world)
        here = SqlLog(world.engine, process=ONE)
        await here.say()
        await at(world, boris, ONE).comes()
        await here.say_farewell()
        assert await _open(world) == []
        assert await world.engine.read(rows("SELECT process FROM processes")) == []

    in_store(story)


def test_a_process_that_is_alone_closes_what_all_left_open(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris, chat = await tea(world)
        await at(world, anna, ONE).comes()
        await at(world, boris, 0).comes()
        await world.post(boris, chat.id, "heard")
        world.now += 10_000
        await world.post(boris, chat.id, "perhaps heard")
        await SqlLog(world.engine, process=ONE).say()
        world.now += 3_600_000
        await world.post(boris, chat.id, "not heard")
        await SqlLog(world.engine).close_visits()
        assert await _open(world) == []
        assert await at(world, anna, 0).texts() == ["perhaps heard", "not heard"]

    in_store(story)


def test_who_joins_others_closes_only_what_one_alone_left_open(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris, _ = await tea(world)
        await at(world, anna, ONE).comes()
        await at(world, boris, 0).comes()
        await SqlLog(world.engine, process=TWO).close_visits()
        assert await _open(world) == [(anna.account_id, ONE)]

    in_store(story)


def test_who_was_away_for_one_look_only_is_not_taken_for_dead(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, _, _ = await tea(world)
        await at(world, anna, ONE).comes()
        await SqlLog(world.engine, process=ONE).say()
        leading = SqlLog(world.engine, process=TWO)
        for living in ({TWO}, {ONE, TWO}, {TWO}):
            await leading.close_missing(living)
        assert await _open(world) == [(anna.account_id, ONE)]

    in_store(story)


def test_who_says_the_same_again_writes_nothing(in_store: InStore) -> None:
    async def story(world: World) -> None:
        await tea(world)
        here = SqlLog(world.engine, process=ONE)
        await here.say()
        commits = world.tally.commits
        await here.say()
        assert world.tally.commits == commits

    in_store(story)


async def _open(world: World) -> list[tuple[int, ...]]:
    return await world.engine.read(
        rows("SELECT account_id, process FROM visits WHERE went IS NULL ORDER BY account_id")
    )


@pytest.mark.parametrize(
    ("there", "do"),
    [
        ([], False),
        ([(1, 5), (5, 6), (6, None)], False),
        ([(1, 5), (2, 0)], True),
        ([(1, None), (3, 4)], True),
        ([(1, 9), (2, 3), (10, 11)], True),
    ],
)
def test_visits_overlap_when_one_begins_before_another_has_ended(
    there: list[tuple[int, int | None]], *, do: bool
) -> None:
    assert overlap(there) is do


def test_a_number_is_in_a_gap_from_after_its_beginning_to_its_end() -> None:
    gaps = [(2, 4), (6, 9)]
    assert [each for each in range(11) if is_within(gaps, each)] == [3, 4, 7, 8, 9]
    assert not is_within([], 1)


def test_old_visits_are_those_of_a_process_alone() -> None:
    connection = apsw.Connection(":memory:")
    migrate.upgrade_sqlite(connection, upto=23)
    connection.execute("INSERT INTO visits VALUES (1, 2, 3), (1, 4, NULL)")
    migrate.upgrade_sqlite(connection)
    found = connection.execute("SELECT account_id, came, went, process FROM visits").fetchall()
    assert found == [(1, 2, 3, 0), (1, 4, None, 0)]
    connection.close()
