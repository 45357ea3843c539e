"""Files in a folder: `NN/NUMBER`, previews beside them, uploads under way in `incoming`.

No name here comes from outside: files are called by their numbers. All that touches the disk happens
in threads of this adapter.
"""

import asyncio
import contextlib
import errno
import logging
import os
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from tertulia.adapters import pictures
from tertulia.adapters.painter import Painter
from tertulia.core.errors import TooMuch, Unavailable
from tertulia.core.ids import COUNTER_BITS, FileId
from tertulia.core.portraits import Drawn

LOG = logging.getLogger(__name__)

T = TypeVar("T")

THREADS = 4

WRITE_BYTES = 1 << 20
"""So much is collected before it is written. An upload holds at most twice as much in memory."""

MOST_CHUNKS = 512
"""Pieces that are collected, however small: the system writes no more than 1,024 in one go."""

SYNC_EVERY_BYTES = 16 << 20
"""So often the disk is set to work while an upload still comes in, so that its end need not wait long."""

ABANDONED_S = 3_600.0
"""An upload in which nothing happens for so long was cut off by the end of a server."""

NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
NO_HARD_LINKS = frozenset({errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK})


class DiskFiles:
    """`core.file_ports.FileStore` over a folder."""

    def __init__(self, folder: Path, now_s: Callable[[], float]) -> None:
        """Not open yet.

        Args:
            folder: everything lies in it.
            now_s: the clock the file system uses, in seconds since 1970.
        """
        self._folder = folder
        self._incoming = folder / "incoming"
        self._now_s = now_s
        self._threads = ThreadPoolExecutor(THREADS, "files")
        self._painter = Painter()

    @property
    def where(self) -> str:
        """The folder, for the operator."""
        return str(self._folder)

    def open_folder(self) -> None:
        """Make the folder if need be. Raises: OSError when it cannot be written to."""
        self._incoming.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._try()

    def _try(self) -> None:
        with tempfile.TemporaryFile(dir=self._incoming):
            pass

    async def check(self) -> None:
        """Raises: Unavailable when no upload could be taken now."""
        # Not in our threads: those may all be writing.
        await asyncio.to_thread(self._look)

    def _look(self) -> None:
        try:
            self._try()
        except OSError as error:
            raise _unavailable(error.strerror) from error

    async def is_empty(self) -> bool:
        """Whether no file is kept here yet."""
        return await self._in_thread(self._is_empty)

    def _is_empty(self) -> bool:
        return all(each == self._incoming for each in self._folder.iterdir())

    async def close(self) -> None:
        """Finish what is under way, and remove what was abandoned."""
        await asyncio.to_thread(self._end)

    def _end(self) -> None:
        self._painter.close()
        self._threads.shutdown(wait=True)

    async def begin(self, file_id: FileId) -> "DiskUpload":
        """See the port."""
        path = self._path(file_id)

        def opened() -> tuple[int, Path]:
            handle, name = tempfile.mkstemp(prefix=f"{file_id}-", dir=self._incoming)
            return handle, Path(name)

        handle, temporary = await self._in_thread(opened)
        return DiskUpload(self._threads, handle, temporary, path)

    async def open(self, file_id: FileId) -> "DiskFile | None":
        """See the port."""
        return await self._in_thread(self._opened, self._path(file_id), "")

    async def sides(self, file_id: FileId) -> tuple[int, int] | None:
        """See the port."""
        return await self._in_thread(pictures.sides, self._path(file_id))

    async def preview(self, file_id: FileId, side: int) -> "DiskFile | None":
        """See the port."""
        return await self._painted(
            self._copy, file_id, str(side), partial(pictures.preview, side=side)
        )

    async def portrait(self, file_id: FileId, *, square: bool) -> "DiskFile | None":
        """See `core.portraits.PortraitStore`."""
        name = "square" if square else "large"
        return await self._painted(
            self._copy, file_id, name, partial(pictures.portrait, square=square)
        )

    async def redrawn(self, content: bytes) -> Drawn | None:
        """See `core.portraits.PortraitStore`."""
        return await self._painter.redrawn(content)

    async def _painted(self, work: Callable[..., T], *args: Any) -> T:
        """What the painter makes of it. Raises: Unavailable: too many wait for him."""
        with _in_our_words():
            return await self._painter.painted(work, *args)

    def _copy(
        self, file_id: FileId, ending: str, made: Callable[[Path], bytes | None]
    ) -> "DiskFile | None":
        """The copy of that ending that lies beside the file, made now if need be."""
        path = self._path(file_id)
        beside = path.with_name(f"{path.name}.{ending}")
        # Not so after a loss of power: nobody waited for the disk to have it.
        if not (beside.exists() and beside.stat().st_size):
            content = made(path) if path.exists() else None
            if content is None:
                return None
            handle, name = tempfile.mkstemp(prefix=f"{file_id}.{ending}-", dir=self._incoming)
            try:
                with os.fdopen(handle, "wb") as temporary:
                    temporary.write(content)
                Path(name).replace(beside)
            except BaseException:
                Path(name).unlink(missing_ok=True)
                raise
        with beside.open("rb") as file:
            kind = pictures.kind_of(file.read(16))
        return self._opened(beside, kind)

    def _opened(self, path: Path, kind: str) -> "DiskFile | None":
        try:
            handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        return DiskFile(self._threads, handle, os.fstat(handle).st_size, kind)

    async def remove(self, file_id: FileId) -> None:
        """See the port."""
        await self._in_thread(self._remove, self._path(file_id))

    @staticmethod
    def _remove(path: Path) -> None:
        for each in (path, *path.parent.glob(f"{path.name}.*")):
            each.unlink(missing_ok=True)

    async def tidy(self) -> None:
        """See the port."""
        await self._in_thread(self._tidy)

    def _tidy(self) -> None:
        before = self._now_s() - ABANDONED_S
        for each in self._incoming.iterdir():
            with contextlib.suppress(FileNotFoundError):
                if each.stat().st_mtime < before:
                    each.unlink()

    def _path(self, file_id: FileId) -> Path:
        """256 folders, by the millisecond the number was drawn in."""
        return self._folder / f"{file_id >> COUNTER_BITS & 0xFF:02x}" / str(file_id)

    async def _in_thread(self, work: Callable[..., T], *args: Any) -> T:
        with _in_our_words():
            return await asyncio.get_running_loop().run_in_executor(self._threads, work, *args)


