"""The words of an HTTP status, the same under every Python: 3.13 gave some statuses other ones."""

from http import HTTPStatus

_OURS = {
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "Request Entity Too Large",
    HTTPStatus.REQUEST_URI_TOO_LONG: "Request-URI Too Long",
    HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE: "Requested Range Not Satisfiable",
    HTTPStatus.UNPROCESSABLE_ENTITY: "Unprocessable Entity",
}


def phrase(status: HTTPStatus) -> str:
    """What stands beside its number, and in bodies that have no better words."""
    return _OURS.get(status, status.phrase)
