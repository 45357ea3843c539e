"""A socket of a team, as tests use it."""

from itertools import count
from typing import Any
from uuid import uuid4

from tests.world.wires import Wire

_refs = count(1)

NOISE = frozenset({"server.online", "server.time"})


class Ear:
    """What a person hears in one team; who is online is passed over unless one asks for it."""

    def __init__(self, base_url: str, team: str, **headers: str) -> None:
        self.wire = Wire(base_url, f"/messaging/{team}", **headers)
        self.settled()

    def say(self, event: str, confirm_id: str = "", **params: Any) -> None:
        """An event, with nothing behind it."""
        packet = {"event": event, "params": params}
        self.wire.send(packet | ({"confirm_id": confirm_id} if confirm_id else {}))

    def write(self, to: str, text: str, uuid: str = "") -> str:
        """A message; what it is called."""
        uuid = uuid or str(uuid4())
        self.say("client.message.updated", to=to, message_id=uuid, content={"text": text})
        return uuid

    def settled(self) -> list[Any]:
        """All that was on its way, until a ping comes back; without noise."""
        ref = f"ear{next(_refs)}"
        self.say("client.ping", ref)
        pong = {"event": "server.confirm", "params": {"confirm_id": ref}}
        heard = []
        while (packet := self.wire.receive()) != pong:
            if packet["event"] not in NOISE:
                heard.append(packet)
        return heard

    def next(self, event: str) -> Any:
        """The params of the next event of that name; others are passed over."""
        while (packet := self.wire.receive())["event"] != event:
            pass
        return packet["params"]

    def close(self) -> None:
        """Hang up."""
        self.wire.close()
