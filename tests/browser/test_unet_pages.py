"""Unet's pages in a real browser that runs no scripts: from signing in to a message through the API."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from html import unescape
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import pytest
from typing_extensions import override

from tests.browser.chromium import Chromium, Tab
from tests.browser.site import Site
from tests.stories.process import Process, serving, surroundings

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PHONE = "+79166660002"
PHONE_CODE = "5555"

DESKTOP = {"width": 1000, "height": 860, "deviceScaleFactor": 1, "mobile": False}
MOBILE = {"width": 390, "height": 780, "deviceScaleFactor": 2, "mobile": True}


def tertulia(data: Path, *words: str) -> str:
    """What a command prints; the server may be running."""
    command = [sys.executable, "-m", "tertulia", *words, "--data", str(data)]
    done = subprocess.run(  # noqa: S603 - our own program
        command, capture_output=True, text=True, check=True, env=surroundings(), timeout=30
    )
    return done.stdout


class Town:
    """A server with one person and one application, and where that application lives."""

    def __init__(self, server: Process, data: Path, back: str) -> None:
        self.base_url = server.base_url
        self.back = back
        self._data = data
        tertulia(
            data, "user", "create", "anna", "--password", "anna-secret",
            "--first-name", "Anna", "--last-name", "Petrova",
        )  # fmt: skip
        tertulia(data, "user", "create", "boris", "--password", "boris-secret")
        self.client = self.registered("Correo & Co.", back)

    def registered(self, name: str, back: str) -> dict[str, str]:
        """One more application."""
        made = tertulia(
            self._data, "oauth-client", "create", "--name", name, "--redirect-uri", back
        )
        client: dict[str, str] = json.loads(made)
        return client

    def address(self, **more: str) -> str:
        """Where the application sends the browser."""
        asked = {
            "response_type": "code",
            "client_id": self.client["client_id"],
            "redirect_uri": self.back,
            "state": 'x y&"ю',
            **more,
        }
        return f"{self.base_url}/auth?{urlencode(asked)}"

    def ask(self, method: str, path: str, body: str = "", **headers: str) -> tuple[int, Any]:
        """Status and JSON of an answer."""
        connection = HTTPConnection(urlsplit(self.base_url).netloc, timeout=10)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body or None, sent)
        answer = connection.getresponse()
        status, said = answer.status, json.loads(answer.read())
        connection.close()
        return status, said


class Reader:
    """Somebody with a browser without scripts: he sees, types, and presses."""

    def __init__(self, browser: Chromium, screen: dict[str, Any], scheme: str, tongue: str) -> None:
        self._browser = browser
        self.profile = browser.profile()
        self.tab = Tab(browser, *self._blank())
        self._ask("Network.enable")
        self._ask("DOM.enable")
        self._ask("Emulation.setScriptExecutionDisabled", value=True)
        self._ask("Emulation.setDeviceMetricsOverride", **screen)
        feature = {"name": "prefers-color-scheme", "value": scheme}
        self._ask("Emulation.setEmulatedMedia", features=[feature])
        self._ask("Network.setExtraHTTPHeaders", headers={"Accept-Language": tongue})

    def _blank(self) -> tuple[str, str]:
        made = self._browser.ask(
            "Target.createTarget", url="about:blank", browserContextId=self.profile.id
        )
        self._session = self._browser.ask(
            "Target.attachToTarget", targetId=made["targetId"], flatten=True
        )["sessionId"]
        return self._session, "about:blank"

    def _ask(self, method: str, **params: Any) -> dict[str, Any]:
        return self._browser.ask(method, self._session, **params)

    def opens(self, address: str) -> None:
        """Go there."""
        self.tab.go(address)

    def types(self, text: str, into: str) -> None:
        """Type into the field of that name."""
        self._ask("DOM.focus", nodeId=self._node(f"input[name={into}]:not([type=hidden])"))
        self._ask("Input.insertText", text=text)

    def presses(self, selector: str) -> None:
        """Press there, and wait for the next page."""
        node = self._node(selector)
        self._ask("DOM.scrollIntoViewIfNeeded", nodeId=node)
        box = self._ask("DOM.getBoxModel", nodeId=node)["model"]["content"]
        x, y = (box[0] + box[4]) / 2, (box[1] + box[5]) / 2
        for kind in ("mousePressed", "mouseReleased"):
            self._ask("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)
        self.tab.loaded()

    def _node(self, selector: str) -> int:
        root = self._ask("DOM.getDocument")["root"]["nodeId"]
        found: int = self._ask("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        assert found, f"there is no {selector} on the page: {self.sees()}"
        return found

    def sees(self) -> str:
        """The page's text."""
        root = self._ask("DOM.getDocument")["root"]["nodeId"]
        html: str = self._ask("DOM.getOuterHTML", nodeId=root)["outerHTML"]
        return unescape(html)

    @property
    def address(self) -> str:
        """Where the tab is."""
        history = self._ask("Page.getNavigationHistory")
        url: str = history["entries"][history["currentIndex"]]["url"]
        return url

    def width_is_kept(self) -> bool:
        """Whether nothing sticks out to the side."""
        sizes = self._ask("Page.getLayoutMetrics")
        content, viewport = sizes["cssContentSize"], sizes["cssLayoutViewport"]
        return bool(content["width"] <= viewport["clientWidth"])


