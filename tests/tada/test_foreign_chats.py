"""Chats, groups, tasks and messages, asked for by those who may not: refused, and nothing done."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from tertulia.dialects.tada.handlers import chats, groups, messages, tasks, uploads
from tertulia.dialects.tada.ids import Kind, to_jid, to_uuid
from tertulia.dialects.tada.routes import Access
from tests.tada.club import Club, club
from tests.tada.office import Person

ROOMS = (chats, groups, messages, tasks, uploads)


def operations() -> Iterator[tuple[str, str]]:
    for room in ROOMS:
        for each in room.OPERATIONS:
            if each.access is Access.ACCOUNT:
                yield each.method, each.path


class Secrets:
    """A group, a task and messages of Anna's, into which nobody else may look."""

    def __init__(self, house: Club) -> None:
        self.house = house
        anna, team = house.anna, house.path
        self.group = anna.ask("POST", f"{team}/groups", {"display_name": "secret"})["jid"]
        self.task = anna.ask("POST", f"{team}/tasks", {"description": "secret"})["jid"]
        self.message = self.says(self.group)
        self.in_task = self.says(self.task)
        self.notes = next(
            each["jid"]
            for each in anna.ask("GET", f"{team}/chats?chat_type=direct")["objects"]
            if each["display_name"] == "Мои заметки"
        )
        self.note = self.says(self.notes)

    def says(self, jid: str) -> str:
        path = f"{self.house.path}/chats/{jid}/messages"
        return str(self.house.anna.ask("POST", path, {"text": "secret"})["message_id"])

    def paths(self, team: str) -> Iterator[tuple[str, str]]:
        """Every operation on every one of these."""
        mine = self.house.jid(self.house.anna)
        for method, pattern in operations():
            for jid, message in (
                (self.group, self.message),
                (self.task, self.in_task),
                (self.notes, self.note),
            ):
                path = pattern.format(
                    team=team, jid=jid, message=message, member=mine, name="+", part="x"
                )
                if "{jid}" in pattern or "{message}" in pattern:
                    yield method, f"/api/v4{path}"

    def state(self) -> list[Any]:
        """All that could have been changed."""
        anna, team = self.house.anna, self.house.path
        return [
            anna.ask("GET", f"{team}/chats?hidden=any"),
            *(anna.ask("GET", f"{team}/messages/{each}") for each in (self.group, self.task)),
            anna.ask("GET", f"{team}/messages/{self.notes}?include_deleted=true"),
            anna.ask("GET", f"{team}/groups/{self.group}/members"),
            anna.ask("GET", f"{team}/usage"),
        ]


def answers(secrets: Secrets, who: Person, team: str) -> set[int]:
    """What all operations answer."""
    body = {"text": "x", "display_name": "x", "status": "member", "task_status": "done"}
    found = set()
    for method, path in secrets.paths(team):
        answer = who.call(method, path, None if method == "GET" else body)
        assert answer.json["ok"] is False, (method, path, answer.json)
        found.add(answer.status)
    return found


@pytest.mark.slow
def test_a_member_of_the_team_gets_into_nothing_of_anothers() -> None:
    with club() as house:
        secrets = Secrets(house)
        before = secrets.state()
        assert answers(secrets, house.boris, house.team) == {403, 404}
        assert secrets.state() == before


@pytest.mark.slow
def test_a_stranger_is_denied_whatever_he_asks_for() -> None:
    with club() as house:
        secrets = Secrets(house)
        before = secrets.state()
        assert answers(secrets, house.dora, house.team) == {403}
        assert secrets.state() == before


@pytest.mark.slow
def test_what_belongs_to_another_team_is_not_found_in_ones_own() -> None:
    with club() as house:
        secrets = Secrets(house)
        before = secrets.state()
        own = house.dora.ask("POST", "/api/v4/teams", {"name": "mine"})["uid"]
        assert answers(secrets, house.dora, own) == {404}
        # Nor in another team of the very same person.
        second = house.anna.ask("POST", "/api/v4/teams", {"name": "second"})["uid"]
        for jid in (secrets.group, secrets.task, house.jid(house.boris)):
            path = f"/api/v4/teams/{second}/messages/{jid}"
            assert house.anna.refused("GET", path)[0] == 404
        after = secrets.state()
        # Usage has another month only when the month turns.
        assert after == before


@pytest.mark.slow
def test_a_foreign_message_is_named_by_nothing() -> None:
    with club() as house:
        secrets = Secrets(house)
        boris, team = house.boris, house.path
        chat = f"{team}/chats/{house.jid(house.anna)}/messages"
        file = _upload(house)
        boris.ask("POST", chat, {"text": "only this"})
        for name in (secrets.message, secrets.in_task, secrets.note, str(uuid4()), "x", ""):
            for key in ("reply_to", "linked_messages"):
                value: Any = name if key == "reply_to" else [name]
                if not name and key == "reply_to":
                    continue
                status, code, fields = boris.refused("POST", chat, {"text": "x", key: value})
                assert (status, code, fields) == (422, "INVALID_DATA", [key])
            for key in ("old_from", "new_from", "around", "exact") if name else ():
                assert boris.refused("GET", f"{chat}?{key}={name}")[2] == [key]
        for upload in (file, str(uuid4()), to_uuid(Kind.UPLOAD, 7), secrets.message):
            body = {"text": "x", "uploads": [upload]}
            assert boris.refused("POST", chat, body)[2] == ["uploads"]
            assert boris.refused(
                "POST", f"{team}/tasks", {"description": "x", "uploads": [upload]}
            )[0] in {404, 422}
        assert len(boris.ask("GET", chat)["messages"]) == 1


