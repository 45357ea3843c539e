"""Groups: rights, who owns them, limits, notices, and what is told in which order."""

import pytest

from tertulia.core.errors import BadInput, NotAllowed, NotFound, TooMuch
from tertulia.core.events import (
    ChatChanged,
    ChatOpened,
    Event,
    MembersAdded,
    MembersRemoved,
    MessagePosted,
)
from tertulia.core.ids import AccountId, ChatId
from tertulia.core.message_model import Notice, NoticeKind
from tertulia.core.model import Actor, Chat, ChatChange, NewGroup, Page, Picture
from tests.store.world import START, InStore, World, change


async def owner(world: World, who: Actor, chat: Chat) -> AccountId:
    entry = await world.entry(who, chat.id)
    assert entry is not None
    return entry.chat.owner_id


def notices(events: list[Event]) -> list[Notice]:
    posted = [event for event in events if isinstance(event, MessagePosted)]
    return [event.message.notice for event in posted if event.message.notice is not None]


def test_a_group_holds_those_who_exist_each_once(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris = await world.people("anna", "boris")
        new = NewGroup(
            "tea",
            (boris.account_id, boris.account_id, AccountId(9), anna.account_id),
            "at five",
            Picture("f", "tea.png", "L00"),
        )
        chat = await world.chats.open_group(anna, new, 4, START)
        assert (chat.name, chat.description, chat.picture) == ("tea", "at five", new.picture)
        everybody = {anna.account_id, boris.account_id}
        assert set((await world.chats.members(anna, [chat.id]))[chat.id]) == everybody
        (opened,) = world.told(ChatOpened)
        assert (set(opened.accounts), opened.chat) == (everybody, chat)
        listed = await world.chats.listed(boris, Page(5))
        assert [each.chat for each in listed] == [chat]

    in_store(story)


def test_a_group_of_nobody_or_too_many_is_refused(in_store: InStore) -> None:
    async def story(world: World) -> None:
        people = await world.people("anna", "boris", "clara")
        with pytest.raises(BadInput):
            await world.chats.open_group(people[0], NewGroup("x", (AccountId(9),)), 4, START)
        new = NewGroup("x", tuple(each.account_id for each in people))
        with pytest.raises(TooMuch):
            await world.chats.open_group(people[0], new, 2, START)

    in_store(story)


def test_owner_and_admins_change_a_group_and_others_do_not(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris, clara = await world.people("anna", "boris", "clara")
        chat = await world.group(anna, boris)
        with pytest.raises(NotAllowed):
            await change(world, boris, chat, name="mine")
        with pytest.raises(NotFound):
            await change(world, clara, chat, name="mine")
        with pytest.raises(NotFound):
            await world.chats.change(anna, ChatId(5), ChatChange(name="x"), 4, START)
        await change(world, anna, chat, add_admins=(boris.account_id, clara.account_id))
        changed = await change(world, clara, chat, name="ours", remove_admins=(anna.account_id,))
        assert changed is not None
        assert (changed.name, changed.owner_id) == ("ours", anna.account_id)
        await change(world, anna, chat, remove_admins=(boris.account_id,))
        with pytest.raises(NotAllowed):
            await change(world, boris, chat, name="mine")

    in_store(story)


def test_a_large_change_is_told_in_the_order_clients_know(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris, clara, dora = await world.people("anna", "boris", "clara", "dora")
        chat = await world.group(anna, boris)
        world.kinds()
        await change(
            world,
            anna,
            chat,
            name="new",
            picture=Picture("p"),
            add=(clara.account_id, dora.account_id, boris.account_id),
            remove=(boris.account_id, AccountId(77)),
        )
        added, changed = world.told(MembersAdded)[0], world.told(ChatChanged)[0]
        removed = world.told(MembersRemoved)[0]
        assert added.accounts == (clara.account_id, dora.account_id)
        assert added.last is not None
        assert (removed.accounts, removed.by_themselves) == ((boris.account_id,), False)
        assert changed.accounts == (anna.account_id,)
        assert (changed.chat.name, changed.chat.picture) == ("new", Picture("p"))
        present = {anna.account_id, clara.account_id, dora.account_id}
        assert set(added.members) == set(removed.members) == set(changed.members) == present
        assert [each.kind for each in notices(world.heard)] == [
            NoticeKind.MEMBER_ADDED,
            NoticeKind.MEMBER_ADDED,
            NoticeKind.MEMBER_REMOVED,
            NoticeKind.PICTURE_CHANGED,
        ]
        assert world.kinds() == [
            "MembersAdded",
            "MessagePosted",
            "MessagePosted",
            "MessagePosted",
            "MembersRemoved",
            "ChatChanged",
            "MessagePosted",
        ]
        assert await world.texts(anna, chat.id) == [
            "clara has been added to the group",
            "dora has been added to the group",
            "boris has been removed from the group",
            "Group chat image was updated",
        ]

    in_store(story)


def test_a_change_that_changes_nothing_tells_nobody(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris = await world.people("anna", "boris")
        chat = await world.group(anna, boris)
        world.kinds()
        same = await change(world, anna, chat, name="tea", add=(boris.account_id, AccountId(3)))
        assert same == chat
        assert world.kinds() == []

    in_store(story)


def test_a_full_group_takes_nobody_until_somebody_goes(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris, clara, dora, eva = await world.people("anna", "boris", "clara", "dora", "eva")
        chat = await world.group(anna, boris, clara, dora)
        with pytest.raises(TooMuch):
            await change(world, anna, chat, add=(eva.account_id,))
        assert len((await world.chats.members(anna, [chat.id]))[chat.id]) == 4
        await change(world, anna, chat, add=(eva.account_id,), remove=(dora.account_id,))
        assert len((await world.chats.members(anna, [chat.id]))[chat.id]) == 4

    in_store(story)


def test_the_oldest_admin_inherits_a_group_else_its_oldest_member(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris, clara, dora = await world.people("anna", "boris", "clara", "dora")
        chat = await world.group(anna, boris)
        world.now += 1
        await change(world, anna, chat, add_admins=(clara.account_id,), add=(dora.account_id,))
        await world.chats.leave(anna, chat.id, world.now)
        assert await owner(world, dora, chat) == clara.account_id
        await change(world, clara, chat, name="mine now", remove=(clara.account_id,))
        assert await owner(world, dora, chat) == boris.account_id
        await change(world, boris, chat, name="and mine")
        assert world.told(ChatChanged)[-1].chat.owner_id == boris.account_id

    in_store(story)


def test_leaving_is_told_to_those_who_remain(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris, clara = await world.people("anna", "boris", "clara")
        chat = await world.group(anna, boris)
        world.kinds()
        await world.chats.leave(boris, chat.id, START)
        removed = world.told(MembersRemoved)[0]
        assert (removed.members, removed.by_themselves) == ((anna.account_id,), True)
        (notice,) = notices(world.heard)
        assert notice.kind is NoticeKind.MEMBER_LEFT
        assert notice.account is not None
        assert notice.account.login == "boris"
        assert world.kinds() == ["MessagePosted", "MembersRemoved"]
        for stranger in (boris, clara):
            with pytest.raises(NotFound) as refusal:
                await world.chats.leave(stranger, chat.id, START)
            assert refusal.value.kind == "member"
        with pytest.raises(NotFound) as refusal:
            await world.chats.leave(anna, ChatId(3), START)
        assert refusal.value.kind == "chat"

    in_store(story)


def test_when_the_last_one_goes_the_group_and_its_messages_are_gone(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris = await world.people("anna", "boris")
        left, emptied = await world.group(anna, boris), await world.group(anna, boris)
        for chat in (left, emptied):
            message = await world.post(anna, chat.id)
            await world.read(boris, chat.id, message)
            await world.hide(boris, message)
            await world.messages.react(anna, message.id, ["+"], [], START)
        for who in (anna, boris):
            await world.chats.leave(who, left.id, START)
        everybody = (anna.account_id, boris.account_id)
        assert await change(world, anna, emptied, remove=everybody) is None
        for chat in (left, emptied):
            assert await world.chats.card(chat.id) is None
            with pytest.raises(NotFound):
                await world.post(anna, chat.id)
        removed = world.told(MembersRemoved)[-1]
        assert (set(removed.accounts), removed.members) == (set(everybody), ())

    in_store(story)


def test_who_comes_back_is_a_plain_member(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris = await world.people("anna", "boris")
        chat = await world.group(anna, boris)
        await change(world, anna, chat, add_admins=(boris.account_id,))
        await world.chats.leave(boris, chat.id, START)
        await change(world, anna, chat, add=(boris.account_id,))
        with pytest.raises(NotAllowed):
            await change(world, boris, chat, name="mine")
        assert await world.unread(boris, chat.id) == 1

    in_store(story)


def test_groups_are_found_by_any_part_of_their_name_and_only_by_members(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris, clara = await world.people("anna", "boris", "clara")
        chats = []
        for name in ("Ёлки 100%", "Straße", "a_b"):
            world.now += 1
            new = NewGroup(name, (boris.account_id,))
            chats.append(await world.chats.open_group(anna, new, 4, world.now))
        await world.direct(anna, boris)

        async def found(part: str, who: Actor = anna, after: int | None = None) -> list[str]:
            chats = await world.chats.search(who, part, 10, changed_after=after)
            return [chat.name for chat in chats]

        assert await found("елк") == ["Ёлки 100%"]
        assert await found("STRASSE") == ["Straße"]
        assert await found("%") == ["Ёлки 100%"]
        assert await found("_") == ["a_b"]
        assert await found("") == ["a_b", "Straße", "Ёлки 100%"]
        assert await found("", after=chats[1].updated_at) == ["a_b"]
        assert await found("", who=clara) == []

    in_store(story)


def test_chats_are_listed_by_their_newest_change(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris = await world.people("anna", "boris")
        chats = []
        for _ in range(5):
            world.now += 10
            chats.append(await world.group(anna, boris))
        world.now += 10
        await world.post(boris, chats[1].id)

        async def listed(limit: int = 9, **bounds: object) -> list[int]:
            page = Page(limit, **bounds)  # type: ignore[arg-type]  # the fields of Page
            found = await world.chats.listed(anna, page)
            return [[chat.id for chat in chats].index(each.chat.id) for each in found]

        assert await listed() == [1, 4, 3, 2, 0]
        assert await listed(2) == [1, 4]
        assert await listed(2, before=chats[4].updated_at) == [3, 2]
        assert await listed(after=chats[3].updated_at) == [1, 4]
        assert await listed(only=(chats[0].id, chats[2].id, ChatId(8))) == [2, 0]
        assert await listed(1, only=(chats[0].id, chats[2].id)) == [2]
        assert await listed(only=()) == []

    in_store(story)


def test_a_page_of_chats_does_not_end_between_two_of_one_date(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris = await world.people("anna", "boris")
        chats = [await world.group(anna, boris) for _ in range(5)]
        page = await world.chats.listed(anna, Page(2))
        assert [each.chat.id for each in page] == sorted((c.id for c in chats), reverse=True)

    in_store(story)
