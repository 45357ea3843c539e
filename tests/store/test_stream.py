"""What happened in an account's chats after a position."""

from typing import TypeVar, cast

import pytest
import uvloop

from tertulia.core.callbacks import CallbackChange, NewCallback
from tertulia.core.events import (
    ChatOpened,
    MembersAdded,
    MembersRemoved,
    MessageEdited,
    MessagePosted,
    MessagesDeleted,
    MessagesRead,
)
from tertulia.core.ids import AccountId, first_number_at
from tertulia.core.message_model import Draft
from tertulia.core.model import Actor, ChatChange, NewGroup
from tertulia.core.stream import Stream, StreamEntry
from tertulia.store.callbacks import SqlCallbacks
from tertulia.store.engine import Engine
from tertulia.store.stream import SqlStream
from tertulia.store.work import Work
from tests.core.house import StillClock
from tests.store.interrupted import interrupted
from tests.store.world import LIMIT, START, InStore, World, in_postgres, tea, tell

T = TypeVar("T")

DAY_MS = 24 * 3_600_000


async def stream(
    world: World, actor: Actor, position: int = 0, limit: int = 100, *, own: bool = False
) -> list[StreamEntry]:
    """What the account's stream has after that position."""
    part = await SqlStream(world.engine).after(actor.account_id, position, limit, own=own)
    return list(part.entries)


def kinds(entries: list[StreamEntry]) -> list[str]:
    return [type(entry.event).__name__ for entry in entries]


def texts(entries: list[StreamEntry]) -> list[str]:
    return [entry.event.message.text for entry in entries if isinstance(entry.event, MessagePosted)]


