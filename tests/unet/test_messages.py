"""Chats and messages: lists, pages, details, writing, complex requests."""

import base64
import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tertulia.core.ids import AccountId, ChatId, SessionId
from tertulia.core.model import Actor, NewGroup
from tests.core.house import StillClock
from tests.unet.town import Town
from tests.world.wires import Answer


class Person:
    """Somebody with a token of his own."""

    def __init__(self, town: Town, login: str) -> None:
        self.town = town
        self.login = login
        self.id = town.ids[login]
        self.renew()
        self.actor = Actor(AccountId(self.id), SessionId(0))

    def renew(self) -> None:
        """Another token: the old one's time is up."""
        self.token = self.town.granted(self.login)["access_token"]

    def ask(self, path: str, q: Any = None, status: int = 200) -> Any:
        """The answer, which has that status."""
        bearer = {"authorization": f"Bearer {self.token}", "content_type": "application/json"}
        body = json.dumps(q) if q is not None else ""
        answer: Answer = self.town.http.ask("POST", f"/unet/api/{path}", body, **bearer)
        assert answer.status == status, answer.text
        return answer.json

    def says(self, to: int, text: str, **more: Any) -> Any:
        """A new message."""
        return self.ask("messages/add/", {"chat_id": to, "message": text, **more})

    def page(self, number: int, **q: Any) -> Any:
        """A page of a chat."""
        return self.ask("messages/", {"chat_id": number, **q})

    def texts(self, number: int, **q: Any) -> list[str]:
        """What a page says, newest first."""
        return [each["message"] for each in self.page(number, **q)["items"]]

    def refused(self, path: str, q: Any, status: int) -> str:
        """The error."""
        error: str = self.ask(path, q, status)["error"]
        return error


@pytest.fixture
def anna(town: Town) -> Person:
    return Person(town, "anna")


@pytest.fixture
def boris(town: Town) -> Person:
    return Person(town, "boris")


@pytest.fixture
def clara(town: Town) -> Person:
    return Person(town, "clara")


def group_of(owner: Person, *others: Person) -> int:
    new = NewGroup("Huerta", tuple(AccountId(each.id) for each in others))
    return int(owner.town.run(owner.town.server.core.chats.open_group(owner.actor, new, 50)).id)


