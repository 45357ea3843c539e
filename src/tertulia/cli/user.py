"""`tertulia user`: make, list, block and delete accounts, whether the server runs or not."""

import getpass
import json
import sys
from argparse import ArgumentParser, Namespace
from typing import Any

from tertulia.cli.parsing import STORE, add_settings, settings_from
from tertulia.cli.store_command import perform
from tertulia.cli.tables import aligned, day
from tertulia.settings import Settings, SettingsError

DONE = {
    "create": "made",
    "list": "listed",
    "block": "blocked",
    "unblock": "unblocked",
    "delete": "deleted",
}
"""Every action, and what is said of the account afterwards."""

USAGE = """\
tertulia user create LOGIN [--phone NUMBER] [--email ADDRESS] [--first-name NAME]
                            [--last-name NAME] [--password PASSWORD | --no-password] [--json]
       tertulia user list [PART] [--blocked] [--json]
       tertulia user block NAME [--json]
       tertulia user unblock NAME [--json]
       tertulia user delete NAME [--json]"""

ACTIONS = """\
Make, list, block and delete accounts.

create    make an account; its password is asked for, or is the first line of standard input
list      show accounts, oldest first, or those with PART in login or name
block     let nobody sign in, and sign out who is signed in; what was written stays
unblock   let its owner sign in again
delete    remove the account for good; what was written stays

NAME is a login, a phone or e-mail address that was proven, or the number that `list` shows.
The server may be running: then it does the work."""


def add_arguments(parser: ArgumentParser) -> None:
    """What to do, with whom, and where the store is."""
    parser.add_argument("action", choices=list(DONE), metavar="ACTION", help=", ".join(DONE))
    parser.add_argument(
        "name", nargs="?", default="", metavar="NAME", help="whom, or LOGIN or PART"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    new = parser.add_argument_group("create")
    new.add_argument("--phone", default="", metavar="NUMBER", help="opens the account by SMS code")
    new.add_argument("--email", default="", metavar="ADDRESS", help="counts as proven")
    new.add_argument("--first-name", default="", metavar="NAME", help="shown to others")
    new.add_argument("--last-name", default="", metavar="NAME", help="shown to others")
    secret = new.add_mutually_exclusive_group()
    secret.add_argument(
        "--password", metavar="PASSWORD", help="other users of this machine can see flags"
    )
    secret.add_argument("--no-password", action="store_true", help="the phone alone opens it")
    listing = parser.add_argument_group("list")
    listing.add_argument("--blocked", action="store_true", help="blocked accounts only")
    add_settings(parser, STORE)
    parser.usage, parser.description = USAGE, ACTIONS


def run(args: Namespace) -> int:
    """Do it and say what was done."""
    settings = settings_from(args).settings
    if args.action == "list":
        found = _all(settings, {"part": args.name, "only_blocked": args.blocked})
        print(json.dumps(found, ensure_ascii=False) if args.json else _table(found))
        return 0
    if not args.name:
        raise SettingsError(f"user {args.action} needs a name; see tertulia user --help")
    user = _create(settings, args) if args.action == "create" else _act(settings, args)
    if user is None:
        print("Nothing was done.")
        return 0
    if args.json:
        print(json.dumps(user, ensure_ascii=False))
    else:
        print(f"{user['login']} ({user['id']}) is {DONE[args.action]}.")
    return 0


def _create(settings: Settings, args: Namespace) -> dict[str, Any]:
    return perform(  # type: ignore[no-any-return]  # the command's own shape
        settings,
        "user create",
        {
            "login": args.name,
            "password": _password(args),
            "email": args.email,
            "phone": args.phone,
            "first_name": args.first_name,
            "last_name": args.last_name,
        },
    )


def _password(args: Namespace) -> str:
    if args.no_password:
        return ""
    if args.password is not None:
        return str(args.password)
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    first = getpass.getpass("Password: ")
    if getpass.getpass("The same again: ") != first:
        raise SettingsError("the two passwords differ")
    return first


def _act(settings: Settings, args: Namespace) -> dict[str, Any] | None:
    """None: the operator thought better of it."""
    if args.action == "delete" and sys.stdin.isatty():
        user = perform(settings, "user find", {"name": args.name})
        asked = input(f"Delete {user['login']} ({user['id']}) for good? [y/N] ")
        if asked.strip().lower() not in ("y", "yes"):
            return None
    return perform(  # type: ignore[no-any-return]  # the command's own shape
        settings, f"user {args.action}", {"name": args.name}
    )


def _all(settings: Settings, listing: dict[str, Any]) -> list[dict[str, Any]]:
    """Page by page, so that no answer grows without bound."""
    found: list[dict[str, Any]] = []
    while True:
        after = found[-1]["id"] if found else 0
        page = perform(settings, "user list", {**listing, "after": after})
        if not page:
            return found
        found += page


def _table(users: list[dict[str, Any]]) -> str:
    rows = [("number", "login", "name", "phone", "e-mail", "made", "last seen", "blocked")]
    rows += [
        (
            str(user["id"]),
            user["login"],
            user["name"] or "-",
            _claim(user["phone"], is_proven=user["phone_proven"]),
            _claim(user["email"], is_proven=user["email_proven"]),
            day(user["created_at"]),
            day(user["seen_at"]),
            day(user["blocked_at"]),
        )
        for user in users
    ]
    return aligned(rows)


def _claim(text: str, *, is_proven: bool) -> str:
    if not text:
        return "-"
    return text if is_proven else f"{text} (unproven)"
