"""The chats of a team in the lists of its members: which, in which order, kept how, with what unread."""

import pytest

from tertulia.core.chat_lists import ChatEntry, Order, SettingsChange, Unread
from tertulia.core.errors import NotAllowed, NotFound
from tertulia.core.events import ChatOpened, ChatSettingsChanged
from tertulia.core.flags import IMPORTANT, SILENT
from tertulia.core.groups import GroupChange, GroupSettings
from tertulia.core.histories import MessageChange, Target
from tertulia.core.message_model import Message, ReadMark
from tertulia.core.model import Actor, ChatKind, Versions
from tertulia.core.tasks import TaskChange
from tertulia.core.team_model import HOME_TEAM, NOTEBOT, SYSTEMBOT
from tests.store.chat_world import ChatWorld, at, noted, ref, to
from tests.store.world import InStore, World

DIRECT, GROUP, TASK = (ChatKind.DIRECT,), (ChatKind.GROUP,), (ChatKind.TASK,)


def names(found: list[ChatEntry]) -> list[str]:
    """What the chats are called, in short."""
    return [
        each.partner.bot or each.partner.login
        if each.partner
        else each.chat.name
        if each.chat
        else ""
        for each in found
    ]


async def settle(rooms: ChatWorld, who: Actor, target: Target, **what: object) -> None:
    wish = SettingsChange(**what)  # type: ignore[arg-type]  # its fields
    await rooms.lists.settle(who, rooms.team, target, wish, rooms.world.now)


def test_everybody_in_the_team_is_a_direct_chat_and_so_are_the_bots(in_store: InStore) -> None:
    async def story(world: World) -> None:
        rooms = ChatWorld(world)
        anna, boris, clara, dora = await world.people("anna", "boris", "clara", "dora")
        await rooms.found(anna, boris, clara)
        await world.direct(anna, dora)
        found = await rooms.listed(anna, kinds=DIRECT)
        assert sorted(names(found)) == ["boris", "clara", NOTEBOT, SYSTEMBOT]
        assert all(each.chat is None for each in found)
        entry = await rooms.club.member(rooms.team, clara)
        await rooms.club.members.remove(anna, rooms.team, entry.id, world.now)
        found = await rooms.listed(anna, kinds=DIRECT)
        assert sorted(names(found)) == ["boris", NOTEBOT, SYSTEMBOT]
        archived = await rooms.lists.entry(anna, rooms.team, to(clara))
        assert archived.partner is not None
        assert archived.partner.is_archived
        with pytest.raises(NotFound):
            await rooms.lists.entry(anna, rooms.team, to(dora))

    in_store(story)


def test_the_newest_come_first_and_pinned_ones_before_them(in_store: InStore) -> None:
    async def story(world: World) -> None:
        rooms = ChatWorld(world)
        anna, boris, clara = await world.people("anna", "boris", "clara")
        await rooms.found(anna, boris, clara)
        world.now += 1_000
        tea = await rooms.group(anna, boris, name="tea")
        milk = await rooms.group(anna, boris, name="milk")
        direct = await world.direct(anna, boris)
        for chat_id in (milk, direct.id, tea):
            await rooms.say(boris, chat_id, "hi")
        first = ["tea", "boris", "milk"]
        assert names(await rooms.listed(anna))[:3] == first
        assert names(await rooms.listed(anna, limit=2, offset=1)) == ["boris", "milk"]
        assert names(await rooms.listed(anna, has_activity=True)) == first
        assert names(await rooms.listed(anna, has_activity=True, order=Order.OLDEST)) == first[::-1]
        by_name = await rooms.listed(anna, has_activity=True, order=Order.NAME)
        assert names(by_name) == ["milk", "tea", "boris"]
        await settle(rooms, anna, at(milk), is_pinned=True, pin_order=2)
        await settle(rooms, anna, to(clara), is_pinned=True, pin_order=1)
        assert names(await rooms.listed(anna))[:4] == ["clara", "milk", "tea", "boris"]
        assert names(await rooms.listed(boris))[:3] == ["tea", "anna", "milk"]

    in_store(story)


