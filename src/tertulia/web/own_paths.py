"""A route for whatever paths an API calls its own: it tells them apart itself, and refuses the rest."""

from abc import abstractmethod
from collections.abc import Callable

from starlette.datastructures import URLPath
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match, NoMatchFound
from starlette.types import Receive, Scope, Send
from typing_extensions import override


class OwnPaths(BaseRoute):
    """All HTTP of an API."""

    def __init__(self, claims: Callable[[str], bool]) -> None:
        """Needs whether a path (as sent, without the query) is this API's."""
        self._claims = claims

    @abstractmethod
    async def answer(self, request: Request, path: str) -> Response:
        """The answer, whatever happens. *path*: as sent, without the query."""

    @override
    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whether it is ours at all."""
        is_ours = scope["type"] == "http" and self._claims(_path(scope))
        return (Match.FULL if is_ours else Match.NONE), {}

    @override
    def url_path_for(self, name: str, /, **path_params: object) -> URLPath:
        """There are no named routes."""
        raise NoMatchFound(name, path_params)

    @override
    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the answer."""
        response = await self.answer(Request(scope, receive), _path(scope))
        await response(scope, receive, send)


def _path(scope: Scope) -> str:
    raw: bytes = scope["raw_path"]
    return raw.partition(b"?")[0].decode("latin-1")
