"""Whom and what messages name: people, groups and tasks, and what is unread of it."""

from tertulia.core.groups import GroupSettings
from tertulia.core.histories import MessageChange
from tertulia.core.ids import ChatId
from tertulia.core.mentions import MOST_SIGNS, called_in
from tertulia.core.message_model import Mention, Message
from tertulia.core.model import Actor, ChatKind, Role
from tertulia.core.tasks import TaskChange
from tertulia.core.team_model import MemberChange, TeamStatus
from tests.store.chat_world import ChatWorld, at, ref
from tests.store.world import InStore, World


async def mentions(rooms: ChatWorld, message: Message) -> tuple[Mention, ...]:
    """As they are found later, and were told."""
    (whole,) = await rooms.histories.whole([message.id])
    return whole.message.mentions


async def named(rooms: ChatWorld, who: Actor, first: str, last: str) -> None:
    """That is what he is called from now on."""
    entry = await rooms.club.member(rooms.team, who)
    change = MemberChange(first_name=first, last_name=last)
    await rooms.club.members.change(who, rooms.team, entry.id, change, rooms.world.now)


async def unread(rooms: ChatWorld, who: Actor, chat_id: ChatId) -> tuple[int, int]:
    (entry,) = [
        each
        for each in await rooms.listed(who)
        if each.chat is not None and each.chat.id == chat_id
    ]
    return entry.unread, entry.mentioned


def test_a_person_is_named_by_all_of_the_name(in_store: InStore) -> None:
    async def story(world: World) -> None:
        rooms = ChatWorld(world)
        anna, boris, clara = await world.people("anna", "boris", "clara")
        await rooms.found(anna, boris, clara)
        await named(rooms, boris, "Борис", "Ёлкин")
        await named(rooms, clara, "Борис", "")
        tea = await rooms.group(anna, boris)
        for text, pattern, whom in (
            ("@Борис Ёлкин, чай?", "@Борис Ёлкин", boris),
            ("чай, @ёлкин борис!", "@ёлкин борис", boris),
            ("(@борис елкин)", "@борис елкин", boris),
            ("@Борис и Ёлкин", "@Борис", clara),
            ("@BORIS?", "@BORIS", boris),
        ):
            said = await rooms.say(anna, tea, text)
            assert await mentions(rooms, said) == (Mention(pattern, whom.account_id),), text
        for text in ("b@boris", "@ boris", "@bor", "@borisov", "boris", "@@boris", "@nobody"):
            assert await mentions(rooms, await rooms.say(anna, tea, text)) == (), text

    in_store(story)


def test_groups_and_tasks_are_named_that_the_author_may_see(in_store: InStore) -> None:
    async def story(world: World) -> None:
        rooms = ChatWorld(world)
        anna, boris, clara = await world.people("anna", "boris", "clara")
        await rooms.found(anna, boris, clara)
        await rooms.rank(anna, clara, TeamStatus.GUEST)
        tea = await rooms.group(anna, boris, clara, name="Green tea")
        secret = await rooms.group(boris, name="Secret")
        public = await rooms.group(anna, name="All", settings=GroupSettings(is_public=True))
        wish = TaskChange("buy tea")
        task = await rooms.tasks.create(boris, rooms.team, wish, world.now)
        text = "#secret #green tea, #1 #All #2"
        group, work = ChatKind.GROUP, ChatKind.TASK
        by_boris = await mentions(rooms, await rooms.say(boris, tea, text))
        assert by_boris == (
            Mention("#secret", None, secret, group),
            Mention("#green tea", None, tea, group),
            Mention("#1", None, task, work),
            Mention("#All", None, public, group),
        )
        by_anna = await mentions(rooms, await rooms.say(anna, tea, text))
        assert by_anna == (by_boris[1], by_boris[3])
        by_guest = await mentions(rooms, await rooms.say(clara, tea, text))
        assert by_guest == (by_boris[1],)

    in_store(story)


def test_what_names_somebody_is_counted_until_it_is_read(in_store: InStore) -> None:
    async def story(world: World) -> None:
        rooms = ChatWorld(world)
        anna, boris, clara = await world.people("anna", "boris", "clara")
        await rooms.found(anna, boris, clara)
        tea = await rooms.group(anna, boris, clara)
        first = await rooms.say(anna, tea, "@boris @boris @clara @anna")
        await rooms.say(anna, tea, "tea")
        last = await rooms.say(anna, tea, "@boris")
        assert await unread(rooms, boris, tea) == (3, 2)
        assert await unread(rooms, clara, tea) == (3, 1)
        assert await unread(rooms, anna, tea) == (0, 0)
        sums = await rooms.lists.unread(boris.account_id)
        assert sums[rooms.team][ChatKind.GROUP].mentioned == 2
        await world.read(boris, tea, first)
        assert await unread(rooms, boris, tea) == (2, 1)
        change = MessageChange("@clara instead")
        await rooms.histories.change(anna, rooms.team, at(tea), ref(last), change, world.now)
        assert await unread(rooms, boris, tea) == (2, 0)
        assert await unread(rooms, clara, tea) == (3, 2)
        await world.hide(clara, last)
        assert await unread(rooms, clara, tea) == (2, 1)
        await world.delete(anna, first)
        assert await unread(rooms, clara, tea) == (1, 0)

    in_store(story)


def test_what_an_outsider_is_named_in_is_not_counted_for_him_later(in_store: InStore) -> None:
    async def story(world: World) -> None:
        rooms = ChatWorld(world)
        anna, boris = await world.people("anna", "boris")
        await rooms.found(anna, boris)
        tea = await rooms.group(anna)
        said = await rooms.say(anna, tea, "where is @boris?")
        assert await mentions(rooms, said) == (Mention("@boris", boris.account_id),)
        await rooms.groups.put_members(
            anna, rooms.team, tea, [(boris.account_id, Role.MEMBER)], world.now
        )
        assert await unread(rooms, boris, tea) == (0, 0)

    in_store(story)


def test_only_so_many_signs_are_looked_at() -> None:
    assert len(called_in("@anna " * 5_000)) == MOST_SIGNS
    assert called_in("#" * 12_000) == []
