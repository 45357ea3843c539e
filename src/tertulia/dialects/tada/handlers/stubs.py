"""Stub pictures: letters on a color, for whoever has no picture of his own."""

import re

from starlette.responses import Response

from tertulia.core.errors import NotFound
from tertulia.dialects.tada.icons import LARGE, SMALL
from tertulia.dialects.tada.request import Call
from tertulia.dialects.tada.routes import Access, Operation, Place

COLOR = re.compile(r"[0-9a-fA-F]{6}")
MOST_LETTERS = 2
FOREVER = {
    "cache-control": "public, max-age=31536000, immutable",
    "x-content-type-options": "nosniff",
    "access-control-allow-origin": "*",
}


async def small(call: Call) -> Response:
    """The picture with 256 pixels a side."""
    return await _stub(call, SMALL)


async def large(call: Call) -> Response:
    """The same with 512."""
    return await _stub(call, LARGE)


async def _stub(call: Call, side: int) -> Response:
    color, letters = call.path["folder"], call.path["part"]
    if not COLOR.fullmatch(color) or len(letters) > MOST_LETTERS or not letters.isprintable():
        raise NotFound("picture")
    png = await call.desk.drawings.stub(color.lower(), letters, side)
    return Response(png, media_type="image/png", headers=FOREVER)


OPERATIONS = (
    Operation("GET", "/u/{folder}/{part}/256.png", small, Access.OPEN, Place.ROOT),
    Operation("GET", "/u/{folder}/{part}/512.png", large, Access.OPEN, Place.ROOT),
)
