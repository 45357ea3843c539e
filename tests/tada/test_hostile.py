"""Every operation, asked for nonsense: an error in the document's form, never one of the server's."""

import json
from collections.abc import Iterator
from http.client import HTTPConnection
from itertools import cycle
from typing import Any
from urllib.parse import quote

import pytest

from tertulia.dialects.tada.handlers import OPERATIONS
from tertulia.dialects.tada.ids import Kind, to_jid, to_uuid
from tertulia.dialects.tada.routes import Access, Operation, Place
from tests.properties.town import Town, town

PHONE, CODE = "+79160000001", "1111"

CODES = {
    "EMPTY_TOKEN": 401,
    "INVALID_TOKEN": 401,
    "EMPTY_SESSION": 401,
    "ACCESS_DENIED": 403,
    "NOT_FOUND": 404,
    "INVALID_METHOD": 405,
    "RATE_LIMIT": 429,
}

# What stands in a path where an id should.
NONSENSE = [
    "x",
    "..",
    "%00",
    "%FF%FE",
    "🐙",
    "d-" + "0" * 36,
    "0" * 400,
    to_uuid(Kind.TEAM, 2**53 - 1),
    to_uuid(Kind.MESSAGE, 7),
    to_jid(Kind.GROUP, 9),
    to_jid(Kind.HOME_CONTACT, 9),
    "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
]

KEYS = [
    "phone", "code", "type", "device_id", "name", "temp_token", "username", "password",
    "contacts", "status", "role", "given_name", "family_name", "contact_email",
    "contact_phone", "display_name", "description", "public", "members", "jid", "text",
    "message_id", "reply_to", "linked_messages", "uploads", "important", "content", "to",
    "kind", "group", "comment", "enabled", "webhook_url", "form", "token", "need_confirmation",
    "assignee", "deadline", "tags", "observers", "items", "section", "sections", "move_after",
    "move_before", "task_status", "limit", "offset", "icons", "default_task_deadline",
    "max_message_update_age", "hidden", "pinned", "draft", "last_read_message_id", "key",
    "message", "sama_token", "invite", "chats", "keep", "from",
]  # fmt: skip


def everywhere(value: object) -> str:
    """A body in which everything is that."""
    return json.dumps(dict.fromkeys(KEYS, value), ensure_ascii=False)


BODIES = [
    "",
    "{}",
    "[]",
    "null",
    "{",
    '"\\ud800"',
    "\xff\xfe",
    '{"a":' * 70 + "1" + "}" * 70,
    everywhere(None),
    everywhere(1.5),
    everywhere(-1),
    everywhere(10**30),
    everywhere(1e308),
    everywhere(""),
    everywhere("\0 \u202e🐙'\";--"),
    everywhere("я" * 5_000),
    everywhere([]),
    everywhere([None, 1, "x", {}, []]),
    everywhere({}),
    everywhere({"jid": 1, "phone": [], "status": {}, "text": 5, "upload": 0}),
    everywhere("6ba7b810-9dad-11d1-80b4-00c04fd430c8"),
    everywhere(to_jid(Kind.GROUP, 3)),
]

QUERIES = [
    "",
    "?limit=-1&offset=99999999999999999999&q=%00&status=x&id=,,,",
    "?limit=x&old_from=1&new_from=%FF&around=..&date_from=never&gentime_from=1e9&chat_type=x",
    "?" + "&".join(f"a{number}=1" for number in range(200)),
    "?text=" + quote("%_\\'\"") + "&has_upload=maybe&sort=drop&unread_only=1&lang=xx",
]

KINDS = [
    "application/json",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=b",
    "multipart/form-data",
    "text/html; charset=klingon",
]


class Client:
    """One connection that is kept, opened again when it was closed."""

    def __init__(self, base_url: str) -> None:
        self._connection = HTTPConnection(base_url.removeprefix("http://"), timeout=10)

    def ask(
        self, method: str, path: str, body: bytes, headers: dict[str, str]
    ) -> tuple[int, str, bytes]:
        self._connection.request(method, path, body, headers)
        answer = self._connection.getresponse()
        return answer.status, answer.getheader("content-type", ""), answer.read()

    def close(self) -> None:
        self._connection.close()

    def result(self, path: str, token: str = "", **fields: object) -> Any:
        status, _, body = self.ask("POST", path, json.dumps(fields).encode(), {"token": token})
        assert status == 200, body
        return json.loads(body)["result"]


def paths(operation: Operation, known: dict[str, list[str]]) -> Iterator[str]:
    """The path with ids that are there, then with nonsense in every place."""
    head = "" if operation.place is Place.ROOT else "/api/v4"
    turns = {name: cycle([*ids, *NONSENSE]) for name, ids in known.items()}
    nonsense = cycle(NONSENSE)
    while True:
        parts = []
        for part in operation.path.split("/"):
            name, _, ending = part.strip("{").partition("}")
            if part.startswith("{"):
                value = next(turns.get(name, nonsense))
                parts.append((value if "%" in value else quote(value, safe="")) + ending)
            else:
                parts.append(part)
        yield head + "/".join(parts)


def check(operation: Operation, status: int, kind: str, body: bytes) -> None:
    """The answer has the document's form."""
    if operation.refuse is not None or not kind.startswith("application/json"):
        assert status < 500
        return
    answer = json.loads(body)
    if operation.path == "/features.json":
        return
    if status == 200:
        assert set(answer) == {"_time", "ok", "result"}
        return
    assert answer["ok"] is False
    assert set(answer) <= {"_time", "ok", "error", "details", "reason"}
    details = answer.get("details", {})
    assert all(isinstance(each, str) and each for each in details.values())
    if answer["error"] == "INVALID_DATA":
        assert details
        assert status in {413, 422}
    else:
        assert CODES[answer["error"]] == status


@pytest.fixture(scope="module")
def place() -> Iterator[Town]:
    with town(sms_test_numbers=((PHONE, CODE),)) as opened:
        yield opened


@pytest.fixture
def client(place: Town) -> Iterator[Client]:
    opened = Client(place.base_url)
    yield opened
    opened.close()


def sign_in(client: Client) -> tuple[str, dict[str, list[str]]]:
    """A token, and ids that its owner may use."""
    client.result("/api/v4/auth/sms/send-code", phone=PHONE)
    token = client.result("/api/v4/auth/sms/get-token", phone=PHONE, code=CODE)["token"]
    team = client.result("/api/v4/teams", token, name="club")
    return token, {"team": [team["uid"], team["uid"]], "jid": [team["me"]["jid"]]}


@pytest.mark.slow
@pytest.mark.parametrize(
    "operation", OPERATIONS, ids=lambda each: f"{each.method} {each.path}".replace("/", " ")
)
def test_nonsense_is_answered_in_form(operation: Operation, place: Town, client: Client) -> None:
    token, known = sign_in(client)
    ways = paths(operation, known)
    for body, query, kind in zip(BODIES, cycle(QUERIES), cycle(KINDS), strict=False):
        headers = {"token": token, "content-type": kind}
        answer = client.ask(operation.method, next(ways) + query, body.encode(), headers)
        check(operation, *answer)
        if operation.access is Access.ACCOUNT:
            assert client.ask(operation.method, next(ways), body.encode(), {})[0] in {401, 404}
    assert place.mistakes == []
