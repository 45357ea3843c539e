"""Groups of teams: who makes, sees, leads, joins and leaves them; groups too large to name everybody."""

import pytest

from tertulia.core.chats import MOST_NAMED_MEMBERS
from tertulia.core.errors import BadInput, NotAllowed, NotFound
from tertulia.core.events import ChatChanged, ChatOpened, MembersAdded, MembersRemoved
from tertulia.core.groups import GroupChange, GroupSettings
from tertulia.core.ids import AccountId, ChatId
from tertulia.core.message_model import Draft
from tertulia.core.model import Actor, ChatChange, Role
from tertulia.core.team_model import HOME_TEAM, TeamStatus
from tertulia.store.team_groups import join_default_groups, leave_team_chats
from tests.store.chat_world import ChatWorld, at, texts
from tests.store.world import LIMIT, InStore, World

PUBLIC = GroupSettings(is_public=True)


async def people_of(rooms: ChatWorld, chat_id: ChatId, who: Actor) -> dict[AccountId, bool]:
    """Who is in a group, and whether he leads it."""
    found = await rooms.groups.members(who, rooms.team, chat_id)
    return {each.account_id: each.leads for each in found}


async def change(rooms: ChatWorld, who: Actor, chat_id: ChatId, **what: object) -> None:
    wish = GroupChange(**what)  # type: ignore[arg-type]  # its fields
    await rooms.groups.change(who, rooms.team, chat_id, wish, rooms.world.now)


def test_a_group_is_its_members_and_its_makers(in_store: InStore) -> None:
    async def story(world: World) -> None:
        rooms = ChatWorld(world)
        anna, boris, clara, dora = await world.people("anna", "boris", "clara", "dora")
        await rooms.found(anna, boris, clara)
        world.heard.clear()
        tea = await rooms.group(boris, clara)
        (opened,) = world.told(ChatOpened)
        assert opened.chat.team_id == rooms.team
        assert opened.chat.subscribers == 2
        assert await people_of(rooms, tea, clara) == {
            boris.account_id: True,
            clara.account_id: False,
        }
        with pytest.raises(NotFound):
            await rooms.group(boris, dora)
        with pytest.raises(NotAllowed):
            await rooms.group(dora)

    in_store(story)


def test_its_admins_and_whoever_manages_the_team_lead_it(in_store: InStore) -> None:
    async def story(world: World) -> None:
        rooms = ChatWorld(world)
        anna, boris, clara, dora = await world.people("anna", "boris", "clara", "dora")
        await rooms.found(anna, boris, clara, dora)
        tea = await rooms.group(boris, clara)
        await change(rooms, boris, tea, name="чай")
        await change(rooms, anna, tea, description="at five")
        (entry,) = (each for each in await rooms.listed(clara) if each.chat and each.chat.id == tea)
        assert entry.chat is not None
        assert (entry.chat.name, entry.chat.description) == ("чай", "at five")
        for who in (clara, dora):
            with pytest.raises(NotAllowed):
                await change(rooms, who, tea, name="mine")
            with pytest.raises(NotAllowed):
                await rooms.groups.archive(who, rooms.team, tea, world.now)
        with pytest.raises(NotAllowed):
            await people_of(rooms, tea, dora)
        world.heard.clear()
        await change(rooms, anna, tea, description="at five")
        assert world.heard == []

    in_store(story)


def test_a_group_of_another_team_is_not_there(in_store: InStore) -> None:
    async def story(world: World) -> None:
        rooms = ChatWorld(world)
        anna, boris = await world.people("anna", "boris")
        await rooms.found(anna, boris)
        tea = await rooms.group(anna, boris)
        task_like = await world.group(anna, boris)
        await rooms.found(anna, boris)
        for chat_id in (tea, task_like.id, ChatId(5)):
            with pytest.raises(NotFound):
                await change(rooms, anna, chat_id, name="x")
            with pytest.raises(NotFound):
                await rooms.groups.join(boris, rooms.team, chat_id, world.now)
        rooms.team = HOME_TEAM
        await change(rooms, anna, task_like.id, name="at home")
        with pytest.raises(NotFound):
            await change(rooms, anna, tea, name="x")

    in_store(story)


