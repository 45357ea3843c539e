"""One-time codes, of which only hashes are kept."""

from tertulia.core.codes import COUNTED_MS, LIVES_MS, MOST_ATTEMPTS, MOST_CODES, LiveCode
from tertulia.core.errors import TooMuch
from tertulia.core.ids import AccountId
from tertulia.core.model import Account
from tertulia.core.text import key
from tertulia.store import records
from tertulia.store.accounts import SET_PASSWORD, VOID_MAILED_CODES
from tertulia.store.directory import need_alive
from tertulia.store.engine import Engine
from tertulia.store.sessions import end_sessions
from tertulia.store.work import Work, draw, row, run

ACCOUNT_AT = f"SELECT {records.ACCOUNT} FROM accounts a WHERE a.email_key = ?"

COUNTED = "SELECT COUNT(*), MIN(sent_at) FROM codes WHERE account_id = ? AND sent_at > ?"

FORGET = "DELETE FROM codes WHERE account_id = ? AND sent_at <= ?"

VOID_ON_DEVICE = "UPDATE codes SET hash = NULL WHERE account_id = ? AND device = ?"

KEEP = "INSERT INTO codes (id, account_id, device, hash, sent_at) VALUES (?, ?, ?, ?, ?)"

WITHDRAW = "DELETE FROM codes WHERE id = ?"

ATTEMPT = """
UPDATE codes SET attempts = attempts + 1
WHERE account_id = ? AND device = ? AND sent_at > ? AND hash IS NOT NULL AND attempts < ?
RETURNING id, hash
"""

REDEEM = "UPDATE codes SET hash = NULL WHERE id = ? AND hash IS NOT NULL RETURNING id"

# Whoever has the code reads what is sent to the address.
PROVE = "UPDATE accounts SET email_proven = 1 WHERE id = ?"


class SqlCodes:
    """`core.codes.CodeStore` over an engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def account_at(self, email: str) -> Account | None:
        """See the port."""
        found = await self._engine.read(row(ACCOUNT_AT, key(email)))
        return None if found is None else records.account(found)

    async def wait_ms(self, account_id: AccountId, now: int) -> int:
        """See the port."""
        return await self._engine.read(wait_ms(account_id, now))

    async def keep(self, account_id: AccountId, device: str, hashed: str, now: int) -> int:
        """See the port."""
        return await self._engine.write(keep(account_id, device, hashed, now))

    async def withdraw(self, code_id: int) -> None:
        """See the port."""
        await self._engine.write(run(WITHDRAW, code_id))

    async def attempt(self, account_id: AccountId, device: str, now: int) -> LiveCode | None:
        """See the port."""
        found = await self._engine.write(
            row(ATTEMPT, account_id, device, now - LIVES_MS, MOST_ATTEMPTS)
        )
        return None if found is None else LiveCode(*found)

    async def redeem(self, code: LiveCode, account_id: AccountId, password_hash: str) -> bool:
        """See the port."""
        return await self._engine.write(redeem(code, account_id, password_hash))


def wait_ms(account_id: AccountId, now: int) -> Work[int]:
    """Until the oldest of the codes that count is forgotten; 0 when there are few."""
    found = yield from row(COUNTED, account_id, now - COUNTED_MS)
    assert found is not None, "a count always has a row"
    count, first = found
    return first + COUNTED_MS - now if count >= MOST_CODES else 0


def keep(account_id: AccountId, device: str, hashed: str, now: int) -> Work[int]:
    """A new code. The account's old ones are forgotten here, so there are never more than a few."""
    yield from need_alive(account_id)
    waits = yield from wait_ms(account_id, now)
    if waits:
        raise TooMuch("codes", -(-waits // 1000))
    yield from run(FORGET, account_id, now - COUNTED_MS)
    yield from run(VOID_ON_DEVICE, account_id, device)
    number = yield from draw(now)
    yield from run(KEEP, number, account_id, device, hashed, now)
    return number


def redeem(code: LiveCode, account_id: AccountId, password_hash: str) -> Work[bool]:
    """Use the code up, set the password, end every session; the e-mail address is proven by it."""
    if (yield from row(REDEEM, code.id)) is None:
        return False
    yield from run(VOID_MAILED_CODES, account_id)
    yield from run(PROVE, account_id)
    yield from run(SET_PASSWORD, password_hash, account_id)
    yield from end_sessions(account_id, keep=None)
    return True
