"""Command lines: argparse with our manners, and a flag for every setting."""

import os
from argparse import SUPPRESS, ArgumentParser, HelpFormatter, Namespace
from collections.abc import Sequence
from typing import NoReturn

from typing_extensions import override

from tertulia.cli.reading import CONFIG_VARIABLE, Reading, read, suggestion
from tertulia.settings import BY_NAME, SETTINGS, Group, SettingsError

MORE = f"""\
Each setting may also come from the environment (--database-url is TERTULIA_DATABASE_URL) or from the
TOML file of --config or {CONFIG_VARIABLE} (database_url = "…"). A flag wins over the environment, the
environment over the file. `tertulia config show` prints what holds.
"""


class Parser(ArgumentParser):
    """A parser that takes no abbreviations and answers an unknown flag with the closest one."""

    def __init__(self, *, prog: str, description: str) -> None:
        super().__init__(
            prog=prog, description=description, allow_abbrev=False, formatter_class=_Help
        )

    def parse(self, argv: Sequence[str]) -> Namespace:
        """What the command line says.

        Raises:
            SettingsError: it says something we do not know.
        """
        known, unknown = self.parse_known_args(argv)
        if unknown:
            word = unknown[0].partition("=")[0]
            hint = suggestion(word, self._option_string_actions)
            raise SettingsError(f"unknown argument {word}{hint or f'; see {self.prog} --help'}")
        return known

    @override
    def error(self, message: str) -> NoReturn:
        """One sentence instead of the usage: `main` prints it."""
        raise SettingsError(f"{message}; see {self.prog} --help")


class _Help(HelpFormatter):
    """Wide enough for our longest flag, and the closing text as it was written."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=34)

    @override
    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return "".join(indent + line for line in text.splitlines(keepends=True))


STORE = ("data", "database_url")
"""The settings that say where the store is."""

WHOLE_STORE = (*STORE, "files_url")
"""The same, with the files."""


def add_settings(parser: ArgumentParser, only: Sequence[str] | None = None) -> None:
    """A flag for every setting, or for some, in groups, and `--config`.

    The others still come from the environment and the file.
    """
    parser.usage = f"{parser.prog} [--config FILE] [--SETTING VALUE …]"
    parser.epilog = MORE
    parser.add_argument("--config", metavar="FILE", help="TOML file with settings")
    shown = [each for each in SETTINGS if only is None or each.name in only]
    groups = {
        group: parser.add_argument_group(group)
        for group in Group
        if any(each.group is group for each in shown)
    }
    for setting in shown:
        default = f" [{setting.default}]" if setting.default else ""
        groups[setting.group].add_argument(
            setting.flag,
            metavar=setting.kind.word,
            default=SUPPRESS,
            help=f"{setting.help}{default}".replace("%", "%%"),
        )


def settings_from(args: Namespace) -> Reading:
    """The settings of a command whose parser had `add_settings`.

    Raises:
        SettingsError: something is unknown or makes no sense.
    """
    given = {name: text for name, text in vars(args).items() if name in BY_NAME}
    return read(given, os.environ, args.config)
