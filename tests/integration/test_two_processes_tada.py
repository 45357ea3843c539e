"""Two processes act as one for people with Tada: requests go to one, sockets hang on the other."""

import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from tests.integration.cluster import PATIENCE_S, Cluster, until
from tests.tada import listening
from tests.tada.office import Office, Person
from tests.world.wires import Http, Wire

pytestmark = [pytest.mark.integration, pytest.mark.slow]


@pytest.fixture
def here(pair: Cluster) -> str:
    return pair.urls[0]


@pytest.fixture
def there(pair: Cluster) -> str:
    return pair.urls[1]


class Ear(listening.Ear):
    """Waits for an event as long as it may take; who is online is told all the time, and is no answer."""

    def expect(self, event: str, wanted: Callable[[Any], bool] = lambda _: True) -> Any:
        """The params of the next event of that name with which it is so; others are passed over."""
        end = time.monotonic() + PATIENCE_S
        while (packet := self.wire.receive())["event"] != event or not wanted(packet["params"]):
            assert time.monotonic() < end, (event, packet)
        return packet["params"]

    def confirm(self, packet: Any) -> None:
        """Say that it has come."""
        params = {"confirm_id": packet["confirm_id"]}
        self.wire.send({"event": "client.confirm", "params": params})


def jid_of(office: Office, who: Person) -> str:
    """What that person is called in the team."""
    return str(who.ask("GET", f"/api/v4/teams/{office.team}")["me"]["jid"])


def message_of(params: Any) -> Any:
    """The only message of an event."""
    (message,) = params["messages"]
    return message


def at(base_url: str, who: Person) -> Person:
    """The same person, with the same token, at another process."""
    there = Person.__new__(Person)
    there.http, there.token, there.login = Http(base_url), who.token, who.login
    return there


def opened(base_url: str, team: str, token: str) -> Ear:
    """A socket of which nothing was read yet."""
    ear = Ear.__new__(Ear)
    ear.wire = Wire(base_url, f"/messaging/{team}", token=token)
    return ear


def test_what_becomes_of_a_message_is_heard_on_the_other_process(
    office: Office, here: str, there: str
) -> None:
    anna, boris = Ear(here, office.team, token=office.anna.token), Ear(
        there, office.team, token=office.boris.token
    )  # fmt: skip
    said = office.say(office.anna, "kettle is on")
    heard = boris.expect("server.message.updated")
    assert message_of(heard)["content"]["text"] == "kettle is on"
    (counters,) = heard["chat_counters"]
    assert (heard["delayed"], counters["jid"], counters["num_unread"]) == (False, office.tea, 1)
    assert message_of(anna.expect("server.message.updated"))["message_id"] == said["message_id"]
    boris.say("client.chat.lastread", "read", jid=office.tea)
    received = anna.expect("server.message.received")["messages"]
    assert received == [{"chat": office.tea, "message_id": said["message_id"], "received": True}]
    one = f"/api/v4/teams/{office.team}/chats/{office.tea}/messages/{said['message_id']}"
    office.anna.ask("PUT", one, {"text": "kettle is off"})
    heard = boris.expect("server.message.updated")
    assert (message_of(heard)["content"]["text"], heard["delayed"]) == ("kettle is off", True)
    office.anna.ask("DELETE", one)
    assert message_of(boris.expect("server.message.updated"))["is_archive"] is True
    # And the other way: what is written on a socket there.
    uuid = boris.write(office.tea, "is it?")
    heard = anna.expect(
        "server.message.updated", lambda params: message_of(params)["message_id"] == uuid
    )
    assert message_of(heard)["content"]["text"] == "is it?"
    boris.say("client.chat.composing", jid=office.tea, composing=True)
    assert anna.expect("server.chat.composing")["actor"] == jid_of(office, office.boris)
    for each in (anna, boris):
        each.close()


