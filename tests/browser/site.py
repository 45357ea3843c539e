"""The web server that the page comes from, on another port than the messenger, and a push service."""

import contextlib
import queue
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple

from typing_extensions import override

PAGE = Path(__file__).parent / "page"
PATIENCE_S = 10.0


class Push(NamedTuple):
    """What a push service gets."""

    path: str
    headers: dict[str, str]
    """By their names in lower case."""
    body: bytes


class Site:
    """Where the page is, and what has been pushed."""

    def __init__(self, port: int, pushes: "queue.Queue[Push]") -> None:
        self.url = f"http://127.0.0.1:{port}"
        self._pushes = pushes

    def push(self) -> Push:
        """The next one."""
        return self._pushes.get(timeout=PATIENCE_S)


class Answers(SimpleHTTPRequestHandler):
    """Files are got, pushes are posted."""

    def __init__(self, *args: object, pushes: "queue.Queue[Push]") -> None:
        self._pushes = pushes
        super().__init__(*args, directory=PAGE)  # type: ignore[arg-type]  # as the server gives them

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self._pushes.put(Push(self.path, headers, body))
        self.send_response(201)
        self.send_header("content-length", "0")
        self.end_headers()

    @override
    def log_message(self, format: str, *args: object) -> None:
        """Silence."""


@contextlib.contextmanager
def site() -> Iterator[Site]:
    """A site on a free port."""
    pushes: queue.Queue[Push] = queue.Queue()
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Answers, pushes=pushes)) as server:
        serving = threading.Thread(target=server.serve_forever, args=(0.05,))
        serving.start()
        try:
            yield Site(server.server_port, pushes)
        finally:
            server.shutdown()
            serving.join()
