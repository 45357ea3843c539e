"""When the version of a chat (`gentime`) grows: with all that its card says, whoever changes it and wherever."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.tada.listening import Ear
from tests.world.tada import TadaVoice
from tests.world.town import Town, town
from tests.world.voice import direct


class Pair:
    """Anna and Boris in a team, and their direct chat."""

    def __init__(self, place: Town) -> None:
        self.place = place
        for each in ("anna", "boris"):
            place.settle(each, each)
        self.anna, self.boris = place.tada("anna"), place.tada("boris")
        self.team = str(self.anna.ask("POST", "/teams", {"name": "club"})["uid"])
        token = self.anna.ask("POST", f"/teams/{self.team}/invitations", {})["token"]
        self.boris.ask("POST", "/teams/join", {"token": token})

    def jid(self, who: TadaVoice) -> str:
        return str(who.ask("GET", f"/teams/{self.team}")["me"]["jid"])

    def other(self, who: TadaVoice) -> TadaVoice:
        return self.boris if who is self.anna else self.anna

    def chat(self, who: TadaVoice) -> Any:
        return who.ask("GET", f"/teams/{self.team}/chats/{self.jid(self.other(who))}")

    def write(self, who: TadaVoice, text: str) -> str:
        path = f"/teams/{self.team}/chats/{self.jid(self.other(who))}/messages"
        return str(who.ask("POST", path, {"text": text})["message_id"])

    def read(self, who: TadaVoice) -> None:
        said = {"jid": self.jid(self.other(who))}
        who.ask("POST", f"/teams/{self.team}/ws/client.chat.lastread", said)

    def newer(self, who: TadaVoice, version: int) -> list[Any]:
        """What a client is told that asks for chats later than a version."""
        path = f"/teams/{self.team}/chats?chat_type=direct&hidden=any&gentime_gt={version}"
        return list(who.ask("GET", path)["objects"])


@pytest.fixture(scope="module")
def pair() -> Iterator[Pair]:
    with town() as place:
        yield Pair(place)
        assert place.mistakes == []


def test_reading_makes_the_chat_newer_for_the_reader_alone(pair: Pair) -> None:
    anna, boris = pair.anna, pair.boris
    pair.write(anna, "hello")
    unread, written = pair.chat(boris), pair.chat(anna)
    assert unread["num_unread"] > 0
    assert pair.newer(boris, unread["gentime"]) == []
    pair.read(boris)
    (read,) = pair.newer(boris, unread["gentime"])
    assert read == pair.chat(boris)
    assert "num_unread" not in read
    assert read["gentime"] > unread["gentime"]
    assert read["base_gentime"] == unread["base_gentime"]
    assert pair.chat(anna)["gentime"] == written["gentime"]
    pair.read(boris)
    assert pair.chat(boris)["gentime"] == read["gentime"]


def test_marks_that_move_one_by_one_make_it_newer_each_time(pair: Pair) -> None:
    ids = [pair.write(pair.anna, text) for text in ("one", "two", "three")]
    seen = [pair.chat(pair.boris)["gentime"]]
    for each in ids:
        said = {"jid": pair.jid(pair.anna), "last_read_message_id": each}
        pair.boris.ask("POST", f"/teams/{pair.team}/ws/client.chat.lastread", said)
        seen.append(pair.chat(pair.boris)["gentime"])
    assert seen == sorted(set(seen))


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_edits_and_deletions_make_it_newer_for_both(pair: Pair, method: str) -> None:
    """Of whichever message: the card shows how many are unread and what was said last."""
    anna, boris = pair.anna, pair.boris
    message = pair.write(anna, "wrong")
    pair.write(boris, "right")
    before = {each: pair.chat(each)["gentime"] for each in (anna, boris)}
    path = f"/teams/{pair.team}/chats/{pair.jid(boris)}/messages/{message}"
    anna.ask(method, path, {"text": "better"} if method == "PUT" else None)
    for who, version in before.items():
        (chat,) = pair.newer(who, version)
        assert chat["gentime"] >= chat["base_gentime"] > version


def test_what_one_deletes_for_oneself_makes_it_newer_for_oneself(pair: Pair) -> None:
    anna, boris, phone = pair.anna, pair.boris, pair.place.sama("boris")
    pair.write(anna, "seen by one")
    before = {each: pair.chat(each)["gentime"] for each in (anna, boris)}
    cid = phone.cid(direct(pair.place.accounts["anna"]))
    listed = phone.ask("message_list", {"cid": cid, "limit": 1})["messages"]
    gone = {"cid": cid, "ids": [listed[0]["_id"]], "type": "myself"}
    phone.ask("message_delete", gone)
    assert [each["jid"] for each in pair.newer(boris, before[boris])] == [pair.jid(anna)]
    assert pair.newer(anna, before[anna]) == []
    phone.close()


def test_a_task_is_newer_after_what_is_said_and_read_in_it(pair: Pair) -> None:
    anna, boris, team = pair.anna, pair.boris, pair.team
    new = {"description": "buy", "assignee": pair.jid(boris)}
    jid = anna.ask("POST", f"/teams/{team}/tasks", new)["jid"]
    path = f"/teams/{team}/chats/{jid}/messages"
    message = anna.ask("POST", path, {"text": "milk"})["message_id"]

    def newer(version: int) -> list[Any]:
        return list(boris.ask("GET", f"/teams/{team}/tasks?gentime_gt={version}"))

    version = boris.ask("GET", f"/teams/{team}/tasks/{jid}")["gentime"]
    anna.ask("PUT", f"{path}/{message}", {"text": "tea"})
    (edited,) = newer(version)
    assert edited["gentime"] > version
    boris.ask("POST", f"/teams/{team}/ws/client.chat.lastread", {"jid": jid})
    (read,) = newer(edited["gentime"])
    assert read["gentime"] > edited["gentime"]
    assert newer(read["gentime"]) == []


def test_what_sockets_say_of_a_chat_is_never_newer_than_the_chat(pair: Pair) -> None:
    """Otherwise a client that compares versions would take the list for old news."""
    anna, boris, team = pair.anna, pair.boris, pair.team
    ear = Ear(pair.place.base_url, team, token=boris.token)
    message = pair.write(anna, "one")
    path = f"/teams/{team}/chats/{pair.jid(boris)}/messages/{message}"
    said = [ear.next("server.message.updated")["chat_counters"]]
    anna.ask("PUT", path, {"text": "two"})
    said.append(ear.next("server.message.updated")["chat_counters"])
    assert said[-1][0]["gentime"] <= pair.chat(boris)["gentime"]
    pair.read(boris)
    said.append(ear.next("server.chat.lastread")["chats"])
    assert said[-1][0]["gentime"] <= pair.chat(boris)["gentime"]
    anna.ask("DELETE", path)
    said.append(ear.next("server.message.updated")["chat_counters"])
    assert said[-1][0]["gentime"] <= pair.chat(boris)["gentime"]
    assert [each[0]["gentime"] for each in said] == sorted({each[0]["gentime"] for each in said})
    ear.close()
