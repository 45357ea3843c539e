"""The engine of outgoing calls: in order, with patience, and nobody held up by somebody else."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable
from dataclasses import dataclass, field

from tertulia.core.calls import Call, Course, Due
from tertulia.core.errors import Unavailable
from tertulia.core.events import Event, HookChanged, UiSettingsChanged
from tertulia.core.ids import AccountId, HookId
from tertulia.delivery.callbacks import AT_ONCE, CALLS_A_TURN, Callbacks
from tests.core.house import StillClock

PATIENCE_S = 5.0
KIND = "test"


class Notebook:
    """Courses in a dictionary (`core.calls.CourseStore`)."""

    def __init__(self, *courses: Course) -> None:
        self.courses = {course.hook_id: course for course in courses}

    async def all(self) -> list[Course]:
        return list(self.courses.values())

    async def find(self, hook_id: HookId) -> Course | None:
        return self.courses.get(hook_id)

    async def moved(self, hook_id: HookId, cursor: int, failing_since: int | None) -> None:
        course = self.courses[hook_id]
        self.courses[hook_id] = course._replace(
            cursor=cursor, attempts=0, next_at=0, failing_since=failing_since
        )

    async def failed(
        self, hook_id: HookId, attempts: int, next_at: int, failing_since: int
    ) -> None:
        course = self.courses[hook_id]
        self.courses[hook_id] = course._replace(
            attempts=attempts, next_at=next_at, failing_since=failing_since
        )


class Outside:
    """Takes calls, or not (`core.calls.Caller`)."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, int]] = []
        self.tried: list[tuple[str, int]] = []
        self.deaf: set[str] = set()
        self.gate: asyncio.Event | None = None
        self.waiting = 0

    async def call(self, call: Call, within_s: float) -> bool:
        del within_s
        self.tried.append((call.url, call.number))
        if self.gate is not None:
            self.waiting += 1
            await self.gate.wait()
            self.waiting -= 1
        if call.url in self.deaf:
            return False
        self.heard.append((call.url, call.number))
        return True

    def numbers(self, url: str) -> list[int]:
        return [number for where, number in self.heard if where == url]


class News:
    """What there is to tell: lists by hook (`core.calls.Errands`)."""

    kind = KIND
    within_s = 1.0
    gives_up_s: float | None = None

    def __init__(self, pauses_s: tuple[float, ...]) -> None:
        self.pauses_s = pauses_s
        self.told: dict[HookId, list[int]] = {}
        self.lost: list[HookId] = []
        self.asked: list[HookId] = []
        self.learned: list[HookId] = []
        self.opened = 0
        # Before what is looked up is known, and how often the store is away for it.
        self.meanwhile: asyncio.Event | None = None
        self.away = 0

    def hooks_of(self, event: Event, accounts: Collection[AccountId]) -> Iterable[HookId]:
        del event
        return [HookId(each) for each in accounts]

    async def open(self) -> None:
        if self.meanwhile is not None:
            await self.meanwhile.wait()
        self.opened += 1

    async def learn(self, hook_id: HookId) -> None:
        self.learned.append(hook_id)
        if self.meanwhile is not None:
            await self.meanwhile.wait()
        if self.away:
            self.away -= 1
            raise Unavailable("store")

    async def pending(self, hook_id: HookId, after: int, limit: int) -> Due | None:
        self.asked.append(hook_id)
        if hook_id not in self.told:
            return None
        numbers = [number for number in self.told[hook_id] if number > after]
        calls = [Call(number, f"hook {hook_id}", (), b"") for number in numbers[:limit]]
        return Due(calls, calls[-1].number if calls else max([after, *numbers]))

    async def given_up(self, hook_id: HookId) -> None:
        self.lost.append(hook_id)


