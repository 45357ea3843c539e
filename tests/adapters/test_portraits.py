import asyncio
import io
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from tertulia.adapters import pictures
from tertulia.adapters.files_disk import DiskFiles
from tertulia.core.ids import FileId

RED, WHITE = (255, 0, 0), (255, 255, 255)


def encoded(image: Image.Image, form: str, **more: object) -> bytes:
    into = io.BytesIO()
    image.save(into, form, **more)
    return into.getvalue()


def redrawn(content: bytes) -> Image.Image:
    found = pictures.redrawn(content)
    assert found is not None
    image = Image.open(io.BytesIO(found[0]))
    assert (image.format, image.mode, image.size) == ("JPEG", "RGB", found[1:])
    return image


def is_near(image: Image.Image, place: tuple[int, int], color: tuple[int, int, int]) -> bool:
    pixel = image.getpixel(place)
    assert isinstance(pixel, tuple)
    return all(abs(one - other) < 12 for one, other in zip(pixel, color, strict=True))


def png_head(width: int, height: int) -> bytes:
    """A PNG that says it is so large, and holds next to nothing."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = [b"\x89PNG\r\n\x1a\n"]
    for kind, data in ((b"IHDR", head), (b"IDAT", zlib.compress(b"\0" * 1_000)), (b"IEND", b"")):
        check = struct.pack(">I", zlib.crc32(kind + data))
        parts += [struct.pack(">I", len(data)), kind, data, check]
    return b"".join(parts)


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "GIF"])
def test_four_formats_become_a_jpeg_of_the_same_sides(form: str) -> None:
    image = redrawn(encoded(Image.new("RGB", (300, 200), RED), form))
    assert image.size == (300, 200)
    assert is_near(image, (150, 100), RED)


@pytest.mark.slow
def test_the_shorter_side_becomes_at_most_1024_and_none_is_enlarged() -> None:
    assert redrawn(encoded(Image.new("RGB", (3_000, 1_770), RED), "PNG")).size == (1_736, 1_024)
    assert redrawn(encoded(Image.new("RGB", (1_024, 9_000), RED), "PNG")).size == (1_024, 9_000)
    assert redrawn(encoded(Image.new("RGB", (5, 7), RED), "PNG")).size == (5, 7)


@pytest.mark.slow
@pytest.mark.parametrize("side", [60, 4_200])
def test_what_one_can_see_through_stands_on_white(side: int) -> None:
    image = Image.new("RGBA", (side, side), (0, 0, 0, 0))
    image.paste((255, 0, 0, 255), (0, 0, side // 2, side))
    drawn = redrawn(encoded(image, "PNG", compress_level=1))
    assert is_near(drawn, (drawn.width // 4, drawn.height // 2), RED)
    assert is_near(drawn, (drawn.width * 3 // 4, drawn.height // 2), WHITE)


def test_so_does_what_is_transparent_in_other_ways() -> None:
    image = Image.new("RGBA", (60, 60), (0, 0, 0, 0))
    image.paste((255, 0, 0, 255), (0, 0, 30, 60))
    assert is_near(redrawn(encoded(image.convert("LA"), "PNG")), (55, 5), WHITE)
    table = image.convert("P")
    drawn = redrawn(encoded(table, "PNG", transparency=table.getpixel((59, 0))))
    assert is_near(drawn, (drawn.width * 3 // 4, drawn.height // 2), WHITE)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_a_picture_is_turned_upright_and_says_nothing_of_itself(form: str) -> None:
    image = Image.new("RGB", (80, 40), WHITE)
    image.paste(RED, (0, 0, 20, 40))
    exif = Image.Exif()
    exif[pictures.ORIENTATION] = 6
    exif[0x010F] = "the maker of the camera"
    drawn = redrawn(encoded(image, form, exif=exif))
    assert drawn.size == (40, 80)
    # What was on the left is at the top now.
    assert is_near(drawn, (20, 5), RED)
    assert is_near(drawn, (20, 70), WHITE)
    assert not dict(drawn.getexif())
    assert b"camera" not in encoded(drawn, "JPEG")


@pytest.mark.parametrize("mode", ["1", "L", "P", "CMYK", "I;16", "LA"])
def test_all_kinds_of_pixels_can_be_read(mode: str) -> None:
    image = (
        Image.new(mode, (20, 10)) if mode == "I;16" else Image.new("RGB", (20, 10)).convert(mode)
    )
    assert redrawn(encoded(image, "JPEG" if mode == "CMYK" else "PNG")).size == (20, 10)


def test_of_several_frames_the_first_is_taken() -> None:
    first, second = Image.new("RGB", (8, 8), RED), Image.new("RGB", (8, 8), WHITE)
    film = encoded(first, "GIF", save_all=True, append_images=[second])
    assert is_near(redrawn(film), (4, 4), RED)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no picture",
        b"\x89PNG\r\n\x1a\n",
        png_head(10_000, 5_001),
        png_head(200_000, 200_000),
        png_head(70_000, 100),
        png_head(0, 100),
        png_head(100, 100),
        b"GIF89a" + struct.pack("<HH", 65_535, 65_535) + b"\0\0\0;",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        encoded(Image.new("RGB", (50, 50), RED), "JPEG")[:300],
        encoded(Image.new("RGB", (50, 50), RED), "BMP"),
        encoded(Image.new("RGB", (50, 50), RED), "TIFF"),
    ],
)
def test_what_is_no_picture_or_says_it_is_too_large_is_refused(content: bytes) -> None:
    assert pictures.redrawn(content) is None


@pytest.mark.slow
def test_a_bomb_is_refused_by_its_head() -> None:
    bomb = encoded(Image.new("1", (8_000, 8_000)), "PNG")
    assert len(bomb) < 100_000
    assert pictures.redrawn(bomb) is None


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[DiskFiles]:
    files = DiskFiles(tmp_path, lambda: 0.0)
    files.open_folder()
    yield files
    asyncio.run(files.close())


async def kept(disk: DiskFiles, number: int, content: bytes) -> FileId:
    upload = await disk.begin(FileId(number))
    await upload.write(content)
    await upload.keep()
    return FileId(number)


async def copy(disk: DiskFiles, file_id: FileId, *, square: bool) -> Image.Image | None:
    stored = await disk.portrait(file_id, square=square)
    if stored is None:
        return None
    try:
        return Image.open(io.BytesIO(bytes(await stored.read(0, stored.size_bytes))))
    finally:
        stored.close()


def test_the_small_copy_is_the_square_in_the_middle_and_the_large_one_the_whole(
    disk: DiskFiles,
) -> None:
    async def story() -> None:
        wide = Image.new("RGB", (600, 200), WHITE)
        wide.paste(RED, (200, 0, 400, 200))
        file_id = await kept(disk, 1, encoded(wide, "PNG"))
        for _ in range(2):
            small = await copy(disk, file_id, square=True)
            assert small is not None
            assert (small.size, small.format) == ((256, 256), "JPEG")
            assert is_near(small, (10, 128), RED)
            assert is_near(small, (245, 128), RED)
        large = await copy(disk, file_id, square=False)
        assert large is not None
        assert large.size == (600, 200)
        tiny = await kept(disk, 2, encoded(Image.new("RGB", (3, 5), RED), "PNG"))
        enlarged = await copy(disk, tiny, square=True)
        assert enlarged is not None
        assert enlarged.size == (256, 256)
        for number, content in ((3, b"no picture"), (4, png_head(60_000, 60_000))):
            file_id = await kept(disk, number, content)
            assert await copy(disk, file_id, square=True) is None
        assert await copy(disk, FileId(5), square=True) is None

    asyncio.run(story())


@pytest.mark.slow
def test_pictures_are_drawn_off_the_loop_one_at_a_time(disk: DiskFiles) -> None:
    async def story() -> None:
        content = encoded(Image.new("RGB", (2_000, 2_000), RED), "PNG")
        drawn = await asyncio.gather(*(disk.redrawn(content) for _ in range(4)))
        assert {each.width for each in drawn if each is not None} == {1_024}
        assert disk._painter._thread._max_workers == 1

    asyncio.run(story())
