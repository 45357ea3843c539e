"""How one hears of messages: title, badge, sound, notifications, and pushes while the page is closed."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, Worker, expect

from tests.browser.client import (
    DESKTOP,
    PHONE,
    Line,
    MakePerson,
    browser_for_clients,
    bubbles,
    eventually,
    kept,
    until,
)
from tests.browser.site import Site
from tests.stories.process import Process, serving
from tests.stories.test_push import Browser as Receiver

pytestmark = [pytest.mark.browser, pytest.mark.slow]

AWAY = """() => {
    Object.defineProperty(document, 'hidden', {configurable: true, get: () => true});
    document.hasFocus = () => false;
}"""
"""As if one looked at something else."""

LISTENING = """
    window.badges = [];
    window.tones = 0;
    navigator.setAppBadge = async number => { window.badges.push(number); };
    const play = OscillatorNode.prototype.start;
    OscillatorNode.prototype.start = function (at) { window.tones++; play.call(this, at); };
"""

LATER = "() => { const now = Date.now; Date.now = () => now() + 1000; }"
"""Two sounds within a second are one."""

SUBSCRIBED = """() => {
    const made = {
        endpoint: '%(endpoint)s', options: {},
        toJSON: () => ({endpoint: '%(endpoint)s', keys: {auth: '%(auth)s', p256dh: '%(p256dh)s'}}),
        unsubscribe: async () => { delete localStorage.made; return true; },
    };
    PushManager.prototype.getSubscription = async () => localStorage.made ? made : null;
    PushManager.prototype.subscribe = async options => {
        localStorage.made = JSON.stringify(options);
        return made;
    };
}"""
"""A push service, as far as the page sees one: Chromium's own lies in the outside world."""

SHOWN = """async () => (await self.registration.getNotifications()).map(
    ({title, body, tag, lang, silent}) => ({title, body, tag, lang, silent}))"""

CLICK = """async () => {
    const [shown] = await self.registration.getNotifications();
    self.clients.openWindow = async url => { self.opened = url; return null; };
    self.dispatchEvent(new NotificationEvent('notificationclick', {notification: shown}));
}"""


@pytest.fixture(scope="module")
def clients(playwright: Playwright) -> Iterator[Browser]:
    """With notifications."""
    with browser_for_clients(playwright, whole=True) as running:
        yield running


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    data = tmp_path_factory.mktemp("house")
    with serving(data, "--callback-allow", "127.0.0.1/32") as running:
        yield running


def worker(context: BrowserContext, page: Page) -> Worker:
    """The service worker, once it is in charge."""
    page.evaluate("navigator.serviceWorker.ready.then(() => undefined)")
    return context.service_workers[0]


def shown(it: Worker, count: int = 1) -> list[dict[str, Any]]:
    """The notifications that are there, once there are so many."""
    found: list[dict[str, Any]] = it.evaluate(
        f"""async count => {{
            const look = {SHOWN};
            for (let i = 0; i < 100; i++) {{
                const found = await look();
                if (found.length === count) return found;
                await new Promise(done => setTimeout(done, 50));
            }}
            return look();
        }}""",
        count,
    )
    assert len(found) == count, found
    return found


def setting(page: Page, **some: object) -> None:
    """Set something, as another tab would."""
    page.evaluate(
        """some => {
            const kept = {...JSON.parse(localStorage['tertulia.settings'] || '{}'), ...some};
            localStorage['tertulia.settings'] = JSON.stringify(kept);
            dispatchEvent(new StorageEvent('storage', {key: 'tertulia.settings'}));
        }""",
        some,
    )


