"""Files in a bucket: `NN/NUMBER`, as in a folder; small copies of pictures below `copies`.

An upload goes into the bucket while it comes in. It is an object, under its name, when it is complete and
not before. What it leaves when it is cut off are parts, which nobody sees; they are thrown away at once,
or by the hourly sweep (`bucket_leftovers`).
"""

import asyncio
import io
import logging
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, BinaryIO, TypeVar
from weakref import WeakValueDictionary

from tertulia.adapters import pictures
from tertulia.adapters.bucket import Bucket, BucketWriter
from tertulia.adapters.bucket_leftovers import Leftovers
from tertulia.adapters.bucket_reading import BucketFile, BucketStream, HeldFile
from tertulia.adapters.painter import Painter
from tertulia.core.errors import TertuliaError, Unavailable
from tertulia.core.ids import COUNTER_BITS, FileId
from tertulia.core.portraits import Drawn

LOG = logging.getLogger(__name__)

T = TypeVar("T")

THREADS = 4
"""For the heads of pictures, and for the sweep."""

WRITE_BYTES = 1 << 20
"""So much is collected before it is handed on. An upload holds that, and some parts of 5 MiB."""

MOST_OWED = 10_000
"""Files that could not be removed. Beyond it they are forgotten, and stay in the bucket."""

LAST_WORDS_S = 5.0
"""How long the end waits for what is being thrown away; the next sweep finds the rest."""


class BucketFiles:
    """`core.file_ports.FileStore` over a bucket."""

    def __init__(self, bucket: Bucket, now_s: Callable[[], float]) -> None:
        """Not open yet.

        Args:
            bucket: everything lies in it.
            now_s: seconds since 1970.
        """
        self._bucket = bucket
        self._leftovers = Leftovers(bucket.place, now_s)
        self._threads = ThreadPoolExecutor(THREADS, "files")
        self._painter = Painter()
        # Whose turn it is to place the content of a file: one process serves a store.
        self._turns: WeakValueDictionary[FileId, asyncio.Lock] = WeakValueDictionary()
        self._aborts: set[asyncio.Future[None]] = set()
        self._owed: set[FileId] = set()

    @property
    def where(self) -> str:
        """The bucket, for the operator."""
        return self._bucket.place.where

    async def open_bucket(self) -> None:
        """Make sure that one may list, write and delete there. Raises: BadBucket."""
        await self._bucket.open()

    async def check(self) -> None:
        """The bucket answers. Raises: Unavailable."""
        await self._bucket.check()

    async def is_empty(self) -> bool:
        """Whether nothing is kept here yet."""
        return await self._bucket.is_empty()

    async def close(self) -> None:
        """Finish what is under way, and throw away what was abandoned."""
        if self._aborts:
            await asyncio.wait(self._aborts, timeout=LAST_WORDS_S)
        await asyncio.to_thread(self._end)

    def _end(self) -> None:
        self._painter.close()
        self._threads.shutdown(wait=True, cancel_futures=True)

    async def begin(self, file_id: FileId) -> "BucketUpload":
        """See the port."""
        turn = self._turns.setdefault(file_id, asyncio.Lock())
        return BucketUpload(self._bucket, _key(file_id), turn, self._aside)

    async def open(self, file_id: FileId) -> BucketFile | None:
        """See the port."""
        key = _key(file_id)
        size = await self._bucket.size(key)
        if size is None:
            # A bucket that is gone looks the same.
            await self._bucket.check()
            return None
        return BucketFile(self._bucket, key, size)

    async def sides(self, file_id: FileId) -> tuple[int, int] | None:
        """See the port."""
        return await self._in_thread(self._seen, file_id, pictures.sides)

    async def preview(self, file_id: FileId, side: int) -> HeldFile | None:
        """See the port."""
        return await self._copy(file_id, str(side), partial(pictures.preview, side=side))

    async def portrait(self, file_id: FileId, *, square: bool) -> HeldFile | None:
        """See `core.portraits.PortraitStore`."""
        name = "square" if square else "large"
        return await self._copy(file_id, name, partial(pictures.portrait, square=square))

    async def redrawn(self, content: bytes) -> Drawn | None:
        """See `core.portraits.PortraitStore`."""
        return await self._painter.redrawn(content)

    async def _copy(
        self, file_id: FileId, name: str, made: Callable[[BinaryIO], bytes | None]
    ) -> HeldFile | None:
        """The copy of that name, made now if need be."""
        key = f"{_copies(file_id)}/{name}"
        found = await self._bucket.get(key)
        if found is None:
            found = await self._painter.painted(self._made, file_id, key, made)
        return None if found is None else HeldFile(found, pictures.kind_of(found))

    def _made(
        self, file_id: FileId, key: str, made: Callable[[BinaryIO], bytes | None]
    ) -> bytes | None:
        """The copy under that key, in the painter's thread."""
        # Somebody else may have wanted it while this one waited.
        found = self._bucket.get_now(key)
        if found is None:
            found = self._seen(file_id, made)
            if found is not None:
                self._bucket.put_now(key, found)
        return found

    def _seen(self, file_id: FileId, look: Callable[[BinaryIO], T | None]) -> T | None:
        """What is found in the content; None when there is none. In a thread."""
        key = _key(file_id)
        size = self._bucket.size_now(key)
        if size is None:
            return None
        with io.BufferedReader(BucketStream(self._bucket, key, size)) as stream:
            return look(stream)

    async def remove(self, file_id: FileId) -> None:
        """See the port. What cannot be removed now is tried again every hour, until the server ends."""
        try:
            copies = await self._bucket.keys(_copies(file_id))
            await self._bucket.delete([_key(file_id), *copies])
        except Unavailable:
            if len(self._owed) < MOST_OWED:
                self._owed.add(file_id)

    async def tidy(self) -> None:
        """See the port."""
        owed, self._owed = self._owed, set()
        for file_id in owed:
            await self.remove(file_id)
        await self._in_thread(self._leftovers.sweep)

    async def _in_thread(self, work: Callable[..., T], *args: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work, *args)

    def _aside(self, work: Coroutine[Any, Any, None]) -> None:
        """Do it while nobody waits."""
        task = asyncio.ensure_future(work)
        self._aborts.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Future[None]) -> None:
        self._aborts.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            if isinstance(error, TertuliaError):
                # The bucket has said in its own line what happened; the sweep finds the parts.
                return
            LOG.error("What is left of an upload could not be removed", exc_info=error)


