"""Files in the web client: sent, shown, fetched, and taken up again after a reload."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.client import DESKTOP, PHONE, MakePerson, bubbles, picture, shot, upload, write

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_files_are_sent_shown_and_fetched(person: MakePerson) -> None:
    emil = person(DESKTOP, service_workers="block").sign_up("emil", "Emil")
    fred = person(PHONE).sign_up("fred", "Fred")
    emil.open_chat_with("fred")
    page = emil.page
    page.locator(".composer input[type=file]").set_input_files([
        upload("sea.png", "image/png", picture()),
        upload("broken.png", "image/png", b"no picture at all"),
        upload("<b>notes.txt", "text/plain", b"milk, tea"),
    ])  # fmt: skip
    expect(page.locator(".files li")).to_have_count(3)
    page.get_by_role("button", name="Remove broken.png").click()
    write(page, "look")
    expect(bubbles(page).last).to_contain_text("look")

    fred.page.locator("a.row").first.click()
    bubble = bubbles(fred.page).last
    expect(bubble.locator("img.there")).to_be_visible()
    expect(bubble).to_contain_text("<b>notes.txt")
    with fred.page.expect_download() as fetched:
        bubble.get_by_role("link", name="Download").click()
    assert Path(fetched.value.path()).read_bytes() == b"milk, tea"
    bubble.get_by_role("button", name="Open picture sea.png").click()
    expect(fred.page.locator("dialog img")).to_have_js_property("naturalWidth", 640)
    shot(fred.page, "viewer-phone")
    fred.page.keyboard.press("Escape")
    expect(fred.page.locator("dialog")).to_have_count(0)

    # The page is left in the middle of an upload, and takes it up again.
    page.route(
        "**/files/*", lambda route: None if route.request.method == "PUT" else route.continue_()
    )
    page.locator(".composer input[type=file]").set_input_files(
        [upload("film.bin", "application/octet-stream", bytes(300_000))]
    )
    write(page, "a film")
    expect(page.get_by_role("button", name="Cancel upload")).to_be_visible()
    page.unroute("**/files/*")
    page.reload()
    expect(bubbles(page).last).to_contain_text("film.bin")
    expect(bubbles(fred.page).last).to_contain_text("film.bin")
    expect(bubbles(fred.page).filter(has_text="film.bin")).to_have_count(1)
