"""Integrations over HTTP: what owners see, what keys open, who is refused."""

import json
from collections.abc import Iterator
from ipaddress import ip_network
from uuid import uuid4

import pytest

from tests.tada.office import Office, Person, key_of, office
from tests.world.wires import Http

FIELDS = ["comment", "created", "enabled", "form", "group", "help", "kind", "uid"]
LOOPBACK = (ip_network("127.0.0.1/32"),)


@pytest.fixture(scope="module")
def place() -> Iterator[Office]:
    with office(callback_allow=LOOPBACK) as opened:
        yield opened


def test_an_integration_has_exactly_the_documents_fields(place: Office) -> None:
    made = place.anna.ask("POST", place.path, {"kind": "raw", "group": place.tea})
    assert sorted(made) == FIELDS
    assert (made["enabled"], made["comment"], made["kind"]) == (True, "", "raw")
    assert sorted(made["form"]) == ["api_key", "webhook_url"]
    key = made["form"]["api_key"]
    assert (key["label"], key["readonly"], len(key["value"])) == ("Ключ API", True, 27)
    hook = made["form"]["webhook_url"]
    assert hook == {"label": "Webhook URL", "readonly": False, "value": ""}
    assert key["value"] in made["help"]
    assert f"{place.base_url}/api/message" in made["help"]
    one = f"{place.path}/{made['uid']}"
    assert place.anna.ask("GET", one) == made
    listed = place.anna.ask("GET", place.path)
    assert made in listed["integrations"]


def test_the_kinds_are_the_documents(place: Office) -> None:
    v3 = place.anna.ask("GET", place.path)["kinds"]
    assert [(each["kind"], each["title"]) for each in v3] == [
        ("sentry", "Sentry"),
        ("bitbucket", "Bitbucket"),
        ("raw", "API/Webhook"),
    ]
    for each in v3:
        assert sorted(each) == ["kind", "template", "title"]
        assert each["template"]["comment"] == "Новая интеграция"
        assert each["template"]["enabled"] is True
        assert each["template"]["kind"] == each["kind"]
    assert [sorted(each["template"]["form"]) for each in v3] == [[], [], ["webhook_url"]]
    v4 = place.anna.ask("GET", place.path.replace("v3", "v4"))["kinds"]
    assert sorted(v4[0]) == ["description", "icon", "kind", "template", "title"]


def test_a_change_is_partial_and_keeps_key_and_date(place: Office) -> None:
    made = place.hook()
    one = f"{place.path}/{made['uid']}"
    url = "http://127.0.0.1:9/hook"
    changed = place.anna.ask(
        "PUT", one, {"comment": "Тест 123", "group": place.hall, "webhook_url": url}
    )
    expected = {**made, "comment": "Тест 123", "group": place.hall}
    expected["form"] = {
        **made["form"],
        "webhook_url": {**made["form"]["webhook_url"], "value": url},
    }
    assert changed == expected
    cleared = place.anna.ask("PUT", one, {"form": {"webhook_url": {"value": ""}}, "enabled": False})
    assert cleared["form"]["webhook_url"]["value"] == ""
    assert (cleared["enabled"], cleared["comment"]) == (False, "Тест 123")
    assert place.anna.ask("PUT", one, {}) == cleared
    assert place.anna.call("DELETE", one).json["result"] is None
    assert place.anna.refused("GET", one)[:2] == (404, "NOT_FOUND")
    assert place.anna.refused("DELETE", one)[:2] == (404, "NOT_FOUND")


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, ["group", "kind"]),
        ({"kind": "raw", "group": ""}, ["group"]),
        ({"kind": "mail", "group": "{tea}"}, ["kind"]),
        ({"kind": 7, "group": "{tea}"}, ["kind"]),
        ({"kind": "raw", "group": "g-" + str(uuid4())}, ["group"]),
        ({"kind": "raw", "group": "{team}"}, ["group"]),
        ({"kind": "raw", "group": ["{tea}"]}, ["group"]),
        ({"kind": "raw", "group": "{tea}", "comment": "ю" * 251}, ["comment"]),
        ({"kind": "raw", "group": "{tea}", "enabled": "perhaps"}, ["enabled"]),
        ({"kind": "raw", "group": "{tea}", "webhook_url": "h" * 501}, ["webhook_url"]),
        ({"kind": "raw", "group": "{tea}", "webhook_url": {"value": "http://x"}}, ["webhook_url"]),
        ({"kind": "raw", "group": "{tea}", "form": "webhook"}, ["form"]),
    ],
)
def test_wrong_fields_are_named_and_nothing_is_made(
    place: Office, body: dict[str, object], fields: list[str]
) -> None:
    before = len(place.anna.ask("GET", place.path)["integrations"])
    filled = json.dumps(body).replace("{team}", place.team).replace("{tea}", place.tea)
    assert place.anna.refused("POST", place.path, filled) == (422, "INVALID_DATA", fields)
    assert len(place.anna.ask("GET", place.path)["integrations"]) == before


