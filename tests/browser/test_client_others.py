"""The web client in one chat with people who use other programs and another API."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote
from urllib.request import urlopen

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
    texts,
    upload,
    write,
)
from tests.browser.tada import Tada
from tests.stories.process import Process

Three = tuple[Page, Line, Tada, str, str]

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_a_plain_sama_client_and_a_page_understand_each_other(
    person: MakePerson, house: Process
) -> None:
    """Everything one does is heard by the other as the protocol says it, and the other way round."""
    nora = person(DESKTOP).sign_up("nora", "Nora")
    page = nora.page
    line = Line(nora.url, "oleg", "Oleg")
    nora.open_chat_with("oleg")
    write(page, "hello")
    heard = line.hears("message")
    assert heard["body"] == "hello"
    chat = heard["cid"]

    expect(bubbles(page).last.get_by_role("img", name="Sent")).to_be_visible()
    line.ask("message_read", cid=chat, ids=[heard["_id"]])
    expect(bubbles(page).last.get_by_role("img", name="Read")).to_be_visible()

    line.tell("typing", cid=chat, status="start")
    expect(page.locator("main header")).to_contain_text("typing…")
    (said,) = line.say(chat, "good evening")
    expect(bubbles(page).last).to_contain_text("good evening")
    # Who looks at it has read it, and the sender hears of that.
    assert said in line.hears("message_read")["ids"]
    line.ask("message_edit", id=said, body="good morning")
    expect(bubbles(page).last).to_contain_text("good morning")
    expect(bubbles(page).last).to_contain_text("edited")
    line.ask("message_reactions_update", mid=said, add="🎉")
    expect(bubbles(page).last.get_by_role("button", name="🎉, 1 person")).to_be_visible()
    bubbles(page).last.get_by_role("button", name="🎉, 1 person").click()
    assert line.hears("message_reactions_update")["add"] == "🎉"

    composer(page).press_sequentially("an answer", delay=5)
    assert line.hears("typing")["cid"] == chat
    act(page, "good morning", "Reply")
    composer(page).press("Enter")
    answer = line.hears("message")
    assert (answer["body"], answer["replied_message_id"]) == ("an answer", said)
    act(page, "an answer", "Edit")
    write(page, "a better answer")
    assert line.hears("message_edit")["body"] == "a better answer"
    act(page, "a better answer", "Delete")
    page.get_by_role("button", name="Delete for everybody").click()
    assert line.hears("message_delete")["ids"] == [answer["_id"]]
    line.ask("message_delete", cid=chat, ids=[said], type="all")
    expect(page.locator("[role=log]")).not_to_contain_text("good morning")
    assert texts(page) == ["hello"]
    assert line.list(chat) == ["hello"]

    page.locator(".composer input[type=file]").set_input_files(
        upload("sea.png", "image/png", picture())
    )
    write(page, "the sea")
    (file,) = line.hears("message")["attachments"]
    (url,) = line.ask("get_file_urls", file_ids=[file["file_id"]])["file_urls"]
    with urlopen(url) as answered:  # noqa: S310 - our own server
        assert answered.read() == picture()
    line.close()


@pytest.fixture
def three(person: MakePerson) -> Iterator[Three]:
    """Paula's page, Rosa's SAMA, Sergej's Tada; the group that they are in, as each of the two calls it."""
    paula = person(PHONE).sign_up("paula", "Paula")
    rosa = Line(paula.url, "rosa", "Rosa")
    sergej_line = Line(paula.url, "sergej", "Сергей")
    me = sergej_line.ask("user_search", keyword="paula")["users"][0]["_id"]
    made = rosa.ask("conversation_create", type="g", name="Tea", participants=[me, sergej_line.id])
    sergej_line.close()
    sergej = Tada(paula.url, "sergej", SECRET)
    (chat,) = sergej.of_team("GET", "chats")["objects"]
    yield paula.page, rosa, sergej, made["conversation"]["_id"], chat["jid"]
    rosa.close()
    sergej.close()


