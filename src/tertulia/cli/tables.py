"""Tables for a person in front of a terminal."""

from collections.abc import Sequence
from datetime import UTC, datetime


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """The rows, the first with the headings, in columns as wide as they must be."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def day(at_ms: int | None) -> str:
    """The day of a time in UTC; `-` when there is none."""
    return "-" if at_ms is None else datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d")


def size(size_bytes: int) -> str:
    """A number of bytes as one says it."""
    for factor, unit in ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")):
        if size_bytes >= factor:
            return f"{size_bytes / factor:.1f} {unit}"
    return f"{size_bytes} bytes"
