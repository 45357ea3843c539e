"""Places where files are kept: whole or not at all. Every test is played in a folder and in a bucket."""

import asyncio
import contextlib
import io
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import uvloop
from PIL import Image

from tertulia.adapters.clock import SystemClock
from tertulia.assembly.files import ServerFiles, files_for
from tertulia.core.ids import FileId
from tertulia.settings import Settings
from tests.bucket_server import new_url

FILE, OTHER = FileId(123_456_789_012), FileId(123_456_789_013)

PIECE = 70_000

Story = Callable[[ServerFiles], Awaitable[None]]
Play = Callable[[Story], None]


@pytest.fixture(params=["disk", pytest.param("bucket", marks=pytest.mark.integration)])
def play(request: pytest.FixtureRequest, tmp_path: Path) -> Play:
    """Plays a story in an empty place."""
    settings = Settings(files_url=new_url() if request.param == "bucket" else "", data=tmp_path)

    async def told(story: Story) -> None:
        async with opened(settings) as files:
            await story(files)

    return lambda story: uvloop.run(told(story))


@contextlib.asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[ServerFiles]:
    files = await files_for(settings, SystemClock())
    try:
        yield files
    finally:
        await files.close()


async def keep(files: ServerFiles, content: bytes, file_id: FileId = FILE) -> None:
    upload = await files.begin(file_id)
    for start in range(0, len(content), PIECE):
        await upload.write(content[start : start + PIECE])
    await upload.keep()


async def content(files: ServerFiles, file_id: FileId = FILE, piece: int = 1 << 18) -> bytes | None:
    stored = await files.open(file_id)
    if stored is None:
        return None
    with contextlib.closing(stored):
        found = bytearray()
        while part := await stored.read(len(found), piece):
            found += part
        assert len(found) == stored.size_bytes
        return bytes(found)


def some_bytes(count: int) -> bytes:
    return random.Random(count).randbytes(count)  # noqa: S311 - any bytes will do


def picture(width: int, height: int) -> bytes:
    into = io.BytesIO()
    # Noise, so that it is long.
    Image.effect_noise((width, height), 90).convert("RGB").save(into, "JPEG", quality=95)
    return into.getvalue()


@pytest.mark.parametrize("size", [0, 1, PIECE, (5 << 20), (11 << 20) + 5])
def test_a_file_comes_back_as_it_came(play: Play, size: int) -> None:
    whole = some_bytes(size)

    async def story(files: ServerFiles) -> None:
        upload = await files.begin(FILE)
        for start in range(0, size, PIECE):
            await upload.write(whole[start : start + PIECE])
        assert await content(files) is None
        await upload.keep()
        assert await content(files) == whole

    play(story)


def test_parts_of_it_are_read_in_any_order(play: Play) -> None:
    whole = some_bytes(3 << 20)

    async def story(files: ServerFiles) -> None:
        await keep(files, whole)
        stored = await files.open(FILE)
        assert stored is not None
        assert (stored.size_bytes, stored.content_type) == (len(whole), "")
        assert await stored.read(10, 4) == whole[10:14]
        assert await stored.read(14, 1 << 18) == whole[14 : 14 + (1 << 18)]
        assert await stored.read(2 << 20, 7) == whole[2 << 20 : (2 << 20) + 7]
        assert await stored.read(0, 3) == whole[:3]
        assert await stored.read(len(whole) - 1, 4) == whole[-1:]
        assert await stored.read(len(whole), 4) == b""
        stored.close()
        stored.close()

    play(story)


def test_pieces_of_any_length_are_read_to_the_end(play: Play) -> None:
    whole = some_bytes((1 << 20) + 17)

    async def story(files: ServerFiles) -> None:
        await keep(files, whole)
        for piece in (100_001, 1 << 18, 1 << 22):
            assert await content(files, piece=piece) == whole

    play(story)


