"""Builds the server from its settings. The only place that knows everybody."""

import asyncio
import contextlib
import logging
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import uvicorn
import uvloop
from starlette.applications import Starlette
from typing_extensions import override

from tertulia.adapters.clock import SystemClock
from tertulia.adapters.passwords import Argon2Passwords
from tertulia.core.accounts import Accounts
from tertulia.core.chats import Chats
from tertulia.core.events import Event
from tertulia.core.messages import Messages
from tertulia.core.ports import Clock, Passwords
from tertulia.core.presence import PresenceBook
from tertulia.core.services import Services
from tertulia.core.signals import Signals
from tertulia.core.signin import SignIn
from tertulia.core.tally import Tally
from tertulia.delivery.audience import Audience
from tertulia.delivery.bus import InProcessBus
from tertulia.delivery.fanout import FanOut
from tertulia.delivery.hub import Hub
from tertulia.dialects.sama import KEY_NAME, new_key, sama
from tertulia.settings import BY_NAME, Settings, SettingsError, local_path
from tertulia.store.accounts import SqlAccounts
from tertulia.store.blocks import SqlBlocks
from tertulia.store.chats import SqlChats
from tertulia.store.engine import Engine
from tertulia.store.messages import SqlMessages
from tertulia.store.migrate import NewerStore
from tertulia.store.sessions import SqlSessions
from tertulia.store.sqlite import SqliteEngine
from tertulia.web.app import web_app
from tertulia.web.dialect import Desk, Dialect
from tertulia.web.health import health_routes
from tertulia.web.limits import Attempts, Limits
from tertulia.web.metrics import metrics_route, watch_loop_lag
from tertulia.web.port import Port, one_port
from tertulia.web.socket import Speaker, Upgrade
from tertulia.web.wire import JsonLimits

LOG = logging.getLogger(__name__)

STOP_WITHIN_S = 10
"""Between SIGTERM and the end, at most."""

FAILED_SIGN_INS = 10
FAILED_WITHIN_S = 600.0

LAST_TASKS_S = 1.0
"""For what is still under way when the last connection is gone: a last-seen date, for example."""

Spawn = Callable[[Coroutine[Any, Any, None]], object]
Publish = Callable[[list[Event]], None]
EngineOf = Callable[[Publish, Tally, Spawn], Engine]

NOT_YET = ("bus_url", "push_url", "vapid_key", "sama_admin_key")
"""Settings that are understood, but belong to parts this version does not have."""


class Tasks:
    """Tasks the server owns: what they raise is logged, and its end waits for theirs.

    A TaskGroup would end the whole server with the first task that fails, and costs twice as much
    for the one task that every request is.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._running: set[asyncio.Task[None]] = set()

    def start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run it beside everything else."""
        task = self._loop.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            LOG.error("A task failed", exc_info=error)

    async def end(self, patience_s: float) -> None:
        """Wait for all of them; after *patience_s* cancel those that are left."""
        if self._running:
            await asyncio.wait(self._running, timeout=patience_s)
        for task in tuple(self._running):
            task.cancel()
        if self._running:
            await asyncio.wait(self._running)


@dataclass(frozen=True, slots=True)
class Server:
    """A whole server, not yet listening."""

    app: Starlette
    port: Port
    engine: Engine
    core: Services
    hub: Hub
    tally: Tally


