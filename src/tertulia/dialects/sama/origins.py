"""Calls from web pages: which may read our answers (the document has nothing of it; its web client is one)."""

from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

ALLOWED_HEADERS = "Content-Type, Authorization, API-Key"
ALLOWED_METHODS = "POST, PUT, DELETE"


class Origins:
    """The server's own host, whatever the port, and what the operator named."""

    def __init__(self, public_url: str, named: frozenset[str]) -> None:
        self._public_host = urlsplit(public_url).hostname
        self._named = named

    def has(self, request: Request, origin: str) -> bool:
        """An origin on the public host or this server's, any port, or one the operator named."""
        if origin in self._named:
            return True
        try:
            host = urlsplit(origin).hostname
        except ValueError:
            return False
        return host is not None and host in {self._public_host, request.url.hostname}

    def tell(self, request: Request, response: Response) -> Response:
        """The response, for the page it was asked from."""
        response.headers["vary"] = "Origin"
        origin = request.headers.get("origin")
        if origin is not None and self.has(request, origin):
            response.headers["access-control-allow-origin"] = origin
            response.headers["access-control-allow-credentials"] = "true"
            response.headers["access-control-allow-methods"] = ALLOWED_METHODS
            response.headers["access-control-allow-headers"] = ALLOWED_HEADERS
        return response

    def preflights(self, paths: Iterable[str]) -> list[Route]:
        """Where a browser asks before it calls from another origin."""
        return [Route(path, self._preflight, methods=["OPTIONS"]) for path in paths]

    async def _preflight(self, request: Request) -> Response:
        return self.tell(request, Response(status_code=204))
