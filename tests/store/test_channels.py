"""Channels: who writes, who comes and goes, who hears of it, and what thousands of subscribers cost."""

import pytest

from tertulia.core.errors import NotAllowed, NotFound
from tertulia.core.events import (
    ChatChanged,
    ChatOpened,
    MembersAdded,
    MembersRemoved,
    MessagePosted,
    MessagesRead,
)
from tertulia.core.ids import AccountId, ChatId
from tertulia.core.message_model import NoticeKind, ReadMark
from tertulia.core.model import Actor, Chat, ChatKind, NewGroup, Page
from tertulia.store.chats import MOST_NAMED, MOST_SHOWN
from tertulia.store.membership import MOST_NOTICES
from tertulia.store.work import many, rows
from tests.store.world import START, InStore, World, change


async def channel(world: World, owner: Actor, *others: Actor) -> Chat:
    new = NewGroup("news", tuple(each.account_id for each in others))
    return await world.chats.open_channel(owner, new, world.now)


async def crowd(world: World, size: int) -> tuple[AccountId, ...]:
    """So many accounts, put there quickly."""
    ids = [AccountId(1_000_000 + number) for number in range(size)]
    sql = """
        INSERT INTO accounts (id, login, email, phone, first_name, last_name, search_text,
            created_at, updated_at, seen_at)
        VALUES (?, ?, '', '', '', '', '', 0, 0, 0)
    """
    await world.engine.write(many(sql, [(each, f"reader{each}") for each in ids]))
    return tuple(ids)


async def counted(world: World, chat: Chat) -> int:
    found = await world.engine.read(rows("SELECT COUNT(*) FROM members WHERE chat_id = ?", chat.id))
    return int(found[0][0])


