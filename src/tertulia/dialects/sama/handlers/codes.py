"""A new password for who forgot the old one. The document has none of this; the published server has."""

from typing import TYPE_CHECKING, Any

from tertulia.core.errors import NotFound
from tertulia.dialects.sama.errors import refused
from tertulia.dialects.sama.handlers.answer import SUCCESS, Answer
from tertulia.dialects.sama.handlers.users import MAX_EMAIL
from tertulia.dialects.sama.params import Params, need_object

if TYPE_CHECKING:
    from tertulia.dialects.sama.socket import Talk

DIGITS = 6
"""Of a code."""


async def user_send_otp(talk: "Talk", given: Any) -> Answer:
    """Send a code to an address. Served before sign-in."""
    params = need_object(given)
    email, device = _place(params)
    _need_organization(talk, params)
    await talk.desk.core.codes.send(email, device)
    return SUCCESS


async def user_reset_password(talk: "Talk", given: Any) -> Answer:
    """Set a new password, with the code that was sent. Served before sign-in."""
    params = need_object(given)
    email, device = _place(params)
    code = _code(params.values.get("token"))
    password = params.need_text("new_password", 3, 40)
    _need_organization(talk, params)
    await talk.desk.core.codes.reset_password(email, device, code, password)
    return SUCCESS


def _place(params: Params) -> tuple[str, str]:
    email = params.need_text("email", 1, MAX_EMAIL)
    device = params.device()
    if device is None:
        raise refused('"device_id" is required')
    return email, device


def _need_organization(talk: "Talk", params: Params) -> None:
    """In an unknown organization nobody is known."""
    if not talk.desk.knows_organization(params):
        raise NotFound("account")


def _code(given: Any) -> str:
    """QUIRK sama: the web client sends a code as a number, others as its digits."""
    if given is None or given == "":
        raise refused('"token" is required')
    if isinstance(given, float) and given.is_integer():
        given = int(given)
    if isinstance(given, bool) or not isinstance(given, int | str):
        raise refused('"token" must be a number')
    return str(given).strip()[: DIGITS + 1]
