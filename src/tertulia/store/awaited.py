"""Accounts for phone numbers that somebody invited: whoever proves a number finds the account made for it.

Such an account has a name, perhaps, and nothing that opens it: no password, no session, no phone of its
own. Its number stands in `awaited_phone` until it is proven (docs/decisions/0071).
"""

from collections.abc import Mapping, Sequence

from tertulia.core.ids import AccountId, in_base_36
from tertulia.core.text import fold, key
from tertulia.store.work import Work, array, draw, many, rows, run

# Whoever has proven a number, and whom it was made for: there is at most one of both.
OF_PHONES = """
SELECT a.phone, a.id
FROM json_each(?) AS each
JOIN accounts a ON a.phone_key = CAST(each.value ->> 0 AS TEXT)
WHERE a.phone_proven = 1 AND a.deleted_at IS NULL
UNION ALL
SELECT a.awaited_phone, a.id
FROM json_each(?) AS each
JOIN accounts a ON a.awaited_phone = CAST(each.value ->> 0 AS TEXT)
WHERE a.deleted_at IS NULL
"""

TAKEN_LOGINS = """
SELECT a.login_key FROM json_each(?) AS each
JOIN accounts a ON a.login_key = CAST(each.value ->> 0 AS TEXT)
UNION
SELECT r.login_key FROM json_each(?) AS each
JOIN registrations r ON r.login_key = CAST(each.value ->> 0 AS TEXT)
"""

INSERT = """
INSERT INTO accounts (id, login, login_key, password_hash, email, email_key, phone, phone_key,
    phone_digits, first_name, last_name, search_text, created_at, updated_at, seen_at, awaited_phone)
VALUES (?, ?, ?, NULL, '', NULL, '', NULL, NULL, ?, ?, ?, ?, ?, ?, ?)
"""

NAME = """
UPDATE accounts SET first_name = ?, last_name = ?, search_text = ?, updated_at = ? WHERE id = ?
"""

NAMELESS = """
SELECT a.id, a.login FROM accounts a
WHERE a.id IN (SELECT CAST(each.value AS BIGINT) FROM json_each(?) AS each)
    AND a.first_name = '' AND a.last_name = '' AND a.deleted_at IS NULL
"""

Names = tuple[str, str]
"""First and last name; "" when not given."""


def accounts_of_phones(invited: Mapping[str, Names], now: int) -> Work[dict[str, AccountId]]:
    """The account of each number (`+` and digits): who has proven it, or the one that awaits its owner.

    An account is made where there is none, with the names.
    """
    if not invited:
        return {}
    asked = array([[each] for each in invited])
    found: dict[str, AccountId] = {}
    for phone, account_id in (yield from rows(OF_PHONES, asked, asked)):
        found.setdefault(phone, account_id)
    missing = [each for each in invited if each not in found]
    return found | (yield from _made(missing, invited, now))


def name_nameless(invited: Mapping[AccountId, Names], now: int) -> Work[None]:
    """Who has no name yet gets the one that an invitation gives him."""
    named = [account_id for account_id, names in invited.items() if any(names)]
    if not named:
        return
    for account_id, login in (yield from rows(NAMELESS, array(named))):
        names = invited[account_id]
        yield from run(NAME, *names, _search_text(login, names), now, account_id)


def _made(
    phones: Sequence[str], names: Mapping[str, Names], now: int
) -> Work[dict[str, AccountId]]:
    made: dict[str, AccountId] = {}
    new: list[tuple[object, ...]] = []
    for phone, number, login in (yield from _free_logins(phones, now)):
        made[phone] = number
        words = _search_text(login, names[phone])
        new.append((number, login, key(login), *names[phone], words, now, now, now, phone))
    yield from many(INSERT, new)
    return made


def _free_logins(phones: Sequence[str], now: int) -> Work[list[tuple[str, AccountId, str]]]:
    """For each a number and a login made of it; drawn again while somebody has chosen that very name."""
    free: list[tuple[str, AccountId, str]] = []
    while phones:
        drawn = []
        for phone in phones:
            number = AccountId((yield from draw(now)))
            drawn.append((phone, number, f"u{in_base_36(number)}"))
        asked = array([[login] for _, _, login in drawn])
        taken = {each[0] for each in (yield from rows(TAKEN_LOGINS, asked, asked))}
        free += [each for each in drawn if each[2] not in taken]
        phones = [phone for phone, _, login in drawn if login in taken]
    return free


def _search_text(login: str, names: Names) -> str:
    """As `store.identity.search_text`."""
    return "\n".join(map(fold, (login, *names)))
