"""Files over HTTP: what is put to an upload link, and what is got from a download link.

The links carry their own proof, so nothing here asks who is there, and pages of every origin may use
them. Bytes stream both ways: memory does not grow with the file.
"""

import asyncio
import contextlib
import re
from collections.abc import Mapping
from email.utils import formatdate
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send
from typing_extensions import override

from tertulia.core.errors import BadInput, NotFound, TertuliaError, TooMuch, Unavailable
from tertulia.core.file_ports import StoredFile
from tertulia.core.files import Files
from tertulia.core.ids import MAX_NUMBER, FileId
from tertulia.core.links import LinkPurpose
from tertulia.core.model import File

PATH = "/files"
"""Under which all files lie; the base of `core.links.FileLinks` ends in it."""

READ_BYTES = 1 << 18
"""So much is read at once; a download holds about twice as much in memory."""

PREVIEWS = (160, 320, 640)
"""Sides of previews, in pixels. `?size=` gives the next larger one, or the largest."""

FOR_ALL_ORIGINS = {
    "access-control-allow-origin": "*",
    "access-control-expose-headers": "Accept-Ranges, Content-Disposition, Content-Length,"
    " Content-Range, ETag",
    "cross-origin-resource-policy": "cross-origin",
    "x-content-type-options": "nosniff",
}

PREFLIGHT = {
    **FOR_ALL_ORIGINS,
    "access-control-allow-methods": "GET, HEAD, PUT",
    "access-control-allow-headers": "Content-Type, Range, If-Range, If-None-Match",
    "access-control-max-age": "86400",
}

REFUSED_AT_THE_DOOR = tuple(
    (name.encode(), value.encode()) for name, value in FOR_ALL_ORIGINS.items()
)
"""Goes with what the port itself answers here, so that pages of other origins may read it."""

NO_SCRIPTS = (
    "sandbox; default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'"
)
"""Should a browser ever take a file for a page, that page can do nothing; films still play by themselves."""

SHOWN = re.compile(r"(?:image|video|audio)/[\w.+-]+", re.ASCII | re.IGNORECASE)
KIND = re.compile(r"[\w.+-]+/[\w.+-]+(?: *; *[\w-]+=[\w.+-]+)*", re.ASCII)
NUMBER = re.compile(r"\d{1,16}", re.ASCII)
RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.ASCII)

UNKNOWN_BYTES = "application/octet-stream"


class Transfer:
    """The routes of files."""

    def __init__(self, files: Files) -> None:
        self._files = files

    def routes(self) -> list[BaseRoute]:
        """What the server is to route here."""
        path = PATH + "/{name}"
        return [
            Route(path, self.put, methods=["PUT"]),
            Route(path, self.get, methods=["GET"]),
            Route(path, self.preflight, methods=["OPTIONS"]),
        ]

    async def preflight(self, request: Request) -> Response:
        """What a browser asks before it puts from another origin."""
        del request
        return Response(status_code=204, headers=PREFLIGHT)

    async def put(self, request: Request) -> Response:
        """The content of an announced file. Again after it was complete, nothing changes."""
        try:
            self._check(request, LinkPurpose.UPLOAD)
            file = await self._files.need(_number(request))
            if file.uploaded_at is None:
                self._check_length(request, file)
                await self._files.receive(file, request.stream())
        except TertuliaError as error:
            return _refusal(request, error)
        return _said(request, 200, "")

    async def get(self, request: Request) -> Response:
        """The content of a file, or with `?size=` a preview of a picture."""
        try:
            left_s = self._check(request, LinkPurpose.DOWNLOAD)
            file = await self._files.need(_number(request))
            side = _side(request)
            if side is None:
                stored = await self._files.content(file)
            else:
                stored = await self._files.preview(file, side)
        except TertuliaError as error:
            return _refusal(request, error)
        return answer(request, file, stored, side, left_s)

    def _check(self, request: Request, purpose: LinkPurpose) -> int:
        """Seconds until the link expires. Raises: _LinkError."""
        links, query = self._files.links, request.query_params
        expires = query.get("expires", "")
        if not NUMBER.fullmatch(expires) or not links.is_ours(
            _number(request), purpose, int(expires), query.get("signature", "")
        ):
            raise _LinkError("This link is not valid.")
        left_s = links.seconds_left(int(expires))
        if not left_s:
            raise _LinkError("This link has expired.")
        return left_s

    def _check_length(self, request: Request, file: File) -> None:
        """A length that is not the announced one is refused before anything of it is read."""
        length = request.headers.get("content-length")
        # The port has made sure that it is a number, and the only one.
        if length is None or "transfer-encoding" in request.headers:
            return
        if int(length) > self._files.most_bytes:
            raise TooMuch("bytes of one file")
        if int(length) != file.size_bytes:
            raise BadInput("content", f"has {length} bytes, announced were {file.size_bytes}")


class _LinkError(TertuliaError):
    """Not a link of ours, or not any more."""


def _number(request: Request) -> FileId:
    name = request.path_params["name"]
    if not NUMBER.fullmatch(name) or int(name) > MAX_NUMBER:
        raise NotFound("file")
    return FileId(int(name))


def _side(request: Request) -> int | None:
    size = request.query_params.get("size")
    if size is None:
        return None
    if not NUMBER.fullmatch(size):
        raise BadInput("size", "must be a number of pixels")
    return next((each for each in PREVIEWS if each >= int(size)), PREVIEWS[-1])


