"""What can happen to accounts. Events are explained, and imported, where all of them stand: `core.events`."""

from dataclasses import dataclass, field

from tertulia.core.ids import AccountId, ChatId, SessionId
from tertulia.core.unread import Standing


@dataclass(frozen=True, slots=True)
class SessionsEnded:
    """Sign-ins are void: their connections stay open, but nobody is signed in on them.

    `number` is its place in the log: what comes after it was not heard there. 0: it is not known.
    """

    session_ids: tuple[SessionId, ...]
    account_id: AccountId
    number: int = field(default=0, compare=False)
    origin: int = 0


@dataclass(frozen=True, slots=True)
class SignedIn:
    """An account signed in somewhere; its connections of other sessions are told.

    `device`: the device's name for people, "" when it has none.
    """

    account_id: AccountId
    session_id: SessionId
    device: str
    origin: int = 0


@dataclass(frozen=True, slots=True)
class UiSettingsChanged:
    """The account's programs keep something else about their looks: `settings` is a JSON object."""

    account_id: AccountId
    settings: str
    origin: int = 0


@dataclass(frozen=True, slots=True)
class CallbackReplaced:
    """The account's callback has another address. Which ones stands in a log of their own."""

    account_id: AccountId
    at: int
    origin: int = 0


@dataclass(frozen=True, slots=True)
class BlocksChanged:
    """The account may not write to `accounts` any more, nor they to it, or both may again. Told to nobody
    outside: what they see of their chats is another now.
    """

    account_id: AccountId
    accounts: tuple[AccountId, ...]
    origin: int = 0


@dataclass(frozen=True, slots=True)
class UnreadCounted:
    """What accounts had not read when everything told before this had happened, and nothing told later.

    `chat_id`: it was counted there only. Told to nobody outside.
    """

    standings: tuple[Standing, ...]
    chat_id: ChatId | None
    origin: int = 0
