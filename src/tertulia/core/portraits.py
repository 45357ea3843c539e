"""Pictures of teams, people and groups: drawn anew when they come, so that nothing but pixels is kept."""

from typing import NamedTuple, Protocol

from tertulia.core.errors import BadInput, NotFound
from tertulia.core.file_ports import FileRecords, StoredFile, Upload
from tertulia.core.ids import FileId
from tertulia.core.model import Actor, NewFile
from tertulia.core.ports import Clock
from tertulia.core.team_model import Portrait

MAX_BYTES = 20 << 20
"""Of a picture as it comes."""

FILE_NAME = "picture.jpg"
CONTENT_TYPE = "image/jpeg"


class Drawn(NamedTuple):
    """A picture in our own form: JPEG, upright, on white, with its sides in pixels."""

    content: bytes
    width: int
    height: int


class PortraitStore(Protocol):
    """Where pictures are drawn and kept."""

    async def redrawn(self, content: bytes) -> Drawn | None:
        """The picture in our own form; None: it is none that we can read, or has too many pixels.

        Raises:
            Unavailable: too many are being drawn.
        """
        ...

    async def begin(self, file_id: FileId) -> Upload:
        """As `core.file_ports.FileStore.begin`."""
        ...

    async def portrait(self, file_id: FileId, *, square: bool) -> StoredFile | None:
        """A copy of the picture as JPEG: square with 256 pixels a side, or large. Made once, then kept.

        None: there is no such picture. Raises: Unavailable: too many are being drawn.
        """
        ...


class Portraits:
    """What can be done with them."""

    def __init__(self, records: FileRecords, store: PortraitStore, clock: Clock) -> None:
        self._records = records
        self._store = store
        self._clock = clock

    async def take(self, actor: Actor, content: bytes) -> Portrait:
        """A picture of the actor's, kept in our own form as a file of its own. Nobody holds it yet.

        Raises:
            BadInput: "picture": it is none that we can read, or too large.
            TooMuch: "bytes": there is no room for it.
            Unavailable: too many are being drawn.
        """
        drawn = None if len(content) > MAX_BYTES else await self._store.redrawn(content)
        if drawn is None:
            raise BadInput("picture", "is none that can be read, or too large")
        new = NewFile(FILE_NAME, CONTENT_TYPE, len(drawn.content))
        now = self._clock.now_ms()
        (file,) = await self._records.add(actor.account_id, [new], now)
        upload = await self._store.begin(file.id)
        try:
            await upload.write(drawn.content)
            await upload.keep()
        except BaseException:
            upload.abandon()
            raise
        await self._records.note_uploaded(file.id, (drawn.width, drawn.height), now)
        return Portrait(file.id, drawn.width, drawn.height)

    async def shown(self, file_id: FileId, *, square: bool) -> StoredFile:
        """A copy to look at, for whoever knows its address.

        Raises:
            NotFound: "picture".
            Unavailable: too many are being drawn.
        """
        file = await self._records.find(file_id)
        found = None
        if file is not None and file.uploaded_at is not None and file.width is not None:
            found = await self._store.portrait(file_id, square=square)
        if found is None:
            raise NotFound("picture")
        return found
