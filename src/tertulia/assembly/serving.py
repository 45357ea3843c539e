"""Listens on the one port until a signal says to stop."""

import contextlib
import gc
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

import uvicorn
import uvloop
from typing_extensions import override

from tertulia.adapters.clock import SystemClock
from tertulia.adapters.passwords import Argon2Passwords
from tertulia.assembly import control
from tertulia.assembly.commands import commands
from tertulia.assembly.server import STOP_WITHIN_S, Server, built, engine_for
from tertulia.settings import Settings, SettingsError
from tertulia.store.migrate import NewerStore

LOG = logging.getLogger(__name__)

COLLECT_AFTER = (20_000, 20, 50)
"""Thresholds of Python's garbage collector: a sixth of the CPU went into it with the defaults."""


class Listener(uvicorn.Server):
    """uvicorn's server; it says when it is ready, and a second signal ends it at once."""

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    @override
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, then say so."""
        await super().startup(sockets)
        self._on_ready()

    @override
    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """First finish what was asked; asked twice, go. What was acknowledged is on disk either way."""
        if self.should_exit:
            os._exit(128 + sig)
        LOG.info("Stopping", extra={"fields": {"signal": signal.Signals(sig).name}})
        self.should_exit = True

    @override
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Without uvicorn's habit of raising the signal again: a clean stop has status 0."""
        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, self.handle_exit)
        yield


def run(settings: Settings) -> None:
    """Serve until a signal says to stop.

    Raises:
        SettingsError: it cannot start like this; the text says why.
    """
    uvloop.run(_serve(settings))


async def _serve(settings: Settings) -> None:
    _make_folder(settings.data)
    listening = _listen(settings)
    base_url = settings.base_url(listening.getsockname()[1])
    passwords, clock = Argon2Passwords(), SystemClock()
    try:
        async with (
            built(
                settings,
                base_url=base_url,
                engine_of=engine_for(settings),
                passwords=passwords,
                clock=clock,
            ) as server,
            control.listening(
                settings.data, commands(server.engine, passwords, clock, base_url=base_url)
            ),
        ):
            if server.engine.is_shared and not settings.bus_url:
                LOG.warning(
                    "Another process uses this database: people on one server will not hear what"
                    " happens on the other, nor that they were put out of a chat there, unless both have the"
                    " same bus_url"
                )
            await _listener(settings, server, listening).serve([listening])
    except NewerStore as error:
        raise SettingsError(str(error)) from error
    finally:
        listening.close()
        passwords.close()
    LOG.info("Stopped")


def _listener(settings: Settings, server: Server, listening: socket.socket) -> Listener:
    config = uvicorn.Config(
        server.app,
        http=server.port.http,
        ws=server.port.ws,
        loop="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=STOP_WITHIN_S - 3,
        backlog=2_048,
    )

    def say_ready() -> None:
        # What is there now stays for ever: the collector need not look at it again, and looks less often.
        gc.collect()
        gc.freeze()
        gc.set_threshold(*COLLECT_AFTER)
        gc.enable()
        host, port = settings.host, listening.getsockname()[1]
        shown = f"[{host}]" if ":" in host else host
        sys.stdout.write(f"Tertulia is listening on http://{shown}:{port}\n")
        sys.stdout.flush()
        LOG.info("Listening", extra={"fields": {"host": host, "port": port}})

    return Listener(config, say_ready)


def _make_folder(data: Path) -> None:
    try:
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise SettingsError(f"data: {data} cannot be made: {error.strerror}") from error


def _listen(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listening = socket.socket(family)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((settings.host, settings.port))
    except OSError as error:
        listening.close()
        reason = error.strerror or str(error)
        raise SettingsError(
            f"cannot listen on {settings.host}:{settings.port}: {reason}"
        ) from error
    return listening