def test_a_message_as_both_see_it(anna: Person, boris: Person, clock: StillClock) -> None:
    clock.now = -(-clock.now // 1000) * 1000 + 999
    sent = anna.says(boris.id, "Hasta luego")
    expected = {
        "id": sent["id"],
        "uid": anna.id,
        "message": "Hasta luego",
        "attachments": {},
        "chat_id": boris.id,
        "created_time": sent["created_time"],
        "is_whisper": False,
    }
    assert sent == expected
    assert sent["created_time"].endswith("+00:00")
    assert len(sent["created_time"]) == 25
    assert anna.ask(f"messages/{sent['id']}") == expected
    assert boris.ask(f"messages/{sent['id']}/") == {**expected, "chat_id": anna.id}
    assert boris.page(anna.id)["items"][0] == {**expected, "chat_id": anna.id}


def test_lists_of_chats(anna: Person, boris: Person, clara: Person, clock: StillClock) -> None:
    group = group_of(anna, boris)
    clock.move(1)
    anna.says(boris.id, "hola")
    found = boris.ask("messages/chats/")
    assert set(found) == {"items"}
    assert found["items"][:2] == [
        {"chat_id": anna.id, "type": "private"},
        {
            "chat_id": group,
            "type": "group",
            "name": "Huerta",
            "picture_url": "",
            "members_count": "2",
        },
    ]
    fields = {"unread_count": True, "last_message": True, "type": False, "unheard_of": True}
    first = boris.ask("messages/chats/", {"fields": fields})["items"][0]
    assert set(first) == {"chat_id", "unread_count", "last_message"}
    assert first["last_message"]["message"] == "hola"
    unread = first["unread_count"]
    assert unread >= 1
    # Reading a list marks nothing.
    boris.page(anna.id)
    assert boris.ask("messages/chats/", {"fields": fields})["items"][0]["unread_count"] == unread
    assert group not in [each["chat_id"] for each in clara.ask("messages/chats/")["items"]]


def test_pages_and_their_addresses(anna: Person, clara: Person) -> None:
    for place in range(5):
        anna.says(clara.id, f"page {place}")
    first = anna.page(clara.id, limit=2, query="page")
    assert [each["message"] for each in first["items"]] == ["page 4", "page 3"]
    assert (first["limit"], first["total_count"], first["prev_cursor"]) == (2, 5, "")
    address = urlsplit(first["next_cursor"])
    assert first["next_cursor"].startswith(f"{anna.town.base_url}/unet/api/messages/?q=")
    assert anna.token not in first["next_cursor"]
    q = json.loads(parse_qs(address.query)["q"][0])
    assert (q["chat_id"], q["limit"], q["query"]) == (clara.id, 2, "page")
    path = f"{address.path}?{address.query}".removeprefix("/unet/api/")
    by_address = anna.town.api(anna.token, path).json
    by_url = anna.ask("messages/", {"chat_id": clara.id, "cursor": first["next_cursor"]})
    by_cursor = anna.page(clara.id, limit=2, query="page", cursor=q["cursor"])
    assert by_address == by_url == by_cursor
    assert [each["message"] for each in by_url["items"]] == ["page 2", "page 1"]
    last = anna.page(clara.id, cursor=by_url["next_cursor"])
    assert [each["message"] for each in last["items"]] == ["page 0"]
    assert last["next_cursor"] == ""
    back = anna.page(clara.id, cursor=last["prev_cursor"])
    assert [each["message"] for each in back["items"]] == ["page 2", "page 1"]
    front = anna.page(clara.id, cursor=back["prev_cursor"])
    assert front["items"] == first["items"]
    assert front["prev_cursor"] == ""
    assert anna.page(clara.id, limit=5_000)["limit"] == 500
    assert anna.page(clara.id)["limit"] == 100
    assert anna.page(clara.id, cursor="")["prev_cursor"] == ""


def test_a_cursor_is_its_owners_and_stays_as_it_is(
    anna: Person, boris: Person, clara: Person
) -> None:
    for place in range(3):
        anna.says(clara.id, f"cursor {place}")
        anna.says(boris.id, f"cursor {place}")
    url = anna.page(clara.id, limit=1)["next_cursor"]
    cursor = json.loads(parse_qs(urlsplit(url).query)["q"][0])["cursor"]
    raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    changed = [
        base64.urlsafe_b64encode(bytes([*raw[:at], raw[at] ^ 1, *raw[at + 1 :]]))
        .decode()
        .rstrip("=")
        for at in range(len(raw))
    ]
    changed += [cursor[:-1], cursor + "A", cursor + "=", cursor + " ", cursor.swapcase(), "A" * 44]
    for wrong in changed:
        if wrong != cursor:
            q = {"chat_id": clara.id, "cursor": wrong}
            assert anna.refused("messages/", q, 400) == "invalid_request"
    for who, number, given in (
        (clara, anna.id, cursor),
        (anna, boris.id, cursor),
        (boris, clara.id, cursor),
        (anna, boris.id, url),
        (anna, clara.id, url.replace("/messages/", "/contacts/")),
        (anna, clara.id, url.replace("/unet/api", "")),
        (anna, clara.id, url + "&q={}"),
        (anna, clara.id, url.partition("?")[0]),
        (anna, clara.id, url.partition("?")[0] + "?q=1"),
    ):
        assert (
            who.refused("messages/", {"chat_id": number, "cursor": given}, 400) == "invalid_request"
        )
    assert anna.page(clara.id, cursor=url, query="", period={})["items"]
    contradicting = {"chat_id": clara.id, "cursor": url, "query": "other"}
    assert anna.refused("messages/", contradicting, 400) == "invalid_request"
    dated = {"chat_id": clara.id, "cursor": url, "period": {"from": "2026-01-01"}}
    assert anna.refused("messages/", dated, 400) == "invalid_request"
    assert anna.page(clara.id, cursor=url, limit=2)["limit"] == 2
    people = anna.ask("contacts/", {"limit": 1})["next_cursor"]
    assert anna.refused("messages/", {"chat_id": clara.id, "cursor": people}, 400)
    inside = json.loads(parse_qs(urlsplit(people).query)["q"][0])["cursor"]
    assert anna.refused("messages/", {"chat_id": clara.id, "cursor": inside}, 400)


def test_words_and_periods(anna: Person, boris: Person, clock: StillClock) -> None:
    group = group_of(anna, boris)
    clock.move(86_400 - clock.now // 1000 % 86_400)
    for words in ("Первый ДЕНЬ", "первый вечер"):
        anna.renew()
        anna.says(group, words)
        clock.move(43_200)
    anna.renew()
    anna.says(group, "второй день")
    clock.move(1)
    noon = anna.page(group)["items"][1]["created_time"]
    day = noon[:10]
    assert anna.texts(group, query="день") == ["второй день", "Первый ДЕНЬ"]
    assert anna.texts(group, period={"from": day, "till": day}) == ["первый вечер", "Первый ДЕНЬ"]
    assert anna.texts(group, period=json.dumps({"till": day}), query="ДЕНЬ") == ["Первый ДЕНЬ"]
    assert anna.texts(group, period={"from": noon, "till": noon}) == ["первый вечер"]
    assert anna.texts(group, period={"from": f"{day}T12:00:00"})[-1] == "первый вечер"
    assert anna.texts(group, period={"from": f"{day}T14:00:00+02:00"})[-1] == "первый вечер"
    assert anna.texts(group, period={"from": f"{day}T12:00:01Z"}) == ["второй день"]
    assert anna.texts(group, period={}) == anna.texts(group, query="") == anna.texts(group)
    assert anna.page(group, query="день")["total_count"] == 2
    assert anna.texts(group, period={"from": "0001-01-01", "till": "9999-12-31"}) == anna.texts(
        group
    )


def test_fields_say_more_and_less(anna: Person, boris: Person, clock: StillClock) -> None:
    sent = anna.says(boris.id, "uno", fields={"attachments": False, "can_edit": True})
    assert "attachments" not in sent
    assert sent["can_edit"]
    clock.move(60)
    fields = {"edits": True, "is_read": True, "can_edit": True, "can_delete": True, "uid": False}
    edited = anna.ask(f"messages/{sent['id']}/edit/", {"message": "dos", "fields": fields})
    assert edited["message"] == "dos"
    assert [each["uid"] for each in edited["edits"]] == [anna.id]
    assert edited["edits"][0]["time"] > edited["created_time"]
    assert (edited["is_read"], edited["can_edit"], edited["can_delete"]) == (False, True, True)
    seen = boris.page(anna.id, limit=1, fields=fields)["items"][0]
    assert "uid" not in seen
    assert (seen["can_edit"], seen["can_delete"], seen["edits"]) == (False, False, edited["edits"])


def test_what_is_not_ones_own_is_not_found(
    town: Town, anna: Person, boris: Person, clara: Person
) -> None:
    group = group_of(anna, boris)
    sent = anna.says(group, "secret")
    direct = anna.says(boris.id, "secret")
    internal = int(
        town.run(
            town.server.core.chats.open_direct(anna.actor, AccountId(boris.id), NewGroup("", ()))
        ).id
    )
    for number in (group, internal, sent["id"], 5, 2**53, 2**80):
        assert clara.refused("messages/", {"chat_id": number}, 404) == "not_found"
        assert (
            clara.refused("messages/add/", {"chat_id": number, "message": "x"}, 404) == "not_found"
        )
    assert anna.refused("messages/", {"chat_id": internal}, 404) == "not_found"
    for message in (sent, direct):
        path = f"messages/{message['id']}"
        assert clara.refused(path, {}, 404) == "not_found"
        assert clara.refused(f"{path}/edit/", {"message": "x"}, 404) == "not_found"
        assert clara.refused(f"{path}/delete/", {}, 404) == "not_found"
        assert boris.refused(f"{path}/edit/", {"message": "x"}, 403) == "access_denied"
        assert boris.refused(f"{path}/delete/", {}, 403) == "access_denied"
    wrong = {"message": "x", "chat_id": clara.id}
    assert anna.refused(f"messages/{sent['id']}/edit/", wrong, 404) == "not_found"
    right = {"message": "y", "chat_id": str(group)}
    assert anna.ask(f"messages/{sent['id']}/edit/", right)["message"] == "y"
    # Nor may who owns the group delete what others wrote, in this API.
    theirs = boris.says(group, "mine")
    assert anna.refused(f"messages/{theirs['id']}/delete/", {}, 403) == "access_denied"


def test_a_deleted_message_is_gone(anna: Person, boris: Person) -> None:
    sent = anna.says(boris.id, "gone")
    total = anna.page(boris.id)["total_count"]
    assert anna.ask(f"messages/{sent['id']}/delete/") == {}
    for who in (anna, boris):
        assert who.refused(f"messages/{sent['id']}", {}, 404) == "not_found"
    assert anna.refused(f"messages/{sent['id']}/delete/", {}, 404) == "not_found"
    assert anna.refused(f"messages/{sent['id']}/edit/", {"message": "x"}, 404) == "not_found"
    assert anna.page(boris.id)["total_count"] == total - 1


def test_who_may_not_be_written_to(town: Town, anna: Person, boris: Person) -> None:
    message = {"chat_id": anna.id, "message": "x"}
    assert anna.refused("messages/add/", message, 403) == "access_denied"
    town.run(town.server.core.accounts.block(boris.actor, [AccountId(anna.id)]))
    try:
        message = {"chat_id": boris.id, "message": "x"}
        assert anna.refused("messages/add/", message, 403) == "access_denied"
    finally:
        town.run(town.server.core.accounts.unblock(boris.actor, [AccountId(anna.id)]))
    assert anna.page(anna.id)["items"] == []


def test_a_random_id_sends_once(anna: Person, boris: Person) -> None:
    first = anna.says(boris.id, "once", random_id="r-1")
    assert anna.says(boris.id, "once", random_id="r-1") == first
    assert anna.says(boris.id, "other words", random_id="r-1") == first
    assert boris.says(anna.id, "mine", random_id="r-1") != first
    assert anna.texts(boris.id).count("once") == 1


def test_a_whisper_stays_one(anna: Person, boris: Person) -> None:
    sent = anna.says(boris.id, "psst", is_whisper=True)
    assert sent["is_whisper"]
    edited = anna.ask(f"messages/{sent['id']}/edit/", {"message": "x", "is_whisper": False})
    assert edited["is_whisper"]
    assert boris.page(anna.id, limit=1)["items"][0]["is_whisper"]


def test_only_what_is_given_changes(anna: Person, boris: Person) -> None:
    sent = anna.says(boris.id, "as it was")
    path = f"messages/{sent['id']}/edit/"
    assert anna.ask(path, {"fields": {"edits": True}}) == {**sent, "edits": []}
    for empty in ("", "  "):
        assert anna.refused(path, {"message": empty}, 400) == "invalid_request"
    assert anna.ask(f"messages/{sent['id']}") == sent


def test_a_complex_request_does_its_parts_in_order_and_each_answers_for_itself(
    anna: Person, boris: Person, clara: Person
) -> None:
    mine, theirs = anna.says(boris.id, "mine"), boris.says(anna.id, "theirs")
    answer = anna.ask(
        "messages/",
        [
            "add", [{"chat_id": boris.id, "message": "uno"}, {"chat_id": 5, "message": "x"}, {}],
            "edit", [{"id": mine["id"], "message": "edited"}, {"id": theirs["id"], "message": "x"}],
            "get", [{"id": mine["id"]}, {"id": "x"}],
            "delete", [{"id": mine["id"]}, {"id": mine["id"]}],
            "add", [],
        ],
    )  # fmt: skip
    assert answer[::2] == ["add", "edit", "get", "delete", "add"]
    added, edited, got, deleted, nothing = answer[1::2]
    assert added[0]["message"] == "uno"
    assert [each["error"] for each in added[1:]] == ["not_found", "invalid_request"]
    assert edited[0]["message"] == got[0]["message"] == "edited"
    assert edited[1]["error"] == "access_denied"
    assert got[1]["error"] == "invalid_request"
    assert deleted[0] == {}
    assert deleted[1]["error"] == "not_found"
    assert nothing == []
    assert anna.ask("messages/", []) == []


def test_a_complex_request_that_makes_no_sense_does_nothing(anna: Person, boris: Person) -> None:
    add = {"chat_id": boris.id, "message": "never"}
    for q in (
        ["add"],
        ["add", [add], "sub", [{}]],
        ["add", [add], "edit", {}],
        ["add", [add], "edit", [1]],
        ["add", [add], 1, []],
        ["add", [add] * 101],
        ["add", [add] * 60, "add", [add] * 41],
        [["add", [add]]],
    ):
        assert anna.refused("messages/", q, 400) == "invalid_request"
    for path in ("messages/chats/", "messages/add/", "user/", "contacts/", "messages/1"):
        assert anna.refused(path, ["add", [add]], 400) == "invalid_request"
    assert "never" not in anna.texts(boris.id)


def test_every_action_is_allowed_before_any_is_done(town: Town, boris: Person) -> None:
    token = town.granted("anna", "messages_write")["access_token"]
    q = ["add", [{"chat_id": boris.id, "message": "early"}], "get", [{"id": 5}]]
    answer = town.api(token, "messages/", q)
    assert (answer.status, answer.json["error"]) == (403, "insufficient_scope")
    assert 'scope="messages_read"' in answer.headers["www-authenticate"]
    assert "early" not in boris.texts(town.ids["anna"])
    assert town.api(token, "messages/", q[:2]).status == 200


def test_what_it_does_is_seen_by_the_other_apis(town: Town, anna: Person, boris: Person) -> None:
    sent = anna.says(boris.id, "one world")
    chat = town.run(
        town.server.core.chats.open_direct(anna.actor, AccountId(boris.id), NewGroup("", ()))
    )
    from tertulia.core.model import Page  # noqa: PLC0415 - used here only

    history = town.run(town.server.core.messages.history(boris.actor, ChatId(chat.id), Page(1)))
    assert history[0].message.id == sent["id"]


def test_only_what_people_wrote_is_unread(anna: Person, boris: Person, clara: Person) -> None:
    from tertulia.core.model import ChatChange  # noqa: PLC0415 - used here only

    group = group_of(anna, boris)
    change = ChatChange(add=(AccountId(clara.id),))
    anna.town.run(anna.town.server.core.chats.change(anna.actor, ChatId(group), change, 50))
    anna.says(group, "welcome")
    fields = {"unread_count": True, "last_message": True}
    listed = boris.ask("messages/chats/", {"fields": fields})["items"]
    (entry,) = [each for each in listed if each["chat_id"] == group]
    assert (entry["unread_count"], entry["members_count"]) == (1, "3")
    assert entry["last_message"]["message"] == "welcome"
    assert boris.texts(group) == ["welcome"]
