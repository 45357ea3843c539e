"""A person with a SAMA client."""

from typing import Any

from tertulia.dialects.sama import ids
from tests.world.voice import Entry, Heard, Refused, Room, Seen, direct, group
from tests.world.wires import Http, Json, Wire


class SamaVoice:
    """One socket."""

    dialect = "sama"
    can_create = True
    can_mark = True
    hears_live = True

    def __init__(self, base_url: str, login: str, password: str, device: str = "phone") -> None:
        self.base_url = base_url
        self._secrets = {"login": login, "password": password, "device_id": device}
        self._cids: dict[Room, str] = {}
        self._read_to: str | int = 0
        self.wire = Wire(base_url, "/")
        signed_in = self.ask("user_login", self._secrets)
        self.account: int = ids.account(signed_in["user"]["_id"])

    def ask(self, name: str, params: Json) -> Json:
        """The answer to a request. Raises: Refused."""
        ref = f"r{next(self.wire.numbers)}"
        self.wire.send({"request": {name: params, "id": ref}})
        while True:
            packet = self.wire.receive()
            response = packet.get("response", {})
            if response.get("id") == ref:
                if "error" in response:
                    raise Refused(name, response["error"])
                return response
            self.wire.inbox.append(packet)

    @staticmethod
    def wire_id(number: int) -> str:
        """A number in this API's spelling."""
        return ids.to_wire(number)

    # What it sees.

    def chats(self) -> list[Entry]:
        """The list of conversations, newest first."""
        listed = self.ask("conversation_list", {"limit": 100})["conversations"]
        return [self._entry(each) for each in listed]

    def _entry(self, each: Json) -> Entry:
        room = self._room(each)
        last = each.get("last_message")
        return Entry(
            room,
            each.get("name", "") if room.is_group else "",
            each["unread_messages_count"],
            last.get("body", "") if last else None,
        )

    def _room(self, each: Json) -> Room:
        chat = ids.chat(each["_id"])
        if each["type"] == "u":
            sides = {ids.account(each["owner_id"]), ids.account(each["opponent_id"])}
            (other,) = sides - {self.account}
            room = direct(other)
        else:
            room = group(chat)
        self._cids[room] = each["_id"]
        return room

    def cid(self, room: Room) -> str:
        """The conversation's id here; a direct one is opened if need be."""
        if room not in self._cids:
            if room.is_group:
                return ids.to_wire(room.number)
            params = {"type": "u", "participants": [ids.to_wire(room.number)]}
            made = self.ask("conversation_create", params)["conversation"]
            self._cids[room] = made["_id"]
        return self._cids[room]

    def lists(self) -> list[list[Entry]]:
        """There is one list."""
        return [self.chats()]

    def messages(self, room: Room) -> list[Seen]:
        """What the conversation shows, oldest first; what the server itself says left out."""
        listed = self.ask("message_list", {"cid": self.cid(room), "limit": 100})["messages"]
        return [
            _seen(each) for each in reversed(listed) if "x" not in each or "type" not in each["x"]
        ]

    def members(self, room: Room) -> set[int]:
        """Who is in a conversation."""
        params = {"cids": [self.cid(room)], "includes": ["id"]}
        found = self.ask("get_participants_by_cids", params)["users"]
        return {ids.account(each["_id"]) for each in found}

    # What it does.

    def send(self, room: Room, text: str, **more: Any) -> int:
        """The number of the new message."""
        return self.say(self.cid(room), text, **more)

    def say(self, cid: str, text: str, **more: Any) -> int:
        """The same, in the conversation of that id."""
        ref = f"m{next(self.wire.numbers)}"
        packet = {"id": ref, "cid": cid, "body": text, **more}
        self.wire.send({"message": packet})
        while True:
            heard = self.wire.receive()
            if heard.get("ask", {}).get("mid") == ref:
                return ids.message(heard["ask"]["server_mid"])
            said = heard.get("message", {})
            if said.get("id") == ref and "error" in said:
                raise Refused("message", said["error"])
            self.wire.inbox.append(heard)

    def reply(self, room: Room, text: str, message: int) -> int:
        """The number of a reply."""
        return self.send(room, text, replied_message_id=ids.to_wire(message))

    def edit(self, room: Room, message: int, text: str) -> None:
        """Write it anew."""
        del room
        self.ask("message_edit", {"id": ids.to_wire(message), "body": text})

    def delete(self, room: Room, message: int) -> None:
        """For everybody."""
        params = {"cid": self.cid(room), "type": "all", "ids": [ids.to_wire(message)]}
        self.ask("message_delete", params)

    def read(self, room: Room) -> None:
        """All of it."""
        self.ask("message_read", {"cid": self.cid(room)})

    def attach(self, room: Room, name: str, text: str) -> int:
        """The number of a message with a file on it."""
        content = name.encode()
        new = {"name": name, "size": len(content), "content_type": "text/plain"}
        (made,) = self.ask("create_files", [new])["files"]
        put = Http(self.base_url).ask(
            "PUT", made["upload_url"].removeprefix(self.base_url), content
        )
        assert put.status < 300, put.text
        file = {"file_id": made["object_id"], "file_name": name}
        return self.send(room, text, attachments=[file])

    def create_group(self, name: str, others: list[int], kind: str = "g") -> Room:
        """A group nobody's team has; *kind* "c": a channel."""
        people = [ids.to_wire(each) for each in others]
        params = {"type": kind, "name": name, "participants": people}
        return self._room(self.ask("conversation_create", params)["conversation"])

    def change_members(self, room: Room, add: list[int], remove: list[int]) -> None:
        """Bring in, put out."""
        change = {
            "add": [ids.to_wire(each) for each in add],
            "remove": [ids.to_wire(each) for each in remove],
        }
        change = {key: value for key, value in change.items() if value}
        self.ask("conversation_update", {"id": self.cid(room), "participants": change})

    def leave(self, room: Room) -> None:
        """Be in it no more."""
        self.ask("conversation_delete", {"id": self.cid(room)})

    def react(self, room: Room, message: int, sign: str, *, remove: bool = False) -> None:
        """Add a reaction, or take it back."""
        del room
        change = {"mid": ids.to_wire(message), "remove" if remove else "add": sign}
        self.ask("message_reactions_update", change)

    def block(self, account: int) -> None:
        """Hear nothing of him."""
        self.ask("block_user", {"ids": [ids.to_wire(account)]})

    def unblock(self, account: int) -> None:
        """Hear of him again."""
        self.ask("unblock_user", {"ids": [ids.to_wire(account)]})

    def types(self, room: Room) -> None:
        """Write, without sending yet."""
        self.wire.send({"typing": {"cid": self.cid(room)}})

    # What it hears.

    def packets(self) -> list[Json]:
        """All that was on its way, as it came."""
        for _ in range(2):
            self.ask("ping", {})
        return self.wire.drained()

    def heard(self) -> list[Heard]:
        """All that was on its way."""
        said = (self._said(packet) for packet in self.packets())
        return [each for each in said if each is not None]

    def words(self) -> list[str]:
        """What came, in the API's own words."""
        return [_word(packet) for packet in self.packets()]

    def _said(self, packet: Json) -> Heard | None:
        ((kind, body),) = packet.items()
        match kind:
            case "message" if "type" not in body.get("x", {}):
                seen = _seen(body)
                return Heard("posted", seen.text, seen.author, seen.number, seen.files)
            case "message_edit":
                number = ids.message(body["id"])
                return Heard("edited", body["body"], ids.account(body["from"]), number)
            case "message_delete":
                (number,) = map(ids.message, body["ids"])
                return Heard("deleted", "", ids.account(body["from"]), number)
            case "message_read":
                return Heard("read", "", ids.account(body["from"]))
            case "message_reactions_update":
                return Heard("reacted", "", ids.account(body["from"]), ids.message(body["mid"]))
            case "typing":
                return Heard("typing", "", ids.account(body["from"]))
            case "system_message":
                return Heard(next(iter(body["x"])), "", 0)
            case _:
                return None

    # Going and coming back.

    def go(self) -> None:
        """Hang up, to be back later."""
        self._missed()
        self.wire.close()

    def back(self) -> list[Heard]:
        """Sign in on the same device: what was missed, out of the log."""
        self.wire = Wire(self.base_url, "/")
        self.ask("user_login", self._secrets)
        missed = (self._said(packet) for packet in self._missed())
        self.wire.inbox.clear()
        return [each for each in missed if each is not None]

    def _missed(self) -> list[Json]:
        """What the log has of which we have not read yet."""
        packets = []
        while logs := self.ask("op_log_list", {"created_at": {"gt": self._read_to}})["logs"]:
            self._read_to = logs[-1]["created_at"]
            packets += [each["packet"] for each in logs]
        return packets

    def close(self) -> None:
        """Hang up."""
        self.wire.close()


def _word(packet: Json) -> str:
    ((kind, body),) = packet.items()
    if kind == "system_message":
        return f"{kind}: {next(iter(body['x']))}"
    if kind == "message" and "type" in body.get("x", {}):
        return f"{kind}: {body['x']['type']}"
    return str(kind)


def _seen(each: Json) -> Seen:
    answers = each.get("replied_message_id")
    return Seen(
        ids.message(each["_id"]),
        ids.account(each["from"]),
        each.get("body", ""),
        tuple(file["file_name"] for file in each.get("attachments") or ()),
        ids.message(answers) if answers else 0,
        frozenset(each.get("reactions", {}).get("total", {}).items()),
        each.get("status") == "read",
    )
