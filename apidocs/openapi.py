"""The HTTP of all four APIs as OpenAPI 3.1, with an example for every answer the pages know."""

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import parse_qsl, urlsplit

from apidocs.imagined import Imagination
from apidocs.prose import folders, introduction, names_of_pages
from apidocs.schemas import Schema, merged, optional, schema_of
from tertulia import __version__
from tertulia.core.applications import Scope
from tests.wire.pages import FIELDS, Asks, Page, Told, page_paths, read_page, read_shapes
from tests.wire.shapes import Json

METHODS = ("GET", "POST", "PUT", "DELETE")
OPERATION = re.compile(r"(GET|POST|PUT|DELETE) (/[^ :]*)")
VERSIONED = re.compile(r"/api/v[34](?=/)")
VERSION = "/api/{version}"
UNET = "/unet/api/"
AT_ROOT = ("/u/", "/api/", "/features.json", "/ping.txt")
"""Beginnings of what Tada has beside its versions."""
MOST_EXAMPLES = 3
BAD = HTTPStatus.BAD_REQUEST
"""From here on nothing was done."""
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
FILES = "multipart/form-data"
XML = "application/xml"

NAMES = {"sama": "SAMA", "tada": "Tada", "unet": "Unet", "astrak": "Astrak"}
"""Of the dialects, as people write them."""

TITLES = {
    "sama": "Signing in, files, operators. All else goes over its WebSocket; see asyncapi.json.",
    "tada": "Teams, chats, tasks, programs. `/api/v3` is the API of 2019, `/api/v4` the later one.",
    "unet": "The Messages API for applications, with OAuth 2.0.",
    "astrak": "Messages, callbacks and polls. The `token` of `/users/login` goes with every call.",
}

SECURITY: dict[str, Schema] = {
    "tada": {"type": "apiKey", "in": "header", "name": "token"},
    "unet": {
        "type": "oauth2",
        "flows": {
            "authorizationCode": {
                "authorizationUrl": "/auth",
                "tokenUrl": "/token",
                "refreshUrl": "/token",
                "scopes": {each.value: "" for each in Scope},
            }
        },
    },
    "astrak": {"type": "http", "scheme": "bearer"},
    "sama": {"type": "http", "scheme": "bearer"},
}
SIGNED_BY = {"tada": "token", "unet": "authorization", "astrak": "", "sama": "admin-api-key"}

OPERATIONS_OF_THE_SERVER = {
    "/healthz": "Whether the process lives.",
    "/readyz": "Whether the server can do its work, and which part fails.",
    "/metrics": "Figures for Prometheus.",
}


@dataclass
class Exchange:
    """A request and its answer, as a page shows them."""

    page: Page
    asks: Asks
    told: Told
    imagined: Imagination


@dataclass
class Operation:
    """All that pages show of a method at a path. `titled`: the pages whose titles name it."""

    dialect: str
    path: str
    method: str
    exchanges: list[Exchange] = field(default_factory=list)
    titled: list[Page] = field(default_factory=list)

    @property
    def is_there(self) -> bool:
        """Whether it is an operation at all, and no look at what is not."""
        return bool(self.titled) or any(
            each.told.status not in {404, 405} for each in self.exchanges
        )


def openapi() -> Schema:
    """The whole description."""
    paths: dict[str, Schema] = defaultdict(dict)
    for operation in _operations():
        paths[operation.path][operation.method.lower()] = _described(operation)
    for path, says in OPERATIONS_OF_THE_SERVER.items():
        paths[path] = {
            "get": {"tags": ["Server"], "summary": says, "operationId": f"server_{path[1:]}",
                    "responses": {"200": {"description": "OK"}}}
        }  # fmt: skip
    shared = {
        f"{folder.name}.{name}": schema_of(told, folder.name, read_shapes(folder.name))
        for folder in folders()
        for name, told in read_shapes(folder.name).items()
    }
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Tertulia",
            "version": __version__,
            "description": "One messenger, four APIs. Every example was played against the server.",
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": NAMES[name], "description": says} for name, says in TITLES.items()]
        + [{"name": "Server", "description": "For whoever runs it."}],
        "paths": dict(sorted(paths.items())),
        "components": {"schemas": shared, "securitySchemes": SECURITY},
    }


