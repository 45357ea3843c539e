"""The web client in Debian's Chromium, driven by Playwright; and a server that can be killed."""

import contextlib
import io
import json
import os
import random
import shutil
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from PIL import Image
from playwright.sync_api import (
    Browser,
    BrowserContext,
    FilePayload,
    Page,
    Playwright,
    expect,
)
from websockets.sync.client import connect

from tests.stories.process import serving

SHOTS = Path(__file__).parent / "shots"
"""How the pages looked; git does not know it."""

AXE = Path(__file__).parents[2] / "client" / "node_modules" / "axe-core" / "axe.min.js"
DESKTOP = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 780}
SECRET = "hush-hush-hush"
PATIENCE_MS = 20_000

OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-renderer-backgrounding",
    "--disable-backgrounding-occluded-windows",
]

expect.set_options(timeout=PATIENCE_MS)


@contextlib.contextmanager
def browser_for_clients(playwright: Playwright, *, whole: bool = False) -> Iterator[Browser]:
    """A Chromium without a window.

    Args:
        playwright: what drives it.
        whole: the one that people have. Debian's `chromium-headless-shell` shows the same pages and takes
            half the time, but knows no notifications.
    """
    shell = None if whole else shutil.which("chromium-headless-shell")
    program = shell or "/usr/bin/chromium"
    running = playwright.chromium.launch(executable_path=program, args=OPTIONS)
    yield running
    running.close()


class Person:
    """Somebody with a browser; what goes wrong in his pages is remembered."""

    def __init__(self, browser: Browser, url: str, size: dict[str, int], **more: Any) -> None:
        has_routes = more.get("service_workers") == "block"
        self.context: BrowserContext = browser.new_context(
            viewport=size,  # type: ignore[arg-type]  # a TypedDict of just these keys
            locale=more.pop("locale", "en-US"),
            **more,
        )
        self.context.set_default_timeout(PATIENCE_MS)
        if has_routes:
            # While the last route is taken away and the next one set, requests would pass by both.
            self.context.route("**/keeps-routing-on", lambda route: route.continue_())
        self.url = url
        self.wrong: list[str] = []
        self.login = ""
        self.page = self.tab()

    def tab(self, path: str = "/") -> Page:
        """One more page of the client."""
        page = self.context.new_page()
        page.on("pageerror", lambda error: self.wrong.append(str(error)))
        page.on("console", self._heard)
        page.goto(self.url + path)
        return page

    def _heard(self, message: Any) -> None:
        # The network's failures are what some tests are about.
        if message.type == "error" and "net::ERR" not in message.text:
            self.wrong.append(message.text)

    def sign_up(self, login: str, first_name: str) -> "Person":
        """Make an account, as people do."""
        self.login = login
        page = self.page
        page.goto(self.url + "/#/sign/up")
        page.locator("input[name=username]").fill(login)
        page.locator("input[name=name]").fill(first_name)
        page.locator("input[name=password]").fill(SECRET)
        page.locator("form .main-button").click()
        expect(page.locator("a.me")).to_be_visible()
        return self

    def open_chat_with(self, login: str) -> None:
        """Find somebody and open the chat with him."""
        page = self.page
        page.locator(".head input[type=search]").fill(login)
        page.locator("button.found").first.click()
        expect(composer(page)).to_be_visible()


MakePerson = Callable[..., Person]


def composer(page: Page) -> Any:
    """Where one writes."""
    return page.locator(".composer textarea")


def write(page: Page, text: str) -> None:
    """Write a message and send it."""
    composer(page).fill(text)
    composer(page).press("Enter")


def act(page: Page, text: str, action: str) -> None:
    """Do something with a message, over its menu."""
    words = page.locator("article[data-id] .words").filter(has_text=text)
    words.last.click(button="right", position={"x": 3, "y": 3})
    page.get_by_role("menuitem", name=action, exact=True).click()


def upload(name: str, kind: str, content: bytes) -> FilePayload:
    """A file for a file field."""
    return {"name": name, "mimeType": kind, "buffer": content}


def picture(size: tuple[int, int] = (640, 420), colour: str = "teal") -> bytes:
    """A picture of one colour."""
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, "PNG")
    return out.getvalue()


def eventually(page: Page, check: Callable[[], object]) -> None:
    """Wait for something to be so that no locator tells; the page lives on meanwhile."""
    for _ in range(400):
        if check():
            return
        page.wait_for_timeout(25)
    raise AssertionError("it never came")


def until(page: Page, what: str) -> None:
    """The same, of the page: its policy lets nothing be evaluated in it again and again."""
    eventually(page, lambda: page.evaluate(what))


_KEPT = """async words => {
    const done = request => new Promise((yes, no) => {
        request.onsuccess = () => yes(request.result);
        request.onerror = () => no(request.error);
    });
    let all = '';
    for (const {name} of await indexedDB.databases()) {
        const db = await done(indexedDB.open(name));
        for (const store of db.objectStoreNames)
            all += JSON.stringify(await done(db.transaction(store).objectStore(store).getAll()));
        db.close();
    }
    const told = await caches.match('/told.json', {cacheName: 'told-by-tertulia'});
    all += told ? await told.text() : '';
    return words.every(each => all.includes(each));
}"""


def kept(page: Page, *words: str) -> None:
    """Wait until the browser has put away all of these, for itself or for its service worker."""
    eventually(page, lambda: page.evaluate(_KEPT, list(words)))


def bubbles(page: Page) -> Any:
    """The messages that have arrived, by their texts."""
    return page.locator("[role=log] article[data-id] .bubble")


