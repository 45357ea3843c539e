"""Our errors in Astrak's words: a negative code, an HTTP status that agrees with it, and a sentence."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import assert_never

from tertulia.core.admission import CLOSED_DOOR, UNINVITED
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
from tertulia.core.signin import BLOCKED_ACCOUNT, UNCONFIRMED
from tertulia.web.phrases import phrase

DONE = 10
MALFORMED = -1


@dataclass(frozen=True, slots=True)
class Failure:
    """What the client is told. `retry_after_s`: when to try again; 0: waiting does not help."""

    code: int
    status: HTTPStatus
    sentence: str
    retry_after_s: int = 0


class Malformed(BadInput):
    """Parameters that make no sense, whatever they are for."""

    def __init__(self, sentence: str, status: HTTPStatus = HTTPStatus.BAD_REQUEST) -> None:
        super().__init__("request", sentence)
        self.sentence = sentence
        self.status = status


_BAD_INPUT = {
    "password": (-4, "A password has 8 to 256 characters."),
    "login": (-5, "A username has 1 to 15 letters, digits, _ . or -, and is not a number."),
    "phone": (-7, "This is not a phone number."),
    "text": (-14, "A text has 1 to 65536 characters."),
}

_NOT_SIGNED_IN = {
    "password": (-3, HTTPStatus.UNAUTHORIZED, "Wrong username or password."),
    "code": (-9, HTTPStatus.BAD_REQUEST, "The code is wrong, used or too old."),
    UNCONFIRMED: (-10, HTTPStatus.FORBIDDEN, "The account is not confirmed yet."),
}

_NOT_ALLOWED = {
    BLOCKED_ACCOUNT: "This account is blocked.",
    CLOSED_DOOR: "Registration on this server is closed.",
    UNINVITED: "Registration on this server is by invitation only.",
}

NO_TOKEN = Failure(-2, HTTPStatus.UNAUTHORIZED, "The token is missing or not valid any more.")
MISTAKE_OF_OURS = Failure(-17, HTTPStatus.INTERNAL_SERVER_ERROR, "The server has failed.")
NOT_NOW = Failure(-17, HTTPStatus.SERVICE_UNAVAILABLE, "The server is busy. Try again later.")


def explain(error: TertuliaError) -> Failure:
    """What to say to an error."""
    match error:
        case Malformed(sentence=sentence, status=status):
            return Failure(MALFORMED, status, sentence)
        case BadInput(field="callback", why=why):
            return Failure(-15, HTTPStatus.BAD_REQUEST, f"The callback address {why}.")
        case BadInput(field="invite"):
            sentence = "The invitation is unknown, used up or out of date."
            return Failure(-13, HTTPStatus.FORBIDDEN, sentence)
        case BadInput(field=field):
            code, sentence = _BAD_INPUT.get(field, (MALFORMED, f"The {error}."))
            return Failure(code, HTTPStatus.BAD_REQUEST, sentence)
        case NotSignedIn(kind=kind):
            known = _NOT_SIGNED_IN.get(kind)
            return NO_TOKEN if known is None else Failure(*known)
        case NotAllowed(what=what):
            sentence = _NOT_ALLOWED.get(what, "You may not do this.")
            return Failure(-13, HTTPStatus.FORBIDDEN, sentence)
        case NotFound(kind="message"):
            return Failure(-12, HTTPStatus.NOT_FOUND, "There is no such message.")
        case NotFound():
            return Failure(-11, HTTPStatus.NOT_FOUND, "There is no such user or dialog.")
        case Conflict(kind="phone"):
            sentence = "This phone belongs to somebody else."
            return Failure(-8, HTTPStatus.CONFLICT, sentence)
        case Conflict():
            return Failure(-6, HTTPStatus.CONFLICT, "This username is taken.")
        case TooMuch(retry_after_s=retry_after_s):
            status = HTTPStatus.TOO_MANY_REQUESTS
            return Failure(-16, status, "Too many requests.", max(retry_after_s, 1))
        case Unavailable():
            return NOT_NOW
        case TertuliaError():
            return MISTAKE_OF_OURS
        case _:
            assert_never(error)


def refused_at_the_door(status: HTTPStatus) -> Failure:
    """What the port itself has to say, before a request is read."""
    if status is HTTPStatus.SERVICE_UNAVAILABLE:
        return NOT_NOW
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return MISTAKE_OF_OURS
    return Failure(MALFORMED, status, f"{phrase(status)}.")
