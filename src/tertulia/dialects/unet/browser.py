"""The pages of `/auth`: signing in, consent, and what was let in (document, Authorization).

All state is in the forms and the store, so any of several server processes can answer the next request.
"""

import logging
from math import ceil

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from tertulia.core.admission import CLOSED_DOOR, UNINVITED
from tertulia.core.errors import (
    BadInput,
    NotAllowed,
    NotFound,
    NotSignedIn,
    TertuliaError,
    TooMuch,
    Unavailable,
)
from tertulia.core.oauth import BROWSER_LIVES_MS, Browser, Consent
from tertulia.core.phone_codes import Purpose
from tertulia.core.signin import UNCONFIRMED
from tertulia.core.signin_model import Proven
from tertulia.dialects.unet import authorization
from tertulia.dialects.unet.authorization import Asked, Mistake, Unknown
from tertulia.dialects.unet.desk import UnetDesk
from tertulia.dialects.unet.errors import Refused
from tertulia.dialects.unet.request import pairs, query_of
from tertulia.dialects.unet.screens import APPLICATIONS, Screens
from tertulia.dialects.unet.visits import Guards, Stale, Visit, form_of, gone_to, only, visit_of
from tertulia.dialects.unet.words import language

LOG = logging.getLogger(__name__)

CODE_LIVES_MS = 300_000
"""Of a code by SMS, on these pages."""

DENIED = {"error": "access_denied", "error_description": "the user has not agreed"}


