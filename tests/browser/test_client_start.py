"""The first start of a server, as its operator sees it in the browser."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.client import DESKTOP, PHONE, SECRET, Person
from tests.stories.process import serving, surroundings

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def tertulia(data: Path, *args: str) -> str:
    """What an operator is told by a command."""
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-m", "tertulia", *args, "--data", str(data)],
        capture_output=True, text=True, timeout=30, check=True, env=surroundings(), input=SECRET + "\n",
    )  # fmt: skip
    return done.stdout


def test_first_start_of_an_open_server(clients: Browser, tmp_path: Path) -> None:
    with serving(tmp_path) as running:
        it = Person(clients, running.base_url, PHONE)
        page = it.page
        expect(page.get_by_role("heading", name="Your server is running")).to_be_visible()
        expect(page.locator("main code").first).to_have_text(running.base_url)
        page.locator("input[name=username]").fill("first")
        page.locator("input[name=password]").fill(SECRET)
        page.get_by_role("button", name="Create the first account").click()
        expect(page.locator("a.me")).to_be_visible()
        second = Person(clients, running.base_url, PHONE)
        expect(second.page.get_by_role("button", name="Sign in")).to_be_visible()
        expect(second.page.get_by_text("Your server is running")).to_have_count(0)
        for each in (it, second):
            each.context.close()
            assert each.wrong == []


def test_first_start_by_invitation(clients: Browser, tmp_path: Path) -> None:
    with serving(tmp_path, "--registration", "invite") as running:
        it = Person(clients, running.base_url, DESKTOP)
        page = it.page
        expect(page.get_by_text("tertulia invite create", exact=True)).to_be_visible()
        it.context.grant_permissions(["clipboard-read", "clipboard-write"])
        page.get_by_role("button", name="Copy “tertulia invite create”", exact=True).click()
        assert page.evaluate("navigator.clipboard.readText()") == "tertulia invite create"
        # The operator does what the page says, and opens what is printed.
        link = re.findall(r"http\S+", tertulia(tmp_path, "invite", "create"))[0]
        page.goto(f"{running.base_url}/#/sign/up")
        page.locator("input[name=username]").fill("xenia")
        page.locator("input[name=password]").fill(SECRET)
        page.keyboard.press("Enter")
        expect(page.get_by_role("alert")).to_contain_text("takes an invitation")
        page.locator("input[name=invite]").fill("not-an-invite")
        page.locator("form .main-button").click()
        expect(page.get_by_role("alert")).to_contain_text("unknown, used up or out of date")
        # Also when the whole link is pasted.
        page.locator("input[name=invite]").fill(link)
        page.locator("form .main-button").click()
        expect(page.locator("a.me")).to_be_visible()
        # It was for one.
        late = Person(clients, running.base_url, PHONE)
        late.page.goto(running.base_url + "/" + link[link.index("#") :])
        expect(late.page.locator("input[name=invite]")).not_to_have_value("")
        late.page.locator("input[name=username]").fill("yuri")
        late.page.locator("input[name=password]").fill(SECRET)
        late.page.keyboard.press("Enter")
        expect(late.page.get_by_role("alert")).to_contain_text("unknown, used up or out of date")
        for each in (it, late):
            each.context.close()
            assert each.wrong == []


def test_first_start_of_a_closed_server(clients: Browser, tmp_path: Path) -> None:
    with serving(tmp_path, "--registration", "closed") as running:
        it = Person(clients, running.base_url, PHONE)
        page = it.page
        expect(page.get_by_text("tertulia user create LOGIN")).to_be_visible()
        page.goto(running.base_url + "/#/sign/up")
        expect(page.get_by_role("heading", name="Registration is closed")).to_be_visible()
        expect(page.locator("input[name=username]")).to_have_count(0)
        tertulia(tmp_path, "user", "create", "zoe")
        page.get_by_role("link", name="Sign in").click()
        page.reload()
        expect(page.get_by_text("No new accounts are made here.")).to_be_visible()
        page.locator("input[name=username]").fill("zoe")
        page.locator("input[name=password]").fill(SECRET)
        page.keyboard.press("Enter")
        expect(page.locator("a.me")).to_be_visible()
        it.context.close()
        assert it.wrong == []
