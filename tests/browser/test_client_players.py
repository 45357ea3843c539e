"""Films and sounds: what one person records the other one plays, moves about in, and fetches as it was."""

import base64
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, Response, expect

from tests.browser.client import (
    DESKTOP,
    PHONE,
    Line,
    MakePerson,
    bubbles,
    eventually,
    shot,
    upload,
    violations,
    write,
)
from tests.browser.pages import hold_uploads
from tests.stories.process import Process

pytestmark = [pytest.mark.browser, pytest.mark.slow]

RECORD = """async ({kind, width, height}) => {
    const chunks = [];
    let stream, stop;
    if (kind.startsWith('video/')) {
        const canvas = Object.assign(document.createElement('canvas'), {width, height});
        const pen = canvas.getContext('2d');
        let n = 0;
        const draw = () => {
            pen.fillStyle = `hsl(${n++ * 9} 80% 50%)`;
            pen.fillRect(0, 0, width, height);
        };
        draw();
        stop = setInterval(draw, 30);
        stream = canvas.captureStream(30);
    } else {
        const sound = new AudioContext();
        const tone = sound.createOscillator();
        const out = sound.createMediaStreamDestination();
        tone.connect(out);
        tone.start();
        await sound.resume();
        stream = out.stream;
    }
    const recorder = new MediaRecorder(stream, {mimeType: kind});
    recorder.ondataavailable = event => chunks.push(event.data);
    const done = new Promise(done => recorder.onstop = done);
    recorder.start();
    await new Promise(done => setTimeout(done, 1500));
    recorder.stop();
    await done;
    clearInterval(stop);
    const bytes = new Uint8Array(await new Blob(chunks).arrayBuffer());
    return btoa(Array.from(bytes, each => String.fromCharCode(each)).join(''));
}"""
"""A second and a half, as the browser records it."""

PLAY = """async it => {
    it.muted = true;
    await it.play();
    while (it.currentTime < 0.3) await new Promise(done => setTimeout(done, 20));
    it.pause();
    return [it.error, it.readyState >= 2, it.videoWidth ?? 0, it.videoHeight ?? 0];
}"""
"""Plays a little; what came of it."""

SEEK = """(it, to) => new Promise((done, fail) => {
    it.onseeked = () => done(it.currentTime);
    it.onerror = () => fail(new Error(it.error.message));
    it.currentTime = to;
})"""

FRAME = """it => {
    const pen = Object.assign(document.createElement('canvas'), {width: 1, height: 1}).getContext('2d');
    pen.drawImage(it, 0, 0, 1, 1);
    return [...pen.getImageData(0, 0, 1, 1).data];
}"""

BOX = "it => { const {width, height} = it.getBoundingClientRect(); return [Math.round(width), Math.round(height)]; }"


@pytest.fixture(scope="module")
def recorded(clients: Browser) -> tuple[bytes, bytes]:
    """What a browser records of a canvas and of a tone."""
    page = clients.new_page()
    film, tone = (
        base64.b64decode(page.evaluate(RECORD, {"kind": kind, "width": 320, "height": 180}))
        for kind in ("video/webm", "audio/webm")
    )
    page.close()
    return film, tone


@pytest.fixture(params=[(DESKTOP, PHONE), (PHONE, DESKTOP)], ids=["to-phone", "to-desktop"])
def sizes(request: pytest.FixtureRequest) -> tuple[dict[str, int], dict[str, int]]:
    """The windows of who sends and who gets."""
    found: tuple[dict[str, int], dict[str, int]] = request.param
    return found


def fetched(page: Page, link: Locator) -> bytes:
    """What one gets who downloads it."""
    with page.expect_download() as it:
        link.click()
    return Path(it.value.path()).read_bytes()


