"""Files: announced first, uploaded to a link, then seen by whoever sees what they stand in."""

from collections.abc import AsyncIterator, Sequence

from tertulia.core import text
from tertulia.core.errors import BadInput, NotFound
from tertulia.core.file_ports import FileRecords, FileStore, StoredFile, Upload
from tertulia.core.ids import AccountId, FileId
from tertulia.core.links import FileLinks
from tertulia.core.model import Actor, File, NewFile
from tertulia.core.ports import Clock

MAX_NAME = 255
"""Code points of a file's name, and of its content type."""

UNNAMED = "file"

UNCLAIMED_MS = 24 * 3_600_000
"""How long a file is waited for that nothing uses."""

MOST_FORGOTTEN = 500
"""Files forgotten in one go."""

FORBIDDEN_IN_NAMES = frozenset("/\\")


def check_new(new: NewFile, most_bytes: int) -> None:
    """What is announced makes sense.

    Raises:
        BadInput: "file name" when it is empty, too long or could be taken for a path, "file size",
            "content type".
    """
    name = new.name
    if not 1 <= text.length(name) <= MAX_NAME:
        raise BadInput("file name", "is empty or too long")
    if name in {".", ".."} or not is_plain_name(name):
        raise BadInput("file name", "is a path, or cannot be shown")
    if not 0 <= new.size_bytes <= most_bytes:
        raise BadInput("file size", "is below 0 or too large")
    kind = new.content_type
    if not 1 <= len(kind) <= MAX_NAME or not kind.isascii() or not kind.isprintable():
        raise BadInput("content type", "is empty, too long or not ASCII")


def is_plain_name(name: str) -> bool:
    """Whether every sign of it may stand in the name of a file."""
    return all(sign not in FORBIDDEN_IN_NAMES and _is_shown(sign) for sign in name)


def fit_name(name: str) -> str:
    """The name without what no file may have in its name, at most MAX_NAME long; its ending stays."""
    name = name.replace("\\", "/").rpartition("/")[2].strip()
    name = "".join(sign if is_plain_name(sign) else "_" for sign in name)
    if name in {"", ".", ".."}:
        return UNNAMED
    if len(name) > MAX_NAME:
        stem, dot, ending = name.rpartition(".")
        ending = dot + ending if dot and len(ending) < 20 else ""
        name = (stem if ending else name)[: MAX_NAME - len(ending)] + ending
    return name


def _is_shown(sign: str) -> bool:
    """No control character, and no half of a character."""
    return sign >= " " and not "\x7f" <= sign <= "\x9f" and not "\ud800" <= sign <= "\udfff"


class Files:
    """What can be done with files."""

    def __init__(
        self,
        records: FileRecords,
        store: FileStore,
        links: FileLinks,
        clock: Clock,
        *,
        most_bytes: int,
    ) -> None:
        self._records = records
        self._store = store
        self._links = links
        self._clock = clock
        self.most_bytes = most_bytes

    @property
    def links(self) -> FileLinks:
        """Makes the addresses of files."""
        return self._links

    def check(self, new: NewFile) -> None:
        """What is announced makes sense. Raises: BadInput, see `check_new`."""
        check_new(new, self.most_bytes)

    async def create(self, actor: Actor, new: Sequence[NewFile]) -> list[File]:
        """Announce files; each waits for its content. In the same order.

        Raises:
            BadInput: "file name", "file size" or "content type"; then none is made.
        """
        for each in new:
            self.check(each)
        return await self._records.add(actor.account_id, new, self._clock.now_ms())

    async def visible(self, account_id: AccountId, ids: Sequence[FileId]) -> dict[FileId, File]:
        """Those that the account may see: its own, and what stands in something it sees."""
        return {file.id: file for file in await self._records.visible(account_id, ids)}

    async def need(self, file_id: FileId) -> File:
        """The file, for whoever holds a link to it. Raises: NotFound("file")."""
        found = await self._records.find(file_id)
        if found is None:
            raise NotFound("file")
        return found

    async def receive(self, file: File, body: AsyncIterator[bytes]) -> None:
        """Store the content as it comes in, and return when it is on the disk.

        Of two uploads the first that is complete counts; the other changes nothing. Whatever goes
        wrong, nothing is left of an upload that is not complete.

        Raises:
            BadInput: "content": it is longer or shorter than announced.
            TooMuch: "bytes": there is no room for it.
            Unavailable: "file store".
        """
        if file.uploaded_at is not None:
            return
        upload = await self._store.begin(file.id)
        try:
            await _filled(upload, file.size_bytes, body)
            await upload.keep()
        except BaseException:
            upload.abandon()
            raise
        sides = None
        if file.content_type.lower().startswith("image/"):
            sides = await self._store.sides(file.id)
        await self._records.note_uploaded(file.id, sides, self._clock.now_ms())

    async def content(self, file: File) -> StoredFile:
        """What was uploaded. Raises: NotFound("file") when it is not there yet, or not any more."""
        found = None if file.uploaded_at is None else await self._store.open(file.id)
        if found is None:
            raise NotFound("file")
        return found

    async def preview(self, file: File, side: int) -> StoredFile:
        """A picture of at most *side* pixels a side, without anything but pixels in it.

        Raises:
            NotFound: "file" when it is not there, "preview" when it is no picture we can read.
        """
        if file.uploaded_at is None:
            raise NotFound("file")
        found = await self._store.preview(file.id, side) if file.width is not None else None
        if found is None:
            raise NotFound("preview")
        return found

    async def discard(self, actor: Actor, ids: Sequence[FileId]) -> None:
        """Forget what the actor has uploaded for nothing; what stands somewhere stays."""
        for file_id in await self._records.discard(actor.account_id, ids):
            await self._store.remove(file_id)

    async def remove_content(self, file: File) -> None:
        """What was stored of a file that is forgotten already."""
        await self._store.remove(file.id)

    async def tidy(self) -> None:
        """Forget what was announced a day ago, never came and is used by nothing."""
        before = self._clock.now_ms() - UNCLAIMED_MS
        forgotten = await self._records.forget_unclaimed(before, MOST_FORGOTTEN)
        for file_id in forgotten:
            await self._store.remove(file_id)
        await self._store.tidy()


async def _filled(upload: Upload, size_bytes: int, body: AsyncIterator[bytes]) -> None:
    """Write the whole body, which has exactly that length. Raises: BadInput("content")."""
    arrived = 0
    async for chunk in body:
        arrived += len(chunk)
        if arrived > size_bytes:
            raise BadInput("content", f"is longer than the {size_bytes} bytes announced")
        await upload.write(chunk)
    if arrived < size_bytes:
        raise BadInput("content", f"has {arrived} of the {size_bytes} bytes announced")
