"""Groups, channels and people: made, changed, seen live by others, left, ended; blocked people and contacts."""

import pytest
from playwright.sync_api import Page, expect

from tertulia.dialects.sama import ids
from tests.browser.client import (
    DESKTOP,
    PHONE,
    SECRET,
    Line,
    MakePerson,
    bubbles,
    composer,
    picture,
    shot,
    upload,
    violations,
    write,
)
from tests.stories.process import Process

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def choose_picture(page: Page, colour: str) -> None:
    page.locator("input[type=file][accept='image/*']").set_input_files(
        [upload("wide.png", "image/png", picture((600, 300), colour))]
    )
    expect(page.get_by_role("dialog", name="Choose a part of the picture")).to_be_visible()


def test_a_group_from_first_to_last(person: MakePerson, house: Process) -> None:
    vera, will = person(DESKTOP).sign_up("vera", "Vera"), person(PHONE).sign_up("will", "Will")
    line = Line(house.base_url, "will")
    line.ask("user_create", login="xena", password=SECRET, first_name="Xena")
    page, phone = vera.page, will.page
    page.goto(vera.url + "/#/new/group")
    choose_picture(page, "teal")
    page.get_by_role("application").press("ArrowLeft")
    page.get_by_label("Zoom").fill("2")
    shot(page, "crop-desktop")
    page.get_by_role("button", name="Use this picture").click()
    expect(page.locator("form .picture img")).to_be_visible()
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_text("Give it a name.")).to_be_visible()
    page.get_by_label("Name", exact=True).fill("\u202e<i>Walkers</i>")
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_text("Add at least one person.")).to_be_visible()
    for name in ("will", "xena"):
        page.locator("form input[type=search]").fill(name)
        page.locator(".people button").filter(has_text=f"@{name}").click()
    page.get_by_role("button", name="Create").click()
    expect(composer(page)).to_be_visible()
    write(page, "Welcome")

    phone.locator("a.row").filter(has_text="Walkers").click()
    expect(bubbles(phone).last).to_contain_text("Welcome")
    expect(phone.locator("main header img")).to_be_visible()
    phone.locator("main header a.who").click()
    info = phone.locator(".info")
    expect(info.locator("li")).to_have_count(3)
    # What he may not do is not offered.
    expect(info.get_by_role("button", name="Edit")).to_have_count(0)
    expect(info.get_by_role("button", name="Add members")).to_have_count(0)
    expect(info.get_by_role("button", name="Change picture")).to_have_count(0)
    info.get_by_role("button", name="More for Xena").click()
    expect(phone.get_by_role("menuitem", name="Show profile")).to_be_visible()
    expect(phone.get_by_role("menuitem", name="Make admin")).to_have_count(0)
    phone.keyboard.press("Escape")

    # What the owner does appears where he looks.
    page.locator("main header a.who").click()
    aside = page.locator(".info")
    aside.get_by_role("button", name="More for Will").click()
    page.get_by_role("menuitem", name="Make admin").click()
    expect(info.locator("li").filter(has_text="Will")).to_contain_text("admin")
    expect(info.get_by_role("button", name="Edit")).to_be_visible()
    # And what the admin does appears at hers.
    info.get_by_role("button", name="Edit").click()
    info.get_by_label("Name", exact=True).fill("Hikers")
    info.get_by_label("Description").fill("Up the hill, *slowly*")
    info.get_by_role("button", name="Save").click()
    expect(aside.get_by_role("heading", name="Hikers")).to_be_visible()
    expect(aside).to_contain_text("Up the hill, *slowly*")
    info.get_by_role("button", name="More for Xena").click()
    phone.get_by_role("menuitem", name="Remove from group").click()
    shot(phone, "remove-phone")
    phone.locator("dialog").get_by_role("button", name="Remove from group").click()
    expect(aside.locator("li")).to_have_count(2)
    expect(page.locator("[role=log]")).to_contain_text("Will removed Xena")
    aside.get_by_role("button", name="Add members").click()
    page.locator("dialog input[type=search]").fill("xen")
    page.locator("dialog .people button").first.click()
    page.locator("dialog .main-button").click()
    expect(info.locator("li")).to_have_count(3)
    choose_picture(page, "gold")
    page.get_by_role("button", name="Use this picture").click()
    expect(phone.locator(".info .top img")).to_be_visible()
    assert violations(page) == []
    shot(page, "group-info-desktop")
    shot(phone, "group-info-phone")

    # The owner ends it for everybody.
    aside.get_by_role("button", name="Leave group").click()
    expect(page.locator("dialog")).to_contain_text("is yours")
    shot(page, "disband-desktop")
    page.locator("dialog").get_by_role("button", name="Delete for everybody").click()
    expect(page.get_by_text("“Hikers” is deleted.")).to_be_visible()
    expect(page.locator("a.row")).to_have_count(0)
    expect(phone.get_by_text("You are no longer in “Hikers”.")).to_be_visible()
    expect(phone.get_by_text("This chat is not here any more")).to_be_visible()
    shot(phone, "gone-phone")
    line.close()