def test_title_badge_sound_and_notification(person: MakePerson, house: Process) -> None:
    it = person(DESKTOP)
    it.context.grant_permissions(["notifications"])
    it.context.add_init_script(LISTENING)
    it.page.reload()
    page = it.sign_up("ada", "Ada").page
    other = person(PHONE).sign_up("ben", "Ben")
    line, ada = Line(house.base_url, "ben"), Line(house.base_url, "ada")
    direct = line.chat_with(ada.id)
    group = line.ask("conversation_create", type="g", name="Bridge", participants=[ada.id])
    bridge = group["conversation"]["_id"]
    expect(page.locator("a.row")).to_have_count(2)
    sw = worker(it.context, page)
    # First it says no word that the browser could show, but it sounds.
    page.evaluate(AWAY)
    line.say(direct, "one")
    expect(page).to_have_title("(1) Tertulia")
    expect(page.locator("link[rel=icon]")).to_have_attribute("href", "/icons/unread.svg")
    until(page, "window.tones >= 2")
    assert page.evaluate("window.badges.at(-1)") == 1
    assert shown(sw, 0) == []

    setting(page, browser=True, sound=False)
    before = page.evaluate("window.tones")
    line.say(direct, "two")
    assert shown(sw)[0] | {"title": "Ben", "body": "two", "tag": direct} == shown(sw)[0]
    # Another one takes its place; what was written may be kept to oneself.
    setting(page, preview=False, language="ru")
    line.say(direct, "three")
    until(
        page,
        "navigator.serviceWorker.ready.then(async it => "
        "(await it.getNotifications())[0].body === 'Новое сообщение')",
    )
    assert shown(sw)[0] | {"title": "Ben", "lang": "ru"} == shown(sw)[0]
    assert page.evaluate("window.tones") == before
    # A click opens the chat, and then there is nothing left to show.
    sw.evaluate(CLICK)
    expect(bubbles(page).last).to_contain_text("three")
    assert shown(sw, 0) == []

    # In groups only what calls one by name, if one wants it so.
    page.goto(it.url + "/#/")
    setting(page, preview=True, language="en", notify="direct", sound=True)
    line.say(bridge, "for all")
    expect(page.locator("a.row").filter(has_text="for all")).to_have_count(1)
    assert page.evaluate("window.tones") == before
    page.evaluate(LATER)
    line.say(bridge, "for @Ada, too")
    until(page, f"window.tones > {before}")
    (told,) = shown(sw)
    assert (told["title"], told["body"]) == ("Ben · Bridge", "for @Ada, too")
    page.goto(f"{it.url}/#/chats/{bridge}")
    assert shown(sw, 0) == []
    # A muted chat is silent, and so is everything when one wants nothing.
    page.goto(it.url + "/#/")
    setting(page, notify="all")
    token = page.evaluate("JSON.parse(localStorage['tertulia.tada']).token")
    page.evaluate(
        """([token, chats]) => fetch('/api/v4/chat-settings', {method: 'PUT', body: JSON.stringify({chats}),
            headers: {token, 'content-type': 'application/json'}})""",
        [token, {bridge: {"muted": True}}],
    )
    row = page.locator("a.row").filter(has_text="Bridge")
    expect(row.get_by_role("img", name="Muted")).to_be_visible()
    before = page.evaluate("window.tones")
    line.say(bridge, "to who does not listen, @Ada")
    expect(page.locator("a.row").filter(has_text="to who does not listen")).to_have_count(1)
    assert page.evaluate("window.tones") == before
    setting(page, sound=False)
    line.say(direct, "four")
    assert [each["body"] for each in shown(sw)] == ["four"]
    sw.evaluate(
        "async () => (await self.registration.getNotifications()).forEach(it => it.close())"
    )
    setting(page, notify="none")
    line.say(direct, "five")
    expect(page.locator("a.row").filter(has_text="five")).to_have_count(1)
    assert shown(sw, 0) == []
    for each in (line, ada):
        each.close()
    assert other.wrong == []


