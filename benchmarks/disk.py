"""What the disk takes to make a small write durable: no server that stores can be quicker."""

import os
import tempfile
from pathlib import Path
from time import perf_counter

from tertulia.cli.bench.meter import percentile

_WRITES = 200
_BYTES = 4096


def fdatasync_ms(folder: Path) -> dict[str, float]:
    """Median and 99th percentile of one appended page and its fdatasync, in milliseconds."""
    took = []
    with tempfile.TemporaryFile(dir=folder, buffering=0) as file:
        for _ in range(_WRITES):
            file.write(b"x" * _BYTES)
            started = perf_counter()
            os.fdatasync(file.fileno())
            took.append((perf_counter() - started) * 1000)
    return {"fdatasync_p50_ms": percentile(took, 0.5), "fdatasync_p99_ms": percentile(took, 0.99)}
