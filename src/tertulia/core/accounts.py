"""Registering, profiles, finding people, blocking, leaving for good."""

from collections.abc import Sequence

from tertulia.core import text
from tertulia.core.admission import Registration
from tertulia.core.chat_ports import BlockStore
from tertulia.core.errors import BadInput, NotFound, NotSignedIn
from tertulia.core.ids import AccountId
from tertulia.core.model import Account, Actor, NewAccount, ProfileChange
from tertulia.core.phones import normalised
from tertulia.core.ports import AccountStore, Clock, Connections, Passwords

MAX_SEARCH_WORD = 255
"""Code points; longer keywords find nothing anyway."""


class Accounts:
    """What can be done with accounts."""

    def __init__(
        self,
        store: AccountStore,
        blocks: BlockStore,
        passwords: Passwords,
        connections: Connections,
        clock: Clock,
        *,
        sign_up: Registration = Registration.OPEN,
    ) -> None:
        self._store = store
        self._blocks = blocks
        self._passwords = passwords
        self._connections = connections
        self._clock = clock
        self._sign_up = sign_up
        self._has_people = False

    async def register(self, new: NewAccount, *, invite: str = "") -> Account:
        """A new account; it is not signed in by this.

        Args:
            new: what is asked for.
            invite: the token of one, where it takes one to sign up.

        Raises:
            NotAllowed: `admission.CLOSED_DOOR`, `admission.UNINVITED`.
            BadInput: "invite": nobody comes by it (any more).
            Conflict: "login", "email" or "phone" is another account's.
            Unavailable: too many passwords are being hashed.
        """
        admission = self._sign_up.admission(invite)
        admission.need_chance()
        hashed = await self._passwords.hash(new.password)
        return await self._store.add(new, hashed, self._clock.now_ms(), admission)

    async def has_people(self) -> bool:
        """Whether there is anybody yet; once there was, it is not asked again."""
        if not self._has_people:
            self._has_people = await self._store.has_people()
        return self._has_people

    async def several(self, ids: Sequence[AccountId]) -> list[Account]:
        """Those that exist, newest first."""
        return await self._store.several(ids)

    async def need(self, account_id: AccountId) -> Account:
        """The account. Raises: NotFound("account")."""
        found = await self._store.several([account_id])
        if not found:
            raise NotFound("account")
        return found[0]

    async def named(self, login: str) -> Account | None:
        """The account of that login, without regard to case."""
        found = await self._store.secret_of(login)
        return None if found is None else found[0]

    async def search(
        self,
        actor: Actor,
        part: str,
        limit: int,
        *,
        changed_after: int | None = None,
        leave_out: Sequence[AccountId] = (),
    ) -> list[Account]:
        """Accounts with *part* in login, first or last name, without regard to case; never the actor."""
        if text.is_longer(part, MAX_SEARCH_WORD):
            return []
        return await self._store.search(
            part,
            limit,
            changed_after=changed_after,
            leave_out=(actor.account_id, *leave_out),
        )

    async def change(self, actor: Actor, change: ProfileChange) -> Account:
        """The account as it is now. A new password ends every other session of it.

        Raises:
            NotSignedIn: "password": the current one is missing or wrong.
            Conflict: "login", "email" or "phone" is another account's.
            Unavailable: too many passwords are being hashed.
        """
        hashed = None
        if change.new_password is not None:
            current = await self._store.password_of(actor.account_id)
            if change.current_password is None or not await self._passwords.matches(
                current, change.current_password
            ):
                raise NotSignedIn("password")
            hashed = await self._passwords.hash(change.new_password)
        return await self._store.change(actor, change, hashed, self._clock.now_ms())

    async def take_phone(self, actor: Actor, phone: str) -> None:
        """That number has just been proven (`PhoneCodes.prove`) and is the actor's from now on.

        Raises:
            BadInput: "phone": it is no number.
            Conflict: "phone": it opens another account.
        """
        await self._store.take_phone(actor, normalised(phone), self._clock.now_ms())

    async def remove(self, actor: Actor) -> None:
        """The account is gone; what it wrote stays."""
        await self._store.remove(actor, self._clock.now_ms())

    async def block(self, actor: Actor, accounts: Sequence[AccountId]) -> None:
        """Do not hear from these any more; unknown ones are skipped.

        Raises:
            BadInput: the actor is among them; nobody is blocked then.
        """
        if actor.account_id in accounts:
            raise BadInput("accounts", "contain oneself")
        me = await self.need(actor.account_id)
        now = self._clock.now_ms()
        seen_at = now if self._connections.is_online(me.id) else me.seen_at
        await self._blocks.block(actor, accounts, seen_at, now)

    async def unblock(self, actor: Actor, accounts: Sequence[AccountId]) -> None:
        """Hear from these again; unknown ones are skipped."""
        await self._blocks.unblock(actor, accounts)

    async def blocked(self, actor: Actor) -> list[AccountId]:
        """Whom the actor has blocked, oldest first."""
        return await self._blocks.blocked_by(actor.account_id)

    async def switch_blocks(self, actor: Actor, *, on: bool) -> None:
        """All the actor's blocks on or off, without forgetting them."""
        await self._blocks.switch(actor, on=on)