def test_while_one_tab_is_looked_at_the_others_are_silent(
    person: MakePerson, house: Process
) -> None:
    it = person(DESKTOP)
    it.context.add_init_script(LISTENING)
    it.page.reload()
    front = it.sign_up("gwen", "Gwen").page
    gwen, hugo = Line(house.base_url, "gwen"), Line(house.base_url, "hugo", "Hugo")
    chat = hugo.chat_with(gwen.id)
    hugo.say(chat, "zero")
    back = it.tab()
    back.keyboard.press("Shift")
    back.evaluate(AWAY)
    back.evaluate("dispatchEvent(new Event('blur'))")
    front.goto(f"{it.url}/#/chats/{chat}")
    expect(bubbles(front).last).to_contain_text("zero")

    hugo.say(chat, "one")
    expect(bubbles(front).last).to_contain_text("one")
    expect(back.locator("a.row")).to_contain_text("one")
    # Whatever the second tab asks of the browser has been answered before this.
    back.evaluate("navigator.locks.query().then(() => null)")
    assert back.evaluate("tones") == 0
    front.evaluate(AWAY)
    front.evaluate("dispatchEvent(new Event('blur'))")
    hugo.say(chat, "two")
    until(back, "tones >= 2")
    gwen.close()
    hugo.close()


def test_pushes_while_the_page_is_closed(person: MakePerson, house: Process, home: Site) -> None:
    receiver = Receiver()
    keys = receiver.keys()
    endpoint = f"{home.url}/push/cleo"
    it = person(PHONE)
    it.context.grant_permissions(["notifications"])
    stub = SUBSCRIBED % {
        "endpoint": endpoint, "auth": keys["web_key_auth"], "p256dh": keys["web_key_p256dh"],
    }  # fmt: skip
    it.context.add_init_script(f"({stub})()")
    it.page.reload()
    page = it.sign_up("cleo", "Cleo").page
    line = Line(house.base_url, "cleo")
    me = line.id
    boris = person(DESKTOP).sign_up("boris-p", "Boris")
    friend = Line(house.base_url, "boris-p")
    direct = friend.chat_with(me)
    friend.say(direct, "before")
    expect(page.locator("a.row")).to_contain_text("before")

    page.goto(it.url + "/#/settings/notify")
    page.get_by_role("switch", name="Notify me when this page is closed").check()
    until(page, "!!localStorage.made")
    asked = page.evaluate("JSON.parse(localStorage.made)")
    facts = page.evaluate("fetch('/web.json').then(it => it.json())")
    assert asked == {"userVisibleOnly": True, "applicationServerKey": facts["push_key"]}
    device = page.evaluate("localStorage['tertulia.device']")
    eventually(page, lambda: line.ask("push_subscription_list", user_id=me)["subscriptions"])
    (made,) = line.ask("push_subscription_list", user_id=me)["subscriptions"]
    wanted = {"platform": "web", "web_endpoint": endpoint, "device_udid": device, **keys}
    assert made | wanted == made
    line.close()
    setting(page, language="ru")
    expect(page.get_by_role("heading", name="Уведомления")).to_be_visible()
    kept(page, '"firstName":"Boris"', direct, '"language":"ru"')

    # The page is closed; what the server pushes is given to the browser as its push service would.
    sw = worker(it.context, page)
    page.goto("about:blank")
    push = pusher(it.context, page, it.url)
    friend.say(direct, "Are you there?")
    payload = receiver.opened(home.push().body)
    assert payload["title"] == "boris-p"
    push(payload)
    (told,) = shown(sw)
    assert told == {
        "title": "Boris",
        "body": "Are you there?",
        "tag": direct,
        "lang": "ru",
        "silent": False,
    }
    sw.evaluate(CLICK)
    assert sw.evaluate("self.opened") == f"/#/chats/{direct}"
    assert shown(sw, 0) == []

    group = friend.ask("conversation_create", type="g", name="Bridge", participants=[me])
    bridge = group["conversation"]["_id"]
    payloads = [receiver.opened(home.push().body)]
    friend.say(bridge, "Hello")
    payloads.append(receiver.opened(home.push().body))
    push(payloads[0])
    (told,) = shown(sw)
    assert (told["title"], told["body"]) == ("Bridge", "Boris начинает беседу")
    push(payloads[1])
    sw.evaluate(
        "async () => { while ((await self.registration.getNotifications())[0].body !== 'Hello') "
        "await new Promise(done => setTimeout(done, 50)); }"
    )
    assert shown(sw)[0]["title"] == "Boris · Bridge"
    # What cannot be read is still told, once.
    push("no JSON")
    assert {each["tag"] for each in shown(sw, 2)} == {bridge, "tertulia"}

    # A page that is looked at tells it itself; and it takes away what is old.
    page.goto(f"{it.url}/#/chats/{bridge}")
    expect(bubbles(page).last).to_contain_text("Hello")
    assert {each["tag"] for each in shown(sw)} == {"tertulia"}
    sw.evaluate(
        "async () => (await self.registration.getNotifications()).forEach(it => it.close())"
    )
    # Levels hold in the worker, too.
    setting(page, notify="direct", language="en", preview=False)
    kept(page, '"language":"en","notify":"direct"')
    page.goto("about:blank")
    push = pusher(it.context, page, it.url)
    push({"title": "boris-p | Bridge", "body": "for all", "cid": bridge})
    push({"title": "boris-p | Bridge", "body": "for @cleo", "cid": bridge})
    (told,) = shown(sw)
    assert (told["title"], told["body"]) == ("Boris · Bridge", "New message")

    # Who signs out hears nothing any more.
    page.goto(it.url + "/#/settings")
    page.get_by_role("button", name="Sign out").click()
    page.locator("dialog").get_by_role("button", name="Sign out").click()
    expect(page.locator("form .main-button")).to_be_visible()
    assert page.evaluate("localStorage.made") is None
    assert shown(sw, 0) == []
    again = Line(house.base_url, "cleo")
    assert again.ask("push_subscription_list", user_id=me)["subscriptions"] == []
    page.goto("about:blank")
    pusher(it.context, page, it.url)({"title": "boris-p", "body": "secret", "cid": direct})
    (told,) = shown(sw)
    assert (told["title"], told["body"]) == ("Tertulia", "")
    for each in (again, friend):
        each.close()
    assert boris.wrong == []


