"""The chats of a team as one of its members keeps them: listed by many wishes, pinned, hidden, quiet."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, Protocol

from tertulia.core import text as texts
from tertulia.core.errors import BadInput
from tertulia.core.groups import GroupMember, GroupSettings
from tertulia.core.histories import Target
from tertulia.core.ids import AccountId, ChatId, TeamId
from tertulia.core.message_model import MessageRef
from tertulia.core.model import Actor, Chat, ChatKind, File, Role, Versions
from tertulia.core.ports import Clock
from tertulia.core.tasks import Task
from tertulia.core.team_model import Membership, Portrait, TeamMember
from tertulia.core.whole import WholeMessage

MAX_DRAFT = 12_000
"""Code points of a draft that the server keeps."""


@dataclass(frozen=True, slots=True)
class MemberSettings:
    """How one account keeps a chat.

    Attributes:
        pin_order: its place among the pinned ones.
        notifies: whether its messages may make a noise.
        counts: whether what is unread there counts in sums.
        draft, draft_at: what he has begun to write, and when.
        version: the number drawn at the last change; 0: never changed.
    """

    is_hidden: bool = False
    is_pinned: bool = False
    pin_order: int = 0
    notifies: bool = True
    counts: bool = True
    is_collapsed: bool = False
    draft: str = ""
    draft_at: int = 0
    version: int = 0


@dataclass(frozen=True, slots=True)
class SettingsChange:
    """What to change in one's settings; None leaves a field as it is."""

    is_hidden: bool | None = None
    is_pinned: bool | None = None
    pin_order: int | None = None
    notifies: bool | None = None
    counts: bool | None = None
    is_collapsed: bool | None = None
    draft: str | None = None


UNTOUCHED = MemberSettings()
"""Of a chat that its member has left as it was."""

PRIVATE = GroupSettings()
"""Of what is no group of a team."""


@dataclass(frozen=True, slots=True)
class ChatEntry:
    """A chat as one member of a team finds it.

    Attributes:
        membership: the team, and he himself.
        kind: of chat.
        chat: None: a direct chat that nobody has begun yet.
        partner: in a direct chat the other one.
        portrait: the picture of a group.
        role: in a group or task; None: he is not in it, or it is a direct chat.
        group, task: what a group, or a task, has beside its chat.
        files: what hangs on a task.
        members: of a group or task; None: too many to be listed.
        num_members: how many there are.
        unread: how many messages of people.
        mentioned: how many of them name him.
        importants: how many messages are marked as important.
        last: the newest message he sees.
        last_at: when something was said, edited or deleted there last.
        mark: up to where he has read; None: nothing.
        marked_at: when he did, or put a message out of his sight; 0: never.
        is_blocked: he and the partner may not write to each other.
    """

    membership: Membership
    kind: ChatKind
    chat: Chat | None
    partner: TeamMember | None = None
    portrait: Portrait | None = None
    role: Role | None = None
    settings: MemberSettings = UNTOUCHED
    group: GroupSettings = PRIVATE
    task: Task | None = None
    files: tuple[File, ...] = ()
    members: tuple[GroupMember, ...] | None = ()
    num_members: int = 0
    unread: int = 0
    mentioned: int = 0
    importants: int = 0
    last: WholeMessage | None = None
    last_at: int = 0
    mark: MessageRef | None = None
    marked_at: int = 0
    is_blocked: bool = False

    @property
    def created_at(self) -> int:
        """When it came to be; of a direct chat without messages when both were in the team."""
        if self.chat is not None and (self.partner is None or self.last is not None):
            return self.chat.created_at
        assert self.partner is not None, "only direct chats are not begun"
        return max(self.partner.created_at, self.membership.me.created_at)

    @property
    def changed_at(self) -> int:
        """The time of what was said, edited, deleted or changed there last, for everybody."""
        return self.created_at if self.chat is None else max(self.chat.updated_at, self.last_at)

    @property
    def versions(self) -> Versions:
        """Which state of the chat this is."""
        return Versions(
            0 if self.chat is None else self.chat.id,
            self.changed_at,
            self.group.version,
            0 if self.task is None else self.task.version,
            0 if self.partner is None else self.partner.version,
            self.settings.version,
            self.marked_at,
        )


class Order(StrEnum):
    """In which order chats are listed, after the pinned ones."""

    NEWEST = "newest"
    OLDEST = "oldest"
    NAME = "name"


@dataclass(frozen=True, slots=True)
class ChatFilter:
    """Which chats one wants. None, an empty text: no such wish.

    Attributes:
        kinds: of chats.
        hidden: whether it is hidden; None: either.
        unread_only, unread_first: as they say.
        has_activity: only where there are messages.
        text: contained in the name, without regard to case.
        is_new: whether a chat in that state is wanted; asked for each of them, in a thread.
    """

    limit: int = 100
    offset: int = 0
    kinds: tuple[ChatKind, ...] | None = None
    hidden: bool | None = False
    unread_only: bool = False
    unread_first: bool = False
    has_activity: bool = False
    text: str = ""
    is_new: Callable[[Versions], bool] | None = None
    order: Order = Order.NEWEST


