"""Signing in: by a code in an SMS, by a QR code, by a password (Tada document, Авторизация)."""

import contextlib
import re
from typing import NamedTuple

from starlette.responses import RedirectResponse, Response

from tertulia.core.admission import MAX_TOKEN
from tertulia.core.devices import TICKET_MS, Device
from tertulia.core.errors import Conflict, NotSignedIn
from tertulia.core.model import Actor, Session
from tertulia.core.phone_codes import Purpose, SentCode
from tertulia.core.signin_model import Proven
from tertulia.dialects.tada.auth import (
    COOKIE_KIND,
    COOKIE_MS,
    cookie_grant,
    cookie_of,
    need_same_origin,
    set_cookie,
    token_grant,
)
from tertulia.dialects.tada.desk import NAME, View
from tertulia.dialects.tada.errors import REQUIRED, WRONG_TOKEN, WRONG_VALUE, invalid
from tertulia.dialects.tada.fields import TRUE, Fields
from tertulia.dialects.tada.handlers.devices import DEVICE_KINDS, DEVICE_KINDS_V3
from tertulia.dialects.tada.limits import (
    MAX_ACCESS_TOKEN,
    MAX_CODE,
    MAX_DEVICE_ID,
    MAX_DEVICE_NAME,
    MAX_QR_VALUE,
    MAX_SECRET,
)
from tertulia.dialects.tada.me import me
from tertulia.dialects.tada.request import Answer, Call
from tertulia.dialects.tada.routes import Access, Operation
from tertulia.dialects.tada.times import date_time
from tertulia.dialects.tada.wire.signin import (
    CodeSent,
    CodeSentV4,
    Debug,
    Location,
    SignedIn,
    SignedInByCookie,
    SignedInV4,
)

SAMA = "sama"
"""The API whose sessions may be shown here."""

CODE_MS = 60_000
"""How long a code of the document's own sign-in is good."""

LATER_CODE_MS = 600_000
"""The same of the later one."""

HASH_DIGITS = 64
"""Of a SHA-256 in hexadecimal."""

NEXT_CODE_MS = 60_000
"""After which clients offer to send another; sooner is no error."""


async def sms_login(call: Call) -> object:
    """Send a code to the phone."""
    sent = await _send(call, CODE_MS)
    return CodeSent(sent.length, date_time(sent.valid_until), sent.phone)


async def send_code(call: Call) -> object:
    """The same in later words; the code lives longer."""
    now = call.now_ms
    sent = await _send(call, LATER_CODE_MS)
    return CodeSentV4(
        sent.length,
        date_time(sent.valid_until),
        sent.phone,
        date_time(now + NEXT_CODE_MS),
    )


async def _send(call: Call, lives_ms: int) -> SentCode:
    form = await call.fields()
    phone = form.need_phone()
    form.check()
    return await call.core.phone_codes.send(phone, Purpose.SIGN_IN, lives_ms)


async def sms_auth(call: Call) -> object:
    """Sign a device in with the code."""
    form = await call.fields()
    shown = _shown(form)
    device = need_device(form, call.view)
    form.check()
    return await _by_token(call, await _proven(call, shown), device)


