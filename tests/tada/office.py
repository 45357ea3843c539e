"""A team at a running server, and the requests its people and programs make."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from tests.threaded import threaded_house
from tests.world.wires import Answer, Http, Wire


class Person:
    """Somebody with a token."""

    def __init__(self, base_url: str, login: str) -> None:
        self.http = Http(base_url)
        self.login = login
        self.token = ""
        secrets = {"username": login, "password": f"{login}-secret"}
        self.token = self.ask("POST", "/api/v4/auth/password/get-token", secrets)["token"]

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """The answer, whatever it is."""
        if self.token:
            headers.setdefault("token", self.token)
        content = body if isinstance(body, str | bytes) else json.dumps(body)
        return self.http.ask(method, path, "" if body is None else content, **headers)

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """The result."""
        answer = self.call(method, path, body).json
        assert answer["ok"], (method, path, answer)
        return answer["result"]

    def refused(self, method: str, path: str, body: Any = None) -> tuple[int, str, list[str]]:
        """Status, code and the fields at fault."""
        answer = self.call(method, path, body)
        said = answer.json
        assert said["ok"] is False, said
        return answer.status, said["error"], sorted(said.get("details", {}))


@dataclass
class Office:
    """A server, and a team of Anna, who owns it, and Boris, a member. Dora is a stranger."""

    base_url: str
    anna: Person
    boris: Person
    dora: Person
    team: str
    tea: str
    hall: str

    @property
    def path(self) -> str:
        """Where its integrations are."""
        return f"/api/v3/teams/{self.team}/integrations"

    def hook(self, group: str | None = None, **more: Any) -> Any:
        """A new integration."""
        body = {"kind": "raw", "group": group or self.tea, "comment": "builds", **more}
        return self.anna.ask("POST", self.path, body)

    def say(self, who: Person, text: str, group: str | None = None, **more: Any) -> Any:
        """A message of a person."""
        path = f"/api/v4/teams/{self.team}/chats/{group or self.tea}/messages"
        return who.ask("POST", path, {"text": text, **more})

    def texts(self, group: str | None = None, who: Person | None = None) -> list[str]:
        """What stands in a group, oldest first."""
        path = f"/api/v4/teams/{self.team}/messages/{group or self.tea}"
        found = (who or self.anna).ask("GET", path)["messages"]
        return [each["content"]["text"] for each in reversed(found)]

    def post(self, **fields: Any) -> tuple[int, Any]:
        """What `/api/message` answers to a form."""
        answer = Http(self.base_url).form("POST", "/api/message", fields)
        return answer.status, answer.json

    def listens(self, who: Person) -> Wire:
        """A socket of that person in the team."""
        return Wire(self.base_url, f"/messaging/{self.team}", token=who.token)


def key_of(integration: Any) -> str:
    """The key an answer shows."""
    return str(integration["form"]["api_key"]["value"])


def open_office(base_url: str) -> Office:
    """A team on a server where nobody has signed up yet."""
    signs_up(base_url, "anna", "boris", "dora")
    anna, boris, dora = (Person(base_url, each) for each in ("anna", "boris", "dora"))
    team = anna.ask("POST", "/api/v4/teams", {"name": "ski"})["uid"]
    invitation = anna.ask("POST", f"/api/v3/teams/{team}/invitations", {})
    boris.ask("POST", "/api/v4/teams/join", {"token": invitation["token"]})
    groups = f"/api/v4/teams/{team}/groups"
    (jid,) = [
        each["jid"]
        for each in boris.ask("GET", f"/api/v4/teams/{team}/contacts/")
        if each["display_name"] == "boris"
    ]
    members = [{"jid": jid, "status": "member"}]
    tea = anna.ask("POST", groups, {"display_name": "tea", "members": members})["jid"]
    hall = anna.ask("POST", groups, {"display_name": "hall", "members": members})["jid"]
    return Office(base_url, anna, boris, dora, team, tea, hall)


def signs_up(base_url: str, *logins: str) -> None:
    """These have accounts; the password of anna is `anna-secret`."""
    wire = Wire(base_url, "/")
    for login in logins:
        user = {"login": login, "password": f"{login}-secret"}
        wire.send({"request": {"user_create": user, "id": str(uuid4())}})
        assert "user" in wire.receive()["response"]
    wire.close()


@contextmanager
def serving(**settings: Any) -> Iterator[str]:
    """The base URL of a server in a thread of its own; it logs no error, or the test fails."""
    with threaded_house(**settings) as house:
        yield house.base_url
        assert house.mistakes == []


@contextmanager
def office(**settings: Any) -> Iterator[Office]:
    """A team at a server of its own."""
    with serving(**settings) as base_url:
        yield open_office(base_url)
