"""Who does not want to hear from whom."""

from collections.abc import Sequence

from tertulia.core.events import BlocksChanged
from tertulia.core.ids import AccountId
from tertulia.core.model import Actor
from tertulia.store.engine import Engine
from tertulia.store.work import Work, array, draw, many, rows, run, tell

KNOWN = """
SELECT a.id FROM accounts a
WHERE a.id IN (SELECT CAST(each.value AS BIGINT) FROM json_each(?) AS each)
    AND a.deleted_at IS NULL
"""

BLOCK = """
INSERT INTO blocks (account_id, blocked_id, number, seen_at) VALUES (?, ?, ?, ?)
ON CONFLICT DO NOTHING
"""

UNBLOCK = "DELETE FROM blocks WHERE account_id = ? AND blocked_id = ?"

BLOCKED = "SELECT blocked_id FROM blocks WHERE account_id = ? ORDER BY number"

SHUNNED = """
SELECT b.blocked_id FROM blocks b JOIN accounts a ON a.id = b.account_id AND a.blocks_on = 1
WHERE b.account_id = ?
"""

SWITCH = "UPDATE accounts SET blocks_on = ? WHERE id = ?"

BLOCKS_OF_SET = """
SELECT b.account_id, b.blocked_id
FROM json_each(?) AS each
JOIN blocks b ON b.account_id = CAST(each.value ->> 0 AS BIGINT)
    AND b.blocked_id = CAST(each.value ->> 1 AS BIGINT)
JOIN accounts a ON a.id = b.account_id AND a.blocks_on = 1
"""

BLOCKERS = """
SELECT b.account_id, b.seen_at
FROM blocks b JOIN accounts a ON a.id = b.account_id AND a.blocks_on = 1
WHERE b.blocked_id = ?
    AND b.account_id IN (SELECT CAST(each.value AS BIGINT) FROM json_each(?) AS each)
"""

ALL_BLOCKERS = """
SELECT b.account_id
FROM blocks b JOIN accounts a ON a.id = b.account_id AND a.blocks_on = 1
WHERE b.blocked_id = ?
"""


class SqlBlocks:
    """`core.chat_ports.BlockStore` over an engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def block(
        self, actor: Actor, accounts: Sequence[AccountId], seen_at: int, now: int
    ) -> None:
        """See the port."""
        await self._engine.write(block(actor, accounts, seen_at, now))

    async def unblock(self, actor: Actor, accounts: Sequence[AccountId]) -> None:
        """See the port."""
        await self._engine.write(unblock(actor, accounts))

    async def blocked_by(self, account_id: AccountId) -> list[AccountId]:
        """See the port."""
        found = await self._engine.read(rows(BLOCKED, account_id))
        return [each[0] for each in found]

    async def shunned_by(self, account_id: AccountId) -> list[AccountId]:
        """See the port."""
        found = await self._engine.read(rows(SHUNNED, account_id))
        return [each[0] for each in found]

    async def switch(self, actor: Actor, *, on: bool) -> None:
        """See the port."""
        await self._engine.write(switch(actor, on=on))

    async def blockers(
        self, account_id: AccountId, among: Sequence[AccountId]
    ) -> dict[AccountId, int]:
        """See the port."""
        found = await self._engine.read(rows(BLOCKERS, account_id, array(among)))
        return {each[0]: each[1] for each in found}

    async def all_blockers(self, account_id: AccountId) -> set[AccountId]:
        """See the port."""
        return {each[0] for each in await self._engine.read(rows(ALL_BLOCKERS, account_id))}

    async def stand_between(self, account_id: AccountId, others: Sequence[AccountId]) -> bool:
        """See the port."""
        pairs = [(account_id, other) for other in others]
        return bool(await self._engine.read(blocks_between(pairs)))


def block(actor: Actor, accounts: Sequence[AccountId], seen_at: int, now: int) -> Work[None]:
    """Block those that exist; each block remembers when the blocker was seen last."""
    known = {each[0] for each in (yield from rows(KNOWN, array(accounts)))}
    blocks = []
    for account_id in accounts:
        if account_id in known:
            number = yield from draw(now)
            blocks.append((actor.account_id, account_id, number, seen_at))
    yield from many(BLOCK, blocks)
    yield from _tell(actor, [blocked for _, blocked, *_ in blocks])


def unblock(actor: Actor, accounts: Sequence[AccountId]) -> Work[None]:
    """Whoever of them is blocked is so no more."""
    yield from many(UNBLOCK, [(actor.account_id, account_id) for account_id in accounts])
    yield from _tell(actor, accounts)


def switch(actor: Actor, *, on: bool) -> Work[None]:
    """All blocks of the actor hold from now on, or none does."""
    yield from run(SWITCH, int(on), actor.account_id)
    yield from _tell(actor, [each[0] for each in (yield from rows(BLOCKED, actor.account_id))])


def _tell(actor: Actor, accounts: Sequence[AccountId]) -> Work[None]:
    if accounts:
        yield from tell(BlocksChanged(actor.account_id, tuple(accounts), actor.connection))


def blocks_between(
    pairs: Sequence[tuple[AccountId, AccountId]],
) -> Work[set[tuple[AccountId, AccountId]]]:
    """Those of the pairs of whom one blocks the other, each as it was given."""
    if not pairs:
        return set()
    both = [*pairs, *((other, one) for one, other in pairs)]
    found = {(each[0], each[1]) for each in (yield from rows(BLOCKS_OF_SET, array(both)))}
    return {each for each in pairs if each in found or each[::-1] in found}
