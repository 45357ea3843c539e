"""What a person can see and do in every API, in words that belong to none of them.

Accounts, groups and messages are the server's numbers, which each API shows in its own spelling; a
direct chat is named by the other person.
"""

from typing import NamedTuple, Protocol

from tests.world.wires import Json


class Room(NamedTuple):
    """A chat as one of its members names it: a group by its number, a direct chat by the other person."""

    is_group: bool
    number: int


def direct(other: int) -> Room:
    """The direct chat with that account."""
    return Room(is_group=False, number=other)


def group(number: int) -> Room:
    """A group."""
    return Room(is_group=True, number=number)


class Entry(NamedTuple):
    """A line in somebody's list of chats. `unread`, `last`: None where the API does not say it."""

    room: Room
    name: str
    unread: int | None
    last: str | None


class Seen(NamedTuple):
    """A message as somebody sees it. `files`: the names of what hangs on it.

    `answers`: the message it replies to, 0 for none; `reactions`: how many reacted with each sign. Both
    stay empty where the API has no word for them. `is_read`: of one's own, somebody else has read it.
    """

    number: int
    author: int
    text: str
    files: tuple[str, ...] = ()
    answers: int = 0
    reactions: frozenset[tuple[str, int]] = frozenset()
    is_read: bool = False


class Heard(NamedTuple):
    """Something that came without being asked for. `who` did it; 0: the API does not say.

    `number`, `files`: the message it is about, and what hangs on that.
    """

    kind: str
    text: str
    who: int
    number: int = 0
    files: tuple[str, ...] = ()


class Refused(AssertionError):
    """The server said no. `status` is that of HTTP, or what stands for it."""

    def __init__(self, what: str, error: Json, status: int = 0) -> None:
        super().__init__(f"{what}: {error}")
        self.error = error
        self.status = status or (error.get("status", 0) if isinstance(error, dict) else 0)


class Voice(Protocol):
    """A person with a client of one API."""

    dialect: str
    account: int
    can_mark: bool
    hears_live: bool

    def lists(self) -> list[list[Entry]]:
        """The lists of chats, as the API orders them: newest first. Only Tada has more than one."""
        ...

    def chats(self) -> list[Entry]:
        """All chats there are."""
        ...

    def messages(self, room: Room) -> list[Seen]:
        """What stands in a chat, oldest first. Raises: Refused."""
        ...

    def send(self, room: Room, text: str) -> int:
        """The number of the new message. Raises: Refused."""
        ...

    def edit(self, room: Room, message: int, text: str) -> None:
        """Write one's message anew. Raises: Refused."""
        ...

    def delete(self, room: Room, message: int) -> None:
        """For everybody. Raises: Refused."""
        ...

    def read(self, room: Room) -> None:
        """All of it. Only where `can_mark`. Raises: Refused."""
        ...

    def heard(self) -> list[Heard]:
        """What came since the last time; all that was on its way has arrived."""
        ...

    def words(self) -> list[str]:
        """The same as `heard`, in the API's own words."""
        ...

    def close(self) -> None:
        """Hang up."""
        ...
