"""History: pages in both directions lose nothing, whatever happens between two of them."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tertulia.core.errors import NotAllowed, NotFound
from tertulia.core.events import MessageEdited, MessagesDeleted, MessagesHidden
from tertulia.core.ids import ChatId, MessageId
from tertulia.core.message_model import Draft, ListedMessage
from tertulia.core.model import Actor, ChatChange, Page
from tertulia.store.messages import SqlMessages
from tertulia.store.work import rows
from tests.store.interrupted import interrupted
from tests.store.world import START, InStore, World, ids, tea

T = TypeVar("T")

# Few places, so that the same message is often meant twice; a clock that mostly stands still.
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["post", "post", "edit", "edit", "delete", "hide", "page"]),
        st.integers(0, 9),
        st.sampled_from([0, 0, 0, 1, -3]),
    ),
    max_size=40,
)


class Story:
    """A chat in which things happen, and a client that pages through it meanwhile."""

    def __init__(self, world: World, loop: asyncio.AbstractEventLoop, who: list[Actor]) -> None:
        self.world = world
        self.loop = loop
        self.anna, self.boris = who
        self.chat = self.wait(world.group(self.anna, self.boris))
        self.texts: dict[MessageId, str] = {}
        self.posted: list[MessageId] = []
        self.gone: set[MessageId] = set()

    def wait(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result()

    def do(self, what: str, which: int) -> None:
        store, now = self.world.messages, self.world.now
        if what == "post":
            text = f"text {len(self.posted)}"
            sent = self.wait(self.world.append(self.anna, Draft(self.chat.id, text), now))
            self.posted.append(sent.message.id)
            self.texts[sent.message.id] = text
            return
        left = [each for each in self.posted if each not in self.gone]
        if not left:
            return
        target = left[which % len(left)]
        if what == "edit":
            self.texts[target] += "!"
            self.wait(store.edit(self.anna, target, self.texts[target], now))
        elif what == "delete":
            self.wait(store.delete(self.anna, self.chat.id, [target], now))
            self.gone.add(target)
        else:
            self.wait(store.hide(self.boris, self.chat.id, [target], now))
            self.gone.add(target)

    def page(self, page: Page) -> list[ListedMessage]:
        return self.wait(self.world.messages.history(self.boris, self.chat.id, page))

    def expected(self) -> dict[MessageId, str]:
        return {each: self.texts[each] for each in self.posted if each not in self.gone}


def changed_at(listed: ListedMessage) -> int:
    return listed.message.edited_at or listed.message.sent_at


@pytest.mark.slow
def test_catching_up_page_by_page_ends_with_every_message_as_it_is_now(in_store: InStore) -> None:
    def catch_up(story: Story, steps: list[tuple[str, int, int]], size: int) -> None:
        known: dict[MessageId, str] = {}
        newest = 0

        def one_page() -> bool:
            nonlocal newest
            listed = story.page(Page(size, after=newest))
            dates = [changed_at(each) for each in listed]
            assert dates == sorted(set(dates))
            assert all(date > newest for date in dates)
            known.update({each.message.id: each.message.text for each in listed})
            newest = max(dates, default=newest)
            return len(listed) == size

        for what, which, passed in steps:
            story.world.now += passed
            if what == "page":
                one_page()
            else:
                story.do(what, which)
        while one_page():
            pass
        # What was deleted after the client had got it, it hears of by an event.
        assert {k: v for k, v in known.items() if k not in story.gone} == story.expected()

    async def story(world: World) -> None:
        loop, people = asyncio.get_running_loop(), await world.people("anna", "boris")

        @settings(
            max_examples=30, deadline=None, database=None, suppress_health_check=list(HealthCheck)
        )
        @given(steps=STEPS, size=st.integers(1, 4))
        def proof(steps: list[tuple[str, int, int]], size: int) -> None:
            catch_up(Story(world, loop, people), steps, size)

        await asyncio.to_thread(proof)

    in_store(story)


@pytest.mark.slow
def test_catching_up_passes_over_nothing_that_is_posted_meanwhile(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris, chat = await tea(world)
        posted: list[str] = []

        async def post() -> None:
            if len(posted) < 12:
                world.now += 1
                posted.append(str(len(posted)))
                await world.post(anna, chat.id, posted[-1])
                first = await world.post(anna, chat.id, "first")
                await world.messages.edit(anna, first.id, "edited", world.now)

        reading = SqlMessages(interrupted(world.engine, post))
        found: list[ListedMessage] = []
        page: list[ListedMessage] = []
        after = 0
        while len(posted) < 12 or page:
            page = await reading.history(boris, chat.id, Page(10, after=after))
            found += page
            dates = [each.message.edited_at or each.message.sent_at for each in page]
            after = max(dates, default=after)
        texts = [each.message.text for each in found]
        assert [text for text in texts if text.isdigit()] == posted
        assert texts.count("edited") == len(posted)

    in_store(story)


def test_going_back_page_by_page_meets_every_old_message_once(in_store: InStore) -> None:
    def go_back(story: Story, steps: list[tuple[str, int, int]], size: int) -> None:
        for _ in range(8):
            story.do("post", 0)
        before = set(story.posted)
        met: list[MessageId] = []
        oldest: int | None = None

        def one_page() -> bool:
            nonlocal oldest
            listed = story.page(Page(size, before=oldest))
            met.extend(ids(listed))
            oldest = min((each.message.sent_at for each in listed), default=oldest)
            return len(listed) == size

        for what, which, passed in steps:
            story.world.now += passed
            if what == "page":
                one_page()
            else:
                story.do(what, which)
        while one_page():
            pass
        assert met == sorted(set(met), reverse=True)
        assert before - story.gone <= set(met)

    async def story(world: World) -> None:
        loop, people = asyncio.get_running_loop(), await world.people("anna", "boris")

        @settings(
            max_examples=30, deadline=None, database=None, suppress_health_check=list(HealthCheck)
        )
        @given(steps=STEPS, size=st.integers(1, 4))
        def proof(steps: list[tuple[str, int, int]], size: int) -> None:
            go_back(Story(world, loop, people), steps, size)

        await asyncio.to_thread(proof)

    in_store(story)


def test_two_messages_edited_in_one_millisecond_have_two_dates(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, _, chat = await tea(world)
        one, two = [await world.post(anna, chat.id) for _ in range(2)]
        await asyncio.gather(
            world.messages.edit(anna, one.id, "1", START + 9),
            world.messages.edit(anna, two.id, "2", START + 9),
            world.messages.edit(anna, one.id, "3", START + 9),
        )
        last = await world.post(anna, chat.id, "4")
        changes = await world.history(anna, chat.id)
        assert [each.message.text for each in changes] == ["2", "3", "4"]
        assert [changed_at(each) for each in changes] == [START + 10, START + 11, last.sent_at]
        assert [event.at for event in world.told(MessageEdited)] == [START + n for n in (9, 10, 11)]

    in_store(story)


def test_the_newest_come_first_and_bounds_are_exclusive(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, _, chat = await tea(world)
        one, two, three, four = [await world.post(anna, chat.id) for _ in range(4)]

        async def page(**bounds: Any) -> list[MessageId]:
            return ids(await world.messages.history(anna, chat.id, Page(2, **bounds)))

        assert await page() == [four.id, three.id]
        assert await page(before=three.sent_at) == [two.id, one.id]
        assert await page(after=one.sent_at) == [two.id, three.id]
        assert await page(after=one.sent_at, before=three.sent_at) == [two.id]
        assert await page(only=(one.id, four.id, MessageId(5))) == [four.id, one.id]
        assert await page(only=()) == []

    in_store(story)


def test_names_of_another_chat_are_not_shown(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris, chat = await tea(world)
        other = await world.post(anna, (await world.group(anna, boris)).id)
        assert await world.messages.history(anna, chat.id, Page(5, only=(other.id,))) == []

    in_store(story)


def test_history_is_for_members(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris, chat = await tea(world)
        clara = await world.person("clara")
        with pytest.raises(NotAllowed):
            await world.history(clara, chat.id)
        with pytest.raises(NotFound):
            await world.history(anna, ChatId(3))
        await world.chats.leave(boris, chat.id, START)
        with pytest.raises(NotAllowed):
            await world.history(boris, chat.id)

    in_store(story)


def test_who_joins_a_group_sees_all_of_it(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, _, chat = await tea(world)
        await world.post(anna, chat.id, "before you came")
        clara = await world.person("clara")
        change = ChatChange(add=(clara.account_id,))
        await world.chats.change(anna, chat.id, change, 50, START)
        assert (await world.texts(clara, chat.id))[0] == "before you came"

    in_store(story)


def test_only_the_author_edits_and_no_notice(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris, chat = await tea(world)
        clara = await world.person("clara")
        message = await world.post(boris, chat.id)
        with pytest.raises(NotAllowed):
            await world.messages.edit(anna, message.id, "mine", START)
        with pytest.raises(NotFound):
            await world.messages.edit(clara, message.id, "mine", START)
        await world.chats.change(anna, chat.id, ChatChange(add=(clara.account_id,)), 50, START)
        notice = (await world.history(anna, chat.id))[-1].message
        with pytest.raises(NotAllowed):
            await world.messages.edit(anna, notice.id, "mine", START)
        await world.hide(boris, message)
        with pytest.raises(NotFound):
            await world.messages.edit(boris, message.id, "hidden", START)

    in_store(story)


def test_deleting_is_for_the_author_and_in_groups_for_those_who_moderate(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris, clara = await world.people("anna", "boris", "clara")
        chat = await world.group(anna, boris, clara)
        one, two = await world.post(boris, chat.id, "1"), await world.post(clara, chat.id, "2")
        with pytest.raises(NotAllowed):
            await world.delete(boris, one, two)
        assert await world.texts(anna, chat.id) == ["1", "2"]
        await world.delete(boris, one)
        await world.chats.change(
            anna, chat.id, ChatChange(add_admins=(boris.account_id,)), 50, START
        )
        await world.delete(boris, one, two)
        told = [event.message_ids for event in world.told(MessagesDeleted)]
        assert told == [(one.id,), (two.id,)]
        direct = await world.direct(anna, clara)
        three = await world.post(clara, direct.id)
        with pytest.raises(NotAllowed):
            await world.delete(anna, three)

    in_store(story)


def test_deleting_nothing_tells_nobody(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris, chat = await tea(world)
        other = await world.post(anna, (await world.group(anna, boris)).id)
        world.kinds()
        for act in (world.messages.delete, world.messages.hide):
            await act(anna, chat.id, [other.id, MessageId(1)], START)
            await act(anna, chat.id, [], START)
        assert world.kinds() == []

    in_store(story)


def test_nothing_of_a_deleted_message_is_kept(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, _, chat = await tea(world)
        draft = Draft(chat.id, "Ё", extra='{"secret":1}')
        message = (await world.messages.append(anna, draft, START)).message
        await world.messages.react(anna, message.id, ["+"], [], START)
        await world.delete(anna, message)
        found = await world.engine.read(
            rows("SELECT text, folded, extra, attachments, notice FROM messages")
        )
        assert found == [("", None, "", None, None)]
        assert await world.engine.read(rows("SELECT 1 FROM reactions")) == []

    in_store(story)


def test_hiding_is_for_oneself_and_only_ones_own_devices_hear(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris, chat = await tea(world)
        message = await world.post(anna, chat.id)
        await world.hide(boris, message)
        await world.hide(boris, message)
        assert await world.texts(boris, chat.id) == []
        assert len(await world.texts(anna, chat.id)) == 1
        (event,) = world.told(MessagesHidden)
        assert (event.account_id, event.message_ids) == (boris.account_id, (message.id,))

    in_store(story)


def test_the_list_shows_the_newest_message_each_one_sees(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris, chat = await tea(world)
        one, two, three = [await world.post(anna, chat.id, text) for text in "123"]
        await world.hide(boris, two)
        await world.delete(anna, three)
        for who, newest in ((anna, two), (boris, one)):
            entry = await world.entry(who, chat.id)
            assert entry is not None
            assert entry.last is not None
            assert entry.last.message == newest

    in_store(story)
