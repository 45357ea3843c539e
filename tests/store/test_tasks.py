"""Tasks: who makes, sees, changes and deletes them; their numbers, people, tags; which are listed."""

import pytest

from tertulia.core.chat_lists import SettingsChange
from tertulia.core.errors import NotAllowed, NotFound
from tertulia.core.events import ChatChanged, ChatOpened, TagsChanged
from tertulia.core.ids import AccountId, ChatId, FileId, MessageId, SectionId
from tertulia.core.model import Actor, ChatKind, Versions
from tertulia.core.tasks import DONE, Item, TaskChange, TaskFilter, TaskOrder
from tertulia.core.team_model import TeamStatus
from tests.store.chat_world import ChatWorld, at, noted, texts
from tests.store.world import InStore, World


async def make(rooms: ChatWorld, who: Actor, description: str, **more: object) -> ChatId:
    wish = TaskChange(description, **more)  # type: ignore[arg-type]  # its fields
    return await rooms.tasks.create(who, rooms.team, wish, rooms.world.now)


async def change(rooms: ChatWorld, who: Actor, task: ChatId, **what: object) -> None:
    wish = TaskChange(**what)  # type: ignore[arg-type]  # its fields
    await rooms.tasks.change(who, rooms.team, task, wish, rooms.world.now)


async def listed(rooms: ChatWorld, who: Actor, **wish: object) -> list[ChatId]:
    asked = TaskFilter(**wish)  # type: ignore[arg-type]  # its fields
    return await rooms.tasks.listed(who, rooms.team, asked)


def test_tasks_are_numbered_in_their_team_and_named_after_their_first_line(
    in_store: InStore,
) -> None:
    async def story(world: World) -> None:
        rooms = ChatWorld(world)
        anna, boris = await world.people("anna", "boris")
        await rooms.found(anna)
        await make(rooms, anna, "elsewhere")
        await rooms.found(anna, boris)
        tasks = [await make(rooms, boris, f"\n line {n}\nmore") for n in range(2)]
        entries = await rooms.lists.several(boris, rooms.team, ChatKind.TASK, tasks)
        assert [each.chat.name for each in entries if each.chat] == ["1. line 0", "2. line 1"]
        assert [each.task.num for each in entries if each.task] == [1, 2]
        assert world.told(ChatOpened)[-1].chat.kind is ChatKind.TASK

    in_store(story)


def test_whoever_is_named_is_in_it_and_may_write(in_store: InStore) -> None:
    async def story(world: World) -> None:
        rooms = ChatWorld(world)
        anna, boris, clara, dora = await world.people("anna", "boris", "clara", "dora")
        await rooms.found(anna, boris, clara, dora)
        task = await make(
            rooms, boris, "buy", assignee_id=clara.account_id, observers=(anna.account_id,)
        )
        for who in (boris, clara, anna):
            await rooms.say(who, task, "ok")
        with pytest.raises(NotAllowed):
            await rooms.page(dora, at(task))
        await change(rooms, clara, task, assignee_id=dora.account_id, observers=())
        entry = await rooms.lists.entry(dora, rooms.team, at(task))
        assert entry.members is not None
        assert {each.account_id for each in entry.members} == {boris.account_id, dora.account_id}
        assert len(texts(await rooms.page(dora, at(task)))) == 3
        with pytest.raises(NotAllowed):
            await rooms.page(clara, at(task))

    in_store(story)


def test_owner_assignee_and_leaders_of_the_team_change_it(in_store: InStore) -> None:
    async def story(world: World) -> None:
        rooms = ChatWorld(world)
        anna, boris, clara, dora = await world.people("anna", "boris", "clara", "dora")
        await rooms.found(anna, boris, clara, dora)
        task = await make(
            rooms, boris, "buy", assignee_id=clara.account_id, observers=(dora.account_id,)
        )
        world.now += 1_000
        await change(rooms, clara, task, status=DONE)
        entry = await rooms.lists.entry(dora, rooms.team, at(task))
        assert entry.task is not None
        assert (entry.task.status, entry.task.done_at) == (DONE, world.now)
        await change(rooms, anna, task, status="again", importance=3, items=(Item("milk", True),))  # noqa: FBT003
        entry = await rooms.lists.entry(dora, rooms.team, at(task))
        assert entry.task is not None
        assert (entry.task.status, entry.task.done_at, entry.task.importance) == ("again", None, 3)
        world.heard.clear()
        await change(rooms, anna, task, importance=3)
        assert world.heard == []
        await change(rooms, anna, task, importance=None)
        assert [set(each.accounts) for each in world.told(ChatChanged)] == [
            {boris.account_id, clara.account_id, dora.account_id}
        ]
        for refused in (
            change(rooms, dora, task, status=DONE),
            rooms.tasks.archive(dora, rooms.team, task, world.now),
        ):
            with pytest.raises(NotAllowed):
                await refused
        await rooms.tasks.archive(clara, rooms.team, task, world.now)
        with pytest.raises(NotFound):
            await change(rooms, boris, task, status=DONE)
        assert await listed(rooms, boris) == []

    in_store(story)


def test_a_public_task_is_read_by_all_but_guests(in_store: InStore) -> None:
    async def story(world: World) -> None:
        rooms = ChatWorld(world)
        anna, boris, clara = await world.people("anna", "boris", "clara")
        await rooms.found(anna, boris, clara)
        await rooms.rank(anna, clara, TeamStatus.GUEST)
        task = await make(rooms, anna, "buy", is_public=True)
        await rooms.say(anna, task, "read this")
        assert texts(await rooms.page(boris, at(task))) == ["read this"]
        with pytest.raises(NotAllowed):
            await world.post(boris, task)
        with pytest.raises(NotAllowed):
            await change(rooms, boris, task, status=DONE)
        with pytest.raises(NotAllowed):
            await rooms.page(clara, at(task))
        with pytest.raises(NotAllowed):
            await make(rooms, clara, "mine")
        assert await listed(rooms, boris) == []
        assert await listed(rooms, boris, public=True) == [task]
        assert await listed(rooms, clara, public=True) == []

    in_store(story)


