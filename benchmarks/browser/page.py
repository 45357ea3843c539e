"""A signed-in page of the web client, and what Chromium knows about it."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, CDPSession, Page, sync_playwright

from benchmarks.browser.frames import CATEGORIES, Smoothness, smoothness
from benchmarks.browser.house import PASSWORD, READER

_PROBE = Path(__file__).with_name("probe.js")
_SIZE = {"width": 1280, "height": 800}
_PATIENCE_MS = 60_000
_OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-renderer-backgrounding",
    "--disable-backgrounding-occluded-windows",
]


@dataclass(frozen=True, slots=True)
class Memory:
    """What the page holds on to after everything that can be collected was."""

    heap_mib: float
    nodes: int


@contextlib.contextmanager
def chromium(executable: str) -> Iterator[Browser]:
    """A Chromium without a window."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=_OPTIONS)
        try:
            yield browser
        finally:
            browser.close()


def sign_in(browser: Browser, url: str) -> Any:
    """What a browser keeps of a sign-in, for the profiles that follow."""
    context = browser.new_context()
    context.set_default_timeout(_PATIENCE_MS)
    page = context.new_page()
    page.goto(f"{url}/#/sign")
    page.locator("input[name=username]").fill(READER)
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("form .main-button").click()
    page.locator("a.row").first.wait_for()
    kept = context.storage_state()
    context.close()
    return kept


class Client:
    """One page, in a profile that knows the session and nothing else."""

    def __init__(self, browser: Browser, url: str, kept: Any) -> None:
        self._browser = browser
        self._url = url
        self.context: BrowserContext = browser.new_context(
            storage_state=kept,
            viewport=_SIZE,  # type: ignore[arg-type]  # a TypedDict of just these keys
            locale="en-US",
        )
        self.context.set_default_timeout(_PATIENCE_MS)
        self.page: Page = self.context.new_page()
        self.page.add_init_script(path=_PROBE)
        self._devtools: CDPSession = self.context.new_cdp_session(self.page)
        self.script_bytes = 0
        self._scripts: set[str] = set()
        self._devtools.on("Network.responseReceived", self._received)
        self._devtools.on("Network.loadingFinished", self._finished)
        self._devtools.send("Network.enable")
        self._devtools.send("Performance.enable")

    def load(self, hash_: str = "#/") -> None:
        """Open the client."""
        self.page.goto(f"{self._url}/{hash_}")

    def bench(self, call: str) -> Any:
        """What a probe in the page says."""
        return self.page.evaluate(f"bench.{call}")

    def memory(self) -> Memory:
        """After a collection of all that nobody holds."""
        for _ in range(2):
            self._devtools.send("HeapProfiler.collectGarbage")
        found = self._devtools.send("Performance.getMetrics")["metrics"]
        values = {each["name"]: each["value"] for each in found}
        return Memory(values["JSHeapUsedSize"] / 1024**2, int(values["Nodes"]))

    @contextlib.contextmanager
    def smooth(self) -> Iterator[list[Smoothness]]:
        """Measure the frames of what happens meanwhile."""
        found: list[Smoothness] = []
        self._browser.start_tracing(page=self.page, categories=CATEGORIES)
        self.bench("frames() && null")
        yield found
        moments: list[float] = self.bench("framesOver()")
        found.append(smoothness(self._browser.stop_tracing(), moments))

    def close(self) -> None:
        """Forget the profile."""
        self.context.close()

    def _received(self, event: dict[str, Any]) -> None:
        if event["type"] == "Script":
            self._scripts.add(event["requestId"])

    def _finished(self, event: dict[str, Any]) -> None:
        if event["requestId"] in self._scripts:
            self.script_bytes += int(event["encodedDataLength"])


@contextlib.contextmanager
def client(browser: Browser, url: str, kept: Any) -> Iterator[Client]:
    """One page, in a profile of its own."""
    made = Client(browser, url, kept)
    try:
        yield made
    finally:
        made.close()
