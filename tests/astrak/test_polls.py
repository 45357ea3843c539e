"""Long polls: nothing is lost between two of them, and waiting costs next to nothing."""

import asyncio
from contextlib import AsyncExitStack

from typing_extensions import override

from tertulia.adapters.clock import SystemClock
from tertulia.core.model import ChatChange, NewGroup, ProfileChange
from tertulia.core.stream import KEPT_MS
from tests.astrak.bots import PASSWORD, town, until

LIMIT = 50


def test_a_poll_is_answered_at_once_when_something_happens() -> None:
    async def story() -> None:
        async with town() as here:
            anna, boris = await here.people("anna", "boris")
            waiting = await boris.polls()
            message = await anna.say(boris, "hola")
            answer = await waiting.hear()
            assert answer.json["event"]["message_id"] == message
            assert await boris.events() == []

    asyncio.run(story())


def test_a_second_poll_of_a_token_ends_the_first_with_nothing() -> None:
    async def story() -> None:
        async with town() as here:
            anna, boris = await here.people("anna", "boris")
            first = await boris.polls()
            second = await here.connect()
            second.send_form("/events/polling", token=boris.token)
            assert (await first.hear()).status == 204
            await anna.say(boris, "hola")
            assert (await second.hear()).json["type"] == "new_message"

    asyncio.run(story())


def test_another_token_polls_for_itself() -> None:
    async def story() -> None:
        async with town() as here:
            anna, boris = await here.people("anna", "boris")
            again = await here.signed_in(boris.id, "boris")
            one, other = await boris.polls(), await again.polls()
            await anna.say(boris, "hola")
            assert (await one.hear()).json["event_id"] == (await other.hear()).json["event_id"]

    asyncio.run(story())


def test_signing_out_ends_a_poll_that_waits() -> None:
    async def story() -> None:
        async with town() as here:
            (anna,) = await here.people("anna")
            waiting = await anna.polls()
            assert (await anna.ask("/users/logout")).code == 10
            assert (await waiting.hear()).code == -2
            assert (await anna.ask("/events/polling", timeout=0)).code == -2

    asyncio.run(story())


def test_a_new_password_ends_every_poll_but_of_who_gave_it() -> None:
    async def story() -> None:
        async with town() as here:
            (anna,) = await here.people("anna")
            waiting = await anna.polls()
            change = ProfileChange(current_password=PASSWORD, new_password="battery staple")
            await here.server.core.accounts.change(anna.actor, change)
            assert (await waiting.hear()).code == -2

    asyncio.run(story())


def test_polls_end_with_nothing_when_the_server_stops() -> None:
    async def story() -> None:
        async with AsyncExitStack() as closing:
            async with town(closing) as here:
                anna, boris = await here.people("anna", "boris")
                polls = [await anna.polls(), await boris.polls(limit=5)]
            for waiting in polls:
                answer = await waiting.hear()
                assert (answer.status, answer.body) == (204, b"")
                assert await waiting.is_closed()

    asyncio.run(story())


def test_who_hung_up_before_the_answer_gets_the_event_again() -> None:
    async def story() -> None:
        async with town() as here:
            anna, boris = await here.people("anna", "boris")
            waiting = await boris.polls()
            waiting.abort()
            await until(lambda: len(here.polls) == 0)
            message = await anna.say(boris, "hola")
            (event,) = await boris.events()
            assert event["event"]["message_id"] == message
            assert await boris.events() == []

    asyncio.run(story())


def test_a_poll_that_waits_is_no_task_and_no_connection_of_the_store() -> None:
    async def story() -> None:
        async with town() as here:
            people = await here.people(*(f"p{number}" for number in range(20)))
            before = len(asyncio.all_tasks())
            polls = [await person.polls() for person in people]
            await until(lambda: len(asyncio.all_tasks()) <= before)
            for poll in polls:
                await poll.close()

    asyncio.run(story())


def test_a_connection_is_as_good_as_new_after_a_poll() -> None:
    async def story() -> None:
        async with town() as here:
            anna, boris = await here.people("anna", "boris")
            waiting = await boris.polls()
            # Already on its way while the poll waits: it is answered after it.
            waiting.send_form("/users/check", token=boris.token)
            await anna.say(boris, "one")
            assert (await waiting.hear()).json["type"] == "new_message"
            assert (await waiting.hear()).json["id"] == boris.id
            waiting.send_form("/events/polling", token=boris.token)
            await until(lambda: len(here.polls) == 1)
            await anna.say(boris, "two")
            assert (await waiting.hear()).json["event"]["text"] == "two"
            waiting.send_form("/events/polling", token=boris.token, timeout=0)
            assert (await waiting.hear()).status == 204
            await waiting.close()

    asyncio.run(story())


