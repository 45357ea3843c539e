"""docs/unet.md knows every heading of the Unet document, every address, and every page."""

import re
from dataclasses import dataclass
from pathlib import Path

from tertulia.dialects.unet.endpoints import ENDPOINTS

DOCS = Path(__file__).parents[2] / "docs"
PAGES = DOCS / "wire" / "unet"
TABLE = DOCS / "unet.md"

NOT_PAGES = {"README.md", "objects.md"}

# Chapter by chapter; requests stand alone.
HEADINGS = [
    "Basic information / Scopes",
    "Basic information / Endpoints",
    "Getting a list of conversations",
    "Receiving conversation messages",
    "Retrieving message details",
    "Adding a message",
    "Editing a message",
    "Deleting a message",
    "Definitions / MessagesChatsResponse",
    "Definitions / MessagesChatsItemResponse",
    "Definitions / MessagesListRequest",
    "Definitions / MessagesListResponse",
    "Definitions / MessagesItemResponse",
    "Definitions / MessagesPeriodFilter",
    "Definitions / MessagesAddRequest",
    "Definitions / MessagesAddRequest (of editing)",
]
PLACES = {"/auth", "/token", "/token_props"}

LINK = re.compile(r"\[[^\]]+\]\(([^)]+)\)")


@dataclass(frozen=True)
class Row:
    heading: str
    addresses: list[str]
    pages: list[str]
    tests: list[str]


def rows(part: str) -> list[Row]:
    """The table under that heading."""
    text = TABLE.read_text("utf-8").split(f"\n## {part}\n")[1].split("\n## ")[0]
    found = []
    for line in text.splitlines():
        if line.startswith("| ") and not line.startswith(("| heading |", "| subject |")):
            heading, addresses, pages, tests = (cell.strip() for cell in line[1:-1].split("|"))
            named = re.findall(r"`([^`]+)`", addresses)
            found.append(Row(heading, named, LINK.findall(pages), LINK.findall(tests)))
    return found


def whole() -> list[Row]:
    return [*rows("The document"), *rows("Beyond the document")]


def title(page: Path) -> str:
    return page.read_text("utf-8").split("\n")[0]


def test_every_heading_of_the_document_has_its_row_in_its_order() -> None:
    assert [row.heading for row in rows("The document")] == HEADINGS


def test_every_row_has_a_page_and_a_test() -> None:
    assert [row.heading for row in whole() if not (row.pages and row.tests)] == []


def test_every_address_is_in_the_table_and_nothing_else_is() -> None:
    named = sorted(address for row in whole() for address in row.addresses)
    assert named == sorted({each.name for each in ENDPOINTS} | PLACES)


def test_every_address_is_told_on_a_page_of_its_row() -> None:
    untold = [
        address
        for row in whole()
        for address in row.addresses
        if not any(address in title(DOCS / page) for page in row.pages)
    ]
    assert untold == []


def test_every_page_and_test_in_the_table_is_there() -> None:
    links = [link for row in whole() for link in (*row.pages, *row.tests)]
    assert [link for link in links if not (DOCS / link).resolve().is_file()] == []


def test_every_page_is_in_the_table() -> None:
    linked = {(DOCS / link).resolve() for link in LINK.findall(TABLE.read_text("utf-8"))}
    pages = {page for page in PAGES.glob("*.md") if page.name not in NOT_PAGES}
    assert {page.name for page in pages if page.resolve() not in linked} == set()
