"""The body of an HTTP request as parameters, checked like a frame of the socket."""

from typing import Any

from starlette.requests import Request

from tertulia.core.errors import BadInput
from tertulia.dialects.sama.errors import INVALID_FORMAT, Refused
from tertulia.dialects.sama.params import Params
from tertulia.web.wire import JsonLimits, read_json


async def body_params(request: Request, limits: JsonLimits) -> Params:
    """The body; what is no JSON by its own word, or empty, counts as `{}`.

    Raises:
        Refused: it is no JSON object.
    """
    # Read whatever it is: to hang up on what is still unread would take the answer with it.
    body = await request.body()
    if not body or "json" not in request.headers.get("content-type", "").lower():
        return Params({})
    try:
        value: Any = read_json(body, limits)
    except BadInput as error:
        raise Refused(INVALID_FORMAT) from error
    if not isinstance(value, dict):
        raise Refused(INVALID_FORMAT)
    return Params(value)
