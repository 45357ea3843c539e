"""Two people talk in two browsers, on a phone and a desktop, and the other way round."""

import pytest
from playwright.sync_api import expect

from tests.browser.client import DESKTOP, PHONE, MakePerson, act, bubbles, composer, texts, write

pytestmark = [pytest.mark.browser, pytest.mark.slow]

Sizes = tuple[dict[str, int], dict[str, int]]


@pytest.fixture(params=[(DESKTOP, PHONE), (PHONE, DESKTOP)], ids=["desktop-phone", "phone-desktop"])
def sizes(request: pytest.FixtureRequest) -> Sizes:
    """The windows of the two."""
    found: Sizes = request.param
    return found


def test_two_people_talk(person: MakePerson, sizes: Sizes) -> None:
    width = sizes[0]["width"]
    anna = person(sizes[0]).sign_up(f"anna{width}", "Anna").page
    boris_person = person(sizes[1]).sign_up(f"boris{width}", "Boris")
    boris = boris_person.page
    expect(boris.get_by_text("No chats yet")).to_be_visible()

    anna.locator(".head input[type=search]").fill(f"boris{width}")
    anna.locator("button.found").first.click()
    write(anna, "Hello **Boris**, see https://example.org/a_(b).")
    # Nothing but the title and the list tells Boris, who has not opened it.
    row = boris.locator("a.row")
    expect(row).to_contain_text("Hello Boris, see")
    expect(row).to_contain_text("1 unread message")
    expect(boris).to_have_title("(1) Tertulia")
    expect(bubbles(anna).last.get_by_role("img", name="Sent")).to_be_visible()

    row.click()
    bubble = bubbles(boris).last
    expect(bubble.locator("strong")).to_have_text("Boris")
    expect(bubble.locator("a")).to_have_attribute("href", "https://example.org/a_(b)")
    expect(bubbles(anna).last.get_by_role("img", name="Read")).to_be_visible()

    composer(boris).press_sequentially("Hi")
    expect(anna.locator("main header")).to_contain_text("typing…")
    composer(boris).press("Enter")
    expect(bubbles(anna).last).to_contain_text("Hi")
    # Who listens hears it once.
    expect(anna.locator("[data-announcer]")).to_have_text("Boris: Hi")

    act(anna, "Hi", "Reply")
    write(anna, "Shall we meet?")
    expect(bubbles(boris).last.locator(".quote")).to_contain_text("Hi")
    act(anna, "Shall we meet?", "Edit")
    expect(composer(anna)).to_have_value("Shall we meet?")
    write(anna, "Shall we meet at five?")
    expect(bubbles(boris).last).to_contain_text("at five?")
    expect(bubbles(boris).last).to_contain_text("edited")

    act(boris, "at five", "React with 👍")
    expect(bubbles(anna).last.get_by_role("button", name="👍, 1 person")).to_be_visible()
    bubbles(anna).last.get_by_role("button", name="👍, 1 person").click()
    expect(bubbles(boris).last.get_by_role("button", name="👍, 2 people")).to_be_visible()

    write(anna, "a mistake")
    expect(bubbles(boris).last).to_contain_text("a mistake")
    act(anna, "a mistake", "Delete")
    anna.get_by_role("button", name="Delete for everybody").click()
    expect(bubbles(boris).filter(has_text="a mistake")).to_have_count(0)
    expect(bubbles(anna).filter(has_text="a mistake")).to_have_count(0)

    act(boris, "Hi", "Delete")
    boris.get_by_role("button", name="Delete for me").click()
    expect(bubbles(boris).filter(has_text="Deleted message")).to_have_count(1)
    assert "Hi" not in texts(boris)
    assert "Hi" in texts(anna)
    # A reload forgets nothing, and shows who is here.
    anna.reload()
    expect(bubbles(anna).last).to_contain_text("at five")
    expect(anna.locator("main header")).to_contain_text("online")


def test_a_group_and_a_channel(person: MakePerson, sizes: Sizes) -> None:
    width = sizes[0]["width"]
    dora_person, clara_person = (
        person(sizes[0]).sign_up(f"dora{width}", "Dora"),
        person(sizes[1]).sign_up(f"clara{width}", "Clara"),
    )
    clara, dora = clara_person.page, dora_person.page
    dora.goto(dora_person.url + "/#/new/group")
    dora.locator("form input").nth(1).fill("Tea at five")
    dora.locator("form textarea").fill("with scones")
    dora.locator("form input[type=search]").fill(f"clara{width}")
    dora.locator(".people button").first.click()
    dora.get_by_role("button", name="Create").click()
    expect(composer(dora)).to_be_visible()
    write(dora, "Welcome!")

    clara.locator("a.row").filter(has_text="Tea at five").click()
    expect(bubbles(clara).last).to_contain_text("Welcome!")
    expect(bubbles(clara).last).to_contain_text("Dora")
    expect(clara.locator("main header")).to_contain_text("2 members")
    clara.locator("main header a.who").click()
    expect(clara.locator(".info")).to_contain_text("with scones")
    expect(clara.locator(".info")).to_contain_text("owner")
    clara.locator(".info").get_by_role("link", name="Close").click()

    dora.locator("main header a.who").click()
    aside = dora.locator(".info")
    aside.get_by_role("button", name="Edit").click()
    aside.locator("input:not([type=file])").fill("Tea at six")
    aside.get_by_role("button", name="Save").click()
    expect(clara.locator("main header")).to_contain_text("Tea at six")
    aside.get_by_role("button", name="More for Clara").click()
    dora.get_by_role("menuitem", name="Make admin").click()
    expect(aside.locator("li").filter(has_text="Clara")).to_contain_text("admin")

    clara.locator("main header a.who").click()
    clara.get_by_role("button", name="Leave group").click()
    clara.locator("dialog").get_by_role("button", name="Leave group").click()
    expect(clara.get_by_text("No chats yet")).to_be_visible()
    expect(dora.locator("[role=log]")).to_contain_text("Clara left")

    dora.goto(dora_person.url + "/#/new/channel")
    dora.locator("form input").nth(1).fill(f"Harbour news {width}")
    dora.get_by_role("button", name="Create").click()
    write(dora, "The bridge is open")
    expect(bubbles(dora).last).to_contain_text("bridge")
    clara.locator(".head input[type=search]").fill(f"harbour news {width}")
    clara.locator("button.found").first.click()
    expect(bubbles(clara).last).to_contain_text("The bridge is open")
    expect(clara.get_by_text("Only admins write in this channel.")).to_be_visible()
    write(dora, "and closed")
    expect(bubbles(clara).last).to_contain_text("and closed")
