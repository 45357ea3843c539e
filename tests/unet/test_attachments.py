"""Files of messages: parts of a form and files that are there, shown, renamed and taken away."""

import io
import json
from typing import Any

import pytest
from PIL import Image

from tertulia.core.ids import AccountId, SessionId
from tertulia.core.kinds import content_type, kind_of
from tertulia.core.model import Actor, NewFile
from tertulia.dialects.sama import ids as sama_ids
from tertulia.dialects.tada import ids as tada_ids
from tests.unet.town import Town, opened

PDF = b"%PDF-1.7 ..."


def picture(form: str = "PNG") -> bytes:
    into = io.BytesIO()
    Image.new("RGB", (4, 3), "red").save(into, form)
    return into.getvalue()


@pytest.fixture
def token(town: Town) -> str:
    return town.granted()["access_token"]


def sent(town: Town, token: str, attachments: list[Any], **files: Any) -> Any:
    q = {"chat_id": town.ids["boris"], "attachments": attachments}
    answer = town.upload(token, "messages/add/", q, **files)
    assert answer.status == 200, answer.text
    return answer.json


def stored(town: Town) -> int:
    return len(town.run(_files(town)))


async def _files(town: Town) -> list[Any]:
    from tertulia.store.work import rows  # noqa: PLC0415 - used here only

    return await town.server.engine.read(rows("SELECT id FROM files"))


def test_files_come_with_a_message(town: Town, token: str) -> None:
    answer = sent(
        town, token,
        [{"action": "add", "file": "a", "title": "The cat"}, {"file": "b"}, {"file": "c"}, {"file": "d"}],
        a=("gato.txt", "text/html", picture()),
        b=("acta.png", "image/png", PDF),
        c=("song.mp3", "application/octet-stream", b"ID3....."),
        d=("../../etc/passwd", "text/plain", b"x"),
    )  # fmt: skip
    assert answer["message"] == ""
    lists = answer["attachments"]
    assert list(lists) == ["images", "audios", "files"]
    (image,) = lists["images"]
    assert image == {
        "id": image["id"], "name": "gato.txt", "title": "The cat", "size": len(picture()),
        "content_type": "image/png", "url": image["url"], "width": 4, "height": 3,
    }  # fmt: skip
    pdf, text = lists["files"]
    assert (pdf["name"], pdf["content_type"]) == ("acta.png", "application/pdf")
    assert (text["name"], text["content_type"]) == ("passwd", "text/plain")
    assert lists["audios"][0]["content_type"] == "audio/mpeg"
    # The addresses need no token and last an hour.
    for item, content in ((image, picture()), (pdf, PDF)):
        assert item["url"].startswith(town.base_url)
        got = town.http.ask("GET", item["url"].removeprefix(town.base_url))
        assert (got.status, got.body) == (200, content)
        assert got.headers["x-content-type-options"] == "nosniff"
        is_shown = item is image
        assert got.headers["content-disposition"].startswith("inline" if is_shown else "attachment")
        assert "max-age=3600" in got.headers["cache-control"]
    other = town.granted("boris")["access_token"]
    seen = town.api(other, f"messages/{answer['id']}").json
    assert [each["id"] for each in seen["attachments"]["files"]] == [pdf["id"], text["id"]]
    listed = town.api(other, "messages/", {"chat_id": town.ids["anna"], "limit": 1}).json
    assert listed["items"][0]["attachments"].keys() == lists.keys()


def test_a_file_of_another_api_is_attached_by_its_number(town: Town, token: str) -> None:
    async def uploaded(who: str, content: bytes) -> int:
        actor = Actor(AccountId(town.ids[who]), SessionId(0))
        files = town.server.core.files
        (file,) = await files.create(actor, [NewFile("x.bin", "image/png", len(content))])

        async def body() -> Any:
            yield content

        await files.receive(file, body())
        return file.id

    number = town.run(uploaded("anna", PDF))
    answer = sent(town, token, [{"file_id": str(number), "title": "t"}])
    (item,) = answer["attachments"]["files"]
    assert (item["id"], item["content_type"]) == (number, "application/pdf")
    for name in (sama_ids.to_wire(number), tada_ids.to_uuid(tada_ids.Kind.UPLOAD, number).upper()):
        (item,) = sent(town, token, [{"file_id": name}])["attachments"]["files"]
        assert item["id"] == number
    foreign = town.run(uploaded("boris", PDF))
    waiting = town.run(
        town.server.core.files.create(
            Actor(AccountId(town.ids["anna"]), SessionId(0)), [NewFile("y", "text/plain", 1)]
        )
    )[0].id
    others = [sama_ids.to_wire(foreign), tada_ids.to_uuid(tada_ids.Kind.UPLOAD, foreign)]
    others += ["f" * 24, tada_ids.to_uuid(tada_ids.Kind.MESSAGE, number), "9" * 400]
    for wrong in (foreign, waiting, 5, 2**60, *others):
        q = {"chat_id": town.ids["boris"], "attachments": [{"file_id": wrong}]}
        refused = town.api(token, "messages/add/", q)
        assert (refused.status, refused.json["error"]) == (400, "invalid_request")


