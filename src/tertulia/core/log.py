"""What an account missed while nobody listened who reads the log.

The log is not kept per account: it is read from the messages and events of the account's chats, for
the times the account was away (docs/decisions/0040). Who listens in another way, and has another way to
catch up, does not count (docs/decisions/0111).
"""

import asyncio
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import suppress
from typing import Any

from tertulia.core.chat_ports import LogStore
from tertulia.core.errors import Unavailable
from tertulia.core.events import LogEntry, MessageEdited, MessagesDeleted
from tertulia.core.ids import MAX_NUMBER, AccountId, first_number_at
from tertulia.core.model import Actor
from tertulia.core.ports import Clock

KEPT_MS = 14 * 24 * 3_600_000
"""How long what was missed can be read."""

MOST_ENTRIES = 1_000
"""Of one account; the older ones are left out."""

NEVER = 0
"""A visit that ended before all others is none."""

AGAIN_S = 1.0
"""After so long it is written again who has gone, if the store could not take it."""


class Log:
    """Remembers who is there since when, and reads what passed by who was not."""

    def __init__(
        self,
        store: LogStore,
        clock: Clock,
        *,
        spawn: Callable[[Coroutine[Any, Any, None]], object],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Nobody listens. *spawn* starts a task."""
        self._store = store
        self._clock = clock
        self._spawn = spawn
        self._sleep = sleep
        # Visits that ended while the store was away: whose, from where, up to where.
        self._unwritten: deque[tuple[AccountId, int, int]] = deque()
        self._came_at: dict[AccountId, int] = {}
        self._listening: Counter[AccountId] = Counter()
        # Who came and went at one place of the log: coming again there, he has missed nothing since.
        self._left_at = 0
        self._left: set[AccountId] = set()

    def is_there(self, account_id: AccountId) -> bool:
        """Whether somebody listens for the account."""
        return account_id in self._came_at

    def came(self, account_id: AccountId) -> None:
        """A connection listens from now on; that of the first is written down soon.

        The place in the log is taken now: what is announced from here on is heard. What has been
        announced and is still on its way may have passed the connection by.
        """
        self._listening[account_id] += 1
        if account_id not in self._came_at:
            position = self._came_at[account_id] = self._store.position
            self._spawn(self._store.came(account_id, position, self._oldest()))

    @property
    def heard(self) -> int:
        """Where who listens stands now: what comes after it may be on its way to him."""
        return self._store.heard

    def went(self, account_id: AccountId, *, heard: int | None = None) -> None:
        """A connection listens no more; that of the last is written down soon.

        *heard*: where it stood, if it was kept from hearing what came after that.
        """
        self._listening[account_id] -= 1
        if not self._listening[account_id]:
            came_at = self._came_at.pop(account_id)
            del self._listening[account_id]
            at = self._store.heard if heard is None else heard
            if at <= came_at:
                if heard is None:
                    self._leave(account_id, came_at)
                else:
                    # He was told nothing, not even what he had missed: he was not there.
                    at = NEVER
            self._spawn(self._write_end((account_id, came_at, at)))

    async def _write_end(self, visit: tuple[AccountId, int, int]) -> None:
        """A visit whose end is not written has heard everything that came after it."""
        try:
            await self._store.went(*visit)
        except Unavailable:
            self._unwritten.append(visit)
            if len(self._unwritten) == 1:
                await self._write_again()

    async def _write_again(self) -> None:
        while self._unwritten:
            await self._sleep(AGAIN_S)
            with suppress(Unavailable):
                while self._unwritten:
                    await self._store.went(*self._unwritten[0])
                    self._unwritten.popleft()

    def _leave(self, account_id: AccountId, place: int) -> None:
        """Visits are told apart by where they began, so one that heard nothing is not seen in the store."""
        if place != self._left_at:
            self._left_at, self._left = place, set()
        self._left.add(account_id)

    async def missed(
        self, actor: Actor, *, after: int | None = None, before: int | None = None
    ) -> list[LogEntry]:
        """What the actor missed, oldest first.

        Args:
            actor: whose log it is.
            after: only later entries than this (milliseconds since 1970), exclusive.
            before: only earlier ones, exclusive.
        """
        oldest = self._oldest()
        if after is not None:
            oldest = max(oldest, min(first_number_at(after + 1) - 1, MAX_NUMBER))
        entries = await self._read(actor, oldest)
        if before is None:
            return entries
        end = first_number_at(before)
        return [entry for entry in entries if entry.number < end]

    async def missed_changes(self, actor: Actor) -> list[LogEntry]:
        """The edits and deletions of others since the actor went offline, oldest first."""
        me = actor.account_id
        if me in self._left and self._came_at.get(me) == self._left_at:
            return []
        kinds = (MessageEdited.__name__, MessagesDeleted.__name__)
        return await self._read(actor, self._oldest(), kinds=kinds)

    async def _read(
        self, actor: Actor, oldest: int, kinds: Sequence[str] | None = None
    ) -> list[LogEntry]:
        me = actor.account_id
        until = self._came_at.get(me, MAX_NUMBER)
        return await self._store.missed(me, oldest, until, MOST_ENTRIES, only_last=kinds)

    def _oldest(self) -> int:
        return first_number_at(self._clock.now_ms() - KEPT_MS)

    async def tidy(self) -> None:
        """Throw away what nobody can read any more."""
        await self._store.forget(self._oldest())
