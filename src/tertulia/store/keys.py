"""Encryption keys of devices, and the end of encrypted messages."""

from collections.abc import Mapping, Sequence

from tertulia.core.errors import NotSignedIn
from tertulia.core.ids import AccountId
from tertulia.core.keys import DeviceKeys, KeyBundle, OwnDevice
from tertulia.core.model import Actor
from tertulia.store.deleting import COUNT_GONE, ERASE, ERASE_REACTIONS, SKIP_DELETED
from tertulia.store.engine import Engine
from tertulia.store.hiding import uncount_hidden
from tertulia.store.work import Work, array, many, row, rows, run

IS_SESSION = "SELECT id FROM sessions WHERE id = ? AND account_id = ?"

REGISTER = """
INSERT INTO device_keys (session_id, account_id, identity_key, signed_key, changed_at)
VALUES (?, ?, ?, ?, ?)
ON CONFLICT (session_id) DO UPDATE SET identity_key = excluded.identity_key,
    signed_key = excluded.signed_key, changed_at = excluded.changed_at
"""

DROP_ONE_TIME = "DELETE FROM one_time_keys WHERE session_id = ?"

ADD_ONE_TIME = "INSERT INTO one_time_keys (session_id, place, value) VALUES (?, ?, ?)"

OWN_DEVICES = """
SELECT s.device, k.identity_key, k.signed_key
FROM device_keys k JOIN sessions s ON s.id = k.session_id
WHERE k.account_id = ? AND k.changed_at > ?
ORDER BY k.session_id
"""

DEVICES_OF = """
SELECT k.session_id, k.account_id, k.identity_key, k.signed_key
FROM device_keys k
WHERE k.account_id IN (SELECT CAST(each.value AS BIGINT) FROM json_each(?) AS each)
    AND k.changed_at > ?
ORDER BY k.account_id, k.session_id
"""

USE_UP = """
DELETE FROM one_time_keys
WHERE session_id IN (SELECT CAST(each.value AS BIGINT) FROM json_each(?) AS each)
    AND place = (
        SELECT MIN(x.place) FROM one_time_keys x WHERE x.session_id = one_time_keys.session_id
    )
RETURNING session_id, value
"""

REMOVE = """
DELETE FROM device_keys
WHERE session_id IN (SELECT s.id FROM sessions s WHERE s.account_id = ? AND s.device = ?)
RETURNING session_id
"""

FORGET_KEYS = "DELETE FROM device_keys WHERE changed_at < ?"

OLD_MESSAGES = """
SELECT m.id, m.chat_id, m.seq, m.author_id FROM messages m
WHERE m.cipher IS NOT NULL AND m.deleted_at IS NULL AND m.sent_at < ?
ORDER BY m.sent_at LIMIT ?
"""


class SqlKeys:
    """`core.keys.KeyStore` over an engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def register(self, actor: Actor, keys: DeviceKeys, now: int) -> None:
        """See the port."""
        await self._engine.write(register(actor, keys, now))

    async def devices(self, account_id: AccountId, since: int) -> list[OwnDevice]:
        """See the port."""
        found = await self._engine.read(rows(OWN_DEVICES, account_id, since))
        return [OwnDevice(*each) for each in found]

    async def take(
        self, accounts: Sequence[AccountId], since: int
    ) -> Mapping[AccountId, Sequence[KeyBundle]]:
        """See the port."""
        return await self._engine.write(take(accounts, since))

    async def remove(self, account_id: AccountId, device: str) -> bool:
        """See the port."""
        return bool(await self._engine.write(rows(REMOVE, account_id, device)))

    async def forget(self, now: int, keys_before: int, messages_before: int, limit: int) -> int:
        """See the port."""
        return await self._engine.write(forget(now, keys_before, messages_before, limit))


def register(actor: Actor, keys: DeviceKeys, now: int) -> Work[None]:
    """The session's keys are these from now on."""
    if (yield from row(IS_SESSION, actor.session_id, actor.account_id)) is None:
        raise NotSignedIn
    session_id = actor.session_id
    yield from run(REGISTER, session_id, actor.account_id, keys.identity, keys.signed, now)
    yield from run(DROP_ONE_TIME, session_id)
    yield from many(
        ADD_ONE_TIME, [(session_id, place, each) for place, each in enumerate(keys.one_time)]
    )


def take(accounts: Sequence[AccountId], since: int) -> Work[dict[AccountId, list[KeyBundle]]]:
    """Units of all processes run one after the other, so what is deleted here nobody else has read."""
    devices = yield from rows(DEVICES_OF, array(accounts), since)
    if not devices:
        return {}
    one_time: dict[int, str] = dict((yield from rows(USE_UP, array([each[0] for each in devices]))))
    bundles: dict[AccountId, list[KeyBundle]] = {}
    for session_id, account_id, identity, signed in devices:
        bundle = KeyBundle(identity, signed, one_time.get(session_id))
        bundles.setdefault(account_id, []).append(bundle)
    return bundles


def forget(now: int, keys_before: int, messages_before: int, limit: int) -> Work[int]:
    """Old keys are gone; old encrypted messages count as deleted. Nobody is told of either."""
    yield from run(FORGET_KEYS, keys_before)
    old = yield from rows(OLD_MESSAGES, messages_before, limit)
    yield from many(SKIP_DELETED, [(0, chat, seq, author, id_) for id_, chat, seq, author in old])
    yield from uncount_hidden([(each[1], each[0]) for each in old])
    yield from many(ERASE, [(now, None, each[0]) for each in old])
    yield from many(ERASE_REACTIONS, [(each[0],) for each in old])
    counts: dict[int, int] = {}
    for each in old:
        counts[each[1]] = counts.get(each[1], 0) + 1
    yield from many(
        COUNT_GONE, [(count, 0, now, now, chat_id) for chat_id, count in counts.items()]
    )
    return len(old)
