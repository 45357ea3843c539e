"""Every page and window of the web client, one after another: a tour for who looks and for what measures."""

import io
import math
import struct
import wave
from collections.abc import Callable
from dataclasses import dataclass, field

from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.client import (
    Line,
    Person,
    act,
    bubbles,
    composer,
    picture,
    shot,
    upload,
    violations,
    write,
)

LANGUAGES = ("en", "ru")
THEMES = ("light", "dark")

LONG_NAME = "Сотрудничество по благоустройству набережной Екатеринбурга и её окрестностей"
BLUR = "LEHV6nWB2yk8pyo0adR*.7kCMdnj"

SET = """some => {
    const kept = {...JSON.parse(localStorage['tertulia.settings'] || '{}'), ...some};
    localStorage['tertulia.settings'] = JSON.stringify(kept);
    // As if another tab had changed it: the page follows at once.
    dispatchEvent(new StorageEvent('storage', {key: 'tertulia.settings'}));
}"""

CUT_OFF = """() => {
    const found = [];
    const isThere = node => node.checkVisibility({opacityProperty: true, visibilityProperty: true});
    if (document.documentElement.scrollWidth > innerWidth) found.push('the page is wider than the window');
    for (const node of document.querySelectorAll('button, a, h1, h2, strong, label, legend, p, small, time, input, select')) {
        if (!isThere(node) || node.closest('.hidden-words, [aria-hidden=true], [inert]')) continue;
        const {left, right, width} = node.getBoundingClientRect();
        const style = getComputedStyle(node);
        const what = `${node.localName}.${node.className} "${node.textContent.trim().slice(0, 40)}"`;
        const isCut = node.scrollWidth > node.clientWidth + 1 && style.display !== 'inline';
        if (isCut && node.localName !== 'input' && style.textOverflow !== 'ellipsis') found.push(`cut off: ${what}`);
        if (width && (left < -1 || right > innerWidth + 1)) found.push(`outside: ${what}`);
    }
    return found;
}"""
"""What cannot be read because there is no room for it."""


@dataclass
class Tour:
    """Looks at a page in both languages and themes, keeps how it looks, and remembers what is wrong.

    Axe goes by all its rules in each language and in each theme, light English and dark Russian; in the
    other two looks by the one rule that depends on both, on colours and on where the words lie.
    """

    page: Page
    size: str
    wrong: list[str] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)

    def look(self, what: str) -> None:
        """Look at the page as it is."""
        self.seen.append(what)
        for place, language in enumerate(LANGUAGES):
            self.page.evaluate(SET, {"language": language})
            self._notice(what, language, self.page.evaluate(CUT_OFF))
            for at, theme in enumerate(THEMES):
                self.page.evaluate(SET, {"theme": theme})
                shot(self.page, f"{what}-{language}-{theme}-{self.size}")
                is_first = place == at == 0
                rule = "" if place == at else "color-contrast"
                found = violations(self.page, with_styles=is_first, rule=rule)
                self._notice(what, f"{language}, {theme}", found)
        self.page.evaluate(SET, {"language": "en"})

    def _notice(self, what: str, how: str, mistakes: list[str]) -> None:
        self.wrong += [f"{what}, {how}: {each}" for each in mistakes]


def answer_with(facts: dict[str, object]) -> Callable[[Route], None]:
    """A server that says other things about itself."""

    def fulfil(route: Route) -> None:
        route.fulfill(json={**route.fetch().json(), **facts})

    return fulfil


def guests(tour: Tour, mia: Person) -> None:
    """What who is not signed in sees."""
    page = tour.page
    # How a new server looks is seen where its settings are.
    page.route("**/web.json", answer_with({"is_new": False}))
    page.reload()
    expect(page.locator("form .main-button")).to_be_visible()
    tour.look("sign-in")
    page.locator("input[name=username]").fill("nobody")
    page.locator("input[name=password]").fill("not the password")
    page.locator("form .main-button").click()
    expect(page.get_by_role("alert").filter(has_text="Wrong login")).to_be_visible()
    tour.look("sign-in-wrong")
    # Through all languages and back: what was wrong is still said.
    expect(page.get_by_role("alert").filter(has_text="Wrong login")).to_be_visible()
    page.goto(mia.url + "/#/sign/up")
    tour.look("sign-up")
    page.goto(mia.url + "/#/sign/code")
    tour.look("sign-code")
    page.unroute("**/web.json")
    page.route("**/web.json", answer_with({"is_new": False, "registration": "invite"}))
    page.goto("about:blank")
    page.goto(mia.url + "/#/invite/Abc-123")
    expect(page.locator("input[name=invite]")).to_have_value("Abc-123")
    page.wait_for_load_state("networkidle")
    tour.look("sign-invite")
    page.unroute("**/web.json")


