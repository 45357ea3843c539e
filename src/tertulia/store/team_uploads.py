"""Files that are uploaded in a team."""

from tertulia.core.ids import FileId, TeamId
from tertulia.core.model import Actor, File, NewFile
from tertulia.store.engine import Engine
from tertulia.store.files import FILE, add, file
from tertulia.store.team_records import need_member
from tertulia.store.team_usage import claim_upload, release_uploads
from tertulia.store.work import Work, row

SHOWN = f"""
SELECT {FILE} FROM files f
WHERE f.id = ? AND f.uploaded_at IS NOT NULL AND (
    EXISTS (SELECT 1 FROM message_files l WHERE l.file_id = f.id)
    OR EXISTS (SELECT 1 FROM picture_files p WHERE p.file_id = f.id)
    OR EXISTS (SELECT 1 FROM team_files t WHERE t.file_id = f.id)
)
"""

DROP = """
DELETE FROM files
WHERE id = ? AND NOT EXISTS (SELECT 1 FROM message_files l WHERE l.file_id = files.id)
    AND NOT EXISTS (SELECT 1 FROM picture_files p WHERE p.file_id = files.id)
RETURNING id
"""


class SqlTeamUploads:
    """`core.team_uploads.TeamUploadStore` over an engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def add(self, actor: Actor, team_id: TeamId, new: NewFile, now: int) -> File:
        """See the port."""
        return await self._engine.write(add_upload(actor, team_id, new, now))

    async def drop(self, file_id: FileId) -> bool:
        """See the port."""
        return await self._engine.write(drop_upload(file_id))

    async def shown(self, file_id: FileId) -> File | None:
        """See the port."""
        found = await self._engine.read(row(SHOWN, file_id))
        return None if found is None else file(found)


def add_upload(actor: Actor, team_id: TeamId, new: NewFile, now: int) -> Work[File]:
    """A new file, which counts for the team."""
    yield from need_member(team_id, actor.account_id)
    (made,) = yield from add(actor.account_id, [new], now)
    yield from claim_upload(team_id, made.id, new.size_bytes, now)
    return made


def drop_upload(file_id: FileId) -> Work[bool]:
    """Whether it is gone."""
    yield from release_uploads([file_id])
    return (yield from row(DROP, file_id)) is not None