@contextlib.asynccontextmanager
async def built(
    settings: Settings,
    *,
    base_url: str,
    engine_of: EngineOf,
    passwords: Passwords,
    clock: Clock,
) -> AsyncIterator[Server]:
    """The server, its store open; closed again at the end.

    Args:
        settings: what the operator set.
        base_url: of absolute links.
        engine_of: makes the store's engine, given where to publish, to count and to start tasks.
        passwords: hashes them.
        clock: the time.
    """
    tally, bus = Tally(), InProcessBus()
    tasks = Tasks()
    engine = engine_of(bus.publish, tally, tasks.start)
    await engine.open()
    try:
        accounts, blocks, sessions = SqlAccounts(engine), SqlBlocks(engine), SqlSessions(engine)
        chats, messages = SqlChats(engine), SqlMessages(engine)
        audience = Audience(chats.card)
        hub = Hub(
            lambda account_id: tasks.start(presence.came(account_id)),
            lambda account_id: tasks.start(presence.went(account_id)),
        )
        presence = PresenceBook(accounts, blocks, hub, bus.announce, clock)
        attempts = Attempts(FAILED_SIGN_INS, FAILED_WITHIN_S, asyncio.get_running_loop().time)
        core = Services(
            accounts=Accounts(accounts, blocks, passwords, hub, clock),
            signin=SignIn(accounts, sessions, passwords, attempts, clock),
            chats=Chats(chats, clock),
            messages=Messages(messages, clock),
            presence=presence,
            signals=Signals(accounts, blocks, audience, bus.announce, clock),
            connections=hub,
            clock=clock,
        )
        desk = Desk(core, hub, tasks.start, _json_limits(settings), base_url, settings.max_body)
        key = await sessions.server_secret(KEY_NAME, new_key())
        dialects = (
            sama(
                desk,
                key,
                organizations=frozenset(settings.sama_organizations),
                origins=frozenset(settings.sama_origins),
                most_members=settings.sama_max_participants,
            ),
        )
        port = one_port(_speakers(dialects), _limits(settings), tally)
        fan_out = FanOut(hub, audience, tally, spawn=tasks.start, flush=port.flusher.flush)
        bus.listen(fan_out.deliver)
        routes = [route for dialect in dialects for route in dialect.routes]
        routes += [*health_routes({"store": engine.check}), metrics_route(tally)]
        watch = tasks.start(watch_loop_lag(tally))
        yield Server(web_app(routes), port, engine, core, hub, tally)
        watch.cancel()
        await tasks.end(LAST_TASKS_S)
    finally:
        await engine.close()


def _speakers(dialects: tuple[Dialect, ...]) -> Callable[[Upgrade], Speaker]:
    """Who speaks for an upgrade: the last dialect with a voice takes what no other claims."""
    speaker = dialects[-1].speaker
    assert speaker is not None, "SAMA takes every path that no other dialect claims"
    return speaker


def _limits(settings: Settings) -> Limits:
    return Limits(
        request_line_bytes=settings.max_request_line,
        header_bytes=settings.max_header_block,
        body_bytes=lambda _: settings.max_body,
        first_byte_s=settings.first_byte_timeout,
        head_s=settings.head_timeout,
        body_s=settings.body_timeout,
        message_bytes=settings.max_packet,
        waiting_bytes=settings.max_waiting_bytes,
        waiting_packets=settings.max_waiting_packets,
        ping_every_s=settings.ping_every,
        silent_s=settings.pong_timeout,
        unsigned_s=settings.unsigned_socket_timeout,
        unsigned_per_address=settings.unsigned_sockets_per_address,
        drain_s=STOP_WITHIN_S - 4,
        trusted_proxies=settings.trusted_proxies,
    )


def _json_limits(settings: Settings) -> JsonLimits:
    return JsonLimits(settings.max_json_depth, settings.max_json_keys, settings.max_json_items)


def engine_for(settings: Settings) -> EngineOf:
    """Makes the engine the settings ask for.

    Raises:
        SettingsError: PostgreSQL is asked for and its driver is not installed.
    """
    if settings.database_url.startswith("sqlite:"):
        path = str(local_path(settings.database_url))
        return lambda publish, tally, _: SqliteEngine(path, publish, tally)
    try:
        # Here, because the driver is an extra, and a start without it is faster.
        from tertulia.store.postgres import PostgresEngine  # noqa: PLC0415 - see above
    except ImportError as error:
        raise SettingsError(
            "database_url asks for PostgreSQL, but its driver is missing:"
            " pip install 'tertulia[postgres]'"
        ) from error
    url = settings.database_url
    return lambda publish, tally, spawn: PostgresEngine(url, publish, tally, spawn=spawn)


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
    _warn_of_unused(settings)
    uvloop.run(_serve(settings))


def _warn_of_unused(settings: Settings) -> None:
    for name in NOT_YET:
        if getattr(settings, name) != BY_NAME[name].kind.parse(BY_NAME[name].default):
            LOG.warning(
                "This version does nothing with a setting", extra={"fields": {"setting": name}}
            )


async def _serve(settings: Settings) -> None:
    _make_folder(settings.data)
    listening = _listen(settings)
    base_url = settings.base_url(listening.getsockname()[1])
    passwords = Argon2Passwords()
    try:
        async with built(
            settings,
            base_url=base_url,
            engine_of=engine_for(settings),
            passwords=passwords,
            clock=SystemClock(),
        ) as server:
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
        timeout_graceful_shutdown=STOP_WITHIN_S - 1,
        backlog=2_048,
    )

    def say_ready() -> None:
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
