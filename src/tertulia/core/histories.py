"""What is said in chats as a team sees them: looked through by many wishes, changed within a time, deleted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from tertulia.core.errors import NotFound
from tertulia.core.flags import NAMES
from tertulia.core.ids import AccountId, ChatId, MessageId, TeamId
from tertulia.core.message_model import Draft, MessageRef
from tertulia.core.message_types import MessageType
from tertulia.core.messages import Messages, check_length
from tertulia.core.model import Actor, ChatKind
from tertulia.core.ports import Clock
from tertulia.core.whole import WholeMessage

MOST_LISTED = 200
"""Messages of one page."""

MOST_COUNTED = 10_000
"""Messages that a search counts; of more it says so many."""


class Target(NamedTuple):
    """What a chat is called by: the other one of a direct chat, or the number of a group or task."""

    partner_id: AccountId | None = None
    chat_id: ChatId | None = None


class Found(NamedTuple):
    """A message that somebody may see, and where it stands."""

    id: MessageId
    target: Target


class Whereabouts(NamedTuple):
    """A chat that somebody may look into.

    Attributes:
        chat_id: None: the two have no direct chat yet.
        leads: he may delete what others wrote there.
        edit_window_s: how long he may change what he wrote, in seconds.
        writes: he may write there, unless the two are in a block.
    """

    team_id: TeamId
    kind: ChatKind
    chat_id: ChatId | None
    partner_id: AccountId | None
    leads: bool
    edit_window_s: int
    writes: bool = True


@dataclass(frozen=True, slots=True)
class MessageFilter:
    """Which messages one wants; newest first whatever the wish. None, an empty text: no such wish.

    Attributes:
        limit, offset: how many, and how many of the newest to leave out.
        older_than, newer_than: on that side of this message; with `including` itself too. Of what is
            newer the nearest are chosen, of what is older the nearest, too.
        around: so many about this message, itself among them.
        exact: this one alone.
        changed_from: not changed later than that: milliseconds, and the count within the millisecond
            that the message's number must not be below.
        date_from, date_to: posted in that time, the end not included (milliseconds).
        chats, kinds, authors, types: one of these.
        text: contained in it, without regard to case.
        has_upload, important, unread: whether it is so.
        with_deleted: deleted ones, too.
    """

    limit: int = MOST_LISTED
    offset: int = 0
    older_than: MessageRef | None = None
    newer_than: MessageRef | None = None
    including_older: bool = False
    including_newer: bool = False
    around: MessageRef | None = None
    exact: MessageRef | None = None
    changed_from: tuple[int, int] | None = None
    date_from: int | None = None
    date_to: int | None = None
    chats: tuple[Target, ...] | None = None
    kinds: tuple[ChatKind, ...] | None = None
    authors: tuple[AccountId, ...] | None = None
    types: tuple[MessageType, ...] | None = None
    text: str = ""
    has_upload: bool | None = None
    important: bool | None = None
    unread: bool | None = None
    with_deleted: bool = False


@dataclass(frozen=True, slots=True)
class MessageChange:
    """What to change in a message; None leaves it as it is. `flags`: bits to set and to clear."""

    text: str | None = None
    set_flags: int = 0
    clear_flags: int = 0


class HistoryStore(Protocol):
    """Messages of a team's chats at rest.

    What is refused, in this order: as `team_ports`; NotFound("chat"); NotAllowed("chat") to who may
    not look into it; NotFound("message"); NotAllowed.
    """

    async def whereabouts(self, actor: Actor, team_id: TeamId, target: Target) -> Whereabouts:
        """The chat, for who may look into it."""
        ...

    async def page(
        self, actor: Actor, team_id: TeamId, target: Target, wish: MessageFilter
    ) -> list[WholeMessage]:
        """Raises: also BadInput with the name of a field of the filter that names no message there."""
        ...

    async def search(
        self, actor: Actor, team_id: TeamId, wish: MessageFilter
    ) -> tuple[list[WholeMessage], int]:
        """In all chats of the team that the actor is in, and how many there are at all."""
        ...

    async def named(
        self, actor: Actor, team_id: TeamId, refs: Sequence[MessageRef]
    ) -> Mapping[MessageRef, Found]:
        """The messages of his chats that those names, or numbers, stand for."""
        ...

    async def change(  # noqa: PLR0917 - who, where, which, how
        self,
        actor: Actor,
        team_id: TeamId,
        target: Target,
        ref: MessageRef,
        change: MessageChange,
        now: int,
    ) -> WholeMessage:
        """Its author changes it in time; who leads the chat may mark it."""
        ...

    async def delete(
        self, actor: Actor, team_id: TeamId, target: Target, ref: MessageRef, now: int
    ) -> WholeMessage:
        """For everybody; the message as it was, for its author and whoever deleted it."""
        ...

    async def whole(self, ids: Sequence[MessageId]) -> list[WholeMessage]:
        """Those messages; nobody's rights are looked at."""
        ...

    async def forget_texts(self, before: int) -> None:
        """What was deleted before that is not kept any longer."""
        ...


