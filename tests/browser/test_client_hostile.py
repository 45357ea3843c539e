"""Words, names and packets that nobody means well with: the page stays whole."""

import contextlib

import pytest
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import expect

from tests.browser.client import (
    DESKTOP,
    PHONE,
    Line,
    MakePerson,
    bubbles,
    composer,
    picture,
    shot,
    upload,
    write,
)
from tests.stories.process import Process

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_hostile_words_stay_words(person: MakePerson, house: Process) -> None:
    kim, leo = (
        person(PHONE).sign_up("kim", "\u202e<b>Kim</b>"),
        person(DESKTOP).sign_up("leo", "Leo"),
    )
    line = Line(house.base_url, "kim")
    leo_line = Line(house.base_url, "leo")
    chat = line.chat_with(leo_line.id)
    words = [
        "<img src=x onerror=alert(1)><script>alert(2)</script>",
        "javascript:alert(1) [x](javascript:alert(1)) data:text/html,<b>",
        "\u202eturned\u202d \u2066around",
        "*" * 20_000 + "`" * 20_000,
        "x" * 65_536,
        "Z̷̢̛͎̗̹͖̣a̸͓͝l̵̰̈́g̷̱̈́ö̸́ " * 50,
    ]
    line.say(chat, *words)
    # Packets that no client of ours would send.
    line.say(
        chat,
        "odd",
        x={"type": 5, "ref": ["x"]},
        attachments=[
            {
                "file_url": "javascript:alert(1)",
                "file_name": "a" * 200,
                "file_width": 9999,
                "file_height": 1,
            }
        ],
    )
    page = leo.page
    page.goto(f"{leo.url}/#/chats/{chat}")
    expect(bubbles(page).last).to_contain_text("odd")
    assert page.locator("[role=log] script, [role=log] img[src=x]").count() == 0
    assert page.locator("[role=log] a[href^=javascript], [role=log] a[href^=data]").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= DESKTOP["width"]
    shot(page, "hostile-desktop")
    # A pasted mountain of text becomes a file; too much by hand is said to be too much.
    composer(page).evaluate(
        """it => { const data = new DataTransfer(); data.setData('text/plain', 'y'.repeat(3000000));
        it.dispatchEvent(new ClipboardEvent('paste', {clipboardData: data, bubbles: true, cancelable: true})); }"""
    )
    expect(page.locator(".files li")).to_contain_text("text.txt")
    composer(page).fill("y" * 65_537)
    expect(page.locator(".composer [role=alert]")).to_contain_text("65,537")
    line.close()
    leo_line.close()
    kim.page.close()


SVG = b"""<svg xmlns="http://www.w3.org/2000/svg" onload="localStorage.stolen = 1" width="9" height="9">
<script>localStorage.stolen = 1; fetch('/web.json')</script></svg>"""
HTML = b"<!doctype html><title>evil</title><script>localStorage.stolen = 1</script><h1>Sign in again</h1>"


@pytest.mark.parametrize(
    ("name", "kind", "content"),
    [
        ("evil.svg", "image/svg+xml", SVG),
        ("evil.html", "text/html", HTML),
        ("evil.png", "text/html", HTML),
        ("evil.xhtml", "application/xhtml+xml", b'<html xmlns="http://www.w3.org/1999/xhtml">' + SVG + b"</html>"),
    ],
    ids=["svg", "html", "html as a picture", "xhtml"],
)  # fmt: skip
def test_files_with_scripts_are_only_fetched(
    person: MakePerson, house: Process, name: str, kind: str, content: bytes
) -> None:
    """Neither in the page nor when their link is opened do they run."""
    login = f"{name.replace('.', '-')}-{kind[:4]}".lower()
    rita = person(DESKTOP).sign_up(f"r-{login}", "Rita")
    page = rita.page
    sven = Line(house.base_url, f"s-{login}", "Sven")
    rita.open_chat_with(f"s-{login}")
    page.locator(".composer input[type=file]").set_input_files(upload(name, kind, content))
    write(page, "look")
    expect(bubbles(page).last).to_contain_text(name)
    (file,) = sven.hears("message")["attachments"]
    (url,) = sven.ask("get_file_urls", file_ids=[file["file_id"]])["file_urls"]
    other = rita.context.new_page()
    # The browser fetches it, or shows it without letting it run.
    with contextlib.suppress(PlaywrightError):
        other.goto(url)
    other.close()
    for src in (url, f"{url}&size=640"):
        page.evaluate(
            """src => new Promise(done => {
                const it = document.createElement('img'); it.onload = it.onerror = done; it.src = src; })""",
            src,
        )
    assert page.evaluate("localStorage.stolen") is None
    # There is no small picture of what is none.
    rita.wrong = [each for each in rita.wrong if not each.startswith("Failed to load resource")]
    sven.close()


def test_pictures_that_are_none_leave_their_place_to_a_sentence(
    person: MakePerson, house: Process
) -> None:
    """Garbage, a torso, sizes that lie, a name without end: the log stays whole."""
    tina = person(PHONE).sign_up("tina", "Tina")
    ulf = Line(house.base_url, "ulf", "Ulf")
    tina.open_chat_with("ulf")
    write(tina.page, "hello")
    chat = ulf.hears("message")["cid"]
    whole = picture()
    for content, facts in (
        (b"no picture at all", {"file_width": 640, "file_height": 420}),
        (whole[: len(whole) // 2], {"file_width": 640, "file_height": 420}),
        (whole, {"file_width": 9999, "file_height": 1}),
        (b"GIF89a" + bytes(20), {"file_blur_hash": "!é~ no hash"}),
    ):
        announced = {"name": "p.png", "size": len(content), "content_type": "image/png"}
        (file,) = ulf.ask_list("create_files", [announced])
        ulf.put(file["upload_url"], content)
        attached = {
            "file_id": file["_id"],
            "file_name": "п" * 200 + ".png",
            "file_content_type": "image/png",
        }
        ulf.say(chat, "a picture", attachments=[{**attached, **facts}])
    page = tina.page
    expect(bubbles(page)).to_have_count(5)
    expect(page.get_by_text("This file cannot be shown.").last).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    shot(page, "broken-pictures-phone")
    ulf.say(chat, "still here?")
    expect(bubbles(page).last).to_contain_text("still here?")
    tina.wrong = [each for each in tina.wrong if not each.startswith("Failed to load resource")]
    ulf.close()
