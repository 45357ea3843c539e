"""How Unet's pages look: kept in `shots` for whoever wants to see them, and held against axe.

They are the same without scripts (`test_unet_pages`); axe itself needs them.
"""

import json
from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.client import (
    DESKTOP,
    DRAWN,
    PATIENCE_MS,
    PHONE,
    shot,
    violations,
)
from tests.browser.site import site
from tests.browser.test_unet_pages import tertulia
from tests.stories.process import serving

pytestmark = [pytest.mark.browser, pytest.mark.slow]

NUMBER, CODE = "+79166660002", "5555"
LONG_NAME = "Calendar of the whole family and of everybody who would like to be told about it"


class Town(NamedTuple):
    """A server, the ids of two applications, and where both live."""

    base_url: str
    clients: list[str]
    back: str


class Pages:
    """The pages of one server, as one browser shows them."""

    def __init__(self, page: Page, town: Town, style: str) -> None:
        self.page = page
        self._town = town
        self._style = style
        self.wrong: list[str] = []

    def asked(self, place: int = 0, **more: str) -> None:
        """Go where an application sends the browser."""
        client = {"client_id": self._town.clients[place], "redirect_uri": self._town.back}
        asked = {"response_type": "code", **client, **more}
        self.page.goto(f"{self._town.base_url}/auth?{urlencode(asked)}")

    def applications(self) -> None:
        """Go where one sees what was let in."""
        self.page.goto(f"{self._town.base_url}/auth/applications")

    def sends(self, **fields: str) -> None:
        """Fill in, and press Enter in the last field."""
        for name, value in fields.items():
            self.page.locator(f"input[name={name}]:not([type=hidden])").fill(value)
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")

    def presses(self, button: str) -> None:
        """Press it, and wait for the next page."""
        with self.page.expect_navigation():
            self.page.click(f"button[{button}] >> nth=0")

    def looks(self, name: str, *, focused: str = "") -> None:
        """Keep the picture; nothing sticks out, and axe has nothing to say."""
        named = f"unet-{name}-{self._style}"
        shot(self.page, named)
        # What has the focus from the start gets it when the page is drawn.
        self.page.evaluate(DRAWN)
        at = self.page.evaluate("document.activeElement.getAttribute('name') || ''")
        width, whole = self.page.evaluate("[innerWidth, document.documentElement.scrollWidth]")
        # What axe looks at is the same on a large screen.
        said = violations(self.page) if width == PHONE["width"] else []
        self.wrong += [f"{named}: {words}" for words in said]
        self.wrong += [f"{named} sticks out: {whole} > {width}"] if whole > width else []
        self.wrong += [f"{named}: the focus is at {at!r}"] if at != focused else []


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """A server with Anna, and two applications."""
    data = tmp_path_factory.mktemp("data")
    with site() as home, serving(data, "--sms-test-numbers", f"{NUMBER}:{CODE}") as running:
        words = "--password", "anna-secret", "--first-name", "Анна", "--last-name", "Петрова"
        tertulia(data, "user", "create", "anna", *words)
        back = f"{home.url}/back"
        made = (
            tertulia(data, "oauth-client", "create", "--name", name, "--redirect-uri", back)
            for name in ("Correo & Co.", LONG_NAME)
        )
        yield Town(running.base_url, [json.loads(each)["client_id"] for each in made], back)


@pytest.mark.parametrize("tongue", ["en", "ru"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("device", ["desktop", "phone"])
def test_the_pages_look_well(
    clients: Browser, town: Town, device: str, scheme: Any, tongue: str
) -> None:
    size: Any = DESKTOP if device == "desktop" else PHONE
    locale = {"en": "en-US", "ru": "ru-RU"}[tongue]
    context = clients.new_context(viewport=size, color_scheme=scheme, locale=locale)
    context.set_default_timeout(PATIENCE_MS)
    pages = Pages(context.new_page(), town, f"{tongue}-{scheme}-{device}")
    pages.asked()
    pages.looks("sign-in")
    pages.sends(username="anna", password="wrong")
    pages.looks("wrong-password", focused="password")
    pages.sends(phone="12")
    pages.looks("wrong-phone", focused="phone")
    pages.sends(phone=NUMBER)
    pages.looks("code", focused="code")
    pages.sends(code="1111")
    pages.looks("wrong-code", focused="code")
    pages.asked(1)
    pages.sends(username="anna", password="anna-secret")
    pages.looks("consent")
    pages.presses("value=approve")
    pages.asked(scope="messages_read user_details")
    pages.looks("consent-short")
    pages.presses("value=approve")
    pages.applications()
    pages.looks("applications")
    for _ in range(2):
        pages.presses("name=withdraw")
    pages.looks("no-applications")
    pages.asked(redirect_uri="https://evil.example/back")
    pages.looks("unknown")
    pages.asked()
    context.clear_cookies()
    pages.presses("value=approve")
    pages.looks("stale")
    context.close()
    assert pages.wrong == []


def test_everything_is_reached_with_the_keyboard(clients: Browser, town: Town) -> None:
    context = clients.new_context(viewport=PHONE)  # type: ignore[arg-type]  # a TypedDict of just these keys
    pages = Pages(context.new_page(), town, "keyboard")
    pages.asked()

    def reached() -> list[str]:
        """What one comes to with the Tab key, one after the other."""
        found = []
        for _ in range(pages.page.locator("input:not([type=hidden]), button, a").count()):
            pages.page.keyboard.press("Tab")
            told = "a => a.value && a.name !== 'username' ? a.value : a.name || a.innerText"
            found.append(pages.page.evaluate(f"({told})(document.activeElement)"))
        return found

    assert reached() == ["username", "password", "Sign in", "phone", "Send me a code"]
    pages.sends(username="anna", password="anna-secret")
    assert reached() == ["Not you?", "deny", "approve"]
    outline = "getComputedStyle(document.activeElement).outlineStyle"
    assert pages.page.evaluate(outline) == "solid"
    pages.page.keyboard.press("Enter")
    pages.page.wait_for_url(f"{town.back}?code=*")
    context.close()
