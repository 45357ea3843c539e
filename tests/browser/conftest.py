"""Browsers with the page of `page/` in them, at a server of one's own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Playwright, sync_playwright

from tertulia.web.pages import BUILT
from tests.browser.chromium import Chromium, Tab, chromium
from tests.browser.client import DESKTOP, MakePerson, Person, browser_for_clients
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


# The web client. A browser for the tests of this folder, not for all: Playwright keeps a loop running in this
# thread, which other tests could not bear. A server for each file: its people may be called as they like.


@pytest.fixture(scope="package")
def playwright() -> Iterator[Playwright]:
    """What drives Chromium for the web client; a thread bears only one."""
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="package")
def clients(playwright: Playwright) -> Iterator[Browser]:
    """Chromium for the web client."""
    assert (BUILT / "index.html").exists(), "The client is not built: python client/node.py build"
    with browser_for_clients(playwright) as running:
        yield running


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """A server for the web client."""
    with serving(tmp_path_factory.mktemp("house")) as running:
        yield running


@pytest.fixture
def person(clients: Browser, house: Process) -> Iterator[MakePerson]:
    """Makes people with browsers; at the end none of their pages made a mistake."""
    made: list[Person] = []

    def new(size: dict[str, int] = DESKTOP, url: str = "", **more: object) -> Person:
        made.append(Person(clients, url or house.base_url, size, **more))
        return made[-1]

    yield new
    wrong = [words for each in made for words in each.wrong]
    for each in made:
        each.context.close()
    assert wrong == []


@pytest.fixture
def visitor(person: MakePerson) -> Iterator[MakePerson]:
    """Makes people who may be refused something, which browsers log."""
    made: list[Person] = []

    def new(size: dict[str, int] = DESKTOP, url: str = "", **more: object) -> Person:
        # What a worker lets through to the network does not always pass by a test's routes.
        made.append(person(size, url, service_workers="block", **more))
        return made[-1]

    yield new
    for each in made:
        each.wrong = [words for words in each.wrong if "responded with a status of" not in words]
