"""The settings of the web client: profile, looks, sessions on all APIs, password, blocked people; and the first start."""

import json
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.browser.client import (
    DESKTOP,
    PHONE,
    SECRET,
    Line,
    MakePerson,
    Person,
    picture,
    upload,
)
from tests.browser.pages import Tour, answer_with
from tests.stories.process import Process

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def ask(base_url: str, method: str, path: str, body: object = None, token: str = "") -> Any:
    """The answer over HTTP; None when it is empty."""
    connection = HTTPConnection(urlsplit(base_url).netloc, timeout=10)
    headers = {"Content-Type": "application/json", **({"Token": token} if token else {})}
    connection.request(method, path, json.dumps(body), headers)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    assert answer.status < 300, text
    return json.loads(text) if text else None


def settings(it: Person, part: str) -> Page:
    """A page of the settings."""
    it.page.goto(f"{it.url}/#/settings/{part}")
    expect(it.page.locator("main h1")).to_be_visible()
    return it.page


def field(page: Page, label: str) -> Any:
    return page.locator("main").get_by_label(label)


def test_profile_and_picture(visitor: MakePerson, house: Process) -> None:
    it = visitor(DESKTOP).sign_up("nora", "Nora")
    visitor(PHONE).sign_up("otto", "Otto")
    page = settings(it, "profile")
    save = page.get_by_role("button", name="Save")
    expect(save).to_be_disabled()
    field(page, "First name").fill("Nóra")
    field(page, "Last name").fill("Lund")
    field(page, "E-mail").fill("nora at example")
    save.click()
    expect(page.locator("main [role=alert]")).to_have_text("This is no e-mail address.")
    field(page, "E-mail").fill("nora@example.org")
    field(page, "Login").fill("otto")
    save.click()
    expect(page.get_by_text("That login, e-mail or phone is taken.")).to_be_visible()
    field(page, "Login").fill("nora_l")
    save.click()
    expect(page.get_by_text("Saved")).to_be_visible()
    expect(page.locator(".column .me")).to_contain_text("Nóra Lund")
    expect(page.locator(".column .me")).to_contain_text("@nora_l")
    page.reload()
    expect(field(page, "Last name")).to_have_value("Lund")

    page.locator("main input[type=file]").set_input_files(upload("no.png", "image/png", b"nothing"))
    expect(page.get_by_text("This picture cannot be read.")).to_be_visible()
    page.locator("main input[type=file]").set_input_files(
        upload("me.png", "image/png", picture((900, 300), "tomato"))
    )
    page.get_by_role("button", name="Use this picture").click()
    expect(page.get_by_text("Your picture is changed.")).to_be_visible()
    shown = page.locator("main .picture img")
    expect(shown).to_be_visible()
    assert shown.evaluate("it => [it.naturalWidth, it.naturalHeight]") == [300, 300]
    line = Line(house.base_url, "otto")
    (found,) = line.ask("user_search", keyword="nora_l")["users"]
    assert found["avatar_url"]
    line.close()


def test_looks_change_at_once(visitor: MakePerson) -> None:
    it = visitor(PHONE).sign_up("pia", "Pia")
    page = settings(it, "look")
    other = it.tab("/#/settings/look")
    page.get_by_role("radio", name="Русский").check()
    for each in (page, other):
        expect(each.get_by_role("heading", name="Внешний вид")).to_be_visible()
        expect(each.locator("html")).to_have_attribute("lang", "ru")
    page.get_by_role("radio", name="Тёмная").check()
    for each in (page, other):
        expect(each.locator("html")).to_have_attribute("data-theme", "dark")
        assert each.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(29, 25, 22)"
    page.get_by_role("radio", name="Очень крупный").check()
    assert page.evaluate("getComputedStyle(document.documentElement).fontSize") == "21px"
    page.get_by_role("link", name="Назад").click()
    expect(page.get_by_role("heading", name="Настройки")).to_be_visible()
    # It is all there before the first stroke of paint.
    page.reload()
    assert page.evaluate("getComputedStyle(document.documentElement).fontSize") == "21px"
    expect(page.get_by_role("heading", name="Настройки")).to_be_visible()


