"""docs/astrak.md knows every heading of the Astrak document, every call, and every page."""

import re
from dataclasses import dataclass
from pathlib import Path

from tertulia.dialects.astrak.routes import OPERATIONS

DOCS = Path(__file__).parents[2] / "docs"
PAGES = DOCS / "wire" / "astrak"
TABLE = DOCS / "astrak.md"

NOT_PAGES = {"README.md", "objects.md"}

HEADINGS = [
    "Указание Callback для получения событий",
    "Получение событий с помощью Long Polling",
    "Зарегистрироваться",
    "Зайти в систему",
    "Подтвердить аккаунт по смс",
    "Проверить токен на валидность",
    "Отправить сообщение пользователю",
    "Получить список диалогов",
    "Получить сообщения из диалога",
    "Удалить сообщение",
]

LINK = re.compile(r"\[[^\]]+\]\(([^)]+)\)")


@dataclass(frozen=True)
class Row:
    heading: str
    calls: list[str]
    pages: list[str]
    tests: list[str]


def rows(part: str) -> list[Row]:
    """The table under that heading."""
    text = TABLE.read_text("utf-8").split(f"\n## {part}\n")[1].split("\n## ")[0]
    found = []
    for line in text.splitlines():
        if line.startswith("| ") and not line.startswith(("| heading |", "| subject |")):
            heading, calls, pages, tests = (cell.strip() for cell in line[1:-1].split("|"))
            named = re.findall(r"`([^`]+)`", calls)
            found.append(Row(heading, named, LINK.findall(pages), LINK.findall(tests)))
    return found


def whole() -> list[Row]:
    return [*rows("The document"), *rows("Beyond the document")]


def title(page: Path) -> list[str]:
    return page.read_text("utf-8").split("\n")[0].removeprefix("# ").split(", ")


def test_every_heading_of_the_document_has_its_row_in_its_order() -> None:
    assert [row.heading for row in rows("The document")] == HEADINGS


def test_every_row_has_a_page_and_a_test() -> None:
    assert [row.heading for row in whole() if not (row.pages and row.tests)] == []


def test_every_call_is_in_the_table_and_nothing_else_is() -> None:
    named = sorted(call for row in whole() for call in row.calls)
    calls = sorted(f"{operation.methods[0]} {path}" for path, operation in OPERATIONS.items())
    assert named == calls


def test_every_call_is_told_on_a_page_of_its_row() -> None:
    untold = [
        call
        for row in whole()
        for call in row.calls
        if not any(call in title(DOCS / page) for page in row.pages)
    ]
    assert untold == []


def test_every_page_and_test_in_the_table_is_there() -> None:
    links = [link for row in whole() for link in (*row.pages, *row.tests)]
    assert [link for link in links if not (DOCS / link).resolve().is_file()] == []


def test_every_page_is_in_the_table() -> None:
    linked = {(DOCS / link).resolve() for link in LINK.findall(TABLE.read_text("utf-8"))}
    pages = {page for page in PAGES.glob("*.md") if page.name not in NOT_PAGES}
    assert {page.name for page in pages if page.resolve() not in linked} == set()