def texts(page: Page) -> list[str]:
    """What stands in the chat, top to bottom, sent or not."""
    found = page.locator("[role=log] article .words")
    return [each.strip() for each in found.all_inner_texts()]


class Line:
    """A plain SAMA client: what the page talks to is a public API."""

    def __init__(self, base_url: str, login: str, first_name: str = "") -> None:
        """With a first name somebody new signs up."""
        self._socket = connect(base_url.replace("http", "ws"), max_size=None, legacy=True)
        self._number = 0
        if first_name:
            self.ask("user_create", login=login, password=SECRET, first_name=first_name)
        answer = self.ask("user_login", login=login, password=SECRET, device_id="line")
        self.id: str = answer["user"]["_id"]

    def ask(self, request: str, /, **params: Any) -> dict[str, Any]:
        """The answer to a request."""
        return self._ask(request, params)

    def ask_list(self, name: str, params: list[Any]) -> list[dict[str, Any]]:
        """The files of an answer, whose request takes a list."""
        files: list[dict[str, Any]] = self._ask(name, params)["files"]
        return files

    @staticmethod
    def put(url: str, content: bytes) -> None:
        """The content of a file to its link."""
        request = Request(url, content, {"Content-Type": "image/png"}, method="PUT")  # noqa: S310 - our own server
        with urlopen(request, timeout=PATIENCE_MS / 1000) as answer:  # noqa: S310 - our own server
            assert answer.status == 200

    def _ask(self, name: str, params: Any) -> dict[str, Any]:
        self._number += 1
        self._socket.send(json.dumps({"request": {name: params, "id": self._number}}))
        while True:
            packet = self._receive()
            if packet.get("response", {}).get("id") == self._number:
                answer: dict[str, Any] = packet["response"]
                assert "error" not in answer, answer
                return answer

    def say(self, chat: str, *bodies: str, **more: Any) -> list[str]:
        """Send messages; their ids, once all are acknowledged."""
        for body in bodies:
            packet = {"id": f"m-{body[:20]}", "cid": chat, "body": body, **more}
            self._socket.send(json.dumps({"message": packet}))
        ids: list[str] = []
        while len(ids) < len(bodies):
            packet = self._receive()
            assert "error" not in packet.get("message", {}), packet
            if "ask" in packet:
                ids.append(packet["ask"]["server_mid"])
        return ids

    def chat_with(self, other: str) -> str:
        """The direct chat with somebody."""
        made = self.ask("conversation_create", type="u", participants=[other])
        chat: str = made["conversation"]["_id"]
        return chat

    def tell(self, kind: str, **params: Any) -> None:
        """Say what is not answered."""
        self._socket.send(json.dumps({kind: params}))

    def hears(self, kind: str) -> dict[str, Any]:
        """The next packet of that kind; those before it are passed over."""
        while True:
            packet = self._receive()
            if kind in packet:
                content: dict[str, Any] = packet[kind]
                return content

    def list(self, chat: str) -> list[str]:
        """What was said there, oldest first."""
        answer = self.ask("message_list", cid=chat, limit=100)
        return [each["body"] for each in reversed(answer["messages"])]

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def _receive(self) -> dict[str, Any]:
        packet: dict[str, Any] = json.loads(self._socket.recv(timeout=PATIENCE_MS / 1000))
        return packet


DRAWN = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
"""Done when the page as it is has been drawn."""

SETTLED = """() => Promise.all(document.getAnimations()
    .filter(each => each.effect.getComputedTiming().endTime !== Infinity)
    .map(each => each.finished.catch(() => null)))"""
"""Done when nothing moves that will come to rest: what is half faded in has no contrast yet."""


_VIOLATIONS = """async wanted => {
    const why = node => [...node.any, ...node.all, ...node.none].map(check => check.message).join('; ');
    const {violations} = await axe.run(document, wanted);
    return violations.flatMap(rule => rule.nodes.map(node => `${rule.id}: ${node.target}: ${why(node)}`));
}"""


def violations(page: Page, *, with_styles: bool = True, rule: str = "") -> list[str]:
    """What axe finds wrong on the page as it is, by all its rules or by one.

    Args:
        page: where to look.
        with_styles: read the style sheets, too, which takes most of the time; one rule (about turned
            screens) needs them, and finds the same in every language and theme.
        rule: the only one to go by.
    """
    page.evaluate(SETTLED)
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text(encoding="utf-8"))
    # What is in order is not told: to describe it would take twice as long as to find it.
    wanted: dict[str, object] = {"reporter": "no-passes", "preload": with_styles}
    if rule:
        wanted["runOnly"] = [rule]
    found: list[str] = page.evaluate(_VIOLATIONS, wanted)
    return found


def shot(page: Page, name: str) -> None:
    """Keep how the page looks, when all that moves has come to rest; not in CI, where nobody looks at it."""
    if os.environ.get("CI"):
        return
    SHOTS.mkdir(exist_ok=True)
    page.screenshot(path=SHOTS / f"{name}.png", animations="disabled")


def free_port() -> int:
    """A port that a server can come back to: below those that the kernel hands out meanwhile."""
    while True:
        port = random.randrange(20_000, 30_000)  # noqa: S311 - no secret
        with socket.socket() as taken, contextlib.suppress(OSError):
            taken.bind(("127.0.0.1", port))
            return port


Serving = Callable[[], contextlib.AbstractContextManager[Any]]


def server_at(data: Path, port: int) -> Serving:
    """A server that always comes back to the same place."""
    return lambda: serving(data, "--port", str(port))
