"""What only some clients can read: encrypted chats are SAMA's alone, encrypted messages are named as such elsewhere."""

from collections.abc import Iterator
from typing import NamedTuple

import pytest

from tests.world.stage import Person
from tests.world.town import town
from tests.world.voice import Refused, Room, Voice, direct

pytestmark = pytest.mark.slow

UNREADABLE = "Encrypted message"


class Pair(NamedTuple):
    """Boris, who writes, and Anna, who looks; and their chat as she calls it."""

    boris: Person
    anna: Person
    room: Room


@pytest.fixture
def pair() -> Iterator[Pair]:
    with town() as place:
        for login in ("anna", "boris"):
            place.settle(login, login)
        boris = Person.comes(place, "boris")
        boris.sama.send(direct(place.accounts["anna"]), "hello")
        anna = Person.comes(place, "anna")
        for voice in anna.voices.values():
            voice.heard()
        yield Pair(boris, anna, direct(boris.account))
        assert place.mistakes == []


@pytest.mark.parametrize("kind", ["u", "g"])
def test_nothing_of_an_encrypted_chat_is_heard_elsewhere(pair: Pair, kind: str) -> None:
    boris, anna, room = pair
    new = {"type": kind, "participants": [boris.sama.wire_id(anna.account)], "is_encrypted": True}
    cid = boris.sama.ask("conversation_create", {**new, "name": "vault"})["conversation"]["_id"]
    before = [anna.tada.chats(), anna.unet.chats(), anna.astrak.chats()]
    for more in ({}, {"encrypted_message_type": 1}):
        message = boris.sama.wire_id(boris.sama.say(cid, "a secret", **more))
        boris.sama.ask("message_edit", {"id": message, "body": "another"})
        boris.sama.wire.send({"typing": {"cid": cid}})
        anna.sama.ask("message_read", {"cid": cid})
        gone = {"cid": cid, "type": "myself", "ids": [message]}
        anna.sama.ask("message_delete", gone)
        boris.sama.ask("message_delete", gone | {"type": "all"})
    boris.sama.say(cid, "the last secret")
    heard = [each.kind for each in anna.sama.heard() if each.kind != "conversation_created"]
    assert heard == ["posted", "edited", "typing", "deleted"] * 2 + ["posted"]
    for person in pair[:2]:
        assert person.tada.words() == []
        assert person.astrak.words() == []
    assert [anna.tada.chats(), anna.unet.chats(), anna.astrak.chats()] == before
    # Nor does it count there.
    boris.astrak.send(direct(anna.account), "one more")
    (wire,) = anna.tada.sockets.values()
    anna.tada._ping(wire)
    (told,) = [each for each in wire.drained() if each["event"] == "server.message.updated"]
    assert told["params"]["badge"] == anna.tada.ask("GET", "/badge") == 2
    assert [each.unread for each in anna.tada.chats() if each.room == room] == [2]


def test_an_encrypted_message_of_another_chat_is_named_as_such(pair: Pair) -> None:
    boris, anna, room = pair
    there = direct(anna.account)
    said = boris.sama.send(there, "x8!", encrypted_message_type=1)
    boris.sama.edit(there, said, "x9!")
    voices: tuple[Voice, ...] = (anna.tada, anna.unet, anna.astrak)
    for voice in voices:
        if voice.hears_live:
            heard = voice.heard()
            assert [each.kind for each in heard] == ["posted", "edited"], voice.dialect
            assert {each.text for each in heard} == {UNREADABLE}, voice.dialect
        assert voice.messages(room)[-1].text == UNREADABLE, voice.dialect
        (entry,) = [each for each in voice.chats() if each.room == room]
        assert (entry.last, entry.unread) == (UNREADABLE, 2), voice.dialect
    assert anna.sama.messages(room)[-1].text == "x9!"
    assert [each.kind for each in anna.sama.heard()] == ["posted", "edited"]
    boris.sama.delete(there, said)
    assert [each.kind for each in anna.astrak.heard()] == ["deleted"]
    assert [each.kind for each in anna.tada.heard()] == ["deleted"]


@pytest.mark.parametrize("dialect", ["tada", "unet", "astrak"])
def test_nobody_puts_plain_words_in_the_place_of_encrypted_ones(pair: Pair, dialect: str) -> None:
    """Whoever has the keys could read neither those nor these."""
    boris, anna, room = pair
    there = direct(anna.account)
    said = boris.sama.send(there, "x8!", encrypted_message_type=1)
    with pytest.raises(Refused) as refused:
        boris.voices[dialect].edit(there, said, "plain words")
    assert refused.value.status == 403
    (message,) = [each for each in anna.sama.messages(room) if each.text == "x8!"]
    assert message.number == said
