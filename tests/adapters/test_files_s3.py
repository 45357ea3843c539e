"""Files in a bucket: what is so there only. The rest is in `test_file_stores`."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
import uvloop

from tertulia.adapters.bucket import BadBucket, Bucket
from tertulia.adapters.bucket_leftovers import Leftovers
from tertulia.adapters.clock import SystemClock
from tertulia.adapters.files_s3 import BucketFiles
from tertulia.core.errors import Unavailable
from tertulia.core.ids import FileId
from tests.bucket_door import Door
from tests.bucket_server import new_url, place_of, service, url_of

FILE, OTHER = FileId(123_456_789_012), FileId(123_456_789_013)

MIB = 1 << 20

pytestmark = pytest.mark.integration

Story = Callable[[BucketFiles], Awaitable[None]]


def now_s() -> float:
    """The real time: signatures hold for minutes."""
    return SystemClock().now_ms() / 1000


@contextlib.asynccontextmanager
async def in_bucket(url: str, within_s: float = 20.0) -> AsyncIterator[BucketFiles]:
    files = BucketFiles(Bucket(place_of(url), within_s=within_s), now_s)
    try:
        yield files
    finally:
        await files.close()


async def kept(files: BucketFiles, content: bytes, file_id: FileId = FILE) -> None:
    upload = await files.begin(file_id)
    await upload.write(content)
    await upload.keep()


def under_way(url: str) -> int:
    """Uploads of which parts lie in the bucket."""
    leftovers = Leftovers(place_of(url), now_s)
    keys = place_of(url).keys
    assert keys is not None
    return len(leftovers._found(keys))


def sweep(url: str, old_s: float) -> None:
    Leftovers(place_of(url), now_s, old_s=old_s).sweep()


def test_parts_of_an_abandoned_upload_are_thrown_away() -> None:
    url = new_url()

    async def story() -> None:
        async with in_bucket(url) as files:
            upload = await files.begin(FILE)
            for _ in range(12):
                await upload.write(bytes(MIB))
            assert await asyncio.to_thread(under_way, url) == 1
            upload.abandon()
        assert await asyncio.to_thread(under_way, url) == 0

    uvloop.run(story())


def test_the_loser_of_two_long_uploads_leaves_no_parts() -> None:
    url = new_url()

    async def story() -> None:
        async with in_bucket(url) as files:
            for number in range(2):
                upload = await files.begin(FILE)
                for _ in range(6):
                    await upload.write(bytes([number]) * MIB)
                await upload.keep()
            stored = await files.open(FILE)
            assert stored is not None
            assert await stored.read(0, 1) == b"\0"
        assert await asyncio.to_thread(under_way, url) == 0

    uvloop.run(story())


def test_what_a_killed_server_left_behind_is_swept_away_when_it_is_old() -> None:
    url = new_url()

    async def story() -> None:
        door = Door()
        async with door.standing():
            inside = url.replace(service(), door.endpoint)
            async with in_bucket(inside) as files:
                upload = await files.begin(FILE)
                for _ in range(6):
                    await upload.write(bytes(MIB))
                await kept(files, b"stays", OTHER)
                await door.shut()
        assert await asyncio.to_thread(under_way, url) == 1
        await asyncio.to_thread(sweep, url, 60.0)
        assert await asyncio.to_thread(under_way, url) == 1
        await asyncio.to_thread(sweep, url, -60.0)
        assert await asyncio.to_thread(under_way, url) == 0
        async with in_bucket(url) as files:
            assert await files.open(OTHER) is not None

    uvloop.run(story())


def test_uploads_of_others_are_left_alone() -> None:
    url = new_url()

    async def story() -> None:
        writer = Bucket(place_of(url)).writer("film.mkv")
        await writer.write(bytes(6 * MIB))
        await asyncio.to_thread(sweep, url, -60.0)
        await writer.end()
        assert await Bucket(place_of(url)).size("film.mkv") == 6 * MIB

    uvloop.run(story())


def test_a_bucket_that_is_away_is_said_to_be(caplog: pytest.LogCaptureFixture) -> None:
    async def story() -> None:
        door = Door()
        async with door.standing(), in_bucket(new_url(endpoint=door.endpoint)) as files:
            await kept(files, bytes(MIB))
            stored = await files.open(FILE)
            assert stored is not None
            short, long = await files.begin(OTHER), await files.begin(OTHER)
            for _ in range(6):
                await long.write(bytes(MIB))
            await door.shut()
            await short.write(b"short")
            for waits in (
                files.check(), files.open(FILE), files.sides(FILE), files.preview(FILE, 160),
                files.is_empty(), stored.read(0, 1), short.keep(), long.keep(),
            ):  # fmt: skip
                with pytest.raises(Unavailable) as said:
                    await waits
                assert said.value.what == "file store"
            short.abandon()
            long.abandon()
            await files.tidy()

    uvloop.run(story())
    assert {record.levelno for record in caplog.records} == {logging.WARNING}
    assert "secret" not in caplog.text


def test_a_bucket_that_says_nothing_is_not_waited_for() -> None:
    async def story() -> None:
        door = Door()
        door.is_silent = True
        async with (
            door.standing(),
            in_bucket(new_url(endpoint=door.endpoint), within_s=0.1) as files,
        ):
            with pytest.raises(Unavailable):
                await files.open(FILE)
            with pytest.raises(Unavailable):
                await kept(files, b"short")

    uvloop.run(story())


def test_what_could_not_be_removed_is_removed_later() -> None:
    async def story() -> None:
        door = Door()
        async with door.standing(), in_bucket(new_url(endpoint=door.endpoint)) as files:
            await kept(files, b"to go")
            await door.shut()
            await files.remove(FILE)
            door.is_open = True
            assert await files.open(FILE) is not None
            await files.tidy()
            assert await files.open(FILE) is None

    uvloop.run(story())


@pytest.mark.parametrize(
    ("url", "said"),
    [
        (
            lambda: url_of("nowhere"),
            r"there is no bucket nowhere at http://127\.\S+: make it first",
        ),
        (lambda: url_of(secret="wrong"), r"does not let us into tertulia like this \(Signature"),
        (lambda: url_of().replace("id=tertulia", "id=x"), r"like this \(InvalidAccessKeyId\)"),
        (
            lambda: url_of(endpoint="http://127.0.0.1:1"),
            r"s3://tertulia at .*:1 cannot be used: no",
        ),
    ],
    ids=["no bucket", "another secret", "another key", "no service"],
)
def test_a_bucket_that_cannot_be_used_is_described_in_one_sentence(
    url: Callable[[], str], said: str
) -> None:
    async def story() -> None:
        async with in_bucket(url()) as files:
            with pytest.raises(BadBucket, match=said) as refused:
                await files.open_bucket()
            assert "secret" not in str(refused.value)

    uvloop.run(story())


def test_a_bucket_that_has_gone_is_no_missing_file() -> None:
    async def story() -> None:
        async with in_bucket(url_of("nowhere")) as files:
            with pytest.raises(Unavailable):
                await files.open(FILE)

    uvloop.run(story())
