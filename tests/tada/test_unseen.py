"""What sockets say, and do not say, of messages at the edges of what their readers see."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.tada.listening import Ear
from tests.world.town import Town, town
from tests.world.wires import Wire


@pytest.fixture(scope="module")
def place() -> Iterator[Town]:
    with town() as found:
        for login in ("anna", "boris", "clara"):
            found.settle(login, login)
        yield found
        assert found.mistakes == []


def messages(heard: list[Any]) -> list[Any]:
    """Those of all `server.message.updated`."""
    said = [each["params"] for each in heard if each["event"] == "server.message.updated"]
    return [message for params in said for message in params["messages"]]


def texts(heard: list[Any]) -> list[str]:
    return [each["content"]["text"] for each in messages(heard)]


def test_who_never_saw_a_message_does_not_hear_that_it_is_gone(place: Town) -> None:
    anna = place.sama("anna")
    room = anna.create_group("tea", [place.accounts["boris"], place.accounts["clara"]])
    boris, clara = place.tada("boris"), place.tada("clara")
    ears = [Ear(place.base_url, each.teams()[-1], token=each.token) for each in (boris, clara)]
    secret = {"deleted_for": [anna.wire_id(place.accounts["boris"])]}
    open_one, hidden = anna.send(room, "for all"), anna.send(room, "for Clara", **secret)
    for each in ears:
        each.settled()
    anna.delete(room, hidden)
    his, hers = (each.settled() for each in ears)
    assert his == []
    assert len(messages(hers)) == 1

    both = [open_one, anna.send(room, "for Clara again", **secret)]
    for each in ears:
        each.settled()
    ids = [anna.wire_id(each) for each in both]
    anna.ask("message_delete", {"cid": anna.cid(room), "type": "all", "ids": ids})
    his, hers = (each.settled() for each in ears)
    (gone,) = messages(his)
    assert gone["content"] == {"type": "deleted", "text": ""}
    assert len(messages(hers)) == 2
    anna.close()
    for each in ears:
        each.close()


def test_who_has_read_everything_has_read_what_he_sees(place: Town) -> None:
    anna, boris = place.sama("anna"), place.tada("boris")
    room = anna.create_group("milk", [place.accounts["boris"]])
    home = boris.teams()[-1]
    ear = Ear(place.base_url, home, token=boris.token)
    anna.send(room, "for all")
    (said,) = ear.next("server.message.updated")["messages"]
    boris.ask("POST", f"/teams/{home}/ws/client.chat.lastread", {"jid": said["chat"]})
    secret = {"deleted_for": [anna.wire_id(place.accounts["boris"])]}
    anna.send(room, "for nobody", **secret)
    chat = boris.ask("GET", f"/teams/{home}/chats/{said['chat']}")
    assert chat["last_message"]["message_id"] == said["message_id"]
    assert chat["last_read_message_id"] == said["message_id"]
    ear.close()
    anna.close()


def test_what_is_posted_while_the_first_connection_begins_is_told_there(place: Town) -> None:
    anna = place.tada("anna")
    team = str(anna.ask("POST", "/teams", {"name": "club"})["uid"])
    (hall,) = anna.ask("GET", f"/teams/{team}/groups")
    invitation = anna.ask("POST", f"/teams/{team}/invitations", {})["token"]
    boris = place.tada("boris")
    boris.ask("POST", "/teams/join", {"token": invitation})
    for number in range(40):
        # Everybody in all of them is read before his first socket can be told anything.
        boris.ask("POST", "/teams", {"name": f"team {number}"})
    writer = Ear(place.base_url, team, token=anna.token)
    tokens = [place.tada("boris").token for _ in range(16)]
    for number, token in enumerate(tokens):
        begins = Ear.__new__(Ear)
        begins.wire = Wire(place.base_url, f"/messaging/{team}", token=token)
        writer.write(hall["jid"], f"word {number}")
        writer.settled()
        assert f"word {number}" in texts(begins.settled())
        begins.close()
    writer.close()


def test_a_first_connection_is_told_nothing_of_what_was_before(place: Town) -> None:
    anna = place.tada("anna")
    team = str(anna.ask("POST", "/teams", {"name": "club"})["uid"])
    (hall,) = anna.ask("GET", f"/teams/{team}/groups")
    anna.ask("POST", f"/teams/{team}/chats/{hall['jid']}/messages", {"text": "before"})
    ear = Ear.__new__(Ear)
    ear.wire = Wire(place.base_url, f"/messaging/{team}", token=place.tada("anna").token)
    assert messages(ear.settled()) == []
    ear.close()
