"""The results as a table: on the terminal and, between two markers, in docs/performance.md."""

import os
import platform
import sqlite3
import time
from pathlib import Path

from benchmarks.targets import TARGETS, Figures, Target, median_of, number

BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"

_HEAD = ("work", "target", "Tertulia", "bare fan-out", "ratio", "")

# What came of each work: our runs and the baseline's.
Outcome = dict[str, tuple[list[Figures], list[Figures]]]


def table(outcome: Outcome) -> str:
    """A Markdown table, a line for every target whose work was done; the columns are aligned."""
    lines = [_line(target, *outcome[target.work]) for target in TARGETS if target.work in outcome]
    rows = [_HEAD, *lines]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    aligned = [[cell.ljust(width) for cell, width in zip(row, widths, strict=True)] for row in rows]
    aligned.insert(1, ["-" * width for width in widths])
    return "\n".join(f"| {' | '.join(cells)} |" for cells in aligned)


def machine() -> str:
    """One sentence about where and when this was measured."""
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    return (
        f"Measured {time.strftime('%Y-%m-%d', time.gmtime())} on {os.cpu_count()} cores of "
        f"{model}, Linux {platform.release()}, {platform.python_implementation()} "
        f"{platform.python_version()}, SQLite {sqlite3.sqlite_version}."
    )


def rewrite(page: Path, text: str) -> None:
    """Put *text* between the markers of *page*.

    Raises:
        ValueError: the page has no markers.
    """
    before, begin, rest = page.read_text().partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"{page} has no lines {BEGIN} and {END}")
    page.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}")


def _line(target: Target, ours: list[Figures], bare: list[Figures]) -> tuple[str, ...]:
    value = median_of(ours, target.figure)
    base = median_of(bare, target.bare_figure or target.figure)
    ratio = f"{value / base:.2f}" if base else "–"
    return (
        target.label,
        target.bound,
        number(value),
        number(base),
        "–" if ratio == "nan" else ratio,
        target.verdict(value, base),
    )
