"""A first conversation: Anna and Boris sign up, Anna writes, Boris reads.

Start a server with `make serve`, then run `.venv/bin/python examples/first_conversation.py`;
the address of another server may follow, as that server prints it.
Needs only the package `websockets`, which `make setup` installs. What is printed is what
travels: an arrow to the right is sent to the server, an arrow to the left comes from it.
"""

import asyncio
import json
import sys
from secrets import token_hex, token_urlsafe
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidURI, WebSocketException

STANDARD = "http://127.0.0.1:8000"


class Person:
    """Somebody with one SAMA client."""

    def __init__(self, name: str, socket: ClientConnection) -> None:
        self.name = name
        # A new login each time, so that the conversation can be repeated on the same server.
        self.login = f"{name.lower()}-{token_hex(3)}"
        self.password = token_urlsafe(12)
        self.socket = socket
        self.id = ""

    async def send(self, packet: dict[str, Any]) -> None:
        """Say one packet to the server."""
        text = json.dumps(packet, ensure_ascii=False)
        print(f"{self.name:>6} → {text.replace(self.password, '…')}")
        await self.socket.send(text)

    async def hear(self, kind: str) -> Any:
        """What the server says next under the key *kind*; everything on the way is printed, too."""
        while True:
            async with asyncio.timeout(10):
                packet = json.loads(await self.socket.recv())
            print(f"{self.name:>6} ← {_short(json.dumps(packet, ensure_ascii=False))}")
            if kind in packet:
                return packet[kind]

    async def ask(self, name: str, **params: Any) -> Any:
        """The server's answer to one request."""
        await self.send({"request": {name: params, "id": name}})
        answer = await self.hear("response")
        if "error" in answer:
            sys.exit(f"{name}: {answer['error']['message']}")
        return answer

    async def sign_up_and_in(self) -> None:
        """A new account, signed in on this socket."""
        await self.ask("user_create", login=self.login, password=self.password)
        answer = await self.ask(
            "user_login", login=self.login, password=self.password, device_id="terminal"
        )
        self.id = answer["user"]["_id"]


async def converse(url: str) -> None:
    """Two people, one message."""
    async with connect(url) as at_anna, connect(url) as at_boris:
        anna, boris = Person("Anna", at_anna), Person("Boris", at_boris)
        await anna.sign_up_and_in()
        await boris.sign_up_and_in()

        answer = await anna.ask("conversation_create", type="u", participants=[boris.id])
        await boris.hear("system_message")
        chat = answer["conversation"]["_id"]

        await anna.send({"message": {"id": "m-1", "cid": chat, "body": "¿Te apetece un café?"}})
        await anna.hear("ack")
        message = await boris.hear("message")

        await boris.ask("message_read", cid=chat, ids=[message["_id"]])
        await anna.hear("message_read")
    print(f"\nBoris has read: {message['body']}")


def _socket_of(address: str) -> str:
    """Where the server at a web address listens for SAMA's sockets."""
    return address.replace("http", "ws", 1) if address.startswith("http") else address


def _short(text: str) -> str:
    """At most 150 characters: user objects and tokens are long."""
    return text if len(text) <= 150 else f"{text[:149]}…"


if __name__ == "__main__":
    try:
        asyncio.run(converse(_socket_of(sys.argv[1] if len(sys.argv) > 1 else STANDARD)))
    except TimeoutError:
        sys.exit("first_conversation: no answer within 10 seconds")
    except InvalidURI:
        sys.exit(f"first_conversation: an address like {STANDARD} is wanted")
    except (OSError, WebSocketException) as error:
        sys.exit(f"first_conversation: {error}")
