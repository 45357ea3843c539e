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
from tertulia.store import accounts, chats, membership, messages, oplog, pushes
from tertulia.store.work import rows, run
from tests.store.world import World, in_memory, in_postgres, tell

STATEMENT = re.compile(r"\s*(SELECT|INSERT|UPDATE|DELETE)\b")

# A person searches accounts seldom, and in a thread of its own; the last two run once, at the start.
MAY_SCAN = {accounts.SEARCH, oplog.CLOSE_ALL, pushes.SUBSCRIBERS}

# The newest visible message is searched from the end; a chat that is forgotten is gone through.
MAY_GO_THROUGH_A_CHAT = {chats.LATEST, chats.NAMED, chats.TIES, *membership.FORGET_CHAT}

# The beginning of other statements.
FRAGMENTS = {messages.LISTED}


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
        whole = [step[3] for step in plan if re.match(r"SCAN (?!each|CONSTANT|\(|c$)", step[3])]
        assert whole == [] or sql in MAY_SCAN, name
        through_a_chat = [
            step[3] for step in plan if step[3].endswith("messages_by_date (chat_id=?)")
        ]
        assert through_a_chat == [] or sql in MAY_GO_THROUGH_A_CHAT, name

    uvloop.run(tell(story, in_memory))


# 4,000 accounts in 4,000 chats, ten messages in each: so that a whole table costs something.
FILL = (
    """
    INSERT INTO accounts (id, login, login_key, email, phone, first_name, last_name, search_text,
        created_at, updated_at, seen_at)
    SELECT n, 'a' || n, 'a' || n, '', '', '', '', '', 0, 0, 0 FROM generate_series(1, 4000) AS n
    """,
    """
    INSERT INTO chats (id, kind, pair, name, description, search_text, owner_id, created_at, updated_at)
    SELECT n, 'direct', 'p' || n, '', '', '', n, 0, n FROM generate_series(1, 4000) AS n
    """,
    """
    INSERT INTO members (chat_id, account_id, role, joined_at)
    SELECT n, 1 + (n * k) % 4000, 'member', 0
    FROM generate_series(1, 4000) AS n, generate_series(1, 3) AS k ON CONFLICT DO NOTHING
    """,
    """
    INSERT INTO messages (id, chat_id, seq, author_id, text, extra, forward_of, sent_at, ref_key)
    SELECT n, n % 4000, n / 4000, n % 4000, '', '', '', n, n FROM generate_series(1, 40000) AS n
    """,
    "INSERT INTO hidden SELECT n % 4000, n FROM generate_series(1, 20000) AS n",
    "INSERT INTO named_reads SELECT n % 4000, n FROM generate_series(1, 20000) AS n",
    "INSERT INTO reactions SELECT n, n % 4000, '+', n FROM generate_series(1, 20000) AS n",
    "INSERT INTO blocks SELECT n % 4000, n % 3999, n, 0 FROM generate_series(1, 20000) AS n",
    """
    INSERT INTO sessions (id, account_id, dialect, device, flavour, created_at)
    SELECT n, n, 'sama', '', '', 0 FROM generate_series(1, 4000) AS n
    """,
    """
    INSERT INTO tokens (hash, session_id, kind, expires_at)
    SELECT n, 1 + n % 4000, 'access', n FROM generate_series(1, 20000) AS n
    """,
    "ANALYZE",
)
FILLED = re.compile(r"(?:INTO|UPDATE|FROM|JOIN) (\w+)")
TABLES = {match[1] for text in FILL if (match := FILLED.search(text))} | {"each", "json_each"}


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
            if not set(FILLED.findall(sql)) <= TABLES:
                continue
            explain = f"EXPLAIN (GENERIC_PLAN, FORMAT JSON) {sql}"
            ((plan,),) = await world.engine.read(rows(explain, *[None] * sql.count("?")))
            whole = list(whole_reads(json.loads(plan)[0]["Plan"]))
            if whole and sql not in MAY_SCAN:
                found[name] = whole
        assert found == {}

    uvloop.run(tell(story, in_postgres))
