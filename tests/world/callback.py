"""Somebody's web server that is an Astrak callback: it keeps the names of the events it is told."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue

from typing_extensions import override

PATIENCE_S = 15.0


class Callback:
    """What it was told, event by event."""

    def __init__(self, server: ThreadingHTTPServer) -> None:
        self.url = f"http://127.0.0.1:{server.server_address[1]}/"
        self.told: Queue[str] = Queue()

    def words(self, count: int) -> list[str]:
        """The next *count* events, which may be on their way for a moment."""
        return [self.told.get(timeout=PATIENCE_S) for _ in range(count)]


@contextmanager
def listening() -> Iterator[Callback]:
    """One on a free port."""

    class Handler(BaseHTTPRequestHandler):
        """One call."""

        def do_POST(self) -> None:
            """Keep it and say so."""
            body = self.rfile.read(int(self.headers["content-length"]))
            callback.told.put(json.loads(body)["type"])
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        @override
        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    callback = Callback(server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield callback
    finally:
        server.shutdown()
        server.server_close()
