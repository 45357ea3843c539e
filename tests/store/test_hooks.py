"""Integrations: who manages them, what their keys open, and what their webhooks are told."""

import pytest

from tertulia.core import flags
from tertulia.core.errors import BadInput, NotAllowed, NotFound, NotSignedIn, TooMuch
from tertulia.core.events import HookChanged, MessagePosted, TeamMembersChanged
from tertulia.core.hooks import KIND, MOST_HOOKS, Hook, HookChange, HookKind, Key, NewHook, Note
from tertulia.core.ids import ChatId, HookId, TeamId
from tertulia.core.model import Actor, Chat
from tertulia.core.team_model import Invited, TeamStatus
from tertulia.store.courses import SqlCourses
from tertulia.store.hooks import SqlHooks
from tertulia.store.teams import add_members, archive, create
from tertulia.store.work import run
from tests.store.world import InStore, World

UID = "c0ffee00-1111-4222-8333-444455556666"
ANOTHER_UID = "c0ffee00-1111-4222-8333-444455557777"


class Office:
    """A team of an owner, a member and a guest, with two groups, and the store of its integrations."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.hooks = SqlHooks(world.engine)

    async def open(self) -> "Office":
        world = self.world
        self.owner, self.member, self.guest = await world.people("anna", "boris", "clara")
        self.stranger = await world.person("dora")
        team, _ = await world.engine.write(create(self.owner, "ski", (), 300, world.now))
        self.team = team.team.id
        for actor, status in ((self.member, TeamStatus.MEMBER), (self.guest, TeamStatus.GUEST)):
            entry = (actor.account_id, Invited("", status=status))
            await world.engine.write(
                add_members(self.team, [entry], world.now, needs_confirmation=False)
            )
        self.tea, self.hall = await self.group(), await self.group()
        world.heard.clear()
        return self

    async def group(self, team: TeamId | None = None) -> Chat:
        chat = await self.world.group(self.owner, self.member)
        team_id = self.team if team is None else team
        await self.world.engine.write(
            run("UPDATE chats SET team_id = ? WHERE id = ?", team_id, chat.id)
        )
        return chat

    async def hook(
        self, chat: Chat | None = None, *, url: str = "", comment: str = "builds"
    ) -> Hook:
        new = NewHook(HookKind.RAW, (chat or self.tea).id, comment=comment, webhook_url=url)
        key = Key.drawn()
        made = await self.hooks.add(self.owner, self.team, new, key, self.world.now)
        assert made.key == key.text
        return made

    async def post(self, *hooks: Hook, words: str = "done", uid: str = "") -> None:
        hashes = [Key.of(each.key).hash for each in hooks]
        await self.hooks.post(hashes, Note(words, uid=uid), self.world.now)

    async def texts(self, chat: Chat) -> list[str]:
        return await self.world.texts(self.owner, chat.id)

    async def change(self, hook: Hook, change: HookChange) -> Hook:
        now = self.world.now
        return await self.hooks.change(self.owner, self.team, hook.id, change, now)


def test_a_team_lists_its_integrations_oldest_first(in_store: InStore) -> None:
    async def story(world: World) -> None:
        office = await Office(world).open()
        first, second = await office.hook(), await office.hook(office.hall, comment="")
        assert await office.hooks.listed(office.owner, office.team) == [first, second]
        assert await office.hooks.need(office.owner, office.team, second.id) == second

    in_store(story)


def test_only_those_who_manage_the_team_see_or_touch_its_integrations(in_store: InStore) -> None:
    async def story(world: World) -> None:
        office = await Office(world).open()
        hook = await office.hook()
        new = NewHook(HookKind.RAW, office.tea.id)
        for actor in (office.member, office.guest, office.stranger):
            with pytest.raises(NotAllowed):
                await office.hooks.listed(actor, office.team)
            with pytest.raises(NotAllowed):
                await office.hooks.need(actor, office.team, hook.id)
            with pytest.raises(NotAllowed):
                await office.hooks.add(actor, office.team, new, Key.drawn(), world.now)
            with pytest.raises(NotAllowed):
                await office.hooks.change(actor, office.team, hook.id, HookChange(), world.now)
            with pytest.raises(NotAllowed):
                await office.hooks.remove(actor, office.team, hook.id, world.now)
        assert await office.hooks.listed(office.owner, office.team) == [hook]

    in_store(story)


def test_an_integration_is_found_in_its_own_team_alone(in_store: InStore) -> None:
    async def story(world: World) -> None:
        office = await Office(world).open()
        hook = await office.hook()
        other, _ = await world.engine.write(create(office.owner, "chess", (), 300, world.now))
        for team_id, hook_id in ((other.team.id, hook.id), (office.team, HookId(1))):
            with pytest.raises(NotFound):
                await office.hooks.need(office.owner, team_id, hook_id)
            with pytest.raises(NotFound):
                await office.hooks.remove(office.owner, team_id, hook_id, world.now)
        assert await office.hooks.listed(office.owner, other.team.id) == []
        with pytest.raises(NotFound):
            await office.hooks.listed(office.owner, TeamId(12345))

    in_store(story)


def test_an_integration_posts_to_living_groups_of_its_team_only(in_store: InStore) -> None:
    async def story(world: World) -> None:
        office = await Office(world).open()
        other, _ = await world.engine.write(create(office.owner, "chess", (), 300, world.now))
        foreign = await office.group(other.team.id)
        nobodys = await world.group(office.owner, office.member)
        direct = await world.direct(office.owner, office.member)
        gone = await office.group()
        await world.engine.write(run("UPDATE chats SET archived_at = 1 WHERE id = ?", gone.id))
        hook = await office.hook()
        for chat_id in (foreign.id, nobodys.id, direct.id, gone.id, ChatId(7)):
            new = NewHook(HookKind.RAW, chat_id)
            with pytest.raises(BadInput) as refused:
                await office.hooks.add(office.owner, office.team, new, Key.drawn(), world.now)
            assert refused.value.field == "group"
            with pytest.raises(BadInput):
                await office.change(hook, HookChange(chat_id=chat_id))
        assert await office.hooks.listed(office.owner, office.team) == [hook]

    in_store(story)


def test_a_key_posts_as_a_bot_that_is_no_member(in_store: InStore) -> None:
    async def story(world: World) -> None:
        office = await Office(world).open()
        hook = await office.hook()
        world.heard.clear()
        await office.post(hook, words="the build is done")
        (posted,) = world.told(MessagePosted)
        assert (posted.message.author_id, posted.message.text) == (hook.bot_id, "the build is done")
        assert posted.message.chat_id == office.tea.id
        assert await world.unread(office.owner, office.tea.id) == 1
        assert await world.unread(office.member, office.tea.id) == 1
        members = await world.chats.members(office.owner, [office.tea.id])
        assert hook.bot_id not in members[office.tea.id]
        (bot,) = await world.accounts.several([hook.bot_id])
        assert (bot.display_name, bot.bot) == ("builds", "apibot")
        assert await world.accounts.search("builds", 10, changed_after=None, leave_out=()) == []
        assert await world.accounts.secret_of(bot.login) is None

    in_store(story)


def test_the_flags_of_a_note_are_those_of_the_message(in_store: InStore) -> None:
    async def story(world: World) -> None:
        office = await Office(world).open()
        hook = await office.hook()
        note = Note("quiet", flags=flags.SILENT | flags.NO_PREVIEW)
        await office.hooks.post([Key.of(hook.key).hash], note, world.now)
        (posted,) = world.told(MessagePosted)
        assert posted.message.flags == flags.SILENT | flags.NO_PREVIEW
        assert await world.unread(office.member, office.tea.id) == 0

    in_store(story)


def test_several_keys_post_to_all_their_groups_or_to_none(in_store: InStore) -> None:
    async def story(world: World) -> None:
        office = await Office(world).open()
        tea, hall = await office.hook(), await office.hook(office.hall)
        await office.post(tea, hall, words="both", uid=UID)
        assert await office.texts(office.tea) == await office.texts(office.hall) == ["both"]
        await office.post(tea, hall, words="both", uid=UID)
        assert await office.texts(office.tea) == await office.texts(office.hall) == ["both"]
        await office.change(hall, HookChange(is_enabled=False))
        with pytest.raises(NotSignedIn):
            await office.post(tea, hall, words="none")
        assert await office.texts(office.tea) == ["both"]

    in_store(story)


def test_a_message_id_is_one_messages_own(in_store: InStore) -> None:
    async def story(world: World) -> None:
        office = await Office(world).open()
        tea, hall = await office.hook(), await office.hook(office.hall)
        await office.post(tea, uid=ANOTHER_UID)
        await office.post(tea, uid=ANOTHER_UID)
        with pytest.raises(NotAllowed):
            await office.post(hall, uid=ANOTHER_UID)
        assert await office.texts(office.tea) == ["done"]
        assert await office.texts(office.hall) == []

    in_store(story)


def test_keys_of_what_is_gone_or_off_open_nothing(in_store: InStore) -> None:
    async def story(world: World) -> None:
        office = await Office(world).open()
        off, gone = await office.hook(), await office.hook()
        await office.change(off, HookChange(is_enabled=False))
        await office.hooks.remove(office.owner, office.team, gone.id, world.now)
        for hook in (off, gone):
            with pytest.raises(NotSignedIn):
                await office.post(hook)
            with pytest.raises(NotSignedIn):
                await office.hooks.check([Key.of(hook.key).hash])
        await office.change(off, HookChange(is_enabled=True))
        await office.post(off)
        await world.engine.write(
            run("UPDATE chats SET archived_at = 1 WHERE id = ?", office.tea.id)
        )
        with pytest.raises(NotFound):
            await office.post(off)
        await world.engine.write(archive(office.owner, office.team, world.now))
        with pytest.raises(NotSignedIn):
            await office.post(off)

    in_store(story)


def test_a_change_keeps_the_key_and_renames_the_bot(in_store: InStore) -> None:
    async def story(world: World) -> None:
        office = await Office(world).open()
        hook = await office.hook()
        world.heard.clear()
        world.now += 1
        changed = await office.change(hook, HookChange(chat_id=office.hall.id, comment="tests"))
        assert (changed.key, changed.created_at) == (hook.key, hook.created_at)
        (bot,) = await world.accounts.several([hook.bot_id])
        assert bot.display_name == "tests"
        (told,) = world.told(TeamMembersChanged)
        assert [each.first_name for each in told.members] == ["tests"]
        await office.post(changed)
        assert await office.texts(office.hall) == ["done"]
        assert await office.texts(office.tea) == []

    in_store(story)


def test_the_bot_of_a_removed_integration_is_archived_and_keeps_its_words(
    in_store: InStore,
) -> None:
    async def story(world: World) -> None:
        office = await Office(world).open()
        hook = await office.hook()
        await office.post(hook)
        world.heard.clear()
        await office.hooks.remove(office.owner, office.team, hook.id, world.now)
        (told,) = world.told(TeamMembersChanged)
        assert [(each.account_id, each.is_archived) for each in told.members] == [
            (hook.bot_id, True)
        ]
        assert await office.texts(office.tea) == ["done"]
        (bot,) = await world.accounts.several([hook.bot_id])
        assert bot.display_name == "builds"

    in_store(story)


def test_a_team_has_so_many_integrations_and_no_more(in_store: InStore) -> None:
    async def story(world: World) -> None:
        office = await Office(world).open()
        hook = await office.hook()
        copy = "INSERT INTO hooks SELECT id + ?, team_id, chat_id, bot_id, kind, comment, is_enabled, api_key, key_hash || CAST(? AS TEXT), webhook_url, created_at FROM hooks WHERE id = ?"
        for number in range(1, MOST_HOOKS):
            await world.engine.write(run(copy, number, str(number), hook.id))
        with pytest.raises(TooMuch):
            await office.hook()

    in_store(story)


async def told(office: Office, hook: Hook, after: int, limit: int = 10) -> list[str]:
    found = await office.hooks.told(hook.id, after, limit)
    assert found is not None
    return [each.text for each in found.messages]


def test_a_webhook_is_told_what_others_say_after_its_cursor(in_store: InStore) -> None:
    async def story(world: World) -> None:
        office = await Office(world).open()
        await world.post(office.member, office.tea.id, "before")
        hook = await office.hook(url="http://hook.test/")
        other = await office.hook(comment="other")
        first = await world.post(office.member, office.tea.id, "one")
        await office.post(hook, words="by itself")
        await office.post(other, words="two")
        gone = await world.post(office.owner, office.tea.id, "gone")
        await world.delete(office.owner, gone)
        await world.post(office.owner, office.hall.id, "elsewhere")
        await world.post(office.owner, office.tea.id, "three")
        assert await told(office, hook, hook.id) == ["one", "two", "three"]
        assert await told(office, hook, hook.id, 2) == ["one", "two"]
        assert await told(office, hook, first.id) == ["two", "three"]
        whole = await office.hooks.told(hook.id, hook.id, 10)
        page = await office.hooks.told(hook.id, hook.id, 2)
        assert whole is not None
        assert page is not None
        assert whole.seen == world.engine.position
        assert page.seen == page.messages[-1].id
        assert (whole.hook, whole.chat_name) == (hook, "tea")

    in_store(story)


def test_a_webhook_that_is_off_or_has_no_address_is_told_nothing(in_store: InStore) -> None:
    async def story(world: World) -> None:
        office = await Office(world).open()
        hook, deaf = await office.hook(url="http://hook.test/"), await office.hook()
        assert await office.hooks.ears() == [(hook.id, office.tea.id)]
        assert await office.hooks.ear(hook.id) == office.tea.id
        assert await office.hooks.ear(deaf.id) is None
        assert await office.hooks.told(deaf.id, 0, 10) is None
        await office.change(hook, HookChange(is_enabled=False))
        assert await office.hooks.told(hook.id, 0, 10) is None
        assert await office.hooks.ears() == []
        assert await office.hooks.ear(hook.id) is None
        await office.change(hook, HookChange(is_enabled=True))
        await world.engine.write(archive(office.owner, office.team, world.now))
        assert await office.hooks.told(hook.id, 0, 10) is None

    in_store(story)


def test_a_course_begins_where_the_webhook_does(in_store: InStore) -> None:
    async def story(world: World) -> None:
        office = await Office(world).open()

        async def change(hook: Hook, change: HookChange) -> int | None:
            world.heard.clear()
            await office.change(hook, change)
            assert world.told(HookChanged) == [HookChanged(hook.id, KIND)]
            course = await SqlCourses(world.engine).find(hook.id)
            return None if course is None else course.cursor

        hook = await office.hook(url="http://hook.test/")
        assert world.told(HookChanged) == [HookChanged(hook.id, KIND)]
        assert await change(hook, HookChange(webhook_url="http://elsewhere.test/")) == hook.id
        said = await world.post(office.member, office.tea.id)
        moved = await change(hook, HookChange(chat_id=office.hall.id))
        assert moved is not None
        assert moved > said.id
        assert await change(hook, HookChange(webhook_url="")) is None
        again = await change(hook, HookChange(webhook_url="http://hook.test/"))
        assert again is not None
        assert again > moved

    in_store(story)


def test_an_actor_of_no_team_is_nobody(in_store: InStore) -> None:
    async def story(world: World) -> None:
        office = await Office(world).open()
        nobody = Actor(office.stranger.account_id, office.stranger.session_id)
        with pytest.raises(NotAllowed):
            await office.hooks.listed(nobody, TeamId(0))

    in_store(story)
