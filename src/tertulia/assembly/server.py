"""Builds a whole server from its settings: every part, handed what it needs."""

import contextlib
import secrets
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass

from starlette.applications import Starlette

from tertulia import __version__
from tertulia.adapters.drawings import Drawer
from tertulia.adapters.email import mailer_at
from tertulia.adapters.outbound import Outbound
from tertulia.assembly.dialects import dialects
from tertulia.assembly.files import files_for
from tertulia.assembly.leading import leading, say_farewell
from tertulia.assembly.messenger import Messenger, messenger
from tertulia.assembly.parts import Parts
from tertulia.assembly.tasks import Spawn, Tasks
from tertulia.core.errors import Unavailable
from tertulia.core.events import Event
from tertulia.core.ids import MAX_NUMBER
from tertulia.core.ports import Clock, Passwords
from tertulia.core.services import Services
from tertulia.core.tally import Tally
from tertulia.delivery.bus import Bus
from tertulia.delivery.fanout import FanOut
from tertulia.delivery.hub import Hub
from tertulia.settings import Settings, SettingsError, local_path
from tertulia.store.engine import Engine
from tertulia.store.sqlite import SqliteEngine
from tertulia.store.visits import ALONE
from tertulia.web.app import web_app
from tertulia.web.described import DESCRIBED, description_routes
from tertulia.web.dialect import Claims, Desk, Dialect
from tertulia.web.health import health_routes
from tertulia.web.limits import Limits
from tertulia.web.metrics import metrics_route, watch_loop_lag
from tertulia.web.pages import BUILT, About, page_routes
from tertulia.web.port import Port, one_port
from tertulia.web.transfer import PATH as FILES_PATH
from tertulia.web.transfer import REFUSED_AT_THE_DOOR, Transfer
from tertulia.web.wire import JsonLimits

STOP_WITHIN_S = 10
"""Between SIGTERM and the end, at most."""

LAST_TASKS_S = 1.0
"""For what is still under way when the last connection is gone: a last-seen date, for example."""

Publish = Callable[[list[Event]], None]
EngineOf = Callable[[Publish, Tally, Spawn], Engine]


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
    files, tasks = await files_for(settings, clock), Tasks()
    tally, bus = Tally(), Bus()
    engine = engine_of(bus.publish, tally, tasks.start)
    await engine.open()
    mailer = mailer_at(settings.email_url)
    outbound = Outbound(settings.callback_allow)
    drawer = Drawer()
    parts = Parts(
        settings,
        base_url,
        clock,
        passwords,
        engine,
        tally,
        tasks,
        bus,
        files,
        mailer,
        outbound,
        drawer,
        engine.process,
    )
    try:
        made = await messenger(parts)
        core = made.core
        desk = Desk(
            core, made.hub, tasks.start, _json_limits(settings), base_url, settings.max_body
        )
        claiming, rest = await dialects(parts, desk)
        port = _port(settings, Claims(claiming, rest), tally)
        _deliver(made, claiming, port, parts)
        routes = [route for dialect in (*claiming, rest) for route in dialect.routes]
        routes += [
            *health_routes({"store": engine.check, "files": files.check}),
            metrics_route(tally),
        ]
        routes += Transfer(core.files).routes()
        routes += description_routes(DESCRIBED)
        routes += page_routes(BUILT, _about(settings, made))
        async with _joined(parts, made):
            async with leading(parts, made):
                watching = tasks.start(watch_loop_lag(tally))
                yield Server(web_app(routes), port, engine, core, made.hub, tally)
            watching.cancel()
            await tasks.end(LAST_TASKS_S)
            await say_farewell(made.journal)
    finally:
        drawer.close()
        mailer.close()
        await files.close()
        await engine.close()


def _joined(parts: Parts, made: Messenger) -> contextlib.AbstractAsyncContextManager[None]:
    """This process is one with others, if it has a bus to them."""
    if not parts.settings.bus_url:
        return contextlib.nullcontext()
    # Here, because the bus is an extra, and a start without it is faster.
    from tertulia.assembly.cluster import clustered  # noqa: PLC0415 - see above

    return clustered(parts, made)


