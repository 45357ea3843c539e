"""Whole servers for tests, in the test's own event loop."""

import asyncio
import contextlib
import socket
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import uvicorn

from tertulia.adapters.clock import SystemClock
from tertulia.adapters.passwords import Argon2Passwords
from tertulia.assembly import EngineOf, Listener, Publish, Server, Spawn, built
from tertulia.core.ports import Clock
from tertulia.core.tally import Tally
from tertulia.settings import Settings
from tertulia.store.engine import Engine
from tertulia.store.sqlite import IN_MEMORY, SqliteEngine

RUNNING: dict[str, Server] = {}
"""Which server answers at a base URL in this process: for what no API can do."""


def in_memory(publish: Publish, tally: Tally, spawn: Spawn) -> Engine:
    """A store that nobody else sees and nothing keeps."""
    del spawn
    return SqliteEngine(IN_MEMORY, publish, tally)


@contextlib.asynccontextmanager
async def running_house(
    engine_of: EngineOf = in_memory,
    clock: Clock | None = None,
    **settings: Any,
) -> AsyncIterator[tuple[Server, str]]:
    """A whole server on a free port, and its base URL.

    Passwords are hashed as cheaply as the library allows; `settings` are those of an operator.
    Without a clock it has the real time.
    """
    scratch = tempfile.TemporaryDirectory(prefix="tertulia-house-")
    settings.setdefault("data", Path(scratch.name))
    # Named, so that asyncio sees that it is TCP and does not hold small answers back.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.bind(("127.0.0.1", 0))
    base_url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    passwords = Argon2Passwords(memory_kib=8, rounds=1)
    ready = asyncio.Event()
    try:
        async with (
            asyncio.TaskGroup() as group,
            built(
                Settings(**settings),
                base_url=str(settings.get("public_url") or base_url),
                engine_of=engine_of,
                passwords=passwords,
                clock=clock or SystemClock(),
            ) as server,
        ):
            config = uvicorn.Config(
                server.app,
                http=server.port.http,
                ws=server.port.ws,
                loop="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                timeout_graceful_shutdown=5,
            )
            listener = QuietListener(config, ready.set)
            serving = group.create_task(listener.serve([listening]))
            await ready.wait()
            RUNNING[base_url] = server
            yield server, base_url
            listener.should_exit = True
            await serving
    except BaseExceptionGroup as several:
        # What a test has to say stands alone, not inside the group our tasks need.
        if len(several.exceptions) == 1:
            raise several.exceptions[0] from None
        raise
    finally:
        RUNNING.pop(base_url, None)
        scratch.cleanup()
        listening.close()
        passwords.close()


class QuietListener(Listener):
    """Leaves the signals of the test run alone."""

    capture_signals = contextlib.nullcontext  # type: ignore[assignment]  # nothing to capture


@contextlib.asynccontextmanager
async def running_server(**settings: Any) -> AsyncIterator[str]:
    """The base URL of an empty server."""
    async with running_house(**settings) as (_, base_url):
        yield base_url