class DiskUpload:
    """`core.file_ports.Upload`: one write at a time in a thread, while the next one is collected."""

    def __init__(
        self, threads: ThreadPoolExecutor, handle: int, temporary: Path, path: Path
    ) -> None:
        self._threads = threads
        self._handle = handle
        # Held while a thread uses the handle, so that it is not closed under its hands.
        self._lock = threading.Lock()
        self._temporary = temporary
        self._path = path
        self._chunks: list[bytes] = []
        self._collected = self._unsynced = 0
        self._writing: asyncio.Future[None] | None = None

    async def write(self, chunk: bytes) -> None:
        """See the port."""
        self._chunks.append(chunk)
        self._collected += len(chunk)
        if self._collected >= WRITE_BYTES or len(self._chunks) >= MOST_CHUNKS:
            await self._written()
            self._start()

    async def keep(self) -> None:
        """See the port."""
        await self._written()
        self._start()
        await self._written()
        with _in_our_words():
            await asyncio.get_running_loop().run_in_executor(self._threads, self._keep)

    def abandon(self) -> None:
        """See the port."""
        self._threads.submit(self._abandon)

    async def _written(self) -> None:
        """The write that is under way, if one is, has ended."""
        if self._writing is not None:
            with _in_our_words():
                await self._writing
            self._writing = None

    def _start(self) -> None:
        chunks, self._chunks = self._chunks, []
        self._unsynced += self._collected
        self._collected = 0
        is_due = self._unsynced >= SYNC_EVERY_BYTES
        if is_due:
            self._unsynced = 0
        loop = asyncio.get_running_loop()
        self._writing = loop.run_in_executor(self._threads, self._write, chunks, is_due)

    def _write(self, chunks: list[bytes], is_due: bool) -> None:  # noqa: FBT001 - executors know no keywords
        with self._lock:
            while chunks and self._handle >= 0:
                count = os.writev(self._handle, chunks)
                whole = 0
                while whole < len(chunks) and count >= len(chunks[whole]):
                    count -= len(chunks[whole])
                    whole += 1
                chunks = chunks[whole:]
                if count:
                    chunks[0] = chunks[0][count:]
            if is_due and self._handle >= 0:
                os.fdatasync(self._handle)

    def _keep(self) -> None:
        with self._lock:
            os.fsync(self._handle)
            self._close()
            self._path.parent.mkdir(exist_ok=True, mode=0o700)
            _place(self._temporary, self._path)
            _sync_folder(self._path.parent)

    def _abandon(self) -> None:
        with self._lock:
            try:
                self._close()
                self._temporary.unlink(missing_ok=True)
            except OSError:
                LOG.exception("What is left of an upload could not be removed")

    def _close(self) -> None:
        handle, self._handle = self._handle, -1
        if handle >= 0:
            os.close(handle)


