"""Every page of the web client is looked at: nothing is cut off, axe finds nothing, how it looks is kept."""

import pytest
from playwright.sync_api import expect

from tests.browser import pages
from tests.browser.client import DESKTOP, PHONE, MakePerson
from tests.stories.process import Process

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_every_page_is_sound(
    person: MakePerson, house: Process, size: dict[str, int], request: pytest.FixtureRequest
) -> None:
    kind = request.node.callspec.id
    mia = person(size)
    tour = pages.Tour(mia.page, kind)
    pages.guests(tour, mia)
    mia.wrong.clear()  # The password that was wrong.
    mia.sign_up(f"mia-{kind}", "Mia")
    expect(mia.page.get_by_text("No chats yet")).to_be_visible()
    tour.look("empty")
    pages.furnish(house.base_url, mia.login, kind)
    pages.chats(tour, mia)
    pages.history(tour, mia)
    pages.files(tour, mia)
    pages.others(tour, mia)
    assert not tour.wrong, "\n".join(tour.wrong)
