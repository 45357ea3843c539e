"""What sockets hear of counters and chats that events do not name themselves: compared with what lists say."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.tada.listening import Ear
from tests.world.sama import SamaVoice
from tests.world.tada import TadaVoice
from tests.world.town import Town, town
from tests.world.voice import direct
from tests.world.wires import Wire

GROUP = "/teams/{}/groups"


class Village:
    """Anna and Boris share two teams; Clara is in the first; Dora is a stranger to all of them."""

    def __init__(self, place: Town) -> None:
        self.place = place
        self.numbers = {
            each: place.settle(each, each) for each in ("anna", "boris", "clara", "dora")
        }
        self.anna, self.boris, self.clara, self.dora = (place.tada(each) for each in self.numbers)
        self.club, self.office = (
            self.team(name, *others)
            for name, others in (("club", (self.boris, self.clara)), ("office", (self.boris,)))
        )

    def team(self, name: str, *others: TadaVoice) -> str:
        uid = str(self.anna.ask("POST", "/teams", {"name": name})["uid"])
        token = self.anna.ask("POST", f"/teams/{uid}/invitations", {})["token"]
        for each in others:
            each.ask("POST", "/teams/join", {"token": token})
        return uid

    def sama(self, login: str) -> SamaVoice:
        return self.place.sama(login)

    def jid(self, who: TadaVoice, team: str) -> str:
        return str(who.ask("GET", f"/teams/{team}")["me"]["jid"])

    def ear(self, who: TadaVoice, team: str) -> Ear:
        return Ear(self.place.base_url, team, token=who.token)

    def write(self, who: TadaVoice, team: str, jid: str, text: str) -> str:
        path = f"/teams/{team}/chats/{jid}/messages"
        return str(who.ask("POST", path, {"text": text})["message_id"])

    def tea(self, *others: TadaVoice) -> str:
        """A group of Anna's with these, in the first team."""
        members = [{"jid": self.jid(each, self.club)} for each in others]
        new = {"display_name": "tea", "members": members}
        return str(self.anna.ask("POST", GROUP.format(self.club), new)["jid"])

    def unread(self, who: TadaVoice, team: str) -> Any:
        return who.ask("GET", f"/teams/{team}")["unread"]

    def badge(self, who: TadaVoice) -> int:
        return int(who.ask("GET", "/badge"))


@pytest.fixture(scope="module")
def village() -> Iterator[Village]:
    with town() as place:
        yield Village(place)
        assert place.mistakes == []


def counters(heard: list[Any]) -> dict[str, Any]:
    """The last that was said of each other team."""
    params = [each["params"] for each in heard if each["event"] == "server.team.counters"]
    return {each["uid"]: each["unread"] for said in params for each in said["teams"]}


def events(heard: list[Any]) -> list[str]:
    return [each["event"] for each in heard]


def until(ear: Ear, is_it: Callable[[Any], bool]) -> Any:
    """The first packet of that kind."""
    while not is_it(packet := ear.wire.receive()):
        pass
    return packet["params"]


def updated(ear: Ear, jid: str) -> Any:
    """How a chat stands after the next `server.chat.updated` about it."""
    found = until(
        ear,
        lambda each: (
            each["event"] == "server.chat.updated" and each["params"]["chats"][0]["jid"] == jid
        ),
    )
    return found["chats"][0], found["badge"]


@pytest.mark.parametrize("by_socket", [False, True])
def test_a_direct_chat_counts_in_both_teams_and_both_sockets_hear_of_both(
    village: Village, *, by_socket: bool
) -> None:
    anna, boris, club, office = village.anna, village.boris, village.club, village.office
    here, there, writer = (
        village.ear(boris, club),
        village.ear(boris, office),
        village.ear(anna, club),
    )
    jid = village.jid(boris, club)
    if by_socket:
        writer.write(jid, "hello")
        writer.settled()
    else:
        village.write(anna, club, jid, "hello")
    assert counters(here.settled()) == {office: village.unread(boris, office)}
    assert counters(there.settled()) == {club: village.unread(boris, club)}
    assert village.unread(boris, office)["direct"]["messages"] == 1
    read = {"jid": village.jid(anna, club)}
    boris.ask("POST", f"/teams/{club}/ws/client.chat.lastread", read)
    assert counters(here.settled()) == {office: village.unread(boris, office)}
    assert counters(there.settled()) == {club: village.unread(boris, club)}
    message = village.write(anna, club, jid, "and more")
    here.settled()
    anna.ask("DELETE", f"/teams/{club}/chats/{jid}/messages/{message}")
    heard = here.settled()
    assert counters(heard) == {office: village.unread(boris, office)}
    assert village.unread(boris, office)["direct"]["messages"] == 0
    for each in (here, there, writer):
        each.close()


