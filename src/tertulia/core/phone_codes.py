"""One-time codes that go out by SMS, and prove that a phone is somebody's (docs/decisions/0061)."""

import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import Protocol

from tertulia.core.errors import NotSignedIn, Unavailable
from tertulia.core.phones import normalised
from tertulia.core.ports import Clock
from tertulia.core.tally import Tally

CODE_DIGITS = 4

MOST_ATTEMPTS = 5
"""With one code, right or wrong."""

MOST_AT_ONCE = 5
"""Codes to one phone within `AT_ONCE_MS`, whatever they are for."""

AT_ONCE_MS = 60_000

MOST_A_DAY = 30
"""Codes to one phone within `DAY_MS`, whatever they are for."""

DAY_MS = 24 * 3_600_000

# One SMS in any alphabet: 70 characters with a code of up to eight digits.
TEXT = "Tertulia: {code}. Никому не сообщайте код. Tell nobody this code."


class Purpose(StrEnum):
    """What a code is good for; one that was sent for another purpose is wrong."""

    SIGN_IN = "sign in"
    REGISTER = "register"


@dataclass(frozen=True, slots=True)
class SentCode:
    """What may be told about a code that went out: where to, until when it is good, how many digits."""

    phone: str
    valid_until: int
    length: int


@dataclass(frozen=True, slots=True)
class Sms:
    """A text message with a code in it. `code` repeats what stands in the text, for whom it is enough."""

    phone: str
    code: str
    text: str


@dataclass(frozen=True, slots=True)
class NewCode:
    """A code on its way out; only its hash is kept.

    Attributes:
        subject: what the code is for beside its purpose, a number; 0 for nothing.
        is_counted: False for test numbers, which may have as many as they like.
    """

    phone: str
    purpose: Purpose
    subject: int
    code: str
    hash: str
    sent_at: int
    expires_at: int
    is_counted: bool

    @property
    def sent(self) -> SentCode:
        """What may be told about it."""
        return SentCode(self.phone, self.expires_at, len(self.code))


class SmsSender(Protocol):
    """Sends text messages."""

    async def send(self, sms: Sms) -> None:
        """It is on its way. Takes ten seconds at most.

        Raises:
            Unavailable: "sms"; why stands in the log.
        """
        ...


class PhoneCodeStore(Protocol):
    """Codes at rest."""

    async def keep(self, new: NewCode) -> int:
        """Its number; it is the only live one of its phone, purpose and subject.

        Raises:
            TooMuch: "codes": the phone has had `MOST_AT_ONCE` or `MOST_A_DAY`.
        """
        ...

    async def withdraw(self, code_id: int) -> None:
        """It was never sent, and does not count."""
        ...

    async def use(self, phone: str, purpose: Purpose, hashed: str, now: int) -> bool:
        """Whether that is a live code, which is used up then; else each live one has an attempt less."""
        ...

    async def forget(self, before: int) -> None:
        """Drop what was sent before that moment."""
        ...


class PhoneCodes:
    """What can be done with codes."""

    def __init__(
        self,
        store: PhoneCodeStore,
        sender: SmsSender,
        key: str,
        test_numbers: Mapping[str, str],
        clock: Clock,
        *,
        tally: Tally | None = None,
    ) -> None:
        """`key`: the server's own, for the hashes. `test_numbers`: with the code each of them gets."""
        self._store = store
        self._sender = sender
        self._key = key.encode()
        self._test_numbers = {normalised(phone): code for phone, code in test_numbers.items()}
        self._clock = clock
        self._tally = tally or Tally()

    async def send(
        self, phone: str, purpose: Purpose, lives_ms: int, *, length: int = CODE_DIGITS
    ) -> SentCode:
        """Send a code of *length* digits to that phone, in any spelling; an earlier one is dead.

        A test number gets its own code, whatever *length* says, and no message.

        Raises:
            BadInput: "phone": it is no number.
            TooMuch: "codes": it has had many.
            Unavailable: "sms": it could not be sent; then it does not count.
        """
        new = self.draw(normalised(phone), purpose, lives_ms, length=length)
        await self.deliver(new, await self._store.keep(new))
        return new.sent

    async def prove(self, phone: str, code: str, purpose: Purpose) -> None:
        """Whoever shows the code has the phone. The code is used up.

        Raises:
            BadInput: "phone": it is no number.
            NotSignedIn: "code": wrong, late, used, for another purpose, or tried too often.
        """
        number = normalised(phone)
        hashed = self.seal(number, purpose, code)
        if not await self._store.use(number, purpose, hashed, self._clock.now_ms()):
            self._tally.logins_failed += 1
            raise NotSignedIn("code")

    def draw(
        self,
        phone: str,
        purpose: Purpose,
        lives_ms: int,
        *,
        length: int = CODE_DIGITS,
        subject: int = 0,
    ) -> NewCode:
        """A new code for a normalised number, yet to be kept and delivered."""
        fixed = self._test_numbers.get(phone)
        code = fixed or "".join(secrets.choice("0123456789") for _ in range(length))
        now = self._clock.now_ms()
        return NewCode(
            phone,
            purpose,
            subject,
            code,
            self.seal(phone, purpose, code),
            now,
            now + lives_ms,
            is_counted=fixed is None,
        )

    async def deliver(self, new: NewCode, code_id: int) -> None:
        """Send the code that was kept under that number.

        Raises:
            Unavailable: "sms": it could not be sent, and is withdrawn.
        """
        if new.phone in self._test_numbers:
            return
        try:
            await self._sender.send(Sms(new.phone, new.code, TEXT.format(code=new.code)))
        except Unavailable:
            await self._store.withdraw(code_id)
            raise

    def seal(self, phone: str, purpose: Purpose, code: str) -> str:
        """What the store knows of a code."""
        whole = f"{phone}:{purpose}:{code}".encode("utf-8", "surrogatepass")
        return hmac.digest(self._key, whole, sha256).hex()

    async def forget_old(self) -> None:
        """Drop what does not count any more."""
        await self._store.forget(self._clock.now_ms() - DAY_MS)
