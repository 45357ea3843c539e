"""Invites: with them people sign up where the operator does not let in everybody."""

import secrets
from dataclasses import dataclass
from typing import Protocol

from tertulia.core.admission import Registration, hash_of, no_such_invite
from tertulia.core.errors import BadInput
from tertulia.core.ports import Clock

MOST_USES = 100_000
MOST_DAYS = 3_650
DAY_MS = 86_400_000

KEPT_MS = 30 * DAY_MS
"""How long an invite stays in the list when it is over."""


@dataclass(frozen=True, slots=True)
class Invite:
    """An invite, without the token that only its maker has.

    `uses`: how many accounts may come by it; `used`: how many have.
    """

    id: int
    uses: int
    used: int
    created_at: int
    expires_at: int


class InviteStore(Protocol):
    """Invites at rest; tokens are known here only by their hashes."""

    async def add(self, invite_hash: str, uses: int, expires_at: int, now: int) -> Invite:
        """A new one."""
        ...

    async def listed(self) -> list[Invite]:
        """All of them, newest first."""
        ...

    async def remove(self, invite_id: int) -> bool:
        """Nobody comes by it any more; False: there is none."""
        ...

    async def is_good(self, invite_hash: str, now: int) -> bool:
        """Whether an account may come by it now."""
        ...

    async def forget(self, before: int) -> None:
        """Drop what was over before that moment."""
        ...


class Invites:
    """What can be done with invites."""

    def __init__(self, store: InviteStore, sign_up: Registration, clock: Clock) -> None:
        self._store = store
        self._sign_up = sign_up
        self._clock = clock

    @property
    def registration(self) -> Registration:
        """Who may sign up."""
        return self._sign_up

    async def check(self, invite: str) -> None:
        """An invite that was given must be good; without one, others decide.

        For what shall not be used up in vain, a code for example. It is looked at again when the account
        comes to be.

        Raises:
            BadInput: "invite".
        """
        shown = self._sign_up.admission(invite).invite_hash
        if shown and not await self._store.is_good(shown, self._clock.now_ms()):
            raise no_such_invite()

    async def create(self, *, uses: int, days: int) -> tuple[Invite, str]:
        """A new invite, and its token, which nobody is told again.

        Raises:
            BadInput: "uses" or "days".
        """
        if not 1 <= uses <= MOST_USES:
            raise BadInput("uses", f"must be 1 to {MOST_USES}")
        if not 1 <= days <= MOST_DAYS:
            raise BadInput("days", f"must be 1 to {MOST_DAYS}")
        token = secrets.token_urlsafe(18)
        now = self._clock.now_ms()
        made = await self._store.add(hash_of(token), uses, now + days * DAY_MS, now)
        return made, token

    async def listed(self) -> list[Invite]:
        """All of them, newest first."""
        return await self._store.listed()

    async def remove(self, invite_id: int) -> bool:
        """Nobody comes by it any more; False: there is none."""
        return await self._store.remove(invite_id)

    async def forget_old(self) -> None:
        """Drop what has been over for long."""
        await self._store.forget(self._clock.now_ms() - KEPT_MS)
