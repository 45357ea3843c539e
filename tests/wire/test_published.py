"""The look at packets with the eyes of published clients sees what would end them."""

from typing import Any

import pytest

from tests.wire.published import readable

ID = "6b0288eb000153f94e508000"
DATE = "2026-11-22T06:17:15.784Z"
MESSAGE = {
    "_id": ID, "cid": ID, "from": ID, "body": "", "t": 1, "x": {},
    "created_at": DATE, "updated_at": DATE,
}  # fmt: skip
USER = {
    "_id": ID, "native_id": ID, "login": "anna", "recent_activity": 1,
    "created_at": DATE, "updated_at": DATE,
}  # fmt: skip


@pytest.mark.parametrize(
    "packet",
    [
        {"message": MESSAGE},
        {"message": {"id": "x", "error": {"status": 422, "message": "no"}}},
        {"response": {"id": 1, "users": [USER], "conversations": {ID: [ID]}}},
        {"response": {"id": 1, "users": [ID], "conversations": [ID]}},
        {"last_activity": {ID: "online"}},
    ],
)
def test_what_they_read(packet: dict[str, Any]) -> None:
    readable(packet)


@pytest.mark.parametrize(
    "packet",
    [
        {"message": {**MESSAGE, "body": None}},
        {"message": {**MESSAGE, "t": 1.5}},
        {"message": {**MESSAGE, "attachments": [{"file_width": "3"}]}},
        {"message_read": {"cid": ID, "from": ID, "ids": []}},
        {"response": {"id": 1, "user": {**USER, "first_name": None}}},
        {"response": {"id": 1, "users": [USER], "conversations": {ID: [ID, ID[::-1]]}}},
        {"response": {"id": 1, "logs": [{"packet": {"message": {}}}]}},
    ],
)
def test_what_would_end_them(packet: dict[str, Any]) -> None:
    with pytest.raises(AssertionError):
        readable(packet)
