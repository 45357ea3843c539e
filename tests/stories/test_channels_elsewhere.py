"""A channel of SAMA's in Tada: a group of the home team in which most only read."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tertulia.dialects.sama import ids
from tests.world.sama import SamaVoice
from tests.world.tada import TadaVoice
from tests.world.town import town
from tests.world.voice import Refused, Room, group

pytestmark = pytest.mark.slow


@contextmanager
def channel() -> Iterator[tuple[SamaVoice, TadaVoice, TadaVoice, Room]]:
    """Boris owns it, in SAMA; he and Anna, who reads it like Clara, have a Tada window open, too."""
    with town() as place:
        for name in ("anna", "boris", "clara"):
            place.settle(name, name)
        owner = place.sama("boris")
        # So that both have a home team before there is a channel.
        tea = owner.create_group("tea", [place.accounts["anna"]])
        anna, boris = place.tada("anna"), place.tada("boris")
        for window in (anna, boris):
            window.listen()
        owner.change_members(tea, [], [place.accounts["anna"]])
        participants = [owner.wire_id(place.accounts[each]) for each in ("anna", "clara")]
        new = {"type": "c", "name": "news", "participants": participants}
        made = owner.ask("conversation_create", new)["conversation"]
        yield owner, anna, boris, group(ids.chat(made["_id"]))
        for voice in (owner, anna, boris):
            voice.close()
        assert place.mistakes == []


def card(voice: TadaVoice, room: Room) -> dict[str, Any]:
    """The chat as that person finds it."""
    team, jid = voice.place(room)
    found: dict[str, Any] = voice.ask("GET", f"/teams/{team}/chats/{jid}")
    return found


def test_a_reader_finds_it_and_hears_what_is_written_and_changed() -> None:
    with channel() as (owner, anna, _, room):
        anna.heard()
        number = owner.send(room, "good news")
        assert [(each.kind, each.text) for each in anna.heard()] == [("posted", "good news")]
        owner.edit(room, number, "better news")
        owner.delete(room, owner.send(room, "no news"))
        assert [each.text for each in anna.messages(room)] == ["better news"]
        kinds = [each.kind for each in anna.heard()]
        assert kinds == ["edited", "posted", "deleted"]
        (entry,) = [each for each in anna.chats() if each.room == room]
        assert (entry.name, entry.unread, entry.last) == ("news", 0, "better news")
        found = card(anna, room)
        assert found["chat_type"] == "group"
        assert found["readonly_for_members"]
        assert "can_send_message" not in found
        assert "members" not in found
        assert found["num_members"] == 3
        home, _ = anna.place(room)
        met = {each["display_name"] for each in anna.ask("GET", f"/teams/{home}/contacts/")}
        assert met == {"anna", "boris"}


def test_a_reader_neither_writes_nor_sets_it_up() -> None:
    with channel() as (owner, anna, _, room):
        number = owner.send(room, "good news")
        for refused in (
            lambda: anna.send(room, "me too"),
            lambda: anna.attach(room, "me.txt", ""),
            lambda: anna.edit(room, number, "bad news"),
            lambda: anna.delete(room, number),
        ):
            with pytest.raises(Refused) as why:
                refused()
            assert why.value.status in {403, 404}
        team, jid = anna.place(room)
        group_path = f"/teams/{team}/groups/{jid}"
        for method, path, body in (
            ("PUT", group_path, {"display_name": "mine"}),
            ("DELETE", group_path, None),
            ("GET", f"{group_path}/members", None),
        ):
            with pytest.raises(Refused) as why:
                anna.ask(method, path, body)
            assert why.value.status in {403, 404}, (method, path)
        assert [each.text for each in anna.messages(room)] == ["good news"]


def test_reading_and_composing_mean_nothing_there_and_disturb_nobody() -> None:
    with channel() as (owner, anna, boris, room):
        owner.send(room, "good news")
        anna.read(room)
        boris.types(room)
        assert [each.kind for each in boris.heard()].count("read") == 0
        team, _ = anna.place(room)
        assert anna.ask("GET", f"/teams/{team}")["unread"]["group"]["messages"] == 0


def test_its_owner_writes_from_tada_too() -> None:
    with channel() as (owner, anna, boris, room):
        owner.heard()
        number = boris.send(room, "from the window")
        boris.edit(room, number, "from the window, again")
        assert [each.text for each in owner.heard()] == [
            "from the window",
            "from the window, again",
        ]
        assert [each.text for each in anna.messages(room)] == ["from the window, again"]
        found = card(boris, room)
        assert found["can_send_message"]
        assert "can_delete" not in found
        assert "can_change_settings" not in found


def test_whoever_is_put_out_of_it_hears_that_it_is_gone() -> None:
    with channel() as (owner, anna, _, room):
        owner.send(room, "good news")
        assert anna.messages(room)
        anna.words()
        owner.change_members(room, [], [anna.account])
        assert "server.chat.deleted" in anna.words()
        assert room not in {each.room for each in anna.chats()}
        with pytest.raises(Refused):
            anna.messages(room)
