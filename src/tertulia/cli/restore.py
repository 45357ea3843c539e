"""`tertulia restore`: a store out of a backup, on the engine the settings name."""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from tertulia.cli.parsing import WHOLE_STORE, add_settings, settings_from
from tertulia.cli.progress import progress
from tertulia.cli.tables import day

WHAT = """\
Make the store anew from FILE, which `tertulia backup` has written.

No store may be there yet, and no server may be running on it: nothing is ever overwritten. The backup of a SQLite
store may be restored to PostgreSQL, and the other way round. If it does not come to its end nothing is left."""


def add_arguments(parser: ArgumentParser) -> None:
    """Where from, and where the store shall be."""
    parser.add_argument("file", metavar="FILE", help="what tertulia backup has written")
    add_settings(parser, WHOLE_STORE)
    parser.usage, parser.description = "tertulia restore FILE [--SETTING VALUE …]", WHAT


def run(args: Namespace) -> int:
    """Do it, and say what of."""
    # Here, because whoever only asks for help needs none of it.
    from tertulia.assembly.backups import restore  # noqa: PLC0415 - see above

    path = Path(args.file)
    with progress() as shown:
        found = restore(settings_from(args).settings, path, shown.tell)
    print(
        f"Restored {sum(found.tables.values()):,} rows and {found.files:,} files"
        f" from the backup of {day(found.made_at)}."
    )
    return 0
