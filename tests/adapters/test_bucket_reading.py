"""What is fetched from a bucket for who reads a piece, and another one."""

import asyncio
import io

from tertulia.adapters.bucket_reading import FIRST_BYTES, MOST_BYTES, BucketFile, BucketStream

PIECE = 1 << 18

WHOLE = bytes(range(256)) * (40 << 10)
"""10 MiB."""


class Recorder:
    """Has the content, and knows how much of it was asked for, from where."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, int]] = []

    async def read(self, key: str, offset: int, count: int) -> bytes:
        return self.read_now(key, offset, count)

    def read_now(self, key: str, offset: int, count: int) -> bytes:
        assert 0 <= offset < len(WHOLE)
        assert 0 < count <= len(WHOLE) - offset
        self.asked.append((offset, count))
        return WHOLE[offset : offset + count]


def test_who_reads_on_makes_few_journeys_and_holds_little() -> None:
    bucket = Recorder()

    async def story() -> None:
        file = BucketFile(bucket, "key", len(WHOLE))
        read = [await file.read(offset, PIECE) for offset in range(0, len(WHOLE), PIECE)]
        assert b"".join(read) == WHOLE

    asyncio.run(story())
    assert bucket.asked[0] == (0, FIRST_BYTES)
    assert sum(count for _, count in bucket.asked) == len(WHOLE)
    assert max(count for _, count in bucket.asked) == MOST_BYTES
    assert len(bucket.asked) < 10


def test_who_jumps_gets_what_he_asks_for() -> None:
    bucket = Recorder()

    async def story() -> None:
        file = BucketFile(bucket, "key", len(WHOLE))
        assert await file.read(5 << 20, 10) == WHOLE[5 << 20 : (5 << 20) + 10]
        assert await file.read(1 << 20, 10) == WHOLE[1 << 20 : (1 << 20) + 10]
        assert await file.read(len(WHOLE) - 3, 10) == WHOLE[-3:]
        assert await file.read(len(WHOLE), 10) == b""

    asyncio.run(story())
    assert bucket.asked == [(5 << 20, 10), (1 << 20, 10), (len(WHOLE) - 3, 3)]


def test_a_stream_reads_the_same() -> None:
    bucket = Recorder()
    with io.BufferedReader(BucketStream(bucket, "key", len(WHOLE))) as stream:
        assert stream.seek(0, io.SEEK_END) == len(WHOLE)
        assert stream.read(1) == b""
        stream.seek(-4, io.SEEK_END)
        assert stream.read() == WHOLE[-4:]
        stream.seek(0)
        assert stream.read() == WHOLE
    assert len(bucket.asked) < 12
