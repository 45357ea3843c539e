"""`POST /api/message`: a program posts with the key of an integration (Tada document, Интеграции).

It has neither version nor envelope, and its errors are sentences.
"""

from http import HTTPStatus

from starlette.responses import Response

from tertulia.core import flags
from tertulia.core.errors import (
    BadInput,
    NotAllowed,
    NotFound,
    NotSignedIn,
    TertuliaError,
    TooMuch,
)
from tertulia.core.hooks import Note
from tertulia.dialects.tada import ids
from tertulia.dialects.tada.errors import Fault, InvalidData, NoSuchMethod
from tertulia.dialects.tada.fields import Fields
from tertulia.dialects.tada.limits import MAX_MESSAGE
from tertulia.dialects.tada.request import Call
from tertulia.dialects.tada.routes import HEADERS, JSON, Access, Operation, Place
from tertulia.dialects.tada.summaries import summary
from tertulia.dialects.tada.wire.envelope import encode
from tertulia.dialects.tada.wire.integrations import Accepted, Declined

PATH = "/api/message"

MAX_KEYS = 2_048
"""Characters of all keys together."""

UNKNOWN_KEY = "Неизвестный ключ"
NO_GROUP = "Группы, для которой сделан этот ключ, больше нет"
NO_MESSAGE = "Нет сообщения: параметр message пуст"
TOO_MANY_KEYS = "Слишком много ключей"
TOO_OFTEN = "Слишком часто, попробуйте позже"
WRONG_ID = "message_id должен быть новым UUID"
POST_ONLY = "Здесь принимают только POST"
UNREADABLE = "Запрос не удалось прочитать"
TOO_LARGE = "Слишком большой запрос"
OUR_FAULT = "Ошибка сервера, попробуйте позже"


async def post_message(call: Call) -> Response:
    """Post to the group of each key."""
    body = await call.fields()
    keys = body.raw_text("key", most=MAX_KEYS) or call.query.raw_text("key", most=MAX_KEYS) or ""
    words = body.raw_text("message", most=MAX_MESSAGE)
    if words is None and not body.given("message"):
        words = call.query.raw_text("message", most=MAX_MESSAGE) or summary(body.values)
    if _flag(body, "convert_linebreaks"):
        words = (words or "").replace("\\n", "\n")
    note = Note(words or "", flags=_flags(body), uid=_uid(body))
    for each in (body, call.query):
        each.check()
    await call.core.hooks.post([key.strip() for key in keys.split(",") if key.strip()], note)
    return Response(encode(Accepted(ok=True)), media_type=JSON, headers=HEADERS)


def _flags(body: Fields) -> int:
    return (
        (flags.SILENT if _flag(body, "silently") else 0)
        | (flags.IMPORTANT if _flag(body, "important") else 0)
        | (flags.NO_PREVIEW if _flag(body, "nopreview") else 0)
    )


def _flag(body: Fields, name: str) -> bool:
    # Shell scripts say it with anything; what is no word for it means no.
    value = body.values.get(name)
    return value is True or str(value).lower() in {"true", "1", "yes", "on"}


def _uid(body: Fields) -> str:
    uid = (body.raw_text("message_id") or "").strip().lower()
    if uid and (not ids.is_uuid(uid) or ids.named_by(uid) is not None):
        body.note("message_id", WRONG_ID)
    return uid


def refuse(error: TertuliaError, fault: Fault) -> Response:
    """What went wrong, as a sentence."""
    status, sentence = _said(error, fault)
    headers = dict(HEADERS)
    if fault.retry_after_s:
        headers["retry-after"] = str(fault.retry_after_s)
    if isinstance(error, NoSuchMethod):
        headers["allow"] = "POST"
    body = encode(Declined(ok=False, error=sentence))
    return Response(body, status, media_type=JSON, headers=headers)


def refusal(status: HTTPStatus) -> tuple[bytes, bytes]:
    """What the port itself refuses, as a sentence (`web.port.Refusal`)."""
    sentence = TOO_LARGE if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE else UNREADABLE
    return JSON.encode(), encode(Declined(ok=False, error=sentence))


def _said(error: TertuliaError, fault: Fault) -> tuple[int, str]:
    match error:
        case NotSignedIn():
            return 403, UNKNOWN_KEY
        case NotFound():
            return 403, NO_GROUP
        case InvalidData(details=details):
            return 422, " ".join(f"{key}: {why}" for key, why in details.items())
        case BadInput(field="text", why="is empty"):
            return 422, NO_MESSAGE
        case BadInput(field="keys"):
            return 422, TOO_MANY_KEYS
        case NotAllowed(what="uid"):
            return 403, WRONG_ID
        case TooMuch():
            return 429, TOO_OFTEN
        case NoSuchMethod():
            return 405, POST_ONLY
        case BadInput():
            return 422, UNREADABLE
        case _:
            return fault.status, OUR_FAULT


OPERATIONS = (Operation("POST", PATH, post_message, Access.OPEN, Place.ROOT, refuse),)
