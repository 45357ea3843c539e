"""Group commit: everything that waits shares a commit, and one bad unit harms nobody."""

import asyncio
from collections.abc import Sequence

import pytest

from tertulia.core.errors import Conflict, NotAllowed, NotFound, TertuliaError, Unavailable
from tertulia.core.events import Event, MessagePosted, SessionsEnded
from tertulia.core.ids import MAX_NUMBER, AccountId, ChatId
from tertulia.core.message_model import Draft, ReadMark, Sent
from tertulia.core.model import NewAccount, Page
from tertulia.core.pending import Pending
from tertulia.store import batch as batches
from tertulia.store.batch import SetUnit, StoreFault
from tertulia.store.work import Work, draw, row, run, tell
from tests.store.world import START, InStore, World

COUNT = "SELECT COUNT(*) FROM secrets"
PUT = "INSERT INTO secrets (name, value) VALUES (?, ?)"


def put(name: str, value: str) -> Work[None]:
    yield from run(PUT, name, value)


def put_then_fail(name: str) -> Work[None]:
    yield from put(name, "half done")
    yield from tell(SessionsEnded((), AccountId(0)))
    raise NotFound("nothing")


def counted() -> Work[int]:
    found = yield from row(COUNT)
    assert found is not None
    return int(found[0])


def test_what_waits_shares_one_commit(in_store: InStore) -> None:
    async def story(world: World) -> None:
        before = world.tally.commits
        await asyncio.gather(*(world.engine.write(put(f"s{n}", "v")) for n in range(50)))
        assert world.tally.commits == before + 1
        assert await world.engine.read(counted()) == 50

    in_store(story)


def test_a_listener_that_fails_harms_nobody(
    in_store: InStore, caplog: pytest.LogCaptureFixture
) -> None:
    async def story(world: World) -> None:
        anna, boris = await world.people("anna", "boris")
        chat = await world.group(anna, boris)

        def stumble(stored: Pending[Sent]) -> None:
            raise RuntimeError(stored.result().message.text)

        sent = [world.messages.append(anna, Draft(chat.id, f"{n}"), START) for n in range(3)]
        sent[0].then(stumble)
        assert [(await each).message.text for each in sent[1:]] == ["1", "2"]
        assert await world.texts(boris, chat.id) == ["0", "1", "2"]

    in_store(story)
    assert "could not go on" in caplog.text


def test_a_bad_unit_harms_nobody(in_store: InStore) -> None:
    async def story(world: World) -> None:
        outcomes = await asyncio.gather(
            world.engine.write(put("one", "v")),
            world.engine.write(put_then_fail("two")),
            world.engine.write(put("one", "the name is taken")),
            world.engine.write(put("three", "v")),
            return_exceptions=True,
        )
        assert [type(each) for each in outcomes] == [type(None), NotFound, StoreFault, type(None)]
        assert await world.engine.read(counted()) == 2
        assert world.heard == []

    in_store(story)


@pytest.mark.parametrize("text", ["half a pair: \ud800", "half a pair, then much: \udfff" * 2_000])
def test_text_that_is_no_unicode_fails_alone(in_store: InStore, text: str) -> None:
    async def story(world: World) -> None:
        anna, boris = await world.people("anna", "boris")
        chat = await world.group(anna, boris)
        outcomes = await asyncio.gather(
            world.post(anna, chat.id, "first"),
            world.post(anna, chat.id, text),
            world.post(boris, chat.id, "third"),
            return_exceptions=True,
        )
        assert isinstance(outcomes[1], StoreFault)
        assert await world.texts(anna, chat.id) == ["first", "third"]
        assert [event.message.seq for event in world.told(MessagePosted)] == [1, 2]

    in_store(story)


def test_a_number_too_large_for_a_column_fails_alone(in_store: InStore) -> None:
    async def story(world: World) -> None:
        outcomes = await asyncio.gather(
            world.engine.write(put("one", "v")),
            world.engine.write(run("DELETE FROM events WHERE id = ?", 2**80)),
            world.engine.write(put("two", "v")),
            return_exceptions=True,
        )
        assert [type(each) for each in outcomes] == [type(None), StoreFault, type(None)]
        assert await world.engine.read(counted()) == 2

    in_store(story)


