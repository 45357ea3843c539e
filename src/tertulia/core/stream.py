"""An account's own stream of what happens in its chats, read by a position.

Unlike the log of what was missed (`core.log`), it does not care who was connected: whoever reads it keeps
a position of his own, a place in the log, and asks for what comes after. Nothing is stored for that: the
stream is read from the messages and events of the account's chats (docs/decisions/0086).
"""

from collections import OrderedDict
from collections.abc import Sequence
from typing import NamedTuple, Protocol

from tertulia.core.callbacks import CallbackChange
from tertulia.core.events import (
    ChatOpened,
    MembersAdded,
    MembersRemoved,
    MessageEdited,
    MessagePosted,
    MessagesDeleted,
    MessagesRead,
)
from tertulia.core.ids import AccountId, first_number_at
from tertulia.core.message_model import Message
from tertulia.core.ports import Clock

KEPT_MS = 7 * 24 * 3_600_000
"""How long what happened can be read."""

MOST_KEPT = 10_000
"""Entries of one account; the older ones are left out."""

FRESH_MS = 3_600_000
"""After a position younger than this everything is read, however much it is."""

FLOOR_MS = 60_000
"""How long a floor is remembered."""

MOST_FLOORS = 10_000
"""Accounts whose floor is remembered."""

Streamed = (
    MessagePosted
    | MessageEdited
    | MessagesDeleted
    | MessagesRead
    | ChatOpened
    | MembersAdded
    | MembersRemoved
    | CallbackChange
)


class StreamEntry(NamedTuple):
    """One thing that happened.

    Attributes:
        number: its place in the log; no two entries share one.
        event: what; of deletions one message each, of `MessagesRead` only the account's own messages.
        message: the message it is about, as it is now, its text empty if it was deleted.
        partner_id: the one in a direct chat who is not the account.
    """

    number: int
    event: Streamed
    message: Message | None = None
    partner_id: AccountId | None = None


class StreamPart(NamedTuple):
    """Entries after a position, in order.

    `seen`: there are no others up to this place. `is_torn`: what came right after the position is not
    kept any more.
    """

    entries: Sequence[StreamEntry]
    seen: int
    is_torn: bool = False


class StreamStore(Protocol):
    """Where streams are read from."""

    @property
    def position(self) -> int:
        """Everything up to this place in the log has been handed to delivery."""
        ...

    async def newest(self) -> int:
        """The newest place there is, whichever process has written there, and whoever has heard of it."""
        ...

    async def after(
        self, account_id: AccountId, position: int, limit: int, *, own: bool
    ) -> StreamPart:
        """The first entries after that place, at least one if there is any. `own`: of his own doing, too."""
        ...

    async def floor(self, account_id: AccountId, oldest: int, count: int) -> int:
        """The place of the entry with *count* newer ones, of those after *oldest*; *oldest* if there is none."""
        ...


class Stream:
    """Reads streams."""

    def __init__(self, store: StreamStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._floors: OrderedDict[AccountId, tuple[int, int]] = OrderedDict()

    async def place(self, position: int) -> int:
        """That place in the log; one in the future is the end.

        Another process may have been further than this one is when it told somebody of the place.
        """
        if position <= self._store.position:
            return position
        return min(position, await self._store.newest())

    async def after(
        self, account_id: AccountId, position: int, limit: int, *, own: bool = False
    ) -> StreamPart:
        """What comes first after *position* in the account's stream, at most *limit* entries.

        Args:
            account_id: whose.
            position: a place in the log; one in the future is the end.
            limit: at least 1.
            own: of the account's own doings, too.
        """
        begin = await self.place(position)
        floor = await self._floor(account_id, begin)
        part = await self._store.after(account_id, max(begin, floor), limit, own=own)
        return part._replace(is_torn=begin < floor)

    async def _floor(self, account_id: AccountId, position: int) -> int:
        """Up to where this stream is not kept any more; 0: from the account's first day on it is."""
        now = self._clock.now_ms()
        if position >= first_number_at(now - FRESH_MS):
            return 0
        known = self._floors.get(account_id)
        if known is not None and known[1] > now:
            return known[0]
        oldest = first_number_at(now - KEPT_MS)
        floor = await self._store.floor(account_id, oldest, MOST_KEPT)
        if floor == oldest and account_id > oldest:
            floor = 0
        self._floors[account_id] = (floor, now + FLOOR_MS)
        self._floors.move_to_end(account_id)
        if len(self._floors) > MOST_FLOORS:
            self._floors.popitem(last=False)
        return floor
