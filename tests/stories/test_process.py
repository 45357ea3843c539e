"""A real process: it starts or says why not, stops without losing anything, and comes back."""

import asyncio
import json
import signal
import socket
import subprocess
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path
from time import monotonic
from typing import Any, TypeVar

import apsw
import pytest
from websockets.frames import Frame, Opcode

from tests.stories.people import Client, Town, town_at
from tests.stories.process import refused, serving

pytestmark = pytest.mark.slow

GOING_AWAY = 1001

T = TypeVar("T")


async def played(base_url: str, story: Callable[[Town], Awaitable[T]], *logins: str) -> T:
    """What *story* gives in a town at that server."""
    async with asyncio.timeout(60), town_at(base_url, *logins) as town:
        return await story(town)


def bundled(packets: list[object]) -> bytes:
    """Frames that reach the server in one piece."""
    frames = [Frame(Opcode.TEXT, json.dumps(packet).encode()) for packet in packets]
    return b"".join(frame.serialize(mask=True) for frame in frames)


async def until_read(client: Client, first: str) -> None:
    """What was sent in one piece has been read: its first part is answered."""
    while True:
        packet = await client.receive()
        client.inbox.append(packet)
        if packet.get("ask", {}).get("mid") == first:
            return


def test_a_stop_answers_what_was_read_then_closes_with_1001(tmp_path: Path) -> None:
    async def story(town: Town) -> list[str]:
        anna, boris = await town.comes("anna"), await town.comes("boris")
        tea = await town.group(anna, "boris")
        await boris.heard()
        # Messages and lists in turns, so that each list waits for the message before it.
        packets: list[object] = []
        # As many as one connection may have waiting; what it did not read is nobody's promise.
        for number in range(30):
            packets.append({"message": {"id": f"m{number}", "cid": tea, "body": f"m{number}"}})
            packets.append({"request": {"message_list": {"cid": tea}, "id": number}})
        anna.socket.transport.write(bundled(packets))
        await until_read(anna, "m0")
        server.signal()
        assert await anna.close_code() == GOING_AWAY
        assert await boris.close_code() == GOING_AWAY
        answered = [packet for packet in anna.inbox if "system_message" not in packet]
        assert len(answered) == len(packets)
        return [packet["ask"]["mid"] for packet in answered if "ask" in packet]

    async def afterwards(town: Town) -> list[str]:
        boris = await town.comes("boris")
        (tea,) = (await boris.ask("conversation_list", {}))["conversations"]
        return await boris.bodies(tea["_id"])

    with serving(tmp_path) as server:
        acknowledged = asyncio.run(played(server.base_url, story, "anna", "boris"))
        started = monotonic()
        assert server.status() == 0
        assert monotonic() - started < 10
        assert "ERROR" not in server.log.upper()
    with serving(tmp_path) as server:
        assert asyncio.run(played(server.base_url, afterwards)) == acknowledged
        server.signal()
        assert server.status() == 0


def test_an_idle_server_stops_at_once(tmp_path: Path) -> None:
    async def story(town: Town) -> None:
        anna = await town.comes("anna")
        stranger = await town.client()
        server.signal()
        assert await anna.close_code() == await stranger.close_code() == GOING_AWAY

    with serving(tmp_path) as server:
        asyncio.run(played(server.base_url, story, "anna"))
        assert server.status(within_s=5) == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_ends_it_at_once(tmp_path: Path, number: signal.Signals) -> None:
    with serving(tmp_path) as server:
        host, _, port = server.base_url.removeprefix("http://").rpartition(":")
        # A request whose body never comes: the graceful way would wait for it.
        with socket.create_connection((host, int(port))) as visitor:
            head = b"POST /login HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n"
            visitor.sendall(head + b"Content-Length: 10\r\n\r\n{")
            with socket.create_connection((host, int(port))) as other:
                other.sendall(b"GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n")
                assert other.recv(1024).startswith(b"HTTP/1.1 200")
            server.signal(number)
            with pytest.raises(subprocess.TimeoutExpired):
                server.status(within_s=0.5)
            started = monotonic()
            server.signal(number)
            assert server.status() == 128 + number
            assert monotonic() - started < 1


