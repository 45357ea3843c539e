"""`/metrics`: what the tally counted, in the text that Prometheus reads."""

import asyncio
import time
from collections.abc import Iterator

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from typing_extensions import override

from tertulia.core.tally import Histogram, Tally


class TallyCollector(Collector):
    """Reads the tally when Prometheus asks, so that counting costs an addition and no more."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally

    @override
    def collect(self) -> Iterator[Metric]:
        """Every number of the tally, with its meaning."""
        tally = self._tally
        for name, meaning, now in (
            ("connections", "WebSockets that are open.", tally.connections),
            ("bus_connected", "1 while there is a way to other processes.", tally.bus_connected),
            ("peers", "Other processes of this server that are there.", tally.peers),
        ):
            yield GaugeMetricFamily(f"tertulia_{name}", meaning, value=now)
        for name, meaning, count in (
            ("frames_in", "Messages that came through WebSockets.", tally.frames_in),
            ("packets_out", "Packets that left through WebSockets.", tally.packets_out),
            ("messages_stored", "Messages of people that were stored.", tally.messages_stored),
            ("commits", "Commits of the store.", tally.commits),
            ("commits_failed", "Commits that failed; none was acknowledged.", tally.commits_failed),
            ("slow_readers_closed", "Sockets closed with 1013.", tally.slow_readers_closed),
            ("refused", "Requests and sockets past a limit of the port.", tally.refused),
            ("logins_failed", "Sign-ins that failed.", tally.logins_failed),
            ("bus_sent", "Messages to other processes.", tally.bus_sent),
            ("bus_received", "Messages from other processes.", tally.bus_received),
            ("reports_read", "Commits that came by the store, not by the bus.", tally.reports_read),
        ):
            yield CounterMetricFamily(f"tertulia_{name}", meaning, value=count)
        yield _histogram("commit_seconds", "How long a commit took.", tally.commit_seconds)
        yield _histogram(
            "delivery_seconds", "From commit to the last write to a reader.", tally.delivery_seconds
        )
        yield _histogram("loop_lag_seconds", "How late the event loop was.", tally.loop_lag_seconds)


def _histogram(name: str, meaning: str, histogram: Histogram) -> HistogramMetricFamily:
    buckets: list[tuple[str, float]] = []
    so_far = 0
    for edge, count in zip((*histogram.bounds, "+Inf"), histogram.counts, strict=True):
        so_far += count
        buckets.append((str(edge), so_far))
    return HistogramMetricFamily(
        f"tertulia_{name}", meaning, buckets=buckets, sum_value=histogram.sum
    )


def metrics_route(tally: Tally) -> Route:
    """`GET /metrics`: the tally, and memory, CPU time and open files of this process."""
    registry = CollectorRegistry()
    registry.register(TallyCollector(tally))
    ProcessCollector(registry=registry)

    async def metrics(_request: Request) -> Response:
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    return Route("/metrics", metrics, methods=["GET"])


async def watch_loop_lag(tally: Tally, every_s: float = 0.5) -> None:
    """Notes for ever how much later than asked for the event loop wakes somebody up.

    Run it in a task group; cancel it to stop. It reads a finer clock than the loop's own, which
    counts in whole milliseconds.
    """
    while True:
        asleep_at = time.monotonic()
        await asyncio.sleep(every_s)
        tally.loop_lag_seconds.observe(max(0.0, time.monotonic() - asleep_at - every_s))
