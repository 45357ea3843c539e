"""Browsers with the page of `page/` in them, at a server of one's own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.chromium import Chromium, Tab, chromium
from tests.browser.people import Computer, NewComputer, someone
from tests.browser.site import Site, site
from tests.stories.process import Process, serving

# One of each for all tests: they take long to start, and each test has its own people and computers.


@pytest.fixture(scope="session")
def browser() -> Iterator[Chromium]:
    """Chromium."""
    with chromium() as running:
        yield running


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """A messenger that may push to this machine."""
    with serving(tmp_path_factory.mktemp("data"), "--callback-allow", "127.0.0.1/32") as running:
        yield running


@pytest.fixture(scope="session")
def home() -> Iterator[Site]:
    """Where the page comes from."""
    with site() as running:
        yield running


@pytest.fixture
def computer(
    browser: Chromium, home: Site, server: Process, tmp_path: Path
) -> Iterator[NewComputer]:
    """Makes computers. At the end: no page made a mistake, and all were photographed."""
    computers: list[Computer] = []
    page_url = f"{home.url}/?server={server.base_url}"

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
    return someone(computer(), "anna"), someone(computer(), "boris")