def test_films_and_sounds_are_played_by_the_other(
    person: MakePerson, sizes: tuple[dict[str, int], dict[str, int]], recorded: tuple[bytes, bytes]
) -> None:
    name = f"{sizes[0]['width']}"
    ruth = person(sizes[0], service_workers="block").sign_up(f"ruth{name}", "Ruth")
    sven = person(sizes[1]).sign_up(f"sven{name}", "Sven")
    film, tone = recorded
    ruth.open_chat_with(sven.login)
    field = ruth.page.locator(".composer input[type=file]")

    # As high on its way as it is when it has come: nothing jumps.
    field.set_input_files(
        [upload("waves.webm", "video/webm", film), upload("sea.webm", "audio/webm", tone)]
    )
    expect(ruth.page.locator(".files li")).to_have_count(2)
    ruth.page.route("**/files/*", hold_uploads)
    write(ruth.page, "Listen")
    ruth.page.get_by_role("button", name="Cancel upload").wait_for()
    waiting = ruth.page.locator("article:not([data-id]) .bubble").evaluate(BOX)
    ruth.page.unroute("**/files/*")
    ruth.page.reload()
    expect(bubbles(ruth.page)).to_have_count(1)
    expect(bubbles(ruth.page).locator("video")).to_be_visible()
    assert bubbles(ruth.page).last.evaluate(BOX) == waiting

    page = sven.page
    answers: list[Response] = []
    page.on("response", lambda it: answers.append(it) if "/files/" in it.url else None)
    page.locator("a.row").first.click()
    bubble = bubbles(page).last
    video, audio = bubble.locator("video"), bubble.locator("audio")
    # Its place has its shape and its colours before anything of it is loaded.
    expect(bubble.locator(".film canvas")).to_be_visible()
    width, height = bubble.locator(".film").evaluate(BOX)
    assert abs(width / height - 320 / 180) < 0.02
    assert video.evaluate("it => it.readyState") == audio.evaluate("it => it.readyState") == 0
    assert answers == []
    before = bubble.evaluate(BOX)
    for player, sides in ((video, [320, 180]), (audio, [0, 0])):
        assert player.evaluate(PLAY) == [None, True, *sides]
        for to in (1.2, 0.1):
            assert abs(player.evaluate(SEEK, to) - to) < 0.05
    assert {it.status for it in answers} == {206}
    assert bubble.evaluate(BOX) == before
    early = video.evaluate(FRAME)
    video.evaluate(SEEK, 0.9)
    # The picture of that moment is drawn a little after the place is found.
    eventually(page, lambda: video.evaluate(FRAME) != early)
    assert violations(page) == []
    shot(page, f"players-{name}")
    # What one fetches is what was sent.
    assert fetched(page, bubble.get_by_role("link", name="Download: waves.webm")) == film
    assert fetched(page, bubble.get_by_role("link", name="Download: sea.webm")) == tone


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_what_cannot_be_played_says_so(
    visitor: MakePerson, house: Process, size: dict[str, int]
) -> None:
    """A player that would stay dead becomes a sentence, and the file can be fetched all the same."""
    name = f"tara{size['width']}"
    tara = visitor(size).sign_up(name, "Tara")
    line = Line(house.base_url, f"{name}-friend", "Ugo")
    chat = line.chat_with(line.ask("user_search", keyword=name)["users"][0]["_id"])
    names = {"film.mp4": "video/mp4", "song.mp3": "audio/mpeg", "gone.webm": "video/webm"}
    sent = [{"name": name, "size": 14, "content_type": kind} for name, kind in names.items()]
    files = line.ask_list("create_files", sent)
    for each in files[:2]:
        line.put(each["upload_url"], b"no film at all")
    attachments = [
        {"file_id": each["_id"], "file_name": each["name"], "file_content_type": kind}
        for each, kind in zip(files, names.values(), strict=True)
    ]
    line.say(chat, "look", attachments=attachments)
    page = tara.page
    page.locator("a.row").first.click()
    bubble = bubbles(page).last
    for label in names:
        player = bubble.get_by_label(label, exact=True)
        player.evaluate("it => { it.play().catch(() => 0); }")
        expect(player).to_have_count(0)
    expect(bubble.get_by_text("This file cannot be played here.")).to_have_count(3)
    expect(bubble.locator("video, audio")).to_have_count(0)
    assert fetched(page, bubble.get_by_role("link", name="Download: film.mp4")) == b"no film at all"
    assert violations(page) == []
    shot(page, f"unplayable-{size['width']}")
    line.close()
