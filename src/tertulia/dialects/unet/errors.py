"""Our errors in the words of this API: a status, an error, and a sentence (RFC 6749, 6750)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import assert_never

from tertulia.core.errors import (
    BadInput,
    Conflict,
    NotAllowed,
    NotFound,
    NotSignedIn,
    TertuliaError,
    TooMuch,
    Unavailable,
)
from tertulia.web.phrases import phrase

REALM = "tertulia"
CHALLENGE = f'Bearer realm="{REALM}"'


@dataclass(frozen=True, slots=True)
class Fault:
    """How a request failed, as the client is told."""

    status: int
    error: str
    description: str
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def body(self) -> dict[str, str]:
        """As it goes out."""
        return {"error": self.error, "error_description": self.description}


class Refused(TertuliaError):
    """A request that this dialect refuses itself."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.description)
        self.fault = fault


def invalid(description: str) -> Refused:
    """The request makes no sense."""
    return Refused(Fault(400, "invalid_request", description))


def bad_member(name: str, why: str) -> Refused:
    """A member of `q` is missing or of the wrong kind."""
    return invalid(f"`{name}` {why}.")


def no_token() -> Refused:
    """Nothing was shown that could be a token: a bare challenge (RFC 6750, 3)."""
    return Refused(
        Fault(401, "invalid_request", "An access token is needed.", _challenged(CHALLENGE))
    )


def two_tokens() -> Refused:
    """It was shown in more ways than one."""
    challenge = f'{CHALLENGE}, error="invalid_request"'
    description = "The access token must be given in one way only."
    return Refused(Fault(400, "invalid_request", description, _challenged(challenge)))


def dead_token() -> Refused:
    """It opens nothing, or nothing any more."""
    challenge = f'{CHALLENGE}, error="invalid_token"'
    description = "The access token is unknown, expired or revoked."
    return Refused(Fault(401, "invalid_token", description, _challenged(challenge)))


def missing_scope(*scopes: str) -> Refused:
    """It does not allow this."""
    names = " ".join(scopes)
    challenge = f'{CHALLENGE}, error="insufficient_scope", scope="{names}"'
    description = f"The access token does not allow this; it needs: {names}."
    return Refused(Fault(403, "insufficient_scope", description, _challenged(challenge)))


def too_large() -> Refused:
    """The body is."""
    return Refused(Fault(413, "request_too_large", "The request is too large."))


def no_path() -> Refused:
    """There is nothing there."""
    return Refused(Fault(404, "not_found", "There is nothing at this address."))


def no_method(allowed: str) -> Refused:
    """Not in this way."""
    description = f"This address takes {allowed} only."
    return Refused(Fault(405, "method_not_allowed", description, {"allow": allowed}))


def _challenged(challenge: str) -> dict[str, str]:
    return {"www-authenticate": challenge}


_NOT_FOUND = {
    "chat": "No such chat.",
    "message": "No such message.",
    "account": "No such chat.",
}

_BAD_INPUT = {"text": "message", "words": "query", "json": "q"}


def explain(error: TertuliaError) -> Fault:
    """What the client is told. Nothing of the inside is."""
    match error:
        case Refused(fault=fault):
            return fault
        case BadInput(field="file size"):
            return too_large().fault
        case BadInput(field=name, why=why):
            return bad_member(_BAD_INPUT.get(name, name), why).fault
        case NotFound(kind="file"):
            return bad_member("attachments", "names a file that is not yours").fault
        case NotFound(kind=kind):
            return Fault(404, "not_found", _NOT_FOUND.get(kind, "There is no such thing."))
        case NotAllowed(what="edit"):
            return Fault(403, "access_denied", "Only its author may change a message.")
        case NotAllowed():
            return Fault(403, "access_denied", "You may not do this.")
        case NotSignedIn():
            return dead_token().fault
        case TooMuch(what="bytes"):
            return Fault(503, "temporarily_unavailable", "There is no room for this file.")
        case TooMuch(retry_after_s=seconds):
            return too_many(seconds).fault
        case Conflict():
            return bad_member("random_id", "is taken").fault
        case Unavailable():
            sentence = "The server is busy. Try again."
            return Fault(503, "temporarily_unavailable", sentence, {"retry-after": "1"})
        case TertuliaError():
            return MISTAKE_OF_OURS
        case _:
            assert_never(error)


def too_many(seconds: int) -> Refused:
    """Wait a while."""
    headers = {"retry-after": str(max(seconds, 1))}
    return Refused(Fault(429, "too_many_requests", "Too many requests.", headers))


MISTAKE_OF_OURS = Fault(500, "server_error", "The server has made a mistake.")


def at_the_door(status: HTTPStatus) -> Fault:
    """What the port refuses before it reaches us."""
    match status:
        case HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            return too_large().fault
        case HTTPStatus.NOT_FOUND:
            return no_path().fault
        case HTTPStatus.INTERNAL_SERVER_ERROR:
            return MISTAKE_OF_OURS
        case HTTPStatus.SERVICE_UNAVAILABLE:
            return Fault(503, "temporarily_unavailable", "The server is busy. Try again.")
        case _:
            return Fault(status, "invalid_request", f"{phrase(status)}.")
