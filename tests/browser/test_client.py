"""The web client in a real browser: two people, a phone and a desktop, and all that goes wrong between."""

import io
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, FilePayload, Page, expect

from tertulia.web.pages import BUILT
from tests.browser.client import (
    DESKTOP,
    PHONE,
    Line,
    Person,
    browser_for_clients,
    bubbles,
    composer,
    free_port,
    server_at,
    shot,
    texts,
    violations,
    write,
)
from tests.stories.process import Process, serving

pytestmark = [pytest.mark.browser, pytest.mark.slow]

MakePerson = Callable[..., Person]

SET = """some => {
    const kept = {...JSON.parse(localStorage['tertulia.settings'] || '{}'), ...some};
    localStorage['tertulia.settings'] = JSON.stringify(kept);
    // As if another tab had changed it: the page follows at once.
    dispatchEvent(new StorageEvent('storage', {key: 'tertulia.settings'}));
}"""


@pytest.fixture(scope="module")
def clients() -> Iterator[Browser]:
    assert (BUILT / "index.html").exists(), "The client is not built: python client/node.py build"
    with browser_for_clients() as running:
        yield running


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    with serving(tmp_path_factory.mktemp("house")) as running:
        yield running


@pytest.fixture
def person(clients: Browser, house: Process) -> Iterator[MakePerson]:
    """Makes people; at the end none of their pages made a mistake."""
    made: list[Person] = []

    def new(size: dict[str, int] = DESKTOP, url: str = "", **more: object) -> Person:
        made.append(Person(clients, url or house.base_url, size, **more))
        return made[-1]

    yield new
    wrong = [words for each in made for words in each.wrong]
    for each in made:
        each.context.close()
    assert wrong == []


def upload(name: str, kind: str, content: bytes) -> FilePayload:
    return {"name": name, "mimeType": kind, "buffer": content}


def picture(size: tuple[int, int] = (640, 420), colour: str = "teal") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, "PNG")
    return out.getvalue()


def act(page: Page, text: str, action: str) -> None:
    """Do something with a message, over its menu."""
    words = page.locator("article[data-id] .words").filter(has_text=text)
    words.last.click(button="right", position={"x": 3, "y": 3})
    page.get_by_role("menuitem", name=action, exact=True).click()


def test_two_people_talk(person: MakePerson) -> None:
    anna = person(DESKTOP).sign_up("anna", "Anna").page
    boris_person = person(PHONE).sign_up("boris", "Boris")
    boris = boris_person.page
    expect(boris.get_by_text("No chats yet")).to_be_visible()

    anna.locator(".head input[type=search]").fill("bor")
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


def test_a_group_and_a_channel(person: MakePerson) -> None:
    clara_person, dora_person = (
        person(PHONE).sign_up("clara", "Clara"),
        person(DESKTOP).sign_up("dora", "Dora"),
    )
    clara, dora = clara_person.page, dora_person.page
    dora.goto(dora_person.url + "/#/new/group")
    dora.locator("form input").nth(1).fill("Tea at five")
    dora.locator("form textarea").fill("with scones")
    dora.locator("form input[type=search]").fill("clar")
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
    dora.locator("form input").nth(1).fill("Harbour news")
    dora.get_by_role("button", name="Create").click()
    write(dora, "The bridge is open")
    expect(bubbles(dora).last).to_contain_text("bridge")
    clara.locator(".head input[type=search]").fill("harbour")
    clara.locator("button.found").first.click()
    expect(bubbles(clara).last).to_contain_text("The bridge is open")
    expect(clara.get_by_text("Only admins write in this channel.")).to_be_visible()
    write(dora, "and closed")
    expect(bubbles(clara).last).to_contain_text("and closed")