class Pages:
    """What a browser is shown."""

    def __init__(self, desk: UnetDesk) -> None:
        self._desk = desk
        self._oauth = desk.core.oauth
        self._guards = Guards(desk)
        self._screens = Screens(desk, self._guards)

    async def answer(self, request: Request, path: str) -> Response:
        """The page, or where to go, whatever happens."""
        tongue = language(request.headers.get("accept-language", ""))
        try:
            if path.rstrip("/") == f"/auth/{APPLICATIONS}":
                return await self._applications(request, tongue)
            if path.rstrip("/") != "/auth":
                return self._screens.notice(tongue, "unknown", 404)
            return await self._authorize(request, tongue)
        except ClientDisconnect:
            raise
        except Unknown:
            return self._screens.notice(tongue, "unknown", 400)
        except Mistake as mistake:
            return gone_to(mistake.address)
        except Stale:
            return self._screens.notice(tongue, "stale", 403)
        except Refused as refused:
            return self._screens.notice(tongue, "stale", refused.fault.status)
        except TertuliaError as error:
            LOG.info("A page could not be shown", extra={"fields": {"why": type(error).__name__}})
            return self._screens.notice(tongue, "mistake", 503)
        except Exception:
            LOG.exception("A page failed")
            return self._screens.notice(tongue, "mistake", 500)

    # What an application asks for.

    async def _authorize(self, request: Request, tongue: str) -> Response:
        if request.method == "GET":
            asked = await authorization.read(self._oauth, query_of(request))
            visit = visit_of(request, tongue, {})
            browser = None if asked.forces_sign_in else await self._oauth.browser(visit.cookie)
            if browser is None:
                return self._guards.keep(visit, self._screens.sign_in(visit, asked))
            return self._screens.consent(visit, asked, browser)
        if request.method != "POST":
            return only("GET, POST")
        visit = visit_of(request, tongue, await form_of(request))
        self._guards.check(visit, visit.form.get("request", ""))
        asked = await authorization.read(
            self._oauth, pairs(visit.form["request"].encode("ascii", "replace"))
        )
        if "decision" in visit.form:
            return await self._decided(visit, asked)
        return await self._signed_in(visit, asked)

    async def _decided(self, visit: Visit, asked: Asked) -> Response:
        browser = await self._oauth.browser(visit.cookie)
        if browser is None:
            return self._screens.sign_in(visit, asked, status=401)
        if visit.form["decision"] != "approve":
            return gone_to(asked.back(**DENIED))
        consent = Consent(asked.application.id, asked.redirect_uri, asked.scopes, asked.challenge)
        try:
            code = await self._oauth.consent(browser, consent)
        except NotSignedIn:
            return self._screens.sign_in(visit, asked, status=401)
        except NotFound:
            raise Unknown from None
        except Unavailable:
            return gone_to(asked.back(error="temporarily_unavailable"))
        return gone_to(asked.back(code=code))

    # Signing in.

    async def _signed_in(self, visit: Visit, asked: Asked | None) -> Response:
        """The next step after a form for signing in was sent."""
        try:
            self._need_patience(visit)
            if _asks_for_code(visit.form):
                return await self._code_sent(visit, asked)
            return await self._entered(visit, asked, await self._proven(visit))
        except (BadInput, NotSignedIn, NotAllowed, TooMuch, Unavailable) as error:
            return self._refused(visit, asked, error)

    def _need_patience(self, visit: Visit) -> None:
        wait_s = self._desk.tries.wait_s(visit.peer)
        if wait_s:
            raise TooMuch("sign-ins", ceil(wait_s))

    async def _proven(self, visit: Visit) -> Proven:
        """Whoever has the right password or code; everything else is counted."""
        form = visit.form
        try:
            if "code" in form:
                return await self._by_code(form)
            name, password = form.get("username", ""), form.get("password", "")
            return await self._desk.core.signin.by_name(name, password)
        except (NotSignedIn, TooMuch) as error:
            # Who is yet to be confirmed had the right password.
            if not isinstance(error, NotSignedIn) or error.kind != UNCONFIRMED:
                self._desk.tries.count(visit.peer)
            raise

    async def _by_code(self, form: dict[str, str]) -> Proven:
        core, phone = self._desk.core, form.get("phone", "")
        code = "".join(form["code"].split())
        await core.phone_codes.prove(phone, code, Purpose.SIGN_IN)
        return await core.signin.by_phone(phone)

    async def _code_sent(self, visit: Visit, asked: Asked | None) -> Response:
        sent = await self._desk.core.phone_codes.send(
            visit.form["phone"], Purpose.SIGN_IN, CODE_LIVES_MS
        )
        # Each costs the operator money: whoever asks for them must not go from number to number.
        self._desk.tries.count(visit.peer)
        return self._screens.code(visit, asked, sent.phone)

    async def _entered(self, visit: Visit, asked: Asked | None, proven: Proven) -> Response:
        """Somebody is signed in; the cookie is another one from now on."""
        before = await self._oauth.browser(visit.cookie)
        browser, secret = await self._oauth.sign_in(proven)
        if browser is None:
            raise NotSignedIn("session")
        if before is not None:
            await self._oauth.sign_out(before)
        now = Visit(visit.language, secret, is_new=True, form={})
        if asked is None:
            shown = await self._list(now, browser)
        else:
            shown = self._screens.consent(now, asked, browser)
        return self._guards.keep(now, shown, BROWSER_LIVES_MS // 1000)

    def _refused(self, visit: Visit, asked: Asked | None, error: TertuliaError) -> Response:
        """The form again, with what is wrong."""
        is_code = "code" in visit.form
        match error:
            case BadInput():
                return self._screens.sign_in(visit, asked, wrong="wrong_phone", status=400)
            case NotSignedIn(kind=kind) if kind == UNCONFIRMED:
                return self._screens.sign_in(visit, asked, wrong="unconfirmed", status=401)
            case NotSignedIn() if is_code:
                phone = visit.form.get("phone", "")
                return self._screens.code(visit, asked, phone, wrong="wrong_code", status=401)
            case NotSignedIn():
                return self._screens.sign_in(visit, asked, wrong="wrong_password", status=401)
            case NotAllowed(what=what) if what in {CLOSED_DOOR, UNINVITED}:
                return self._screens.sign_in(visit, asked, wrong="no_account", status=403)
            case NotAllowed():
                return self._screens.sign_in(visit, asked, wrong="blocked", status=403)
            case TooMuch(what="codes", retry_after_s=seconds):
                response = self._screens.sign_in(visit, asked, wrong="many_codes", status=429)
            case TooMuch(retry_after_s=seconds):
                response = self._screens.sign_in(visit, asked, wrong="many_tries", status=429)
            case _:
                return self._screens.sign_in(visit, asked, wrong="busy", status=503)
        response.headers["retry-after"] = str(max(seconds, 1))
        return response

    # What was let in.

    async def _applications(self, request: Request, tongue: str) -> Response:
        if request.method not in {"GET", "POST"}:
            return only("GET, POST")
        is_sent = request.method == "POST"
        visit = visit_of(request, tongue, await form_of(request) if is_sent else {})
        if is_sent:
            self._guards.check(visit, APPLICATIONS)
        browser = await self._oauth.browser(visit.cookie)
        if browser is None:
            if is_sent and "withdraw" not in visit.form and "leave" not in visit.form:
                return await self._signed_in(visit, None)
            return self._guards.keep(visit, self._screens.sign_in(visit, None))
        if "withdraw" in visit.form:
            await self._oauth.withdraw(browser.account.id, visit.form["withdraw"])
        elif "leave" in visit.form:
            await self._oauth.sign_out(browser)
        else:
            return await self._list(visit, browser)
        return gone_to(f"{self._desk.auth_path}/{APPLICATIONS}")

    async def _list(self, visit: Visit, browser: Browser) -> Response:
        allowances = await self._oauth.allowances(browser.account.id)
        return self._screens.listed(visit, browser, allowances)


def _asks_for_code(form: dict[str, str]) -> bool:
    """Not whoever sends all fields of the page at once: he has a password."""
    return "phone" in form and "code" not in form and not form.get("password")