def test_what_a_task_names_must_be_there(in_store: InStore) -> None:
    async def story(world: World) -> None:
        rooms = ChatWorld(world)
        anna, boris, stranger = await world.people("anna", "boris", "stranger")
        await rooms.found(anna, boris)
        his = await rooms.group(boris)
        secret = await rooms.say(boris, his, "secret")
        for wrong in (
            {"assignee_id": stranger.account_id},
            {"observers": (boris.account_id, AccountId(7))},
            {"section_id": SectionId(7)},
            {"uploads": (FileId(7),)},
            {"linked": (secret.id,)},
            {"linked": (MessageId(7),)},
        ):
            with pytest.raises(NotFound):
                await make(rooms, anna, "buy", **wrong)
        assert await listed(rooms, anna) == []

    in_store(story)


def test_tasks_are_found_by_every_wish(in_store: InStore) -> None:
    async def story(world: World) -> None:
        rooms = ChatWorld(world)
        anna, boris, clara = await world.people("anna", "boris", "clara")
        await rooms.found(anna, boris, clara)
        me = anna.account_id
        one = await make(rooms, anna, "Buy milk", tags=("Shop", "now"), deadline=100)
        world.now += 1_000
        two = await make(rooms, boris, "sell", assignee_id=me, tags=("shop",), deadline=50)
        world.now += 1_000
        three = await make(rooms, boris, "sleep", observers=(me, clara.account_id))
        tags = world.told(TagsChanged)
        assert sorted(each.name for event in tags for each in event.tags) == ["Shop", "now"]
        await change(rooms, anna, one, status=DONE)
        assert await listed(rooms, anna) == [three, two, one]
        assert await listed(rooms, anna, order=TaskOrder.OLDEST, limit=2) == [one, two]
        due = await listed(rooms, anna, order=TaskOrder.DUE_FIRST, offset=1)
        assert due == [one, three]
        assert await listed(rooms, anna, order=TaskOrder.DUE_LAST) == [one, two, three]
        assert await listed(rooms, anna, untagged=True) == [three]
        assert await listed(rooms, anna, untagged=True, tags=("now",)) == [three, one]
        assert await listed(rooms, anna, sections=(), homeless=True) == [three, two, one]
        assert await listed(rooms, anna, sections=(SectionId(1),)) == []
        assert await listed(rooms, anna, statuses=(DONE,)) == [one]
        assert await listed(rooms, anna, without_statuses=(DONE,)) == [three, two]
        assert await listed(rooms, anna, owners=(boris.account_id,)) == [three, two]
        assert await listed(rooms, anna, assignees=(me,)) == [two]
        assert await listed(rooms, anna, observers=(me,)) == [three]
        assert await listed(rooms, anna, members=(clara.account_id,)) == [three]
        assert await listed(rooms, anna, tags=("SHOP", "no such")) == [two, one]
        assert await listed(rooms, anna, text="MILK") == [one]
        await change(rooms, anna, one, description="buy\nmilk and Bread")
        assert await listed(rooms, anna, text="bread") == [one]
        assert await listed(rooms, anna, nums=(2,)) == [two]
        assert await listed(rooms, anna, deadline=(60, None)) == [one]
        assert await listed(rooms, anna, created=(None, world.now - 1_000)) == [two, one]
        assert await listed(rooms, anna, done=(world.now, world.now)) == [one]
        await rooms.say(boris, two, "soon")
        busiest = await listed(rooms, anna, order=TaskOrder.BUSIEST)
        assert busiest[0] == two
        assert await listed(rooms, anna, order=TaskOrder.QUIETEST) == busiest[::-1]
        assert await listed(rooms, anna, public=False) == [three, two, one]
        assert await listed(rooms, clara) == [three]

    in_store(story)


def test_what_is_new_is_found_before_tasks_are_read(in_store: InStore) -> None:
    """In the versions that their entries have; the page is cut from what is left."""

    async def story(world: World) -> None:
        rooms = ChatWorld(world)
        anna, boris, clara = await world.people("anna", "boris", "clara")
        await rooms.found(anna, boris, clara)
        world.now += 1_000
        hers = {"assignee_id": anna.account_id}
        tasks = [await make(rooms, boris, f"line {n}", is_public=True, **hers) for n in range(4)]
        await rooms.say(boris, tasks[2], "hi")
        await change(rooms, boris, tasks[1], status="later")
        wish = SettingsChange(notifies=False)
        for who in (anna, boris):
            await rooms.lists.settle(who, rooms.team, at(tasks[0]), wish, world.now)
        await change(rooms, boris, tasks[0], assignee_id=None)
        for who in (anna, clara):
            seen: list[Versions] = []
            found = await listed(rooms, who, public=True, is_new=noted(seen))
            assert found == tasks[::-1]
            entries = await rooms.lists.several(who, rooms.team, ChatKind.TASK, found)
            assert seen == [each.versions for each in entries]
            some = {"is_new": lambda each: each.number != tasks[3], "public": True}
            assert await listed(rooms, who, **some) == tasks[2::-1]
            assert await listed(rooms, who, limit=1, offset=1, **some) == [tasks[1]]

    in_store(story)
