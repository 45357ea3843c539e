"""Our errors in Tada's words: a code, an HTTP status, and Russian texts for people."""

from dataclasses import dataclass, field
from typing import assert_never

from tertulia.core import signin
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

REQUIRED = "Обязательное поле."
WRONG_PHONE = "Некорректный номер телефона"
WRONG_CODE = "Неверный код"
WRONG_TOKEN = "Неверный или устаревший токен"  # noqa: S105 - a text
WRONG_PASSWORD = "Неверное имя или пароль"  # noqa: S105 - a text
WRONG_FILE = "Ошибка при загрузке. Пожалуйста, попробуйте ещё раз"
NOT_SENT = "Ошибка отправки"
NAMELESS_GROUP = "Имя группы не может быть пустым"
LAST_ADMIN = "В группе должен остаться администратор"
NOTHING_THERE = "Выберите корректный вариант. Такого сообщения нет."
WRONG_VALUE = "Некорректное значение."
WRONG_GROUP = "Выберите корректный вариант. Этой группы нет среди допустимых значений."
WRONG_ADDRESS = "На этот адрес сервер не отправляет запросы."
WRONG_JSON = "Некорректный JSON."
TOO_LARGE = "Слишком большой запрос."
NOT_A_TEXT = "Введите строку."
NOT_A_FLAG = "Введите true или false."
NOT_A_NUMBER = "Введите целое число."
NOT_A_LIST = "Введите список."
NOT_AN_OBJECT = "Введите объект."
WRONG_EMAIL = "Введите правильный адрес электронной почты."
PHONE_NEEDS_CODE = "Номер меняется только после подтверждения кодом"
LAST_OWNER = "В команде должен остаться владелец"
TOO_MANY = "Достигнут предел: больше нельзя."
TAKEN = "Это значение уже занято."
FOREIGN_PAGE = "Запрос с чужой страницы"
CLOSED = "Регистрация на этом сервере закрыта"
BY_INVITATION = "Регистрация на этом сервере только по приглашениям."
WRONG_INVITE = "Приглашение неизвестно, использовано или устарело."
UNCONFIRMED = "Номер телефона ещё не подтверждён."

BODY = "body"
"""The key of `details` for what concerns the whole body."""


def too_long(most: int, length: int) -> str:
    """The text for a text of *length* characters where *most* are allowed."""
    return f"Убедитесь, что это значение содержит не более {most} символов (сейчас {length})."


def too_many(most: int) -> str:
    """The text for a list with more items than that."""
    return f"Убедитесь, что в списке не более {most} элементов."


def too_many_bytes(most: int) -> str:
    """The text for a body with more bytes than that."""
    return f"Убедитесь, что запрос занимает не более {most} байт."


def no_choice(value: object) -> str:
    """The text for a reference to nothing, or a word that is none of those allowed."""
    return f"Выберите корректный вариант. {value} нет среди допустимых значений."


def no_section(uid: str) -> str:
    """The text for a section that the team does not have."""
    return f"Некорректная секция: '{uid}'"


@dataclass(frozen=True, slots=True)
class Fault:
    """An error as a client reads it.

    Attributes:
        code: one of the document's codes, in capitals.
        status: of HTTP.
        details: from the name of a field to what is wrong with it.
        reason: of ACCESS_DENIED, for people.
        retry_after_s: seconds; 0: not said.
    """

    code: str
    status: int
    details: dict[str, str] = field(default_factory=dict)
    reason: str = ""
    retry_after_s: int = 0


class InvalidData(BadInput):
    """Fields of the input are wrong; `details` says which and how, in the client's words."""

    def __init__(self, details: dict[str, str]) -> None:
        super().__init__(next(iter(details), BODY), "is not valid")
        self.details = details


class TooLarge(BadInput):
    """The body has more bytes than the server reads."""

    def __init__(self) -> None:
        super().__init__(BODY, "is too large")


class Unsigned(NotSignedIn):
    """No credentials that open anything; `code` says what was shown.

    Attributes:
        code: EMPTY_TOKEN, INVALID_TOKEN or EMPTY_SESSION.
    """

    def __init__(self, code: str) -> None:
        super().__init__("token")
        self.code = code


