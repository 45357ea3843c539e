"""Tada: a team messenger over HTTP (`/api/v3`, `/api/v4`) and a WebSocket per team."""

from http import HTTPStatus

from tertulia.dialects.tada.bodies import body_bytes
from tertulia.dialects.tada.desk import NAME, Drawings, SamaIds, TadaDesk
from tertulia.dialects.tada.door import Door
from tertulia.dialects.tada.handlers import OPERATIONS, hook_messages
from tertulia.dialects.tada.live import Live
from tertulia.dialects.tada.routes import Router, claims, refusal
from tertulia.dialects.tada.webhooks import Webhooks
from tertulia.web.dialect import Desk, Dialect

__all__ = ["KEY_NAME", "tada"]

KEY_NAME = "tada addresses"
"""Under which the key for addresses under `/u/` lies in the store."""


def tada(house: Desk, key: str, *, drawings: Drawings, sama_ids: SamaIds) -> Dialect:
    """The dialect.

    Args:
        house: what every dialect is given.
        key: the server's own secret for addresses under `/u/`; the store keeps it under KEY_NAME.
        drawings: draws stub pictures and QR codes.
        sama_ids: what SAMA calls things.
    """
    desk = TadaDesk(house, drawings, key, sama_ids)
    live = Live(desk)
    most_upload = house.core.files.most_bytes
    return Dialect(
        NAME,
        [Router(desk, OPERATIONS)],
        Door(live),
        claims=claims,
        refusal=_refusal,
        body_bytes=lambda path: body_bytes(path, most_upload),
        hears=live.hear,
        errands=[Webhooks(desk)],
    )


def _refusal(path: str, status: HTTPStatus) -> tuple[bytes, bytes]:
    if path.rstrip("/") == hook_messages.PATH:
        return hook_messages.refusal(status)
    return refusal(path, status)
