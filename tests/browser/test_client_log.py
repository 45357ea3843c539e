"""The log of a chat in the web client: where it opens, what stays in place, keys, and gaps."""

from collections.abc import Callable, Iterable, Iterator

import pytest
from playwright.sync_api import Locator, Page, WebSocketRoute, expect

from tests.browser.client import (
    DESKTOP,
    DRAWN,
    PHONE,
    SECRET,
    Line,
    MakePerson,
    Person,
    composer,
    eventually,
    until,
)
from tests.stories.process import Process

pytestmark = [pytest.mark.browser, pytest.mark.slow]

Talk = Callable[..., tuple[Person, Line, str]]

NUMBERS = """() => [...document.querySelectorAll('[role=log] article[data-id] .words')]
    .map(it => parseInt(it.textContent, 10)).filter(it => !isNaN(it))"""

TOP = """id => document.querySelector(`[data-id="${id}"]`).getBoundingClientRect().top"""

HEARD = """() => {
    window.heard = [];
    const voice = document.querySelector('[data-announcer]');
    new MutationObserver(() => heard.push(voice.textContent))
        .observe(voice, {childList: true, characterData: true, subtree: true});
}"""

AT_THE_TOP = """() => {
    const log = document.querySelector('[role=log]').getBoundingClientRect();
    return [...document.querySelectorAll('[role=log] article[data-id]')]
        .find(each => each.getBoundingClientRect().bottom > log.top).dataset.id;
}"""

GROW_WHILE_SCROLLING = """([size, by]) => {
    const log = document.querySelector('[role=log]');
    // An event of scrolling is due in any case.
    log.scrollTop += by || -1;
    if (!by) log.scrollTop += 1;
    localStorage['tertulia.settings'] = JSON.stringify({size});
    dispatchEvent(new StorageEvent('storage', {key: 'tertulia.settings'}));
}"""

GROW_AND_REACT = f"""given => {{
    ({GROW_WHILE_SCROLLING})(given);
    document.querySelector('.reactions button').click();
}}"""

REACT_WHILE_LEAVING = """() => {
    const log = document.querySelector('[role=log]');
    window.drawnBack = [];
    log.addEventListener('scroll', () => {
        const {scrollTop, scrollHeight, clientHeight} = log;
        const below = scrollHeight - scrollTop - clientHeight;
        if (below <= 1 || below >= 60) return;
        document.querySelector('.reactions button').click();
        // The page does its work in a microtask.
        setTimeout(() => drawnBack.push(log.scrollTop - scrollTop));
    });
}"""

BELOW = """it => it.scrollHeight - it.scrollTop - it.clientHeight"""

SIZE = """size => {
    localStorage['tertulia.settings'] = JSON.stringify({size});
    dispatchEvent(new StorageEvent('storage', {key: 'tertulia.settings'}));
}"""


@pytest.fixture
def talk(person: MakePerson, house: Process) -> Iterator[Talk]:
    """Two people and what the second has said to the first: numbered messages."""
    lines: list[Line] = []

    def new(
        reader: str, writer: str, count: int, size: dict[str, int] = DESKTOP
    ) -> tuple[Person, Line, str]:
        someone = person(size).sign_up(reader, reader.title())
        mine = Line(house.base_url, reader)
        mine.ask("user_create", login=writer, password=SECRET, first_name=writer.title())
        line = Line(house.base_url, writer)
        chat = line.chat_with(mine.id)
        if count:
            line.say(chat, *numbered(range(count)))
        mine.close()
        lines.append(line)
        return someone, line, chat

    yield new
    for each in lines:
        each.close()


def numbered(numbers: Iterable[int]) -> list[str]:
    return [f"{number:04} said" for number in numbers]


def log(page: Page) -> Locator:
    return page.locator("[role=log]")


def newest(page: Page) -> Locator:
    return page.get_by_role("button", name="To the newest message")


def message(page: Page, number: int) -> Locator:
    return page.locator("article[data-id]").filter(has_text=f"{number:04} said")


def without_gap(page: Page) -> tuple[int, int]:
    """The first and the last number on the page; all between are there once, in order."""
    numbers = page.evaluate(NUMBERS)
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    return numbers[0], numbers[-1]


