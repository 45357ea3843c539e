"""Where messages stand in chats, and how far somebody has read, for who counts only what people wrote."""

from typing import NamedTuple, Protocol

from tertulia.core.ids import AccountId, ChatId
from tertulia.core.model import Actor


class Span(NamedTuple):
    """A stretch of a chat in dates of messages, neither end included; None: it has no end there."""

    after: int | None
    before: int | None


class PlaceStore(Protocol):
    """Places at rest. A *number* names a chat as in `core.archive`."""

    async def span(
        self, reader: AccountId, number: int, after: int | None, before: int | None
    ) -> Span:
        """The stretch between two numbers of messages, which need not be there."""
        ...

    async def notices_unread(self, reader: AccountId) -> dict[ChatId, int]:
        """In each of the reader's chats where there are any: notices after what he has read."""
        ...

    async def unread(self, reader: AccountId, number: int) -> int:
        """Messages of people that the reader has not read there; 0 if there is no such chat."""
        ...


class Places:
    """Finds places."""

    def __init__(self, store: PlaceStore) -> None:
        self._store = store

    async def span(self, actor: Actor, number: int, after: int | None, before: int | None) -> Span:
        """What stands after the message of one number and before that of another, in dates."""
        if after is None and before is None:
            return Span(None, None)
        return await self._store.span(actor.account_id, number, after, before)

    async def notices_unread(self, actor: Actor) -> dict[ChatId, int]:
        """How many of the unread in a chat were not written by people."""
        return await self._store.notices_unread(actor.account_id)

    async def unread(self, actor: Actor, number: int) -> int:
        """How much of what people wrote there is unread."""
        return await self._store.unread(actor.account_id, number)
