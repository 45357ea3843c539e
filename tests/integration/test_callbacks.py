"""`kill -9` between an event and its callback: nothing acknowledged goes unheard, and order stays."""

import asyncio
import json
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.receiver import receiving
from tests.store.postgres_server import new_database
from tests.stories.process import serving

pytestmark = [pytest.mark.integration, pytest.mark.slow]

PHONES = {"anna": "+79990000001", "boris": "+79990000002"}
PASSWORD = "correct horse"


class Person:
    """Somebody with a token, who registered by SMS."""

    def __init__(self, base_url: str, name: str, token: str = "") -> None:
        self._host = base_url.removeprefix("http://")
        self.name = name
        self.token = token or self._registered()

    def at(self, base_url: str) -> "Person":
        """The same after the server has started anew."""
        return Person(base_url, self.name, self.token)

    def _registered(self) -> str:
        fields = {"username": self.name, "password": PASSWORD, "phone": PHONES[self.name]}
        token = str(self.ask("/users/register", **fields)["token"])
        self.ask("/users/confirm", phone=PHONES[self.name], code="1111")
        return token

    def ask(self, path: str, **fields: Any) -> Any:
        """What a call that must succeed says."""
        connection = HTTPConnection(self._host, timeout=30)
        token = {"token": self.token} if hasattr(self, "token") else {}
        connection.request("POST", path, urlencode(token | fields))
        answer = json.loads(connection.getresponse().read())
        connection.close()
        assert answer["code"] == 10, answer
        return answer

    def say(self, to: str, text: str) -> None:
        """A message."""
        self.ask("/messages/send", to=to, text=text)


def test_what_a_callback_has_not_heard_is_told_after_a_crash(tmp_path: Path) -> None:
    tell_after_a_crash(tmp_path)


def test_what_a_callback_has_not_heard_is_told_after_a_crash_on_postgres(tmp_path: Path) -> None:
    url = asyncio.run(new_database())
    tell_after_a_crash(tmp_path, "--database-url", url)


def tell_after_a_crash(data: Path, *options: str) -> None:
    numbers = ",".join(f"{phone}:1111" for phone in PHONES.values())
    options = ("--callback-allow", "127.0.0.1/32", "--sms-test-numbers", numbers, *options)
    with receiving() as old, receiving() as receiver:
        old.usual = receiver.usual = 500
        with serving(data, *options) as server:
            anna, boris = (Person(server.base_url, name) for name in PHONES)
            anna.ask("/events/callback/start", callback=old.url)
            anna.ask("/events/callback/start", callback=receiver.url)
            for text in ("one", "two", "three"):
                boris.say("anna", text)
            assert receiver.next().json["type"] == "callback_deprecated"
        # It was killed without a word; now somebody is there to hear.
        for each in (old, receiver):
            while not each.calls.empty():
                each.next()
            each.usual = 200
        with serving(data, *options) as server:
            anna, boris = anna.at(server.base_url), boris.at(server.base_url)
            called = [receiver.next() for _ in range(4)]
            assert called[0].json["type"] == "callback_deprecated"
            assert [each.text for each in called[1:]] == ["one", "two", "three"]
            assert old.next().json == called[0].json
            boris.say("anna", "four")
            assert receiver.texts(1) == ["four"]
            assert old.calls.empty()
            # Polls have lost nothing, either.
            polled = anna.ask("/events/polling", limit=100)["response"]
            told = [each.json["event_id"] for each in called]
            assert [each["event_id"] for each in polled][:4] == told


def poll_twice(base_url: str) -> Person:
    """Anna, who has had two of three messages."""
    anna, boris = (Person(base_url, name) for name in PHONES)
    for text in ("one", "two", "three"):
        boris.say("anna", text)
    for text in ("one", "two"):
        assert anna.ask("/events/polling")["event"]["text"] == text
    return anna


def texts_left(anna: Person) -> list[str]:
    """What she has not had."""
    polled = anna.ask("/events/polling", limit=100)["response"]
    return [str(each["event"]["text"]) for each in polled]


def test_a_poll_loses_nothing_in_a_crash(tmp_path: Path) -> None:
    numbers = ",".join(f"{phone}:1111" for phone in PHONES.values())
    with serving(tmp_path, "--sms-test-numbers", numbers) as server:
        anna = poll_twice(server.base_url)
    with serving(tmp_path, "--sms-test-numbers", numbers) as server:
        # What had been written to the connection shortly before may come again.
        left = texts_left(anna.at(server.base_url))
        assert left == ["one", "two", "three"][-len(left) :]
        assert left != []


def test_a_clean_stop_repeats_nothing(tmp_path: Path) -> None:
    numbers = ",".join(f"{phone}:1111" for phone in PHONES.values())
    with serving(tmp_path, "--sms-test-numbers", numbers) as server:
        anna = poll_twice(server.base_url)
        server.signal()
        assert server.status() == 0
    with serving(tmp_path, "--sms-test-numbers", numbers) as server:
        assert texts_left(anna.at(server.base_url)) == ["three"]
