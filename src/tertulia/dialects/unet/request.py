"""A request of the API: its parameters, its token, its `q` and its files (document, request model).

`q` comes in the query, in a form, or is a JSON body itself. The token comes in the header, the query or
a form, in one way only (RFC 6750, 2). Nothing of a multipart body is read before the token is known.
"""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote_to_bytes

from starlette.requests import Request

from tertulia.core.errors import BadInput
from tertulia.dialects.unet.errors import invalid, no_token, too_large, two_tokens
from tertulia.web.forms import MULTIPART, BrokenForm, Incoming, TooMuchText, read_multipart
from tertulia.web.wire import JsonLimits, read_json

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"

MOST_PARAMETERS = 100
MOST_FILES = 100
"""Parts with a file: a complex request may have ten for each of its messages."""

TEXTS = frozenset({"q"})
"""The only text in a multipart form; any other part is a file that `q` may name."""

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


async def read_files(request: Request, into: Parameters, most: int) -> None:
    """Fields and files of a multipart body. Raises: Refused."""
    try:
        form = await read_multipart(
            request,
            most_files=MOST_FILES,
            most_fields=MOST_PARAMETERS,
            most_field_bytes=most,
            most_text_bytes=most,
            texts=TEXTS,
        )
    except TooMuchText:
        raise too_large() from None
    except BrokenForm:
        raise invalid("The multipart form cannot be read, or is cut off.") from None
    into.files.update(form.files)
    if len(into.files) < len(form.files):
        await form.close()
        raise invalid("The multipart form has two files of one name.")
    into.form += [(name, value.encode()) for name, value in form.fields]
    await _take_q_from_file(into, most)


async def _take_q_from_file(found: Parameters, most: int) -> None:
    """Browsers send a Blob as a file, `q` as well. Raises: Refused: it is too long."""
    q = found.files.get("q")
    elsewhere = (name == "q" and value.strip() for name, value in (*found.query, *found.form))
    if q is None or any(elsewhere):
        return
    if q.size_bytes > most:
        raise too_large()
    found.form.append(("q", await q.read()))


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