def _operations() -> list[Operation]:
    found: dict[tuple[str, str], Operation] = {}

    def at(dialect: str, path: str, method: str) -> Operation:
        return found.setdefault((path, method), Operation(dialect, path, method))

    for folder in folders():
        pages = [read_page(path) for path in page_paths() if path.parent == folder]
        named = [(page, *each) for page in pages for each in _named(page)]
        for page, method, path in named:
            if method:
                at(folder.name, path, method).titled.append(page)
        templates = sorted({path for _, _, path in named})
        for exchange in (each for page in pages for each in _exchanges(page)):
            template = _template(exchange.asks.path, templates)
            if template is not None and exchange.asks.method in METHODS:
                at(folder.name, template, exchange.asks.method).exchanges.append(exchange)
    return [each for each in found.values() if each.is_there]


def _named(page: Page) -> Iterator[tuple[str, str]]:
    """The operations that a page's title names: method and path. Unet's have no method there."""
    dialect = page.path.parent.name
    for title in page.operations:
        if dialect == "unet" and re.fullmatch(r"(messages|user|contacts)/[\w/]*", title):
            yield "", UNET + title.replace("ID", "{id}")
        elif found := OPERATION.fullmatch(title.split(" again")[0]):
            is_versioned = dialect == "tada" and not found[2].startswith(AT_ROOT)
            yield found[1], VERSION + found[2] if is_versioned else found[2]


def _template(path: str, templates: list[str]) -> str | None:
    """Which of them a path is; the one with the most words of its own."""
    plain = VERSIONED.sub(VERSION, urlsplit(path).path)
    fitting = [each for each in templates if _fits(plain, each)]
    return max(fitting, key=lambda each: (-each.count("{"), len(each))) if fitting else None


def _fits(path: str, template: str) -> bool:
    # A name on the page may have a slash in it: `{club/boris}`.
    asked = re.sub(r"\{[^{}]*\}", "{}", path).rstrip("/").replace("/api/{}", VERSION).split("/")
    parts = template.rstrip("/").split("/")
    return len(asked) == len(parts) and all(
        part == word
        or (part.startswith("{") and part != "{version}" and word.endswith(part.partition("}")[2]))
        for part, word in zip(parts, asked, strict=True)
    )


def _exchanges(page: Page) -> Iterator[Exchange]:
    imagined = Imagination(page, read_shapes(page.path.parent.name))
    for place, step in enumerate(page.steps):
        if not isinstance(step, Asks):
            continue
        told = next(
            (
                each
                for each in page.steps[place:]
                if isinstance(each, Told) and each.who == step.who
            ),
            None,
        )
        if told is not None:
            yield Exchange(page, step, told, imagined)


# One operation.


def _described(operation: Operation) -> Schema:
    good = [each for each in operation.exchanges if each.told.status < BAD]
    home = _home(operation)
    words = re.findall(r"\w+", operation.path)
    found: Schema = {
        "tags": [NAMES[operation.dialect]],
        "operationId": "_".join([operation.dialect, operation.method.lower(), *words]),
        "summary": names_of_pages(home.path.parent).get(home.path.name, operation.path),
        "description": introduction(home.path),
        "parameters": [*_in_path(operation), *_in_query(good)],
        "responses": _responses(operation),
    }
    if body := _body(good, operation.dialect):
        found["requestBody"] = body
    if _is_signed(good, operation.dialect):
        found["security"] = [{operation.dialect: []}]
    return found


def _home(operation: Operation) -> Page:
    """The page that is about it; else the first that uses it."""
    title = f"{operation.method} {operation.path.removeprefix(VERSION)}"
    about = operation.path.removeprefix(UNET).replace("{id}", "ID")
    pages = [
        each.page for each in sorted(operation.exchanges, key=lambda each: each.told.status >= BAD)
    ]
    pages += operation.titled
    return next((each for each in pages if {title, about} & set(each.operations)), pages[0])


def _in_path(operation: Operation) -> list[Schema]:
    found = []
    for name in re.findall(r"\{(\w+)\}", operation.path):
        schema: Schema = {"type": "string"}
        if name == "version":
            schema["enum"] = ["v3", "v4"]
        found.append({"name": name, "in": "path", "required": True, "schema": schema})
    return found