@dataclass
class Desk:
    news: News
    outside: Outside
    notebook: Notebook
    clock: StillClock
    engine: Callbacks
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def wake(self, *hooks: int) -> None:
        self.engine.hear(SOMETHING, [AccountId(each) for each in hooks])

    def changes(self, hook_id: HookId, *, anew: bool = True) -> None:
        self.engine.hear(HookChanged(hook_id, KIND, anew), ())

    async def settled(self, is_so: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not is_so():  # noqa: ASYNC110 - the engine tells nobody that it has come to rest
                await asyncio.sleep(0.001)

    async def rested(self) -> None:
        """Until nothing is under way."""
        await self.settled(lambda: all(task.done() for task in self.tasks))

    def restarted(self) -> Callbacks:
        """Another engine over the same courses."""
        return engine_of(self.news, self.outside, self.notebook, self.clock, self.tasks)


SOMETHING = UiSettingsChanged(AccountId(1), "{}")


def engine_of(
    news: News,
    outside: Outside,
    notebook: Notebook,
    clock: StillClock,
    tasks: set[asyncio.Task[None]],
) -> Callbacks:
    def spawn(work: object) -> None:
        tasks.add(asyncio.get_running_loop().create_task(work))  # type: ignore[arg-type]  # a coroutine

    async def pause(seconds: float) -> None:
        clock.move(seconds)
        await asyncio.sleep(0)

    engine = Callbacks(notebook, outside, clock, spawn, sleep=pause)
    engine.add(news)
    return engine


def at_desk(
    story: Callable[[Desk], Awaitable[None]],
    *,
    hooks: int = 2,
    pauses_s: tuple[float, ...] = (0.001, 0.001),
) -> None:
    async def played() -> None:
        news, outside, clock = News(pauses_s), Outside(), StillClock()
        notebook = Notebook(*(Course(HookId(each), KIND, 0) for each in range(1, hooks + 1)))
        news.told = {each: [] for each in notebook.courses}
        tasks: set[asyncio.Task[None]] = set()
        engine = engine_of(news, outside, notebook, clock, tasks)
        await engine.open()
        desk = Desk(news, outside, notebook, clock, engine, tasks)
        await story(desk)
        engine.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    asyncio.run(played())


ONE, TWO, NINE = HookId(1), HookId(2), HookId(9)


def begins(desk: Desk, hook_id: HookId, cursor: int) -> None:
    """Somewhere, the hook has a course from there on."""
    desk.notebook.courses[hook_id] = Course(hook_id, KIND, cursor)


def test_calls_are_made_one_by_one_in_their_order() -> None:
    async def story(desk: Desk) -> None:
        desk.news.told[ONE] = list(range(1, 3 * CALLS_A_TURN))
        desk.wake(1)
        await desk.settled(lambda: desk.notebook.courses[ONE].cursor == 3 * CALLS_A_TURN - 1)
        assert desk.outside.numbers("hook 1") == list(range(1, 3 * CALLS_A_TURN))

    at_desk(story)


def test_what_comes_while_one_is_told_is_told_after_it() -> None:
    async def story(desk: Desk) -> None:
        desk.outside.gate = asyncio.Event()
        desk.news.told[ONE] = [1]
        desk.wake(1)
        await desk.settled(lambda: desk.outside.waiting == 1)
        desk.news.told[ONE] = [1, 2]
        desk.wake(1)
        desk.outside.gate.set()
        await desk.rested()
        assert desk.outside.numbers("hook 1") == [1, 2]

    at_desk(story)


def test_a_call_that_fails_holds_back_the_later_ones_and_nobody_else() -> None:
    async def story(desk: Desk) -> None:
        desk.outside.deaf = {"hook 1"}
        desk.news.told = {ONE: [1, 2], TWO: [3]}
        desk.wake(1, 2)
        await desk.settled(lambda: desk.outside.numbers("hook 2") == [3])
        await desk.settled(lambda: desk.notebook.courses[ONE].attempts == 1)
        assert ("hook 1", 2) not in desk.outside.tried
        desk.outside.deaf = set()
        await desk.settled(lambda: desk.outside.numbers("hook 1") == [1, 2])
        assert desk.notebook.courses[ONE] == Course(ONE, KIND, 2)

    at_desk(story)


def test_after_the_last_pause_a_call_is_dropped_and_the_next_one_tried() -> None:
    async def story(desk: Desk) -> None:
        desk.outside.deaf = {"hook 1"}
        desk.news.told[ONE] = [1, 2]
        desk.wake(1)
        await desk.settled(lambda: desk.notebook.courses[ONE].cursor == 2)
        assert desk.outside.tried == [("hook 1", 1)] * 3 + [("hook 1", 2)] * 3
        assert desk.outside.heard == []
        assert desk.notebook.courses[ONE].failing_since == desk.clock.now

    at_desk(story)


def test_a_hook_that_fails_waits_as_long_after_a_restart() -> None:
    async def story(desk: Desk) -> None:
        desk.outside.deaf = {"hook 1"}
        desk.news.told[ONE] = [1]
        desk.wake(1)
        await desk.settled(lambda: desk.notebook.courses[ONE].attempts == 1)
        desk.engine.close()
        desk.outside.deaf = set()
        desk.clock.move(59)
        early = desk.restarted()
        await early.open()
        early.wake(ONE)
        await asyncio.sleep(0)
        assert desk.outside.heard == []
        early.close()
        desk.clock.move(1)
        await desk.restarted().open()
        await desk.settled(lambda: desk.outside.numbers("hook 1") == [1])

    at_desk(story, pauses_s=(60.0,))


def test_who_never_answers_is_given_up() -> None:
    async def story(desk: Desk) -> None:
        desk.news.gives_up_s = 3600.0
        desk.outside.deaf = {"hook 1"}
        desk.news.told[ONE] = [1, 2, 3]
        desk.wake(1)
        await desk.settled(lambda: desk.notebook.courses[ONE].cursor == 3)
        assert desk.news.lost == []
        desk.clock.move(3600)
        desk.news.told[ONE].append(4)
        desk.wake(1)
        await desk.settled(lambda: desk.news.lost == [ONE])
        desk.wake(1)
        assert ("hook 1", 4) in desk.outside.tried

    at_desk(story)


def test_one_success_is_enough_to_stay() -> None:
    async def story(desk: Desk) -> None:
        desk.news.gives_up_s = 3600.0
        desk.outside.deaf = {"hook 1"}
        desk.news.told[ONE] = [1]
        desk.wake(1)
        await desk.settled(lambda: desk.notebook.courses[ONE].cursor == 1)
        desk.outside.deaf = set()
        desk.news.told[ONE].append(2)
        desk.wake(1)
        await desk.settled(lambda: desk.notebook.courses[ONE].failing_since is None)
        desk.clock.move(3600)
        desk.outside.deaf = {"hook 1"}
        desk.news.told[ONE].append(3)
        desk.wake(1)
        await desk.settled(lambda: desk.notebook.courses[ONE].cursor == 3)
        assert desk.news.lost == []

    at_desk(story)


def test_hundreds_that_hang_do_not_hold_up_who_answers() -> None:
    async def story(desk: Desk) -> None:
        # First everybody is known to be deaf, so that they have a lane of their own.
        deaf = range(1, 301)
        desk.outside.deaf = {f"hook {each}" for each in deaf}
        for each in deaf:
            desk.news.told[HookId(each)] = [1]
        desk.wake(*deaf)
        courses = desk.notebook.courses
        await desk.settled(lambda: all(courses[HookId(each)].cursor for each in deaf))
        desk.outside.gate = asyncio.Event()
        for each in deaf:
            desk.news.told[HookId(each)].append(2)
        desk.wake(*deaf)
        await desk.settled(lambda: desk.outside.waiting > 0)
        gate, desk.outside.gate = desk.outside.gate, None
        last = HookId(301)
        desk.news.told[last] = [1]
        desk.wake(last)
        await desk.settled(lambda: desk.outside.numbers("hook 301") == [1])
        assert desk.outside.waiting < AT_ONCE
        gate.set()

    at_desk(story, hooks=301, pauses_s=())


def test_no_more_than_so_many_are_called_at_once() -> None:
    async def story(desk: Desk) -> None:
        desk.outside.gate = asyncio.Event()
        everybody = range(1, 2 * AT_ONCE + 1)
        for each in everybody:
            desk.news.told[HookId(each)] = [1]
        desk.wake(*everybody)
        await desk.settled(lambda: desk.outside.waiting == AT_ONCE)
        await asyncio.sleep(0)
        assert desk.outside.waiting == AT_ONCE
        desk.outside.gate.set()
        await desk.settled(lambda: len(desk.outside.heard) == 2 * AT_ONCE)

    at_desk(story, hooks=2 * AT_ONCE)


def test_a_hook_that_is_gone_is_forgotten() -> None:
    async def story(desk: Desk) -> None:
        del desk.news.told[ONE]
        desk.wake(1)
        await desk.settled(lambda: bool(desk.tasks) and all(task.done() for task in desk.tasks))
        asked = len(desk.news.asked)
        desk.wake(1)
        assert len(desk.news.asked) == asked

    at_desk(story)


def test_a_hook_that_ends_while_it_is_told_is_told_nothing_more() -> None:
    async def story(desk: Desk) -> None:
        desk.outside.gate = asyncio.Event()
        desk.news.told[ONE] = [1, 2]
        desk.wake(1)
        await desk.settled(lambda: desk.outside.waiting == 1)
        desk.engine.closed(ONE)
        desk.outside.gate.set()
        await desk.rested()
        assert desk.outside.tried == [("hook 1", 1)]
        assert desk.notebook.courses[ONE].cursor == 0

    at_desk(story)


def test_a_new_hook_is_served_at_once() -> None:
    async def story(desk: Desk) -> None:
        course = Course(HookId(9), KIND, 5)
        desk.notebook.courses[course.hook_id] = course
        desk.news.told[course.hook_id] = [4, 5, 6]
        desk.engine.opened(course)
        await desk.rested()
        assert desk.outside.numbers("hook 9") == [6]

    at_desk(story)


def test_a_hook_that_has_begun_elsewhere_is_served_when_that_is_heard() -> None:
    async def story(desk: Desk) -> None:
        begins(desk, NINE, 5)
        desk.news.told[NINE] = [4, 5, 6]
        desk.changes(NINE)
        await desk.rested()
        assert desk.news.learned == [NINE]
        assert desk.outside.numbers("hook 9") == [6]

    at_desk(story)


def test_what_comes_for_a_hook_while_it_is_looked_up_is_told() -> None:
    async def story(desk: Desk) -> None:
        desk.news.meanwhile = asyncio.Event()
        begins(desk, NINE, 0)
        desk.news.told[NINE] = []
        desk.changes(NINE)
        await desk.settled(lambda: desk.news.learned == [NINE])
        desk.news.told[NINE] = [1]
        desk.wake(9)
        desk.news.meanwhile.set()
        await desk.rested()
        assert desk.outside.numbers("hook 9") == [1]

    at_desk(story)


def test_a_hook_that_changes_while_it_is_looked_up_is_served_as_it_is_in_the_end() -> None:
    async def story(desk: Desk) -> None:
        desk.news.meanwhile = asyncio.Event()
        begins(desk, NINE, 0)
        desk.news.told[NINE] = [1, 2, 3]
        desk.changes(NINE)
        await desk.settled(lambda: desk.news.learned == [NINE])
        begins(desk, NINE, 2)
        desk.changes(NINE)
        desk.news.meanwhile.set()
        await desk.rested()
        assert desk.news.learned == [NINE, NINE]
        assert desk.outside.numbers("hook 9") == [3]

    at_desk(story)


def test_a_hook_that_has_ended_elsewhere_is_called_no_more_from_then_on() -> None:
    async def story(desk: Desk) -> None:
        del desk.notebook.courses[ONE]
        desk.news.told[ONE] = [1]
        desk.changes(ONE)
        desk.wake(1)
        await desk.rested()
        assert desk.outside.tried == []

    at_desk(story)


def test_a_hook_that_wants_something_else_goes_on_where_it_was() -> None:
    async def story(desk: Desk) -> None:
        desk.outside.gate = asyncio.Event()
        desk.news.told[ONE] = [1, 2]
        desk.wake(1)
        await desk.settled(lambda: desk.outside.waiting == 1)
        desk.changes(ONE, anew=False)
        await desk.settled(lambda: desk.news.learned == [ONE])
        desk.outside.gate.set()
        await desk.rested()
        assert desk.outside.tried == [("hook 1", 1), ("hook 1", 2)]

    at_desk(story)


def test_a_hook_is_looked_up_again_when_the_store_is_back() -> None:
    async def story(desk: Desk) -> None:
        desk.news.away = 2
        begins(desk, NINE, 0)
        desk.news.told[NINE] = [1]
        desk.changes(NINE)
        await desk.rested()
        assert desk.outside.numbers("hook 9") == [1]

    at_desk(story)


def test_who_does_not_lead_calls_nobody_and_goes_on_where_another_stopped() -> None:
    async def story(desk: Desk) -> None:
        desk.engine.close()
        desk.news.told[ONE] = [1, 2]
        begins(desk, NINE, 0)
        desk.news.told[NINE] = [1]
        desk.wake(1)
        desk.changes(NINE)
        await desk.rested()
        assert desk.outside.tried == []
        # The other one has told it that much.
        begins(desk, ONE, 1)
        await desk.engine.open()
        await desk.rested()
        assert sorted(desk.outside.tried) == [("hook 1", 2), ("hook 9", 1)]
        desk.news.told[ONE].append(3)
        desk.wake(1)
        await desk.rested()
        assert desk.outside.numbers("hook 1") == [2, 3]

    at_desk(story)


def test_a_call_under_way_when_the_lead_was_lost_is_made_again_by_whoever_leads() -> None:
    async def story(desk: Desk) -> None:
        gate = desk.outside.gate = asyncio.Event()
        desk.news.told[ONE] = [1, 2]
        desk.wake(1)
        await desk.settled(lambda: desk.outside.waiting == 1)
        desk.engine.close()
        desk.outside.gate = None
        await desk.engine.open()
        await desk.settled(lambda: desk.outside.numbers("hook 1") == [1, 2])
        gate.set()
        await desk.rested()
        assert desk.outside.numbers("hook 1") == [1, 2, 1]
        assert desk.notebook.courses[ONE].cursor == 2

    at_desk(story)


def test_what_changes_while_one_comes_to_lead_is_looked_up_afterwards() -> None:
    async def story(desk: Desk) -> None:
        desk.engine.close()
        desk.news.meanwhile = asyncio.Event()
        desk.news.told = {ONE: [1], TWO: [1]}
        async with asyncio.TaskGroup() as group:
            group.create_task(desk.engine.open())
            await asyncio.sleep(0)
            desk.changes(ONE)
            del desk.notebook.courses[TWO]
            desk.changes(TWO)
            assert desk.news.learned == []
            desk.news.meanwhile.set()
        await desk.rested()
        assert sorted(desk.news.learned) == [ONE, TWO]
        assert desk.outside.tried == [("hook 1", 1)]

    at_desk(story)


def test_who_loses_the_lead_while_coming_to_it_serves_nobody() -> None:
    async def story(desk: Desk) -> None:
        desk.engine.close()
        desk.news.meanwhile = asyncio.Event()
        desk.news.told[ONE] = [1]
        async with asyncio.TaskGroup() as group:
            group.create_task(desk.engine.open())
            await asyncio.sleep(0)
            desk.engine.close()
            desk.news.meanwhile.set()
        desk.wake(1)
        await desk.rested()
        assert desk.outside.tried == []

    at_desk(story)


def test_a_mistake_of_ours_harms_one_hook_only() -> None:
    async def story(desk: Desk) -> None:
        good = desk.news.pending

        async def broken(hook_id: HookId, after: int, limit: int) -> Due | None:
            if hook_id == ONE:
                raise RuntimeError("broken on purpose")
            return await good(hook_id, after, limit)

        desk.news.pending = broken  # type: ignore[method-assign]  # for this test
        desk.news.told = {ONE: [1], TWO: [1]}
        desk.wake(1, 2)
        await desk.settled(lambda: desk.outside.numbers("hook 2") == [1])
        assert desk.outside.numbers("hook 1") == []

    at_desk(story)
