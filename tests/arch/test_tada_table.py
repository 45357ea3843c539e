"""docs/tada.md knows every heading of the Tada document, every operation, and every page."""

import re
from dataclasses import dataclass
from pathlib import Path

from tertulia.dialects.tada.handlers import OPERATIONS

DOCS = Path(__file__).parents[2] / "docs"
PAGES = DOCS / "wire" / "tada"
TABLE = DOCS / "tada.md"

NOT_PAGES = {"README.md", "objects.md"}

# In the document's order. What it puts under one heading and asks differently has a row of its own.
HEADINGS = [
    "Пинг",
    "Время",
    "Страны и коды",
    "Авторизация",
    "Авторизация через QR-код",
    "Выход",
    "Информация о себе",
    "Настройки",
    "Устройства",
    "Адресная книга устройства",
    "Команды",
    "Интеграции",
    "Приглашение в команду",
    "Присоединение по приглашению",
    "Картинка команды",
    "Информация о команде",
    "Изменение команды",
    "Удаление команды",
    "Место, используемое командой",
    "ws через http",
]

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
    assert [row.heading for row in whole() if not row.pages] == []


def test_every_operation_is_in_the_table_and_nothing_else_is() -> None:
    named = {name for row in whole() for name in row.operations}
    assert named == {f"{each.method} {each.path}" for each in OPERATIONS}


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
