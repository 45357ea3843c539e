"""Builds a whole server from its settings: every part, handed what it needs."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.applications import Starlette

from tertulia.adapters import push_web
from tertulia.adapters.email import mailer_at
from tertulia.adapters.files_disk import DiskFiles
from tertulia.adapters.outbound import Outbound
from tertulia.adapters.push_web import DevicePushes, Vapid
from tertulia.assembly.tasks import Spawn, Tasks, hourly
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
from tertulia.settings import Settings, SettingsError, local_path
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

FAILED_SIGN_INS = 10
FAILED_WITHIN_S = 600.0

LAST_TASKS_S = 1.0
"""For what is still under way when the last connection is gone: a last-seen date, for example."""

Publish = Callable[[list[Event]], None]
EngineOf = Callable[[Publish, Tally, Spawn], Engine]

FILE_KEY_NAME = "file links"
"""Under which the key that signs links to files lies in the store."""


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