def test_a_chat_found_in_one_team_says_nothing_twice(village: Village) -> None:
    clara, club = village.clara, village.club
    ear = village.ear(clara, club)
    village.write(village.anna, club, village.jid(clara, club), "hello")
    assert events(ear.settled()) == ["server.message.updated"]
    ear.close()


def test_who_is_named_in_an_edit_hears_of_it_in_his_other_teams(village: Village) -> None:
    anna, boris, club, office = village.anna, village.boris, village.club, village.office
    tea = village.tea(boris)
    message = village.write(anna, club, tea, "somebody")
    ear = village.ear(boris, office)
    path = f"/teams/{club}/chats/{tea}/messages/{message}"
    anna.ask("PUT", path, {"text": "@boris"})
    assert counters(ear.settled()) == {club: village.unread(boris, club)}
    assert village.unread(boris, club)["group"]["notice_messages"] == 1
    anna.ask("PUT", path, {"text": "@boris, please"})
    assert counters(ear.settled()) == {}
    ear.close()


def test_what_is_hidden_elsewhere_leaves_the_sums_of_other_teams(village: Village) -> None:
    anna, boris, club, office = village.anna, village.boris, village.club, village.office
    tea = village.tea(boris)
    village.write(anna, club, tea, "unread")
    phone = village.sama("boris")
    room = phone.chats()[0].room
    (seen,) = phone.messages(room)
    ear = village.ear(boris, office)
    params = {"cid": phone.cid(room), "type": "myself", "ids": [phone.wire_id(seen.number)]}
    phone.ask("message_delete", params)
    assert ear.next("server.team.counters") == {
        "teams": [{"uid": club, "unread": village.unread(boris, club)}],
        "badge": village.badge(boris),
    }
    ear.close()
    phone.close()


def test_who_leaves_a_direct_chat_and_is_written_to_hears_how_it_stands(village: Village) -> None:
    anna, clara, club = village.anna, village.clara, village.club
    jid, hers = village.jid(anna, club), village.jid(clara, club)
    clara.ask("POST", f"/teams/{club}/ws/client.chat.lastread", {"jid": jid})
    for text in ("one", "two"):
        village.write(anna, club, hers, text)
    ear, phone = village.ear(clara, club), village.sama("clara")
    phone.leave(direct(village.numbers["anna"]))
    chat, badge = updated(ear, jid)
    assert "num_unread" not in chat
    assert "last_message" not in chat
    assert badge == village.badge(clara)
    village.write(anna, club, hers, "three")
    chat, badge = updated(ear, jid)
    assert chat["num_unread"] == 3
    assert badge == village.badge(clara)
    ear.close()
    phone.close()


def test_direct_chats_of_strangers_come_and_go_in_the_home_team(village: Village) -> None:
    clara, dora = village.sama("clara"), village.sama("dora")
    dora.create_group("samovar", [village.numbers["boris"]])
    (home,) = village.dora.teams()
    ear = village.ear(village.dora, home)
    clara.send(direct(village.numbers["dora"]), "hello")
    made = ear.next("server.chat.updated")["chats"][0]
    assert (made["chat_type"], made["display_name"]) == ("direct", "clara")
    dora.leave(direct(village.numbers["clara"]))
    (gone,) = ear.next("server.chat.deleted")["chats"]
    assert (gone["jid"], gone["chat_type"], gone["is_archive"]) == (made["jid"], "direct", True)
    listed = village.dora.ask("GET", f"/teams/{home}/chats")["objects"]
    assert made["jid"] not in [each["jid"] for each in listed]
    for each in (ear, clara, dora):
        each.close()


