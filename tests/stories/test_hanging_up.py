"""Anna hangs up just when Boris writes: what she was not told is in her log."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect

from tertulia.core.events import LogEntry
from tertulia.core.log import Log
from tertulia.core.model import Actor
from tests.house import running_house

PATIENCE_S = 20.0

DOOR = {"password": "secret", "device_id": "d"}


async def ask(socket: ClientConnection, name: str, params: Any) -> Any:
    await socket.send(json.dumps({"request": {name: params, "id": name}}))
    while True:
        response = json.loads(await socket.recv()).get("response", {})
        if response.get("id") == name:
            assert "error" not in response, response
            return response


async def write(socket: ClientConnection, cid: str, text: str) -> None:
    await socket.send(json.dumps({"message": {"id": text, "cid": cid, "body": text}}))
    while "ask" not in json.loads(await socket.recv()):
        pass


async def logged(socket: ClientConnection) -> list[str]:
    logs = (await ask(socket, "op_log_list", {"created_at": {"gt": 0}}))["logs"]
    packets = [each["packet"] for each in logs]
    return [packet["message"]["body"] for packet in packets if "message" in packet]


def test_who_hangs_up_before_he_was_let_in_finds_in_the_log_what_came_meanwhile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    missed_changes = Log.missed_changes
    has_come, may_go_on = asyncio.Event(), asyncio.Event()

    async def slowly(log: Log, actor: Actor) -> Sequence[LogEntry]:
        has_come.set()
        await may_go_on.wait()
        return await missed_changes(log, actor)

    async def story() -> None:
        async with running_house() as (_, base_url):
            address = base_url.replace("http", "ws")
            async with connect(address) as boris:
                ids = {}
                for login in ("anna", "boris"):
                    user = {"login": login, "password": "secret"}
                    ids[login] = (await ask(boris, "user_create", user))["user"]["_id"]
                await ask(boris, "user_login", {**DOOR, "login": "boris"})
                new = {"type": "u", "participants": [ids["anna"]]}
                cid = (await ask(boris, "conversation_create", new))["conversation"]["_id"]
                monkeypatch.setattr(Log, "missed_changes", slowly)
                async with connect(address) as anna:
                    door = {"user_login": {**DOOR, "login": "anna"}, "id": 1}
                    await anna.send(json.dumps({"request": door}))
                    await has_come.wait()
                    await write(boris, cid, "are you there?")
                may_go_on.set()
                await write(boris, cid, "gone again")
                async with connect(address) as anna:
                    await ask(anna, "user_login", {**DOOR, "login": "anna"})
                    assert await logged(anna) == ["are you there?", "gone again"]

    asyncio.run(asyncio.wait_for(story(), PATIENCE_S))
