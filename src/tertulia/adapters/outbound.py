"""Requests the server makes itself: one policy for where they may go.

An address that a user has chosen must not lead into the operator's own network. So a host is looked
up here, every address found must be public or in a network the operator allows, and the connection
goes to the very address that was checked: a name that changes its mind in between changes nothing.
Redirects are not followed, proxies of the environment are not used, and of the answer only the
status counts (docs/decisions/0042).
"""

import asyncio
import logging
import socket
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
)
from urllib.parse import urlsplit

import h11

from tertulia.adapters.lookup import Lookup, Lookups
from tertulia.core.calls import Call
from tertulia.core.errors import Unavailable

LOG = logging.getLogger(__name__)

WITHIN_S = 10.0
"""From the look-up of the name to the status of the answer."""

RESOLVE_WITHIN_S = 2.0

MAX_URL = 2_048
MAX_ANSWER = 64 << 10
"""Bytes of an answer that are read at most, and thrown away."""

MOST_ADDRESSES = 4
"""Of one name that are tried for one call."""

NEXT_ADDRESS_S = 1.0
"""After so long without a connection the next address of the name is tried, if there is one."""

LAST_WORDS_S = 0.5
"""How long the rest of an answer is listened to when its status is known: hanging up on a server in the
middle of its sentence makes it log an error."""

PORTS = {"http": 80, "https": 443}

# 64:ff9b::/96: an IPv4 address behind a translator.
NAT64 = IPv6Network("64:ff9b::/96")
# ::/96: an IPv4 address as nobody writes it any more.
COMPATIBLE = IPv6Network("::/96")

UNROUTED = (
    IPv4Network("192.88.99.0/24"),
    IPv6Network("fec0::/10"),
    IPv6Network("3fff::/20"),
)
"""Old relays, old sites, new documentation: not global either, though Python takes them for it."""

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


class Refused(Exception):
    """The server does not call this address; the text says why."""


