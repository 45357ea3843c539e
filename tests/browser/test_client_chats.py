"""The list of chats: pinned, muted, drafts, what can be done with a chat, and the keyboard."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.client import (
    DESKTOP,
    PHONE,
    SECRET,
    Line,
    MakePerson,
    Person,
    composer,
    shot,
    violations,
    write,
)
from tests.stories.process import Process

pytestmark = [pytest.mark.browser, pytest.mark.slow]


BEGIN_AT = """places => places.map(place => {
    const range = new Range();
    range.selectNodeContents(place);
    return Math.round(range.getBoundingClientRect().left);
})"""
"""Where the words of those places begin, in px from the left edge of the window."""


def names(page: Page) -> list[str]:
    """The chats, top to bottom."""
    rows = page.locator("a.row")
    order = sorted(
        range(rows.count()), key=lambda i: int(rows.nth(i).get_attribute("data-row") or 0)
    )
    return [rows.nth(i).locator(".name").inner_text() for i in order]


def menu(page: Page, chat: str, action: str) -> None:
    page.locator("a.row").filter(has_text=chat).click(button="right")
    page.get_by_role("menuitem", name=action, exact=True).click()


def three_friends(person: Person, base_url: str, mark: str) -> list[Line]:
    """Chats with Ada, Bea and Cleo; Cleo was the last to write."""
    line = Line(base_url, person.login)
    lines = [line]
    for name in ("Ada", "Bea", "Cleo"):
        login = f"{name.lower()}-{mark}"
        line.ask("user_create", login=login, password=SECRET, first_name=name)
        friend = Line(base_url, login)
        friend.say(friend.chat_with(line.id), f"I am {name}")
        lines.append(friend)
    return lines


def test_pinned_and_muted_on_all_devices(person: MakePerson, house: Process) -> None:
    rita = person(DESKTOP).sign_up("rita", "Rita")
    line, ada, _, cleo = lines = three_friends(rita, house.base_url, "pin")
    page = rita.page
    expect(page.locator("a.row")).to_have_count(3)
    assert names(page) == ["Cleo", "Bea", "Ada"]
    # A second device of hers.
    phone = person(PHONE)
    phone.page.locator("input[name=username]").fill("rita")
    phone.page.locator("input[name=password]").fill(SECRET)
    phone.page.locator("form .main-button").click()
    expect(phone.page.locator("a.row")).to_have_count(3)

    menu(page, "Ada", "Pin to the top")
    expect(
        page.locator("a.row").filter(has_text="Ada").get_by_role("img", name="Pinned")
    ).to_be_visible()
    assert names(page) == ["Ada", "Cleo", "Bea"]
    expect(phone.page.get_by_role("img", name="Pinned")).to_be_visible()
    assert names(phone.page) == ["Ada", "Cleo", "Bea"]
    menu(page, "Bea", "Pin to the top")
    expect(page.get_by_role("img", name="Pinned")).to_have_count(2)
    assert names(page) == ["Bea", "Ada", "Cleo"]

    # Muted: a grey badge that does not count in the title.
    expect(page).to_have_title("(3) Tertulia")
    menu(page, "Ada", "Mute")
    expect(page.get_by_role("img", name="Muted")).to_be_visible()
    expect(phone.page.get_by_role("img", name="Muted")).to_be_visible()
    expect(page).to_have_title("(2) Tertulia")
    ada.say(ada.chat_with(line.id), "psst")
    row = page.locator("a.row").filter(has_text="Ada")
    expect(row.locator(".badge.quiet")).to_contain_text("2 unread messages")
    shot(page, "pinned-desktop")
    shot(phone.page, "pinned-phone")
    assert violations(page) == []
    # A reload keeps it, and it is undone where it was done.
    page.reload()
    expect(page.get_by_role("img", name="Pinned")).to_have_count(2)
    menu(page, "Ada", "Unmute")
    menu(page, "Bea", "Unpin")
    expect(phone.page.get_by_role("img", name="Muted")).to_have_count(0)
    expect(phone.page.get_by_role("img", name="Pinned")).to_have_count(1)
    menu(page, "Cleo", "Mark as read")
    expect(page.locator("a.row").filter(has_text="Cleo").locator(".badge")).to_have_count(0)
    # What is pinned stays on top whoever writes.
    cleo.say(cleo.chat_with(line.id), "me first")
    expect(page.locator("a.row").filter(has_text="Cleo")).to_contain_text("me first")
    assert names(page)[0] == "Ada"
    menu(page, "Ada", "Delete chat")
    page.locator("dialog").get_by_role("button", name="Delete chat").click()
    expect(page.locator("a.row")).to_have_count(2)
    for each in lines:
        each.close()


def test_the_list_by_keyboard_and_by_touch(person: MakePerson, house: Process) -> None:
    sara = person(DESKTOP).sign_up("sara", "Sara")
    lines = three_friends(sara, house.base_url, "key")
    page = sara.page
    expect(page.locator("a.row")).to_have_count(3)
    page.locator("a.row").first.focus()
    page.keyboard.press("ArrowDown")
    expect(page.locator("a.row").filter(has_text="Bea")).to_be_focused()
    page.keyboard.press("Shift+F10")
    expect(page.get_by_role("menuitem", name="Pin to the top")).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(
        page.locator("a.row").filter(has_text="Bea").get_by_role("img", name="Muted")
    ).to_be_visible()
    expect(page.locator("a.row").filter(has_text="Bea")).to_be_focused()
    page.keyboard.press("Enter")
    # A draft shows in the list once one is elsewhere.
    composer(page).fill("half a **thought**")
    page.locator("a.row").filter(has_text="Cleo").click()
    expect(page.locator("a.row").filter(has_text="Bea")).to_contain_text("Draft: half a thought")
    page.reload()
    expect(page.locator("a.row").filter(has_text="Bea")).to_contain_text("Draft: half a thought")
    page.locator("a.row").filter(has_text="Bea").click()
    expect(composer(page)).to_have_value("half a **thought**")
    write(page, "a whole one")
    page.locator("a.row").filter(has_text="Cleo").click()
    expect(page.locator("a.row").filter(has_text="Bea")).to_contain_text("a whole one")

    phone = person(PHONE, has_touch=True, is_mobile=True)
    phone.page.locator("input[name=username]").fill("sara")
    phone.page.locator("input[name=password]").fill(SECRET)
    phone.page.locator("form .main-button").click()
    row = phone.page.locator("a.row").filter(has_text="Ada")
    box = row.bounding_box()
    assert box is not None
    touch = {"x": box["x"] + 120, "y": box["y"] + 30}
    session = phone.context.new_cdp_session(phone.page)
    session.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [touch]})
    expect(phone.page.get_by_role("menuitem", name="Pin to the top")).to_be_visible()
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    shot(phone.page, "chat-menu-phone")
    phone.page.get_by_role("menuitem", name="Pin to the top").tap()
    expect(row.get_by_role("img", name="Pinned")).to_be_visible()
    assert phone.page.url.endswith("/")
    for each in lines:
        each.close()


def test_the_list_comes_back_where_it_was(person: MakePerson, house: Process) -> None:
    """On a phone a chat hides the list of chats."""
    tina = person(PHONE).sign_up("tina", "Tina")
    line = Line(house.base_url, "tina")
    for number in range(60):
        line.ask("conversation_create", type="c", name=f"Channel {number:02}", participants=[])
    page = tina.page
    box = page.locator("[role=list]")
    expect(page.locator("a.row").first).to_contain_text("Channel 59")
    box.evaluate("it => it.scrollTop = 2000")
    row = page.locator("a.row").filter(has_text="Channel 30")
    expect(row).to_be_in_viewport()
    before = row.bounding_box()
    row.click()
    expect(page.locator("main header")).to_contain_text("Channel 30")
    page.go_back()
    expect(row).to_be_in_viewport()
    assert row.bounding_box() == before
    line.close()


def test_back_leads_to_where_one_came_from(person: MakePerson, house: Process) -> None:
    """However one has gone to and fro before, and never out of the page."""
    vera = person(PHONE).sign_up("vera-back", "Vera")
    line = Line(house.base_url, "walt-back", "Walt")
    # A tab of its own: nothing lies before the address that it is opened with.
    page = vera.tab(f"/#/users/{line.id}")
    back = page.get_by_role("button", name="Back")
    page.get_by_role("button", name="Write").click()
    expect(composer(page)).to_be_visible()
    page.go_back()
    back.click()
    expect(page.locator("a.me")).to_be_visible()
    assert page.url == f"{vera.url}/#/"

    # From a chat to a person, who is loaded anew.
    page.locator("a.row").filter(has_text="Walt").click()
    expect(composer(page)).to_be_visible()
    chat = page.url
    page.evaluate("who => location.hash = `#/users/${who}`", line.id)
    expect(back).to_be_visible()
    page.reload()
    back.click()
    expect(composer(page)).to_be_visible()
    assert page.url == chat
    line.close()


def test_names_that_run_from_the_right_stand_below_the_others(person: MakePerson) -> None:
    page = person(DESKTOP).sign_up("mira-names", "Mira").page
    line = Line(page.url.split("/#")[0], "mira-names")
    for login, name in (("sal-one", "Sal"), ("sal-two", "שלום סל")):
        line.ask("user_create", login=login, password=SECRET, first_name=name)
    for path, row in (("/#/new", ".people button"), ("/#/", "button.found")):
        page.goto(page.url.split("/#")[0] + path)
        page.locator(".column input[type=search]").fill("sal-")
        expect(page.locator(row)).to_have_count(2)
        left, other = page.locator(f"{row} bdi.one-line").evaluate_all(BEGIN_AT)
        assert left == other
    line.close()
