"""How one keeps one's chats, whatever team they are of."""

import pytest

from tertulia.core.chat_lists import SettingsChange
from tertulia.core.errors import NotFound
from tertulia.core.events import ChatSettingsChanged
from tertulia.core.ids import ChatId
from tertulia.core.model import Actor, NewGroup
from tertulia.store.chat_settings import SqlChatSettings
from tertulia.store.pushes import SqlPushes
from tests.store.chat_world import ChatWorld, at
from tests.store.world import InStore, World

PIN = SettingsChange(is_pinned=True, pin_order=3)
MUTE = SettingsChange(notifies=False)


async def keeps(world: World, who: Actor, *chats: ChatId, change: SettingsChange = PIN) -> None:
    await SqlChatSettings(world.engine).keep(who, dict.fromkeys(chats, change), world.now)


async def kept(world: World, who: Actor) -> dict[ChatId, tuple[bool, int, bool]]:
    found = await SqlChatSettings(world.engine).all_of(who.account_id)
    return {each: (how.is_pinned, how.pin_order, how.notifies) for each, how in found.items()}


def test_every_kind_of_chat_can_be_kept(in_store: InStore) -> None:
    async def story(world: World) -> None:
        rooms = ChatWorld(world)
        anna, boris, clara = await world.people("anna", "boris", "clara")
        await rooms.found(anna, boris)
        chats = [
            await rooms.group(anna, boris),
            (await world.group(anna, boris)).id,
            (await world.direct(anna, boris)).id,
            (await world.direct(anna, clara)).id,
            (await world.chats.open_channel(anna, NewGroup("news", ()), world.now)).id,
        ]
        assert await kept(world, anna) == {}
        await keeps(world, anna, *chats)
        assert await kept(world, anna) == dict.fromkeys(chats, (True, 3, True))
        assert await kept(world, boris) == {}
        # They are the same settings that a team's list knows.
        entry = await rooms.lists.entry(anna, rooms.team, at(chats[0]))
        assert entry.settings.is_pinned
        await rooms.lists.settle(
            anna, rooms.team, at(chats[0]), SettingsChange(is_pinned=False), world.now
        )
        assert (await kept(world, anna))[chats[0]] == (False, 3, True)

    in_store(story)


def test_ones_other_devices_hear_of_what_changed_and_nobody_else(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris = await world.people("anna", "boris")
        chat = await world.direct(anna, boris)
        world.heard.clear()
        await keeps(world, anna, chat.id)
        await keeps(world, anna, chat.id)
        await keeps(world, anna, chat.id, change=MUTE)
        told = world.told(ChatSettingsChanged)
        assert [(each.accounts, each.pinned, each.pin_order, each.notifies) for each in told] == [
            ((anna.account_id,), True, 3, True),
            ((anna.account_id,), True, 3, False),
        ]

    in_store(story)


def test_all_of_them_are_kept_so_or_none(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris, clara = await world.people("anna", "boris", "clara")
        mine, theirs = await world.direct(anna, boris), await world.direct(boris, clara)
        left = await world.group(boris, anna)
        await world.chats.leave(anna, left.id, world.now)
        world.heard.clear()
        for other in (theirs.id, left.id, ChatId(7)):
            with pytest.raises(NotFound):
                await keeps(world, anna, mine.id, other)
        assert await kept(world, anna) == {}
        assert world.told(ChatSettingsChanged) == []

    in_store(story)


def test_a_chat_that_one_has_left_is_not_in_the_list(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris = await world.people("anna", "boris")
        chat = await world.group(boris, anna)
        await keeps(world, anna, chat.id)
        await world.chats.leave(anna, chat.id, world.now)
        assert await kept(world, anna) == {}

    in_store(story)


def test_whom_a_chat_may_call(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris, clara = await world.people("anna", "boris", "clara")
        chat, other = await world.group(anna, boris, clara), await world.group(anna, boris)
        await keeps(world, boris, chat.id, change=MUTE)
        await keeps(world, clara, chat.id)
        everybody = [anna.account_id, boris.account_id, clara.account_id]
        pushes = SqlPushes(world.engine)
        assert await pushes.unmuted(chat.id, everybody) == [anna.account_id, clara.account_id]
        assert await pushes.unmuted(other.id, everybody) == everybody

    in_store(story)
