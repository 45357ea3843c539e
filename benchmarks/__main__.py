"""`python -m benchmarks`: every work against Tertulia and the bare fan-out, and the table of it."""

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import table
from benchmarks.directories import NotAnswered
from benchmarks.moving import NotMoved
from benchmarks.run import Bench, LoadFailed
from benchmarks.served import ServerFailed
from benchmarks.sizes import WORKS
from benchmarks.starting import NotSignedIn
from tertulia.cli.bench import meter

_RESULTS = Path(__file__).parent / "results"


def main() -> int:
    """Measure, print, keep; 1 if anything was lost, doubled or out of order, 2 if it broke off."""
    options = _parser().parse_args()
    meter.allow_many_sockets()
    environment = {"TERTULIA_SAMA_MAX_PARTICIPANTS": "500"}
    environment |= dict(pair.split("=", 1) for pair in options.env)
    if options.database_url:
        environment["TERTULIA_DATABASE_URL"] = options.database_url
    with tempfile.TemporaryDirectory(prefix="tertulia-bench-", dir=options.scratch) as scratch:
        bench = Bench(
            scratch=Path(scratch),
            seed=options.seed or Path(scratch) / "seed",
            environment=environment,
            quick=options.quick,
        )
        try:
            bench.prepare(options.works)
            for _ in range(options.runs or (1 if options.quick else 3)):
                for work in options.works:
                    bench.play(work)
        except (ServerFailed, LoadFailed, NotSignedIn, NotMoved, NotAnswered) as failure:
            print(f"benchmarks: {failure}", file=sys.stderr)
            return 2
    how = " Quick: smaller than the lines say, no result." if options.quick else ""
    text = f"{table.machine()} {bench.disk()}{how}\n\n{table.table(bench.outcome)}"
    print(text)
    print(f"\nEvery figure of every run: {_keep(bench, text, options)}")
    if options.write:
        table.rewrite(options.write, text)
    for complaint in bench.complaints:
        print(f"WRONG: {complaint}")
    return 1 if bench.complaints else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "works",
        nargs="*",
        type=_work,
        default=WORKS,
        metavar="WORK",
        help=f"which ones: {', '.join(WORKS)}",
    )
    parser.add_argument("--runs", type=int, metavar="N", help="medians of so many [3; quick: 1]")
    parser.add_argument("--quick", action="store_true", help="small and short: a first look")
    parser.add_argument("--write", type=Path, metavar="PAGE", help="put the table into this page")
    parser.add_argument("--database-url", metavar="URL", help="store there instead of in SQLite")
    parser.add_argument(
        "--env",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="for the server, repeatable",
    )
    parser.add_argument(
        "--seed",
        type=Path,
        metavar="DIR",
        help="keep the signed-up accounts here for the next time",
    )
    parser.add_argument("--scratch", type=Path, metavar="DIR", help="where stores are made [/tmp]")
    return parser


def _work(name: str) -> str:
    if name not in WORKS:
        raise argparse.ArgumentTypeError(f"there is no work {name}, only {', '.join(WORKS)}")
    return name


def _keep(bench: Bench, text: str, options: argparse.Namespace) -> Path:
    file = _RESULTS / time.strftime("%Y-%m-%d-%H%M%S.json", time.gmtime())
    kept = {
        "options": {name: str(value) for name, value in vars(options).items()},
        "tertulia": {work: runs for work, (runs, _) in bench.outcome.items()},
        "bare_fanout": {work: runs for work, (_, runs) in bench.outcome.items()},
        "complaints": bench.complaints,
        "table": text.splitlines(),
    }
    file.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n")
    return file


if __name__ == "__main__":
    sys.exit(main())
