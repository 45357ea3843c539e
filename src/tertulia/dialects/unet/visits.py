"""One request of a browser: its cookie, its form, and the guards that tie them together.

The cookie is an anonymous secret until somebody signs in, and another one then. Every form carries a
guard: a signature over that cookie and what the form is about, so a foreign page can send none.
"""

import hmac
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from hashlib import sha256

from starlette.requests import Request
from starlette.responses import Response

from tertulia.core.signin import new_secret
from tertulia.dialects.unet.desk import UnetDesk
from tertulia.dialects.unet.request import FORM, body_of, kind_of, pairs
from tertulia.web.addresses import neighbourhood

COOKIE = "unet_session"

MOST_FORM_BYTES = 64 << 10


@dataclass(frozen=True, slots=True)
class Visit:
    """One request for a page.

    Attributes:
        language: what its reader would rather read.
        cookie: the browser's; a new one if it brought none.
        is_new: whether it must be told so.
        form: what it sends; empty for a GET.
        peer: whence it comes, as limits count.
    """

    language: str
    cookie: str
    is_new: bool
    form: dict[str, str]
    peer: str = ""


class Guards:
    """Makes guards, and knows its own."""

    def __init__(self, desk: UnetDesk) -> None:
        self._desk = desk

    def guard(self, cookie: str, about: str) -> str:
        """For a form about that, in the browser with that cookie."""
        words = b"guard:%b:%b" % (
            sha256(cookie.encode("utf-8", "surrogatepass")).digest(),
            about.encode("utf-8", "surrogatepass"),
        )
        return urlsafe_b64encode(hmac.digest(self._desk.key, words, sha256)).rstrip(b"=").decode()

    def check(self, visit: Visit, about: str) -> None:
        """The form is one of ours, for this browser and this request. Raises: Stale."""
        expected = self.guard(visit.cookie, about).encode()
        given = visit.form.get("guard", "").encode("utf-8", "surrogatepass")
        if visit.is_new or not about or not hmac.compare_digest(expected, given):
            raise Stale

    def keep(self, visit: Visit, response: Response, lives_s: int = 0) -> Response:
        """The page, and the cookie with it if it is a new one."""
        if visit.is_new:
            age = f"; Max-Age={lives_s}" if lives_s else ""
            secure = "; Secure" if self._desk.is_secure else ""
            cookie = f"{COOKIE}={visit.cookie}{age}; Path=/; HttpOnly; SameSite=Lax{secure}"
            response.headers["set-cookie"] = cookie
        return response


class Stale(Exception):
    """A form that we have not made for this browser and this request."""


def visit_of(request: Request, tongue: str, form: dict[str, str]) -> Visit:
    """The request, by whom it comes from."""
    cookie = request.cookies.get(COOKIE, "")
    peer = neighbourhood(request.client.host) if request.client else ""
    return Visit(tongue, cookie or new_secret(), is_new=not cookie, form=form, peer=peer)


async def form_of(request: Request) -> dict[str, str]:
    """The fields of a form. Raises: Stale: it is none."""
    if kind_of(request) != FORM:
        raise Stale
    given = pairs(await body_of(request, MOST_FORM_BYTES))
    return {name: value.decode("utf-8", "replace") for name, value in given}


def gone_to(address: str) -> Response:
    """The browser goes there, and gets what is there."""
    headers = {
        "location": address,
        "cache-control": "no-store",
        "referrer-policy": "no-referrer",
        "x-frame-options": "DENY",
    }
    return Response(status_code=303, headers=headers)


def only(methods: str) -> Response:
    """Nothing else can be done here."""
    return Response(status_code=405, headers={"allow": methods})
