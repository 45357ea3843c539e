"""Callbacks: signed, in order, once more when they fail, and never where they must not go."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from ipaddress import ip_network
from typing import Any

import pytest

from tertulia.core.callbacks import is_address
from tertulia.core.model import NewGroup
from tertulia.dialects.astrak.callbacks import (
    FAREWELL_PAUSES_S,
    GIVES_UP_S,
    PAUSES_S,
    WITHIN_S,
    CallbackErrands,
    FarewellErrands,
)
from tests.astrak.bots import Person, Town, town
from tests.receiver import Called, Receiver, receiving

HERE = (ip_network("127.0.0.1/32"),)
START = "/events/callback/start"
LIMIT = 50

Story = Callable[[Town, Person, Person, list[Receiver]], Awaitable[None]]


def with_receivers(story: Story, count: int = 1, **settings: Any) -> None:
    """Play a story with Anna, who has the callbacks, Boris, and so many receivers."""

    async def played() -> None:
        async with town(callback_allow=HERE, **settings) as here:
            anna, boris = await here.people("anna", "boris")
            await story(here, anna, boris, receivers)

    with ExitStack() as stack:
        receivers = [stack.enter_context(receiving()) for _ in range(count)]
        asyncio.run(played())


async def heard(receiver: Receiver) -> Called:
    return await asyncio.to_thread(receiver.next)


def test_the_patience_is_what_the_page_promises() -> None:
    assert PAUSES_S == (1, 5, 30, 120, 600, 3_600, 21_600)
    assert (WITHIN_S, FAREWELL_PAUSES_S, GIVES_UP_S) == (5, (1, 5), 86_400)
    assert (CallbackErrands.pauses_s, CallbackErrands.within_s) == (PAUSES_S, WITHIN_S)
    assert (FarewellErrands.pauses_s, CallbackErrands.gives_up_s) == (FAREWELL_PAUSES_S, GIVES_UP_S)


def test_a_call_is_signed_with_the_secret_of_its_address() -> None:
    async def story(here: Town, anna: Person, boris: Person, receivers: list[Receiver]) -> None:
        (receiver,) = receivers
        secret = (await anna.done(START, callback=receiver.url))["secret"]
        message = await boris.say(anna, "¿qué tal?")
        called = await heard(receiver)
        assert called.path == "/hook?a=1"
        assert called.is_signed_with(secret)
        assert not called.is_signed_with(secret + "x")
        assert called.headers["x-astrak-event-id"] == str(called.json["event_id"])
        assert called.headers["content-type"] == "application/json; charset=utf-8"
        assert called.headers["user-agent"] == "Tertulia"
        assert called.json["event"]["message_id"] == message

    with_receivers(story)


def test_events_are_the_same_in_callbacks_and_polls_and_take_nothing_from_each_other() -> None:
    async def story(here: Town, anna: Person, boris: Person, receivers: list[Receiver]) -> None:
        await anna.done(START, callback=receivers[0].url)
        message = await boris.say(anna, "one")
        await boris.done("/messages/edit", message_id=message, text="two")
        await anna.done("/messages/dialog", id="boris")
        await boris.done("/messages/delete", message_id=message)
        called = [await heard(receivers[0]) for _ in range(3)]
        kinds = [each.json["type"] for each in called]
        assert kinds == ["new_message", "message_edited", "message_deleted"]
        polled = await anna.events()
        assert [each["event_id"] for each in polled] == [each.json["event_id"] for each in called]
        assert polled[-1] == called[-1].json

    with_receivers(story)


def test_nothing_older_is_sent_and_nothing_of_ones_own() -> None:
    async def story(here: Town, anna: Person, boris: Person, receivers: list[Receiver]) -> None:
        await boris.say(anna, "before")
        await anna.done(START, callback=receivers[0].url)
        await anna.say(boris, "own")
        await boris.say(anna, "after")
        assert (await heard(receivers[0])).text == "after"
        # Who writes has read what was written to him.
        assert (await heard(receivers[0])).json["type"] == "message_read"
        assert receivers[0].calls.empty()

    with_receivers(story)


@pytest.mark.slow
def test_what_fails_is_tried_again_before_anything_later() -> None:
    async def story(here: Town, anna: Person, boris: Person, receivers: list[Receiver]) -> None:
        (receiver,) = receivers
        receiver.statuses = [302]
        await anna.done(START, callback=receiver.url)
        await boris.say(anna, "one")
        await boris.say(anna, "two")
        first = await heard(receiver)
        again = await heard(receiver)
        assert (first.text, first.body) == ("one", again.body)
        assert (await heard(receiver)).text == "two"
        assert receiver.calls.empty()

    with_receivers(story)


def test_who_never_answers_holds_up_nobody() -> None:
    async def story(here: Town, anna: Person, boris: Person, receivers: list[Receiver]) -> None:
        deaf, good = receivers
        deaf.usual = 500
        await anna.done(START, callback=deaf.url, own=1)
        await boris.done(START, callback=good.url)
        tea = (
            await here.server.core.chats.open_group(anna.actor, NewGroup("tea", (boris.id,)), LIMIT)
        ).id
        for number in range(3):
            await anna.say(tea, str(number))
        assert [(await heard(good)).text for _ in range(4)] == ["tea", "0", "1", "2"]

    with_receivers(story, 2)


def test_the_old_address_hears_who_takes_its_place_and_nothing_else() -> None:
    async def story(here: Town, anna: Person, boris: Person, receivers: list[Receiver]) -> None:
        old, new = receivers
        secret = (await anna.done(START, callback=old.url))["secret"]
        other = (await anna.done(START, callback=new.url))["secret"]
        assert secret != other
        farewell, first = await heard(old), await heard(new)
        assert farewell.json == first.json
        assert farewell.json["type"] == "callback_deprecated"
        assert farewell.json["event"] | {"created_at": 0} == {
            "message_id": 0, "to_id": anna.id, "from_id": anna.id, "created_at": 0, "text": "",
            "old": old.url, "new": new.url,
        }  # fmt: skip
        assert farewell.is_signed_with(secret)
        assert first.is_signed_with(other)
        await boris.say(anna, "hola")
        assert (await heard(new)).text == "hola"
        assert old.calls.empty()

    with_receivers(story, 2)


def test_an_old_address_that_is_dead_holds_up_nothing() -> None:
    async def story(here: Town, anna: Person, boris: Person, receivers: list[Receiver]) -> None:
        old, new = receivers
        old.usual = 500
        await anna.done(START, callback=old.url)
        await boris.say(anna, "lost for the callback")
        assert (await heard(old)).text == "lost for the callback"
        await anna.done(START, callback=new.url)
        assert (await heard(new)).json["type"] == "callback_deprecated"
        assert (await heard(old)).json["type"] == "callback_deprecated"
        await boris.say(anna, "hola")
        assert (await heard(new)).text == "hola"

    with_receivers(story, 2)


def test_a_callback_that_was_stopped_is_called_no_more() -> None:
    async def story(here: Town, anna: Person, boris: Person, receivers: list[Receiver]) -> None:
        one, other = receivers
        await anna.done(START, callback=one.url)
        await boris.done(START, callback=other.url)
        await anna.done("/events/callback/stop")
        await boris.say(anna, "hola")
        await anna.say(boris, "a sign that all is told")
        assert (await heard(other)).text == "a sign that all is told"
        assert one.calls.empty()

    with_receivers(story, 2)


def test_who_is_gone_is_called_no_more() -> None:
    async def story(here: Town, anna: Person, boris: Person, receivers: list[Receiver]) -> None:
        await anna.done(START, callback=receivers[0].url)
        await here.server.core.accounts.remove(anna.actor)
        await here.server.core.callbacks.open()
        assert here.server.core.callbacks.by_account.get(boris.id) is None
        assert (await boris.ask("/messages/send", to=anna.id, text="hola")).code == -11
        assert receivers[0].calls.empty()

    with_receivers(story)


@pytest.mark.parametrize(
    "address",
    [
        "", "my fridge", "example.org", "//example.org/", "ftp://example.org/", "http:/x", "http://",
        "http:example.org", "https://[::1/", "https://example.org:99999/", "https://exa mple.org/",
        " https://example.org/", "https://example.org/\n", "https://exämple.org/", "javascript:1",
    ],
)  # fmt: skip
def test_what_is_no_address_is_kept_and_never_called(address: str) -> None:
    assert not is_address(address)

    async def story(here: Town, anna: Person, boris: Person, receivers: list[Receiver]) -> None:
        kept = await anna.done(START, callback=address)
        assert (kept["callback"], kept["deliverable"]) == (address, False)

    with_receivers(story, 0)


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.2/", "http://10.0.0.1:8080/", "https://[::1]/", "http://169.254.169.254/meta",
        "http://0.0.0.0/", "http://[fe80::1]/", "http://100.64.0.1/", "http://192.0.2.1/",
        "http://224.0.0.1/", "http://[64:ff9b::a00:1]/", "http://[::ffff:10.0.0.1]/", "http://0xa.1/",
        "HTTP://USER:secret@127.0.0.1/", "http://@127.0.0.1/", "https://no.such.host.invalid/",
        "http://2130706434/",
    ],
)  # fmt: skip
def test_what_the_server_must_not_call_is_refused(address: str) -> None:
    async def story(here: Town, anna: Person, boris: Person, receivers: list[Receiver]) -> None:
        answer = await anna.ask(START, callback=address)
        assert (answer.status, answer.code) == (400, -15)
        assert here.server.core.callbacks.by_account == {}

    with_receivers(story, 0)
