"""HTTP for operators: to act in a user's name, and to see how busy the server is.

None of it is in the document. The routes are there only if the operator has set a key, and every
request shows it. What they ask for is checked and done by the handlers of the socket; the packets go
out as from a socket of that user, to all his sockets too.
"""

import hmac
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from tertulia.core.administration import OF_NO_SESSION
from tertulia.core.errors import TertuliaError
from tertulia.core.ids import AccountId
from tertulia.core.model import Actor
from tertulia.dialects.sama.body import body_params
from tertulia.dialects.sama.desk import SamaDesk
from tertulia.dialects.sama.errors import FORBIDDEN, UNAUTHORIZED, Refused, Words, explain, refused
from tertulia.dialects.sama.handlers import activity, messages, reading
from tertulia.dialects.sama.handlers.answer import SUCCESS, Answer, Packet
from tertulia.dialects.sama.handlers.caller import Caller
from tertulia.dialects.sama.ids import UNKNOWN
from tertulia.dialects.sama.params import Params, need_object
from tertulia.dialects.sama.wire import encode

KEY_HEADER = "admin-api-key"

NO_USER = "We couldn't find the specified user."


Act = Callable[[Caller, Any], Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class Operator:
    """An operator who acts in a user's name (`handlers.caller.Caller`); he has no socket of his own."""

    desk: SamaDesk
    actor: Actor

    @staticmethod
    def was_acknowledged(ref: str | None) -> bool:
        """Never: two requests with one id and one content are the same message, sent twice."""
        del ref
        return False

    @staticmethod
    def note_acknowledged(ref: str | None) -> None:
        """There is nothing to remember."""


async def message_read(operator: Caller, given: Any) -> Answer:
    """As over the socket, or, with `resultMessageOnly`, only said and not stored."""
    params = need_object(given)
    if not params.flag("resultMessageOnly"):
        return await reading.message_read(operator, given)
    await operator.desk.core.messages.tell_read(operator.actor, reading.read_mark(params))
    return SUCCESS


async def message_system(operator: Caller, given: Any) -> Answer:
    """As over the socket, with the shorter answer that is told for this route."""
    answer = await messages.system_message(operator, given)
    assert isinstance(answer, Packet), "it acknowledges"
    said = answer.content.ask
    return {"ask": {"mid": said.mid, "t": said.t}}


# Method, path, the field of the body that holds what the handler reads, the operation as errors know it,
# the handler, the status of success.
ACTS: tuple[tuple[str, str, str, str, Act, int], ...] = (
    ("POST", "/admin/message", "message", "message", messages.message, 201),
    ("PUT", "/admin/message", "messageEdit", "message_edit", messages.message_edit, 200),
    ("DELETE", "/admin/message", "messageDelete", "message_delete", messages.message_delete, 200),
    ("PUT", "/admin/message/read", "messageRead", "message_read", message_read, 200),
    (
        "PUT", "/admin/message/reaction", "messageReaction", "message_reactions_update",
        reading.message_reactions_update, 200,
    ),
    ("POST", "/admin/message/system", "messageSystem", "system_message", message_system, 201),
)  # fmt: skip


class OperatorRoutes:
    """The routes, behind the key."""

    def __init__(self, desk: SamaDesk, key: str) -> None:
        self._desk = desk
        self._origins = desk.origins
        self._key = key.encode()

    def all(self) -> list[BaseRoute]:
        """What the server is to route here: nothing without a key."""
        if not self._key:
            return []
        routes = [
            Route(path, self._act(name, operation, handler, status), methods=[method])
            for method, path, name, operation, handler, status in ACTS
        ]
        routes += [
            Route("/admin/activity/online", self.online, methods=["POST"]),
            Route("/admin/server-stats", self.figures, methods=["GET"]),
            Route("/admin/organization", self.organization, methods=["POST"]),
        ]
        paths = dict.fromkeys(each.path for each in routes)
        return [*routes, *self._origins.preflights(paths)]

    def _act(
        self, name: str, operation: str, handler: Act, status: int
    ) -> Callable[[Request], Awaitable[Response]]:
        async def serve(request: Request) -> Response:
            async def done(params: Params) -> Answer:
                operator = await self._operator(params, "senderId")
                return await handler(operator, params.values.get(name))

            return await self._answer(request, operation, done, status)

        return serve

    async def online(self, request: Request) -> Response:
        """Who is online, as `userId` may see it."""

        async def done(params: Params) -> Answer:
            operator = await self._operator(params, "userId")
            return await activity.online_list(operator, params.values)

        return await self._answer(request, "online_list", done, 200)

    async def figures(self, request: Request) -> Response:
        """How busy the server is; with `format=1` for people."""

        async def done(_: Params) -> Answer:
            found = await self._desk.core.statistics.figures()
            for_people = request.query_params.get("format") == "1"
            return {
                "uptime": _for_people(found.uptime_s) if for_people else found.uptime_s,
                "online_users": found.online,
                "messages_per_minute": found.in_minute,
                "messages_per_hour": found.in_hour,
                "messages_per_day": found.in_day,
            }

        return await self._answer(request, "server-stats", done, 200)

    async def organization(self, request: Request) -> Response:
        """There is one organization a server, and it is there."""

        async def done(_: Params) -> Answer:
            raise Refused(FORBIDDEN)

        return await self._answer(request, "organization", done, 200)

    async def _answer(
        self,
        request: Request,
        operation: str,
        done: Callable[[Params], Awaitable[Answer]],
        status: int,
    ) -> Response:
        return self._origins.tell(request, await self._said(request, operation, done, status))

    async def _said(
        self,
        request: Request,
        operation: str,
        done: Callable[[Params], Awaitable[Answer]],
        status: int,
    ) -> Response:
        """Nothing is read of a request that does not show the key."""
        # Header values are Latin-1 in text; as bytes they are what was sent.
        shown = request.headers.get(KEY_HEADER, "").encode("latin-1")
        if not hmac.compare_digest(shown, self._key):
            return _refusal(UNAUTHORIZED)
        try:
            params = await body_params(request, self._desk.house.json_limits)
            answer = await done(params)
        except TertuliaError as error:
            return _refusal(explain(error, operation))
        content: Any = answer.content if isinstance(answer, Packet) else answer
        return Response(encode(content), status, media_type="application/json")

    async def _operator(self, params: Params, field: str) -> Operator:
        """Who acts as the user of that field.

        Raises:
            Refused: there is no such user, or no such organization.
        """
        account_id = AccountId(params.id(field))
        values: Mapping[str, Any] = {"organization_id": params.values.get("organizationId")}
        known = account_id != UNKNOWN and self._desk.knows_organization(Params(values))
        if not known or not await self._desk.core.accounts.several([account_id]):
            raise refused(NO_USER)
        return Operator(self._desk, Actor(account_id, OF_NO_SESSION))


def _refusal(words: Words) -> Response:
    status, sentence = words
    return PlainTextResponse(sentence, status)


def _for_people(seconds: int) -> str:
    """`2d 3h 4m 5s`."""
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    return f"{days}d {hours}h {minutes}m {seconds}s"
