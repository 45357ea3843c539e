"""`/token` and `/token_props` (document, Authorization; RFC 6749, 5)."""

import base64
import binascii
import logging
from dataclasses import dataclass
from urllib.parse import unquote_plus

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from tertulia.core.applications import Application, Scopes, scopes_from
from tertulia.core.errors import (
    BadInput,
    NotAllowed,
    NotSignedIn,
    TertuliaError,
)
from tertulia.core.oauth import ACCESS_LIVES_MS, Issued
from tertulia.dialects.unet.api import HEADERS, PREFLIGHT, Api, told_elsewhere
from tertulia.dialects.unet.desk import UnetDesk
from tertulia.dialects.unet.errors import MISTAKE_OF_OURS, REALM, Fault, Refused, explain, no_method
from tertulia.dialects.unet.members import Json
from tertulia.dialects.unet.request import FORM, body_of, kind_of, pairs, parameters, query_of
from tertulia.dialects.unet.wire import encode

LOG = logging.getLogger(__name__)

METHODS = ("GET", "POST")

NOT_KEPT = {
    "cache-control": "no-store",
    "pragma": "no-cache",
    "x-content-type-options": "nosniff",
}

BAD_CODE = Fault(400, "invalid_grant", "Invalid authorization code.")
BAD_REFRESH = Fault(400, "invalid_grant", "Invalid refresh token.")


@dataclass(frozen=True, slots=True)
class Given:
    """The parameters, each once, and what the header says of the application."""

    values: dict[str, str]
    repeated: tuple[str, ...]
    header: str

    def need(self, name: str) -> str:
        """Raises: Refused: it is missing."""
        value = self.values.get(name, "")
        if not value:
            raise _invalid(f"{name} is missing")
        return value