def test_people_come_rise_fall_and_go(in_store: InStore) -> None:
    async def story(world: World) -> None:
        rooms = ChatWorld(world)
        anna, boris, clara, dora = await world.people("anna", "boris", "clara", "dora")
        await rooms.found(anna, boris, clara)
        tea = await rooms.group(boris)

        async def puts(*members: tuple[Actor, Role]) -> None:
            wanted = [(who.account_id, role) for who, role in members]
            await rooms.groups.put_members(boris, rooms.team, tea, wanted, world.now)

        world.heard.clear()
        await puts((clara, Role.MEMBER))
        assert [each.accounts for each in world.told(MembersAdded)] == [(clara.account_id,)]
        assert [each.accounts for each in world.told(ChatChanged)] == [(boris.account_id,)]
        with pytest.raises(BadInput):
            await puts((boris, Role.MEMBER))
        with pytest.raises(NotFound):
            await puts((dora, Role.MEMBER))
        await puts((clara, Role.ADMIN), (anna, Role.MEMBER))
        await puts((boris, Role.MEMBER))
        assert await people_of(rooms, tea, boris) == {
            boris.account_id: False, clara.account_id: True, anna.account_id: False,
        }  # fmt: skip
        with pytest.raises(NotAllowed):
            await rooms.groups.drop_member(boris, rooms.team, tea, clara.account_id, world.now)
        world.heard.clear()
        await rooms.groups.drop_member(boris, rooms.team, tea, boris.account_id, world.now)
        await rooms.groups.drop_member(anna, rooms.team, tea, clara.account_id, world.now)
        gone = world.told(MembersRemoved)
        assert [(each.accounts, each.by_themselves) for each in gone] == [
            ((boris.account_id,), True), ((clara.account_id,), False),
        ]  # fmt: skip
        with pytest.raises(NotFound):
            await rooms.groups.drop_member(anna, rooms.team, tea, clara.account_id, world.now)
        assert gone[-1].chat.owner_id == anna.account_id
        with pytest.raises(NotAllowed):
            await rooms.page(clara, at(tea))

    in_store(story)


def test_whoever_is_no_guest_comes_into_a_public_group(in_store: InStore) -> None:
    async def story(world: World) -> None:
        rooms = ChatWorld(world)
        anna, boris, clara, dora = await world.people("anna", "boris", "clara", "dora")
        await rooms.found(anna, boris, clara)
        await rooms.rank(anna, clara, TeamStatus.GUEST)
        tea, closed = await rooms.group(anna, settings=PUBLIC), await rooms.group(anna)
        found = await rooms.lists.public_groups(boris, rooms.team)
        assert [each.chat.id for each in found if each.chat] == [tea]
        assert await rooms.lists.public_groups(clara, rooms.team) == []
        assert (await rooms.lists.entry(boris, rooms.team, at(tea))).role is None
        with pytest.raises(NotAllowed):
            await rooms.page(boris, at(tea))
        await rooms.groups.join(boris, rooms.team, tea, world.now)
        await rooms.groups.join(boris, rooms.team, tea, world.now)
        assert boris.account_id in await people_of(rooms, tea, boris)
        for who, chat_id in ((clara, tea), (boris, closed), (dora, tea)):
            with pytest.raises(NotAllowed):
                await rooms.groups.join(who, rooms.team, chat_id, world.now)
        with pytest.raises(NotAllowed):
            await rooms.lists.entry(clara, rooms.team, at(tea))
        with pytest.raises(NotAllowed):
            await rooms.lists.entry(boris, rooms.team, at(closed))

    in_store(story)


def test_in_a_readonly_group_admins_write(in_store: InStore) -> None:
    async def story(world: World) -> None:
        rooms = ChatWorld(world)
        anna, boris = await world.people("anna", "boris")
        await rooms.found(anna, boris)
        tea = await rooms.group(boris, anna, settings=GroupSettings(is_readonly=True))
        await rooms.say(boris, tea, "hear")
        with pytest.raises(NotAllowed):
            await rooms.say(anna, tea, "me too")
        await change(rooms, boris, tea, is_readonly=False)
        await rooms.say(anna, tea, "me too")
        assert texts(await rooms.page(anna, at(tea))) == ["me too", "hear"]

    in_store(story)


def test_a_group_for_everybody_has_everybody_in_it(in_store: InStore) -> None:
    async def story(world: World) -> None:
        rooms = ChatWorld(world)
        anna, boris, clara = await world.people("anna", "boris", "clara")
        await rooms.found(anna, boris)
        with pytest.raises(NotAllowed):
            await rooms.group(boris, settings=GroupSettings(is_default=True))
        news = await rooms.group(anna, name="news", settings=GroupSettings(is_default=True))
        tea = await rooms.group(anna, name="tea")
        await rooms.club.joins(anna, rooms.team, clara)
        everybody = {each.account_id for each in (anna, boris, clara)}
        assert set(await people_of(rooms, news, clara)) == everybody
        with pytest.raises(NotAllowed):
            await change(rooms, boris, tea, is_default=True)
        await change(rooms, anna, tea, is_default=True)
        assert set(await people_of(rooms, tea, clara)) == everybody
        await world.engine.write(
            join_default_groups(anna, rooms.team, [clara.account_id], world.now)
        )
        await world.engine.write(leave_team_chats(anna, rooms.team, boris.account_id, world.now))
        assert await rooms.club.groups_of(boris.account_id) == []
        assert boris.account_id not in await people_of(rooms, tea, clara)

    in_store(story)


