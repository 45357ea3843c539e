"""Our errors in SAMA's words: a status and a sentence (SAMA document, errors)."""

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

INVALID_FORMAT = (400, "Bad request - invalid data format")
BAD_REQUEST = (400, "Bad Request.")
UNAUTHORIZED = (401, "Unauthorized.")
WRONG_PASSWORD = (401, "Incorrect username or password.")
MISSING_CREDENTIALS = (401, "Missing authentication credentials.")
FORBIDDEN = (403, "Forbidden.")
NO_ROUTE = (404, "Route not found")
NO_ORGANIZATION = (404, "Organization not found")
DEAD_TOKEN = (422, "The token has expired.")
BLOCKED = (422, "Communication is not possible - you are in a block list of the recipient.")
NO_BODY = (422, "Either message body or attachments required.")
WRONG_CODE = (403, "Incorrect token for password recovery.")
NO_MAIL = (503, "The code could not be sent. Please try again later.")
CLOSED = (403, "Registration on this server is closed.")
BY_INVITATION = (403, "Registration on this server is by invitation only.")
MISTAKE_OF_OURS = (500, "Internal server error.")

Words = tuple[int, str]


class Refused(BadInput):
    """Input that a check of this dialect refused, in the very words the client will read."""

    def __init__(self, words: Words) -> None:
        super().__init__("packet", words[1])
        self.words = words


def refused(sentence: str) -> Refused:
    """A 422 with that sentence."""
    return Refused((422, sentence))


_NOT_FOUND = {
    "chat": (404, "Conversation not found."),
    "member": (404, "ConversationParticipant not found."),
    "message": (422, "Message ID not found."),
    "reply": (422, "Incorrect replied message ID."),
    "account": UNAUTHORIZED,
    "subscription": (422, "Push notification record not found."),
    "recipients": (422, "Recipients not found."),
    "file": (422, "Invalid attachment fields."),
    "contact": (422, "Contact not found."),
}

_BAD_INPUT = {
    "json": INVALID_FORMAT,
    "invite": (422, "The invitation is unknown, used up or out of date."),
    "text": NO_BODY,
    "members": (422, "Participants not provided."),
    "other": (422, "The specified user is incorrect."),
    "accounts": (422, "Can't block self user"),
    "endpoint": (422, "Incorrect token."),
    "file name": (422, "Incorrect file name."),
    "file size": (422, "Incorrect file size."),
    "content type": (422, "Incorrect content type."),
    "contact address": (422, "Email or phone is missed."),
    "contact name": (422, "'first_name' or 'last_name' is missed."),
}

# Where one error has other words in one request than elsewhere.
_IN_REQUEST: dict[tuple[str, str], Words] = {
    ("conversation_update", "no chat"): BAD_REQUEST,
    ("conversation_delete", "no chat"): BAD_REQUEST,
    ("conversation_create", "no account"): (422, "Opponent ID not found."),
    ("conversation_create", "many members"): (
        422,
        "There are too many users in the group conversation.",
    ),
    ("user_last_activity_subscribe", "no account"): (422, "The specified user is incorrect."),
    ("user_send_otp", "no account"): (422, "We couldn't find the specified user."),
    ("user_reset_password", "no account"): (422, "We couldn't find the specified user."),
    ("user_edit", "wrong password"): (401, "The current password you entered is incorrect."),
}


def explain(error: TertuliaError, request: str) -> Words:
    """Status and sentence for *error*, raised while serving the request of that name."""
    match error:
        case Refused(words=words):
            return words
        case BadInput(field=field):
            return _BAD_INPUT.get(field, (422, f'"{field}" {error.why}'))
        case NotSignedIn(kind="password"):
            return _IN_REQUEST.get((request, "wrong password"), WRONG_PASSWORD)
        case NotSignedIn(kind="token"):
            return DEAD_TOKEN
        case NotSignedIn(kind="code"):
            return WRONG_CODE
        case NotSignedIn():
            return UNAUTHORIZED
        case NotAllowed(what="blocked account"):
            return FORBIDDEN
        case NotAllowed(what=what) if what == CLOSED_DOOR:
            return CLOSED
        case NotAllowed(what=what) if what == UNINVITED:
            return BY_INVITATION
        case NotAllowed(what=what):
            return BLOCKED if "block" in what else FORBIDDEN
        case NotFound(kind=kind):
            return _IN_REQUEST.get((request, f"no {kind}"), _NOT_FOUND.get(kind, BAD_REQUEST))
        case Conflict():
            return 422, "The provided data is already associated with an existing user account."
        case TooMuch(what="members"):
            limit = (422, "You've reached the maximum participant limit.")
            return _IN_REQUEST.get((request, "many members"), limit)
        case TooMuch(what="contacts"):
            return 422, '"contacts" must contain less than or equal to 10000 items'
        case TooMuch():
            return 429, "Too many requests."
        case Unavailable(what="mail"):
            return NO_MAIL
        case Unavailable() | TertuliaError():
            return MISTAKE_OF_OURS
        case _:
            assert_never(error)