class TokenPoint:
    """Where codes and refresh tokens become access tokens."""

    def __init__(self, desk: UnetDesk, api: Api) -> None:
        self._desk = desk
        self._api = api

    async def token(self, request: Request) -> Response:
        """New tokens, or why not."""
        try:
            _need_method(request)
            return _said(await self._issued(await _read(request, self._desk.house.max_body)))
        except ClientDisconnect:
            raise
        except TertuliaError as error:
            return _refused(explain(error))
        except Exception:
            LOG.exception("A request failed")
            return _refused(MISTAKE_OF_OURS)

    async def _issued(self, given: Given) -> Json:
        """In this order: which grant, which application, and all the rest."""
        if "grant_type" in given.repeated:
            raise _invalid("grant_type is given more than once")
        kind = given.need("grant_type")
        if kind not in {"authorization_code", "refresh_token"}:
            description = "grant_type must be authorization_code or refresh_token"
            raise Refused(Fault(400, "unsupported_grant_type", description))
        application = await self._authenticated(given)
        if given.repeated:
            raise _invalid(f"{given.repeated[0]} is given more than once")
        if kind == "authorization_code":
            return self._told(await self._redeemed(application, given))
        return self._told(await self._refreshed(application, given))

    async def _authenticated(self, given: Given) -> Application:
        if {"client_id", "client_secret"} & set(given.repeated):
            raise _invalid("client_id or client_secret is given more than once")
        client_id, secret = given.values.get("client_id", ""), given.values.get("client_secret", "")
        # Clients that put their access token into every header do so here, too; it says nothing of them.
        by_header = given.header.partition(" ")[0].lower() == "basic"
        if by_header:
            named = _basic(given.header)
            if secret or (client_id and named is not None and client_id != named[0]):
                raise _invalid("the application must authenticate itself in one way only")
            client_id, secret = named or ("", "")
        try:
            return await self._desk.core.oauth.authenticate(client_id, secret)
        except NotSignedIn:
            headers = {"www-authenticate": f'Basic realm="{REALM}"'} if by_header else {}
            description = "Client authentication failed."
            raise Refused(Fault(401, "invalid_client", description, headers)) from None

    async def _redeemed(self, application: Application, given: Given) -> Issued:
        code, redirect_uri = given.need("code"), given.need("redirect_uri")
        verifier = given.values.get("code_verifier", "")
        try:
            return await self._desk.core.oauth.redeem(application, code, redirect_uri, verifier)
        except NotSignedIn:
            raise Refused(BAD_CODE) from None

    async def _refreshed(self, application: Application, given: Given) -> Issued:
        token = given.need("refresh_token")
        try:
            scopes = _scopes(given.values.get("scope", ""))
            return await self._desk.core.oauth.refresh(application, token, scopes)
        except NotSignedIn:
            raise Refused(BAD_REFRESH) from None
        except (NotAllowed, BadInput):
            description = "scope has more than was granted"
            raise Refused(Fault(400, "invalid_scope", description)) from None

    def _told(self, issued: Issued) -> Json:
        return {
            "access_token": issued.access,
            "expires_in": str(ACCESS_LIVES_MS // 1000),
            "refresh_token": issued.refresh,
            "resource_uri": self._desk.resource_uri,
            "scope": " ".join(issued.scopes),
            "token_type": "bearer",
            "user_id": str(issued.account_id),
        }

    async def properties(self, request: Request) -> Response:
        """What an access token is."""
        if request.method == "OPTIONS":
            return Response(status_code=204, headers=PREFLIGHT)
        try:
            _need_method(request)
            given = await parameters(request, self._desk.house.max_body)
            access = await self._api.admitted(request, given)
        except ClientDisconnect:
            raise
        except TertuliaError as error:
            fault = explain(error)
            return _refused(fault, {**HEADERS, **told_elsewhere(fault)})
        except Exception:
            LOG.exception("A request failed")
            return _refused(MISTAKE_OF_OURS)
        left_ms = access.expires_at - self._desk.core.clock.now_ms()
        return _said(
            {
                "client_id": access.client_id,
                "expires_in": str(max(left_ms, 0) // 1000),
                "resource_uri": self._desk.resource_uri,
                "scope": " ".join(access.scopes),
                "token_type": "bearer",
                "user_id": str(access.actor.account_id),
            },
            HEADERS,
        )


def _need_method(request: Request) -> None:
    if request.method not in METHODS:
        raise no_method(", ".join(METHODS))


async def _read(request: Request, most: int) -> Given:
    found = query_of(request)
    if request.method == "POST":
        body = await body_of(request, most)
        if kind_of(request) == FORM:
            found += pairs(body)
    names = [name for name, _ in found]
    repeated = tuple(name for name in dict.fromkeys(names) if names.count(name) > 1)
    values = {name: value.decode("utf-8", "replace") for name, value in found}
    header = request.headers.get("authorization", "")
    return Given(values, repeated, header)


def _basic(header: str) -> tuple[str, str] | None:
    """Id and secret of HTTP Basic, each form-encoded (RFC 6749, 2.3.1); None: they cannot be read."""
    _, _, credentials = header.partition(" ")
    try:
        text = base64.b64decode(credentials.strip(), validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        return None
    client_id, colon, secret = text.partition(":")
    return (unquote_plus(client_id), unquote_plus(secret)) if colon else None


def _scopes(asked: str) -> Scopes | None:
    return scopes_from(asked.split(" ")) if asked else None


def _invalid(description: str) -> Refused:
    return Refused(Fault(400, "invalid_request", description))


def _said(answer: Json, more: dict[str, str] | None = None) -> Response:
    headers = {**NOT_KEPT, **(more or {})}
    return Response(encode(answer), media_type="application/json", headers=headers)


def _refused(fault: Fault, more: dict[str, str] | None = None) -> Response:
    headers = {**NOT_KEPT, **(more or {}), **fault.headers}
    return Response(
        encode(fault.body), fault.status, media_type="application/json", headers=headers
    )
