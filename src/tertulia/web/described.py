"""`/docs`, `/openapi.json` and `/asyncapi.json`: the APIs as programs and people read about them.

The descriptions are made when the package is built, out of the pages that the tests play. They are large
and seldom asked for, so they stay on the disk.
"""

import asyncio
from pathlib import Path

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from tertulia.web.pages import ASK_FIRST, PROTECTED

DESCRIBED = Path(__file__).parent / "apis"
"""Where the build puts the descriptions, beside the page that shows them."""

FILES = {
    "/openapi.json": ("openapi.json", "application/json"),
    "/asyncapi.json": ("asyncapi.json", "application/json"),
    "/docs": ("docs.html", "text/html; charset=utf-8"),
    "/docs/docs.js": ("docs.js", "text/javascript; charset=utf-8"),
    "/docs/docs.css": ("docs.css", "text/css; charset=utf-8"),
}
"""By address: the file, and its media type."""

NOT_MADE = (
    "The APIs were not described when this server was built: install Tertulia from a whole clone.\n"
)


def description_routes(folder: Path) -> list[Route]:
    """The routes to the files in *folder*."""

    def route(path: str, name: str, kind: str) -> Route:
        async def answer(_request: Request) -> Response:
            try:
                body = await asyncio.to_thread((folder / name).read_bytes)
            except FileNotFoundError:
                return PlainTextResponse(NOT_MADE, 404, headers=PROTECTED)
            headers = {**PROTECTED, "cache-control": ASK_FIRST, "content-type": kind}
            if kind == "application/json":
                # Tools in a browser may read it from anywhere: it says nothing of anybody.
                headers["access-control-allow-origin"] = "*"
            return Response(body, headers=headers)

        return Route(path, answer, methods=["GET"])

    return [route(path, *file) for path, file in FILES.items()]
