"""Passwords are checked here, so that guessing them ends, however they are shown."""

from hashlib import sha256
from math import ceil
from typing import NoReturn

from tertulia.core.errors import NotSignedIn, TooMuch
from tertulia.core.ids import AccountId
from tertulia.core.ports import Attempts, Passwords
from tertulia.core.tally import Tally


def failures_of(account_id: AccountId) -> str:
    """The key under which an account's failed sign-ins are counted, whatever name was given."""
    return f"account {account_id}"


class Guessing:
    """Checks passwords and counts the wrong ones.

    What is tried on names of nobody is counted apart: else whoever tries very many of them would make
    us forget what was tried on somebody.
    """

    def __init__(
        self,
        passwords: Passwords,
        attempts: Attempts,
        strangers: Attempts,
        *,
        tally: Tally | None = None,
    ) -> None:
        self._passwords = passwords
        self._attempts = attempts
        self._strangers = strangers
        self._tally = tally or Tally()

    async def check(self, account_id: AccountId, hashed: str | None, password: str) -> None:
        """Returns if *password* is the account's.

        Args:
            account_id: whose password it shall be.
            hashed: the right one; None: it has none.
            password: as it was given.

        Raises:
            NotSignedIn: "password": it is not the one.
            TooMuch: "sign-ins": too many were wrong, so this one is not looked at.
            Unavailable: too many passwords are being checked.
        """
        failures = failures_of(account_id)
        await self._compare(self._attempts, failures, hashed, password)
        # Guesses that were all under way at once are not told which of them was right.
        _need_patience(self._attempts, failures)
        self._attempts.forget(failures)

    async def check_nobody(self, name: str, password: str) -> NoReturn:
        """The same for a name of nobody, in the same time: no password is right.

        Raises:
            NotSignedIn, TooMuch, Unavailable: as in `check`.
        """
        # Names may be long, and what is counted is kept.
        failures = sha256(name.encode("utf-8", "surrogatepass")).hexdigest()
        await self._compare(self._strangers, failures, None, password)
        raise NotSignedIn("password")

    async def _compare(
        self, attempts: Attempts, failures: str, hashed: str | None, password: str
    ) -> None:
        _need_patience(attempts, failures)
        if not await self._passwords.matches(hashed, password):
            attempts.count(failures)
            self._tally.logins_failed += 1
            raise NotSignedIn("password")


def _need_patience(attempts: Attempts, failures: str) -> None:
    wait_s = attempts.wait_s(failures)
    if wait_s:
        raise TooMuch("sign-ins", ceil(wait_s))
