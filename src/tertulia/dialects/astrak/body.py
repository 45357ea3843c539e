"""Parameters out of a request: the query, and a body that says what it is, or does not.

The document sends JSON, with GET too; the public client sends forms, with GET too; proxies and browsers
drop the body of a GET. So everything is read everywhere, and the body wins.
"""

import re
from typing import Any
from urllib.parse import parse_qsl
from xml.parsers import expat

from starlette.requests import Request

from tertulia.core.errors import BadInput
from tertulia.dialects.astrak.errors import Malformed
from tertulia.web.forms import MULTIPART, BrokenForm, read_multipart
from tertulia.web.wire import JsonLimits, read_json

MOST_FIELDS = 1_000
"""Of a query or a form."""
MOST_FIELD_BYTES = 1 << 20
MOST_FILES = 10

DEEPEST = 8
"""Elements within each other; what the document shows is one deep."""

BOM = b"\xef\xbb\xbf"

DECLARATION = re.compile(rb"<\?xml\s[^>]*\?>")
ENCODING = re.compile(rb"""encoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")

ENCODINGS = {"utf-8": "utf-8", "utf8": "utf-8", "us-ascii": "ascii", "iso-8859-1": "latin-1"}
"""Of XML; others are refused."""

JSON, FORM, PARTS, XML = "json", "form", "parts", "xml"

KINDS = {
    "application/json": JSON,
    "application/x-www-form-urlencoded": FORM,
    MULTIPART: PARTS,
    "application/xml": XML,
    "text/xml": XML,
}


async def read_params(request: Request, limits: JsonLimits, *, xml: bool) -> dict[str, Any]:
    """What the query and the body say together.

    Args:
        request: its body is read to the end.
        limits: how deep and wide JSON may be.
        xml: whether the body may be XML.

    Raises:
        Malformed: the body is not what it says it is.
    """
    values: dict[str, Any] = _urlencoded(request.scope["query_string"])
    body = await request.body()
    if not body:
        return values
    match _kind(request, body):
        case "json":
            values |= _json(body, limits)
        case "parts":
            values |= await _parts(request)
        case "xml" if xml:
            values |= read_xml(body)
        case "xml":
            raise Malformed("XML is not read here.")
        case _:
            values |= _urlencoded(body)
    return values


def _kind(request: Request, body: bytes) -> str:
    named = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    kind = KINDS.get(named)
    if kind is None and named.endswith("+json"):
        kind = JSON
    if kind is None and named.endswith("+xml"):
        kind = XML
    if kind is not None:
        return kind
    start = body.removeprefix(BOM).lstrip()[:1]
    return {b"{": JSON, b"<": XML}.get(start, FORM)


def _json(body: bytes, limits: JsonLimits) -> dict[str, Any]:
    try:
        value = read_json(body.removeprefix(BOM), limits)
    except BadInput as error:
        raise Malformed("The body is not valid JSON.") from error
    if not isinstance(value, dict):
        raise Malformed("The body must be a JSON object.")
    return value


def _urlencoded(text: bytes) -> dict[str, Any]:
    try:
        pairs = parse_qsl(
            text.decode("ascii" if text.isascii() else "utf-8"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=MOST_FIELDS,
        )
    except ValueError as error:
        raise Malformed("The parameters cannot be read.") from error
    return dict(pairs)


async def _parts(request: Request) -> dict[str, Any]:
    """The fields of a form; files among them are not read."""
    try:
        form = await read_multipart(
            request,
            most_files=MOST_FILES,
            most_fields=MOST_FIELDS,
            most_field_bytes=MOST_FIELD_BYTES,
        )
    except BrokenForm as error:
        raise Malformed("The form cannot be read.") from error
    await form.close()
    return dict(form.fields)


def read_xml(body: bytes) -> dict[str, str]:
    """`username` and `password` out of XML, in whichever order, with or without one root around them.

    QUIRK astrak: the document's sample has two roots, so everything is put into one of ours. A DOCTYPE,
    which could declare entities that grow without end, cannot stand there.

    Raises:
        Malformed: it cannot be read, or declares something.
    """
    body = body.removeprefix(BOM).lstrip()
    encoding = "utf-8"
    declared = DECLARATION.match(body)
    if declared is not None:
        body = body[declared.end() :]
        named = ENCODING.search(declared[0])
        encoding = named[1].decode().lower() if named else encoding
    if b"<!DOCTYPE" in body or b"<!ENTITY" in body:
        raise Malformed("XML with declarations is not read.")
    try:
        text = body.decode(ENCODINGS[encoding])
        return _Leaves().read(text)
    except (KeyError, UnicodeDecodeError, expat.ExpatError) as error:
        raise Malformed("The body is not valid XML.") from error


class _Leaves:
    """The texts of elements that stand at the top, or within one root."""

    def __init__(self) -> None:
        self._path: list[str] = []
        self._text: list[str] = []
        self._found: dict[str, str] = {}

    def read(self, text: str) -> dict[str, str]:
        parser = expat.ParserCreate("utf-8")
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text.append
        parser.Parse(f"<all>{text}</all>".encode(), True)  # noqa: FBT003 - expat's own way: it is all
        return self._found

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        del attributes
        self._path.append(name)
        self._text.clear()
        if len(self._path) > DEEPEST:
            raise Malformed("The XML is too deep.")

    def _end(self, name: str) -> None:
        if name in {"username", "password"} and len(self._path) in {2, 3}:
            self._found[name] = "".join(self._text)
        self._path.pop()
        self._text.clear()
