"""A person with a Tada client: HTTP and one WebSocket per team."""

import json
from typing import Any
from urllib.parse import quote

from tertulia.dialects.tada import ids
from tertulia.dialects.tada.ids import Kind
from tests.world.voice import Entry, Heard, Refused, Room, Seen, direct, group
from tests.world.wires import Http, Json, Wire

API = "/api/v4"

QUIET = {
    "server.time", "server.online", "server.confirm", "server.team.counters", "server.contact.updated",
}  # fmt: skip
"""Events that come by themselves."""


class TadaVoice:
    """One token, and a socket in every team.

    Tada names people by their entry in a team. Who is who is known by their names: `accounts` says
    which account goes by which display name, and everybody in these tests has another.
    """

    dialect = "tada"
    can_mark = True
    hears_live = True

    def __init__(
        self,
        base_url: str,
        login: str,
        password: str,
        accounts: dict[str, int],
        *,
        account: int = 0,
        token: str = "",
    ) -> None:
        self.base_url = base_url
        self.http = Http(base_url)
        self._accounts = accounts
        self._places: dict[Room, tuple[str, str]] = {}
        self._people: dict[str, int] = {}
        self._known: dict[Room, tuple[str, str]] = {}
        secrets = {"username": login, "password": password}
        self.token: str = token
        if not token:
            self.token = self.ask("POST", "/auth/password/get-token", secrets)["token"]
        self.account = account
        self.sockets: dict[str, Wire] = {}

    def ask(self, method: str, path: str, body: Json = None, **headers: str) -> Json:
        """The result of a request. Raises: Refused."""
        if self.token:
            headers["token"] = self.token
        content = json.dumps(body) if body is not None else ""
        answer = self.http.ask(method, API + path, content, **headers)
        said = answer.json
        if not said["ok"]:
            raise Refused(path, said, answer.status)
        return said["result"]

    # What it sees.

    def teams(self) -> list[str]:
        """The uuids of its teams, the home team among them when it shows anything."""
        return [each["uid"] for each in self.ask("GET", "/teams")]

    def _learn(self, team: str) -> None:
        for each in self.ask("GET", f"/teams/{team}/contacts/"):
            number = self._accounts.get(each["display_name"])
            if number is not None:
                self._people[each["jid"]] = number

    def who(self, jid: str, team: str = "") -> int:
        """The account behind a contact; 0: nobody these tests know."""
        found = ids.read_jid(jid)
        if found is not None and found.kind is Kind.HOME_CONTACT:
            return found.number
        if jid not in self._people and team:
            self._learn(team)
        return self._people.get(jid, 0)

    def _room(self, each: Json, team: str) -> Room | None:
        found = ids.read_jid(each["jid"])
        assert found is not None, each["jid"]
        if found.kind is Kind.GROUP:
            room = group(found.number)
        elif found.kind in {Kind.CONTACT, Kind.HOME_CONTACT}:
            number = self.who(each["jid"], team)
            if number == 0:
                return None
            room = direct(number)
        else:
            return None
        self._places.setdefault(room, (team, each["jid"]))
        return room

    def chats_of(self, team: str) -> list[Entry]:
        """The chats of one team that hold a message, newest first."""
        listed = self.ask("GET", f"/teams/{team}/chats?limit=200&chat_type=any")["objects"]
        entries = []
        for each in listed:
            room = self._room(each, team)
            last = each.get("last_message")
            if room is None or (last is None and not room.is_group):
                continue
            name = each["display_name"] if room.is_group else ""
            text = self._seen(last, team).text if last else None
            entries.append(Entry(room, name, each.get("num_unread", 0), text))
        return entries

    def lists(self) -> list[list[Entry]]:
        """A list for each team."""
        self._places.clear()
        return [self.chats_of(team) for team in self.teams()]

    def chats(self) -> list[Entry]:
        """Team by team; a direct chat that stands in several is named once."""
        return list({each.room: each for found in self.lists() for each in found}.values())

    def place(self, room: Room) -> tuple[str, str]:
        """The team and the jid of a chat: as it is listed, or was once. Raises: Refused."""
        if room not in self._places:
            self.chats()
        if room in self._places:
            self._known[room] = self._places[room]
        if room not in self._known:
            raise Refused("place", "it was never listed")
        return self._known[room]

    def messages(self, room: Room) -> list[Seen]:
        """What stands in a chat, oldest first; what the server itself says left out."""
        team, jid = self.place(room)
        found = self.ask("GET", f"/teams/{team}/messages/{jid}?limit=200")["messages"]
        return [
            self._seen(each, team)
            for each in reversed(found)
            if each["content"]["type"] != "change"
        ]

    def _seen(self, each: Json, team: str) -> Seen:
        number = ids.from_uuid(Kind.MESSAGE, each["message_id"]) or 0
        content = each["content"]
        files = [content["name"]] if "upload" in content else []
        files += [file["name"] for file in each.get("uploads", ())]
        text = "" if "upload" in content else content["text"]
        answers = each.get("reply_to", {}).get("message_id", "")
        return Seen(
            number,
            self.who(each["from"], team),
            text,
            tuple(files),
            ids.from_uuid(Kind.MESSAGE, answers) or 0,
            frozenset((sign["name"], sign["counter"]) for sign in each.get("reactions", ())),
            "received" in each and self.who(each["from"], team) == self.account,
        )

    # What it does.

    def send(self, room: Room, text: str, **more: Any) -> int:
        """The number of the new message."""
        team, jid = self.place(room)
        made = self.ask("POST", f"/teams/{team}/chats/{jid}/messages", {"text": text, **more})
        return ids.from_uuid(Kind.MESSAGE, made["message_id"]) or 0

    def reply(self, room: Room, text: str, message: int) -> int:
        """The number of a reply."""
        return self.send(room, text, reply_to=ids.to_uuid(Kind.MESSAGE, message))

    def attach(self, room: Room, name: str, text: str) -> int:
        """The number of a message with a file on it."""
        team, jid = self.place(room)
        parts = (
            f'--x\r\nContent-Disposition: form-data; name="text"\r\n\r\n{text}\r\n'
            f'--x\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
            f"Content-Type: text/plain\r\n\r\n{name}\r\n--x--\r\n"
        )
        path = f"{API}/teams/{team}/chats/{jid}/messages"
        kind = "multipart/form-data; boundary=x"
        answer = self.http.ask("POST", path, parts.encode(), content_type=kind, token=self.token)
        said = answer.json
        if not said["ok"]:
            raise Refused(path, said, answer.status)
        return ids.from_uuid(Kind.MESSAGE, said["result"]["message_id"]) or 0

    def react(self, room: Room, message: int, sign: str, *, remove: bool = False) -> None:
        """Add a reaction, or take it back."""
        team, _ = self.place(room)
        uid = ids.to_uuid(Kind.MESSAGE, message)
        method = "DELETE" if remove else "POST"
        self.ask(method, f"/teams/{team}/messages/my-reactions/{uid}/{quote(sign)}")

    def edit(self, room: Room, message: int, text: str) -> None:
        """Write it anew."""
        team, jid = self.place(room)
        uid = ids.to_uuid(Kind.MESSAGE, message)
        self.ask("PUT", f"/teams/{team}/chats/{jid}/messages/{uid}", {"text": text})

    def delete(self, room: Room, message: int) -> None:
        """For everybody."""
        team, jid = self.place(room)
        uid = ids.to_uuid(Kind.MESSAGE, message)
        self.ask("DELETE", f"/teams/{team}/chats/{jid}/messages/{uid}")

    def read(self, room: Room) -> None:
        """All of it."""
        team, jid = self.place(room)
        self._do(team, "client.chat.lastread", {"jid": jid})

    def jid_of(self, account: int, team: str) -> str:
        """The contact of that account in the team."""
        self._learn(team)
        return next(jid for jid, number in self._people.items() if number == account)

    def change_members(self, room: Room, add: list[int], remove: list[int]) -> None:
        """Bring in, put out."""
        team, group_jid = self.place(room)
        path = f"/teams/{team}/groups/{group_jid}/members"
        for each in add:
            self.ask("POST", path, {"jid": self.jid_of(each, team), "status": "member"})
        for each in remove:
            self.ask("DELETE", f"{path}/{self.jid_of(each, team)}")

    def leave(self, room: Room) -> None:
        """Be in it no more."""
        self.change_members(room, [], [self.account])

    def types(self, room: Room) -> None:
        """Write, without sending yet."""
        team, jid = self.place(room)
        self._do(team, "client.chat.composing", {"jid": jid, "composing": True})

    def _do(self, team: str, event: str, params: Json) -> None:
        """On the socket if there is one, else over HTTP; either way it has taken effect."""
        if team not in self.sockets:
            self.ask("POST", f"/teams/{team}/ws/{event}", params)
            return
        wire = self.sockets[team]
        ref = f"do{next(wire.numbers)}"
        wire.send({"event": event, "confirm_id": ref, "params": params})
        while True:
            packet = wire.receive()
            said = packet.get("params", {})
            if said.get("confirm_id") == ref:
                return
            if packet["event"] == "server.warning" and said["orig"].get("confirm_id") == ref:
                raise Refused(event, said)
            wire.inbox.append(packet)

    # What it hears.

    def listen(self) -> None:
        """A socket in each team where there is none yet."""
        self._connect()
        self.heard()

    def _connect(self) -> None:
        for team in self.teams():
            if team not in self.sockets:
                self.sockets[team] = Wire(self.base_url, f"/messaging/{team}", token=self.token)

    def heard(self) -> list[Heard]:
        """All that was on its way, each once, whatever the number of sockets."""
        said: dict[Heard, None] = {}
        for team, wire in self.sockets.items():
            for _ in range(2):
                self._ping(wire)
            for packet in wire.drained():
                for each in self._said(packet, team):
                    said.setdefault(each)
        return list(said)

    def words(self) -> list[str]:
        """What came, in the API's own words; what only counts or says who is here left out."""
        said: dict[str, None] = {}
        for wire in self.sockets.values():
            for _ in range(2):
                self._ping(wire)
            for packet in wire.drained():
                if packet["event"] not in QUIET:
                    said.setdefault(packet["event"])
        return list(said)

    @staticmethod
    def _ping(wire: Wire) -> None:
        ref = f"ping{next(wire.numbers)}"
        wire.send({"event": "client.ping", "confirm_id": ref})
        while True:
            packet = wire.receive()
            if packet.get("params", {}).get("confirm_id") == ref:
                return
            if "confirm_id" in packet:
                params = {"confirm_id": packet["confirm_id"]}
                wire.send({"event": "client.confirm", "params": params})
            wire.inbox.append(packet)

    def _said(self, packet: Json, team: str) -> list[Heard]:
        params = packet.get("params", {})
        match packet["event"]:
            case "server.message.updated":
                return [self._message(each, params["delayed"], team) for each in params["messages"]]
            case "server.message.received":
                return [Heard("read", "", 0)]
            case "server.chat.composing" if params["composing"]:
                return [Heard("typing", "", self.who(params["actor"], team))]
            case "server.chat.updated" | "server.chat.deleted" as kind:
                return [Heard(kind, "", 0)]
            case _:
                return []

    def _message(self, each: Json, delayed: bool, team: str) -> Heard:  # noqa: FBT001 - as it came
        number, who, text, files, *_ = self._seen(each, team)
        if each.get("is_archive"):
            return Heard("deleted", "", who, number)
        if each["content"]["type"] == "change":
            return Heard("notice", text, who, number)
        return Heard("edited" if delayed else "posted", text, who, number, files)

    # Going and coming back.

    def go(self) -> None:
        """Close all sockets, to be back later."""
        for wire in self.sockets.values():
            wire.close()
        self.sockets.clear()

    def back(self) -> list[Heard]:
        """A socket in each team again: what was missed is said again there."""
        self._connect()
        return self.heard()

    def close(self) -> None:
        """Hang up."""
        for wire in self.sockets.values():
            wire.close()
        self.http.close()
