"""What the services of chats and messages need of a store.

The rules of `core.ports` hold here, too.
"""

from collections.abc import Sequence
from typing import Protocol

from tertulia.core.events import LogEntry
from tertulia.core.ids import AccountId, ChatId, MessageId
from tertulia.core.message_model import Draft, ListedChat, ListedMessage, ReadMark, Sent
from tertulia.core.model import Actor, Chat, ChatChange, NewGroup, Page
from tertulia.core.pending import Pending


class ChatStore(Protocol):
    """Chats at rest."""

    async def open_direct(self, actor: Actor, other: AccountId, new: NewGroup, now: int) -> Chat:
        """The direct chat of the two, made or brought back. Raises: NotFound("account")."""
        ...

    async def open_group(self, actor: Actor, new: NewGroup, limit: int, now: int) -> Chat:
        """A new group. Raises: BadInput, TooMuch("members")."""
        ...

    async def open_channel(self, actor: Actor, new: NewGroup, now: int) -> Chat:
        """A new channel; unknown accounts are skipped."""
        ...

    async def subscribe(self, actor: Actor, chat_id: ChatId, now: int) -> None:
        """Be in the channel; no change for who is. Raises: NotFound("channel")."""
        ...

    async def unsubscribe(self, actor: Actor, chat_id: ChatId, now: int) -> None:
        """Be in the channel no more; no change for who is not. Raises: NotFound("channel")."""
        ...

    async def change(
        self, actor: Actor, chat_id: ChatId, change: ChatChange, limit: int, now: int
    ) -> Chat | None:
        """The chat as it is now; None: nobody is left and it is gone.

        Raises: NotFound("chat"), NotAllowed, TooMuch("members").
        """
        ...

    async def leave(self, actor: Actor, chat_id: ChatId, now: int) -> None:
        """Raises: NotFound("chat"), NotFound("member")."""
        ...

    async def listed(self, actor: Actor, page: Page) -> list[ListedChat]:
        """The actor's chats, newest change first."""
        ...

    async def search(
        self, actor: Actor, part: str, limit: int, *, changed_after: int | None
    ) -> list[Chat]:
        """Channels and the actor's groups with *part* in the name, newest change first."""
        ...

    async def members(
        self, actor: Actor, chat_ids: Sequence[ChatId]
    ) -> dict[ChatId, list[AccountId]]:
        """Members of those chats that are the actor's; of a direct chat both sides even if one left.

        Of a large channel its owner, its admins, and some of its subscribers.
        """
        ...

    async def admins(
        self, actor: Actor, chat_ids: Sequence[ChatId]
    ) -> dict[ChatId, list[AccountId]]:
        """Owner and admins of those groups and channels where the actor is one of them, owner first."""
        ...

    async def may_write(self, actor: Actor, chat_id: ChatId) -> bool:
        """Whether the actor is in that chat and no mere reader there; a block is another question."""
        ...


class MessageStore(Protocol):
    """Messages at rest."""

    def append(self, actor: Actor, draft: Draft, now: int) -> Pending[Sent]:
        """Raises, now or when awaited: NotFound("chat"), NotAllowed("write"), NotAllowed("blocked"), NotFound("reply")."""
        ...

    async def edit(self, actor: Actor, message_id: MessageId, text: str, now: int) -> None:
        """Raises: NotFound("message"), NotAllowed("edit")."""
        ...

    async def delete(
        self, actor: Actor, chat_id: ChatId, ids: Sequence[MessageId], now: int
    ) -> None:
        """For everybody. Raises: NotFound("chat"), NotAllowed."""
        ...

    async def hide(self, actor: Actor, chat_id: ChatId, ids: Sequence[MessageId], now: int) -> None:
        """For the actor alone. Raises: NotFound("chat"), NotAllowed."""
        ...

    async def history(self, actor: Actor, chat_id: ChatId, page: Page) -> list[ListedMessage]:
        """Raises: NotFound("chat"), NotAllowed("read")."""
        ...

    async def mark_read(self, actor: Actor, mark: ReadMark, now: int) -> None:
        """Raises: NotFound("chat"), NotAllowed("read"): not in the chat, or it is a channel."""
        ...

    async def tell_read(self, actor: Actor, mark: ReadMark, now: int) -> None:
        """Authors hear as from `mark_read`, and nothing is stored. Raises: as `mark_read`."""
        ...

    async def react(
        self,
        actor: Actor,
        message_id: MessageId,
        add: Sequence[str],
        remove: Sequence[str],
        now: int,
    ) -> None:
        """Raises: NotFound("message"), TooMuch("reactions")."""
        ...

    async def reactions(
        self, actor: Actor, message_id: MessageId
    ) -> list[tuple[str, list[AccountId]]]:
        """Who reacted with what, oldest reaction first. Raises: NotFound("message")."""
        ...


class Counts(Protocol):
    """What can be counted at rest."""

    async def posted(self, since: int, until: int) -> int:
        """How many messages came in that time, `until` not included; deleted ones count."""
        ...


class BlockStore(Protocol):
    """Who does not want to hear from whom."""

    async def block(
        self, actor: Actor, accounts: Sequence[AccountId], seen_at: int, now: int
    ) -> None:
        """Unknown accounts are skipped. `seen_at`: when the actor was seen last, kept with it."""
        ...

    async def unblock(self, actor: Actor, accounts: Sequence[AccountId]) -> None:
        """Unknown accounts are skipped."""
        ...

    async def blocked_by(self, account_id: AccountId) -> list[AccountId]:
        """Whom the account has blocked, oldest first, whether its list is on or off."""
        ...

    async def shunned_by(self, account_id: AccountId) -> list[AccountId]:
        """Whom the account blocks now: nobody while its list is off."""
        ...

    async def switch(self, actor: Actor, *, on: bool) -> None:
        """All the actor's blocks on or off, without forgetting them."""
        ...

    async def blockers(
        self, account_id: AccountId, among: Sequence[AccountId]
    ) -> dict[AccountId, int]:
        """Who of *among* blocks the account now, each with its `seen_at` of that moment."""
        ...

    async def all_blockers(self, account_id: AccountId) -> set[AccountId]:
        """Everybody who blocks the account now."""
        ...

    async def stand_between(self, account_id: AccountId, others: Sequence[AccountId]) -> bool:
        """Whether the account blocks one of *others* now, or one of them the account."""
        ...


class LogStore(Protocol):
    """Who was connected when, and what happened meanwhile. Places in the log are numbers."""

    @property
    def position(self) -> int:
        """Everything up to this number has been handed to delivery."""
        ...

    @property
    def heard(self) -> int:
        """Everything up to this number has been offered to who is connected; `position`, or somewhat less."""
        ...

    async def came(self, account_id: AccountId, position: int, oldest: int) -> None:
        """A visit begins; those that ended up to *oldest* are forgotten."""
        ...

    async def went(self, account_id: AccountId, came: int, position: int) -> None:
        """The visit that began at *came* ends; at 0: it was none. Said twice, the later word counts."""
        ...

    async def missed(
        self,
        account_id: AccountId,
        oldest: int,
        until: int,
        limit: int,
        *,
        only_last: Sequence[str] | None,
    ) -> list[LogEntry]:
        """The newest of what others did behind the account's back, oldest first.

        Only what came after *oldest* and up to *until*. `only_last`: no messages, and events of
        these kinds only, from the last absence alone.
        """
        ...

    async def forget(self, oldest: int) -> None:
        """Drop events up to *oldest*."""
        ...
