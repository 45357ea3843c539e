"""Who listened when, written down also where the store is away for a moment."""

import asyncio
from collections.abc import Sequence

from tertulia.core.errors import Unavailable
from tertulia.core.events import LogEntry
from tertulia.core.ids import AccountId
from tertulia.core.log import AGAIN_S, Log
from tests.core.house import StillClock

ANNA, BORIS = AccountId(1), AccountId(2)


class Visits:
    """A store that takes nothing for a while. `written`: whose visits ended, from where, up to where."""

    def __init__(self) -> None:
        self.position = self.heard = 0
        self.away = 0
        self.written: list[tuple[AccountId, int, int]] = []

    async def came(self, account_id: AccountId, position: int, oldest: int) -> None:
        self._take()

    async def went(self, account_id: AccountId, came: int, position: int) -> None:
        self._take()
        self.written.append((account_id, came, position))

    def _take(self) -> None:
        if self.away:
            self.away -= 1
            raise Unavailable("store")

    async def missed(
        self,
        account_id: AccountId,
        oldest: int,
        until: int,
        limit: int,
        *,
        only_last: Sequence[str] | None,
    ) -> list[LogEntry]:
        return []

    async def forget(self, oldest: int) -> None:
        pass


def test_who_hangs_up_while_the_store_is_away_is_known_to_be_gone_when_it_is_back() -> None:
    async def story() -> None:
        visits, pauses = Visits(), list[float]()

        async def sleep(seconds: float) -> None:
            pauses.append(seconds)
            await asyncio.sleep(0)

        async with asyncio.TaskGroup() as tasks:
            log = Log(visits, StillClock(), spawn=tasks.create_task, sleep=sleep)
            visits.position = visits.heard = 5
            log.came(ANNA)
            log.came(BORIS)
            await asyncio.sleep(0)
            visits.position = visits.heard = 7
            visits.away = 3
            log.went(ANNA)
            log.went(BORIS)
        assert sorted(visits.written) == [(ANNA, 5, 7), (BORIS, 5, 7)]
        assert pauses == [AGAIN_S] * 2

    asyncio.run(story())
