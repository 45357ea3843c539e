"""Whose a login, a phone, an e-mail address is: claims, proofs, reservations (docs/decisions/0060)."""

from tertulia.core.admission import ANYBODY, Admission
from tertulia.core.errors import Conflict
from tertulia.core.ids import AccountId, in_base_36
from tertulia.core.model import Account, Actor
from tertulia.core.phone_codes import Purpose
from tertulia.core.phones import is_number, normalised, spellings
from tertulia.core.registrations import KEPT_MS
from tertulia.core.text import digits, fold, key
from tertulia.store import records
from tertulia.store.directory import need_alive
from tertulia.store.invites import admit_phone
from tertulia.store.work import Row, Work, array, draw, row, rows, run

WITH_PASSWORD = f"{records.ACCOUNT}, a.password_hash"

BY_LOGIN = f"SELECT {WITH_PASSWORD} FROM accounts a WHERE a.login_key = ?"

# Proofs before logins: who calls himself by another's number gains nothing by it.
BY_NAME = f"""
SELECT {WITH_PASSWORD} FROM accounts a WHERE a.phone_key = ? AND a.phone_proven = 1
UNION ALL
SELECT {WITH_PASSWORD} FROM accounts a WHERE a.email_key = ? AND a.email_proven = 1
UNION ALL
{BY_LOGIN}
"""

PROVEN_AT = f"SELECT {records.ACCOUNT} FROM accounts a WHERE a.phone_key = ? AND a.phone_proven = 1"

AWAITED_AT = f"SELECT {records.ACCOUNT} FROM accounts a WHERE a.awaited_phone = ?"

TAKEN = {
    "login": "SELECT id FROM accounts WHERE login_key = ?",
    "email": "SELECT id FROM accounts WHERE email_key = ?",
    "phone": "SELECT id FROM accounts WHERE phone_key = ?",
}

RESERVED = "SELECT account_id FROM registrations WHERE login_key = ? AND asked_at > ?"

CLAIMS = """
SELECT id, phone FROM accounts
WHERE phone_digits IN (SELECT each.value ->> 0 FROM json_each(?) AS each) AND phone_proven = 0
"""

CLEAR_CLAIM = """
UPDATE accounts SET phone = '', phone_key = NULL, phone_digits = NULL,
    updated_at = CASE WHEN updated_at < ? THEN ? ELSE updated_at + 1 END
WHERE id = ?
"""

LOSE_REGISTRATIONS = "UPDATE registrations SET phone = NULL WHERE phone = ? AND account_id <> ?"

VOID_CODES = "UPDATE phone_codes SET hash = NULL WHERE phone = ? AND purpose = ?"

INSERT_FOR_PHONE = """
INSERT INTO accounts (id, login, login_key, email, phone, phone_key, phone_digits, phone_proven,
    first_name, last_name, search_text, created_at, updated_at, seen_at)
VALUES (?, ?, ?, '', ?, ?, ?, 1, '', '', ?, ?, ?, ?)
"""

FIND_OWNER = """
UPDATE accounts SET phone = ?, phone_key = ?, phone_digits = ?, phone_proven = 1, awaited_phone = NULL,
    search_text = ?, updated_at = CASE WHEN updated_at < ? THEN ? ELSE updated_at + 1 END
WHERE id = ?
"""


def with_password(found: Row) -> tuple[Account, str | None]:
    """An account and its password hash, from the columns of WITH_PASSWORD."""
    return records.account(found), found[-1]


def by_name(name: str, phone: str | None) -> Work[list[tuple[Account, str | None]]]:
    """Who may be meant by a name, each once: whose proven phone or e-mail it is, then whose login."""
    found = yield from rows(BY_NAME, phone, key(name), key(name))
    each_once: dict[AccountId, tuple[Account, str | None]] = {}
    for columns in found:
        each_once.setdefault(columns[0], with_password(columns))
    return list(each_once.values())


def need_free(kind: str, value: str, owner: AccountId | None, now: int) -> Work[None]:
    """Nobody else has it, be it a claim, a proof or a registration. Raises: Conflict(kind)."""
    if not value:
        return
    taken = yield from row(TAKEN[kind], value if kind == "phone" else key(value))
    if taken is None and kind == "login":
        taken = yield from row(RESERVED, key(value), now - KEPT_MS)
    if taken is None and kind == "phone" and is_number(value):
        # In whatever spelling: else a claim would stand beside the proof and be taken for it.
        taken = yield from row(PROVEN_AT, normalised(value))
    if taken is not None and taken[0] != owner:
        raise Conflict(kind)


def open_by_phone(number: str, now: int, admission: Admission = ANYBODY) -> Work[Account]:
    """The account of whoever has just proven that normalised number, made if there is none.

    Raises:
        NotAllowed, BadInput: he is new, and may not sign up (`admit_phone`).
    """
    proven = yield from row(PROVEN_AT, number)
    if proven is not None:
        return records.account(proven)
    yield from admit_phone(admission, number, now)
    awaited = yield from row(AWAITED_AT, number)
    if awaited is None:
        yield from take_phone(number, AccountId(0), now)
        return (yield from _add_for(number, now))
    account = records.account(awaited)
    yield from take_phone(number, account.id, now)
    yield from run(
        FIND_OWNER, number, number, digits(number), search_text(account), now, now, account.id
    )  # fmt: skip
    found = yield from row(PROVEN_AT, number)
    assert found is not None, "it was proven one line above"
    return records.account(found)


def move_to_phone(actor: Actor, number: str, now: int) -> Work[None]:
    """The actor has just proven that normalised number: it opens his account from now on, no other does.

    Raises:
        Conflict: "phone": an account has proven it, or awaits whoever does.
    """
    account = yield from need_alive(actor.account_id)
    for statement in (PROVEN_AT, AWAITED_AT):
        found = yield from row(statement, number)
        if found is not None and found[0] != account.id:
            raise Conflict("phone")
    yield from take_phone(number, account.id, now)
    yield from run(
        FIND_OWNER, number, number, digits(number), search_text(account), now, now, account.id
    )  # fmt: skip


def take_phone(number: str, owner: AccountId, now: int) -> Work[None]:
    """Nobody but *owner* claims the normalised number any more, or can confirm a registration with it."""
    claims = yield from rows(CLAIMS, array([[each] for each in spellings(number)]))
    for account_id, phone in claims:
        if account_id != owner and is_number(phone) and normalised(phone) == number:
            yield from run(CLEAR_CLAIM, now, now, account_id)
    yield from run(LOSE_REGISTRATIONS, number, owner)
    yield from run(VOID_CODES, number, Purpose.REGISTER.value)


def search_text(account: Account) -> str:
    """Login, first and last name, folded, one a line: a search never matches across two of them."""
    return "\n".join(map(fold, (account.login, account.first_name, account.last_name)))


def _add_for(number: str, now: int) -> Work[Account]:
    account_id, login = yield from _free_login(now)
    account = Account(
        id=account_id,
        login=login,
        created_at=now,
        updated_at=now,
        seen_at=now,
        phone=number,
        phone_proven=True,
    )
    yield from run(
        INSERT_FOR_PHONE, account_id, login, key(login), number, number, digits(number),
        search_text(account), now, now, now,
    )  # fmt: skip
    return account


def _free_login(now: int) -> Work[tuple[AccountId, str]]:
    """A number for an account, and a login made of it, which somebody may have chosen already."""
    while True:
        number = AccountId((yield from draw(now)))
        login = f"u{in_base_36(number)}"
        try:
            yield from need_free("login", login, None, now)
        except Conflict:
            continue
        return number, login
