"""Tasks of a team: a chat each, about something that somebody is to do."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from tertulia.core import text as texts
from tertulia.core.errors import BadInput
from tertulia.core.ids import AccountId, ChatId, FileId, MessageId, SectionId, TeamId
from tertulia.core.model import KEEP, Actor, Chat, Keep, Versions
from tertulia.core.ports import Clock

NEW, DONE = "new", "done"
"""States that every client knows; others may be named freely."""

MAX_TITLE = 250
"""Code points of the first line of a description."""

MAX_DESCRIPTION = 12_000
MAX_STATUS = 50
MAX_TAG = 30
MOST_TAGS = 100
MOST_OBSERVERS = 1_000
MOST_ITEMS = 200


@dataclass(frozen=True, slots=True)
class Item:
    """One line of a task's list of things to do."""

    text: str
    is_checked: bool = False


@dataclass(frozen=True, slots=True)
class Task:
    """What a task has beside its chat. Times in milliseconds.

    Attributes:
        num: its place among the tasks of its team, from 1.
        status: NEW, DONE, or a team's own word.
        assignee_id: who is to do it.
        spent_time: in seconds.
        tags: words it is marked with, in order of the alphabet.
        version: the number drawn at the last change.
    """

    num: int
    status: str
    assignee_id: AccountId | None = None
    is_public: bool = False
    deadline: int | None = None
    remind_at: int | None = None
    importance: int | None = None
    urgency: int | None = None
    complexity: int | None = None
    spent_time: int | None = None
    color_index: int | None = None
    done_at: int | None = None
    done_reason: str = ""
    section_id: SectionId | None = None
    items: tuple[Item, ...] = ()
    uploads: tuple[FileId, ...] = ()
    linked: tuple[MessageId, ...] = ()
    tags: tuple[str, ...] = ()
    version: int = 0


@dataclass(frozen=True, slots=True)
class TaskChange:
    """What to set in a task; None leaves a field as it is, and so does KEEP where None means none.

    A `description` begins with the title. `observers`: all of them from now on.
    """

    description: str | None = None
    status: str | None = None
    assignee_id: AccountId | Keep | None = KEEP
    observers: tuple[AccountId, ...] | None = None
    is_public: bool | None = None
    deadline: int | Keep | None = KEEP
    remind_at: int | Keep | None = KEEP
    importance: int | Keep | None = KEEP
    urgency: int | Keep | None = KEEP
    complexity: int | Keep | None = KEEP
    spent_time: int | Keep | None = KEEP
    color_index: int | Keep | None = KEEP
    section_id: SectionId | Keep | None = KEEP
    done_reason: str | None = None
    items: tuple[Item, ...] | None = None
    uploads: tuple[FileId, ...] | None = None
    linked: tuple[MessageId, ...] | None = None
    tags: tuple[str, ...] | None = None


class TaskOrder(StrEnum):
    """In which order tasks are listed. Without a deadline is later than with one."""

    NEWEST = "-created"
    OLDEST = "created"
    BUSIEST = "-last_message"
    QUIETEST = "last_message"
    DUE_FIRST = "deadline"
    DUE_LAST = "-deadline"


@dataclass(frozen=True, slots=True)
class TaskFilter:
    """Which tasks one wants. None, empty: no such wish; spans include their ends.

    Attributes:
        statuses, without_statuses: has one of these; has none of these.
        nums, assignees, owners, tags, sections: has one of these.
        members: one of these is in it.
        observers: the same, and he neither owns it nor is to do it.
        public: whether it is public. Public ones that the actor is not in are listed only when asked for.
        text: contained in the description, without regard to case.
        untagged, homeless: without any tag; in no section. Beside tags or sections, either will do.
        is_new: whether a task's chat in that state is wanted; asked for each of them, in a thread.
    """

    limit: int = 100
    offset: int = 0
    statuses: tuple[str, ...] = ()
    without_statuses: tuple[str, ...] = ()
    nums: tuple[int, ...] | None = None
    assignees: tuple[AccountId, ...] | None = None
    owners: tuple[AccountId, ...] | None = None
    observers: tuple[AccountId, ...] | None = None
    members: tuple[AccountId, ...] | None = None
    tags: tuple[str, ...] = ()
    sections: tuple[SectionId, ...] | None = None
    public: bool | None = None
    text: str = ""
    deadline: tuple[int | None, int | None] = (None, None)
    created: tuple[int | None, int | None] = (None, None)
    done: tuple[int | None, int | None] = (None, None)
    untagged: bool = False
    homeless: bool = False
    is_new: Callable[[Versions], bool] | None = None
    order: TaskOrder = TaskOrder.NEWEST


