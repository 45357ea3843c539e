"""Groups of teams: made by their members, open or closed, led by their admins and by whoever leads the team."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from tertulia.core.errors import BadInput
from tertulia.core.ids import AccountId, ChatId, FileId, SectionId, TeamId
from tertulia.core.model import KEEP, Actor, Chat, Keep, Role
from tertulia.core.ports import Clock

COMMON_GROUP = "Общий чат"
"""The name of the group that every team begins with."""

COMMON_GROUP_DESCRIPTION = "Сюда автоматически попадают все участники команды"


@dataclass(frozen=True, slots=True)
class GroupSettings:
    """How a group of a team is set up.

    Attributes:
        is_public: everybody in the team but guests may see it and come in.
        is_readonly: only owner and admins of the group write.
        is_default: whoever comes into the team is in it from then on.
        cleanup_s: its messages go after so many seconds; None: they stay.
        section_id: the heading it is listed under.
        version: the number drawn at its last change.
    """

    is_public: bool = False
    is_readonly: bool = False
    is_default: bool = False
    cleanup_s: int | None = None
    section_id: SectionId | None = None
    version: int = 0


@dataclass(frozen=True, slots=True)
class NewTeamGroup:
    """What the creation of a group asks for."""

    name: str
    description: str = ""
    settings: GroupSettings = field(default_factory=GroupSettings)


@dataclass(frozen=True, slots=True)
class GroupChange:
    """What to change in a group; None leaves a field as it is, and so does KEEP where None means none.

    A `cleanup_s` of 0 takes it away.
    """

    name: str | None = None
    description: str | None = None
    is_public: bool | None = None
    is_readonly: bool | None = None
    is_default: bool | None = None
    cleanup_s: int | None = None
    section_id: SectionId | Keep | None = KEEP


@dataclass(frozen=True, slots=True)
class GroupMember:
    """Somebody in a group. `leads`: as its owner or one of its admins."""

    account_id: AccountId
    leads: bool
    joined_at: int


class GroupStore(Protocol):
    """Groups of teams at rest.

    Rights are checked in the same transaction. In the order in which things are refused: as
    `team_ports`; NotFound("chat") when the team has no such group; NotAllowed.
    """

    async def create(
        self,
        actor: Actor,
        team_id: TeamId,
        new: NewTeamGroup,
        members: Sequence[tuple[AccountId, Role]],
        now: int,
    ) -> Chat:
        """A new group. Raises: also NotFound("contact") when one of them is not in the team."""
        ...

    async def change(
        self, actor: Actor, team_id: TeamId, chat_id: ChatId, change: GroupChange, now: int
    ) -> None:
        """Set it up anew."""
        ...

    async def need_led(self, actor: Actor, team_id: TeamId, chat_id: ChatId) -> None:
        """Nothing, if he may set it up."""
        ...

    async def set_portrait(
        self, actor: Actor, team_id: TeamId, chat_id: ChatId, file_id: FileId | None, now: int
    ) -> None:
        """Its picture from now on; None: it has none."""
        ...

    async def archive(self, actor: Actor, team_id: TeamId, chat_id: ChatId, now: int) -> Chat:
        """It is deleted: nobody is in it any more."""
        ...

    async def members(self, actor: Actor, team_id: TeamId, chat_id: ChatId) -> list[GroupMember]:
        """Who is in it, oldest first; for its members, and of a public one for whoever may come in."""
        ...

    async def put_members(
        self,
        actor: Actor,
        team_id: TeamId,
        chat_id: ChatId,
        members: Sequence[tuple[AccountId, Role]],
        now: int,
    ) -> None:
        """They are in it, with these roles. Raises: also NotFound("contact")."""
        ...

    async def drop_member(
        self, actor: Actor, team_id: TeamId, chat_id: ChatId, account_id: AccountId, now: int
    ) -> None:
        """Out of it; oneself: one leaves. Raises: also NotFound("member")."""
        ...

    async def join(self, actor: Actor, team_id: TeamId, chat_id: ChatId, now: int) -> None:
        """Come into a public one; no change for who is in it."""
        ...

    async def cleanup(self, now: int, limit: int) -> int:
        """Delete messages whose time is up; how many."""
        ...


class Groups:
    """What can be done with groups of teams."""

    def __init__(self, store: GroupStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def create(
        self,
        actor: Actor,
        team_id: TeamId,
        new: NewTeamGroup,
        members: Sequence[tuple[AccountId, bool]] = (),
    ) -> Chat:
        """A new group, led by the actor. *members*: who else is in it, and whether he leads it too.

        Raises:
            NotFound: "team", or "contact": one of them is not in it.
            NotAllowed: the actor is a guest, or not in the team.
            BadInput: "group name" is empty.
        """
        if not new.name.strip():
            raise BadInput("group name", "is empty")
        roles = [(each, Role.ADMIN if leads else Role.MEMBER) for each, leads in members]
        return await self._store.create(actor, team_id, new, roles, self._clock.now_ms())

    async def change(
        self, actor: Actor, team_id: TeamId, chat_id: ChatId, change: GroupChange
    ) -> None:
        """Set a group up anew.

        Raises:
            NotFound: "team", "chat", "section".
            NotAllowed: the actor leads neither the group nor the team.
            BadInput: "group name" is empty.
        """
        if change.name is not None and not change.name.strip():
            raise BadInput("group name", "is empty")
        await self._store.change(actor, team_id, chat_id, change, self._clock.now_ms())

    async def need_led(self, actor: Actor, team_id: TeamId, chat_id: ChatId) -> None:
        """Whether the actor may set it up: for whoever looks at his wishes afterwards. Raises: as `change`."""
        await self._store.need_led(actor, team_id, chat_id)

    async def set_portrait(
        self, actor: Actor, team_id: TeamId, chat_id: ChatId, file_id: FileId | None
    ) -> None:
        """Its picture, a file of the actor's with sides; None: it has none. Raises: as `change`."""
        await self._store.set_portrait(actor, team_id, chat_id, file_id, self._clock.now_ms())

    async def archive(self, actor: Actor, team_id: TeamId, chat_id: ChatId) -> Chat:
        """Delete a group for everybody; what is left of it. Raises: as `change`."""
        return await self._store.archive(actor, team_id, chat_id, self._clock.now_ms())

    async def members(self, actor: Actor, team_id: TeamId, chat_id: ChatId) -> list[GroupMember]:
        """Who is in it, oldest first. Raises: NotFound("team" | "chat"), NotAllowed."""
        return await self._store.members(actor, team_id, chat_id)

    async def put_members(
        self,
        actor: Actor,
        team_id: TeamId,
        chat_id: ChatId,
        members: Sequence[tuple[AccountId, bool]],
    ) -> None:
        """Bring people in, or change whether they lead. Raises: as `change`, NotFound("contact")."""
        roles = [(each, Role.ADMIN if leads else Role.MEMBER) for each, leads in members]
        await self._store.put_members(actor, team_id, chat_id, roles, self._clock.now_ms())

    async def drop_member(
        self, actor: Actor, team_id: TeamId, chat_id: ChatId, account_id: AccountId
    ) -> None:
        """Put somebody out, or leave. Raises: as `change`, NotFound("member")."""
        await self._store.drop_member(actor, team_id, chat_id, account_id, self._clock.now_ms())

    async def join(self, actor: Actor, team_id: TeamId, chat_id: ChatId) -> None:
        """Come into a public group.

        Raises:
            NotFound: "team", "chat".
            NotAllowed: it is not public, or the actor is a guest.
        """
        await self._store.join(actor, team_id, chat_id, self._clock.now_ms())

    async def cleanup(self) -> None:
        """Delete what stood in groups longer than they are set up for."""
        while await self._store.cleanup(self._clock.now_ms(), MOST_CLEANED):
            pass


MOST_CLEANED = 500
"""Messages deleted in one commit."""