def test_password(visitor: MakePerson) -> None:
    it = visitor(DESKTOP).sign_up("rex", "Rex")
    other = visitor(PHONE).page
    other.locator("input[name=username]").fill("rex")
    other.locator("input[name=password]").fill(SECRET)
    other.keyboard.press("Enter")
    expect(other.locator("a.me")).to_be_visible()
    page = settings(it, "password")
    page.locator("input[name=current]").fill("wrong-wrong")
    page.locator("input[name=next]").fill("short")
    page.get_by_role("button", name="Change password").click()
    expect(page.locator("main [role=alert]")).to_contain_text("8 to 40")
    page.locator("input[name=next]").fill("quite-another-one")
    page.get_by_role("button", name="Change password").click()
    expect(page.locator("main [role=alert]")).to_have_text("The current password is not right.")
    page.locator("input[name=current]").fill(SECRET)
    page.keyboard.press("Enter")
    expect(page.get_by_text("The password is changed")).to_be_visible()
    # The other one learns it as soon as it asks for something.
    other.reload()
    expect(other.get_by_text("Your session has ended. Please sign in again.")).to_be_visible()
    page.reload()
    expect(page.locator("input[name=current]")).to_be_visible()


def test_blocked_people(visitor: MakePerson, house: Process) -> None:
    it = visitor(PHONE).sign_up("sam", "Sam")
    visitor(DESKTOP).sign_up("tess", "Tess")
    page = settings(it, "blocked")
    expect(page.get_by_text("You have blocked nobody.")).to_be_visible()
    line, tess = Line(house.base_url, "sam"), Line(house.base_url, "tess")
    line.ask("block_user", ids=[tess.id])
    page.reload()
    expect(page.locator("main li")).to_contain_text("Tess")
    page.get_by_role("link", name="Back").click()
    expect(page.get_by_role("link", name="Blocked people 1")).to_be_visible()
    page.get_by_role("link", name="Blocked people").click()
    page.get_by_role("button", name="Unblock Tess").click()
    expect(page.get_by_text("Tess is not blocked any more.")).to_be_visible()
    expect(page.get_by_text("You have blocked nobody.")).to_be_visible()
    assert line.ask("list_blocked_users")["users"] == []
    line.close()
    tess.close()


def test_sessions_of_all_apis(visitor: MakePerson, house: Process) -> None:
    it = visitor(DESKTOP).sign_up("uma", "Uma")
    phone = visitor(PHONE).page
    phone.locator("input[name=username]").fill("uma")
    phone.locator("input[name=password]").fill(SECRET)
    phone.keyboard.press("Enter")
    expect(phone.locator("a.me")).to_be_visible()
    tada = ask(
        house.base_url, "POST", "/api/v4/auth/password/get-token",
        {"username": "uma", "password": SECRET, "device_id": "mac", "type": "web", "name": "<b>Мак</b>"},
    )["result"]["token"]  # fmt: skip
    line = Line(house.base_url, "uma")
    page = settings(it, "devices")
    rows = page.locator("main li.row")
    expect(rows).to_have_count(3)
    here = page.locator("main section").filter(has_text="This device").locator(".row")
    expect(here).to_contain_text("in use now")
    expect(here).to_contain_text("SAMA, Tada")
    mac = rows.filter(has_text="<b>Мак</b>")
    expect(mac).to_contain_text("Tada")
    expect(mac).to_contain_text("last used today")

    mac.get_by_role("button", name="Sign out on <b>Мак</b>").click()
    page.locator("dialog").get_by_role("button", name="Sign out").click()
    expect(page.get_by_text("Signed out there.")).to_be_visible()
    expect(rows).to_have_count(2)
    with pytest.raises(AssertionError, match="INVALID_TOKEN"):
        ask(house.base_url, "GET", "/api/v4/me", token=tada)

    page.get_by_role("button", name="Sign out everywhere else").click()
    page.locator("dialog").get_by_role("button", name="Sign out").click()
    expect(page.get_by_text("You are signed in nowhere else.")).to_be_visible()
    phone.reload()
    expect(phone.get_by_text("Your session has ended. Please sign in again.")).to_be_visible()
    # This one goes on, on both APIs.
    page.reload()
    expect(page.get_by_text("You are signed in nowhere else.")).to_be_visible()
    expect(page.get_by_text("No connection")).to_have_count(0)
    line.close()


