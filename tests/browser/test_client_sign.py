"""Every way into the web client: password, phone, QR picture, invitation, a code for who forgot; and the first start."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from websockets.sync.client import connect

from tests.browser.client import DESKTOP, PHONE, SECRET, Line, MakePerson, violations
from tests.stories.process import Process, serving

pytestmark = [pytest.mark.browser, pytest.mark.slow]

TEST_NUMBER = "+15550101"
ADDRESS = "eva@example.org"


@pytest.fixture(scope="module")
def post(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where text messages and mail go."""
    return tmp_path_factory.mktemp("post")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, post: Path) -> Iterator[Process]:
    with serving(
        tmp_path_factory.mktemp("house"),
        "--sms-url", f"file://{post}/sms", "--email-url", f"file://{post}/mail",
        "--sms-test-numbers", f"{TEST_NUMBER}:1111,+15550102:2222,+15550103:3333",
    ) as running:  # fmt: skip
        made(running.base_url, "somebody")
        yield running


def made(base_url: str, login: str) -> None:
    """An account, so that the server is not new."""
    with connect(base_url.replace("http", "ws"), legacy=True) as socket:
        request = {"user_create": {"login": login, "password": SECRET}, "id": 1}
        socket.send(json.dumps({"request": request}))
        assert "user" in json.loads(socket.recv(timeout=10))["response"]


def last(post: Path, kind: str) -> dict[str, str]:
    """What was sent last."""
    found: dict[str, str] = json.loads((post / kind).read_text().splitlines()[-1])
    return found


def chats(page: Page) -> None:
    """The column of chats is there."""
    expect(page.locator("a.me")).to_be_visible()


def wrong(page: Page) -> object:
    return page.locator("form [role=alert]").first


def test_in_and_up_by_password(visitor: MakePerson) -> None:
    it = visitor(PHONE)
    page = it.page
    button = page.locator("form .main-button")
    button.click()
    expect(page.get_by_role("alert")).to_have_text("Type your login.")
    page.locator("input[name=username]").fill("dan")
    button.click()
    expect(page.get_by_role("alert")).to_have_text("Type your password.")
    page.get_by_role("link", name="New here? Create an account").click()
    page.locator("input[name=username]").fill("da")
    page.locator("form .main-button").click()
    expect(page.get_by_role("alert")).to_contain_text("3 to 40")
    page.locator("input[name=username]").fill("dan")
    page.locator("input[name=name]").fill("Dan")
    page.locator("input[name=password]").fill("short")
    page.locator("form .main-button").click()
    expect(page.get_by_role("alert")).to_contain_text("8 to 40")
    page.get_by_role("button", name="Show password").click()
    expect(page.locator("input[name=password]")).to_have_attribute("type", "text")
    page.locator("input[name=password]").fill(SECRET)
    page.keyboard.press("Enter")
    chats(page)

    again = visitor(DESKTOP).page
    again.locator("input[name=username]").fill("dan")
    again.locator("input[name=password]").fill("no such thing")
    again.keyboard.press("Enter")
    expect(again.get_by_role("alert")).to_have_text("Wrong login or password.")
    again.locator("input[name=password]").fill(SECRET)
    expect(again.get_by_role("alert")).to_have_text("")
    again.keyboard.press("Enter")
    chats(again)
    taken = visitor(DESKTOP).page
    taken.goto(it.url + "/#/sign/up")
    taken.locator("input[name=username]").fill("dan")
    taken.locator("input[name=password]").fill(SECRET)
    taken.keyboard.press("Enter")
    expect(taken.get_by_role("alert")).to_contain_text("taken")


