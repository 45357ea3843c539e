"""Invitations: make, list, read, remove, and their pictures (Tada document, Приглашения в команду)."""

from starlette.responses import Response

from tertulia.core.ids import InvitationId
from tertulia.core.team_model import Invitation
from tertulia.dialects.tada import ids
from tertulia.dialects.tada.desk import TadaDesk
from tertulia.dialects.tada.handlers.teams import team_id
from tertulia.dialects.tada.ids import Kind
from tertulia.dialects.tada.request import Call
from tertulia.dialects.tada.routes import Access, Operation
from tertulia.dialects.tada.times import date_time
from tertulia.dialects.tada.wire import teams as wire

NOT_KEPT = {"cache-control": "no-store", "x-content-type-options": "nosniff"}


async def add(call: Call) -> wire.Invitation:
    """`POST …/invitations`: a new way in."""
    return _said(call.desk, await call.core.invitations.add(call.actor, team_id(call)))


async def listed(call: Call) -> list[wire.Invitation]:
    """`GET …/invitations`."""
    found = await call.core.invitations.listed(call.actor, team_id(call))
    return [_said(call.desk, each) for each in found]


async def read(call: Call) -> wire.Invitation:
    """`GET …/invitations/{uid}`."""
    found = await call.core.invitations.need(call.actor, team_id(call), _number(call))
    return _said(call.desk, found)


async def remove(call: Call) -> None:
    """`DELETE …/invitations/{uid}`: its token opens nothing any more."""
    await call.core.invitations.remove(call.actor, team_id(call), _number(call))


async def picture(call: Call) -> Response:
    """`GET …/invitations/{token}.png`: the token is all the proof there is."""
    token = call.path["token"]
    await call.core.invitations.check(team_id(call), token)
    png = await call.desk.drawings.qr(f"otv://qr-join/{call.desk.host}/{token}")
    return Response(png, media_type="image/png", headers=NOT_KEPT)


def _number(call: Call) -> InvitationId:
    # What is no uuid of ours names no invitation, in a team that must be looked at first.
    return InvitationId(ids.from_uuid(Kind.INVITATION, call.path["invitation"]) or 0)


def _said(desk: TadaDesk, found: Invitation) -> wire.Invitation:
    team = ids.to_uuid(Kind.TEAM, found.team_id)
    return wire.Invitation(
        created=date_time(found.created_at),
        qr=f"{desk.public_url}/api/v3/teams/{team}/invitations/{found.token}.png",
        token=found.token,
        uid=ids.to_uuid(Kind.INVITATION, found.id),
    )


ALL = "/teams/{team}/invitations"
ONE = ALL + "/{invitation}"

OPERATIONS = (
    Operation("POST", ALL, add),
    Operation("GET", ALL, listed),
    Operation("GET", ALL + "/{token}.png", picture, Access.OPEN),
    Operation("GET", ONE, read),
    Operation("DELETE", ONE, remove),
)
