"""What a card says that one may do in a chat is what one may do there."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.tada.club import Club, Somebody, club

DELETES, MARKS = "can_delete_any_message", "can_set_important_any_message"


@pytest.fixture(scope="module")
def place() -> Iterator[Club]:
    with club() as there:
        yield there


def made(who: Somebody, path: str, **card: Any) -> str:
    """A group or task of his, with a message in it."""
    return str(who.ask("POST", path, card)["jid"])


def status(who: Somebody, method: str, path: str, body: Any = None) -> int:
    return int(who.call(method, path, body).status)


@pytest.mark.parametrize(
    ("folder", "card"),
    [
        ("groups", {"display_name": "closed"}),
        ("groups", {"display_name": "open", "public": True}),
        ("tasks", {"description": "closed"}),
        ("tasks", {"description": "open", "public": True}),
    ],
)
def test_who_manages_the_team_may_delete_where_he_may_read(
    place: Club, folder: str, card: Any
) -> None:
    """From outside he sets a closed group up, but does not see what is said in it."""
    anna, boris = place.anna, place.boris
    jid = made(boris, f"{place.path}/{folder}", **card)
    where = f"{place.path}/chats/{jid}/messages"
    message = boris.ask("POST", where, {"text": "hi"})["message_id"]
    shown = anna.ask("GET", f"{place.path}/{folder}/{jid}")
    assert shown["can_delete"] is True
    reads = status(anna, "GET", where) == 200
    assert (shown.get(DELETES, False), shown.get(MARKS, False)) == (reads, reads)
    assert status(anna, "PUT", f"{where}/{message}", {"important": True}) == (200 if reads else 403)
    assert status(anna, "DELETE", f"{where}/{message}") == (200 if reads else 403)
    assert boris.ask("GET", f"{place.path}/{folder}/{jid}")[DELETES] is True


def test_a_group_for_everybody_is_made_by_who_manages_the_team(place: Club) -> None:
    anna, boris = place.anna, place.boris
    jid = made(boris, f"{place.path}/groups", display_name="his")
    path = f"{place.path}/groups/{jid}"
    for who, may in ((boris, False), (anna, True)):
        assert ("default_for_all" in who.ask("GET", path)["changeable_fields"]) is may
        assert status(who, "PUT", path, {"default_for_all": True}) == (200 if may else 403)


@pytest.mark.parametrize("folder", ["groups", "chats"])
@pytest.mark.parametrize("nothing", ["", None])
def test_a_group_is_put_under_a_section_and_taken_out(
    place: Club, folder: str, nothing: str | None
) -> None:
    anna, boris = place.anna, place.boris
    section = anna.ask("POST", f"{place.path}/sections", {"name": "tools"})["uid"]
    members = [{"jid": place.jid(boris)}]
    jid = made(anna, f"{place.path}/groups", display_name="hammer", members=members)
    path = f"{place.path}/{folder}/{jid}"
    assert "section" in anna.ask("GET", path)["changeable_fields"]
    assert status(boris, "PUT", path, {"section": section}) == 403
    assert anna.ask("PUT", path, {"section": section})["section"] == section
    assert anna.ask("PUT", path, {"display_name": "saw"})["section"] == section
    shown = boris.ask("GET", f"{place.path}/chats/{jid}")
    assert boris.ask("PUT", f"{place.path}/chats/{jid}", shown)["section"] == section
    assert anna.refused("PUT", path, {"section": "x"}) == (422, "INVALID_DATA", ["section"])
    assert "section" not in anna.ask("PUT", path, {"section": nothing})
    assert "section" not in anna.ask("GET", path)
