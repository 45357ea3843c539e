"""Runs a command that needs the store: in the server, if one is running, else here.

To add one: an entry in `assembly/commands.py`, and `perform(settings, "its name", {…})`.
"""

import asyncio
from typing import Any

from tertulia.core.errors import Unavailable
from tertulia.core.tally import Tally
from tertulia.settings import Settings, SettingsError, local_path


def perform(settings: Settings, command: str, arguments: dict[str, Any]) -> Any:
    """The command's result.

    Raises:
        TertuliaError: it was refused; the text says why.
        SettingsError: there is no store, or it cannot be opened.
    """
    return asyncio.run(_performed(settings, command, arguments))


async def _performed(settings: Settings, command: str, arguments: dict[str, Any]) -> Any:
    # Here, because a command that is given wrong words needs none of it.
    from tertulia.assembly.control import ask  # noqa: PLC0415 - see above

    try:
        return await ask(settings.data, command, arguments)
    except (ConnectionError, FileNotFoundError, NotADirectoryError):
        # No server runs in this folder; a socket may be left over from one that was killed.
        return await _here(settings, command, arguments)


async def _here(settings: Settings, command: str, arguments: dict[str, Any]) -> Any:
    from tertulia.adapters.clock import SystemClock  # noqa: PLC0415 - see above
    from tertulia.adapters.passwords import Argon2Passwords  # noqa: PLC0415 - see above
    from tertulia.assembly import engine_for  # noqa: PLC0415 - see above
    from tertulia.assembly.commands import commands  # noqa: PLC0415 - see above
    from tertulia.assembly.tasks import Tasks  # noqa: PLC0415 - see above
    from tertulia.store.migrate import NewerStore  # noqa: PLC0415 - see above

    url = settings.database_url
    if url.startswith("sqlite:") and not command.endswith(" create"):
        path = local_path(url)
        if not path.exists():
            raise SettingsError(f"there is no store at {path}: the first start makes it")
    tasks, passwords = Tasks(), Argon2Passwords()
    engine = engine_for(settings)(lambda _: None, Tally(), tasks.start)
    try:
        await engine.open()
    except NewerStore as error:
        raise SettingsError(str(error)) from error
    except Unavailable as error:
        raise SettingsError(f"{error}, and no server answers in {settings.data}") from error
    try:
        return await commands(engine, passwords, SystemClock())[command](arguments)
    finally:
        await engine.close()
        passwords.close()
        await tasks.end(1.0)
