"""Files and messages at large: dropped, pasted, cancelled, tried again, looked at, played; forwarded, picked."""

import base64
import io
import wave
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.client import (
    DESKTOP,
    PHONE,
    SECRET,
    Line,
    MakePerson,
    act,
    bubbles,
    composer,
    picture,
    shot,
    texts,
    upload,
    violations,
    write,
)
from tests.stories.process import Process

pytestmark = [pytest.mark.browser, pytest.mark.slow]

FILES = """files => {
    const data = new DataTransfer();
    for (const [name, kind, content] of files) {
        const bytes = Uint8Array.from(atob(content), sign => sign.charCodeAt(0));
        data.items.add(new File([bytes], name, {type: kind}));
    }
    return data;
}"""


def carried(page: Page, *files: tuple[str, str, bytes]) -> object:
    """Files as the mouse or the clipboard carries them."""
    plain = [(name, kind, base64.b64encode(content).decode()) for name, kind, content in files]
    return page.evaluate_handle(FILES, plain)


def sound() -> bytes:
    """A second of silence."""
    out = io.BytesIO()
    with wave.open(out, "wb") as made:
        made.setnchannels(1)
        made.setsampwidth(2)
        made.setframerate(8000)
        made.writeframes(bytes(16_000))
    return out.getvalue()


def test_files_are_dropped_pasted_and_looked_at(person: MakePerson) -> None:
    abel, bert = person(DESKTOP).sign_up("abel", "Abel"), person(PHONE).sign_up("bert", "Bert")
    abel.open_chat_with("bert")
    page = abel.page
    data = carried(
        page, ("one.png", "image/png", picture()), ("two.png", "image/png", picture((300, 500), "gold"))
    )  # fmt: skip
    page.dispatch_event("main.chat", "dragenter", {"dataTransfer": data})
    expect(page.get_by_text("Drop files here to send them")).to_be_visible()
    shot(page, "drop-zone")
    page.dispatch_event("main.chat", "dragleave", {"dataTransfer": data})
    expect(page.get_by_text("Drop files here to send them")).to_have_count(0)
    page.dispatch_event("main.chat", "dragenter", {"dataTransfer": data})
    page.dispatch_event("main.chat", "drop", {"dataTransfer": data})
    expect(page.locator(".files li")).to_have_count(2)
    # Pasted while one reads, and where one writes.
    page.locator("[role=log]").focus()
    paste = "(it, data) => it.dispatchEvent(new ClipboardEvent('paste', {clipboardData: data, bubbles: true, cancelable: true}))"
    page.locator("[role=log]").evaluate(
        paste, carried(page, ("three.png", "image/png", picture((90, 90), "navy")))
    )
    expect(page.locator(".files li")).to_have_count(3)
    composer(page).evaluate(
        paste,
        carried(
            page, ("broken.png", "image/png", b"no picture"), ("sea.wav", "audio/wav", sound())
        ),
    )
    expect(page.locator(".files li")).to_have_count(5)
    assert violations(page) == []
    shot(page, "chosen-desktop")
    write(page, "From the *sea*")
    bubble = bubbles(page).last
    expect(bubble).to_contain_text("From the sea")
    # What is no picture says so and can be fetched; a sound can be played and is not loaded before.
    expect(bubble).to_contain_text("This file cannot be shown.")
    expect(bubble.locator("audio")).to_have_attribute("preload", "none")
    assert bubble.locator("audio").evaluate("it => it.readyState") == 0
    assert (
        bubble.locator("audio").evaluate("it => (it.muted = true, it.play().then(() => 'plays'))")
        == "plays"
    )
    abel.wrong = [
        each for each in abel.wrong if "415" not in each and "422" not in each and "404" not in each
    ]

    phone = bert.page
    phone.locator("a.row").first.click()
    seen = bubbles(phone).last
    expect(seen.locator("img.there")).to_have_count(3)
    shot(phone, "pictures-phone")
    seen.get_by_role("button", name="Open picture one.png").click()
    dialog = phone.get_by_role("dialog", name="one.png")
    expect(dialog.locator("img.there")).to_have_js_property("naturalWidth", 640)
    expect(dialog).to_contain_text("1 of 4")
    phone.keyboard.press("ArrowRight")
    dialog = phone.get_by_role("dialog", name="two.png")
    expect(dialog.locator("img.there")).to_have_js_property("naturalWidth", 300)
    phone.keyboard.press("+")
    dialog.get_by_role("button", name="Zoom in").click()
    width = "it => it.getBoundingClientRect().width"
    large = dialog.locator("img").evaluate(width)
    phone.keyboard.press("ArrowLeft")
    expect(dialog).to_be_visible()
    shot(phone, "zoomed-phone")
    phone.keyboard.press("0")
    assert dialog.locator("img").evaluate(width) < large / 2
    with phone.expect_download() as fetched:
        dialog.get_by_role("link", name="Download").click()
    assert fetched.value.suggested_filename == "two.png"
    assert Path(fetched.value.path()).read_bytes().startswith(b"\x89PNG")
    phone.keyboard.press("End")
    expect(phone.get_by_text("This file cannot be shown.").last).to_be_visible()
    assert violations(phone) == []
    phone.keyboard.press("Escape")
    expect(phone.locator("dialog")).to_have_count(0)
    bert.wrong = [
        each for each in bert.wrong if "415" not in each and "422" not in each and "404" not in each
    ]


