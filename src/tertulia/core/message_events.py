"""What can happen to messages. Events are explained, and imported, where all of them stand: `core.events`."""

from dataclasses import dataclass
from typing import NamedTuple

from tertulia.core.ids import AccountId, ChatId, MessageId, TeamId
from tertulia.core.message_model import Message, MessageRef
from tertulia.core.model import ChatKind
from tertulia.core.whole import WholeMessage


class MessagePosted(NamedTuple):
    """A message stands in its chat. `hidden_from` neither hear of it nor find it in lists.

    `prev`, `num`, `quoted`, `encrypted`: as in `core.whole.WholeMessage`. `reads`: its author has read the
    chat up to it.
    """

    message: Message
    chat_kind: ChatKind
    origin: int
    hidden_from: tuple[AccountId, ...] = ()
    team_id: TeamId | None = None
    partner_id: AccountId | None = None
    prev: MessageRef | None = None
    num: int = 0
    quoted: tuple[Message, ...] = ()
    reads: bool = False
    encrypted: bool = False

    @property
    def whole(self) -> WholeMessage:
        """The message as it stands there, the newest."""
        return WholeMessage(
            self.message, self.chat_kind, self.team_id, self.partner_id, self.prev, self.num,
            is_last=True, quoted=self.quoted, encrypted=self.encrypted,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class MessageEdited:
    """The author wrote it anew. `whole`: how it stands there now; it is told, but not logged.

    `tail`: the chat's newest message. `mentioned`: who is named now and was not, or the other way round, and
    how many unread messages there name him after this. `unseen_by`: who does not see it, because he has
    hidden it or it is hidden from him; they do not hear of it.
    """

    message_id: MessageId
    chat_id: ChatId
    chat_kind: ChatKind
    account_id: AccountId
    text: str
    at: int
    origin: int
    whole: WholeMessage | None = None
    tail: MessageRef | None = None
    mentioned: tuple[tuple[AccountId, int], ...] = ()
    unseen_by: tuple[AccountId, ...] = ()


@dataclass(frozen=True, slots=True)
class MessagesDeleted:
    """Gone for everybody. `whole`: what they were, with their texts; it is told, but not logged.

    `unseen_by`: who did not see which of them, because he had hidden it or it was hidden from him.
    `tail`: the chat's newest message after that.
    """

    message_ids: tuple[MessageId, ...]
    chat_id: ChatId
    chat_kind: ChatKind
    account_id: AccountId
    at: int
    origin: int
    whole: tuple[WholeMessage, ...] = ()
    unseen_by: tuple[tuple[AccountId, MessageId], ...] = ()
    tail: MessageRef | None = None


@dataclass(frozen=True, slots=True)
class MessagesHidden:
    """One account does not want to see them any more; only that account hears.

    `unread`, `mentioned`: what people wrote and it has not read there after this, and what of it names it.
    """

    message_ids: tuple[MessageId, ...]
    chat_id: ChatId
    chat_kind: ChatKind
    account_id: AccountId
    origin: int
    unread: int = 0
    mentioned: int = 0


@dataclass(frozen=True, slots=True)
class MessagesRead:
    """An account has read messages. Each author hears of his own, the reader's other devices of all.

    `by_author` holds ids newest first. `uids`: the names of those that have one. `unread`: what the
    account has not read after this. `mark`: the newest message it has marked; when nothing is unread, the
    chat's newest. `first`: those of the messages that nobody but their author had read before.
    `unread` counts what people wrote, `mentioned` those of them that name the account. `encrypted`: the
    chat is.
    """

    chat_id: ChatId
    account_id: AccountId
    by_author: tuple[tuple[AccountId, tuple[MessageId, ...]], ...]
    at: int
    origin: int
    chat_kind: ChatKind = ChatKind.GROUP
    team_id: TeamId | None = None
    partner_id: AccountId | None = None
    uids: tuple[tuple[MessageId, str], ...] = ()
    unread: int = 0
    mentioned: int = 0
    mark: MessageRef | None = None
    first: tuple[MessageId, ...] = ()
    encrypted: bool = False


@dataclass(frozen=True, slots=True)
class ReactionsChanged:
    """An account added or took back reactions. `whole`, `tail`, `unseen_by`: as in `MessageEdited`."""

    message_id: MessageId
    chat_id: ChatId
    chat_kind: ChatKind
    account_id: AccountId
    added: tuple[str, ...]
    removed: tuple[str, ...]
    at: int
    origin: int
    whole: WholeMessage | None = None
    tail: MessageRef | None = None
    unseen_by: tuple[AccountId, ...] = ()
