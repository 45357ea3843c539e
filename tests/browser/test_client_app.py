"""The web client as an app: installed, opened offline, renewed."""

import re
import shutil
import signal
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

import tertulia
from tests.browser.client import (
    DESKTOP,
    PHONE,
    Line,
    MakePerson,
    Person,
    bubbles,
    free_port,
    kept,
    server_at,
)
from tests.stories.process import Process

pytestmark = [pytest.mark.browser, pytest.mark.slow]

READY = "navigator.serviceWorker.ready.then(() => undefined)"


def test_it_can_be_installed(person: MakePerson) -> None:
    it = person(PHONE)
    facts = it.page.evaluate("fetch('/manifest.webmanifest').then(it => it.json())")
    assert facts["display"] == "standalone"
    assert {each["purpose"] for each in facts["icons"]} == {"any", "maskable"}
    for each in facts["icons"]:
        size = it.page.evaluate(
            """async url => { const it = new Image(); it.src = url; await it.decode();
            return `${it.naturalWidth}x${it.naturalHeight}`; }""",
            each["src"],
        )
        assert each["sizes"] in ("any", size)
    page = it.sign_up("finn-p", "Finn").page
    page.goto(it.url + "/#/settings")
    button = page.get_by_role("button", name="Install as an app")
    expect(page.get_by_role("link", name="Notifications")).to_be_visible()
    expect(button).to_have_count(0)
    page.evaluate(
        """() => { const offer = new Event('beforeinstallprompt', {cancelable: true});
        offer.prompt = async () => { window.asked = true; };
        offer.userChoice = Promise.resolve({outcome: 'accepted'});
        window.kept = !dispatchEvent(offer); }"""
    )
    assert page.evaluate("window.kept") is True
    button.click()
    expect(page.get_by_text("Tertulia is installed.")).to_be_visible()
    assert page.evaluate("window.asked") is True
    expect(button).to_have_count(0)


def test_the_page_opens_offline(person: MakePerson, house: Process) -> None:
    it = person(PHONE)
    page = it.sign_up("gina-p", "Gina").page
    line = Line(house.base_url, "gina-p")
    friend = person(DESKTOP).sign_up("hans-p", "Hans")
    hans = Line(house.base_url, "hans-p")
    chat = hans.chat_with(line.id)
    hans.say(chat, "read me offline")
    page.locator("a.row").click()
    expect(bubbles(page).last).to_contain_text("read me offline")
    page.evaluate(READY)
    kept(page, "read me offline")
    it.context.set_offline(True)
    page.reload()
    expect(bubbles(page).last).to_contain_text("read me offline")
    # Also what was never opened before.
    page.goto(it.url + "/#/settings/profile")
    expect(page.get_by_label("First name")).to_have_value("Gina")
    expect(page.get_by_text("There is no connection; this can be saved")).to_be_visible()
    page.goto(it.url + "/#/settings/devices")
    expect(page.get_by_text("The list could not be loaded.")).to_be_visible()
    it.context.set_offline(False)
    page.evaluate("dispatchEvent(new Event('online'))")
    expect(
        page.get_by_text("You are signed in nowhere else.").or_(page.locator("main li.row")).first
    ).to_be_visible()
    for each in (line, hans):
        each.close()
    assert friend.wrong == []


def test_a_new_version_is_offered(
    clients: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page goes on with the version it has until one agrees; who reloads has the new one anyway."""
    package = tmp_path / "src" / "tertulia"
    shutil.copytree(
        Path(tertulia.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__")
    )
    monkeypatch.setenv("PYTHONPATH", str(package.parent))
    serve = server_at(tmp_path / "data", free_port())
    with serve() as first:
        it = Person(clients, first.base_url, DESKTOP)
        page = it.sign_up("ivan-p", "Ivan").page
        page.evaluate(READY)
        page.reload()
        old = page.evaluate("document.querySelector('script[type=module]').src")
        second = it.tab()
        expect(second.locator("a.me")).to_be_visible()
        first.signal(signal.SIGTERM)
        first.status()
    renew(package / "web" / "static")
    with serve():
        for each in (page, second):
            each.evaluate("dispatchEvent(new Event('online'))")
            expect(each.get_by_text("No connection")).to_have_count(0)
        # One tab is loaded anew by hand: it is the new version, and nothing is to be offered there.
        second.reload()
        assert second.evaluate("document.querySelector('script[type=module]').src") != old
        second.evaluate("navigator.serviceWorker.ready.then(it => it.update())")
        # The other one goes on; its parts are still there, though the server has others.
        page.goto(it.url + "/#/settings/look")
        expect(page.get_by_role("heading", name="Appearance")).to_be_visible()
        assert page.evaluate("document.querySelector('script[type=module]').src") == old
        expect(second.get_by_text("A new version is ready.")).to_have_count(0)
        expect(page.get_by_text("A new version is ready.")).to_be_visible()
        with page.expect_event("load"):
            page.get_by_role("button", name="Reload").click()
        assert page.evaluate("document.querySelector('script[type=module]').src") != old
        expect(page.get_by_role("heading", name="Appearance")).to_be_visible()
        expect(page.get_by_text("A new version is ready.")).to_have_count(0)
        it.context.close()


def renew(static: Path) -> None:
    """The same client as if it were another version: what holds a digest in its name has another name."""
    for path in [*static.rglob("*.br"), *static.rglob("*.gz")]:
        path.unlink()
    assets = list(static.glob("assets/*"))
    for path in static.rglob("*"):
        if path.suffix in {".js", ".html"}:
            text = path.read_text(encoding="utf-8")
            for each in assets:
                text = text.replace(each.stem, f"{each.stem}x")
            text = re.sub(r"tertulia-[0-9a-f]{12}", "tertulia-another", text)
            path.write_text(text, encoding="utf-8")
    for each in assets:
        each.rename(each.with_stem(f"{each.stem}x"))
