"""Group commit: everything that waits shares the next commit.

`Gathering` lives on the event loop and collects what is to be written; `commit` is the transaction,
itself a generator, so that both engines run the same text. Each unit has its own savepoint: one that
fails harms nobody. Members of a *set* run as one unit; if that fails unexpectedly, they are replayed
one by one.
"""

import asyncio
import logging
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, Generic, Protocol, TypeVar

from tertulia.core.errors import TertuliaError, Unavailable
from tertulia.core.events import Event, MessagePosted
from tertulia.core.ids import Numbers
from tertulia.core.pending import Pending
from tertulia.core.tally import Tally
from tertulia.store.telling import Telling
from tertulia.store.work import Ask, Draw, Many, Rows, Run, Tell, Work

LOG = logging.getLogger(__name__)

MOST_WAITING = 20_000
"""Units. Beyond it a write is refused as Unavailable; sockets stop being read long before."""

MOST_IN_ONE_COMMIT = 1_024
"""Units."""

LATE_S = 5.0
"""For one commit. Whoever takes longer waits for a lock, or for a disk that does not answer."""

COMMIT_FAILED = "A commit failed; nothing of it was acknowledged"

SAVEPOINT = "SAVEPOINT unit"
UNDO = "ROLLBACK TO SAVEPOINT unit"
RELEASE = "RELEASE SAVEPOINT unit"

T = TypeVar("T")
M = TypeVar("M")
R = TypeVar("R")


class StoreFault(Exception):
    """The engine could not do what a unit asked; its cause is the engine's own error."""


@dataclass(frozen=True, slots=True)
class SetUnit(Generic[M, R]):
    """A hot unit in its set form: all members that wait are done together.

    The outcome has one entry per member, in order: its result, or the error it is refused with.
    """

    name: str
    run: Callable[[Sequence[M]], Work[list[R | TertuliaError]]]


@dataclass(slots=True)
class Job:
    """One caller that waits, and what became of it."""

    pending: Pending[Any]
    unit: Work[Any] | None = None
    set_unit: SetUnit[Any, Any] | None = None
    member: Any = None
    result: Any = None
    error: BaseException | None = None


@dataclass(slots=True)
class Begin:
    """Ask the engine to open the transaction; the answer is the last number drawn."""


@dataclass(slots=True)
class Commit:
    """Ask the engine to keep the last number and commit to the disk."""

    last_number: int


@dataclass(slots=True)
class Batch:
    """The jobs of one commit and the events they caused, in order.

    `words`: the events as other processes are told them; empty when nobody else is to hear of it.
    `before`: the last number of the commit before; known when there are words.
    """

    jobs: list[Job]
    events: list[Event] = field(default_factory=list)
    seconds: float = 0.0
    last_number: int = 0
    before: int = 0
    words: bytes = b""


Transaction = Generator[Ask | Begin | Commit, Any, None]


def commit(batch: Batch) -> Transaction:
    """The whole transaction. Each job gets its result or error; only a fault of the store raises."""
    numbers = Numbers((yield Begin()))
    by_set: dict[str, list[Job]] = {}
    for job in batch.jobs:
        if job.set_unit is not None:
            by_set.setdefault(job.set_unit.name, []).append(job)
    if len(by_set) == 1 and all(job.unit is None for job in batch.jobs):
        yield from _by_themselves(batch.jobs, batch.events, numbers)
    else:
        for jobs in by_set.values():
            yield from _together(jobs, batch.events, numbers)
    for job in batch.jobs:
        if job.unit is not None:
            yield from _alone(job, job.unit, batch.events, numbers)
    batch.last_number = numbers.last
    yield Commit(numbers.last)


