"""`kill -9` between a message and its webhook: nothing acknowledged goes unheard, and order stays."""

import asyncio
import time
from pathlib import Path

import pytest

from tests.receiver import receiving
from tests.store.postgres_server import new_database
from tests.stories.process import serving
from tests.tada.office import Person, open_office

pytestmark = [pytest.mark.integration, pytest.mark.slow]


def test_what_a_webhook_has_not_heard_is_told_after_a_crash(tmp_path: Path) -> None:
    tell_after_a_crash(tmp_path)


def test_what_a_webhook_has_not_heard_is_told_after_a_crash_on_postgres(tmp_path: Path) -> None:
    url = asyncio.run(new_database())
    tell_after_a_crash(tmp_path, "--database-url", url)


def tell_after_a_crash(data: Path, *options: str) -> None:
    options = ("--callback-allow", "127.0.0.1/32", *options)
    with receiving() as receiver:
        receiver.usual = 500
        with serving(data, *options) as server:
            place = open_office(server.base_url)
            place.hook(webhook_url=receiver.url)
            for text in ("one", "two", "three"):
                place.say(place.anna, text)
            assert receiver.next().form["text"] == "one"
            group, team = place.tea, place.team
        # It was killed without a word; now somebody is there to hear.
        receiver.usual = 200
        while not receiver.calls.empty():
            receiver.next()
        started = time.monotonic()
        with serving(data, *options) as server:
            assert receiver.texts(3) == ["one", "two", "three"]
            assert time.monotonic() - started < 20
            anna = Person(server.base_url, "anna")
            path = f"/api/v4/teams/{team}/chats/{group}/messages"
            anna.ask("POST", path, {"text": "four"})
            assert receiver.texts(1) == ["four"]
            assert receiver.calls.empty()
