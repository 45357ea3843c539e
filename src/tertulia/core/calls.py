"""Calls the server makes to addresses outside: what they are, and what their engine needs.

Whoever wants to be called is a *hook*, known here by its number alone. Its *course* says how far it has
been served; what there is to say to it comes from the *errands* of its kind.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple, Protocol

from tertulia.core.events import Event
from tertulia.core.ids import AccountId, HookId


class Call(NamedTuple):
    """One call to be made. `number` is the place in the log it tells of.

    `only`: the one status that says it has arrived; None: any 2xx does.
    """

    number: int
    url: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    only: int | None = None


class Due(NamedTuple):
    """What a hook is to be told next, in the order of numbers.

    `seen`: everything up to this place in the log has been looked at; at least the last call's number.
    """

    calls: Sequence[Call]
    seen: int


class Course(NamedTuple):
    """How far a hook has been served.

    Attributes:
        hook_id: which.
        kind: of which errands it is.
        cursor: everything up to this place in the log is settled.
        attempts: how often what comes next has failed.
        next_at: it is not tried before (milliseconds since 1970 UTC).
        failing_since: since when nothing has arrived, though it was tried; None: the last call did.
    """

    hook_id: HookId
    kind: str
    cursor: int
    attempts: int = 0
    next_at: int = 0
    failing_since: int | None = None


class Errands(Protocol):
    """What hooks of one kind are told, and how patiently."""

    @property
    def kind(self) -> str:
        """As their courses say it."""
        ...

    @property
    def within_s(self) -> float:
        """How long a call may take."""
        ...

    @property
    def pauses_s(self) -> Sequence[float]:
        """Before the second attempt, before the third, …; after the last the call is dropped."""
        ...

    @property
    def gives_up_s(self) -> float | None:
        """How long everything may fail before `given_up`; None: for ever."""
        ...

    def hooks_of(self, event: Event, accounts: Collection[AccountId]) -> Iterable[HookId]:
        """Hooks that may have something to hear of *event*, which *accounts* hear. In memory."""
        ...

    async def open(self) -> None:
        """Learn which hooks there are; what was known before is forgotten."""
        ...

    async def learn(self, hook_id: HookId) -> None:
        """The hook is there, is another one than before, or is gone: look which (`HookChanged`)."""
        ...

    async def pending(self, hook_id: HookId, after: int, limit: int) -> Due | None:
        """The first calls after that place in the log, at most *limit*; None: there is no such hook."""
        ...

    async def given_up(self, hook_id: HookId) -> None:
        """Nothing arrives there any more: remove it, and say so in the log."""
        ...


class CourseStore(Protocol):
    """Courses at rest. They begin and end with their hooks, in the same commits, which tell `HookChanged`."""

    async def all(self) -> list[Course]:
        """Every course there is."""
        ...

    async def find(self, hook_id: HookId) -> Course | None:
        """The hook's, if it has one."""
        ...

    async def moved(self, hook_id: HookId, cursor: int, failing_since: int | None) -> None:
        """What comes next has not been tried yet. Nothing happens to a course that has ended."""
        ...

    async def failed(
        self, hook_id: HookId, attempts: int, next_at: int, failing_since: int
    ) -> None:
        """What comes next has failed so often. Nothing happens to a course that has ended."""
        ...


class Caller(Protocol):
    """The way out."""

    async def call(self, call: Call, within_s: float) -> bool:
        """Whether it arrived: the right status in time. Never fails otherwise."""
        ...
