"""What a work found out: figures, and complaints when something was lost, doubled or shuffled."""

import gc
import time
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from tertulia.cli.bench import meter

# Complaints kept word for word; the rest is only counted.
_MOST_COMPLAINTS = 10


class Complaints:
    """What went wrong: the first few in words, the others counted."""

    def __init__(self) -> None:
        self.count = 0
        self.first: list[str] = []

    def add(self, complaint: str) -> None:
        """Note one more."""
        self.count += 1
        if len(self.first) < _MOST_COMPLAINTS:
            self.first.append(complaint)

    def listed(self) -> list[str]:
        """The first few, and how many more there were."""
        more = self.count - len(self.first)
        return [*self.first, f"and {more} more"] if more else list(self.first)


class Report(msgspec.Struct):
    """The outcome of one work. Its figures are medians of nothing: one run, one number each."""

    work: str
    figures: dict[str, float]
    complaints: list[str] = msgspec.field(default_factory=list)

    def lines(self) -> Iterator[str]:
        """The report as people read it."""
        yield self.work
        width = max(map(len, self.figures), default=0)
        for name, value in self.figures.items():
            yield f"  {name:<{width}}  {value:>12,.3f}".rstrip("0").rstrip(".")
        for complaint in self.complaints:
            yield f"  WRONG: {complaint}"


class Cost:
    """Wall time and CPU of one stretch; the server's own when its process is known."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.server_cpu: float | None = None
        self.own_cpu = 0.0

    def figures(self) -> dict[str, float]:
        """How busy both sides were: near 1 for the load means it was the load that held back."""
        shares = {"load_cpu_share": self.own_cpu / self.seconds}
        if self.server_cpu is not None:
            shares["server_cpu_share"] = self.server_cpu / self.seconds
        return shares

    def cpu_per(self, name: str, count: float, unit: float) -> dict[str, float]:
        """The server's CPU for *unit* of something of which *count* were done, if it is known."""
        if self.server_cpu is None or not count:
            return {}
        return {name: self.server_cpu / count * unit}


@contextmanager
def costing(server_pid: int | None) -> Iterator[Cost]:
    """Measure what happens inside; our own collector stays out of the way meanwhile."""
    cost = Cost()
    gc.collect()
    gc.disable()
    server = meter.cpu_seconds(server_pid) if server_pid else 0.0
    own, started = time.process_time(), time.perf_counter()
    try:
        yield cost
    finally:
        cost.seconds = time.perf_counter() - started
        cost.own_cpu = time.process_time() - own
        if server_pid and Path(f"/proc/{server_pid}").exists():
            cost.server_cpu = meter.cpu_seconds(server_pid) - server
        gc.enable()


def delays(name: str, seconds: "array[float]") -> dict[str, float]:
    """Median and 99th percentile of *seconds*, in milliseconds."""
    ordered = sorted(seconds)
    return {
        f"{name}_p50_ms": meter.percentile(ordered, 0.50) * 1000,
        f"{name}_p99_ms": meter.percentile(ordered, 0.99) * 1000,
    }
