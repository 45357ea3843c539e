"""How large each work is played: as the load generator has it, or smaller for a first look."""

from collections.abc import Iterable
from dataclasses import replace

from tertulia.cli.bench.plans import PLANS

# The works of the table, in its order. `start` times a process, `files` moves files over HTTP, `teams`
# asks for Tada's lists, `unet-pages` for Unet's; the load generator has no such.
START = "start"
FILES = "files"
TEAMS = "teams"
POLLS = "polls"
TADA = "tada-groups"
UNET = "unet-pages"
WORKS = (
    "groups", "room", "latency", "pairs", "idle", "pages", START, FILES, TEAMS, TADA, POLLS,
    UNET, "published",
)  # fmt: skip

# What `files` moves: bytes of one file, and how many of them.
FILE_BYTES = 100 << 20
FILES_COUNT, QUICK_FILES_COUNT = 9, 3

# In full, every idle socket belongs to somebody else: sharing would hide what an account costs.
_FULL: dict[str, dict[str, float]] = {"idle": {"accounts": 0}, UNET: {"seconds": 0.5}}

_QUICK: dict[str, dict[str, float]] = {
    "groups": {"users": 100, "seconds": 3},
    TADA: {"users": 100, "seconds": 3},
    "room": {"users": 150, "members": 150, "seconds": 3},
    "latency": {"users": 100, "seconds": 3},
    "pairs": {"users": 64, "seconds": 3},
    "idle": {"users": 400, "accounts": 100},
    "pages": {"messages": 5000, "seconds": 2},
    UNET: {"messages": 5000, "seconds": 0.5},
    POLLS: {"users": 500, "accounts": 50, "seconds": 3},
    "published": {"users": 100, "rate": 20, "seconds": 5},
}


def changes(work: str, *, quick: bool) -> dict[str, float]:
    """What differs from the load generator's own plan of *work*."""
    return dict((_QUICK if quick else _FULL).get(work, {}))


def filled_by(work: str) -> str:
    """The load generator's work that is played for it."""
    return "pages" if work == UNET else work


def accounts_for(works: Iterable[str], *, quick: bool) -> int:
    """How many accounts these works need at most."""
    return max(_accounts(work, quick=quick) for work in works)


def _accounts(work: str, *, quick: bool) -> int:
    if work in {START, FILES, TEAMS}:
        return 1
    # SAFE: each value is int or float as its field is.
    plan = replace(PLANS[filled_by(work)], **changes(work, quick=quick))  # type: ignore[arg-type]
    return plan.accounts + 1 if work == POLLS else plan.accounts or plan.users