@dataclass(frozen=True, slots=True)
class Target:
    """An address taken apart. `origin` is scheme, host and port as in a browser."""

    scheme: str
    host: str
    port: int
    path: str

    @classmethod
    def of(cls, url: str) -> "Target":
        """Raises: Refused when it is no http(s) address without user information."""
        if len(url) > MAX_URL or not url.isascii() or not url.isprintable() or " " in url:
            raise Refused("it is no address")
        try:
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port
        except ValueError as error:
            raise Refused("it is no address") from error
        if parts.scheme not in PORTS or not host or port == 0:
            raise Refused("it is no http or https address")
        if "@" in parts.netloc:
            raise Refused("it has user information")
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        return cls(parts.scheme, host, port or PORTS[parts.scheme], path)

    @property
    def authority(self) -> str:
        """Host and, unless it is the usual one, port."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def origin(self) -> str:
        """`https://host`, with the port unless it is the usual one."""
        return f"{self.scheme}://{self.authority}"


def is_public(address: Address) -> bool:
    """Whether it is globally routable, and what it stands for too."""
    embedded = _embedded(address)
    if embedded is not None:
        return is_public(embedded)
    return address.is_global and not (
        address.is_multicast
        or address.is_reserved
        or address.is_unspecified
        or any(address.version == each.version and address in each for each in UNROUTED)
    )


def _embedded(address: Address) -> IPv4Address | None:
    """The IPv4 address that an IPv6 address stands for."""
    if isinstance(address, IPv4Address):
        return None
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address in NAT64 or address in COMPATIBLE:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return None


class Outbound:
    """Makes requests."""

    def __init__(self, allowed: Sequence[Network] = (), lookup: Lookup | None = None) -> None:
        """Nothing is called yet.

        Args:
            allowed: networks that may be called although they are not public.
            lookup: finds the addresses of a name; None: as the system does.
        """
        self._allowed = tuple(allowed)
        self._lookup = lookup or Lookups()
        self._tls: ssl.SSLContext | None = None

    def _tls_context(self) -> ssl.SSLContext:
        """Made when first needed: reading the machine's certificates takes time and memory."""
        if self._tls is None:
            self._tls = ssl.create_default_context()
        return self._tls

    def is_allowed(self, url: str) -> bool:
        """False when the address itself shows that it may not be called (`core.push.Endpoints`)."""
        try:
            host = Target.of(url).host
        except Refused:
            return False
        name = host.removesuffix(".")
        if name == "localhost" or name.endswith(".localhost"):
            return self._may(ip_address("127.0.0.1"))
        literal = _literal(host)
        return literal is None or self._may(literal)

    def _may(self, address: Address) -> bool:
        return is_public(address) or self._is_listed(address)

    def _is_listed(self, address: Address) -> bool:
        """Whether the operator has allowed it."""
        stood_for = _embedded(address) or address
        return any(
            each.version == stood_for.version and stood_for in each for each in self._allowed
        )

    async def vet(self, url: str, *, unfound: bool = False) -> str | None:
        """Why the server would not call that address, its host looked up now; None when it would.

        Args:
            url: the address.
            unfound: a host that cannot be found now is no reason; it is looked up again at each call.
        """
        try:
            await self._addresses(Target.of(url), trusted=False)
        except Refused as error:
            return str(error)
        except (OSError, TimeoutError):
            return None if unfound else "its host cannot be found"
        except ValueError:
            return "its host cannot be found"
        return None

    async def call(self, call: Call, within_s: float) -> bool:
        """Whether it arrived: the right status in time (`core.calls.Caller`)."""
        try:
            status = await self.post(call.url, dict(call.headers), call.body, within_s=within_s)
        except (Refused, Unavailable) as error:
            LOG.debug("A call was not answered: %s", error)
            return False
        return 200 <= status < 300 if call.only is None else status == call.only

    async def post(
        self,
        url: str,
        headers: Mapping[str, str],
        body: bytes,
        *,
        trusted: bool = False,
        within_s: float = WITHIN_S,
    ) -> int:
        """The status of the answer.

        Args:
            url: where to.
            headers: beside those that HTTP itself needs.
            body: what to send.
            trusted: the operator gave the address, so it may lie anywhere.
            within_s: how long it may take until the status is there.

        Raises:
            Refused: it may not be called.
            Unavailable: no answer in time.
        """
        target = Target.of(url)
        try:
            async with asyncio.timeout(within_s) as deadline:
                addresses = await self._addresses(target, trusted=trusted)
                return await self._exchange(target, addresses, headers, body, deadline)
        except (OSError, TimeoutError, ValueError, h11.ProtocolError) as error:
            raise Unavailable(f"{target.origin} ({type(error).__name__})") from error

    async def _addresses(self, target: Target, *, trusted: bool) -> list[str]:
        """What the host stands for, now. Raises: Refused when one of it is out of bounds."""
        literal = _literal(target.host)
        if literal is None:
            async with asyncio.timeout(RESOLVE_WITHIN_S):
                addresses = await self._lookup(target.host, target.port)
        else:
            addresses = [str(literal)]
        if not addresses:
            raise OSError("no address")
        # A scope (fe80::1%eth0) is part of the address: such ones are never public.
        parsed = [ip_address(each) for each in addresses]
        if not trusted and not (all(map(is_public, parsed)) or all(map(self._is_listed, parsed))):
            raise Refused("it is not a public address")
        return addresses

    async def _connect(
        self, target: Target, addresses: Sequence[str]
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """To the first of the addresses that answers. Raises: OSError, the last one's."""
        *others, last = addresses[:MOST_ADDRESSES]
        for address in others:
            try:
                async with asyncio.timeout(NEXT_ADDRESS_S):
                    return await self._open(target, address)
            except OSError as error:
                LOG.debug("One address of %s does not answer: %s", target.host, error)
        return await self._open(target, last)

    async def _open(
        self, target: Target, address: str
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        is_tls = target.scheme == "https"
        return await asyncio.open_connection(
            address,
            target.port,
            ssl=self._tls_context() if is_tls else None,
            server_hostname=target.host if is_tls else None,
        )

    async def _exchange(
        self,
        target: Target,
        addresses: Sequence[str],
        headers: Mapping[str, str],
        body: bytes,
        deadline: asyncio.Timeout,
    ) -> int:
        reader, writer = await self._connect(target, addresses)
        try:
            http = h11.Connection(h11.CLIENT)
            request = h11.Request(
                method="POST",
                target=target.path,
                headers=[
                    ("Host", target.authority),
                    ("User-Agent", "Tertulia"),
                    ("Connection", "close"),
                    ("Content-Length", str(len(body))),
                    *headers.items(),
                ],
            )
            sent = (
                http.send(request),
                http.send(h11.Data(data=body)),
                http.send(h11.EndOfMessage()),
            )
            writer.write(b"".join(part for part in sent if part))
            await writer.drain()
            answer = _Answer(http, reader)
            status = await answer.status()
            deadline.reschedule(None)
            await answer.last_words()
            return status
        finally:
            writer.transport.abort()


class _Answer:
    """What comes back, up to MAX_ANSWER bytes of it."""

    def __init__(self, http: h11.Connection, reader: asyncio.StreamReader) -> None:
        self._http = http
        self._reader = reader
        self._left = MAX_ANSWER

    async def status(self) -> int:
        """Raises: OSError, h11.ProtocolError when there is none."""
        while True:
            event = self._http.next_event()
            if isinstance(event, h11.Response):
                return event.status_code
            if event is h11.NEED_DATA:
                if not self._left:
                    raise OSError("a long answer without a status")
                await self._read()
            elif not isinstance(event, h11.InformationalResponse):
                raise OSError("no answer")

    async def last_words(self) -> None:
        """The rest of it, if it comes soon. Whatever becomes of that, the status counts."""
        try:
            async with asyncio.timeout(LAST_WORDS_S):
                while self._left:
                    event = self._http.next_event()
                    if event is h11.NEED_DATA:
                        await self._read()
                    elif not isinstance(event, h11.Data):
                        return
        except (OSError, TimeoutError, h11.ProtocolError):
            return

    async def _read(self) -> None:
        arrived = await self._reader.read(self._left)
        self._left -= len(arrived)
        self._http.receive_data(arrived)


def _literal(host: str) -> Address | None:
    """The address a host is, in any of the spellings that systems understand; None for a name."""
    try:
        return ip_address(host)
    except ValueError:
        pass
    try:
        return IPv4Address(socket.inet_aton(host.removesuffix(".")))
    except OSError:
        return None
