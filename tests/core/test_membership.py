import pytest

from tertulia.core.access import may_change, may_moderate, successor
from tertulia.core.errors import BadInput, NotAllowed, NotFound, TooMuch
from tertulia.core.ids import AccountId, ChatId
from tertulia.core.message_model import Draft, ReadMark
from tertulia.core.model import Actor, Chat, ChatChange, ChatKind, Member, NewGroup, Page, Role
from tests.core.house import LIMIT, House, in_house

EVERYTHING = Page(100)


async def change(house: House, actor: Actor, chat: ChatId, **wanted: object) -> Chat | None:
    """Change a chat."""
    return await house.core.chats.change(actor, chat, ChatChange(**wanted), LIMIT)  # type: ignore[arg-type]  # named fields


async def members(house: House, actor: Actor, chat: ChatId) -> list[AccountId]:
    """Who is in it, as the actor is told."""
    return (await house.core.chats.members(actor, [chat])).get(chat, [])


def test_owner_and_admins_moderate_and_a_direct_chat_is_anybodys_of_the_two() -> None:
    assert [may_moderate(role) for role in (Role.OWNER, Role.ADMIN, Role.MEMBER)] == [
        True,
        True,
        False,
    ]
    assert may_change(ChatKind.DIRECT, Role.MEMBER)
    assert not may_change(ChatKind.GROUP, Role.MEMBER)


def test_the_oldest_admin_inherits_and_otherwise_the_oldest_member() -> None:
    old, new = Member(AccountId(1), Role.MEMBER, 10), Member(AccountId(2), Role.MEMBER, 20)
    late, later = Member(AccountId(3), Role.ADMIN, 30), Member(AccountId(4), Role.ADMIN, 40)
    assert successor([later, new, late, old]) == late
    assert successor([new, old]) == old
    assert successor([]) is None


def test_a_stranger_cannot_change_leave_or_read() -> None:
    async def story(house: House) -> None:
        anna, boris, clara = await house.people("anna", "boris", "clara")
        chat = await house.group(anna, boris)
        message = await house.say(anna, chat)
        with pytest.raises(NotFound):
            await change(house, clara, chat, name="mine")
        with pytest.raises(NotFound):
            await house.core.chats.leave(clara, chat)
        with pytest.raises(NotAllowed):
            await house.core.messages.history(clara, chat, EVERYTHING)
        with pytest.raises(NotAllowed):
            await house.say(clara, chat)
        with pytest.raises(NotAllowed):
            await house.core.messages.mark_read(clara, ReadMark(chat, None))
        with pytest.raises(NotFound):
            await house.core.messages.react(clara, message.id, ["+"], [])
        with pytest.raises(NotFound):
            await house.core.messages.edit(clara, message.id, "mine")
        assert await members(house, clara, chat) == []

    in_house(story)


def test_a_stranger_cannot_tell_whether_a_chat_to_change_exists() -> None:
    async def story(house: House) -> None:
        anna, boris, clara = await house.people("anna", "boris", "clara")
        chat = await house.group(anna, boris)
        with pytest.raises(NotFound) as not_mine:
            await change(house, clara, chat, name="x")
        with pytest.raises(NotFound) as not_there:
            await change(house, clara, ChatId(1), name="x")
        assert str(not_mine.value) == str(not_there.value)

    in_house(story)


def test_a_plain_member_changes_nothing() -> None:
    async def story(house: House) -> None:
        anna, boris, clara = await house.people("anna", "boris", "clara")
        chat = await house.group(anna, boris)
        for wanted in ({"name": "x"}, {"add": (clara.account_id,)}, {"remove": (anna.account_id,)}):
            with pytest.raises(NotAllowed):
                await change(house, boris, chat, **wanted)

    in_house(story)


def test_an_admin_may_what_the_owner_may_but_not_unseat_him() -> None:
    async def story(house: House) -> None:
        anna, boris, clara = await house.people("anna", "boris", "clara")
        chat = await house.group(anna, boris)
        await change(house, anna, chat, add_admins=(boris.account_id,))
        await change(house, boris, chat, add=(clara.account_id,))
        changed = await change(house, boris, chat, remove_admins=(anna.account_id,))
        assert changed is not None
        assert changed.owner_id == anna.account_id
        await change(house, anna, chat, remove_admins=(boris.account_id,))
        with pytest.raises(NotAllowed):
            await change(house, boris, chat, name="x")

    in_house(story)


def test_an_owner_who_leaves_is_followed_by_the_oldest_admin() -> None:
    async def story(house: House) -> None:
        anna, boris, clara = await house.people("anna", "boris", "clara")
        chat = await house.group(anna, boris, clara)
        await change(house, anna, chat, add_admins=(clara.account_id,))
        await house.core.chats.leave(anna, chat)
        (listed,) = await house.core.chats.listed(clara, EVERYTHING)
        assert listed.chat.owner_id == clara.account_id
        assert await members(house, clara, chat) == [boris.account_id, clara.account_id]

    in_house(story)


def test_a_group_without_anybody_is_gone() -> None:
    async def story(house: House) -> None:
        anna, boris = await house.people("anna", "boris")
        chat = await house.group(anna, boris)
        await house.core.chats.leave(anna, chat)
        await house.core.chats.leave(boris, chat)
        for each in (anna, boris):
            with pytest.raises(NotFound):
                await house.say(each, chat)

    in_house(story)


