"""Fan-out: each event is said once per view and offered to everyone who listens.

Events are delivered in the order of their commits. As long as the audience of an event is remembered,
that happens at once; an event whose audience must first be read makes all later ones wait behind it.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Collection, Coroutine, Hashable, Iterable, Sequence
from time import perf_counter
from typing import Any, assert_never

from tertulia.core.errors import Unavailable
from tertulia.core.events import (
    BlocksChanged,
    CallbackReplaced,
    CannotDecrypt,
    ChatChanged,
    ChatOpened,
    ChatSettingsChanged,
    Event,
    HookChanged,
    MembersAdded,
    MembersRemoved,
    MessageEdited,
    MessagePosted,
    MessagesDeleted,
    MessagesHidden,
    MessagesRead,
    PresenceChanged,
    PushesPut,
    ReactionsChanged,
    SectionsChanged,
    SessionsEnded,
    Signal,
    SignedIn,
    Subscribed,
    TagsChanged,
    TeamChanged,
    TeamMembersChanged,
    TeamRemoved,
    Typing,
    UiSettingsChanged,
    UnreadCounted,
)
from tertulia.core.ids import AccountId, ChatId
from tertulia.core.tally import Tally
from tertulia.core.team_model import HOME_TEAM
from tertulia.delivery.audience import Audience
from tertulia.delivery.delivered import Delivered
from tertulia.delivery.encoder import Connection, Encoder
from tertulia.delivery.hub import Hub

LOG = logging.getLogger(__name__)

Spawn = Callable[[Coroutine[Any, Any, None]], object]

AGAIN_S = 0.5
"""After so long the store is asked again for an audience that it could not tell."""

MOST_BEHIND = 20_000
"""Events that wait behind one whose audience cannot be read. Beyond it that one is given up."""

Hearer = Callable[[Event, Collection[AccountId]], None]
"""Is told of an event and whom it is for, in order. Must not wait; what it raises is logged."""


class FanOut:
    """Delivers events to the connections of this process."""

    def __init__(
        self,
        hub: Hub,
        audience: Audience,
        tally: Tally,
        *,
        spawn: Spawn,
        flush: Callable[[], None],
        before: Sequence[Hearer] = (),
        delivered: Delivered | None = None,
    ) -> None:
        """Nothing waits.

        Args:
            hub: who is connected.
            audience: who is in which chat.
            tally: where time is counted.
            spawn: starts the task that reads a missing audience.
            flush: writes out what was offered, once per batch.
            before: are told of each event before anybody is offered a packet of it.
            delivered: is told when something waits, and when nothing does any more.
        """
        self._hub = hub
        self._audience = audience
        self._tally = tally
        self._spawn = spawn
        self._flush = flush
        self._before = tuple(before)
        self._delivered = delivered
        self._behind: deque[Event] = deque()

    def deliver(self, events: Sequence[Event]) -> None:
        """Deliver a batch, in order. Never waits, never fails."""
        start = perf_counter()
        for number, event in enumerate(events):
            if self._behind or not self._is_ready(event):
                was_waiting = bool(self._behind)
                if self._delivered is not None:
                    self._delivered.hold()
                self._behind.extend(events[number:])
                if not was_waiting:
                    self._spawn(self._catch_up())
                break
            self._deliver(event)
        self._flush()
        self._tally.delivery_seconds.observe(perf_counter() - start)

    def _is_ready(self, event: Event) -> bool:
        chat_id = chat_heard_by_members(event)
        return chat_id is None or self._audience.known(chat_id) is not None

    async def _catch_up(self) -> None:
        while self._behind:
            event = self._behind[0]
            chat_id = chat_heard_by_members(event)
            if chat_id is not None:
                try:
                    await self._audience.card(chat_id)
                except Exception as error:
                    # Who is connected would find it in no log, and little can happen while the store is away.
                    if isinstance(error, Unavailable) and len(self._behind) <= MOST_BEHIND:
                        await asyncio.sleep(AGAIN_S)
                        continue
                    # The others must not wait for it.
                    LOG.exception(
                        "The members of a chat could not be read; an event is not delivered"
                    )
                    self._behind.popleft()
                    continue
            self._deliver(event)
            self._behind.popleft()
        self._flush()
        if self._delivered is not None:
            self._delivered.release()

    def _deliver(self, event: Event) -> None:
        try:
            self._audience.learn(event)
            accounts = self._accounts(event)
            for hear in self._before:
                _told(hear, event, accounts)
            if isinstance(event, SessionsEnded):
                self._hub.sign_out(event.account_id, event.session_ids)
            else:
                room = _room_of(event)
                if room is None:
                    self._offer(event, map(self._hub.of, accounts))
                else:
                    self._offer(event, (tuple(self._hub.in_room(room)),))
        except Exception:
            LOG.exception("A %s could not be delivered", type(event).__name__)

    def _offer(self, event: Event, listening: Iterable[Iterable[Connection]]) -> None:
        packets: dict[tuple[Encoder, Hashable], bytes] = {}
        # Mostly the next one has the same as the last: then there is nothing to look up.
        speaker: Encoder | None = None
        seen: Hashable = None
        packet = b""
        origin = event.origin
        for connections in listening:
            for connection in connections:
                encoder, reader = connection.encoder, connection.reader
                view = encoder.view(event, reader)
                if view is None:
                    continue
                if encoder is not speaker or view != seen:
                    speaker, seen = encoder, view
                    if (encoder, view) not in packets:
                        packets[encoder, view] = _said(encoder, event, view)
                    packet = packets[encoder, view]
                if not packet:
                    continue
                if reader.connection == origin:
                    connection.offer_after_answer(packet)
                else:
                    connection.offer(packet)

    def _accounts(self, event: Event) -> Collection[AccountId]:
        match event:
            case MessagePosted(hidden_from=hidden):
                return _without(self._members(event.message.chat_id), hidden)
            case MessageEdited(unseen_by=hidden) | ReactionsChanged(unseen_by=hidden):
                return _without(self._members(event.chat_id), hidden)
            case MessagesDeleted() | Typing():
                return self._members(event.chat_id)
            case MessagesRead():
                authors = [author for author, _ in event.by_author]
                return [*authors, event.account_id]
            case MessagesHidden() | SignedIn() | UiSettingsChanged() | CallbackReplaced():
                return (event.account_id,)
            case ChatChanged() if not event.members:
                return _without(self._members(event.chat.id), event.unheard_by)
            case ChatOpened() | MembersAdded() | MembersRemoved() | ChatChanged():
                return event.accounts
            case Signal() | CannotDecrypt() | PresenceChanged() | ChatSettingsChanged():
                return event.accounts
            case TeamChanged():
                return [each.account_id for each in event.members]
            case TeamRemoved():
                return event.accounts
            case TeamMembersChanged():
                return event.accounts
            case SectionsChanged() | TagsChanged():
                return ()
            case SessionsEnded() | UnreadCounted() | BlocksChanged():
                return ()
            case HookChanged() | Subscribed() | PushesPut():
                return ()
            case _:
                assert_never(event)

    def _members(self, chat_id: ChatId) -> Collection[AccountId]:
        card = self._audience.known(chat_id)
        # None when the chat was deleted meanwhile: nobody is in it.
        return card.members if card is not None else ()


def _without(
    members: Collection[AccountId], others: tuple[AccountId, ...]
) -> Collection[AccountId]:
    if not others:
        return members
    without = set(others)
    return [each for each in members if each not in without]


def _told(hear: Hearer, event: Event, accounts: Collection[AccountId]) -> None:
    """Tell a hearer; one that fails costs nobody a packet."""
    try:
        hear(event, accounts)
    except Exception:
        LOG.exception("A %s could not be heard", type(event).__name__)


def _said(encoder: Encoder, event: Event, view: Hashable) -> bytes:
    """The packet; nothing when the encoder fails, which costs its own view only."""
    try:
        return encoder.encode(event, view)
    except Exception:
        LOG.exception("A %s could not be said", type(event).__name__)
        return b""


def chat_heard_by_members(event: Event) -> ChatId | None:
    """The chat whose members an event is for; None when it names its audience itself."""
    match event:
        case MessagePosted(message=message):
            return message.chat_id
        case MessageEdited() | MessagesDeleted() | ReactionsChanged() | Typing():
            return event.chat_id
        case ChatChanged() if not event.members:
            return event.chat.id
        case _:
            return None


_FOR_TEAMS = frozenset({TeamMembersChanged, SectionsChanged, TagsChanged})


def _room_of(event: Event) -> int | None:
    """The room that hears an event (`Hub.join`): a whole team; None: it is for accounts."""
    if type(event) not in _FOR_TEAMS:
        return None
    assert isinstance(event, TeamMembersChanged | SectionsChanged | TagsChanged), "it is of these"
    # Nobody meets everybody at home.
    return None if event.team_id == HOME_TEAM else event.team_id