class NoSuchMethod(TertuliaError):
    """The path exists, the method does not."""

    def __init__(self, allowed: tuple[str, ...]) -> None:
        super().__init__("no such method")
        self.allowed = allowed


class BrokenOnPurpose(TertuliaError):
    """The client asked for an error of the server (Tada document, Пинг)."""


INTERNAL = Fault("INTERNAL_SERVER_ERROR", 500)


def invalid(key: str, text: str) -> InvalidData:
    """One wrong field."""
    return InvalidData({key: text})


# From the core's names of fields to the clients'.
FIELDS = {
    "phone": "phone",
    "words": "text",
    "account": "username",
    "file name": "file",
    "file size": "file",
    "content type": "file",
    "content": "file",
    "picture": "file",
    "json": BODY,
    "older_than": "old_from",
    "newer_than": "new_from",
    "group name": "display_name",
    "group status": "status",
}

WORDS_FOR = {
    "phone": WRONG_PHONE,
    "status": LAST_OWNER,
    "file": WRONG_FILE,
    "group": WRONG_GROUP,
    "webhook_url": WRONG_ADDRESS,
    "text": NOT_SENT,
    "display_name": NAMELESS_GROUP,
    "invite": WRONG_INVITE,
    "group status": LAST_ADMIN,
    BODY: WRONG_JSON,
}


def explain(error: TertuliaError) -> Fault:
    """The error as a client reads it."""
    match error:
        case InvalidData(details=details):
            return Fault("INVALID_DATA", 422, details)
        case TooLarge():
            return Fault("INVALID_DATA", 413, {BODY: TOO_LARGE})
        case BadInput(field=name):
            key = FIELDS.get(name, name)
            return Fault(
                "INVALID_DATA", 422, {key: WORDS_FOR.get(name, WORDS_FOR.get(key, WRONG_VALUE))}
            )
        case Unsigned(code=code):
            return Fault(code, 401)
        case NotSignedIn(kind="code"):
            return Fault("INVALID_DATA", 422, {"code": WRONG_CODE})
        case NotSignedIn(kind=signin.UNCONFIRMED):
            return Fault("INVALID_DATA", 422, {"password": UNCONFIRMED})
        case NotSignedIn(kind="password"):
            return Fault("INVALID_DATA", 422, {"password": WRONG_PASSWORD})
        case NotSignedIn(kind="invitation"):
            return Fault("INVALID_DATA", 422, {"token": WRONG_TOKEN})
        case NotSignedIn():
            return Fault("INVALID_TOKEN", 401)
        case NotAllowed(what=signin.BLOCKED_ACCOUNT):
            return Fault("ACCOUNT_BLOCKED", 451)
        case NotAllowed(what=what) if what == CLOSED_DOOR:
            return Fault("ACCESS_DENIED", 403, reason=CLOSED)
        case NotAllowed(what=what) if what == UNINVITED:
            return Fault("INVALID_DATA", 422, {"invite": BY_INVITATION})
        case NotAllowed(what="foreign page"):
            return Fault("ACCESS_DENIED", 403, reason=FOREIGN_PAGE)
        case NotAllowed():
            return Fault("ACCESS_DENIED", 403)
        case NotFound(kind="reply"):
            return Fault("INVALID_DATA", 422, {"reply_to": NOTHING_THERE})
        case NotFound(kind="linked"):
            return Fault("INVALID_DATA", 422, {"linked_messages": NOTHING_THERE})
        case NotFound():
            return Fault("NOT_FOUND", 404)
        case Conflict(kind=kind):
            return Fault("INVALID_DATA", 422, {kind: TAKEN})
        case TooMuch(what="teams" | "invitations" | "sections"):
            return Fault("INVALID_DATA", 422, {BODY: TOO_MANY})
        case TooMuch(what="bytes" | "bytes of one file" | "uploads"):
            return Fault("INVALID_DATA", 422, {"file": WRONG_FILE})
        case TooMuch(retry_after_s=seconds):
            return Fault("RATE_LIMIT", 429, retry_after_s=seconds)
        case NoSuchMethod():
            return Fault("INVALID_METHOD", 405)
        case Unavailable(what="password check"):
            return Fault("RATE_LIMIT", 429, retry_after_s=1)
        case Unavailable() | BrokenOnPurpose() | TertuliaError():
            return INTERNAL
        case _:
            assert_never(error)
