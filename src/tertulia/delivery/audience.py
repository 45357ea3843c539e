"""The members of chats, remembered: so that no delivery asks the store, and hardly any check does."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, KeysView

from tertulia.core.events import ChatOpened, Event, MembersAdded, MembersRemoved
from tertulia.core.ids import AccountId, ChatId, TeamId
from tertulia.core.model import ChatKind

MOST_CARDS = 20_000
"""Chats; the least recently used are forgotten and read again when needed."""

Found = (
    tuple[ChatKind, tuple[AccountId, ...]]
    | tuple[ChatKind, tuple[AccountId, ...], TeamId | None]
    | tuple[ChatKind, tuple[AccountId, ...], TeamId | None, bool]
)
"""Kind, present members, the team whose chat it is, if it is one's, and whether it is encrypted."""

Load = Callable[[ChatId], Awaitable[Found | None]]
Change = ChatOpened | MembersAdded | MembersRemoved


class Card:
    """A chat's kind, its team and its present members. `encrypted`: only one API shows it."""

    __slots__ = ("_present", "encrypted", "kind", "team_id")

    def __init__(
        self,
        kind: ChatKind,
        members: Iterable[AccountId],
        team_id: TeamId | None = None,
        encrypted: bool = False,  # noqa: FBT001, FBT002 - it comes as a row
    ) -> None:
        self.kind = kind
        self.team_id = team_id
        self.encrypted = encrypted
        self._present = dict.fromkeys(members)

    @property
    def members(self) -> KeysView[AccountId]:
        """As they are now: it changes when somebody comes or goes."""
        return self._present.keys()

    def __contains__(self, account_id: AccountId) -> bool:
        return account_id in self._present

    def learn(self, change: Change) -> None:
        """Keep up with who comes and goes. The events of a large chat do not name who stays."""
        if change.members:
            self._present = dict.fromkeys(change.members)
        elif isinstance(change, MembersRemoved):
            for account_id in change.accounts:
                self._present.pop(account_id, None)
        else:
            self._present.update(dict.fromkeys(change.accounts))


class _Reading:
    """A card on its way from the store, and what happened to the chat meanwhile."""

    __slots__ = ("changes", "chat_id")

    def __init__(self, chat_id: ChatId) -> None:
        self.chat_id = chat_id
        self.changes: list[Change] = []


class Audience:
    """Cards of chats, kept fresh by the events that pass through delivery."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._cards: OrderedDict[ChatId, Card] = OrderedDict()
        self._readings: list[_Reading] = []

    def known(self, chat_id: ChatId) -> Card | None:
        """The card if it is remembered."""
        card = self._cards.get(chat_id)
        if card is not None:
            self._cards.move_to_end(chat_id)
        return card

    async def card(self, chat_id: ChatId) -> Card | None:
        """The card, read from the store if need be; None when there is no such chat."""
        card = self.known(chat_id)
        if card is not None:
            return card
        reading = _Reading(chat_id)
        self._readings.append(reading)
        try:
            found = await self._load(chat_id)
        finally:
            self._readings.remove(reading)
        card = self.known(chat_id)
        if card is not None or found is None:
            return card
        card = Card(*found)
        for change in reading.changes:
            # Perhaps older than what was read; then what brought us further is yet to be heard.
            card.learn(change)
        if card.members:
            self._remember(chat_id, card)
        return card

    def learn(self, event: Event) -> None:
        """Keep up with who comes and goes."""
        match event:
            case ChatOpened() | MembersAdded() | MembersRemoved():
                chat_id = event.chat.id
                for reading in self._readings:
                    if reading.chat_id == chat_id:
                        reading.changes.append(event)
                card = self._cards.get(chat_id)
                if card is not None:
                    card.learn(event)
                    if not card.members:
                        del self._cards[chat_id]
            case _:
                pass

    def _remember(self, chat_id: ChatId, card: Card) -> None:
        self._cards[chat_id] = card
        if len(self._cards) > MOST_CARDS:
            self._cards.popitem(last=False)
