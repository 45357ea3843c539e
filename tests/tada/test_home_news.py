"""Sockets hear when the home team comes and goes, whom one meets there, and what moves in and out of it."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.tada.listening import Ear
from tests.world.tada import TadaVoice
from tests.world.town import Town, town
from tests.world.voice import direct

HOME = "02000000-0000-8000-8a92-b94be2be54a7"


@pytest.fixture
def place() -> Iterator[Town]:
    with town() as found:
        for login in ("anna", "boris", "clara"):
            found.settle(login, login)
        yield found
        assert found.mistakes == []


class Pair:
    """Anna has a team of her own, and Boris joins and leaves it."""

    def __init__(self, place: Town) -> None:
        self.place = place
        self.anna, self.boris = place.tada("anna"), place.tada("boris")
        self.team = str(self.anna.ask("POST", "/teams", {"name": "club"})["uid"])
        self.path = f"/teams/{self.team}"

    def join(self) -> str:
        """What Boris is called in the team."""
        token = self.anna.ask("POST", f"{self.path}/invitations", {})["token"]
        return str(self.boris.ask("POST", "/teams/join", {"token": token})["me"]["jid"])

    def ear(self, who: TadaVoice, team: str) -> Ear:
        return Ear(self.place.base_url, team, token=who.token)


def home_of(who: TadaVoice) -> list[Any]:
    """The home team as it stands in the list, if it does."""
    return [each for each in who.ask("GET", "/teams") if each["uid"] == HOME]


def named(who: TadaVoice, things: str, name: str) -> Any:
    """The chat or contact of that name in the home team's list."""
    found = who.ask("GET", f"/teams/{HOME}/{things}")
    listed = found["objects"] if things == "chats" else found
    return next(each for each in listed if each["display_name"] == name)


def test_the_home_team_is_told_when_there_is_something_in_it_and_when_there_is_not(
    place: Town,
) -> None:
    pair = Pair(place)
    ear, sama = pair.ear(pair.anna, pair.team), place.sama("anna")
    room = sama.create_group("tea", [place.accounts["clara"]])
    assert ear.next("server.team.updated")["teams"] == home_of(pair.anna) != []
    milk = sama.create_group("milk", [place.accounts["clara"]])
    sama.leave(room)
    assert [each["event"] for each in ear.settled()] == []
    sama.leave(milk)
    (gone,) = ear.next("server.team.deleted")["teams"]
    assert (gone["uid"], gone["is_archive"], home_of(pair.anna)) == (HOME, True, [])
    ear.settled()
    sama.send(direct(place.accounts["clara"]), "hello")
    assert ear.next("server.team.updated")["teams"] == home_of(pair.anna)
    for each in (ear, sama):
        each.close()


def test_a_new_name_is_told_of_oneself_in_the_home_team_too(place: Town) -> None:
    pair = Pair(place)
    sama = place.sama("anna")
    sama.create_group("tea", [place.accounts["clara"]])
    ear = pair.ear(pair.anna, pair.team)
    sama.ask("user_edit", {"first_name": "Анна"})
    told: list[Any] = []
    while not any(each["uid"] == HOME for each in told):
        told += ear.next("server.team.updated")["teams"]
    assert told[-1:] == home_of(pair.anna)
    for each in (ear, sama):
        each.close()


def test_whom_one_meets_in_the_home_team_is_told_of(place: Town) -> None:
    sama = place.sama("anna")
    anna, boris, clara = (place.tada(each) for each in ("anna", "boris", "clara"))
    room = sama.create_group("tea", [place.accounts["boris"]])
    ears = [Ear(place.base_url, HOME, token=each.token) for each in (anna, boris, clara)]
    sama.change_members(room, [place.accounts["clara"]], [])
    old, new = ears[1], ears[2]
    assert old.next("server.contact.updated")["contacts"] == [named(boris, "contacts", "clara")]
    met = new.next("server.contact.updated")["contacts"]
    assert met == [named(clara, "contacts", each) for each in ("anna", "boris")]
    place.unet("boris").send(direct(place.accounts["clara"]), "hello")
    assert new.next("server.contact.updated")["contacts"] == met[1:]
    sama.close()
    for each in ears:
        each.close()


