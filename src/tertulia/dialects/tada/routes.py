"""Which request goes to which handler: one table, served under `/api/v3` and `/api/v4` alike.

The order of tests is always the same: the path (NOT_FOUND), the method (INVALID_METHOD), the caller
(EMPTY_TOKEN …); all others are the handlers': team, membership, thing, right, data.
"""

import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from http import HTTPStatus
from time import perf_counter
from urllib.parse import unquote

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from typing_extensions import override

from tertulia.core.errors import NotFound, TertuliaError, Unavailable
from tertulia.dialects.tada.auth import HEADER, caller, need_same_origin
from tertulia.dialects.tada.desk import TadaDesk, View
from tertulia.dialects.tada.errors import BODY, INTERNAL, Fault, NoSuchMethod, explain
from tertulia.dialects.tada.request import Answer, Call
from tertulia.dialects.tada.wire.envelope import encode, failed, succeeded
from tertulia.web.own_paths import OwnPaths
from tertulia.web.phrases import phrase

LOG = logging.getLogger(__name__)

JSON = "application/json; charset=utf-8"
HEADERS = {"cache-control": "no-store", "x-content-type-options": "nosniff"}

UNVERSIONED_MESSAGE = "/api/message"
VERSIONS = {view.value: view for view in View}

# A Response goes out as it is, an Answer brings headers, all else is the `result`.
Handler = Callable[[Call], Awaitable[object]]
Refuse = Callable[[TertuliaError, Fault], Response]


class Access(Enum):
    """Who may call: somebody signed in, or everybody."""

    ACCOUNT = auto()
    OPEN = auto()


class Place(Enum):
    """Where an operation stands: under both versions, or at the root of the server."""

    VERSIONED = auto()
    ROOT = auto()


@dataclass(frozen=True, slots=True)
class Operation:
    """One line of the table.

    Attributes:
        method: `GET` answers `HEAD`, too.
        path: `/teams/{team}/contacts/{jid}`; a last part may be `{token}.png`. Words win over names.
        handler: does it.
        access: who may call.
        place: under `/api/v3` and `/api/v4`, or at the root.
        refuse: says errors in a form of its own; None: in the envelope.
    """

    method: str
    path: str
    handler: Handler
    access: Access = Access.ACCOUNT
    place: Place = Place.VERSIONED
    refuse: Refuse | None = None


class Node:
    """A place in the tree of paths."""

    __slots__ = ("endings", "name", "operations", "wild", "words")

    def __init__(self) -> None:
        self.operations: dict[str, Operation] = {}
        self.words: dict[str, Node] = {}
        self.endings: list[tuple[str, str, Node]] = []
        self.wild: Node | None = None
        self.name = ""

    def grow(self, part: str) -> "Node":
        """The place one part further down."""
        if not part.startswith("{"):
            return self.words.setdefault(part, Node())
        name, _, ending = part[1:].partition("}")
        if ending:
            node = next((node for own, _, node in self.endings if own == ending), None)
            if node is None:
                node = Node()
                self.endings.append((ending, name, node))
            return node
        if self.wild is None:
            self.wild, self.name = Node(), name
        assert self.name == name, f"{{{name}}} is called {{{self.name}}} elsewhere"
        return self.wild

    def find(self, parts: Sequence[str], named: dict[str, str]) -> "Node | None":
        """The place with operations that these parts lead to; what they name is added to *named*.

        Words are tried first, then endings, then names.
        """
        if not parts:
            return self if self.operations else None
        part, rest = parts[0], parts[1:]
        node = self.words.get(part)
        found = node.find(rest, named) if node is not None else None
        if found is not None or not part:
            return found
        for ending, name, node in self.endings:
            if part == ending or not part.endswith(ending):
                continue
            if (found := node.find(rest, named)) is not None:
                named[name] = part.removesuffix(ending)
                return found
        if self.wild is not None and (found := self.wild.find(rest, named)) is not None:
            named[self.name] = part
        return found


def claims(path: str) -> bool:
    """Whether a path (as sent) is Tada's, be there anything or not."""
    return path.startswith(("/api/v3/", "/api/v4/", "/u/", "/messaging/")) or path.rstrip("/") in {
        "/api/v3",
        "/api/v4",
        UNVERSIONED_MESSAGE,
        "/features.json",
        "/ping.txt",
    }