def test_waiting_ends_after_the_time_asked_for() -> None:
    async def story() -> None:
        async with town(poll_timeout=0.05) as here:
            (anna,) = await here.people("anna")
            assert (await anna.ask("/events/polling")).status == 204
            assert await anna.events(timeout=0) == []

    asyncio.run(story())


def test_messages_that_were_deleted_together_are_events_of_their_own() -> None:
    async def story() -> None:
        async with town() as here:
            anna, boris = await here.people("anna", "boris")
            sent = [await anna.say(boris, str(number)) for number in range(3)]
            chat_id = await here.server.core.chats.open_direct(
                anna.actor, boris.id, NewGroup("", ())
            )
            await here.server.core.messages.delete(anna.actor, chat_id.id, sent)  # type: ignore[arg-type]  # message ids
            await anna.say(boris, "last")
            events = []
            while found := await boris.events(limit=1):
                events += found
            kinds = [event["type"] for event in events]
            assert kinds == ["new_message"] * 3 + ["message_deleted"] * 3 + ["new_message"]
            assert [event["event"]["message_id"] for event in events[3:6]] == sent
            # A deleted text is nobody's business any more.
            assert [event["event"]["text"] for event in events] == [""] * 6 + ["last"]
            numbers = [event["event_id"] for event in events]
            assert numbers == sorted(set(numbers))

    asyncio.run(story())


def test_who_comes_into_a_group_or_is_put_out_of_it_hears() -> None:
    async def story() -> None:
        async with town() as here:
            anna, boris, clara = await here.people("anna", "boris", "clara")
            chats = here.server.core.chats
            tea = (await chats.open_group(anna.actor, NewGroup("tea", (boris.id,)), LIMIT)).id
            await chats.change(anna.actor, tea, ChatChange(add=(clara.id,)), LIMIT)
            await anna.say(tea, "hola")
            await chats.change(anna.actor, tea, ChatChange(remove=(clara.id,)), LIMIT)
            await anna.say(tea, "adios")
            assert [event["type"] for event in await clara.events()] == [
                "dialog_added",
                "dialog_removed",
            ]
            kinds = [event["type"] for event in await boris.events()]
            assert kinds == ["dialog_added", "new_message", "new_message"]
            # Notices of who came and went are no messages.
            assert await anna.events() == []

    asyncio.run(story())


def test_an_offset_in_the_future_is_now() -> None:
    async def story() -> None:
        async with town() as here:
            anna, boris = await here.people("anna", "boris")
            await anna.say(boris, "before")
            assert await boris.events(offset=2**53 - 1) == []
            await anna.say(boris, "after")
            (event,) = await boris.events()
            assert event["event"]["text"] == "after"

    asyncio.run(story())


def test_what_an_offset_settled_stays_settled() -> None:
    async def story() -> None:
        async with town() as here:
            anna, boris = await here.people("anna", "boris")
            for text in ("one", "two", "three"):
                await anna.say(boris, text)
            found = await boris.events()
            await boris.events(offset=found[0]["event_id"])
            assert [event["event"]["text"] for event in await boris.events()] == ["two", "three"]

    asyncio.run(story())


class LaterClock(SystemClock):
    """The time, or so much later."""

    ahead_ms = 0

    @override
    def now_ms(self) -> int:
        return super().now_ms() + self.ahead_ms


def test_who_comes_from_further_back_than_events_are_kept_is_told() -> None:
    async def story() -> None:
        clock = LaterClock()
        async with town(clock=clock) as here:
            anna, boris = await here.people("anna", "boris")
            await anna.say(boris, "long ago")
            clock.ahead_ms = KEPT_MS + 3_600_000
            nothing = await boris.done("/events/polling", offset=0, limit=5, timeout=0)
            assert (nothing["response"], nothing.get("gap")) == ([], True)
            connection = await boris.polls(offset=0)
            await until(lambda: not here.polls._looking)
            await anna.say(boris, "now")
            answer = (await connection.hear()).json
            assert (answer["event"]["text"], answer.get("gap")) == ("now", True)
            on = await boris.done("/events/polling", offset=answer["event_id"], limit=5, timeout=0)
            assert "gap" not in on

    asyncio.run(story())