@pytest.mark.parametrize(
    "attachments",
    [
        [{"file": "nope"}],
        [{"file": "q"}],
        [{}],
        [{"file": "a", "file_id": 1}],
        [{"file": 1}],
        [{"action": "steal", "file": "a"}],
        [{"action": 1, "file": "a"}],
        [{"action": "delete", "id": 1}],
        [{"action": "edit", "id": 1, "title": "x"}],
        [{"file": "a"}, {"file": "nope"}],
        [{"file": "a"}, {"file": "a"}],
        [{"file": "a", "title": "x" * 256}],
        [{"file": "a", "title": 1}],
        [{"file": "a"}, {"file_id": 5}],
        [{"file": "a"}] * 11,
    ],
)
def test_what_makes_no_sense_stores_nothing(town: Town, token: str, attachments: Any) -> None:
    before = stored(town)
    q = {"chat_id": town.ids["boris"], "message": "x", "attachments": attachments}
    refused = town.upload(token, "messages/add/", q, a=("a.txt", "text/plain", b"a"))
    assert (refused.status, refused.json["error"]) == (400, "invalid_request")
    assert stored(town) == before


def test_a_message_that_may_not_be_sent_stores_nothing(town: Town, token: str) -> None:
    before = stored(town)
    for number, status in ((town.ids["anna"], 403), (5, 404)):
        q = {"chat_id": number, "attachments": [{"file": "a"}]}
        answer = town.upload(token, "messages/add/", q, a=("a.txt", "text/plain", b"a"))
        assert answer.status == status
    actor = Actor(AccountId(town.ids["clara"]), SessionId(0))
    anna = AccountId(town.ids["anna"])
    town.run(town.server.core.accounts.block(actor, [anna]))
    q = {"chat_id": town.ids["clara"], "attachments": [{"file": "a"}]}
    answer = town.upload(token, "messages/add/", q, a=("a.txt", "text/plain", b"a"))
    assert answer.status == 403
    town.run(town.server.core.accounts.unblock(actor, [anna]))
    assert stored(town) == before


def test_a_random_id_stores_files_once(town: Town, token: str) -> None:
    q = {"chat_id": town.ids["boris"], "random_id": "f", "attachments": [{"file": "a"}]}
    file = ("a.txt", "text/plain", b"a")
    first = town.upload(token, "messages/add/", q, a=file).json
    count = stored(town)
    assert town.upload(token, "messages/add/", q, a=file).json["id"] == first["id"]
    assert stored(town) == count


def test_attachments_are_edited(town: Town, token: str) -> None:
    first = sent(
        town, token, [{"file": "a"}, {"file": "b"}], a=("a", "a/a", b"a"), b=("b", "b/b", b"b")
    )
    one, two = (each["id"] for each in first["attachments"]["files"])
    path = f"messages/{first['id']}/edit/"
    q = {
        "attachments": [
            {"action": "delete", "id": one},
            {"action": "edit", "id": two, "title": "Two"},
            {"action": "add", "file": "c"},
        ]
    }
    answer = town.upload(token, path, q, c=("c.png", "x/x", picture())).json
    (kept,) = answer["attachments"]["files"]
    assert (kept["id"], kept["title"]) == (two, "Two")
    assert [each["name"] for each in answer["attachments"]["images"]] == ["c.png"]
    three = answer["attachments"]["images"][0]["id"]
    before = stored(town)
    for wrong in (
        {"attachments": [{"action": "delete", "id": one}]},
        {"attachments": [{"action": "edit", "id": 5, "title": "x"}]},
        {"attachments": [{"action": "edit", "id": two}]},
        {"attachments": [{"action": "delete"}]},
        {"attachments": [{"action": "delete", "id": two}, {"action": "delete", "id": three}]},
        {"attachments": [{"file": "c"}, {"action": "delete", "id": 5}]},
    ):
        refused = town.upload(token, path, wrong, c=("c", "x/x", b"c"))
        assert (refused.status, refused.json["error"]) == (400, "invalid_request"), refused.text
    assert stored(town) == before
    seen = town.api(token, f"messages/{first['id']}").json
    seen["attachments"]["images"][0].pop("url")
    answer["attachments"]["images"][0].pop("url")
    assert seen["attachments"]["images"] == answer["attachments"]["images"]
    # The words may go while files remain.
    words = town.api(token, path, {"message": "x"}).json
    assert words["message"] == "x"
    assert town.api(token, path, {"message": " "}).json["message"] == ""


def test_ten_files_are_enough(town: Town, token: str) -> None:
    files = {f"f{place}": (f"{place}", "a/a", b"x") for place in range(10)}
    whole = sent(town, token, [{"file": each} for each in files], **files)
    assert len(whole["attachments"]["files"]) == 10
    more = town.upload(
        token,
        f"messages/{whole['id']}/edit/",
        {"attachments": [{"file": "g"}]},
        g=("g", "a/a", b"x"),
    )
    assert more.status == 400


