"""Files that are uploaded in a team: they count for it, and lie under addresses that never change."""

from collections.abc import AsyncIterator
from typing import Protocol

from tertulia.core.errors import NotFound
from tertulia.core.files import MAX_NAME, Files, fit_name
from tertulia.core.ids import FileId, TeamId
from tertulia.core.model import Actor, File, NewFile
from tertulia.core.ports import Clock

UNKNOWN_TYPE = "application/octet-stream"


class TeamUploadStore(Protocol):
    """What is known of such files, at rest."""

    async def add(self, actor: Actor, team_id: TeamId, new: NewFile, now: int) -> File:
        """A new file without content, which counts for the team.

        Raises: as `team_ports`; TooMuch("uploads") when the team has no room for it.
        """
        ...

    async def drop(self, file_id: FileId) -> bool:
        """It counts for nobody, and is gone unless something holds it; whether it is gone."""
        ...

    async def shown(self, file_id: FileId) -> File | None:
        """The file with its content, if something holds it: a message, a picture, or a team."""
        ...


class TeamUploads:
    """What can be done with them."""

    def __init__(self, store: TeamUploadStore, files: Files, clock: Clock) -> None:
        self._store = store
        self._files = files
        self._clock = clock

    async def take(
        self, actor: Actor, team_id: TeamId, new: NewFile, body: AsyncIterator[bytes]
    ) -> File:
        """Keep what comes in as a file of the actor's. Name and type are made fit to be kept.

        Raises:
            NotFound, NotAllowed: "team".
            BadInput: "file size"; "content": another length than announced.
            TooMuch: "uploads": the team has no room for it; "bytes": the server has none.
        """
        new = NewFile(fit_name(new.name), fit_type(new.content_type), new.size_bytes)
        self._files.check(new)
        file = await self._store.add(actor, team_id, new, self._clock.now_ms())
        try:
            await self._files.receive(file, body)
        except BaseException:
            await self.drop(file)
            raise
        return await self._files.need(file.id)

    async def drop(self, file: File) -> None:
        """Nothing came of it: it is gone, unless something holds it."""
        if await self._store.drop(file.id):
            await self._files.remove_content(file)

    async def shown(self, file_id: FileId) -> File:
        """The file behind an address that somebody was given.

        Raises:
            NotFound: "file": nothing holds it any more.
        """
        found = await self._store.shown(file_id)
        if found is None:
            raise NotFound("file")
        return found


def fit_type(content_type: str) -> str:
    """The content type in lower case; of what is none, that of unknown bytes."""
    is_fit = content_type.isascii() and content_type.isprintable()
    return (
        content_type.strip().lower()[:MAX_NAME] if is_fit and content_type.strip() else UNKNOWN_TYPE
    )
