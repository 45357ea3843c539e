"""The line of the web client breaks, the server is killed, pages are reloaded: nothing is lost or doubled."""

import signal
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.client import (
    DESKTOP,
    PHONE,
    Line,
    Person,
    bubbles,
    free_port,
    server_at,
    shot,
    write,
)

pytestmark = [pytest.mark.browser, pytest.mark.slow]


KEEPS = """async words => {
    for (const {name} of await indexedDB.databases()) {
        const asked = indexedDB.open(name);
        const db = await new Promise(done => asked.onsuccess = () => done(asked.result));
        const all = db.transaction('messages').objectStore('messages').getAll();
        const kept = await new Promise(done => all.onsuccess = () => done(all.result));
        db.close();
        if (JSON.stringify(kept).includes(words)) return true;
    }
    return false;
}"""
"""Whether the browser's own database has a message of these words."""


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
        gina.page.wait_for_function(KEEPS, arg="one")
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


def test_a_kill_in_the_middle_of_a_conversation(clients: Browser, tmp_path: Path) -> None:
    """Both write on while it happens: every message is there once, each person's in the order of writing."""
    serving_there = server_at(tmp_path, free_port())
    with serving_there() as first:
        url = first.base_url
        ivy = Person(clients, url, DESKTOP).sign_up("ivy", "Ivy")
        kai = Person(clients, url, PHONE).sign_up("kai", "Kai")
        ivy.open_chat_with("kai")
        write(ivy.page, "i 00")
        kai.page.locator("a.row").click()
        write(kai.page, "k 00")
        expect(bubbles(ivy.page)).to_have_count(2)
        for number in range(1, 12):
            write(ivy.page, f"i {number:02}")
            write(kai.page, f"k {number:02}")
            if number == 6:
                first.signal(signal.SIGKILL)
        first.status()
    chat = ivy.page.url.rsplit("/", 1)[1]
    with serving_there():
        for page in (ivy.page, kai.page):
            page.evaluate("dispatchEvent(new Event('online'))")
        for page in (ivy.page, kai.page):
            expect(bubbles(page)).to_have_count(24)
            expect(page.locator("article:not([data-id])")).to_have_count(0)
            expect(page.locator("a.row .badge")).to_have_count(0)
        line = Line(url, "kai")
        said = line.list(chat)
        line.close()
    for who in ("i", "k"):
        assert [each for each in said if each[0] == who] == [f"{who} {n:02}" for n in range(12)]
    assert len(said) == 24
    for each in (ivy, kai):
        assert each.wrong == []
        each.context.close()
