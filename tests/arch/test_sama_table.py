"""docs/sama.md knows every heading of the SAMA document, every operation."""

from tertulia.dialects.sama.handlers import OPERATIONS
from tertulia.dialects.sama.operator import ACTS
from tests.arch.tables import Table

TABLE = Table("sama")

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


def test_every_heading_of_the_document_has_its_row_in_its_order() -> None:
    assert [row.heading for row in TABLE.document] == HEADINGS


def test_every_row_has_a_page() -> None:
    assert {row.heading for row in TABLE.whole if not row.pages} == WITHOUT_PAGE


def test_every_operation_is_in_the_table_and_nothing_else_is() -> None:
    assert {name for name in TABLE.operations if "/" not in name} == set(OPERATIONS)


def test_every_route_for_operators_is_in_the_table() -> None:
    assert {f"{method} {path}" for method, path, *_ in ACTS} - {*TABLE.operations} == set()
