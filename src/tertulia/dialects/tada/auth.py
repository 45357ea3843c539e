"""Who calls: the `token` header, or the `otvauth` cookie (Tada document, Авторизация)."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.requests import Request, cookie_parser

from tertulia.core.errors import NotAllowed, NotSignedIn
from tertulia.core.model import Actor, Session
from tertulia.core.signin import ACCESS, Grant
from tertulia.dialects.tada.desk import NAME, TadaDesk
from tertulia.dialects.tada.errors import Unsigned

HEADER = "token"
COOKIE = "otvauth"

COOKIE_KIND = "cookie"
"""Kind of a secret that is good in a cookie only, as ACCESS is good in the header only."""

TOKEN_BYTES = 24
"""32 characters."""

DAY_MS = 86_400_000
TOKEN_MS = 3_650 * DAY_MS
"""Tokens are good until they are revoked."""
COOKIE_MS = 180 * DAY_MS

SAFE = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is signed in, and by what."""

    session: Session
    by_cookie: bool

    @property
    def actor(self) -> Actor:
        """The one who acts; no socket."""
        return Actor(self.session.account_id, self.session.id)


def token_grant(now_ms: int) -> Grant:
    """A new token for the header."""
    return Grant(secrets.token_urlsafe(TOKEN_BYTES), ACCESS, now_ms + TOKEN_MS)


def cookie_grant(now_ms: int) -> Grant:
    """A new value for the cookie."""
    return Grant(secrets.token_urlsafe(TOKEN_BYTES), COOKIE_KIND, now_ms + COOKIE_MS)


def set_cookie(desk: TadaDesk, value: str, max_age_s: int) -> str:
    """The value of a `Set-Cookie` header; 0 seconds clear it."""
    cookie = f"{COOKIE}={value}; Max-Age={max_age_s}; Path=/; HttpOnly; SameSite=Lax"
    return cookie + ("; Secure" if desk.is_secure else "")


async def caller(desk: TadaDesk, token: str | None, cookies: str | None) -> Caller:
    """Who shows these headers, of a request or a WebSocket's handshake; the token wins.

    Args:
        desk: the desk.
        token: the `token` header.
        cookies: the `Cookie` header.

    Raises:
        Unsigned: nothing was shown, or nothing that opens anything.
    """
    if token:
        return Caller(await _session(desk, token, ACCESS, "INVALID_TOKEN"), by_cookie=False)
    value = cookie_of(cookies)
    if not value:
        raise Unsigned("EMPTY_TOKEN")
    return Caller(await _session(desk, value, COOKIE_KIND, "EMPTY_SESSION"), by_cookie=True)


def cookie_of(cookies: str | None) -> str:
    """Our cookie in a `Cookie` header; "" for none."""
    return cookie_parser(cookies).get(COOKIE, "") if cookies else ""


async def _session(desk: TadaDesk, secret: str, kind: str, code: str) -> Session:
    try:
        return await desk.core.signin.by_secret(secret, kind, NAME)
    except NotSignedIn:
        raise Unsigned(code) from None


def need_same_origin(desk: TadaDesk, request: Request) -> None:
    """A cookie alone changes nothing at the wish of a foreign page.

    Browsers say where a request comes from; who says nothing is no browser.

    Raises:
        NotAllowed: "foreign page".
    """
    if request.method not in SAFE:
        need_own_page(desk, request.headers)


def need_own_page(desk: TadaDesk, headers: Mapping[str, str]) -> None:
    """The same, whatever the method: also for a handshake of a WebSocket. Raises: NotAllowed."""
    site = headers.get("sec-fetch-site")
    if site in {"same-origin", "none"}:
        return
    origin = headers.get("origin")
    if site is None and origin is None:
        return
    if origin is None or not _is_ours(desk, origin, headers.get("host", "")):
        raise NotAllowed("foreign page")


def _is_ours(desk: TadaDesk, origin: str, host: str) -> bool:
    public = urlsplit(desk.public_url)
    if origin == f"{public.scheme}://{public.netloc}":
        return True
    return bool(host) and origin in {f"http://{host}", f"https://{host}"}
