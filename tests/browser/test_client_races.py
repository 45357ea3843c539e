"""Two things at once in the web client: what comes late takes nothing away, and nothing is done twice."""

import json
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, WebSocketRoute, expect

from tests.browser.client import (
    SECRET,
    Line,
    MakePerson,
    act,
    bubbles,
    composer,
    until,
    write,
)

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def sign_out(page: Page) -> None:
    """As one does it in the settings."""
    page.evaluate("location.hash = '#/settings'")
    page.get_by_role("button", name="Sign out").click()
    page.locator("dialog").get_by_role("button", name="Sign out").click()
    expect(page.locator("main form .main-button")).to_be_visible()


def test_who_signs_in_next_does_not_see_what_was_not_sent(person: MakePerson) -> None:
    """A draft lies in a chat that both are in; the browser is the same one."""
    una = person().sign_up("una", "Una")
    Line(una.url, "vito", "Vito").close()
    una.open_chat_with("vito")
    write(una.page, "hello")
    expect(bubbles(una.page)).to_have_count(1)
    other = Line(una.url, "wes", "Wes")
    una_id = other.ask("user_search", keyword="una", limit=1)["users"][0]["_id"]
    other.say(other.chat_with(una_id), "unread")
    other.close()
    expect(una.page).to_have_title("(1) Vito · Tertulia")
    composer(una.page).fill("never to be sent")
    chat = una.page.url.rsplit("/", 1)[1]
    sign_out(una.page)
    page = una.page
    expect(page).to_have_title("Tertulia")
    expect(page.locator("link[rel=icon]")).to_have_attribute("href", "/icons/icon.svg")
    page.evaluate("location.hash = '#/sign'")
    page.locator("input[name=username]").fill("vito")
    page.locator("input[name=password]").fill(SECRET)
    page.locator("form .main-button").click()
    expect(page.locator("a.row")).to_contain_text("hello")
    page.goto(f"{una.url}/#/chats/{chat}")
    expect(bubbles(page)).to_have_count(1)
    assert composer(page).input_value() == ""
    assert "never" not in page.evaluate("JSON.stringify(localStorage)")


def test_a_page_that_starts_while_its_session_is_renewed_elsewhere_has_one_line(
    person: MakePerson,
) -> None:
    """Another tab's new token comes while this one opens its store, which takes its time."""
    wim = person().sign_up("wim", "Wim")
    page = wim.context.new_page()
    lines: list[str] = []
    page.on("websocket", lambda socket: lines.append(socket.url))
    page.add_init_script(
        """const open = IDBFactory.prototype.open;
        IDBFactory.prototype.open = function (...args) {
            const proxy = new EventTarget(), real = open.apply(this, args);
            for (const name of ['upgradeneeded', 'success', 'error'])
                real['on' + name] = () => name === 'upgradeneeded' ? proxy.onupgradeneeded?.()
                    : setTimeout(() => proxy['on' + name]?.(), 700);
            Object.defineProperty(proxy, 'result', {get: () => real.result});
            window.opened = (window.opened ?? 0) + 1;
            return proxy;
        };
        addEventListener('storage', () => window.renewed = true);"""
    )
    page.goto(wim.url)
    until(page, "() => window.opened > 0")
    wim.page.evaluate(
        """() => { const kept = JSON.parse(localStorage['tertulia.session']);
        localStorage['tertulia.session'] = JSON.stringify({...kept, expiresAt: kept.expiresAt + 1}); }"""
    )
    until(page, "() => window.renewed")
    expect(page.locator("a.me")).to_be_visible()
    assert page.evaluate("window.opened") == 1
    assert len(lines) == 1


def test_an_edit_that_is_answered_late_does_not_end_the_next_one(person: MakePerson) -> None:
    """The first edit is given up for another message before the server has answered it."""
    held: list[str] = []
    release: list[Callable[[], None]] = []
    xenia = person(service_workers="block")
    Line(xenia.url, "yves", "Yves").close()

    def line(ws: WebSocketRoute) -> None:
        server = ws.connect_to_server()
        wanted: list[int] = []

        def asked(text: str | bytes) -> None:
            packet = json.loads(text)
            if "message_edit" in packet.get("request", {}):
                wanted.append(packet["request"]["id"])
            server.send(text)

        def answered(text: str | bytes) -> None:
            packet = json.loads(text)
            if packet.get("response", {}).get("id") in wanted:
                held.append(str(text))
                release.append(lambda: ws.send(text))
            else:
                ws.send(text)

        ws.on_message(asked)
        server.on_message(answered)

    xenia.page.route_web_socket("**/socket", line)
    xenia.sign_up("xenia", "Xenia")
    xenia.open_chat_with("yves")
    page = xenia.page
    write(page, "first")
    write(page, "second")
    expect(bubbles(page)).to_have_count(2)
    act(page, "first", "Edit")
    write(page, "first, better")
    while not held:
        page.wait_for_timeout(25)
    act(page, "second", "Edit")
    composer(page).fill("second, much better")
    page.locator(".head input[type=search]").focus()
    release[0]()
    expect(bubbles(page).first).to_contain_text("first, better")
    expect(page.locator(".composer")).to_contain_text("Edit")
    expect(page.locator(".head input[type=search]")).to_be_focused()
    assert composer(page).input_value() == "second, much better"


