"""Who hears of what in a channel, and who may say what."""

import pytest

from tertulia.core.errors import NotAllowed, NotFound
from tertulia.core.events import ChatChanged, Signal
from tertulia.core.ids import AccountId, ChatId
from tertulia.core.model import Actor, ChatChange, NewGroup
from tertulia.core.signals import NewSignal
from tests.core.house import LIMIT, House, in_house


async def channel(house: House, owner: Actor, *others: Actor) -> ChatId:
    new = NewGroup("news", tuple(each.account_id for each in others))
    return (await house.core.chats.open_channel(owner, new)).id


async def change(house: House, actor: Actor, chat: ChatId, **wanted: object) -> None:
    await house.core.chats.change(actor, chat, ChatChange(**wanted), LIMIT)  # type: ignore[arg-type]  # named fields
    await house.settle()


def test_a_subscriber_hears_from_then_on_and_until_the_end() -> None:
    async def story(house: House) -> None:
        anna, boris = await house.people("anna", "boris")
        ear = await house.listens(boris)
        news = await channel(house, anna)
        await house.say(anna, news)
        await house.core.chats.subscribe(boris, news)
        await house.say(anna, news)
        await house.settle()
        assert ear.kinds() == ["ChatOpened", "MessagePosted"]
        await house.core.chats.unsubscribe(boris, news)
        await house.say(anna, news)
        await house.settle()
        assert ear.kinds() == ["MembersRemoved"]

    in_house(story)


def test_a_change_is_heard_by_all_but_those_who_just_came() -> None:
    async def story(house: House) -> None:
        anna, boris, clara = await house.people("anna", "boris", "clara")
        news = await channel(house, anna, boris)
        reader, newcomer = await house.listens(boris), await house.listens(clara)
        await change(house, anna, news, name="weather", add=(clara.account_id,))
        assert reader.kinds() == ["MessagePosted", "ChatChanged"]
        assert newcomer.kinds() == ["MembersAdded", "MessagePosted"]
        await change(house, anna, news, name="sun")
        assert newcomer.kinds() == reader.kinds() == ["ChatChanged"]
        await change(house, anna, news, remove=(boris.account_id,))
        assert reader.kinds() == ["MembersRemoved"]
        assert newcomer.kinds() == ["MessagePosted", "ChatChanged"]

    in_house(story)


def test_no_change_names_those_who_hear_it() -> None:
    async def story(house: House) -> None:
        anna, boris = await house.people("anna", "boris")
        news = await channel(house, anna, boris)
        ear = await house.listens(boris)
        await change(house, anna, news, name="weather")
        (changed,) = ear.heard
        assert isinstance(changed, ChatChanged)
        assert (changed.members, changed.accounts, changed.chat.subscribers) == ((), (), 2)

    in_house(story)


def test_nobody_types_in_a_channel_and_only_admins_send_signals() -> None:
    async def story(house: House) -> None:
        anna, boris, clara = await house.people("anna", "boris", "clara")
        news = await channel(house, anna, boris)
        ear = await house.listens(boris)
        for who in (anna, boris, clara):
            with pytest.raises(NotAllowed):
                await house.core.signals.typing(who, news, "")
        for who in (boris, clara):
            with pytest.raises(NotAllowed):
                await house.core.signals.send(who, NewSignal("s", "{}", news))
        await house.core.signals.send(anna, NewSignal("s", "{}", news))
        (signal,) = ear.heard
        assert isinstance(signal, Signal)
        with pytest.raises(NotFound):
            await house.core.signals.typing(anna, ChatId(5), "")

    in_house(story)


def test_a_channel_begins_without_unknown_people() -> None:
    async def story(house: House) -> None:
        anna, boris = await house.people("anna", "boris")
        new = NewGroup("news", (boris.account_id, AccountId(5)))
        chat = await house.core.chats.open_channel(anna, new)
        assert chat.subscribers == 2
        assert await house.core.chats.members(boris, [chat.id]) == {
            chat.id: sorted([anna.account_id, boris.account_id])
        }

    in_house(story)
