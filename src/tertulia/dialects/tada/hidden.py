"""Which chats accounts with a socket have put out of sight, until somebody writes there."""

from collections.abc import Collection, Iterable
from typing import TypeVar

from tertulia.core.events import MessagePosted
from tertulia.core.ids import AccountId, ChatId

Key = TypeVar("Key")
Value = TypeVar("Value")


class Hidden:
    """In memory: a new message asks for it, and mostly nobody has hidden its chat."""

    def __init__(self) -> None:
        """Nobody is there."""
        self._by_chat: dict[ChatId, set[AccountId]] = {}
        self._chats_of: dict[AccountId, set[ChatId]] = {}

    def fill(self, account_id: AccountId, chats: Iterable[ChatId]) -> None:
        """The account has hidden these, and no others."""
        self.forget(account_id)
        for chat_id in chats:
            self.hide(account_id, chat_id)

    def forget(self, account_id: AccountId) -> None:
        """The account has no socket any more."""
        for chat_id in tuple(self._chats_of.get(account_id, ())):
            self.show(account_id, chat_id)

    def hide(self, account_id: AccountId, chat_id: ChatId) -> None:
        """It is out of the account's sight."""
        self._by_chat.setdefault(chat_id, set()).add(account_id)
        self._chats_of.setdefault(account_id, set()).add(chat_id)

    def show(self, account_id: AccountId, chat_id: ChatId) -> None:
        """It is not, or not any more."""
        _discard(self._by_chat, chat_id, account_id)
        _discard(self._chats_of, account_id, chat_id)

    def back(self, event: MessagePosted) -> Collection[AccountId]:
        """Whose chat is in sight again with this message; what the server itself says shows none."""
        hidden_by = self._by_chat.get(event.message.chat_id)
        if hidden_by is None or event.message.notice is not None:
            return ()
        back = tuple(hidden_by)
        for account_id in back:
            self.show(account_id, event.message.chat_id)
        return back


def _discard(sets: dict[Key, set[Value]], key: Key, value: Value) -> None:
    """Without leaving an empty set behind."""
    found = sets.get(key)
    if found is not None:
        found.discard(value)
        if not found:
            del sets[key]
