"""What the tests of tables share: `docs/<dialect>.md` maps a document's headings to pages and tests."""

import re
from dataclasses import dataclass
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"

NOT_PAGES = {"README.md", "objects.md"}

LINK = re.compile(r"\[[^\]]+\]\(([^)]+)\)")
HEADS = ("| heading |", "| subject |")


@dataclass(frozen=True)
class Row:
    """One heading of the document: the operations it describes, our pages about them, their tests."""

    heading: str
    operations: list[str]
    pages: list[str]
    tests: list[str]


class Table:
    """The tables of one dialect."""

    def __init__(self, dialect: str) -> None:
        self._text = (DOCS / f"{dialect}.md").read_text("utf-8")
        self._folder = DOCS / "wire" / dialect

    def rows(self, part: str) -> list[Row]:
        """The table under that heading of ours."""
        text = self._text.split(f"\n## {part}\n")[1].split("\n## ")[0]
        found = []
        for line in text.splitlines():
            if line.startswith("| ") and not line.startswith(HEADS):
                heading, operations, pages, tests = (cell.strip() for cell in line[1:-1].split("|"))
                named = re.findall(r"`([^`]+)`", operations)
                found.append(Row(heading, named, LINK.findall(pages), LINK.findall(tests)))
        return found

    @property
    def document(self) -> list[Row]:
        """What the document has."""
        return self.rows("The document")

    @property
    def whole(self) -> list[Row]:
        """That, and what clients ask beyond it."""
        return [*self.document, *self.rows("Beyond the document")]

    @property
    def operations(self) -> list[str]:
        """Every operation that is named, as often as it is."""
        return [name for row in self.whole for name in row.operations]

    def untold(self) -> list[str]:
        """Operations that no page of their row has in its title."""
        return [
            name
            for row in self.whole
            for name in row.operations
            if not any(name in _title(DOCS / page) for page in row.pages)
        ]

    def missing(self) -> list[str]:
        """Pages and tests that are named and not there."""
        links = [link for row in self.whole for link in (*row.pages, *row.tests)]
        return [link for link in links if not (DOCS / link).resolve().is_file()]

    def forgotten(self) -> set[str]:
        """Pages that are there and not named."""
        linked = {(DOCS / link).resolve() for link in LINK.findall(self._text)}
        pages = {page for page in self._folder.glob("*.md") if page.name not in NOT_PAGES}
        return {page.name for page in pages if page.resolve() not in linked}


def _title(page: Path) -> set[str]:
    """What its title names: operations, or addresses with their methods and without."""
    named = page.read_text("utf-8").split("\n")[0].removeprefix("# ").split(", ")
    return {*named, *(each.rpartition(" ")[2] for each in named)}
