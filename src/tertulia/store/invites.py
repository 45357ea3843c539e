"""Invites of the operator, and who is let in by them."""

from tertulia.core.admission import Admission, Registration, no_such_invite
from tertulia.core.invites import Invite
from tertulia.store.engine import Engine
from tertulia.store.work import Work, draw, row, rows, run

INVITE = "id, uses, used, created_at, expires_at"

ADD = """
INSERT INTO invites (id, hash, uses, used, created_at, expires_at) VALUES (?, ?, ?, 0, ?, ?)
"""

LISTED = f"SELECT {INVITE} FROM invites ORDER BY id DESC"

REMOVE = "DELETE FROM invites WHERE id = ? RETURNING id"

IS_GOOD = "SELECT 1 FROM invites WHERE hash = ? AND expires_at > ? AND used < uses"

USE = """
UPDATE invites SET used = used + 1 WHERE hash = ? AND expires_at > ? AND used < uses RETURNING id
"""

FORGET = "DELETE FROM invites WHERE expires_at <= ?"

# Somebody has brought this number into a team that is still there.
EXPECTED = """
SELECT 1 FROM accounts a
JOIN team_members t ON t.account_id = a.id AND t.archived_at IS NULL
JOIN teams g ON g.id = t.team_id AND g.archived_at IS NULL
WHERE a.awaited_phone = ? AND a.deleted_at IS NULL
LIMIT 1
"""


class SqlInvites:
    """`core.invites.InviteStore` over an engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def add(self, invite_hash: str, uses: int, expires_at: int, now: int) -> Invite:
        """See the port."""
        return await self._engine.write(add(invite_hash, uses, expires_at, now))

    async def listed(self) -> list[Invite]:
        """See the port."""
        return [Invite(*each) for each in await self._engine.scan(rows(LISTED))]

    async def remove(self, invite_id: int) -> bool:
        """See the port."""
        return await self._engine.write(row(REMOVE, invite_id)) is not None

    async def is_good(self, invite_hash: str, now: int) -> bool:
        """See the port."""
        return await self._engine.read(row(IS_GOOD, invite_hash, now)) is not None

    async def forget(self, before: int) -> None:
        """See the port."""
        await self._engine.write(run(FORGET, before))


def add(invite_hash: str, uses: int, expires_at: int, now: int) -> Work[Invite]:
    """A new invite."""
    number = yield from draw(now)
    yield from run(ADD, number, invite_hash, uses, now, expires_at)
    return Invite(number, uses, 0, now, expires_at)


def admit(admission: Admission, now: int) -> Work[None]:
    """Let one more account come to be, in the very transaction that makes it.

    Raises:
        NotAllowed: `CLOSED_DOOR`, `UNINVITED`.
        BadInput: "invite".
    """
    admission.need_chance()
    if admission.registration is not Registration.INVITE:
        return
    if (yield from row(USE, admission.invite_hash, now)) is None:
        raise no_such_invite()


def admit_phone(admission: Admission, phone: str, now: int) -> Work[None]:
    """The same for who has proven that number: whom a team waits for may always come. Raises: as `admit`."""
    if not (yield from _is_expected(phone, admission)):
        yield from admit(admission, now)


def need_prospect(admission: Admission, phone: str, now: int) -> Work[None]:
    """As `admit_phone`, long before the account is there: nothing is counted yet. Raises: as `admit`."""
    if (yield from _is_expected(phone, admission)):
        return
    admission.need_chance()
    if admission.registration is not Registration.INVITE:
        return
    if (yield from row(IS_GOOD, admission.invite_hash, now)) is None:
        raise no_such_invite()


def _is_expected(phone: str, admission: Admission) -> Work[bool]:
    if admission.registration is Registration.OPEN:
        return False
    return (yield from row(EXPECTED, phone)) is not None
