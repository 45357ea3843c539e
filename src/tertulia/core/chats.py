"""Opening, changing, leaving and finding chats."""

from collections.abc import Sequence

from tertulia.core import text
from tertulia.core.accounts import MAX_SEARCH_WORD
from tertulia.core.chat_ports import ChatStore
from tertulia.core.errors import BadInput
from tertulia.core.ids import AccountId, ChatId
from tertulia.core.message_model import ListedChat
from tertulia.core.model import Actor, Chat, ChatChange, NewGroup, Page
from tertulia.core.ports import Clock

MOST_NAMED_MEMBERS = 200
"""People. Events about a larger group do not name all who are in it."""


class Chats:
    """What can be done with chats."""

    def __init__(self, store: ChatStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def open_direct(self, actor: Actor, other: AccountId, card: NewGroup) -> Chat:
        """The direct chat with *other*: the same for ever, whoever asks first.

        Raises:
            BadInput: *other* is the actor.
            NotFound: "account".
        """
        if other == actor.account_id:
            raise BadInput("other", "is oneself")
        return await self._store.open_direct(actor, other, card, self._clock.now_ms())

    async def open_group(self, actor: Actor, new: NewGroup, limit: int) -> Chat:
        """A new group, owned by the actor, of at most *limit* members with him.

        Raises:
            BadInput: "members": nobody but the actor is known.
            TooMuch: "members".
        """
        return await self._store.open_group(actor, new, limit, self._clock.now_ms())

    async def open_channel(self, actor: Actor, new: NewGroup) -> Chat:
        """A new channel, owned by the actor; the members it begins with may be none."""
        return await self._store.open_channel(actor, new, self._clock.now_ms())

    async def subscribe(self, actor: Actor, chat_id: ChatId) -> None:
        """Read a channel from now on; once is enough. Raises: NotFound("channel")."""
        await self._store.subscribe(actor, chat_id, self._clock.now_ms())

    async def unsubscribe(self, actor: Actor, chat_id: ChatId) -> None:
        """Read a channel no more, whoever one is in it. Raises: NotFound("channel")."""
        await self._store.unsubscribe(actor, chat_id, self._clock.now_ms())

    async def change(
        self, actor: Actor, chat_id: ChatId, change: ChatChange, limit: int
    ) -> Chat | None:
        """The chat as it is now; None when nobody is left and it is gone.

        Raises:
            NotFound: "chat": there is none, or the actor is not in it.
            NotAllowed: the actor neither owns nor administrates the group or channel.
            TooMuch: "members".
        """
        return await self._store.change(actor, chat_id, change, limit, self._clock.now_ms())

    async def leave(self, actor: Actor, chat_id: ChatId) -> None:
        """Be a member no more. A direct chat is only hidden until somebody writes or opens it.

        Raises:
            NotFound: "chat" when there is none, "member" when the actor is not in it.
        """
        await self._store.leave(actor, chat_id, self._clock.now_ms())

    async def listed(self, actor: Actor, page: Page) -> list[ListedChat]:
        """The actor's chats, newest change first, each with what is unread and its newest message."""
        return await self._store.listed(actor, page)

    async def search(
        self, actor: Actor, part: str, limit: int, *, changed_after: int | None = None
    ) -> list[Chat]:
        """Channels and the actor's groups with *part* in their name, without regard to case."""
        if text.is_longer(part, MAX_SEARCH_WORD):
            return []
        return await self._store.search(actor, part, limit, changed_after=changed_after)

    async def members(
        self, actor: Actor, chat_ids: Sequence[ChatId]
    ) -> dict[ChatId, list[AccountId]]:
        """Who is in those of the chats that are the actor's; of a large channel not everybody."""
        return await self._store.members(actor, chat_ids)

    async def admins(
        self, actor: Actor, chat_ids: Sequence[ChatId]
    ) -> dict[ChatId, list[AccountId]]:
        """Who leads those of the chats that the actor leads: the owner, then admins, oldest first."""
        return await self._store.admins(actor, chat_ids)
