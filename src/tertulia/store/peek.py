"""A look into a store that another process may have open: reads one thing and goes."""

from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import apsw

from tertulia.core.errors import Unavailable
from tertulia.store.sessions import READ_SECRET

CONNECT_WITHIN_S = 5.0

READ_ONLY = apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI


def secret_in_file(path: Path, name: str) -> str | None:
    """The server's own secret of that name; None when there is no store yet, or none in it.

    Raises:
        Unavailable: the file is none of ours.
    """
    if not path.exists():
        return None
    try:
        address = f"file:{quote(str(path))}?mode=ro"
        with closing(apsw.Connection(address, READ_ONLY)) as connection:
            found = connection.execute(READ_SECRET, (name,)).fetchone()
    except apsw.Error as error:
        raise Unavailable(f"the store {path} ({error})") from error
    return None if found is None else str(found[0])


async def secret_in_postgres(url: str, name: str) -> str | None:
    """The same in a database.

    Raises:
        Unavailable: it does not answer, or is none of ours.
    """
    # Here, because the driver is an extra.
    import asyncpg  # noqa: PLC0415 - see above

    try:
        connection = await asyncpg.connect(
            url, timeout=CONNECT_WITHIN_S, command_timeout=CONNECT_WITHIN_S
        )
        try:
            found = await connection.fetchval(READ_SECRET.replace("?", "$1"), name)
        finally:
            await connection.close(timeout=CONNECT_WITHIN_S)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise Unavailable(f"the store ({error})") from error
    return None if found is None else str(found)
