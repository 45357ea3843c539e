"""What the pages show: signing in, the code by SMS, consent, and what was let in."""

from collections.abc import Sequence
from datetime import UTC, datetime
from html import escape
from urllib.parse import urlsplit

from starlette.responses import Response

from tertulia.core.model import Account
from tertulia.core.oauth import Allowance, Browser
from tertulia.dialects.unet.authorization import Asked
from tertulia.dialects.unet.desk import UnetDesk
from tertulia.dialects.unet.rendering import (
    FOCUSED,
    Html,
    field,
    filled,
    message,
    page,
    plain,
    sentence,
)
from tertulia.dialects.unet.visits import Guards, Visit
from tertulia.dialects.unet.words import spelled

APPLICATIONS = "applications"
"""Stands in forms and guards instead of a request, and behind `/auth/` in the address."""


PLACES = {
    "wrong_password": "password",
    "wrong_code": "code",
    "wrong_phone": "phone",
    "many_codes": "phone",
    "no_account": "phone",
}
"""At which field what went wrong is said; all else is said above the form."""


class Screens:
    """Makes pages."""

    def __init__(self, desk: UnetDesk, guards: Guards) -> None:
        self._desk = desk
        self._guards = guards
        self._host = urlsplit(desk.house.public_url).netloc

    def notice(self, tongue: str, words: str, status: int) -> Response:
        """A page that only says something."""
        heading = plain(tongue, f"{words}_heading")
        content = filled("notice", heading=heading, words=plain(tongue, words))
        return page(tongue, heading, content, host=self._host, status=status)

    def sign_in(
        self, visit: Visit, asked: Asked | None, *, wrong: str = "", status: int = 200
    ) -> Response:
        """The forms for name and password, and for a phone. *wrong*: what is said there."""
        tongue = visit.language
        if asked is None:
            lead = sentence(tongue, "to_see_applications")
        else:
            lead = sentence(tongue, "to_continue", application=asked.application.name)
        content = filled(
            "sign_in",
            to_continue=lead,
            message=message(tongue, "" if wrong in PLACES else wrong),
            **_at("password", tongue, wrong),
            **_at("phone", tongue, wrong),
            given=visit.form.get("username", ""),
            given_phone=visit.form.get("phone", ""),
            **self._ours(visit, asked),
            **_words(tongue, "sign_in", "username", "password", "or", "phone", "send_code"),
        )
        return self._page(visit, plain(tongue, "sign_in"), content, status=status)

    def code(
        self, visit: Visit, asked: Asked | None, phone: str, *, wrong: str = "", status: int = 200
    ) -> Response:
        """The form for the code that went to that phone."""
        tongue = visit.language
        content = filled(
            "code",
            code_sent=sentence(tongue, "code_sent", phone=phone),
            **(
                _at("code", tongue, wrong)
                if wrong
                else {"code_state": FOCUSED, "at_code": Html("")}
            ),
            given_phone=phone,
            again=self.again(asked),
            **self._ours(visit, asked),
            **_words(tongue, "enter_code", "code", "sign_in", "another_way"),
        )
        return self._page(visit, plain(tongue, "enter_code"), content, status=status)

    def consent(self, visit: Visit, asked: Asked, browser: Browser) -> Response:
        """Who asks whom for what. There are two answers."""
        tongue = visit.language
        account = browser.account
        scopes = "\n".join(
            filled("scope", scope=_capital(plain(tongue, each))) for each in asked.scopes
        )
        title = plain(tongue, "wants_access", application=asked.application.name)
        content = filled(
            "consent",
            wants_access=title,
            name=account.display_name,
            login=_second_name(account),
            initial=account.display_name[:1].upper(),
            scopes=Html(scopes),
            goes_back=sentence(tongue, "goes_back", host=_host_of(asked.redirect_uri)),
            again=self.again(asked),
            **self._ours(visit, asked),
            **_words(tongue, "may_it", "not_you", "allow", "deny"),
        )
        return self._page(visit, title, content, leads_away=True)

    def again(self, asked: Asked | None) -> str:
        """The way to the form for signing in, whoever is signed in now."""
        if asked is None:
            return f"{self._desk.auth_path}/{APPLICATIONS}"
        forced = asked.text if asked.forces_sign_in else f"{asked.text}&prompt=login"
        return f"{self._desk.auth_path}?{forced}"

    def listed(self, visit: Visit, browser: Browser, allowances: Sequence[Allowance]) -> Response:
        """What somebody has let in, each once, to be put out again."""
        tongue = visit.language
        seen: set[str] = set()
        items = []
        ours = self._ours(visit, None)
        for each in allowances:
            application = each.application
            if application.id in seen:
                continue
            seen.add(application.id)
            date = spelled(tongue, datetime.fromtimestamp(each.since // 1000, UTC).date())
            scopes = "".join(
                f"<li>{escape(_capital(plain(tongue, scope)))}</li>" for scope in each.scopes
            )
            items.append(
                filled(
                    "application",
                    name=application.name,
                    since=plain(tongue, "since", date=date),
                    scopes=Html(scopes),
                    client_id=application.id,
                    action=ours["action"],
                    guard=ours["guard"],
                    withdraw=plain(tongue, "withdraw"),
                )
            )
        listed = f'<ul class="apps">{"".join(items)}</ul>'
        if not items:
            listed = f"<p>{escape(plain(tongue, 'no_applications'))}</p>"
        content = filled(
            "applications",
            signed_in_as=sentence(tongue, "signed_in_as", name=browser.account.display_name),
            listed=Html(listed),
            **{name: value for name, value in ours.items() if name != "request"},
            **_words(tongue, "applications", "sign_out"),
        )
        return self._page(visit, plain(tongue, "applications"), content)

    def _page(
        self,
        visit: Visit,
        title: str,
        content: Html,
        *,
        status: int = 200,
        leads_away: bool = False,
    ) -> Response:
        return page(
            visit.language, title, content, host=self._host, status=status, leads_away=leads_away
        )

    def _ours(self, visit: Visit, asked: Asked | None) -> dict[str, str]:
        """Where a form goes, and what it carries unseen."""
        about = APPLICATIONS if asked is None else asked.text
        below = "" if asked is not None else f"/{APPLICATIONS}"
        return {
            "action": self._desk.auth_path + below,
            "request": about,
            "guard": self._guards.guard(visit.cookie, about),
        }


def _second_name(account: Account) -> str:
    """What somebody recognises himself by besides his name."""
    has_no_name = account.display_name == account.login
    return account.phone if has_no_name and account.phone_proven else f"@{account.login}"


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def _at(name: str, tongue: str, wrong: str) -> dict[str, Html]:
    return field(name, tongue, wrong, is_its=PLACES.get(wrong) == name)


def _words(tongue: str, *keys: str) -> dict[str, str]:
    return {key: plain(tongue, key) for key in keys}


def _host_of(redirect_uri: str) -> str:
    parts = urlsplit(redirect_uri)
    if parts.scheme not in {"https", "http"}:
        # An application on the device: what looks like a host there is none.
        return f"{parts.scheme}:"
    return parts.netloc.rpartition("@")[2]
