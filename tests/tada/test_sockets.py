"""Sockets of teams: what is refused, what ends them, and what others do that is heard there."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from websockets.exceptions import InvalidStatus

from tertulia.dialects.tada.ids import Kind, from_uuid, to_jid, to_uuid
from tests.house import RUNNING
from tests.tada.listening import Ear
from tests.tada.office import Office, Person, office, signs_up
from tests.world.wires import Wire

MOST = 256 << 10


@pytest.fixture(scope="module")
def place() -> Iterator[Office]:
    with office() as opened:
        yield opened


def listen(place: Office, who: Person, team: str = "") -> Ear:
    """A socket of theirs."""
    return Ear(place.base_url, team or place.team, token=who.token)


def jid(place: Office, who: Person) -> str:
    """What they are called in the team."""
    return str(who.ask("GET", f"/api/v4/teams/{place.team}")["me"]["jid"])


def status_of(place: Office, **headers: str) -> int:
    with pytest.raises(InvalidStatus) as refusal:
        Wire(place.base_url, f"/messaging/{place.team}", **headers)
    return refusal.value.response.status_code


def cookie(place: Office, who: Person) -> str:
    """The cookie that a browser of theirs has."""
    phone = {"phone": "+79160000009"}
    who.ask("POST", "/api/v3/sms-login", phone)
    answer = who.http.ask("POST", "/api/v3/sms-cookieauth", json.dumps(phone | {"code": "1111"}))
    return answer.headers["set-cookie"].partition(";")[0]


def test_an_event_that_is_too_long_ends_the_socket(place: Office) -> None:
    ear = listen(place, place.anna)
    ear.wire.socket.send(json.dumps({"event": "client.ping", "x": "a" * (MOST - 40)}))
    assert ear.settled() == []
    ear.wire.socket.send(json.dumps({"event": "client.ping", "x": "a" * MOST}))
    assert ear.wire.closed_with() == 1009


def test_an_event_may_come_in_parts(place: Office) -> None:
    ear = listen(place, place.anna)
    text = json.dumps({"event": "client.ping", "confirm_id": "part"})
    ear.wire.socket.send([text[:9], text[9:20], text[20:]])
    assert ear.next("server.confirm") == {"confirm_id": "part"}
    ear.close()


def test_a_revoked_token_ends_its_sockets(place: Office) -> None:
    device = {"device_id": str(uuid4()), "type": "web"}
    secrets = {"username": "anna", "password": "anna-secret"}
    token = place.anna.ask("POST", "/api/v4/auth/password/get-token", secrets | device)["token"]
    ear = Ear(place.base_url, place.team, token=token)
    place.anna.ask("DELETE", f"/api/v4/devices/{device['device_id']}")
    assert ear.wire.closed_with() == 1008
    assert ear.wire.drained()[-1]["event"] == "server.logout"


def test_a_foreign_page_cannot_listen_with_a_cookie() -> None:
    numbers = (("+79160000009", "1111"),)
    with office(sms_test_numbers=numbers) as place:
        worn = cookie(place, place.dora)
        owner = Person.__new__(Person)
        owner.http, owner.token, owner.login = place.dora.http, "", "dora"
        mine = owner.http.ask(
            "POST", "/api/v4/teams", json.dumps({"name": "own"}), cookie=worn
        ).json["result"]["uid"]
        own = place.base_url
        for origin in ("https://elsewhere.example", "null"):
            with pytest.raises(InvalidStatus) as refusal:
                Wire(own, f"/messaging/{mine}", cookie=worn, origin=origin)
            assert refusal.value.response.status_code == 403
        ear = Ear(own, mine, cookie=worn, origin=own)
        ear.close()
        assert status_of(place, cookie="otvauth=nonsense") == 401


@pytest.mark.parametrize("path", ["/messaging/", "/messaging/x/y", "/messaging/%00"])
def test_what_is_no_team_has_no_sockets(place: Office, path: str) -> None:
    with pytest.raises(InvalidStatus) as refusal:
        Wire(place.base_url, path, token=place.anna.token)
    assert refusal.value.response.status_code == 404


def test_who_blocks_nobody_hears_sama_people_and_they_hear_him(place: Office) -> None:
    """A direct chat of two who share a team is one chat, whatever they speak."""
    sama = Wire(place.base_url, "/")
    login = {"login": "boris", "password": "boris-secret", "device_id": "phone"}
    sama.send({"request": {"user_login": login, "id": "1"}})
    assert "user" in sama.receive()["response"]
    ear = listen(place, place.anna)
    boris = jid(place, place.boris)
    uuid = ear.write(boris, "from tada")
    heard = next_of(sama, "message")
    assert heard["body"] == "from tada"
    assert ear.next("server.message.updated")["messages"][0]["message_id"] == uuid
    cid, mid = heard["cid"], heard["_id"]

    sama.send({"request": {"message_read": {"cid": cid, "ids": [mid]}, "id": "2"}})
    received = ear.next("server.message.received")["messages"]
    assert received == [{"chat": boris, "message_id": uuid, "received": True}]

    sama.send({"typing": {"cid": cid, "status": "start"}})
    composing = ear.next("server.chat.composing")
    assert (composing["jid"], composing["actor"], composing["composing"]) == (boris, boris, True)

    sama.send({"message": {"id": "m", "cid": cid, "body": "from sama"}})
    params = ear.next("server.message.updated")
    (message,) = params["messages"]
    assert (message["chat"], message["content"]["text"]) == (boris, "from sama")
    assert (params["delayed"], params["badge"]) == (False, 1)
    server_mid = next_of(sama, "ask")["server_mid"]

    edit = {"id": server_mid, "body": "edited"}
    sama.send({"request": {"message_edit": edit, "id": "3"}})
    params = ear.next("server.message.updated")
    assert params["messages"][0]["content"]["text"] == "edited"
    assert (params["delayed"], params["badge"]) == (True, 1)

    gone = {"cid": cid, "ids": [server_mid], "type": "all"}
    sama.send({"request": {"message_delete": gone, "id": "4"}})
    params = ear.next("server.message.updated")
    assert params["messages"][0]["content"] == {"type": "deleted", "text": ""}
    assert (params["messages"][0]["is_archive"], params["badge"]) == (True, 0)

    ear.say("client.chat.composing", jid=boris, composing=True)
    assert next_of(sama, "typing")["cid"] == cid
    ear.close()
    sama.close()


def test_what_a_sama_device_deletes_for_itself_is_gone_on_its_tada_device(place: Office) -> None:
    sama = Wire(place.base_url, "/")
    login = {"login": "boris", "password": "boris-secret", "device_id": "phone"}
    sama.send({"request": {"user_login": login, "id": "1"}})
    hers, his = listen(place, place.anna), listen(place, place.boris)
    home = listen(place, place.boris, to_uuid(Kind.TEAM, 0))
    boris, anna = jid(place, place.boris), jid(place, place.anna)
    uuid = hers.write(boris, "hide me")
    heard = next_of(sama, "message")
    assert his.next("server.message.updated")["badge"] == 1
    assert home.next("server.team.counters")["badge"] == 1
    assert [each["event"] for each in hers.settled()] == ["server.message.updated"]

    gone = {"cid": heard["cid"], "ids": [heard["_id"]], "type": "myself"}
    sama.send({"request": {"message_delete": gone, "id": "2"}})
    params = his.next("server.message.updated")
    (message,) = params["messages"]
    assert (message["message_id"], message["is_archive"]) == (uuid, True)
    assert message["content"] == {"type": "deleted", "text": ""}
    assert (params["delayed"], params["badge"]) == (True, 0)
    (chat,) = his.next("server.chat.updated")["chats"]
    assert (chat["jid"], chat.get("num_unread", 0)) == (anna, 0)
    counters = home.next("server.team.counters")
    assert (counters["teams"][0]["unread"]["direct"]["messages"], counters["badge"]) == (0, 0)
    assert hers.settled() == []
    for each in (hers, his, home, sama):
        each.close()


def test_a_direct_chat_that_a_sama_device_leaves_is_empty_on_its_tada_device(place: Office) -> None:
    sama = Wire(place.base_url, "/")
    login = {"login": "boris", "password": "boris-secret", "device_id": "phone"}
    sama.send({"request": {"user_login": login, "id": "1"}})
    hers, his = listen(place, place.anna), listen(place, place.boris)
    boris, anna = jid(place, place.boris), jid(place, place.anna)
    hers.write(boris, "leave me")
    cid = next_of(sama, "message")["cid"]
    assert his.next("server.message.updated")["badge"] == 1

    sama.send({"request": {"conversation_delete": {"id": cid}, "id": "2"}})
    params = his.next("server.chat.updated")
    (chat,) = params["chats"]
    assert (chat["jid"], chat.get("num_unread", 0), params["badge"]) == (anna, 0, 0)
    assert "last_message" not in chat
    for each in (hers, his, sama):
        each.close()


def next_of(wire: Wire, name: str) -> Any:
    while name not in (packet := wire.receive()):
        pass
    return packet[name]


def test_one_who_shares_no_team_is_met_in_the_home_team(place: Office) -> None:
    signs_up(place.base_url, "zoe")
    sama = Wire(place.base_url, "/")
    login = {"login": "zoe", "password": "zoe-secret", "device_id": "phone"}
    sama.send({"request": {"user_login": login, "id": "1"}})
    zoe = sama.receive()["response"]["user"]["_id"]
    sama.send({"request": {"user_search": {"keyword": "anna"}, "id": "2"}})
    (anna,) = next_of(sama, "response")["users"]
    home, team = listen(place, place.anna, to_uuid(Kind.TEAM, 0)), listen(place, place.anna)
    contact = to_jid(Kind.HOME_CONTACT, int(zoe[8:], 16))
    create = {"type": "u", "participants": [anna["_id"]]}
    sama.send({"request": {"conversation_create": create, "id": "3"}})
    cid = next_of(sama, "response")["conversation"]["_id"]
    sama.send({"message": {"id": "m", "cid": cid, "body": "hi"}})
    assert home.next("server.message.updated")["messages"][0]["chat"] == contact
    counters = team.next("server.team.counters")
    assert [each["uid"] for each in counters["teams"]] == [to_uuid(Kind.TEAM, 0)]
    assert counters["teams"][0]["unread"]["direct"]["messages"] == 1
    uuid = home.write(contact, "hello")
    assert next_of(sama, "message")["body"] == "hello"
    assert home.next("server.message.updated")["messages"][0]["message_id"] == uuid
    # In the team she is nobody.
    team.write(contact, "again")
    assert team.next("server.warning")["message"].startswith("INVALID_DATA: to:")
    for each in (home, team, sama):
        each.close()


def test_messages_of_one_socket_stay_in_their_order(place: Office) -> None:
    ear, other = listen(place, place.anna), listen(place, place.boris)
    uuids = [ear.write(place.tea, f"m{number}") for number in range(300)]
    for each in (ear, other):
        heard: list[Any] = []
        while len(heard) < len(uuids):
            heard.append(each.next("server.message.updated")["messages"][0])
        assert [message["message_id"] for message in heard] == uuids
        assert [message["prev"] for message in heard[1:]] == uuids[:-1]
        each.close()


def test_two_changes_of_one_message_right_behind_it_are_done_in_turn(place: Office) -> None:
    ear, uuid = listen(place, place.anna), str(uuid4())
    for text in ("one", "two", "three"):
        ear.write(place.tea, text, uuid)
    told = [ear.next("server.message.updated") for _ in range(3)]
    assert [each["delayed"] for each in told] == [False, True, True]
    assert [each["messages"][0]["content"]["text"] for each in told] == ["one", "two", "three"]
    ear.close()


def test_a_foreign_name_is_refused_whoever_has_it(place: Office) -> None:
    anna, boris = listen(place, place.anna), listen(place, place.boris)
    uuid = anna.write(place.tea, "mine")
    anna.next("server.message.updated")
    for number in (1, 2):
        boris.write(place.tea, f"yours {number}", uuid)
        assert boris.next("server.warning")["message"] == "ACCESS_DENIED"
    derived = to_uuid(Kind.MESSAGE, 7)
    boris.write(place.tea, "derived", derived)
    assert "server.warning" in {each["event"] for each in boris.settled()}
    assert from_uuid(Kind.MESSAGE, derived) == 7
    anna.close()
    boris.close()


def test_who_is_quoted_from_elsewhere_has_a_name_on_sockets_too(place: Office) -> None:
    """Somebody who never was in the team: the same as over HTTP."""
    team = place.dora.ask("POST", "/api/v4/teams", {"name": "own"})["uid"]
    invitation = place.dora.ask("POST", f"/api/v4/teams/{team}/invitations", {})
    place.anna.ask("POST", "/api/v4/teams/join", {"token": invitation["token"]})
    hers = place.anna.ask("GET", f"/api/v4/teams/{team}")["me"]["jid"]
    path = f"/api/v4/teams/{team}/chats/{hers}/messages"
    brought = place.dora.ask("POST", path, {"text": "from elsewhere"})["message_id"]
    ear = listen(place, place.boris)
    said = place.say(place.anna, "listen", linked_messages=[brought])
    (heard,) = ear.next("server.message.updated")["messages"]
    ear.close()
    assert heard["linked_messages"][0]["from"] == said["linked_messages"][0]["from"] != ""


def test_strangers_jids_open_nothing(place: Office) -> None:
    """Jids of another team, of accounts, of what is not there."""
    other = place.dora.ask("POST", "/api/v4/teams", {"name": "other"})
    foreign = other["me"]["jid"]
    (group,) = place.dora.ask("GET", f"/api/v4/teams/{other['uid']}/groups")
    ear = listen(place, place.anna)
    names = [foreign, group["jid"], to_jid(Kind.HOME_CONTACT, 5), to_jid(Kind.GROUP, 5)]
    names += [to_jid(Kind.SYSTEMBOT, 5), "d-x", "g-", "", "x" * 9_000]
    for name in names:
        ear.write(name, "x")
        ear.say("client.chat.composing", jid=name, composing=True)
        ear.say("client.chat.lastread", jid=name)
    heard = ear.settled()
    assert {each["event"] for each in heard} == {"server.warning"}
    assert len(heard) == 3 * len(names)
    ear.close()


NONSENSE: list[Any] = [
    None,
    True,
    0,
    -1,
    2**70,
    1.5,
    "",
    "x",
    "\0",
    "🐙" * 50,
    [],
    [1],
    {},
    {"a": [{}]},
]

FIELDS = {
    "client.ping": ("x",),
    "client.activity": ("afk",),
    "client.message.updated": (
        "to", "content", "message_id", "reply_to", "linked_messages", "important", "nopreview", "uploads",
    ),
    "client.message.deleted": ("message_id",),
    "client.chat.composing": ("jid", "composing", "is_audio"),
    "client.chat.lastread": ("jid", "last_read_message_id"),
}  # fmt: skip


@pytest.mark.parametrize("event", FIELDS)
def test_nonsense_in_every_field_is_answered_and_nothing_breaks(place: Office, event: str) -> None:
    """The server logs no mistake of its own (`office` looks), and the socket lives on."""
    ear = listen(place, place.anna)
    good = {"to": place.tea, "content": {"text": "ok"}, "jid": place.tea}
    sent = 0
    for field in FIELDS[event]:
        for value in NONSENSE:
            params = {key: each for key, each in good.items() if key in FIELDS[event]}
            ear.say(event, f"c{sent}", **{**params, field: value})
            sent += 1
    for content in NONSENSE:
        for key in ("text", "type", "upload"):
            if event == "client.message.updated":
                ear.say(event, f"c{sent}", to=place.tea, content={"text": "ok", key: content})
                sent += 1
    answers = [
        each for each in ear.settled() if each["event"] in {"server.confirm", "server.warning"}
    ]
    assert len(answers) == sent
    ear.close()


@pytest.mark.parametrize("value", NONSENSE)
def test_frames_of_nonsense_are_warned_of(place: Office, value: Any) -> None:
    ear = listen(place, place.anna)
    ear.wire.send(value)
    ear.wire.send({"event": value})
    ear.wire.send({"event": "client.ping", "confirm_id": value, "params": value})
    ear.wire.socket.send(json.dumps(value).encode() + b"\xff")
    ear.wire.socket.send("[" * 10_000)
    heard = ear.settled()
    assert len(heard) >= 4
    assert {each["event"] for each in heard} <= {"server.warning", "server.confirm"}
    ear.close()


@pytest.mark.slow
def test_ten_thousand_unconfirmed_events_cost_nothing_and_the_newest_come_again(
    place: Office,
) -> None:
    writer = listen(place, place.boris)
    device = {"device_id": str(uuid4()), "type": "web"}
    secrets = {"username": "anna", "password": "anna-secret"}
    token = place.anna.ask("POST", "/api/v4/auth/password/get-token", secrets | device)["token"]
    ear = Ear(place.base_url, place.team, token=token)
    for first in range(0, 10_000, 500):
        for number in range(first, first + 500):
            writer.write(place.hall, f"n{number}")
        writer.settled()
        heard = [each["params"]["messages"][0] for each in ear.settled()]
        assert [each["content"]["text"] for each in heard] == [
            f"n{number}" for number in range(first, first + 500)
        ]
    ear.close()
    ear = Ear.__new__(Ear)
    ear.wire = Wire(place.base_url, f"/messaging/{place.team}", token=token)
    again = [each for each in ear.settled() if each["event"] == "server.message.updated"]
    texts = [each["params"]["messages"][0]["content"]["text"] for each in again]
    assert texts == [f"n{number}" for number in range(9_800, 10_000)]
    assert {each["params"]["delayed"] for each in again} == {True}
    ear.close()
    writer.close()


def test_who_hangs_up_before_he_is_told_what_he_missed_hears_it_the_next_time(
    place: Office,
) -> None:
    writer, ear = listen(place, place.boris), listen(place, place.anna)
    lost = writer.write(place.hall, "not confirmed")
    assert ear.next("server.message.updated")["messages"][0]["message_id"] == lost
    ear.close()
    missed = writer.write(place.hall, "not even told")
    writer.settled()
    for _ in range(20):
        Wire(place.base_url, f"/messaging/{place.team}", token=place.anna.token).close()
    ear = Ear.__new__(Ear)
    ear.wire = Wire(place.base_url, f"/messaging/{place.team}", token=place.anna.token)
    again = [each for each in ear.settled() if each["event"] == "server.message.updated"]
    assert [each["params"]["messages"][0]["message_id"] for each in again][-2:] == [lost, missed]
    ear.close()
    writer.close()


def test_a_stop_of_the_server_is_told() -> None:
    with office() as place:
        ear = listen(place, place.anna)
    assert ear.wire.closed_with() == 1001


def test_other_processes_can_learn_whether_anybody_looks_at_a_socket(place: Office) -> None:
    ear = listen(place, place.boris)
    ear.settled()
    heard: list[int] = []
    RUNNING[place.base_url].hub.share(heard.append)
    for afk in (True, True, False):
        ear.say("client.activity", f"a{afk}", afk=afk)
        ear.settled()
    assert len(heard) == 2
    ear.close()
