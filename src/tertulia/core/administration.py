"""What the operator does with accounts: make, look up, block, delete. Nobody else may."""

from dataclasses import dataclass
from typing import Protocol

from tertulia.core.errors import BadInput, Conflict, NotFound
from tertulia.core.ids import AccountId, SessionId
from tertulia.core.model import Account, Actor, NewAccount
from tertulia.core.phones import is_number, normalised
from tertulia.core.ports import AccountStore, Clock, Passwords
from tertulia.core.text import is_longer

MAX_LOGIN = 40
MAX_NAME = 255
"""Code points."""

OF_NO_SESSION = SessionId(0)


@dataclass(frozen=True, slots=True)
class Listing:
    """Which accounts are to be listed: oldest first, those after a number, at most so many.

    `part`: only those with it in login, first or last name, without regard to case.
    """

    part: str = ""
    only_blocked: bool = False
    after: int = 0
    limit: int = 200


class AdministrationStore(Protocol):
    """What only the operator needs of accounts at rest."""

    async def make(self, new: NewAccount, password_hash: str | None, now: int) -> Account:
        """A new account. Its phone is normalised and counts as proven, its e-mail too.

        Raises:
            Conflict: "login", "email", or "phone": somebody has proven it.
        """
        ...

    async def listed(self, listing: Listing) -> list[Account]:
        """People, no bots."""
        ...

    async def block(self, account_id: AccountId, now: int) -> Account:
        """Nobody signs in; every session ends. Raises: NotFound("account")."""
        ...

    async def unblock(self, account_id: AccountId) -> Account:
        """As if it had never been blocked. Raises: NotFound("account")."""
        ...


class Administration:
    """What the operator can do."""

    def __init__(
        self,
        store: AdministrationStore,
        accounts: AccountStore,
        passwords: Passwords,
        clock: Clock,
    ) -> None:
        self._store = store
        self._accounts = accounts
        self._passwords = passwords
        self._clock = clock

    async def create(self, new: NewAccount) -> Account:
        """A new account. Phone and e-mail open it as if they had been proven: the operator vouches.

        Without a password it is opened by its phone alone.

        Raises:
            BadInput: "login", "phone", "email" or "password": it makes no sense, or nothing would
                open the account.
            Conflict: "login", "email" or "phone" is another account's.
        """
        _check_login(new.login)
        if new.phone:
            new = NewAccount(
                new.login,
                new.password,
                new.email,
                normalised(new.phone),
                new.first_name,
                new.last_name,
            )
        if not new.password and not new.phone:
            raise BadInput("password", "is missing, and there is no phone to sign in with")
        if new.email and ("@" not in new.email or is_longer(new.email, MAX_NAME)):
            raise BadInput("email", "is no address")
        hashed = await self._passwords.hash(new.password) if new.password else None
        return await self._store.make(new, hashed, self._clock.now_ms())

    async def listed(self, listing: Listing) -> list[Account]:
        """People, oldest first."""
        return await self._store.listed(listing)

    async def find(self, name: str) -> Account:
        """The account of that login, proven phone, proven e-mail, or number.

        Raises:
            NotFound: "account".
            Conflict: "name": it is one account's login and another's phone, e-mail or number.
        """
        phone = normalised(name) if is_number(name) else None
        found = {each.id: each for each, _ in await self._accounts.secrets_of(name, phone)}
        if name.isascii() and name.isdecimal() and len(name) <= 16:
            found |= {
                each.id: each for each in await self._accounts.several([AccountId(int(name))])
            }
        if len(found) > 1:
            raise Conflict("name")
        for account in found.values():
            return account
        raise NotFound("account")

    async def block(self, account: Account) -> Account:
        """Nobody signs in to it, and who was signed in is not any more. What it wrote stays.

        Raises:
            NotFound: "account": it is gone.
        """
        return await self._store.block(account.id, self._clock.now_ms())

    async def unblock(self, account: Account) -> Account:
        """It can be signed in to again. Raises: NotFound("account")."""
        return await self._store.unblock(account.id)

    async def delete(self, account: Account) -> None:
        """The account is gone for good; what it wrote stays. Raises: NotFound("account")."""
        await self._accounts.remove(Actor(account.id, OF_NO_SESSION), self._clock.now_ms())


def _check_login(login: str) -> None:
    if (
        not login
        or is_longer(login, MAX_LOGIN)
        or login != login.strip()
        or not login.isprintable()
    ):
        raise BadInput("login", f"must be 1 to {MAX_LOGIN} printable characters")
