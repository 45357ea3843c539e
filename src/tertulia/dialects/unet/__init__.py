"""Unet: applications read and write messages for people who let them, by OAuth 2.0 and HTTP."""

import asyncio

from tertulia.dialects.unet.cursors import Cursors
from tertulia.dialects.unet.desk import NAME, FileNamed, UnetDesk
from tertulia.dialects.unet.gates import Gate, Rate
from tertulia.dialects.unet.routes import Router, also, body_bytes, claims, refusal
from tertulia.web.addresses import is_loopback
from tertulia.web.dialect import Desk, Dialect
from tertulia.web.limits import Attempts

__all__ = ["KEY_NAME", "unet"]

KEY_NAME = "unet pages"
"""Under which the key for forms and cursors lies in the store."""

MOST_REQUESTS = 600
"""Of one token in a minute."""

UPLOADS_AT_ONCE, UPLOADS_WAITING = 8, 64

MOST_TRIES, TRIES_WITHIN_S = 100, 600.0
"""Failed sign-ins on our pages, and codes by SMS, from one address."""


def unet(house: Desk, key: str, *, file_named: FileNamed) -> Dialect:
    """The dialect.

    Args:
        house: what every dialect is given.
        key: the server's own secret; the store keeps it under KEY_NAME.
        file_named: knows what other APIs call files.
    """
    now_s = asyncio.get_running_loop().time
    desk = UnetDesk(
        house,
        key.encode(),
        Cursors(key.encode(), house.json_limits),
        Rate(MOST_REQUESTS, now_s),
        Gate("uploads", UPLOADS_AT_ONCE, UPLOADS_WAITING),
        Attempts(MOST_TRIES, TRIES_WITHIN_S, now_s, exempt=is_loopback),
        file_named,
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
