"""`tertulia serve`: the whole server in one process on one port."""

import gc
from argparse import ArgumentParser, Namespace

from tertulia.cli import logs
from tertulia.cli.parsing import add_settings, settings_from


def add_arguments(parser: ArgumentParser) -> None:
    """Every setting."""
    add_settings(parser)


def run(args: Namespace) -> int:
    """Serve until a signal says to stop."""
    settings = settings_from(args).settings
    logs.set_up(settings.log_level, settings.log_format)
    # Everything that is made from here on stays; the server collects again once it listens.
    gc.disable()
    # Here and not above: `--help` and wrong settings need none of the server.
    from tertulia.assembly import run as serve  # noqa: PLC0415 - see above

    serve(settings)
    return 0
