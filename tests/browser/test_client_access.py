"""The web client by keyboard alone, by ear, enlarged, and without a jump."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.client import (
    DESKTOP,
    PHONE,
    SECRET,
    Line,
    MakePerson,
    act,
    bubbles,
    composer,
    picture,
    shot,
    upload,
    write,
)
from tests.browser.pages import CUT_OFF, SET, furnish, hold_uploads
from tests.stories.process import Process

pytestmark = [pytest.mark.browser, pytest.mark.slow]

FOCUSED = """() => {
    const it = document.activeElement;
    if (!it || it === document.body) return ['', true];
    const name = it.getAttribute('aria-label') || it.labels?.[0]?.textContent || it.textContent || it.name || it.id;
    const isSeen = node => {
        const style = getComputedStyle(node);
        return style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 1;
    };
    return [name.trim(), isSeen(it) || !!it.parentElement && isSeen(it.parentElement)];
}"""
"""What has the focus, and whether one sees it."""

LISTEN = """() => {
    window.heard = [];
    const voice = document.querySelector('[data-announcer]');
    new MutationObserver(() => window.heard.push(voice.textContent.trim()))
        .observe(voice, {childList: true, characterData: true, subtree: true});
}"""

JUMPS = """
    window.jumps = [];
    new PerformanceObserver(list => {
        for (const it of list.getEntries()) {
            // What somebody has just asked for is no jump.
            if (!it.hadRecentInput) window.jumps.push([it.value, ...it.sources.map(each => each.node?.className || '')]);
        }
    }).observe({type: 'layout-shift', buffered: true});
"""


HEIGHT = "it => it.getBoundingClientRect().height"
KINDS = {"png": "image/png", "bin": "application/octet-stream"}


class Keys:
    """Hands that have no mouse: they see where the focus is, or complain."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.unseen: list[str] = []

    def press(self, *keys: str) -> None:
        """Press keys, one after another."""
        for key in keys:
            self.page.keyboard.press(key)

    def to(self, name: str, key: str = "Tab", most: int = 60) -> None:
        """Press a key until what bears this name has the focus."""
        passed: list[str] = []
        for _ in range(most):
            self.page.keyboard.press(key)
            there, is_seen = self.page.evaluate(FOCUSED)
            if not is_seen:
                self.unseen.append(there)
            if name in there:
                return
            passed.append(there)
        pytest.fail(f"No key leads to {name}, only to {passed}")

    def type(self, text: str) -> None:
        """Write."""
        self.page.keyboard.type(text)


def test_everything_is_done_without_a_mouse(person: MakePerson, house: Process) -> None:
    """Sign up, start a chat, write, reply, react, edit, delete, settings, sign out; the focus is always seen."""
    tom = Line(house.base_url, "tom", "Tom")
    una = person(DESKTOP)
    page, keys = una.page, Keys(una.page)
    expect(page.locator("form .main-button")).to_be_visible()
    keys.to("New here?")
    keys.press("Enter")
    expect(page.locator("input[name=name]")).to_be_visible()
    keys.to("Login")
    keys.type("una")
    keys.to("First name")
    keys.type("Una")
    keys.to("Password")
    keys.type(SECRET)
    keys.press("Enter")
    expect(page.locator("a.me")).to_be_visible()

    keys.to("Search")
    keys.type("tom")
    page.locator("button.found").first.wait_for()
    keys.to("Tom")
    keys.press("Enter")
    expect(composer(page)).to_be_focused()
    keys.type("hello Tom")
    keys.press("Enter")
    chat = tom.hears("message")["cid"]
    tom.say(chat, "hello Una")
    expect(bubbles(page)).to_have_count(2)

    keys.to("Messages", "Shift+Tab")
    keys.press("ArrowUp", "Enter")
    expect(page.get_by_role("menuitem", name="Reply")).to_be_visible()
    keys.to("Reply", "ArrowDown")
    keys.press("Enter")
    expect(composer(page)).to_be_focused()
    keys.type("I am here")
    keys.press("Enter")
    expect(bubbles(page).last.locator(".quote")).to_contain_text("hello Una")
    # The last message is put right by the arrow, without leaving the field.
    keys.press("ArrowUp")
    expect(composer(page)).to_have_value("I am here")
    keys.type(" now")
    keys.press("Enter")
    expect(bubbles(page).last).to_contain_text("I am here now")

    keys.to("Messages", "Shift+Tab")
    keys.press("ArrowUp", "ArrowUp", "Enter")
    keys.to("React with", "ArrowDown")
    keys.press("Enter")
    assert tom.hears("message_reactions_update")["add"]
    keys.to("Messages", "Shift+Tab", 80)
    keys.press("End", "ArrowUp", "Enter")
    keys.to("Delete", "ArrowDown")
    keys.press("Enter")
    expect(page.locator("dialog")).to_be_visible()
    keys.to("Delete for everybody")
    keys.press("Enter")
    expect(bubbles(page)).to_have_count(2)

    keys.to("Settings", "Shift+Tab", 80)
    keys.press("Enter")
    expect(page.locator("h1", has_text="Settings")).to_be_visible()
    keys.to("Sign out", most=120)
    keys.press("Enter")
    expect(page.locator("dialog")).to_be_visible()
    keys.press("Escape")
    expect(page.locator("dialog")).to_have_count(0)
    # Back where one was.
    expect(page.get_by_role("button", name="Sign out")).to_be_focused()
    keys.press("Enter")
    expect(page.locator("dialog")).to_be_visible()
    keys.to("Sign out")
    keys.press("Enter")
    expect(page.locator("form .main-button")).to_be_visible()
    assert keys.unseen == []
    tom.close()