def test_a_list_of_sessions_that_does_not_come(visitor: MakePerson) -> None:
    it = visitor(PHONE).sign_up("vic", "Vic")
    it.page.route("**/api/v4/sessions", lambda route: route.fulfill(status=500, body="oops"))
    page = settings(it, "devices")
    expect(page.get_by_text("The list could not be loaded.")).to_be_visible()
    page.unroute("**/api/v4/sessions")
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_text("You are signed in nowhere else.")).to_be_visible()


def test_by_keyboard(visitor: MakePerson) -> None:
    it = visitor(DESKTOP).sign_up("wim", "Wim")
    page = it.page
    page.goto(it.url + "/#/settings")
    link = page.get_by_role("link", name="Appearance")
    link.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Appearance")).to_be_visible()
    page.get_by_role("radio", name="English").focus()
    for _ in range(2):
        page.keyboard.press("Tab")
    expect(page.get_by_role("radio", name="Normal")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("radio", name="Large", exact=True)).to_be_checked()
    page.get_by_role("button", name="Sign out").focus()
    page.keyboard.press("Enter")
    expect(page.locator("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_have_count(0)
    expect(page.get_by_role("button", name="Sign out")).to_be_focused()


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_how_they_look(
    visitor: MakePerson, house: Process, size: dict[str, int], request: pytest.FixtureRequest
) -> None:
    """In both languages and themes nothing is wrong with any of them, and how they look is kept."""
    kind = request.node.callspec.id
    login = f"ann-{kind}"
    it = visitor(size)
    page = it.page
    tour = Tour(page, kind)
    for name, facts in (
        ("open", {}),
        ("invite", {"registration": "invite"}),
        ("closed", {"registration": "closed"}),
    ):
        page.route("**/web.json", answer_with({"is_new": True, **facts}))
        page.goto("about:blank")
        page.goto(it.url)
        page.locator("main h2").first.wait_for()
        tour.look(f"first-{name}")
        page.unroute("**/web.json")
    page.route("**/web.json", answer_with({"is_new": False, "registration": "closed"}))
    page.goto("about:blank")
    page.goto(it.url + "/#/sign/up")
    page.get_by_role("heading", name="Registration is closed").wait_for()
    tour.look("sign-up-closed")
    page.unroute("**/web.json")
    page.goto("about:blank")
    for path, what in (
        ("sign/phone", "sign-phone"),
        ("sign/qr", "sign-qr"),
        ("enter", "enter"),
        (f"enter/{'a' * 16}", "enter-ask"),
    ):
        page.goto(f"{it.url}/#/{path}")
        page.locator("main h2").first.wait_for()
        tour.look(what)
    it.sign_up(login, "Ann")
    line, friend = Line(house.base_url, login), f"bob-{kind}"
    line.ask("user_create", login=friend, password=SECRET, first_name="Bob", last_name="Blocked")
    bob = Line(house.base_url, friend)
    line.ask("block_user", ids=[bob.id])
    page.goto(it.url + "/#/settings")
    page.get_by_role("heading", name="Settings").wait_for()
    tour.look("settings")
    for part in ("profile", "look", "notify", "devices", "password", "blocked"):
        settings(it, part)
        page.wait_for_load_state("networkidle")
        tour.look(f"settings-{part}")
    settings(it, "devices")
    page.get_by_role("button", name="Link a device").click()
    tour.look("link-which")
    page.get_by_role("button", name="The new one").click()
    page.get_by_role("img", name="QR code").wait_for()
    tour.look("link-show")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Link a device").click()
    page.get_by_role("button", name="This one").click()
    tour.look("link-read")
    page.keyboard.press("Escape")
    page.goto(f"{it.url}/#/link/{'0' * 64}")
    page.get_by_role("heading", name="Sign in a new device?").wait_for()
    tour.look("link-ask")
    line.close()
    bob.close()
    assert tour.wrong == []
