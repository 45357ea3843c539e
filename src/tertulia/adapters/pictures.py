"""Pictures: their real sides, and small copies with nothing but pixels in them.

What strangers upload is decoded here, so little is allowed: four formats, and so many pixels that no
picture takes more than some 200 MiB of memory while it is made smaller.
"""

import io
import struct
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Final

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

JPEG: Final = "image/jpeg"
WEBP: Final = "image/webp"


def sides(path: Path) -> tuple[int, int] | None:
    """Width and height as the picture is to be shown; None when it is none that we can read.

    Only its head is read.
    """
    image = _opened(path)
    if image is None:
        return None
    with image:
        width, height = image.size
        if not (0 < width <= LONGEST_SIDE and 0 < height <= LONGEST_SIDE):
            return None
        return (height, width) if _orientation(image) >= 5 else (width, height)


def preview(path: Path, side: int) -> bytes | None:
    """The picture in at most *side* pixels a side, upright, as JPEG, or WebP if one can see through it.

    The first one of several. None when it cannot be read, or has too many pixels.
    """
    # Here, so that a server that never sees a picture does without.
    from PIL import ImageOps  # noqa: PLC0415 - see above

    image = _opened(path)
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


def kind_of(content: bytes) -> str:
    """The content type of a preview, by its first bytes."""
    return JPEG if content.startswith(b"\xff\xd8") else WEBP


def _opened(path: Path) -> "Image | None":
    from PIL import Image  # noqa: PLC0415 - as above

    # Ours are lower, and are an answer instead of a warning.
    Image.MAX_IMAGE_PIXELS = None
    try:
        if path.stat().st_size > MOST_BYTES:
            return None
        return Image.open(path, formats=FORMATS)
    except UNREADABLE:
        return None


def _orientation(image: "Image") -> int:
    """1 to 8, as EXIF counts. Not asked of a PNG: it would have to be decoded for that."""
    if image.format not in {*JPEGS, "WEBP"}:
        return 1
    try:
        value = image.getexif().get(ORIENTATION, 1)
    except UNREADABLE:
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _encoded(image: "Image", form: str) -> bytes:
    """Pixels only: whatever else was in the picture stays behind."""
    clean = image.copy()
    clean.info = {}
    into = io.BytesIO()
    clean.save(into, form, quality=80, exif=b"", icc_profile=None)
    return into.getvalue()
