"""Accounts: their cards and their passwords."""

from collections.abc import Sequence
from dataclasses import replace

from tertulia.core.admission import ANYBODY, Admission
from tertulia.core.ids import AccountId
from tertulia.core.model import Account, Actor, NewAccount, ProfileChange
from tertulia.core.phones import is_number, normalised
from tertulia.core.text import containing, digits, key
from tertulia.store import records
from tertulia.store.directory import accounts_by_id, need_alive
from tertulia.store.engine import Engine
from tertulia.store.farewell import remove_account
from tertulia.store.files import held_picture
from tertulia.store.identity import (
    BY_LOGIN,
    PROVEN_AT,
    by_name,
    move_to_phone,
    need_free,
    open_by_phone,
    search_text,
    with_password,
)
from tertulia.store.invites import admit
from tertulia.store.sessions import end_sessions
from tertulia.store.team_places import account_changed
from tertulia.store.work import Work, array, draw, row, rows, run

INSERT = """
INSERT INTO accounts (id, login, login_key, password_hash, email, email_key, phone, phone_key,
    phone_digits, first_name, last_name, search_text, created_at, updated_at, seen_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""

PASSWORD = "SELECT password_hash FROM accounts WHERE id = ? AND deleted_at IS NULL"  # noqa: S105 - SQL

SEARCH = rf"""
SELECT {records.ACCOUNT} FROM accounts a
WHERE a.search_text LIKE ? ESCAPE '\' AND a.deleted_at IS NULL AND a.updated_at > ?
    AND a.id NOT IN (SELECT CAST(each.value AS BIGINT) FROM json_each(?) AS each)
ORDER BY a.first_name DESC, a.last_name, a.login_key, a.id LIMIT ?
"""

UPDATE = """
UPDATE accounts SET login = ?, login_key = ?, email = ?, email_key = ?, phone = ?, phone_key = ?,
    phone_digits = ?, phone_proven = ?, email_proven = ?, first_name = ?, last_name = ?,
    patronymic = ?, search_text = ?, picture = ?, updated_at = ?
WHERE id = ?
"""

# A code that went to another address must not prove this one.
VOID_MAILED_CODES = "UPDATE codes SET hash = NULL WHERE account_id = ?"

SET_PASSWORD = "UPDATE accounts SET password_hash = ? WHERE id = ?"  # noqa: S105 - SQL

# Whom a team waits for is nobody yet.
SOMEBODY = """
SELECT 1 FROM accounts
WHERE deleted_at IS NULL AND bot = '' AND awaited_phone IS NULL
    AND id NOT IN (SELECT account_id FROM house_bots)
LIMIT 1
"""

SEEN = "UPDATE accounts SET seen_at = ? WHERE id = ? AND seen_at < ?"


class SqlAccounts:
    """`core.ports.AccountStore` over an engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def add(
        self, new: NewAccount, password_hash: str, now: int, admission: Admission = ANYBODY
    ) -> Account:
        """See the port."""
        return await self._engine.write(add(new, password_hash, now, admission))

    async def secret_of(self, login: str) -> tuple[Account, str | None] | None:
        """See the port."""
        found = await self._engine.read(row(BY_LOGIN, key(login)))
        return None if found is None else with_password(found)

    async def secrets_of(self, login: str, phone: str | None) -> list[tuple[Account, str | None]]:
        """See the port."""
        return await self._engine.read(by_name(login, phone))

    async def open_by_phone(self, phone: str, now: int, admission: Admission = ANYBODY) -> Account:
        """See the port."""
        known = await self._engine.read(row(PROVEN_AT, phone))
        if known is not None:
            return records.account(known)
        return await self._engine.write(open_by_phone(phone, now, admission))

    async def take_phone(self, actor: Actor, phone: str, now: int) -> None:
        """See the port."""
        await self._engine.write(move_to_phone(actor, phone, now))

    async def has_people(self) -> bool:
        """See the port."""
        return await self._engine.read(row(SOMEBODY)) is not None

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


def add(
    new: NewAccount, password_hash: str, now: int, admission: Admission = ANYBODY
) -> Work[Account]:
    """A new account. Raises: Conflict, and as `admit`."""
    yield from admit(admission, now)
    for kind, value in (("login", new.login), ("email", new.email), ("phone", new.phone)):
        yield from need_free(kind, value, None, now)
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


def change_profile(
    actor: Actor, change: ProfileChange, password_hash: str | None, now: int
) -> Work[Account]:
    """Change what is given; a new password ends every session but the actor's own."""
    old = yield from need_alive(actor.account_id)
    phone, phone_proven = _phone_after(old, change.phone)
    email = old.email if change.email is None else change.email
    for kind, value in (("login", change.login), ("email", change.email), ("phone", phone)):
        yield from need_free(kind, value or "", old.id, now)
    new = replace(
        old,
        login=change.login or old.login,
        updated_at=max(now, old.updated_at + 1),
        first_name=old.first_name if change.first_name is None else change.first_name,
        last_name=old.last_name if change.last_name is None else change.last_name,
        patronymic=old.patronymic if change.patronymic is None else change.patronymic,
        email=email,
        email_proven=old.email_proven and email == old.email,
        phone=phone,
        phone_proven=phone_proven,
        picture=(yield from held_picture(actor, old.id, change.picture)) or old.picture,
    )
    if email != old.email:
        yield from run(VOID_MAILED_CODES, old.id)
    yield from run(
        UPDATE, new.login, key(new.login), new.email, key(new.email) or None, new.phone,
        new.phone or None, digits(new.phone) or None, int(new.phone_proven), int(new.email_proven),
        new.first_name, new.last_name, new.patronymic, search_text(new),
        records.as_json(new.picture), new.updated_at, new.id,
    )  # fmt: skip
    if password_hash is not None:
        yield from run(SET_PASSWORD, password_hash, new.id)
        yield from end_sessions(new.id, keep=actor.session_id)
    if _is_shown_otherwise(old, new):
        yield from account_changed(actor, now)
    return new


SHOWN = ("first_name", "last_name", "patronymic", "login", "picture")
"""What teams see of an account."""


def _is_shown_otherwise(old: Account, new: Account) -> bool:
    return any(getattr(old, field) != getattr(new, field) for field in SHOWN)


def _phone_after(old: Account, asked: str | None) -> tuple[str, bool]:
    """The phone, and whether it is proven: a proven number stays so however it is spelled."""
    if asked is None:
        return old.phone, old.phone_proven
    if old.phone_proven and is_number(asked) and normalised(asked) == old.phone:
        return old.phone, True
    return asked, False
