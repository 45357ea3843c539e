"""Everything that can happen, as one closed union.

`origin` is the connection that caused the event (0: none): that connection has had its answer and is
not told again, unless the event says `to_origin`. An event whose audience is not its chat names the
accounts in `accounts`. `members` are all who are in the chat; of a channel it is empty, whoever is in it.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

from tertulia.core.ids import AccountId, ChatId, MessageId, SessionId
from tertulia.core.model import Chat, ChatKind, ListedMessage, Message


class MessagePosted(NamedTuple):
    """A message stands in its chat. `hidden_from` neither hear of it nor find it in lists."""

    message: Message
    chat_kind: ChatKind
    origin: int
    hidden_from: tuple[AccountId, ...] = ()


@dataclass(frozen=True, slots=True)
class MessageEdited:
    """The author wrote it anew."""

    message_id: MessageId
    chat_id: ChatId
    chat_kind: ChatKind
    account_id: AccountId
    text: str
    at: int
    origin: int


@dataclass(frozen=True, slots=True)
class MessagesDeleted:
    """Gone for everybody."""

    message_ids: tuple[MessageId, ...]
    chat_id: ChatId
    chat_kind: ChatKind
    account_id: AccountId
    at: int
    origin: int


@dataclass(frozen=True, slots=True)
class MessagesHidden:
    """One account does not want to see them any more; only that account hears."""

    message_ids: tuple[MessageId, ...]
    chat_id: ChatId
    chat_kind: ChatKind
    account_id: AccountId
    origin: int


@dataclass(frozen=True, slots=True)
class MessagesRead:
    """An account has read messages. Each author hears of his own, the reader's other devices of all.

    `by_author` holds ids newest first.
    """

    chat_id: ChatId
    account_id: AccountId
    by_author: tuple[tuple[AccountId, tuple[MessageId, ...]], ...]
    at: int
    origin: int


@dataclass(frozen=True, slots=True)
class ReactionsChanged:
    """An account added or took back reactions."""

    message_id: MessageId
    chat_id: ChatId
    chat_kind: ChatKind
    account_id: AccountId
    added: tuple[str, ...]
    removed: tuple[str, ...]
    at: int
    origin: int


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
class Signal:
    """A packet from client to clients, never stored. `extra` is a JSON object nobody here reads."""

    client_ref: str
    account_id: AccountId
    accounts: tuple[AccountId, ...]
    chat_id: ChatId | None
    extra: str
    at: int
    origin: int


@dataclass(frozen=True, slots=True)
class CannotDecrypt:
    """An account cannot read encrypted messages of `accounts`; never stored."""

    message_ids: tuple[MessageId, ...]
    chat_id: ChatId
    account_id: AccountId
    accounts: tuple[AccountId, ...]
    origin: int


@dataclass(frozen=True, slots=True)
class Typing:
    """An account writes, or stopped. `state` is "", "start" or "stop", as the client said."""

    chat_id: ChatId
    chat_kind: ChatKind
    account_id: AccountId
    state: str
    at: int
    origin: int


@dataclass(frozen=True, slots=True)
class PresenceChanged:
    """An account came (`online`) or went. Told to `accounts`, who asked for it."""

    account_id: AccountId
    online: bool
    seen_at: int
    accounts: tuple[AccountId, ...]
    origin: int = 0


@dataclass(frozen=True, slots=True)
class SessionsEnded:
    """Sign-ins are void: their connections stay open, but nobody is signed in on them.

    `number` is its place in the log: what comes after it was not heard there. 0: it is not known.
    """

    session_ids: tuple[SessionId, ...]
    account_id: AccountId
    number: int = field(default=0, compare=False)
    origin: int = 0


Event = (
    MessagePosted
    | MessageEdited
    | MessagesDeleted
    | MessagesHidden
    | MessagesRead
    | ReactionsChanged
    | ChatOpened
    | MembersAdded
    | MembersRemoved
    | ChatChanged
    | Signal
    | CannotDecrypt
    | Typing
    | PresenceChanged
    | SessionsEnded
)


class LogEntry(NamedTuple):
    """An event with its place in the log."""

    number: int
    event: Event
