"""How busy the server is, for operators."""

from dataclasses import dataclass

from tertulia.core.chat_ports import Counts
from tertulia.core.ports import Clock, Connections

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS


@dataclass(frozen=True, slots=True)
class Figures:
    """Now: how long the process has been up, who is online; messages of the last full periods (UTC)."""

    uptime_s: int
    online: int
    in_minute: int
    in_hour: int
    in_day: int


class Statistics:
    """Counts only when somebody asks; what is over is counted once."""

    def __init__(self, counts: Counts, connections: Connections, clock: Clock) -> None:
        """The process is up from now on."""
        self._counts = counts
        self._connections = connections
        self._clock = clock
        self._since = clock.now_ms()
        # For each length of a period its last full one, and how many messages it had.
        self._counted: dict[int, tuple[int, int]] = {}

    async def figures(self) -> Figures:
        """As they are now."""
        now = self._clock.now_ms()
        return Figures(
            uptime_s=(now - self._since) // 1000,
            online=sum(1 for _ in self._connections.online()),
            in_minute=await self._posted(MINUTE_MS, now),
            in_hour=await self._posted(HOUR_MS, now),
            in_day=await self._posted(DAY_MS, now),
        )

    async def _posted(self, length_ms: int, now: int) -> int:
        until = now - now % length_ms
        start, count = self._counted.get(length_ms, (0, 0))
        if start != until - length_ms:
            start = until - length_ms
            count = await self._counts.posted(start, until)
            self._counted[length_ms] = (start, count)
        return count