def test_a_stop_does_not_wait_for_a_body_that_never_comes(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        host, _, port = server.base_url.removeprefix("http://").rpartition(":")
        with socket.create_connection((host, int(port))) as visitor:
            head = b"POST /login HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n"
            visitor.sendall(head + b"Content-Length: 10\r\n\r\n{")
            started = monotonic()
            server.signal()
            assert server.status() == 0
            assert monotonic() - started < 10


def test_a_restart_keeps_tokens_chats_and_messages(tmp_path: Path) -> None:
    async def before(town: Town) -> dict[str, Any]:
        anna, boris = await town.comes("anna"), await town.comes("boris")
        token = await town.signs_in(anna, "anna")
        tea, hall = await town.group(anna, "boris"), await town.private(anna, "boris")
        first = await anna.say(tea, "one", "ref")
        await boris.ask("message_reactions_update", {"mid": first["server_mid"], "add": "+"})
        await boris.ask("message_read", {"cid": tea})
        await anna.say(hall, "two")
        await boris.ask("block_user", {"ids": [town.ids["anna"]]})
        return {
            "token": token,
            "tea": tea,
            "ids": town.ids,
            "list": (await anna.ask("conversation_list", {}))["conversations"],
            "page": (await anna.ask("message_list", {"cid": tea}))["messages"],
            "unread": await boris.unread(hall),
            "resent": first["server_mid"],
        }

    async def after(town: Town) -> dict[str, Any]:
        town.ids.update(was["ids"])
        anna, boris = await town.client(), await town.comes("boris")
        await anna.ask("connect", {"token": was["token"], "device_id": "phone"})
        (hall,) = [
            each["_id"]
            for each in (await boris.ask("conversation_list", {}))["conversations"]
            if each["type"] == "u"
        ]
        tea = was["tea"]
        found = {
            "token": was["token"],
            "tea": tea,
            "ids": was["ids"],
            "list": (await anna.ask("conversation_list", {}))["conversations"],
            "page": (await anna.ask("message_list", {"cid": tea}))["messages"],
            "unread": await boris.unread(hall),
            # Sent again after the restart, it is still the same message.
            "resent": (await anna.say(tea, "one", "ref"))["server_mid"],
        }
        blocked = (await boris.ask("list_blocked_users", {}))["users"]
        assert blocked == [town.ids["anna"]]
        later = await anna.say(tea, "three")
        assert later["server_mid"] > was["resent"]
        return found

    with serving(tmp_path) as server:
        was = asyncio.run(played(server.base_url, before, "anna", "boris"))
        server.signal()
        assert server.status() == 0
    with serving(tmp_path) as server:
        assert asyncio.run(played(server.base_url, after)) == was
        assert "ERROR" not in server.log.upper()


def is_one_line(words: str) -> bool:
    return words.startswith("tertulia: ") and words.count("\n") == 1 and words.endswith("\n")


def test_a_port_that_is_taken_is_said_in_a_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        status, words = refused(tmp_path, "--port", port)
    assert status == 2
    assert is_one_line(words), words
    assert port in words


def test_a_folder_that_cannot_be_made_is_said_in_a_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    status, words = refused(tmp_path / "file" / "data", "--port", "0")
    assert status == 2
    assert is_one_line(words), words
    assert str(tmp_path / "file" / "data") in words


def test_a_folder_that_cannot_be_written_is_said_in_a_line() -> None:
    # Not even root may make files there.
    status, words = refused(Path("/proc"), "--port", "0")
    assert status == 2
    assert is_one_line(words), words
    assert "/proc" in words


def test_a_folder_in_the_place_of_the_store_is_said_in_a_line(tmp_path: Path) -> None:
    (tmp_path / "tertulia.db").mkdir()
    status, words = refused(tmp_path, "--port", "0")
    assert status == 2
    assert is_one_line(words), words
    assert str(tmp_path / "tertulia.db") in words


def test_a_store_that_is_none_is_said_in_a_line(tmp_path: Path) -> None:
    (tmp_path / "tertulia.db").write_text("This is a letter to my grandmother. " * 100)
    status, words = refused(tmp_path, "--port", "0")
    assert status == 2
    assert is_one_line(words), words
    assert str(tmp_path / "tertulia.db") in words


def test_a_newer_store_is_left_alone(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        server.signal()
        assert server.status() == 0
    (path,) = tmp_path.glob("*.db")
    with closing(apsw.Connection(str(path))) as store:
        store.execute("INSERT INTO schema_steps VALUES (9999)")
    status, words = refused(tmp_path, "--port", "0")
    assert status == 2
    assert is_one_line(words), words
    assert "9999" in words


def test_a_store_in_use_is_left_alone(tmp_path: Path) -> None:
    with serving(tmp_path):
        status, words = refused(tmp_path, "--port", "0")
    assert status == 2
    assert is_one_line(words), words
    assert "another Tertulia" in words