def test_in_by_phone(visitor: MakePerson, post: Path) -> None:
    it = visitor(PHONE)
    page = it.page
    page.get_by_role("link", name="By phone").click()
    number = page.locator("input[name=phone]")
    expect(number).to_be_focused()
    number.fill("+7 1")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_have_text("This is no phone number.")
    number.fill("+1 (555) 0999-1234")
    page.keyboard.press("Enter")
    expect(page.get_by_text("A code was sent to +155509991234.")).to_be_visible()
    expect(page.get_by_text("Another code in")).to_be_visible()
    # Someone types wrongly; the last digit sends it.
    sent = last(post, "sms")
    assert sent["phone"] == "+155509991234"
    code = page.locator("input[name=code]")
    expect(code).to_be_focused()
    wrong_code = "0000" if sent["code"] != "0000" else "1111"
    code.press_sequentially(wrong_code)
    expect(page.get_by_role("alert")).to_have_text("The code is wrong. 4 attempts are left.")
    code.fill("")
    code.press_sequentially(sent["code"])
    expect(page.get_by_role("heading", name="What is your name?")).to_be_visible()
    page.locator("input[name=name]").fill("Fay")
    page.keyboard.press("Enter")
    chats(page)
    page.locator("a.me").click()
    expect(page.locator(".body").first).to_contain_text("Fay")
    page.reload()
    expect(page.locator(".body").first).to_contain_text("Fay")

    # Who is known is asked no name.
    again = visitor(DESKTOP).page
    again.goto(it.url + "/#/sign/phone")
    again.locator("input[name=phone]").fill("+155509991234")
    again.keyboard.press("Enter")
    expect(again.locator("input[name=code]")).to_be_focused()
    again.locator("input[name=code]").press_sequentially(last(post, "sms")["code"])
    chats(again)


def test_codes_that_do_not_open(visitor: MakePerson) -> None:
    it = visitor(DESKTOP)
    page = it.page
    page.clock.install()
    page.goto(it.url + "/#/sign/phone")
    page.locator("input[name=phone]").fill("+15550102")
    page.keyboard.press("Enter")
    code = page.locator("input[name=code]")
    for left in ("4 attempts are", "3 attempts are", "2 attempts are", "1 attempt is"):
        code.fill("")
        code.press_sequentially("0000")
        expect(page.get_by_role("alert")).to_have_text(f"The code is wrong. {left} left.")
    code.fill("")
    code.press_sequentially("0000")
    expect(page.get_by_role("alert")).to_contain_text("this one is void")
    expect(page.locator("form .main-button")).to_be_disabled()
    # Another one can be had after a minute, and is good for ten.
    page.clock.run_for(61_000)
    page.get_by_role("button", name="Send another code").click()
    page.locator("form .main-button").click()
    expect(code).to_have_value("")
    page.clock.run_for(601_000)
    expect(page.get_by_text("This code is too old.")).to_be_visible()
    expect(page.locator("form .main-button")).to_be_disabled()


def test_too_many_codes_and_no_messages(visitor: MakePerson) -> None:
    page = visitor(PHONE).page
    page.get_by_role("link", name="By phone").click()
    page.route(
        "**/auth/sms/send-code",
        lambda route: route.fulfill(
            status=429, headers={"Retry-After": "600"}, json={"ok": False, "error": "RATE_LIMIT"}
        ),
    )
    page.locator("input[name=phone]").fill("+15550103")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_have_text(
        "Too many codes for this number. Wait 10 minutes."
    )
    page.unroute("**/auth/sms/send-code")
    page.route(
        "**/auth/sms/send-code",
        lambda route: route.fulfill(status=503, json={"ok": False, "error": "UNAVAILABLE"}),
    )
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_have_text("The code could not be sent. Try again later.")
    page.unroute("**/auth/sms/send-code")
    page.route("**/auth/sms/send-code", lambda route: route.abort())
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_have_text("There is no connection to the server.")


def test_a_new_device_shows_a_picture(visitor: MakePerson, house: Process) -> None:
    it = visitor(PHONE).sign_up("gus", "Gus")
    phone = it.page
    desk = visitor(DESKTOP).page
    desk.get_by_role("link", name="By QR code").click()
    picture = desk.get_by_role("img", name="QR code")
    link = picture.get_attribute("data-text")
    assert link is not None
    assert link.startswith(f"{house.base_url}/#/link/")
    digits = desk.locator(".digits strong").inner_text()
    # The phone's camera opens the link in the page of who is signed in.
    phone.goto(link)
    expect(phone.get_by_role("heading", name="Sign in a new device?")).to_be_visible()
    expect(phone.locator(".digits strong")).to_have_text(digits)
    phone.get_by_role("button", name="Sign it in").click()
    expect(phone.get_by_role("heading", name="The device is signed in")).to_be_visible()
    chats(desk)
    desk.locator("a.me").click()
    expect(desk.locator(".body").first).to_contain_text("Gus")
    # The picture is worth nothing any more.
    phone.goto("about:blank")
    phone.goto(link)
    phone.get_by_role("button", name="No").click()
    chats(phone)
    phone.goto(f"{it.url}/#/link/nonsense")
    expect(phone.get_by_text("This is no link for a device.")).to_be_visible()


