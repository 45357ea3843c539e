"""`tertulia bench`: a load of SAMA clients against a running server, in a process of its own.

What is measured and how is told in docs/performance.md.
"""

import argparse
import json
import sys
from dataclasses import fields, replace
from pathlib import Path

from tertulia.cli.bench.plans import PLANS, Plan


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `tertulia bench`."""
    width = max(map(len, PLANS))
    works = "\n".join(f"  {plan.work:<{width}} {plan.summary}" for plan in PLANS.values())
    parser.epilog = f"works:\n{works}\n\nSizes that are not given are those of the work."
    parser.add_argument("url", help="the server, http://HOST:PORT")
    parser.add_argument("--work", required=True, choices=PLANS, metavar="NAME", help="see below")
    parser.add_argument(
        "--users", type=int, metavar="N", help="accounts that take part (idle: sockets)"
    )
    parser.add_argument("--members", type=int, metavar="N", help="members of one chat")
    parser.add_argument("--seconds", type=float, metavar="N", help="how long to measure")
    parser.add_argument(
        "--window", type=int, metavar="N", help="messages in flight for every writer"
    )
    parser.add_argument(
        "--rate", type=float, metavar="N", help="messages a second in all, whatever happens"
    )
    parser.add_argument("--body", type=int, metavar="N", help="bytes of one text")
    parser.add_argument(
        "--messages", type=int, metavar="N", help="messages that pages writes first"
    )
    parser.add_argument(
        "--accounts", type=int, metavar="N", help="accounts that idle's sockets share; 0: one each"
    )
    parser.add_argument(
        "--everyone", action="store_const", const=True, help="every member writes, not one of them"
    )
    parser.add_argument(
        "--server-pid", type=int, metavar="PID", help="read this process's CPU and memory"
    )
    parser.add_argument(
        "--roster", type=Path, metavar="FILE", help="keep the accounts here and use them again"
    )
    parser.add_argument(
        "--bare", action="store_true", help="the server is the bare fan-out baseline"
    )
    parser.add_argument("--json", action="store_true", help="print the report as one line of JSON")


def run(args: argparse.Namespace) -> int:
    """Do the work and print its report.

    Returns:
        1 if anything was lost, doubled or out of order, 2 if the work could not be done.
    """
    # Imported late: `tertulia serve` and `--help` have no use for a client.
    from tertulia.cli.bench.works import BenchFailed, play  # noqa: PLC0415 - see above

    try:
        report = play(
            args.url,
            _plan(args),
            server_pid=args.server_pid,
            roster=args.roster,
            bare=args.bare,
        )
    except BenchFailed as failure:
        print(f"tertulia bench: {failure}", file=sys.stderr)
        return 2
    if args.json:
        print(
            json.dumps(
                {"work": report.work, "figures": report.figures, "complaints": report.complaints}
            )
        )
    else:
        print("\n".join(report.lines()))
    return 1 if report.complaints else 0


def _plan(args: argparse.Namespace) -> Plan:
    given = {
        field.name: value
        for field in fields(Plan)
        if field.name != "work" and (value := getattr(args, field.name, None)) is not None
    }
    return replace(PLANS[args.work], **given)