def test_many_messages_from_both_sides_are_heard_once_and_in_one_order(
    office: Office, here: str, there: str
) -> None:
    ears = [Ear(url, office.team, token=office.anna.token) for url in (here, there)]
    writers = [Ear(url, office.team, token=office.boris.token) for url in (here, there)]
    for number in range(40):
        for writer in writers:
            writer.write(office.hall, f"n{number}")
    last = {f"n{number}" for number in range(40)}
    order = []
    for ear in (*ears, *writers):
        heard: list[tuple[str, str]] = []
        while len(heard) < 2 * len(last):
            message = message_of(ear.expect("server.message.updated"))
            heard.append((message["message_id"], message["content"]["text"]))
        assert len(set(heard)) == 2 * len(last)
        order.append(heard)
        ear.close()
    assert order == order[:1] * 4
    assert [text for _, text in order[0]] == office.texts(office.hall)[-2 * len(last) :]


def test_groups_and_counters_are_heard_on_the_other_process(office: Office, there: str) -> None:
    other = office.boris.ask("POST", "/api/v4/teams", {"name": "chess"})["uid"]
    ear = Ear(there, office.team, token=office.boris.token)
    elsewhere = Ear(there, other, token=office.boris.token)
    boris = jid_of(office, office.boris)
    groups = f"/api/v4/teams/{office.team}/groups"
    body = {"display_name": "cake", "members": [{"jid": boris, "status": "member"}]}
    cake = office.anna.ask("POST", groups, body)["jid"]
    named = ear.expect("server.chat.updated", lambda params: params["chats"][0]["jid"] == cake)
    assert named["chats"][0]["display_name"] == "cake"
    before = at(there, office.boris).ask("GET", f"/api/v4/teams/{office.team}")["unread"]["group"]
    office.say(office.anna, "who wants some?", cake)
    assert message_of(ear.expect("server.message.updated"))["chat"] == cake
    (counted,) = elsewhere.expect("server.team.counters")["teams"]
    assert counted["uid"] == office.team
    assert counted["unread"]["group"]["messages"] == before["messages"] + 1
    office.anna.ask("DELETE", f"{groups}/{cake}/members/{boris}")
    assert ear.expect("server.chat.deleted")["chats"][0]["jid"] == cake
    for each in (ear, elsewhere):
        each.close()


def test_what_changes_in_a_team_is_heard_on_the_other_process(office: Office, there: str) -> None:
    ear = Ear(there, office.team, token=office.boris.token)
    team = f"/api/v4/teams/{office.team}"
    office.anna.ask("PUT", team, {"name": "ski club"})
    assert ear.expect("server.team.updated")["teams"][0]["name"] == "ski club"
    anna = jid_of(office, office.anna)
    office.anna.ask("PUT", f"{team}/contacts/{anna}", {"role": "trainer"})
    told = ear.expect("server.contact.updated", lambda params: params["contacts"][0]["jid"] == anna)
    assert told["contacts"][0]["role"] == "trainer"
    section = office.anna.ask("POST", f"{team}/sections", {"name": "masters"})["uid"]
    assert ear.expect("server.section.updated")["sections"][0]["uid"] == section
    # Somebody joins, is known at once wherever he speaks, and is put out again.
    token = office.anna.ask("POST", f"/api/v3/teams/{office.team}/invitations", {})["token"]
    at(there, office.dora).ask("POST", "/api/v4/teams/join", {"token": token})
    dora = jid_of(office, office.dora)
    ear.expect("server.contact.updated", lambda params: params["contacts"][0]["jid"] == dora)
    hers = Ear(there, office.team, token=office.dora.token)
    office.anna.ask("DELETE", f"{team}/contacts/{dora}")
    assert hers.expect("server.team.deleted")["teams"][0]["uid"] == office.team
    assert hers.wire.closed_with() == 1008
    assert at(there, office.dora).call("GET", team).status == 403
    ear.close()


