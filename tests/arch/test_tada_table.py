"""docs/tada.md knows every heading of the Tada document, every operation."""

from tertulia.dialects.tada.handlers import OPERATIONS
from tests.arch.tables import Table

TABLE = Table("tada")

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


def test_every_heading_of_the_document_has_its_row_in_its_order() -> None:
    assert [row.heading for row in TABLE.document] == HEADINGS


def test_every_row_has_a_page() -> None:
    assert [row.heading for row in TABLE.whole if not row.pages] == []


def test_every_operation_is_in_the_table_and_nothing_else_is() -> None:
    assert {*TABLE.operations} == {f"{each.method} {each.path}" for each in OPERATIONS}
