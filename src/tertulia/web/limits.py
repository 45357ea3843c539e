"""What the port allows, and how often somebody may try."""

from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tertulia.web.addresses import Network


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
