"""`tertulia config show`: what holds and why."""

from argparse import ArgumentParser, Namespace

from tertulia.cli.parsing import add_settings, settings_from
from tertulia.cli.reading import Reading
from tertulia.settings import SETTINGS


def add_arguments(parser: ArgumentParser) -> None:
    """What to do, and every setting, so that one can see what a flag would change."""
    add_settings(parser)
    parser.usage = "tertulia config show [--config FILE] [--SETTING VALUE …]"
    parser.add_argument("action", choices=["show"], metavar="show", help="print every setting")


def run(args: Namespace) -> int:
    """Print the settings, secrets masked."""
    print(table(settings_from(args)))
    return 0


def table(reading: Reading) -> str:
    """Name, value and source of every setting, in columns; a dash stands for an empty value."""
    rows = [("setting", "value", "source")]
    for setting in SETTINGS:
        source = reading.sources.get(setting.name, "default")
        rows.append((setting.name, reading.settings.shown(setting) or "-", source))
    names, values, _ = (max(map(len, column)) for column in zip(*rows, strict=True))
    return "\n".join(
        f"{name:<{names}}  {value:<{values}}  {source}" for name, value, source in rows
    )
