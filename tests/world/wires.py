"""Requests and sockets, as plain as they come: nothing here knows any of our APIs."""

import itertools
import json
from collections import deque
from contextlib import ExitStack
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlencode, urlsplit

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

PATIENCE_S = 15.0

Json = Any


class Answer:
    """What came back."""

    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def json(self) -> Json:
        """The body, which is JSON."""
        return json.loads(self.body)

    @property
    def text(self) -> str:
        """The body."""
        return self.body.decode()


class Http:
    """One connection that is kept."""

    def __init__(self, base_url: str) -> None:
        address = urlsplit(base_url)
        assert address.hostname is not None
        self.base_url = base_url
        self._connection = HTTPConnection(address.hostname, address.port, timeout=PATIENCE_S)

    def ask(self, method: str, path: str, body: bytes | str = b"", **headers: str) -> Answer:
        """The answer to a request; `content_type=` is the header Content-Type."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self._connection.request(method, path, body or None, named)
        answer = self._connection.getresponse()
        lower = {name.lower(): value for name, value in answer.getheaders()}
        return Answer(answer.status, lower, answer.read())

    def form(self, method: str, path: str, fields: dict[str, Any], **headers: str) -> Answer:
        """The same with a form for a body."""
        headers.setdefault("content_type", "application/x-www-form-urlencoded")
        return self.ask(method, path, urlencode(fields), **headers)

    def close(self) -> None:
        """Hang up."""
        self._connection.close()

    def __del__(self) -> None:
        """Whoever is forgotten has hung up."""
        self.close()


class Wire:
    """One WebSocket, and what came on it."""

    def __init__(self, base_url: str, path: str, **headers: str) -> None:
        address = base_url.replace("http", "ws", 1) + path
        self._closing = ExitStack()
        # Whoever does not look reads all the same: a full queue would keep pongs out, too.
        self.socket = self._closing.enter_context(
            connect(
                address,
                compression=None,
                proxy=None,
                max_size=None,
                max_queue=None,
                additional_headers=headers,
            )
        )
        self.inbox: deque[Json] = deque()
        self.numbers = itertools.count(1)

    def send(self, packet: Json) -> None:
        """Send JSON."""
        self.socket.send(json.dumps(packet))

    def receive(self) -> Json:
        """The next packet off the wire."""
        return json.loads(self.socket.recv(PATIENCE_S))

    def drained(self) -> list[Json]:
        """What has come so far; forgotten here."""
        packets = list(self.inbox)
        self.inbox.clear()
        return packets

    def close(self) -> None:
        """Hang up."""
        self._closing.close()

    def closed_with(self) -> int | None:
        """The code the server hangs up with; what comes before goes into the inbox."""
        try:
            while True:
                self.inbox.append(self.receive())
        except ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd else None
