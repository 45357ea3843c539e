"""Statements that are put together from wishes go by indexes, whatever is wished."""

import re
from collections.abc import Sequence

import pytest
import uvloop

from tertulia.core.histories import MessageFilter
from tertulia.core.ids import AccountId
from tertulia.core.message_types import MessageType
from tertulia.store import histories, task_filters
from tertulia.store.message_filters import conditions
from tertulia.store.work import rows
from tests.store.world import World, in_memory, tell

ME = AccountId(1)

WISHES = {
    "nothing": MessageFilter(),
    "deleted": MessageFilter(with_deleted=True),
    "authors": MessageFilter(authors=(ME,)),
    "types": MessageFilter(types=tuple(MessageType)),
    "text": MessageFilter(text="tea"),
    "uploads": MessageFilter(has_upload=True),
    "important": MessageFilter(important=True),
    "unread": MessageFilter(unread=True),
    "read": MessageFilter(unread=False),
    "changed": MessageFilter(changed_from=(1, 1), with_deleted=True),
}


async def plan(world: World, sql: str) -> Sequence[str]:
    found = await world.engine.read(rows(f"EXPLAIN QUERY PLAN {sql}", *[None] * sql.count("?")))
    return [step[3] for step in found]


def bad_steps(steps: Sequence[str]) -> list[str]:
    """Whole tables, and whole chats."""
    whole = [step for step in steps if re.match(r"SCAN (?!each|CONSTANT|\(|n$)", step)]
    return whole + [step for step in steps if step.endswith("messages_by_date (chat_id=?)")]


@pytest.mark.parametrize("wish", WISHES.values(), ids=WISHES.keys())
def test_messages_are_found_along_dates_and_changes(wish: MessageFilter) -> None:
    wanted = conditions(ME, wish, read_at="0").sql
    searched = conditions(ME, wish, read_at=histories.READ_UP_TO).sql
    statements = [
        *(histories.PAGE.format(conditions=wanted, order=order) for order in ("ASC", "DESC")),
        *(histories.CHANGED_PAGE.format(conditions=wanted, order=each) for each in ("ASC", "DESC")),
        *(
            each.format(conditions=searched)
            for each in (histories.SEARCH, histories.COUNT, histories.NEWEST)
        ),
    ]

    async def story(world: World) -> None:
        for sql in statements:
            steps = await plan(world, sql)
            assert bad_steps(steps) == []
            assert any("messages_" in step for step in steps)

    uvloop.run(tell(story, in_memory))


def test_tasks_are_found_by_their_team() -> None:
    async def story(world: World) -> None:
        for order in ("c.id DESC", "k.deadline"):
            in_it = task_filters.IN_IT.format(but="")
            sql = task_filters.TASKS.format(conditions=f" AND {in_it}", order=order)
            assert bad_steps(await plan(world, sql)) == []

    uvloop.run(tell(story, in_memory))
