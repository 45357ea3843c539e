"""`python -m benchmarks.browser`: how fast the web client is, and the table of it."""

import argparse
import math
import shutil
import sys
import tempfile
from pathlib import Path

from benchmarks import table
from benchmarks.browser.house import house
from benchmarks.browser.page import chromium, sign_in
from benchmarks.browser.works import WORKS, Bench
from benchmarks.served import tertulia
from benchmarks.targets import Figures, Target, number

MARK = "client"
"""What the lines in the page are called between which the table stands."""

_SETTINGS: dict[str, str] = {}

TARGETS = (
    Target("load", "script_kb", "first load: compressed script, KB", 100),
    Target("load", "first_chat_ms", "from the address to the first chat: ms", 1000),
    Target("open", "open_ms", "a chat of 100,000, from click to messages: ms", 250),
    Target("open", "open_most_ms", "the slowest of five", 250),
    Target("open", "open_again_ms", "the same once more, from what is kept: ms", 250),
    Target("back", "heap_growth_mib", "10,000 messages back: growth of the heap, MiB", 1),
    Target("back", "node_growth", "growth of the document, nodes", 500),
    Target("back", "heap_mib", "the heap at the end, MiB", 40),
    Target("back", "back_work_p99_ms", "work for a frame meanwhile, p99 ms", 16),
    Target("list", "list_work_p99_ms", "list of 2,000, scrolled: work for a frame, p99 ms", 16),
    Target("list", "list_work_most_ms", "the longest, ms", 16),
    Target("list", "list_busy_work_p99_ms", "and 50 messages/s: work for a frame, p99 ms", 16),
    Target("list", "list_busy_work_most_ms", "the longest, ms ", 16),
    Target("list", "list_busy_gap_p99_ms", "from frame to frame, p99 ms", 17),
    Target("list", "list_dropped", "frames dropped", 0),
    Target("live", "live_work_p99_ms", "50 messages/s into the open chat: work, p99 ms", 16),
    Target("live", "live_work_most_ms", "the longest, ms", 16),
    Target("live", "live_gap_p99_ms", "from frame to frame, p99 ms", 17),
    Target("live", "live_dropped", "frames dropped", 0),
)


def main() -> int:
    """Measure, print."""
    options = _parser().parse_args()
    messages, chats = (5_000, 200) if options.quick else (100_000, 2_000)
    with tempfile.TemporaryDirectory(prefix="tertulia-bench-") as scratch:
        seed = options.seed or Path(scratch) / "seed"
        kept = house(seed, _SETTINGS, messages, chats)
        data = Path(scratch) / "data"
        found: Figures = {}
        version = ""
        for work in options.works:
            print(f"{work} …", file=sys.stderr, flush=True)
            # Each begins with the store as it was laid down.
            shutil.rmtree(data, ignore_errors=True)
            shutil.copytree(kept.data, data)
            with tertulia(data, _SETTINGS) as server, chromium(options.chromium) as browser:
                session = sign_in(browser, server.url)
                version = browser.version
                bench = Bench(browser, server.url, session, kept)
                if options.quick:
                    bench = Bench(browser, server.url, session, kept, back=2_000, seconds=4)
                found |= WORKS[work](bench)
    how = " Quick: smaller than the lines say, no result." if options.quick else ""
    text = f"{table.machine()} Chromium {version}.{how}\n\n{_table(found)}"
    print(text)
    print({name: round(value, 2) for name, value in found.items()}, file=sys.stderr)
    if options.write:
        table.rewrite(options.write, text, MARK)
    return 0


def _table(found: Figures) -> str:
    rows: list[tuple[str, ...]] = [("", "target", "measured", "")]
    for target in TARGETS:
        value = found.get(target.figure, math.nan)
        if not math.isnan(value):
            verdict = target.verdict(value, math.nan)
            rows.append((target.label, target.bound, number(value), verdict))
    return table.aligned(rows)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.browser", description=__doc__)
    parser.add_argument(
        "works",
        nargs="*",
        type=_work,
        default=list(WORKS),
        metavar="WORK",
        help=f"which ones: {', '.join(WORKS)}",
    )
    parser.add_argument("--quick", action="store_true", help="small and short: a first look")
    parser.add_argument("--write", type=Path, metavar="PAGE", help="put the table into this page")
    parser.add_argument("--seed", type=Path, metavar="DIR", help="keep the store for the next time")
    parser.add_argument("--chromium", default="/usr/bin/chromium", metavar="FILE")
    return parser


def _work(name: str) -> str:
    if name not in WORKS:
        raise argparse.ArgumentTypeError(f"there is no work {name}, only {', '.join(WORKS)}")
    return name


if __name__ == "__main__":
    sys.exit(main())
