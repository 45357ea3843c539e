"""Tasks the server owns: what becomes of those that fail."""

import asyncio

import pytest

from tertulia.assembly.tasks import Tasks
from tertulia.core.errors import Unavailable


@pytest.mark.parametrize(
    ("error", "level"), [(Unavailable("store"), "WARNING"), (ValueError("no"), "ERROR")]
)
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
