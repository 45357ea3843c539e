"""An upgrade that has to wait, because its dialect asks the store before it decides."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from http import HTTPStatus
from typing import Any

from uvicorn.protocols.http.flow_control import FlowControl

from tertulia.web.door import NOBODY_SPEAKS, Verdict
from tertulia.web.house import House
from tertulia.web.speaker import Upgrade

LOG = logging.getLogger(__name__)

# What may come while a dialect asks; then the connection is not read until it knows.
EARLY_BYTES = 16 << 10


class Asking:
    """One upgrade while its dialect asks. Who is not in yet counts among the strangers of his address.

    `early`: what came after the request and belongs to the WebSocket, if there will be one.
    """

    __slots__ = ("_flow", "_house", "_task", "asked", "early")

    def __init__(self, house: House, asked: Upgrade, flow: FlowControl, early: bytes) -> None:
        self.asked = asked
        self.early = early
        self._house = house
        self._flow = flow
        self._task: asyncio.Task[None] | None = None

    def begin(
        self,
        finding: Coroutine[Any, Any, Verdict],
        settle: Callable[["Asking", Verdict], None],
        tasks: set[asyncio.Task[None]],
    ) -> None:
        """Wait for *finding*, `Limits.ask_s` at most, in one of *tasks*; then *settle*, unless cancelled."""
        task = asyncio.get_running_loop().create_task(self._ask(finding, settle))
        self._task = task
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        # If the client is gone before it has begun.
        task.add_done_callback(lambda _: finding.close())

    def hear(self, data: bytes) -> None:
        """Keep what the client already says; of too much, the rest waits on its side."""
        self.early += data
        if len(self.early) > EARLY_BYTES:
            self._flow.pause_reading()

    def cancel(self) -> None:
        """Nobody is interested in the verdict any more."""
        if self._task is not None:
            self._task.cancel()

    async def _ask(
        self,
        finding: Coroutine[Any, Any, Verdict],
        settle: Callable[["Asking", Verdict], None],
    ) -> None:
        house = self._house
        house.asking += 1
        house.meet(self.asked.peer)
        verdict: Verdict
        try:
            async with asyncio.timeout(house.limits.ask_s):
                verdict = await finding
        except TimeoutError:
            verdict = HTTPStatus.SERVICE_UNAVAILABLE
        except Exception:
            LOG.exception(NOBODY_SPEAKS)
            verdict = HTTPStatus.INTERNAL_SERVER_ERROR
        finally:
            house.asking -= 1
            house.part(self.asked.peer)
        settle(self, verdict)
