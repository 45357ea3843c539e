"""Plays one work against one server and says what came of it."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import uvloop
from picows import WSError

from tertulia.cli.bench import meter, paging, polling, quiet, talking
from tertulia.cli.bench.client import Refused
from tertulia.cli.bench.plans import Plan
from tertulia.cli.bench.report import Complaints, Report
from tertulia.cli.bench.stage import Stage

_WORKS: dict[str, Callable[[Stage], Awaitable[dict[str, float]]]] = {
    "groups": talking.saturated,
    "tada-groups": talking.saturated,
    "tada-confirmed": talking.saturated,
    "room": talking.saturated,
    "latency": talking.latency,
    "pairs": talking.pairs,
    "published": talking.published,
    "idle": quiet.idle,
    "signin": quiet.signin,
    "pages": paging.pages,
    "polls": polling.polls,
}


class BenchFailed(Exception):
    """The work could not be played to its end; says why in words for people."""


def play(
    url: str, plan: Plan, *, server_pid: int | None, roster: Path | None, bare: bool
) -> Report:
    """The report of *plan* played against the server at *url*.

    Raises:
        BenchFailed: there is no such server, or it refused what the work cannot do without.
    """
    meter.allow_many_sockets()
    complaints = Complaints()
    stage = Stage(url.rstrip("/"), plan, complaints, server_pid, roster, bare)
    try:
        figures = uvloop.run(_figures(stage))
    except* (OSError, WSError, Refused, ValueError) as group:
        raise BenchFailed("; ".join(sorted({_said(one) for one in _leaves(group)}))) from group
    return Report(plan.work, figures, complaints.listed())


async def _figures(stage: Stage) -> dict[str, float]:
    return await _WORKS[stage.plan.work](stage)


def _leaves(group: BaseExceptionGroup[BaseException]) -> list[BaseException]:
    leaves: list[BaseException] = []
    for one in group.exceptions:
        leaves += _leaves(one) if isinstance(one, BaseExceptionGroup) else [one]
    return leaves


def _said(error: BaseException) -> str:
    return f"{error}" or type(error).__name__
