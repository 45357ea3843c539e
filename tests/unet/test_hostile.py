"""Whatever is asked, the answer is one of this API's, and never a mistake of ours."""

import json
from collections.abc import Iterator
from urllib.parse import quote_from_bytes

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.core.house import StillClock
from tests.unet.town import FORM, Town, opened

ERRORS = {
    "invalid_request": {400, 401},
    "invalid_token": {401},
    "insufficient_scope": {403},
    "access_denied": {403},
    "not_found": {404},
    "request_too_large": {413},
    "too_many_requests": {429},
}

NAMES = st.sampled_from(
    ["chat_id", "limit", "cursor", "query", "period", "fields", "message", "attachments", "is_whisper",
     "random_id", "id", "info", "file", "file_id", "action", "title", "from", "till", "x"]
)  # fmt: skip
NUMBERS = st.one_of(
    st.integers(), st.integers(-1, 3), st.sampled_from([2**53 - 1, 2**53, 2**63, 2**64, 10**400])
)
TEXTS = st.one_of(
    st.text(max_size=20),
    st.sampled_from(
        ["", "0", "1", "\0", "add", "2026-01-01", "9999-12-31", "0001-01-01T00:00+14:00"]
    ),
)
LEAVES = st.one_of(st.none(), st.booleans(), NUMBERS, st.floats(allow_nan=False), TEXTS)
VALUES = st.recursive(
    LEAVES,
    lambda inside: st.one_of(
        st.lists(inside, max_size=4), st.dictionaries(NAMES, inside, max_size=5)
    ),
    max_leaves=12,
)
ACTIONS = st.sampled_from(["add", "edit", "get", "delete", "x", 1])
COMPLEX = st.lists(
    st.one_of(ACTIONS, st.lists(st.dictionaries(NAMES, VALUES, max_size=4), max_size=3)), max_size=6
)
PATHS = st.sampled_from(
    ["messages/", "messages/chats/", "messages/add/", "messages/1", "messages/{mine}",
     "messages/{mine}/edit/", "messages/{theirs}/edit", "messages/{theirs}/delete", "user/", "contacts/"]
)  # fmt: skip


class Place:
    """A town, Anna's token, and messages of hers and of Boris'."""

    def __init__(self, town: Town, clock: StillClock) -> None:
        self.town = town
        self.clock = clock
        self.token = town.granted()["access_token"]
        boris = town.granted("boris")["access_token"]
        mine = {"chat_id": town.ids["boris"], "message": "mine"}
        theirs = {"chat_id": town.ids["anna"], "message": "theirs"}
        self.ids = {
            "mine": town.api(self.token, "messages/add/", mine).json["id"],
            "theirs": town.api(boris, "messages/add/", theirs).json["id"],
        }


@pytest.fixture(scope="module")
def place(clock: StillClock) -> Iterator[Place]:
    with opened(clock, max_upload=100_000) as town:
        yield Place(town, clock)


def is_an_answer(status: int, body: object) -> None:
    if status == 200:
        return
    assert isinstance(body, dict)
    assert set(body) == {"error", "error_description"}
    assert status in ERRORS[body["error"]]
    assert body["error_description"].endswith(".")


CAREFULLY = settings(
    max_examples=250,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@CAREFULLY
@given(path=PATHS, q=st.one_of(st.dictionaries(NAMES, VALUES, max_size=6), COMPLEX, VALUES))
def test_any_json_is_answered_in_form(place: Place, path: str, q: object) -> None:
    bearer = {"authorization": f"Bearer {place.token}", "content_type": "application/json"}
    whole = f"/unet/api/{path.format(**place.ids)}"
    body = json.dumps(q).encode("utf-8", "surrogatepass")
    answer = place.town.http.ask("POST", whole, body, **bearer)
    is_an_answer(answer.status, answer.json)


@CAREFULLY
@given(
    name=st.sampled_from(
        ["q", "access_token", "callback", "state", "scope", "client_id", "redirect_uri", "prompt",
         "response_type", "code_challenge", "grant_type", "code", "refresh_token", "client_secret"]
    ),
    value=st.binary(max_size=60),
    path=st.sampled_from(["/auth", "/token", "/token_props", "/unet/api/user/", "/unet/api/messages/"]),
    accept=st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=30),
)  # fmt: skip
def test_any_parameter_is_answered_in_form(
    place: Place, name: str, value: bytes, path: str, accept: str
) -> None:
    spelled = f"{name}={quote_from_bytes(value)}"
    asked = f"response_type=code&client_id={place.town.reader.id}&redirect_uri=x&{spelled}"
    for answer in (
        place.town.http.ask("GET", f"{path}?{asked}", accept_language=accept),
        place.town.http.ask("POST", path, asked, content_type=FORM),
        place.town.http.ask(
            "POST", path, value, content_type=FORM, cookie=f"unet_session={accept}"
        ),
    ):
        assert answer.status in {200, 303, 400, 401, 403, 405}, (answer.status, answer.text)
        if answer.headers.get("content-type") == "application/json":
            assert set(answer.json) == {"error", "error_description"}


@CAREFULLY
@given(
    parts=st.lists(
        st.tuples(st.sampled_from(["q", "a", "b", "", "é"]), st.sampled_from(['; filename="x"', ""]),
                  st.binary(max_size=30)),
        max_size=4,
    ),
    tail=st.binary(max_size=20),
)  # fmt: skip
def test_any_multipart_form_is_answered_in_form(
    place: Place, parts: list[tuple[str, str, bytes]], tail: bytes
) -> None:
    body = b"".join(
        f'--x\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n'.encode()
        + content
        + b"\r\n"
        for name, more, content in parts
    )
    kind = "multipart/form-data; boundary=x"
    bearer = f"Bearer {place.token}"
    answer = place.town.http.ask(
        "POST",
        "/unet/api/messages/add/",
        body + b"--x" + tail,
        content_type=kind,
        authorization=bearer,
    )
    is_an_answer(answer.status, answer.json)


@pytest.mark.parametrize("path", ["/unet/api/messages/add/", "/token", "/auth", "/unet/api/user/"])
def test_what_the_port_refuses_is_said_in_this_apis_form(place: Place, path: str) -> None:
    answer = place.town.http.ask("POST", f"{path}?{'x' * 10_000}")
    place.town.http.close()
    assert answer.status == 414
    if path != "/auth":
        assert answer.json["error"] == "invalid_request"
        assert answer.headers["access-control-allow-origin"] == "*"
        assert answer.headers["cache-control"] == "no-store"
    assert answer.headers.get("pragma") == ("no-cache" if path == "/token" else None)
