"""The directory of encryption keys. The server keeps what devices publish, and understands nothing of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from tertulia.core.ids import AccountId
from tertulia.core.model import Actor
from tertulia.core.ports import Clock

KEYS_LIVE_MS = 30 * 24 * 3_600_000
"""How long a device's keys are handed out after it last registered them."""

MESSAGES_LIVE_MS = 30 * 24 * 3_600_000
"""How long an encrypted message is kept."""

MOST_AT_ONCE = 500
"""Encrypted messages that go in one commit; so the others do not wait for a large clean-up."""


@dataclass(frozen=True, slots=True)
class DeviceKeys:
    """What a device publishes: texts that only clients understand. One-time keys go in their order."""

    identity: str
    signed: str
    one_time: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OwnDevice:
    """A device of one's own that has keys here."""

    device: str
    identity: str
    signed: str


@dataclass(frozen=True, slots=True)
class KeyBundle:
    """What somebody gets to begin a conversation with a device; None: its one-time keys ran out."""

    identity: str
    signed: str
    one_time: str | None


class KeyStore(Protocol):
    """Keys at rest. They belong to a session and go when it ends."""

    async def register(self, actor: Actor, keys: DeviceKeys, now: int) -> None:
        """In place of what the actor's session had. Raises: NotSignedIn: it has ended meanwhile."""
        ...

    async def devices(self, account_id: AccountId, since: int) -> list[OwnDevice]:
        """Those whose keys were registered after *since*, in the order of their sign-ins."""
        ...

    async def take(
        self, accounts: Sequence[AccountId], since: int
    ) -> Mapping[AccountId, Sequence[KeyBundle]]:
        """Every device registered after *since*, each with a one-time key that nobody else ever gets."""
        ...

    async def remove(self, account_id: AccountId, device: str) -> bool:
        """Whether that device of the account had keys; it has none now."""
        ...

    async def forget(self, now: int, keys_before: int, messages_before: int, limit: int) -> int:
        """Drop what is older; at most *limit* messages. The result is how many messages that were."""
        ...


class Keys:
    """What can be done with keys."""

    def __init__(self, store: KeyStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def register(self, actor: Actor, keys: DeviceKeys) -> None:
        """Publish the keys of the actor's device, in place of its earlier ones. Raises: NotSignedIn."""
        await self._store.register(actor, keys, self._clock.now_ms())

    async def devices(self, actor: Actor) -> list[OwnDevice]:
        """The actor's devices that have keys."""
        return await self._store.devices(actor.account_id, self._since())

    async def take(self, accounts: Sequence[AccountId]) -> Mapping[AccountId, Sequence[KeyBundle]]:
        """The keys of every device of these accounts. Each call uses up a one-time key of each device."""
        return await self._store.take(accounts, self._since())

    async def remove(self, actor: Actor, device: str) -> bool:
        """Drop the keys of one of the actor's devices; False: there are none."""
        return await self._store.remove(actor.account_id, device)

    async def forget_old(self) -> None:
        """Drop keys and encrypted messages whose time is up. Called now and then."""
        now = self._clock.now_ms()
        keys_before, messages_before = now - KEYS_LIVE_MS, now - MESSAGES_LIVE_MS
        forgotten = MOST_AT_ONCE
        while forgotten == MOST_AT_ONCE:
            forgotten = await self._store.forget(now, keys_before, messages_before, MOST_AT_ONCE)

    def _since(self) -> int:
        return self._clock.now_ms() - KEYS_LIVE_MS