def test_a_complex_request_brings_files(town: Town, token: str) -> None:
    boris = town.ids["boris"]
    q = ["add", [{"chat_id": boris, "attachments": [{"file": each}]} for each in ("a", "b", "c")]]
    files = {"a": ("a", "a/a", b"a"), "b": ("b", "b/b", b"b")}
    _, (one, two, three) = town.upload(token, "messages/", q, **files).json
    assert one["attachments"]["files"][0]["name"] == "a"
    assert two["attachments"]["files"][0]["name"] == "b"
    assert three["error"] == "invalid_request"


@pytest.mark.parametrize("kind", ["", "Content-Type: application/pdf\r\n"])
def test_a_part_is_a_file_without_a_name_of_its_own(town: Town, token: str, kind: str) -> None:
    q = json.dumps({"chat_id": town.ids["boris"], "attachments": [{"file": "acta"}]})
    edge = "--x\r\nContent-Disposition: form-data; name="
    body = f'{edge}"q"\r\n\r\n{q}\r\n{edge}"acta"\r\n{kind}\r\n'.encode()
    content = PDF + b"\xff" * (2 << 20)
    answer = town.http.ask(
        "POST",
        "/unet/api/messages/add/",
        body + content + b"\r\n--x--\r\n",
        content_type="multipart/form-data; boundary=x",
        authorization=f"Bearer {token}",
    )
    assert answer.status == 200, answer.text
    (item,) = answer.json["attachments"]["files"]
    told = (item["name"], item["content_type"], item["size"])
    assert told == ("file", "application/pdf", len(content))
    got = town.http.ask("GET", item["url"].removeprefix(town.base_url))
    assert got.body == content


def test_broken_forms_are_refused(town: Town, token: str) -> None:
    bearer = {"authorization": f"Bearer {token}"}
    kind = "multipart/form-data; boundary=x"
    part = b'--x\r\nContent-Disposition: form-data; name="a"; filename="a"\r\n\r\nx\r\n'
    for body, named in (
        (b"", kind),
        (b"--x", kind),
        (b"garbage", kind),
        (part + part + b"--x--\r\n", kind),
        (b"--x\r\nContent-Disposition: form-data\r\n\r\nx\r\n--x--\r\n", kind),
        (part + b"--x--\r\n", "multipart/form-data"),
        (b"--x\r\n" + b"A: b\r\n" * 5_000, kind),
    ):
        answer = town.http.ask(
            "POST", "/unet/api/messages/add/", body, content_type=named, **bearer
        )
        assert answer.status == 400, (body[:50], answer.text)


def test_an_upload_has_a_limit() -> None:
    with opened(max_upload=2_000) as town:
        token = town.granted()["access_token"]
        q = {"chat_id": town.ids["boris"], "attachments": [{"file": "a"}]}
        assert town.upload(token, "messages/add/", q, a=("a", "a/a", b"x" * 2_000)).status == 200
        refused = town.upload(token, "messages/add/", q, a=("a", "a/a", b"x" * 2_001))
        assert (refused.status, refused.json["error"]) == (413, "request_too_large")
        large = town.upload(token, "messages/add/", q, a=("a", "a/a", b"x" * 1_100_000))
        assert (large.status, large.json["error"]) == (413, "request_too_large")


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (picture("PNG"), "image/png"),
        (picture("JPEG"), "image/jpeg"),
        (picture("GIF"), "image/gif"),
        (picture("WEBP"), "image/webp"),
        (b"\0\0\0\x18ftypisom", "video/mp4"),
        (b"\0\0\0\x18ftypqt  ", "video/quicktime"),
        (b"\0\0\0\x18ftypM4A ", "audio/mp4"),
        (b"\0\0\0\x18ftypavif", "image/avif"),
        (b"\x1a\x45\xdf\xa3....webm", "video/webm"),
        (b"\x1a\x45\xdf\xa3....", "video/x-matroska"),
        (b"OggS....", "audio/ogg"),
        (b"OggS....theora", "video/ogg"),
        (b"RIFF....WAVE", "audio/wav"),
        (b"RIFF....????", ""),
        (b"fLaC", "audio/flac"),
        (b"<html>", ""),
        (b"<svg>", ""),
        (b"", ""),
    ],
)
def test_a_kind_is_told_by_the_content(head: bytes, kind: str) -> None:
    assert kind_of(head) == kind
    assert content_type(head, "image/png") == (kind or "application/octet-stream")


def test_a_claim_counts_only_if_nobody_is_shown_it() -> None:
    for claimed, kind in (
        ("text/plain; charset=utf-8", "text/plain"),
        ("APPLICATION/zip", "application/zip"),
        ("text/html", "application/octet-stream"),
        ("image/svg+xml", "application/octet-stream"),
        ("nonsense", "application/octet-stream"),
        ("a/b\r\nx: y", "application/octet-stream"),
        ("", "application/octet-stream"),
    ):
        assert content_type(b"hello", claimed) == kind