async def sms_cookieauth(call: Call) -> object:
    """Sign a browser in with the code: a cookie, no device and no token."""
    need_same_origin(call.desk, call.request)
    form = await call.fields()
    shown = _shown(form)
    form.check()
    proven = await _proven(call, shown)
    grant = cookie_grant(call.now_ms)
    session = await call.core.devices.sign_in(proven, NAME, grant, None)
    cookie = set_cookie(call.desk, grant.text, COOKIE_MS // 1000)
    result = SignedInByCookie(await me(call.desk, _actor(session), call.view))
    return Answer(result, {"set-cookie": cookie})


async def get_token_by_sms(call: Call) -> object:
    """Sign in with the code; a device may be named and need not be."""
    form = await call.fields()
    shown = _shown(form)
    device = _device_if_named(form)
    form.check()
    return await _by_token_v4(call, await _proven(call, shown), device)


async def get_token_by_password(call: Call) -> object:
    """Sign in with the password of any of the APIs: phone, e-mail or login."""
    form = await call.fields()
    name = form.need_text("username", most=MAX_SECRET)
    password = form.raw_text("password", most=MAX_SECRET) or ""
    if not password:
        form.note("password", REQUIRED)
    device = _device_if_named(form)
    form.check()
    proven = await call.core.signin.by_name(name, password)
    return await _by_token_v4(call, proven, device)


async def get_token_by_session(call: Call) -> object:
    """Ours: sign in by an open session of SAMA, whose access token is shown (docs/decisions/0105)."""
    form = await call.fields()
    token = form.need_raw_text("sama_token", most=MAX_ACCESS_TOKEN)
    device = _device_if_named(form)
    form.check()
    try:
        proven = await call.core.signin.by_session(token, SAMA)
        return await _by_token_v4(call, proven, device)
    except NotSignedIn:
        raise invalid("sama_token", WRONG_TOKEN) from None


async def qr_login(call: Call) -> object:
    """A picture that signs another device in as whoever asks; `debug`: what stands in it.

    With `value` that stands in it, and opens nothing.
    """
    query = call.query
    given = query.raw_text("value", most=MAX_QR_VALUE)
    query.check()
    ticket = given or await call.core.devices.ticket(call.actor)
    url = f"otv://qr-login/{call.desk.host}/{ticket}"
    if query.values.get("debug", "").capitalize() in TRUE:
        return Debug(TICKET_MS // 1000, url)
    return picture_of(await call.desk.drawings.qr(url))


def picture_of(png: bytes) -> Response:
    """A PNG that nobody shall keep."""
    return Response(png, media_type="image/png", headers={"cache-control": "no-store"})


async def qr_auth(call: Call) -> object:
    """Sign a device in with what stood in the picture."""
    form = await call.fields()
    ticket = form.need_text("temp_token")
    device = need_device(form, call.view)
    form.check()
    try:
        proven = await call.core.devices.by_ticket(ticket)
    except NotSignedIn:
        raise invalid("temp_token", WRONG_TOKEN) from None
    return await _by_token(call, proven, device)


async def qr_confirm(call: Call) -> object:
    """Ours: let in a device that shows a picture of its own (docs/decisions/0114).

    What stands in the picture is the SHA-256 of a secret, with which that device then asks `qr-auth`.
    """
    form = await call.fields()
    hashed = form.need_text("ticket_hash", most=HASH_DIGITS)
    if hashed and not re.fullmatch(r"(?a)[0-9a-f]{64}", hashed):
        form.note("ticket_hash", WRONG_VALUE)
    form.check()
    try:
        await call.core.devices.admit(call.actor, hashed)
    except Conflict:
        raise invalid("ticket_hash", WRONG_TOKEN) from None
    return None


async def cookieauth_logout(call: Call) -> object:
    """End the cookie's session, if there is one, and clear the cookie."""
    value = cookie_of(call.request.headers.get("cookie"))
    if value:
        signin = call.core.signin
        with contextlib.suppress(NotSignedIn):
            await signin.close(await signin.by_secret(value, COOKIE_KIND, NAME))
    headers = {"set-cookie": set_cookie(call.desk, "", 0)}
    if "text/html" in call.request.headers.get("accept", ""):
        return RedirectResponse("/", 302, headers)
    return Answer(Location("/"), headers)


def need_device(form: Fields, view: View) -> Device:
    """`device_id` and `type`, which must be there, and `name`."""
    kinds = DEVICE_KINDS_V3 if view is View.V3 else DEVICE_KINDS
    return Device(
        form.need_raw_text("device_id", most=MAX_DEVICE_ID),
        form.need_choice("type", kinds),
        form.text("name", most=MAX_DEVICE_NAME) or "",
    )


def _device_if_named(form: Fields) -> Device | None:
    return need_device(form, View.V4) if form.values.get("device_id") else None


class Shown(NamedTuple):
    """What a sign-in by SMS shows. `invite` is ours: where the operator asks newcomers for one."""

    phone: str
    code: str
    invite: str


def _shown(form: Fields) -> Shown:
    return Shown(
        form.need_phone(),
        form.need_text("code", most=MAX_CODE),
        form.text("invite", most=MAX_TOKEN) or "",
    )


async def _proven(call: Call, shown: Shown) -> Proven:
    # First, so that the code is not used up in vain.
    await call.core.invites.check(shown.invite)
    await call.core.phone_codes.prove(shown.phone, shown.code, Purpose.SIGN_IN)
    return await call.core.signin.by_phone(shown.phone, invite=shown.invite)


async def _by_token(call: Call, proven: Proven, device: Device) -> object:
    grant = token_grant(call.now_ms)
    session = await call.core.devices.sign_in(proven, NAME, grant, device)
    return SignedIn(await me(call.desk, _actor(session), call.view), grant.text)


async def _by_token_v4(call: Call, proven: Proven, device: Device | None) -> object:
    grant = token_grant(call.now_ms)
    session = await call.core.devices.sign_in(proven, NAME, grant, device)
    return SignedInV4(await me(call.desk, _actor(session), call.view), grant.text)


def _actor(session: Session) -> Actor:
    return Actor(session.account_id, session.id)


OPERATIONS = (
    Operation("POST", "/sms-login", sms_login, Access.OPEN),
    Operation("POST", "/sms-auth", sms_auth, Access.OPEN),
    Operation("POST", "/sms-cookieauth", sms_cookieauth, Access.OPEN),
    Operation("GET", "/qr-login.png", qr_login),
    Operation("POST", "/qr-auth", qr_auth, Access.OPEN),
    Operation("POST", "/auth/qr/confirm", qr_confirm),
    Operation("GET", "/cookieauth-logout", cookieauth_logout, Access.OPEN),
    Operation("POST", "/cookieauth-logout", cookieauth_logout, Access.OPEN),
    Operation("POST", "/auth/sms/send-code", send_code, Access.OPEN),
    Operation("POST", "/auth/sms/get-token", get_token_by_sms, Access.OPEN),
    Operation("POST", "/auth/password/get-token", get_token_by_password, Access.OPEN),
    Operation("POST", "/auth/session/get-token", get_token_by_session, Access.OPEN),
)
