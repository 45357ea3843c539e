"""docs/sama.md knows every heading of the SAMA document, every operation, and every page."""

import re
from dataclasses import dataclass
from pathlib import Path

from tertulia.dialects.sama.handlers import OPERATIONS
from tertulia.dialects.sama.operator import ACTS

DOCS = Path(__file__).parents[2] / "docs"
PAGES = DOCS / "wire" / "sama"
TABLE = DOCS / "sama.md"

NOT_PAGES = {"README.md", "objects.md"}

# Chapter by chapter; chapters without sections stand alone.
CHAPTERS = {
    "Transport": [],
    "Users API": [
        "Create",
        "Login",
        "Logout",
        "Update / edit",
        "Delete",
        "Search",
        "List by ids",
    ],
    "Contact API": ["Add", "Batch add", "Update", "List", "Delete"],
    "Conversations API": [
        "Create",
        "Update / edit",
        "Delete",
        "List",
        "List participants",
        "Search",
    ],
    "Messages API": [
        "Send and receive",
        "System messages",
        "Sent status",
        "List",
        "Read status",
        "Typing status",
        "Delete",
        "Update / edit",
    ],
    "Push Subscription API": ["Create", "List", "Delete", "Push event"],
    "Carbons": [],
    "Last activity API": ["By ids", "Subscription"],
    "System messages (empty there)": [],
    "Operations log": [],
    "Attachments API": ["Upload", "Download"],
    "Block users API": ["Block", "Unblock", "List"],
    "PubSub (empty there)": [],
    "Admin API (empty there)": [],
}
HEADINGS = [
    heading
    for chapter, sections in CHAPTERS.items()
    for heading in ([f"{chapter} / {section}" for section in sections] or [chapter])
]

WITHOUT_PAGE = {"PubSub (empty there)"}

LINK = re.compile(r"\[[^\]]+\]\(([^)]+)\)")


@dataclass(frozen=True)
class Row:
    heading: str
    operations: list[str]
    pages: list[str]
    tests: list[str]


def rows(part: str) -> list[Row]:
    """The table under that heading."""
    text = TABLE.read_text("utf-8").split(f"\n## {part}\n")[1].split("\n## ")[0]
    found = []
    for line in text.splitlines():
        if line.startswith("| ") and not line.startswith(("| heading |", "| subject |")):
            heading, operations, pages, tests = (cell.strip() for cell in line[1:-1].split("|"))
            named = re.findall(r"`([^`]+)`", operations)
            found.append(Row(heading, named, LINK.findall(pages), LINK.findall(tests)))
    return found


def whole() -> list[Row]:
    return [*rows("The document"), *rows("Beyond the document")]


def title(page: Path) -> list[str]:
    return page.read_text("utf-8").split("\n")[0].removeprefix("# ").split(", ")


def test_every_heading_of_the_document_has_its_row_in_its_order() -> None:
    assert [row.heading for row in rows("The document")] == HEADINGS


def test_every_row_has_a_page() -> None:
    assert {row.heading for row in whole() if not row.pages} == WITHOUT_PAGE


def test_every_operation_is_in_the_table_and_nothing_else_is() -> None:
    named = {name for row in whole() for name in row.operations if "/" not in name}
    assert named == set(OPERATIONS)


def test_every_route_for_operators_is_in_the_table() -> None:
    named = {name for row in whole() for name in row.operations}
    assert {f"{method} {path}" for method, path, *_ in ACTS} - named == set()


def test_every_operation_is_told_on_a_page_of_its_row() -> None:
    untold = [
        name
        for row in whole()
        for name in row.operations
        if not any(name in title(DOCS / page) for page in row.pages)
    ]
    assert untold == []


def test_every_page_and_test_in_the_table_is_there() -> None:
    links = [link for row in whole() for link in (*row.pages, *row.tests)]
    assert [link for link in links if not (DOCS / link).resolve().is_file()] == []


def test_every_page_is_in_the_table() -> None:
    linked = {(DOCS / link).resolve() for link in LINK.findall(TABLE.read_text("utf-8"))}
    pages = {page for page in PAGES.glob("*.md") if page.name not in NOT_PAGES}
    assert {page.name for page in pages if page.resolve() not in linked} == set()