KEPT_MS = 24 * 3_600_000
"""How long a deleted message is kept for its author and whoever deleted it."""


class Histories:
    """What can be done with messages as a member of a team."""

    def __init__(self, store: HistoryStore, messages: Messages, clock: Clock) -> None:
        self._store = store
        self._messages = messages
        self._clock = clock

    async def whereabouts(self, actor: Actor, team_id: TeamId, target: Target) -> Whereabouts:
        """A chat that the actor may look into.

        Raises:
            NotFound: "team", or "chat": the team has no such chat.
            NotAllowed: "team", or "chat".
        """
        return await self._store.whereabouts(actor, team_id, target)

    async def page(
        self, actor: Actor, team_id: TeamId, target: Target, wish: MessageFilter
    ) -> list[WholeMessage]:
        """Messages of one chat, newest first.

        Raises:
            NotFound, NotAllowed: as `whereabouts`.
            BadInput: a field of the filter names a message that is not there.
        """
        return await self._store.page(actor, team_id, target, wish)

    async def search(
        self, actor: Actor, team_id: TeamId, wish: MessageFilter
    ) -> tuple[list[WholeMessage], int]:
        """Messages of all the actor's chats in the team, newest first, and how many there are.

        Raises:
            NotFound, NotAllowed: "team".
            BadInput: a field of the filter names a message that is not there.
        """
        return await self._store.search(actor, team_id, wish)

    async def named(
        self, actor: Actor, team_id: TeamId, refs: Sequence[MessageRef]
    ) -> Mapping[MessageRef, Found]:
        """What those names stand for, as far as the actor may see it. Raises: NotFound, NotAllowed: "team"."""
        return await self._store.named(actor, team_id, refs) if refs else {}

    async def find(self, actor: Actor, team_id: TeamId, ref: MessageRef) -> Found:
        """One of them. Raises: NotFound("team" | "message"), NotAllowed("team")."""
        found = (await self.named(actor, team_id, [ref])).get(ref)
        if found is None:
            raise NotFound("message")
        return found

    async def again(
        self, actor: Actor, team_id: TeamId, ids: Sequence[MessageId]
    ) -> list[WholeMessage]:
        """Those of the messages that the actor sees. Raises: NotFound("team"), NotAllowed("team")."""
        refs = [MessageRef(each) for each in ids]
        found = await self.named(actor, team_id, refs)
        return await self._store.whole([each.id for each in found.values()]) if found else []

    async def post(
        self, actor: Actor, team_id: TeamId, target: Target, draft: Draft
    ) -> tuple[WholeMessage, bool]:
        """Post a message, or change the actor's own that has the draft's name already; whether it is new.

        Raises:
            BadInput: "text".
            NotFound: "chat", "reply", "linked", "file".
            NotAllowed: the actor may not write there, or the name is somebody else's.
        """
        sent = await self._messages.send(actor, draft)
        message = sent.message
        if not sent.is_new and _differs(draft, message.text, message.flags):
            wanted, old = draft.flags, message.flags
            change = MessageChange(draft.text, wanted & ~old, old & ~wanted)
            ref = MessageRef(message.id, message.uid)
            return await self.change(actor, team_id, target, ref, change), False
        (whole,) = await self._store.whole([message.id])
        return whole, sent.is_new

    async def change(
        self,
        actor: Actor,
        team_id: TeamId,
        target: Target,
        ref: MessageRef,
        change: MessageChange,
    ) -> WholeMessage:
        """Write a message anew, or mark it; the message as it is now.

        Raises:
            BadInput: "text".
            NotFound: as `whereabouts`, and "message".
            NotAllowed: as `whereabouts`; it is somebody else's, a notice, or too old.
        """
        if change.text is not None:
            check_length(change.text)
        now = self._clock.now_ms()
        return await self._store.change(actor, team_id, target, ref, change, now)

    async def delete(
        self, actor: Actor, team_id: TeamId, target: Target, ref: MessageRef
    ) -> WholeMessage:
        """Delete a message for everybody; what it was. Once deleted, again is no change.

        Raises:
            NotFound: as `whereabouts`, and "message".
            NotAllowed: as `whereabouts`; it is somebody else's and the actor does not lead the chat,
                or his own and too old.
        """
        now = self._clock.now_ms()
        return await self._store.delete(actor, team_id, target, ref, now)

    async def whole(self, ids: Sequence[MessageId]) -> list[WholeMessage]:
        """Those messages, in order; the caller knows that the actor sees them."""
        return await self._store.whole(ids)

    async def tidy(self) -> None:
        """Forget the texts of what was deleted a day ago."""
        await self._store.forget_texts(self._clock.now_ms() - KEPT_MS)


def _differs(draft: Draft, text: str, flags: int) -> bool:
    return draft.text != text or draft.flags != flags & ~NAMES
