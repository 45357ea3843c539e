"""A server in a thread of its own, and clients that speak to it one line after the other."""

import itertools
import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection
from typing import Any

from websockets.sync.client import connect

from tests.threaded import threaded_house

PATIENCE_S = 10.0

Packet = dict[str, Any]

_numbers = itertools.count(1)


class Client:
    """One socket."""

    def __init__(self, base_url: str) -> None:
        self._closing = ExitStack()
        self._socket = self._closing.enter_context(
            connect(
                base_url.replace("http", "ws", 1) + "/",
                compression=None,
                max_size=None,
                ping_interval=None,
                proxy=None,
            )
        )

    def send(self, packet: Any) -> None:
        """Send JSON."""
        self._socket.send(json.dumps(packet))

    def send_frame(self, frame: bytes, *, as_text: bool) -> None:
        """Send whatever it is."""
        self._socket.send(frame, text=as_text)

    def receive(self) -> Packet:
        """The next packet."""
        packet: Packet = json.loads(self._socket.recv(PATIENCE_S))
        return packet

    def heard(self) -> list[Packet]:
        """Everything that comes before the answer to a ping."""
        ref = f"ping-{next(_numbers)}"
        self.send({"request": {"ping": {}, "id": ref}})
        packets = []
        while (packet := self.receive()) != {"response": {"id": ref, "pong": {}}}:
            packets.append(packet)
        return packets

    def ask(self, name: str, params: Any) -> Packet:
        """The answer, which may be an error; whatever else comes before it is dropped."""
        ref = f"ask-{next(_numbers)}"
        self.send({"request": {name: params, "id": ref}})
        while True:
            response = self.receive().get("response", {})
            if response.get("id") == ref:
                return dict(response)

    def sign_in(self, login: str) -> None:
        """By password."""
        params = {"login": login, "password": "secret", "device_id": "d"}
        assert "token" in self.ask("user_login", params)

    def close(self) -> None:
        """Hang up."""
        self._closing.close()


class Town:
    """A running server, the people in it, and the mistakes it made."""

    def __init__(self, base_url: str, mistakes: list[str]) -> None:
        self.base_url = base_url
        self.mistakes = mistakes
        self._clerk = Client(base_url)
        self._health = HTTPConnection(base_url.removeprefix("http://"), timeout=PATIENCE_S)

    def settle(self, part: str) -> tuple[str, str]:
        """Login and id of somebody new, whose password is `secret`."""
        login = f"{part}{next(_numbers)}"
        made = self._clerk.ask("user_create", {"login": login, "password": "secret"})
        return login, made["user"]["_id"]

    def client(self) -> Client:
        """A socket that nobody is signed in on."""
        return Client(self.base_url)

    def comes(self, login: str) -> Client:
        """A signed-in socket."""
        client = self.client()
        client.sign_in(login)
        return client

    def is_healthy(self) -> bool:
        """What a supervisor is told."""
        self._health.request("GET", "/healthz")
        answer = self._health.getresponse()
        answer.read()
        return answer.status == 200

    def close(self) -> None:
        """Leave."""
        self._clerk.close()
        self._health.close()


@contextmanager
def town(**settings: Any) -> Iterator[Town]:
    """A town of its own; `settings` are those of an operator."""
    with threaded_house(**settings) as house:
        opened = Town(house.base_url, house.mistakes)
        try:
            yield opened
        finally:
            opened.close()
