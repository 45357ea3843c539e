"""What each work is to reach, and whether it did."""

import math
from dataclasses import dataclass
from statistics import median

# One run of one work: the figures by their names.
Figures = dict[str, float]


@dataclass(frozen=True, slots=True)
class Target:
    """One line of the table.

    Attributes:
        work: the work that yields the figure.
        figure: its name in that work's report.
        label: what it is called in the table.
        at_most, at_least, at_most_ratio: the bound; exactly one of them is given, the last in
            multiples of the baseline.
        bare_figure: the baseline's figure, where it bears another name.
    """

    work: str
    figure: str
    label: str
    at_most: float = math.inf
    at_least: float = -math.inf
    at_most_ratio: float = math.inf
    bare_figure: str = ""

    @property
    def bound(self) -> str:
        """The bound as people write it."""
        if self.at_most_ratio < math.inf:
            return f"≤ {number(self.at_most_ratio)} × bare"
        sign, value = ("≤", self.at_most) if self.at_most < math.inf else ("≥", self.at_least)
        return f"{sign} {number(value)}"

    def verdict(self, value: float, base: float) -> str:
        """Met, or missed and by how much of the bound."""
        if math.isnan(value):
            return "not measured"
        if self.at_most_ratio < math.inf:
            value /= base
            missed = value / self.at_most_ratio - 1
            return "met" if missed <= 0 else f"missed by {missed:.0%}"
        if self.at_least <= value <= self.at_most:
            return "met"
        bound = self.at_most if self.at_most < math.inf else self.at_least
        return f"missed by {abs(value - bound) / bound:.0%}" if bound else f"missed: {value:.0f}"


TARGETS = (
    Target(
        "groups", "cpu_s_per_100k_deliveries", "groups of 10: CPU-s per 100,000 deliveries", 1.2
    ),
    Target("groups", "deliveries_per_s", "groups of 10: deliveries/s", at_least=50_000),
    Target(
        "room", "cpu_s_per_100k_deliveries", "one chat of 500: CPU-s per 100,000 deliveries", 0.8
    ),
    Target("latency", "delivery_p50_ms", "200 messages/s offered: delivered, p50 ms", 1.4),
    Target("latency", "delivery_p99_ms", "200 messages/s offered: delivered, p99 ms", 2.9),
    Target("pairs", "acks_per_s", "pairs: acknowledged messages/s", at_least=15_000),
    Target("pairs", "half_ack_p99_ms", "pairs at half of that: acknowledged, p99 ms", 25),
    Target("idle", "kib_per_socket", "2,000 idle sockets: KiB each", 16),
    Target("pages", "last_pages_per_s", "last 50 of 100,000: pages/s", at_least=1_500),
    Target("pages", "last_cpu_ms_per_page", "last 50 of 100,000: CPU-ms a page", 0.6),
    Target(
        "pages",
        "middle_pages_per_s",
        "50 from the middle: pages/s",
        at_least=1_500,
        bare_figure="last_pages_per_s",
    ),
    Target(
        "pages",
        "middle_cpu_ms_per_page",
        "50 from the middle: CPU-ms a page",
        0.6,
        bare_figure="last_cpu_ms_per_page",
    ),
    Target("start", "first_sign_in_s", "start to the first sign-in: s", 0.8),
    Target("start", "rest_mib", "memory at rest: MiB", 60),
    Target("files", "upload_s", "100 MB up, onto the disk: s", at_most_ratio=1.3),
    Target("files", "download_s", "100 MB down: s", at_most_ratio=1.3),
    Target("files", "growth_mib", "memory above rest meanwhile: MiB", 8),
    Target("teams", "teams_ms", "Tada: 5 teams of 200, the list of them: ms", 20),
    Target("teams", "directory_ms", "Tada: the contacts of a team of 5,000: ms", 150),
    Target(
        "tada-groups",
        "cpu_s_per_100k_deliveries",
        "Tada, groups of 10: CPU-s per 100,000 deliveries",
        1.56,
    ),
    Target("polls", "kib_per_poll", "Astrak: 5,000 polls that wait: KiB each", 20),
    Target("polls", "wake_p99_ms", "Astrak: a message to one of them: heard, p99 ms", 50),
    Target("unet-pages", "page_100_p50_ms", "Unet: 100 of 100,000: ms, p50", 5),
    Target("unet-pages", "page_100_p99_ms", "Unet: 100 of 100,000: ms, p99", 5),
    Target("unet-pages", "page_500_p50_ms", "Unet: 500 of 100,000: ms, p50", 5),
    Target("unet-pages", "page_500_p99_ms", "Unet: 500 of 100,000: ms, p99", 5),
    Target("published", "cpu_percent", "SAMA's published load: % of one core", 3),
    Target("published", "taken_for_resends", "SAMA's published load: taken for resends", 0),
)


def median_of(runs: list[Figures], figure: str) -> float:
    """The median of a figure over the runs that have it; not a number when none has."""
    values = [run[figure] for run in runs if figure in run]
    return median(values) if values else math.nan


def number(value: float) -> str:
    """A figure with as many digits as say something."""
    if math.isnan(value):
        return "–"
    if value >= 1000 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 100 else f"{value:.2f}" if value >= 0.1 else f"{value:.4f}"
