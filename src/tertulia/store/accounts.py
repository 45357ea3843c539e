"""Accounts: their cards and their passwords."""

from collections.abc import Sequence

from tertulia.core.errors import Conflict
from tertulia.core.ids import AccountId
from tertulia.core.model import Account, Actor, NewAccount, ProfileChange
from tertulia.core.text import containing, digits, fold, key
from tertulia.store import records
from tertulia.store.directory import accounts_by_id, need_alive
from tertulia.store.engine import Engine
from tertulia.store.farewell import remove_account
from tertulia.store.files import held_picture
from tertulia.store.sessions import end_sessions
from tertulia.store.work import Work, array, draw, row, rows, run

INSERT = """
INSERT INTO accounts (id, login, login_key, password_hash, email, email_key, phone, phone_key,
    phone_digits, first_name, last_name, search_text, created_at, updated_at, seen_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""

BY_LOGIN = f"SELECT {records.ACCOUNT}, a.password_hash FROM accounts a WHERE a.login_key = ?"

PASSWORD = "SELECT password_hash FROM accounts WHERE id = ? AND deleted_at IS NULL"  # noqa: S105 - SQL

SEARCH = rf"""
SELECT {records.ACCOUNT} FROM accounts a
WHERE a.search_text LIKE ? ESCAPE '\' AND a.deleted_at IS NULL AND a.updated_at > ?
    AND a.id NOT IN (SELECT CAST(each.value AS BIGINT) FROM json_each(?) AS each)
ORDER BY a.first_name DESC, a.last_name, a.login_key, a.id LIMIT ?
"""

TAKEN = {
    "login": "SELECT id FROM accounts WHERE login_key = ?",
    "email": "SELECT id FROM accounts WHERE email_key = ?",
    "phone": "SELECT id FROM accounts WHERE phone_key = ?",
}

UPDATE = """
UPDATE accounts SET login = ?, login_key = ?, email = ?, email_key = ?, phone = ?, phone_key = ?,
    phone_digits = ?, first_name = ?, last_name = ?, search_text = ?, picture = ?, updated_at = ?
WHERE id = ?
"""

SET_PASSWORD = "UPDATE accounts SET password_hash = ? WHERE id = ?"  # noqa: S105 - SQL

SEEN = "UPDATE accounts SET seen_at = ? WHERE id = ? AND seen_at < ?"


class SqlAccounts:
    """`core.ports.AccountStore` over an engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def add(self, new: NewAccount, password_hash: str, now: int) -> Account:
        """See the port."""
        return await self._engine.write(add(new, password_hash, now))

    async def secret_of(self, login: str) -> tuple[Account, str | None] | None:
        """See the port."""
        found = await self._engine.read(row(BY_LOGIN, key(login)))
        return None if found is None else (records.account(found), found[10])

    async def password_of(self, account_id: AccountId) -> str | None:
        """See the port."""
        found = await self._engine.read(row(PASSWORD, account_id))
        return None if found is None else found[0]

    async def several(self, account_ids: Sequence[AccountId]) -> list[Account]:
        """See the port."""
        return list((await self._engine.read(accounts_by_id(account_ids))).values())

    async def search(
        self, part: str, limit: int, *, changed_after: int | None, leave_out: Sequence[AccountId]
    ) -> list[Account]:
        """See the port."""
        since = -1 if changed_after is None else changed_after
        found = await self._engine.scan(
            rows(SEARCH, containing(part), since, array(leave_out), limit)
        )
        return [records.account(each) for each in found]

    async def change(
        self, actor: Actor, change: ProfileChange, password_hash: str | None, now: int
    ) -> Account:
        """See the port."""
        return await self._engine.write(change_profile(actor, change, password_hash, now))

    async def remove(self, actor: Actor, now: int) -> None:
        """See the port."""
        await self._engine.write(remove_account(actor, now))

    async def note_seen(self, account_id: AccountId, at: int) -> None:
        """See the port."""
        await self._engine.write(run(SEEN, at, account_id, at))


def add(new: NewAccount, password_hash: str, now: int) -> Work[Account]:
    """A new account."""
    for kind, value in (("login", new.login), ("email", new.email), ("phone", new.phone)):
        yield from _need_free(kind, value, None)
    number = AccountId((yield from draw(now)))
    account = Account(
        id=number,
        login=new.login,
        created_at=now,
        updated_at=now,
        seen_at=now,
        first_name=new.first_name,
        last_name=new.last_name,
        email=new.email,
        phone=new.phone,
    )
    yield from run(
        INSERT, number, new.login, key(new.login), password_hash, new.email,
        key(new.email) or None, new.phone, new.phone or None, digits(new.phone) or None,
        new.first_name, new.last_name, search_text(account), now, now, now,
    )  # fmt: skip
    return account


def search_text(account: Account) -> str:
    """Login, first and last name, folded, one a line: a search never matches across two of them."""
    return "\n".join(map(fold, (account.login, account.first_name, account.last_name)))


def _need_free(kind: str, value: str, owner: AccountId | None) -> Work[None]:
    if not value:
        return
    taken = yield from row(TAKEN[kind], value if kind == "phone" else key(value))
    if taken is not None and taken[0] != owner:
        raise Conflict(kind)


def change_profile(
    actor: Actor, change: ProfileChange, password_hash: str | None, now: int
) -> Work[Account]:
    """Change what is given; a new password ends every session but the actor's own."""
    old = yield from need_alive(actor.account_id)
    for kind, value in (("login", change.login), ("email", change.email), ("phone", change.phone)):
        yield from _need_free(kind, value or "", old.id)
    new = Account(
        id=old.id,
        login=change.login or old.login,
        created_at=old.created_at,
        updated_at=max(now, old.updated_at + 1),
        seen_at=old.seen_at,
        first_name=old.first_name if change.first_name is None else change.first_name,
        last_name=old.last_name if change.last_name is None else change.last_name,
        email=old.email if change.email is None else change.email,
        phone=old.phone if change.phone is None else change.phone,
        picture=(yield from held_picture(actor, old.id, change.picture)) or old.picture,
    )
    yield from run(
        UPDATE, new.login, key(new.login), new.email, key(new.email) or None, new.phone,
        new.phone or None, digits(new.phone) or None, new.first_name, new.last_name,
        search_text(new), records.as_json(new.picture), new.updated_at, new.id,
    )  # fmt: skip
    if password_hash is not None:
        yield from run(SET_PASSWORD, password_hash, new.id)
        yield from end_sessions(new.id, keep=actor.session_id)
    return new
