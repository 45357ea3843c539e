"""The baseline of files: the same HTTP library, a loop that copies, and nothing else.

`PUT /NAME` writes what comes in to a file of that name and is answered when the disk has it; `GET
/NAME` sends it. Nothing is signed, checked, or looked up; the file is written and read on the loop.
"""

import argparse
import asyncio
import os
import sys
from pathlib import Path

import uvicorn
import uvloop
from starlette.types import Receive, Scope, Send
from typing_extensions import override

# As much as Tertulia reads at once.
_READ_BYTES = 1 << 18


class Copies:
    """The application."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        path = self._folder / scope["path"].strip("/")
        if scope["method"] == "PUT":
            await self._put(path, receive)
            await _head(send, 0)
            await send({"type": "http.response.body"})
        else:
            await self._get(path, send)

    @staticmethod
    async def _put(path: Path, receive: Receive) -> None:
        with path.open("wb", buffering=0) as file:
            more = True
            while more:
                message = await receive()
                file.write(message.get("body", b""))
                more = message.get("more_body", False)
            os.fsync(file.fileno())

    @staticmethod
    async def _get(path: Path, send: Send) -> None:
        with path.open("rb", buffering=0) as file:
            await _head(send, os.fstat(file.fileno()).st_size)
            while chunk := file.read(_READ_BYTES):
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body"})


async def _head(send: Send, length: int) -> None:
    headers = [(b"content-length", b"%d" % length)]
    await send({"type": "http.response.start", "status": 200, "headers": headers})


class _Listener(uvicorn.Server):
    @override
    async def startup(self, sockets: object = None) -> None:
        await super().startup()
        host, port = self.servers[0].sockets[0].getsockname()[:2]
        sys.stdout.write(f"The bare copy loop is listening on http://{host}:{port}\n")
        sys.stdout.flush()


def main() -> None:
    """Serve until the process is ended."""
    parser = argparse.ArgumentParser(description="The baseline of uploads and downloads.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--folder", type=Path, required=True)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    config = uvicorn.Config(
        Copies(options.folder),
        port=options.port,
        http="httptools",
        loop="none",
        lifespan="off",
        log_level="error",
        access_log=False,
    )
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_Listener(config).serve())


if __name__ == "__main__":
    main()
