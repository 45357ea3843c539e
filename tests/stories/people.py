"""People with SAMA clients that are not ours, in a town of one server."""

import asyncio
import itertools
import json
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.house import running_server

PATIENCE_S = 10.0

Packet = dict[str, Any]


class Refused(AssertionError):
    """The server answered with an error."""

    def __init__(self, error: Packet) -> None:
        super().__init__(f"{error['status']} {error['message']}")
        self.status: int = error["status"]
        self.sentence: str = error["message"]


class Client:
    """One socket, the requests under way on it, and the packets nobody has looked at yet."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.inbox: deque[Packet] = deque()
        self._refs = itertools.count(1)

    async def send(self, packet: Any) -> None:
        """Send JSON."""
        await self.socket.send(json.dumps(packet))

    async def send_together(self, packets: Sequence[Any]) -> None:
        """Send them so that they arrive at once."""
        async with self.socket.send_context():
            for packet in packets:
                self.socket.protocol.send_text(json.dumps(packet).encode())

    async def receive(self) -> Packet:
        """The next packet off the wire."""
        async with asyncio.timeout(PATIENCE_S):
            packet: Packet = json.loads(await self.socket.recv())
        return packet

    async def ask(self, name: str, params: Any) -> Packet:
        """The answer to a request. Raises: Refused."""
        ref = f"r{next(self._refs)}"
        await self.send({"request": {name: params, "id": ref}})
        return await self.answer_to(ref)

    async def answer_to(self, ref: str | int) -> Packet:
        """The answer to the request of that id; what comes before it goes into the inbox."""
        while True:
            packet = await self.receive()
            response = packet.get("response", {})
            if response.get("id") == ref:
                if "error" in response:
                    raise Refused(response["error"])
                return dict(response)
            self.inbox.append(packet)

    async def say(self, cid: str, body: str, ref: str | None = None) -> Packet:
        """What the server acknowledges a message with. Raises: Refused."""
        message = {"id": ref or f"m{next(self._refs)}", "cid": cid, "body": body}
        await self.send({"message": message})
        while True:
            packet = await self.receive()
            if packet.get("ask", {}).get("mid") == message["id"]:
                return dict(packet["ask"])
            said = packet.get("message", {})
            if "error" in said:
                raise Refused(said["error"])
            self.inbox.append(packet)

    async def hears(self, kind: str) -> Packet:
        """The next packet, which is of that kind."""
        packet = self.inbox.popleft() if self.inbox else await self.receive()
        assert list(packet) == [kind], packet
        return dict(packet[kind])

    async def heard(self) -> list[Packet]:
        """Everything that was on its way: what comes before the answer to a ping."""
        await self.ask("ping", {})
        packets = list(self.inbox)
        self.inbox.clear()
        return packets

    async def bodies(self, cid: str, **page: Any) -> list[str]:
        """The texts of a conversation, oldest first."""
        listed = await self.ask("message_list", {"cid": cid, "limit": 100, **page})
        return [each["body"] for each in reversed(listed["messages"])]

    async def unread(self, cid: str) -> int:
        """What the list says is unread there."""
        (listed,) = (await self.ask("conversation_list", {"ids": [cid]}))["conversations"]
        return int(listed["unread_messages_count"])

    async def hang_up(self) -> None:
        """Close."""
        await self.socket.close()

    async def close_code(self) -> int | None:
        """The code the server closes with, after whatever it still says."""
        try:
            while True:
                self.inbox.append(await self.receive())
        except ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd else None


class Town:
    """A server and the people who use it."""

    def __init__(self, base_url: str, closing: AsyncExitStack) -> None:
        self.base_url = base_url
        self._closing = closing
        self.ids: dict[str, str] = {}

    async def client(self, **options: Any) -> Client:
        """A socket that nobody is signed in on."""
        options = {"compression": None, "max_queue": None, "max_size": None, **options}
        address = self.base_url.replace("http", "ws", 1) + "/"
        socket = connect(address, proxy=None, **options)
        return Client(await self._closing.enter_async_context(socket))

    async def settle(self, *logins: str) -> None:
        """These people sign up; the password of anna is `anna-secret`."""
        clerk = await self.client()
        for login in logins:
            params = {"login": login, "password": f"{login}-secret"}
            self.ids[login] = (await clerk.ask("user_create", params))["user"]["_id"]
        await clerk.hang_up()

    async def comes(self, login: str, device: str = "phone", **options: Any) -> Client:
        """A new socket of that person, signed in by password."""
        client = await self.client(**options)
        await self.signs_in(client, login, device)
        return client

    @staticmethod
    async def signs_in(client: Client, login: str, device: str = "phone") -> str:
        """The token of that socket's new sign-in."""
        params = {"login": login, "password": f"{login}-secret", "device_id": device}
        return str((await client.ask("user_login", params))["token"])

    async def group(self, owner: Client, *others: str, name: str = "tea") -> str:
        """The id of a new group."""
        participants = [self.ids[other] for other in others]
        params = {"type": "g", "name": name, "participants": participants}
        made = await owner.ask("conversation_create", params)
        return str(made["conversation"]["_id"])

    async def private(self, one: Client, other: str) -> str:
        """The id of the private conversation of the two."""
        made = await one.ask(
            "conversation_create", {"type": "u", "participants": [self.ids[other]]}
        )
        return str(made["conversation"]["_id"])


@asynccontextmanager
async def town_at(base_url: str, *logins: str) -> AsyncIterator[Town]:
    """A town at a server that is running already; its sockets are closed at the end."""
    async with AsyncExitStack() as closing:
        town = Town(base_url, closing)
        await town.settle(*logins)
        yield town


def in_town(story: Callable[[Town], Awaitable[None]], *logins: str, **settings: Any) -> None:
    """Play *story* in a town where these people have signed up."""

    async def played() -> None:
        async with (
            asyncio.timeout(60),
            running_server(**settings) as base_url,
            town_at(base_url, *logins) as town,
        ):
            await story(town)

    asyncio.run(played())