def test_a_bad_member_of_a_set_is_refused_and_the_others_go_on(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris, clara = await world.people("anna", "boris", "clara")
        chat = await world.group(anna, boris)
        outcomes = await asyncio.gather(
            world.post(anna, chat.id, "one"),
            world.post(clara, chat.id, "not mine"),
            world.post(anna, ChatId(4711), "nowhere"),
            world.post(boris, chat.id, "two"),
            return_exceptions=True,
        )
        assert isinstance(outcomes[1], NotAllowed)
        assert isinstance(outcomes[2], NotFound)
        assert await world.texts(anna, chat.id) == ["one", "two"]

    in_store(story)


def test_a_set_that_fails_is_replayed_one_by_one(in_store: InStore) -> None:
    def fragile(names: Sequence[str]) -> Work[list[int | TertuliaError]]:
        numbers: list[int | TertuliaError] = []
        for name in names:
            yield from put(name, "v")
            numbers.append((yield from draw(START)))
            yield from tell(SessionsEnded((), AccountId(len(names))))
        return numbers

    async def story(world: World) -> None:
        unit = SetUnit("fragile", fragile)
        await world.engine.join(unit, "taken")
        world.heard.clear()
        outcomes = await asyncio.gather(
            *(world.engine.join(unit, name) for name in ("a", "taken", "b")), return_exceptions=True
        )
        assert isinstance(outcomes[1], StoreFault)
        assert isinstance(outcomes[0], int)
        assert isinstance(outcomes[2], int)
        assert outcomes[0] < outcomes[2]
        assert await world.engine.read(counted()) == 3
        # Nobody heard of the first attempt, which had three members.
        assert world.heard == [SessionsEnded((), AccountId(1))] * 2

    in_store(story)


def test_numbers_grow_in_the_order_of_commits_and_stay_below_2_to_the_53(in_store: InStore) -> None:
    def several(at: int) -> Work[list[int]]:
        numbers = []
        for _ in range(3):
            numbers.append((yield from draw(at)))  # noqa: PERF401 - a generator asks in between
        return numbers

    async def story(world: World) -> None:
        # The clock stands still, jumps, goes back.
        drawn: list[int] = []
        for at in (START, START, START + 5_000, START - 60_000, START + 5_000):
            for numbers in await asyncio.gather(
                *(world.engine.write(several(at)) for _ in range(10))
            ):
                drawn += numbers
        assert drawn == sorted(set(drawn))
        assert max(drawn) <= MAX_NUMBER
        assert await world.engine.write(draw(3_900_000_000_000)) <= MAX_NUMBER  # in 2093

    in_store(story)


def test_a_unit_that_failed_takes_no_number_away_from_others(in_store: InStore) -> None:
    async def story(world: World) -> None:
        def fails() -> Work[None]:
            yield from draw(START + 9_000)
            raise NotFound("nothing")

        first = await world.engine.write(draw(START))
        with pytest.raises(NotFound):
            await world.engine.write(fails())
        assert await world.engine.write(draw(START)) > first

    in_store(story)


def test_events_are_published_before_the_callers_go_on_and_in_order(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris = await world.people("anna", "boris")
        chat = await world.group(anna, boris)
        world.heard.clear()
        seen: list[int] = []

        async def post(text: str) -> None:
            await world.post(anna, chat.id, text)
            seen.append(len(world.heard))

        await asyncio.gather(*(post(str(n)) for n in range(20)))
        assert seen == [20] * 20
        posted = world.told(MessagePosted)
        assert [event.message.text for event in posted] == [str(n) for n in range(20)]
        numbers = [event.message.id for event in posted]
        assert numbers == sorted(numbers)

    in_store(story)


def test_a_caller_who_gave_up_does_not_undo_his_unit(in_store: InStore) -> None:
    async def story(world: World) -> None:
        async with asyncio.TaskGroup() as tasks:
            caller = tasks.create_task(world.engine.write(put("one", "v")))
            # Comes after the task's first step: the unit has been handed in.
            asyncio.get_running_loop().call_soon(caller.cancel)
        assert caller.cancelled()
        await world.engine.write(put("two", "v"))
        assert await world.engine.read(counted()) == 2

    in_store(story)


def test_publishing_that_fails_leaves_nobody_waiting(
    in_store: InStore, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_events: list[Event]) -> None:
        raise RuntimeError("delivery has a bug")

    async def story(world: World) -> None:
        anna, boris = await world.people("anna", "boris")
        chat = await world.group(anna, boris)
        gathering = world.engine._gathering  # type: ignore[attr-defined]  # both engines have one
        gathering.telling._publish = fail
        assert (await world.post(anna, chat.id)).seq == 1
        assert "could not be published" in caplog.text

    in_store(story)


def test_too_much_that_waits_is_refused_at_once(
    in_store: InStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(world: World) -> None:
        monkeypatch.setattr(batches, "MOST_WAITING", 3)
        outcomes = await asyncio.gather(
            *(world.engine.write(put(str(n), "v")) for n in range(5)), return_exceptions=True
        )
        assert [type(each) for each in outcomes] == [type(None)] * 3 + [Unavailable] * 2

    in_store(story)


def test_more_than_fits_into_one_commit_takes_several(
    in_store: InStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(world: World) -> None:
        monkeypatch.setattr(batches, "MOST_IN_ONE_COMMIT", 10)
        before = world.tally.commits
        await asyncio.gather(*(world.engine.write(put(str(n), "v")) for n in range(25)))
        assert world.tally.commits == before + 3

    in_store(story)


def test_closing_finishes_what_waits(in_store: InStore) -> None:
    async def story(world: World) -> None:
        async with asyncio.TaskGroup() as tasks:
            writing = tasks.create_task(world.engine.write(put("one", "v")))
            await asyncio.sleep(0)
            await world.engine._gathering.drained()  # type: ignore[attr-defined]  # both have one
        assert writing.done()

    in_store(story)


def test_a_unit_that_only_reads_cannot_draw_a_number(in_store: InStore) -> None:
    async def story(world: World) -> None:
        with pytest.raises(TypeError):
            await world.engine.read(draw(START))

    in_store(story)


def test_a_store_that_answers_passes_its_check(in_store: InStore) -> None:
    async def story(world: World) -> None:
        await world.engine.check()

    in_store(story)


def test_units_and_sets_of_one_commit_see_each_other(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris = await world.people("anna", "boris")
        chat = await world.group(anna, boris)
        await asyncio.gather(
            world.post(anna, chat.id),
            world.messages.mark_read(boris, ReadMark(chat.id, None), world.now),
            world.chats.leave(anna, chat.id, world.now),
        )
        listed = await world.messages.history(boris, chat.id, Page(10, after=0))
        assert [(each.message.seq, each.is_read) for each in listed] == [(1, True), (2, False)]

    in_store(story)


def test_a_second_account_of_one_name_in_the_same_commit_is_refused(in_store: InStore) -> None:
    async def story(world: World) -> None:
        outcomes = await asyncio.gather(
            *(world.accounts.add(NewAccount(n, "p"), "h", START) for n in ("Anna", "anna", "ANNÁ")),
            return_exceptions=True,
        )
        assert isinstance(outcomes[1], Conflict)
        assert not isinstance(outcomes[2], BaseException)

    in_store(story)


def test_a_resend_in_the_same_commit_is_recognised(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris = await world.people("anna", "boris")
        chat = await world.group(anna, boris)
        draft = Draft(chat.id, "once", client_ref="1")
        sent = await asyncio.gather(
            *(world.messages.append(anna, draft, world.now) for _ in range(3))
        )
        assert [each.is_new for each in sent] == [True, False, False]
        assert len({each.message.id for each in sent}) == 1

    in_store(story)
