"""Pictures the server draws: letters on a color, and QR codes. In threads, few at a time, remembered."""

import asyncio
import io
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from tertulia.core.errors import TooMuch

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageFont import FreeTypeFont

MOST_WAITING = 256
"""Drawings under way or in line; more are refused."""

MOST_KEPT = 2_000
"""Stub pictures in memory, some 2 KiB each."""

THREADS = 2

WEIGHT, WIDTH = 500, 100
"""Of the letters, on the font's own axes: medium, normal."""

LETTER_SIZE = 0.46
"""Of the side: the height of the font."""

WIDEST = 0.8
"""Of the side: wide pairs such as ЩЖ are made smaller, so that they keep away from the edge."""

SHADES = 32
"""From the ground to white: enough for smooth edges, and a third of the bytes."""

QR_SCALE = 8
"""Pixels a module."""


class Drawer:
    """Draws them. Of two that want the same picture at once both draw it, which does no harm."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="drawing")
        self._waiting = 0
        self._kept: OrderedDict[tuple[str, str, int], bytes] = OrderedDict()

    async def stub(self, color: str, letters: str, side: int) -> bytes:
        """A PNG of *side* pixels a side: the letters in white on the color (six hex digits).

        Raises:
            TooMuch: "drawings": too many are waiting already.
        """
        key = (color, letters, side)
        known = self._kept.get(key)
        if known is not None:
            self._kept.move_to_end(key)
            return known
        picture = await self._draw(draw_stub, color, letters, side)
        self._kept[key] = picture
        if len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)
        return picture

    async def qr(self, text: str) -> bytes:
        """A PNG of the QR code of that text. Never kept: what stands in it is often a secret.

        Raises:
            TooMuch: "drawings": too many are waiting already.
        """
        return await self._draw(draw_qr, text)

    def close(self) -> None:
        """No more drawings."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def _draw(self, how: Callable[..., bytes], *what: object) -> bytes:
        if self._waiting >= MOST_WAITING:
            raise TooMuch("drawings", 1)
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, how, *what)
        finally:
            self._waiting -= 1


def draw_stub(color: str, letters: str, side: int) -> bytes:
    """The letters in the middle of the square, whatever their height."""
    # Here, so that a server that never draws does without.
    from PIL import Image  # noqa: PLC0415 - see above

    image = Image.new("L", (side, side))
    ink = _ink(letters, _font(round(side * LETTER_SIZE)))
    if ink.width > side * WIDEST:
        ink = _ink(letters, _font(int(side * LETTER_SIZE * side * WIDEST / ink.width)))
    image.paste(ink, ((side - ink.width) // 2, (side - ink.height) // 2))
    shades = image.point([shade * SHADES // 256 for shade in range(256)])
    shades.putpalette(_shades(color))
    return _png(shades)


def _ink(letters: str, font: "FreeTypeFont") -> "Image":
    """The letters in white on black, without anything around them."""
    from PIL import Image, ImageDraw  # noqa: PLC0415 - as above

    left, top, right, bottom = font.getbbox(letters)
    room = Image.new("L", (int(right - left) + 2, int(bottom - top) + 2))
    ImageDraw.Draw(room).text((1 - left, 1 - top), letters, fill=255, font=font)
    # What the font says of a letter's height is not always what one sees.
    return room.crop(room.getbbox())


def _shades(color: str) -> bytes:
    """A palette from the color to white."""
    ground = bytes.fromhex(color)
    last = SHADES - 1
    return bytes(
        (part * (last - place) + 255 * place) // last for place in range(SHADES) for part in ground
    )


def draw_qr(text: str) -> bytes:
    """Black on white with the margin the standard asks for."""
    import segno  # noqa: PLC0415 - as above

    into = io.BytesIO()
    segno.make(text, error="m", micro=False).save(into, kind="png", scale=QR_SCALE)
    return into.getvalue()


@cache
def _font_file() -> bytes:
    folder = resources.files("fontpkg_roboto") / "files"
    return (folder / "Roboto[wdth,wght].ttf").read_bytes()


def _font(size: int) -> "FreeTypeFont":
    """The font in that size, in pixels; each thread has its own."""
    from PIL import ImageFont  # noqa: PLC0415 - as above

    font = ImageFont.truetype(io.BytesIO(_font_file()), size)
    names = [axis["name"] for axis in font.get_variation_axes()]
    wanted = {b"Weight": WEIGHT, b"Width": WIDTH}
    font.set_variation_by_axes([wanted.get(name or b"", WIDTH) for name in names])
    return font


def _png(image: "Image") -> bytes:
    into = io.BytesIO()
    image.save(into, "PNG", optimize=True)
    return into.getvalue()
