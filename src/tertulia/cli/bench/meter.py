"""What a server's processes cost, from /proc: CPU seconds and resident memory."""

import math
import os
import resource
from collections.abc import Iterator, Sequence
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")


def tree(pid: int) -> Iterator[int]:
    """The process and all its descendants that are alive."""
    waiting = [pid]
    while waiting:
        one = waiting.pop()
        yield one
        waiting += [
            int(child)
            for thread in Path(f"/proc/{one}/task").glob("*")
            for child in _read(thread / "children").split()
        ]


def cpu_seconds(pid: int) -> float:
    """User and system time used so far by the process tree; the step is 10 ms."""
    stats = [_read(Path(f"/proc/{one}/stat")).rpartition(")")[2].split() for one in tree(pid)]
    return sum(int(fields[11]) + int(fields[12]) for fields in stats if fields) / _TICK


def resident_kib(pid: int) -> int:
    """Resident memory of the process tree."""
    return sum(
        int(line.split()[1])
        for one in tree(pid)
        for line in _read(Path(f"/proc/{one}/status")).splitlines()
        if line.startswith("VmRSS:")
    )


def _read(file: Path) -> str:
    """What /proc says; nothing about a process or thread that has just ended."""
    try:
        return file.read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def percentile(values: Sequence[float], share: float) -> float:
    """The value that *share* of all *values* do not exceed; not a number when there are none."""
    if not values:
        return math.nan
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def allow_many_sockets() -> None:
    """Let this process and its children open as many files as the system allows."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
