"""What the uploads of a team take. The sums are kept, so that no list has to add up files."""

from collections.abc import Sequence
from datetime import UTC, datetime

from tertulia.core.errors import TooMuch
from tertulia.core.ids import FileId, TeamId
from tertulia.core.team_model import HOME_TEAM, Usage
from tertulia.store.work import Work, array, row, rows, run

UPLOADED = (
    "SELECT CAST(COALESCE(SUM(u.size_bytes), 0) AS BIGINT) FROM team_uploads u WHERE u.team_id = ?"
)

LIMIT = "SELECT g.uploads_limit FROM teams g WHERE g.id = ?"

CLAIM = """
INSERT INTO team_files (file_id, team_id, size_bytes, month) VALUES (?, ?, ?, ?)
ON CONFLICT DO NOTHING RETURNING file_id
"""

COUNT = """
INSERT INTO team_uploads (team_id, month, size_bytes) VALUES (?, ?, ?)
ON CONFLICT (team_id, month) DO UPDATE SET size_bytes = team_uploads.size_bytes + excluded.size_bytes
"""

# What another message or a task still has goes on to count. The uploads of a task are numbers in JSON.
RELEASE = """
DELETE FROM team_files
WHERE file_id IN (SELECT CAST(each.value AS BIGINT) FROM json_each(?) AS each)
    AND NOT EXISTS (SELECT 1 FROM message_files l WHERE l.file_id = team_files.file_id)
    AND NOT EXISTS (
        SELECT 1 FROM tasks k JOIN chats c ON c.id = k.chat_id AND c.archived_at IS NULL
        WHERE k.team_id = team_files.team_id AND k.uploads <> '[]'
            AND ',' || substr(k.uploads, 2, length(k.uploads) - 2) || ',' LIKE '%,' || file_id || ',%'
    )
RETURNING team_id, month, size_bytes
"""

BY_MONTH = "SELECT u.month, u.size_bytes FROM team_uploads u WHERE u.team_id = ? AND u.month > ?"


def month_of(at: int) -> int:
    """The month (UTC) of a moment, counted from January of year 0."""
    moment = datetime.fromtimestamp(at // 1000, UTC)
    return moment.year * 12 + moment.month - 1


def claim_upload(team_id: TeamId, file_id: FileId, size_bytes: int, at: int) -> Work[None]:
    """The file counts for the team from now on; for the first team that claims it, once.

    The home team has no limit and no sum.

    Raises:
        TooMuch: "uploads": there is no room for it.
    """
    if team_id == HOME_TEAM:
        return
    uploaded = yield from row(UPLOADED, team_id)
    limit = yield from row(LIMIT, team_id)
    assert uploaded is not None, "a sum has a row"
    if limit is None or uploaded[0] + size_bytes > limit[0]:
        raise TooMuch("uploads")
    month = month_of(at)
    if (yield from row(CLAIM, file_id, team_id, size_bytes, month)) is not None:
        yield from run(COUNT, team_id, month, size_bytes)


def release_uploads(file_ids: Sequence[FileId]) -> Work[None]:
    """These files count for nobody any more, if they did and nothing holds them."""
    if not file_ids:
        return
    for team_id, month, size_bytes in (yield from rows(RELEASE, array(file_ids))):
        yield from run(COUNT, team_id, month, -size_bytes)


def usage_of(team_id: TeamId, months: int, now: int) -> Work[Usage]:
    """The sum over all times, and so many months, the present one last."""
    uploaded = yield from row(UPLOADED, team_id)
    assert uploaded is not None, "a sum has a row"
    last = month_of(now)
    found = yield from rows(BY_MONTH, team_id, last - months)
    sizes: dict[int, int] = {each[0]: each[1] for each in found}
    return Usage(
        uploaded[0],
        tuple(
            (month // 12, month % 12 + 1, sizes.get(month, 0))
            for month in range(last - months + 1, last + 1)
        ),
    )
