"""Of the processes that share a database one leads, and another when that one is gone."""

import asyncio
from collections.abc import Awaitable, Callable

import asyncpg
import pytest
import uvloop

from tertulia.core.errors import Unavailable
from tertulia.store.leading import ElectedLeading, Pace
from tests.store.postgres_server import new_database
from tests.store.world import tasks_of_engine

pytestmark = pytest.mark.integration

PATIENCE_S = 20.0
"""For what must come."""

OFTEN = Pace(look_every_s=0.02)

FAR = 2**53 - 5
"""A number that needs both halves of a key."""


class Diary:
    """Duties that only say whose they are (`core.leading.Duties`)."""

    def __init__(self) -> None:
        self.is_up = False
        self.taken = self.laid = 0
        self.refuses = 0
        self.gate: asyncio.Event | None = None

    async def take_up(self) -> None:
        self.taken += 1
        if self.gate is not None:
            await self.gate.wait()
        if self.refuses:
            self.refuses -= 1
            raise Unavailable("store")
        self.is_up = True

    def lay_down(self) -> None:
        self.is_up = False
        self.laid += 1


class Process:
    """One of several."""

    def __init__(self, url: str, number: int, spawn: object, pace: Pace = OFTEN) -> None:
        self.diary = Diary()
        self.leading = ElectedLeading(url, number, self.diary, spawn, pace=pace)  # type: ignore[arg-type]  # a spawn


class Place:
    """A database, and whoever wants to lead there."""

    def __init__(self, url: str, spawn: object) -> None:
        self.url = url
        self._spawn = spawn
        self._all: list[Process] = []

    def process(self, number: int, pace: Pace = OFTEN) -> Process:
        made = Process(self.url, number, self._spawn, pace)
        self._all.append(made)
        return made

    async def opened(self, number: int, pace: Pace = OFTEN) -> Process:
        made = self.process(number, pace)
        await made.leading.open()
        return made

    async def close(self) -> None:
        for each in self._all:
            await each.leading.close()

    async def hang_up(self) -> None:
        """The database ends all connections of those who lead or want to."""
        connection = await asyncpg.connect(self.url)
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'tertulia leading' AND datname = current_database()"
        )
        await connection.close()


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not is_so():  # noqa: ASYNC110 - nobody tells when another process has its turn
            await asyncio.sleep(0.005)


def in_place(story: Callable[[Place], Awaitable[None]]) -> None:
    async def played() -> None:
        async with tasks_of_engine() as spawn:
            place = Place(await new_database(), spawn)
            try:
                await story(place)
            finally:
                await place.close()

    uvloop.run(played())


def test_one_leads_and_the_next_one_when_it_has_ended() -> None:
    async def story(place: Place) -> None:
        first, second = await place.opened(1), await place.opened(2)
        assert (first.diary.is_up, second.diary.is_up) == (True, False)
        assert (first.leading.leads, second.leading.leads) == (True, False)
        await first.leading.close()
        assert not first.diary.is_up
        await until(lambda: second.diary.is_up)
        assert (first.diary.taken, first.diary.laid) == (1, 1)

    in_place(story)


def test_who_loses_its_connection_lays_everything_down_and_may_lead_again() -> None:
    async def story(place: Place) -> None:
        only = await place.opened(1)
        await place.hang_up()
        await until(lambda: only.diary.laid == 1)
        await until(lambda: only.diary.is_up)
        assert only.diary.taken == 2

    in_place(story)


def test_there_are_never_two_that_lead() -> None:
    async def story(place: Place) -> None:
        both = [await place.opened(1), await place.opened(2)]
        for times in range(2, 7):
            await place.hang_up()
            await until(lambda times=times: sum(each.diary.taken for each in both) >= times)  # type: ignore[misc]  # a default
            assert sum(each.leading.leads for each in both) <= 1

    in_place(story)


def test_the_connection_that_is_lost_while_duties_are_taken_up_ends_that() -> None:
    async def story(place: Place) -> None:
        only = place.process(1)
        only.diary.gate = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            group.create_task(only.leading.open())
            await until(lambda: only.diary.taken == 1)
            await place.hang_up()
            await until(lambda: only.diary.laid == 1)
            assert not only.diary.is_up
            only.diary.gate.set()
        await until(lambda: only.diary.is_up)
        assert only.diary.taken == 2

    in_place(story)


def test_duties_that_cannot_be_taken_up_are_tried_again() -> None:
    async def story(place: Place) -> None:
        only = place.process(1)
        only.diary.refuses = 2
        await only.leading.open()
        await until(lambda: only.diary.is_up)
        assert (only.diary.taken, only.diary.laid) == (3, 2)

    in_place(story)


def test_the_database_ends_the_lead_of_a_process_that_hangs() -> None:
    async def story(place: Place) -> None:
        # It asks nothing for an hour, as if it were stopped.
        hangs = await place.opened(1, Pace(look_every_s=3_600, silent_for_s=1))
        other = await place.opened(2)
        assert not other.diary.is_up
        await until(lambda: other.diary.is_up)
        assert hangs.diary.laid >= 1

    in_place(story)


def test_processes_see_who_is_there() -> None:
    async def story(place: Place) -> None:
        first, second = await place.opened(7), await place.opened(FAR)
        assert {7, FAR} <= set(await second.leading.living())
        await first.leading.close()
        living = set(await second.leading.living())
        assert FAR in living
        assert 7 not in living

    in_place(story)


def test_a_database_that_is_away_holds_up_nobody() -> None:
    async def story(place: Place) -> None:
        lost = Process(place.url.replace("/store_", "/no_store_"), 1, asyncio.ensure_future)
        await lost.leading.open()
        assert not lost.diary.is_up
        with pytest.raises(Unavailable):
            await lost.leading.living()
        await lost.leading.close()

    in_place(story)
