"""The members of chats, remembered: so that no delivery asks the store, and hardly any check does."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable

from tertulia.core.events import ChatOpened, Event, MembersAdded, MembersRemoved
from tertulia.core.ids import AccountId, ChatId
from tertulia.core.model import ChatKind

MOST_CARDS = 20_000
"""Chats; the least recently used are forgotten and read again when needed."""

Load = Callable[[ChatId], Awaitable[tuple[ChatKind, tuple[AccountId, ...]] | None]]


class Card:
    """A chat's kind and present members."""

    __slots__ = ("_present", "kind", "members")

    def __init__(self, kind: ChatKind, members: tuple[AccountId, ...]) -> None:
        self.kind = kind
        self.members = members
        self._present = frozenset(members)

    def __contains__(self, account_id: AccountId) -> bool:
        return account_id in self._present


class Audience:
    """Cards of chats, kept fresh by the events that pass through delivery."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._cards: OrderedDict[ChatId, Card] = OrderedDict()
        self._changes = 0

    def known(self, chat_id: ChatId) -> Card | None:
        """The card if it is remembered."""
        card = self._cards.get(chat_id)
        if card is not None:
            self._cards.move_to_end(chat_id)
        return card

    async def card(self, chat_id: ChatId) -> Card | None:
        """The card, read from the store if need be; None when there is no such chat."""
        card = self.known(chat_id)
        while card is None:
            changes = self._changes
            found = await self._load(chat_id)
            if found is None:
                return None
            card = Card(*found)
            if changes == self._changes:
                self._remember(chat_id, card)
            else:
                # Members came or went while we read: what was read may be old.
                card = self.known(chat_id)
        return card

    def learn(self, event: Event) -> None:
        """Keep up with who comes and goes."""
        match event:
            case ChatOpened() | MembersAdded() | MembersRemoved():
                self._changes += 1
                if event.chat.id in self._cards:
                    if event.members:
                        self._cards[event.chat.id] = Card(event.chat.kind, event.members)
                    else:
                        del self._cards[event.chat.id]
            case _:
                pass

    def _remember(self, chat_id: ChatId, card: Card) -> None:
        self._cards[chat_id] = card
        if len(self._cards) > MOST_CARDS:
            self._cards.popitem(last=False)
