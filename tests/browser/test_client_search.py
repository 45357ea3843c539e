"""Looking for people, chats and words in all messages, and coming to the very place."""

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.client import (
    DESKTOP,
    PHONE,
    SECRET,
    Line,
    MakePerson,
    bubbles,
    composer,
    eventually,
    shot,
    violations,
)
from tests.stories.process import Process

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def look_for(page: Page, words: str) -> None:
    page.locator(".head input[type=search]").fill(words)


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_a_word_is_found_in_all_chats_and_opens_its_place(
    person: MakePerson, house: Process, size: dict[str, int], request: pytest.FixtureRequest
) -> None:
    kind = request.node.callspec.id
    nora = person(size).sign_up(f"nora-{kind}", "Nora")
    line = Line(house.base_url, nora.login)
    line.ask("user_create", login=f"oleg-{kind}", password=SECRET, first_name="Олег")
    oleg = Line(house.base_url, f"oleg-{kind}")
    group = oleg.ask(
        "conversation_create", type="g", name="Ёлка во дворе", participants=[line.id]
    )["conversation"]["_id"]  # fmt: skip
    chat = oleg.chat_with(line.id)
    needle = oleg.say(group, "Встречаемся у ЁЛКИ, <b>ровно</b> в восемь")[0]
    oleg.say(group, *(f"hay {number}" for number in range(400)))
    oleg.say(chat, "The tree (ёлка) has come")
    line.say(chat, "Where is my ёлка?")

    page = nora.page
    page.goto(nora.url + "/#/")
    look_for(page, "елк")
    hits = page.locator("a.hit")
    expect(hits).to_have_count(3)
    expect(hits.nth(0)).to_contain_text("You: Where is my ёлка?")
    expect(hits.nth(0).locator("mark")).to_have_text("ёлк")
    expect(hits.nth(2).locator("mark")).to_have_text("ЁЛК")
    expect(hits.nth(2)).to_contain_text("Олег: Встречаемся у ЁЛКИ, <b>ровно</b>")
    # The group is called so, too.
    expect(page.locator("a.row")).to_have_count(1)
    assert violations(page) == []
    shot(page, f"search-{kind}")
    page.locator(f'a.hit[href$="/at/{needle}"]').click()
    expect(page.locator("article.marked")).to_contain_text("Встречаемся")
    expect(page.locator("article.marked")).to_be_in_viewport()
    if size == PHONE:
        page.go_back()
    # From one open chat into it once more, and to the same place a second time.
    page.get_by_role("button", name="To the newest message").click() if size == DESKTOP else None
    page.locator(f'a.hit[href$="/at/{needle}"]').click()
    expect(page.locator("article.marked")).to_contain_text("Встречаемся")

    # By keyboard: down into the results, Enter opens.
    page.goto(nora.url + "/#/")
    look_for(page, "has COME")
    expect(hits).to_have_count(1)
    page.locator(".head input[type=search]").press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("article.marked")).to_contain_text("has come")
    for each in (line, oleg):
        each.close()


def test_whose_login_it_is_comes_first_among_many_of_such_names(person: MakePerson) -> None:
    """However many others the server knows, thirty at a time."""
    page = person(DESKTOP).sign_up("searcher", "Searcher").page
    line = Line(page.url.split("/#")[0], "kim", "Aaron")
    for number in range(40):
        line.ask("user_create", login=f"joakim-{number}", password=SECRET, first_name="Zoe")
    look_for(page, "KIM")
    expect(page.locator("button.found")).to_have_count(30)
    expect(page.locator("button.found").first).to_contain_text("@kim")
    line.close()


