"""Numbered schema steps, run at start. One text; what PostgreSQL spells otherwise is respelled here."""

import re
from importlib import resources

import apsw

VERSION_TABLE = "CREATE TABLE IF NOT EXISTS schema_steps (step INTEGER PRIMARY KEY)"
VERSION = "SELECT COALESCE(MAX(step), 0) FROM schema_steps"


class NewerStore(Exception):
    """The store was written by a later version of Tertulia; this one leaves it alone."""

    def __init__(self, found: int, known: int) -> None:
        super().__init__(
            f"the store is at schema step {found}, this version of Tertulia knows steps up to {known}:"
            " start the newer version, or restore a backup made by this one"
        )


def steps() -> list[tuple[int, str]]:
    """Every step with its number, in order: `schema/0001_start.sql` is step 1."""
    folder = resources.files("tertulia.store") / "schema"
    files = sorted(
        (each for each in folder.iterdir() if each.name.endswith(".sql")), key=lambda f: f.name
    )
    return [(int(each.name.split("_")[0]), each.read_text("utf-8")) for each in files]


def newest_step() -> int:
    """The one this version knows last."""
    return steps()[-1][0]


def missing(found: int, upto: int | None = None) -> list[tuple[int, str]]:
    """The steps a store at step *found* still needs; *upto*: up to that one only.

    Raises:
        NewerStore: it is ahead of us.
    """
    newest = newest_step()
    if found > newest:
        raise NewerStore(found, newest)
    last = newest if upto is None else upto
    return [(number, text) for number, text in steps() if found < number <= last]


def upgrade_sqlite(connection: apsw.Connection, upto: int | None = None) -> None:
    """Bring the file up to date, or up to a step; one transaction a step.

    Raises:
        NewerStore: a later version wrote it.
    """
    connection.execute(VERSION_TABLE)
    found = connection.execute(VERSION).get
    for number, text in missing(found, upto):
        connection.execute("BEGIN IMMEDIATE")
        try:
            for statement in statements(text):
                connection.execute(statement)
            connection.execute("INSERT INTO schema_steps VALUES (?)", (number,))
        except apsw.Error:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")


def statements(text: str) -> list[str]:
    """The statements of a step; comments are whole lines."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("--")]
    return [part.strip() for part in "\n".join(lines).split(";") if part.strip()]


def for_postgres(statement: str) -> str:
    """A schema statement as PostgreSQL spells it.

    SQLite's INTEGER has 64 bits; its tables are told to be strict and, some, without row ids; text is
    compared byte by byte.
    """
    statement = re.sub(r"\bINTEGER\b", "BIGINT", statement)
    statement = re.sub(r"\bTEXT\b", 'TEXT COLLATE "C"', statement)
    return re.sub(r"\)\s*(WITHOUT ROWID, )?STRICT$", ")", statement)
