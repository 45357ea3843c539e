"""One-time codes: what opens a new password, and what does not."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import pytest
import uvloop

from tertulia.adapters.passwords import Argon2Passwords
from tertulia.core.codes import (
    COUNTED_MS,
    LIVES_MS,
    MOST_ATTEMPTS,
    MOST_CODES,
    Codes,
    Mail,
    is_address,
)
from tertulia.core.errors import NotFound, NotSignedIn, TooMuch, Unavailable
from tertulia.core.events import SessionsEnded
from tertulia.core.guessing import failures_of
from tertulia.core.model import Account, NewAccount
from tertulia.core.signin_model import Opening
from tertulia.store.codes import SqlCodes
from tests.store.world import START, World, in_memory, tell

ADDRESS = "anna@example.org"
SECOND = "second"


class Letterbox:
    """A `Mailer` that keeps what it is given, unless it is out of order."""

    def __init__(self) -> None:
        self.letters: list[Mail] = []
        self.is_broken = False

    async def send(self, mail: Mail) -> None:
        if self.is_broken:
            raise Unavailable("mail")
        self.letters.append(mail)

    def close(self) -> None:
        """Nothing is held."""


class Failures:
    """An `Attempts` that only notes who starts afresh."""

    def __init__(self) -> None:
        self.forgotten: list[str] = []

    def wait_s(self, key: str) -> float:
        return 0.0

    def count(self, key: str) -> None:
        raise AssertionError(key)

    def forget(self, key: str) -> None:
        self.forgotten.append(key)


@dataclass
class Desk:
    """What a story has to do with; it is its own clock."""

    world: World
    codes: Codes
    box: Letterbox
    failures: Failures
    passwords: Argon2Passwords
    account: Account

    async def sent(self, device: str = "d") -> str:
        """A code that was sent."""
        await self.codes.send(ADDRESS, device)
        return self.box.letters[-1].code

    async def reset(self, code: str, device: str = "d", password: str = SECOND) -> None:
        await self.codes.reset_password(ADDRESS, device, code, password)

    async def is_password(self, password: str) -> bool:
        hashed = await self.world.accounts.password_of(self.account.id)
        return await self.passwords.matches(hashed, password)


class WorldClock:
    def __init__(self, world: World) -> None:
        self._world = world

    def now_ms(self) -> int:
        return self._world.now


def at_the_desk(story: Callable[[Desk], Awaitable[None]]) -> None:
    passwords = Argon2Passwords(memory_kib=8, rounds=1)

    async def play(world: World) -> None:
        new = NewAccount("Anna", "first", "Anna@Example.org")
        account = await world.accounts.add(new, await passwords.hash("first"), START)
        box, failures = Letterbox(), Failures()
        codes = Codes(SqlCodes(world.engine), passwords, box, failures, WorldClock(world))
        await story(Desk(world, codes, box, failures, passwords, account))

    try:
        uvloop.run(tell(play, in_memory))
    finally:
        passwords.close()


def wrong(code: str) -> str:
    """Six digits, but not these."""
    return str(int(code) % 900_000 + 100_000)


def test_a_code_of_six_digits_goes_to_the_address_as_its_owner_wrote_it() -> None:
    async def story(desk: Desk) -> None:
        await desk.codes.send("ANNA@EXAMPLE.ORG", "d")
        (letter,) = desk.box.letters
        assert letter.to == "Anna@Example.org"
        assert re.fullmatch(r"[1-9]\d{5}", letter.code)
        assert letter.code in letter.text
        assert "Anna" in letter.text

    at_the_desk(story)


def test_the_code_opens_a_new_password_and_ends_every_session() -> None:
    async def story(desk: Desk) -> None:
        for device in "xy":
            await desk.world.sessions.open(
                Opening(desk.account.id, "sama", device, "", ()), desk.world.now
            )
        await desk.reset(await desk.sent())
        assert await desk.is_password("second")
        (ended,) = desk.world.told(SessionsEnded)
        assert len(ended.session_ids) == 2
        assert desk.failures.forgotten == [failures_of(desk.account.id)]

    at_the_desk(story)


def test_a_code_is_good_once_even_for_two_at_the_same_time() -> None:
    async def story(desk: Desk) -> None:
        code = await desk.sent()
        outcomes = await asyncio.gather(
            *(desk.reset(code, password=password) for password in ("one", "two")),
            return_exceptions=True,
        )
        assert [type(each) for each in outcomes].count(NotSignedIn) == 1
        with pytest.raises(NotSignedIn):
            await desk.reset(code)

    at_the_desk(story)


def test_a_code_is_good_for_five_minutes() -> None:
    async def story(desk: Desk) -> None:
        code = await desk.sent()
        desk.world.now += LIVES_MS
        with pytest.raises(NotSignedIn):
            await desk.reset(code)
        desk.world.now -= 1
        await desk.reset(code)

    at_the_desk(story)


def test_after_five_wrong_attempts_the_right_code_is_wrong_too() -> None:
    async def story(desk: Desk) -> None:
        code = await desk.sent()
        for _ in range(MOST_ATTEMPTS):
            with pytest.raises(NotSignedIn):
                await desk.reset(wrong(code))
        with pytest.raises(NotSignedIn):
            await desk.reset(code)
        assert await desk.is_password("first")
        await desk.reset(await desk.sent())

    at_the_desk(story)


def test_five_wrong_attempts_at_once_are_five() -> None:
    async def story(desk: Desk) -> None:
        code = await desk.sent()
        guesses = [wrong(code)] * (MOST_ATTEMPTS - 1) + ["1"] * 20 + [code]
        outcomes = await asyncio.gather(*map(desk.reset, guesses), return_exceptions=True)
        assert all(isinstance(each, NotSignedIn) for each in outcomes)

    at_the_desk(story)


def test_a_code_belongs_to_its_device_and_the_newest_of_a_device_counts() -> None:
    async def story(desk: Desk) -> None:
        first = await desk.sent("d")
        other = await desk.sent("other")
        second = await desk.sent("d")
        for code, device in ((first, "d"), (second, "other"), (second, "third")):
            with pytest.raises(NotSignedIn):
                await desk.reset(code, device)
        await desk.reset(other, "other")
        # Success voids whatever else is on its way.
        with pytest.raises(NotSignedIn):
            await desk.reset(second)

    at_the_desk(story)


def test_an_account_gets_five_codes_an_hour_whatever_its_devices() -> None:
    async def story(desk: Desk) -> None:
        for number in range(MOST_CODES):
            await desk.sent(str(number))
            desk.world.now += 1_000
        with pytest.raises(TooMuch) as refusal:
            await desk.sent("another")
        assert refusal.value.retry_after_s == COUNTED_MS // 1_000 - MOST_CODES
        desk.world.now += COUNTED_MS - MOST_CODES * 1_000
        await desk.sent()
        with pytest.raises(TooMuch):
            await desk.sent()

    at_the_desk(story)


def test_five_codes_are_five_also_for_many_at_once() -> None:
    async def story(desk: Desk) -> None:
        sending = (desk.codes.send(ADDRESS, str(number)) for number in range(12))
        outcomes = await asyncio.gather(*sending, return_exceptions=True)
        assert outcomes.count(None) == len(desk.box.letters) == MOST_CODES

    at_the_desk(story)


def test_a_code_that_could_not_be_sent_does_not_count() -> None:
    async def story(desk: Desk) -> None:
        desk.box.is_broken = True
        for _ in range(MOST_CODES + 1):
            with pytest.raises(Unavailable):
                await desk.sent()
        desk.box.is_broken = False
        await desk.reset(await desk.sent())

    at_the_desk(story)


def test_who_has_no_address_is_not_found() -> None:
    async def story(desk: Desk) -> None:
        await desk.world.accounts.add(NewAccount("boris", "p", "boris"), "h", START)
        for email in ("boris", "nobody@example.org", "", "@", ADDRESS + "\n"):
            with pytest.raises(NotFound):
                await desk.codes.send(email, "d")
            with pytest.raises(NotFound):
                await desk.codes.reset_password(email, "d", "123456", "second")
        await desk.world.accounts.remove(await desk.world.person("clara"), START)
        assert desk.box.letters == []

    at_the_desk(story)


def test_codes_are_not_stored_as_they_are() -> None:
    async def story(desk: Desk) -> None:
        code = await desk.sent()
        live = await SqlCodes(desk.world.engine).attempt(desk.account.id, "d", START)
        assert live is not None
        assert code not in live.hash
        assert live.hash.startswith("$argon2id$")

    at_the_desk(story)


@pytest.mark.parametrize("text", ["a@b", "a.b+c@example.org", "ü@straße.example"])
def test_mail_could_go_there(text: str) -> None:
    assert is_address(text)


@pytest.mark.parametrize(
    "text",
    [
        "", "a", "@b", "a@", "a@b@c", "a @b", "a@b\r\nBcc: c@d", "a@b,c", "<a@b>", '"a"@b', "a:b@c",
        "a" * 254 + "@b", "a@b\x00", "a@b\u2028",
    ],
)  # fmt: skip
def test_mail_could_not_go_there(text: str) -> None:
    assert not is_address(text)
