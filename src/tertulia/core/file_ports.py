"""What the service of files needs: records of them in a store, and a place for their bytes."""

from collections.abc import Sequence
from typing import Protocol

from tertulia.core.ids import AccountId, FileId
from tertulia.core.model import File, NewFile


class FileRecords(Protocol):
    """What is known of files; their content is in the `FileStore`."""

    async def add(self, maker: AccountId, new: Sequence[NewFile], now: int) -> list[File]:
        """New files without content, in the same order."""
        ...

    async def find(self, file_id: FileId) -> File | None:
        """The file of that number."""
        ...

    async def visible(self, account_id: AccountId, ids: Sequence[FileId]) -> list[File]:
        """Those the account made, sees in a message, or sees as somebody's picture."""
        ...

    async def note_uploaded(self, file_id: FileId, sides: tuple[int, int] | None, now: int) -> None:
        """The content is there; width and height, if it is a picture. The first time counts."""
        ...

    async def discard(self, maker: AccountId, ids: Sequence[FileId]) -> list[FileId]:
        """Remove those that the account made and nothing uses; which they were."""
        ...

    async def forget_unclaimed(self, before: int, limit: int) -> list[FileId]:
        """Remove those without content, announced before that moment, that nothing uses."""
        ...


class Upload(Protocol):
    """Content on its way in."""

    async def write(self, chunk: bytes) -> None:
        """The next part; waits when the disk is behind. Raises: TooMuch("bytes")."""
        ...

    async def keep(self) -> None:
        """It is complete: on the disk, and the file's content from now on unless that was there before.

        Raises:
            TooMuch: "bytes": there is no room for it.
        """
        ...

    def abandon(self) -> None:
        """Nothing of it shall be left. Never waits, never fails, and may follow `keep`."""
        ...


class StoredFile(Protocol):
    """Content that can be read, until `close`."""

    @property
    def size_bytes(self) -> int:
        """Its length."""
        ...

    @property
    def content_type(self) -> str:
        """What it is, if the store made it itself; "" for what was uploaded."""
        ...

    async def read(self, offset: int, count: int) -> bytes | bytearray:
        """As many bytes from there, if there are so many."""
        ...

    def close(self) -> None:
        """Nobody reads any more. Never waits."""
        ...


class FileStore(Protocol):
    """The content of files, each under its number.

    Everything but `remove`, uploads and stored files too, raises `Unavailable` when the place where it
    is kept does not answer, or cannot be used.
    """

    async def begin(self, file_id: FileId) -> Upload:
        """A new upload. Raises: TooMuch("bytes") when there is no room at all."""
        ...

    async def open(self, file_id: FileId) -> StoredFile | None:
        """The content; None when there is none."""
        ...

    async def sides(self, file_id: FileId) -> tuple[int, int] | None:
        """Width and height of the picture, as it is to be shown; None: it is none we can read."""
        ...

    async def preview(self, file_id: FileId, side: int) -> StoredFile | None:
        """The picture in at most *side* pixels a side, without metadata; made once, then kept.

        Raises:
            Unavailable: too many are being made.
        """
        ...

    async def remove(self, file_id: FileId) -> None:
        """Its content and previews are gone, if there were any; or will be, when it can be done."""
        ...

    async def tidy(self) -> None:
        """Remove what broken uploads have left behind."""
        ...
