"""Webhooks: what they are told, in which order, and how patiently."""

from collections.abc import Iterator
from ipaddress import ip_network
from typing import Any

import pytest

from tertulia.dialects.tada.webhooks import PAUSES_S, WITHIN_S
from tests.receiver import Receiver, receiving
from tests.tada.office import Office, key_of, office

LOOPBACK = (ip_network("127.0.0.1/32"),)
FIELDS = ("chat", "chat_display_name", "created", "sender", "sender_display_name", "text")


@pytest.fixture(scope="module")
def place() -> Iterator[Office]:
    with office(callback_allow=LOOPBACK) as opened:
        yield opened


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as opened:
        yield opened


def hook(place: Office, receiver: Receiver, group: str | None = None) -> Any:
    return place.hook(group, webhook_url=receiver.url)


def test_the_patience_is_the_documents() -> None:
    assert PAUSES_S == (1, 2, 4, 8, 16, 32, 64, 128)
    assert WITHIN_S == 10


def test_a_new_message_is_told_as_a_form_of_six_fields(place: Office, receiver: Receiver) -> None:
    made = hook(place, receiver)
    said = place.say(place.boris, "едем?")
    called = receiver.next()
    assert called.fields == FIELDS
    assert called.form == {
        "chat": place.tea,
        "chat_display_name": "tea",
        "created": said["created"],
        "sender": said["from"],
        "sender_display_name": "boris",
        "text": "едем?",
    }
    assert called.headers["key"] == key_of(made)
    assert called.headers["content-type"] == "application/x-www-form-urlencoded"
    assert called.path == "/hook?a=1"


def test_messages_of_a_group_are_told_in_order_and_no_others(
    place: Office, receiver: Receiver
) -> None:
    place.say(place.anna, "before")
    made = hook(place, receiver)
    other = place.hook(comment="other")
    place.say(place.anna, "elsewhere", place.hall)
    for number in range(10):
        place.say(place.boris if number % 2 else place.anna, f"number {number}")
    place.post(key=key_of(made), message="its own")
    place.post(key=key_of(other), message="another's")
    place.say(place.anna, "last")
    expected = [*(f"number {number}" for number in range(10)), "another's", "last"]
    assert receiver.texts(12) == expected
    assert receiver.calls.empty()


def test_edits_and_deletions_are_not_told(place: Office, receiver: Receiver) -> None:
    hook(place, receiver)
    said = place.say(place.anna, "first")
    assert receiver.texts(1) == ["first"]
    one = f"/api/v4/teams/{place.team}/chats/{place.tea}/messages/{said['message_id']}"
    place.anna.ask("PUT", one, {"text": "edited"})
    place.anna.ask("DELETE", one)
    place.say(place.anna, "second")
    assert receiver.texts(1) == ["second"]


@pytest.mark.slow
def test_only_200_is_success_and_later_messages_wait(place: Office, receiver: Receiver) -> None:
    receiver.statuses = [204, 301]
    hook(place, receiver)
    place.say(place.anna, "one")
    place.say(place.anna, "two")
    calls = [receiver.next() for _ in range(4)]
    assert [(each.form["text"], each.status) for each in calls] == [
        ("one", 204),
        ("one", 301),
        ("one", 200),
        ("two", 200),
    ]


def test_a_failing_webhook_holds_up_no_other(place: Office, receiver: Receiver) -> None:
    with receiving() as broken:
        broken.usual = 500
        hook(place, broken)
        hook(place, receiver)
        for text in ("one", "two", "three"):
            place.say(place.anna, text)
        assert receiver.texts(3) == ["one", "two", "three"]
        assert broken.next().form["text"] == "one"


def test_a_webhook_that_is_switched_off_hears_nothing_until_it_is_on(
    place: Office, receiver: Receiver
) -> None:
    made = hook(place, receiver)
    one = f"{place.path}/{made['uid']}"
    place.anna.ask("PUT", one, {"enabled": False})
    place.say(place.anna, "unheard")
    place.anna.ask("PUT", one, {"enabled": True})
    place.say(place.anna, "heard")
    assert receiver.texts(1) == ["heard"]
    place.anna.ask("PUT", one, {"group": place.hall})
    place.say(place.anna, "in tea")
    place.say(place.anna, "in hall", place.hall)
    assert receiver.next().form["chat"] == place.hall
    place.anna.ask("DELETE", one)
    place.say(place.anna, "after", place.hall)
    with receiving() as second:
        hook(place, second, place.hall)
        place.say(place.anna, "to the second", place.hall)
        assert second.texts(1) == ["to the second"]
    assert receiver.calls.empty()


def test_a_new_address_is_tried_at_once(place: Office, receiver: Receiver) -> None:
    with receiving() as broken:
        broken.usual = 500
        made = hook(place, broken)
        place.say(place.anna, "waiting")
        assert broken.next().status == 500
        one = f"{place.path}/{made['uid']}"
        place.anna.ask("PUT", one, {"webhook_url": receiver.url})
        assert receiver.texts(1) == ["waiting"]


def test_an_upload_is_told_by_its_address(place: Office, receiver: Receiver) -> None:
    hook(place, receiver)
    parts = (
        '--x\r\nContent-Disposition: form-data; name="file"; filename="a b.txt"\r\n'
        "Content-Type: text/plain\r\n\r\nhello\r\n--x--\r\n"
    )
    path = f"/api/v4/teams/{place.team}/chats/{place.tea}/messages"
    answer = place.anna.call("POST", path, parts, content_type="multipart/form-data; boundary=x")
    address = answer.json["result"]["content"]["mediaURL"]
    assert receiver.texts(1) == [address]