@pytest.mark.parametrize(
    "url",
    [
        "http://10.0.0.1/",
        "http://127.0.0.2/",
        "http://[::1]/",
        "http://169.254.169.254/latest/meta-data/",
        "http://[::ffff:10.0.0.1]/",
        "http://2130706434/",
        "http://0x7f.2/",
        "http://0/",
        "ftp://127.0.0.1/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "http://anna:secret@127.0.0.1/",
        "http://127.0.0.1:0/",
        "http://",
        "http://127.0.0.1/\r\nkey: x",
        "senseless",
    ],
)
def test_a_webhook_goes_only_where_the_operator_lets_it(place: Office, url: str) -> None:
    body = {"kind": "raw", "group": place.tea, "webhook_url": url}
    assert place.anna.refused("POST", place.path, body) == (422, "INVALID_DATA", ["webhook_url"])
    one = f"{place.path}/{place.hook()['uid']}"
    for change in ({"webhook_url": url}, {"form": {"webhook_url": {"value": url}}}):
        assert place.anna.refused("PUT", one, change)[0] == 422
    assert place.anna.ask("GET", one)["form"]["webhook_url"]["value"] == ""


def test_a_webhook_may_be_one_that_is_not_found_yet(place: Office) -> None:
    """The document's own example names a host, and asks nobody whether it can be found."""
    url = "https://no-such-host.invalid/api/webhook-test"
    one = f"{place.path}/{place.hook()['uid']}"
    changed = place.anna.ask("PUT", one, {"webhook_url": url})
    assert changed["form"]["webhook_url"]["value"] == url


def test_members_and_strangers_are_kept_out(place: Office) -> None:
    made = place.hook()
    one = f"{place.path}/{made['uid']}"
    for who in (place.boris, place.dora):
        for method, path in (
            ("GET", place.path), ("POST", place.path), ("GET", one), ("PUT", one), ("DELETE", one),
        ):  # fmt: skip
            assert who.refused(method, path, {})[:2] == (403, "ACCESS_DENIED"), (method, path)
    nobody = place.anna.call("GET", place.path, token="")
    assert (nobody.status, nobody.json["error"]) == (401, "EMPTY_TOKEN")
    assert place.anna.ask("GET", one) == made


def test_an_integration_of_another_team_is_not_there(place: Office) -> None:
    made = place.hook()
    team = place.dora.ask("POST", "/api/v4/teams", {"name": "chess"})["uid"]
    own = f"/api/v3/teams/{team}/integrations"
    one = f"{own}/{made['uid']}"
    for method in ("GET", "PUT", "DELETE"):
        assert place.dora.refused(method, one, {})[:2] == (404, "NOT_FOUND")
    foreign = {"kind": "raw", "group": place.tea}
    assert place.dora.refused("POST", own, foreign) == (422, "INVALID_DATA", ["group"])
    for path in (f"{own}/nothing", f"{own}/{uuid4()}", f"{own}/{team}"):
        assert place.dora.refused("GET", path)[:2] == (404, "NOT_FOUND")
    assert place.dora.refused("POST", place.path.replace(place.team, str(uuid4())), {})[0] == 404
    assert place.anna.refused("PATCH", place.path, {})[:2] == (405, "INVALID_METHOD")


def test_a_key_posts_by_form_by_parts_and_by_json(place: Office) -> None:
    made = place.hook(place.hall, comment="почтальон")
    key = key_of(made)
    assert place.post(key=key, message="form") == (200, {"ok": True})
    http = Http(place.base_url)
    answer = http.ask("POST", "/api/message", json.dumps({"key": key, "message": "json"}))
    assert (answer.status, answer.body) == (200, b'{"ok":true}')
    parts = "".join(
        f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in (("key", key), ("message", "parts"))
    )
    kind = "multipart/form-data; boundary=x"
    assert http.ask("POST", "/api/message", parts + "--x--\r\n", content_type=kind).json["ok"]
    bare = json.dumps({"message": "query"})
    assert http.ask("POST", f"/api/message?key={key}", bare).json == {"ok": True}
    assert http.form("POST", "/api/message/", {"key": key, "message": "slash"}).json["ok"]
    assert place.texts(place.hall)[-5:] == ["form", "json", "parts", "query", "slash"]


