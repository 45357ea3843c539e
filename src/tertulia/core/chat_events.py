"""What can happen to chats. Events are explained, and imported, where all of them stand: `core.events`."""

from dataclasses import dataclass

from tertulia.core.ids import AccountId
from tertulia.core.message_model import ListedMessage
from tertulia.core.model import Chat


@dataclass(frozen=True, slots=True)
class ChatOpened:
    """A chat came to be, or came back, for `accounts`."""

    chat: Chat
    members: tuple[AccountId, ...]
    account_id: AccountId
    accounts: tuple[AccountId, ...]
    at: int
    origin: int


@dataclass(frozen=True, slots=True)
class MembersAdded:
    """`accounts` are members from now on. `last` is the chat's newest message, if there is one."""

    chat: Chat
    members: tuple[AccountId, ...]
    account_id: AccountId
    accounts: tuple[AccountId, ...]
    last: ListedMessage | None
    at: int
    origin: int


@dataclass(frozen=True, slots=True)
class MembersRemoved:
    """`accounts` are members no more. `by_themselves`: they left; then only their other devices hear."""

    chat: Chat
    members: tuple[AccountId, ...]
    account_id: AccountId
    accounts: tuple[AccountId, ...]
    by_themselves: bool
    at: int
    origin: int


@dataclass(frozen=True, slots=True)
class ChatChanged:
    """Name, description, picture, members or rights are others now. Told to `accounts`.

    Of a channel `accounts` is empty: everybody in it is told but those in `unheard_by`.
    """

    chat: Chat
    members: tuple[AccountId, ...]
    account_id: AccountId
    accounts: tuple[AccountId, ...]
    at: int
    origin: int
    unheard_by: tuple[AccountId, ...] = ()


@dataclass(frozen=True, slots=True)
class ChatSettingsChanged:
    """An account keeps a chat otherwise: pinned, hidden, quiet. Only that account hears.

    `counts`: whether what is unread there counts in sums; `pinned`, `pin_order`, `notifies`, `hidden`: as
    in `chat_lists.MemberSettings`.
    """

    chat: Chat
    account_id: AccountId
    accounts: tuple[AccountId, ...]
    at: int
    origin: int
    counts: bool = True
    pinned: bool = False
    pin_order: int = 0
    notifies: bool = True
    hidden: bool = False
