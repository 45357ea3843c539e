"""The page that shows developers the APIs."""

import pytest

from tests.browser.client import PHONE, MakePerson

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_a_developer_finds_an_operation_and_its_examples(person: MakePerson) -> None:
    page = person().tab("/docs")
    page.get_by_role("heading", name="Tada over WebSocket").wait_for()
    page.get_by_label("Find").fill("devices address-book")
    page.get_by_text("2 found", exact=True).wait_for()
    assert page.get_by_role("heading", name="SAMA over HTTP").count() == 0
    entry = page.locator("details:visible", has_text="PUT").first
    entry.locator("summary").click()
    entry.get_by_role("heading", name="200 OK").wait_for()
    assert '"ok": true' in entry.inner_text()
    # Its address is one to send to others.
    page.reload()
    page.locator("details[open]", has_text="address-book").wait_for()


def test_it_fits_on_a_phone(person: MakePerson) -> None:
    page = person(PHONE).tab("/docs")
    page.locator("summary", has_text="server.message.updated").first.click()
    page.locator("details[open] pre").first.wait_for()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
