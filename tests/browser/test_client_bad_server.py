"""A server that answers errors, nonsense, halves or nothing; a browser that keeps nothing; a wrong clock.

The page stays whole and says in a sentence what happened.
"""

import json
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from playwright.sync_api import Page, Route, WebSocketRoute, expect

from tests.browser.client import (
    DESKTOP,
    PHONE,
    SECRET,
    Line,
    MakePerson,
    Person,
    bubbles,
    eventually,
    picture,
    shot,
    upload,
    write,
)

pytestmark = [pytest.mark.browser, pytest.mark.slow]

Mangle = Callable[[str, dict[str, Any]], list[str]]
"""What the page hears instead of an answer, given the request's name and the answer."""


class BadLine:
    """A line to the server on which somebody changes what the server says."""

    def __init__(self, page: Page) -> None:
        self.mangle: Mangle = lambda _name, packet: [json.dumps(packet)]
        self._asked: dict[int, str] = {}
        page.route_web_socket("**/socket", self._opened)

    def _opened(self, socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()

        def says(message: str | bytes) -> None:
            request = json.loads(message).get("request", {})
            for name in request:
                if name != "id":
                    self._asked[request["id"]] = name
            server.send(message)

        def hears(message: str | bytes) -> None:
            packet = json.loads(message)
            name = self._asked.pop(packet.get("response", {}).get("id"), "")
            for each in self.mangle(name, packet):
                socket.send(each)

        socket.on_message(says)
        server.on_message(hears)


def whole(who: Person) -> None:
    """Nothing was thrown; what the browser itself says of failed requests does not count."""
    who.wrong[:] = [each for each in who.wrong if not each.startswith("Failed to load resource")]
    assert who.wrong == []
    expect(who.page.get_by_text("Something on this page is broken")).to_have_count(0)


def refused(name: str, packet: dict[str, Any], status: int = 500) -> list[str]:
    """An error instead of an answer."""
    number = packet["response"]["id"] if name else 0
    return [json.dumps({"response": {"id": number, "error": {"status": status, "message": "?"}}})]


@pytest.fixture
def two(person: MakePerson) -> tuple[Person, Line]:
    """Somebody with a page and a chat, and who is in that chat."""
    ada = person(DESKTOP, service_workers="block")
    login = f"ada{ada.page.evaluate('Math.random().toString(36).slice(2, 9)')}"
    ada.sign_up(login, "Ada")
    bert = Line(ada.url, f"bert-{login}", "Bert")
    ada.open_chat_with(f"bert-{login}")
    write(ada.page, "hello")
    expect(bubbles(ada.page)).to_have_count(1)
    return ada, bert


NONSENSE = (
    "{", "null", "[]", "5", '"x"', "{}", '{"response": null}', '{"response": {"id": {}}}', '{"message": null}',
    '{"message": {}}', '{"message": {"_id": {}, "cid": [], "body": 5, "attachments": "x", "t": "x", "from": null}}',
    '{"message_edit": {"id": null}}', '{"message_delete": {"ids": 5}}', '{"message_read": {"cid": {}, "ids": [{}]}}',
    '{"message_reactions_update": {"mid": 5, "add": {}}}', '{"typing": {"cid": {}, "from": [1]}}', '{"last_activity": {"x": {}}}',
    '{"system_message": {"x": {"conversation_created": {"_id": 5, "participants": [null], "updated_at": {}}}}}',
    '{"system_message": {"x": {"conversation_kicked": 5}}}', '{"chat_settings": {"cid": 5}}', '{"ask": {}}', '{"ack": {"mid": {}}}',
    '{"' + "x" * 100_000 + '": {}}', '{"__proto__": {"polluted": true}}', "[" * 5_000,
)  # fmt: skip


def test_nonsense_on_the_line_changes_nothing(two: tuple[Person, Line]) -> None:
    """Halves of packets, packets of wrong shapes, and thousands of brackets between good ones."""
    ada, bert = two
    bad = BadLine(ada.page)
    bad.mangle = lambda _name, packet: [*NONSENSE, json.dumps(packet), *NONSENSE]
    ada.page.reload()
    expect(bubbles(ada.page)).to_have_count(1)
    chat = ada.page.url.rsplit("/", 1)[1]
    bert.say(chat, "still there?")
    expect(bubbles(ada.page).last).to_contain_text("still there?")
    write(ada.page, "yes")
    expect(bubbles(ada.page).last).to_contain_text("yes")
    assert bert.hears("message")["body"] == "yes"
    assert ada.page.evaluate("({}).polluted") is None
    whole(ada)


ODD: list[Any] = [None, 5, "x", [], {}, {"_id": None}, {"_id": {}, "name": 5, "participants": "x"}]
SHAPES: list[tuple[str, dict[str, Any]]] = [
    ("conversation_list", {"conversations": ODD}),
    ("conversation_list", {"conversations": 5}),
    ("message_list", {"messages": ODD}),
    ("message_list", {"messages": {"x": 1}}),
    ("get_users_by_ids", {"users": ODD}),
    ("list_blocked_users", {"users": {"x": None}}),
    ("user_last_activity_subscribe", {"last_activity": [{}]}),
    ("user_search", {"users": ODD}),
]


def test_answers_of_wrong_shapes_break_nothing(two: tuple[Person, Line]) -> None:
    """Each time the page is opened anew, in the chat, and finds its way to somebody who is there."""
    ada, bert = two
    page, bad, chat = ada.page, BadLine(ada.page), ada.page.url
    for name, content in SHAPES:
        met: list[str] = []

        def mangle(
            asked: str, packet: dict[str, Any],
            name: str = name, content: dict[str, Any] = content, met: list[str] = met,
        ) -> list[str]:  # fmt: skip
            if asked != name:
                return [json.dumps(packet)]
            met.append(asked)
            return [json.dumps({"response": {"id": packet["response"]["id"], **content}})]

        bad.mangle = mangle
        page.goto("about:blank")
        page.goto(chat)
        expect(page.locator("a.me")).to_be_visible()
        page.locator(".head input[type=search]").fill("bert")
        expect(page.locator("nav").get_by_text("Bert").first).to_be_visible()
        whole(ada)
        if name not in {"get_users_by_ids", "user_search"}:
            eventually(page, partial(bool, met))
    bert.close()


def test_an_error_to_everything_is_said_and_outlived(two: tuple[Person, Line]) -> None:
    """The list, the history, a message, an edit: the server answers 500; later it is well again."""
    ada, bert = two
    page = ada.page
    bad = BadLine(page)
    failing = {"conversation_list", "message_list", "message_edit", "user_search", "user_edit"}
    bad.mangle = lambda name, packet: (
        refused(name, packet) if name in failing else [json.dumps(packet)]
    )
    # As on a computer that has kept nothing.
    page.evaluate(
        "indexedDB.databases().then(all => all.forEach(it => indexedDB.deleteDatabase(it.name)))"
    )
    chat = page.url
    page.goto("about:blank")
    page.goto(chat)
    page.get_by_text("The chats could not be loaded").first.wait_for()
    shot(page, "failing-chats")
    failing.discard("conversation_list")
    expect(page.get_by_role("button", name="Try again")).to_have_count(2)
    page.get_by_role("button", name="Try again").first.click()
    page.locator("a.row").wait_for()
    page.locator("[role=log]").get_by_text("The messages could not be loaded").wait_for()
    shot(page, "failing-messages")
    failing.discard("message_list")
    page.get_by_role("button", name="Try again").first.click()
    expect(bubbles(page)).to_have_count(1)
    page.goto(f"{ada.url}/#/settings/profile")
    page.get_by_label("Last name").fill("Lovelace")
    page.get_by_role("button", name="Save").first.click()
    expect(page.get_by_text("The server has a problem")).to_be_visible()
    bert.close()
    whole(ada)


def test_a_silent_server_is_told_of(two: tuple[Person, Line]) -> None:
    """The socket opens and nothing is ever said: what is kept can be read, and the page says what is wrong."""
    ada, bert = two
    page = ada.page
    page.evaluate("window.dispatchEvent(new Event('pagehide'))")
    bad = BadLine(page)
    bad.mangle = lambda _name, _packet: []
    page.goto("about:blank")
    page.goto(ada.url)
    expect(page.get_by_text("No connection")).to_be_visible()
    expect(page.locator("a.row")).to_contain_text("Bert")
    page.locator("a.row").click()
    expect(bubbles(page).last).to_contain_text("hello")
    write(page, "are you there?")
    expect(page.get_by_role("img", name="Waiting to be sent").last).to_be_visible()
    shot(page, "silent-server")
    bert.close()
    whole(ada)


def test_an_upload_that_is_refused_is_told_of_and_tried_again(two: tuple[Person, Line]) -> None:
    ada, bert = two
    page = ada.page
    page.route("**/files/*", lambda route: _unless_get(route, 507))
    page.locator(".composer input[type=file]").set_input_files(
        upload("sea.png", "image/png", picture())
    )
    write(page, "the sea")
    expect(page.get_by_text("Not sent")).to_be_visible()
    shot(page, "upload-refused")
    page.unroute("**/files/*")
    page.get_by_role("button", name="Send again").click()
    expect(bubbles(page).last.locator("img.there")).to_be_visible()
    assert bert.hears("message")["body"] == "hello"
    assert bert.hears("message")["body"] == "the sea"
    # What cannot be fetched is said, too, and can be asked for again.
    page.route("**/files/*", lambda route: route.fulfill(status=500, body="<h1>oops</h1>"))
    page.reload()
    expect(bubbles(page).last).to_contain_text("This file cannot be shown")
    shot(page, "file-broken")
    bert.close()
    whole(ada)


def _unless_get(route: Route, status: int) -> None:
    if route.request.method == "GET":
        route.continue_()
    else:
        route.fulfill(status=status, body="<html>")


ANSWERS: list[tuple[dict[str, Any], str]] = [
    ({"status": 500, "body": "oops"}, "The server has a problem"),
    ({"status": 200, "body": "<html>"}, "The server has a problem"),
    ({"status": 200, "json": {}}, "The server has a problem"),
    ({"status": 200, "body": "null"}, "The server has a problem"),
    ({"status": 200, "json": {"user": 5, "access_token": {}}}, "The server has a problem"),
    ({"status": 429, "json": {"status": 429, "message": "x"}}, "Too many attempts"),
    ({"status": 418, "body": "x" * 1_000_000}, "did not work"),
]


def answering(answer: dict[str, Any]) -> Callable[[Route], None]:
    """A server that says this."""
    return lambda route: route.fulfill(**answer)


def test_a_sign_in_that_goes_wrong_is_a_sentence(person: MakePerson) -> None:
    guest = person(PHONE, service_workers="block")
    page = guest.page
    page.route("**/web.json", lambda route: route.fulfill(status=200, body="<html>"))
    page.reload()
    page.locator("input[name=username]").fill("somebody")
    for answer, words in ANSWERS:
        page.route("**/login", answering(answer))
        page.locator("input[name=password]").fill("")
        page.locator("input[name=password]").fill(SECRET)
        expect(page.get_by_role("alert").first).to_have_text("")
        page.locator("form .main-button").click()
        expect(page.get_by_role("alert").filter(has_text=words)).to_be_visible()
        expect(page.locator("form .main-button")).to_be_enabled()
        page.unroute("**/login")
    page.reload()
    expect(page.locator("form .main-button")).to_be_visible()
    whole(guest)


NO_STORAGE = {
    "no-database": "Object.defineProperty(window, 'indexedDB', {get() { throw new DOMException('no', 'SecurityError'); }});",
    "silent-database": "indexedDB.open = () => new EventTarget();",
    "full-database": """IDBObjectStore.prototype.put = function() {
        this.transaction.abort(); throw new DOMException('full', 'QuotaExceededError'); };""",
    "no-local-storage": "Object.defineProperty(window, 'localStorage', {get() { throw new DOMException('no', 'SecurityError'); }});",
    "full-local-storage": "Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError'); };",
    "clock-behind": "{ const now = Date.now; Date.now = () => now() - 40 * 864e5; }",
    "clock-ahead": "{ const now = Date.now; Date.now = () => now() + 40 * 864e5; }",
}


@pytest.mark.parametrize("how", NO_STORAGE)
def test_a_browser_that_keeps_nothing_still_chats(person: MakePerson, how: str) -> None:
    """Blocked, silent or full stores, clocks that are weeks wrong: sign up, write, hear."""
    carl = person(DESKTOP)
    carl.context.add_init_script(NO_STORAGE[how])
    carl.page.reload()
    carl.sign_up(f"carl-{how}", "Carl")
    dan = Line(carl.url, f"dan-{how}", "Dan")
    carl.open_chat_with(f"dan-{how}")
    write(carl.page, "hello")
    heard = dan.hears("message")
    assert heard["body"] == "hello"
    dan.say(heard["cid"], "hello yourself")
    expect(bubbles(carl.page).last).to_contain_text("hello yourself")
    expect(bubbles(carl.page)).to_have_count(2)
    carl.page.goto(carl.url + "/#/settings/look")
    carl.page.get_by_role("radio", name="Dark").check()
    expect(carl.page.locator("html")).to_have_attribute("data-theme", "dark")
    dan.close()
    whole(carl)
