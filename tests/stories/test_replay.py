"""Anna comes and goes while Boris edits; she hears of every edit once, in order."""

import asyncio
import json
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

from tests.house import running_house

EDITS = 300
PATIENCE_S = 20.0


class Ear:
    """A socket, and the edits that were heard on it so far."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.edits: list[int] = []

    async def ask(self, name: str, params: Any) -> Any:
        await self.socket.send(json.dumps({"request": {name: params, "id": name}}))
        while True:
            heard = await self.hear()
            if heard.get("response", {}).get("id") == name:
                assert "error" not in heard["response"], heard
                return heard["response"]

    async def hear(self) -> dict[str, Any]:
        heard: dict[str, Any] = json.loads(await self.socket.recv())
        if "message_edit" in heard:
            self.edits.append(int(heard["message_edit"]["body"]))
        return heard


def test_every_edit_is_heard_once_and_in_order() -> None:
    async def story() -> None:
        async with running_house() as (_, base_url):
            address = base_url.replace("http", "ws")
            async with connect(address) as one, connect(address) as other:
                anna, boris = Ear(one), Ear(other)
                ids = {}
                for ear, login in ((anna, "anna"), (boris, "boris")):
                    user = {"login": login, "password": "secret"}
                    ids[login] = (await ear.ask("user_create", user))["user"]["_id"]
                door = {"login": "anna", "password": "secret", "device_id": "d"}
                await boris.ask("user_login", {**door, "login": "boris"})
                new = {"type": "u", "participants": [ids["anna"]]}
                cid = (await boris.ask("conversation_create", new))["conversation"]["_id"]
                message = {"message": {"id": "m", "cid": cid, "body": "0"}}
                await other.send(json.dumps(message))
                mid = (await boris.hear())["ask"]["server_mid"]
                await comings_and_goings(anna, boris, door, mid)
        assert anna.edits == list(range(EDITS))

    asyncio.run(asyncio.wait_for(story(), PATIENCE_S))


async def comings_and_goings(anna: Ear, boris: Ear, door: dict[str, str], mid: str) -> None:
    done = False

    async def edit() -> None:
        nonlocal done
        for number in range(EDITS):
            await boris.ask("message_edit", {"id": mid, "body": str(number)})
        done = True

    async def come_and_go() -> None:
        while not done:
            await anna.ask("user_login", door)
            await anna.ask("ping", {})
            await anna.ask("user_logout", {})
        await anna.ask("user_login", door)
        await anna.ask("ping", {})

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(edit())
        tasks.create_task(come_and_go())
