"""Invitations: ways into a team for whoever knows their token."""

from collections.abc import Sequence

from tertulia.core.errors import NotFound, NotSignedIn, TooMuch
from tertulia.core.ids import InvitationId, TeamId
from tertulia.core.model import Actor
from tertulia.core.team_model import Invitation, Invited
from tertulia.store.directory import need_alive
from tertulia.store.engine import Engine
from tertulia.store.team_members import revive, welcome
from tertulia.store.team_records import members_of_accounts
from tertulia.store.teams import add_members, need_managed, need_room_for_team
from tertulia.store.work import Row, Work, draw, row, rows, run

MOST_INVITATIONS = 1_000
"""Of one team, at a time."""

INSERT = "INSERT INTO invitations (id, team_id, token, created_at) VALUES (?, ?, ?, ?)"

LISTED = """
SELECT i.id, i.team_id, i.token, i.created_at FROM invitations i WHERE i.team_id = ? ORDER BY i.id
"""

REMOVE = "DELETE FROM invitations WHERE id = ? AND team_id = ? RETURNING id"

LEADS_TO = """
SELECT i.team_id FROM invitations i JOIN teams g ON g.id = i.team_id AND g.archived_at IS NULL
WHERE i.token = ?
"""


class SqlInvitations:
    """`core.team_ports.InvitationStore` over an engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def add(self, actor: Actor, team_id: TeamId, token: str, now: int) -> Invitation:
        """See the port."""
        return await self._engine.write(add(actor, team_id, token, now))

    async def listed(self, actor: Actor, team_id: TeamId) -> list[Invitation]:
        """See the port."""
        return await self._engine.read(listed(actor, team_id))

    async def remove(self, actor: Actor, team_id: TeamId, invitation_id: InvitationId) -> None:
        """See the port."""
        await self._engine.write(remove(actor, team_id, invitation_id))

    async def leads_to(self, token: str) -> TeamId | None:
        """See the port."""
        return await self._engine.read(leads_to(token))

    async def join(self, actor: Actor, token: str, most: int, now: int) -> TeamId:
        """See the port."""
        return await self._engine.write(join(actor, token, most, now))


def add(actor: Actor, team_id: TeamId, token: str, now: int) -> Work[Invitation]:
    """A new way into the team."""
    found = yield from listed(actor, team_id)
    if len(found) >= MOST_INVITATIONS:
        raise TooMuch("invitations")
    invitation = Invitation(InvitationId((yield from draw(now))), team_id, token, now)
    yield from run(INSERT, invitation.id, team_id, token, now)
    return invitation


def listed(actor: Actor, team_id: TeamId) -> Work[list[Invitation]]:
    """Those of the team, oldest first, for whoever manages it."""
    yield from need_managed(actor, team_id)
    return _records((yield from rows(LISTED, team_id)))


def _records(found: Sequence[Row]) -> list[Invitation]:
    return [Invitation(*each) for each in found]


def remove(actor: Actor, team_id: TeamId, invitation_id: InvitationId) -> Work[None]:
    """Its token opens nothing any more."""
    yield from need_managed(actor, team_id)
    if (yield from row(REMOVE, invitation_id, team_id)) is None:
        raise NotFound("invitation")


def leads_to(token: str) -> Work[TeamId | None]:
    """The living team that a token opens."""
    found = yield from row(LEADS_TO, token)
    return None if found is None else TeamId(found[0])


def join(actor: Actor, token: str, most: int, now: int) -> Work[TeamId]:
    """The actor is in the team: made a member, or brought back as the same entry, or in it already."""
    me = yield from need_alive(actor.account_id)
    team_id = yield from leads_to(token)
    if team_id is None:
        raise NotSignedIn("invitation")
    known = (yield from members_of_accounts(team_id, [me.id])).get(me.id)
    if known is not None and not known.is_archived:
        return team_id
    yield from need_room_for_team(me.id, most)
    newcomer = Invited(me.phone)
    if known is not None:
        yield from revive(known, newcomer, now)
    else:
        yield from add_members(team_id, [(me.id, newcomer)], now, needs_confirmation=True)
    yield from welcome(actor, team_id, [me.id], now)
    return team_id
