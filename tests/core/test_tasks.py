"""Tasks the server owns: what becomes of those that fail."""

import asyncio

import pytest

from tertulia.assembly.tasks import Tasks, repeated
from tertulia.core.errors import Unavailable

FAILURES = pytest.mark.parametrize(
    ("error", "level"), [(Unavailable("store"), "WARNING"), (ValueError("no"), "ERROR")]
)


@FAILURES
def test_only_mistakes_of_ours_come_with_a_traceback(
    error: Exception, level: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def fails() -> None:
        raise error

    async def story() -> None:
        tasks = Tasks()
        task = tasks.start(fails())
        await tasks.end(1.0)
        assert task.done()

    asyncio.run(story())
    (entry,) = caplog.records
    assert (entry.levelname, bool(entry.exc_info)) == (level, level == "ERROR")


@FAILURES
def test_the_same_holds_for_what_is_done_every_hour(
    error: Exception, level: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def fails() -> None:
        failed.set()
        raise error

    async def story() -> None:
        tasks = Tasks()
        task = tasks.start(repeated(fails))
        await failed.wait()
        # It waits for the next hour, and has said by then what happened.
        await tasks.end(0.0)
        assert task.cancelled()

    failed = asyncio.Event()
    asyncio.run(story())
    (entry,) = caplog.records
    assert (entry.levelname, bool(entry.exc_info)) == (level, level == "ERROR")
