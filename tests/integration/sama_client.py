"""A SAMA client that writes under load and keeps a ledger, until the server is no more."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tertulia.dialects.sama import ids
from tests.integration.ledger import Acknowledged, Ledger, text_of

CHATS = 3
SOCKETS = 4
ANNA = {"login": "anna", "password": "secret"}
BORIS = {"login": "boris", "password": "secret"}


class SamaClient:
    """Senders that each wait for their acknowledgement; several share a socket."""

    def __init__(self, url: str, ledger: Ledger, senders: int) -> None:
        self._url = url
        self._ledger = ledger
        self._senders = senders
        self._waiting: dict[str, tuple[int, int, str, asyncio.Event]] = {}

    async def write_until(self, enough: Callable[[], bool], kill: Callable[[], None]) -> None:
        """Go on where the ledger ends; kill the server when it is enough, and hear out the rest."""
        sockets = [await connect(self._url) for _ in range(SOCKETS)]
        chats = await self._sign_in(sockets)
        async with asyncio.TaskGroup() as tasks:
            writing = [
                tasks.create_task(
                    self._send(sockets[sender % SOCKETS], sender, chats[sender % CHATS])
                )
                for sender in range(self._senders)
            ]
            listening = [
                tasks.create_task(self._listen(socket, enough, kill)) for socket in sockets
            ]
            await asyncio.wait(listening)
            for task in writing:
                task.cancel()
        for socket in sockets:
            await socket.close()

    async def _sign_in(self, sockets: list[ClientConnection]) -> list[str]:
        """The ids of the chats, which the first round makes."""
        first, *others = sockets
        is_new = not self._ledger.entries
        if is_new:
            await ask(first, {"user_create": ANNA})
        signed_in = await ask(first, {"user_login": {**ANNA, "device_id": "1"}})
        for socket in others:
            await ask(socket, {"connect": {"token": signed_in["token"], "device_id": "1"}})
        if is_new:
            boris = (await ask(first, {"user_create": BORIS}))["user"]["_id"]
            for name in range(CHATS):
                new = {"type": "g", "name": str(name), "participants": [boris]}
                await ask(first, {"conversation_create": new})
        found = (await ask(first, {"conversation_list": {}}))["conversations"]
        return sorted(chat["_id"] for chat in found)

    async def _send(self, socket: ClientConnection, sender: int, chat: str) -> None:
        number = self._ledger.next_number(sender)
        while True:
            text = text_of(sender, number)
            acknowledged = asyncio.Event()
            self._waiting[text] = sender, number, chat, acknowledged
            try:
                await socket.send(json.dumps({"message": {"id": text, "cid": chat, "body": text}}))
            except ConnectionClosed:
                return
            await acknowledged.wait()
            number += 1

    async def _listen(
        self, socket: ClientConnection, enough: Callable[[], bool], kill: Callable[[], None]
    ) -> None:
        try:
            async for frame in socket:
                packet = json.loads(frame)
                if "ask" in packet:
                    self._note(packet["ask"])
                # The other sockets of the same person hear each message as a carbon.
                assert packet.keys() <= {"ask", "ack", "message", "system_message"}, packet
                assert "error" not in packet.get("message", {}), packet
                if enough():
                    kill()
        except ConnectionClosed:
            pass

    def _note(self, acknowledgement: dict[str, Any]) -> None:
        sender, number, chat, acknowledged = self._waiting.pop(acknowledgement["mid"])
        message = ids.message(acknowledgement["server_mid"])
        self._ledger.entries.append(Acknowledged(sender, number, ids.chat(chat), message))
        acknowledged.set()


async def ask(socket: ClientConnection, request: dict[str, Any]) -> dict[str, Any]:
    """The response to a request, with nothing else under way on that socket."""
    await socket.send(json.dumps({"request": {**request, "id": "1"}}))
    while "response" not in (packet := json.loads(await socket.recv())):
        pass
    response: dict[str, Any] = packet["response"]
    assert "error" not in response, response
    return response
