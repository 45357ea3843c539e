"""`tertulia oauth-client`: the applications that may ask people for access, whether the server runs or not."""

import json
from argparse import ArgumentParser, Namespace

from tertulia.cli.parsing import STORE, add_settings, settings_from
from tertulia.cli.store_command import perform
from tertulia.settings import SettingsError

USAGE = """\
tertulia oauth-client create --name NAME --redirect-uri URI [--scope "…"]
       tertulia oauth-client list
       tertulia oauth-client delete CLIENT_ID"""

DESCRIPTION = """\
Make, list and delete applications that may ask people for access (Unet's API).

create    register an application and print its id and secret as JSON; nobody is told the secret again
list      show applications, a line of JSON for each
delete    remove the application and void all it was granted, at once

The server may be running: then it does the work."""

ACTIONS = ("create", "list", "delete")


def add_arguments(parser: ArgumentParser) -> None:
    """What to do, with what, and where the store is."""
    parser.add_argument("action", choices=ACTIONS, metavar="ACTION", help=", ".join(ACTIONS))
    parser.add_argument("client_id", nargs="?", metavar="CLIENT_ID", help="which one to delete")
    new = parser.add_argument_group("create")
    new.add_argument("--name", help="what people are told who asks")
    new.add_argument(
        "--redirect-uri",
        action="append",
        metavar="URI",
        help="where browsers go back to, to the letter; may be given several times",
    )
    new.add_argument("--scope", help="what it may ask for, in one argument; without: everything")
    add_settings(parser, STORE)
    parser.usage, parser.description = USAGE, DESCRIPTION


def run(args: Namespace) -> int:
    """Do it. What is printed is JSON; of `list` a line for each."""
    _check(args)
    settings = settings_from(args).settings
    match args.action:
        case "create":
            new = {
                "name": args.name,
                "redirect_uris": args.redirect_uri,
                "scopes": (args.scope or "").split(),
            }
            print(json.dumps(perform(settings, "oauth-client create", new)))
        case "list":
            for each in perform(settings, "oauth-client list", {}):
                print(json.dumps(each, ensure_ascii=False))
        case _:
            perform(settings, "oauth-client delete", {"client_id": args.client_id})
    return 0


def _check(args: Namespace) -> None:
    """Each action has its own arguments. Raises: SettingsError."""
    is_new = args.action == "create"
    if is_new and (args.name is None or args.redirect_uri is None):
        raise SettingsError("oauth-client create needs --name and --redirect-uri")
    if not is_new and (args.name, args.redirect_uri, args.scope) != (None, None, None):
        raise SettingsError(
            f"oauth-client {args.action} takes no --name, --redirect-uri or --scope"
        )
    if (args.action == "delete") != (args.client_id is not None):
        raise SettingsError("oauth-client delete, and nothing else, takes a client id")
