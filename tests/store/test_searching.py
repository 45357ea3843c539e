"""Words looked for in all of somebody's chats."""

import pytest
import uvloop

from tertulia.core.ids import MessageId
from tertulia.core.message_model import Draft
from tertulia.core.model import Actor, ChatKind
from tertulia.core.searching import FoundPage, Spot
from tertulia.store import searching
from tertulia.store.searching import SqlSearch
from tests.store.chat_world import ChatWorld
from tests.store.test_composed_plans import bad_steps, plan
from tests.store.world import START, InStore, World, in_memory, tell

DAY_MS = 86_400_000


async def look(
    world: World, who: Actor, words: str, limit: int = 100, start: Spot | None = None
) -> FoundPage:
    return await SqlSearch(world.engine).search(who.account_id, words, limit, start, world.now)


async def found(world: World, who: Actor, words: str) -> list[str]:
    page = await look(world, who, words)
    assert page.rest is None
    return [each.message.text for each in page.found]


async def pages(world: World, who: Actor, words: str, limit: int) -> list[list[str]]:
    """All of them, each with its texts."""
    told, start = [], None
    while True:
        page = await look(world, who, words, limit, start)
        told.append([each.message.text for each in page.found])
        if page.rest is None:
            return told
        assert start is None or page.rest < start
        start = page.rest


