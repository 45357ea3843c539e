"""Read marks: what is unread, and who hears that he was read."""

import asyncio

import pytest

from tertulia.core.errors import NotAllowed, NotFound
from tertulia.core.events import MessagesRead
from tertulia.core.ids import ChatId, MessageId
from tertulia.core.message_model import ReadMark
from tertulia.core.model import ChatChange
from tertulia.store.newly_read import MOST_GAP
from tests.store.world import InStore, World, tea


def test_messages_of_others_after_the_mark_are_unread_and_own_ones_are_not(
    in_store: InStore,
) -> None:
    async def story(world: World) -> None:
        anna, boris, chat = await tea(world)
        await world.post(anna, chat.id)
        await world.post(boris, chat.id)
        await world.post(anna, chat.id)
        assert (await world.unread(anna, chat.id), await world.unread(boris, chat.id)) == (1, 2)
        await world.read_all(boris, chat.id)
        assert await world.unread(boris, chat.id) == 0
        await world.post(anna, chat.id)
        assert await world.unread(boris, chat.id) == 1

    in_store(story)


def test_each_author_hears_of_his_own_messages_newest_first(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris, clara = await world.people("anna", "boris", "clara")
        chat = await world.group(anna, boris, clara)
        one, two, three = [await world.post(who, chat.id) for who in (anna, boris, anna)]
        await world.post(clara, chat.id)
        await world.read_all(clara, chat.id)
        (event,) = world.told(MessagesRead)
        assert dict(event.by_author) == {
            anna.account_id: (three.id, one.id),
            boris.account_id: (two.id,),
        }
        assert (event.account_id, event.origin) == (clara.account_id, clara.connection)

    in_store(story)


def test_reading_again_tells_nobody(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris, chat = await tea(world)
        one, two = [await world.post(anna, chat.id) for _ in range(2)]
        await world.read(boris, chat.id, two)
        await world.read(boris, chat.id, two, two)
        await world.read_all(boris, chat.id)
        await world.read(boris, chat.id, one)
        await world.read_all(boris, chat.id)
        told = [dict(event.by_author)[anna.account_id] for event in world.told(MessagesRead)]
        assert told == [(two.id,), (one.id,)]

    in_store(story)


def test_naming_a_message_reads_the_older_ones_for_the_count_but_tells_of_the_named_alone(
    in_store: InStore,
) -> None:
    async def story(world: World) -> None:
        anna, boris, chat = await tea(world)
        messages = [await world.post(anna, chat.id) for _ in range(4)]
        await world.read(boris, chat.id, messages[2])
        assert await world.unread(boris, chat.id) == 1
        listed = await world.history(anna, chat.id)
        assert [each.is_read for each in listed] == [False, False, True, False]
        await world.read(boris, chat.id, messages[0])
        assert await world.unread(boris, chat.id) == 1
        listed = await world.history(anna, chat.id)
        assert [each.is_read for each in listed] == [True, False, True, False]

    in_store(story)


def test_an_empty_list_of_names_reads_nothing(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris, chat = await tea(world)
        await world.post(anna, chat.id)
        await world.read(boris, chat.id)
        assert await world.unread(boris, chat.id) == 1
        assert world.told(MessagesRead) == []

    in_store(story)


def test_own_foreign_and_unknown_names_are_skipped(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris, chat = await tea(world)
        other = await world.group(anna, boris)
        await world.post(anna, chat.id)
        elsewhere, own = await world.post(anna, other.id), await world.post(boris, chat.id)
        mark = ReadMark(chat.id, (elsewhere.id, own.id, MessageId(7)))
        await world.messages.mark_read(boris, mark, world.now)
        assert await world.unread(boris, chat.id) == 1
        assert world.told(MessagesRead) == []

    in_store(story)


@pytest.mark.parametrize("first", ["hide", "delete", "hide then delete", "delete then hide"])
def test_hidden_and_deleted_messages_are_not_unread_and_count_once(
    in_store: InStore, first: str
) -> None:
    async def story(world: World) -> None:
        anna, boris, chat = await tea(world)
        messages = [await world.post(anna, chat.id) for _ in range(3)]
        steps = {"hide": (world.hide, boris), "delete": (world.delete, anna)}
        for step in first.split(" then "):
            act, who = steps[step]
            await act(who, messages[1])
        assert await world.unread(boris, chat.id) == 2
        await world.read(boris, chat.id, messages[0])
        assert await world.unread(boris, chat.id) == 1
        await world.read(boris, chat.id, messages[2])
        assert await world.unread(boris, chat.id) == 0
        await world.post(anna, chat.id)
        assert await world.unread(boris, chat.id) == 1

    in_store(story)


def test_deleting_what_was_read_already_changes_no_count(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris, chat = await tea(world)
        one, two = [await world.post(anna, chat.id) for _ in range(2)]
        await world.read(boris, chat.id, one)
        await world.delete(anna, one)
        await world.hide(boris, two)
        assert await world.unread(boris, chat.id) == 0
        await world.delete(anna, two)
        await world.post(anna, chat.id)
        assert await world.unread(boris, chat.id) == 1

    in_store(story)


def test_hiding_ones_own_message_changes_no_count(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris, chat = await tea(world)
        await world.post(anna, chat.id)
        own = await world.post(boris, chat.id)
        await world.hide(boris, own)
        assert await world.unread(boris, chat.id) == 1
        await world.delete(boris, own)
        assert await world.unread(boris, chat.id) == 1

    in_store(story)


def test_a_newcomer_has_read_what_was_there_and_not_the_notice_about_him(
    in_store: InStore,
) -> None:
    async def story(world: World) -> None:
        anna, boris, clara = await world.people("anna", "boris", "clara")
        chat = await world.group(anna, boris)
        await world.post(anna, chat.id)
        change = ChatChange(add=(clara.account_id,))
        await world.chats.change(anna, chat.id, change, 50, world.now)
        assert await world.unread(clara, chat.id) == 1
        await world.read_all(clara, chat.id)
        (event,) = world.told(MessagesRead)
        assert [len(messages) for _, messages in event.by_author] == [1]

    in_store(story)


def test_names_beyond_a_large_gap_are_remembered_one_by_one(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris, chat = await tea(world)
        messages = await asyncio.gather(*(world.post(anna, chat.id) for _ in range(MOST_GAP + 20)))
        await world.read(boris, chat.id, *messages[-3:])
        await world.read(boris, chat.id, *messages[-5:])
        await world.read(boris, chat.id, *messages[:2])
        assert await world.unread(boris, chat.id) == 0
        await world.read_all(boris, chat.id)
        told = [len(dict(event.by_author)[anna.account_id]) for event in world.told(MessagesRead)]
        assert told == [3, 2, 2, len(messages) - 7]

    in_store(story)


def test_two_marks_of_one_reader_in_one_commit_follow_each_other(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris, chat = await tea(world)
        one, two, three = [await world.post(anna, chat.id) for _ in range(3)]
        await asyncio.gather(
            world.read(boris, chat.id, two),
            world.read(boris, chat.id, two, one),
            world.read_all(boris, chat.id),
            world.read_all(boris, chat.id),
        )
        told = [dict(event.by_author)[anna.account_id] for event in world.told(MessagesRead)]
        assert told == [(two.id,), (one.id,), (three.id,)]

    in_store(story)


def test_a_mark_in_a_foreign_or_unknown_chat_is_refused_and_harms_no_other(
    in_store: InStore,
) -> None:
    async def story(world: World) -> None:
        anna, boris, clara = await world.people("anna", "boris", "clara")
        chat = await world.group(anna, boris)
        await world.post(anna, chat.id)
        outcomes = await asyncio.gather(
            world.read_all(clara, chat.id),
            world.read_all(boris, ChatId(4)),
            world.read_all(boris, chat.id),
            return_exceptions=True,
        )
        assert [type(each) for each in outcomes] == [NotAllowed, NotFound, type(None)]
        assert await world.unread(boris, chat.id) == 0

    in_store(story)


def test_sending_reads_nothing(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris, chat = await tea(world)
        await world.post(anna, chat.id)
        await world.post(boris, chat.id)
        assert await world.unread(boris, chat.id) == 1

    in_store(story)
