"""How accounts want their clients to be: one JSON object each, none for who never said."""

from collections.abc import Sequence

import msgspec

from tertulia.core.ids import AccountId
from tertulia.core.team_model import Preferences
from tertulia.store.work import Work, array, rows, run

OF_ACCOUNTS = """
SELECT p.account_id, p.body FROM preferences p
WHERE p.account_id IN (SELECT CAST(each.value AS BIGINT) FROM json_each(?) AS each)
"""

KEEP = """
INSERT INTO preferences (account_id, body) VALUES (?, ?)
ON CONFLICT (account_id) DO UPDATE SET body = excluded.body
"""

_preferences = msgspec.json.Decoder(Preferences)


def preferences_of(account_ids: Sequence[AccountId]) -> Work[dict[AccountId, Preferences]]:
    """Of those that have set any."""
    found = yield from rows(OF_ACCOUNTS, array([*account_ids]))
    return {each[0]: _preferences.decode(each[1]) for each in found}


def keep_preferences(account_id: AccountId, preferences: Preferences) -> Work[None]:
    """They are so from now on."""
    yield from run(KEEP, account_id, msgspec.json.encode(preferences).decode())