def test_what_a_key_posts_is_a_plain_message_of_a_bot(place: Office) -> None:
    key = key_of(place.hook(comment="метеоролог"))
    assert place.post(key=key, message="a\\nb", convert_linebreaks=1)[0] == 200
    assert place.post(key=key, message="a\\nb", important="true", nopreview="true")[0] == 200
    path = f"/api/v4/teams/{place.team}/messages/{place.tea}?limit=2"
    second, first = place.boris.ask("GET", path)["messages"]
    assert first["content"] == {"type": "plain", "text": "a\nb"}
    assert second["content"]["text"] == "a\\nb"
    assert (second["important"], second["nopreview"]) == (True, True)
    contact = place.boris.ask("GET", f"/api/v4/teams/{place.team}/contacts/{first['from']}")
    assert (contact["display_name"], contact["botname"]) == ("метеоролог", "apibot")
    members = place.anna.ask("GET", f"/api/v4/teams/{place.team}/groups/{place.tea}/members")
    assert first["from"] not in {each["jid"] for each in members["members"]}
    listed = place.anna.ask("GET", f"/api/v3/teams/{place.team}/contacts/")
    assert first["from"] not in {each["jid"] for each in listed}


def test_several_keys_post_to_every_group_or_to_none(place: Office) -> None:
    tea, hall = key_of(place.hook()), key_of(place.hook(place.hall))
    assert place.post(key=f"{tea}, {hall},{tea}", message="to both")[0] == 200
    assert place.texts(place.tea)[-1] == place.texts(place.hall)[-1] == "to both"
    assert place.texts(place.tea).count("to both") == 1
    assert place.post(key=f"{tea},wrong", message="to none")[0] == 403
    assert "to none" not in place.texts(place.tea)
    many = ",".join(str(number) for number in range(21))
    assert place.post(key=many, message="x")[0] == 422


def test_a_message_id_makes_a_repeat_harmless(place: Office) -> None:
    key, uid = key_of(place.hook()), str(uuid4())
    for _ in range(2):
        assert place.post(key=key, message="once", message_id=uid) == (200, {"ok": True})
    assert place.texts().count("once") == 1
    for wrong in ("x", place.team, "1" * 300):
        status, answer = place.post(key=key, message="never", message_id=wrong)
        assert (status, answer["ok"]) == (422, False)
    other = key_of(place.hook(place.hall))
    assert place.post(key=other, message="never", message_id=uid)[0] == 403
    assert "never" not in place.texts() + place.texts(place.hall)


def test_keys_of_what_is_off_or_gone_are_refused(place: Office) -> None:
    made = place.hook()
    one, key = f"{place.path}/{made['uid']}", key_of(made)
    place.anna.ask("PUT", one, {"enabled": False})
    assert place.post(key=key, message="x") == (403, {"ok": False, "error": "Неизвестный ключ"})
    place.anna.ask("PUT", one, {"enabled": True})
    assert place.post(key=key, message="on again")[0] == 200
    place.anna.ask("DELETE", one)
    assert place.post(key=key, message="x")[0] == 403
    groups = f"/api/v4/teams/{place.team}/groups"
    gone = place.anna.ask("POST", groups, {"display_name": "short-lived"})["jid"]
    key = key_of(place.hook(gone))
    place.anna.ask("DELETE", f"{groups}/{gone}")
    status, answer = place.post(key=key, message="x")
    assert (status, answer["ok"]) == (403, False)
    refused = place.anna.refused("POST", place.path, {"kind": "raw", "group": gone})
    assert refused == (422, "INVALID_DATA", ["group"])


def test_the_keys_of_an_archived_team_are_dead(place: Office) -> None:
    anna = place.anna
    team = anna.ask("POST", "/api/v4/teams", {"name": "gone soon"})["uid"]
    (group,) = anna.ask("GET", f"/api/v4/teams/{team}/groups")
    body = {"kind": "raw", "group": group["jid"]}
    key = key_of(anna.ask("POST", f"/api/v3/teams/{team}/integrations", body))
    assert place.post(key=key, message="x")[0] == 200
    anna.ask("DELETE", f"/api/v4/teams/{team}")
    assert place.post(key=key, message="x")[0] == 403
    assert anna.refused("GET", f"/api/v3/teams/{team}/integrations")[:2] == (404, "NOT_FOUND")


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({}, 403),
        ({"message": "x"}, 403),
        ({"key": "wrong", "message": "x"}, 403),
        ({"key": "wrong"}, 403),
        ({"key": "{key}"}, 422),
        ({"key": "{key}", "message": " \n "}, 422),
        ({"key": "{key}", "message": "x" * 12_001}, 422),
        ({"key": "k" * 3_000, "message": "x"}, 422),
    ],
)
def test_what_cannot_be_posted_is_answered_with_a_sentence(
    place: Office, fields: dict[str, str], status: int
) -> None:
    key = key_of(place.hook())
    filled = {name: value.replace("{key}", key) for name, value in fields.items()}
    found, answer = place.post(**filled)
    assert found == status
    assert sorted(answer) == ["error", "ok"]
    assert answer["ok"] is False
    assert answer["error"]