def _by_themselves(jobs: list[Job], events: list[Event], numbers: Numbers) -> Transaction:
    """The members of one set with nobody else in the commit: the transaction is their savepoint."""
    set_unit = jobs[0].set_unit
    assert set_unit is not None, "the caller grouped by it"
    heard: list[Event] = []
    try:
        unit = set_unit.run([job.member for job in jobs])
        outcomes = yield from _numbered(unit, heard, numbers)
    except Exception as error:
        LOG.warning("A batch failed and is replayed one by one", exc_info=error)
        yield Run("ROLLBACK")
        numbers.last = max(numbers.last, (yield Begin()))
        for job in jobs:
            yield from _together([job], events, numbers)
        return
    events += heard
    _settle(jobs, outcomes)


def _settle(jobs: list[Job], outcomes: Sequence[Any]) -> None:
    for job, outcome in zip(jobs, outcomes, strict=True):
        if isinstance(outcome, TertuliaError):
            job.error = outcome
        else:
            job.result = outcome


def _together(jobs: list[Job], events: list[Event], numbers: Numbers) -> Transaction:
    set_unit = jobs[0].set_unit
    assert set_unit is not None, "the caller grouped by it"
    heard: list[Event] = []
    yield Run(SAVEPOINT)
    try:
        unit = set_unit.run([job.member for job in jobs])
        outcomes = yield from _numbered(unit, heard, numbers)
    except Exception as error:
        yield Run(UNDO)
        yield Run(RELEASE)
        if len(jobs) == 1:
            jobs[0].error = error
            return
        LOG.warning("A batch failed and is replayed one by one", exc_info=error)
        for job in jobs:
            yield from _together([job], events, numbers)
        return
    yield Run(RELEASE)
    events += heard
    _settle(jobs, outcomes)


def _alone(job: Job, unit: Work[Any], events: list[Event], numbers: Numbers) -> Transaction:
    heard: list[Event] = []
    yield Run(SAVEPOINT)
    try:
        job.result = yield from _numbered(unit, heard, numbers)
    except Exception as error:  # noqa: BLE001 - it is the caller's: whatever the unit raised
        job.error = error
        yield Run(UNDO)
        yield Run(RELEASE)
        return
    yield Run(RELEASE)
    events += heard


def _numbered(
    unit: Work[T], heard: list[Event], numbers: Numbers
) -> Generator[Ask | Begin | Commit, Any, T]:
    """The unit, with its Draw and Tell answered here: engines see statements only."""
    answer: Any = None
    error: Exception | None = None
    while True:
        try:
            ask = unit.send(answer) if error is None else unit.throw(error)
        except StopIteration as stop:
            return stop.value  # type: ignore[no-any-return]  # a generator's value is untyped
        error = None
        match ask:
            case Draw(at_ms=at_ms):
                answer = numbers.draw(at_ms)
            case Tell(event=event):
                heard.append(event)
                answer = None
            case Rows() | Run() | Many():
                try:
                    answer = yield ask
                except StoreFault as fault:
                    error = fault


def _settled(job: Job, result: object, error: BaseException | None) -> None:
    try:
        job.pending.settle(result, error)
    except Exception:
        # The others of its batch must hear all the same.
        LOG.exception("Who waited for a commit could not go on")


class Committer(Protocol):
    """What an engine is to a gathering: it carries a batch to the disk and comes back with it."""

    def __call__(self, batch: Batch) -> None:
        """Start on *batch*; `Gathering.finish` or `Gathering.fail` ends it. Never waits."""
        ...