def test_a_signed_in_device_shows_a_picture(visitor: MakePerson, house: Process) -> None:
    desk = visitor(DESKTOP).sign_up("hal", "Hal").page
    desk.goto(house.base_url + "/#/settings/devices")
    desk.get_by_role("button", name="Link a device").click()
    desk.get_by_role("button", name="The new one").click()
    picture = desk.get_by_role("img", name="QR code")
    link = picture.get_attribute("data-text")
    assert link is not None
    expect(desk.get_by_text("Good for")).to_be_visible()
    new = visitor(PHONE)
    phone = new.page
    phone.goto(link)
    expect(phone.get_by_role("heading", name="Sign in on this device?")).to_be_visible()
    phone.get_by_role("button", name="Sign in", exact=True).click()
    chats(phone)
    expect(phone).to_have_url(f"{house.base_url}/#/")
    # The desktop notices, and lists it.
    expect(desk.get_by_text("is signed in.")).to_be_visible()
    expect(desk.locator("dialog")).to_have_count(0)
    expect(desk.locator("main li.row")).to_have_count(1)
    # A picture is good once; a wrong one is said to be wrong.
    third = visitor(PHONE).page
    third.goto(link)
    third.get_by_role("button", name="Sign in", exact=True).click()
    expect(third.get_by_role("alert")).to_contain_text("too old or was used already")
    third.goto(house.base_url + "/#/enter")
    third.locator("input[name=link]").fill("what is this?")
    third.get_by_role("button", name="Go on").click()
    expect(third.get_by_role("alert")).to_have_text("This is no link for a device.")
    phone.goto(link)
    expect(phone.get_by_text("You are signed in here already")).to_be_visible()


def test_a_camera_reads_the_picture(visitor: MakePerson, house: Process) -> None:
    """Debian's Chromium has a camera, but reads no pictures: that part is played."""
    it = visitor(PHONE)
    it.context.grant_permissions(["camera"])
    it.context.add_init_script(
        "window.BarcodeDetector = class { async detect() {"
        "  return [{rawValue: 'https://elsewhere.example/'}, {rawValue: window.seen}]; } };"
        "navigator.mediaDevices.getUserMedia = async () => {"
        "  if (!window.seen) throw new DOMException('no', 'NotAllowedError');"
        "  return document.createElement('canvas').captureStream(); };"
    )
    it.page.reload()
    phone = it.sign_up("ike", "Ike").page
    desk = visitor(DESKTOP).page
    desk.get_by_role("link", name="By QR code").click()
    link = desk.get_by_role("img", name="QR code").get_attribute("data-text")
    phone.goto(house.base_url + "/#/settings/devices")
    phone.get_by_role("button", name="Link a device").click()
    phone.get_by_role("button", name="This one").click()
    phone.get_by_role("button", name="Scan with the camera").click()
    expect(phone.get_by_role("alert")).to_contain_text("camera cannot be used")
    phone.evaluate("link => { window.seen = link; }", link)
    phone.get_by_role("button", name="Scan with the camera").click()
    expect(phone.get_by_role("heading", name="Sign in a new device?")).to_be_visible()
    phone.get_by_role("button", name="Sign it in").click()
    chats(desk)


