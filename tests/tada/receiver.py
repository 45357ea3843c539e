"""Somebody's web server that webhooks call: it keeps what it is told, and answers as it was told to."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue
from urllib.parse import parse_qsl

from typing_extensions import override

PATIENCE_S = 30.0


@dataclass(frozen=True)
class Called:
    """One request. `status`: what it was answered with."""

    path: str
    headers: Mapping[str, str]
    form: dict[str, str]
    fields: tuple[str, ...]
    status: int


class Receiver:
    """The server, what was called, and the statuses it has yet to answer with; 200 when there are none."""

    def __init__(self) -> None:
        self.calls: Queue[Called] = Queue()
        self.statuses: list[int] = []
        self.usual = 200
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            """One request."""

            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                """Keep it and answer."""
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                pairs = parse_qsl(body.decode(), keep_blank_values=True, strict_parsing=True)
                status = receiver.statuses.pop(0) if receiver.statuses else receiver.usual
                headers = {name.lower(): value for name, value in self.headers.items()}
                names = tuple(name for name, _ in pairs)
                receiver.calls.put(Called(self.path, headers, dict(pairs), names, status))
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
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

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
        return [self.next().form["text"] for _ in range(count)]


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver on a free port."""
    receiver = Receiver()
    receiver.start()
    try:
        yield receiver
    finally:
        receiver.stop()
