"""Events of a client without a socket (Tada document, Отправка событий по HTTP)."""

from collections.abc import Iterator
from typing import Protocol, runtime_checkable

from tertulia.core.errors import NotFound
from tertulia.core.ids import TeamId
from tertulia.dialects.tada.client_events import EVENTS, Asked
from tertulia.dialects.tada.confirmations import Confirmations
from tertulia.dialects.tada.handlers.messages import said
from tertulia.dialects.tada.handlers.teams import need_team
from tertulia.dialects.tada.hearing import CONFIRM
from tertulia.dialects.tada.request import Call
from tertulia.dialects.tada.routes import Operation


@runtime_checkable
class TeamSocket(Protocol):
    """A socket of a team (`socket.Talk`)."""

    team_id: TeamId
    confirmations: Confirmations

    def note_afk(self, afk: bool) -> None:  # noqa: FBT001 - as it is said
        """Whether nobody looks at it."""
        ...


async def event(call: Call) -> object:
    """`POST /teams/{team}/ws/{event}`: the body is what a socket would have sent as `params`."""
    membership = await need_team(call)
    name = call.path["event"]
    do = EVENTS.get(name)
    if do is None and name != CONFIRM:
        raise NotFound("event")
    asked = Asked(call.desk, call.actor, membership.team.id, await call.fields())
    if do is None:
        _note_confirmed(asked, asked.form.text("confirm_id") or "")
        asked.form.check()
        return None
    whole = await do(asked)
    if asked.afk is not None:
        _note_afk(asked, asked.afk)
    if whole is None:
        return None
    (message,) = await said(call, membership, [whole])
    return message


def _note_confirmed(asked: Asked, confirm_id: str) -> None:
    for socket in _own_sockets(asked):
        socket.confirmations.note(confirm_id)


def _note_afk(asked: Asked, afk: bool) -> None:  # noqa: FBT001 - as it is said
    for socket in _own_sockets(asked):
        socket.note_afk(afk)


def _own_sockets(asked: Asked) -> Iterator[TeamSocket]:
    """Those of the same session in that team."""
    for connection in asked.desk.house.hub.of(asked.actor.account_id):
        is_own = connection.reader.session_id == asked.actor.session_id
        if is_own and isinstance(connection, TeamSocket) and connection.team_id == asked.team_id:
            yield connection


OPERATIONS = (Operation("POST", "/teams/{team}/ws/{event}", event),)
