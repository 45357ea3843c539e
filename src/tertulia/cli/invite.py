"""`tertulia invite`: with them people sign up where the operator does not let in everybody."""

import json
from argparse import ArgumentParser, Namespace
from typing import Any

from tertulia.cli.parsing import STORE, add_settings, settings_from
from tertulia.cli.store_command import perform
from tertulia.cli.tables import aligned, day
from tertulia.settings import Settings, SettingsError

ACTIONS = ("create", "list", "delete")

USAGE = """\
tertulia invite create [--uses N] [--days N] [--json]
       tertulia invite list [--json]
       tertulia invite delete NUMBER [--json]"""

DESCRIPTION = """\
Make, list and delete invites. With registration = invite whoever signs up needs one.

create    make an invite and print its link; nobody is told it again
list      show invites and how often each was used, newest first
delete    let nobody sign up with it any more; NUMBER is the one that `list` shows

The server may be running: then it does the work."""

USES = 1
DAYS = 7


def add_arguments(parser: ArgumentParser) -> None:
    """What to do, and where the store is."""
    parser.add_argument("action", choices=ACTIONS, metavar="ACTION", help=", ".join(ACTIONS))
    parser.add_argument("number", nargs="?", metavar="NUMBER", help="which one to delete")
    parser.add_argument("--json", action="store_true", help="print JSON")
    new = parser.add_argument_group("create")
    new.add_argument("--uses", type=int, metavar="N", help=f"so many may sign up with it [{USES}]")
    new.add_argument("--days", type=int, metavar="N", help=f"so long it is good [{DAYS}]")
    add_settings(parser, (*STORE, "public_url"))
    parser.usage, parser.description = USAGE, DESCRIPTION


def run(args: Namespace) -> int:
    """Do it and say what was done."""
    _check(args)
    settings = settings_from(args).settings
    match args.action:
        case "create":
            _create(settings, args)
        case "list":
            found = perform(settings, "invite list", {})
            print(json.dumps(found) if args.json else _table(found))
        case _:
            perform(settings, "invite delete", {"id": int(args.number)})
            print(json.dumps({"id": int(args.number)}) if args.json else "The invite is deleted.")
    return 0


def _check(args: Namespace) -> None:
    """Each action has its own arguments. Raises: SettingsError."""
    if args.action != "create" and (args.uses, args.days) != (None, None):
        raise SettingsError(f"invite {args.action} takes no --uses or --days")
    if (args.action == "delete") != (args.number is not None):
        raise SettingsError("invite delete, and nothing else, takes the number of an invite")
    # Longer ones no store has.
    if args.number is not None and not (
        args.number.isascii() and args.number.isdecimal() and len(args.number) <= 16
    ):
        raise SettingsError("an invite has a number, which tertulia invite list shows")


def _create(settings: Settings, args: Namespace) -> None:
    wish = {
        "uses": USES if args.uses is None else args.uses,
        "days": DAYS if args.days is None else args.days,
    }
    made = perform(settings, "invite create", wish)
    # The server knows best where it is; without one, the settings say where it will be.
    base_url = made.pop("base_url") or settings.base_url(settings.port)
    link = f"{base_url}/#/invite/{made['token']}"
    if args.json:
        print(json.dumps({**made, "url": link}))
        return
    print(link)
    many = "once" if made["uses"] == 1 else f"{made['uses']} times"
    print(f"Good {many} until {day(made['expires_at'])}. Without the web page: {made['token']}")


def _table(invites: list[dict[str, Any]]) -> str:
    rows = [("number", "used", "of", "made", "good until")]
    rows += [
        (
            str(each["id"]),
            str(each["used"]),
            str(each["uses"]),
            day(each["created_at"]),
            day(each["expires_at"]),
        )
        for each in invites
    ]
    return aligned(rows)