def test_results_without_end_and_without(person: MakePerson, house: Process) -> None:
    petra = person(DESKTOP, service_workers="block").sign_up("petra", "Petra")
    line = Line(house.base_url, "petra")
    line.ask("user_create", login="quentin", password=SECRET, first_name="Quentin")
    other = Line(house.base_url, "quentin")
    other.say(other.chat_with(line.id), *(f"apple {number}" for number in range(95)))
    page = petra.page
    look_for(page, "APPL")
    hits = page.locator("a.hit")
    expect(hits).to_have_count(30)
    expect(hits.first).to_contain_text("apple 94")
    hits.last.scroll_into_view_if_needed()
    expect(hits).to_have_count(60)
    hits.last.scroll_into_view_if_needed()
    expect(hits).to_have_count(90)
    hits.last.scroll_into_view_if_needed()
    expect(hits).to_have_count(95)
    expect(page.get_by_text("That is all there is.")).to_be_visible()
    expect(page.get_by_role("status").filter(has_text="95 results")).to_have_count(1)

    look_for(page, "pear <b>")
    expect(page.get_by_text("Nothing found for “pear <b>”")).to_be_visible()
    shot(page, "search-nothing")
    # People, and a chat with one of them.
    look_for(page, "quent")
    expect(page.locator("a.row")).to_contain_text("Quentin")
    page.locator(".head input[type=search]").press("Enter")
    expect(composer(page)).to_be_visible()
    # The server answers nothing, or an error: a sentence, and another try.
    page.route("**/api/v4/messages?*", lambda route: route.fulfill(status=500, body="no"))
    look_for(page, "apple")
    expect(page.get_by_text("The search did not work.")).to_be_visible()
    shot(page, "search-failed")
    page.unroute("**/api/v4/messages?*")
    page.get_by_role("button", name="Try again").click()
    expect(hits).to_have_count(30)
    page.locator(".head input[type=search]").press("Escape")
    expect(hits).to_have_count(0)
    petra.wrong = [each for each in petra.wrong if "500" not in each]
    line.close()
    other.close()
    assert bubbles(page).count() > 0


def test_what_was_given_up_does_not_fail_under_the_next_words(visitor: MakePerson) -> None:
    page = visitor(DESKTOP).sign_up("rosalind", "Rosalind").page
    asked: list[Route] = []

    def wait(route: Route) -> None:
        asked.append(route)

    page.route("**/api/v4/messages?*", wait)
    page.clock.install()
    look_for(page, "pear")
    eventually(page, lambda: asked)
    # The next words are not asked for before one has stopped typing.
    page.clock.pause_at(page.evaluate("Date.now() / 1000 + 1"))
    look_for(page, "plum")
    with page.expect_response("**/api/v4/messages?*"):
        asked[0].fulfill(status=500, body="no")
    # Whatever the answer has led to has happened when the next one is here.
    page.evaluate("fetch('/healthz').then(answer => answer.text())")
    assert page.get_by_text("The search did not work.").count() == 0
    page.unroute("**/api/v4/messages?*")
    page.clock.resume()
    expect(page.get_by_text("Nothing found for “plum”")).to_be_visible()


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_words_in_one_chat(
    person: MakePerson, house: Process, size: dict[str, int], request: pytest.FixtureRequest
) -> None:
    kind = request.node.callspec.id
    tess = person(size).sign_up(f"tess-{kind}", "Tess")
    line = Line(house.base_url, tess.login)
    line.ask("user_create", login=f"ugo-{kind}", password=SECRET, first_name="Ugo")
    ugo = Line(house.base_url, f"ugo-{kind}")
    chat = ugo.chat_with(line.id)
    ugo.say(chat, "The first PLUM of the year")
    ugo.say(chat, *(f"hay {number}" for number in range(300)))
    line.say(chat, "two plums, plum jam", "nothing")
    # With nothing unread the chat opens at its end.
    line.ask("message_read", cid=chat)
    elsewhere = ugo.ask(
        "conversation_create", type="g", name="Elsewhere", participants=[line.id]
    )["conversation"]["_id"]  # fmt: skip
    ugo.say(elsewhere, "a plum, too")
    page = tess.page
    row = page.locator("a.row").filter(has_text="Ugo").filter(has_text="nothing")
    expect(row).to_be_visible()
    expect(row.locator(".badge")).to_have_count(0)
    page.goto(f"{tess.url}/#/chats/{chat}")
    expect(bubbles(page).last).to_contain_text("nothing")
    page.get_by_role("button", name="Search in this chat").click()
    words = page.get_by_role("searchbox", name="Search in this chat")
    expect(words).to_be_focused()
    words.fill("plum")
    expect(page.locator("article.marked")).to_contain_text("two plums")
    expect(page.get_by_role("search")).to_contain_text("1 of 2")
    assert page.evaluate("[...CSS.highlights.get('found')].map(String)") == ["plum", "plum"]
    expect(words).to_be_focused()
    assert violations(page) == []
    shot(page, f"find-{kind}")
    words.press("Enter")
    expect(page.locator("article.marked")).to_contain_text("The first PLUM")
    expect(page.get_by_role("search")).to_contain_text("2 of 2")
    expect(page.get_by_role("button", name="Older result")).to_be_disabled()
    page.get_by_role("button", name="Newer result").click()
    expect(page.locator("article.marked")).to_contain_text("two plums")
    words.fill("pear")
    expect(page.get_by_text("Nothing found")).to_be_visible()
    words.press("Escape")
    expect(page.get_by_role("search")).to_have_count(0)
    assert not page.evaluate("CSS.highlights.has('found')")
    line.close()
    ugo.close()
