"""A sign-in of one's own as a list shows it (ours; later than the document)."""

from msgspec import Struct

from tertulia.core.ids import SessionId
from tertulia.core.signin_model import OpenSession
from tertulia.dialects.tada.times import date_time


class SessionSeen(Struct):
    """A session of whatever API. `name`, `type`: of the device, "" when unknown."""

    id: str
    api: str
    device_id: str
    name: str
    type: str
    created: str
    last_used: str
    is_current: bool


def session_to_wire(each: OpenSession, current: SessionId) -> SessionSeen:
    """*each* for whoever asks in the session *current*."""
    session = each.session
    return SessionSeen(
        str(session.id),
        session.dialect,
        session.device,
        each.name,
        each.kind,
        date_time(each.created_at),
        date_time(each.used_at),
        session.id == current,
    )
