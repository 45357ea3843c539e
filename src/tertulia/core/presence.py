"""Who is there and when somebody was last there. Kept in memory; only the last moment is stored."""

from collections.abc import Callable, Sequence
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
    """Tells who is online, and tells those who watch. An account watches one other at a time.

    Where several processes act as one, each has a book, and an account's watch stands in the one that
    it last spoke to. So every book tells its own watchers, wherever they are connected, and nobody
    is told twice.
    """

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
        self._spoke: Callable[[AccountId], object] | None = None

    def share(self, spoke: Callable[[AccountId], object]) -> None:
        """*spoke* is told who has said here whom it watches: the other books `forget` what they know."""
        self._spoke = spoke

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
        self._changes(actor.account_id)
        if self._connections.is_online(actor.account_id):
            self._target_of[actor.account_id] = target
            self._watchers_of.setdefault(target, set()).add(actor.account_id)
        return found[target]

    def unwatch(self, actor: Actor) -> None:
        """Watch nobody any more."""
        self._changes(actor.account_id)

    def _changes(self, watcher: AccountId) -> None:
        """What it said before, here or to another process, does not count any more."""
        self.forget(watcher)
        if self._spoke is not None and self._connections.is_online(watcher):
            self._spoke(watcher)

    def is_watched(self, account_id: AccountId) -> bool:
        """Whether anybody wants to hear when that account comes and goes."""
        return account_id in self._watchers_of

    def forget(self, watcher: AccountId) -> None:
        """It watches nobody, as far as this book knows."""
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
        self.forget(account_id)
        at = self._clock.now_ms()
        await self._accounts.note_seen(account_id, at)
        await self._tell(account_id, online=False, at=at)

    async def went_elsewhere(self, account_id: AccountId) -> None:
        """The account's last connection, to another process, is gone; that one remembers the moment."""
        await self._tell(account_id, online=False, at=self._clock.now_ms())

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
