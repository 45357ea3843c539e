"""Long polls: who waits for something to happen to an account, and is stirred when it may have.

A waiting poll is an entry in two dictionaries. What happened is read from the store when it is stirred,
a few polls at a time, so a message that thousands wait for costs thousands of small reads one after the
other, and never a task or a connection of the store for each who waits.
"""

from collections import deque
from collections.abc import Callable, Collection, Coroutine
from enum import Enum, auto
from typing import Any, Protocol

from tertulia.core.events import (
    CallbackReplaced,
    ChatOpened,
    Event,
    MembersAdded,
    MembersRemoved,
    MessageEdited,
    MessagePosted,
    MessagesDeleted,
    MessagesRead,
    SessionsEnded,
)
from tertulia.core.ids import AccountId, SessionId

Spawn = Callable[[Coroutine[Any, Any, None]], object]

LOOKING_AT_ONCE = 16
"""Polls that are reading the store; the others that were stirred wait for their turn."""


class Ending(Enum):
    """Why a poll is over although nothing happened."""

    REPLACED = auto()
    """The session polls anew."""
    REVOKED = auto()
    """The session has ended."""
    STOPPED = auto()
    """The server stops."""


class Poll(Protocol):
    """Somebody who waits. `own`: for his own account's doings, too."""

    @property
    def account_id(self) -> AccountId:
        """Whose account."""
        ...

    @property
    def session_id(self) -> SessionId:
        """In which session; another poll in it takes the place of this one."""
        ...

    @property
    def own(self) -> bool:
        """See above."""
        ...

    async def look(self) -> None:
        """Read what has happened. Never two at a time; afterwards stirred again if need be."""
        ...

    def end(self, why: Ending) -> None:
        """Answer at once: it is not stirred any more."""
        ...


class _Seat:
    """A poll and how far it has come with looking."""

    __slots__ = ("is_looking", "is_stirred", "poll")

    def __init__(self, poll: Poll) -> None:
        self.poll = poll
        self.is_looking = self.is_stirred = False


class Polls:
    """Everybody who waits in this process."""

    def __init__(self, spawn: Spawn) -> None:
        """Nobody waits. *spawn* starts a task."""
        self._spawn = spawn
        self._seats: dict[SessionId, _Seat] = {}
        self._by_account: dict[AccountId, list[_Seat]] = {}
        self._stirred: deque[_Seat] = deque()
        self._looking = 0

    def __len__(self) -> int:
        """How many wait."""
        return len(self._seats)

    def begin(self, poll: Poll) -> None:
        """It waits, and looks at once; whatever happens from here on stirs it."""
        before = self._seats.get(poll.session_id)
        if before is not None:
            self.leave(before.poll)
            before.poll.end(Ending.REPLACED)
        seat = self._seats[poll.session_id] = _Seat(poll)
        self._by_account.setdefault(poll.account_id, []).append(seat)
        self._stir(seat)

    def leave(self, poll: Poll) -> None:
        """It waits no more; nothing happens if it does not."""
        seat = self._seats.get(poll.session_id)
        if seat is None or seat.poll is not poll:
            return
        del self._seats[poll.session_id]
        seats = self._by_account[poll.account_id]
        seats.remove(seat)
        if not seats:
            del self._by_account[poll.account_id]

    def hear(self, event: Event, accounts: Collection[AccountId]) -> None:
        """Something has happened, and these heard of it. Never waits."""
        if not self._seats:
            return
        match event:
            case SessionsEnded(session_ids=ended):
                self._revoke(ended)
            case MessagePosted(message=message):
                if message.notice is None:
                    self._stir_all(message.author_id, accounts)
            case (
                MessageEdited()
                | MessagesDeleted()
                | MessagesRead()
                | ChatOpened()
                | MembersAdded()
                | MembersRemoved()
            ):
                self._stir_all(event.account_id, accounts)
            case CallbackReplaced():
                self._stir_all(None, accounts)
            case _:
                pass

    def _revoke(self, session_ids: Collection[SessionId]) -> None:
        for session_id in session_ids:
            seat = self._seats.get(session_id)
            if seat is not None:
                self.leave(seat.poll)
                seat.poll.end(Ending.REVOKED)

    def _stir_all(self, doer: AccountId | None, accounts: Collection[AccountId]) -> None:
        for account_id in self._by_account.keys() & accounts:
            for seat in self._by_account[account_id]:
                if account_id != doer or seat.poll.own:
                    self._stir(seat)

    def _stir(self, seat: _Seat) -> None:
        if seat.is_stirred:
            return
        seat.is_stirred = True
        if not seat.is_looking:
            self._stirred.append(seat)
            self._pump()

    def _pump(self) -> None:
        while self._stirred and self._looking < LOOKING_AT_ONCE:
            seat = self._stirred.popleft()
            seat.is_stirred = False
            if self._seats.get(seat.poll.session_id) is seat:
                self._looking += 1
                seat.is_looking = True
                self._spawn(self._look(seat))

    async def _look(self, seat: _Seat) -> None:
        try:
            await seat.poll.look()
        finally:
            self._looking -= 1
            seat.is_looking = False
            if seat.is_stirred:
                self._stirred.append(seat)
            self._pump()
