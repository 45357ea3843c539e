"""A person with an Astrak client: forms, numbers, and polls."""

from typing import Any

from tests.world.voice import Entry, Heard, Refused, Room, Seen, direct, group
from tests.world.wires import Http, Json

DONE = 10


class AstrakVoice:
    """One token."""

    dialect = "astrak"
    can_mark = True
    hears_live = True

    def __init__(self, base_url: str, login: str, password: str) -> None:
        self.http = Http(base_url)
        answer = self._ask("POST", "/users/login", username=login, password=password)
        self.token: str = answer["token"]
        self.account: int = answer["id"]

    def _ask(self, method: str, path: str, **fields: Any) -> Json:
        answer = self.http.form(method, path, fields)
        said = answer.json
        assert isinstance(said["code"], int), said
        assert answer.status == 200 or said["code"] < 0, (answer.status, said)
        if said["code"] != DONE:
            raise Refused(path, said, answer.status)
        return said

    def ask(self, method: str, path: str, **fields: Any) -> Json:
        """The answer to a call. Raises: Refused."""
        return self._ask(method, path, token=self.token, **fields)

    # What it sees.

    def chats(self) -> list[Entry]:
        """All dialogs, newest first."""
        found = self.ask("GET", "/messages/dialogs")["response"]
        entries = []
        for each in found:
            is_group = each.get("type") == "group"
            room = group(each["id"]) if is_group else direct(each["id"])
            name = each["username"] if is_group else ""
            entries.append(Entry(room, name, each["unread_count"], each["last_message"]))
        return entries

    def lists(self) -> list[list[Entry]]:
        """There is one list."""
        return [self.chats()]

    def messages(self, room: Room) -> list[Seen]:
        """A dialog, oldest first; nothing is marked as read."""
        found = self.ask("GET", "/messages/dialog", id=room.number, limit=1000, mark_read=0)
        return [
            _seen(each)._replace(is_read=each["read"] and each["from_id"] == self.account)
            for each in found["response"]
        ]

    # What it does.

    def send(self, room: Room, text: str) -> int:
        """The number of the new message."""
        answer = self.ask("POST", "/messages/send", to=room.number, text=text)
        return int(answer["response"]["message_id"])

    def edit(self, room: Room, message: int, text: str) -> None:
        """Write it anew."""
        del room
        self.ask("POST", "/messages/edit", message_id=message, text=text)

    def delete(self, room: Room, message: int) -> None:
        """For everybody."""
        del room
        self.ask("POST", "/messages/delete", message_id=message)

    def read(self, room: Room) -> None:
        """All of it."""
        self.ask("POST", "/messages/read", id=room.number)

    # What it hears.

    def packets(self) -> list[Json]:
        """Everything that has not been polled yet, as it came."""
        found: list[Json] = []
        while True:
            answer = self.ask("POST", "/events/polling", limit=100, timeout=0)
            if not answer["response"]:
                return found
            found += answer["response"]

    def heard(self) -> list[Heard]:
        """Everything that has not been polled yet."""
        return [self._said(each) for each in self.packets()]

    def words(self) -> list[str]:
        """The same in the API's own words."""
        return [str(each["type"]) for each in self.packets()]

    def _said(self, packet: Json) -> Heard:
        event, number = packet["event"], packet["event"]["message_id"]
        match packet["type"]:
            case "new_message":
                files = _files(event)
                return Heard("posted", event["text"], event["from_id"], number, files)
            case "message_edited":
                return Heard("edited", event["text"], event["from_id"], number)
            case "message_deleted":
                return Heard("deleted", "", event["from_id"], number)
            case "message_read":
                return Heard("read", "", event["to_id"])
            case kind:
                return Heard(kind, event["text"], event["from_id"])

    # Going and coming back.

    def go(self) -> None:
        """Ask for nothing for a while."""
        self.http.close()

    def back(self) -> list[Heard]:
        """What is polled now, of what happened since the last poll."""
        return self.heard()

    def close(self) -> None:
        """Hang up."""
        self.http.close()


def _seen(each: Json) -> Seen:
    return Seen(each["message_id"], each["from_id"], each["text"], _files(each))


def _files(each: Json) -> tuple[str, ...]:
    return tuple(file["name"] for file in each.get("attachments", ()))
