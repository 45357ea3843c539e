"""Teams on top of a world of the store's tests."""

from tertulia.core.events import TeamChanged, TeamMembersChanged
from tertulia.core.ids import AccountId, SessionId, TeamId
from tertulia.core.model import Actor, Page
from tertulia.core.team_model import Invited, MemberChange, TeamMember, TeamStatus
from tertulia.store.invitations import SqlInvitations
from tertulia.store.sections import SqlSections
from tertulia.store.team_members import SqlTeamMembers
from tertulia.store.teams import SqlTeams
from tests.store.world import World

MOST = 3
"""Teams of one account."""

PHONES = ("+79992331101", "+79992331102", "+79992331103")


class TeamWorld:
    """What a story about teams has to do with."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.teams = SqlTeams(world.engine)
        self.members = SqlTeamMembers(world.engine)
        self.invitations = SqlInvitations(world.engine)
        self.sections = SqlSections(world.engine)

    async def found(self, owner: Actor, *invited: Invited, name: str = "club") -> TeamId:
        """A new team."""
        card, _ = await self.teams.create(owner, name, invited, MOST, self.world.now)
        return card.team.id

    async def joins(self, owner: Actor, team: TeamId, *people: Actor) -> None:
        """These come in by an invitation."""
        token = f"token of {team} for {people[0].account_id}"
        await self.invitations.add(owner, team, token, self.world.now)
        for each in people:
            await self.invitations.join(each, token, MOST, self.world.now)

    async def member(self, team: TeamId, actor: Actor) -> TeamMember:
        """His entry."""
        found = await self.teams.of_accounts(team, [actor.account_id])
        return found[actor.account_id]

    async def ranks(self, owner: Actor, team: TeamId, actor: Actor, status: TeamStatus) -> None:
        """The owner gives him that status."""
        entry = await self.member(team, actor)
        change = MemberChange(status=status)
        await self.members.change(owner, team, entry.id, change, self.world.now)

    async def groups_of(self, account_id: AccountId) -> list[str]:
        """The names of the groups an account is in, oldest first."""
        actor = Actor(account_id, SessionId(1))
        listed = await self.world.chats.listed(actor, Page(1_000))
        return sorted(each.chat.name for each in listed)

    def told_members(self) -> list[list[AccountId]]:
        """Whom each TeamMembersChanged was about."""
        return [
            [each.account_id for each in event.members]
            for event in self.world.told(TeamMembersChanged)
        ]

    def told_teams(self) -> list[list[AccountId]]:
        """Whom each TeamChanged was for."""
        return [
            [each.account_id for each in event.members] for event in self.world.told(TeamChanged)
        ]
