"""What statuses are called in answers."""

from http import HTTPStatus

import pytest

from tertulia.web.phrases import phrase


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (400, "Bad Request"),
        (413, "Request Entity Too Large"),
        (414, "Request-URI Too Long"),
        (416, "Requested Range Not Satisfiable"),
        (422, "Unprocessable Entity"),
        (431, "Request Header Fields Too Large"),
    ],
)
def test_a_status_is_called_the_same_under_every_python(status: int, words: str) -> None:
    assert phrase(HTTPStatus(status)) == words