def test_what_is_new_is_found_before_chats_are_read(in_store: InStore) -> None:
    """In the versions that their entries have, whatever the chat is, and in what it was changed."""

    async def story(world: World) -> None:
        rooms = ChatWorld(world)
        anna, boris, clara, dora, erik = await world.people(
            "anna", "boris", "clara", "dora", "erik"
        )
        world.now += 1_000
        team = await rooms.found(anna, boris, clara, dora)
        tea = await rooms.group(boris, anna)
        milk = await rooms.group(anna, boris, name="milk")
        task = await rooms.tasks.create(
            boris, team, TaskChange("buy", assignee_id=anna.account_id), world.now
        )
        direct = await world.direct(anna, boris)
        for chat_id in (milk, task, direct.id):
            await rooms.say(boris, chat_id, "hi")
        gone = await rooms.say(boris, milk, "never mind")
        world.now += 1_000
        await world.read_all(anna, task)
        await world.delete(boris, gone)
        await rooms.groups.change(boris, team, tea, GroupChange(is_public=True), world.now)
        await settle(rooms, anna, to(clara), is_pinned=True)
        await settle(rooms, anna, at(task), notifies=False)
        await rooms.tasks.change(boris, team, task, TaskChange(status="later"), world.now)
        await world.post(anna, (await world.group(anna, erik, clara)).id)
        await world.post(erik, (await world.direct(anna, erik)).id)
        for rooms.team in (team, HOME_TEAM):
            seen: list[Versions] = []
            entries = await rooms.listed(anna, is_new=noted(seen))
            assert len(entries) == (9 if rooms.team == team else 2)
            assert sorted(seen) == sorted(each.versions for each in entries)
            (newest,) = await rooms.listed(anna, is_new=max(seen).__eq__)
            assert newest.versions == max(seen)

    in_store(story)


def test_only_messages_move_a_chat_up(in_store: InStore) -> None:
    """What is changed about a group or a task is no activity in it."""

    async def story(world: World) -> None:
        rooms = ChatWorld(world)
        anna, boris = await world.people("anna", "boris")
        await rooms.found(anna, boris)
        world.now += 1_000
        tea = await rooms.group(anna, boris, name="tea")
        milk = await rooms.group(anna, boris, name="milk")
        world.now += 10
        await rooms.say(boris, tea, "hi")
        world.now += 10
        last = await rooms.say(boris, milk, "hi")
        world.now += 10
        change = GroupChange(description="hot")
        await rooms.groups.change(anna, rooms.team, tea, change, world.now)
        assert names(await rooms.listed(anna, has_activity=True)) == ["milk", "tea"]
        await world.delete(boris, last)
        assert names(await rooms.listed(anna, kinds=GROUP))[:2] == ["tea", "milk"]
        world.now += 10
        await rooms.group(anna, boris, name="new")
        assert names(await rooms.listed(anna, kinds=GROUP))[:3] == ["new", "tea", "milk"]

    in_store(story)


def test_an_entry_knows_how_many_messages_are_important(in_store: InStore) -> None:
    async def story(world: World) -> None:
        rooms = ChatWorld(world)
        anna, boris = await world.people("anna", "boris")
        await rooms.found(anna, boris)
        tea = await rooms.group(anna, boris)
        first = await rooms.say(anna, tea, "one", flags=IMPORTANT)
        second = await rooms.say(anna, tea, "two")

        async def important() -> int:
            return (await rooms.lists.entry(boris, rooms.team, at(tea))).importants

        async def mark(message: Message, set_flags: int, clear_flags: int = 0) -> None:
            change = MessageChange(None, set_flags, clear_flags)
            where = anna, rooms.team, at(tea), ref(message)
            await rooms.histories.change(*where, change, world.now)

        assert await important() == 1
        await mark(second, IMPORTANT)
        await mark(second, IMPORTANT)
        assert await important() == 2
        await mark(second, 0, IMPORTANT)
        assert await important() == 1
        await world.delete(anna, first)
        assert await important() == 0

    in_store(story)