def test_an_upload_is_cancelled_refused_and_tried_again(person: MakePerson, house: Process) -> None:
    cara = person(PHONE, service_workers="block").sign_up("cara", "Cara")
    line = Line(house.base_url, "cara")
    line.ask("user_create", login="dino", password=SECRET, first_name="Dino")
    dino = Line(house.base_url, "dino")
    cara.open_chat_with("dino")
    page = cara.page
    field = page.locator(".composer input[type=file]")
    # Larger than the server takes: said before anything is sent.
    page.route(
        "**/web.json",
        lambda route: route.fulfill(json={"max_upload": 1000, "version": "", "push_key": ""}),
    )
    page.reload()
    field.set_input_files([upload("large.bin", "application/octet-stream", bytes(1001))])
    expect(page.get_by_text("“large.bin” is larger than 1,000 B.")).to_be_visible()
    expect(page.locator(".files li")).to_have_count(0)
    field.set_input_files([upload(f"{n}.txt", "text/plain", b"x") for n in range(11)])
    expect(page.get_by_text("Ten files at once are the most.")).to_be_visible()
    expect(page.locator(".files li")).to_have_count(10)
    for _ in range(10):
        page.locator(".files .round-button").first.click()

    # Cancelled on its way: nothing arrives.
    page.route(
        "**/files/*", lambda route: None if route.request.method == "PUT" else route.continue_()
    )
    field.set_input_files([upload("slow.txt", "text/plain", b"slow")])
    write(page, "never")
    expect(page.locator("progress")).to_be_visible()
    shot(page, "uploading")
    page.get_by_role("button", name="Cancel upload").click()
    expect(page.locator("article")).to_have_count(0)
    page.unroute("**/files/*")
    # Refused: it says so, waits, and goes when it is sent again.
    page.route(
        "**/files/*",
        lambda route: (
            route.fulfill(status=413, body="The file is too large.")
            if route.request.method == "PUT"
            else route.continue_()
        ),
    )
    field.set_input_files([upload("again.txt", "text/plain", b"again")])
    write(page, "with a file")
    expect(page.get_by_text("Not sent. The file is too large for this server.")).to_be_visible()
    shot(page, "upload-refused")
    assert violations(page) == []
    page.unroute("**/files/*")
    page.reload()
    expect(page.get_by_text("Not sent.")).to_be_visible()
    page.get_by_role("button", name="Send again").click()
    expect(bubbles(page)).to_have_count(1)
    expect(bubbles(page).last).to_contain_text("again.txt")
    expect(page.get_by_text("Not sent.")).to_have_count(0)
    # The server breaks for a while: it is tried again by itself.
    failures: list[str] = []

    def break_once(route: object) -> None:
        if route.request.method == "PUT" and not failures:  # type: ignore[attr-defined]
            failures.append("500")
            route.fulfill(status=503, body="later")  # type: ignore[attr-defined]
        else:
            route.continue_()  # type: ignore[attr-defined]

    page.route("**/files/*", break_once)
    field.set_input_files([upload("third.txt", "text/plain", b"third")])
    write(page, "a third")
    expect(bubbles(page)).to_have_count(2)
    assert failures
    chat = page.url.rsplit("/", 1)[1]
    assert dino.list(chat) == ["with a file", "a third"]
    cara.wrong = [each for each in cara.wrong if "413" not in each and "503" not in each]
    line.close()
    dino.close()


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_messages_are_picked_forwarded_and_deleted(
    person: MakePerson, house: Process, size: dict[str, int], request: pytest.FixtureRequest
) -> None:
    kind = request.node.callspec.id
    edda = person(size).sign_up(f"edda-{kind}", "Edda")
    line = Line(house.base_url, edda.login)
    lines = [line]
    chats = []
    for name in ("Finn", "Gala", "Hana"):
        friend = Line(house.base_url, f"{name.lower()}-{kind}", name)
        chats.append(friend.chat_with(line.id))
        friend.say(chats[-1], f"I am {name}")
        lines.append(friend)
    line.say(chats[0], "one **bold**", "two", "three")
    lines[1].say(chats[0], "theirs")
    page = edda.page
    page.goto(f"{edda.url}/#/chats/{chats[0]}")
    expect(bubbles(page).last).to_contain_text("theirs")
    act(page, "one bold", "Select")
    bubbles(page).filter(has_text="three").click()
    bubbles(page).filter(has_text="theirs").click()
    bubbles(page).filter(has_text="theirs").click()
    expect(page.get_by_role("toolbar")).to_contain_text("2 selected")
    expect(page.get_by_role("checkbox", checked=True)).to_have_count(2)
    assert violations(page) == []
    shot(page, f"picked-{kind}")
    page.get_by_role("toolbar").get_by_role("button", name="Forward").click()
    dialog = page.get_by_role("dialog", name="Forward to…")
    dialog.get_by_role("button", name="Gala").click()
    dialog.get_by_role("searchbox").fill("HAN")
    dialog.get_by_role("button", name="Hana").click()
    shot(page, f"forward-{kind}")
    assert violations(page) == []
    dialog.get_by_role("button", name="Forward · 2").click()
    expect(page.get_by_text("Forwarded to 2 chats")).to_be_visible()
    expect(page.get_by_role("toolbar")).to_have_count(0)
    for chat, friend in zip(chats[1:], lines[2:], strict=True):
        page.goto(f"{edda.url}/#/chats/{chat}")
        expect(bubbles(page).last).to_contain_text("three")
        expect(bubbles(page).last).to_contain_text("Forwarded")
        assert friend.list(chat)[1:] == ["one **bold**", "three"]
    # One message to one chat: one is there at once.
    act(page, "one bold", "Forward")
    page.get_by_role("dialog").get_by_role("button", name="Finn").click()
    page.get_by_role("dialog").get_by_role("button", name="Forward", exact=True).click()
    expect(page).to_have_url(f"{edda.url}/#/chats/{chats[0]}")
    expect(bubbles(page).last).to_contain_text("one bold")

    # By keyboard: pick, and delete for all what is mine.
    page.locator("article").filter(has_text="two").focus()
    page.keyboard.press("Enter")
    page.get_by_role("menuitem", name="Select").press("Enter")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    expect(page.get_by_role("toolbar")).to_contain_text("2 selected")
    page.get_by_role("toolbar").get_by_role("button", name="Delete").click()
    expect(page.get_by_role("dialog")).to_contain_text("Delete 2 messages?")
    page.get_by_role("button", name="Delete for everybody").click()
    expect(bubbles(page)).to_have_count(4)
    assert "two" not in lines[1].list(chats[0])
    assert texts(page)[:2] == ["I am Finn", "one bold"]
    # Of somebody else's messages it is not offered.
    act(page, "theirs", "Select")
    page.get_by_role("toolbar").get_by_role("button", name="Delete").click()
    expect(page.get_by_role("button", name="Delete for me")).to_be_visible()
    expect(page.get_by_role("button", name="Delete for everybody")).to_have_count(0)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Cancel selection").click()
    expect(composer(page)).to_be_visible()
    for each in lines:
        each.close()