@dataclass(frozen=True, slots=True)
class Unread:
    """What is unread in the chats of one kind. `mentioned`: messages that name the account."""

    chats: int = 0
    messages: int = 0
    mentioned: int = 0


class DirectSeat(NamedTuple):
    """Somebody in a direct chat, and with whom."""

    chat_id: ChatId
    account_id: AccountId
    other_id: AccountId


class ChatListStore(Protocol):
    """Chats of teams as their members keep them, at rest. What is refused: as `HistoryStore`."""

    async def listed(
        self, actor: Actor, team_id: TeamId, wish: ChatFilter
    ) -> tuple[list[ChatEntry], int]:
        """A page, and how many there are."""
        ...

    async def entry(self, actor: Actor, team_id: TeamId, target: Target) -> ChatEntry:
        """One chat; also a public one that the actor is not in."""
        ...

    async def several(
        self, actor: Actor, team_id: TeamId, kind: ChatKind, chat_ids: Sequence[ChatId]
    ) -> list[ChatEntry]:
        """Those chats, which the caller knows that the actor may see."""
        ...

    async def entries(
        self, team_id: TeamId, chat_id: ChatId, accounts: Collection[AccountId]
    ) -> Mapping[AccountId, ChatEntry]:
        """One chat as several of its members find it in that team; who finds it not is left out."""
        ...

    async def direct_seats(self, accounts: Collection[AccountId]) -> list[DirectSeat]:
        """Both sides of all direct chats of these with people, as far as they have not left."""
        ...

    async def groups(self, actor: Actor, team_id: TeamId) -> list[ChatEntry]:
        """The actor's groups, newest message first."""
        ...

    async def public_groups(self, actor: Actor, team_id: TeamId) -> list[ChatEntry]:
        """Groups that he is not in and may join, newest first; none for guests."""
        ...

    async def settle(
        self, actor: Actor, team_id: TeamId, target: Target, change: SettingsChange, now: int
    ) -> None:
        """Keep the chat so from now on."""
        ...

    async def unread(self, account_id: AccountId) -> Mapping[TeamId, Mapping[ChatKind, Unread]]:
        """Sums of what is unread, for the teams that have any."""
        ...

    async def badge(self, account_id: AccountId) -> int:
        """All unread messages, each once."""
        ...


class ChatLists:
    """What a member of a team does with its chats as a whole."""

    def __init__(self, store: ChatListStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def listed(
        self, actor: Actor, team_id: TeamId, wish: ChatFilter
    ) -> tuple[list[ChatEntry], int]:
        """A page of the actor's chats, and how many there are. A direct chat with everybody is among them.

        Raises:
            NotFound, NotAllowed: "team".
        """
        return await self._store.listed(actor, team_id, wish)

    async def entry(self, actor: Actor, team_id: TeamId, target: Target) -> ChatEntry:
        """One chat. Raises: NotFound("team" | "chat"), NotAllowed("team" | "chat")."""
        return await self._store.entry(actor, team_id, target)

    async def several(
        self, actor: Actor, team_id: TeamId, kind: ChatKind, chat_ids: Sequence[ChatId]
    ) -> list[ChatEntry]:
        """Groups or tasks that are known to be the actor's to see. Raises: NotFound, NotAllowed: "team"."""
        return await self._store.several(actor, team_id, kind, chat_ids)

    async def entries(
        self, team_id: TeamId, chat_id: ChatId, accounts: Collection[AccountId]
    ) -> Mapping[AccountId, ChatEntry]:
        """One chat as several of its members find it; nobody's rights are asked."""
        return await self._store.entries(team_id, chat_id, accounts) if accounts else {}

    async def direct_seats(self, accounts: Collection[AccountId]) -> list[DirectSeat]:
        """Both sides of all direct chats of these with people; nobody's rights are asked."""
        return await self._store.direct_seats(accounts) if accounts else []

    async def groups(self, actor: Actor, team_id: TeamId) -> list[ChatEntry]:
        """The actor's groups, with their members. Raises: NotFound, NotAllowed: "team"."""
        return await self._store.groups(actor, team_id)

    async def public_groups(self, actor: Actor, team_id: TeamId) -> list[ChatEntry]:
        """Groups that the actor may join. Raises: NotFound, NotAllowed: "team"."""
        return await self._store.public_groups(actor, team_id)

    async def settle(
        self, actor: Actor, team_id: TeamId, target: Target, change: SettingsChange
    ) -> None:
        """Keep a chat so from now on; the actor's own devices hear.

        Raises:
            NotFound, NotAllowed: as `entry`.
            BadInput: "draft" is too long.
        """
        if change.draft is not None and texts.is_longer(change.draft, MAX_DRAFT):
            raise BadInput("draft", "is too long")
        await self._store.settle(actor, team_id, target, change, self._clock.now_ms())

    async def unread(self, actor: Actor) -> Mapping[TeamId, Mapping[ChatKind, Unread]]:
        """Sums of what is unread, by team; a direct chat counts in every team that shows it."""
        return await self._store.unread(actor.account_id)

    async def badge(self, actor: Actor) -> int:
        """All unread messages, each once."""
        return await self._store.badge(actor.account_id)
