"""Pictures: their real sides, and small copies with nothing but pixels in them.

What strangers upload is decoded here, so little is allowed: four formats, and so many pixels that no
picture takes more than some 200 MiB of memory while it is made smaller, and a JPEG of so few parts that
none takes more than some seconds.
"""

import io
import struct
import warnings
import zlib
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from tertulia.adapters import jpeg_parts

if TYPE_CHECKING:
    from PIL.Image import Image

FORMATS: Final = ("JPEG", "PNG", "GIF", "WEBP")

JPEGS: Final = frozenset({"JPEG", "MPO"})
"""The second is what some cameras write: a JPEG with further ones behind it."""

MOST_PIXELS: Final = 24_000_000
MOST_PIXELS_OF_JPEG: Final = 64_000_000
"""A JPEG is made smaller while it is decoded."""

MOST_BYTES: Final = 32 << 20
"""Some formats are read whole before anything is known of them."""

LONGEST_SIDE: Final = 65_535

ORIENTATION: Final = 0x0112
"""Of EXIF. From 5 on, the picture is to be turned by a quarter."""

# What a broken or hostile picture makes the decoders raise.
UNREADABLE = (
    OSError, ValueError, SyntaxError, TypeError, KeyError, IndexError, OverflowError, EOFError,
    MemoryError, struct.error, zlib.error,
)  # fmt: skip

MOST_PIXELS_OF_PORTRAIT: Final = 50_000_000
"""Of a picture that is to be somebody's: it is flattened strip by strip, so no second copy of it is made."""

SQUARE_SIDE: Final = 256
SHORTER_SIDE: Final = 1_024
"""Pixels of the small copy of a portrait; of the large one, at most."""

STRIP_ROWS: Final = 256
"""Rows of a picture that are flattened at once, about."""

JPEG: Final = "image/jpeg"
WEBP: Final = "image/webp"


def sides(source: Path | BinaryIO) -> tuple[int, int] | None:
    """Width and height as the picture is to be shown; None when it is none that we can read.

    Only its head is read.
    """
    image = _opened(source)
    if image is None:
        return None
    with image:
        width, height = image.size
        if not (0 < width <= LONGEST_SIDE and 0 < height <= LONGEST_SIDE):
            return None
        return (height, width) if _orientation(image) >= 5 else (width, height)


def preview(source: Path | BinaryIO, side: int) -> bytes | None:
    """The picture in at most *side* pixels a side, upright, as JPEG, or WebP if one can see through it.

    The first one of several. None when it cannot be read, or has too many pixels.
    """
    # Here, so that a server that never sees a picture does without.
    from PIL import ImageOps  # noqa: PLC0415 - see above

    image = _decodable(source)
    if image is None:
        return None
    most = MOST_PIXELS_OF_JPEG if image.format in JPEGS else MOST_PIXELS
    with image:
        if image.width * image.height > most:
            return None
        try:
            image.draft("RGB", (side, side))
            is_clear = image.mode in {"RGBA", "LA", "PA"} or "transparency" in image.info
            orientation = _orientation(image)
            small = image.convert("RGBA" if is_clear else "RGB")
            small.thumbnail((side, side))
            small.getexif()[ORIENTATION] = orientation
            small = ImageOps.exif_transpose(small)
            return _encoded(small, "WEBP" if is_clear else "JPEG")
        except UNREADABLE:
            return None


def redrawn(content: bytes) -> tuple[bytes, int, int] | None:
    """The picture as JPEG with its sides: upright, on white, its shorter side at most `SHORTER_SIDE`.

    The first one of several. None when it cannot be read, or has too many pixels.
    """
    image = _decodable(io.BytesIO(content))
    if image is None:
        return None
    with image:
        large = _large(image)
    return None if large is None else (_encoded(large, "JPEG", 90), large.width, large.height)


def portrait(source: Path | BinaryIO, *, square: bool) -> bytes | None:
    """A copy as JPEG: the square in the middle with `SQUARE_SIDE` pixels a side, or the whole, as `redrawn`."""
    from PIL import Image, ImageOps  # noqa: PLC0415 - as above

    image = _decodable(source)
    if image is None:
        return None
    with image:
        large = _large(image)
    if large is not None and square:
        side = (SQUARE_SIDE, SQUARE_SIDE)
        large = ImageOps.fit(large, side, Image.Resampling.LANCZOS)
    return None if large is None else _encoded(large, "JPEG", 90)


