"""SAMA over HTTP: signing in and out, with cookies across origins (document, Login and Logout)."""

import socket
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from tertulia.core.errors import NotSignedIn, TertuliaError
from tertulia.core.model import Session
from tertulia.core.signin import ACCESS, REFRESH
from tertulia.core.signin_model import Proven
from tertulia.dialects.sama.body import body_params
from tertulia.dialects.sama.desk import SEED, SamaDesk
from tertulia.dialects.sama.errors import MISSING_CREDENTIALS, Refused, Words, explain, refused
from tertulia.dialects.sama.handlers.signin import by_password
from tertulia.dialects.sama.params import Params
from tertulia.dialects.sama.tokens import REFRESH_S
from tertulia.dialects.sama.wire import encode

COOKIE = "refresh_token"
TADA = "tada"
"""The API whose sessions may be shown at `/login`."""

MAX_FOREIGN_TOKEN = 255


class Routes:
    """The HTTP side of the API."""

    def __init__(self, desk: SamaDesk) -> None:
        self._desk = desk
        self._origins = desk.origins
        self._is_secure = urlsplit(desk.house.public_url).scheme == "https"

    def all(self) -> list[BaseRoute]:
        """What the server is to route here."""
        return [
            Route("/login", self.login, methods=["POST"]),
            Route("/logout", self.logout, methods=["POST"]),
            Route("/health", self.health, methods=["GET"]),
            *self._origins.preflights(("/login", "/logout", "/health")),
        ]

    async def login(self, request: Request) -> Response:
        """Sign in by password, access token or refresh cookie; each answer brings a new cookie."""
        try:
            params = await body_params(request, self._desk.house.json_limits)
            proven, device, flavour = await self._who(request, params)
            session = await self._desk.open(proven, device, flavour, with_refresh=True)
        except TertuliaError as error:
            return self._error(request, explain(error, "login"))
        _, access, refresh, expires_at = session
        answer = {
            "user": self._desk.user(proven.account),
            "access_token": access,
            "expired_at": expires_at,
        }
        response = Response(encode(answer), media_type="application/json")
        self._set_cookie(response, refresh, REFRESH_S)
        return self._origins.tell(request, response)

    async def logout(self, request: Request) -> Response:
        """End the session of the access token's device. The body is empty, or of no interest."""
        await request.body()
        try:
            session = await self._session_of(_bearer(request), ACCESS)
            if session is None:
                raise Refused(MISSING_CREDENTIALS)
            cookie = request.cookies.get(COOKIE)
            if cookie:
                refresh = await self._session_of(cookie, REFRESH)
                if refresh is None or refresh.id != session.id:
                    raise refused("Incorrect token.")
            await self._desk.core.signin.close(session)
        except TertuliaError as error:
            return self._error(request, explain(error, "logout"))
        response = JSONResponse({"success": True})
        self._set_cookie(response, "", 0)
        return self._origins.tell(request, response)

    async def health(self, request: Request) -> Response:
        """For operators of the original: the process answers."""
        answer = JSONResponse({"status": "ok", "hostname": socket.gethostname()})
        return self._origins.tell(request, answer)

    async def _who(self, request: Request, params: Params) -> tuple[Proven, str, str]:
        """Account, device and flavour: password first, then access token, then refresh cookie.

        `tada_token` is ours: the token of a session of Tada (docs/decisions/0105).
        """
        login = params.text("login", 0, 255)
        password = params.text("password", 0, 255)
        device = params.need_device()
        given = self._desk.flavour(params)
        if login and password:
            proven = await by_password(self._desk, params, login, password)
            return proven, device, given or SEED
        if params.given("tada_token"):
            token = params.need_text("tada_token", 1, MAX_FOREIGN_TOKEN)
            if not self._desk.knows_organization(params):
                raise NotSignedIn("token")
            proven = await self._desk.core.signin.by_session(token, TADA)
            return proven, device, given or SEED
        session = await self._signed_in(request, device)
        accounts = await self._desk.core.accounts.several([session.account_id])
        if not accounts or not self._desk.knows_organization(params):
            raise NotSignedIn("token")
        return Proven(accounts[0], session_id=session.id), device, given or session.flavour

    async def _signed_in(self, request: Request, device: str) -> Session:
        bearer = _bearer(request)
        cookie = request.cookies.get(COOKIE, "")
        if not bearer and not cookie:
            raise Refused(MISSING_CREDENTIALS)
        session = await self._session_of(bearer, ACCESS)
        if session is not None and session.device == device:
            return session
        if cookie:
            if not self._may_use_cookie(request):
                raise Refused(MISSING_CREDENTIALS)
            session = await self._session_of(cookie, REFRESH)
            if session is not None and session.device == device:
                return session
        raise NotSignedIn("token")

    async def _session_of(self, secret: str, kind: str) -> Session | None:
        if not secret:
            return None
        try:
            return await self._desk.session_of(secret, kind)
        except NotSignedIn:
            return None

    def _set_cookie(self, response: Response, value: str, max_age: int) -> None:
        """Exactly one cookie: the mobile client reads the joined header."""
        cookie = f"{COOKIE}={value}; Max-Age={max_age}; Path=/; HttpOnly; SameSite=Lax"
        response.headers["set-cookie"] = cookie + ("; Secure" if self._is_secure else "")

    def _error(self, request: Request, words: Words) -> Response:
        status, sentence = words
        return self._origins.tell(request, PlainTextResponse(sentence, status))

    def _may_use_cookie(self, request: Request) -> bool:
        """A cookie alone changes nothing at the wish of a foreign page."""
        origin = request.headers.get("origin")
        return origin is None or self._origins.has(request, origin)


def _bearer(request: Request) -> str:
    """The access token of the `Authorization` header, or of one named `access_token`; "" for none."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        return token.strip()
    return request.headers.get("access_token", "").strip()
