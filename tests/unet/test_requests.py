"""How a request is made and answered: tokens, `q`, fields, scripts, limits, errors."""

import json
from urllib.parse import quote

import pytest

from tests.unet.town import FORM, Town, opened
from tests.world.wires import Answer

BARE = 'Bearer realm="tertulia"'


def refused(answer: Answer, status: int, error: str) -> str:
    assert (answer.status, answer.json["error"]) == (status, error), answer.text
    assert set(answer.json) == {"error", "error_description"}
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["content-type"] == "application/json"
    description: str = answer.json["error_description"]
    return description


@pytest.fixture
def token(town: Town) -> str:
    """Anna's, for everything."""
    return town.granted()["access_token"]


def test_a_token_comes_in_one_of_three_ways(town: Town, token: str) -> None:
    path = "/unet/api/messages/chats/"
    ask, form = town.http.ask, town.http.form
    assert ask("GET", path, authorization=f"Bearer {token}").status == 200
    assert ask("POST", path, authorization=f"BEARER  {token} ").status == 200
    assert ask("GET", f"{path}?access_token={token}").status == 200
    assert form("POST", path, {"access_token": token}).status == 200
    for answer in (
        ask("GET", f"{path}?access_token={token}", authorization=f"Bearer {token}"),
        ask("GET", f"{path}?access_token={token}&access_token={token}"),
        form("POST", f"{path}?access_token={token}", {"access_token": token}),
    ):
        refused(answer, 400, "invalid_request")


def test_without_a_token_there_is_a_bare_challenge(town: Town, token: str) -> None:
    path = "/unet/api/messages/chats/"
    visit = town.visit()
    visit.signs_in()
    cookie = "; ".join(f"{name}={value}" for name, value in visit.browser.cookies.items())
    multipart = "multipart/form-data; boundary=x"
    body = f'--x\r\nContent-Disposition: form-data; name="access_token"\r\n\r\n{token}\r\n--x--\r\n'
    for answer in (
        town.http.ask("GET", path),
        town.http.ask("GET", path, authorization="Bearer"),
        town.http.ask("GET", path, authorization="Basic YTpi"),
        town.http.ask("GET", f"{path}?api_key=x"),
        # Cookies open pages, and nothing else.
        town.http.ask("GET", path, cookie=cookie),
        town.http.ask("POST", "/unet/api/messages/add/", body, content_type=multipart),
        town.http.ask(
            "POST", path, json.dumps({"access_token": token}), content_type="application/json"
        ),
    ):
        refused(answer, 401, "invalid_request")
        assert answer.headers["www-authenticate"] == BARE


def test_a_token_that_opens_nothing_is_told_so(town: Town) -> None:
    session = town.visit()
    session.signs_in()
    cookie = session.browser.cookies["unet_session"]
    for wrong in ("x", "ü", "a b", "\x00".join("ab"), "x" * 5000, cookie):
        answer = town.http.ask("GET", f"/unet/api/user/?access_token={quote(wrong)}")
        refused(answer, 401, "invalid_token")
        assert answer.headers["www-authenticate"] == f'{BARE}, error="invalid_token"'


def test_tokens_of_other_apis_open_nothing(town: Town) -> None:
    login = {"username": "anna", "password": "anna-secret"}
    kind = {"content_type": "application/json"}
    sama = town.http.ask(
        "POST", "/login", json.dumps({"login": "anna", "password": "anna-secret", "device_id": "x"}),
        **kind,
    )  # fmt: skip
    astrak = town.http.ask("POST", "/users/login", json.dumps(login), **kind)
    for each in (sama.json["access_token"], astrak.json["token"]):
        refused(town.api(each, "messages/chats/"), 401, "invalid_token")


@pytest.mark.parametrize(
    ("path", "scope"),
    [
        ("messages/chats/", "messages_read"),
        ("messages/", "messages_read"),
        ("messages/1", "messages_read"),
        ("messages/add/", "messages_write"),
        ("messages/1/edit/", "messages_write"),
        ("messages/1/delete/", "messages_write"),
        ("contacts/", "user_contacts"),
    ],
)
def test_every_address_has_its_scope(town: Town, path: str, scope: str) -> None:
    others = "messages_read messages_write user_details user_email user_birthday user_contacts"
    asked = " ".join(each for each in others.split() if each != scope)
    token = town.granted(scope=asked)["access_token"]
    answer = town.api(token, path)
    refused(answer, 403, "insufficient_scope")
    challenge = f'{BARE}, error="insufficient_scope", scope="{scope}"'
    assert answer.headers["www-authenticate"] == challenge


