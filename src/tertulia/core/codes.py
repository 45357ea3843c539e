"""One-time codes that go out by e-mail, and what they open: a new password for who forgot the old one."""

import re
import secrets
from dataclasses import dataclass
from math import ceil
from typing import Protocol

from tertulia.core.errors import NotFound, NotSignedIn, TooMuch, Unavailable
from tertulia.core.guessing import failures_of
from tertulia.core.ids import AccountId
from tertulia.core.model import Account
from tertulia.core.ports import Attempts, Clock, Passwords
from tertulia.core.text import length

LIVES_MS = 5 * 60_000
"""How long a code is good for."""

MOST_ATTEMPTS = 5
"""With one code, right or wrong."""

MOST_CODES = 5
"""Of one account within `COUNTED_MS`, whatever its devices."""

COUNTED_MS = 3_600_000

MAX_ADDRESS = 254
"""Code points of an e-mail address that mail goes to."""

_ADDRESS = re.compile(
    r"""[^\s\x00-\x1f\x7f-\x9f@,;:<>()\[\]\\"]+@[^\s\x00-\x1f\x7f-\x9f@,;:<>()\[\]\\"]+"""
)

SUBJECT = "Your code"
TEXT = """\
{code} is your code to choose a new password for the account {login}.

It is good for five minutes. If you did not ask for it, somebody else did: do nothing, and do not
tell it to anybody.
"""


@dataclass(frozen=True, slots=True)
class Mail:
    """A letter with a code in it. `code` repeats what stands in the text, for whom it is enough."""

    to: str
    subject: str
    text: str
    code: str


@dataclass(frozen=True, slots=True)
class LiveCode:
    """A code that may still be right; known only by its hash."""

    id: int
    hash: str


class Mailer(Protocol):
    """Sends mail."""

    async def send(self, mail: Mail) -> None:
        """The letter is on its way. Takes ten seconds at most.

        Raises:
            Unavailable: "mail"; why stands in the log.
        """
        ...

    def close(self) -> None:
        """Let go of what sending needs."""
        ...


class CodeStore(Protocol):
    """Codes at rest."""

    async def account_at(self, email: str) -> Account | None:
        """Whose claim the e-mail address is."""
        ...

    async def wait_ms(self, account_id: AccountId, now: int) -> int:
        """How long until the account may have another code; 0: now."""
        ...

    async def keep(self, account_id: AccountId, device: str, hashed: str, now: int) -> int:
        """The number of a new code, the device's only live one. Raises: TooMuch("codes")."""
        ...

    async def withdraw(self, code_id: int) -> None:
        """It was never sent, and does not count."""
        ...

    async def attempt(self, account_id: AccountId, device: str, now: int) -> LiveCode | None:
        """The device's live code, with one attempt less; None when there is none."""
        ...

    async def redeem(self, code: LiveCode, account_id: AccountId, password_hash: str) -> bool:
        """Set the password, end every session, void every code; False: somebody was faster."""
        ...


class Codes:
    """What can be done with codes."""

    def __init__(
        self,
        store: CodeStore,
        passwords: Passwords,
        mailer: Mailer,
        sign_ins: Attempts,
        clock: Clock,
    ) -> None:
        self._store = store
        self._passwords = passwords
        self._mailer = mailer
        self._sign_ins = sign_ins
        self._clock = clock

    async def send(self, email: str, device: str) -> None:
        """Send a code to the account that claims this address; it is good on that device alone.

        Raises:
            NotFound: "account": nobody claims it, or it is no address one could write to.
            TooMuch: "codes".
            Unavailable: "mail": it could not be sent; or too many passwords are being hashed.
        """
        account = await self._need(email)
        # Before a code is hashed, which is dear; `keep` looks again.
        wait_ms = await self._store.wait_ms(account.id, self._clock.now_ms())
        if wait_ms:
            raise TooMuch("codes", ceil(wait_ms / 1000))
        code = new_code()
        hashed = await self._passwords.hash(code)
        number = await self._store.keep(account.id, device, hashed, self._clock.now_ms())
        text = TEXT.format(code=code, login=account.login)
        try:
            # To the address as its owner wrote it, never as somebody else spells it.
            await self._mailer.send(Mail(account.email, SUBJECT, text, code))
        except Unavailable:
            await self._store.withdraw(number)
            raise

    async def reset_password(self, email: str, device: str, code: str, new_password: str) -> None:
        """A new password for who shows the code; every session of the account ends.

        Raises:
            NotFound: "account": as in `send`.
            NotSignedIn: "code": wrong, late, used, of another device, or tried too often.
            Unavailable: too many passwords are being hashed.
        """
        account = await self._need(email)
        live = await self._store.attempt(account.id, device, self._clock.now_ms())
        if live is None or not await self._passwords.matches(live.hash, code):
            raise NotSignedIn("code")
        hashed = await self._passwords.hash(new_password)
        if not await self._store.redeem(live, account.id, hashed):
            raise NotSignedIn("code")
        # Whoever guessed at the old password does not lock out who knows the new one.
        self._sign_ins.forget(failures_of(account.id))

    async def _need(self, email: str) -> Account:
        account = await self._store.account_at(email) if is_address(email) else None
        if account is None:
            raise NotFound("account")
        return account


def new_code() -> str:
    """Six digits; the first is no zero, because clients send codes as numbers."""
    return str(secrets.randbelow(900_000) + 100_000)


def is_address(text: str) -> bool:
    """Whether mail could go there: one address, and nothing that means more to a mail server."""
    return length(text) <= MAX_ADDRESS and _ADDRESS.fullmatch(text) is not None
