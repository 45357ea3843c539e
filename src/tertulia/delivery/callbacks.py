"""The engine of outgoing calls: each hook is told what happened, one call at a time, in order.

Of several processes one makes the calls (`core.leading`); the others are not open. Which hooks there are
is learned from the store, where it is open, and anew whenever an event says that one has changed.

Nothing here holds up a message: an event costs a look into a dictionary of each kind of hooks, and
what there is to tell is read from the store when its turn comes. Every course is on the disk, so a call
that was not made before a crash is made after it; one that was may be repeated. Hooks that do not
answer wait for their next attempt outside the queue, and have lanes of their own when it comes, so
that they hold up nobody but themselves.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Coroutine
from typing import Any

from tertulia.core.calls import Call, Caller, Course, CourseStore, Errands
from tertulia.core.errors import Unavailable
from tertulia.core.events import Event, HookChanged
from tertulia.core.ids import COUNTER_BITS, AccountId, HookId
from tertulia.core.ports import Clock

LOG = logging.getLogger(__name__)

Spawn = Callable[[Coroutine[Any, Any, None]], object]

AT_ONCE = 64
"""Hooks that are being told, of those whose last call arrived; the others wait."""

FAILING_AT_ONCE = 32
"""The same, of those whose last call did not."""

CALLS_A_TURN = 16
"""Then the next hook has its turn."""

LOOK_AGAIN_S = 5.0
"""After the store did not say what there is to tell."""

STORED_EVERY = (3_600 * 1000) << COUNTER_BITS
"""How far in the log, an hour in numbers, a course may move on without a call before it is stored."""


class Line:
    """A hook as the engine remembers it."""

    __slots__ = (
        "attempts",
        "cursor",
        "errands",
        "failing_since",
        "hook_id",
        "is_busy",
        "is_queued",
        "is_woken",
        "next_at",
        "stored",
        "timer",
    )

    def __init__(self, course: Course, errands: Errands) -> None:
        self.hook_id = course.hook_id
        self.errands = errands
        self.cursor = self.stored = course.cursor
        self.attempts = course.attempts
        self.next_at = course.next_at
        self.failing_since = course.failing_since
        self.timer: asyncio.TimerHandle | None = None
        self.is_queued = self.is_busy = self.is_woken = False


class Lane:
    """Some hooks that wait for their turn, and how many may have it at once."""

    __slots__ = ("busy", "places", "waiting")

    def __init__(self, places: int) -> None:
        self.places = places
        self.busy = 0
        self.waiting: deque[Line] = deque()


class Callbacks:
    """Serves every hook of every kind."""

    def __init__(
        self,
        courses: CourseStore,
        caller: Caller,
        clock: Clock,
        spawn: Spawn,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Nobody is told anything until `open`.

        Args:
            courses: how far each hook has been served.
            caller: the way out.
            clock: the time.
            spawn: starts a task.
            sleep: waits for so many seconds.
        """
        self._sleep = sleep
        self._courses = courses
        self._caller = caller
        self._clock = clock
        self._spawn = spawn
        self._errands: dict[str, Errands] = {}
        self._lines: dict[HookId, Line] = {}
        self._healthy = Lane(AT_ONCE)
        self._failing = Lane(FAILING_AT_ONCE)
        self._is_open = self._is_opening = False
        # By hook: what has changed since it was last looked at, until nothing has.
        self._changed: dict[HookId, list[HookChanged]] = {}

    def add(self, errands: Errands) -> None:
        """Hooks of that kind are served, too. Before `open`."""
        self._errands[errands.kind] = errands

    async def open(self) -> None:
        """Go on where the last run, or another process, stopped."""
        self._is_open = self._is_opening = True
        for errands in self._errands.values():
            await errands.open()
        courses = await self._courses.all()
        self._is_opening = False
        if not self._is_open:
            return
        for course in courses:
            if course.kind in self._errands and course.hook_id not in self._changed:
                self.opened(course)
        # What we have just read of these may be old.
        for hook_id in self._changed:
            self._spawn(self._look_at(hook_id))

    def close(self) -> None:
        """Start nothing new; what is to be told is in the store, for whoever opens next."""
        self._is_open = self._is_opening = False
        for line in self._lines.values():
            _stop(line)
        self._lines.clear()
        self._changed = {}
        self._healthy.waiting.clear()
        self._failing.waiting.clear()

    def opened(self, course: Course) -> None:
        """A hook has its course, or another one than before."""
        self.closed(course.hook_id)
        line = self._lines[course.hook_id] = Line(course, self._errands[course.kind])
        wait_s = (line.next_at - self._clock.now_ms()) / 1000
        if wait_s > 0:
            self._later(line, wait_s)
        else:
            self._queue(line)

    def closed(self, hook_id: HookId) -> None:
        """The hook is no more."""
        line = self._lines.pop(hook_id, None)
        if line is not None:
            _stop(line)

    def hear(self, event: Event, accounts: Collection[AccountId]) -> None:
        """Something has happened, and these heard of it. Never waits, never fails."""
        if type(event) is HookChanged:
            self._hear_of_hook(event)
            return
        if not self._lines:
            return
        for errands in self._errands.values():
            try:
                for hook_id in errands.hooks_of(event, accounts):
                    self.wake(hook_id)
            except Exception:
                LOG.exception("Nobody knows which hooks a %s is for", type(event).__name__)

    # Hooks that change.

    def _hear_of_hook(self, event: HookChanged) -> None:
        if not self._is_open or event.kind not in self._errands:
            return
        hook_id = event.hook_id
        if event.anew:
            self.closed(hook_id)
        is_looked_at = hook_id in self._changed
        self._changed.setdefault(hook_id, []).append(event)
        if not is_looked_at and not self._is_opening:
            self._spawn(self._look_at(hook_id))

    async def _look_at(self, hook_id: HookId) -> None:
        """Learn what became of a hook; then go on with its course."""
        changed = self._changed
        try:
            is_anew, course = await self._as_it_is(hook_id, changed)
        finally:
            changed.pop(hook_id, None)
        if is_anew and changed is self._changed:
            self.closed(hook_id)
            if course is not None:
                self.opened(course)

    async def _as_it_is(
        self, hook_id: HookId, changed: dict[HookId, list[HookChanged]]
    ) -> tuple[bool, Course | None]:
        """Whether its course is another one, and that; looked up until nothing changes meanwhile."""
        is_anew, course = False, None
        while (events := changed.get(hook_id)) and changed is self._changed:
            changed[hook_id] = []
            is_anew = is_anew or any(each.anew for each in events)
            try:
                # First of all: who hears of its news before it has a line finds them in the store.
                await self._errands[events[-1].kind].learn(hook_id)
                course = await self._courses.find(hook_id)
            except Unavailable:
                changed[hook_id] += events
                await self._sleep(LOOK_AGAIN_S)
        return is_anew, course

    def wake(self, hook_id: HookId) -> None:
        """There may be something to tell it."""
        line = self._lines.get(hook_id)
        if line is None or line.timer is not None:
            return
        if line.is_busy:
            line.is_woken = True
        else:
            self._queue(line)

    # Turns.

    def _queue(self, line: Line) -> None:
        if self._is_open and not line.is_queued:
            line.is_queued = True
            lane = self._healthy if line.failing_since is None else self._failing
            lane.waiting.append(line)
            self._pump(lane)

    def _pump(self, lane: Lane) -> None:
        while self._is_open and lane.waiting and lane.busy < lane.places:
            line = lane.waiting.popleft()
            line.is_queued = False
            if self._lines.get(line.hook_id) is line:
                lane.busy += 1
                line.is_busy = True
                self._spawn(self._turn(line, lane))

    def _later(self, line: Line, wait_s: float) -> None:
        if not self._is_open:
            return

        def again() -> None:
            line.timer = None
            self._queue(line)

        line.timer = asyncio.get_running_loop().call_later(wait_s, again)

    async def _turn(self, line: Line, lane: Lane) -> None:
        goes_on = False
        try:
            goes_on = await self._serve(line)
        except Exception as error:
            if isinstance(error, Unavailable):
                LOG.warning("A hook has to wait", extra={"fields": {"why": str(error)}})
            else:
                LOG.exception("A hook could not be served")
            if self._is_current(line):
                self._later(line, LOOK_AGAIN_S)
        finally:
            lane.busy -= 1
            line.is_busy = False
            if goes_on and self._is_current(line) and line.timer is None:
                self._queue(line)
            self._pump(lane)

    def _is_current(self, line: Line) -> bool:
        return self._is_open and self._lines.get(line.hook_id) is line

    async def _serve(self, line: Line) -> bool:
        """Make the next calls; whether there may be more to do at once."""
        line.is_woken = False
        pending = await line.errands.pending(line.hook_id, line.cursor, CALLS_A_TURN)
        if not self._is_current(line):
            return False
        if pending is None:
            self.closed(line.hook_id)
            return False
        for call in pending.calls:
            arrived = await self._caller.call(call, line.errands.within_s)
            if not self._is_current(line):
                return False
            if arrived:
                line.failing_since = None
                await self._move(line, call.number)
            elif not await self._fail(line, call):
                return False
            if not self._is_current(line):
                return False
        if pending.seen > line.cursor:
            line.cursor = pending.seen
            if pending.seen - line.stored > STORED_EVERY:
                await self._move(line, pending.seen)
        return line.is_woken or len(pending.calls) >= CALLS_A_TURN

    # What became of a call.

    async def _move(self, line: Line, cursor: int) -> None:
        await self._courses.moved(line.hook_id, cursor, line.failing_since)
        line.cursor = line.stored = cursor
        line.attempts = line.next_at = 0

    async def _fail(self, line: Line, call: Call) -> bool:
        """Try it later, or drop it: whether the next one may be tried now."""
        errands, now = line.errands, self._clock.now_ms()
        if line.failing_since is None:
            line.failing_since = now
        patience_s = errands.gives_up_s
        if patience_s is not None and now - line.failing_since >= patience_s * 1000:
            self.closed(line.hook_id)
            await errands.given_up(line.hook_id)
            return False
        line.attempts += 1
        if line.attempts > len(errands.pauses_s):
            fields = {"hook": line.hook_id, "kind": errands.kind, "number": call.number}
            LOG.info("A call has been dropped", extra={"fields": fields})
            await self._move(line, call.number)
            return True
        pause_s = errands.pauses_s[line.attempts - 1]
        line.next_at = now + round(pause_s * 1000)
        await self._courses.failed(line.hook_id, line.attempts, line.next_at, line.failing_since)
        if self._is_current(line):
            self._later(line, pause_s)
        return False


def _stop(line: Line) -> None:
    if line.timer is not None:
        line.timer.cancel()
        line.timer = None
