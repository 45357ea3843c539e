"""Uploads: what is kept and shown of them, and what is refused without a trace."""

import io
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
from PIL import Image

from tests.tada.club import Club, club
from tests.tada.office import Person
from tests.world.wires import Answer, Http

MULTIPART = {"content-type": "multipart/form-data; boundary=cut"}


def part(content: bytes, name: str = "a.txt", kind: str = "text/plain") -> bytes:
    """A body with that file."""
    head = (
        f'--cut\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
        f"Content-Type: {kind}\r\n\r\n"
    )
    return head.encode() + content + b"\r\n--cut--\r\n"


def sends(house: Club, who: Person, path: str, body: bytes) -> Answer:
    """The answer to an upload."""
    return who.call("POST", house.path + path, body, **MULTIPART)


@pytest.fixture(scope="module")
def house() -> Iterator[Club]:
    with club(max_upload=100_000) as made:
        yield made


def chat(house: Club) -> str:
    return f"/chats/{house.jid(house.boris)}/messages"


def shown(house: Club, message: Any) -> Answer:
    """What lies under the address of a message's file, without any credentials."""
    path = message["links"][0]["pattern"]
    return house.dora.http.ask("GET", path, "")


@pytest.mark.slow
def test_an_empty_file_is_a_file(house: Club) -> None:
    message = sends(house, house.anna, chat(house), part(b"", "sample.txt")).json["result"]
    assert message["content"]["size"] == 0
    answer = shown(house, message)
    assert (answer.status, answer.body) == (200, b"")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "kind", "said", "place"),
    [
        ("a.html", "text/html", "application/octet-stream", "attachment"),
        ("a.svg", "image/svg+xml", "application/octet-stream", "attachment"),
        ("a.xhtml", "application/xhtml+xml", "application/octet-stream", "attachment"),
        ("a.js", "text/javascript", "application/octet-stream", "attachment"),
        ("a.pdf", "application/pdf", "application/pdf", "attachment"),
        ("a.bmp", "image/bmp", "image/bmp", "attachment"),
        ("a.mp4", "video/mp4", "video/mp4", "inline"),
        ("a.x", "no type at all", "application/octet-stream", "attachment"),
    ],
)
def test_nothing_is_shown_that_a_browser_might_run(
    house: Club, name: str, kind: str, said: str, place: str
) -> None:
    message = sends(house, house.anna, chat(house), part(b"<svg>", name, kind)).json["result"]
    answer = shown(house, message)
    assert answer.headers["content-type"] == said
    assert answer.headers["content-disposition"].startswith(f"{place};")
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.slow
def test_names_are_made_fit(house: Club) -> None:
    for name in ("../../etc/passwd", "..", "a\\b.txt", "x" * 300 + ".png", "\u202e\x07.txt"):
        message = sends(house, house.anna, chat(house), part(b"x", name)).json["result"]
        kept = message["content"]["name"]
        assert kept
        assert "/" not in kept
        assert len(kept) <= 255
        assert shown(house, message).body == b"x"


