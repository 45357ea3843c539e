"""Everything that can happen, as one closed union.

`origin` is the connection that caused the event (0: none): that connection has had its answer and is
not told again, unless the event says `to_origin`. An event whose audience is not its chat names the
accounts in `accounts`. `members` are all who are in the chat; of a channel, and of a group that is too
large, it is empty, whoever is in it. `partner_id`: in a direct chat the one who is not the author; None in
an encrypted one, which two people may have beside their plain one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from tertulia.core.ids import AccountId, ChatId, MessageId, SessionId, TeamId
from tertulia.core.message_model import ListedMessage, Message, MessageRef
from tertulia.core.model import Chat, ChatKind
from tertulia.core.team_model import Preferences, Section, Tag, Team, TeamMember
from tertulia.core.unread import Standing
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
class TeamChanged:
    """A team was made, changed, or has new members. The accounts of `members` are told, each of his own entry.

    `uploads_bytes`: what its uploads take; for those who manage it. `preferences`: of those of the members
    who have set any; never stored in the log. `active_here`: who of them was active there last of all his teams.
    """

    team: Team
    members: tuple[TeamMember, ...]
    uploads_bytes: int
    preferences: Mapping[AccountId, Preferences]
    at: int
    origin: int
    active_here: frozenset[AccountId] = frozenset()


@dataclass(frozen=True, slots=True)
class TeamRemoved:
    """For `accounts` the team is over: it is archived, or they are out. `version`: of the team then."""

    team_id: TeamId
    version: int
    accounts: tuple[AccountId, ...]
    at: int
    origin: int


@dataclass(frozen=True, slots=True)
class TeamMembersChanged:
    """Members came, changed or went (`is_archived`). The whole team is told.

    `accounts`: of the home team, where people meet some and not others, who is told. `privately`: nobody is
    told but the members themselves.
    """

    team: Team
    members: tuple[TeamMember, ...]
    at: int
    origin: int
    privately: bool = False
    accounts: tuple[AccountId, ...] = ()

    @property
    def team_id(self) -> TeamId:
        """Whose members."""
        return self.team.id


@dataclass(frozen=True, slots=True)
class SectionsChanged:
    """Sections are new or otherwise; those in `removed` are gone. The whole team is told."""

    team_id: TeamId
    sections: tuple[Section, ...]
    removed: tuple[Section, ...]
    version: int
    at: int
    origin: int


@dataclass(frozen=True, slots=True)
class TagsChanged:
    """Tags are new. The whole team is told."""

    team_id: TeamId
    tags: tuple[Tag, ...]
    at: int
    origin: int


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
class UnreadCounted:
    """What accounts had not read when everything told before this had happened, and nothing told later.

    `chat_id`: it was counted there only. Told to nobody outside.
    """

    standings: tuple[Standing, ...]
    chat_id: ChatId | None
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
    | ChatSettingsChanged
    | Signal
    | CannotDecrypt
    | Typing
    | PresenceChanged
    | SessionsEnded
    | SignedIn
    | UiSettingsChanged
    | TeamChanged
    | TeamRemoved
    | TeamMembersChanged
    | SectionsChanged
    | TagsChanged
    | CallbackReplaced
    | UnreadCounted
)


class LogEntry(NamedTuple):
    """An event with its place in the log."""

    number: int
    event: Event