def _said(request: Request, status: int, sentence: str) -> Response:
    headers = dict(FOR_ALL_ORIGINS)
    if "expect" in request.headers and status != 200:
        # Whether its body will still come, nobody knows: this connection is of no more use.
        headers["connection"] = "close"
    return PlainTextResponse(sentence, status, headers=headers)


def _refusal(request: Request, error: TertuliaError) -> Response:
    match error:
        case _LinkError():
            return _said(request, 403, str(error))
        case NotFound(kind=kind):
            return _said(request, 404, f"There is no such {kind}.")
        case BadInput():
            return _said(request, 400, f"The {error}.")
        case TooMuch(what="bytes"):
            return _said(request, 507, "There is no room for this file on the server.")
        case TooMuch():
            return _said(request, 413, "The file is too large.")
        case Unavailable():
            return _said(request, 503, "The server is busy. Try again.")
        case _:
            raise error


def answer(
    request: Request, file: File, stored: StoredFile, side: int | None, left_s: int
) -> Response:
    """The file, or the part of it that is asked for; *stored* is closed when it has left.

    *side*: of a preview, None: the file itself. *left_s*: how long a client may keep it, in seconds.
    """
    tag = f'"{file.id:x}"' if side is None else f'"{file.id:x}-{side}"'
    date = formatdate((file.uploaded_at or 0) // 1000, usegmt=True)
    headers = {
        **FOR_ALL_ORIGINS,
        "accept-ranges": "bytes",
        "cache-control": f"private, max-age={left_s}, immutable",
        "content-disposition": _disposition(file),
        "content-security-policy": NO_SCRIPTS,
        "content-type": stored.content_type or _kind(file),
        "etag": tag,
        "last-modified": date,
    }
    if _is_known(request.headers.get("if-none-match"), tag):
        stored.close()
        del headers["content-type"], headers["content-disposition"]
        return Response(status_code=304, headers=headers)
    size = stored.size_bytes
    span = _span(request, size, tag, date)
    if span is None:
        return _Content(stored, 0, size, 200, headers)
    start, stop = span
    if start >= stop:
        stored.close()
        answer = _said(request, 416, "There are no such bytes in this file.")
        answer.headers["content-range"] = f"bytes */{size}"
        return answer
    headers["content-range"] = f"bytes {start}-{stop - 1}/{size}"
    return _Content(stored, start, stop, 206, headers)


def _kind(file: File) -> str:
    """The content type as announced, if it is one."""
    return file.content_type if KIND.fullmatch(file.content_type) else UNKNOWN_BYTES


def _disposition(file: File) -> str:
    """Pictures, films and sounds are shown; everything else is saved, above all pages and SVG."""
    kind = _kind(file).partition(";")[0].strip()
    is_shown = SHOWN.fullmatch(kind) is not None and "xml" not in kind.lower()
    plain = re.sub(r"[^\w.,()!@#$&+= -]", "_", file.name, flags=re.ASCII)
    named = f"filename=\"{plain}\"; filename*=UTF-8''{quote(file.name, safe='')}"
    return f"{'inline' if is_shown else 'attachment'}; {named}"


def _is_known(if_none_match: str | None, tag: str) -> bool:
    """Whether the client has it already (RFC 9110, 13.1.2)."""
    if if_none_match is None:
        return False
    tags = (each.strip().removeprefix("W/") for each in if_none_match.split(","))
    return any(each in {tag, "*"} for each in tags)


def _span(request: Request, size: int, tag: str, date: str) -> tuple[int, int] | None:
    """First byte and the one after the last; None: all of it. Empty: there are no such bytes.

    Several ranges at once are answered with the whole, as the standard allows (RFC 9110, 14.2).
    """
    asked = RANGE.fullmatch(request.headers.get("range", "").replace(" ", ""))
    if asked is None or request.method != "GET" or asked[0] == "bytes=-":
        return None
    if request.headers.get("if-range", tag) not in {tag, date}:
        return None
    first, last = asked[1], asked[2]
    if not first:
        return max(size - int(last), 0), size
    if last and int(last) < int(first):
        return None
    return int(first), min(int(last) + 1, size) if last else size


class _Content(Response):
    """Part of a stored file, read as fast as it is taken."""

    def __init__(
        self, stored: StoredFile, start: int, stop: int, status: int, headers: Mapping[str, str]
    ) -> None:
        super().__init__(status_code=status, headers=headers)
        self.headers["content-length"] = str(stop - start)
        self._stored = stored
        self._start = start
        self._stop = stop

    @override
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with contextlib.closing(self._stored):
            await send(
                {
                    "type": "http.response.start",
                    "status": self.status_code,
                    "headers": self.raw_headers,
                }
            )
            if scope["method"] == "HEAD" or self._start == self._stop:
                await send({"type": "http.response.body"})
                return
            async with asyncio.TaskGroup() as group:
                gone = group.create_task(_until_gone(receive))
                await self._send(send, gone)
                gone.cancel()

    async def _send(self, send: Send, gone: asyncio.Task[None]) -> None:
        place = self._start
        while place < self._stop and not gone.done():
            try:
                chunk = await self._stored.read(place, min(READ_BYTES, self._stop - place))
            except Unavailable:
                # Where files lie has said in the log what happened. All we can say is to hang up.
                return
            if not chunk:
                raise EOFError("a stored file is shorter than it was")
            place += len(chunk)
            # Waits until most of what was sent before has left.
            await send(
                {"type": "http.response.body", "body": chunk, "more_body": place < self._stop}
            )


async def _until_gone(receive: Receive) -> None:
    """Returns when the client has hung up: then nobody need read on."""
    while (await receive())["type"] != "http.disconnect":
        pass
