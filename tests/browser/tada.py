"""A plain Tada client, REST and WebSocket: whoever talks with the web client may use another API."""

import json
import uuid
from typing import Any
from urllib.request import Request, urlopen

from websockets.sync.client import connect

PATIENCE_S = 10.0


class Tada:
    """Somebody who speaks Tada, in the team where everybody meets who shares no other."""

    def __init__(self, base_url: str, login: str, password: str) -> None:
        self._url = base_url
        self._token = ""
        signed_in = self.ask(
            "POST",
            "auth/password/get-token",
            {"username": login, "password": password, "device_id": "tada", "type": "web"},
        )
        self._token = signed_in["token"]
        teams = self.ask("GET", "teams")
        self.team: str = teams[0]["uid"]
        self._socket = connect(
            f"{base_url.replace('http', 'ws')}/messaging/{self.team}",
            additional_headers={"Token": self._token}, max_size=None, legacy=True,
        )  # fmt: skip

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """What REST answers."""
        content = None if body is None else json.dumps(body).encode()
        return self._result(method, path, content, "application/json")

    def of_team(self, method: str, path: str, body: object = None) -> Any:
        """What REST answers about the team."""
        return self.ask(method, f"teams/{self.team}/{path}", body)

    def attach(self, jid: str, name: str, content: bytes, kind: str) -> Any:
        """Send a file as a message."""
        head = f'--cut\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
        body = f"{head}Content-Type: {kind}\r\n\r\n".encode() + content + b"\r\n--cut--\r\n"
        path = f"teams/{self.team}/chats/{jid}/messages"
        return self._result("POST", path, body, "multipart/form-data; boundary=cut")

    def say(self, jid: str, text: str, name: str = "", **more: object) -> str:
        """Send a message over the socket, or, under the name of one, change it; its name."""
        name = name or str(uuid.uuid4())
        self.tell(
            "message.updated",
            to=jid, message_id=name, content={"type": "plain", "text": text}, **more,
        )  # fmt: skip
        return name

    def tell(self, event: str, **params: object) -> None:
        """Say something, and wait until it is on the disk."""
        ref = uuid.uuid4().hex
        self._socket.send(
            json.dumps({"event": f"client.{event}", "confirm_id": ref, "params": params})
        )
        self._until(
            lambda packet: (
                packet["event"] == "server.confirm" and packet["params"]["confirm_id"] == ref
            )
        )

    def hears(self, event: str) -> dict[str, Any]:
        """The next event of that name; those before it are passed over."""
        params: dict[str, Any] = self._until(lambda packet: packet["event"] == f"server.{event}")[
            "params"
        ]
        return params

    def hears_words(self, words: str) -> dict[str, Any]:
        """The message of those words."""
        while True:
            for message in self.hears("message.updated")["messages"]:
                if message["content"].get("text") == words:
                    return dict(message)

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def _until(self, wanted: Any) -> dict[str, Any]:
        while True:
            packet: dict[str, Any] = json.loads(self._socket.recv(timeout=PATIENCE_S))
            assert packet["event"] != "server.warning", packet
            if wanted(packet):
                return packet

    def _result(self, method: str, path: str, content: bytes | None, kind: str) -> Any:
        headers = {"Token": self._token, "Content-Type": kind}
        request = Request(f"{self._url}/api/v4/{path}", content, headers, method=method)  # noqa: S310 - our own server
        with urlopen(request, timeout=PATIENCE_S) as answer:  # noqa: S310 - our own server
            return json.load(answer)["result"]