def test_files_are_sent_shown_and_fetched(person: MakePerson) -> None:
    emil, fred = person(DESKTOP).sign_up("emil", "Emil"), person(PHONE).sign_up("fred", "Fred")
    emil.open_chat_with("fred")
    page = emil.page
    page.locator(".composer input[type=file]").set_input_files([
        upload("sea.png", "image/png", picture()),
        upload("broken.png", "image/png", b"no picture at all"),
        upload("<b>notes.txt", "text/plain", b"milk, tea"),
    ])  # fmt: skip
    expect(page.locator(".files li")).to_have_count(3)
    page.get_by_role("button", name="Remove broken.png").click()
    write(page, "look")
    expect(bubbles(page).last).to_contain_text("look")

    fred.page.locator("a.row").first.click()
    bubble = bubbles(fred.page).last
    expect(bubble.locator("img.there")).to_be_visible()
    expect(bubble).to_contain_text("<b>notes.txt")
    with fred.page.expect_download() as fetched:
        bubble.get_by_role("link", name="Download").click()
    assert Path(fetched.value.path()).read_bytes() == b"milk, tea"
    bubble.get_by_role("button", name="Open picture sea.png").click()
    expect(fred.page.locator("dialog img")).to_have_js_property("naturalWidth", 640)
    shot(fred.page, "viewer-phone")
    fred.page.keyboard.press("Escape")
    expect(fred.page.locator("dialog")).to_have_count(0)

    # The page is left in the middle of an upload, and takes it up again.
    page.route(
        "**/files/*", lambda route: None if route.request.method == "PUT" else route.continue_()
    )
    page.locator(".composer input[type=file]").set_input_files(
        [upload("film.bin", "application/octet-stream", bytes(300_000))]
    )
    write(page, "a film")
    expect(page.get_by_role("button", name="Cancel upload")).to_be_visible()
    page.unroute("**/files/*")
    page.reload()
    expect(bubbles(page).last).to_contain_text("film.bin")
    expect(bubbles(fred.page).last).to_contain_text("film.bin")
    expect(bubbles(fred.page).filter(has_text="film.bin")).to_have_count(1)


def test_what_was_written_offline_leaves_once(clients: Browser, tmp_path: Path) -> None:
    """Offline, reloaded, in two tabs, with the server killed in between."""
    serving_there = server_at(tmp_path, free_port())
    people: list[Person] = []
    with serving_there() as first:
        url = first.base_url
        gina = Person(clients, url, DESKTOP).sign_up("gina", "Gina")
        hugo = Person(clients, url, PHONE).sign_up("hugo", "Hugo")
        people = [gina, hugo]
        gina.open_chat_with("hugo")
        write(gina.page, "one")
        hugo.page.locator("a.row").click()
        expect(bubbles(hugo.page).last).to_contain_text("one")
        other = gina.tab(gina.page.url.removeprefix(url))
        expect(bubbles(other).last).to_contain_text("one")
        gina.page.evaluate("navigator.serviceWorker.ready.then(() => undefined)")
        gina.page.reload()
        expect(bubbles(gina.page).last).to_contain_text("one")
        gina.page.wait_for_timeout(1200)  # It keeps what it knows after a moment.
        first.signal(signal.SIGKILL)
        first.status()
    write(gina.page, "two")
    write(other, "three")
    write(hugo.page, "four")
    expect(gina.page.get_by_text("No connection")).to_be_visible()
    shot(gina.page, "line-lost")
    expect(gina.page.get_by_role("img", name="Waiting to be sent").last).to_be_visible()
    # The page opens with what was there, and with what waits.
    gina.page.reload()
    expect(gina.page.locator("[role=log]")).to_contain_text("one")
    expect(gina.page.locator("[role=log]")).to_contain_text("two")
    with serving_there():
        wanted = ["four", "one", "three", "two"]
        for page in (gina.page, other, hugo.page):
            page.evaluate("dispatchEvent(new Event('online'))")
        for page in (gina.page, other, hugo.page):
            for word in wanted:
                expect(page.locator("article[data-id]").filter(has_text=word)).to_have_count(1)
            expect(page.locator("article")).to_have_count(4)
            expect(page.get_by_text("No connection")).to_have_count(0)
        line = Line(url, "hugo")
        chat = gina.page.url.rsplit("/", 1)[1]
        assert sorted(line.list(chat)) == wanted
        line.close()
        # One of the tabs signs out, and so does the other.
        gina.page.goto(url + "/#/settings")
        gina.page.get_by_role("button", name="Sign out").click()
        gina.page.locator("dialog").get_by_role("button", name="Sign out").click()
        expect(gina.page.locator("main form .main-button")).to_be_visible()
        expect(other.locator("main form .main-button")).to_be_visible()
    for each in people:
        each.context.close()


