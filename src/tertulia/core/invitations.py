"""Invitations: ways into a team for whoever knows their token, until they are removed."""

from secrets import token_urlsafe

from tertulia.core.errors import NotFound
from tertulia.core.ids import InvitationId, TeamId
from tertulia.core.model import Actor
from tertulia.core.ports import Clock
from tertulia.core.team_model import Invitation
from tertulia.core.team_ports import InvitationStore
from tertulia.core.teams import MOST_TEAMS

TOKEN_BYTES = 20
"""Random bytes of a token: 27 characters."""


class Invitations:
    """What can be done with them."""

    def __init__(self, store: InvitationStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def add(self, actor: Actor, team_id: TeamId) -> Invitation:
        """A new one, for many people.

        Raises:
            NotFound: "team".
            NotAllowed: the actor does not manage the team.
            TooMuch: "invitations".
        """
        token = token_urlsafe(TOKEN_BYTES)
        return await self._store.add(actor, team_id, token, self._clock.now_ms())

    async def listed(self, actor: Actor, team_id: TeamId) -> list[Invitation]:
        """Those of the team, oldest first. Raises: NotFound("team"), NotAllowed."""
        return await self._store.listed(actor, team_id)

    async def need(self, actor: Actor, team_id: TeamId, invitation_id: InvitationId) -> Invitation:
        """One of them. Raises: NotFound("team" | "invitation"), NotAllowed."""
        for each in await self._store.listed(actor, team_id):
            if each.id == invitation_id:
                return each
        raise NotFound("invitation")

    async def remove(self, actor: Actor, team_id: TeamId, invitation_id: InvitationId) -> None:
        """Its token opens nothing any more. Raises: NotFound("team" | "invitation"), NotAllowed."""
        await self._store.remove(actor, team_id, invitation_id)

    async def check(self, team_id: TeamId, token: str) -> None:
        """Whether the token opens that team; the token is all the proof there is.

        Raises:
            NotFound: "invitation".
        """
        if await self._store.leads_to(token) != team_id:
            raise NotFound("invitation")

    async def join(self, actor: Actor, token: str) -> TeamId:
        """The actor is in the team of that token, which is answered; for who was in it nothing changes.

        Raises:
            NotSignedIn: "invitation": the token opens nothing.
            TooMuch: "teams": the actor is in too many.
        """
        return await self._store.join(actor, token, MOST_TEAMS, self._clock.now_ms())
