"""Counts of what happened, kept as plain numbers: cheap to add to, read only when somebody asks.

Everything here is touched on the event loop alone, so nothing is locked. What is counted in a thread
(the writer of the store) hands its figures to the loop.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field

# Upper edges in seconds, from one that only an idle server meets to one that people notice.
SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)


class Histogram:
    """How often a value fell into which range."""

    __slots__ = ("bounds", "counts", "sum", "total")

    def __init__(self, bounds: Sequence[float] = SECONDS) -> None:
        """Empty. `counts[i]` is for values up to `bounds[i]`; the last one is for all above."""
        self.bounds = tuple(bounds)
        self.counts = [0] * (len(self.bounds) + 1)
        self.total = 0
        self.sum = 0.0

    def observe(self, value: float) -> None:
        """Count *value* (seconds)."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += 1
        self.sum += value


@dataclass(slots=True, eq=False)
class Tally:
    """Everything the server counts about itself; whoever does the thing adds to it.

    `connections` is how many sockets are open now, `peers` how many other processes are known, and
    `bus_connected` is 1 while there is a way to them. All other numbers only grow.
    """

    connections: int = 0
    frames_in: int = 0
    packets_out: int = 0
    messages_stored: int = 0
    commits: int = 0
    commits_failed: int = 0
    # Units of work that shared those commits.
    units: int = 0
    slow_readers_closed: int = 0
    # Requests and sockets that the port turned away for its own limits.
    refused: int = 0
    logins_failed: int = 0
    # Of a cluster: messages to and from other processes, and commits that the store had to tell of.
    bus_connected: int = 0
    peers: int = 0
    bus_sent: int = 0
    bus_received: int = 0
    reports_read: int = 0
    commit_seconds: Histogram = field(default_factory=Histogram)
    delivery_seconds: Histogram = field(default_factory=Histogram)
    loop_lag_seconds: Histogram = field(default_factory=Histogram)