@pytest.mark.slow
def test_a_picture_comes_with_smaller_copies(house: Club) -> None:
    drawn = io.BytesIO()
    Image.new("RGB", (800, 400), "red").save(drawn, "PNG")
    body = part(drawn.getvalue(), "red.png", "image/png")
    content = sends(house, house.anna, chat(house), body).json["result"]["content"]
    assert content["type"] == "image"
    assert (content["previewWidth"], content["previewHeight"]) == (320, 160)
    for key, side in (("previewURL", 320), ("preview2xURL", 640)):
        path = "/u/" + content[key].split("/u/")[1]
        answer = house.dora.http.ask("GET", path, "")
        assert Image.open(io.BytesIO(answer.body)).size == (side, side // 2)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["", "application/octet-stream"])
def test_a_picture_is_known_by_its_content_where_the_client_does_not_say(
    house: Club, kind: str
) -> None:
    """Published clients call every file a stream of octets."""
    drawn = io.BytesIO()
    Image.new("RGB", (30, 20), "red").save(drawn, "PNG")
    body = part(drawn.getvalue(), "red", kind)
    content = sends(house, house.anna, chat(house), body).json["result"]["content"]
    assert (content["type"], content["previewWidth"], content["previewHeight"]) == ("image", 30, 20)
    upload = sends(house, house.anna, "/upload", body).json["result"]
    assert (upload["type"], upload["content_type"]) == ("image", "image/png")
    body = part(b"?", "red.png", kind)
    assert sends(house, house.anna, chat(house), body).json["result"]["content"]["type"] == "file"


@pytest.mark.slow
def test_what_is_too_large_leaves_nothing_behind(house: Club) -> None:
    before = house.anna.ask("GET", f"{house.path}/usage")
    for path in (chat(house), "/upload"):
        assert sends(house, house.anna, path, part(b"x" * 100_001)).status == 422
        assert sends(house, house.anna, path, part(b"x" * 500_000)).status == 413
    assert house.anna.ask("GET", f"{house.path}/usage") == before


@pytest.mark.slow
def test_a_file_counts_and_is_there_until_nothing_has_it(house: Club) -> None:
    anna, path = house.anna, f"{house.path}{chat(house)}"

    def uploaded() -> int:
        return int(anna.ask("GET", f"{house.path}/usage")["uploads_size"])

    before = uploaded()
    upload = sends(house, anna, "/upload", part(b"1234567")).json["result"]
    named = {"uploads": [upload["uid"]]}
    messages = [anna.ask("POST", path, named | {"text": text}) for text in "ab"]
    task = anna.ask("POST", f"{house.path}/tasks", named | {"description": "c"})
    address = "/u/" + upload["url"].split("/u/")[1]
    for each in messages:
        anna.ask("DELETE", f"{path}/{each['message_id']}")
        assert uploaded() == before + 7
        assert house.dora.http.ask("GET", address, "").status == 200
    last = anna.ask("POST", path, named | {"text": "d"})
    anna.ask("PUT", f"{house.path}/tasks/{task['jid']}", {"uploads": []})
    assert uploaded() == before + 7
    anna.ask("DELETE", f"{path}/{last['message_id']}")
    assert uploaded() == before
    assert house.dora.http.ask("GET", address, "").status == 404


@pytest.mark.slow
def test_the_room_of_a_team_has_an_end() -> None:
    with club(max_upload=100_000) as small:
        sent = sends(small, small.anna, chat(small), part(b"x" * 1_000)).json["result"]
        used = small.anna.ask("GET", f"{small.path}/usage")["uploads_size"]
        assert used == 1_000
        path = f"{small.path}{chat(small)}/{sent['message_id']}"
        small.anna.ask("DELETE", path)
        assert small.anna.ask("GET", f"{small.path}/usage")["uploads_size"] == 0
        assert small.dora.http.ask("GET", sent["links"][0]["pattern"], "").status == 404


@pytest.mark.slow
def test_who_may_not_write_does_not_upload(house: Club) -> None:
    before = house.anna.ask("GET", f"{house.path}/usage")
    group = house.anna.ask(
        "POST",
        f"{house.path}/groups",
        {
            "display_name": "x",
            "readonly_for_members": True,
            "members": [{"jid": house.jid(house.boris)}],
        },
    )["jid"]
    assert sends(house, house.boris, f"/chats/{group}/messages", part(b"x")).status == 403
    assert sends(house, house.dora, f"/chats/{group}/messages", part(b"x")).status == 403
    assert sends(house, house.dora, "/upload", part(b"x")).status == 403
    assert house.anna.ask("GET", f"{house.path}/usage") == before


@pytest.mark.slow
def test_broken_bodies_are_refused(house: Club) -> None:
    for body in (b"", b"--cut", b"--cut\r\n\r\nx", part(b"x")[:-20], b"x" * 1_000):
        answer = sends(house, house.anna, chat(house), body)
        assert answer.status in {400, 413, 422}, body
        assert answer.json["ok"] is False


@pytest.mark.slow
def test_a_file_that_comes_twice_at_once_is_kept_once(house: Club) -> None:
    before = house.anna.ask("GET", f"{house.path}/usage")["uploads_size"]
    path = f"{chat(house)}?message_id={uuid4()}"
    body = part(b"x" * 50_000)

    def send(_: int) -> Any:
        her = Person.__new__(Person)
        her.http, her.token, her.login = Http(house.anna.http.base_url), house.anna.token, "anna"
        return sends(house, her, path, body).json["result"]

    with ThreadPoolExecutor(4) as together:
        sent = list(together.map(send, range(4)))
    assert len({each["content"]["upload"] for each in sent}) == 1
    assert house.anna.ask("GET", f"{house.path}/usage")["uploads_size"] == before + 50_000


@pytest.mark.slow
def test_a_name_that_is_taken_takes_no_file_of_others_or_for_another_chat(house: Club) -> None:
    """Words under somebody else's name are refused; so is a file."""
    group = {"display_name": "x", "members": [{"jid": house.jid(house.boris)}]}
    jid = house.anna.ask("POST", f"{house.path}/groups", group)["jid"]
    ways = f"/chats/{jid}/messages?message_id={uuid4()}", chat(house)
    sent = sends(house, house.anna, ways[0], part(b"mine")).json["result"]
    again = sends(house, house.anna, ways[0], part(b"mine")).json["result"]
    assert (again["message_id"], again["content"]) == (sent["message_id"], sent["content"])
    before = house.anna.ask("GET", f"{house.path}/usage")
    theirs = sends(house, house.boris, ways[0], part(b"theirs"))
    elsewhere = sends(house, house.anna, ways[1] + f"?message_id={sent['message_id']}", part(b"x"))
    for answer in (theirs, elsewhere):
        assert (answer.status, answer.json["error"]) == (403, "ACCESS_DENIED")
    assert house.anna.ask("GET", f"{house.path}/usage") == before
