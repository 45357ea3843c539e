"""Pictures of teams and people over HTTP: what pages cannot show."""

import io
from typing import Any
from urllib.parse import urlsplit

import pytest
from PIL import Image

from tertulia.core.ids import FileId
from tertulia.core.model import Picture
from tertulia.dialects.sama.ids import to_wire
from tertulia.dialects.sama.wire import PictureObject
from tests.tada.club import Club, club
from tests.tada.office import Person

pytestmark = pytest.mark.slow

BOUNDARY = "cut"
WRONG = (422, "INVALID_DATA", ["file"])


def png(width: int, height: int) -> bytes:
    into = io.BytesIO()
    Image.new("RGB", (width, height), (255, 0, 0)).save(into, "PNG")
    return into.getvalue()


def form(content: bytes, field: str = "file") -> bytes:
    head = (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{field}"; filename="../p.png"\r\n'
        "Content-Type: text/html\r\n\r\n"
    )
    return head.encode() + content + f"\r\n--{BOUNDARY}--\r\n".encode()


def upload(who: Person, path: str, content: bytes, field: str = "file") -> Any:
    kind = f"multipart/form-data; boundary={BOUNDARY}"
    return who.call("POST", path, form(content, field), content_type=kind)


def fetched(house: Club, url: str) -> Image.Image:
    answer = house.dora.http.ask("GET", urlsplit(url).path)
    assert answer.status == 200
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "immutable" in answer.headers["cache-control"]
    return Image.open(io.BytesIO(answer.body))


def test_a_teams_picture_comes_in_two_sizes_at_new_addresses_each_time() -> None:
    with club() as house:
        path = f"/api/v3/teams/{house.team}/icons"
        icons = upload(house.anna, path, png(3_000, 1_770)).json["result"]
        assert {size: sorted(icons[size]) for size in icons} == {
            "lg": ["height", "url", "width"],
            "sm": ["height", "url", "width"],
        }
        assert (icons["lg"]["width"], icons["lg"]["height"]) == (1_736, 1_024)
        assert icons["lg"]["url"].endswith("/p/1x.jpg")
        assert icons["sm"]["url"].endswith("/p/256.jpg")
        assert fetched(house, icons["lg"]["url"]).size == (1_736, 1_024)
        assert fetched(house, icons["sm"]["url"]).size == (256, 256)
        assert house.boris.ask("GET", f"/api/v3/teams/{house.team}")["icons"] == icons
        later = upload(house.anna, path.replace("v3", "v4"), png(30, 60)).json["result"]
        assert later["sm"]["url"] != icons["sm"]["url"]
        assert sorted(later) == ["lg", "sm"]
        assert list(house.anna.ask("DELETE", path)) == ["stub"]
        assert "stub" in house.anna.ask("GET", f"/api/v3/teams/{house.team}")["icons"]
        assert fetched(house, icons["sm"]["url"]).size == (256, 256)


def test_ones_picture_is_his_everywhere_and_a_managers_for_him_in_the_team_alone() -> None:
    with club() as house:
        team = f"/api/v4/teams/{house.team}"
        jid = house.boris.ask("GET", team)["me"]["jid"]
        icons = upload(house.boris, f"{team}/contacts/{jid}/icons", png(50, 50)).json["result"]
        assert house.anna.ask("GET", f"{team}/contacts/{jid}")["icons"] == icons
        assert house.boris.ask("GET", "/api/v4/me")["icons"] == icons
        assert upload(house.dora, f"{team}/contacts/{jid}/icons", png(5, 5)).status == 403
        mine = house.anna.ask("GET", team)["me"]["jid"]
        assert upload(house.boris, f"{team}/contacts/{mine}/icons", png(5, 5)).status == 403
        assert upload(house.boris, f"{team}/icons", png(5, 5)).status == 403
        given = upload(house.anna, f"{team}/contacts/{jid}/icons", png(9, 9)).json["result"]
        assert given != icons
        assert house.boris.ask("GET", team)["me"]["icons"] == given
        # Taking that away shows his own again.
        assert house.anna.ask("DELETE", f"{team}/contacts/{jid}/icons") == icons
        assert "stub" in house.boris.ask("DELETE", f"{team}/contacts/{jid}/icons")


@pytest.mark.parametrize("content", [b"", b"no picture", b"GIF89a\xff\xff\xff\xff\0\0\0;"])
def test_what_is_no_picture_changes_nothing(content: bytes) -> None:
    with club() as house:
        path = f"/api/v3/teams/{house.team}/icons"
        answer = upload(house.anna, path, content)
        said = answer.json
        assert (answer.status, said["error"], list(said["details"])) == WRONG
        assert upload(house.anna, path, png(5, 5), field="picture").status == 422
        assert house.anna.refused("POST", path, {"file": "x"}) == WRONG
        assert "stub" in house.anna.ask("GET", f"/api/v3/teams/{house.team}")["icons"]


def test_a_picture_that_is_too_large_is_refused() -> None:
    with club() as house:
        path = f"/api/v3/teams/{house.team}/icons"
        answer = upload(house.anna, path, png(5, 5) + bytes(20 << 20))
        assert (answer.status, answer.json["error"]) == (422, "INVALID_DATA")
        assert "stub" in house.anna.ask("GET", f"/api/v3/teams/{house.team}")["icons"]


def test_an_address_is_good_for_its_file_alone() -> None:
    with club() as house:
        path = f"/api/v3/teams/{house.team}/icons"
        url = upload(house.anna, path, png(5, 5)).json["result"]["sm"]["url"]
        folder = urlsplit(url).path.split("/")[2]
        number = int(folder[:14], 16)
        for forged in (
            f"{number + 1:014x}{folder[14:]}",
            f"{number:014x}{'0' * 18}",
            folder.upper(),
            "f" * 32,
            folder[:-1],
        ):
            assert house.dora.http.ask("GET", f"/u/{forged}/p/256.jpg").status == 404


def test_sama_calls_a_picture_from_elsewhere_by_its_file() -> None:
    shown = PictureObject.of(Picture("", file_id=FileId(5)))
    assert shown == PictureObject(to_wire(FileId(5)))