@pytest.fixture(scope="module")
def town(home: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """A server for these tests."""
    data = tmp_path_factory.mktemp("data")
    with serving(data, "--sms-test-numbers", f"{PHONE}:{PHONE_CODE}") as running:
        yield Town(running, data, f"{home.url}/back?app=1")


def grants(town: Town, reader: Reader) -> str:
    """The access token for what the browser brought back."""
    assert reader.address.startswith(f"{town.back}&code=")
    told = parse_qs(urlsplit(reader.address).query)
    assert told["state"] == ['x y&"ю']
    form = {
        "grant_type": "authorization_code",
        "code": told["code"][0],
        "redirect_uri": town.back,
        **town.client,
    }
    kind = "application/x-www-form-urlencoded"
    status, said = town.ask("POST", "/token", urlencode(form), content_type=kind)
    assert status == 200, said
    token: str = said["access_token"]
    return token


@pytest.mark.parametrize(
    ("screen", "scheme", "tongue"),
    [
        (DESKTOP, "light", "en"),
        (DESKTOP, "dark", "ru,en;q=0.5"),
        (MOBILE, "light", "ru"),
        (MOBILE, "dark", "en"),
    ],
    ids=["desktop-light", "desktop-dark", "phone-light", "phone-dark"],
)
def test_who_signs_in_and_agrees_lets_an_application_write(
    browser: Chromium,
    town: Town,
    screen: dict[str, Any],
    scheme: str,
    tongue: str,
) -> None:
    reader = Reader(browser, screen, scheme, tongue)
    reader.opens(town.address(scope="messages_read messages_write user_details"))
    reader.types("anna", "username")
    reader.types("wrong", "password")
    reader.presses("form button")
    assert 'role="alert"' in reader.sees()
    reader.types("anna-secret", "password")
    reader.presses("form button")
    assert "Anna Petrova" in reader.sees()
    assert "Correo & Co." in reader.sees()
    reader.presses("button[value=approve]")
    token = grants(town, reader)
    bearer = f"Bearer {token}"
    status, listed = town.ask("GET", "/unet/api/messages/chats/", authorization=bearer)
    assert status == 200, listed
    q = quote(json.dumps({"info": ["details"]}))
    _, user = town.ask("GET", f"/unet/api/user/?q={q}", authorization=bearer)
    assert user["details"]["nickname"] == "anna"
    # Whoever is signed in is asked for consent at once; and may say no.
    reader.opens(town.address(scope="user_details"))
    reader.presses("button[value=deny]")
    assert "error=access_denied" in reader.address
    reader.opens(f"{town.base_url}/auth/applications")
    assert reader.width_is_kept()
    reader.presses("button[name=withdraw]")
    status, _ = town.ask("GET", "/unet/api/messages/chats/", authorization=bearer)
    assert status == 401
    reader.opens(town.address(redirect_uri="https://evil.example/back"))
    assert "evil" not in reader.sees()
    reader.profile.close()


@pytest.fixture
def gate(home: Site) -> Iterator[str]:
    """The address of an application that sends browsers on to another of its own."""

    class Gate(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(302)
            self.send_header("location", f"{home.url}/inside")
            self.send_header("content-length", "0")
            self.end_headers()

        @override
        def log_message(self, format: str, *args: object) -> None:
            """Silence."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Gate) as server:
        serving_it = threading.Thread(target=server.serve_forever, args=(0.05,))
        serving_it.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/back"
        finally:
            server.shutdown()
            serving_it.join()


@pytest.mark.parametrize("decision", ["approve", "deny"])
def test_an_application_may_send_the_browser_on(
    browser: Chromium, town: Town, home: Site, gate: str, decision: str
) -> None:
    client = town.registered("Gate", gate)
    reader = Reader(browser, DESKTOP, "light", "en")
    reader.opens(town.address(client_id=client["client_id"], redirect_uri=gate))
    reader.types("anna", "username")
    reader.types("anna-secret", "password")
    reader.presses("form button")
    reader.presses(f"button[value={decision}]")
    assert reader.address == f"{home.url}/inside"
    reader.profile.close()


def test_who_has_no_password_signs_in_with_a_code(browser: Chromium, town: Town) -> None:
    reader = Reader(browser, MOBILE, "light", "en")
    reader.opens(town.address(scope="messages_read"))
    reader.types("8 (916) 666-00-02", "phone")
    reader.presses("form:nth-of-type(2) button")
    reader.types("1111", "code")
    reader.presses("form button")
    assert 'role="alert"' in reader.sees()
    reader.types(PHONE_CODE, "code")
    reader.presses("form button")
    reader.presses("button[value=approve]")
    bearer = f"Bearer {grants(town, reader)}"
    status, listed = town.ask("GET", "/unet/api/messages/chats/", authorization=bearer)
    assert (status, listed) == (200, {"items": []})
    cookies = {each["name"]: each for each in reader.profile.cookies()}
    assert cookies["unet_session"]["httpOnly"]
    assert cookies["unet_session"]["sameSite"] == "Lax"
    # The cookie opens pages, not the API.
    cookie = f"unet_session={cookies['unet_session']['value']}"
    status, _ = town.ask("GET", "/unet/api/messages/chats/", cookie=cookie)
    assert status == 401
    reader.profile.close()