def test_who_listens_hears_each_message_once(person: MakePerson, house: Process) -> None:
    """There is one log and one polite voice; it says what others write into the open chat, once."""
    vera = person(DESKTOP).sign_up("vera", "Vera")
    page = vera.page
    will = Line(house.base_url, "will", "Will")
    vera.open_chat_with("will")
    write(page, "is anybody there?")
    chat = will.hears("message")["cid"]
    expect(page.locator("[role=log]")).to_have_count(1)
    live = page.locator("[aria-live=polite], [aria-live=assertive]")
    expect(live).to_have_count(1)
    page.evaluate(LISTEN)
    (said,) = will.say(chat, "<b>yes</b> **now**")
    expect(page.locator("[data-announcer]")).to_have_text("Will: <b>yes</b> now")
    heard = page.evaluate("window.heard")
    assert heard == ["Will: <b>yes</b> now"]
    # Own words, edits, and what is read or typed elsewhere are not news.
    write(page, "good")
    expect(bubbles(page).last).to_contain_text("good")
    will.ask("message_edit", id=said, body="no")
    expect(bubbles(page).nth(1)).to_contain_text("edited")
    will.tell("typing", cid=chat, status="start")
    expect(page.locator("main header")).to_contain_text("typing…")
    assert page.evaluate("window.heard") == heard
    will.close()


@pytest.mark.parametrize("language", ["en", "ru"])
def test_at_200_percent_nothing_is_lost(person: MakePerson, house: Process, language: str) -> None:
    """Half a window, and the largest text in a phone's: no sideways scrolling, nothing cut off."""
    half = {"width": 640, "height": 400}
    xena = person(half, device_scale_factor=2).sign_up(f"xena-{language}", "Xena")
    page = xena.page
    furnish(house.base_url, xena.login, f"big-{language}")
    page.locator("a.row").nth(4).wait_for()
    found: list[str] = []
    chats = page.locator("a.row").evaluate_all("all => all.map(it => it.hash)")
    for name, size, text in (("zoomed", half, "normal"), ("huge", PHONE, "huge")):
        page.set_viewport_size(size)  # type: ignore[arg-type]  # a TypedDict of just these keys
        page.evaluate(SET, {"language": language, "size": text})
        for path in (
            "#/",
            "#/new",
            "#/new/group",
            "#/settings",
            "#/settings/look",
            "#/contacts",
            *chats,
            f"{chats[0]}/info",
        ):
            page.goto(f"{xena.url}/{path}")
            page.locator(":is(main, .body, nav):visible").first.wait_for()
            found += [f"{name} {path}: {each}" for each in page.evaluate(CUT_OFF)]
            shot(page, f"{name}-{path.strip('#/').replace('/', '-')[:5]}-{language}")
        page.goto(f"{xena.url}/{chats[0]}")
        expect(composer(page)).to_be_in_viewport()
    assert not found, "\n".join(found)