def test_a_chat_opens_at_the_first_unread_message(talk: Talk) -> None:
    nina, line, chat = talk("nina", "otto", 420)
    page = nina.page
    page.goto(f"{nina.url}/#/chats/{chat}")
    expect(page.get_by_role("separator")).to_be_in_viewport()
    expect(message(page, 0)).to_be_in_viewport()
    expect(newest(page)).to_contain_text("99+")
    newest(page).click()
    expect(message(page, 419)).to_be_in_viewport()
    expect(newest(page)).to_have_count(0)
    expect(page.locator("a.row .badge")).to_have_count(0)
    without_gap(page)

    # What comes while she looks elsewhere begins with a line, and the button leads there first.
    log(page).evaluate("it => it.scrollTop -= 2500")
    expect(newest(page)).to_be_visible()
    line.say(chat, *numbered(range(420, 450)))
    expect(newest(page)).to_contain_text("30")
    newest(page).click()
    expect(page.get_by_role("separator")).to_be_in_viewport()
    expect(message(page, 420)).to_be_in_viewport()
    newest(page).click()
    expect(message(page, 449)).to_be_in_viewport()
    # At the end, what comes is read at once.
    line.say(chat, *numbered([450]))
    expect(message(page, 450)).to_be_in_viewport()
    expect(page.locator("a.row .badge")).to_have_count(0)
    assert line.list(chat)[-1] == "0450 said"
    shown = line.ask("message_list", cid=chat, limit=1)["messages"][0]
    expect(page.locator("a.row")).to_contain_text("0450 said")
    page.wait_for_function("() => document.hasFocus()")
    eventually(page, lambda: _is_read(line, chat, shown["_id"]))


def _is_read(line: Line, chat: str, mid: str) -> bool:
    (it,) = line.ask("message_list", cid=chat, ids=[mid])["messages"]
    return bool(it.get("status") == "read")


def test_what_one_looks_at_stays_where_it_is(talk: Talk) -> None:
    pia, line, chat = talk("pia", "quinn", 300)
    page = pia.page
    page.goto(f"{pia.url}/#/chats/{chat}")
    newest(page).click()
    expect(message(page, 299)).to_be_in_viewport()
    last = message(page, 299).get_attribute("data-id")
    while last not in line.hears("message_read")["ids"]:
        pass
    log(page).evaluate("it => it.scrollTop -= 2000")
    expect(newest(page)).to_be_visible()
    looked = message(page, page.evaluate(_IN_THE_MIDDLE))
    mid = looked.get_attribute("data-id")
    before = page.evaluate(TOP, mid)
    # Older pages above, new messages below.
    line.say(chat, *numbered(range(300, 320)))
    expect(newest(page)).to_contain_text("20")
    assert abs(page.evaluate(TOP, mid) - before) < 2
    # Larger letters, a lower window: the keyboard of a phone.
    page.evaluate(SIZE, "huge")
    expect(looked).to_be_in_viewport()
    page.set_viewport_size({"width": 640, "height": 400})
    expect(log(page)).to_be_in_viewport()
    assert page.evaluate("document.documentElement.scrollWidth") <= 640
    page.evaluate(SIZE, "normal")
    page.set_viewport_size(DESKTOP)  # type: ignore[arg-type]  # a TypedDict of just these keys
    # The page has found its place again.
    page.evaluate(DRAWN)
    # At the end one stays at the end.
    newest(page).click()
    newest(page).click()
    expect(message(page, 319)).to_be_in_viewport()
    page.evaluate(SIZE, "huge")
    expect(message(page, 319)).to_be_in_viewport(ratio=1)
    page.set_viewport_size({"width": 640, "height": 400})
    expect(message(page, 319)).to_be_in_viewport(ratio=1)


def test_what_grows_while_one_scrolls_takes_nothing_away(talk: Talk) -> None:
    """The browser tells of the scrolling when the letters are larger already, and of that later."""
    tess, line, chat = talk("tess", "ugo", 300)
    page = tess.page
    page.goto(f"{tess.url}/#/chats/{chat}")
    newest(page).click()
    expect(message(page, 299)).to_be_in_viewport()
    # At the end one stays at the end.
    page.evaluate(GROW_WHILE_SCROLLING, ["huge", 0])
    expect(message(page, 299)).to_be_in_viewport(ratio=1)
    page.evaluate(SIZE, "normal")
    expect(message(page, 299)).to_be_in_viewport(ratio=1)
    # Not so far that older ones are read: those would stand above the row that is measured.
    log(page).evaluate("it => it.scrollTop -= 1200")
    expect(newest(page)).to_be_visible()
    top = page.evaluate(AT_THE_TOP)
    before = page.evaluate(TOP, top)
    page.evaluate(GROW_WHILE_SCROLLING, ["huge", -7])
    # One message above it may have come into view, and has grown, too.
    eventually(page, lambda: 0 <= page.evaluate(TOP, top) - before < 60)
    line.say(chat, "still here?")
    expect(page.locator("a.row")).to_contain_text("still here?")
    assert 0 <= page.evaluate(TOP, top) - before < 60


