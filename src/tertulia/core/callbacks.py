"""Callbacks: one address outside per account that is told of what happens to the account.

What is told, and how it is signed, is a dialect's business; how it gets there, `core.calls`'.
"""

import re
import secrets
from math import ceil
from typing import NamedTuple, Protocol
from urllib.parse import urlsplit

from tertulia.core.errors import BadInput, TooMuch
from tertulia.core.ids import AccountId, HookId, first_number_at
from tertulia.core.model import Actor
from tertulia.core.ports import Attempts, Clock

MAX_ADDRESS = 2_048
"""Characters."""

KIND = "callback"
"""Of the courses of callbacks."""

FAREWELL = "callback farewell"
"""Of the courses of callbacks that were replaced: they hear of that, and of nothing more."""

KEPT_MS = 14 * 24 * 3_600_000
"""How long it is known that a callback had another address."""

ABSOLUTE = re.compile(r"https?://[^\s/?#]", re.IGNORECASE)


class Callback(NamedTuple):
    """Where an account is told. `own`: of its own doings, too. `secret` signs what is sent there."""

    id: HookId
    account_id: AccountId
    address: str
    is_deliverable: bool
    secret: str
    own: bool


class NewCallback(NamedTuple):
    """What a new callback is to be; as in `Callback`."""

    address: str
    is_deliverable: bool
    secret: str
    own: bool


class CallbackChange(NamedTuple):
    """A callback has another address, since the place `number` in the log."""

    number: int
    account_id: AccountId
    old: str
    new: str
    at: int


class Endpoints(Protocol):
    """Which addresses the server may call."""

    async def vet(self, url: str) -> str | None:
        """Why the server does not call it, looked up now; None when it does."""
        ...


class CallbackStore(Protocol):
    """Callbacks at rest, with their courses."""

    async def keep(self, account_id: AccountId, new: NewCallback, now: int) -> Callback:
        """The account's callback from now on. The same address again keeps everything but `own`.

        Another address than before is a `CallbackReplaced`, which the old one hears of, too.
        """
        ...

    async def drop(self, account_id: AccountId) -> None:
        """It has none any more."""
        ...

    async def drop_one(self, hook_id: HookId) -> None:
        """The callback of that number is no more, replaced or not."""
        ...

    async def find(self, hook_id: HookId) -> Callback | None:
        """The callback of that number, replaced or not."""
        ...

    async def change(self, number: int) -> CallbackChange | None:
        """The change at that place in the log."""
        ...

    async def all(self) -> list[Callback]:
        """Every callback that was not replaced."""
        ...

    async def present(self, hook_id: HookId) -> Callback | None:
        """The callback of that number; None: it was replaced, or is gone."""
        ...

    async def forget(self, oldest: int) -> None:
        """Drop changes up to that place in the log."""
        ...


class CallbackAddresses:
    """What accounts can do with their callbacks. Where they are called, it remembers whose there are."""

    def __init__(
        self,
        store: CallbackStore,
        endpoints: Endpoints,
        attempts: Attempts,
        clock: Clock,
    ) -> None:
        """`attempts` counts what an account asks for in a minute."""
        self._store = store
        self._endpoints = endpoints
        self._attempts = attempts
        self._clock = clock
        self._by_account: dict[AccountId, Callback] = {}
        self._accounts: dict[HookId, AccountId] = {}

    async def open(self) -> None:
        """Learn which there are. Later changes are learned one by one."""
        found = await self._store.all()
        self._by_account.clear()
        self._accounts.clear()
        for each in found:
            self._learn(each)

    async def learn(self, hook_id: HookId) -> None:
        """The callback is there, is another one than before, or is gone."""
        found = await self._store.present(hook_id)
        self._forget(hook_id)
        if found is not None:
            self._learn(found)

    @property
    def by_account(self) -> dict[AccountId, Callback]:
        """The callbacks that can be called, once they are learned. Not to be changed."""
        return self._by_account

    async def start(self, actor: Actor, address: str, *, own: bool) -> Callback:
        """The account's callback is this from now on. Any text will do; only an address is called.

        Raises:
            BadInput: "callback": it is too long, or an address that the server does not call.
            TooMuch: "callback changes", refused ones included.
        """
        me = actor.account_id
        wait_s = self._attempts.wait_s(str(me))
        if wait_s:
            raise TooMuch("callback changes", ceil(wait_s))
        self._attempts.count(str(me))
        if len(address) > MAX_ADDRESS:
            raise BadInput("callback", "is too long")
        deliverable = is_address(address)
        why = await self._endpoints.vet(address) if deliverable else None
        if why is not None:
            raise BadInput("callback", f"is refused: {why}")
        new = NewCallback(address, deliverable, secrets.token_urlsafe(32), own)
        return await self._store.keep(me, new, self._clock.now_ms())

    async def stop(self, actor: Actor) -> None:
        """The account has no callback any more, if it had one."""
        await self._store.drop(actor.account_id)

    async def given_up(self, hook_id: HookId) -> Callback | None:
        """The callback is removed because nothing arrives there; which it was."""
        lost = await self._store.find(hook_id)
        await self._store.drop_one(hook_id)
        return lost

    async def change(self, number: int) -> CallbackChange | None:
        """The change at that place in the log."""
        return await self._store.change(number)

    async def find(self, hook_id: HookId) -> Callback | None:
        """The callback of that number, replaced or not, unless its account is gone."""
        return await self._store.find(hook_id)

    async def drop(self, hook_id: HookId) -> None:
        """A replaced callback has heard all it was to hear."""
        await self._store.drop_one(hook_id)

    async def tidy(self) -> None:
        """Throw away what nobody can read any more."""
        await self._store.forget(first_number_at(self._clock.now_ms() - KEPT_MS))

    def _learn(self, callback: Callback) -> None:
        if callback.is_deliverable:
            self._by_account[callback.account_id] = callback
            self._accounts[callback.id] = callback.account_id

    def _forget(self, hook_id: HookId) -> None:
        account_id = self._accounts.pop(hook_id, None)
        if account_id is None:
            return
        # Perhaps the account has another one already.
        known = self._by_account.get(account_id)
        if known is not None and known.id == hook_id:
            del self._by_account[account_id]


def is_address(text: str) -> bool:
    """Whether it is an absolute http or https address, of whatever host."""
    if not text.isascii() or not text.isprintable() or ABSOLUTE.match(text) is None or " " in text:
        return False
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return False
    return bool(parts.hostname) and port != 0
