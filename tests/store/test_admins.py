"""Admins of groups: how one becomes one, how one ceases to be, and what everybody hears of it."""

from tertulia.core.events import ChatChanged
from tertulia.core.ids import AccountId, ChatId
from tertulia.core.model import Actor, Chat, ChatChange
from tests.store.world import InStore, World


async def change(world: World, who: Actor, chat: Chat, **what: object) -> Chat:
    wanted = ChatChange(**what)  # type: ignore[arg-type]  # the fields of ChatChange
    changed = await world.chats.change(who, chat.id, wanted, 9, world.now)
    assert changed is not None
    return changed


async def leading(world: World, who: Actor, chat_id: ChatId) -> list[AccountId]:
    return (await world.chats.admins(who, [chat_id])).get(chat_id, [])


def test_a_member_who_becomes_an_admin_is_no_news_but_the_change(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris, clara = await world.people("anna", "boris", "clara")
        chat = await world.group(anna, boris, clara)
        world.kinds()
        await change(world, anna, chat, add_admins=(boris.account_id, boris.account_id))
        (changed,) = world.told(ChatChanged)
        assert set(changed.accounts) == {anna.account_id, boris.account_id, clara.account_id}
        assert world.kinds() == ["ChatChanged"]
        await change(world, anna, chat, add_admins=(boris.account_id,))
        assert world.kinds() == []
        assert await leading(world, boris, chat.id) == [anna.account_id, boris.account_id]

    in_store(story)


def test_a_stranger_who_becomes_an_admin_joins_and_an_unknown_one_does_not(
    in_store: InStore,
) -> None:
    async def story(world: World) -> None:
        anna, boris, clara = await world.people("anna", "boris", "clara")
        chat = await world.group(anna, boris)
        world.kinds()
        new = (clara.account_id, AccountId(7))
        await change(world, anna, chat, add=(clara.account_id,), add_admins=new)
        assert world.kinds() == ["MembersAdded", "MessagePosted", "ChatChanged"]
        assert await leading(world, anna, chat.id) == [anna.account_id, clara.account_id]

    in_store(story)


def test_nobody_takes_the_owners_place_by_rank_alone(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris = await world.people("anna", "boris")
        chat = await world.group(anna, boris)
        await change(world, anna, chat, add_admins=(boris.account_id,))
        world.kinds()
        both = (anna.account_id, boris.account_id)
        await change(world, boris, chat, remove_admins=(anna.account_id,), add_admins=both)
        assert world.kinds() == []
        assert await leading(world, boris, chat.id) == [anna.account_id, boris.account_id]

    in_store(story)


def test_who_leaves_and_comes_back_is_no_admin_any_more(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris, clara = await world.people("anna", "boris", "clara")
        chat = await world.group(anna, boris, clara)
        await change(world, anna, chat, add_admins=(boris.account_id, clara.account_id))
        await change(world, anna, chat, remove=(boris.account_id,))
        await change(world, anna, chat, add=(boris.account_id,))
        assert await leading(world, anna, chat.id) == [anna.account_id, clara.account_id]
        assert await leading(world, boris, chat.id) == []

    in_store(story)


def test_an_owner_who_is_removed_is_followed_by_the_oldest_admin(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris, clara, dora = await world.people("anna", "boris", "clara", "dora")
        chat = await world.group(anna, boris, clara)
        world.now += 10
        await change(world, anna, chat, add_admins=(dora.account_id, clara.account_id))
        changed = await change(world, dora, chat, remove=(anna.account_id,))
        assert changed.owner_id == clara.account_id
        assert await leading(world, dora, chat.id) == [clara.account_id, dora.account_id]

    in_store(story)


def test_who_rises_in_the_same_change_is_the_owners_heir(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris, clara = await world.people("anna", "boris", "clara")
        chat = await world.group(anna, boris, clara)
        changed = await change(
            world, anna, chat, add_admins=(clara.account_id,), remove=(anna.account_id,)
        )
        assert changed.owner_id == clara.account_id

    in_store(story)