def test_nothing_jumps(person: MakePerson, house: Process) -> None:
    """A chat with pictures is opened, messages and pictures come, a reload: what one looks at stays."""
    yuri = person(DESKTOP, service_workers="block").sign_up("yuri", "Yuri")
    furnish(house.base_url, "yuri", "jump")
    page = yuri.page
    page.locator("a.row").nth(4).wait_for()
    page.context.add_init_script(JUMPS)
    page.locator("a.row").filter(has_text="Sunday").click()
    page.locator("[role=log] img.there").first.wait_for()
    chat = page.url.rsplit("/", 1)[1]
    clara = Line(house.base_url, "clara-jump")
    page.reload()
    page.locator("[role=log] img.there").first.wait_for()
    page.locator("[role=log]").press("End")
    expect(bubbles(page).last).to_be_in_viewport()
    # Not by a click: browsers forgive what follows one.
    for number in range(10):
        clara.say(chat, f"news {number}")
    expect(bubbles(page).filter(has_text="news 9")).to_have_count(1)
    content = picture((900, 600), "olive")
    (file,) = clara.ask_list(
        "create_files", [{"name": "o.png", "size": len(content), "content_type": "image/png"}]
    )
    clara.put(file["upload_url"], content)
    expect(bubbles(page).last).to_be_in_viewport()
    seen = {"file_id": file["_id"], "file_name": "o.png", "file_content_type": "image/png"}
    clara.say(chat, "olives", attachments=[{**seen, "file_width": 900, "file_height": 600}])
    expect(bubbles(page).last.locator("img.there")).to_be_visible()
    # 0.1 is called good; the line above what is unread may move a little when the server has spoken.
    jumps = page.evaluate("window.jumps")
    assert sum(each[0] for each in jumps) < 0.05, jumps
    # What one sends oneself is as high on its way as when it has arrived.
    for names in (["a.png"], ["a.png", "b.png"], ["notes.bin"]):
        chosen = [upload(each, KINDS[each[-3:]], picture()) for each in names]
        page.locator(".composer input[type=file]").set_input_files(chosen)
        expect(page.locator(".files li")).to_have_count(len(names))
        page.route("**/files/*", hold_uploads)
        write(page, f"mine {names}")
        page.get_by_role("button", name="Cancel upload").wait_for()
        waiting = page.locator("article:not([data-id]) .bubble").evaluate(HEIGHT)
        page.unroute("**/files/*")
        expect(bubbles(page).filter(has_text=f"mine {names}")).to_have_count(1)
        assert abs(bubbles(page).last.evaluate(HEIGHT) - waiting) < 1.5, names
    clara.close()


def test_who_wants_no_motion_has_none(person: MakePerson) -> None:
    zoe = person(PHONE, reduced_motion="reduce").sign_up("zoe", "Zoe")
    page = zoe.page
    Line(zoe.url, "abel", "Abel").close()
    zoe.open_chat_with("abel")
    page.locator(".composer input[type=file]").set_input_files(
        upload("sea.png", "image/png", picture())
    )
    write(page, "look")
    expect(bubbles(page).last.locator("img.there")).to_be_visible()
    act(page, "look", "Delete")
    page.locator("dialog").wait_for()
    longest = page.evaluate("""() => Math.max(0, ...[...document.querySelectorAll('*')].flatMap(node => {
        const {animationDuration: a, transitionDuration: t} = getComputedStyle(node);
        return `${a}, ${t}`.split(', ').map(parseFloat);
    }))""")
    assert longest <= 0.001


@pytest.mark.parametrize("size", [{"width": 800, "height": 700}, {"width": 320, "height": 640}])
def test_large_letters_leave_room_for_what_is_said(
    person: MakePerson, size: dict[str, int]
) -> None:
    """On a tablet the column does not take more than half, and nobody writes in a chimney."""
    name = f"tilda-{size['width']}"
    tilda = person(size, locale="ru-RU").sign_up(name, "Tilda")
    line = Line(tilda.url, f"uwe-{name}", "Константин")
    page = tilda.page
    page.evaluate(SET, {"size": "huge"})
    tilda.open_chat_with(f"uwe-{name}")
    chat = page.locator("main.chat").bounding_box()
    assert chat is not None
    assert chat["width"] > size["width"] / 2
    field = composer(page).bounding_box()
    assert field is not None
    # One line, with what is around it.
    assert field["height"] < 21 * 3
    line.close()
