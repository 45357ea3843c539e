"""The API below RESOURCE_URI: from a request to an answer.

Whoever sends the token may do everything in every way, GET included; nothing else authenticates, cookies
least of all, so a foreign page can do nothing with a person's browser.
"""

import json
import logging
import re
from dataclasses import dataclass, field
from typing import Any

from msgspec import to_builtins
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from tertulia.core.errors import TertuliaError
from tertulia.core.oauth import Access
from tertulia.core.signin import hash_of
from tertulia.dialects.unet import endpoints, errors
from tertulia.dialects.unet.call import Call
from tertulia.dialects.unet.desk import API, UnetDesk
from tertulia.dialects.unet.endpoints import ACTIONS, Endpoint
from tertulia.dialects.unet.errors import MISTAKE_OF_OURS, Fault, explain, no_method
from tertulia.dialects.unet.members import Members
from tertulia.dialects.unet.request import (
    Parameters,
    kind_of,
    parameters,
    read_files,
    token_of,
)
from tertulia.dialects.unet.wire import Said, encode
from tertulia.web.forms import MULTIPART

LOG = logging.getLogger(__name__)

METHODS = ("GET", "POST")

HEADERS = {
    "access-control-allow-origin": "*",
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
}

PREFLIGHT = {
    **HEADERS,
    "access-control-allow-methods": "GET, POST",
    "access-control-allow-headers": "Authorization, Content-Type",
    "access-control-max-age": "86400",
}

CALLBACK = re.compile(r"[A-Za-z_$.][A-Za-z0-9_$.]{0,63}")


@dataclass(slots=True)
class Way:
    """How an answer goes out. `callback`: as a script that calls it; "" as JSON."""

    callback: str = ""
    given: Parameters = field(default_factory=lambda: Parameters([]))


class Api:
    """All requests below RESOURCE_URI."""

    def __init__(self, desk: UnetDesk) -> None:
        self._desk = desk

    async def answer(self, request: Request, path: str) -> Response:
        """Answer, whatever happens. *path*: as sent."""
        if request.method == "OPTIONS":
            return Response(status_code=204, headers=PREFLIGHT)
        way = Way()
        try:
            return said(await self._answered(request, path, way), way)
        except ClientDisconnect:
            raise
        except TertuliaError as error:
            return refused(explain(error), way)
        except Exception:
            LOG.exception("A request failed")
            return refused(MISTAKE_OF_OURS, way)
        finally:
            await way.given.close()

    async def _answered(self, request: Request, path: str, way: Way) -> Said | list[Any]:
        endpoint, named = endpoints.find(path.removeprefix(API))
        if request.method not in METHODS:
            raise no_method(", ".join(METHODS))
        most = self._desk.house.max_body
        way.given = Parameters([])
        given = await parameters(request, most)
        way.given = given
        if request.method == "GET" and endpoint.reads:
            way.callback = _callback(given)
        access = await self.admitted(request, given)
        if request.method == "POST" and kind_of(request) == MULTIPART:
            async with self._desk.uploads.passed():
                await read_files(request, given, most)
        call = Call(self._desk, access, given.files)
        q = given.q(self._desk.house.json_limits)
        if isinstance(q, list):
            return await self._complex(call, endpoint, q, way)
        if endpoint.scope is not None:
            call.need(endpoint.scope)
        return await endpoint.handler(call, Members({**q, **named}))

    async def admitted(self, request: Request, given: Parameters) -> Access:
        """What the token allows. Raises: Refused, NotSignedIn."""
        token = token_of(request, given)
        access = await self._desk.core.oauth.access(token)
        wait_s = self._desk.rate.wait_s(hash_of(token))
        if wait_s:
            raise errors.too_many(wait_s)
        return access

    async def _complex(
        self, call: Call, endpoint: Endpoint, q: list[object], way: Way
    ) -> list[Any]:
        if not endpoint.is_complex:
            raise errors.invalid("`q` must be an object here.")
        wanted = endpoints.actions(q)
        if not all(ACTIONS[name].reads for name, _ in wanted):
            way.callback = ""
        endpoints.need_scopes(call, wanted)
        answer: list[Any] = []
        for name, objects in wanted:
            answer += [name, [await self._one(call, name, each) for each in objects]]
        return answer

    @staticmethod
    async def _one(call: Call, action: str, members: Members) -> Said:
        """One object of a complex request: what goes wrong there is told there."""
        try:
            return await ACTIONS[action].handler(call, members)
        except TertuliaError as error:
            return dict(explain(error).body)


def _callback(given: Parameters) -> str:
    name = given.one("callback")
    if name is None:
        return ""
    if not CALLBACK.fullmatch(name):
        raise errors.invalid(
            "`callback` must be a name of at most 64 letters, digits, _ $ and dots."
        )
    return name


def said(answer: Said | list[Any], way: Way, status: int = 200) -> Response:
    """An answer as JSON, or as a script, which is always a success: no page sees its status."""
    if not way.callback:
        return Response(encode(answer), status, media_type="application/json", headers=HEADERS)
    body = f"/**/{way.callback}({json.dumps(to_builtins(answer))});"
    return Response(body, 200, headers={**HEADERS, "content-type": "application/javascript"})


def refused(fault: Fault, way: Way) -> Response:
    """An error in the same form."""
    response = said(dict(fault.body), way, fault.status)
    response.headers.update(told_elsewhere(fault))
    return response


def told_elsewhere(fault: Fault) -> dict[str, str]:
    """The headers of an error, and that scripts of other origins may read them."""
    if not fault.headers:
        return {}
    return {**fault.headers, "access-control-expose-headers": ", ".join(fault.headers)}