def chats(tour: Tour, mia: Person) -> None:
    """The column of chats and its search; each state of it."""
    page = tour.page
    page.goto(mia.url + "/#/")
    row(page, "Sunday").wait_for()
    tour.look("chats")
    row(page, "Harbour").click(button="right")
    page.get_by_role("menu").wait_for()
    tour.look("chats-menu")
    page.get_by_role("menuitem", name="Leave").click()
    page.locator("dialog").wait_for()
    tour.look("chats-leave")
    page.keyboard.press("Escape")
    search = page.locator(".head input[type=search]")
    search.fill("br")
    page.get_by_text("I can bring").first.wait_for()
    tour.look("search")
    search.fill("zxqzxq")
    page.get_by_text("Nothing found").first.wait_for()
    tour.look("search-nothing")
    search.fill("")


def history(tour: Tour, mia: Person) -> None:
    """A chat, and what can be done with a message."""
    page = tour.page
    row(page, "Sunday").click()
    page.locator("[role=log] img.there").first.wait_for()
    tour.look("chat-unread")
    page.get_by_role("button", name="To the newest message").click()
    expect(bubbles(page).last).to_be_in_viewport()
    tour.look("chat")
    bubbles(page).last.click(button="right", position={"x": 12, "y": 12})
    expect(page.get_by_role("menu")).to_be_visible()
    tour.look("menu")
    page.keyboard.press("Escape")
    for action, name in (
        ("Forward", "forward"),
        ("Delete", "delete"),
        ("Who reacted", "who-reacted"),
    ):
        act(page, "Perfect", action)
        page.locator("dialog").wait_for()
        tour.look(name)
        page.keyboard.press("Escape")
        expect(page.locator("dialog")).to_have_count(0)
    act(page, "Perfect", "Select")
    page.get_by_role("toolbar").wait_for()
    tour.look("selected")
    page.get_by_role("button", name="Cancel selection").click()
    act(page, "Perfect", "Reply")
    composer(page).fill("One line\nand another one\nand a third")
    tour.look("reply")
    page.get_by_role("button", name="Cancel", exact=True).click()
    composer(page).fill("")
    page.get_by_role("button", name="Emoji").click()
    tour.look("emoji")
    page.get_by_role("button", name="Emoji").click()
    page.locator("[role=log] button.pill").last.click()
    page.locator("dialog").wait_for()
    tour.look("date")
    page.keyboard.press("Escape")
    page.locator("main header a.who").click()
    page.locator(".info li").first.wait_for()
    tour.look("info-group")
    page.locator(".info").get_by_role("link", name="Close").click()
    page.get_by_role("button", name="Open picture market.png").click()
    expect(page.locator("dialog img")).to_have_js_property("naturalWidth", 640)
    tour.look("viewer")
    page.keyboard.press("Escape")


def files(tour: Tour, mia: Person) -> None:
    """Files of every kind: chosen, on their way, there, and refused."""
    page = tour.page
    page.goto(f"{mia.url}/#/")
    row(page, "Clara Moreno").click()
    page.locator(".composer input[type=file]").set_input_files([
        upload("a-very-long-name-of-a-file-that-has-no-end-and-no-space-in-it.txt", "text/plain", b"x" * 5000),
        upload("Звук моря.wav", "audio/wav", tone()),
        upload("sea.png", "image/png", picture()),
        upload("dune.png", "image/png", picture((300, 500), "peru")),
    ])  # fmt: skip
    expect(page.locator(".files li")).to_have_count(4)
    tour.look("files-chosen")
    page.route("**/files/*", hold_uploads)
    write(page, "Four files")
    page.locator("progress").first.wait_for()
    tour.look("files-leaving")
    page.unroute("**/files/*")
    page.reload()
    expect(page.locator("article[data-id] audio")).to_be_visible()
    expect(page.locator("article[data-id] img.there")).to_have_count(2)
    tour.look("files-there")


def row(page: Page, name: str) -> Locator:
    """A chat in the column."""
    return page.locator("a.row").filter(has=page.locator("bdi.name", has_text=name))


def hold_uploads(route: Route) -> None:
    """Uploads that never end."""
    if route.request.method != "PUT":
        route.continue_()


