"""Unet: applications read and write messages for people who let them, by OAuth 2.0 and HTTP."""

import asyncio

from tertulia.dialects.unet.cursors import Cursors
from tertulia.dialects.unet.desk import NAME, UnetDesk
from tertulia.dialects.unet.gates import Gate, Rate
from tertulia.dialects.unet.routes import Router, also, body_bytes, claims, refusal
from tertulia.web.dialect import Desk, Dialect

__all__ = ["KEY_NAME", "unet"]

KEY_NAME = "unet pages"
"""Under which the key for forms and cursors lies in the store."""

MOST_REQUESTS = 600
"""Of one token in a minute."""

UPLOADS_AT_ONCE, UPLOADS_WAITING = 8, 64


def unet(house: Desk, key: str) -> Dialect:
    """The dialect.

    Args:
        house: what every dialect is given.
        key: the server's own secret; the store keeps it under KEY_NAME.
    """
    desk = UnetDesk(
        house,
        key.encode(),
        Cursors(key.encode(), house.json_limits),
        Rate(MOST_REQUESTS, asyncio.get_running_loop().time),
        Gate("uploads", UPLOADS_AT_ONCE, UPLOADS_WAITING),
    )
    most_upload = house.core.files.most_bytes
    return Dialect(
        NAME,
        [Router(desk)],
        claims=claims,
        refusal=refusal,
        also=also,
        body_bytes=lambda path: body_bytes(path, most_upload),
    )