class DiskFile:
    """`core.file_ports.StoredFile`."""

    def __init__(
        self, threads: ThreadPoolExecutor, handle: int, size_bytes: int, content_type: str
    ) -> None:
        self._threads = threads
        self._handle = handle
        # As in `DiskUpload`.
        self._lock = threading.Lock()
        self._size_bytes = size_bytes
        self._content_type = content_type

    @property
    def size_bytes(self) -> int:
        """See the port."""
        return self._size_bytes

    @property
    def content_type(self) -> str:
        """See the port."""
        return self._content_type

    async def read(self, offset: int, count: int) -> bytes | bytearray:
        """See the port. What the system has in memory is taken at once, without a thread."""
        if (found := self._in_memory(offset, count)) is not None:
            return found
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self._read, offset, count)

    def _in_memory(self, offset: int, count: int) -> bytes | bytearray | None:
        """Never waits for the disk."""
        buffer = bytearray(count)
        try:
            got = os.preadv(self._handle, [buffer], offset, os.RWF_NOWAIT)
        except OSError:  # it would have to wait, or this file system does not know how not to
            return None
        if not got:
            return None
        return buffer if got == count else bytes(memoryview(buffer)[:got])

    def _read(self, offset: int, count: int) -> bytes:
        with self._lock:
            return os.pread(self._handle, count, offset) if self._handle >= 0 else b""

    def close(self) -> None:
        """See the port."""
        if self._lock.acquire(blocking=False):
            self._lock.release()
            self._close()
        else:
            # A read is under way whose caller has gone.
            self._threads.submit(self._close)

    def _close(self) -> None:
        with self._lock:
            handle, self._handle = self._handle, -1
            if handle >= 0:
                os.close(handle)


def _sync_folder(folder: Path) -> None:
    """A new name in it survives a loss of power."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _place(temporary: Path, path: Path) -> None:
    """Give the complete file its name, unless another has it; the temporary name is gone then."""
    try:
        os.link(temporary, path)
    except FileExistsError:
        pass
    except OSError as error:
        if error.errno not in NO_HARD_LINKS:
            raise
        if not path.exists():
            temporary.rename(path)
            return
    temporary.unlink()


@contextlib.contextmanager
def _in_our_words() -> Iterator[None]:
    """What the system says, in the core's words: a full disk, or a folder that cannot be used just now."""
    try:
        yield
    except OSError as error:
        if error.errno in NO_ROOM:
            raise TooMuch("bytes") from error
        LOG.warning("The folder of files cannot be used", extra={"fields": {"why": str(error)}})
        raise _unavailable(error.strerror) from error


def _unavailable(why: str | None) -> Unavailable:
    return Unavailable(f"the folder of files ({why})")