def _port(settings: Settings, claims: Claims, tally: Tally) -> Port:
    """The one port, which asks the dialects who speaks and in whose words it refuses."""
    return one_port(
        claims.speaker,
        _limits(settings, claims),
        tally,
        refusal=claims.refusal,
        also=lambda path: claims.also(path) + _for_pages(path),
    )


def _deliver(made: Messenger, claiming: Sequence[Dialect], port: Port, parts: Parts) -> None:
    """Let everybody hear what the store publishes."""
    fan_out = FanOut(
        made.hub,
        made.audience,
        parts.tally,
        spawn=parts.tasks.start,
        flush=port.flusher.flush,
        delivered=made.delivered,
        before=[
            made.callbacks.hear,
            *(each.hears for each in claiming if each.hears is not None),
        ],
    )
    parts.bus.listen(fan_out.deliver)
    for errand in (errand for each in claiming for errand in each.errands):
        made.callbacks.add(errand)
    # After it: who is told by a packet has it by then.
    parts.bus.listen(made.pushes.consider)
    if parts.process != ALONE:
        parts.bus.listen(made.pushes.hear)


def _about(settings: Settings, made: Messenger) -> About:
    """What the web client may know before anybody is signed in."""
    constant = {
        "version": __version__,
        "max_upload": settings.max_upload,
        "registration": settings.registration.value,
        "sms": bool(settings.sms_url or settings.sms_test_numbers),
        "mail": bool(settings.email_url),
    }

    async def about() -> dict[str, object]:
        try:
            is_new = not await made.core.accounts.has_people()
        except Unavailable:
            # The page shall come up all the same, and say what happened when somebody signs in.
            is_new = False
        return {**constant, "push_key": await made.sender.public_key(), "is_new": is_new}

    return about


def _is_file(path: str) -> bool:
    return path.startswith(FILES_PATH + "/")


def _for_pages(path: str) -> tuple[tuple[bytes, bytes], ...]:
    return REFUSED_AT_THE_DOOR if _is_file(path) else ()


def _limits(settings: Settings, claims: Claims) -> Limits:
    def body_bytes(path: str) -> int:
        return settings.max_upload if _is_file(path) else claims.body_bytes(path, settings.max_body)

    return Limits(
        request_line_bytes=settings.max_request_line,
        header_bytes=settings.max_header_block,
        body_bytes=body_bytes,
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
    need_bus(settings)
    if settings.database_url.startswith("sqlite:"):
        path = str(local_path(settings.database_url))
        return lambda publish, tally, _: SqliteEngine(path, publish, tally)
    need_driver()
    # Here, because the driver is an extra, and a start without it is faster.
    from tertulia.store.postgres import PostgresEngine  # noqa: PLC0415 - see above

    url = settings.database_url
    process = secrets.randbelow(MAX_NUMBER) + 1 if settings.bus_url else 0
    return lambda publish, tally, spawn: PostgresEngine(url, publish, tally, spawn, process=process)


def need_driver() -> None:
    """That of PostgreSQL. Raises: SettingsError: it is not installed."""
    try:
        import asyncpg  # noqa: F401, PLC0415 - as in `engine_for`
    except ImportError as error:
        raise SettingsError(
            "database_url asks for PostgreSQL, but its driver is missing:"
            " install it with '.[postgres]' instead of '.'"
        ) from error


def need_bus(settings: Settings) -> None:
    """Whether the settings can have a bus.

    Raises:
        SettingsError: the store is no PostgreSQL, or the library is not installed.
    """
    if not settings.bus_url:
        return
    if settings.database_url.startswith("sqlite:"):
        raise SettingsError(
            "bus_url joins several processes, and an embedded store has room for one:"
            " set database_url to a PostgreSQL database"
        )
    try:
        import nats  # noqa: F401, PLC0415 - an extra, and a start without it is faster
    except ImportError as error:
        raise SettingsError(
            "bus_url asks for NATS, but its library is missing:"
            " install it with '.[postgres,nats]' instead of '.'"
        ) from error
