"""What everybody with a socket has not read: in memory, moved by events, never asked for per message.

A `Tally` is filled by `core.unread` with an event that stands at its exact place among the others, so
nothing is counted twice or not at all; every later event moves it.
"""

import asyncio
from collections.abc import Callable, Collection, Coroutine, Iterable
from typing import Any, NamedTuple

from tertulia.core.events import (
    ChatOpened,
    ChatSettingsChanged,
    Event,
    MembersAdded,
    MembersRemoved,
    MessageEdited,
    MessagePosted,
    MessagesDeleted,
    MessagesHidden,
    MessagesRead,
    UnreadCounted,
)
from tertulia.core.flags import SILENT
from tertulia.core.ids import AccountId, ChatId, TeamId
from tertulia.core.model import ChatKind
from tertulia.core.unread import UnreadStore
from tertulia.dialects.tada.hidden import Hidden
from tertulia.dialects.tada.tallies import KINDS, Shared, Tally

Spawn = Callable[[Coroutine[Any, Any, None]], object]


class Stand(NamedTuple):
    """What an account has not read in a chat: messages, those that name it, and whether sums count them."""

    unread: int = 0
    mentioned: int = 0
    counts: bool = True

    @property
    def in_sums(self) -> tuple[int, int]:
        """What of it is in the sums of a team."""
        return (self.unread, self.mentioned) if self.counts else (0, 0)


