"""Who is there and when somebody was last there. Kept in memory; only the last moment is stored."""

from collections.abc import Sequence
from dataclasses import dataclass

from tertulia.core.chat_ports import BlockStore
from tertulia.core.errors import NotFound
from tertulia.core.events import PresenceChanged
from tertulia.core.ids import AccountId
from tertulia.core.model import Account, Actor
from tertulia.core.ports import AccountStore, Announce, Clock, Connections


@dataclass(frozen=True, slots=True)
class Presence:
    """Whether an account is online, and the last moment it was."""

    online: bool
    seen_at: int


class PresenceBook:
    """Tells who is online, and tells those who watch. An account watches one other at a time."""

    def __init__(
        self,
        accounts: AccountStore,
        blocks: BlockStore,
        connections: Connections,
        announce: Announce,
        clock: Clock,
    ) -> None:
        self._accounts = accounts
        self._blocks = blocks
        self._connections = connections
        self._announce = announce
        self._clock = clock
        self._target_of: dict[AccountId, AccountId] = {}
        self._watchers_of: dict[AccountId, set[AccountId]] = {}

    async def several(self, actor: Actor, ids: Sequence[AccountId]) -> dict[AccountId, Presence]:
        """For those that exist. Who blocks the actor looks as when the block began."""
        return await self.of(actor, await self._accounts.several(ids))

    async def of(self, actor: Actor, accounts: Sequence[Account]) -> dict[AccountId, Presence]:
        """For each of them, as the actor may see it."""
        ids = [account.id for account in accounts]
        blockers = await self._blocks.blockers(actor.account_id, ids)
        now = self._clock.now_ms()
        found = {}
        for account in accounts:
            if account.id in blockers:
                found[account.id] = Presence(online=False, seen_at=blockers[account.id])
            elif self._connections.is_online(account.id):
                found[account.id] = Presence(online=True, seen_at=now)
            else:
                found[account.id] = Presence(online=False, seen_at=account.seen_at)
        return found

    async def online(self, actor: Actor) -> list[AccountId]:
        """Who is online, by number, but for those who block the actor."""
        blockers = await self._blocks.all_blockers(actor.account_id)
        return sorted(each for each in self._connections.online() if each not in blockers)

    async def watch(self, actor: Actor, target: AccountId) -> Presence:
        """Hear from now on when *target* comes and goes, instead of whom one watched before.

        Raises:
            NotFound: "account".
        """
        found = await self.several(actor, [target])
        if target not in found:
            raise NotFound("account")
        self._forget(actor.account_id)
        if self._connections.is_online(actor.account_id):
            self._target_of[actor.account_id] = target
            self._watchers_of.setdefault(target, set()).add(actor.account_id)
        return found[target]

    def unwatch(self, actor: Actor) -> None:
        """Watch nobody any more."""
        self._forget(actor.account_id)

    def _forget(self, watcher: AccountId) -> None:
        target = self._target_of.pop(watcher, None)
        if target is not None:
            watchers = self._watchers_of[target]
            watchers.discard(watcher)
            if not watchers:
                del self._watchers_of[target]

    async def came(self, account_id: AccountId) -> None:
        """The account's first connection is there."""
        await self._tell(account_id, online=True, at=self._clock.now_ms())

    async def went(self, account_id: AccountId) -> None:
        """The account's last connection is gone: remember the moment, watch nobody in its name."""
        self._forget(account_id)
        at = self._clock.now_ms()
        await self._accounts.note_seen(account_id, at)
        await self._tell(account_id, online=False, at=at)

    async def _tell(self, account_id: AccountId, *, online: bool, at: int) -> None:
        watchers = tuple(self._watchers_of.get(account_id, ()))
        if not watchers:
            return
        blocked = set(await self._blocks.shunned_by(account_id))
        # Asked again, because it may have changed while we waited: the last word must be the truth.
        if self._connections.is_online(account_id) is not online:
            return
        told = tuple(each for each in watchers if each not in blocked)
        if told:
            self._announce(PresenceChanged(account_id, online, at, told))
