"""Paths, errors, fields, cookies and origins, one by one."""

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import msgspec
import pytest
from starlette.requests import Request

from tertulia.core import signin
from tertulia.core.errors import (
    BadInput,
    Conflict,
    NotAllowed,
    NotFound,
    NotSignedIn,
    TertuliaError,
    TooMuch,
    Unavailable,
)
from tertulia.dialects.sama import ids as sama_ids
from tertulia.dialects.tada import errors
from tertulia.dialects.tada.auth import cookie_of, need_same_origin, set_cookie
from tertulia.dialects.tada.bodies import body_bytes
from tertulia.dialects.tada.delays import Delays
from tertulia.dialects.tada.desk import TadaDesk
from tertulia.dialects.tada.errors import Fault, InvalidData, TooLarge, Unsigned, explain
from tertulia.dialects.tada.fields import Fields
from tertulia.dialects.tada.handlers import OPERATIONS
from tertulia.dialects.tada.limits import MAX_DELAYED
from tertulia.dialects.tada.request import Call
from tertulia.dialects.tada.routes import Operation, Place, Router, claims, refusal


def desk_at(public_url: str) -> TadaDesk:
    house = SimpleNamespace(public_url=public_url)
    return TadaDesk(cast("Any", house), cast("Any", None), "key", sama_ids)


async def nothing(call: Call) -> object:
    return call


def found(path: str, *paths: str) -> tuple[str, dict[str, str]] | None:
    """Which of the paths is meant, and what it names."""
    router = Router(desk_at("http://h"), [Operation("GET", each, nothing) for each in paths])
    try:
        _, node, named = router._find(f"/api/v3{path}")
    except NotFound:
        return None
    return node.operations["GET"].path, named


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/teams/join", ("/teams/join", {})),
        ("/teams/join/", ("/teams/join", {})),
        ("/teams/x", ("/teams/{team}", {"team": "x"})),
        ("/teams/join/key", ("/teams/{team}/{what}", {"team": "join", "what": "key"})),
        ("/teams/x/k.png", ("/teams/{team}/{token}.png", {"team": "x", "token": "k"})),
        ("/teams/x/.png", ("/teams/{team}/{what}", {"team": "x", "what": ".png"})),
        ("/teams/%D0%B0%2F%25", ("/teams/{team}", {"team": "а/%"})),
        ("/teams//key", None),
        ("/teams/x//", None),
        ("/teams", None),
        ("", None),
        ("/", None),
        ("/teams/%FF", None),
    ],
)
def test_words_win_over_endings_and_these_over_names(
    path: str, expected: tuple[str, dict[str, str]] | None
) -> None:
    paths = ("/teams/{team}", "/teams/join", "/teams/{team}/{token}.png", "/teams/{team}/{what}")
    assert found(path, *paths) == expected


def test_two_names_for_one_place_are_noticed() -> None:
    with pytest.raises(AssertionError, match="team"):
        found("/", "/teams/{team}", "/teams/{uid}/contacts")
    with pytest.raises(AssertionError, match="twice"):
        found("/", "/teams", "/teams")


def test_every_operation_stands_where_the_port_looks_for_it() -> None:
    for each in OPERATIONS:
        heads = ("",) if each.place is Place.ROOT else ("/api/v3", "/api/v4")
        assert all(claims(head + each.path) for head in heads), each.path


@pytest.mark.parametrize(
    "path", ["/", "/api", "/api/v5/me", "/api/v3x", "/login", "/users/1", "/features", "/u"]
)
def test_no_path_of_others_is_claimed(path: str) -> None:
    assert not claims(path)


@pytest.mark.parametrize(
    ("path", "is_upload"),
    [
        ("/api/v4/teams/x/chats/g-1/messages", True),
        ("/api/v3/teams/x/icons/", True),
        ("/api/v4/teams/x/contacts/d-1/icons", True),
        ("/api/v4/teams/x/upload", True),
        ("/api/v4/teams/x", False),
        ("/api/v4/devices", False),
        ("/api/message", False),
    ],
)
def test_large_bodies_are_for_uploads(path: str, *, is_upload: bool) -> None:
    assert (body_bytes(path, 1 << 20) is not None) == is_upload