class BucketUpload:
    """`core.file_ports.Upload`: the library sends one part while the next is collected."""

    def __init__(
        self,
        bucket: Bucket,
        key: str,
        turn: asyncio.Lock,
        aside: Callable[[Coroutine[Any, Any, None]], None],
    ) -> None:
        self._bucket = bucket
        self._key = key
        self._turn = turn
        self._aside = aside
        self._writer: BucketWriter | None = bucket.writer(key)
        self._chunks: list[bytes] = []
        self._collected = 0

    async def write(self, chunk: bytes) -> None:
        """See the port."""
        self._chunks.append(chunk)
        self._collected += len(chunk)
        if self._collected >= WRITE_BYTES:
            await self._hand_on()

    async def keep(self) -> None:
        """See the port. The bucket's answer says that it has it, on as many disks as it keeps things on."""
        await self._hand_on()
        async with self._turn:
            if await self._bucket.size(self._key) is not None:
                self.abandon()
                return
            # What fails from here on cannot be aborted any more: only the sweep finds its parts.
            writer, self._writer = self._writer, None
            assert writer is not None, "kept once, and not after it was abandoned"
            await writer.end()

    def abandon(self) -> None:
        """See the port."""
        writer, self._writer = self._writer, None
        self._chunks.clear()
        if writer is not None:
            self._aside(writer.abort())

    async def _hand_on(self) -> None:
        chunks, self._chunks = self._chunks, []
        self._collected = 0
        if chunks:
            assert self._writer is not None, "nothing is written to what was abandoned"
            await self._writer.write(b"".join(chunks))


def _key(file_id: FileId) -> str:
    """256 folders, by the millisecond the number was drawn in: the same as on a disk."""
    return f"{_folder(file_id)}/{file_id}"


def _copies(file_id: FileId) -> str:
    """The folder of its small copies."""
    return f"copies/{_folder(file_id)}/{file_id}"


def _folder(file_id: FileId) -> str:
    return f"{file_id >> COUNTER_BITS & 0xFF:02x}"