def others(tour: Tour, mia: Person) -> None:
    """A person's page, an empty chat, one that is gone, new chats, settings."""
    page = tour.page
    page.goto(f"{mia.url}/#/")
    row(page, "Harbour").click()
    page.get_by_text("Nobody has written here yet").wait_for()
    tour.look("chat-empty")
    page.goto(f"{mia.url}/#/")
    row(page, LONG_NAME[:20]).click()
    expect(bubbles(page).last).to_be_visible()
    tour.look("chat-long-names")
    page.locator("main header a.who").click()
    page.locator(".info li").first.wait_for()
    tour.look("info-long-names")
    page.goto(f"{mia.url}/#/chats/{'0' * 24}")
    page.get_by_text("not here").wait_for()
    tour.look("chat-gone")
    page.goto(f"{mia.url}/#/")
    row(page, "Clara Moreno").click()
    page.locator("main header a.who").click()
    page.locator(".info").wait_for()
    tour.look("info-person")
    for path in ("contacts", "new", "new/group", "new/channel"):
        page.goto(f"{mia.url}/#/{path}")
        page.locator(":is(.body, .list, .empty):visible").last.wait_for()
        page.wait_for_load_state("networkidle")
        tour.look(path.replace("/", "-"))
    page.locator("input[type=file]").first.set_input_files(
        upload("sea.png", "image/png", picture())
    )
    page.get_by_role("dialog", name="Choose a part of the picture").wait_for()
    tour.look("crop")
    page.keyboard.press("Escape")
    page.goto(f"{mia.url}/#/settings")
    page.get_by_role("button", name="Sign out", exact=True).click()
    page.locator("dialog").wait_for()
    tour.look("sign-out")
    page.keyboard.press("Escape")


def tone() -> bytes:
    """A second of sound."""
    out = io.BytesIO()
    with wave.open(out, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(
            b"".join(struct.pack("<h", int(9000 * math.sin(i / 3))) for i in range(8000))
        )
    return out.getvalue()


def furnish(base_url: str, login: str, name: str) -> None:
    """Some chats to look at."""
    line = Line(base_url, login)
    me = line.id
    olga, boris, clara, konst = (
        _friend(line, base_url, name, first, last)
        for first, last in (
            ("Olga", "Petrova"), ("Boris", "Lind"), ("Clara", "Moreno"),
            ("Константин", "Вознесенский-Ордын"),
        )
    )  # fmt: skip
    konst.ask("conversation_create", type="c", name=f"Harbour news {name}", participants=[me])
    meeting = konst.ask(
        "conversation_create", type="g", name=LONG_NAME, description=LONG_NAME * 2,
        participants=[me, boris.id],
    )["conversation"]["_id"]  # fmt: skip
    first = konst.say(meeting, "Здравствуйте! Превысокомногорассмотрительствующий вопрос: когда?")[
        0
    ]
    boris.say(meeting, "https://example.org/" + "a-long-way-to-go/" * 12, replied_message_id=first)
    konst.say(
        meeting, "שלום, the tram is at 17:30, مرحبا", "`line 1`\n```\n" + "wide " * 40 + "\n```"
    )
    group = olga.ask(
        "conversation_create", type="g", name="Sunday market", description="Who brings what",
        participants=[me, boris.id, clara.id],
    )["conversation"]["_id"]  # fmt: skip
    clara.say(clara.chat_with(me), "The tickets are here, **two** of them.")
    boris.say(boris.chat_with(me), "До завтра! Не забудь `ключи`.")
    _market(group, line, olga, boris, clara)
    for each in (line, olga, boris, clara, konst):
        each.close()


def _friend(line: Line, base_url: str, name: str, first: str, last: str) -> Line:
    login = f"{'konst' if first > 'Z' else first.lower()}-{name}"
    line.ask(
        "user_create", login=login, password="hush-hush-hush", first_name=first, last_name=last
    )
    return Line(base_url, login)


def _market(group: str, line: Line, olga: Line, boris: Line, clara: Line) -> None:
    boris.say(group, "Good morning! Is the market open today?")
    first = clara.say(group, "Yes, until three. I can bring *bread* and olives.")[0]
    line.say(group, "Then I bring cheese and https://example.org/wine")
    stalls = picture(colour="peru")
    (file,) = olga.ask_list(
        "create_files", [{"name": "market.png", "size": len(stalls), "content_type": "image/png"}]
    )
    olga.put(file["upload_url"], stalls)
    olga.say(
        group, "The stalls this morning",
        attachments=[{"file_id": file["_id"], "file_name": "market.png", "file_content_type": "image/png",
                      "file_size": len(stalls), "file_width": 640, "file_height": 420, "file_blur_hash": BLUR}],
    )  # fmt: skip
    last = boris.say(group, "Perfect. ```\nbread 2\nolives 1\n```", replied_message_id=first)[0]
    clara.ask("message_reactions_update", mid=last, add="👍")
    olga.ask("message_reactions_update", mid=last, add="👍")
    line.ask("message_reactions_update", mid=last, add="❤️")
    clara.say(group, "See you at ten ☕")
