"""No statement looks through a whole table, however large the store has become."""

import importlib
import json
import pkgutil
import re
from collections.abc import Iterator
from typing import Any

import pytest
import uvloop

import tertulia.store
from tertulia.store import (
    accounts,
    archive,
    callbacks,
    chats,
    courses,
    deleting,
    hooks,
    invites,
    membership,
    messages,
    oauth,
    pushes,
    visits,
)
from tertulia.store.work import rows, run
from tests.store.full_store import FILL
from tests.store.world import World, in_memory, in_postgres, tell

STATEMENT = re.compile(r"\s*(SELECT|INSERT|UPDATE|DELETE)\b")

# A person searches accounts seldom, and in a thread of its own; the others run once, at the start, or at an operator's word,
# and SOMEBODY until there is somebody. PROCESSES are few.
MAY_SCAN = {
    accounts.SEARCH,
    accounts.SOMEBODY,
    callbacks.ALL,
    courses.ALL,
    hooks.EARS,
    invites.LISTED,
    oauth.ALL_CLIENTS,
    pushes.SUBSCRIBERS,
    visits.CLOSE_ALL,
    visits.PROCESSES,
}

# The newest visible message is searched from the end; a chat that is forgotten is gone through.
MAY_GO_THROUGH_A_CHAT = {
    archive.NEWEST,
    chats.LATEST,
    chats.NAMED,
    chats.TIES,
    deleting.COUNT_GONE,
    *membership.FORGET_CHAT,
}

# The beginning of other statements.
FRAGMENTS = {archive.NOTICES, messages.LISTED}


def statements() -> Iterator[tuple[str, str]]:
    modules = pkgutil.iter_modules(tertulia.store.__path__, "tertulia.store.")
    for module in modules:
        if module.name.endswith(".postgres"):
            continue
        for name, value in vars(importlib.import_module(module.name)).items():
            for text in value if isinstance(value, tuple) else (value,):
                if isinstance(text, str) and STATEMENT.match(text) and "{" not in text:
                    yield f"{module.name.rpartition('.')[2]}.{name}", text


STATEMENTS = sorted(
    (
        (text, name)
        for text, name in {text: name for name, text in statements()}.items()
        if text not in FRAGMENTS
    ),
    key=lambda each: each[1],
)


def test_the_statements_are_found() -> None:
    assert len(STATEMENTS) > 60


@pytest.mark.parametrize(
    ("sql", "name"), [pytest.param(sql, name, id=name) for sql, name in STATEMENTS]
)
def test_it_goes_by_an_index(sql: str, name: str) -> None:
    async def story(world: World) -> None:
        plan = await world.engine.read(rows(f"EXPLAIN QUERY PLAN {sql}", *[None] * sql.count("?")))
        whole = [step[3] for step in plan if re.match(r"SCAN (?!each|CONSTANT|\(|[cn]$)", step[3])]
        assert whole == [] or sql in MAY_SCAN, name
        through_a_chat = [
            step[3] for step in plan if step[3].endswith("messages_by_date (chat_id=?)")
        ]
        assert through_a_chat == [] or sql in MAY_GO_THROUGH_A_CHAT, name

    uvloop.run(tell(story, in_memory))


NAMED = re.compile(r"(?:INTO|UPDATE|FROM|JOIN) (?!SET\b)(\w+)")
FILLED = {match[1] for text in FILL if (match := NAMED.search(text))}
# A row for each sequence, secret or step of the schema.
TINY = {"counters", "secrets", "schema_steps"}
NO_TABLES = {"each", "json_each"}


@pytest.mark.slow
@pytest.mark.integration
def test_postgresql_goes_by_indexes_too() -> None:
    def whole_reads(plan: dict[str, Any]) -> Iterator[str]:
        if plan["Node Type"].endswith("Scan") and "Relation Name" in plan:
            by_index = plan["Node Type"].startswith("Index") and "Index Cond" in plan
            if not by_index:
                yield f"{plan['Node Type']} of {plan['Relation Name']}"
        for part in plan.get("Plans", ()):
            yield from whole_reads(part)

    async def story(world: World) -> None:
        for text in FILL:
            await world.engine.write(run(text))
        found: dict[str, list[str]] = {}
        for sql, name in STATEMENTS:
            tables = set(NAMED.findall(sql))
            if tables & TINY:
                continue
            assert tables - NO_TABLES <= FILLED, (
                f"{name}: full_store.py has no rows for a table of it"
            )
            explain = f"EXPLAIN (GENERIC_PLAN, FORMAT JSON) {sql}"
            ((plan,),) = await world.engine.read(rows(explain, *[None] * sql.count("?")))
            whole = list(whole_reads(json.loads(plan)[0]["Plan"]))
            if whole and sql not in MAY_SCAN:
                found[name] = whole
        assert found == {}

    uvloop.run(tell(story, in_postgres))
