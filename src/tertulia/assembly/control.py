"""The operator's commands, carried out by whoever has the store open (docs/decisions/0064).

While the server runs, it alone writes to an embedded store. So it listens at a socket in its data
folder, which only its own user can open, for one command a connection: a line of JSON each way.
Without a server the command opens the store itself and runs the same code.
"""

import asyncio
import contextlib
import json
import logging
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from tertulia.core.errors import TertuliaError, Unavailable

LOG = logging.getLogger(__name__)

SOCKET = "control.sock"

WITHIN_S = 30.0
"""For a command, from the connection to the answer."""

MOST_BYTES = 1 << 20
"""Of a request or an answer."""

LONGEST_PATH = 100
"""Bytes of a path that every system takes as the address of a socket."""

Arguments = Mapping[str, Any]
Command = Callable[[Arguments], Awaitable[Any]]
"""JSON in, JSON out. Raises: TertuliaError."""

Commands = Mapping[str, Command]


class Refused(TertuliaError):
    """The command was not carried out; the text says why."""


@contextlib.asynccontextmanager
async def listening(folder: Path, commands: Commands) -> AsyncIterator[None]:
    """Carry out commands that come through the socket in *folder*, as long as this lasts."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(WITHIN_S):
                said = await _carried_out(await reader.readline(), commands)
                writer.write(json.dumps(said).encode() + b"\n")
                await writer.drain()
        except (OSError, TimeoutError, ValueError) as error:
            LOG.warning("A command of the operator broke off: %s", error)
        finally:
            writer.close()

    with _address(folder) as address:
        door = _door(Path(address))
        server = await asyncio.start_unix_server(answer, sock=door, limit=MOST_BYTES)
        try:
            yield
        finally:
            server.close()
            _remove(Path(address))


def _door(path: Path) -> socket.socket:
    """A socket at that path, which does not listen yet; one that was left over makes way."""
    _remove(path)
    door = socket.socket(socket.AF_UNIX)
    door.bind(str(path))
    # Nobody can connect before it listens.
    path.chmod(0o600)
    return door


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)


async def _carried_out(line: bytes, commands: Commands) -> dict[str, Any]:
    request = json.loads(line)
    try:
        command = commands.get(request["command"])
        if command is None:
            return {"error": "the running server is of another version and does not know this"}
        return {"result": await command(request["arguments"])}
    except TertuliaError as error:
        return {"error": str(error)}
    except Exception:
        LOG.exception("A command of the operator failed")
        return {"error": "the server made a mistake; its log says which"}


async def ask(folder: Path, command: str, arguments: Arguments) -> Any:
    """What the server that runs in *folder* answers.

    Raises:
        Refused: it did not do it; the text says why.
        ConnectionError, FileNotFoundError, NotADirectoryError: no server runs there.
        Unavailable: it does not answer.
    """
    with _address(folder) as address:
        reader, writer = await asyncio.open_unix_connection(address, limit=MOST_BYTES)
    try:
        async with asyncio.timeout(WITHIN_S):
            request = {"command": command, "arguments": arguments}
            writer.write(json.dumps(request).encode() + b"\n")
            answer = json.loads(await reader.readline())
    except (OSError, TimeoutError, ValueError) as error:
        raise Unavailable("the running server") from error
    finally:
        writer.close()
    if "error" in answer:
        raise Refused(answer["error"])
    return answer["result"]


@contextlib.contextmanager
def _address(folder: Path) -> Iterator[str]:
    """Where the socket is, in words short enough for the system."""
    path = folder / SOCKET
    if len(os.fsencode(path)) <= LONGEST_PATH:
        yield str(path)
        return
    # The same folder under another name.
    descriptor = os.open(folder, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{descriptor}/{SOCKET}"
    finally:
        os.close(descriptor)
