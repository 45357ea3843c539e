"""Push subscriptions, and the pushes that wait to be sent."""

from collections.abc import Sequence

from tertulia.core.events import PushesPut, Subscribed
from tertulia.core.ids import AccountId, ChatId, first_number_at
from tertulia.core.model import Account, Chat
from tertulia.core.push import NewSubscription, Platform, Push, Subscription
from tertulia.store import records
from tertulia.store.chat_state import ONE_CHAT
from tertulia.store.engine import Engine
from tertulia.store.work import Row, Work, array, draw, many, row, rows, run, tell

SENT_TO = "s.device, s.platform, s.endpoint, s.key_auth, s.key_p256dh, s.token"

SUBSCRIBE = """
INSERT INTO subscriptions (id, account_id, device, platform, endpoint, key_auth, key_p256dh, token,
    created_at, updated_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (account_id, device) DO UPDATE SET platform = excluded.platform,
    endpoint = excluded.endpoint, key_auth = excluded.key_auth, key_p256dh = excluded.key_p256dh,
    token = excluded.token, updated_at = excluded.updated_at
RETURNING id, created_at
"""

OF_ACCOUNT = f"""
SELECT s.id, s.account_id, s.created_at, s.updated_at, {SENT_TO} FROM subscriptions s
WHERE s.account_id = ? ORDER BY s.id
"""

UNSUBSCRIBE = "DELETE FROM subscriptions WHERE account_id = ? AND device = ? RETURNING id"

DROP = "DELETE FROM subscriptions WHERE id = ?"

SUBSCRIBERS = "SELECT DISTINCT account_id FROM subscriptions"

AUTHOR = f"SELECT {records.ACCOUNT} FROM accounts a WHERE a.id = ? AND a.deleted_at IS NULL"

# A block counts in either direction, while its owner has not switched his off.
TARGETS = f"""
SELECT s.id, s.account_id, {SENT_TO}
FROM json_each(?) AS each
JOIN subscriptions s ON s.account_id = CAST(each.value AS BIGINT)
WHERE NOT EXISTS (
    SELECT 1 FROM blocks b JOIN accounts a ON a.id = b.account_id AND a.blocks_on = 1
    WHERE (b.account_id = s.account_id AND b.blocked_id = ?)
        OR (b.account_id = ? AND b.blocked_id = s.account_id)
)
ORDER BY s.id
"""

MUTED = """
SELECT s.account_id FROM member_settings s
WHERE s.chat_id = ? AND s.notifies = 0
    AND s.account_id IN (SELECT CAST(each.value AS BIGINT) FROM json_each(?) AS each)
"""

PUT = "INSERT INTO pushes (id, subscription_id, payload) VALUES (?, ?, ?)"

WAITING = f"""
SELECT p.id, s.id, s.account_id, {SENT_TO}, p.payload
FROM pushes p JOIN subscriptions s ON s.id = p.subscription_id
WHERE p.id > ? ORDER BY p.id DESC LIMIT ?
"""

PUT_BETWEEN = f"""
SELECT p.id, s.id, s.account_id, {SENT_TO}, p.payload
FROM pushes p JOIN subscriptions s ON s.id = p.subscription_id
WHERE p.id > ? AND p.id <= ? ORDER BY p.id
"""

SETTLE = "DELETE FROM pushes WHERE id = ?"

FORGET = "DELETE FROM pushes WHERE id <= ?"


