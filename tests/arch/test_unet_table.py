"""docs/unet.md knows every heading of the Unet document, every address."""

from tertulia.dialects.unet.endpoints import ENDPOINTS
from tests.arch.tables import Table

TABLE = Table("unet")

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


def test_every_heading_of_the_document_has_its_row_in_its_order() -> None:
    assert [row.heading for row in TABLE.document] == HEADINGS


def test_every_row_has_a_page_and_a_test() -> None:
    assert [row.heading for row in TABLE.whole if not (row.pages and row.tests)] == []


def test_every_address_is_in_the_table_and_nothing_else_is() -> None:
    assert sorted(TABLE.operations) == sorted({each.name for each in ENDPOINTS} | PLACES)
