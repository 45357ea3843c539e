"""What the services of teams need of a store.

Rights are checked in the same transaction as the change. In the order in which things are refused:
NotFound("team") when there is no such team or it is archived, NotAllowed("team") for a stranger, then
what the method names.
"""

from collections.abc import Sequence
from typing import Protocol

from tertulia.core.ids import (
    AccountId,
    FileId,
    InvitationId,
    SectionId,
    TeamId,
    TeamMemberId,
)
from tertulia.core.model import Actor
from tertulia.core.team_model import (
    Invitation,
    Invited,
    MemberChange,
    Membership,
    Preferences,
    Section,
    SectionChange,
    Tag,
    TeamCard,
    TeamChange,
    TeamMember,
    Usage,
)


class TeamStore(Protocol):
    """Teams and their members at rest."""

    async def membership(self, account_id: AccountId, team_id: TeamId) -> Membership:
        """The team, and the account's entry in it."""
        ...

    async def cards(self, account_id: AccountId) -> list[TeamCard]:
        """The living teams it is in, oldest first; the home team last, if it has something to show."""
        ...

    async def members(self, team_id: TeamId) -> list[TeamMember]:
        """All that ever were in a team that is not the home team, newest first, bots among them."""
        ...

    async def home_members(self, account_id: AccountId) -> list[TeamMember]:
        """Whom the account meets in the home team, newest first, itself among them."""
        ...

    async def contact(self, membership: Membership, member_id: TeamMemberId) -> TeamMember:
        """That member of the team. Raises: NotFound("contact")."""
        ...

    async def of_accounts(
        self, team_id: TeamId, account_ids: Sequence[AccountId]
    ) -> dict[AccountId, TeamMember]:
        """Their entries in the team, of those who have one."""
        ...

    async def shared(
        self, account_id: AccountId, others: Sequence[AccountId]
    ) -> dict[AccountId, list[TeamId]]:
        """The living teams in which both are, for each of the others that has any, oldest first."""
        ...

    async def create(
        self, actor: Actor, name: str, invited: Sequence[Invited], most: int, now: int
    ) -> tuple[TeamCard, list[TeamMember]]:
        """A new team and its members, newest first.

        Raises: TooMuch("teams"): the actor is in *most* already.
        """
        ...

    async def change(self, actor: Actor, team_id: TeamId, change: TeamChange, now: int) -> None:
        """Raises: NotAllowed."""
        ...

    async def archive(self, actor: Actor, team_id: TeamId, now: int) -> TeamCard:
        """The team as it was, archived. Raises: NotAllowed."""
        ...

    async def set_portrait(
        self, actor: Actor, team_id: TeamId, file_id: FileId | None, now: int
    ) -> None:
        """That file is its picture; None: it has none. Raises: NotAllowed."""
        ...

    async def usage(self, actor: Actor, team_id: TeamId, months: int, now: int) -> Usage:
        """The sum, and the last so many months, this one last. Raises: NotAllowed."""
        ...


class TeamMemberStore(Protocol):
    """Changes of teams' members at rest."""

    async def invite(
        self, actor: Actor, team_id: TeamId, invited: Sequence[Invited], now: int
    ) -> list[TeamMember]:
        """Their entries in the same order; who was in the team is left as he is.

        Raises: NotAllowed, BadInput("section").
        """
        ...

    async def change(
        self,
        actor: Actor,
        team_id: TeamId,
        member_id: TeamMemberId,
        change: MemberChange,
        now: int,
    ) -> TeamMember:
        """The entry as it is now.

        Raises: NotFound("contact"), NotAllowed, BadInput("section"), BadInput("status").
        """
        ...

    async def remove(
        self, actor: Actor, team_id: TeamId, member_id: TeamMemberId, now: int
    ) -> TeamMember:
        """The archived entry.

        Raises: NotFound("contact"), NotAllowed, BadInput("status"): the last owner.
        """
        ...

    async def set_portrait(
        self,
        actor: Actor,
        team_id: TeamId,
        member_id: TeamMemberId,
        file_id: FileId | None,
        now: int,
    ) -> TeamMember:
        """One's own picture, or the one the team gives a member. Raises: NotFound, NotAllowed."""
        ...

    async def confirm(self, actor: Actor, team_id: TeamId, now: int) -> None:
        """The actor wants to be in the team; no change for who said so before."""
        ...

    async def pin(self, actor: Actor, team_id: TeamId, now: int, *, is_pinned: bool) -> None:
        """It stands before his others, or not any more."""
        ...

    async def note_active(self, account_id: AccountId, team_id: TeamId, at: int) -> None:
        """It did something there."""
        ...

    async def tell_active(self, actor: Actor, team_id: TeamId, most: int, at: int) -> None:
        """The same, and the team hears of it, if there are no more than *most* people in it."""
        ...

    async def preferences(self, account_id: AccountId) -> Preferences:
        """Those of the account."""
        ...

    async def prefer(self, actor: Actor, preferences: Preferences, now: int) -> None:
        """They are so from now on."""
        ...


class InvitationStore(Protocol):
    """Ways into teams at rest."""

    async def add(self, actor: Actor, team_id: TeamId, token: str, now: int) -> Invitation:
        """Raises: NotAllowed, TooMuch("invitations")."""
        ...

    async def listed(self, actor: Actor, team_id: TeamId) -> list[Invitation]:
        """Oldest first. Raises: NotAllowed."""
        ...

    async def remove(self, actor: Actor, team_id: TeamId, invitation_id: InvitationId) -> None:
        """Raises: NotAllowed, NotFound("invitation")."""
        ...

    async def leads_to(self, token: str) -> TeamId | None:
        """The living team that a token opens."""
        ...

    async def join(self, actor: Actor, token: str, most: int, now: int) -> TeamId:
        """The actor is in the team of that token.

        Raises: NotSignedIn("invitation"): it opens nothing; TooMuch("teams").
        """
        ...


class SectionStore(Protocol):
    """Sections and tags at rest."""

    async def listed(self, team_id: TeamId) -> list[Section]:
        """In their order."""
        ...

    async def tags(self, team_id: TeamId) -> list[Tag]:
        """By name."""
        ...

    async def add(self, actor: Actor, team_id: TeamId, new: SectionChange, now: int) -> Section:
        """The last one, or beside another. Raises: NotAllowed, NotFound("section"), TooMuch("sections")."""
        ...

    async def change(
        self,
        actor: Actor,
        team_id: TeamId,
        section_id: SectionId,
        change: SectionChange,
        now: int,
    ) -> Section:
        """As it is now. Raises: NotAllowed, NotFound("section")."""
        ...

    async def remove(self, actor: Actor, team_id: TeamId, section_id: SectionId, now: int) -> None:
        """Nobody stands under it any more. Raises: NotAllowed, NotFound("section")."""
        ...
