"""Courses: how far each hook has been served."""

from tertulia.core.calls import Course
from tertulia.core.events import HookChanged
from tertulia.core.ids import HookId
from tertulia.store.engine import Engine
from tertulia.store.work import Row, Work, row, rows, run, tell

BEGIN = """
INSERT INTO courses (hook_id, kind, cursor) VALUES (?, ?, ?)
ON CONFLICT (hook_id) DO UPDATE SET kind = excluded.kind, cursor = excluded.cursor, attempts = 0,
    next_at = 0, failing_since = NULL
"""

END = "DELETE FROM courses WHERE hook_id = ?"

COURSE = "hook_id, kind, cursor, attempts, next_at, failing_since"

ALL = f"SELECT {COURSE} FROM courses ORDER BY hook_id"

ONE = f"SELECT {COURSE} FROM courses WHERE hook_id = ?"

MOVE = """
UPDATE courses SET cursor = ?, attempts = 0, next_at = 0, failing_since = ?
WHERE hook_id = ? AND cursor < ?
"""

FAIL = "UPDATE courses SET attempts = ?, next_at = ?, failing_since = ? WHERE hook_id = ?"


class SqlCourses:
    """`core.calls.CourseStore` over an engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def all(self) -> list[Course]:
        """See the port."""
        found = await self._engine.scan(rows(ALL))
        return [_course(each) for each in found]

    async def find(self, hook_id: HookId) -> Course | None:
        """See the port."""
        found = await self._engine.read(row(ONE, hook_id))
        return None if found is None else _course(found)

    async def moved(self, hook_id: HookId, cursor: int, failing_since: int | None) -> None:
        """See the port."""
        await self._engine.write(run(MOVE, cursor, failing_since, hook_id, cursor))

    async def failed(
        self, hook_id: HookId, attempts: int, next_at: int, failing_since: int
    ) -> None:
        """See the port."""
        await self._engine.write(run(FAIL, attempts, next_at, failing_since, hook_id))


def begin(hook_id: HookId, kind: str, cursor: int) -> Work[Course]:
    """The hook is told of everything after *cursor*, as errands of that kind; again, if it had a course."""
    yield from run(BEGIN, hook_id, kind, cursor)
    yield from tell(HookChanged(hook_id, kind))
    return Course(hook_id, kind, cursor)


def end(hook_id: HookId, kind: str) -> Work[None]:
    """The hook is told nothing more. *kind*: of the errands that are to forget it."""
    yield from run(END, hook_id)
    yield from tell(HookChanged(hook_id, kind))


def _course(found: Row) -> Course:
    return Course(HookId(found[0]), *found[1:])
