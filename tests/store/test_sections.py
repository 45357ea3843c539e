import pytest

from tertulia.core.errors import NotAllowed, NotFound
from tertulia.core.events import SectionsChanged, TagsChanged
from tertulia.core.groups import GroupSettings
from tertulia.core.ids import SectionId
from tertulia.core.tasks import TaskChange
from tertulia.core.team_model import MemberChange, SectionChange, TeamStatus
from tertulia.store.sections import tags_named
from tests.store.chat_world import ChatWorld, at
from tests.store.team_world import TeamWorld
from tests.store.world import InStore, World


def test_sections_stand_where_they_are_put(in_store: InStore) -> None:
    async def story(world: World) -> None:
        club = TeamWorld(world)
        anna = await world.person("anna")
        team = await club.found(anna)

        async def add(name: str, **more: object) -> SectionId:
            new = SectionChange(name, **more)  # type: ignore[arg-type]  # named fields
            return (await club.sections.add(anna, team, new, world.now)).id

        async def names() -> str:
            return "".join(each.name for each in await club.sections.listed(team))

        a, b = await add("a"), await add("b")
        await add("c", beside=(a, False))
        assert await names() == "cab"
        await add("d", beside=(a, True))
        assert await names() == "cadb"
        world.heard.clear()
        await club.sections.change(anna, team, b, SectionChange(beside=(a, True)), world.now)
        assert await names() == "cabd"
        (event,) = world.told(SectionsChanged)
        assert {each.name for each in event.sections} == {"b", "d"}
        places = [each.place for each in await club.sections.listed(team)]
        assert places == [1, 2, 3, 4]
        world.heard.clear()
        await club.sections.change(anna, team, b, SectionChange(beside=(b, True)), world.now)
        assert world.heard == []

    in_store(story)


def test_nobody_stands_under_a_section_that_is_gone(in_store: InStore) -> None:
    async def story(world: World) -> None:
        club = TeamWorld(world)
        anna, boris = await world.people("anna", "boris")
        team = await club.found(anna)
        await club.joins(anna, team, boris)
        one = await club.sections.add(anna, team, SectionChange("one"), world.now)
        two = await club.sections.add(anna, team, SectionChange("two"), world.now)
        for actor, under in ((anna, (one.id,)), (boris, (two.id, one.id))):
            entry = await club.member(team, actor)
            change = MemberChange(sections=under)
            await club.members.change(anna, team, entry.id, change, world.now)
        world.heard.clear()
        await club.sections.remove(boris, team, one.id, world.now)
        assert (await club.member(team, anna)).sections == ()
        assert (await club.member(team, boris)).sections == (two.id,)
        (event,) = world.told(SectionsChanged)
        assert [each.id for each in event.removed] == [one.id]
        assert len(club.told_members()) == 1

    in_store(story)


def test_no_group_and_no_task_names_a_section_that_is_gone(in_store: InStore) -> None:
    async def story(world: World) -> None:
        rooms = ChatWorld(world)
        anna = await world.person("anna")
        team = await rooms.found(anna)
        gone = await rooms.club.sections.add(anna, team, SectionChange("gone"), world.now)
        stays = await rooms.club.sections.add(anna, team, SectionChange("stays"), world.now)
        places = []
        for section in (gone, stays):
            settings = GroupSettings(section_id=section.id)
            tea = await rooms.group(anna, settings=settings)
            wish = TaskChange("tea", section_id=section.id)
            places += [tea, await rooms.tasks.create(anna, team, wish, world.now)]
        before = [await rooms.lists.entry(anna, team, at(each)) for each in places]
        await rooms.club.sections.remove(anna, team, gone.id, world.now)
        group, task, *others = [await rooms.lists.entry(anna, team, at(each)) for each in places]
        assert group.group.section_id is None
        assert group.group.version > before[0].group.version
        assert task.task is not None
        assert before[1].task is not None
        assert task.task.section_id is None
        assert task.task.version > before[1].task.version
        assert others == before[2:]

    in_store(story)


def test_guests_strangers_and_other_teams_change_no_section(in_store: InStore) -> None:
    async def story(world: World) -> None:
        club = TeamWorld(world)
        anna, boris, clara = await world.people("anna", "boris", "clara")
        team, other = await club.found(anna), await club.found(clara)
        await club.joins(anna, team, boris)
        await club.ranks(anna, team, boris, TeamStatus.GUEST)
        section = await club.sections.add(anna, team, SectionChange("s"), world.now)
        for refused in (boris, clara):
            with pytest.raises(NotAllowed):
                await club.sections.add(refused, team, SectionChange("x"), world.now)
            change = SectionChange("x")
            with pytest.raises(NotAllowed):
                await club.sections.change(refused, team, section.id, change, world.now)
            with pytest.raises(NotAllowed):
                await club.sections.remove(refused, team, section.id, world.now)
        with pytest.raises(NotFound):
            await club.sections.remove(clara, other, section.id, world.now)
        beside = SectionChange("x", beside=(section.id, True))
        with pytest.raises(NotFound):
            await club.sections.add(clara, other, beside, world.now)
        assert await club.sections.listed(other) == []

    in_store(story)


def test_tags_are_made_once_whatever_their_case(in_store: InStore) -> None:
    async def story(world: World) -> None:
        club = TeamWorld(world)
        anna = await world.person("anna")
        team, other = await club.found(anna), await club.found(anna)
        unit = tags_named(team, ["Лыжи", "снег", "ЛЫЖИ"], anna, world.now)
        made = await world.engine.write(unit)
        assert [each.name for each in made] == ["Лыжи", "снег"]
        world.heard.clear()
        again = await world.engine.write(tags_named(team, ["лыжи", "лёд"], anna, world.now))
        assert again[0] == made[0]
        (event,) = world.told(TagsChanged)
        assert [each.name for each in event.tags] == ["лёд"]
        assert {each.name for each in await club.sections.tags(team)} == {"Лыжи", "снег", "лёд"}
        assert await club.sections.tags(other) == []

    in_store(story)