def test_a_hidden_chat_is_in_sight_again_when_somebody_writes(in_store: InStore) -> None:
    async def story(world: World) -> None:
        rooms = ChatWorld(world)
        anna, boris, clara = await world.people("anna", "boris", "clara")
        await rooms.found(anna, boris, clara)
        tea = (await world.group(anna, boris, clara)).id
        rooms.team = HOME_TEAM
        await world.post(boris, tea)
        await settle(rooms, anna, at(tea), is_hidden=True)
        await world.chats.leave(clara, tea, world.now)
        await settle(rooms, anna, at(tea), is_pinned=True)
        assert await rooms.listed(anna) == []
        await world.post(boris, tea)
        (entry,) = await rooms.listed(anna)
        assert not entry.settings.is_hidden
        assert entry.settings.is_pinned
        await settle(rooms, anna, at(tea), is_hidden=True)
        assert await rooms.listed(anna) == []
        await settle(rooms, anna, at(tea), is_hidden=False)
        assert len(await rooms.listed(anna)) == 1

    in_store(story)


def test_hidden_unread_and_named_chats_are_found(in_store: InStore) -> None:
    async def story(world: World) -> None:
        rooms = ChatWorld(world)
        anna, boris = await world.people("anna", "boris")
        await rooms.found(anna, boris)
        tea = await rooms.group(anna, boris, name="Зелёный чай")
        milk = await rooms.group(anna, boris, name="milk")
        await rooms.say(boris, milk, "hi")
        await settle(rooms, anna, at(tea), is_hidden=True)
        shown = names(await rooms.listed(anna, kinds=GROUP))
        assert sorted(shown) == ["milk", "Общий чат"]
        assert names(await rooms.listed(anna, kinds=GROUP, hidden=True)) == ["Зелёный чай"]
        everything = await rooms.listed(anna, kinds=GROUP, hidden=None)
        assert len(everything) == 3
        assert names(await rooms.listed(anna, unread_only=True)) == ["milk"]
        await rooms.say(anna, tea, "mine")
        first = await rooms.listed(anna, hidden=None, unread_first=True)
        assert names(first)[:2] == ["milk", "Зелёный чай"]
        assert names(await rooms.listed(anna, hidden=None, text="ЗЕЛЕН")) == ["Зелёный чай"]
        assert names(await rooms.listed(anna, text="BORI")) == ["boris"]

    in_store(story)


def test_an_entry_says_what_is_unread_and_where_the_mark_stands(in_store: InStore) -> None:
    async def story(world: World) -> None:
        rooms = ChatWorld(world)
        anna, boris = await world.people("anna", "boris")
        await rooms.found(anna, boris)
        tea = await rooms.group(anna, boris)
        m = [await rooms.say(boris, tea, f"m{n}") for n in range(3)]

        async def entry(who: Actor) -> ChatEntry:
            return await rooms.lists.entry(who, rooms.team, at(tea))

        hers, his = await entry(anna), await entry(boris)
        assert (hers.unread, hers.mark, his.unread, his.mark) == (3, None, 0, ref(m[2]))
        mark = ReadMark(tea, None, up_to=m[1].id)
        await world.messages.mark_read(anna, mark, world.now)
        hers = await entry(anna)
        assert (hers.unread, hers.mark) == (1, ref(m[1]))
        assert hers.last is not None
        assert hers.last.message == m[2]
        await world.hide(anna, m[2])
        hers = await entry(anna)
        assert hers.last is not None
        assert (hers.unread, hers.last.message) == (0, m[1])
        both = await rooms.lists.entries(rooms.team, tea, [anna.account_id, boris.account_id])
        assert both == {anna.account_id: hers, boris.account_id: await entry(boris)}

    in_store(story)


