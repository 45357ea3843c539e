"""`tertulia check`: whether the store and its files are whole and fit together."""

import asyncio
from argparse import ArgumentParser, Namespace

from tertulia.cli.parsing import WHOLE_STORE, add_settings, settings_from

WHAT = """\
Look whether the store is undamaged and all that stands in it fits together, with the uploaded files.

The server may be running. Nothing is changed. It reads everything, so it takes its time with a large store.
The exit status is 1 when something is wrong."""

WRONG = 1


def add_arguments(parser: ArgumentParser) -> None:
    """Where the store is."""
    add_settings(parser, WHOLE_STORE)
    parser.usage, parser.description = "tertulia check [--SETTING VALUE …]", WHAT


def run(args: Namespace) -> int:
    """Say of each thing whether it is so."""
    return asyncio.run(_checked(args))


async def _checked(args: Namespace) -> int:
    # Here, because whoever only asks for help needs none of it.
    from tertulia.assembly.backups import check  # noqa: PLC0415 - see above

    wrong = 0
    async for finding in check(settings_from(args).settings):
        verdict = (
            f"WRONG  {finding.says}: {finding.wrong}" if finding.wrong else f"ok     {finding.says}"
        )
        print(verdict, flush=True)
        wrong += bool(finding.wrong)
    if wrong:
        print(f"{wrong} of these must not be. Keep a copy of the data folder before anything else.")
    return WRONG if wrong else 0