@pytest.mark.parametrize(
    "body", ["{", "[1]", '{"key": {"a": 1}, "message": []}', "\x00", '"x"', "key=%zz&message"]
)
def test_what_cannot_be_read_is_no_servers_error(place: Office, body: str) -> None:
    http = Http(place.base_url)
    for kind in ("application/json", "application/x-www-form-urlencoded", "text/plain"):
        answer = http.ask("POST", "/api/message", body, content_type=kind)
        assert answer.status in {403, 422}, answer.text
        assert sorted(answer.json) == ["error", "ok"]
    parts = http.ask("POST", "/api/message", body, content_type="multipart/form-data; boundary=x")
    assert parts.status in {403, 422}
    for method in ("GET", "PUT", "DELETE"):
        answer = Http(place.base_url).ask(method, "/api/message")
        assert (answer.status, answer.headers["allow"]) == (405, "POST")
        assert sorted(answer.json) == ["error", "ok"]


def test_a_body_that_is_too_large_is_refused_in_the_same_form(place: Office) -> None:
    answer = Http(place.base_url).ask("POST", "/api/message", "x" * (2 << 20))
    assert answer.status == 413
    assert sorted(answer.json) == ["error", "ok"]


def test_reports_of_sentry_and_bitbucket_are_posted_in_one_line(place: Office) -> None:
    key = key_of(place.hook(kind="sentry"))
    report = {
        "project_name": "shop",
        "level": "error",
        "event": {"title": "Boom"},
        "url": "http://s/",
    }
    http = Http(place.base_url)
    answer = http.ask("POST", f"/api/message?key={key}", json.dumps(report))
    assert answer.json == {"ok": True}
    assert place.texts()[-1] == "shop: error: Boom http://s/"
    assert http.ask("POST", f"/api/message?key={key}", '{"a": 1}').status == 422


def test_a_new_comment_renames_the_bot(place: Office) -> None:
    made = place.hook(comment="раньше")
    place.post(key=key_of(made), message="кто я")
    place.anna.ask("PUT", f"{place.path}/{made['uid']}", {"comment": "теперь"})
    (last,) = place.anna.ask("GET", f"/api/v4/teams/{place.team}/messages/{place.tea}?limit=1")[
        "messages"
    ]
    contact = place.anna.ask("GET", f"/api/v4/teams/{place.team}/contacts/{last['from']}")
    assert contact["display_name"] == "теперь"


@pytest.mark.slow
def test_a_key_that_posts_too_often_waits_and_no_other(place: Office) -> None:
    busy, calm = key_of(place.hook(place.hall)), key_of(place.hook())
    http = Http(place.base_url)
    seen = [
        http.form("POST", "/api/message", {"key": busy, "message": "x"}).status for _ in range(605)
    ]
    assert seen == [200] * 600 + [429] * 5
    answer = http.form("POST", "/api/message", {"key": busy, "message": "x"})
    assert int(answer.headers["retry-after"]) > 0
    assert answer.json["ok"] is False
    assert place.post(key=calm, message="x")[0] == 200


def test_nobody_signs_in_as_a_bot(place: Office) -> None:
    place.post(key=key_of(place.hook(comment="nobody")), message="who")
    (last,) = place.anna.ask("GET", f"/api/v4/teams/{place.team}/messages/{place.tea}?limit=1")[
        "messages"
    ]
    contact = place.anna.ask("GET", f"/api/v4/teams/{place.team}/contacts/{last['from']}")
    guest = Person.__new__(Person)
    guest.http, guest.token = Http(place.base_url), ""
    for name in ("nobody", contact["display_name"], last["from"]):
        body = {"username": name, "password": "nobody-secret"}
        refused = guest.refused("POST", "/api/v4/auth/password/get-token", body)
        assert refused[0] == 422