def test_a_group_has_somebody_beside_its_maker_and_at_most_its_limit() -> None:
    async def story(house: House) -> None:
        anna, boris, clara = await house.people("anna", "boris", "clara")
        new = NewGroup("tea", (anna.account_id, AccountId(1)))
        with pytest.raises(BadInput):
            await house.core.chats.open_group(anna, new, LIMIT)
        new = NewGroup("tea", (boris.account_id, clara.account_id))
        with pytest.raises(TooMuch):
            await house.core.chats.open_group(anna, new, 2)
        chat = await house.core.chats.open_group(anna, NewGroup("tea", (boris.account_id,)), 2)
        with pytest.raises(TooMuch):
            await house.core.chats.change(anna, chat.id, ChatChange(add=(clara.account_id,)), 2)
        swap = ChatChange(add=(clara.account_id,), remove=(boris.account_id,))
        await house.core.chats.change(anna, chat.id, swap, 2)
        assert await members(house, anna, chat.id) == [anna.account_id, clara.account_id]

    in_house(story)


def test_the_direct_chat_of_two_is_one_for_ever() -> None:
    async def story(house: House) -> None:
        anna, boris = await house.people("anna", "boris")
        hall = await house.direct(anna, boris.account_id)
        assert await house.direct(boris, anna.account_id) == hall
        await house.core.chats.leave(anna, hall)
        await house.core.chats.leave(boris, hall)
        assert await house.direct(anna, boris.account_id) == hall
        with pytest.raises(BadInput):
            await house.direct(anna, anna.account_id)
        with pytest.raises(NotFound):
            await house.direct(anna, AccountId(1))

    in_house(story)


def test_who_left_a_direct_chat_comes_back_when_the_other_writes() -> None:
    async def story(house: House) -> None:
        anna, boris = await house.people("anna", "boris")
        hall = await house.direct(anna, boris.account_id)
        await house.core.chats.leave(boris, hall)
        with pytest.raises(NotAllowed):
            await house.say(boris, hall)
        ear = await house.listens(boris)
        await house.say(anna, hall)
        assert ear.kinds() == ["ChatOpened", "MessagePosted"]
        await house.say(boris, hall)

    in_house(story)


def test_a_block_stops_messages_in_direct_chats_only() -> None:
    async def story(house: House) -> None:
        anna, boris = await house.people("anna", "boris")
        hall, group = await house.direct(anna, boris.account_id), await house.group(anna, boris)
        old = await house.say(boris, hall)
        await house.core.accounts.block(anna, [boris.account_id, AccountId(1), boris.account_id])
        assert await house.core.accounts.blocked(anna) == [boris.account_id]
        for each in (anna, boris):
            with pytest.raises(NotAllowed):
                await house.say(each, hall)
            await house.say(each, group)
        await house.core.messages.edit(boris, old.id, "edited")
        await house.core.messages.delete(boris, hall, [old.id])
        await house.core.accounts.unblock(anna, [boris.account_id])
        await house.say(boris, hall)

    in_house(story)


def test_blocking_oneself_blocks_nobody() -> None:
    async def story(house: House) -> None:
        anna, boris = await house.people("anna", "boris")
        with pytest.raises(BadInput):
            await house.core.accounts.block(anna, [boris.account_id, anna.account_id])
        assert await house.core.accounts.blocked(anna) == []

    in_house(story)


def test_a_reply_is_to_something_its_author_sees() -> None:
    async def story(house: House) -> None:
        anna, boris = await house.people("anna", "boris")
        chat, other = await house.group(anna, boris), await house.group(anna, boris)
        first, elsewhere = await house.say(anna, chat), await house.say(anna, other)
        await house.core.messages.send(boris, Draft(chat, "yes", reply_to=first.id))
        with pytest.raises(NotFound):
            await house.core.messages.send(boris, Draft(chat, "yes", reply_to=elsewhere.id))
        await house.core.messages.hide(boris, chat, [first.id])
        with pytest.raises(NotFound):
            await house.core.messages.send(boris, Draft(chat, "yes", reply_to=first.id))
        await house.core.messages.send(anna, Draft(chat, "yes", reply_to=first.id))

    in_house(story)


def test_one_foreign_message_among_them_and_nothing_is_deleted() -> None:
    async def story(house: House) -> None:
        anna, boris = await house.people("anna", "boris")
        group = await house.group(anna, boris)
        hers, his = await house.say(anna, group), await house.say(boris, group)
        with pytest.raises(NotAllowed):
            await house.core.messages.delete(boris, group, [hers.id, his.id])
        assert len(await house.core.messages.history(anna, group, EVERYTHING)) == 2
        await house.core.messages.delete(anna, group, [hers.id, his.id])
        assert await house.core.messages.history(anna, group, EVERYTHING) == []

    in_house(story)


def test_nobody_deletes_what_the_other_one_of_a_direct_chat_wrote() -> None:
    async def story(house: House) -> None:
        anna, boris = await house.people("anna", "boris")
        hall = await house.direct(anna, boris.account_id)
        hers, his = await house.say(anna, hall), await house.say(boris, hall)
        for each in ([his.id], [hers.id, his.id]):
            with pytest.raises(NotAllowed):
                await house.core.messages.delete(anna, hall, each)
        assert len(await house.core.messages.history(boris, hall, EVERYTHING)) == 2

    in_house(story)


def test_a_word_too_long_to_be_anybodys_finds_nothing() -> None:
    async def story(house: House) -> None:
        anna, boris = await house.people("anna", "boris")
        await house.group(anna, boris)
        assert await house.core.accounts.search(anna, "b" * 256, 10) == []
        assert await house.core.chats.search(anna, "t" * 256, 10) == []
        assert len(await house.core.accounts.search(anna, "OR", 10)) == 1
        assert len(await house.core.chats.search(anna, "EA", 10)) == 1
        for part in ("%", "_", "\\"):
            assert await house.core.accounts.search(anna, part, 10) == []

    in_house(story)
