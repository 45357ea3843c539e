"""Every report is told once, in the order of the chain, whatever the bus does."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tertulia.core.cluster import Report
from tertulia.core.errors import Unavailable
from tertulia.core.events import Event, Typing
from tertulia.core.ids import AccountId, ChatId
from tertulia.core.model import ChatKind
from tertulia.core.tally import Tally
from tertulia.delivery.chain import LOOK_EVERY_S, LOOK_OFTEN_S, PATIENCE_S, REPORTS_AT_ONCE, Chain
from tests.hasty import run_hastily


def event(number: int) -> Event:
    return Typing(ChatId(1), ChatKind.GROUP, AccountId(number), "", 0, 0)


def report(before: int, number: int) -> Report:
    return Report(before, number, [event(number)])


class Store:
    """What all processes have committed."""

    def __init__(self) -> None:
        self.reports: list[Report] = []
        self.number = 100
        self.is_away = False
        self.asked = 0

    def commit(self, step: int = 1) -> Report:
        made = report(self.number, self.number + step)
        self.number += step
        self.reports.append(made)
        return made

    async def newest(self) -> int:
        self.asked += 1
        if self.is_away:
            raise Unavailable("store")
        return self.number

    async def after(self, number: int, limit: int) -> list[Report]:
        # Somebody else has his turn while the database answers.
        await asyncio.sleep(0)
        return [each for each in self.reports if each.number > number][:limit]


class World:
    """A chain, and what it told."""

    def __init__(self, group: asyncio.TaskGroup) -> None:
        self.store = Store()
        self.tally = Tally()
        self.told: list[int] = []
        self.positions: list[int] = []
        self.is_hurried = True
        self.chain = Chain(
            self._tell,
            self.store,
            group.create_task,
            self.tally,
            is_hurried=lambda: self.is_hurried,
        )

    def _tell(self, events: list[Event], number: int) -> None:
        for each in events:
            assert isinstance(each, Typing)
            self.told.append(each.account_id)
        self.positions.append(number)


def with_chain(story: Callable[[World], Awaitable[None]]) -> None:
    async def played() -> None:
        async with asyncio.TaskGroup() as group:
            world = World(group)
            await world.chain.start()
            await story(world)
            world.chain.stop()

    run_hastily(played)


def test_what_was_committed_before_the_start_is_not_told() -> None:
    async def story(world: World) -> None:
        assert world.chain.position == 100
        world.chain.take(report(98, 99))
        assert world.told == []
        assert world.positions == [100]

    with_chain(story)


def test_reports_in_their_turn_are_told_at_once() -> None:
    async def story(world: World) -> None:
        for _ in range(3):
            world.chain.take(world.store.commit(2))
        assert world.told == [102, 104, 106]
        assert world.positions[-1] == world.chain.position == 106
        assert world.tally.reports_read == 0

    with_chain(story)


def test_a_report_that_comes_twice_is_told_once() -> None:
    async def story(world: World) -> None:
        made = world.store.commit()
        world.chain.take(made)
        world.chain.take(made)
        assert world.told == [101]

    with_chain(story)


def test_reports_that_overtook_each_other_are_told_in_order_without_the_store() -> None:
    async def story(world: World) -> None:
        first, second, third = (world.store.commit() for _ in range(3))
        asked = world.store.asked
        world.chain.take(third)
        world.chain.take(second)
        assert world.told == []
        world.chain.take(first)
        assert world.told == [101, 102, 103]
        assert world.store.asked == asked

    with_chain(story)


def test_a_report_that_never_comes_is_read_from_the_store() -> None:
    async def story(world: World) -> None:
        world.store.commit()
        world.chain.take(world.store.commit())
        assert world.told == []
        await asyncio.sleep(PATIENCE_S * 2)
        assert world.told == [101, 102]
        assert world.tally.reports_read == 2

    with_chain(story)


def test_many_missing_reports_are_read_a_few_at_a_time() -> None:
    async def story(world: World) -> None:
        many = REPORTS_AT_ONCE * 2 + 5
        for _ in range(many):
            world.store.commit()
        world.chain.look()
        await asyncio.sleep(PATIENCE_S)
        assert world.told == list(range(101, 101 + many))

    with_chain(story)


def test_when_nothing_comes_the_store_is_looked_at_now_and_then() -> None:
    async def story(world: World) -> None:
        world.store.commit()
        await asyncio.sleep(LOOK_EVERY_S * 2.5)
        assert world.told == [101]

    with_chain(story)


def test_while_the_bus_is_away_the_store_is_looked_at_often() -> None:
    async def story(world: World) -> None:
        world.is_hurried = False
        await asyncio.sleep(LOOK_EVERY_S * 1.5)
        world.store.commit()
        await asyncio.sleep(LOOK_OFTEN_S * 2.5)
        assert world.told == [101]

    with_chain(story)


def test_a_commit_that_told_nothing_holds_nobody_up() -> None:
    async def story(world: World) -> None:
        # By a process without a bus: there is no report of it.
        world.store.number += 5
        world.chain.take(world.store.commit())
        await asyncio.sleep(PATIENCE_S * 2)
        assert world.told == [106]
        assert world.chain.position == 106

    with_chain(story)


def test_what_is_kept_no_more_is_left_out_and_said(caplog: pytest.LogCaptureFixture) -> None:
    async def story(world: World) -> None:
        world.store.commit()
        world.store.commit()
        del world.store.reports[0]
        world.chain.look()
        await asyncio.sleep(PATIENCE_S)
        assert world.told == [102]
        assert "not in the store" in caplog.text

    with_chain(story)


def test_while_the_store_is_away_reports_wait_for_it(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)

    async def story(world: World) -> None:
        world.store.is_away = True
        world.store.commit()
        world.chain.take(world.store.commit())
        await asyncio.sleep(PATIENCE_S * 5)
        assert world.told == []
        assert "does not say" in caplog.text
        world.store.is_away = False
        await asyncio.sleep(LOOK_EVERY_S * 2)
        assert world.told == [101, 102]

    with_chain(story)


def test_an_announcement_comes_after_what_was_told_before_it() -> None:
    async def story(world: World) -> None:
        first = world.store.commit()
        world.chain.announce(first.number, [event(7)])
        world.chain.announce(100, [event(8)])
        assert world.told == [8]
        world.chain.take(first)
        assert world.told == [8, 101, 7]

    with_chain(story)


def test_an_announcement_waits_for_no_report_where_there_is_none() -> None:
    async def story(world: World) -> None:
        # A commit that told nothing, which somebody else has heard of already.
        world.store.number += 5
        world.chain.announce(105, [event(7)])
        assert world.told == []
        await asyncio.sleep(LOOK_EVERY_S * 2.5)
        assert world.told == [7]

    with_chain(story)


def test_a_stopped_chain_reads_nothing_more() -> None:
    async def story(world: World) -> None:
        world.chain.stop()
        asked = world.store.asked
        world.store.commit()
        world.chain.take(world.store.commit())
        await asyncio.sleep(LOOK_EVERY_S * 3)
        assert world.store.asked == asked

    with_chain(story)


# What becomes of a commit: the bus brings it after so many others, or never; or nobody knows of it.
FATES = st.lists(st.tuples(st.integers(1, 3), st.integers(-1, 4), st.booleans()), max_size=40)


@given(fates=FATES, pauses=st.lists(st.integers(0, 39), max_size=8))
def test_whatever_the_bus_does_each_report_is_told_once_and_in_order(
    fates: list[tuple[int, int, bool]], pauses: list[int]
) -> None:
    async def story(world: World) -> None:
        under_way: list[tuple[int, Report]] = []
        for turn, (step, delay, is_repeated) in enumerate(fates):
            made = world.store.commit(step)
            if delay >= 0:
                under_way.append((turn + delay, made))
                if is_repeated:
                    under_way.append((turn + 4, made))
            for due in [each for each in under_way if each[0] <= turn]:
                under_way.remove(due)
                world.chain.take(due[1])
            if turn in pauses:
                await asyncio.sleep(PATIENCE_S)
        for _, late in under_way:
            world.chain.take(late)
        await asyncio.sleep(LOOK_EVERY_S * 3)
        assert world.told == [each.number for each in world.store.reports]
        assert world.positions == sorted(world.positions)

    with_chain(story)
