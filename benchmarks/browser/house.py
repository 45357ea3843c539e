"""A store to measure the web client with: a chat of 100,000 messages, and 2,000 chats of one person."""

import json
import secrets
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

from benchmarks.served import ServerFailed, tertulia

PASSWORD = "as-fast-as-it-gets"  # noqa: S105 - of accounts that nobody else has
READER, WRITER = "reader", "writer"

PATIENCE_S = 60.0

# So many messages are on their way at once while the store is filled.
_AT_ONCE = 200

_TEXT = (
    "the boat leaves at nine from pier four and we should bring bread olives a map three lamps "
    "dry socks your letters from the winter and whatever else fits into one bag of that size"
)
_WORDS = _TEXT.split()


class Refused(Exception):
    """The server said no."""


@dataclass(frozen=True, slots=True)
class House:
    """What lies in the store.

    Attributes:
        data: where it lies.
        long_chat: the chat with many messages, between the reader and the writer.
        messages: how many there are in it.
        groups: the other chats of the two.
    """

    data: Path
    long_chat: str
    messages: int
    groups: list[str]


class Voice:
    """Somebody on a plain socket of the SAMA API."""

    def __init__(self, url: str, login: str) -> None:
        self._socket: ClientConnection = connect(
            url.replace("http", "ws", 1), max_size=None, legacy=True
        )
        self._number = 0
        # The server takes a message for a repeated one by its name.
        self._batch = secrets.token_hex(4)
        self.id: str = self.ask("user_login", login=login, password=PASSWORD, device_id="bench")[
            "user"
        ]["_id"]

    def ask(self, name: str, /, **params: Any) -> dict[str, Any]:
        """The answer to a request. Raises: Refused."""
        self._number += 1
        self._send({"request": {name: params, "id": self._number}})
        while True:
            answer = self._hear().get("response", {})
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise Refused(f"{name}: {answer['error']}")
                return dict(answer)

    def say(self, messages: Iterable[tuple[str, str]]) -> None:
        """Send messages, each a chat and a text, many at a time; all are acknowledged."""
        left = iter(messages)
        while some := list(islice(left, _AT_ONCE)):
            for chat, body in some:
                self.tell(chat, body)
            waiting = len(some)
            while waiting:
                waiting -= self._hear().get("ask") is not None

    def tell(self, chat: str, body: str) -> None:
        """Send one message; nobody waits for its acknowledgement."""
        self._number += 1
        packet = {"id": f"{self._batch}-{self._number}", "cid": chat, "body": body}
        self._send({"message": packet})

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def _send(self, packet: dict[str, Any]) -> None:
        self._socket.send(json.dumps(packet))

    def _hear(self) -> dict[str, Any]:
        packet: dict[str, Any] = json.loads(self._socket.recv(timeout=PATIENCE_S))
        if "error" in packet.get("message", {}):
            raise Refused(f"a message: {packet['message']['error']}")
        return packet


def texts(first: int, count: int) -> Iterator[str]:
    """What people write: numbered, of one to forty words, some with marks and links."""
    for number in range(first, first + count):
        length = 1 + (number * number + 7 * number) % (40 if number % 5 == 0 else 12)
        words = [_WORDS[(number * 3 + at) % len(_WORDS)] for at in range(length)]
        if number % 9 == 0:
            words[0] = f"**{words[0]}**"
        if number % 25 == 0:
            words.append(f"https://example.org/pages/{number}")
        yield f"{number:06d} {' '.join(words)}"


def house(kept: Path, environment: dict[str, str], messages: int, chats: int) -> House:
    """The store, made if it is not there yet. Raises: ServerFailed, Refused."""
    plan = kept / f"house-{messages}-{chats}.json"
    data = kept / f"data-{messages}-{chats}"
    if plan.exists():
        return House(data=data, **json.loads(plan.read_text()))
    shutil.rmtree(data, ignore_errors=True)
    kept.mkdir(parents=True, exist_ok=True)
    with tertulia(data, environment) as served:
        made = _furnish(served.url, data, messages, chats)
    known = {name: value for name, value in asdict(made).items() if name != "data"}
    plan.write_text(json.dumps(known))
    return made


def _furnish(url: str, data: Path, messages: int, chats: int) -> House:
    socket = connect(url.replace("http", "ws", 1), legacy=True)
    for number, login in enumerate((READER, WRITER)):
        name = {"login": login, "password": PASSWORD, "first_name": login.title()}
        socket.send(json.dumps({"request": {"user_create": name, "id": number}}))
        if "error" in json.loads(socket.recv(timeout=PATIENCE_S)).get("response", {}):
            raise ServerFailed(f"{login} cannot sign up")
    socket.close()
    writer = Voice(url, WRITER)
    members = [_id_of(url, READER)]
    groups = [
        str(
            writer.ask("conversation_create", type="g", name=_name(number), participants=members)[
                "conversation"
            ]["_id"]
        )
        for number in range(chats - 1)
    ]
    writer.say(zip(groups, texts(0, len(groups)), strict=True))
    long_chat = writer.ask("conversation_create", type="u", participants=members)["conversation"][
        "_id"
    ]
    writer.say((long_chat, text) for text in texts(0, messages))
    # Read to its end: the figures are about the list and the history, not about a mark of what is new.
    reader = Voice(url, READER)
    reader.ask("message_read", cid=long_chat)
    writer.close()
    reader.close()
    return House(data, long_chat, messages, groups)


def _id_of(url: str, login: str) -> str:
    voice = Voice(url, login)
    voice.close()
    return voice.id


def _name(number: int) -> str:
    return (
        f"{_WORDS[number % len(_WORDS)].title()} and {_WORDS[(number * 7) % len(_WORDS)]} {number}"
    )
