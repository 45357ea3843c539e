"""Content in a bucket, read piece by piece. Each request is a journey, so a little is fetched ahead."""

import io
from typing import Protocol

from typing_extensions import Buffer, override

FIRST_BYTES = 256 << 10
MOST_BYTES = 2 << 20
"""So much is fetched at once by who reads on and on; nothing is held beside it."""


class Pieces(Protocol):
    """Where they are fetched from (`bucket.Bucket`)."""

    async def read(self, key: str, offset: int, count: int) -> bytes:
        """A part of what lies there, which begins before its end; nothing if it is gone."""
        ...

    def read_now(self, key: str, offset: int, count: int) -> bytes:
        """The same in a thread that may wait."""
        ...


class Ahead:
    """A window on the content: what was fetched last, and how much to fetch next.

    Who jumps gets what he asks for; who reads on gets twice as much with every request, up to a bound.
    """

    def __init__(self) -> None:
        self._start = 0
        self._held = b""
        self._next = FIRST_BYTES

    def held(self, offset: int, count: int) -> bytes | None:
        """That piece, or as much of it as is here, unless it begins elsewhere."""
        place = offset - self._start
        if 0 <= place < len(self._held):
            return self._held[place : place + count]
        return None

    def wanted(self, offset: int, count: int) -> int:
        """How much to fetch from there, for who asks for so much."""
        reads_on = offset == self._start + len(self._held)
        self._next = min(self._next * 2, MOST_BYTES) if reads_on and offset else FIRST_BYTES
        return max(self._next, count) if reads_on else count

    def hold(self, offset: int, content: bytes) -> None:
        """This was fetched from there."""
        self._start, self._held = offset, content


class BucketFile:
    """`core.file_ports.StoredFile` in a bucket. Who reads slowly keeps no connection busy."""

    def __init__(self, bucket: Pieces, key: str, size_bytes: int) -> None:
        self._bucket = bucket
        self._key = key
        self._size_bytes = size_bytes
        self._ahead = Ahead()

    @property
    def size_bytes(self) -> int:
        """See the port."""
        return self._size_bytes

    @property
    def content_type(self) -> str:
        """See the port."""
        return ""

    async def read(self, offset: int, count: int) -> bytes:
        """See the port."""
        count = min(count, self._size_bytes - offset)
        if count <= 0:
            return b""
        found = self._ahead.held(offset, count)
        if found is not None and len(found) == count:
            return found
        wanted = min(self._ahead.wanted(offset, count), self._size_bytes - offset)
        self._ahead.hold(offset, await self._bucket.read(self._key, offset, wanted))
        return self._ahead.held(offset, count) or b""

    def close(self) -> None:
        """See the port."""
        self._ahead.hold(0, b"")


class HeldFile:
    """`core.file_ports.StoredFile` of something short, which is in memory as a whole."""

    def __init__(self, content: bytes, content_type: str) -> None:
        self._content = content
        self._content_type = content_type

    @property
    def size_bytes(self) -> int:
        """See the port."""
        return len(self._content)

    @property
    def content_type(self) -> str:
        """See the port."""
        return self._content_type

    async def read(self, offset: int, count: int) -> bytes:
        """See the port."""
        return self._content[offset : offset + count]

    def close(self) -> None:
        """See the port."""


class BucketStream(io.RawIOBase):
    """The same for a library that wants a stream, in a thread that may wait."""

    def __init__(self, bucket: Pieces, key: str, size_bytes: int) -> None:
        super().__init__()
        self._bucket = bucket
        self._key = key
        self._size_bytes = size_bytes
        self._place = 0
        self._ahead = Ahead()

    @override
    def readable(self) -> bool:
        return True

    @override
    def seekable(self) -> bool:
        return True

    @override
    def tell(self) -> int:
        return self._place

    @override
    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self._size_bytes}
        self._place = max(base[whence] + offset, 0)
        return self._place

    @override
    def readinto(self, buffer: Buffer, /) -> int:
        into = memoryview(buffer).cast("B")
        count = min(len(into), self._size_bytes - self._place)
        if count <= 0:
            return 0
        found = self._ahead.held(self._place, count)
        if found is None:
            wanted = min(self._ahead.wanted(self._place, count), self._size_bytes - self._place)
            content = self._bucket.read_now(self._key, self._place, wanted)
            self._ahead.hold(self._place, content)
            found = self._ahead.held(self._place, count) or b""
        into[: len(found)] = found
        self._place += len(found)
        return len(found)