def test_an_answer_to_what_was_deleted_meanwhile_is_not_lost(person: MakePerson) -> None:
    """One says why it did not leave, and it leaves without the message it answers."""
    zoe = person().sign_up("zoe", "Zoe")
    line = Line(zoe.url, "adam", "Adam")
    zoe.open_chat_with("adam")
    page = zoe.page
    write(page, "hello")
    chat = line.hears("message")["cid"]
    (question,) = line.say(chat, "shall we?")
    act(page, "shall we?", "Reply")
    line.ask("message_delete", cid=chat, ids=[question], type="all")
    expect(bubbles(page)).to_have_count(1)
    write(page, "with pleasure")
    expect(page.locator(".why")).to_contain_text("The message it answers was deleted.")
    page.get_by_role("button", name="Send again").click()
    assert line.hears("message")["body"] == "with pleasure"
    expect(page.locator("article:not([data-id])")).to_have_count(0)
    line.close()


def test_what_is_deleted_or_edited_elsewhere_is_picked_as_it_is_now(person: MakePerson) -> None:
    """Nothing is sent on or copied that its author has taken back."""
    ada = person().sign_up("ada-picks", "Ada")
    page = ada.page
    line = Line(ada.url, "bela-picks", "Bela")
    chat = line.chat_with(line.ask("user_search", keyword="ada-picks")["users"][0]["_id"])
    said = line.say(chat, "first", "second", "third")
    page.locator("a.row").click()
    act(page, "first", "Select")
    bubbles(page).nth(1).click()
    bubbles(page).nth(2).click()
    bar = page.get_by_role("toolbar")
    expect(bar.get_by_role("status")).to_have_text("3 selected")
    line.ask("message_delete", cid=chat, ids=[said[0]], type="all")
    expect(bar.get_by_role("status")).to_have_text("2 selected")
    line.ask("message_edit", id=said[1], body="second thoughts")
    expect(bubbles(page).first).to_contain_text("second thoughts")
    line.ask("message_delete", cid=chat, ids=[said[2]], type="all")
    expect(bar.get_by_role("status")).to_have_text("1 selected")
    bar.get_by_role("button", name="Forward").click()
    dialog = page.get_by_role("dialog")
    dialog.locator("li button").first.click()
    dialog.get_by_role("button", name="Forward").click()
    assert line.hears("message")["body"] == "second thoughts"
    # When none is left, one is no longer picking. The last one is her own.
    expect(bubbles(page).filter(has_text="second thoughts")).to_have_count(2)
    act(page, "second thoughts", "Select")
    expect(bar).to_be_visible()
    picked = page.locator("article.picked").get_attribute("data-id")
    ada_line = Line(ada.url, "ada-picks")
    ada_line.ask("message_delete", cid=chat, ids=[picked], type="all")
    expect(bar).to_have_count(0)
    expect(composer(page)).to_be_visible()
    ada_line.close()
    line.close()


def test_a_quote_says_nothing_that_was_taken_back(person: MakePerson) -> None:
    """What it quotes is far above, and was never on the page."""
    someone = person().sign_up("cleo-quotes", "Cleo")
    page = someone.page
    line = Line(someone.url, "dan-quotes", "Dan")
    chat = line.chat_with(line.ask("user_search", keyword="cleo-quotes")["users"][0]["_id"])
    (said,) = line.say(chat, "a slip of the tongue")
    line.say(chat, *(f"{number} more" for number in range(80)))
    cleo = Line(someone.url, "cleo-quotes")
    cleo.ask("message_read", cid=chat)
    cleo.close()
    line.say(chat, "as I said", replied_message_id=said)
    page.locator("a.row").click()
    quote = page.locator(".quote")
    expect(quote).to_contain_text("a slip of the tongue")
    line.ask("message_delete", cid=chat, ids=[said], type="all")
    expect(quote).to_contain_text("Deleted message")
    expect(page.locator("body")).not_to_contain_text("a slip of the tongue")
    line.close()
