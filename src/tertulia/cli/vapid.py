"""`tertulia vapid`: the public key of web push, which web clients subscribe with.

The server may be running: its store is only looked into.
"""

import asyncio
from argparse import ArgumentParser, Namespace

from tertulia.adapters.push_keys import KEY_NAME
from tertulia.cli.parsing import STORE, add_settings, settings_from
from tertulia.settings import Settings, SettingsError, local_path
from tertulia.store.peek import secret_in_file, secret_in_postgres


def add_arguments(parser: ArgumentParser) -> None:
    """The settings that say where the key is."""
    add_settings(parser, (*STORE, "vapid_key"))


def run(args: Namespace) -> int:
    """Print it."""
    settings = settings_from(args).settings
    # Here and not above: no other command needs it, and it is large.
    from tertulia.adapters.push_web import Vapid  # noqa: PLC0415 - see above

    try:
        print(Vapid(_private_key(settings), "").public_key)
    except ValueError as error:
        raise SettingsError(f"vapid_key: it is no private key ({error})") from error
    return 0


def _private_key(settings: Settings) -> str:
    if settings.vapid_key:
        return settings.vapid_key
    url = settings.database_url
    if url.startswith("sqlite:"):
        found = secret_in_file(local_path(url), KEY_NAME)
    else:
        found = _from_postgres(url)
    if found is None:
        raise SettingsError("there is no key yet: the server makes it at its first start")
    return found


def _from_postgres(url: str) -> str | None:
    try:
        return asyncio.run(secret_in_postgres(url, KEY_NAME))
    except ImportError as error:
        raise SettingsError(
            "database_url asks for PostgreSQL, but its driver is missing:"
            " install it with '.[postgres]' instead of '.'"
        ) from error