def test_a_tada_client_is_in_the_same_chat(three: Three) -> None:
    """Messages, changes, deletions, reading, typing and files between a page, SAMA and Tada."""
    page, rosa, sergej, chat, jid = three
    page.locator("a.row").filter(has_text="Tea").click()
    write(page, "hello **you**")
    heard = sergej.hears_words("hello **you**")
    assert rosa.hears("message")["body"] == "hello **you**"
    # Read in one API is read in the other.
    sergej.tell("chat.lastread", jid=jid, last_read_message_id=heard["message_id"])
    expect(bubbles(page).last.get_by_role("img", name="Read")).to_be_visible()
    sergej.tell("chat.composing", jid=jid, composing=True)
    expect(page.locator("main header")).to_contain_text("Сергей is typing…")

    name = sergej.say(jid, "иду!", reply_to=heard["message_id"])
    expect(bubbles(page).last).to_contain_text("иду!")
    expect(bubbles(page).last.locator(".quote")).to_contain_text("hello you")
    assert name in [each["message_id"] for each in sergej.hears("message.received")["messages"]]
    sergej.say(jid, "бегу!", name=name)
    expect(bubbles(page).last).to_contain_text("бегу!")
    expect(bubbles(page).last).to_contain_text("edited")
    sergej.of_team("POST", f"messages/my-reactions/{name}/{quote('👍')}", {})
    expect(bubbles(page).last.get_by_role("button", name="👍, 1 person")).to_be_visible()
    rosa.say(chat, "и я")
    expect(bubbles(page).last).to_contain_text("и я")
    sergej.tell("message.deleted", message_id=name)
    expect(page.locator("[role=log]")).not_to_contain_text("бегу!")
    assert texts(page) == ["hello you", "и я"]

    composer(page).press_sequentially("some", delay=5)
    assert sergej.hears("chat.composing")["composing"] is True
    composer(page).press("Enter")
    sergej.hears_words("some")
    act(page, "some", "Edit")
    write(page, "something")
    sergej.hears_words("something")
    act(page, "something", "Delete")
    page.get_by_role("button", name="Delete for everybody").click()
    assert sergej.hears("message.updated")["messages"][0]["content"]["type"] == "deleted"

    sergej.attach(jid, "list.txt", b"milk, tea", "text/plain")
    bubble = bubbles(page).last
    with page.expect_download() as fetched:
        bubble.get_by_role("link", name="Download: list.txt").click()
    assert Path(fetched.value.path()).read_bytes() == b"milk, tea"
    sergej.attach(jid, "sea.png", picture(), "image/png")
    expect(bubbles(page).last.locator("img.there")).to_be_visible()
    page.locator(".composer input[type=file]").set_input_files(
        upload("notes.txt", "text/plain", b"for Sergej")
    )
    write(page, "for you")
    (sent,) = sergej.hears_words("for you")["uploads"]
    with urlopen(sent["url"]) as answered:  # noqa: S310 - our own server
        assert answered.read() == b"for Sergej"


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_an_encrypted_chat_is_no_place_for_plain_words(
    person: MakePerson, size: dict[str, int]
) -> None:
    """The keys are in another program: here one sees that something was said, and writes elsewhere."""
    name = "vera" if size is DESKTOP else "vlad"
    vera = person(size).sign_up(name, name.title())
    page = vera.page
    line = Line(vera.url, f"wim-{name}", f"Wim {name}")
    me = line.ask("user_search", keyword=name)["users"][0]["_id"]
    vault = line.ask("conversation_create", type="u", participants=[me], is_encrypted=True)
    line.say(vault["conversation"]["_id"], "c2VjcmV0", encrypted_message_type=0)
    row = page.locator("a.row")
    expect(row).to_contain_text("Encrypted message")
    expect(row.get_by_role("img", name="Encrypted")).to_be_visible()
    row.click()
    expect(bubbles(page).last).to_contain_text("Encrypted message")
    expect(page.locator("main")).to_contain_text("encrypted in another program")
    expect(page.locator("main header").get_by_role("img", name="Encrypted")).to_be_visible()
    expect(composer(page)).to_have_count(0)
    expect(page.locator("body")).not_to_contain_text("c2VjcmV0")
    bubbles(page).last.click(button="right", position={"x": 5, "y": 5})
    expect(page.get_by_role("menuitem", name="Select")).to_be_visible()
    for action in ("Reply", "Edit", "Copy", "Forward"):
        expect(page.get_by_role("menuitem", name=action)).to_have_count(0)
    page.keyboard.press("Escape")
    # Who looks for the person finds the other chat, which is not encrypted.
    page.goto(f"{vera.url}/#/")
    vera.open_chat_with(f"wim-{name}")
    write(page, "in plain words")
    plain = line.hears("message")
    assert plain["body"] == "in plain words"
    assert plain["cid"] != vault["conversation"]["_id"]
    # Nothing is sent on to where it could not be read.
    act(page, "in plain words", "Forward")
    expect(page.get_by_role("dialog").locator("li")).to_have_count(1)
    page.keyboard.press("Escape")
    # The person is one, however many chats there are with him.
    page.goto(f"{vera.url}/#/new")
    expect(page.locator(".column").get_by_text(f"@wim-{name}")).to_have_count(1)
    line.close()


def test_a_picture_that_lies_elsewhere_is_a_link(person: MakePerson) -> None:
    """Nothing is loaded from other servers; one may go there oneself."""
    wera = person(PHONE).sign_up("wera", "Wera")
    line = Line(wera.url, "xaver", "Xaver")
    wera.open_chat_with("xaver")
    write(wera.page, "hello")
    chat = line.hears("message")["cid"]
    url = "https://example.org/cat.png"
    cat = {"file_url": url, "file_name": "cat.png", "file_content_type": "image/png"}
    (file,) = line.ask_list(
        "create_files", [{"name": "dog.png", "size": len(picture()), "content_type": "image/png"}]
    )
    line.put(file["upload_url"], picture())
    dog = {"file_id": file["_id"], "file_name": "dog.png", "file_content_type": "image/png"}
    line.say(chat, "look", attachments=[cat, dog])
    bubble = bubbles(wera.page).last
    expect(bubble.get_by_role("link", name="cat.png")).to_have_attribute("href", url)
    # What lies here is looked at.
    expect(bubble.locator("img")).to_have_count(1)
    bubble.locator("img").click()
    dialog = wera.page.get_by_role("dialog")
    expect(dialog).to_contain_text("dog.png")
    expect(dialog).not_to_contain_text("of 2")
    line.close()


def test_blank_lines_at_the_end_are_not_sent(person: MakePerson) -> None:
    yara = person(DESKTOP).sign_up("yara", "Yara")
    line = Line(yara.url, "zeno", "Zeno")
    yara.open_chat_with("zeno")
    write(yara.page, "  first\n\nlast \n\n")
    heard = line.hears("message")
    assert heard["body"] == "  first\n\nlast"
    act(yara.page, "last", "Edit")
    write(yara.page, "better\n")
    assert line.hears("message_edit")["body"] == "better"
    line.close()
