"""A real NATS server that the tests start themselves, and that can be away for a while."""

import subprocess
import sysconfig
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PATIENCE_S = 20.0
LISTENING, READY = b"Listening for client connections on ", b"Server is ready"
ANY_PORT = -1


class NatsServer:
    """The server; when it comes back, it listens on the same port."""

    def __init__(self) -> None:
        self._port = ANY_PORT
        self._running: subprocess.Popen[bytes] | None = None
        self._listener: threading.Thread | None = None

    @property
    def url(self) -> str:
        """A setting `bus_url` that works."""
        return f"nats://127.0.0.1:{self._port}"

    def start(self) -> None:
        """Listen."""
        program = Path(sysconfig.get_path("scripts")) / "nats-server"
        command = [str(program), "--addr", "127.0.0.1", "--port", str(self._port)]
        self._running = subprocess.Popen(  # noqa: S603 - a program of our own environment
            command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        is_ready = threading.Event()
        self._listener = threading.Thread(
            target=self._listen, args=(self._running, is_ready), daemon=True
        )
        self._listener.start()
        if not is_ready.wait(PATIENCE_S):
            self.stop()
            raise AssertionError("the NATS server does not start")

    def _listen(self, running: "subprocess.Popen[bytes]", is_ready: threading.Event) -> None:
        assert running.stderr is not None
        with running.stderr:
            # To the end: nobody may wait for us to hear him.
            for line in running.stderr:
                if LISTENING in line:
                    self._port = int(line.rpartition(b":")[2])
                if READY in line:
                    is_ready.set()

    def stop(self) -> None:
        """Go, without a word to whoever is connected."""
        if self._running is None or self._listener is None:
            return
        self._running.kill()
        self._running.wait()
        self._listener.join()
        self._running = None


@contextmanager
def nats_server() -> Iterator[NatsServer]:
    """A server of one's own on a free port."""
    server = NatsServer()
    try:
        server.start()
        yield server
    finally:
        server.stop()