def test_many_small_pieces_are_one_file(play: Play) -> None:
    async def story(files: ServerFiles) -> None:
        upload = await files.begin(FILE)
        for number in range(3_000):
            await upload.write(bytes([number % 256]))
        await upload.keep()
        assert await content(files) == bytes(number % 256 for number in range(3_000))

    play(story)


@pytest.mark.parametrize("size", [3, 12 << 20])
def test_an_abandoned_upload_is_no_file(play: Play, size: int) -> None:
    async def story(files: ServerFiles) -> None:
        upload = await files.begin(FILE)
        for start in range(0, size, 1 << 20):
            await upload.write(bytes(min(size - start, 1 << 20)))
        upload.abandon()
        upload.abandon()
        assert await content(files) is None
        assert await files.is_empty()

    play(story)


def test_what_is_kept_can_no_longer_be_abandoned(play: Play) -> None:
    async def story(files: ServerFiles) -> None:
        upload = await files.begin(FILE)
        await upload.write(b"kept")
        await upload.keep()
        upload.abandon()
        assert await content(files) == b"kept"

    play(story)


def test_of_two_uploads_the_first_that_is_complete_counts(play: Play) -> None:
    async def story(files: ServerFiles) -> None:
        one, other = await files.begin(FILE), await files.begin(FILE)
        await one.write(b"one")
        await other.write(b"other")
        await other.keep()
        await one.keep()
        assert await content(files) == b"other"

    play(story)


def test_of_uploads_that_end_together_one_counts(play: Play) -> None:
    async def story(files: ServerFiles) -> None:
        contents = [bytes([number]) * (1 << 20) * number for number in (1, 6, 7)]
        await asyncio.gather(*(keep(files, each) for each in contents))
        first = await content(files)
        assert first in contents
        await keep(files, b"late")
        assert await content(files) == first

    play(story)


def test_a_place_with_a_file_in_it_is_not_empty(play: Play) -> None:
    async def story(files: ServerFiles) -> None:
        await files.check()
        assert await files.is_empty()
        await keep(files, b"here")
        assert not await files.is_empty()
        await files.tidy()
        assert await content(files) == b"here"

    play(story)


def test_a_removed_file_takes_its_copies_along(play: Play) -> None:
    async def story(files: ServerFiles) -> None:
        await keep(files, picture(400, 200))
        await keep(files, b"stays", OTHER)
        assert await files.preview(FILE, 160) is not None
        assert await files.portrait(FILE, square=True) is not None
        await files.remove(FILE)
        assert await content(files) is None
        assert await files.preview(FILE, 160) is None
        assert await files.portrait(FILE, square=True) is None
        assert await content(files, OTHER) == b"stays"
        await files.remove(FILE)

    play(story)


def test_pictures_are_measured_and_copied(play: Play) -> None:
    async def story(files: ServerFiles) -> None:
        whole = picture(1_500, 700)
        assert len(whole) > 1 << 19
        await keep(files, whole)
        assert await files.sides(FILE) == (1_500, 700)
        for _ in range(2):
            small = await files.preview(FILE, 320)
            assert small is not None
            assert small.content_type == "image/jpeg"
            shown = Image.open(io.BytesIO(bytes(await small.read(0, small.size_bytes))))
            assert shown.size == (320, 149)
            assert await small.read(small.size_bytes, 1) == b""
            small.close()
        large = await files.portrait(FILE, square=False)
        assert large is not None
        assert Image.open(io.BytesIO(bytes(await large.read(0, large.size_bytes)))).height == 700
        drawn = await files.redrawn(whole)
        assert drawn is not None
        assert (drawn.width, drawn.height) == (1_500, 700)

    play(story)


def test_what_is_no_picture_has_neither_sides_nor_copies(play: Play) -> None:
    async def story(files: ServerFiles) -> None:
        await keep(files, b"no picture")
        for each in (FILE, OTHER):
            assert await files.sides(each) is None
            assert await files.preview(each, 160) is None
            assert await files.portrait(each, square=True) is None

    play(story)