class SqlPushes:
    """`core.push.PushStore` over an engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def subscribe(
        self, account_id: AccountId, new: NewSubscription, most: int, now: int
    ) -> Subscription:
        """See the port."""
        return await self._engine.write(subscribe(account_id, new, most, now))

    async def unsubscribe(self, account_id: AccountId, device: str) -> bool:
        """See the port."""
        return bool(await self._engine.write(rows(UNSUBSCRIBE, account_id, device)))

    async def of(self, account_id: AccountId) -> list[Subscription]:
        """See the port."""
        found = await self._engine.read(rows(OF_ACCOUNT, account_id))
        return [
            Subscription(each[0], each[1], each[2], each[3], _sent_to(each[4:])) for each in found
        ]

    async def drop(self, subscription_id: int) -> None:
        """See the port."""
        await self._engine.write(run(DROP, subscription_id))

    async def subscribers(self) -> set[AccountId]:
        """See the port."""
        return {each[0] for each in await self._engine.scan(rows(SUBSCRIBERS))}

    async def scene(self, author_id: AccountId, chat_id: ChatId) -> tuple[Account, Chat] | None:
        """See the port."""
        return await self._engine.read(scene(author_id, chat_id))

    async def unmuted(self, chat_id: ChatId, accounts: Sequence[AccountId]) -> list[AccountId]:
        """See the port."""
        muted = await self._engine.read(rows(MUTED, chat_id, array(accounts)))
        quiet = {each[0] for each in muted}
        return [each for each in accounts if each not in quiet]

    async def put(
        self,
        author_id: AccountId,
        accounts: Sequence[AccountId],
        payload: str,
        now: int,
        *,
        for_others: bool,
    ) -> tuple[int, list[Push]]:
        """See the port."""
        unit = put(author_id, accounts, payload, now, for_others=for_others)
        return await self._engine.write(unit)

    async def put_between(self, after: int, upto: int) -> list[Push]:
        """See the port."""
        return [_push(each) for each in await self._engine.read(rows(PUT_BETWEEN, after, upto))]

    async def waiting(self, since: int, limit: int) -> list[Push]:
        """See the port."""
        found = await self._engine.scan(rows(WAITING, first_number_at(since), limit))
        return [_push(each) for each in reversed(found)]

    async def settle(self, push_id: int) -> None:
        """See the port."""
        await self._engine.write(run(SETTLE, push_id))

    async def forget(self, before: int) -> None:
        """See the port."""
        await self._engine.write(run(FORGET, first_number_at(before)))


def _push(found: Row) -> Push:
    """From the columns of WAITING."""
    return Push(found[0], found[1], found[2], _sent_to(found[3:9]), found[9])


def _sent_to(columns: Row) -> NewSubscription:
    device, platform, *rest = columns
    return NewSubscription(device, Platform(platform), *rest)


def subscribe(
    account_id: AccountId, new: NewSubscription, most: int, now: int
) -> Work[Subscription]:
    """The device's one subscription, as it is now."""
    number = yield from draw(now)
    made = yield from row(
        SUBSCRIBE, number, account_id, new.device, new.platform.value, new.endpoint, new.key_auth,
        new.key_p256dh, new.token, now, now,
    )  # fmt: skip
    assert made is not None, "the upsert returns its row"
    found = yield from rows(OF_ACCOUNT, account_id)
    others = [each[0] for each in found if each[0] != made[0]]
    too_many = max(len(others) + 1 - most, 0)
    yield from many(DROP, [(each,) for each in others[:too_many]])
    yield from tell(Subscribed(account_id))
    return Subscription(made[0], account_id, made[1], now, new)


def scene(author_id: AccountId, chat_id: ChatId) -> Work[tuple[Account, Chat] | None]:
    """Who did it and where."""
    author = yield from row(AUTHOR, author_id)
    chat = yield from row(ONE_CHAT, chat_id)
    if author is None or chat is None:
        return None
    return records.account(author), records.chat(chat)


def put(
    author_id: AccountId,
    accounts: Sequence[AccountId],
    payload: str,
    now: int,
    *,
    for_others: bool,
) -> Work[tuple[int, list[Push]]]:
    """One push per device, all saying the same."""
    number = yield from draw(now)
    pushes: list[Push] = []
    for each in (yield from rows(TARGETS, array(accounts), author_id, author_id)):
        push_id = yield from draw(now)
        pushes += [Push(push_id, each[0], each[1], _sent_to(each[2:]), payload)]
    yield from many(PUT, [(push.id, push.subscription_id, payload) for push in pushes])
    if for_others and pushes:
        yield from tell(PushesPut(number, pushes[-1].id))
    return number, pushes
