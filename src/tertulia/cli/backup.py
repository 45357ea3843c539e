"""`tertulia backup`: everything the server keeps in one file, while it runs or not."""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from tertulia.cli.parsing import WHOLE_STORE, add_settings, settings_from
from tertulia.cli.progress import progress
from tertulia.cli.tables import size

WHAT = """\
Write everything the server keeps to FILE: accounts, chats, messages, keys, uploaded files.

The server may be running: what is written is its store as it was at one moment. FILE must not be there
yet. Whoever reads it reads everything, so keep it like the store itself."""


def add_arguments(parser: ArgumentParser) -> None:
    """Where to, and where the store is."""
    parser.add_argument("file", metavar="FILE", help="the file to make, such as tertulia.tar")
    add_settings(parser, WHOLE_STORE)
    parser.usage, parser.description = "tertulia backup FILE [--SETTING VALUE …]", WHAT


def run(args: Namespace) -> int:
    """Do it, and say what is in it."""
    # Here, because whoever only asks for help needs none of it.
    from tertulia.assembly.backups import back_up  # noqa: PLC0415 - see above

    path = Path(args.file)
    with progress() as shown:
        done = back_up(settings_from(args).settings, path, shown.tell)
    print(f"{path} holds {done.rows:,} rows and {done.files:,} files, {size(done.size_bytes)}.")
    if done.missing:
        print(
            f"Not in it: {done.missing:,} uploads whose content was not there, because they were"
            " deleted meanwhile, or lost before. tertulia check names the lost ones."
        )
    return 0
