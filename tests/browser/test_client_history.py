"""Long histories in the web client."""

import time

import pytest
from playwright.sync_api import Page, expect

from tests.browser.client import DESKTOP, PHONE, Line, MakePerson, bubbles, texts
from tests.stories.process import Process

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_history_scrolls_in_both_directions(
    person: MakePerson, house: Process, size: dict[str, int]
) -> None:
    ida = person(size).sign_up(f"ida{size['width']}", "Ida")
    line = Line(house.base_url, f"jan{size['width']}", "Jan")
    ida_line = Line(house.base_url, ida.login)
    chat = line.chat_with(ida_line.id)
    ids = line.say(chat, *(f"message {number:04}" for number in range(600)))
    line.say(chat, "what was the first?", replied_message_id=ids[3])
    page = ida.page
    expect(page.locator("a.row")).to_contain_text("601 unread")
    page.goto(f"{ida.url}/#/chats/{chat}")
    # It opens where she has not read yet, far from the end.
    expect(page.get_by_role("separator")).to_be_in_viewport()
    page.get_by_role("button", name="To the newest message").click()
    expect(bubbles(page).last).to_contain_text("what was the first?")
    expect(page.locator("article")).not_to_have_count(0)

    log = page.locator("[role=log]")
    seen = _scroll(page, "message 0000", -1)
    assert seen <= 260
    expect(log.get_by_text("The conversation begins here")).to_be_visible()
    assert page.locator("article").count() <= 260
    _scroll(page, "what was the first?", 1)
    shown = [each for each in texts(page) if each.startswith("message")]
    assert shown == sorted(shown)
    numbers = [int(each.removeprefix("message ")) for each in shown]
    assert numbers == list(range(numbers[0], 600)), "without a gap"

    bubbles(page).last.locator(".quote").click()
    expect(page.locator("article.marked")).to_contain_text("message 0003")
    page.get_by_role("button", name="To the newest message").click()
    expect(bubbles(page).last).to_contain_text("what was the first?")
    expect(bubbles(page).last).to_be_in_viewport()
    expect(page.locator("a.row .badge")).to_have_count(0)
    # What is new does not move what one looks at.
    log.evaluate("it => it.scrollTop -= 900")
    before = log.evaluate(AT_REST)
    line.say(chat, "news")
    expect(page.get_by_role("button", name="To the newest message")).to_contain_text("1")
    assert abs(log.evaluate("it => it.scrollTop") - before) < 2
    line.close()
    ida_line.close()


AT_REST = """async it => {
    for (let last = -1; last !== it.scrollTop; ) {
        last = it.scrollTop;
        for (let frame = 0; frame < 5; frame++) await new Promise(requestAnimationFrame);
    }
    return it.scrollTop;
}"""
"""Where a log stands when nothing moves it any more."""


def _scroll(page: Page, until: str, way: int) -> int:
    """Scroll to an end as with a wheel; the most messages that were on the page at a time."""
    most = 0
    deadline = time.monotonic() + 25
    page.locator("[role=log]").hover()
    while True:
        page.mouse.wheel(0, way * 3000)
        page.wait_for_timeout(40)
        most = max(most, page.locator("article").count())
        found = bubbles(page).filter(has_text=until)
        if found.count() and found.first.is_visible() and _is_in_view(page, until):
            return most
        assert time.monotonic() < deadline, f"{until} never comes"


def _is_in_view(page: Page, text: str) -> bool:
    box = bubbles(page).filter(has_text=text).first.bounding_box()
    return box is not None and 0 < box["y"] < 800
