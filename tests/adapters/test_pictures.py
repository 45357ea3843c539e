"""Pictures: real sides, small copies, and what is no picture."""

import io
import struct
import warnings
import zlib
from pathlib import Path

import pytest
from PIL import Image

from tertulia.adapters import pictures

TURNED = 6
"""EXIF: to be turned by a quarter."""


def picture(path: Path, form: str, size: tuple[int, int], mode: str = "RGB") -> Path:
    image = Image.new(mode, size, (200, 30, 30, 90)[: len(mode)])
    exif = image.getexif()
    exif[pictures.ORIENTATION] = TURNED
    exif[0x010F] = "Secretcam"
    image.save(path, form, exif=exif)
    return path


@pytest.mark.parametrize("form", ["JPEG", "WEBP"])
def test_sides_are_as_the_picture_is_to_be_shown(tmp_path: Path, form: str) -> None:
    assert pictures.sides(picture(tmp_path / "p", form, (90, 40))) == (40, 90)


def test_sides_of_a_png(tmp_path: Path) -> None:
    assert pictures.sides(picture(tmp_path / "p", "PNG", (90, 40))) == (90, 40)


@pytest.mark.parametrize("form", ["JPEG", "WEBP", "PNG"])
def test_a_preview_is_small_upright_and_tells_nothing_else(tmp_path: Path, form: str) -> None:
    whole = picture(tmp_path / "p", form, (900, 300))
    assert b"Secretcam" in whole.read_bytes()
    content = pictures.preview(whole, 160)
    assert content is not None
    assert b"Secretcam" not in content
    small = Image.open(io.BytesIO(content))
    assert small.format == "JPEG"
    assert pictures.kind_of(content) == "image/jpeg"
    assert small.size == ((53, 160) if form != "PNG" else (160, 53))
    assert not small.getexif()


def test_what_one_can_see_through_stays_so(tmp_path: Path) -> None:
    content = pictures.preview(picture(tmp_path / "p", "PNG", (50, 20), "RGBA"), 160)
    assert content is not None
    assert pictures.kind_of(content) == "image/webp"
    assert Image.open(io.BytesIO(content)).convert("RGBA").getpixel((5, 5))[3] < 255  # type: ignore[index]  # four bands


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def bomb(path: Path, side: int) -> Path:
    """A PNG that says it has side² pixels, and would have them."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(bytes(1_000_000))))
    return path


def test_too_many_pixels_are_not_unpacked(tmp_path: Path) -> None:
    path = bomb(tmp_path / "p", 50_000)
    assert pictures.sides(path) == (50_000, 50_000)
    assert pictures.preview(path, 640) is None


def in_scans(path: Path, times: int) -> Path:
    """A progressive JPEG of 300 pixels a side, whose last scan comes so many times."""
    Image.new("RGB", (300, 300), (200, 30, 30)).save(path, "JPEG", progressive=True)
    content = path.read_bytes()
    last = content.rindex(b"\xff\xda")
    path.write_bytes(content[:last] + content[last:-2] * times + content[-2:])
    return path


def test_a_jpeg_in_many_scans_is_not_decoded_for_hours(tmp_path: Path) -> None:
    usual, endless = in_scans(tmp_path / "usual", 1), in_scans(tmp_path / "endless", 50)
    assert pictures.preview(usual, 160) is not None
    assert pictures.preview(endless, 160) is None
    assert pictures.portrait(endless, square=True) is None
    assert pictures.redrawn(usual.read_bytes()) is not None
    assert pictures.redrawn(endless.read_bytes()) is None


@pytest.mark.parametrize("before", [b"", b"\xff\xc8", b"\xff\xff\xff", b"\xff\xd9"])
def test_a_jpeg_that_says_very_much_of_itself_is_not_read(tmp_path: Path, before: bytes) -> None:
    whole = in_scans(tmp_path / "p", 1)
    content = whole.read_bytes()
    one = before + b"\xff\xe1" + struct.pack(">H", 18) + b"Exif\0\0" + bytes(10)
    whole.write_bytes(content[:2] + one * 50 + content[2:])
    assert pictures.sides(whole) == (300, 300)
    whole.write_bytes(content[:2] + one * 1_001 + content[2:])
    assert pictures.sides(whole) is None
    assert pictures.preview(whole, 160) is None
    assert pictures.redrawn(whole.read_bytes()) is None


def test_what_looks_like_a_scan_beside_the_picture_is_none(tmp_path: Path) -> None:
    whole = in_scans(tmp_path / "p", 1)
    seeming = b"\xff\xda" * 100
    note = b"\xff\xe9" + struct.pack(">H", 2 + len(seeming)) + seeming
    content = whole.read_bytes()
    whole.write_bytes(content[:2] + note + content[2:] + seeming)
    assert pictures.preview(whole, 160) is not None


def exif_of_nothing(entries: int) -> bytes:
    """EXIF whose entries all say that their content lies far behind the end."""
    told = b"".join(struct.pack("<HHLL", 1 + each, 1, 9 + each, 10**6) for each in range(entries))
    return b"Exif\0\0II*\0" + struct.pack("<LH", 8, entries) + told + bytes(4)


@pytest.mark.parametrize("form", ["JPEG", "WEBP"])
def test_what_is_wrong_with_a_picture_is_no_line_of_the_log_each(tmp_path: Path, form: str) -> None:
    path = tmp_path / "p"
    Image.new("RGB", (20, 10)).save(path, form, exif=exif_of_nothing(2_000))
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        assert pictures.sides(path) == (20, 10)
        assert pictures.preview(path, 160) is not None
        assert pictures.portrait(path, square=True) is not None
    assert not said


@pytest.mark.parametrize(
    "content",
    [b"", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"GIF89a", b"\xff\xd8\xff", b"RIFF"],
)
def test_what_is_no_picture_has_neither_sides_nor_preview(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "p"
    path.write_bytes(content)
    assert pictures.sides(path) is None
    assert pictures.preview(path, 640) is None


@pytest.mark.parametrize("form", ["JPEG", "WEBP", "PNG", "GIF"])
def test_a_broken_picture_has_no_preview(tmp_path: Path, form: str) -> None:
    path = tmp_path / "p"
    image = Image.effect_noise((300, 300), 80)
    image.save(path, form)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 4])
    assert pictures.preview(path, 160) is None
