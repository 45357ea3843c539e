"""Registrations that wait to be confirmed, and the accounts they become."""

from dataclasses import replace

from tertulia.core.admission import Admission, Registration
from tertulia.core.errors import Conflict
from tertulia.core.ids import AccountId
from tertulia.core.model import Account
from tertulia.core.phone_codes import NewCode, Purpose
from tertulia.core.registrations import KEPT_MS, MOST_SECRETS, NewRegistration
from tertulia.core.signin import Reserved
from tertulia.core.signin_model import Opening, Secret
from tertulia.core.text import digits, key
from tertulia.store import records
from tertulia.store.engine import Engine
from tertulia.store.identity import AWAITED_AT, PROVEN_AT, need_free, search_text, take_phone
from tertulia.store.invites import admit_phone, need_prospect
from tertulia.store.phone_codes import keep_code, use_code
from tertulia.store.sessions import put_session
from tertulia.store.work import Row, Work, draw, many, row, rows, run

STANDING = """
SELECT account_id, password_hash FROM registrations WHERE login_key = ? AND asked_at > ?
"""

WILL_OPEN = """
SELECT t.kind FROM registration_tokens t JOIN registrations r ON r.account_id = t.account_id
WHERE t.hash = ? AND t.kind = ? AND t.dialect = ? AND t.expires_at > ? AND r.asked_at > ?
"""

FREE_LOGIN = "DELETE FROM registrations WHERE login_key = ? AND asked_at <= ?"

INSERT = """
INSERT INTO registrations (account_id, login, login_key, password_hash, phone, asked_at, invite_hash)
VALUES (?, ?, ?, ?, ?, ?, ?)
"""

PROMISED = "SELECT account_id FROM registrations WHERE account_id = ?"

EXISTS = "SELECT id FROM accounts WHERE id = ?"

# Only while it is what it was when its password was looked at.
REPEAT = """
UPDATE registrations SET phone = ?, asked_at = ?, invite_hash = ?
WHERE account_id = ? AND login_key = ? AND password_hash = ?
RETURNING account_id
"""

VOID_CODES = "UPDATE phone_codes SET hash = NULL WHERE subject = ? AND subject <> 0"

ADD_OPENING = """
INSERT INTO registration_tokens (hash, account_id, place, dialect, device, kind, expires_at)
VALUES (?, ?, ?, ?, ?, ?, ?)
"""

FORGET_OPENINGS = """
DELETE FROM registration_tokens WHERE account_id = ? AND hash NOT IN (
    SELECT n.hash FROM registration_tokens n WHERE n.account_id = ?
    ORDER BY n.place DESC, n.hash LIMIT ?
)
"""

ONE = """
SELECT login, login_key, password_hash, invite_hash FROM registrations
WHERE account_id = ? AND phone = ? AND asked_at > ?
"""

ADOPT = """
UPDATE accounts SET login = ?, login_key = ?, password_hash = ?, phone = ?, phone_key = ?,
    phone_digits = ?, phone_proven = 1, awaited_phone = NULL, search_text = ?, updated_at = ?
WHERE id = ?
"""

ACCOUNT = """
INSERT INTO accounts (id, login, login_key, password_hash, email, phone, phone_key, phone_digits,
    phone_proven, first_name, last_name, search_text, created_at, updated_at, seen_at)
VALUES (?, ?, ?, ?, '', ?, ?, ?, 1, '', '', ?, ?, ?, ?)
"""

OPENINGS = """
SELECT dialect, device, hash, kind, expires_at FROM registration_tokens
WHERE account_id = ? AND expires_at > ? ORDER BY place, hash
"""

REMOVE = "DELETE FROM registrations WHERE account_id = ?"

FORGET = "DELETE FROM registrations WHERE asked_at <= ?"