def refusal(path: str, status: HTTPStatus) -> tuple[bytes, bytes]:
    """What the port itself refuses, in our form (`web.port.Refusal`)."""
    if path.rstrip("/") == UNVERSIONED_MESSAGE:
        # Its errors are sentences, without an envelope.
        return JSON.encode(), encode({"ok": False, "error": f"{phrase(status)}."})
    code = {404: "NOT_FOUND", 405: "INVALID_METHOD", 429: "RATE_LIMIT"}.get(status, "INVALID_DATA")
    details = {BODY: f"{phrase(status)}."} if code == "INVALID_DATA" else None
    return JSON.encode(), failed(code, 0.0, details)


class Router(OwnPaths):
    """All of Tada's HTTP."""

    def __init__(self, desk: TadaDesk, operations: Iterable[Operation]) -> None:
        super().__init__(claims)
        self._desk = desk
        self._versioned, self._root = Node(), Node()
        self.operations = tuple(operations)
        for each in self.operations:
            node = self._root if each.place is Place.ROOT else self._versioned
            for part in each.path.strip("/").split("/"):
                node = node.grow(part)
            assert each.method not in node.operations, f"{each.method} {each.path} stands twice"
            node.operations[each.method] = each

    @override
    async def answer(self, request: Request, path: str) -> Response:
        """Answer, whatever happens."""
        start = perf_counter()
        refuse: Refuse | None = None
        call = None
        try:
            view, node, named = self._find(path)
            # One path says errors in one form, whatever the method.
            refuse = next(iter(node.operations.values())).refuse
            operation = _operation(node, request.method)
            call = await self._admitted(operation, request, view, named)
            result = await operation.handler(call)
            return _said(result, perf_counter() - start)
        except ClientDisconnect:
            raise
        except TertuliaError as error:
            fault = explain(error)
            if isinstance(error, Unavailable):
                LOG.warning("A request could not be served", extra={"fields": {"why": str(error)}})
            if refuse is not None:
                return refuse(error, fault)
            return _refused(error, fault, perf_counter() - start)
        except Exception as error:
            LOG.exception("A request failed")
            if refuse is not None:
                return refuse(TertuliaError(), INTERNAL)
            return _refused(error, INTERNAL, perf_counter() - start)
        finally:
            if call is not None:
                await call.close()

    def _find(self, path: str) -> tuple[View, Node, dict[str, str]]:
        parts = path.split("/")[1:]
        if len(parts) > 1 and not parts[-1]:
            parts.pop()
        view = VERSIONS.get(parts[1]) if len(parts) > 1 and parts[0] == "api" else None
        node = self._root
        if view is not None:
            node, parts = self._versioned, parts[2:]
        named: dict[str, str] = {}
        try:
            found = node.find([unquote(part, errors="strict") for part in parts], named)
        except UnicodeDecodeError:
            found = None
        if found is None:
            raise NotFound("path")
        return view or View.V4, found, named

    async def _admitted(
        self, operation: Operation, request: Request, view: View, named: dict[str, str]
    ) -> Call:
        who = None
        if operation.access is Access.ACCOUNT:
            headers = request.headers
            who = await caller(self._desk, headers.get(HEADER), headers.get("cookie"))
            if who.by_cookie:
                need_same_origin(self._desk, request)
        return Call(self._desk, request, view, named, who)


def _operation(node: Node, method: str) -> Operation:
    operation = node.operations.get("GET" if method == "HEAD" else method)
    if operation is None:
        raise NoSuchMethod(tuple(node.operations))
    return operation


def _said(result: object, seconds: float) -> Response:
    if isinstance(result, Response):
        return result
    answer = result if isinstance(result, Answer) else Answer(result)
    headers = {**HEADERS, **answer.headers}
    return Response(succeeded(answer.result, seconds), media_type=JSON, headers=headers)


def _refused(error: Exception, fault: Fault, seconds: float) -> Response:
    headers = dict(HEADERS)
    if isinstance(error, NoSuchMethod):
        headers["allow"] = ", ".join(error.allowed)
    if fault.retry_after_s:
        headers["retry-after"] = str(fault.retry_after_s)
    body = failed(fault.code, seconds, fault.details, fault.reason)
    return Response(body, fault.status, media_type=JSON, headers=headers)
