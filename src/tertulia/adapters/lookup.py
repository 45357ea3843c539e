"""Names to addresses, in threads of our own.

The event loop's own look-ups share a handful of threads, and a name server that never answers keeps one
for half a minute: a few addresses given in bad faith would stop everybody's. Here each look-up has a thread
to itself, which nobody waits for when the server stops.
"""

import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable

MOST_LOOKUPS = 128
"""Under way, those included that nobody waits for any more; beyond it a name is not found."""

Lookup = Callable[[str, int], Awaitable[list[str]]]
"""From a host and a port to the host's addresses, without repetition. Raises: OSError, ValueError."""


class Lookups:
    """Looks names up (`Lookup`)."""

    def __init__(self) -> None:
        self._under_way = threading.BoundedSemaphore(MOST_LOOKUPS)

    async def __call__(self, host: str, port: int) -> list[str]:
        """See Lookup. To wait no longer is to leave the thread to itself."""
        if not self._under_way.acquire(blocking=False):
            raise OSError("too many names are being looked up")
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[list[str]] = loop.create_future()

        def settle(found: list[str] | Exception) -> None:
            if answer.done():
                return
            if isinstance(found, Exception):
                answer.set_exception(found)
            else:
                answer.set_result(found)

        def look_up() -> None:
            found: list[str] | Exception
            try:
                listed = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
                found = list(dict.fromkeys(str(each[4][0]) for each in listed))
            except (OSError, ValueError) as error:
                found = error
            finally:
                self._under_way.release()
            if not loop.is_closed():
                loop.call_soon_threadsafe(settle, found)

        threading.Thread(target=look_up, name="look-up", daemon=True).start()
        return await answer
