"""What is told and never stored. Events are explained, and imported, where all of them stand: `core.events`."""

from dataclasses import dataclass

from tertulia.core.ids import AccountId, ChatId, MessageId, TeamId
from tertulia.core.model import ChatKind


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
    """An account writes, or stopped. `state` is "", "start" or "stop", as the client said.

    `by_voice`: it speaks rather than writes. `team_id`: the team whose chat it is; None: nobody's.
    `encrypted`: the chat is.
    """

    chat_id: ChatId
    chat_kind: ChatKind
    account_id: AccountId
    state: str
    at: int
    origin: int
    by_voice: bool = False
    team_id: TeamId | None = None
    encrypted: bool = False


@dataclass(frozen=True, slots=True)
class PresenceChanged:
    """An account came (`online`) or went. Told to `accounts`, who asked for it."""

    account_id: AccountId
    online: bool
    seen_at: int
    accounts: tuple[AccountId, ...]
    origin: int = 0