def _upload(house: Club) -> str:
    """A file of Anna's that she has shown to nobody."""
    body = b'--cut\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\nx\r\n--cut--\r\n'
    answer = house.anna.call(
        "POST",
        f"{house.path}/upload",
        body,
        **{"content-type": "multipart/form-data; boundary=cut"},
    )
    return str(answer.json["result"]["uid"])


@pytest.mark.slow
def test_nobody_names_a_message_as_the_server_would() -> None:
    with club() as house:
        secrets = Secrets(house)
        anna, boris, team = house.anna, house.boris, house.path
        chat = f"{team}/chats/{house.jid(boris)}/messages"
        for name in (to_uuid(Kind.TEAM, 5), to_uuid(Kind.UPLOAD, 5), "x", "0" * 36):
            assert anna.refused("POST", chat, {"text": "x", "message_id": name})[2] == [
                "message_id"
            ]
        free = to_uuid(Kind.MESSAGE, 2**53 - 1)
        assert anna.refused("POST", chat, {"text": "x", "message_id": free})[0] == 404
        # A message of another chat is not changed from here.
        assert anna.refused("POST", chat, {"text": "x", "message_id": secrets.message})[0] == 404
        again = anna.ask(
            "POST",
            f"{team}/chats/{secrets.group}/messages",
            {"text": "y", "message_id": secrets.message},
        )
        assert (again["content"]["text"], again["num"]) == ("y", 0)


@pytest.mark.slow
def test_a_guest_makes_nothing_and_sees_what_he_is_in() -> None:
    with club() as house:
        house.contact(house.boris, status="guest")
        boris, team = house.boris, house.path
        group = house.anna.ask(
            "POST",
            f"{team}/groups",
            {"display_name": "tea", "members": [{"jid": house.jid(boris)}], "public": True},
        )["jid"]
        assert boris.refused("POST", f"{team}/groups", {"display_name": "x"})[0] == 403
        assert boris.refused("POST", f"{team}/tasks", {"description": "x"})[0] == 403
        boris.ask("POST", f"{team}/messages/{group}", {"text": "I may"})
        public = house.anna.ask("POST", f"{team}/tasks", {"description": "x", "public": True})[
            "jid"
        ]
        assert boris.refused("GET", f"{team}/tasks/{public}")[0] == 403
        assert boris.ask("GET", f"{team}/tasks?public=true") == []


@pytest.mark.slow
def test_who_was_removed_is_out_of_every_chat() -> None:
    with club() as house:
        boris, team = house.boris, house.path
        jid = house.jid(boris)
        group = boris.ask("POST", f"{team}/groups", {"display_name": "his"})["jid"]
        boris.ask("POST", f"{team}/messages/{house.jid(house.anna)}", {"text": "hi"})
        house.anna.ask("DELETE", f"{team}/contacts/{jid}")
        for path in (f"/messages/{group}", f"/chats/{group}", "/chats", "/messages", "/tasks"):
            assert boris.refused("GET", team + path)[0] == 403
        chat = house.anna.ask("GET", f"{team}/chats/{jid}")
        assert "can_send_message" not in chat
        assert chat["cant_send_message_reason"]
        assert house.anna.refused("POST", f"{team}/messages/{jid}", {"text": "x"})[0] == 403
        assert [
            each["content"]["text"]
            for each in house.anna.ask("GET", f"{team}/messages/{jid}")["messages"]
        ] == ["hi"]


@pytest.mark.slow
def test_limits_are_kept() -> None:
    with club() as house:
        boris, team = house.boris, house.path
        chat = f"{team}/chats/{house.jid(house.anna)}/messages"
        assert boris.refused("POST", chat, {"text": "x" * 12_001})[2] == ["text"]
        assert boris.ask("POST", chat, {"text": "ё" * 12_000})["num"] == 0
        assert boris.refused("POST", chat, {"text": "x", "uploads": ["x"] * 11})[2] == ["uploads"]
        linked = {"text": "x", "linked_messages": ["x"] * 101}
        assert boris.refused("POST", chat, linked)[2] == ["linked_messages"]
        for jid in (
            to_jid(Kind.SYSTEMBOT, 7),
            to_jid(Kind.NOTEBOT, 7),
            to_jid(Kind.HOME_CONTACT, 7),
            "d-",
            "x",
        ):
            assert boris.refused("POST", f"{team}/messages/{jid}", {"text": "x"})[0] == 404
        assert (
            boris.refused("PUT", f"{team}/chats/{house.jid(house.anna)}", {"draft": "x" * 12_001})[
                0
            ]
            == 422
        )