def test_who_is_online_is_seen_from_every_process(office: Office, here: str, there: str) -> None:
    ear = Ear(here, office.team, token=office.anna.token)
    boris = jid_of(office, office.boris)

    anna = jid_of(office, office.anna)

    def shows(jid: str, *, there: bool) -> Callable[[Any], bool]:
        return lambda params: (jid in {each["jid"] for each in params["contacts"]}) is there

    ear.expect("server.online", shows(boris, there=False))
    his = opened(there, office.team, office.boris.token)
    # He is told at once who is there.
    his.expect("server.online", shows(anna, there=True))
    ear.expect("server.online", shows(boris, there=True))
    his.close()
    ear.expect("server.online", shows(boris, there=False))
    ear.close()


def test_a_device_that_is_dismissed_on_one_process_is_out_on_the_other(
    office: Office, there: str
) -> None:
    device = {"device_id": str(uuid4()), "type": "web"}
    secrets = {"username": "boris", "password": "boris-secret"}
    path = "/api/v4/auth/password/get-token"
    token = office.boris.ask("POST", path, secrets | device)["token"]
    ear = Ear(there, office.team, token=token)
    office.boris.ask("DELETE", f"/api/v4/devices/{device['device_id']}")
    assert ear.wire.closed_with() == 1008
    assert ear.wire.drained()[-1]["event"] == "server.logout"
    answer = Http(there).ask("GET", "/api/v4/me", token=token)
    assert (answer.status, answer.json["error"]) == (401, "INVALID_TOKEN")


def test_what_was_not_confirmed_on_one_process_is_told_again_on_the_other(
    office: Office, here: str, there: str
) -> None:
    device = {"device_id": str(uuid4()), "type": "web"}
    secrets = {"username": "boris", "password": "boris-secret"}
    path = "/api/v4/auth/password/get-token"
    token = office.boris.ask("POST", path, secrets | device)["token"]
    ear = Ear(there, office.team, token=token)
    lost = office.say(office.anna, "not confirmed")["message_id"]
    assert message_of(ear.expect("server.message.updated"))["message_id"] == lost
    ear.close()
    missed = office.say(office.anna, "not even told")["message_id"]
    back = opened(here, office.team, token)
    heard: list[str] = []
    while heard[-2:] != [lost, missed]:
        # What was changed in the second before comes, too.
        packet = back.wire.receive()
        if packet["event"] == "server.message.updated":
            heard.append(message_of(packet["params"])["message_id"])
            back.confirm(packet)
    back.settled()
    back.close()

    def is_all_told() -> bool:
        """Who is back before his last hanging up was noticed is told again, and confirms again."""
        third = opened(there, office.team, token)
        told = [each for each in third.settled() if each["event"] == "server.message.updated"]
        for each in told:
            third.confirm(each)
        third.settled()
        third.close()
        return not told

    until(is_all_told)


def test_a_sign_in_that_begins_on_one_process_ends_on_the_other(
    office: Office, here: str, there: str
) -> None:
    """By a code, and by a QR picture."""
    phone = {"phone": "+79160000001"}
    newcomer = Person.__new__(Person)
    newcomer.http, newcomer.token, newcomer.login = Http(here), "", "new"
    newcomer.ask("POST", "/api/v4/auth/sms/send-code", phone)
    there_too = at(there, newcomer)
    code = phone | {"code": "1111"}
    newcomer.token = there_too.ask("POST", "/api/v4/auth/sms/get-token", code)["token"]
    me = newcomer.ask("GET", "/api/v4/me")
    assert me["phone"] == phone["phone"]
    shown = at(there, newcomer).ask("GET", "/api/v3/qr-login.png?debug=True")["url"]
    device = {"type": "android", "device_id": "a-7"}
    ticket = {"temp_token": shown.rpartition("/")[2]}
    second = Person.__new__(Person)
    second.http, second.token, second.login = Http(here), "", "new"
    second.token = second.ask("POST", "/api/v3/qr-auth", ticket | device)["token"]
    assert at(there, second).ask("GET", "/api/v4/me")["phone"] == phone["phone"]
    # A ticket is good once, wherever it is shown.
    again = Person.__new__(Person)
    again.http, again.token, again.login = Http(there), "", "new"
    assert again.refused("POST", "/api/v3/qr-auth", ticket | device)[0] == 422
