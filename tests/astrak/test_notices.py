"""What the server itself says in groups: no event tells of it, whatever becomes of it."""

import asyncio

from tertulia.core.ids import ChatId, MessageId
from tertulia.core.message_model import ReadMark
from tertulia.core.model import ChatChange, NewGroup, Page
from tests.astrak.bots import Person, Town, town

LIMIT = 50


async def group(here: Town, *people: Person) -> ChatId:
    """A group of the first one's, in which the second has just come in: so there is a notice."""
    owner, newcomer, *others = people
    chats = here.server.core.chats
    new = NewGroup("tea", tuple(each.id for each in others))
    tea = (await chats.open_group(owner.actor, new, LIMIT)).id
    await chats.change(owner.actor, tea, ChatChange(add=(newcomer.id,)), LIMIT)
    return tea


async def notice(here: Town, person: Person, chat_id: ChatId) -> MessageId:
    """The newest message there, which is one."""
    (newest,) = await here.server.core.messages.history(person.actor, chat_id, Page(1))
    assert newest.message.notice is not None
    return newest.message.id


def test_reading_a_notice_is_no_event() -> None:
    async def story() -> None:
        async with town() as here:
            anna, boris, clara = await here.people("anna", "boris", "clara")
            tea = await group(here, anna, boris, clara)
            await here.server.core.messages.mark_read(clara.actor, ReadMark(tea, None))
            assert await anna.events() == []

    asyncio.run(story())


def test_what_was_read_is_told_up_to_the_newest_message_that_is_shown() -> None:
    async def story() -> None:
        async with town() as here:
            anna, boris, clara = await here.people("anna", "boris", "clara")
            tea = await group(here, anna, boris, clara)
            said = await anna.say(tea, "hola")
            hidden = MessageId(await anna.say(tea, "not for my eyes"))
            await here.server.core.messages.hide(anna.actor, tea, [hidden])
            await here.server.core.chats.change(
                anna.actor, tea, ChatChange(remove=(boris.id,)), LIMIT
            )
            await clara.done("/messages/read", id=tea)
            (event,) = await anna.events()
            assert (event["type"], event["event"]["message_id"]) == ("message_read", said)

    asyncio.run(story())


def test_a_notice_that_was_deleted_is_no_message_that_was_deleted() -> None:
    async def story() -> None:
        async with town() as here:
            anna, boris, clara = await here.people("anna", "boris", "clara")
            tea = await group(here, anna, boris, clara)
            before = await clara.events()
            doomed = await notice(here, anna, tea)
            said = MessageId(await anna.say(tea, "hola"))
            await here.server.core.messages.delete(anna.actor, tea, [doomed, said])
            found = await clara.events()
            kinds = [(each["type"], each["event"]["message_id"]) for each in found]
            assert kinds == [("new_message", said), ("message_deleted", said)]
            # From the beginning, too.
            assert await clara.events(offset=0) == [*before, *found]

    asyncio.run(story())
