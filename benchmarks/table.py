"""The results as a table: on the terminal and, between two markers, in docs/performance.md."""

import os
import platform
import time
from collections.abc import Sequence
from pathlib import Path

import apsw

from benchmarks.targets import TARGETS, Figures, Target, median_of, number

MARK = "measured"
"""What the lines in the page are called between which the table stands."""

_HEAD = ("work", "target", "Tertulia", "bare fan-out", "ratio", "")

# What came of each work: our runs and the baseline's.
Outcome = dict[str, tuple[list[Figures], list[Figures]]]


def table(outcome: Outcome) -> str:
    """A Markdown table, a line for every target whose work was done; the columns are aligned."""
    lines = [_line(target, *outcome[target.work]) for target in TARGETS if target.work in outcome]
    return aligned([_HEAD, *lines])


def aligned(rows: Sequence[tuple[str, ...]]) -> str:
    """A Markdown table whose columns are aligned; the first row is its head."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    cells = [[cell.ljust(width) for cell, width in zip(row, widths, strict=True)] for row in rows]
    cells.insert(1, ["-" * width for width in widths])
    return "\n".join(f"| {' | '.join(row)} |" for row in cells)


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
        f"{platform.python_version()}, SQLite {apsw.sqlite_lib_version()}."
    )


def rewrite(page: Path, text: str, mark: str = MARK) -> None:
    """Put *text* between the markers of *page* that are called *mark*.

    Raises:
        ValueError: the page has no markers.
    """
    first, last = f"<!-- {mark}: begin -->", f"<!-- {mark}: end -->"
    before, begin, rest = page.read_text().partition(first)
    _, end, after = rest.partition(last)
    if not (begin and end):
        raise ValueError(f"{page} has no lines {first} and {last}")
    page.write_text(f"{before}{first}\n{text}\n{last}{after}")


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