def _large(image: "Image") -> "Image | None":
    from PIL import Image, ImageOps  # noqa: PLC0415 - as above

    width, height = image.size
    if not 0 < width * height <= MOST_PIXELS_OF_PORTRAIT or max(width, height) > LONGEST_SIDE:
        return None
    scale = min(SHORTER_SIDE / min(width, height), 1.0)
    target = (max(round(width * scale), 1), max(round(height * scale), 1))
    try:
        image.draft("RGB", target)
        flat = _on_white(image, max(min(image.size) // (2 * SHORTER_SIDE), 1))
        # Only now: some formats tell it behind their pixels.
        orientation = image.getexif().get(ORIENTATION, 1)
        flat = flat.resize(target, Image.Resampling.LANCZOS) if flat.size != target else flat
        flat.getexif()[ORIENTATION] = orientation
        return ImageOps.exif_transpose(flat)
    except UNREADABLE:
        return None


def _on_white(image: "Image", factor: int) -> "Image":
    """The picture in RGB, that many times smaller, with white behind what one can see through."""
    from PIL import Image  # noqa: PLC0415 - as above

    image.load()
    if image.mode.startswith("I"):
        # 16 bits a pixel, which nothing else here knows.
        image = image.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    width, height = image.size
    small = Image.new("RGB", (-(-width // factor), -(-height // factor)), "white")
    is_clear = image.mode in {"RGBA", "LA", "PA", "RGBa", "La"} or "transparency" in image.info
    rows = max(STRIP_ROWS // factor, 1) * factor
    for top in range(0, height, rows):
        strip = image.crop((0, top, width, min(top + rows, height)))
        strip.info = image.info
        if is_clear:
            strip = strip.convert("RGBA")
            white = Image.new("RGB", strip.size, "white")
            white.paste(strip, mask=strip.getchannel("A"))
            strip = white
        strip = strip.convert("RGB")
        small.paste(strip.reduce(factor) if factor > 1 else strip, (0, top // factor))
    return small


def kind_of(content: bytes) -> str:
    """The content type of a preview, by its first bytes."""
    return JPEG if content.startswith(b"\xff\xd8") else WEBP


def _decodable(source: Path | BinaryIO) -> "Image | None":
    """`_opened`, for who wants more of it than its head."""
    try:
        if _size(source) > MOST_BYTES or _is_endless(source, jpeg_parts.has_many_scans):
            return None
    except OSError:
        return None
    return _opened(source)


def _opened(source: Path | BinaryIO) -> "Image | None":
    from PIL import Image  # noqa: PLC0415 - as above

    # Ours are lower, and are an answer instead of a warning.
    Image.MAX_IMAGE_PIXELS = None
    # One picture can be worth 65,535 of them. Each would be a line of the log, and be remembered for good.
    warnings.filterwarnings("ignore", module=r"PIL\.")
    try:
        if _size(source) > MOST_BYTES or _is_endless(source, jpeg_parts.has_many_segments):
            return None
        return Image.open(source, formats=FORMATS)
    except UNREADABLE:
        return None


def _is_endless(source: Path | BinaryIO, has_many: Callable[[BinaryIO], bool]) -> bool:
    """Whether it is a JPEG that *has_many* parts."""
    with source.open("rb") if isinstance(source, Path) else nullcontext(source) as stream:
        is_jpeg = stream.read(len(jpeg_parts.START)) == jpeg_parts.START
        found = is_jpeg and has_many(stream)
        stream.seek(0)
    return found


def _size(source: Path | BinaryIO) -> int:
    if isinstance(source, Path):
        return source.stat().st_size
    size = source.seek(0, io.SEEK_END)
    source.seek(0)
    return size


def _orientation(image: "Image") -> int:
    """1 to 8, as EXIF counts. Not asked of a PNG: it would have to be decoded for that."""
    if image.format not in {*JPEGS, "WEBP"}:
        return 1
    try:
        value = image.getexif().get(ORIENTATION, 1)
    except UNREADABLE:
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _encoded(image: "Image", form: str, quality: int = 80) -> bytes:
    """Pixels only: whatever else was in the picture stays behind."""
    clean = image.copy()
    clean.info = {}
    into = io.BytesIO()
    clean.save(into, form, quality=quality, exif=b"", icc_profile=None)
    return into.getvalue()
