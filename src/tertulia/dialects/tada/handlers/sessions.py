"""Where one is signed in, through whatever API (ours; the document has devices only)."""

from tertulia.core.errors import NotFound
from tertulia.core.ids import SessionId
from tertulia.dialects.tada import errors
from tertulia.dialects.tada.request import Call
from tertulia.dialects.tada.routes import Operation
from tertulia.dialects.tada.wire.sessions import session_to_wire

MOST_KEPT = 100
MOST_DIGITS = 16
"""Of a number; longer ones name nothing."""


async def sessions_list(call: Call) -> object:
    """All of them, newest first."""
    found = await call.core.signin.sessions(call.actor)
    return [session_to_wire(each, call.actor.session_id) for each in found]


async def session_delete(call: Call) -> object:
    """Signed out there; it may be the one that asks."""
    number = _number(call.path["session"])
    if number is None:
        raise NotFound("session")
    await call.core.signin.end(call.actor, number)
    return None


async def sessions_delete(call: Call) -> object:
    """Signed out everywhere but here, and where `keep` says."""
    query = call.query
    keep = []
    for text in query.texts("keep", most_items=MOST_KEPT) or ():
        number = _number(text)
        if number is None:
            query.note("keep", errors.WRONG_VALUE)
        else:
            keep.append(number)
    query.check()
    await call.core.signin.end_others(call.actor, keep=keep)
    return None


def _number(text: str) -> SessionId | None:
    is_number = text.isascii() and text.isdecimal() and len(text) <= MOST_DIGITS
    return SessionId(int(text)) if is_number else None


OPERATIONS = (
    Operation("GET", "/sessions", sessions_list),
    Operation("DELETE", "/sessions", sessions_delete),
    Operation("DELETE", "/sessions/{session}", session_delete),
)
