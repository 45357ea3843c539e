"""The web client on a phone under fingers: long touches, swipes, pinches and double taps."""

from collections.abc import Iterator, Sequence

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.client import (
    PHONE,
    Line,
    MakePerson,
    Person,
    act,
    bubbles,
    composer,
    picture,
    shot,
    upload,
)
from tests.stories.process import Process

pytestmark = [pytest.mark.browser, pytest.mark.slow]

Spot = tuple[float, float]

WHERE = """it => {
    const {left, top, width, height} = it.getBoundingClientRect();
    return [left, top, width, height];
}"""


class Fingers:
    """Fingers on the glass of somebody's phone."""

    def __init__(self, person: Person) -> None:
        self._page = person.page
        self._session = person.context.new_cdp_session(person.page)

    def down(self, *spots: Spot) -> None:
        """So many fingers touch."""
        self._send("touchStart", spots)

    def up(self) -> None:
        """No finger touches any more."""
        self._send("touchEnd", ())

    def lead(self, *ways: tuple[Spot, Spot]) -> None:
        """Each finger from its one spot to its other one; they stay down."""
        for step in range(1, 6):
            self._send("touchMove", [_between(*way, step / 5) for way in ways])

    def swipe(self, start: Spot, end: Spot) -> None:
        """One finger, down and up again."""
        self.down(start)
        self.lead((start, end))
        self.up()

    def pinch(self, *ways: tuple[Spot, Spot]) -> None:
        """Two fingers, down and up again."""
        self.down(*(start for start, _ in ways))
        self.lead(*ways)
        self.up()

    def tap_twice(self, spot: Spot) -> None:
        """Two taps, quickly."""
        for _ in range(2):
            self.down(spot)
            self.up()

    def _send(self, kind: str, spots: Sequence[Spot]) -> None:
        points = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(spots)]
        self._session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})


def _between(start: Spot, end: Spot, part: float) -> Spot:
    return (start[0] + (end[0] - start[0]) * part, start[1] + (end[1] - start[1]) * part)


def middle(it: Locator) -> Spot:
    """Where one touches it."""
    left, top, width, height = it.evaluate(WHERE)
    return left + width / 2, top + height / 2


def send(page: Page, text: str) -> None:
    """Under fingers, Enter begins a line."""
    composer(page).fill(text)
    page.get_by_role("button", name="Send", exact=True).tap()


@pytest.fixture
def gina(person: MakePerson) -> Person:
    """Somebody with a phone."""
    return person(PHONE, has_touch=True, is_mobile=True)


@pytest.fixture
def friend(house: Process) -> Iterator[Line]:
    """Somebody to write with."""
    line = Line(house.base_url, "hugo", "Hugo")
    yield line
    line.ask("user_delete")
    line.close()


def test_a_long_touch_opens_the_menu_of_a_message(gina: Person, friend: Line) -> None:
    page = gina.sign_up("gina-menu", "Gina").page
    gina.open_chat_with("hugo")
    send(page, "first")
    chat = friend.hears("message")["cid"]
    friend.say(chat, *(f"line {number}" for number in range(30)))
    expect(bubbles(page).last).to_contain_text("line 29")
    fingers = Fingers(gina)
    spot = middle(bubbles(page).last)
    # Who scrolls wants no menu, however long.
    fingers.down(spot)
    fingers.lead((spot, (spot[0], spot[1] + 150)))
    page.wait_for_timeout(700)
    fingers.up()
    expect(bubbles(page).last).not_to_be_in_viewport()
    expect(page.get_by_role("menu")).to_have_count(0)
    page.get_by_role("button", name="To the newest message").tap()
    expect(bubbles(page).last).to_be_in_viewport()
    spot = middle(bubbles(page).last)
    fingers.down(spot)
    expect(page.get_by_role("menuitem", name="Reply")).to_be_visible()
    fingers.up()
    shot(page, "touched-phone")
    page.get_by_role("menuitem", name="Reply").tap()
    expect(page.get_by_role("menu")).to_have_count(0)
    send(page, "an answer")
    expect(bubbles(page).last).to_contain_text("line 29")
    expect(bubbles(page).last).to_contain_text("an answer")


def test_pictures_are_swiped_pinched_and_pulled_away(gina: Person, friend: Line) -> None:
    page = gina.sign_up("gina-look", "Gina").page
    gina.open_chat_with("hugo")
    colours = {"one.png": "teal", "two.png": "gold", "three.png": "navy"}
    page.locator(".composer input[type=file]").set_input_files(
        [upload(name, "image/png", picture((600, 900), colours[name])) for name in colours]
    )
    send(page, "three")
    expect(bubbles(page).last.locator("img.there")).to_have_count(3)
    page.get_by_role("button", name="Open picture one.png").tap()
    fingers = Fingers(gina)
    shown = page.locator("dialog img.there")
    expect(shown).to_be_visible()
    x, y = middle(shown)
    left, right = (x - 120, y), (x + 120, y)

    def named(name: str) -> None:
        expect(page.get_by_role("dialog", name=name)).to_be_visible()
        expect(shown).to_be_visible()

    # To the next one and back; no further than there are pictures.
    fingers.swipe(left, right)
    named("one.png")
    fingers.swipe(right, left)
    named("two.png")
    # It follows the finger, and comes back from where nothing was meant.
    fingers.down(right)
    fingers.lead((right, (x + 80, y)))
    assert middle(shown)[0] < x - 20
    fingers.lead(((x + 80, y), (x + 110, y)))
    fingers.up()
    named("two.png")
    expect(shown).to_have_css("transform", "matrix(1, 0, 0, 1, 0, 0)")
    fingers.swipe(left, right)
    named("one.png")

    # Two fingers: as much as they go apart, and what is between them stays there.
    before = shown.evaluate(WHERE)
    at = (x + 40, y + 60)
    part = ((at[0] - before[0]) / before[2], (at[1] - before[1]) / before[3])
    fingers.pinch(
        ((at[0] - 30, at[1]), (at[0] - 75, at[1])), ((at[0] + 30, at[1]), (at[0] + 75, at[1]))
    )
    after = shown.evaluate(WHERE)
    assert abs(after[2] / before[2] - 2.5) < 0.1
    assert abs(after[0] + part[0] * after[2] - at[0]) < 12
    shot(page, "pinched-phone")
    # One finger moves what is enlarged about, and neither turns nor closes.
    fingers.swipe(right, left)
    named("one.png")
    assert shown.evaluate(WHERE)[0] < after[0] - 50
    fingers.swipe((x, y - 150), (x, y + 150))
    named("one.png")
    # Two taps: all of it again; two more: what is under them.
    fingers.tap_twice((x, y))
    assert abs(shown.evaluate(WHERE)[2] - before[2]) < 1
    page.wait_for_timeout(350)
    fingers.tap_twice(at)
    large = shown.evaluate(WHERE)
    assert abs(large[2] / before[2] - 2.5) < 0.1
    assert abs(large[0] + part[0] * large[2] - at[0]) < 12
    assert abs(large[1] + part[1] * large[3] - at[1]) < 12
    page.keyboard.press("0")

    # A little down is not away; far down is.
    fingers.swipe((x, y - 100), (x, y - 50))
    named("one.png")
    fingers.swipe((x, y - 100), (x, y + 60))
    expect(page.locator("dialog")).to_have_count(0)
    expect(page.get_by_role("button", name="Open picture one.png")).to_be_focused()
    act(page, "three", "Delete")
    expect(page.locator("dialog")).to_be_visible()
