"""Who was there when: visits, and the processes that have them (docs/decisions/0040).

A visit is a stretch of the log, in numbers: what was announced up to `came`, and after `went`, passed its
account by. It is open while the account is there. Only the process that has it knows how far an open visit
has come; the others take it to reach as far as that process last said, less a moment: what it said it had
offered may have been on its way when it ended. So nobody need know which processes are alive, and one that
ends without a word has its visits ended where they counted before.
"""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from tertulia.core.ids import COUNTER_BITS, MAX_NUMBER, AccountId
from tertulia.store.work import Row, Work, rows, run

ALONE = 0
"""The number of a process that shares its store with no other."""

LOST_IN_A_CRASH_MS = 3_000
"""What was announced so shortly before a crash may not have been heard; and after one the sequence goes
on up to a second later than it had come."""

MOMENT = LOST_IN_A_CRASH_MS << COUNTER_BITS
"""The same in numbers."""

CAME = """
INSERT INTO visits (account_id, came, process) VALUES (?, ?, ?)
ON CONFLICT (account_id, came, process) DO UPDATE SET went = NULL
"""

WENT = "UPDATE visits SET went = ? WHERE account_id = ? AND came = ? AND process = ?"

FORGET_VISITS = "DELETE FROM visits WHERE account_id = ? AND came < ? AND went < ?"

VISITS = """
SELECT v.came, v.went, v.process FROM visits v
WHERE v.account_id = ? AND (v.went IS NULL OR v.went > ?)
ORDER BY v.came
"""

PROCESSES = "SELECT p.process, p.heard FROM processes p"

SAY = """
INSERT INTO processes (process, heard) VALUES (?, ?)
ON CONFLICT (process) DO UPDATE SET heard = excluded.heard
"""

FORGET_PROCESS = "DELETE FROM processes WHERE process = ?"

# In a crash nobody says goodbye.
CLOSE = """
UPDATE visits SET went = CASE WHEN came > ? THEN came ELSE ? END
WHERE process = ? AND went IS NULL
"""

CLOSE_ALL = """
UPDATE visits SET went = CASE WHEN came > ? THEN came ELSE ? END WHERE went IS NULL
"""


def came(account_id: AccountId, position: int, oldest: int, process: int) -> Work[None]:
    """A visit begins; its account's old ones are forgotten."""
    yield from run(CAME, account_id, position, process)
    yield from run(FORGET_VISITS, account_id, oldest, oldest)


class Attendance(NamedTuple):
    """When an account was there: `(came, went)` in order of coming; None for what goes on here.

    `is_plain`: each visit began after the one before had ended, and the store knows how far each has come.
    """

    visits: list[Row]
    is_plain: bool


def attendance_of(account_id: AccountId, oldest: int, process: int) -> Work[Attendance]:
    """Visits that reach beyond *oldest*, as *process* knows them."""
    found = yield from rows(VISITS, account_id, oldest)
    if not any(went is None and where != process for _, went, where in found):
        visits = [each[:2] for each in found]
        return Attendance(visits, not overlap(visits))
    reach: dict[int, int] = dict((yield from rows(PROCESSES)))
    visits = [
        (at, reach.get(where, 0) - MOMENT if went is None and where != process else went)
        for at, went, where in found
    ]
    return Attendance(visits, is_plain=False)


def overlap(visits: Sequence[Row]) -> bool:
    """Whether one began before an earlier one had ended."""
    reached = 0
    for came_at, went_at in visits:
        if came_at < reached:
            return True
        reached = max(reached, MAX_NUMBER if went_at is None else went_at)
    return False


def close_of(process: int, heard: int) -> Work[None]:
    """End what a process left open, a moment before it had come to *heard*; it is no more."""
    yield from run(CLOSE, heard - MOMENT, heard - MOMENT, process)
    yield from run(FORGET_PROCESS, process)


def close_missing(living: Collection[int], missing: Collection[int]) -> Work[set[int]]:
    """End what processes left open that are not among the *living*, if they were *missing* before, too.

    Returns:
        Those that are missing for the first time.
    """
    newly: set[int] = set()
    for process, heard in (yield from rows(PROCESSES)):
        if process in missing and process not in living:
            yield from close_of(process, heard)
        elif process not in living:
            newly.add(process)
    return newly


def close_all(position: int) -> Work[None]:
    """End what is open: nobody is connected. *position*: the last number of the store."""
    for process, heard in (yield from rows(PROCESSES)):
        yield from close_of(process, heard)
    yield from run(CLOSE_ALL, position - MOMENT, position - MOMENT)
