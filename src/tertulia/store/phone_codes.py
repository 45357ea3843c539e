"""Codes that went out by SMS, of which only hashes are kept."""

from hmac import compare_digest

from tertulia.core.errors import TooMuch
from tertulia.core.phone_codes import (
    AT_ONCE_MS,
    DAY_MS,
    MOST_A_DAY,
    MOST_AT_ONCE,
    MOST_ATTEMPTS,
    NewCode,
    Purpose,
)
from tertulia.store.engine import Engine
from tertulia.store.work import Work, draw, row, rows, run

# The oldest of the newest so many: when it is forgotten, there is room for another.
NEWEST = "SELECT sent_at FROM phone_codes WHERE phone = ? ORDER BY sent_at DESC LIMIT 1 OFFSET ?"

FORGET_OF_PHONE = "DELETE FROM phone_codes WHERE phone = ? AND sent_at <= ?"

VOID = """
UPDATE phone_codes SET hash = NULL
WHERE phone = ? AND purpose = ? AND subject = ? AND hash IS NOT NULL
"""

KEEP = """
INSERT INTO phone_codes (id, phone, purpose, subject, hash, sent_at, expires_at)
VALUES (?, ?, ?, ?, ?, ?, ?)
"""

WITHDRAW = "DELETE FROM phone_codes WHERE id = ?"

ATTEMPT = """
UPDATE phone_codes SET attempts = attempts + 1
WHERE phone = ? AND purpose = ? AND hash IS NOT NULL AND attempts < ? AND expires_at > ?
RETURNING id, subject, hash
"""

USE_UP = "UPDATE phone_codes SET hash = NULL WHERE id = ?"

FORGET = "DELETE FROM phone_codes WHERE sent_at <= ?"


class SqlPhoneCodes:
    """`core.phone_codes.PhoneCodeStore` over an engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def keep(self, new: NewCode) -> int:
        """See the port."""
        return await self._engine.write(keep_code(new))

    async def withdraw(self, code_id: int) -> None:
        """See the port."""
        await self._engine.write(run(WITHDRAW, code_id))

    async def use(self, phone: str, purpose: Purpose, hashed: str, now: int) -> bool:
        """See the port."""
        return await self._engine.write(use_code(phone, purpose, hashed, now)) is not None

    async def forget(self, before: int) -> None:
        """See the port."""
        await self._engine.write(run(FORGET, before))


def keep_code(new: NewCode) -> Work[int]:
    """A new code, the only live one of its phone, purpose and subject. Raises: TooMuch("codes")."""
    now = new.sent_at
    if new.is_counted:
        waits = yield from _wait_ms(new.phone, now)
        if waits:
            raise TooMuch("codes", -(-waits // 1000))
    # Of a test number nothing need be counted, so that nothing piles up.
    yield from run(FORGET_OF_PHONE, new.phone, now - DAY_MS if new.is_counted else now - AT_ONCE_MS)
    yield from run(VOID, new.phone, new.purpose.value, new.subject)
    number = yield from draw(now)
    yield from run(
        KEEP, number, new.phone, new.purpose.value, new.subject, new.hash, now, new.expires_at
    )
    return number


def _wait_ms(phone: str, now: int) -> Work[int]:
    """Until the phone may have another code; 0: now."""
    waits = 0
    for most, within in ((MOST_AT_ONCE, AT_ONCE_MS), (MOST_A_DAY, DAY_MS)):
        found = yield from row(NEWEST, phone, most - 1)
        if found is not None:
            waits = max(waits, found[0] + within - now)
    return waits


def use_code(phone: str, purpose: Purpose, hashed: str, now: int) -> Work[int | None]:
    """The subject of the live code with that hash, which is used up; None: there is none.

    Either way every live code of that phone and purpose has an attempt less.
    """
    found = yield from rows(ATTEMPT, phone, purpose.value, MOST_ATTEMPTS, now)
    for code_id, subject, live in found:
        if compare_digest(live, hashed):
            yield from run(USE_UP, code_id)
            return int(subject)
    return None
