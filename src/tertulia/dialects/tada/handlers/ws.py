"""Events of a client without a socket (Tada document, Отправка событий по HTTP)."""

from tertulia.core.errors import NotFound
from tertulia.dialects.tada.client_events import EVENTS, Asked
from tertulia.dialects.tada.handlers.messages import said
from tertulia.dialects.tada.handlers.teams import need_team
from tertulia.dialects.tada.request import Call
from tertulia.dialects.tada.routes import Operation


async def event(call: Call) -> object:
    """`POST /teams/{team}/ws/{event}`: the body is what a socket would have sent as `params`."""
    membership = await need_team(call)
    do = EVENTS.get(call.path["event"])
    if do is None:
        raise NotFound("event")
    asked = Asked(call.desk, call.actor, membership.team.id, await call.fields())
    whole = await do(asked)
    if whole is None:
        return None
    (message,) = await said(call, membership, [whole])
    return message


OPERATIONS = (Operation("POST", "/teams/{team}/ws/{event}", event),)