def test_people_are_blocked_and_kept(person: MakePerson, house: Process) -> None:
    yuri, zoe = person(DESKTOP).sign_up("yuri", "Yuri"), person(PHONE).sign_up("zoe", "Zoe")
    zoe_line = Line(house.base_url, "zoe")
    zoe_line.ask("user_edit", email="zoe@example.org", phone="+1 555 0142")
    yuri_line = Line(house.base_url, "yuri")
    yuri_line.ask(
        "conversation_create", type="g", name="Chess club", participants=[zoe_line.id]
    )  # fmt: skip
    page, phone = yuri.page, zoe.page
    yuri.open_chat_with("zoe")
    write(page, "hello")
    phone.locator("a.row").filter(has_text="Yuri").click()
    expect(bubbles(phone).last).to_contain_text("hello")

    page.goto(f"{yuri.url}/#/users/{zoe_line.id}")
    main = page.locator("main")
    expect(main).to_contain_text("@zoe")
    expect(main).to_contain_text("zoe@example.org")
    expect(main.get_by_role("link", name="Chess club")).to_be_visible()
    # The address that Unet tells of a person names her by a number.
    page.goto(f"{yuri.url}/#/contacts")
    expect(main).not_to_contain_text("@zoe")
    page.goto(f"{yuri.url}/#/users/{ids.account(zoe_line.id)}")
    expect(main).to_contain_text("@zoe")
    shot(page, "person-desktop")
    main.get_by_role("button", name="Add contact").click()
    expect(page.get_by_text("Zoe is in your contacts.")).to_be_visible()
    main.get_by_role("button", name="Block").click()
    page.locator("dialog").get_by_role("button", name="Block").click()
    expect(main).to_contain_text("You have blocked this person.")
    assert violations(page) == []
    shot(page, "blocked-desktop")
    # Both sides: one cannot write, the other's words come back with a reason.
    main.get_by_role("button", name="Write a message").click()
    expect(composer(page)).to_have_count(0)
    expect(page.locator(".cannot")).to_contain_text("You have blocked this person.")
    write(phone, "are you there?")
    expect(phone.get_by_text("One of you has blocked the other.")).to_be_visible()
    shot(phone, "refused-phone")
    page.locator(".cannot").get_by_role("button", name="Unblock").click()
    expect(composer(page)).to_be_visible()
    phone.get_by_role("button", name="Send again").click()
    expect(bubbles(page).last).to_contain_text("are you there?")

    # The address book.
    page.goto(yuri.url + "/#/contacts")
    row = page.locator(".body li")
    expect(row).to_contain_text("zoe@example.org")
    row.get_by_role("button", name="More for Zoe").click()
    page.get_by_role("menuitem", name="Edit").click()
    page.get_by_label("First name").fill("Zoe from the club")
    page.get_by_role("button", name="Save").click()
    expect(row).to_contain_text("Zoe from the club")
    page.get_by_role("button", name="Add contact").click()
    page.get_by_label("First name").fill("Old friend")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Give an e-mail address or a phone number.")).to_be_visible()
    page.get_by_label("Phone", exact=True).fill("+1 555 0199")
    # As many addresses as people have.
    page.get_by_role("button", name="Another phone number").click()
    expect(page.get_by_label("Phone 2")).to_be_focused()
    page.keyboard.type("+1 555 0200")
    page.get_by_role("button", name="Another e-mail address").click()
    page.get_by_label("E-mail 2").fill("old@example.org")
    assert violations(page) == []
    shot(page, "contact-form-desktop")
    page.get_by_role("button", name="Save").click()
    expect(row).to_have_count(2)
    old = row.filter(has_text="Old friend")
    expect(old).to_contain_text("old@example.org, +1 555 0199, +1 555 0200")
    expect(old).to_contain_text("not on this server")
    assert violations(page) == []
    shot(page, "contacts-desktop")
    # What is changed elsewhere, what it is for too, stays; what is emptied is gone.
    (entry,) = yuri_line.ask("contact_list", limit=1)["contacts"]
    numbers = [{"type": "work", "value": "+1 555 0199"}, {"type": "mobile", "value": "+1 555 0200"}]
    yuri_line.ask("contact_update", id=entry["_id"], phone=numbers, company="Chess")
    page.reload()
    old.get_by_role("button", name="More for Old friend").click()
    page.get_by_role("menuitem", name="Edit").click()
    page.get_by_label("E-mail").fill("")
    page.get_by_label("Phone 2").fill("+1 555 0300")
    page.get_by_role("button", name="Save").click()
    expect(old).to_contain_text("+1 555 0199, +1 555 0300")
    expect(old).not_to_contain_text("old@example.org")
    expect(row).to_have_count(2)
    (entry,) = yuri_line.ask("contact_list", limit=1)["contacts"]
    numbers[1]["value"] = "+1 555 0300"
    assert (entry["phone"], entry["company"]) == (numbers, "Chess")
    row.get_by_role("button", name="More for Old friend").click()
    page.get_by_role("menuitem", name="Delete contact").click()
    page.locator("dialog").get_by_role("button", name="Delete contact").click()
    expect(row).to_have_count(1)
    row.get_by_role("button", name="More for Zoe").click()
    page.get_by_role("menuitem", name="Write a message").click()
    expect(composer(page)).to_be_visible()
    zoe_line.close()
    yuri_line.close()
