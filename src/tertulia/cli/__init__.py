"""The command `tertulia`: finds the command that was asked for, and says in one line what went wrong.

A command is a module of this folder with `add_arguments(parser)` and `run(args)`. Only the one that
was asked for is imported, so that each starts as fast as it can.
"""

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from importlib import import_module
from typing import Protocol, cast

from tertulia import __version__
from tertulia.cli.parsing import Parser
from tertulia.cli.reading import suggestion
from tertulia.core.errors import TertuliaError
from tertulia.settings import SettingsError

COMMANDS = {
    "serve": "run the server",
    "config": "show the settings and where each comes from",
    "user": "make, list, block and delete accounts",
    "invite": "make, list and delete invites to sign up",
    "backup": "write everything the server keeps to one file",
    "restore": "make the store anew from a backup",
    "check": "look whether the store and its files are whole",
    "vapid": "print the public key of web push",
    "oauth-client": "make, list and delete applications that may ask people for access",
    "bench": "put load on a running server and measure it",
}

# Exit statuses: something is wrong with what was asked or set up; interrupted from the keyboard.
REFUSED, INTERRUPTED = 2, 130


class Command(Protocol):
    """What the module of a command offers."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Tell the parser what the command takes."""

    def run(self, args: Namespace) -> int:
        """Do it. The result is the exit status."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the result is the exit status."""
    try:
        return _dispatch(sys.argv[1:] if argv is None else list(argv))
    except (SettingsError, TertuliaError, OSError) as error:
        print(f"tertulia: {_sentence(error)}", file=sys.stderr)
        return REFUSED
    except KeyboardInterrupt:
        return INTERRUPTED


def _sentence(error: Exception) -> str:
    if isinstance(error, OSError) and error.filename is not None:
        # Without the number that stands before it otherwise.
        return f"{error.filename}: {error.strerror}"
    return str(error)


def _dispatch(argv: list[str]) -> int:
    name = argv[0] if argv else "--help"
    if name in ("-h", "--help", "help"):
        print(_overview())
        return 0
    if name == "--version":
        print(f"tertulia {__version__}")
        return 0
    if name not in COMMANDS:
        what = "option" if name.startswith("-") else "command"
        hint = suggestion(name, [*COMMANDS, "--help", "--version"])
        raise SettingsError(f"unknown {what} {name}{hint or '; see tertulia --help'}")
    # SAFE: every module in COMMANDS has the two functions; a test calls them all.
    command = cast("Command", import_module(f"tertulia.cli.{name.replace('-', '_')}"))
    parser = Parser(prog=f"tertulia {name}", description=f"{COMMANDS[name].capitalize()}.")
    command.add_arguments(parser)
    return command.run(parser.parse(argv[1:]))


def _overview() -> str:
    lines = [f"  {name:<12} {text}" for name, text in COMMANDS.items()]
    return "\n".join(
        [
            "Tertulia, a messenger server that speaks several APIs on one port.",
            "",
            "usage: tertulia COMMAND [OPTION …]",
            "",
            "Commands:",
            *lines,
            "",
            "Options:",
            "  --version  print the version",
            "  --help     print this; `tertulia COMMAND --help` says what a command takes",
        ]
    )
