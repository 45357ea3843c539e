"""The way to the other processes of a cluster: NATS (docs/decisions/0126).

It promises nothing: what it does not deliver is found in the store. So what cannot leave at once is
dropped, and nothing ever waits for it.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import nats
import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg
from typing_extensions import override

from tertulia.core.errors import Unavailable
from tertulia.core.tally import Tally

LOG = logging.getLogger(__name__)

CONNECT_WITHIN_S = 5.0
"""For the first connection; a later one is tried for ever."""

TRY_AGAIN_S = 0.25
"""Between two attempts to connect again."""

PING_EVERY_S = 5
"""So soon a dead line is noticed, twice this at most."""

MOST_WAITING = 20_000
"""Messages that are to go out; beyond it they are dropped."""

TROUBLE = (OSError, TimeoutError, nats.errors.Error)

Hear = Callable[[bytes], None]


class _Client(Client):
    """Says nothing in the open, not even a password, to a server that was to encrypt."""

    must_encrypt = False

    @override
    async def _process_info(
        self,
        info: dict[str, Any],
        initial_connection: bool = False,
    ) -> None:
        # The library would go on: it encrypts only if the server asks for it.
        if self.must_encrypt and not info.get("tls_required"):
            raise nats.errors.SecureConnRequiredError
        await super()._process_info(info, initial_connection)


class NatsBus:
    """`core.cluster.Wire` over NATS."""

    def __init__(self, url: str, tally: Tally) -> None:
        """Not connected yet.

        Args:
            url: of a server, or of several of one cluster with commas between them; `tls:` insists on
                encryption. A name and a password may stand in it.
            tally: where messages are counted.

        Raises:
            ValueError: it is no such address; the text says why.
        """
        self._servers = [_checked(each) for each in url.split(",")]
        self._tally = tally
        self._client = _Client()
        self._client.must_encrypt = any(each.startswith("tls:") for each in self._servers)
        self._subject = ""
        self._hears: Mapping[str, Hear] = {}
        self._waiting: deque[tuple[str, bytes]] = deque()
        self._wakened = asyncio.Event()
        self._sending: asyncio.Task[None] | None = None
        self._resumed: Callable[[], None] = lambda: None
        self._is_closing = False
        self._trouble: Exception | None = None

    async def open(
        self, installation: str, hears: Mapping[str, Hear], resumed: Callable[[], None]
    ) -> None:
        """Connect and listen.

        Args:
            installation: a name that all processes of this cluster share, and nobody else knows.
            hears: by topic, what is called with each message of another process, in order.
            resumed: is called when the connection is there again after it was lost.

        Raises:
            Unavailable: nobody answers there, or lets us in.
        """
        self._subject, self._hears, self._resumed = f"tertulia.{installation}", hears, resumed
        try:
            async with asyncio.timeout(CONNECT_WITHIN_S):
                await self._client.connect(
                    self._servers,
                    name="tertulia",
                    no_echo=True,
                    max_reconnect_attempts=-1,
                    reconnect_time_wait=TRY_AGAIN_S,  # type: ignore[arg-type]  # it only sleeps so long
                    ping_interval=PING_EVERY_S,
                    error_cb=self._on_error,
                    disconnected_cb=self._on_lost,
                    reconnected_cb=self._on_resumed,
                )
                await self._client.subscribe(f"{self._subject}.*", cb=self._on_message)
                # The first may overtake the subscription on its way out; the second comes after both.
                await self._client.flush()
                await self._client.flush()
        except TROUBLE as error:
            await self.close()
            where = ", ".join(_shown(each) for each in self._servers)
            raise Unavailable(f"the bus at {where} ({_why(self._trouble or error)})") from error
        self._tally.bus_connected = 1
        self._sending = asyncio.get_running_loop().create_task(self._send())

    @property
    def is_connected(self) -> bool:
        """See the port."""
        return self._client.is_connected

    def check(self) -> None:
        """Raises: Unavailable when it is not connected."""
        if not self.is_connected:
            raise Unavailable("the bus")

    def send(self, topic: str, words: bytes) -> None:
        """See the port."""
        if self.is_connected and len(self._waiting) < MOST_WAITING:
            self._waiting.append((topic, words))
            self._wakened.set()

    async def close(self) -> None:
        """Send what waits, then disconnect."""
        self._is_closing = True
        self._wakened.set()
        if self._sending is not None:
            await self._sending
        with suppress(*TROUBLE):
            await self._client.close()

    async def _send(self) -> None:
        while not self._is_closing or self._waiting:
            await self._wakened.wait()
            self._wakened.clear()
            while self._waiting:
                topic, words = self._waiting.popleft()
                try:
                    await self._client.publish(f"{self._subject}.{topic}", words)
                except TROUBLE as error:
                    # Longer than the bus carries, or it has just gone away: the store has what counts.
                    LOG.debug("A message did not go out: %s", type(error).__name__)
                else:
                    self._tally.bus_sent += 1

    async def _on_message(self, message: Msg) -> None:
        self._tally.bus_received += 1
        hear = self._hears.get(message.subject.rpartition(".")[2])
        if hear is None:
            return
        try:
            hear(message.data)
        except Exception:
            LOG.exception("A message of another process could not be heard")

    async def _on_error(self, error: Exception) -> None:
        before, self._trouble = self._trouble, error
        # While it is away every attempt fails; and who does not keep up is told so with every message.
        is_new = type(error) is not type(before)
        if self.is_connected and is_new and not isinstance(error, nats.errors.UnexpectedEOF):
            LOG.warning("The bus has a problem", extra={"fields": {"why": _why(error)}})

    async def _on_lost(self) -> None:
        self._tally.bus_connected = 0
        if not self._is_closing:
            LOG.warning(
                "The bus is away: what happens in other processes is read from the store until it is back"
            )

    async def _on_resumed(self) -> None:
        LOG.info("The bus is back")
        self._tally.bus_connected = 1
        self._trouble = None
        self._resumed()


def _why(error: Exception) -> str:
    return str(error) or type(error).__name__


def _checked(url: str) -> str:
    """The address without spaces around it. Raises: ValueError."""
    address = urlsplit(url.strip())
    if address.scheme not in {"nats", "tls"} or not address.hostname:
        raise ValueError("each address must be nats://HOST:PORT or tls://HOST:PORT")
    try:
        is_port = address.port != 0
    except ValueError:
        is_port = False
    if not is_port:
        raise ValueError("a port is a number from 1 to 65535")
    return url.strip()


def _shown(url: str) -> str:
    """The address without its secrets."""
    address = urlsplit(url)
    return f"{address.scheme}://{address.hostname}:{address.port or 4222}"
