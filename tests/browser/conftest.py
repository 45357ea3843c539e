"""Browsers with the page of `page/` in them, at a server of one's own."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.browser.chromium import Chromium, Profile, Tab, chromium
from tests.browser.site import Site, site
from tests.stories.process import Process, serving


class Computer:
    """A browser of one person, and the tabs that are open in it."""

    def __init__(self, profile: Profile, url: str) -> None:
        self.profile = profile
        self.tabs: list[Tab] = []
        self._url = url

    def tab(self, url: str = "") -> Tab:
        """The page in one more tab; it has done what it does when it is opened."""
        tab = self.profile.tab(url or self._url)
        self.tabs.append(tab)
        tab.evaluate("client.ready")
        return tab


NewComputer = Callable[[], Computer]


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    """One for all tests: it takes long to start, and its profiles know nothing of each other."""
    with chromium(tmp_path_factory.mktemp("chromium")) as running:
        yield running


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Process]:
    """A messenger that may push to this machine."""
    with serving(tmp_path / "data", "--callback-allow", "127.0.0.1/32") as running:
        yield running


@pytest.fixture
def home() -> Iterator[Site]:
    """Where the page comes from."""
    with site() as running:
        yield running


@pytest.fixture
def page_url(home: Site, server: Process) -> str:
    """The page, told where its server is."""
    return f"{home.url}/?server={server.base_url}"


@pytest.fixture
def computer(browser: Chromium, page_url: str, tmp_path: Path) -> Iterator[NewComputer]:
    """Makes computers. At the end: no page made a mistake, and all were photographed."""
    computers: list[Computer] = []

    def new() -> Computer:
        computers.append(Computer(browser.profile(), page_url))
        return computers[-1]

    yield new
    tabs = [tab for each in computers for tab in each.tabs]
    for number, tab in enumerate(tabs, 1):
        tab.picture(tmp_path / f"page-{number}.png")
    print(f"How the pages looked: {tmp_path}/page-*.png")  # noqa: T201 - for who looks for a failure
    mistakes = [words for tab in tabs for words in tab.mistakes()]
    for each in computers:
        each.profile.close()
    assert mistakes == []


@pytest.fixture
def two(computer: NewComputer) -> tuple[Tab, Tab]:
    """Anna's page and Boris', both signed up and signed in."""
    tabs = computer().tab(), computer().tab()
    for tab, login in zip(tabs, ("anna", "boris"), strict=True):
        tab.do("signUp", login, f"{login}-secret")
        tab.do("signIn", login, f"{login}-secret")
    return tabs