def test_q_comes_in_many_ways(town: Town, token: str) -> None:
    bearer = {"authorization": f"Bearer {token}"}
    boris = town.ids["boris"]
    q = json.dumps({"chat_id": str(boris), "limit": "7", "unheard": None})
    path = "/unet/api/messages"
    edge = f'--x\r\nContent-Disposition: form-data; name="q"\r\n\r\n{q}\r\n--x--\r\n'
    # So a browser sends a Blob.
    blob = edge.replace('name="q"', 'name="q"; filename="blob"\r\nContent-Type: application/json')
    answers = [
        town.http.ask("GET", f"{path}/?q={quote(q)}", **bearer),
        town.http.ask("GET", f"{path}?q={quote(q)}", **bearer),
        town.http.ask("POST", f"{path}/?q={quote(q)}", **bearer),
        town.http.form("POST", path, {"q": q}, **bearer),
        town.http.ask("POST", path, q, content_type="application/json; charset=utf-8", **bearer),
        town.http.ask("POST", path, edge, content_type="multipart/form-data; boundary=x", **bearer),
        town.http.ask("POST", path, blob, content_type="multipart/form-data; boundary=x", **bearer),
    ]
    for answer in answers:
        assert answer.status == 200, answer.text
        assert answer.json["limit"] == 7
    for path, body in (("messages/chats/", ""), ("user/", "")):
        empty = town.http.ask("POST", f"/unet/api/{path}?q=", body, **bearer)
        assert empty.status == 200


@pytest.mark.parametrize(
    "q",
    ["{", "NaN", '{"chat_id": NaN}', "1", '"x"', "null", "true", "[1", "\xff", "[" * 100 + "]" * 100],
)  # fmt: skip
def test_what_is_no_q_is_refused(town: Town, token: str, q: str) -> None:
    refused(town.api(token, "messages/", q), 400, "invalid_request")
    bearer = {"authorization": f"Bearer {token}"}
    form = town.http.form("POST", "/unet/api/messages/", {"q": q}, **bearer)
    refused(form, 400, "invalid_request")


def test_q_comes_once(town: Town, token: str) -> None:
    bearer = {"authorization": f"Bearer {token}"}
    for answer in (
        town.http.ask("GET", "/unet/api/user/?q={}&q={}", **bearer),
        town.http.form("POST", "/unet/api/user/?q={}", {"q": "{}"}, **bearer),
        town.http.ask(
            "POST", "/unet/api/user/?q={}", "{}", content_type="application/json", **bearer
        ),
        town.http.ask("POST", "/unet/api/user/", "hello", content_type="text/plain", **bearer),
        town.http.ask("POST", "/unet/api/user/", "x", content_type="multipart/form-data", **bearer),
        town.http.ask("GET", "/unet/api/user/?" + "a=1&" * 200, **bearer),
    ):
        refused(answer, 400, "invalid_request")