def test_history_scrolls_in_both_directions(person: MakePerson, house: Process) -> None:
    ida, jan = person(DESKTOP).sign_up("ida", "Ida"), person(DESKTOP).sign_up("jan", "Jan")
    line = Line(house.base_url, "jan")
    ida_line = Line(house.base_url, "ida")
    chat = line.chat_with(ida_line.id)
    ids = line.say(chat, *(f"message {number:04}" for number in range(600)))
    line.say(chat, "what was the first?", replied_message_id=ids[3])
    page = ida.page
    page.goto(f"{ida.url}/#/chats/{chat}")
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
    page.wait_for_timeout(300)
    before = log.evaluate("it => it.scrollTop")
    line.say(chat, "news")
    expect(page.get_by_role("button", name="To the newest message")).to_contain_text("1")
    assert abs(log.evaluate("it => it.scrollTop") - before) < 2
    line.close()
    ida_line.close()
    jan.page.close()


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


def test_hostile_words_stay_words(person: MakePerson, house: Process) -> None:
    kim, leo = (
        person(PHONE).sign_up("kim", "\u202e<b>Kim</b>"),
        person(DESKTOP).sign_up("leo", "Leo"),
    )
    line = Line(house.base_url, "kim")
    leo_line = Line(house.base_url, "leo")
    chat = line.chat_with(leo_line.id)
    words = [
        "<img src=x onerror=alert(1)><script>alert(2)</script>",
        "javascript:alert(1) [x](javascript:alert(1)) data:text/html,<b>",
        "\u202eturned\u202d \u2066around",
        "*" * 20_000 + "`" * 20_000,
        "x" * 65_536,
        "Z̷̢̛͎̗̹͖̣a̸͓͝l̵̰̈́g̷̱̈́ö̸́ " * 50,
    ]
    line.say(chat, *words)
    # Packets that no client of ours would send.
    line.say(
        chat,
        "odd",
        x={"type": 5, "ref": ["x"]},
        attachments=[
            {
                "file_url": "javascript:alert(1)",
                "file_name": "a" * 200,
                "file_width": 9999,
                "file_height": 1,
            }
        ],
    )
    page = leo.page
    page.goto(f"{leo.url}/#/chats/{chat}")
    expect(bubbles(page).last).to_contain_text("odd")
    assert page.locator("[role=log] script, [role=log] img[src=x]").count() == 0
    assert page.locator("[role=log] a[href^=javascript], [role=log] a[href^=data]").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= DESKTOP["width"]
    shot(page, "hostile-desktop")
    # A pasted mountain of text becomes a file; too much by hand is said to be too much.
    composer(page).evaluate(
        """it => { const data = new DataTransfer(); data.setData('text/plain', 'y'.repeat(3000000));
        it.dispatchEvent(new ClipboardEvent('paste', {clipboardData: data, bubbles: true, cancelable: true})); }"""
    )
    expect(page.locator(".files li")).to_contain_text("text.txt")
    composer(page).fill("y" * 65_537)
    expect(page.locator(".composer [role=alert]")).to_contain_text("65,537")
    line.close()
    leo_line.close()
    kim.page.close()


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_every_page_is_sound(
    person: MakePerson, house: Process, size: dict[str, int], request: pytest.FixtureRequest
) -> None:
    """In both languages and themes axe finds nothing wrong; how each page looks is kept."""
    kind = request.node.callspec.id
    mia = person(size)
    page = mia.page
    found: list[str] = []

    def look(what: str) -> None:
        for language in ("en", "ru"):
            page.evaluate(SET, {"language": language})
            for theme in ("light", "dark"):
                page.evaluate(SET, {"theme": theme})
                shot(page, f"{what}-{language}-{theme}-{kind}")
                found.extend(f"{what}, {language}, {theme}: {each}" for each in violations(page))
        page.evaluate(SET, {"language": "en"})

    expect(page.locator("form .main-button")).to_be_visible()
    look("sign-in")
    page.goto(mia.url + "/#/sign/up")
    look("sign-up")
    page.goto(mia.url + "/#/sign/code")
    look("code")
    mia.sign_up(f"mia-{kind}", "Mia")
    look("empty")
    _furnish(house.base_url, mia.login, kind)
    page.locator("a.row").nth(2).wait_for()
    look("chats")
    page.locator("a.row").filter(has_text="Sunday").click()
    page.locator("[role=log] img.there").first.wait_for()
    look("chat")
    page.get_by_role("button", name="To the newest message").click()
    bubbles(page).last.click(button="right", position={"x": 12, "y": 12})
    expect(page.get_by_role("menu")).to_be_visible()
    look("menu")
    page.keyboard.press("Escape")
    page.locator("main header a.who").click()
    page.locator(".info li").first.wait_for()
    look("info")
    for path, what in (("settings", "settings"), ("new", "new"), ("new/group", "new-group")):
        page.goto(f"{mia.url}/#/{path}")
        page.locator(".body").wait_for()
        look(what)
    assert found == []


