"""A server that keeps its files in a bucket: what people send through every API, and a bucket that is away."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from PIL import Image

from tests.bucket_door import OutsideDoor, door_in_a_thread
from tests.bucket_server import new_url, url_of
from tests.stories.process import refused
from tests.world.sama import SamaVoice
from tests.world.stage import Person
from tests.world.town import Town, town
from tests.world.voice import Refused, Room, direct
from tests.world.wires import Answer, Http

MIB = 1 << 20

pytestmark = pytest.mark.integration


class Pair(NamedTuple):
    """Boris, who sends; Anna, who looks; the town, and the door between it and its bucket."""

    boris: Person
    anna: Person
    town: Town
    door: OutsideDoor

    @property
    def to_anna(self) -> Room:
        """Their chat, as Boris calls it."""
        return direct(self.anna.account)

    @property
    def to_boris(self) -> Room:
        """As Anna calls it."""
        return direct(self.boris.account)

    def get(self, url: str, **headers: str) -> Answer:
        """What lies there, for whoever has the address."""
        return Http(self.town.base_url).ask("GET", _path(url), **headers)

    def urls(self) -> dict[str, str]:
        """Where Anna finds the file of the last message, in each API."""
        (seen,) = self.anna.sama.ask(
            "message_list", {"cid": self.anna.sama.cid(self.to_boris), "limit": 1}
        )["messages"]
        ids = [each["file_id"] for each in seen["attachments"]]
        (sama,) = self.anna.sama.ask("get_file_urls", {"file_ids": ids})["file_urls"]
        team, jid = self.anna.tada.place(self.to_boris)
        (message,) = self.anna.tada.ask("GET", f"/teams/{team}/messages/{jid}?limit=1")["messages"]
        unet = self.anna.unet.ask("messages/", {"chat_id": self.boris.account, "limit": 1})
        (lists,) = [each["attachments"] for each in unet["items"]]
        astrak = self.anna.astrak.ask("GET", "/messages/dialog", id=self.boris.account, limit=1)
        return {
            "sama": sama,
            "tada": message["uploads"][0]["url"],
            "unet": next(each["url"] for kind in lists.values() for each in kind),
            "astrak": astrak["response"][0]["attachments"][0]["url"],
        }


def _path(url: str) -> str:
    """Without scheme and host."""
    return "/" + url.partition("://")[2].partition("/")[2] if "://" in url else url


@pytest.fixture(scope="module")
def pair() -> Iterator[Pair]:
    with (
        door_in_a_thread() as door,
        town(files_url=new_url(endpoint=door.endpoint), max_upload=8 * MIB) as place,
    ):
        for login in ("anna", "boris"):
            place.settle(login, login)
        boris = Person.comes(place, "boris")
        boris.sama.send(direct(place.accounts["anna"]), "hello")
        yield Pair(boris, Person.comes(place, "anna"), place, door)


def put(voice: SamaVoice, content: bytes, kind: str) -> tuple[str, Answer]:
    """A new file's number, and what became of its upload."""
    new = {"name": "a.bin", "size": len(content), "content_type": kind}
    (made,) = voice.ask("create_files", [new])["files"]
    answer = Http(voice.base_url).ask("PUT", _path(made["upload_url"]), content)
    return str(made["_id"]), answer


@pytest.mark.parametrize("api", ["sama", "tada", "unet"])
def test_a_file_sent_through_one_api_is_found_through_all(pair: Pair, api: str) -> None:
    getattr(pair.boris, api).attach(pair.to_anna, f"{api}.txt", "look")
    for name, url in pair.urls().items():
        answer = pair.get(url)
        assert (name, answer.status, answer.body) == (name, 200, f"{api}.txt".encode())
    assert pair.town.mistakes == []


def test_a_long_file_is_shown_whole_and_in_ranges(pair: Pair) -> None:
    content = bytes(range(256)) * (7 * MIB // 256)
    file_id, answer = put(pair.boris.sama, content, "video/mp4")
    assert answer.status == 200
    (url,) = pair.boris.sama.ask("get_file_urls", {"file_ids": [file_id]})["file_urls"]
    assert pair.get(url).body == content
    answer = pair.get(url, range="bytes=5242870-5242890")
    assert (answer.status, answer.body) == (206, content[5_242_870:5_242_891])
    assert pair.get(url, range="bytes=-3").body == content[-3:]
    assert pair.get(url, range=f"bytes={len(content)}-").status == 416


def test_a_picture_has_its_sides_and_a_small_copy(pair: Pair) -> None:
    into = io.BytesIO()
    Image.effect_noise((900, 600), 90).save(into, "PNG")
    file_id, answer = put(pair.boris.sama, into.getvalue(), "image/png")
    assert answer.status == 200
    pair.boris.sama.send(pair.to_anna, "", attachments=[{"file_id": file_id}])
    cid = pair.anna.sama.cid(pair.to_boris)
    (seen,) = pair.anna.sama.ask("message_list", {"cid": cid, "limit": 1})["messages"]
    (attached,) = seen["attachments"]
    assert (attached["file_width"], attached["file_height"]) == (900, 600)
    (url,) = pair.anna.sama.ask("get_file_urls", {"file_ids": [file_id]})["file_urls"]
    for _ in range(2):
        assert Image.open(io.BytesIO(pair.get(f"{url}&size=160").body)).size == (160, 107)


def test_while_the_bucket_is_away_each_api_says_so_and_talk_goes_on(pair: Pair) -> None:
    pair.boris.sama.attach(pair.to_anna, "before.txt", "look")
    urls = pair.urls()
    assert pair.get("/readyz").json["parts"] == {"store": "ok", "files": "ok"}
    pair.door.shut()
    try:
        assert pair.get("/readyz").json["failing"] == ["files"]
        assert pair.get("/healthz").status == 200
        assert put(pair.boris.sama, b"abc", "text/plain")[1].status == 503
        for api, status in (("tada", 500), ("unet", 503)):
            with pytest.raises(Refused) as said:
                getattr(pair.boris, api).attach(pair.to_anna, "lost.txt", "look")
            assert (api, said.value.status) == (api, status)
        assert {pair.get(url).status for url in urls.values()} <= {500, 503}
        number = pair.boris.astrak.send(pair.to_anna, "no files today")
        assert pair.anna.astrak.messages(pair.to_boris)[-1].number == number
    finally:
        pair.door.open()
    assert pair.get("/readyz").status == 200
    assert {pair.get(url).body for url in urls.values()} == {b"before.txt"}
    assert put(pair.boris.sama, b"abc", "text/plain")[1].status == 200
    assert pair.town.mistakes == []


def test_a_bucket_that_cannot_be_used_is_said_in_a_line(tmp_path: Path) -> None:
    url = url_of(endpoint="http://127.0.0.1:1")
    status, words = refused(tmp_path, "--port", "0", "--files-url", url)
    assert status == 2
    assert words.startswith("tertulia: files_url: s3://tertulia at http://127.0.0.1:1 cannot be")
    assert words.count("\n") == 1
    assert "secret" not in words
