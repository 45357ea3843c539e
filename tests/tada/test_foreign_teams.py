"""Every operation of a team, asked by those who may not: the same refusals everywhere, nothing done."""

from collections.abc import Iterator

import pytest

from tertulia.dialects.tada.handlers import contacts, icons, invitations, sections, teams
from tertulia.dialects.tada.ids import Kind, to_jid, to_uuid
from tertulia.dialects.tada.routes import Access
from tests.tada.club import Club, club
from tests.tada.office import Person

ROOMS = (teams, contacts, invitations, icons, sections)

FOR_EVERYBODY = {
    "GET /teams/{team}",
    "PUT /teams/{team}/confirmation",
    "GET /teams/{team}/contacts",
    "GET /teams/{team}/contacts/{jid}",
    "GET /teams/{team}/sections",
    "GET /teams/{team}/sections/{section}",
    "GET /teams/{team}/tags",
}
"""What members and guests may do."""

FOR_MEMBERS = {
    "POST /teams/{team}/sections",
    "PUT /teams/{team}/sections/{section}",
    "DELETE /teams/{team}/sections/{section}",
    "POST /teams/{team}/sections/{section}/move-after/{other}",
    "POST /teams/{team}/sections/{section}/move-before/{other}",
}

# Whoever asks for nothing is refused nothing.
HARMLESS = {
    "PUT /teams/{team}": {"name": "x"},
    "PUT /teams/{team}/contacts/{jid}": {"role": "x"},
    "POST /teams/{team}/contacts/{jid}": {"status": "guest"},
}


def operations() -> Iterator[tuple[str, str]]:
    for room in ROOMS:
        for each in room.OPERATIONS:
            if "{team}" in each.path and each.access is Access.ACCOUNT:
                yield each.method, each.path


class Foreign:
    """A team with one of each, and the paths to them."""

    def __init__(self, house: Club) -> None:
        self.house = house
        team = f"/api/v4/teams/{house.team}"
        anna = house.anna
        self.names = {
            "team": house.team,
            "jid": anna.ask("GET", team)["me"]["jid"],
            "section": anna.ask("POST", f"{team}/sections", {"name": "one"})["uid"],
            "other": anna.ask("POST", f"{team}/sections", {"name": "two"})["uid"],
            "invitation": anna.ask("POST", f"{team}/invitations", {})["uid"],
        }

    def path(self, pattern: str, **names: str) -> str:
        return "/api/v4" + pattern.format(**(self.names | names))

    def state(self) -> list[object]:
        """All that could have been changed."""
        team = f"/api/v4/teams/{self.house.team}"
        parts = ("", "/contacts", "/sections", "/invitations", "/usage")
        return [self.house.anna.ask("GET", team + part) for part in parts]


def refusals(foreign: Foreign, who: Person, allowed: set[str], **names: str) -> dict[str, int]:
    """What each operation that is not allowed answers, where it is not a 403."""
    found = {}
    for method, pattern in operations():
        name = f"{method} {pattern}"
        if name not in allowed:
            path = foreign.path(pattern, **names)
            answer = who.call(method, path, None if method == "GET" else HARMLESS.get(name, {}))
            if answer.status != 403 or answer.json["error"] != "ACCESS_DENIED":
                found[name] = answer.status
    return found


@pytest.mark.slow
def test_a_stranger_is_denied_everything_and_nothing_is_done() -> None:
    with club() as house:
        foreign = Foreign(house)
        before = foreign.state()
        assert refusals(foreign, house.dora, set()) == {}
        assert foreign.state() == before


@pytest.mark.slow
def test_guests_and_members_are_denied_what_is_the_managers() -> None:
    with club() as house:
        foreign = Foreign(house)
        before = foreign.state()
        assert refusals(foreign, house.boris, FOR_EVERYBODY | FOR_MEMBERS) == {}
        jid = house.boris.ask("GET", f"/api/v4/teams/{house.team}")["me"]["jid"]
        path = f"/api/v4/teams/{house.team}/contacts/{jid}"
        house.anna.ask("PUT", path, {"status": "guest"})
        assert refusals(foreign, house.boris, FOR_EVERYBODY) == {}
        house.anna.ask("PUT", path, {"status": "member"})
        after = foreign.state()
        assert [_without_versions(each) for each in after] == [
            _without_versions(each) for each in before
        ]


def _without_versions(value: object) -> object:
    if isinstance(value, dict):
        return {key: _without_versions(each) for key, each in value.items() if key != "gentime"}
    return [_without_versions(each) for each in value] if isinstance(value, list) else value


@pytest.mark.slow
def test_a_team_that_is_not_there_is_not_found_whoever_asks() -> None:
    with club() as house:
        foreign = Foreign(house)
        for team in (
            to_uuid(Kind.TEAM, 5),
            to_uuid(Kind.GROUP, 5),
            "3525d76d-cfe0-469f-b46e-cbb79ae5491e",
            "nonsense",
        ):
            for method, pattern in operations():
                path = foreign.path(pattern, team=team)
                answer = house.anna.call(method, path, None if method == "GET" else {})
                assert (answer.status, answer.json["error"]) == (404, "NOT_FOUND"), path


@pytest.mark.slow
def test_things_of_another_team_are_not_found_in_ones_own() -> None:
    with club() as house:
        foreign = Foreign(house)
        own = house.dora.ask("POST", "/api/v4/teams", {"name": "mine"})["uid"]
        before = foreign.state()
        for method, pattern in operations():
            if pattern.count("{") > 1:
                path = foreign.path(pattern, team=own)
                answer = house.dora.call(method, path, None if method == "GET" else {})
                assert answer.status == 404, path
        contact = f"/api/v4/teams/{own}/contacts"
        for sections_of in ([foreign.names["section"]], ["nonsense"], [to_uuid(Kind.TEAM, 1)]):
            body = {"phone": "+79990000001", "sections": sections_of}
            assert house.dora.refused("POST", contact, body)[:2] == (422, "INVALID_DATA")
        for jid in (
            to_jid(Kind.SYSTEMBOT, 7),
            to_jid(Kind.NOTEBOT, 7),
            to_jid(Kind.GROUP, 7),
            "d-",
        ):
            assert house.dora.refused("GET", f"{contact}/{jid}")[0] == 404
        assert foreign.state() == before


@pytest.mark.slow
def test_who_has_left_is_a_stranger() -> None:
    with club() as house:
        foreign = Foreign(house)
        team = f"/api/v4/teams/{house.team}"
        jid = house.boris.ask("GET", team)["me"]["jid"]
        house.boris.ask("DELETE", f"{team}/contacts/{jid}")
        assert refusals(foreign, house.boris, set()) == {}
        assert house.boris.ask("GET", "/api/v4/teams") == []
