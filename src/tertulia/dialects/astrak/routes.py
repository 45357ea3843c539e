"""Astrak over HTTP: which path is which call, and the one place that turns errors into answers."""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from tertulia.core.errors import TertuliaError
from tertulia.dialects.astrak.body import read_params
from tertulia.dialects.astrak.desk import JSON, OPEN_TO_ALL, Asked, AstrakDesk, failed
from tertulia.dialects.astrak.errors import (
    MISTAKE_OF_OURS,
    Malformed,
    explain,
    refused_at_the_door,
)
from tertulia.dialects.astrak.handlers import events, messages, users
from tertulia.dialects.astrak.params import Params
from tertulia.dialects.astrak.wire import encode

LOG = logging.getLogger(__name__)

PREFIXES = ("/users", "/messages", "/events")

PREFLIGHT = {
    **OPEN_TO_ALL,
    "access-control-allow-methods": "GET, POST",
    "access-control-allow-headers": "Content-Type, Authorization",
    "access-control-max-age": "86400",
}

Handler = Callable[[Asked], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Operation:
    """One call. `reads`: it answers to GET, too. `xml`: its body may be XML."""

    handler: Handler
    reads: bool = False
    xml: bool = False

    @property
    def methods(self) -> tuple[str, ...]:
        """By which it is called."""
        return ("GET", "POST") if self.reads else ("POST",)


OPERATIONS = {
    "/users/register": Operation(users.register),
    "/users/confirm": Operation(users.confirm),
    "/users/login": Operation(users.login, xml=True),
    "/users/check": Operation(users.check, reads=True),
    "/users/logout": Operation(users.logout),
    "/messages/send": Operation(messages.send),
    "/messages/dialogs": Operation(messages.dialogs, reads=True),
    "/messages/dialog": Operation(messages.dialog, reads=True),
    "/messages/delete": Operation(messages.delete),
    "/messages/edit": Operation(messages.edit),
    "/messages/read": Operation(messages.read),
    "/events/callback/start": Operation(events.callback_start),
    "/events/callback/stop": Operation(events.callback_stop),
    "/events/polling": Operation(events.polling),
}


def claims(path: str) -> bool:
    """Whether a path is this API's."""
    return path in PREFIXES or path.startswith(tuple(f"{prefix}/" for prefix in PREFIXES))


def refusal(path: str, status: HTTPStatus) -> tuple[bytes, bytes]:
    """What the port answers here before a request is read (`web.port.Refusal`)."""
    del path
    failure = refused_at_the_door(status)
    said = {"code": failure.code, "response": failure.sentence}
    return JSON.encode(), encode(said)


def also(path: str) -> tuple[tuple[bytes, bytes], ...]:
    """What goes with such an answer, so that pages of other origins may read it."""
    del path
    return tuple((name.encode(), value.encode()) for name, value in OPEN_TO_ALL.items())


class AstrakApp:
    """Everything under the three prefixes, as one ASGI application."""

    def __init__(self, desk: AstrakDesk) -> None:
        self._desk = desk

    def routes(self) -> list[BaseRoute]:
        """What the server is to route here."""
        whole = [Route(prefix, self) for prefix in PREFIXES]
        return [*whole, *(Route(f"{prefix}/{{rest:path}}", self) for prefix in PREFIXES)]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        response = await self._answer(request)
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        if request.method == "OPTIONS":
            return Response(status_code=HTTPStatus.NO_CONTENT, headers=PREFLIGHT)
        try:
            operation = _operation(request)
            if request.method not in operation.methods:
                return _not_by(operation)
            asked = await self._asked(request, operation)
            return await operation.handler(asked)
        except TertuliaError as error:
            return failed(explain(error))
        except ClientDisconnect:
            raise
        except Exception:
            LOG.exception("%s failed", request.url.path)
            return failed(MISTAKE_OF_OURS)

    async def _asked(self, request: Request, operation: Operation) -> Asked:
        limits = self._desk.house.json_limits
        values = await read_params(request, limits, xml=operation.xml)
        peer = request.client.host if request.client else ""
        return Asked(self._desk, Params(values), _bearer(request), peer)


def _operation(request: Request) -> Operation:
    """What the path names, with a slash at its end or without. Raises: Malformed."""
    operation = OPERATIONS.get(request.url.path.rstrip("/"))
    if operation is None:
        raise Malformed("There is no such call.", HTTPStatus.NOT_FOUND)
    return operation


def _not_by(operation: Operation) -> Response:
    names = ", ".join(operation.methods)
    sentence = f"This is called by {names}."
    response = failed(explain(Malformed(sentence, HTTPStatus.METHOD_NOT_ALLOWED)))
    response.headers["allow"] = ", ".join((*operation.methods, "OPTIONS"))
    return response


def _bearer(request: Request) -> str:
    """The token of the `Authorization` header; "" for none."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""
