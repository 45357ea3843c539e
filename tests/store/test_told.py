"""What commits told is kept for the other processes, in the same commit."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable

import pytest
import uvloop

from tertulia.core.cluster import Report
from tertulia.core.events import Event, MessagePosted
from tertulia.core.ids import first_number_at
from tertulia.core.tally import Tally
from tertulia.store.batch import Batch
from tertulia.store.event_words import BadWords, decoded, encoded
from tertulia.store.postgres import PostgresEngine
from tertulia.store.told import KEPT_MS, SqlTold
from tertulia.store.work import LAST_NUMBER, Work, draw, row, rows, run, tell
from tests.store.postgres_server import new_database
from tests.store.world import START, World, tasks_of_engine, tea

Story = Callable[[World, World], Awaitable[None]]


class Ticking:
    """A clock that a test sets."""

    def __init__(self, now: int) -> None:
        self.now = now

    def now_ms(self) -> int:
        return self.now


def in_cluster(story: Story) -> None:
    """Two processes that keep what they tell."""

    async def main() -> None:
        url = await new_database()
        async with tasks_of_engine() as spawn:
            worlds = []
            for process in (1, 2):
                heard: list[Event] = []
                tally = Tally()
                engine = PostgresEngine(url, heard.extend, tally, spawn, process=process)
                await engine.open()
                worlds.append(World(engine, heard, tally))
            try:
                await story(*worlds)
            finally:
                for world in worlds:
                    await world.engine.close()

    uvloop.run(main())


async def reports(world: World, process: int = 3, after: int = 0) -> list[Report]:
    """All that is kept, as that process reads it."""
    return await SqlTold(world.engine, process).after(after, 1_000)


async def newest(world: World) -> int:
    found = await world.engine.read(rows(LAST_NUMBER))
    return int(found[0][0])


def is_whole(found: list[Report]) -> bool:
    """Whether each report begins where the one before it ends."""
    return all(a.number == b.before for a, b in itertools.pairwise(found))


def test_the_commits_of_two_processes_are_one_chain() -> None:
    async def story(here: World, there: World) -> None:
        anna, boris, chat = await tea(here)
        for _ in range(5):
            await asyncio.gather(here.post(anna, chat.id), there.post(boris, chat.id))
        found = await reports(here)
        assert is_whole(found)
        assert found[-1].number == await newest(here)
        posted = [e.message.seq for each in found for e in each.events if type(e) is MessagePosted]
        assert posted == list(range(1, 11))

    in_cluster(story)


def test_what_is_kept_is_what_was_told() -> None:
    async def story(here: World, there: World) -> None:
        anna, boris, chat = await tea(here)
        message = await here.post(anna, chat.id)
        await here.read_all(boris, chat.id)
        await here.delete(anna, message)
        assert [e for each in await reports(there, process=1) for e in each.events] == here.heard

    in_cluster(story)


def test_connections_of_another_process_mean_nothing_here() -> None:
    async def story(here: World, there: World) -> None:
        anna, boris, chat = await tea(here)
        await here.post(anna, chat.id)
        await here.read_all(boris, chat.id)
        assert {e.origin for e in here.heard} != {0}
        foreign = [e for each in await reports(there, process=2) for e in each.events]
        assert {e.origin for e in foreign} == {0}
        assert [type(e) for e in foreign] == [type(e) for e in here.heard]

    in_cluster(story)


def test_a_commit_that_tells_without_drawing_has_a_number_of_its_own() -> None:
    async def story(here: World, _: World) -> None:
        anna, _boris, chat = await tea(here)
        before = await newest(here)

        def telling() -> Work[None]:
            yield from tell(here.heard[-1])

        await here.engine.write(telling())
        found = await reports(here, after=before)
        assert [(each.before, each.number) for each in found] == [(before, before + 1)]
        message = await here.post(anna, chat.id)
        assert message.id > before + 1
        assert is_whole(await reports(here))

    in_cluster(story)


def test_a_commit_without_numbers_and_events_is_no_report() -> None:
    async def story(here: World, _: World) -> None:
        await tea(here)
        before = await reports(here)
        await here.engine.write(run("UPDATE accounts SET blocks_on = 0"))
        assert await reports(here) == before

    in_cluster(story)


def test_a_commit_that_draws_and_tells_nothing_is_a_report() -> None:
    async def story(here: World, _: World) -> None:
        before = await newest(here)
        number = await here.engine.write(draw(START))
        assert await reports(here, after=before) == [Report(before, number, [])]

    in_cluster(story)


def test_a_unit_that_failed_tells_nothing_and_breaks_no_chain() -> None:
    async def story(here: World, _: World) -> None:
        anna, _boris, chat = await tea(here)

        def failing() -> Work[None]:
            yield from draw(START)
            yield from row("SELECT nothing FROM nowhere")

        posting = asyncio.ensure_future(here.post(anna, chat.id))
        with pytest.raises(Exception, match="nowhere"):
            await here.engine.write(failing())
        await posting
        await here.post(anna, chat.id)
        found = await reports(here)
        assert is_whole(found)
        assert sum(type(e) is MessagePosted for each in found for e in each.events) == 2

    in_cluster(story)


def test_each_batch_is_handed_on_with_its_words() -> None:
    async def story(here: World, _: World) -> None:
        anna, _boris, chat = await tea(here)
        assert isinstance(here.engine, PostgresEngine)
        handed: list[Batch] = []
        here.engine.tell_through(handed.append)
        here.heard.clear()
        before = await newest(here)
        await here.post(anna, chat.id)
        (batch,) = handed
        assert here.heard == []
        assert (batch.before, batch.last_number) == (before, await newest(here))
        assert decoded(batch.words, foreign=False) == batch.events
        here.engine.telling.tell(batch.events, batch.last_number)
        assert here.heard == batch.events
        assert here.engine.position == batch.last_number

    in_cluster(story)


def test_what_everybody_has_heard_is_forgotten() -> None:
    async def story(here: World, _: World) -> None:
        anna, _boris, chat = await tea(here)
        here.now += KEPT_MS
        await here.post(anna, chat.id)
        told = SqlTold(here.engine, 1)
        await told.forget_old(Ticking(here.now + 1_000))
        kept = await reports(here)
        assert [type(e) for each in kept for e in each.events] == [MessagePosted]
        assert kept[0].number >= first_number_at(here.now)

    in_cluster(story)


def test_without_a_process_number_nothing_is_kept() -> None:
    async def main() -> None:
        async with tasks_of_engine() as spawn:
            heard: list[Event] = []
            engine = PostgresEngine(await new_database(), heard.extend, Tally(), spawn)
            await engine.open()
            world = World(engine, heard, Tally())
            await tea(world)
            assert heard
            assert await reports(world) == []
            await engine.close()

    uvloop.run(main())


def test_reports_of_a_newer_version_are_told_empty(caplog: pytest.LogCaptureFixture) -> None:
    async def story(here: World, _: World) -> None:
        place = (await newest(here), await newest(here) + 1, 9)
        await here.engine.write(
            run(
                "INSERT INTO told (before, number, process, words) VALUES (?, ?, ?, ?)",
                *place,
                '[["SomethingNew",{"a":1}]]',
            )
        )
        assert [each.events for each in await reports(here)] == [[]]
        assert "not understood" in caplog.text

    in_cluster(story)


@pytest.mark.parametrize("words", [b"", b"{}", b"[1]", b'[["Nothing",{}]]', b'[["Typing",{}]]'])
def test_words_that_are_no_events_are_refused(words: bytes) -> None:
    with pytest.raises(BadWords):
        decoded(words, foreign=True)


def test_no_events_are_words_too() -> None:
    assert decoded(encoded([]), foreign=True) == []
