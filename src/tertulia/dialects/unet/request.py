"""A request of the API: its parameters, its token, its `q` and its files (document, request model).

`q` comes in the query, in a form, or is a JSON body itself. The token comes in the header, the query or
a form, in one way only (RFC 6750, 2). Nothing of a multipart body is read before the token is known.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote_to_bytes

from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request
from typing_extensions import override

from tertulia.core.errors import BadInput
from tertulia.core.kinds import HEAD_BYTES
from tertulia.dialects.unet.errors import invalid, no_token, too_large, two_tokens
from tertulia.web.wire import JsonLimits, read_json

FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"
JSON = "application/json"

MOST_PARAMETERS = 100
MOST_FILES = 100
"""Parts with a file: a complex request may have ten for each of its messages."""

CHUNK_BYTES = 256 << 10

Pairs = list[tuple[str, bytes]]


def pairs(raw: bytes) -> Pairs:
    """The parameters of a query or form, in their order; values as the bytes they stand for.

    Raises:
        Refused: there are too many.
    """
    parts = [part for part in raw.split(b"&") if part]
    if len(parts) > MOST_PARAMETERS:
        raise invalid("There are too many parameters.")
    found = []
    for part in parts:
        name, _, value = part.replace(b"+", b" ").partition(b"=")
        found.append((unquote_to_bytes(name).decode("utf-8", "replace"), unquote_to_bytes(value)))
    return found


def query_of(request: Request) -> Pairs:
    """The parameters behind the `?`."""
    return pairs(request.scope["query_string"])


def kind_of(request: Request) -> str:
    """The media type of the body, without its parameters."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


async def body_of(request: Request, most: int) -> bytes:
    """The body. Raises: Refused: it has more than *most* bytes."""
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > most:
            raise too_large()
        chunks.append(chunk)
    return b"".join(chunks)


class Incoming:
    """An uploaded file, in a temporary one of the server's until the request is answered."""

    __slots__ = ("_upload",)

    def __init__(self, upload: UploadFile) -> None:
        self._upload = upload

    @property
    def name(self) -> str:
        """As the client gave it, without folders and what cannot be shown; never empty."""
        name = (self._upload.filename or "").replace("\\", "/").rpartition("/")[2]
        shown = "".join(sign for sign in name if sign.isprintable())[:255].strip()
        return shown if shown.strip(".") else "file"

    @property
    def claimed_type(self) -> str:
        """The content type as the client gave it; "" when it did not."""
        return self._upload.content_type or ""

    @property
    def size_bytes(self) -> int:
        """Its length."""
        return self._upload.size or 0

    async def head(self) -> bytes:
        """Its first bytes."""
        await self._upload.seek(0)
        return await self._upload.read(HEAD_BYTES)

    async def chunks(self) -> AsyncIterator[bytes]:
        """The content from its beginning."""
        await self._upload.seek(0)
        while chunk := await self._upload.read(CHUNK_BYTES):
            yield chunk

    async def close(self) -> None:
        """The temporary file is gone."""
        await self._upload.close()


@dataclass(slots=True)
class Parameters:
    """What came with a request, apart from its token."""

    query: Pairs
    form: Pairs = field(default_factory=list)
    json: bytes = b""
    files: dict[str, Incoming] = field(default_factory=dict)

    def q(self, limits: JsonLimits) -> Any:
        """The request itself; `{}` when there is none.

        Raises:
            Refused: it is no JSON, comes twice, or is neither object nor array.
        """
        given = [value for name, value in (*self.query, *self.form) if name == "q"]
        given = [value for value in (*given, self.json) if value.strip()]
        if len(given) > 1:
            raise invalid("`q` is given more than once.")
        if not given:
            return {}
        try:
            value = read_json(given[0], limits)
        except BadInput as error:
            raise invalid(f"`q` {error.why}: it must be JSON.") from None
        if not isinstance(value, dict | list):
            raise invalid("`q` must be an object or an array.")
        return value

    def one(self, name: str) -> str | None:
        """A parameter of the query, the last if it is there more than once."""
        found = [value for own, value in self.query if own == name]
        return found[-1].decode("utf-8", "replace") if found else None

    async def close(self) -> None:
        """Let go of what came."""
        for each in self.files.values():
            await each.close()


async def parameters(request: Request, most: int) -> Parameters:
    """Query and body, the latter only if it is none of files. Raises: Refused."""
    found = Parameters(query_of(request))
    if request.method != "POST":
        return found
    kind = kind_of(request)
    if kind == FORM:
        found.form = pairs(await body_of(request, most))
    elif kind != MULTIPART:
        found.json = await body_of(request, most)
        if found.json.strip() and kind != JSON:
            raise invalid("The body must be a form, JSON, or a multipart form.")
    return found


class WholeForm(MultiPartParser):
    """Starlette's parser; it knows whether the form came to its end, and lets go of all files."""

    is_whole = False

    @override
    def on_end(self) -> None:
        """The last boundary was there."""
        self.is_whole = True

    def close(self) -> None:
        """Of all files, also of those that were never complete."""
        for file in self._files_to_close_on_error:
            file.close()


async def read_multipart(request: Request, into: Parameters, most: int) -> None:
    """Fields and files of a multipart body. Raises: Refused."""
    parser = WholeForm(
        request.headers,
        request.stream(),
        max_files=MOST_FILES,
        max_fields=MOST_PARAMETERS,
        max_part_size=most,
    )
    try:
        form = await parser.parse()
    except MultiPartException as error:
        raise invalid("The multipart form cannot be read.") from error
    files = [(name, value) for name, value in form.multi_items() if isinstance(value, UploadFile)]
    into.files.update((name, Incoming(value)) for name, value in files)
    if not parser.is_whole or len(into.files) < len(files):
        parser.close()
        raise invalid("The multipart form is cut off, or has two files of one name.")
    for name, value in form.multi_items():
        if not isinstance(value, UploadFile):
            into.form.append((name, value.encode("utf-8", "surrogatepass")))


def token_of(request: Request, given: Parameters) -> str:
    """The access token.

    Raises:
        Refused: there is none, or it is given in more ways than one.
    """
    found = [
        value.decode("utf-8", "replace")
        for name, value in (*given.query, *given.form)
        if name == "access_token" and value
    ]
    for header in request.headers.getlist("authorization"):
        scheme, _, token = header.strip().partition(" ")
        if scheme.lower() == "bearer" and token.strip():
            found.append(token.strip())
    if not found:
        raise no_token()
    if len(found) > 1:
        raise two_tokens()
    return found[0]
