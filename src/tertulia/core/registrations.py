"""Registering with a password and a phone: the account is there once a code from an SMS is shown.

Until then there is no account: only its login and its number are reserved, and nobody sees it.
"""

from dataclasses import dataclass, replace
from typing import Protocol

from tertulia.core.admission import ANYBODY, Admission, Registration
from tertulia.core.errors import BadInput, Conflict, NotSignedIn
from tertulia.core.guessing import Guessing
from tertulia.core.ids import AccountId
from tertulia.core.model import Account
from tertulia.core.phone_codes import NewCode, PhoneCodes, Purpose, SentCode
from tertulia.core.phones import normalised
from tertulia.core.ports import Clock, Passwords
from tertulia.core.signin import Grant, Reserved
from tertulia.core.signin_model import Secret
from tertulia.core.text import is_longer, length, nfc

KEPT_MS = 24 * 3_600_000
"""How long a registration waits to be confirmed; then its login is free again."""

CODE_LIVES_MS = 10 * 60_000

MAX_LOGIN = 15
MIN_PASSWORD = 8
MAX_PASSWORD = 256
"""Code points after NFC."""

MOST_SECRETS = 100
"""Of one registration; the newest are kept."""


@dataclass(frozen=True, slots=True)
class Registered:
    """A registration that waits for its code.

    `account_id`: the number that the account will have. It stays the same when it is asked for again.
    """

    account_id: AccountId
    code: SentCode


@dataclass(frozen=True, slots=True)
class NewRegistration:
    """What a registration asks for. `standing`: the one that it repeats, if any.

    `admission`: on what terms it may become an account.
    """

    login: str
    password_hash: str
    phone: str
    dialect: str
    device: str
    secrets: tuple[Secret, ...]
    standing: AccountId | None = None
    admission: Admission = ANYBODY


@dataclass(frozen=True, slots=True)
class Applicant:
    """Who registers.

    Attributes:
        login: 1 to `MAX_LOGIN` letters, digits, `_`, `.`, `-`; not digits alone.
        password: `MIN_PASSWORD` to `MAX_PASSWORD` long.
        phone: in any spelling.
        invite: the token of one, where it takes one to sign up; counted at the confirmation.
    """

    login: str
    password: str
    phone: str
    invite: str = ""


class RegistrationStore(Protocol):
    """Registrations at rest."""

    async def standing(self, login: str, now: int) -> Reserved | None:
        """The registration that reserves that login (without regard to case)."""
        ...

    async def keep(self, new: NewRegistration, code: NewCode, now: int) -> tuple[AccountId, int]:
        """Make or repeat it, with its one live code; the second result is the code's number.

        Raises:
            Conflict: "login": an account or another registration has it; "phone": somebody has
                proven it.
            TooMuch: "codes".
            NotAllowed, BadInput: "invite": it may not become an account.
        """
        ...

    async def confirm(
        self, phone: str, hashed: str, now: int, sign_up: Registration = ...
    ) -> Account | None:
        """The registration with that code is an account from now on; its secrets open sessions.

        None: there is no such live code. Then each live one of that phone has an attempt less.

        Raises:
            NotAllowed, BadInput: "invite": meanwhile it may not; nothing is used up by that.
        """
        ...

    async def forget(self, before: int) -> None:
        """Drop what was asked for before that moment."""
        ...


class Registrations:
    """What can be done with registrations."""

    def __init__(
        self,
        store: RegistrationStore,
        codes: PhoneCodes,
        passwords: Passwords,
        guessing: Guessing,
        clock: Clock,
        *,
        sign_up: Registration = Registration.OPEN,
    ) -> None:
        self._store = store
        self._codes = codes
        self._passwords = passwords
        self._guessing = guessing
        self._clock = clock
        self._sign_up = sign_up

    async def register(
        self,
        applicant: Applicant,
        *,
        dialect: str = "",
        device: str = "",
        grants: tuple[Grant, ...] = (),
    ) -> Registered:
        """Reserve the login and send a code to the phone.

        With the same login and password again, the phone is replaced: its code goes to the new one,
        and the old code is dead.

        Args:
            applicant: who.
            dialect: in which the secrets shall open a session.
            device: on which.
            grants: secrets that open that session once the account is confirmed.

        Raises:
            BadInput: "login", "password" or "phone", looked at in this order; "invite": nobody comes by
                it (any more).
            NotAllowed: `admission.CLOSED_DOOR`, `admission.UNINVITED`.
            Conflict: "login": it is taken; or "phone": it opens another account.
            TooMuch: "codes": the phone has had many; nothing is changed then. "sign-ins": this
                registration was repeated with too many wrong passwords.
            Unavailable: "sms": the code could not be sent: the same again sends another.
        """
        login, password = applicant.login, applicant.password
        name = nfc(login) if not is_longer(login, MAX_LOGIN) else ""
        _check_login(name)
        _check_password(password)
        number = normalised(applicant.phone)
        now = self._clock.now_ms()
        standing = await self._store.standing(name, now)
        new = NewRegistration(
            name,
            await self._passwords.hash(password) if standing is None else "",
            number,
            dialect,
            device,
            tuple(each.secret for each in grants),
            None,
            self._sign_up.admission(applicant.invite),
        )
        if standing is None:
            try:
                return await self._keep(new, now)
            except Conflict:
                # Perhaps this very registration was asked for twice at once.
                standing = await self._store.standing(name, now)
                if standing is None:
                    raise
        await self._check_standing(standing, password)
        again = replace(new, password_hash=standing.password_hash, standing=standing.account_id)
        return await self._keep(again, now)

    async def _keep(self, new: NewRegistration, now: int) -> Registered:
        code = self._codes.draw(new.phone, Purpose.REGISTER, CODE_LIVES_MS)
        account_id, code_id = await self._store.keep(new, code, now)
        await self._codes.deliver(code, code_id)
        return Registered(account_id, code.sent)

    async def _check_standing(self, standing: Reserved, password: str) -> None:
        try:
            await self._guessing.check(standing.account_id, standing.password_hash, password)
        except NotSignedIn as error:
            raise Conflict("login") from error

    async def confirm(self, phone: str, code: str) -> Account:
        """The account that was registered with this phone, from now on there for everybody.

        Nobody is signed in by that, but the secrets of the registration open sessions now. Whoever
        proves a number takes it: other registrations and unproven claims lose it.

        Raises:
            BadInput: "phone": it is no number.
            NotSignedIn: "code": wrong, late, used or tried too often, or of another phone.
            NotAllowed, BadInput: "invite": meanwhile nobody may sign up, or others have used the invite
                up. The code stays good.
        """
        number = normalised(phone)
        hashed = self._codes.seal(number, Purpose.REGISTER, code)
        account = await self._store.confirm(number, hashed, self._clock.now_ms(), self._sign_up)
        if account is None:
            raise NotSignedIn("code")
        return account

    async def forget_old(self) -> None:
        """Drop registrations that nobody confirmed."""
        await self._store.forget(self._clock.now_ms() - KEPT_MS)


def _check_login(login: str) -> None:
    if not login:
        raise BadInput("login", f"is not 1 to {MAX_LOGIN} characters long")
    if not all(sign.isalpha() or sign.isdecimal() or sign in "_.-" for sign in login):
        raise BadInput("login", "has characters that are not allowed")
    if login.isdecimal():
        raise BadInput("login", "is a number")


def _check_password(password: str) -> None:
    if is_longer(password, MAX_PASSWORD) or length(password) < MIN_PASSWORD:
        raise BadInput("password", f"is not {MIN_PASSWORD} to {MAX_PASSWORD} characters long")
