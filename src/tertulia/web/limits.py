"""What the port allows, how often somebody may try, and whose address that is."""

from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Network = IPv4Network | IPv6Network


def one_mebibyte(path: str) -> int:
    """1 MiB, whatever the *path*: the body limit of everything that is no upload."""
    del path
    return 1 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """The bounds of the port; each is named with its answer in docs/operating.md.

    Times are in seconds. They are looked at every `sweep_every_s`, so a connection may live longer
    than its time by as much.
    """

    request_line_bytes: int = 8 << 10
    header_bytes: int = 32 << 10
    # From the path as it was sent to the largest body in bytes.
    body_bytes: Callable[[str], int] = one_mebibyte
    first_byte_s: float = 10.0
    head_s: float = 10.0
    # A head may trickle in, but not for ever.
    head_total_s: float = 30.0
    body_s: float = 30.0
    keep_alive_s: float = 75.0
    # Somebody who asked and does not read the answer.
    unread_answer_s: float = 120.0
    # How long a refused client may go on sending before we hang up on it.
    linger_s: float = 2.0

    message_bytes: int = 1 << 20
    waiting_bytes: int = 1 << 20
    waiting_packets: int = 1024
    ping_every_s: float = 20.0
    silent_s: float = 60.0
    unsigned_s: float = 600.0
    unsigned_per_address: int = 100
    # How long a dialect may ask whether somebody may come in, and for how many at once.
    ask_s: float = 10.0
    most_asking: int = 1024
    # From our close frame to the answer.
    close_grace_s: float = 2.0
    # What was read before a stop is finished and answered within this.
    drain_s: float = 8.0

    sweep_every_s: float = 0.5
    # Networks whose X-Forwarded-For and X-Forwarded-Proto are believed.
    trusted_proxies: Sequence[Network] = ()


class Attempts:
    """How often something was tried under a key (a login, an address) within the last while.

    Keeps at most *most_keys* keys, forgetting those not tried for longest; at most *limit* times per key.
    """

    def __init__(
        self,
        limit: int,
        window_s: float,
        now_s: Callable[[], float],
        *,
        most_keys: int = 10_000,
        exempt: Callable[[str], bool] | None = None,
    ) -> None:
        """Nothing has been tried yet.

        Args:
            limit: so many within the window are allowed.
            window_s: the length of the window.
            now_s: a clock that never goes back.
            most_keys: how many keys are remembered.
            exempt: keys that may try for ever, for example `is_loopback` for addresses.
        """
        self._limit = limit
        self._window_s = window_s
        self._now_s = now_s
        self._most_keys = most_keys
        self._exempt = exempt
        self._times: OrderedDict[str, deque[float]] = OrderedDict()

    def wait_s(self, key: str) -> float:
        """How long *key* has to wait before it may try again; 0 when it may try now."""
        times = self._recent(key)
        if times is None or len(times) < self._limit:
            return 0.0
        return times[0] + self._window_s - self._now_s()

    def count(self, key: str) -> None:
        """*key* has tried once more (or failed once more, as the caller counts)."""
        if self._exempt is not None and self._exempt(key):
            return
        times = self._times.setdefault(key, deque(maxlen=self._limit))
        times.append(self._now_s())
        self._times.move_to_end(key)
        if len(self._times) > self._most_keys:
            self._times.popitem(last=False)

    def forget(self, key: str) -> None:
        """*key* starts afresh, for example after the right password."""
        self._times.pop(key, None)

    def _recent(self, key: str) -> deque[float] | None:
        times = self._times.get(key)
        if times is None:
            return None
        oldest = self._now_s() - self._window_s
        while times and times[0] <= oldest:
            times.popleft()
        if not times:
            del self._times[key]
            return None
        return times


def is_loopback(address: str) -> bool:
    """Whether *address* is this machine itself; such addresses have no per-address limits."""
    parsed = _parsed(address)
    return parsed is not None and parsed.is_loopback


def neighbourhood(address: str) -> str:
    """What limits by address count by: of IPv6 the network of 64 bits, which is somebody's as a whole."""
    parsed = _parsed(address)
    if not isinstance(parsed, IPv6Address) or parsed.is_loopback:
        return address if parsed is None else str(parsed)
    return str(IPv6Network((int(parsed), 64), strict=False))


def peer_address(address: str, forwarded: str, trusted: Sequence[Network]) -> str:
    """Who is really there: *address*, or whom the proxies we trust have seen behind it.

    Args:
        address: the other end of the connection.
        forwarded: the X-Forwarded-For header, "" when there is none.
        trusted: networks of proxies. The header is read from its end, as long as the one who
            wrote the entry is trusted: what stands further left may be invented.
    """
    seen = address
    for claimed in reversed(forwarded.split(",")) if forwarded and trusted else ():
        current = _parsed(seen)
        if current is None or not any(current in network for network in trusted):
            break
        before = _parsed(claimed.strip())
        if before is None:
            break
        seen = str(before)
    return seen


def is_trusted(address: str, trusted: Sequence[Network]) -> bool:
    """Whether *address* is one of the proxies we believe."""
    parsed = _parsed(address)
    return parsed is not None and any(parsed in network for network in trusted)


def _parsed(address: str) -> IPv4Address | IPv6Address | None:
    """The address, with IPv4 inside IPv6 taken out; None for what is none."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return None
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is not None:
        return parsed.ipv4_mapped
    return parsed