class Counters:
    """The tallies of all accounts that have a socket here.

    Attributes:
        hidden: which chats they have put out of sight.
    """

    def __init__(self, unread: UnreadStore, share: Shared, spawn: Spawn) -> None:
        """Nobody is there.

        Args:
            unread: counts in the store.
            share: in which teams a direct chat is found.
            spawn: starts a task.
        """
        self._unread = unread
        self._share = share
        self._spawn = spawn
        self._tallies: dict[AccountId, Tally] = {}
        self.hidden = Hidden()

    def enter(self, account_id: AccountId) -> None:
        """A socket of the account is there, until `leave`."""
        tally = self._tallies.get(account_id)
        if tally is None:
            tally = self._tallies[account_id] = Tally(account_id, self._share)
        tally.sockets += 1

    async def counted(self, account_id: AccountId) -> Tally:
        """The tally of an account that has entered, when it is counted.

        Raises:
            Unavailable: the store does not answer.
        """
        tally = self._tallies[account_id]
        if not tally.is_ready:
            await self._unread.count((account_id,), None)
        # Told already, but perhaps not heard: an event before it may wait for its audience.
        # Whoever stops waiting must not stop it for the others.
        await asyncio.shield(tally.ready)
        return tally

    def leave(self, account_id: AccountId) -> None:
        """A socket of the account is gone."""
        tally = self._tallies[account_id]
        tally.sockets -= 1
        if not tally.sockets:
            del self._tallies[account_id]
            self.hidden.forget(account_id)

    def of(self, account_id: AccountId) -> Tally | None:
        """The account's tally, if it has a socket and was counted."""
        tally = self._tallies.get(account_id)
        return tally if tally is not None and tally.is_ready else None

    def stand(self, accounts: Collection[AccountId], chat_id: ChatId) -> dict[AccountId, Stand]:
        """What those of them who are here have not read in one chat."""
        stands = {}
        for tally in self._present(accounts):
            seat = tally.seats.get(chat_id)
            stand = Stand() if seat is None else Stand(seat.unread, seat.mentioned, seat.counts)
            stands[tally.account_id] = stand
        return stands

    def recast(self) -> list[tuple[AccountId, tuple[TeamId, ...]]]:
        """Somebody came to a team or left it: direct chats may be found elsewhere. Whose sums moved, and where."""
        moved = []
        for tally in self._tallies.values():
            if tally.seats:
                before = tally.numbers()
                tally.recast()
                after = tally.numbers()
                teams = tuple([each for each in after if after[each] != before.get(each)])
                if teams:
                    moved.append((tally.account_id, teams))
        return moved

    def posted(self, event: MessagePosted, accounts: Collection[AccountId]) -> None:
        """`hear` of a new message."""
        tallies = self._tallies
        if not tallies:
            return
        message, kind = event.message, event.chat_kind
        if event.reads:
            # That he has read is told behind it: his other sockets would hear of a message with counters as before.
            mine = tallies.get(message.author_id)
            if mine is not None and mine.is_ready:
                mine.drop(message.chat_id)
        if message.flags & SILENT or kind not in KINDS or event.encrypted:
            return
        if message.notice is not None:
            return
        if kind is ChatKind.DIRECT and event.partner_id is None:
            return
        chat_id, author_id = message.chat_id, message.author_id
        # Of many members few may be here.
        here = tallies.keys() & accounts if len(tallies) * 4 < len(accounts) else accounts
        for account_id in here:
            tally = tallies.get(account_id)
            if tally is None or account_id == author_id or not tally.is_ready:
                continue
            seat = tally.seats.get(chat_id)
            if seat is None:
                tally.begin(event)
                continue
            seat.unread += 1
            if seat.counts:
                tally.badge += 1
                for each in seat.sums:
                    each.messages += 1
            if message.mentions and message.names(account_id):
                seat.mention(seat.mentioned + 1)

    def hear(self, event: Event, accounts: Collection[AccountId]) -> None:
        """Move what an event moves (`delivery.fanout.Hearer`)."""
        if not self._tallies:
            return
        match event:
            case MessagePosted():
                self.posted(event, accounts)
            case MessagesRead():
                self._only(event.account_id, lambda tally: tally.read(event))
            case MessageEdited(mentioned=mentioned) if mentioned:
                self._named(event.chat_id, mentioned)
            case MessagesHidden():
                self._only(event.account_id, lambda tally: self._left(tally, event))
            case MessagesDeleted():
                for tally in self._present(accounts):
                    tally.deleted(event)
            case MembersAdded() | MembersRemoved():
                # Who comes has read all there is. His audience may have been read with him in it already.
                for tally in self._present(event.accounts):
                    tally.drop(event.chat.id)
            case ChatOpened(chat=chat) if chat.kind is ChatKind.DIRECT:
                # Perhaps he had left it, with something unread.
                back = [each for each in event.accounts if each in self._tallies]
                if back:
                    self._spawn(self._unread.count(back, chat.id))
            case ChatSettingsChanged():
                self._only(event.account_id, lambda tally: self._set(tally, event))
                if event.account_id in self._tallies:
                    keep = self.hidden.hide if event.hidden else self.hidden.show
                    keep(event.account_id, event.chat.id)
            case UnreadCounted():
                self._counted(event)
            case _:
                pass

    def _present(self, accounts: Collection[AccountId]) -> list[Tally]:
        tallies = self._tallies
        # Of many members few may be here.
        here = tallies.keys() & accounts if len(tallies) * 4 < len(accounts) else accounts
        return [tallies[each] for each in here if each in tallies and tallies[each].is_ready]

    def _only(self, account_id: AccountId, act: Callable[[Tally], None]) -> None:
        tally = self.of(account_id)
        if tally is not None:
            act(tally)

    @staticmethod
    def _left(tally: Tally, event: MessagesHidden) -> None:
        seat = tally.seats.get(event.chat_id)
        if seat is not None:
            tally.move(event.chat_id, seat, event.unread, event.mentioned)

    def _named(self, chat_id: ChatId, mentioned: Iterable[tuple[AccountId, int]]) -> None:
        """A message that was written anew names these, or does not any more."""
        for account_id, count in mentioned:
            tally = self.of(account_id)
            seat = None if tally is None else tally.seats.get(chat_id)
            if seat is not None:
                seat.mention(count)

    @staticmethod
    def _set(tally: Tally, event: ChatSettingsChanged) -> None:
        chat_id = event.chat.id
        if event.counts:
            tally.uncounted.discard(chat_id)
        else:
            tally.uncounted.add(chat_id)
        tally.recast(chat_id)

    def _counted(self, event: UnreadCounted) -> None:
        for standing in event.standings:
            tally = self._tallies.get(standing.account_id)
            if tally is None:
                continue
            if event.chat_id is None:
                tally.fill(standing)
                self.hidden.fill(standing.account_id, standing.hidden)
            elif tally.is_ready:
                tally.drop(event.chat_id)
                for behind in standing.behind:
                    tally.put(behind)
