"""What a commit will bring: awaited, or told at once."""

import asyncio

import pytest

from tertulia.core.errors import NotFound
from tertulia.core.pending import Pending


def test_its_listener_is_told_at_once() -> None:
    pending: Pending[str] = Pending()
    told: list[str] = []
    pending.then(lambda it: told.append(it.result()))
    assert told == []
    pending.settle("done")
    assert told == ["done"]
    assert pending.error is None


async def waited_for(pending: Pending[str]) -> str:
    return await pending


def test_it_can_be_awaited_before_and_after_it_is_there() -> None:
    async def story() -> None:
        pending: Pending[str] = Pending()
        async with asyncio.TaskGroup() as tasks:
            waiting = tasks.create_task(waited_for(pending))
            await asyncio.sleep(0)
            assert not waiting.done()
            pending.settle("done")
        assert waiting.result() == "done"
        assert await pending == "done"

    asyncio.run(story())


def test_an_error_is_raised_where_it_is_awaited() -> None:
    async def fail(pending: Pending[str]) -> None:
        pending.settle(None, NotFound("chat"))

    async def story() -> None:
        pending: Pending[str] = Pending()
        awaited, _ = await asyncio.gather(pending, fail(pending), return_exceptions=True)
        assert isinstance(awaited, NotFound)
        with pytest.raises(NotFound):
            pending.result()

    asyncio.run(story())


def test_who_no_longer_waits_undoes_nothing() -> None:
    async def story() -> None:
        pending: Pending[str] = Pending()
        async with asyncio.TaskGroup() as tasks:
            waiting = tasks.create_task(waited_for(pending))
            await asyncio.sleep(0)
            waiting.cancel()
        assert waiting.cancelled()
        pending.settle("done")
        assert pending.result() == "done"

    asyncio.run(story())


def test_it_has_one_listener() -> None:
    pending: Pending[str] = Pending()
    pending.then(lambda _: None)
    with pytest.raises(AssertionError):
        pending.then(lambda _: None)
