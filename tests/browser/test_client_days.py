"""Days in the web client: a page that stays open over midnight, and days as they are where one is."""

import pytest
from playwright.sync_api import expect

from tests.browser.client import Line, MakePerson

pytestmark = [pytest.mark.browser, pytest.mark.slow]

A_DAY_LATER = "() => { const now = Date.now; Date.now = () => now() + 864e5; dispatchEvent(new Event('focus')); }"
"""As if the page had slept, and somebody comes back to it."""


def test_a_page_that_is_open_overnight_knows_that_today_was_yesterday(person: MakePerson) -> None:
    page = person().sign_up("owl", "Owl").page
    line = Line(page.url.split("/#")[0], "lark", "Lark")
    chat = line.chat_with(line.ask("user_search", keyword="owl")["users"][0]["_id"])
    line.say(chat, "good night")
    page.locator("a.row").click()
    day, hour = page.locator("[role=log] .pill time"), page.locator("a.row time")
    expect(day).to_have_text("Today")
    shown = hour.inner_text()
    assert ":" in shown
    page.evaluate(A_DAY_LATER)
    expect(day).to_have_text("Yesterday")
    # The hour of a day that is over says nothing.
    expect(hour).not_to_have_text(shown)
    assert hour.inner_text() in {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"}
    line.close()


@pytest.mark.parametrize("place", ["Pacific/Kiritimati", "Pacific/Midway"])
def test_days_are_those_of_the_place(person: MakePerson, place: str) -> None:
    """Fourteen hours before, and eleven after: at any moment one of the two is not in the day of Greenwich."""
    name = place.split("/")[1].lower()
    page = person(timezone_id=place).sign_up(name, name.title()).page
    line = Line(page.url.split("/#")[0], f"{name}-2", "Other")
    line.say(line.chat_with(line.ask("user_search", keyword=name)["users"][0]["_id"]), "hello")
    line.close()
    page.locator("a.row").click()
    # Swedes write days as machines do.
    today = page.evaluate("new Date().toLocaleDateString('sv')")
    pill = page.locator("[role=log] .pill")
    expect(pill.locator("time")).to_have_attribute("datetime", today)
    pill.click()
    date = page.locator("input[type=date]")
    expect(date).to_have_attribute("max", today)
    date.fill(today)
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.locator("dialog")).to_have_count(0)
