"""The address of the next page is good, whatever came with the request for this one."""

import json
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.unet.town import Town
from tests.world.wires import Answer

LONG_URL = 8_000
"""Characters that every server and proxy takes."""

LONG = 9_000


def posted(town: Town, token: str, path: str, q: dict[str, Any]) -> Answer:
    """A request that is too long for an address."""
    return town.http.ask(
        "POST",
        f"/unet/api/{path}",
        json.dumps(q).encode(),
        authorization=f"Bearer {token}",
        content_type="application/json",
    )


def follow(town: Town, token: str, path: str, q: dict[str, Any]) -> dict[str, Any]:
    """The second page by the address on the first, which is the same as by that address in a request."""
    first = posted(town, token, path, q)
    assert first.status == 200, first.text
    url = first.json["next_cursor"]
    assert len(url) < LONG_URL
    address = urlsplit(url)
    second = town.http.ask(
        "GET", f"{address.path}?{address.query}", authorization=f"Bearer {token}"
    )
    assert second.status == 200, second.text
    chat = {name: q[name] for name in ("chat_id",) if name in q}
    assert posted(town, token, path, {**chat, "cursor": url}).json == second.json
    told: dict[str, Any] = second.json
    return told


@pytest.fixture(scope="module")
def token(town: Town) -> str:
    """Anna's, who has written three times to each of the others."""
    token = town.granted()["access_token"]
    for other in ("boris", "clara"):
        for text in "abc":
            message = {"chat_id": town.ids[other], "message": text}
            assert town.api(token, "messages/add/", message).status == 200
    return token


@pytest.mark.parametrize(
    "more",
    [
        {"fields": {"f" * LONG: True, "is_read": True, "uid": False}},
        {"period": {"from": "2000-01-01", "x": "y" * LONG}},
        {"period": " " * LONG + '{"from": "2000-01-01"}'},
        {"x": "y" * LONG},
    ],
)
def test_what_means_nothing_is_not_repeated(town: Town, token: str, more: dict[str, Any]) -> None:
    q = {"chat_id": town.ids["boris"], "limit": 2, **more}
    page = follow(town, token, "messages/", q)
    assert [each["message"] for each in page["items"]] == ["a"]
    assert page["total_count"] == 3
    assert page["items"][0].keys() >= {"is_read", "id"} or "fields" not in more
    assert ("uid" in page["items"][0]) == ("fields" not in more)


def test_of_contacts_too(town: Town, token: str) -> None:
    fields = {"f" * LONG: True, "permissions": True, "nickname": False}
    page = follow(town, token, "contacts/", {"limit": 1, "fields": fields})
    (item,) = page["items"]
    assert item.keys() == {"uid", "target_resource_uri", "permissions"}


@pytest.mark.parametrize(
    "cursor", ["http://[", "https://[::1/unet/api/messages/?q={}", "://", "http://a@[b]/?q={}"]
)
def test_an_address_that_is_none_is_no_cursor(town: Town, token: str, cursor: str) -> None:
    for path in ("messages/", "contacts/"):
        refused = posted(town, token, path, {"chat_id": town.ids["boris"], "cursor": cursor})
        assert (refused.status, refused.json["error"]) == (400, "invalid_request")
        assert "`cursor`" in refused.json["error_description"]


def test_what_means_nothing_to_contacts_contradicts_nothing(town: Town, token: str) -> None:
    first = posted(town, token, "contacts/", {"limit": 1}).json
    unknown = {"query": "x", "chat_id": "nobody", "period": 5}
    second = posted(town, token, "contacts/", {"cursor": first["next_cursor"], **unknown})
    assert second.status == 200, second.text
    assert second.json == posted(town, token, "contacts/", {"cursor": first["next_cursor"]}).json


def test_no_date_is_that_long(town: Town, token: str) -> None:
    period = {"from": "2000-01-01T00:00:00." + "1" * LONG}
    q = {"chat_id": town.ids["boris"], "period": period}
    refused = posted(town, token, "messages/", q)
    assert (refused.status, refused.json["error"]) == (400, "invalid_request")
    assert "period.from" in refused.json["error_description"]