class Gathering:
    """Collects writes on the event loop; hands them over as one batch when the last one is done.

    No timer: a batch is whatever came while the previous commit was on its way to the disk.
    """

    def __init__(self, publish: Callable[[list[Event]], None], tally: Tally) -> None:
        self.telling = Telling(publish)
        self._hand_on: Callable[[Batch], None] = self._tell
        self._tally = tally
        self._waiting: list[Job] = []
        self._busy = False
        self._idle: asyncio.Event = asyncio.Event()
        self._idle.set()
        self._committer: Committer | None = None
        # Whether the newest commit failed.
        self.is_failing = False
        # When the one that is under way was handed over; 0: none is.
        self._began = 0.0

    def start(self, committer: Committer, last_number: int) -> None:
        """From now on batches go to *committer*; *last_number* is the store's newest."""
        self._loop = asyncio.get_running_loop()
        self._committer = committer
        self.telling.position = last_number

    @property
    def position(self) -> int:
        """See `Engine`."""
        return self.telling.position

    def tell_through(self, hand_on: Callable[[Batch], None]) -> None:
        """*hand_on* tells each batch from now on, in its turn among those of other processes."""
        self._hand_on = hand_on

    def _tell(self, batch: Batch) -> None:
        self.telling.tell(batch.events, batch.last_number)

    def submit(self, unit: Work[T]) -> Pending[T]:
        """The unit's result, once its commit is on disk.

        Raises:
            Unavailable: too much waits already.
        """
        job = Job(Pending(), unit=unit)
        self._put(job)
        return job.pending

    def join(self, set_unit: SetUnit[M, R], member: M) -> Pending[R]:
        """The member's result, once the set's commit is on disk.

        Raises:
            Unavailable: too much waits already.
        """
        job = Job(Pending(), set_unit=set_unit, member=member)
        self._put(job)
        return job.pending

    def _put(self, job: Job) -> None:
        if len(self._waiting) >= MOST_WAITING:
            raise Unavailable("store")
        self._waiting.append(job)
        if not self._busy:
            self._busy = True
            self._idle.clear()
            # After all input of this turn has been read: it shares the commit.
            self._loop.call_soon(self._hand_over)

    def _hand_over(self) -> None:
        assert self._committer is not None, "start() was called"
        self._began = perf_counter()
        batch = Batch(self._waiting[:MOST_IN_ONE_COMMIT], seconds=self._began)
        del self._waiting[:MOST_IN_ONE_COMMIT]
        self._committer(batch)

    def finish(self, batch: Batch) -> None:
        """The batch is on disk: publish what happened, in order, then let the callers go on."""
        self.is_failing = False
        self._tally.commits += 1
        self._tally.units += len(batch.jobs)
        self._tally.messages_stored += sum(type(event) is MessagePosted for event in batch.events)
        self._tally.commit_seconds.observe(perf_counter() - batch.seconds)
        self._next()
        self._hand_on(batch)
        for job in batch.jobs:
            _settled(job, job.result, job.error)

    def fail(self, batch: Batch, error: BaseException) -> None:
        """Nothing of the batch was kept: every caller hears that the store is not available."""
        # Clients that try again make it fail again, many times a second: where is said once.
        where = None if self.is_failing else error
        why = {"why": str(error) or type(error).__name__}
        LOG.error(COMMIT_FAILED, exc_info=where, extra={"fields": why})
        self.is_failing = True
        self._tally.commits_failed += 1
        self._next()
        for job in batch.jobs:
            if job.unit is not None:
                job.unit.close()
            refusal = Unavailable("store")
            refusal.__cause__ = error
            _settled(job, None, refusal)

    def tell_late(self, batch: Batch) -> None:
        """A batch that had failed is on the disk all the same: publish what happened.

        Its callers know nothing of it, and find out when they try again.
        """
        self._tally.messages_stored += sum(type(event) is MessagePosted for event in batch.events)
        self._hand_on(batch)

    def _next(self) -> None:
        self._began = 0.0
        # First of all, so that the disk works while we deliver.
        if self._waiting:
            self._hand_over()
        else:
            self._busy = False
            self._idle.set()

    def check(self) -> None:
        """Raises: Unavailable when a commit is under way that does not come to its end."""
        waits_s = perf_counter() - self._began
        if self._began and waits_s > LATE_S:
            raise Unavailable(f"the store (a commit has not ended for {waits_s:.0f} s)")

    async def drained(self) -> None:
        """Returns when nothing waits and nothing is under way."""
        await self._idle.wait()