def test_part_of_a_word_is_found_in_any_case_and_language(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris = await world.people("anna", "boris")
        chat = await world.direct(anna, boris)
        for text in ("Встреча у ЁЛКИ", "THE Straße", "100% _done_", "Ёлочка"):
            await world.post(anna, chat.id, text)
        assert await found(world, boris, "ёл") == ["Ёлочка", "Встреча у ЁЛКИ"]
        assert await found(world, anna, "ВСТРЕЧА У") == ["Встреча у ЁЛКИ"]
        assert await found(world, anna, "e STRA") == ["THE Straße"]
        assert await found(world, anna, "%") == ["100% _done_"]
        assert await found(world, anna, "0_") == []
        assert await found(world, anna, "\\") == []

    in_store(story)


def test_the_letters_of_a_cipher_are_no_words(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris = await world.people("anna", "boris")
        chat = await world.direct(anna, boris)
        await world.post(anna, chat.id, "teapot")
        await world.messages.append(anna, Draft(chat.id, "tea9x", cipher=1), world.now)
        assert await found(world, boris, "tea") == ["teapot"]

    in_store(story)


def test_whatever_kind_of_chat_and_team_it_is_in(in_store: InStore) -> None:
    async def story(world: World) -> None:
        rooms = ChatWorld(world)
        anna, boris, clara = await world.people("anna", "boris", "clara")
        await rooms.found(anna, boris)
        of_team = await rooms.group(anna, boris)
        nobodys = await world.group(boris, anna)
        direct = await world.direct(boris, clara)
        for number, chat_id in enumerate((of_team, nobodys.id, direct.id)):
            world.now += 1
            await world.post(boris, chat_id, f"tea {number}")
        assert await found(world, boris, "tea") == ["tea 2", "tea 1", "tea 0"]
        assert await found(world, anna, "tea") == ["tea 1", "tea 0"]
        assert await found(world, clara, "tea") == ["tea 2"]
        page = await look(world, boris, "tea")
        assert [each.chat_kind for each in page.found] == [
            ChatKind.DIRECT, ChatKind.GROUP, ChatKind.GROUP,
        ]  # fmt: skip

    in_store(story)


def test_what_one_does_not_see_is_not_found(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris, dora = await world.people("anna", "boris", "dora")
        chat = await world.group(anna, boris)
        seen, deleted, hidden = [
            await world.post(anna, chat.id, f"tea {number}") for number in range(3)
        ]
        await world.delete(anna, deleted)
        await world.hide(boris, hidden)
        await world.append(
            anna, Draft(chat.id, "tea for me", hide_from=(boris.account_id,)), world.now
        )
        assert await found(world, boris, "tea") == [seen.text]
        assert await found(world, anna, "tea") == ["tea for me", "tea 2", "tea 0"]
        assert await found(world, dora, "tea") == []
        # Notices are the server's words.
        assert await found(world, anna, "boris") == []
        await world.chats.leave(boris, chat.id, world.now)
        assert await found(world, boris, "tea") == []

    in_store(story)


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
def test_pages_meet_without_a_gap_or_a_double(in_store: InStore, limit: int) -> None:
    async def story(world: World) -> None:
        anna, boris = await world.people("anna", "boris")
        chats = [await world.group(anna, boris), await world.direct(anna, boris)]
        told = []
        for number in range(9):
            # Two chats at the very same moments, some days apart.
            world.now = START + number // 2 * 3 * DAY_MS
            await world.post(anna, chats[number % 2].id, f"tea {number}")
            told.append(f"tea {number}")
        turned = await pages(world, boris, "tea", limit)
        assert [text for page in turned for text in page] == told[::-1]
        assert all(len(page) <= limit for page in turned)

    in_store(story)


def test_so_many_are_looked_at_for_a_page_and_no_more(
    in_store: InStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "MOST_LOOKED_AT", 10)
    monkeypatch.setattr(searching, "MOST_IN_WINDOW", 4)

    async def story(world: World) -> None:
        anna, boris = await world.people("anna", "boris")
        chat = await world.direct(anna, boris)
        await world.post(anna, chat.id, "the needle")
        for _ in range(30):
            world.now += 3_600_000
            await world.post(boris, chat.id, "hay")
        world.now += DAY_MS
        first = await look(world, anna, "needle")
        assert first.found == ()
        assert first.rest is not None
        turned = await pages(world, anna, "needle", 5)
        assert len(turned) > 2
        assert [text for page in turned for text in page] == ["the needle"]

    in_store(story)


def test_a_clock_that_went_back_hides_nothing(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris = await world.people("anna", "boris")
        chat = await world.direct(anna, boris)
        world.now += 100 * DAY_MS
        await world.post(anna, chat.id, "from tomorrow")
        world.now -= 90 * DAY_MS
        assert await found(world, anna, "tomorrow") == ["from tomorrow"]
        assert (await look(world, anna, "x", start=Spot(0, MessageId(0)))).rest is None

    in_store(story)


def test_in_one_chat_only(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris, dora = await world.people("anna", "boris", "dora")
        here, there = await world.group(anna, boris), await world.direct(anna, boris)
        for number, chat in enumerate((here, there, here)):
            world.now += 1
            await world.post(anna, chat.id, f"tea {number}")
        one = SqlSearch(world.engine)
        whole = await one.search(boris.account_id, "tea", 9, None, world.now, chat_id=here.id)
        assert [each.message.text for each in whole.found] == ["tea 2", "tea 0"]
        assert whole.rest is None
        first = await one.search(boris.account_id, "tea", 1, None, world.now, chat_id=here.id)
        assert [each.message.text for each in first.found] == ["tea 2"]
        rest = await one.search(boris.account_id, "tea", 1, first.rest, world.now, chat_id=here.id)
        assert [each.message.text for each in rest.found] == ["tea 0"]
        strange = await one.search(dora.account_id, "tea", 9, None, world.now, chat_id=here.id)
        assert (strange.found, strange.rest) == ((), None)

    in_store(story)


def test_who_has_no_chat_finds_nothing(in_store: InStore) -> None:
    async def story(world: World) -> None:
        assert await found(world, await world.person("dora"), "tea") == []

    in_store(story)


def test_it_goes_along_the_dates_of_ones_own_chats() -> None:
    async def story(world: World) -> None:
        for sql in (
            searching.COUNT,
            searching.FOUND,
            searching.COUNT_IN_ONE,
            searching.FOUND_IN_ONE,
        ):
            steps = await plan(world, sql)
            assert bad_steps([each for each in steps if each != "SCAN c"]) == []
            assert any("messages_by_date" in step for step in steps)

    uvloop.run(tell(story, in_memory))
