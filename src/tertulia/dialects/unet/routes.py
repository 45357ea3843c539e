"""Which of our three places a request is for, and how the port refuses what never gets here."""

from http import HTTPStatus

from starlette.datastructures import URLPath
from starlette.requests import Request
from starlette.routing import BaseRoute, Match, NoMatchFound
from starlette.types import Receive, Scope, Send
from typing_extensions import override

from tertulia.dialects.unet.api import HEADERS, Api
from tertulia.dialects.unet.browser import Pages
from tertulia.dialects.unet.desk import API, UnetDesk
from tertulia.dialects.unet.errors import at_the_door
from tertulia.dialects.unet.tokens import TokenPoint
from tertulia.dialects.unet.wire import encode

AROUND_FILES_BYTES = 1 << 20
"""What a multipart body may have beside its files: `q`, boundaries, headers."""


def claims(path: str) -> bool:
    """Whether a path (as sent) is this API's, be there anything or not."""
    return path.startswith(("/auth/", "/unet/")) or path.rstrip("/") in {
        "/auth",
        "/token",
        "/token_props",
        "/unet",
    }


def refusal(path: str, status: HTTPStatus) -> tuple[bytes, bytes]:
    """What the port itself refuses, in our form (`web.port.Refusal`)."""
    if path.startswith("/auth"):
        return b"text/plain; charset=utf-8", f"{status.phrase}\n".encode()
    return b"application/json", encode(at_the_door(status).body)


def also(path: str) -> tuple[tuple[bytes, bytes], ...]:
    """Further headers of such a refusal."""
    if path.startswith("/auth"):
        return ((b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff"))
    return tuple((name.encode(), value.encode()) for name, value in HEADERS.items())


def body_bytes(path: str, most_upload: int) -> int | None:
    """The largest body for a path (as sent); None: as everywhere."""
    takes_files = path.startswith(API + "messages")
    return most_upload + AROUND_FILES_BYTES if takes_files else None


class Router(BaseRoute):
    """All of this API's HTTP."""

    def __init__(self, desk: UnetDesk) -> None:
        self._api = Api(desk)
        self._pages = Pages(desk)
        self._tokens = TokenPoint(desk, self._api)

    @override
    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whether it is ours at all."""
        is_ours = scope["type"] == "http" and claims(_path(scope))
        return (Match.FULL if is_ours else Match.NONE), {}

    @override
    def url_path_for(self, name: str, /, **path_params: object) -> URLPath:
        """There are no named routes."""
        raise NoMatchFound(name, path_params)

    @override
    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, whatever happens."""
        request = Request(scope, receive)
        path = _path(scope)
        match path.rstrip("/"):
            case "/token":
                response = await self._tokens.token(request)
            case "/token_props":
                response = await self._tokens.properties(request)
            case _ if path.startswith("/auth"):
                response = await self._pages.answer(request, path)
            case _:
                response = await self._api.answer(request, path)
        await response(scope, receive, send)


def _path(scope: Scope) -> str:
    raw: bytes = scope["raw_path"]
    return raw.partition(b"?")[0].decode("latin-1")
