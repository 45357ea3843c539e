"""Events of a client without a socket (Tada document, Отправка событий по HTTP)."""

from typing import Protocol, runtime_checkable

from tertulia.core.errors import NotFound
from tertulia.core.ids import TeamId
from tertulia.dialects.tada.client_events import EVENTS, Asked
from tertulia.dialects.tada.handlers.messages import said
from tertulia.dialects.tada.handlers.teams import need_team
from tertulia.dialects.tada.request import Call
from tertulia.dialects.tada.routes import Operation


@runtime_checkable
class TeamSocket(Protocol):
    """A socket of a team (`socket.Talk`)."""

    team_id: TeamId

    def note_afk(self, afk: bool) -> None:  # noqa: FBT001 - as it is said
        """Whether nobody looks at it."""
        ...


async def event(call: Call) -> object:
    """`POST /teams/{team}/ws/{event}`: the body is what a socket would have sent as `params`."""
    membership = await need_team(call)
    do = EVENTS.get(call.path["event"])
    if do is None:
        raise NotFound("event")
    asked = Asked(call.desk, call.actor, membership.team.id, await call.fields())
    whole = await do(asked)
    if asked.afk is not None:
        _note_afk(asked, asked.afk)
    if whole is None:
        return None
    (message,) = await said(call, membership, [whole])
    return message


def _note_afk(asked: Asked, afk: bool) -> None:  # noqa: FBT001 - as it is said
    """It is said of the sockets of the same session."""
    for connection in asked.desk.house.hub.of(asked.actor.account_id):
        is_his = connection.reader.session_id == asked.actor.session_id
        if is_his and isinstance(connection, TeamSocket) and connection.team_id == asked.team_id:
            connection.note_afk(afk)


OPERATIONS = (Operation("POST", "/teams/{team}/ws/{event}", event),)
