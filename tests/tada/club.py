"""A team of people who signed in by SMS, at a server of their own."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from tests.tada.office import Person, serving
from tests.world.wires import Http

PHONES = {"anna": "+79160000001", "boris": "+79160000002", "dora": "+79160000003"}
CODE = "1111"


class Somebody(Person):
    """A person who signs in with a code."""

    def __init__(self, base_url: str, login: str) -> None:
        self.http = Http(base_url)
        self.login = login
        self.token = ""
        phone = {"phone": PHONES[login]}
        self.ask("POST", "/api/v4/auth/sms/send-code", phone)
        code = phone | {"code": CODE}
        self.token = self.ask("POST", "/api/v4/auth/sms/get-token", code)["token"]


@dataclass
class Club:
    """A server with a team of Anna, who owns it, and Boris, a member. Dora is a stranger."""

    anna: Somebody
    boris: Somebody
    dora: Somebody
    team: str

    @property
    def path(self) -> str:
        """Where the team is."""
        return f"/api/v4/teams/{self.team}"

    def jid(self, who: Person) -> str:
        """What that person is called in the team."""
        return str(who.ask("GET", self.path)["me"]["jid"])

    def contact(self, who: Person, **change: Any) -> Any:
        """Anna changes that person's entry."""
        return self.anna.ask("PUT", f"{self.path}/contacts/{quote(self.jid(who))}", change)


@contextmanager
def club(also: tuple[tuple[str, str], ...] = (), **settings: Any) -> Iterator[Club]:
    """A team at a server of its own. `also`: further test numbers, each with its code."""
    numbers = (*((phone, CODE) for phone in PHONES.values()), *also)
    with serving(sms_test_numbers=numbers, **settings) as base_url:
        anna, boris, dora = (Somebody(base_url, each) for each in PHONES)
        people = [{"phone": PHONES["boris"]}]
        team = anna.ask("POST", "/api/v4/teams", {"name": "club", "contacts": people})["uid"]
        try:
            yield Club(anna, boris, dora, team)
        finally:
            for each in (anna, boris, dora):
                each.http.close()
