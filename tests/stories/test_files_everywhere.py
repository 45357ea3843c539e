"""Files of one API in the others: what they are called, how long they are, what they are, and all of them."""

import base64
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from tests.world.sama import SamaVoice
from tests.world.stage import Person
from tests.world.town import town
from tests.world.voice import Room, direct
from tests.world.wires import Http

PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)

WORDS = b"abc"

pytestmark = pytest.mark.slow


class Pair(NamedTuple):
    """Boris, who sends, and Anna, who looks; and their chat as she calls it."""

    boris: Person
    anna: Person
    room: Room

    @property
    def to_anna(self) -> Room:
        """The same as Boris calls it."""
        return direct(self.anna.account)

    def heard(self) -> Any:
        """The message that Anna's Tada hears of, and finds afterwards."""
        (packet,) = [
            packet
            for wire in self.anna.tada.sockets.values()
            for packet in self.drained(wire)
            if packet["event"] == "server.message.updated"
        ]
        (message,) = packet["params"]["messages"]
        team, jid = self.anna.tada.place(self.room)
        path = f"/teams/{team}/messages/{jid}?limit=1"
        (listed,) = self.anna.tada.ask("GET", path)["messages"]
        for name in ("content", "uploads", "links", "push_text"):
            assert message.get(name) == listed.get(name), name
        return message

    def drained(self, wire: Any) -> list[Any]:
        """All that was on its way on one socket."""
        self.anna.tada._ping(wire)
        return list(wire.drained())


@pytest.fixture(scope="module")
def pair() -> Iterator[Pair]:
    with town() as place:
        for login in ("anna", "boris"):
            place.settle(login, login)
        boris = Person.comes(place, "boris")
        boris.sama.send(direct(place.accounts["anna"]), "hello")
        anna = Person.comes(place, "anna")
        yield Pair(boris, anna, direct(boris.account))
        assert place.mistakes == []


def put(voice: SamaVoice, name: str, content: bytes, kind: str) -> str:
    """A file that is there."""
    new = {"name": name, "size": len(content), "content_type": kind}
    (made,) = voice.ask("create_files", [new])["files"]
    path = made["upload_url"].removeprefix(voice.base_url)
    assert Http(voice.base_url).ask("PUT", path, content).status == 200
    return str(made["_id"])


def test_a_picture_of_which_only_the_file_was_named_is_a_picture(pair: Pair) -> None:
    file_id = put(pair.boris.sama, "gato.png", PICTURE, "image/png")
    pair.boris.sama.send(pair.to_anna, "", attachments=[{"file_id": file_id}])
    content = pair.heard()["content"]
    assert (content["type"], content["name"], content["size"]) == ("image", "gato.png", 70)
    assert content["mediaURL"].endswith("/gato.png")
    assert (content["previewWidth"], content["previewHeight"]) == (1, 1)
    # Who asks for pictures gets it.
    team, jid = pair.anna.tada.place(pair.room)
    path = f"/teams/{team}/messages/{jid}?type=image&limit=1"
    (found,) = pair.anna.tada.ask("GET", path)["messages"]
    assert found["content"] == content
    # SAMA repeats what was sent, and the server's own measures, no more.
    cid = pair.anna.sama.cid(pair.room)
    (seen,) = pair.anna.sama.ask("message_list", {"cid": cid, "limit": 1})["messages"]
    assert seen["attachments"] == [{"file_id": file_id, "file_width": 1, "file_height": 1}]


def test_what_the_sender_says_of_a_file_counts(pair: Pair) -> None:
    file_id = put(pair.boris.sama, "acta.txt", WORDS, "text/plain")
    attached = {"file_id": file_id, "file_name": "minutes.txt"}
    pair.boris.sama.send(pair.to_anna, "read it", attachments=[attached])
    (upload,) = pair.heard()["uploads"]
    assert (upload["name"], upload["size"]) == ("minutes.txt", 3)
    assert (upload["type"], upload["content_type"]) == ("file", "text/plain")


def test_of_several_files_without_words_none_is_lost(pair: Pair) -> None:
    kinds = (("a.txt", WORDS, "text/plain"), ("b.png", PICTURE, "image/png"))
    files = [{"file_id": put(pair.boris.sama, *each)} for each in (*kinds, kinds[0])]
    pair.boris.sama.send(pair.to_anna, "", attachments=files)
    message = pair.heard()
    assert (message["content"]["type"], message["content"]["name"]) == ("image", "b.png")
    assert [each["name"] for each in message["uploads"]] == ["a.txt", "a.txt"]


def test_what_lies_elsewhere_is_a_link(pair: Pair) -> None:
    elsewhere = [
        {"file_url": "https://example.org/x.png", "file_name": "x.png"},
        {"file_url": "javascript:alert(1)", "file_name": "y.png"},
    ]
    pair.boris.sama.send(pair.to_anna, "look", attachments=elsewhere)
    message = pair.heard()
    assert "uploads" not in message
    assert message["links"] == [
        {
            "pattern": "https://example.org/x.png",
            "url": "https://example.org/x.png",
            "text": "x.png",
        }
    ]
