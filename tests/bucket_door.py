"""A way to the S3 service that a test can shut: the bucket is away, and comes back."""

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Iterator
from queue import Queue

from tests.bucket_server import service


class Door:
    """Passes everything on while it is open. `is_silent`: nobody behind it ever answers."""

    def __init__(self) -> None:
        self.is_open = True
        self.is_silent = False
        self.endpoint = ""
        self._host, _, port = service().removeprefix("http://").partition(":")
        self._port = int(port)
        self._inside: dict[asyncio.StreamWriter, asyncio.Task[None] | None] = {}

    @contextlib.asynccontextmanager
    async def standing(self) -> AsyncIterator[None]:
        """It is there, until the block ends."""
        server = await asyncio.start_server(self._enter, "127.0.0.1", 0)
        self.endpoint = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        yield
        await self.shut()
        server.close()

    async def shut(self) -> None:
        """Nobody gets in, and who is in is put out."""
        self.is_open = False
        tasks = [each for each in self._inside.values() if each is not None]
        for writer in tuple(self._inside):
            writer.close()
        await asyncio.gather(*tasks)

    async def _enter(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self.is_open:
            writer.close()
            return
        self._inside[writer] = asyncio.current_task()
        try:
            if self.is_silent:
                await reader.read()
                return
            inner_reader, inner_writer = await asyncio.open_connection(self._host, self._port)
            with contextlib.closing(inner_writer):
                async with asyncio.TaskGroup() as group:
                    group.create_task(_pass_on(reader, inner_writer))
                    group.create_task(_pass_on(inner_reader, writer))
        finally:
            del self._inside[writer]
            writer.close()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while content := await reader.read(1 << 16):
            writer.write(content)
            await writer.drain()
    writer.close()


class OutsideDoor:
    """The same in a thread of its own, for a test that is no coroutine."""

    def __init__(self, door: Door, loop: asyncio.AbstractEventLoop) -> None:
        self._door = door
        self._loop = loop
        self.endpoint = door.endpoint

    def shut(self) -> None:
        """See `Door`."""
        asyncio.run_coroutine_threadsafe(self._door.shut(), self._loop).result()

    def open(self) -> None:
        """As it was."""
        self._door.is_open = True


@contextlib.contextmanager
def door_in_a_thread() -> Iterator[OutsideDoor]:
    """It stands until the block ends."""
    told, stop = Queue[OutsideDoor](), asyncio.Event()

    async def stand() -> None:
        door = Door()
        async with door.standing():
            told.put(OutsideDoor(door, asyncio.get_running_loop()))
            await stop.wait()

    # Not in the thread: a program is started there, and waited for.
    service()
    thread = threading.Thread(target=lambda: asyncio.run(stand()), daemon=True)
    thread.start()
    outside = told.get()
    try:
        yield outside
    finally:
        outside._loop.call_soon_threadsafe(stop.set)
        thread.join()