def test_who_leaves_the_end_is_not_drawn_back(talk: Talk) -> None:
    """Rows change in each of the first frames of the way up."""
    uma, line, chat = talk("uma", "vito", 90)
    page = uma.page
    said = line.ask("message_list", cid=chat, limit=1)["messages"][0]["_id"]
    line.ask("message_reactions_update", mid=said, add="🎉")
    page.goto(f"{uma.url}/#/chats/{chat}")
    log(page).focus()
    page.keyboard.press("End")
    expect(page.locator(".reactions button")).to_be_in_viewport(ratio=1)
    page.evaluate(REACT_WHILE_LEAVING)
    log(page).evaluate("it => it.scrollTop -= 20")
    until(page, "drawnBack.length > 0")
    page.keyboard.press("PageUp")
    eventually(page, lambda: log(page).evaluate(BELOW) > 200)
    assert page.evaluate("Math.max(...drawnBack)") < 1


def test_who_has_only_moved_a_little_sees_what_comes(talk: Talk) -> None:
    wes, line, chat = talk("wes", "xara", 90)
    page = wes.page
    page.goto(f"{wes.url}/#/chats/{chat}")
    log(page).focus()
    page.keyboard.press("End")
    expect(message(page, 89)).to_be_in_viewport(ratio=1)
    page.evaluate(
        """new Promise(rest => {
            const log = document.querySelector('[role=log]');
            log.addEventListener('scrollend', rest, {once: true});
            log.scrollTop -= 20;
        }).then(() => null)"""
    )
    line.say(chat, *numbered(range(90, 93)))
    expect(message(page, 92)).to_be_in_viewport(ratio=1)
    expect(newest(page)).to_have_count(0)


def test_what_grows_just_before_something_comes_takes_nothing_away(talk: Talk) -> None:
    """A message changes before the browser has told of the scrolling, and of what is larger."""
    thea, line, chat = talk("thea", "umar", 90)
    page = thea.page
    said = line.ask("message_list", cid=chat, limit=30)["messages"][0]["_id"]
    line.ask("message_reactions_update", mid=said, add="🎉")
    page.goto(f"{thea.url}/#/chats/{chat}")
    newest(page).click()
    expect(message(page, 89)).to_be_in_viewport()
    log(page).evaluate("it => it.scrollTop -= 800")
    expect(newest(page)).to_be_visible()
    top = page.evaluate(AT_THE_TOP)
    before = page.evaluate(TOP, top)
    page.evaluate(GROW_AND_REACT, ["huge", -7])
    expect(page.locator(".reactions button")).to_have_attribute("aria-pressed", "true")
    eventually(page, lambda: 0 <= page.evaluate(TOP, top) - before < 60)


_IN_THE_MIDDLE = """() => {
    const log = document.querySelector('[role=log]').getBoundingClientRect();
    const it = [...document.querySelectorAll('[role=log] article[data-id]')]
        .find(each => each.getBoundingClientRect().top > log.top + log.height / 2);
    return parseInt(it.querySelector('.words').textContent, 10);
}"""


def test_keys_lead_through_the_log(talk: Talk) -> None:
    ruth, _, chat = talk("ruth", "sven", 320)
    page = ruth.page
    page.goto(f"{ruth.url}/#/chats/{chat}")
    expect(message(page, 0)).to_be_in_viewport()
    log(page).focus()
    page.keyboard.press("End")
    expect(message(page, 319)).to_be_in_viewport()
    page.keyboard.press("ArrowUp")
    expect(message(page, 319)).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(message(page, 318)).to_be_focused()
    at = log(page).evaluate("it => it.scrollTop")
    page.keyboard.press("PageUp")
    page.wait_for_function(f"() => document.querySelector('[role=log]').scrollTop < {at} - 200")
    page.keyboard.press("Home")
    expect(message(page, 0)).to_be_focused()
    expect(log(page).get_by_text("The conversation begins here")).to_be_visible()
    page.keyboard.press("ArrowDown")
    expect(message(page, 1)).to_be_focused()

    page.keyboard.press("r")
    expect(composer(page)).to_be_focused()
    expect(page.locator(".composer")).to_contain_text("Sven")
    page.keyboard.press("Escape")
    message(page, 1).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("menuitem", name="Reply")).to_be_visible()
    page.keyboard.press("Escape")
    expect(message(page, 1)).to_be_focused()
    page.keyboard.press("Delete")
    expect(page.get_by_role("dialog")).to_contain_text("Delete")
    page.keyboard.press("Escape")
    message(page, 1).focus()
    page.keyboard.press("Escape")
    expect(composer(page)).to_be_focused()


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_a_day_is_one_click_away(talk: Talk, size: dict[str, int]) -> None:
    width = size["width"]
    tara, _, chat = talk(f"tara{width}", f"ulf{width}", 120, size)
    page = tara.page
    page.goto(f"{tara.url}/#/chats/{chat}")
    expect(page.get_by_role("separator")).to_be_in_viewport()
    newest(page).click()
    expect(message(page, 119)).to_be_in_viewport()
    if size == PHONE:
        page.locator("main header").get_by_role("button", name="Search in this chat").click()
    page.get_by_role("button", name="Go to a date").first.click()
    today = page.evaluate(
        "new Date(Date.now() - new Date().getTimezoneOffset() * 60000).toISOString().slice(0, 10)"
    )
    page.locator("dialog input[type=date]").fill(today)
    page.locator("dialog .main-button").click()
    expect(message(page, 0)).to_be_in_viewport()
    expect(message(page, 0)).to_be_focused()
    without_gap(page)


