"""docs/astrak.md knows every heading of the Astrak document, every call."""

from tertulia.dialects.astrak.routes import OPERATIONS
from tests.arch.tables import Table

TABLE = Table("astrak")

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


def test_every_heading_of_the_document_has_its_row_in_its_order() -> None:
    assert [row.heading for row in TABLE.document] == HEADINGS


def test_every_row_has_a_page_and_a_test() -> None:
    assert [row.heading for row in TABLE.whole if not (row.pages and row.tests)] == []


def test_every_call_is_in_the_table_and_nothing_else_is() -> None:
    calls = sorted(f"{operation.methods[0]} {path}" for path, operation in OPERATIONS.items())
    assert sorted(TABLE.operations) == calls