def test_a_deleted_group_is_gone_for_everybody(in_store: InStore) -> None:
    async def story(world: World) -> None:
        rooms = ChatWorld(world)
        anna, boris = await world.people("anna", "boris")
        await rooms.found(anna, boris)
        tea = await rooms.group(boris, anna)
        await rooms.say(anna, tea, "hi")
        world.heard.clear()
        await rooms.groups.archive(boris, rooms.team, tea, world.now)
        (gone,) = world.told(MembersRemoved)
        assert gone.chat.archived
        assert set(gone.accounts) == {anna.account_id, boris.account_id}
        for who in (anna, boris):
            with pytest.raises(NotFound):
                await rooms.page(who, at(tea))
            assert tea not in [each.chat.id for each in await rooms.listed(who) if each.chat]
        with pytest.raises(NotAllowed):
            await world.post(anna, tea)
        with pytest.raises(NotFound):
            await change(rooms, boris, tea, name="x")

    in_store(story)


def test_who_speaks_another_api_brings_only_people_of_the_team_in(in_store: InStore) -> None:
    async def story(world: World) -> None:
        rooms = ChatWorld(world)
        anna, boris, clara, dora = await world.people("anna", "boris", "clara", "dora")
        await rooms.found(anna, boris, clara)
        tea = await rooms.group(anna, boris)
        wish = ChatChange(name="ours", add=(clara.account_id, dora.account_id))
        changed = await world.chats.change(anna, tea, wish, LIMIT, world.now)
        assert changed is not None
        assert (changed.name, changed.subscribers) == ("ours", 3)
        assert dora.account_id not in await people_of(rooms, tea, anna)
        await world.chats.leave(clara, tea, world.now)
        (entry,) = (each for each in await rooms.listed(boris) if each.chat and each.chat.id == tea)
        assert entry.num_members == 2

    in_store(story)


def test_nobody_hears_the_names_of_a_crowd(in_store: InStore) -> None:
    async def story(world: World) -> None:
        rooms = ChatWorld(world)
        anna, boris = await world.people("anna", "boris")
        await rooms.found(anna, boris)
        crowd = [await world.person(f"p{n}") for n in range(MOST_NAMED_MEMBERS)]
        for first in range(0, len(crowd), 50):
            await rooms.club.joins(anna, rooms.team, *crowd[first : first + 50])
        hall = await rooms.group(anna, *crowd, settings=PUBLIC)
        world.heard.clear()
        world.now += 1_000
        await rooms.groups.join(boris, rooms.team, hall, world.now)
        (added,) = world.told(MembersAdded)
        assert (added.members, added.accounts) == ((), (boris.account_id,))
        assert world.told(ChatChanged) == []
        assert added.chat.subscribers == MOST_NAMED_MEMBERS + 2
        await change(rooms, anna, hall, name="hall")
        (changed,) = world.told(ChatChanged)
        assert (changed.members, changed.accounts) == ((), ())
        await rooms.groups.drop_member(anna, rooms.team, hall, anna.account_id, world.now)
        removed = world.told(MembersRemoved)[-1]
        assert (removed.members, removed.chat.owner_id) == ((), crowd[0].account_id)
        listed = await rooms.listed(boris)
        (entry,) = (each for each in listed if each.chat and each.chat.id == hall)
        assert (entry.members, entry.num_members) == (None, MOST_NAMED_MEMBERS + 1)
        whole = await rooms.lists.entry(boris, rooms.team, at(hall))
        assert whole.members is not None
        assert len(whole.members) == MOST_NAMED_MEMBERS + 1
        await world.messages.append(boris, Draft(hall, "hi all"), world.now)

    in_store(story)


def test_messages_of_a_forgetful_group_go_in_time(in_store: InStore) -> None:
    async def story(world: World) -> None:
        rooms = ChatWorld(world)
        anna, boris = await world.people("anna", "boris")
        await rooms.found(anna, boris)
        tea = await rooms.group(anna, boris, settings=GroupSettings(cleanup_s=60))
        other = await rooms.group(anna, boris)
        for chat_id in (tea, other):
            await rooms.say(anna, chat_id, "old")
        world.now += 61_000
        await rooms.say(anna, tea, "new")
        assert await rooms.groups.cleanup(world.now, 10) == 1
        assert await rooms.groups.cleanup(world.now, 10) == 0
        assert texts(await rooms.page(boris, at(tea))) == ["new"]
        assert texts(await rooms.page(boris, at(other))) == ["old"]
        assert await world.unread(boris, tea) == 1

    in_store(story)
