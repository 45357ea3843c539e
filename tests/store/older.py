"""Stores as earlier versions left them."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import apsw

from tertulia.store import migrate


@contextmanager
def store_before(step: int, folder: Path) -> Iterator[apsw.Connection]:
    """A store in *folder* to which all steps before *step* have been made."""
    with closing(apsw.Connection(str(folder / "old.db"))) as old:
        old.execute(migrate.VERSION_TABLE)
        for number, text in migrate.steps():
            if number < step:
                for statement in migrate.statements(text):
                    old.execute(statement)
                old.execute("INSERT INTO schema_steps VALUES (?)", (number,))
        yield old