def test_a_picture_runs_out(visitor: MakePerson) -> None:
    page = visitor(PHONE).page
    page.clock.install()
    page.get_by_role("link", name="By QR code").click()
    before = page.get_by_role("img", name="QR code").get_attribute("data-text")
    page.route("**/qr-auth", lambda route: route.abort())
    page.clock.run_for(2_500)
    expect(page.get_by_text("There is no connection. It goes on")).to_be_visible()
    page.unroute("**/qr-auth")
    page.clock.fast_forward(301_000)
    expect(page.get_by_text("The code has run out")).to_be_visible()
    page.get_by_role("button", name="New code").click()
    assert page.get_by_role("img", name="QR code").get_attribute("data-text") != before


def test_a_forgotten_password(visitor: MakePerson, house: Process, post: Path) -> None:
    visitor(DESKTOP).sign_up("eva", "Eva")
    line = Line(house.base_url, "eva")
    line.ask("user_edit", email=ADDRESS)
    line.close()
    page = visitor(PHONE).page
    page.get_by_role("link", name="Forgot your password?").click()
    email = page.locator("input[name=email]")
    email.fill("not an address")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_have_text("This is no e-mail address.")
    # Nobody learns whether an address is known.
    email.fill("nobody@example.org")
    page.keyboard.press("Enter")
    expect(page.get_by_text("If that address belongs to an account")).to_be_visible()
    page.get_by_role("button", name="Another address").click()
    email.fill(ADDRESS)
    page.keyboard.press("Enter")
    code = page.locator("input[name=code]")
    expect(code).to_be_visible()
    words = json.dumps(last(post, "mail"))
    right = "".join(each for each in words.split("code")[-1] if each.isdigit())[:6]
    code.fill("12")
    page.locator("input[name=password]").fill("a-brand-new-one")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert").last).to_have_text("The code has six digits.")
    code.fill("000000" if right != "000000" else "111111")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert").last).to_have_text("The code is wrong or too old.")
    code.fill(right)
    page.keyboard.press("Enter")
    expect(page.get_by_text("Your password is changed. Sign in with it.")).to_be_visible()
    page.locator("input[name=username]").fill("eva")
    page.locator("input[name=password]").fill("a-brand-new-one")
    page.keyboard.press("Enter")
    chats(page)


def test_who_came_by_phone_sets_a_password(visitor: MakePerson, post: Path) -> None:
    it = visitor(PHONE)
    page = it.page
    page.goto(it.url + "/#/sign/phone")
    page.locator("input[name=phone]").fill("+15550999777")
    page.keyboard.press("Enter")
    expect(page.locator("input[name=code]")).to_be_focused()
    page.locator("input[name=code]").press_sequentially(last(post, "sms")["code"])
    page.locator("input[name=name]").fill("Guido")
    page.keyboard.press("Enter")
    chats(page)
    # A code comes by e-mail, so there has to be an address.
    page.goto(it.url + "/#/settings/password")
    page.get_by_role("link", name="No password yet? Save an e-mail address").click()
    page.get_by_label("Login").fill("guido")
    page.get_by_label("E-mail").fill("guido@example.org")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("button", name="Save")).to_be_disabled()
    page.goto(it.url + "/#/settings/password")
    page.get_by_role("button", name="No password yet, or forgotten?").click()
    expect(
        page.get_by_text("A code of six digits is on its way to guido@example.org.")
    ).to_be_visible()
    code = page.locator("input[name=code]")
    expect(code).to_be_focused()
    words = json.dumps(last(post, "mail"))
    right = "".join(each for each in words.split("code")[-1] if each.isdigit())[:6]
    code.fill("000000" if right != "000000" else "111111")
    page.locator("input[name=next]").fill("the-very-first")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert").first).to_have_text("The code is wrong or too old.")
    assert violations(page) == []
    code.fill(right)
    page.keyboard.press("Enter")
    expect(page.get_by_text("The password is changed")).to_be_visible()
    # Here one stays signed in, and there one comes in with it.
    current = page.locator("input[name=current]")
    current.fill("the-very-first")
    page.locator("input[name=next]").fill("the-second-one")
    expect(page.get_by_role("button", name="Change password")).to_be_enabled()
    page.keyboard.press("Enter")
    expect(current).to_have_value("")
    again = visitor(DESKTOP).page
    again.locator("input[name=username]").fill("guido")
    again.locator("input[name=password]").fill("the-second-one")
    again.keyboard.press("Enter")
    chats(again)
