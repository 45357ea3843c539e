"""Direct chats: one per pair, for ever."""

import asyncio

import pytest

from tertulia.core.errors import NotFound
from tertulia.core.events import ChatOpened, MembersRemoved
from tertulia.core.ids import AccountId
from tertulia.core.message_model import NoticeKind
from tertulia.core.model import ChatChange, ChatKind, NewGroup, Page
from tests.store.world import START, InStore, World


def test_a_pair_has_one_direct_chat_whoever_begins(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris = await world.people("anna", "boris")
        chats = await asyncio.gather(world.direct(anna, boris), world.direct(boris, anna))
        assert chats[0] == chats[1]
        assert chats[0].kind is ChatKind.DIRECT
        assert (chats[0].owner_id, chats[0].other_id) == (anna.account_id, boris.account_id)
        (opened,) = world.told(ChatOpened)
        assert set(opened.accounts) == {anna.account_id, boris.account_id}

    in_store(story)


def test_nobody_opens_a_chat_with_nobody(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris = await world.people("anna", "boris")
        await world.accounts.remove(boris, START)
        for stranger in (AccountId(5), boris.account_id):
            with pytest.raises(NotFound):
                await world.chats.open_direct(anna, stranger, NewGroup("", ()), START)

    in_store(story)


def test_leaving_only_hides_it_and_opening_brings_it_back_with_its_history(
    in_store: InStore,
) -> None:
    async def story(world: World) -> None:
        anna, boris = await world.people("anna", "boris")
        chat = await world.direct(anna, boris)
        await world.post(anna, chat.id, "hi")
        await world.chats.leave(boris, chat.id, START)
        assert await world.chats.listed(boris, Page(5)) == []
        with pytest.raises(NotFound):
            await world.chats.leave(boris, chat.id, START)
        notice = (await world.history(anna, chat.id))[-1].message.notice
        assert notice is not None
        assert notice.kind is NoticeKind.MEMBER_LEFT
        removed = world.told(MembersRemoved)[-1]
        assert (removed.accounts, removed.by_themselves) == ((boris.account_id,), True)
        assert removed.members == (anna.account_id,)
        world.kinds()
        assert (await world.direct(boris, anna)).id == chat.id
        (opened,) = world.told(ChatOpened)
        assert opened.accounts == (boris.account_id,)
        assert (await world.texts(boris, chat.id))[0] == "hi"

    in_store(story)


def test_after_both_left_either_brings_it_back_for_both(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris = await world.people("anna", "boris")
        chat = await world.direct(anna, boris)
        for each in (anna, boris):
            await world.chats.leave(each, chat.id, START)
        assert (await world.direct(boris, anna)).id == chat.id
        assert await world.entry(anna, chat.id) is not None
        world.kinds()
        await world.direct(anna, boris)
        assert world.kinds() == []

    in_store(story)


def test_participants_of_a_direct_chat_are_both_even_if_one_left(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris, clara = await world.people("anna", "boris", "clara")
        chat = await world.direct(anna, boris)
        await world.chats.leave(boris, chat.id, START)
        members = await world.chats.members(anna, [chat.id])
        assert members == {chat.id: [anna.account_id, boris.account_id]}
        assert await world.chats.members(boris, [chat.id]) == {}
        assert await world.chats.members(clara, [chat.id]) == {}
        card = (ChatKind.DIRECT, (anna.account_id,), None, False)
        assert await world.chats.card(chat.id) == card

    in_store(story)


def test_either_changes_the_card_and_nobody_is_told(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris, clara = await world.people("anna", "boris", "clara")
        chat = await world.direct(anna, boris)
        world.kinds()
        change = ChatChange(name="us", add=(clara.account_id,), remove=(anna.account_id,))
        changed = await world.chats.change(boris, chat.id, change, 50, START)
        assert changed is not None
        assert changed.name == "us"
        assert world.kinds() == []
        members = await world.chats.members(anna, [chat.id])
        assert members[chat.id] == [anna.account_id, boris.account_id]

    in_store(story)


def test_a_deleted_account_stays_gone_when_the_other_writes(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris = await world.people("anna", "boris")
        chat = await world.direct(anna, boris)
        await world.chats.leave(boris, chat.id, START)
        await world.accounts.remove(boris, START)
        await world.post(anna, chat.id, "anybody there?")
        card = (ChatKind.DIRECT, (anna.account_id,), None, False)
        assert await world.chats.card(chat.id) == card

    in_store(story)
