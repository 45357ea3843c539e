"""Which of our three places a request is for, and how the port refuses what never gets here."""

from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import Response
from typing_extensions import override

from tertulia.dialects.unet.api import HEADERS, Api
from tertulia.dialects.unet.browser import Pages
from tertulia.dialects.unet.desk import API, UnetDesk
from tertulia.dialects.unet.errors import at_the_door
from tertulia.dialects.unet.tokens import NOT_KEPT, TokenPoint
from tertulia.dialects.unet.wire import encode
from tertulia.web.own_paths import OwnPaths
from tertulia.web.phrases import phrase

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
        return b"text/plain; charset=utf-8", f"{phrase(status)}\n".encode()
    return b"application/json", encode(at_the_door(status).body)


def also(path: str) -> tuple[tuple[bytes, bytes], ...]:
    """Further headers of such a refusal."""
    if path.startswith("/auth"):
        return ((b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff"))
    headers = {**HEADERS, **NOT_KEPT} if path.startswith("/token") else HEADERS
    return tuple((name.encode(), value.encode()) for name, value in headers.items())


def body_bytes(path: str, most_upload: int) -> int | None:
    """The largest body for a path (as sent); None: as everywhere."""
    takes_files = path.startswith(API + "messages")
    return most_upload + AROUND_FILES_BYTES if takes_files else None


class Router(OwnPaths):
    """All of this API's HTTP."""

    def __init__(self, desk: UnetDesk) -> None:
        super().__init__(claims)
        self._api = Api(desk)
        self._pages = Pages(desk)
        self._tokens = TokenPoint(desk, self._api)

    @override
    async def answer(self, request: Request, path: str) -> Response:
        """Answer, whatever happens."""
        match path.rstrip("/"):
            case "/token":
                return await self._tokens.token(request)
            case "/token_props":
                return await self._tokens.properties(request)
            case _ if path.startswith("/auth"):
                return await self._pages.answer(request, path)
            case _:
                return await self._api.answer(request, path)
