"""Builds the server from its settings. The only place that knows everybody."""

import asyncio
import contextlib
import gc
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
from urllib.parse import urlsplit

import uvicorn
import uvloop
from starlette.applications import Starlette
from typing_extensions import override

from tertulia.adapters import push_web
from tertulia.adapters.clock import SystemClock
from tertulia.adapters.email import mailer_at
from tertulia.adapters.files_disk import DiskFiles
from tertulia.adapters.outbound import Outbound
from tertulia.adapters.passwords import Argon2Passwords
from tertulia.adapters.push_web import DevicePushes, Vapid
from tertulia.core.accounts import Accounts
from tertulia.core.chats import Chats
from tertulia.core.codes import Codes
from tertulia.core.contacts import Contacts
from tertulia.core.events import Event
from tertulia.core.files import Files
from tertulia.core.ids import AccountId
from tertulia.core.keys import Keys
from tertulia.core.links import FileLinks
from tertulia.core.log import Log
from tertulia.core.messages import Messages
from tertulia.core.ports import Clock, Passwords
from tertulia.core.presence import PresenceBook
from tertulia.core.push import Pushing
from tertulia.core.services import Services
from tertulia.core.signals import Signals
from tertulia.core.signin import SignIn
from tertulia.core.statistics import Statistics
from tertulia.core.tally import Tally
from tertulia.delivery.audience import Audience
from tertulia.delivery.bus import InProcessBus
from tertulia.delivery.fanout import FanOut
from tertulia.delivery.hub import Hub
from tertulia.delivery.pushes import Pushes
from tertulia.dialects.sama import KEY_NAME, new_key, push_words, sama
from tertulia.settings import BY_NAME, Settings, SettingsError, local_path
from tertulia.store.accounts import SqlAccounts
from tertulia.store.blocks import SqlBlocks
from tertulia.store.chats import SqlChats
from tertulia.store.codes import SqlCodes
from tertulia.store.contacts import SqlContacts
from tertulia.store.counts import SqlCounts
from tertulia.store.engine import Engine
from tertulia.store.files import SqlFiles
from tertulia.store.keys import SqlKeys
from tertulia.store.messages import SqlMessages
from tertulia.store.migrate import NewerStore
from tertulia.store.oplog import SqlLog
from tertulia.store.pushes import SqlPushes
from tertulia.store.sessions import SqlSessions
from tertulia.store.sqlite import SqliteEngine
from tertulia.web.app import web_app
from tertulia.web.dialect import Desk, Dialect
from tertulia.web.health import health_routes
from tertulia.web.limits import Attempts, Limits
from tertulia.web.metrics import metrics_route, watch_loop_lag
from tertulia.web.port import Port, one_port
from tertulia.web.socket import Speaker, Upgrade
from tertulia.web.transfer import PATH as FILES_PATH
from tertulia.web.transfer import REFUSED_AT_THE_DOOR, Transfer
from tertulia.web.wire import JsonLimits

LOG = logging.getLogger(__name__)

STOP_WITHIN_S = 10
"""Between SIGTERM and the end, at most."""

COLLECT_AFTER = (20_000, 20, 50)
"""Thresholds of Python's garbage collector: a sixth of the CPU went into it with the defaults."""

FAILED_SIGN_INS = 10
FAILED_WITHIN_S = 600.0

LAST_TASKS_S = 1.0
"""For what is still under way when the last connection is gone: a last-seen date, for example."""

Spawn = Callable[[Coroutine[Any, Any, None]], object]
Publish = Callable[[list[Event]], None]
EngineOf = Callable[[Publish, Tally, Spawn], Engine]

NOT_YET = ("bus_url",)
"""Settings that are understood, but belong to parts this version does not have."""

FILE_KEY_NAME = "file links"
"""Under which the key that signs links to files lies in the store."""


