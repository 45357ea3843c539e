"""People who write to several processes without pause, whatever happens to these, and people who listen."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tertulia.dialects.sama import ids
from tests.integration.cluster import Cluster, Side, holds, sides
from tests.integration.ledger import Acknowledged, Ledger, Stored, text_of

WRITERS = 6
CHATS = 2
WITHIN_S = 15.0

Order = dict[int, list[int]]
"""The messages of each chat, one after the other."""


class Listener:
    """One socket, and the messages that came to it, until it ends."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self.heard: Order = {}
        self.is_over = False

    async def listen(self) -> None:
        """Hear everything."""
        with contextlib.suppress(ConnectionClosed):
            async for frame in self._socket:
                packet = json.loads(frame)
                if "message" in packet:
                    self._keep(packet["message"])
        self.is_over = True

    def _keep(self, message: Any) -> None:
        heard = self.heard.setdefault(ids.chat(message["cid"]), [])
        heard.append(ids.message(message["_id"]))

    async def close(self) -> None:
        """Hang up."""
        await self._socket.close()


class Load:
    """The writers' ledger, the addresses they know, and who listens."""

    def __init__(self, cluster: Cluster, tasks: asyncio.TaskGroup) -> None:
        self.cluster = cluster
        self.urls = cluster.urls
        self.ledger = Ledger()
        self.listeners: list[Listener] = []
        self._tasks = tasks
        self._writing: list[asyncio.Task[None]] = []
        self._chats: list[str] = []
        self._is_over = False

    async def begin(self, here: Side) -> None:
        """Sign in, make the conversations, write."""
        people = [f"writer{number}" for number in range(WRITERS)]
        tokens = []
        for login in people:
            client = await here.client()
            tokens.append(await here.signs_in(client, here.login(login)))
            if len(self._chats) < CHATS:
                self._chats.append(await here.group(client, *people, "ear"))
            await client.hang_up()
        self._ear = await here.signs_in(await here.client(), here.login("ear"), "ear")
        for url in self.urls:
            await self.listen_at(url)
        for number, token in enumerate(tokens):
            url = self.urls[number % len(self.urls)]
            writing = self._write(number, self._chats[number % CHATS], token, url)
            self._writing.append(self._tasks.create_task(writing))

    async def listen_at(self, url: str) -> Listener:
        """One more who listens, from now on."""
        listener = Listener(await _opened(url, self._ear, "ear"))
        self.listeners.append(listener)
        self._tasks.create_task(listener.listen())
        return listener

    async def goes_on(self, more: int = 150) -> None:
        """So many more messages are acknowledged."""
        wanted = len(self.ledger.entries) + more

        async def are_enough() -> bool:
            return len(self.ledger.entries) >= wanted

        await holds(are_enough)

    async def end(self) -> None:
        """Write no more; who waits for an acknowledgement gets it."""
        self._is_over = True
        if self._writing:
            await asyncio.wait(self._writing)

    async def _write(self, sender: int, chat: str, token: str, url: str) -> None:
        is_done = False
        while not is_done:
            try:
                async with await _opened(url, token, "phone") as socket:
                    await self._write_on(socket, sender, chat)
                    is_done = True
            except (OSError, ConnectionClosed, InvalidStatus, TimeoutError):
                # Whoever is hung up on tries the next address, with what was not acknowledged.
                place = self.urls.index(url) if url in self.urls else -1
                url = self.urls[(place + 1) % len(self.urls)]

    async def _write_on(self, socket: ClientConnection, sender: int, chat: str) -> None:
        number = self.ledger.next_number(sender)
        while not (self._is_over and self.ledger.next_number(sender) == number):
            text = text_of(sender, number)
            await socket.send(json.dumps({"message": {"id": text, "cid": chat, "body": text}}))
            answer = await _answer(socket, text)
            if "error" in answer:
                # The store was not there for a moment: the same again.
                assert answer["error"]["status"] >= 500, answer
                continue
            message = ids.message(answer["server_mid"])
            self.ledger.entries.append(Acknowledged(sender, number, ids.chat(chat), message))
            number += 1
            if self._is_over:
                return

    async def stored(self) -> list[Stored]:
        """All messages of these conversations."""
        connection = await asyncpg.connect(self.cluster.database_url)
        found = await connection.fetch(
            "SELECT chat_id, seq, id, text FROM messages WHERE chat_id = ANY($1)"
            " ORDER BY chat_id, seq",
            [ids.chat(each) for each in self._chats],
        )
        await connection.close()
        return [Stored(*each) for each in found]

    async def order(self) -> Order:
        """What somebody who has heard everything has heard."""
        order: Order = {}
        for each in await self.stored():
            order.setdefault(each.chat, []).append(each.message)
        return order


async def _opened(url: str, token: str, device: str) -> ClientConnection:
    """A socket that is signed in."""
    address = url.replace("http", "ws", 1) + "/"
    socket = await connect(
        address, proxy=None, compression=None, max_queue=None, open_timeout=5, close_timeout=1
    )
    said: Any = {"error": "nothing was said"}
    try:
        params = {"connect": {"token": token, "device_id": device}, "id": "in"}
        await socket.send(json.dumps({"request": params}))
        async with asyncio.timeout(WITHIN_S):
            said = json.loads(await socket.recv())["response"]
    finally:
        if "error" in said:
            await socket.close()
    if "error" in said:
        # The store is away for a moment.
        raise ConnectionError(said)
    return socket


async def _answer(socket: ClientConnection, ref: str) -> Any:
    """What becomes of the message of that id. What others say is passed over."""
    async with asyncio.timeout(WITHIN_S):
        while True:
            packet = json.loads(await socket.recv())
            if packet.get("ask", {}).get("mid") == ref:
                return packet["ask"]
            said = packet.get("message", {})
            if said.get("id") == ref and "error" in said:
                return said


@asynccontextmanager
async def load_on(cluster: Cluster) -> AsyncIterator[tuple[Load, list[Side]]]:
    """Writers and listeners at all processes; in the end the store must agree with the ledger."""
    people = [f"writer{number}" for number in range(WRITERS)]
    async with (
        asyncio.timeout(90),
        sides(cluster.urls, *people, "ear", "anna", "boris") as found,
        asyncio.TaskGroup() as tasks,
    ):
        load = Load(cluster, tasks)
        try:
            await load.begin(found[0])
            yield load, found
            await load.end()
            load.ledger.compare(await load.stored())
        finally:
            for listener in load.listeners:
                await listener.close()