def _in_query(exchanges: list[Exchange]) -> list[Schema]:
    """What was asked for behind a question mark, and answered."""
    examples: dict[str, str] = {}
    for each in exchanges:
        for name, value in parse_qsl(urlsplit(each.asks.path).query, keep_blank_values=True):
            examples.setdefault(name, each.imagined.text(value))
    return [
        {"name": name, "in": "query", "schema": {"type": "string"}, "example": value}
        for name, value in examples.items()
    ]


def _is_signed(exchanges: list[Exchange], dialect: str) -> bool:
    name = SIGNED_BY[dialect]
    return bool(name) and any(
        header.lower() == name for each in exchanges for header, _ in each.asks.headers
    )


def _body(exchanges: list[Exchange], dialect: str) -> Schema | None:
    contents: dict[str, list[Exchange]] = defaultdict(list)
    for each in exchanges:
        if each.asks.body:
            contents[_kind(each.asks.headers, each.asks.body)].append(each)
    if not contents:
        return None
    return {
        "content": {kind: _content(kind, several, dialect) for kind, several in contents.items()}
    }


def _content(kind: str, exchanges: list[Exchange], dialect: str) -> Schema:
    if kind == FILES:
        return {"schema": {"type": "object"}}
    if kind == FORM:
        forms = [each for each in map(_form, exchanges) if each is not None]
        fields = {name: {"type": "string"} for form in forms for name in form}
        return {
            "schema": {"type": "object", "properties": fields},
            "examples": _examples(list(forms)),
        }
    if kind != JSON:
        texts = [each.imagined.text(each.asks.body) for each in exchanges]
        return {"schema": {"type": "string"}, "examples": _examples(list(texts))}
    told = [json.loads(each.asks.body) for each in exchanges]
    values = [each.imagined.value(json.loads(each.asks.body)) for each in exchanges]
    return {
        "schema": optional(merged(schema_of(each, dialect, read_shapes(dialect)) for each in told)),
        "examples": _examples(values),
    }


def _form(exchange: Exchange) -> dict[str, Json] | None:
    """The fields of a form; None for what only says that it is one."""
    body = exchange.asks.body
    if _is_json(body):
        return None
    if FIELDS.fullmatch(body):
        lines = (line.partition(": ") for line in body.split("\n"))
        fields = [(name, value) for name, _, value in lines]
    else:
        fields = parse_qsl(body, keep_blank_values=True)
    return {name: exchange.imagined.text(value) for name, value in fields}


def _responses(operation: Operation) -> Schema:
    by_status: dict[int, list[Exchange]] = defaultdict(list)
    for each in operation.exchanges:
        by_status[each.told.status].append(each)
    if not any(status < BAD for status in by_status):
        by_status[HTTPStatus.OK] = []
    return {
        str(int(status)): _response(status, several, operation.dialect)
        for status, several in sorted(by_status.items())
    }


def _response(status: int, exchanges: list[Exchange], dialect: str) -> Schema:
    found: Schema = {"description": HTTPStatus(status).phrase}
    told = [(each, json.loads(each.told.body)) for each in exchanges if _is_json(each.told.body)]
    texts = [
        each.imagined.text(each.told.body)
        for each in exchanges
        if each.told.body and not _is_json(each.told.body)
    ]
    content: Schema = {}
    if told:
        content[JSON] = {
            "schema": merged(schema_of(value, dialect, read_shapes(dialect)) for _, value in told),
            "examples": _examples([each.imagined.value(value) for each, value in told]),
        }
    if texts:
        content["text/plain"] = {"schema": {"type": "string"}, "examples": _examples(list(texts))}
    return found | ({"content": content} if content else {})


def _examples(values: list[Json]) -> Schema:
    """The first few that differ."""
    different: list[Json] = []
    for each in values:
        if each not in different and len(different) < MOST_EXAMPLES:
            different.append(each)
    return {f"example{number}": {"value": each} for number, each in enumerate(different, 1)}


def _kind(headers: tuple[tuple[str, str], ...], body: str) -> str:
    named = {name.lower(): value for name, value in headers}.get("content-type", "")
    if named:
        kind = named.partition(";")[0].strip().lower()
        return kind if kind != JSON or _is_json(body) else "text/plain"
    if body.startswith("<"):
        return XML
    return JSON if _is_json(body) else FORM


def _is_json(body: str) -> bool:
    try:
        json.loads(body)
    except ValueError:
        return False
    return True