@pytest.mark.parametrize(
    ("path", "q", "member"),
    [
        ("messages/", {}, "chat_id"),
        ("messages/", {"chat_id": None}, "chat_id"),
        ("messages/", {"chat_id": 1.5}, "chat_id"),
        ("messages/", {"chat_id": 1.0}, "chat_id"),
        ("messages/", {"chat_id": True}, "chat_id"),
        ("messages/", {"chat_id": -1}, "chat_id"),
        ("messages/", {"chat_id": "x"}, "chat_id"),
        ("messages/", {"chat_id": "٣"}, "chat_id"),
        ("messages/", {"chat_id": [1]}, "chat_id"),
        ("messages/", {"limit": 0}, "limit"),
        ("messages/", {"limit": -1}, "limit"),
        ("messages/", {"limit": 1.5}, "limit"),
        ("messages/", {"limit": "x"}, "limit"),
        ("messages/", {"query": 1}, "query"),
        ("messages/", {"query": "x" * 257}, "query"),
        ("messages/", {"cursor": 1}, "cursor"),
        ("messages/", {"cursor": "x"}, "cursor"),
        ("messages/", {"cursor": "é"}, "cursor"),
        ("messages/", {"cursor": "http://evil.example/?q={}"}, "cursor"),
        ("messages/", {"period": 1}, "period"),
        ("messages/", {"period": "x"}, "period"),
        ("messages/", {"period": "[]"}, "period"),
        ("messages/", {"period": {"from": 1}}, "period.from"),
        ("messages/", {"period": {"from": "yesterday"}}, "period.from"),
        ("messages/", {"period": {"from": ""}}, "period.from"),
        ("messages/", {"period": {"till": "2026-02-30"}}, "period.till"),
        ("messages/", {"period": {"till": "2026-01-01T25:00"}}, "period.till"),
        ("messages/", {"period": '{"till": "x"}'}, "period.till"),
        ("messages/", {"fields": []}, "fields"),
        ("messages/", {"fields": {"id": 1}}, "fields"),
        ("messages/chats/", {"fields": "x"}, "fields"),
        ("messages/add/", {"message": 1}, "message"),
        ("messages/add/", {"message": ["x"]}, "message"),
        ("messages/add/", {"message": "x", "is_whisper": "true"}, "is_whisper"),
        ("messages/add/", {"message": "x", "is_whisper": 1}, "is_whisper"),
        ("messages/add/", {"message": "x", "random_id": 1}, "random_id"),
        ("messages/add/", {"message": "x", "random_id": "x" * 65}, "random_id"),
        ("messages/add/", {"message": "x", "attachments": {}}, "attachments"),
        ("messages/add/", {"message": "x", "attachments": [1]}, "attachments"),
        ("messages/add/", {"message": " \n\t"}, "message"),
        ("messages/add/", {}, "message"),
        ("messages/add/", {"message": "x" * 65_537}, "message"),
        ("user/", {"info": "details"}, "info"),
        ("user/", {"info": ["password"]}, "info"),
        ("user/", {"info": None}, "info"),
        ("contacts/", {"limit": 0}, "limit"),
        ("contacts/", {"cursor": "x"}, "cursor"),
    ],
)  # fmt: skip
def test_a_wrong_member_is_named(
    town: Town, token: str, path: str, q: dict[str, object], member: str
) -> None:
    if path != "contacts/" and member != "chat_id":
        q = {"chat_id": town.ids["boris"], **q}
    bearer = {"authorization": f"Bearer {token}", "content_type": "application/json"}
    answer = town.http.ask("POST", f"/unet/api/{path}", json.dumps(q), **bearer)
    assert f"`{member}`" in refused(answer, 400, "invalid_request")


@pytest.mark.parametrize(
    "path",
    ["", "messages/x", "messages/-1", "messages/1/", "messages/1/2", "messages/1/read", "messages//",
     "messages/99999999999999999", "messages/%31", "users/", "contacts/1/", "../token", "Messages/"],
)  # fmt: skip
def test_what_is_not_there_is_not_found(town: Town, token: str, path: str) -> None:
    refused(town.api(token, path), 404, "not_found")


def test_other_methods_are_refused(town: Town, token: str) -> None:
    for method in ("PUT", "DELETE", "PATCH", "HEAD"):
        answer = town.api(token, "messages/", {}, method)
        assert answer.status == 405
        assert answer.headers["allow"] == "GET, POST"
    preflight = town.http.ask("OPTIONS", "/unet/api/messages/add/")
    assert preflight.status == 204
    assert preflight.headers["access-control-allow-headers"] == "Authorization, Content-Type"
    assert "access-control-allow-credentials" not in preflight.headers


def test_scripts_may_read(town: Town, token: str) -> None:
    path = f"/unet/api/messages/chats/?access_token={token}&callback=App.on_$1"
    answer = town.http.ask("GET", path)
    assert answer.status == 200
    assert answer.headers["content-type"] == "application/javascript"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.text.startswith("/**/App.on_$1({")
    assert answer.text.endswith("});")
    # A page cannot see a status, so there is none.
    for query in (
        "callback=f",
        "callback=f&access_token=x",
        f"callback=f&access_token={token}&q=[",
    ):
        refusal = town.http.ask("GET", f"/unet/api/messages/?{query}")
        assert refusal.status == 200
        assert refusal.text.startswith('/**/f({"error":')
    q = quote(json.dumps(["get", [{"id": 5}]]))
    complex_ = town.http.ask("GET", f"/unet/api/messages/?access_token={token}&callback=f&q={q}")
    assert complex_.text.startswith('/**/f(["get",')