def test_a_direct_chat_moves_with_what_is_unread_when_two_come_to_share_a_team(
    place: Town,
) -> None:
    pair = Pair(place)
    place.unet("boris").send(direct(place.accounts["anna"]), "hello")
    inside, home = pair.ear(pair.anna, pair.team), pair.ear(pair.anna, HOME)
    others = pair.ear(pair.boris, HOME)
    at_home = named(pair.anna, "chats", "boris")["jid"]

    jid = pair.join()
    told: dict[str, Any] = {"jid": ""}
    while told["jid"] != jid:
        (told,) = inside.next("server.chat.updated")["chats"]
    assert told == pair.anna.ask("GET", f"{pair.path}/chats/{jid}")
    assert told["num_unread"] == 1
    (gone,) = home.next("server.chat.deleted")["chats"]
    assert (gone["jid"], gone["is_archive"]) == (at_home, True)
    for each in (home, others):
        assert each.next("server.team.deleted")["teams"][0]["uid"] == HOME

    pair.anna.ask("DELETE", f"{pair.path}/contacts/{jid}")
    (gone,) = inside.next("server.chat.deleted")["chats"]
    assert gone["jid"] == jid
    contacts = home.next("server.contact.updated")["contacts"]
    assert contacts == [named(pair.anna, "contacts", "boris")]
    params = home.next("server.chat.updated")
    assert params["chats"] == [named(pair.anna, "chats", "boris")]
    assert params["chats"][0]["num_unread"] == 1
    assert params["team_unread"] == home_of(pair.anna)[0]["unread"]
    (his,) = others.next("server.chat.updated")["chats"]
    assert his == named(pair.boris, "chats", "anna")
    for each in (inside, home, others):
        each.close()


def test_who_is_deleted_cannot_be_written_to_and_his_chat_says_so(place: Town) -> None:
    anna = place.tada("anna")
    boris = place.sama("boris")
    boris.send(direct(place.accounts["anna"]), "hello")
    ear = Ear(place.base_url, HOME, token=anna.token)
    boris.ask("user_delete", {})
    (chat,) = ear.next("server.chat.updated")["chats"]
    assert "can_send_message" not in chat
    assert chat == named(anna, "chats", chat["display_name"])
    for each in (ear, boris):
        each.close()


def test_another_status_is_told_with_what_it_changes(place: Town) -> None:
    pair = Pair(place)
    jid = pair.join()
    ear = pair.ear(pair.boris, pair.team)
    for status in ("admin", "member"):
        pair.anna.ask("PUT", f"{pair.path}/contacts/{jid}", {"status": status})
        contacts: list[Any] = []
        while len(contacts) < 2:
            contacts = ear.next("server.contact.updated")["contacts"]
        listed = {each["jid"]: each for each in pair.boris.ask("GET", f"{pair.path}/contacts")}
        assert all(each == listed[each["jid"]] for each in contacts)
        chats = ear.next("server.chat.updated")["chats"]
        path = f"{pair.path}/chats?chat_type=group"
        assert chats == pair.boris.ask("GET", path)["objects"]
        assert ("can_delete" in chats[0]) is (status == "admin")
    pair.anna.ask("PUT", f"{pair.path}/contacts/{jid}", {"role": "cook"})
    assert {each["event"] for each in ear.settled()} == {"server.contact.updated"}
    ear.close()


def test_who_may_not_write_because_of_a_block_sees_it_in_the_chat(place: Town) -> None:
    pair = Pair(place)
    jid, boris = pair.join(), place.sama("boris")
    path = f"{pair.path}/chats/{jid}"
    boris.block(place.accounts["anna"])
    assert "can_send_message" not in pair.anna.ask("GET", path)
    boris.unblock(place.accounts["anna"])
    boris.send(direct(place.accounts["anna"]), "hello")
    ears = [pair.ear(each, pair.team) for each in (pair.anna, pair.boris)]

    boris.block(place.accounts["anna"])
    for each in ears:
        (chat,) = each.next("server.chat.updated")["chats"]
        assert "can_send_message" not in chat
        assert "can_call" not in chat
        assert chat["cant_send_message_reason"]
    boris.ask("block_list_enable", {"enable": False})
    for each in ears:
        (chat,) = each.next("server.chat.updated")["chats"]
        assert chat["can_send_message"] is True
    boris.ask("block_list_enable", {"enable": True})
    (chat,) = ears[0].next("server.chat.updated")["chats"]
    assert chat == pair.anna.ask("GET", path)
    assert "can_send_message" not in chat
    boris.unblock(place.accounts["anna"])
    (chat,) = ears[0].next("server.chat.updated")["chats"]
    assert chat == pair.anna.ask("GET", path)
    assert chat["can_send_message"] is True
    boris.close()
    for each in ears:
        each.close()
