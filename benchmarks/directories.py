"""Tada's teams: the list of them, and the directory of a large one, asked for one after the other."""

import http.client
import json
from time import perf_counter
from typing import Any
from urllib.parse import urlsplit

from benchmarks.served import Served
from tertulia.cli.bench.meter import percentile
from tertulia.cli.bench.roster import Account

# As many as the lines of the table say, and for a first look.
TEAMS, PEOPLE, CROWD, TIMES = 5, 200, 5_000, 50
QUICK_CROWD, QUICK_TIMES = 500, 10

_PATIENCE_S = 60.0


class NotAnswered(Exception):
    """A request failed; the words are the server's."""


class _Client:
    """Somebody with a token, on one connection."""

    def __init__(self, served: Served, account: Account) -> None:
        address = urlsplit(served.url)
        self._line = http.client.HTTPConnection(
            address.hostname or "", address.port, timeout=_PATIENCE_S
        )
        self._headers: dict[str, str] = {}
        words = {"username": account.login, "password": account.password}
        signed_in = self.ask("POST", "/auth/password/get-token", words)
        self._headers = {"token": signed_in["token"]}

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """The result."""
        said = json.loads(self.raw(method, path, body))
        if not said["ok"]:
            raise NotAnswered(f"{method} {path}: {said}")
        return said["result"]

    def raw(self, method: str, path: str, body: object = None) -> bytes:
        """The whole answer."""
        content = None if body is None else json.dumps(body)
        self._line.request(method, f"/api/v4{path}", content, self._headers)
        return self._line.getresponse().read()

    def median_ms(self, path: str, times: int) -> float:
        """How long it takes to get that, as the client sees it."""
        taken = []
        for _ in range(times):
            began = perf_counter()
            self.raw("GET", path)
            taken.append((perf_counter() - began) * 1000)
        return percentile(taken, 0.5)


def figures(served: Served, account: Account, *, quick: bool) -> dict[str, float]:
    """Make the teams, then ask."""
    client = _Client(served, account)
    crowd, times = (QUICK_CROWD, QUICK_TIMES) if quick else (CROWD, TIMES)
    for number in range(TEAMS):
        people = _people(number * PEOPLE, PEOPLE)
        client.ask("POST", "/teams", {"name": f"team {number}", "contacts": people})
    lists = client.median_ms("/teams", times)
    people = _people(TEAMS * PEOPLE, crowd)
    large = client.ask("POST", "/teams", {"name": "crowd", "contacts": people})
    directory = client.median_ms(f"/teams/{large['uid']}/contacts/", times)
    return {"teams_ms": lists, "directory_ms": directory}


def _people(first: int, count: int) -> list[dict[str, str]]:
    return [
        {
            "phone": f"+7900{number:07d}",
            "given_name": f"Имя{number}",
            "family_name": f"Фамилия{number}",
            "role": "участник",
        }
        for number in range(first, first + count)
    ]
