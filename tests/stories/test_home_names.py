"""Whom somebody meets in Tada's home team is called there as elsewhere, and it is told when that changes."""

from typing import Any

import pytest

from tests.world.stage import Person
from tests.world.tada import TadaVoice
from tests.world.town import Town, town
from tests.world.voice import direct

pytestmark = pytest.mark.slow


def comes(place: Town, login: str) -> Person:
    """Signed in everywhere, with nothing on the way."""
    person = Person.comes(place, login)
    person.tada.heard()
    return person


def contacts_heard(voice: TadaVoice) -> list[Any]:
    """Of `server.contact.updated`, on all sockets."""
    said = []
    for wire in voice.sockets.values():
        voice._ping(wire)
        said += [each for each in wire.drained() if each["event"] == "server.contact.updated"]
    return [contact for each in said for contact in each["params"]["contacts"]]


def listed(voice: TadaVoice, jid: str) -> Any:
    """The same contact in the list."""
    (home,) = voice.teams()
    found = voice.ask("GET", f"/teams/{home}/contacts/")
    return next(each for each in found if each["jid"] == jid)


def test_who_is_met_at_home_is_heard_of() -> None:
    with town() as place:
        for login in ("anna", "boris", "clara", "dora"):
            place.settle(login, login)
        sama = place.sama("anna")
        sama.send(direct(place.accounts["boris"]), "hello")
        sama.create_group("tea", [place.accounts["clara"]])
        sama.close()
        anna, boris, clara = (comes(place, login) for login in ("anna", "boris", "clara"))
        place.sama("dora").send(direct(clara.account), "hello")
        dora = comes(place, "dora")
        while not (met := contacts_heard(clara.tada)):
            pass
        assert [each["display_name"] for each in met] == ["dora"]

        anna.sama.ask("user_edit", {"first_name": "Анна"})
        (contact,) = contacts_heard(boris.tada)
        assert contact["display_name"] == "Анна"
        assert contact == listed(boris.tada, contact["jid"])
        assert contacts_heard(clara.tada) == [contact]
        (myself,) = contacts_heard(anna.tada)
        assert (myself["jid"], myself["display_name"]) == (contact["jid"], "Анна")
        assert contacts_heard(dora.tada) == []

        anna.sama.ask("user_edit", {"first_name": "Аня"})
        (newer,) = contacts_heard(boris.tada)
        assert newer["gentime"] > contact["gentime"]
        contacts_heard(anna.tada)

        boris.sama.ask("user_delete", {})
        (gone,) = contacts_heard(anna.tada)
        assert gone["is_archive"] is True
        for person in (anna, boris, clara, dora):
            person.close()
        assert place.mistakes == []