@pytest.mark.parametrize(
    "name",
    ["1a", "a-b", "a b", "alert(1)//", "a;b", "", "x" * 65, "é", "a%00", "</script>", "a[0]"],
)
def test_the_name_of_a_callback_is_checked(town: Town, token: str, name: str) -> None:
    query = f"access_token={token}&callback={name if '%' in name else quote(name)}"
    refused(town.http.ask("GET", f"/unet/api/user/?{query}"), 400, "invalid_request")


def test_scripts_may_not_write(town: Town, token: str) -> None:
    boris = town.ids["boris"]
    q = quote(json.dumps({"chat_id": boris, "message": "x"}))
    query = f"access_token={token}&callback=f"
    answer = town.http.ask("GET", f"/unet/api/messages/add/?{query}&q={q}")
    assert answer.headers["content-type"] == "application/json"
    q = quote(json.dumps(["add", [{"chat_id": boris, "message": "x"}]]))
    answer = town.http.ask("GET", f"/unet/api/messages/?{query}&q={q}")
    assert answer.headers["content-type"] == "application/json"
    assert answer.json[0] == "add"
    bad = town.http.ask("GET", f"/unet/api/messages/add/?access_token={token}&callback=1&q={{}}")
    assert "chat_id" in refused(bad, 400, "invalid_request")


def test_text_in_scripts_is_harmless(town: Town, token: str) -> None:
    words = "</script>\u2028\u2029é"
    q = {"chat_id": town.ids["boris"], "message": words}
    sent = town.api(token, "messages/add/", q).json
    answer = town.http.ask(
        "GET", f"/unet/api/messages/{sent['id']}?access_token={token}&callback=f"
    )
    assert answer.text.isascii()
    assert json.loads(answer.text.removeprefix("/**/f(").removesuffix(");"))["message"] == words


def test_a_page_elsewhere_may_read_what_it_lacks(town: Town, token: str) -> None:
    exposed = "access-control-expose-headers"
    bearer = {"authorization": f"Bearer {token}"}
    for path in ("/unet/api/messages/chats/", "/token_props"):
        stranger = town.http.ask("GET", path, authorization="Bearer x")
        assert stranger.headers[exposed].lower() == "www-authenticate"
        assert exposed not in town.http.ask("GET", path, **bearer).headers
    assert town.http.ask("PUT", "/unet/api/user/", **bearer).headers[exposed].lower() == "allow"


def test_a_large_body_is_refused(town: Town, token: str) -> None:
    bearer = {"authorization": f"Bearer {token}"}
    body = "q=" + "x" * (1 << 20)
    for path in ("messages/chats/", "messages/add/"):
        answer = town.http.ask("POST", f"/unet/api/{path}", body, content_type=FORM, **bearer)
        refused(answer, 413, "request_too_large")
        town.http.close()


@pytest.mark.parametrize("fields", [1, 2])
def test_a_multipart_form_has_no_more_room_for_text(town: Town, token: str, fields: int) -> None:
    text = "x" * ((1 << 20) // fields)
    parts = [
        f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n'
        for name in ("q", "q")[:fields]
    ]
    body = "".join(parts) + '--x\r\nContent-Disposition: form-data; name="q"\r\n\r\nz\r\n--x--\r\n'
    answer = town.http.ask(
        "POST",
        "/unet/api/messages/add/",
        body,
        content_type="multipart/form-data; boundary=x",
        authorization=f"Bearer {token}",
    )
    refused(answer, 413, "request_too_large")


def test_six_hundred_requests_a_minute_are_enough() -> None:
    with opened() as town:
        granted = town.granted()
        token = granted["access_token"]
        for _ in range(600):
            assert town.api(token, "user/").status == 200
        answer = town.api(token, "user/")
        refused(answer, 429, "too_many_requests")
        assert 0 < int(answer.headers["retry-after"]) <= 60
        other = town.token(refresh_token=granted["refresh_token"]).json
        assert town.api(other["access_token"], "user/").status == 200
