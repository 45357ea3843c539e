"""Astrak: forms, JSON and a little XML over HTTP; events by long polls and callbacks."""

import asyncio

from tertulia.delivery.polling import Polls
from tertulia.dialects.astrak.callbacks import CallbackErrands, FarewellErrands
from tertulia.dialects.astrak.desk import NAME, AstrakDesk
from tertulia.dialects.astrak.pages import Pages
from tertulia.dialects.astrak.routes import AstrakApp, also, claims, refusal
from tertulia.web.addresses import is_loopback
from tertulia.web.dialect import Desk, Dialect
from tertulia.web.limits import Attempts

__all__ = ["astrak"]

REGISTRATIONS_AN_HOUR = 100
"""From one address."""

HOUR_S = 3_600.0


def astrak(house: Desk, *, poll_timeout_s: float) -> Dialect:
    """The dialect.

    Args:
        house: what every dialect is given.
        poll_timeout_s: how long a poll waits that does not say.
    """
    registrations = Attempts(
        REGISTRATIONS_AN_HOUR, HOUR_S, asyncio.get_running_loop().time, exempt=is_loopback
    )
    desk = AstrakDesk(house, Polls(house.spawn), registrations, poll_timeout_s, Pages())
    return Dialect(
        NAME,
        AstrakApp(desk).routes(),
        claims=claims,
        refusal=refusal,
        also=also,
        hears=desk.polls.hear,
        errands=(CallbackErrands(house.core), FarewellErrands(house.core)),
    )
