"""Delivers the commits of all processes of a cluster in their one order (docs/decisions/0126).

A report that comes over the bus in its turn is told at once. If one is missing, the later ones wait for a
moment; then the missing ones are read from the store, which has them all. So the bus may lose what it
likes, and its going away makes everything slower and nothing else.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from tertulia.core.cluster import Report, ToldStore
from tertulia.core.errors import Unavailable
from tertulia.core.events import Event
from tertulia.core.tally import Tally

LOG = logging.getLogger(__name__)

Spawn = Callable[[Coroutine[Any, Any, None]], object]

PATIENCE_S = 0.02
"""How long a missing report may be on its way before the store is asked for it."""

LOOK_EVERY_S = 1.0
"""How often the store is asked whether it is further, if nothing comes."""

LOOK_OFTEN_S = 0.1
"""The same, while the bus is away."""

REPORTS_AT_ONCE = 200
"""Read in one go."""

MOST_HELD = 10_000
"""Reports, and announcements, that wait for their turn; beyond it they are dropped (reports are in the store)."""


class Chain:
    """All reports up to `position` have been told here, in order."""

    def __init__(
        self,
        tell: Callable[[list[Event], int], None],
        store: ToldStore,
        spawn: Spawn,
        tally: Tally,
        *,
        is_hurried: Callable[[], bool] = lambda: True,
    ) -> None:
        """Nothing is told before `start`.

        Args:
            tell: hands the events of a commit, and its number, to delivery.
            store: where every report is kept for a while.
            spawn: starts a task.
            tally: where reports are counted.
            is_hurried: whether the bus brings reports now, so that the store need not be asked often.
        """
        self._tell = tell
        self._store = store
        self._spawn = spawn
        self._tally = tally
        self._is_hurried = is_hurried
        self.position = 0
        # By the number before it.
        self._held: dict[int, Report] = {}
        self._later: deque[tuple[int, list[Event]]] = deque()
        self._look_at: asyncio.TimerHandle | None = None
        self._is_looking = False
        self._watch_at: asyncio.TimerHandle | None = None
        self._watched = 0
        self._is_running = False

    async def start(self) -> None:
        """What has been committed up to now concerns nobody here. Reports may come from now on.

        Raises:
            Unavailable: the store does not answer.
        """
        self._reach(await self._store.newest(), [])
        self._is_running = True
        self._follow()
        self._watch_later()

    def stop(self) -> None:
        """Nothing more is read."""
        self._is_running = False
        for timer in (self._look_at, self._watch_at):
            if timer is not None:
                timer.cancel()
        self._look_at = self._watch_at = None

    def take(self, report: Report) -> None:
        """A commit, of this process or another one: it is told when its turn has come."""
        if report.number <= self.position:
            return
        if len(self._held) < MOST_HELD:
            self._held[report.before] = report
        self._follow()

    def announce(self, after: int, events: list[Event]) -> None:
        """What no commit stands behind was told when everything up to *after* had been."""
        if after <= self.position:
            self._tell(events, self.position)
        elif len(self._later) < MOST_HELD:
            self._later.append((after, events))

    # In turn.

    def _follow(self) -> None:
        """Tell what has its turn; see to it that the rest will have it."""
        while (report := self._held.pop(self.position, None)) is not None:
            self._reach(report.number, report.events)
        if self._held:
            self._look_soon()

    def _reach(self, number: int, events: Sequence[Event]) -> None:
        """Tell what happened up to there, and what was announced there."""
        self.position = number
        self._tell(list(events), number)
        while self._later and self._later[0][0] <= self.position:
            self._tell(self._later.popleft()[1], self.position)

    # What is missing.

    def _look_soon(self) -> None:
        if self._is_running and self._look_at is None and not self._is_looking:
            loop = asyncio.get_running_loop()
            self._look_at = loop.call_later(PATIENCE_S, self.look)

    def look(self) -> None:
        """There is something in the store that has not come over the bus."""
        if self._look_at is not None:
            self._look_at.cancel()
        self._look_at = None
        if self._is_running and not self._is_looking:
            self._is_looking = True
            self._spawn(self._read_on())

    async def _read_on(self) -> None:
        """Tell everything that is in the store, and go on with what is held."""
        try:
            newest = await self._store.newest()
            while reports := await self._store.after(self.position, REPORTS_AT_ONCE):
                self._tell_read(reports)
            # Commits that told nothing, or were made by a process without a bus.
            if newest > self.position:
                self._reach(newest, [])
        except Unavailable as error:
            LOG.warning(
                "The store does not say what others did", extra={"fields": {"why": str(error)}}
            )
        finally:
            self._is_looking = False
        self._held = {
            before: report for before, report in self._held.items() if report.number > self.position
        }
        self._follow()

    def _tell_read(self, reports: Sequence[Report]) -> None:
        for report in reports:
            # The bus may have brought it while we read.
            if report.number <= self.position:
                continue
            if report.before != self.position:
                fields = {"after": self.position, "before": report.before}
                LOG.warning(
                    "What happened in between is not in the store", extra={"fields": fields}
                )
            self._tally.reports_read += 1
            self._reach(report.number, report.events)

    # When nothing comes.

    def _watch_later(self) -> None:
        wait_s = LOOK_EVERY_S if self._is_hurried() else LOOK_OFTEN_S
        self._watch_at = asyncio.get_running_loop().call_later(wait_s, self._watch)

    def _watch(self) -> None:
        if self.position == self._watched:
            self.look()
        self._watched = self.position
        self._watch_later()
