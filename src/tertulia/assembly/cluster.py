"""Joins several processes into one server: the chain of their commits, and the bus between them.

Imported only where there is a bus: what it needs is an extra, and a start without it is faster.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Iterator
from functools import partial

from tertulia.adapters.bus_nats import NatsBus
from tertulia.assembly.messenger import Messenger
from tertulia.assembly.parts import Parts
from tertulia.core.cluster import Report
from tertulia.core.events import Event
from tertulia.delivery.chain import Chain
from tertulia.delivery.peers import Peers
from tertulia.settings import Settings, SettingsError, local_path
from tertulia.store.batch import Batch
from tertulia.store.event_words import decoded, encoded
from tertulia.store.postgres import PostgresEngine
from tertulia.store.told import SqlTold

LOG = logging.getLogger(__name__)

BUS_NAME = "bus"
"""Under which the name of the cluster on the bus lies in the store."""

TOLD = "told"
"""The topic of commits: `before number`, a line break, the events."""

SAID = "said"
"""The topic of what is announced and never stored: `after`, a line break, the events."""

PRESENT = "present"
"""The topic of who is connected to which process (`delivery.rolls`)."""

MOST_BYTES = 512 << 10
"""Of a message on the bus, which carries 1 MiB as it comes. What is longer is read from the store."""


def _are_files_its_own(settings: Settings) -> bool:
    """Whether uploads lie in the data folder, which each process has for itself."""
    url = settings.files_url
    return url.startswith("file:") and local_path(url).is_relative_to(settings.data.absolute())


@contextlib.asynccontextmanager
async def clustered(parts: Parts, made: Messenger) -> AsyncIterator[None]:
    """As long as this lasts, this process hears what the others do, and they hear of it.

    Raises:
        SettingsError: the address of the bus is none.
        Unavailable: the bus or the store does not answer.
    """
    assert isinstance(parts.engine, PostgresEngine), "server.need_bus() was asked"
    try:
        wire = NatsBus(parts.settings.bus_url, parts.tally)
    except ValueError as error:
        raise SettingsError(f"bus_url: {error}") from error
    if _are_files_its_own(parts.settings):
        LOG.warning(
            "Files lie in a folder of this process alone: the others will not find them",
            extra={"fields": {"where": parts.files.where}},
        )
    cluster = Cluster(parts, made, parts.engine, wire)
    await wire.open(await parts.secret(BUS_NAME), cluster.hears, cluster.resumed)
    try:
        await cluster.start()
        yield
    finally:
        cluster.stop()
        await wire.close()


class Cluster:
    """This process as one of several."""

    def __init__(
        self, parts: Parts, made: Messenger, engine: PostgresEngine, wire: NatsBus
    ) -> None:
        """It hears and says nothing before `start`.

        Attributes:
            hears: what takes the messages of other processes, by topic.
        """
        self._bus = parts.bus
        self._engine = engine
        self._wire = wire
        self.told = SqlTold(engine, engine.process)
        self._chain = Chain(
            engine.telling.tell,
            self.told,
            parts.tasks.start,
            parts.tally,
            is_hurried=lambda: wire.is_connected,
        )
        self._peers = Peers(
            made.hub,
            made.core.presence,
            send=partial(wire.send, PRESENT),
            clock=parts.clock,
            loop=asyncio.get_running_loop(),
            tally=parts.tally,
            process_id=str(engine.process),
            is_connected=lambda: wire.is_connected,
        )
        self.hears = {
            TOLD: self._hear_told,
            SAID: self._hear_said,
            PRESENT: self._peers.arrived,
        }

    async def start(self) -> None:
        """From now on this process is one with the others. Raises: Unavailable."""
        self._engine.tell_through(self._committed)
        self._bus.carry_by(self._announced)
        await self._chain.start()
        self._peers.start()

    def resumed(self) -> None:
        """The bus is there again: nobody knows what was said meanwhile."""
        self._chain.look()
        self._peers.resumed()

    def stop(self) -> None:
        """What the others do is heard no more; what happens here is still told them."""
        self._peers.stop()
        self._chain.stop()

    # What happens here.

    def _committed(self, batch: Batch) -> None:
        if batch.words:
            self._chain.take(Report(batch.before, batch.last_number, batch.events))
            head = b"%d %d\n" % (batch.before, batch.last_number)
            is_long = len(batch.words) > MOST_BYTES
            self._wire.send(TOLD, head if is_long else head + batch.words)

    def _announced(self, event: Event) -> None:
        self._wire.send(SAID, b"%d\n" % self._chain.position + encoded([event]))

    # What happens elsewhere.

    def _hear_told(self, message: bytes) -> None:
        """Another process has committed."""
        head, _, words = message.partition(b"\n")
        with _understood():
            before, number = map(int, head.split())
            if words:
                self._chain.take(Report(before, number, decoded(words, foreign=True)))
            else:
                self._chain.look()

    def _hear_said(self, message: bytes) -> None:
        """Another process has announced something."""
        head, _, words = message.partition(b"\n")
        with _understood():
            self._chain.announce(int(head), decoded(words, foreign=True))


@contextlib.contextmanager
def _understood() -> Iterator[None]:
    """Of another version, or of nobody we know: what is stored, the store will tell."""
    try:
        yield
    except ValueError as error:
        LOG.warning("A message on the bus is not understood", extra={"fields": {"why": str(error)}})