def pusher(context: BrowserContext, page: Page, origin: str) -> Callable[[Any], None]:
    """Delivers pushes to the service worker of that origin."""
    cdp = context.new_cdp_session(page)
    registrations: dict[str, str] = {}

    def heard(event: dict[str, Any]) -> None:
        for each in event["registrations"]:
            registrations[each["scopeURL"]] = each["registrationId"]

    cdp.on("ServiceWorker.workerRegistrationUpdated", heard)
    cdp.send("ServiceWorker.enable")
    eventually(page, lambda: origin + "/" in registrations)

    def push(payload: Any) -> None:
        data = payload if isinstance(payload, str) else json.dumps(payload)
        cdp.send(
            "ServiceWorker.deliverPushMessage",
            {"origin": origin, "registrationId": registrations[origin + "/"], "data": data},
        )

    return push


def test_a_browser_that_allows_no_notifications(person: MakePerson) -> None:
    it = person(PHONE)
    it.context.add_init_script(
        "Object.defineProperty(Notification, 'permission', {get: () => 'denied'})"
    )
    it.page.reload()
    page = it.sign_up("dora-p", "Dora").page
    page.goto(it.url + "/#/settings/notify")
    expect(page.get_by_text("The browser does not allow notifications")).to_be_visible()
    expect(page.get_by_role("switch", name="Show browser notifications")).to_be_disabled()
    expect(page.get_by_role("switch", name="Notify me when")).to_be_disabled()
    expect(page.get_by_role("switch", name="Sound")).to_be_enabled()
    page.get_by_role("radio", name="Nothing").check()
    expect(page.get_by_role("switch", name="Sound")).to_be_disabled()


def test_a_push_service_that_does_not_answer(person: MakePerson) -> None:
    it = person(DESKTOP)
    it.context.grant_permissions(["notifications"])
    it.context.add_init_script(
        "PushManager.prototype.subscribe = async () => { throw new DOMException('no', 'AbortError'); }"
    )
    it.page.reload()
    page = it.sign_up("emma-p", "Emma").page
    page.goto(it.url + "/#/settings/notify")
    switch = page.get_by_role("switch", name="Notify me when")
    switch.click()
    expect(
        page.get_by_text("The push service of this browser could not be reached.")
    ).to_be_visible()
    expect(switch).not_to_be_checked()