def test_a_channel_begins_with_its_owner_and_those_who_exist(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris = await world.people("anna", "boris")
        new = NewGroup("news", (boris.account_id, AccountId(9), boris.account_id, anna.account_id))
        chat = await world.chats.open_channel(anna, new, START)
        alone = await channel(world, anna)
        assert (chat.kind, chat.subscribers, alone.subscribers) == (ChatKind.CHANNEL, 2, 1)
        first, _ = world.told(ChatOpened)
        assert (first.members, set(first.accounts)) == ((), {anna.account_id, boris.account_id})
        entry = await world.entry(boris, chat.id)
        assert entry is not None
        assert entry.chat == chat

    in_store(story)


def test_owner_and_admins_write_and_nobody_else_does(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris, clara, dora = await world.people("anna", "boris", "clara", "dora")
        chat = await channel(world, anna, boris, clara)
        await change(world, anna, chat, add_admins=(boris.account_id,))
        await world.post(anna, chat.id)
        await world.post(boris, chat.id)
        for reader in (clara, dora):
            with pytest.raises(NotAllowed):
                await world.post(reader, chat.id)
        await change(world, anna, chat, remove_admins=(boris.account_id, anna.account_id))
        with pytest.raises(NotAllowed):
            await world.post(boris, chat.id)
        await world.post(anna, chat.id)

    in_store(story)


def test_nobody_marks_a_channel_read_and_what_is_unread_counts(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris = await world.people("anna", "boris")
        chat = await channel(world, anna, boris)
        message = await world.post(anna, chat.id)
        await world.post(anna, chat.id)
        for reader in (anna, boris):
            with pytest.raises(NotAllowed):
                await world.read_all(reader, chat.id)
            with pytest.raises(NotAllowed):
                await world.read(reader, chat.id, message)
        assert await world.unread(boris, chat.id) == 2
        assert await world.unread(anna, chat.id) == 0

    in_store(story)


def test_reactions_in_a_channel_are_kept_and_not_told(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris = await world.people("anna", "boris")
        chat = await channel(world, anna, boris)
        message = await world.post(anna, chat.id)
        world.heard.clear()
        await world.messages.react(boris, message.id, ["👍"], [], world.now)
        assert world.heard == []
        assert await world.messages.reactions(anna, message.id) == [("👍", [boris.account_id])]

    in_store(story)


def test_owner_and_admins_delete_what_others_wrote(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris, clara = await world.people("anna", "boris", "clara")
        chat = await channel(world, anna, boris, clara)
        message = await world.post(anna, chat.id)
        with pytest.raises(NotAllowed):
            await world.delete(clara, message)
        await change(world, anna, chat, add_admins=(boris.account_id,))
        await world.delete(boris, message)
        assert await world.texts(clara, chat.id) == []
        assert await world.unread(clara, chat.id) == 0

    in_store(story)


def test_who_subscribes_hears_alone_and_finds_nothing_unread(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris = await world.people("anna", "boris")
        chat = await channel(world, anna)
        await world.post(anna, chat.id, "old news")
        before = await world.entry(anna, chat.id)
        world.heard.clear()
        for _ in range(2):
            await world.chats.subscribe(boris, chat.id, world.now + 5)
        (opened,) = world.told(ChatOpened)
        assert (opened.accounts, opened.members) == ((boris.account_id,), ())
        assert opened.chat.subscribers == 2
        assert len(world.heard) == 1
        assert await world.unread(boris, chat.id) == 0
        assert await world.texts(boris, chat.id) == ["old news"]
        after = await world.entry(anna, chat.id)
        assert before is not None and after is not None  # noqa: PT018 - one fact
        assert after.chat.updated_at == before.chat.updated_at

    in_store(story)


def test_who_unsubscribes_hears_alone_and_reads_no_more(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris = await world.people("anna", "boris")
        chat = await channel(world, anna, boris)
        world.heard.clear()
        for _ in range(2):
            await world.chats.unsubscribe(boris, chat.id, world.now)
        (gone,) = world.told(MembersRemoved)
        assert (gone.accounts, gone.by_themselves) == ((boris.account_id,), True)
        assert len(world.heard) == 1
        assert await world.entry(boris, chat.id) is None
        with pytest.raises(NotAllowed):
            await world.history(boris, chat.id)
        entry = await world.entry(anna, chat.id)
        assert entry is not None
        assert (entry.chat.subscribers, await counted(world, chat)) == (1, 1)

    in_store(story)


def test_only_channels_are_subscribed_to(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris, clara = await world.people("anna", "boris", "clara")
        group, direct = await world.group(anna, boris), await world.direct(anna, boris)
        for chat_id in (group.id, direct.id, ChatId(7)):
            with pytest.raises(NotFound):
                await world.chats.subscribe(clara, chat_id, world.now)
            with pytest.raises(NotFound):
                await world.chats.unsubscribe(anna, chat_id, world.now)

    in_store(story)


def test_a_reader_leaves_quietly_and_an_admin_does_not(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris, clara, dora = await world.people("anna", "boris", "clara", "dora")
        chat = await channel(world, anna, boris, clara)
        await change(world, anna, chat, add_admins=(clara.account_id,))
        world.heard.clear()
        await world.chats.leave(boris, chat.id, world.now)
        assert world.kinds() == ["MembersRemoved"]
        await world.chats.leave(clara, chat.id, world.now)
        (left,) = world.told(MessagePosted)
        assert left.message.notice is not None
        assert left.message.notice.kind is NoticeKind.MEMBER_LEFT
        with pytest.raises(NotFound):
            await world.chats.leave(dora, chat.id, world.now)

    in_store(story)


def test_the_oldest_admin_or_else_subscriber_comes_after_the_owner(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris, clara, dora = await world.people("anna", "boris", "clara", "dora")
        chat = await channel(world, anna, boris, clara)
        world.now += 10
        await world.chats.subscribe(dora, chat.id, world.now)
        await change(world, anna, chat, add_admins=(dora.account_id, clara.account_id))
        await world.chats.leave(anna, chat.id, world.now)
        assert await world.chats.admins(dora, [chat.id]) == {
            chat.id: [clara.account_id, dora.account_id]
        }
        removed = await change(world, dora, chat, remove=(clara.account_id, dora.account_id))
        assert removed is not None
        assert (removed.owner_id, removed.subscribers) == (boris.account_id, 1)
        await world.post(boris, chat.id)
        await world.chats.unsubscribe(boris, chat.id, world.now)
        with pytest.raises(NotFound):
            await world.post(boris, chat.id)
        assert await world.chats.search(anna, "news", 9, changed_after=None) == []

    in_store(story)


def test_whoever_is_removed_last_takes_the_channel_along(in_store: InStore) -> None:
    async def story(world: World) -> None:
        (anna,) = await world.people("anna")
        chat = await channel(world, anna)
        assert await change(world, anna, chat, remove=(anna.account_id,)) is None
        gone = world.told(MembersRemoved)[-1]
        assert (gone.chat.subscribers, gone.members) == (0, ())
        assert await world.chats.card(chat.id) is None

    in_store(story)


def test_a_change_is_told_to_all_without_naming_them(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris, clara = await world.people("anna", "boris", "clara")
        chat = await channel(world, anna, boris)
        world.heard.clear()
        named = await change(world, anna, chat, name="weather", add=(clara.account_id,))
        assert named is not None
        assert (named.name, named.subscribers) == ("weather", 3)
        assert world.kinds() == ["MembersAdded", "MessagePosted", "ChatChanged"]
        with pytest.raises(NotAllowed):
            await change(world, boris, chat, name="mine")
        await change(world, anna, chat, name="sun")
        (changed,) = world.told(ChatChanged)
        assert (changed.members, changed.accounts, changed.unheard_by) == ((), (), ())

    in_store(story)


def test_a_crowd_comes_and_goes_without_a_notice_for_each(in_store: InStore) -> None:
    async def story(world: World) -> None:
        (anna,) = await world.people("anna")
        chat = await channel(world, anna)
        readers = await crowd(world, MOST_NOTICES + 1)
        world.heard.clear()
        await change(world, anna, chat, add=readers)
        (added,) = world.told(MembersAdded)
        assert (added.accounts, added.last) == (readers, None)
        assert world.kinds() == ["MembersAdded", "ChatChanged"]
        left = await change(world, anna, chat, remove=readers)
        assert left is not None
        assert (left.subscribers, await counted(world, chat)) == (1, 1)
        assert world.kinds() == ["MembersRemoved", "ChatChanged"]

    in_store(story)


def test_no_event_of_a_large_channel_names_everybody(in_store: InStore) -> None:
    async def story(world: World) -> None:
        (anna,) = await world.people("anna")
        readers = await crowd(world, 2 * MOST_NAMED)
        chat = await world.chats.open_channel(anna, NewGroup("news", readers), world.now)
        assert (chat.subscribers, await counted(world, chat)) == (len(readers) + 1,) * 2
        told = world.told(ChatOpened)
        assert sum(len(each.accounts) for each in told) == len(readers) + 1
        assert max(len(each.accounts) for each in told) <= MOST_NAMED
        await world.post(anna, chat.id)
        await change(world, anna, chat, name="weather")
        biggest = await world.engine.read(rows("SELECT MAX(LENGTH(body)) FROM events"))
        assert biggest[0][0] < 30 * MOST_NAMED
        shown = (await world.chats.members(anna, [chat.id]))[chat.id]
        assert MOST_SHOWN <= len(shown) <= MOST_SHOWN + 1
        assert anna.account_id in shown
        card = await world.chats.card(chat.id)
        assert card is not None
        assert len(card[1]) == chat.subscribers

    in_store(story)


def test_every_channel_is_found_and_groups_only_by_who_is_in_them(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris = await world.people("anna", "boris")
        world.now += 1
        news = await channel(world, anna)
        await world.chats.open_group(anna, NewGroup("NEWS room", (boris.account_id,)), 4, START)
        for who, count in ((anna, 2), (boris, 2), (await world.person("clara"), 1)):
            found = await world.chats.search(who, "news", 9, changed_after=None)
            assert (found[0].id, len(found)) == (news.id, count)
        assert await world.chats.search(boris, "news", 9, changed_after=world.now) == []

    in_store(story)


def test_only_who_leads_sees_who_leads(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris, clara = await world.people("anna", "boris", "clara")
        news, tea = await channel(world, anna, boris, clara), await world.group(anna, boris)
        hall = await world.direct(anna, boris)
        asked = [news.id, tea.id, hall.id, ChatId(5)]
        assert await world.chats.admins(anna, asked) == {
            news.id: [anna.account_id],
            tea.id: [anna.account_id],
        }
        assert await world.chats.admins(boris, asked) == {}
        await change(world, anna, news, add_admins=(boris.account_id,))
        assert await world.chats.admins(boris, asked) == {
            news.id: [anna.account_id, boris.account_id]
        }

    in_store(story)


def test_who_is_deleted_is_in_no_channel(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris = await world.people("anna", "boris")
        chat = await channel(world, anna, boris)
        await world.accounts.remove(anna, world.now)
        entry = (await world.chats.listed(boris, Page(9)))[0]
        assert (entry.chat.id, entry.chat.owner_id) == (chat.id, boris.account_id)
        assert (entry.chat.subscribers, await counted(world, chat)) == (1, 1)

    in_store(story)


def test_authors_can_be_told_without_anything_being_stored(in_store: InStore) -> None:
    async def story(world: World) -> None:

        anna, boris, clara = await world.people("anna", "boris", "clara")
        tea = await world.group(anna, boris)
        message = await world.post(anna, tea.id)
        for mark in (ReadMark(tea.id, (message.id,)), ReadMark(tea.id, None)):
            await world.messages.tell_read(boris, mark, world.now)
        told = world.told(MessagesRead)
        assert [each.by_author for each in told] == [((anna.account_id, (message.id,)),)] * 2
        assert await world.unread(boris, tea.id) == 1
        assert not (await world.history(anna, tea.id))[0].is_read
        with pytest.raises(NotAllowed):
            await world.messages.tell_read(clara, ReadMark(tea.id, None), world.now)
        with pytest.raises(NotFound):
            await world.messages.tell_read(clara, ReadMark(ChatId(5), None), world.now)

    in_store(story)