def _furnish(base_url: str, login: str, name: str) -> None:
    """Some chats to look at."""
    line = Line(base_url, login)
    me = line.id
    friends = []
    for first, last in (("Olga", "Petrova"), ("Boris", "Lind"), ("Clara", "Moreno")):
        friend = f"{first.lower()}-{name}"
        line.ask(
            "user_create", login=friend, password="hush-hush-hush", first_name=first, last_name=last
        )
        friends.append(Line(base_url, friend))
    olga, boris, clara = friends
    group = olga.ask(
        "conversation_create", type="g", name="Sunday market", description="Who brings what",
        participants=[me, boris.id, clara.id],
    )["conversation"]["_id"]  # fmt: skip
    clara.say(clara.chat_with(me), "The tickets are here, **two** of them.")
    boris.say(boris.chat_with(me), "До завтра! Не забудь `ключи`.")
    boris.say(group, "Good morning! Is the market open today?")
    first = clara.say(group, "Yes, until three. I can bring *bread* and olives.")[0]
    line.say(group, "Then I bring cheese and https://example.org/wine")
    blur = "LEHV6nWB2yk8pyo0adR*.7kCMdnj"
    stalls = picture(colour="peru")
    (file,) = olga.ask_list(
        "create_files", [{"name": "market.png", "size": len(stalls), "content_type": "image/png"}]
    )
    olga.put(file["upload_url"], stalls)
    olga.say(
        group, "The stalls this morning",
        attachments=[{"file_id": file["_id"], "file_name": "market.png", "file_content_type": "image/png",
                      "file_size": len(stalls), "file_width": 640, "file_height": 420, "file_blur_hash": blur}],
    )  # fmt: skip
    last = boris.say(group, "Perfect. ```\nbread 2\nolives 1\n```", replied_message_id=first)[0]
    clara.ask("message_reactions_update", mid=last, add="👍")
    olga.ask("message_reactions_update", mid=last, add="👍")
    line.ask("message_reactions_update", mid=last, add="❤️")
    clara.say(group, "See you at ten ☕")
    for each in (line, *friends):
        each.close()