class Behind:
    """The engine of a process that has not heard yet of what came after *position*."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.position = engine.position

    async def read(self, unit: Work[T]) -> T:
        """See `Engine`."""
        return await self._engine.read(unit)


@pytest.mark.integration
def test_who_goes_on_at_a_process_that_is_behind_is_not_told_twice() -> None:
    async def story(world: World) -> None:
        anna, boris, chat = await tea(world)
        behind = SqlStream(cast("Engine", Behind(world.engine)), process=1)
        one = await world.post(anna, chat.id, "one")
        await world.post(anna, chat.id, "two")
        there = Stream(behind, StillClock(world.now))
        found = await there.after(boris.account_id, one.id, 10)
        # The second is told when it has been heard of.
        assert (found.entries, found.seen) == ([], one.id)
        assert await there.place(one.id) == one.id
        assert await there.place(2**53 - 1) == world.engine.position

    uvloop.run(tell(story, in_postgres))


def test_who_is_alone_knows_where_streams_end(in_store: InStore) -> None:
    async def story(world: World) -> None:
        await tea(world)
        there = Stream(SqlStream(world.engine), StillClock(world.now))
        assert await there.place(2**53 - 1) == world.engine.position
        assert await there.place(5) == 5

    in_store(story)


def test_messages_of_others_come_in_the_order_of_numbers(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris, clara = await world.people("anna", "boris", "clara")
        tea = await world.group(anna, boris, clara)
        hall = await world.direct(anna, boris)
        start = world.engine.position
        for chat, author in ((tea, anna), (hall, boris), (tea, clara), (hall, anna), (tea, boris)):
            world.now += 1
            await world.post(author, chat.id, f"{author.account_id}")
        found = await stream(world, boris, start)
        assert texts(found) == [str(each.account_id) for each in (anna, clara, anna)]
        numbers = [entry.number for entry in found]
        assert numbers == sorted(numbers)
        assert [entry.partner_id for entry in found] == [None, None, anna.account_id]
        assert texts(await stream(world, boris, start, own=True)) == [
            str(each.account_id) for each in (anna, boris, clara, anna, boris)
        ]

    in_store(story)


def test_pages_join_without_loss_or_repetition(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris = await world.people("anna", "boris")
        chats = [await world.group(anna, boris) for _ in range(3)]
        start = world.engine.position
        for number in range(30):
            # Many within one millisecond, and some far apart.
            world.now += 90_000 if number % 7 == 0 else number % 2
            message = await world.post(anna, chats[number % 3].id, str(number))
            if number % 5 == 0:
                await world.messages.edit(anna, message.id, f"{number}!", world.now)
            if number % 6 == 0:
                await world.read_all(boris, chats[number % 3].id)
        whole = await stream(world, boris, start, 1_000)
        for limit in (1, 2, 7):
            joined: list[StreamEntry] = []
            position = start
            while part := await stream(world, boris, position, limit):
                assert len(part) <= limit
                joined += part
                position = part[-1].number
            assert joined == whole
        assert kinds(whole).count("MessagePosted") == 30
        assert kinds(whole).count("MessageEdited") == 6

    in_store(story)


def test_what_is_behind_is_told_with_the_end_of_the_log(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris, clara = await world.people("anna", "boris", "clara")
        tea = await world.group(anna, clara)
        for _ in range(5):
            await world.post(anna, tea.id)
        part = await SqlStream(world.engine).after(boris.account_id, 0, 10, own=False)
        assert (part.entries, part.seen) == ([], world.engine.position)
        part = await SqlStream(world.engine).after(clara.account_id, 0, 3, own=False)
        assert part.seen == part.entries[-1].number

    in_store(story)


def test_an_edit_has_its_own_text_until_the_message_is_deleted(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris = await world.people("anna", "boris")
        hall = await world.direct(anna, boris)
        message = await world.post(anna, hall.id, "one")
        await world.messages.edit(anna, message.id, "two", world.now)
        await world.messages.edit(anna, message.id, "three", world.now)
        found = await stream(world, boris, message.id)
        assert [entry.event.text for entry in found if isinstance(entry.event, MessageEdited)] == [
            "two",
            "three",
        ]
        assert found[0].message is not None
        assert found[0].message.sent_at == message.sent_at
        await world.delete(anna, message)
        found = await stream(world, boris, hall.id)
        assert texts(found) == [""]
        assert [entry.event.text for entry in found if isinstance(entry.event, MessageEdited)] == [
            "",
            "",
        ]
        assert kinds(found)[-1] == MessagesDeleted.__name__

    in_store(story)


def test_messages_deleted_together_have_a_place_each(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris = await world.people("anna", "boris")
        hall = await world.direct(anna, boris)
        messages = [await world.post(anna, hall.id) for _ in range(4)]
        position = world.engine.position
        await world.delete(anna, *messages)
        last = await world.post(anna, hall.id, "last")
        found = await stream(world, boris, position)
        ids = [e.event.message_ids for e in found if isinstance(e.event, MessagesDeleted)]
        assert ids == [(message.id,) for message in messages]
        numbers = [entry.number for entry in found]
        assert numbers == sorted(set(numbers))
        assert position < numbers[0] < numbers[-1] == last.id
        # From the middle of them, too.
        assert await stream(world, boris, numbers[1]) == found[2:]

    in_store(story)


def test_an_author_hears_who_read_his_own_messages(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris, clara = await world.people("anna", "boris", "clara")
        tea = await world.group(anna, boris, clara)
        one, other = await world.post(anna, tea.id), await world.post(boris, tea.id)
        position = world.engine.position
        await world.read_all(clara, tea.id)
        (entry,) = await stream(world, anna, position)
        assert isinstance(entry.event, MessagesRead)
        assert entry.event.by_author == ((anna.account_id, (one.id,)),)
        (entry,) = await stream(world, boris, position)
        assert isinstance(entry.event, MessagesRead)
        assert entry.event.by_author == ((boris.account_id, (other.id,)),)
        assert await stream(world, clara, position, own=True) == []

    in_store(story)


def test_a_newcomer_hears_what_comes_after_him(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris, clara = await world.people("anna", "boris", "clara")
        tea = await world.group(anna, boris)
        await world.post(anna, tea.id, "before")
        world.now += 1
        change = ChatChange(add=(clara.account_id,))
        await world.chats.change(anna, tea.id, change, LIMIT, world.now)
        world.now += 1
        await world.post(anna, tea.id, "after")
        found = await stream(world, clara)
        assert kinds(found) == [MembersAdded.__name__, MessagePosted.__name__]
        assert texts(found) == ["after"]
        assert kinds(await stream(world, boris))[0] == ChatOpened.__name__

    in_store(story)


def test_who_was_put_out_hears_that_and_how_he_had_come(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris, clara = await world.people("anna", "boris", "clara")
        tea = await world.group(anna, boris)
        position = world.engine.position
        await world.chats.change(
            anna, tea.id, ChatChange(add=(clara.account_id,)), LIMIT, world.now
        )
        await world.post(anna, tea.id, "a secret")
        await world.chats.change(
            anna, tea.id, ChatChange(remove=(clara.account_id,)), LIMIT, world.now
        )
        await world.post(anna, tea.id, "another")
        found = await stream(world, clara, position)
        assert kinds(found) == [MembersAdded.__name__, MembersRemoved.__name__]
        assert [await stream(world, clara, each.number) for each in found] == [found[1:], []]

    in_store(story)


def test_nobody_hears_of_what_he_does_not_see(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris, clara = await world.people("anna", "boris", "clara")
        tea = await world.group(anna, boris, clara)
        position = world.engine.position
        draft = Draft(tea.id, "psst", hide_from=(clara.account_id,))
        message = (await world.messages.append(anna, draft, world.now)).message
        await world.messages.edit(anna, message.id, "psst!", world.now)
        assert await stream(world, clara, position) == []
        assert len(await stream(world, boris, position)) == 2
        secret = NewGroup("", (), encrypted=True)
        vault = await world.chats.open_direct(anna, boris.account_id, secret, world.now)
        position = world.engine.position
        await world.messages.append(anna, Draft(vault.id, "x", cipher=1), world.now)
        assert await stream(world, boris, position) == []
        stranger = await world.person("dora")
        assert await stream(world, stranger) == []

    in_store(story)


def test_a_direct_chat_that_opens_is_no_news(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris = await world.people("anna", "boris")
        await world.direct(anna, boris)
        assert await stream(world, boris) == []

    in_store(story)


def test_another_callback_is_news_for_its_owner(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris = await world.people("anna", "boris")
        callbacks = SqlCallbacks(world.engine)
        for address in ("old", "new"):
            new = NewCallback(address, is_deliverable=False, secret="s", own=False)
            await callbacks.keep(anna.account_id, new, world.now)
        (entry,) = await stream(world, anna)
        assert isinstance(entry.event, CallbackChange)
        assert (entry.event.old, entry.event.new) == ("old", "new")
        assert await stream(world, boris) == []

    in_store(story)


def test_the_floor_is_the_entry_with_so_many_newer_ones(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris = await world.people("anna", "boris")
        chats = [await world.group(anna, boris) for _ in range(2)]
        oldest = first_number_at(START - DAY_MS)
        sent = []
        for number in range(12):
            world.now += 1
            sent.append(await world.post(anna, chats[number % 2].id, str(number)))
        floor = await SqlStream(world.engine).floor(boris.account_id, oldest, 5)
        assert floor == sent[-6].id
        assert texts(await stream(world, boris, floor)) == ["7", "8", "9", "10", "11"]
        assert await SqlStream(world.engine).floor(boris.account_id, oldest, 100) == oldest
        assert await SqlStream(world.engine).floor(AccountId(1), oldest, 5) == oldest

    in_store(story)


def test_nothing_is_passed_over_that_is_posted_while_the_stream_is_read(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris = await world.people("anna", "boris")
        chats = [await world.group(anna, boris), await world.direct(anna, boris)]
        start = world.engine.position
        posted: list[str] = []

        async def post() -> None:
            if len(posted) < 12:
                posted.append(str(len(posted)))
                message = await world.post(anna, chats[len(posted) % 2].id, posted[-1])
                await world.messages.edit(anna, message.id, f"{posted[-1]}!", world.now)

        read = SqlStream(interrupted(world.engine, post))
        found: list[StreamEntry] = []
        position = start
        while len(posted) < 12 or position < world.engine.position:
            part = await read.after(boris.account_id, position, 3, own=False)
            found += part.entries
            position = part.seen
        assert texts(found) == [f"{each}!" for each in posted]
        assert kinds(found) == [MessagePosted.__name__, MessageEdited.__name__] * len(posted)

    in_store(story)