def test_who_listens_hears_each_message_once_and_of_many_only_how_many(talk: Talk) -> None:
    vera, line, chat = talk("vera", "wim", 1)
    page = vera.page
    page.goto(f"{vera.url}/#/chats/{chat}")
    expect(message(page, 0)).to_be_in_viewport()
    expect(log(page)).to_have_attribute("aria-live", "off")
    page.evaluate(HEARD)
    line.say(chat, "hello")
    page.wait_for_function("() => heard.includes('Wim: hello')")
    line.say(chat, *numbered(range(1, 41)))
    page.wait_for_function("() => heard.at(-1).includes('Wim: 0040 said')")
    heard: list[str] = page.evaluate("heard")
    assert heard.count("Wim: hello") == 1
    assert len(heard) < 20
    assert "new message" in heard[-1] or "Wim: 0040 said" in heard[-1]


class Cable:
    """The wire of a page, which can be pulled out."""

    def __init__(self, page: Page) -> None:
        self._is_cut = False
        self._open: list[WebSocketRoute] = []
        page.route_web_socket("**/socket", self._plug)

    def _plug(self, wire: WebSocketRoute) -> None:
        if self._is_cut:
            wire.close()
            return
        wire.connect_to_server()
        self._open.append(wire)

    def cut(self) -> None:
        self._is_cut = True
        for each in self._open:
            each.close()
        self._open.clear()

    def mend(self, page: Page) -> None:
        self._is_cut = False
        page.evaluate("dispatchEvent(new Event('online'))")


@pytest.mark.parametrize("kind", ["end", "back"])
def test_a_gap_of_many_pages_is_healed(talk: Talk, kind: str) -> None:
    """For who is at the end of the chat, and for who looks back."""
    is_at_end = kind == "end"
    xenia, line, chat = talk(f"xenia-{kind}", f"yuri-{kind}", 120)
    page = xenia.page
    cable = Cable(page)
    page.goto(f"{xenia.url}/#/chats/{chat}")
    page.reload()
    newest(page).click()
    expect(message(page, 119)).to_be_in_viewport()
    if not is_at_end:
        log(page).evaluate("it => it.scrollTop -= 1500")
        expect(newest(page)).to_be_visible()
    seen = page.evaluate(_IN_THE_MIDDLE)
    cable.cut()
    line.say(chat, *numbered(range(120, 620)))
    expect(page.get_by_text("No connection")).to_be_visible()
    cable.mend(page)
    expect(page.get_by_text("No connection")).to_have_count(0)
    expect(page.locator("a.row")).to_contain_text("0619 said")
    if is_at_end:
        expect(message(page, 619)).to_be_in_viewport()
    else:
        expect(message(page, seen)).to_be_in_viewport()
        expect(newest(page)).to_contain_text("99+")
    first, _ = without_gap(page)
    # All the way through the gap: nothing is missing, nothing is there twice.
    page.keyboard.press("Escape")
    log(page).focus()
    page.keyboard.press("Home")
    expect(message(page, 0)).to_be_focused()
    last = 0
    while last < 619:
        log(page).evaluate("it => it.scrollTop = it.scrollHeight")
        page.wait_for_function(f"last => ({NUMBERS})().at(-1) > last || last >= 619", arg=last)
        _, last = without_gap(page)
    assert first <= 619
