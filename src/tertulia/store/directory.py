"""Who is there: accounts by number, alive ones only."""

from collections.abc import Collection, Sequence

from tertulia.core.errors import NotFound
from tertulia.core.ids import AccountId
from tertulia.core.model import Account
from tertulia.store import records
from tertulia.store.work import Work, array, row, rows

ONE = f"SELECT {records.ACCOUNT} FROM accounts a WHERE a.id = ? AND a.deleted_at IS NULL"

SEVERAL = f"""
SELECT {records.ACCOUNT} FROM accounts a
WHERE a.id IN (SELECT CAST(each.value AS BIGINT) FROM json_each(?) AS each)
    AND a.deleted_at IS NULL
ORDER BY a.id DESC
"""


def need_alive(account_id: AccountId) -> Work[Account]:
    """The account. Raises: NotFound("account") when it is not there, or was deleted."""
    found = yield from row(ONE, account_id)
    if found is None:
        raise NotFound("account")
    return records.account(found)


def accounts_by_id(ids: Sequence[AccountId]) -> Work[dict[AccountId, Account]]:
    """Those that exist, newest first."""
    if not ids:
        return {}
    found = yield from rows(SEVERAL, array(ids))
    return {each[0]: records.account(each) for each in found}


def known_accounts(
    asked: Sequence[AccountId], *, leave_out: Collection[AccountId]
) -> Work[list[AccountId]]:
    """Those that exist, each once, in the order asked."""
    wanted = [each for each in dict.fromkeys(asked) if each not in leave_out]
    alive = yield from accounts_by_id(wanted)
    return [each for each in wanted if each in alive]
