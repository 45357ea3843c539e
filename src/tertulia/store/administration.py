"""What only the operator does with accounts."""

from tertulia.core.administration import OF_NO_SESSION, Listing
from tertulia.core.errors import Conflict
from tertulia.core.ids import AccountId
from tertulia.core.model import Account, Actor, NewAccount, ProfileChange
from tertulia.core.text import containing
from tertulia.store import records
from tertulia.store.accounts import SET_PASSWORD, add, change_profile
from tertulia.store.directory import need_alive
from tertulia.store.engine import Engine
from tertulia.store.farewell import FORGET_SUBSCRIPTIONS
from tertulia.store.identity import PROVEN_AT, open_by_phone
from tertulia.store.sessions import end_sessions
from tertulia.store.work import Work, row, rows, run

LISTED = rf"""
SELECT {records.ACCOUNT} FROM accounts a
WHERE a.id > ? AND a.deleted_at IS NULL AND a.bot = '' AND a.search_text LIKE ? ESCAPE '\'
    AND (? = 0 OR a.blocked_at IS NOT NULL)
ORDER BY a.id LIMIT ?
"""

PROVE_EMAIL = "UPDATE accounts SET email_proven = 1 WHERE id = ? AND email <> ''"

BLOCK = "UPDATE accounts SET blocked_at = COALESCE(blocked_at, ?) WHERE id = ?"

UNBLOCK = "UPDATE accounts SET blocked_at = NULL WHERE id = ?"


class SqlAdministration:
    """`core.administration.AdministrationStore` over an engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def make(self, new: NewAccount, password_hash: str | None, now: int) -> Account:
        """See the port."""
        return await self._engine.write(make(new, password_hash, now))

    async def listed(self, listing: Listing) -> list[Account]:
        """See the port."""
        found = await self._engine.scan(
            rows(
                LISTED,
                listing.after,
                containing(listing.part),
                int(listing.only_blocked),
                listing.limit,
            )
        )
        return [records.account(each) for each in found]

    async def block(self, account_id: AccountId, now: int) -> Account:
        """See the port."""
        return await self._engine.write(block(account_id, now))

    async def unblock(self, account_id: AccountId) -> Account:
        """See the port."""
        return await self._engine.write(unblock(account_id))


def make(new: NewAccount, password_hash: str | None, now: int) -> Work[Account]:
    """A new account with what the operator vouches for; of an invited number, the one that waits for it."""
    if new.phone:
        if (yield from row(PROVEN_AT, new.phone)) is not None:
            raise Conflict("phone")
        account = yield from open_by_phone(new.phone, now)
        change = ProfileChange(
            login=new.login,
            email=new.email,
            first_name=new.first_name or None,
            last_name=new.last_name or None,
        )
        yield from change_profile(Actor(account.id, OF_NO_SESSION), change, None, now)
        yield from run(SET_PASSWORD, password_hash, account.id)
    else:
        assert password_hash is not None, "the core saw to it"
        account = yield from add(new, password_hash, now)
    yield from run(PROVE_EMAIL, account.id)
    return (yield from need_alive(account.id))


def block(account_id: AccountId, now: int) -> Work[Account]:
    """Nobody signs in to the account any more; its sessions end, its devices are not called."""
    yield from need_alive(account_id)
    yield from run(BLOCK, now, account_id)
    yield from end_sessions(account_id, keep=None)
    yield from run(FORGET_SUBSCRIPTIONS, account_id)
    return (yield from need_alive(account_id))


def unblock(account_id: AccountId) -> Work[Account]:
    """It may be signed in to again."""
    yield from need_alive(account_id)
    yield from run(UNBLOCK, account_id)
    return (yield from need_alive(account_id))