def test_a_direct_chat_that_leaves_a_team_leaves_its_sums_on_other_sockets(
    village: Village,
) -> None:
    anna, clara, club = village.anna, village.place.tada("clara"), village.club
    tower = village.team("tower", clara)
    village.write(anna, tower, village.jid(clara, tower), "unread in both")
    ear = village.ear(clara, club)
    assert village.unread(clara, tower)["direct"]["messages"] > 0
    token = anna.ask("POST", f"/teams/{tower}/invitations", {})["token"]
    village.boris.ask("POST", "/teams/join", {"token": token})
    boris = village.jid(village.boris, tower)
    anna.ask("PUT", f"/teams/{tower}/contacts/{boris}", {"status": "owner"})
    assert counters(ear.settled()) == {}
    anna.ask("DELETE", f"/teams/{tower}/contacts/{village.jid(anna, tower)}")
    assert counters(ear.settled()) == {tower: village.unread(clara, tower)}
    assert village.unread(clara, tower)["direct"]["messages"] == 0
    ear.close()


def test_preferences_are_heard_by_oneself_as_a_contact(village: Village) -> None:
    boris, club = village.boris, village.club
    mine, annas = village.ear(boris, club), village.ear(village.anna, club)
    path = f"/teams/{club}/contacts/{village.jid(boris, club)}"
    before = boris.ask("GET", path)["gentime"]
    now = boris.ask("PUT", path, {"alt_send": True})
    assert mine.next("server.contact.updated")["contacts"] == [now]
    assert now["alt_send"] is True
    assert now["gentime"] > before
    assert annas.settled() == []
    mine.close()
    annas.close()


@pytest.mark.parametrize("how", ["use_patronymic", "display_family_name_first"])
def test_another_way_of_calling_people_is_told_of_all_of_them(village: Village, how: str) -> None:
    anna, clara, club = village.anna, village.clara, village.club
    names = {"given_name": "Клара", "patronymic": "Карловна", "family_name": "Цеткин"}
    path = f"/teams/{club}/contacts/{village.jid(clara, club)}"
    clara.ask("PUT", path, names)
    ear = village.ear(anna, club)
    anna.ask("PUT", f"/teams/{club}", {how: True})
    told = {each["jid"]: each for each in ear.next("server.contact.updated")["contacts"]}
    now = anna.ask("GET", path)["display_name"]
    assert told[village.jid(clara, club)]["display_name"] == now != "Клара Цеткин"
    anna.ask("PUT", f"/teams/{club}", {how: False})
    ear.close()


def test_a_change_that_was_confirmed_is_not_repeated(village: Village) -> None:
    anna, clara, club = village.anna, village.place.tada("clara"), village.club
    jid = village.jid(clara, club)
    ear = village.ear(clara, club)
    message = village.write(anna, club, jid, "one")
    path = f"/teams/{club}/chats/{jid}/messages/{message}"
    anna.ask("PUT", path, {"text": "two"})
    heard = ear.settled()
    assert len(heard) == 2
    for each in heard:
        confirmed = {"confirm_id": each["confirm_id"]}
        ear.wire.send({"event": "client.confirm", "params": confirmed})
    for _ in range(2):
        ear.settled()
        ear, missed = again(village, clara, ear)
        assert missed == []
    ear.close()
    anna.ask("PUT", path, {"text": "three"})
    anna.ask("DELETE", path)
    for _ in range(2):
        # Not confirmed either time.
        ear, missed = again(village, clara, ear)
        (message,) = missed[0]["params"]["messages"]
        assert message["content"] == {"type": "deleted", "text": ""}
        assert len(missed) == 1
    ear.close()


def again(village: Village, who: TadaVoice, ear: Ear) -> tuple[Ear, list[Any]]:
    """Who hung up, or does so now, comes back: what is told first."""
    ear.close()
    back = Ear.__new__(Ear)
    back.wire = Wire(village.place.base_url, f"/messaging/{village.club}", token=who.token)
    return back, back.settled()
