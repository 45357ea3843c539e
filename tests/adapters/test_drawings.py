"""What the server draws is what one sees."""

import asyncio
import io
from collections.abc import Awaitable, Callable, Iterator

import pytest
from PIL import Image

from tertulia.adapters.drawings import MOST_KEPT, MOST_WAITING, Drawer, draw_qr, draw_stub
from tertulia.core.errors import TooMuch

Use = Callable[[Drawer], Awaitable[None]]


@pytest.fixture
def with_drawer() -> Iterator[Callable[[Use], None]]:
    drawer = Drawer()
    yield lambda use: asyncio.run(use_it(use, drawer))
    drawer.close()


async def use_it(use: Use, drawer: Drawer) -> None:
    await use(drawer)


def seen(png: bytes) -> Image.Image:
    return Image.open(io.BytesIO(png)).convert("RGB")


def ink(png: bytes) -> tuple[int, int, int, int]:
    """Where the letters stand: left, top, right, bottom."""
    box = seen(png).point(lambda value: 255 if value > 200 else 0).convert("L").getbbox()
    assert box is not None
    return box


@pytest.mark.parametrize("side", [256, 512])
@pytest.mark.parametrize("letters", ["ВП", "22", "то", "ЩЖ", "g", "№", "漢", "😀", "·", "a·"])
def test_letters_stand_white_in_the_middle_of_the_color(letters: str, side: int) -> None:
    png = draw_stub("402080", letters, side)
    picture = seen(png)
    assert picture.size == (side, side)
    assert picture.getpixel((0, 0)) == picture.getpixel((side - 1, side - 1)) == (64, 32, 128)
    left, top, right, bottom = ink(png)
    assert abs(left + right - side) <= side * 0.06
    assert abs(top + bottom - side) <= side * 0.06
    assert right - left <= side * 0.82


def test_cyrillic_letters_are_not_boxes() -> None:
    unknown = seen(draw_stub("000000", "\ue000", 256)).tobytes()
    drawn = {letter: seen(draw_stub("000000", letter, 256)).tobytes() for letter in "АБЯжщё09№"}
    assert unknown not in drawn.values()
    assert len(set(drawn.values())) == len(drawn)


def test_a_qr_code_carries_its_text() -> None:
    picture = seen(draw_qr("otv://qr-login/127.0.0.1%3A8000/Sqt9O7toIgw-ud-G"))
    assert picture.width == picture.height
    assert {each for _, each in picture.getcolors() or []} == {(0, 0, 0), (255, 255, 255)}
    # The margin of four modules, then the corner that scanners look for.
    assert picture.getpixel((31, 31)) == (255, 255, 255)
    assert picture.getpixel((32, 32)) == (0, 0, 0)
    assert seen(draw_qr("another")).tobytes() != picture.tobytes()


def test_a_stub_is_drawn_once(with_drawer: Callable[[Use], None]) -> None:
    async def story(drawer: Drawer) -> None:
        first = await drawer.stub("402080", "А", 32)
        assert await drawer.stub("402080", "А", 32) is first
        assert await drawer.stub("402080", "Б", 32) != first
        assert await drawer.qr("x") is not await drawer.qr("x")

    with_drawer(story)


def test_only_so_many_stubs_are_kept(with_drawer: Callable[[Use], None]) -> None:
    async def story(drawer: Drawer) -> None:
        first = await drawer.stub("000000", "A", 8)
        for number in range(1, MOST_KEPT + 1):
            drawer._kept[f"{number:06x}", "A", 8] = b""
        await drawer.stub("00ffff", "A", 8)
        assert await drawer.stub("000000", "A", 8) == first
        assert len(drawer._kept) <= MOST_KEPT + 1

    with_drawer(story)


def test_who_waits_behind_too_many_is_refused(with_drawer: Callable[[Use], None]) -> None:
    async def story(drawer: Drawer) -> None:
        asked = [drawer.qr(str(number)) for number in range(MOST_WAITING + 1)]
        answers = await asyncio.gather(*asked, return_exceptions=True)
        refused = [each for each in answers if isinstance(each, TooMuch)]
        assert len(refused) == 1
        assert await drawer.qr("now there is room")

    with_drawer(story)
