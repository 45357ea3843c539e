"""Is the server there, what time is it, which countries are there (Tada document, Пинг, Время, Страны и коды)."""

import contextlib
import math
from collections.abc import Mapping
from typing import Any

from starlette.responses import PlainTextResponse, Response

from tertulia.core.errors import BadInput
from tertulia.core.phones import countries as all_countries
from tertulia.dialects.tada.desk import View
from tertulia.dialects.tada.errors import BrokenOnPurpose
from tertulia.dialects.tada.limits import MAX_DELAY_S
from tertulia.dialects.tada.request import Call
from tertulia.dialects.tada.routes import Access, Operation, Place
from tertulia.dialects.tada.times import date_time
from tertulia.dialects.tada.wire.country import CountryV3, CountryV4
from tertulia.dialects.tada.wire.envelope import or_unset


async def ping(call: Call) -> object:
    """`"pong"`; `delay_sec` seconds late; an error of the server when `error` is not empty."""
    wishes: Mapping[str, Any] = call.query.values
    if call.request.method == "POST":
        # Whatever is wrong with the body: the server is there.
        with contextlib.suppress(BadInput):
            wishes = {**(await call.fields()).values, **wishes}
    if wishes.get("error"):
        raise BrokenOnPurpose("asked for")
    await call.desk.delays.wait(_seconds(wishes.get("delay_sec")))
    return "pong"


def _seconds(wish: Any) -> float:
    """At most MAX_DELAY_S; 0 for nonsense."""
    try:
        seconds = float(wish) if isinstance(wish, str | int | float) else 0.0
    except (ValueError, OverflowError):
        return 0.0
    return min(max(seconds, 0.0), MAX_DELAY_S) if math.isfinite(seconds) else 0.0


async def time(call: Call) -> object:
    """The server's time."""
    return date_time(call.now_ms)


async def countries(call: Call) -> object:
    """The table, in the document's order; v4 with `iso`, which nobody knows here."""
    kind = CountryV4 if call.view is View.V4 else CountryV3
    return [kind(each.code, each.name, or_unset(each.is_default)) for each in all_countries()]


async def ping_txt(call: Call) -> Response:
    """The same for a published monitor that wants plain text."""
    del call
    return PlainTextResponse("pong")


OPERATIONS = (
    Operation("POST", "/ping", ping, Access.OPEN),
    Operation("GET", "/ping", ping, Access.OPEN),
    Operation("GET", "/time", time, Access.OPEN),
    Operation("GET", "/countries", countries, Access.OPEN),
    Operation("GET", "/ping.txt", ping_txt, Access.OPEN, Place.ROOT),
)