async def hourly(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Do it now and every hour, for ever; what it raises is logged."""
    while True:
        try:
            await work()
        except Exception:
            LOG.exception("What is done every hour failed")
        await asyncio.sleep(3_600)


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
    disk, tasks = files_for(settings, clock), Tasks()
    tally, bus = Tally(), InProcessBus()
    engine = engine_of(bus.publish, tally, tasks.start)
    await engine.open()
    mailer = mailer_at(settings.email_url)
    try:
        accounts, blocks, sessions = SqlAccounts(engine), SqlBlocks(engine), SqlSessions(engine)
        chats, messages = SqlChats(engine), SqlMessages(engine)
        audience = Audience(chats.card)
        journal = SqlLog(engine)
        await journal.close_visits()
        log = Log(journal, clock)
        spawn: Spawn = tasks.start

        def came(account_id: AccountId) -> None:
            spawn(log.came(account_id))
            spawn(presence.came(account_id))

        def went(account_id: AccountId) -> None:
            spawn(log.went(account_id))
            spawn(presence.went(account_id))

        hub = Hub(came, went)
        presence = PresenceBook(accounts, blocks, hub, bus.announce, clock)
        attempts = Attempts(FAILED_SIGN_INS, FAILED_WITHIN_S, asyncio.get_running_loop().time)
        links = FileLinks(
            await sessions.server_secret(FILE_KEY_NAME, new_key()), base_url + FILES_PATH, clock
        )
        outbound, subscriptions = Outbound(settings.callback_allow), SqlPushes(engine)
        pushes = Pushes(
            hub,
            audience,
            subscriptions,
            await sender_for(settings, base_url, sessions, outbound, clock),
            words=push_words(links.download),
            clock=clock,
            spawn=spawn,
        )
        core = Services(
            accounts=Accounts(accounts, blocks, passwords, hub, clock),
            signin=SignIn(accounts, sessions, passwords, attempts, clock),
            codes=Codes(SqlCodes(engine), passwords, mailer, attempts, clock),
            contacts=Contacts(SqlContacts(engine), clock),
            files=Files(SqlFiles(engine), disk, links, clock, most_bytes=settings.max_upload),
            keys=Keys(SqlKeys(engine), clock),
            chats=Chats(chats, clock),
            messages=Messages(messages, clock),
            presence=presence,
            log=log,
            pushing=Pushing(subscriptions, pushes, outbound, accounts, clock),
            signals=Signals(accounts, blocks, chats, audience, bus.announce, clock),
            statistics=Statistics(SqlCounts(engine), hub, clock),
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
                admin_key=settings.sama_admin_key,
            ),
        )
        port = one_port(_speakers(dialects), _limits(settings), tally, also=_for_pages)
        fan_out = FanOut(hub, audience, tally, spawn=tasks.start, flush=port.flusher.flush)
        bus.listen(fan_out.deliver)
        # After it: who is told by a packet has it by then.
        bus.listen(pushes.consider)
        await pushes.open()
        routes = [route for dialect in dialects for route in dialect.routes]
        routes += [*health_routes({"store": engine.check}), metrics_route(tally)]
        routes += Transfer(core.files).routes()
        watch = tasks.start(watch_loop_lag(tally))
        tidy = (core.keys.forget_old, core.log.tidy, pushes.tidy, core.files.tidy)
        chores = [tasks.start(hourly(each)) for each in tidy]
        yield Server(web_app(routes), port, engine, core, hub, tally)
        pushes.close()
        for each in (watch, *chores):
            each.cancel()
        await tasks.end(LAST_TASKS_S)
    finally:
        mailer.close()
        disk.close()
        await engine.close()


def _speakers(dialects: tuple[Dialect, ...]) -> Callable[[Upgrade], Speaker]:
    """Who speaks for an upgrade: the last dialect with a voice takes what no other claims."""
    speaker = dialects[-1].speaker
    assert speaker is not None, "SAMA takes every path that no other dialect claims"
    return speaker


async def sender_for(
    settings: Settings, base_url: str, sessions: SqlSessions, outbound: Outbound, clock: Clock
) -> DevicePushes:
    """The way to devices, with the operator's key, or one of our own, made at the first start.

    Raises:
        SettingsError: what the operator gave is no key.
    """
    key = settings.vapid_key or await sessions.server_secret(push_web.KEY_NAME, push_web.new_key())
    address = urlsplit(base_url)
    contact = base_url if address.scheme == "https" else f"mailto:tertulia@{address.hostname}"
    try:
        vapid = Vapid(key, contact)
    except ValueError as error:
        raise SettingsError(f"vapid_key: it is no private key ({error})") from error
    LOG.info("Web push is ready", extra={"fields": {"public_key": vapid.public_key}})
    return DevicePushes(outbound, vapid, clock, settings.push_url)


def _is_file(path: str) -> bool:
    return path.startswith(FILES_PATH + "/")


def _for_pages(path: str) -> tuple[tuple[bytes, bytes], ...]:
    return REFUSED_AT_THE_DOOR if _is_file(path) else ()


def _limits(settings: Settings) -> Limits:
    return Limits(
        request_line_bytes=settings.max_request_line,
        header_bytes=settings.max_header_block,
        body_bytes=lambda path: settings.max_upload if _is_file(path) else settings.max_body,
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


def files_for(settings: Settings, clock: Clock) -> DiskFiles:
    """Where the settings want files to lie.

    Raises:
        SettingsError: not in a folder, or in one that cannot be written to.
    """
    if not settings.files_url.startswith("file:"):
        raise SettingsError("files_url: this version keeps files in a folder only: file:///PATH")
    folder = local_path(settings.files_url)
    disk = DiskFiles(folder, lambda: clock.now_ms() / 1000)
    try:
        disk.open_folder()
    except OSError as error:
        raise SettingsError(f"files_url: {folder} cannot be used: {error.strerror}") from error
    return disk


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
        # What is there now stays for ever: the collector need not look at it again, and looks less often.
        gc.collect()
        gc.freeze()
        gc.set_threshold(*COLLECT_AFTER)
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