class SqlRegistrations:
    """`core.registrations.RegistrationStore` and `core.signin.Waiting` over an engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def standing(self, login: str, now: int) -> Reserved | None:
        """See the port."""
        found = await self._engine.read(row(STANDING, key(login), now - KEPT_MS))
        return None if found is None else Reserved(*found)

    async def has_secret(self, secret_hash: str, kind: str, dialect: str, now: int) -> bool:
        """See the port."""
        found = await self._engine.read(
            row(WILL_OPEN, secret_hash, kind, dialect, now, now - KEPT_MS)
        )
        return found is not None

    async def keep(self, new: NewRegistration, code: NewCode, now: int) -> tuple[AccountId, int]:
        """See the port."""
        return await self._engine.write(keep(new, code, now))

    async def confirm(
        self, phone: str, hashed: str, now: int, sign_up: Registration = Registration.OPEN
    ) -> Account | None:
        """See the port."""
        return await self._engine.write(confirm(phone, hashed, now, sign_up))

    async def forget(self, before: int) -> None:
        """See the port."""
        await self._engine.write(run(FORGET, before))


def keep(new: NewRegistration, code: NewCode, now: int) -> Work[tuple[AccountId, int]]:
    """Make the registration, or give the standing one its new phone, and keep its code."""
    yield from need_prospect(new.admission, new.phone, now)
    yield from need_free("login", new.login, new.standing, now)
    if (yield from row(PROVEN_AT, new.phone)) is not None:
        raise Conflict("phone")
    if new.standing is None:
        account_id = yield from _make(new, now)
    else:
        account_id = yield from _repeat(new, new.standing, now)
    place = yield from draw(now)
    yield from many(
        ADD_OPENING,
        [
            (each.hash, account_id, place, new.dialect, new.device, each.kind, each.expires_at)
            for each in new.secrets
        ],
    )
    yield from run(FORGET_OPENINGS, account_id, account_id, MOST_SECRETS)
    return account_id, (yield from keep_code(replace(code, subject=account_id)))


def _make(new: NewRegistration, now: int) -> Work[AccountId]:
    login_key = key(new.login)
    yield from run(FREE_LOGIN, login_key, now - KEPT_MS)
    account_id = yield from _number_for(new.phone, now)
    yield from run(
        INSERT, account_id, new.login, login_key, new.password_hash, new.phone, now,
        new.admission.invite_hash,
    )  # fmt: skip
    return account_id


def _number_for(phone: str, now: int) -> Work[AccountId]:
    """That of the account that waits for the owner of this phone, unless it is promised already."""
    awaited = yield from row(AWAITED_AT, phone)
    if awaited is not None and (yield from row(PROMISED, awaited[0])) is None:
        return AccountId(awaited[0])
    return AccountId((yield from draw(now)))


def _repeat(new: NewRegistration, standing: AccountId, now: int) -> Work[AccountId]:
    found = yield from row(
        REPEAT, new.phone, now, new.admission.invite_hash, standing, key(new.login),
        new.password_hash,
    )  # fmt: skip
    if found is None:  # confirmed, or forgotten, a moment ago
        raise Conflict("login")
    yield from run(VOID_CODES, standing)
    return standing


def confirm(
    phone: str, hashed: str, now: int, sign_up: Registration = Registration.OPEN
) -> Work[Account | None]:
    """The registration with that code becomes an account; None: there is no such live code.

    Raises:
        NotAllowed, BadInput: it may not (`admit_phone`); then the code stays good.
    """
    subject = yield from use_code(phone, Purpose.REGISTER, hashed, now)
    if subject is None:
        return None
    account_id = AccountId(subject)
    found = yield from row(ONE, account_id, phone, now - KEPT_MS)
    if found is None:
        return None
    *columns, invite_hash = found
    yield from admit_phone(Admission(sign_up, invite_hash), phone, now)
    account = yield from _become(account_id, phone, tuple(columns), now)
    secrets = yield from rows(OPENINGS, account_id, now)
    # Before its sessions are made, because a secret stands in one place only.
    yield from run(REMOVE, account_id)
    for dialect, device, *secret in secrets:
        yield from put_session(Opening(account.id, dialect, device, "", (Secret(*secret),)), now)
    return account


def _become(registered: AccountId, phone: str, found: Row, now: int) -> Work[Account]:
    """The account; if one waits for the owner of this phone, that one, with what others did to it.

    Its number is the registered one, but for who was invited, or changed his phone, in between.
    """
    login, login_key, password_hash = found
    yield from need_free("login", login, registered, now)
    awaited = yield from row(AWAITED_AT, phone)
    if awaited is not None:
        waiting = records.account(awaited)
        account = replace(
            waiting,
            login=login,
            phone=phone,
            phone_proven=True,
            updated_at=max(now, waiting.updated_at + 1),
        )
        yield from take_phone(phone, account.id, now)
        yield from run(
            ADOPT, login, login_key, password_hash, phone, phone, digits(phone),
            search_text(account), account.updated_at, account.id,
        )  # fmt: skip
        return account
    is_taken = (yield from row(EXISTS, registered)) is not None
    account = Account(
        id=AccountId((yield from draw(now))) if is_taken else registered,
        login=login,
        created_at=now,
        updated_at=now,
        seen_at=now,
        phone=phone,
        phone_proven=True,
    )
    yield from take_phone(phone, account.id, now)
    yield from run(
        ACCOUNT, account.id, login, login_key, password_hash, phone, phone, digits(phone),
        search_text(account), now, now, now,
    )  # fmt: skip
    return account