def test_settings_are_ones_own_and_open_a_chat_that_is_not_begun(in_store: InStore) -> None:
    async def story(world: World) -> None:
        rooms = ChatWorld(world)
        anna, boris, clara = await world.people("anna", "boris", "clara")
        await rooms.found(anna, boris, clara)
        tea = await rooms.group(anna, boris)
        world.heard.clear()
        await settle(rooms, anna, at(tea), draft="dear", counts=False)
        await settle(rooms, anna, at(tea), draft="dear")
        (told,) = world.told(ChatSettingsChanged)
        assert (told.accounts, told.counts) == ((anna.account_id,), False)
        hers = (await rooms.lists.entry(anna, rooms.team, at(tea))).settings
        assert (hers.draft, hers.draft_at, hers.counts, hers.notifies) == (
            "dear", world.now, False, True,
        )  # fmt: skip
        assert (await rooms.lists.entry(boris, rooms.team, at(tea))).settings.draft == ""
        with pytest.raises(NotAllowed):
            await settle(rooms, clara, at(tea), is_pinned=True)
        await settle(rooms, anna, to(clara), is_pinned=True)
        assert len(world.told(ChatOpened)) == 1
        assert (await rooms.lists.entry(anna, rooms.team, to(clara))).settings.is_pinned

    in_store(story)


def test_sums_count_a_direct_chat_wherever_it_is_found(in_store: InStore) -> None:
    async def story(world: World) -> None:
        rooms = ChatWorld(world)
        anna, boris, clara = await world.people("anna", "boris", "clara")
        first = await rooms.found(anna, boris)
        quiet = await rooms.group(boris, anna)
        second = await rooms.found(boris, anna)
        tea = await rooms.group(boris, anna)
        task = await rooms.tasks.create(
            boris, second, TaskChange("buy", observers=(anna.account_id,)), world.now
        )
        direct, outside = await world.direct(anna, boris), await world.direct(anna, clara)
        for chat_id in (quiet, tea, tea, task, direct.id):
            await rooms.say(boris, chat_id, "hi")
        await rooms.say(clara, outside.id, "hi")
        await rooms.say(boris, tea, "psst", flags=SILENT)
        rooms.team = first
        await settle(rooms, anna, at(quiet), counts=False)
        one = Unread(1, 1)
        assert await rooms.lists.unread(anna.account_id) == {
            first: {ChatKind.DIRECT: one},
            second: {ChatKind.DIRECT: one, ChatKind.GROUP: Unread(1, 2), ChatKind.TASK: one},
            HOME_TEAM: {ChatKind.DIRECT: one},
        }
        assert await rooms.lists.badge(anna.account_id) == 5
        assert await rooms.lists.unread(boris.account_id) == {}

    in_store(story)


def test_at_home_is_what_belongs_to_no_team(in_store: InStore) -> None:
    async def story(world: World) -> None:
        rooms = ChatWorld(world)
        anna, boris, clara = await world.people("anna", "boris", "clara")
        await rooms.found(anna, boris)
        await world.direct(anna, boris)
        await world.direct(anna, clara)
        await world.group(anna, clara)
        rooms.team = HOME_TEAM
        assert sorted(names(await rooms.listed(anna))) == ["clara", "tea"]
        assert (await rooms.lists.entry(anna, HOME_TEAM, to(clara))).kind is ChatKind.DIRECT
        for target in (to(boris), to(anna)):
            with pytest.raises((NotFound, NotAllowed)):
                await rooms.lists.entry(anna, HOME_TEAM, target)

    in_store(story)


def test_groups_come_with_their_members_and_settings(in_store: InStore) -> None:
    async def story(world: World) -> None:
        rooms = ChatWorld(world)
        anna, boris = await world.people("anna", "boris")
        await rooms.found(anna, boris)
        settings = GroupSettings(is_public=True, cleanup_s=60)
        tea = await rooms.group(boris, anna, settings=settings)
        found = await rooms.lists.groups(anna, rooms.team)
        (entry,) = (each for each in found if each.chat and each.chat.id == tea)
        assert entry.members is not None
        assert [(each.account_id, each.leads) for each in entry.members] == [
            (anna.account_id, False), (boris.account_id, True),
        ]  # fmt: skip
        assert (entry.group.is_public, entry.group.cleanup_s, entry.num_members) == (True, 60, 2)

    in_store(story)