class TaskStore(Protocol):
    """Tasks at rest. What is refused, in this order: as `team_ports`; NotFound("chat"); NotAllowed; data."""

    async def create(self, actor: Actor, team_id: TeamId, new: TaskChange, now: int) -> ChatId:
        """A new task, owned by the actor. Raises: also NotFound("contact" | "section" | "file" | "linked")."""
        ...

    async def change(
        self, actor: Actor, team_id: TeamId, chat_id: ChatId, change: TaskChange, now: int
    ) -> None:
        """Set it anew. Raises: as `create`."""
        ...

    async def need_changeable(self, actor: Actor, team_id: TeamId, chat_id: ChatId) -> None:
        """Nothing, if he may set it."""
        ...

    async def archive(self, actor: Actor, team_id: TeamId, chat_id: ChatId, now: int) -> Chat:
        """It is deleted."""
        ...

    async def listed(self, actor: Actor, team_id: TeamId, wish: TaskFilter) -> list[ChatId]:
        """The tasks that he may see, as the filter wants them."""
        ...


class Tasks:
    """What can be done with tasks."""

    def __init__(self, store: TaskStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def create(self, actor: Actor, team_id: TeamId, new: TaskChange) -> ChatId:
        """A new task, owned by the actor; everybody whom it names is in its chat.

        Raises:
            NotFound: "team", "contact", "section", "file", "linked".
            NotAllowed: the actor is a guest, or not in the team.
            BadInput: "description", "status", "tags", "items", "observers".
        """
        if new.description is None:
            raise BadInput("description", "is missing")
        check(new)
        return await self._store.create(actor, team_id, new, self._clock.now_ms())

    async def change(
        self, actor: Actor, team_id: TeamId, chat_id: ChatId, change: TaskChange
    ) -> None:
        """Set a task anew; everybody in its chat hears.

        Raises:
            NotFound: as `create`, and "chat".
            NotAllowed: the actor neither owns it, nor is to do it, nor leads the team.
            BadInput: as `create`.
        """
        check(change)
        await self._store.change(actor, team_id, chat_id, change, self._clock.now_ms())

    async def need_changeable(self, actor: Actor, team_id: TeamId, chat_id: ChatId) -> None:
        """Whether the actor may set it: for whoever looks at his wishes afterwards. Raises: as `change`."""
        await self._store.need_changeable(actor, team_id, chat_id)

    async def archive(self, actor: Actor, team_id: TeamId, chat_id: ChatId) -> Chat:
        """Delete a task for everybody; what is left of it. Raises: as `change`."""
        return await self._store.archive(actor, team_id, chat_id, self._clock.now_ms())

    async def listed(self, actor: Actor, team_id: TeamId, wish: TaskFilter) -> list[ChatId]:
        """Tasks that the actor may see. Raises: NotFound, NotAllowed: "team"."""
        return await self._store.listed(actor, team_id, wish)


def title_of(description: str) -> str:
    """The first line that says something."""
    return next((line.strip() for line in description.splitlines() if line.strip()), "")


def task_name(num: int, description: str) -> str:
    """What the task's chat is called."""
    return f"{num}. {title_of(description)}"


def check(change: TaskChange) -> None:
    """Raises: BadInput with the name of the field."""
    if change.description is not None:
        _check_length("description", change.description, MAX_DESCRIPTION)
        if not change.description.strip():
            raise BadInput("description", "is empty")
        _check_length("description", title_of(change.description), MAX_TITLE)
    if change.status is not None:
        _check_length("status", change.status, MAX_STATUS)
        if not change.status.strip():
            raise BadInput("status", "is empty")
    _check_list("tags", change.tags, MOST_TAGS)
    for tag in change.tags or ():
        _check_length("tags", tag, MAX_TAG)
    _check_list("items", change.items, MOST_ITEMS)
    _check_list("observers", change.observers, MOST_OBSERVERS)


def _check_length(name: str, value: str, most: int) -> None:
    if texts.is_longer(value, most):
        raise BadInput(name, f"is longer than {most} characters")


def _check_list(name: str, value: Sequence[object] | None, most: int) -> None:
    if value is not None and len(value) > most:
        raise BadInput(name, f"has more than {most} entries")
