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

KEY = {"password": "secret", "device_id": "d"}


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


@pytest.fixture
def door(monkeypatch: pytest.MonkeyPatch) -> "Door":
    """What was missed is looked up, slowly, once it has been shut."""
    return Door(monkeypatch)


class Door:
    """Whoever comes waits in front of it until it is opened."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch
        self._missed_changes = Log.missed_changes
        self._has_come, self._may_go_on = asyncio.Event(), asyncio.Event()

    async def _slowly(self, log: Log, actor: Actor) -> Sequence[LogEntry]:
        self._has_come.set()
        await self._may_go_on.wait()
        return await self._missed_changes(log, actor)

    def shut(self) -> None:
        async def slowly(log: Log, actor: Actor) -> Sequence[LogEntry]:
            return await self._slowly(log, actor)

        self._monkeypatch.setattr(Log, "missed_changes", slowly)

    async def is_knocked_at_by(self, anna: ClientConnection) -> None:
        await anna.send(json.dumps({"request": {"user_login": {**KEY, "login": "anna"}, "id": 1}}))
        await self._has_come.wait()

    def open(self) -> None:
        self._may_go_on.set()


async def opened_chat(boris: ClientConnection) -> str:
    """Boris is signed in and has a chat with Anna."""
    ids = {}
    for login in ("anna", "boris"):
        user = {"login": login, "password": "secret"}
        ids[login] = (await ask(boris, "user_create", user))["user"]["_id"]
    await ask(boris, "user_login", {**KEY, "login": "boris"})
    new = {"type": "u", "participants": [ids["anna"]]}
    cid: str = (await ask(boris, "conversation_create", new))["conversation"]["_id"]
    return cid


def test_who_hangs_up_before_he_was_let_in_finds_in_the_log_what_came_meanwhile(door: Door) -> None:
    async def story() -> None:
        async with running_house() as (_, base_url):
            address = base_url.replace("http", "ws")
            async with connect(address) as boris:
                cid = await opened_chat(boris)
                door.shut()
                async with connect(address) as anna:
                    await door.is_knocked_at_by(anna)
                    await write(boris, cid, "are you there?")
                door.open()
                await write(boris, cid, "gone again")
                async with connect(address) as anna:
                    await ask(anna, "user_login", {**KEY, "login": "anna"})
                    assert await logged(anna) == ["are you there?", "gone again"]

    asyncio.run(asyncio.wait_for(story(), PATIENCE_S))


def test_who_hangs_up_before_he_was_let_in_hears_of_changes_the_next_time(door: Door) -> None:
    async def story() -> None:
        async with running_house() as (_, base_url):
            address = base_url.replace("http", "ws")
            async with connect(address) as boris:
                cid = await opened_chat(boris)
                await write(boris, cid, "helo")
                (listed,) = (await ask(boris, "message_list", {"cid": cid}))["messages"]
                await ask(boris, "message_edit", {"id": listed["_id"], "body": "hello"})
                door.shut()
                async with connect(address) as anna:
                    await door.is_knocked_at_by(anna)
                door.open()
                await write(boris, cid, "gone again")
                async with connect(address) as anna:
                    await ask(anna, "user_login", {**KEY, "login": "anna"})
                    heard = json.loads(await anna.recv())
                    assert heard["message_edit"]["body"] == "hello"
                    assert await logged(anna) == ["hello", "gone again"]

    asyncio.run(asyncio.wait_for(story(), PATIENCE_S))