def test_the_port_refuses_in_our_form() -> None:
    from http import HTTPStatus  # noqa: PLC0415 - for this test alone

    kind, body = refusal("/api/v3/me", HTTPStatus.REQUEST_TIMEOUT)
    assert kind == b"application/json; charset=utf-8"
    assert msgspec.json.decode(body) == {
        "_time": "0.0 ms",
        "ok": False,
        "error": "INVALID_DATA",
        "details": {"body": "Request Timeout."},
    }
    _, body = refusal("/api/message", HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    assert msgspec.json.decode(body)["ok"] is False
    assert b"_time" not in body


@pytest.mark.parametrize(
    ("error", "fault"),
    [
        (InvalidData({"a.0.b": "no"}), Fault("INVALID_DATA", 422, {"a.0.b": "no"})),
        (BadInput("phone", "is none"), Fault("INVALID_DATA", 422, {"phone": errors.WRONG_PHONE})),
        (BadInput("xyz", "is bad"), Fault("INVALID_DATA", 422, {"xyz": errors.WRONG_VALUE})),
        (TooLarge(), Fault("INVALID_DATA", 413, {"body": errors.TOO_LARGE})),
        (Unsigned("EMPTY_SESSION"), Fault("EMPTY_SESSION", 401)),
        (NotSignedIn("code"), Fault("INVALID_DATA", 422, {"code": "Неверный код"})),
        (
            NotSignedIn("password"),
            Fault("INVALID_DATA", 422, {"password": errors.WRONG_PASSWORD}),
        ),
        (
            NotSignedIn(signin.UNCONFIRMED),
            Fault("INVALID_DATA", 422, {"password": errors.UNCONFIRMED}),
        ),
        (NotSignedIn("token"), Fault("INVALID_TOKEN", 401)),
        (NotAllowed(signin.BLOCKED_ACCOUNT), Fault("ACCOUNT_BLOCKED", 451)),
        (NotAllowed("team"), Fault("ACCESS_DENIED", 403)),
        (NotFound("team"), Fault("NOT_FOUND", 404)),
        (Conflict("name"), Fault("INVALID_DATA", 422, {"name": errors.TAKEN})),
        (TooMuch("bytes"), Fault("INVALID_DATA", 422, {"file": errors.WRONG_FILE})),
        (TooMuch("codes", 7), Fault("RATE_LIMIT", 429, retry_after_s=7)),
        (Unavailable("store"), Fault("INTERNAL_SERVER_ERROR", 500)),
    ],
)
def test_every_error_has_a_code_and_a_status(error: TertuliaError, fault: Fault) -> None:
    assert explain(error) == fault


def test_everything_wrong_is_told_at_once() -> None:
    form = Fields(
        {
            "long": "x" * 6,
            "number": 5,
            "list": ["a", 1],
            "flag": "yes",
            "inside": {"phone": "5"},
            "each": [{"phone": "8 916 000 00 01"}, {"phone": ""}, 7],
        }
    )
    assert form.text("long", most=5) is None
    assert form.text("number") == "5"
    assert form.texts("list") == ["a"]
    assert form.flag("flag") is None
    assert form.need_text("gone") == ""
    inside = form.object("inside")
    assert inside is not None
    assert inside.need_phone() == ""
    each = form.objects("each") or []
    assert [entry.need_phone() for entry in each] == ["+79160000001", ""]
    with pytest.raises(InvalidData) as refusal:
        form.check()
    assert refusal.value.details == {
        "long": "Убедитесь, что это значение содержит не более 5 символов (сейчас 6).",
        "list.1": errors.NOT_A_TEXT,
        "flag": errors.NOT_A_FLAG,
        "gone": errors.REQUIRED,
        "inside.phone": errors.WRONG_PHONE,
        "each.1.phone": errors.REQUIRED,
        "each.2": errors.NOT_AN_OBJECT,
    }


def test_forms_and_queries_hold_texts_only() -> None:
    form = Fields(
        {"yes": "True", "no": "0", "five": " 5", "four": "4", "list": "a, b,,c", "blank": ""},
        is_text=True,
    )
    assert (form.flag("yes"), form.flag("no")) == (True, False)
    assert form.number("four", 0, 9) == 4
    assert form.number("blank", 0, 9) is None
    assert form.texts("list") == ["a", "b", "c"]
    form.check()
    assert form.number("five", 0, 9) is None
    assert form.number("four", 5, 9) is None
    with pytest.raises(InvalidData) as refusal:
        form.check()
    assert set(refusal.value.details) == {"five", "four"}


@pytest.mark.parametrize("value", [True, 1.5, "5", [], {}, float("nan")])
def test_what_is_no_whole_number_is_refused(value: object) -> None:
    form = Fields({"n": value})
    assert form.number("n", 0, 9) is None
    with pytest.raises(InvalidData):
        form.check()


def test_cookies_are_for_https_where_the_server_is() -> None:
    plain = set_cookie(desk_at("http://h"), "v", 5)
    assert plain == "otvauth=v; Max-Age=5; Path=/; HttpOnly; SameSite=Lax"
    assert set_cookie(desk_at("https://h"), "v", 5) == f"{plain}; Secure"


@pytest.mark.parametrize(
    ("header", "value"),
    [(None, ""), ("", ""), ("a=b; otvauth=x; c", "x"), ('otvauth="x"', "x"), ("otvauth", "")],
)
def test_our_cookie_is_found_among_others(header: str | None, value: str) -> None:
    assert cookie_of(header) == value


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("GET", {"origin": "https://evil.example", "sec-fetch-site": "cross-site"}),
        ("POST", {}),
        ("POST", {"sec-fetch-site": "same-origin"}),
        ("POST", {"sec-fetch-site": "none"}),
        ("POST", {"origin": "https://chat.example"}),
        ("POST", {"origin": "http://10.0.0.1:8000", "host": "10.0.0.1:8000"}),
    ],
)
def test_our_own_pages_and_programs_may_change_things(method: str, headers: dict[str, str]) -> None:
    need_same_origin(desk_at("https://chat.example"), request_of(method, headers))


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("POST", {"sec-fetch-site": "same-site"}),
        ("POST", {"sec-fetch-site": "cross-site"}),
        ("POST", {"origin": "https://chat.example.evil.example"}),
        ("POST", {"origin": "http://chat.example"}),
        ("POST", {"origin": "null"}),
        ("POST", {"origin": "null", "host": ""}),
        ("DELETE", {"origin": "https://evil.example", "host": "chat.example"}),
    ],
)
def test_a_foreign_page_changes_nothing(method: str, headers: dict[str, str]) -> None:
    with pytest.raises(NotAllowed):
        need_same_origin(desk_at("https://chat.example"), request_of(method, headers))


def request_of(method: str, headers: dict[str, str]) -> Request:
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "method": method, "headers": raw})


def test_links_for_devices_carry_the_host() -> None:
    assert desk_at("http://127.0.0.1:8000").host == "127.0.0.1%3A8000"
    assert desk_at("https://chat.example").host == "chat.example"


def test_only_so_many_wait_for_a_late_answer() -> None:
    async def story() -> None:
        late = Delays()
        async with asyncio.TaskGroup() as group:
            waiting = [group.create_task(late.wait(60)) for _ in range(MAX_DELAYED)]
            await asyncio.sleep(0)
            # Were there room for it, this would take a minute.
            await late.wait(60)
            assert not any(each.done() for each in waiting)
            for each in waiting:
                each.cancel()
        await late.wait(0)

    asyncio.run(story())
