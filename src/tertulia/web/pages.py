"""The web client, as the build left it in `static`: its pages, scripts and pictures.

Everything is read once, at the start, and served from memory: some two hundred kilobytes. What the build
compressed is not compressed again.
"""

import hashlib
import json
import mimetypes
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

BUILT = Path(__file__).parent / "static"
"""Where the build puts the client."""

INDEX = "index.html"
ABOUT = "/web.json"
"""What the client wants to know of this server before anybody is signed in."""

NOT_BUILT = (
    "Tertulia is running. It was installed without its web client; the APIs are all there."
    " To have the client, install Tertulia again where the npm registry can be reached.\n"
)

FOREVER = "public, max-age=31536000, immutable"
"""For names that hold a digest of the content."""

ASK_FIRST = "no-cache"
"""A browser keeps it, and asks each time whether it is still the same."""

DIRECTIVES = (
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' blob: data:",
    "media-src 'self' blob:",
    "connect-src 'self'",
    "worker-src 'self'",
    "manifest-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types svelte-trusted-html tertulia",
)
"""Nothing comes from elsewhere, nothing is evaluated, nobody frames us."""

POLICY = "; ".join(DIRECTIVES)

PROTECTED = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(self), geolocation=(), microphone=(), payment=(), usb=()",
}

KINDS = {".webmanifest": "application/manifest+json", ".js": "text/javascript"}
ENCODINGS = (("br", ".br"), ("gzip", ".gz"))
"""By the name of a content coding, the best first: what the build puts behind a file's name."""


@dataclass(frozen=True, slots=True)
class Page:
    """One file of the client.

    Attributes:
        bodies: by content coding; `""` is the file itself and always there.
        tag: names the content, without quotes.
        kind: its media type.
        keep: how long caches may keep it.
    """

    bodies: Mapping[str, bytes]
    tag: str
    kind: str
    keep: str

    def answer(self, request: Request) -> Response:
        """As this request wants it."""
        coding = self._coding(request.headers.get("accept-encoding", ""))
        body = self.bodies[coding]
        tag = f'"{self.tag}-{coding}"' if coding else f'"{self.tag}"'
        headers = {**PROTECTED, "etag": tag, "cache-control": self.keep, "vary": "accept-encoding"}
        asked = request.headers.get("if-none-match", "")
        if tag in (each.strip().removeprefix("W/") for each in asked.split(",")):
            return Response(status_code=304, headers=headers)
        if coding:
            headers["content-encoding"] = coding
        # Starlette adds the charset to texts; it leaves this as it is.
        return Response(body, headers=headers | {"content-type": self.kind})

    def _coding(self, accepted: str) -> str:
        wanted = dict(_codings(accepted))
        for coding, _ in ENCODINGS:
            if coding in self.bodies and wanted.get(coding, wanted.get("*", 0.0)) > 0:
                return coding
        return ""


About = Callable[[], Awaitable[Mapping[str, object]]]


def page_routes(built: Path, about: About) -> list[BaseRoute]:
    """The client's routes; without a client, one that says so.

    Args:
        built: the folder the build wrote.
        about: what the client may know before anybody is signed in; becomes JSON. Asked each time.
    """
    pages = dict(_pages(built))

    async def front(_request: Request) -> Response:
        return PlainTextResponse(NOT_BUILT, headers=PROTECTED)

    def route(path: str, page: Page) -> Route:
        async def answer(request: Request) -> Response:
            return page.answer(request)

        return Route(path, answer, methods=["GET"])

    async def facts(request: Request) -> Response:
        body = json.dumps(dict(await about())).encode()
        return _page(body, "application/json", ASK_FIRST, {}).answer(request)

    routes: list[BaseRoute] = [Route(ABOUT, facts, methods=["GET"])]
    if INDEX not in pages:
        return [*routes, Route("/", front, methods=["GET"])]
    routes.append(route("/", pages.pop(INDEX)))
    return routes + [route(f"/{name}", page) for name, page in pages.items()]


def _pages(built: Path) -> Iterator[tuple[str, Page]]:
    """Every file with its path below *built*, but for hidden and compressed ones."""
    endings = tuple(ending for _, ending in ENCODINGS)
    for path in sorted(built.rglob("*")):
        if not path.is_file() or path.name.startswith(".") or path.name.endswith(endings):
            continue
        packed = {
            coding: path.with_name(path.name + ending).read_bytes()
            for coding, ending in ENCODINGS
            if path.with_name(path.name + ending).is_file()
        }
        name = path.relative_to(built).as_posix()
        keep = FOREVER if name.startswith("assets/") else ASK_FIRST
        yield name, _page(path.read_bytes(), _kind(path), keep, packed)


def _page(body: bytes, kind: str, keep: str, packed: Mapping[str, bytes]) -> Page:
    # A page that is hardly smaller when packed is not worth the browser's work.
    worth = {coding: small for coding, small in packed.items() if len(small) < 0.95 * len(body)}
    return Page({"": body, **worth}, hashlib.sha256(body).hexdigest()[:20], kind, keep)


def _kind(path: Path) -> str:
    kind = KINDS.get(path.suffix) or mimetypes.guess_type(path.name)[0]
    if kind is None:
        return "application/octet-stream"
    return f"{kind}; charset=utf-8" if kind.startswith("text/") else kind


def _codings(accepted: str) -> Iterator[tuple[str, float]]:
    """The codings of an `Accept-Encoding` with their weights; what makes no sense weighs nothing."""
    for each in accepted.lower().split(","):
        coding, _, weight = each.partition(";")
        value = weight.replace(" ", "").removeprefix("q=") or "1"
        try:
            yield coding.strip(), float(value)
        except ValueError:
            yield coding.strip(), 0.0
