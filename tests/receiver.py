"""Somebody's web server that callbacks and webhooks call: it keeps what it is told, and answers as it was told to."""

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue
from typing import Any
from urllib.parse import parse_qsl

from typing_extensions import override

PATIENCE_S = 30.0


@dataclass(frozen=True)
class Called:
    """One call. `status`: what it was answered with."""

    path: str
    headers: Mapping[str, str]
    body: bytes
    status: int

    @property
    def json(self) -> Any:
        """What it says, if that is JSON."""
        return json.loads(self.body)

    @property
    def fields(self) -> tuple[str, ...]:
        """The names of its fields in their order, if it is a form."""
        return tuple(name for name, _ in self._pairs)

    @property
    def form(self) -> dict[str, str]:
        """Its fields, if it is a form."""
        return dict(self._pairs)

    @property
    def text(self) -> str:
        """The text of its message: an Astrak event's, or a Tada form's."""
        if "json" in self.headers["content-type"]:
            return str(self.json["event"]["text"])
        return self.form["text"]

    def is_signed_with(self, secret: str) -> bool:
        """Whether Astrak's signature is that of this secret."""
        expected = hmac.new(secret.encode(), self.body, hashlib.sha256).hexdigest()
        return self.headers["x-astrak-signature"] == f"sha256={expected}"

    @property
    def _pairs(self) -> list[tuple[str, str]]:
        return parse_qsl(self.body.decode(), keep_blank_values=True, strict_parsing=True)


class Receiver:
    """The server, what was called, and the statuses it has yet to answer with; then the usual one."""

    def __init__(self) -> None:
        self.calls: Queue[Called] = Queue()
        self.statuses: list[int] = []
        self.usual = 200
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            """One call."""

            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                """Keep it and answer."""
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                status = receiver.statuses.pop(0) if receiver.statuses else receiver.usual
                headers = {name.lower(): value for name, value in self.headers.items()}
                # Before the answer: the next call may come with it, in a thread of its own.
                receiver.calls.put(Called(self.path, headers, body, status))
                self.send_response(status)
                if 300 <= status < 400:
                    self.send_header("location", receiver.url)
                self.send_header("content-length", "0")
                self.end_headers()

            @override
            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port: int = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/hook?a=1"
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.01,), daemon=True
        )

    def start(self) -> None:
        """Listen."""
        self._thread.start()

    def stop(self) -> None:
        """Hang up."""
        self._server.shutdown()
        self._server.server_close()

    def next(self) -> Called:
        """The next call."""
        return self.calls.get(timeout=PATIENCE_S)

    def texts(self, count: int) -> list[str]:
        """The texts of the next calls."""
        return [self.next().text for _ in range(count)]


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver on a free port."""
    receiver = Receiver()
    receiver.start()
    try:
        yield receiver
    finally:
        receiver.stop()
