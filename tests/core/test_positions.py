"""Where a session has come with its stream, while that is on its way to the store."""

import asyncio

from tertulia.core.ids import SessionId
from tertulia.core.positions import Positions

ME = SessionId(1)


class SlowStore:
    """Keeps a position; reading and writing end when the test says so."""

    def __init__(self) -> None:
        self.kept = 5
        self.read, self.written = asyncio.Event(), asyncio.Event()

    async def find(self, session_id: SessionId) -> int | None:
        """What was there when the question came."""
        found = self.kept
        await self.read.wait()
        return found if session_id == ME else None

    async def put(self, session_id: SessionId, position: int) -> None:
        """Kept from the moment it is written."""
        assert session_id == ME
        await self.written.wait()
        self.kept = position


async def story() -> None:
    store = SlowStore()
    positions = Positions(store)
    async with asyncio.TaskGroup() as tasks:
        putting = tasks.create_task(positions.put(ME, 9))
        await asyncio.sleep(0)
        asked = tasks.create_task(positions.find(ME))
        nobody = tasks.create_task(positions.find(SessionId(2)))
        await asyncio.sleep(0)
        # It reaches the store while the old one is being read.
        store.written.set()
        await putting
        store.read.set()
        assert await asked == 9
        assert await nobody is None
    assert await positions.find(ME) == 9


def test_a_position_counts_from_the_moment_it_is_put() -> None:
    asyncio.run(story())
