"""Debian's Chromium without a window, driven through its own debugging protocol."""

import base64
import contextlib
import itertools
import json
import os
import queue
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from websockets.sync.client import ClientConnection, connect

PATIENCE_S = 15.0

MISSING = "Chromium is missing. Install it: apt-get install -y --no-install-recommends chromium"

OPTIONS = (
    "--headless",
    # Its sandbox does not work for root. It gets to see our own page only.
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # A tab that nobody looks at is as quick as any other.
    "--disable-renderer-backgrounding",
    "--disable-backgrounding-occluded-windows",
    "--disable-background-timer-throttling",
    "--window-size=1000,1200",
    "--remote-debugging-port=0",
)

SAYS_WHERE = "DevTools listening on "

Packet = dict[str, Any]


class PageError(AssertionError):
    """What the page was asked to do went wrong."""


class Chromium:
    """A running browser."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)
        self._events: list[Packet] = []

    def ask(self, method: str, session: str = "", **params: Any) -> Packet:
        """The answer of the browser, or of a tab."""
        number = next(self._numbers)
        packet = {"id": number, "method": method, "params": params}
        self._socket.send(json.dumps(packet | ({"sessionId": session} if session else {})))
        while (answer := self._receive()).get("id") != number:
            pass
        assert "error" not in answer, f"{method}: {answer}"
        result: Packet = answer["result"]
        return result

    def event(self, method: str, session: str) -> Packet:
        """The next event of that name in that tab."""
        while not (found := self.events(method, session)):
            self._receive()
        self._events.remove(found[0])
        return found[0]

    def events(self, method: str, session: str) -> list[Packet]:
        """Those that have come and that nobody has waited for."""
        return [
            event
            for event in self._events
            if event["method"] == method and event.get("sessionId") == session
        ]

    def profile(self) -> "Profile":
        """Cookies and storage of its own, empty."""
        return Profile(self, self.ask("Target.createBrowserContext")["browserContextId"])

    def _receive(self) -> Packet:
        packet: Packet = json.loads(self._socket.recv(timeout=PATIENCE_S))
        if "method" in packet:
            self._events.append(packet)
        return packet


class Profile:
    """Tabs that share cookies and storage, and share them with nobody else."""

    def __init__(self, browser: Chromium, profile_id: str) -> None:
        self._browser = browser
        self.id = profile_id

    def tab(self, url: str) -> "Tab":
        """That page in a new tab."""
        target = self._browser.ask(
            "Target.createTarget", url="about:blank", browserContextId=self.id
        )
        attached = self._browser.ask(
            "Target.attachToTarget", targetId=target["targetId"], flatten=True
        )
        return Tab(self._browser, attached["sessionId"], url)

    def cookies(self) -> list[Packet]:
        """All, those included that pages cannot see."""
        found = self._browser.ask("Storage.getCookies", browserContextId=self.id)
        cookies: list[Packet] = found["cookies"]
        return cookies

    def close(self) -> None:
        """And all its tabs."""
        self._browser.ask("Target.disposeBrowserContext", browserContextId=self.id)


class Tab:
    """One page."""

    def __init__(self, browser: Chromium, session: str, url: str) -> None:
        self._browser = browser
        self._session = session
        for domain in ("Page", "Runtime"):
            browser.ask(f"{domain}.enable", session)
        browser.ask("Page.setLifecycleEventsEnabled", session, enabled=True)
        self.go(url)

    def go(self, url: str) -> None:
        """That page in this tab."""
        loader = self._browser.ask("Page.navigate", self._session, url=url)["loaderId"]
        self.loaded(loader)

    def reload(self, *, until_loaded: bool = True) -> None:
        """As the button does."""
        self._browser.ask("Page.reload", self._session)
        if until_loaded:
            self.loaded()

    def loaded(self, loader: str = "") -> None:
        """Wait until the next page is there; *loader* tells it from the empty one of a new tab."""
        while True:
            event = self._browser.event("Page.lifecycleEvent", self._session)["params"]
            if event["name"] == "load" and loader in {"", event["loaderId"]}:
                return

    def do(self, name: str, *args: Any) -> Any:
        """What the page's `client` gives. Raises: PageError."""
        given = ", ".join(json.dumps(each) for each in args)
        return self.evaluate(f"client.{name}({given})")

    def evaluate(self, expression: str) -> Any:
        """Its value; promises are waited for. Raises: PageError."""
        answer = self._browser.ask(
            "Runtime.evaluate", self._session,
            expression=expression, awaitPromise=True, returnByValue=True,
        )  # fmt: skip
        if "exceptionDetails" in answer:
            words = _words(answer["exceptionDetails"]) or json.dumps(answer["result"].get("value"))
            raise PageError(f"{expression}: {words}")
        return answer["result"].get("value")

    def mistakes(self) -> list[str]:
        """Exceptions that nobody in the page has caught."""
        thrown = self._browser.events("Runtime.exceptionThrown", self._session)
        details = [event["params"]["exceptionDetails"] for event in thrown]
        return [_words(each) or str(each) for each in details]

    def picture(self, file: Path) -> None:
        """How the page looks."""
        self._browser.ask("Page.bringToFront", self._session)
        shot = self._browser.ask("Page.captureScreenshot", self._session)
        file.write_bytes(base64.b64decode(shot["data"]))


def _words(details: Packet) -> str:
    """Of an exception; "" when what was thrown is none."""
    thrown = details.get("exception", {})
    return str(thrown["description"]) if thrown.get("subtype") == "error" else ""


@contextlib.contextmanager
def chromium() -> Iterator[Chromium]:
    """A browser that has just been installed."""
    program = shutil.which("chromium")
    assert program, MISSING
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        subprocess.Popen(  # noqa: S603 - our own arguments
            [program, *OPTIONS, f"--user-data-dir={folder}", "about:blank"],
            stderr=subprocess.PIPE, text=True, errors="replace", start_new_session=True,
        ) as running,
    ):  # fmt: skip
        # It talks all its life, so somebody has to listen.
        assert running.stderr is not None
        where: queue.Queue[str] = queue.Queue()
        listener = threading.Thread(target=_listen, args=(running.stderr, where), daemon=True)
        listener.start()
        try:
            address = where.get(timeout=PATIENCE_S)
            assert address.startswith("ws"), f"Chromium does not start:\n{address}"
            with connect(address, max_size=None, ping_interval=None) as socket:
                yield Chromium(socket)
        finally:
            # With all the processes it has started.
            os.killpg(running.pid, signal.SIGKILL)
            listener.join()


def _listen(said: IO[str], where: "queue.Queue[str]") -> None:
    lines = []
    for line in said:
        lines.append(line)
        if line.startswith(SAYS_WHERE):
            where.put(line.removeprefix(SAYS_WHERE).strip())
    where.put("".join(lines))
