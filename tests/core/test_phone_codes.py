"""Codes by SMS: what proves a phone, and what does not."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import pytest
import uvloop

from tertulia.core.errors import BadInput, NotSignedIn, TooMuch, Unavailable
from tertulia.core.phone_codes import (
    AT_ONCE_MS,
    DAY_MS,
    MOST_A_DAY,
    MOST_AT_ONCE,
    MOST_ATTEMPTS,
    PhoneCodes,
    Purpose,
    SentCode,
    Sms,
)
from tertulia.core.tally import Tally
from tertulia.store.phone_codes import SqlPhoneCodes
from tertulia.store.work import rows
from tests.store.world import START, World, in_memory, tell

PHONE = "+79166660002"
OTHER = "+79166660003"
TEST_NUMBER = "+79160000001"
LIVES_MS = 60_000


@dataclass
class Outbox:
    """An `SmsSender` that keeps what it is given, unless it is out of order."""

    sent: list[Sms] = field(default_factory=list)
    is_broken: bool = False

    async def send(self, sms: Sms) -> None:
        if self.is_broken:
            raise Unavailable("sms")
        self.sent.append(sms)


@dataclass
class Desk:
    """What a story has to do with; it is its own clock."""

    world: World
    outbox: Outbox = field(default_factory=Outbox)

    def __post_init__(self) -> None:
        store = SqlPhoneCodes(self.world.engine)
        numbers = {TEST_NUMBER: "55555"}
        self.tally = Tally()
        self.codes = PhoneCodes(store, self.outbox, "key", numbers, self, tally=self.tally)

    def now_ms(self) -> int:
        return self.world.now

    async def send(self, phone: str = PHONE, purpose: Purpose = Purpose.SIGN_IN) -> SentCode:
        return await self.codes.send(phone, purpose, LIVES_MS)

    async def sent(self, phone: str = PHONE, purpose: Purpose = Purpose.SIGN_IN) -> str:
        """A code that was sent."""
        await self.send(phone, purpose)
        return self.outbox.sent[-1].code

    async def is_right(
        self, code: str, phone: str = PHONE, purpose: Purpose = Purpose.SIGN_IN
    ) -> bool:
        try:
            await self.codes.prove(phone, code, purpose)
        except NotSignedIn as error:
            return error.kind != "code"
        return True


def at_the_desk(story: Callable[[Desk], Awaitable[None]]) -> None:
    async def play(world: World) -> None:
        await story(Desk(world))

    uvloop.run(tell(play, in_memory))


def wrong(code: str) -> str:
    """As many digits, but not these."""
    return str((int(code) + 1) % 10_000).zfill(4)


def test_four_digits_go_to_the_number_in_one_short_message() -> None:
    async def story(desk: Desk) -> None:
        sent = await desk.send("8 (916) 666-00-02")
        assert sent == SentCode(PHONE, START + LIVES_MS, 4)
        (sms,) = desk.outbox.sent
        assert sms.phone == PHONE
        assert re.fullmatch(r"[0-9]{4}", sms.code)
        assert sms.code in sms.text
        assert len(sms.text) <= 70
        assert "\n" not in sms.text

    at_the_desk(story)


def test_the_code_is_right_once_in_every_spelling_of_its_number() -> None:
    async def story(desk: Desk) -> None:
        code = await desk.sent()
        assert not await desk.is_right(code, OTHER)
        assert await desk.is_right(code, "9166660002")
        assert not await desk.is_right(code)
        assert desk.tally.logins_failed == 2

    at_the_desk(story)


def test_of_two_who_show_it_at_once_one_is_right() -> None:
    async def story(desk: Desk) -> None:
        code = await desk.sent()
        outcomes = await asyncio.gather(*(desk.is_right(code) for _ in range(3)))
        assert outcomes.count(True) == 1

    at_the_desk(story)


def test_a_code_is_good_for_as_long_as_was_said() -> None:
    async def story(desk: Desk) -> None:
        code = await desk.sent()
        desk.world.now += LIVES_MS
        assert not await desk.is_right(code)
        desk.world.now -= 1
        assert await desk.is_right(code)

    at_the_desk(story)


def test_a_code_for_one_purpose_is_wrong_for_another() -> None:
    async def story(desk: Desk) -> None:
        register = await desk.sent(purpose=Purpose.REGISTER)
        assert not await desk.is_right(register)
        # And the other one does not end it.
        await desk.sent()
        assert await desk.is_right(register, purpose=Purpose.REGISTER)

    at_the_desk(story)


def test_a_new_code_kills_the_old_one() -> None:
    async def story(desk: Desk) -> None:
        old = new = await desk.sent()
        while old == new:
            desk.world.now += AT_ONCE_MS
            old, new = new, await desk.sent()
        assert not await desk.is_right(old)
        assert await desk.is_right(new)

    at_the_desk(story)


def test_after_five_wrong_tries_the_right_code_is_wrong_too() -> None:
    async def story(desk: Desk) -> None:
        code = await desk.sent()
        tries = [wrong(code)] * (MOST_ATTEMPTS - 1) + ["", "x" * 1_000, code]
        assert not any([await desk.is_right(each) for each in tries])
        assert await desk.is_right(await desk.sent())

    at_the_desk(story)


def test_wrong_tries_at_once_are_counted_each() -> None:
    async def story(desk: Desk) -> None:
        code = await desk.sent()
        tries = [wrong(code)] * MOST_ATTEMPTS + [code]
        assert not any(await asyncio.gather(*map(desk.is_right, tries)))

    at_the_desk(story)


def test_five_codes_a_minute_whatever_they_are_for() -> None:
    async def story(desk: Desk) -> None:
        for number in range(MOST_AT_ONCE):
            await desk.send(purpose=list(Purpose)[number % 2])
            desk.world.now += 1_000
        for purpose in Purpose:
            with pytest.raises(TooMuch) as refusal:
                await desk.send(purpose=purpose)
            assert refusal.value.what == "codes"
            assert refusal.value.retry_after_s == AT_ONCE_MS // 1_000 - MOST_AT_ONCE
        await desk.send(OTHER)
        desk.world.now += AT_ONCE_MS - MOST_AT_ONCE * 1_000
        await desk.send()
        with pytest.raises(TooMuch):
            await desk.send()

    at_the_desk(story)


def test_five_codes_are_five_also_for_many_at_once() -> None:
    async def story(desk: Desk) -> None:
        outcomes = await asyncio.gather(*(desk.send() for _ in range(12)), return_exceptions=True)
        assert sum(isinstance(each, SentCode) for each in outcomes) == MOST_AT_ONCE
        assert len(desk.outbox.sent) == MOST_AT_ONCE

    at_the_desk(story)


def test_thirty_codes_a_day() -> None:
    async def story(desk: Desk) -> None:
        for _ in range(MOST_A_DAY):
            await desk.send()
            desk.world.now += AT_ONCE_MS
            await desk.codes.forget_old()
        with pytest.raises(TooMuch):
            await desk.send()
        desk.world.now = START + DAY_MS
        await desk.send()

    at_the_desk(story)


def test_a_test_number_has_its_own_code_no_message_and_no_limit() -> None:
    async def story(desk: Desk) -> None:
        for _ in range(MOST_A_DAY + 1):
            assert (await desk.send(TEST_NUMBER)).length == 5
        assert desk.outbox.sent == []
        assert not await desk.is_right("5555", TEST_NUMBER)
        assert await desk.is_right("55555", TEST_NUMBER)
        assert not await desk.is_right("55555", TEST_NUMBER)
        desk.world.now += AT_ONCE_MS
        await desk.send(TEST_NUMBER)
        kept = await desk.world.engine.read(rows("SELECT id FROM phone_codes"))
        assert len(kept) == 1

    at_the_desk(story)


def test_a_code_that_could_not_be_sent_does_not_count() -> None:
    async def story(desk: Desk) -> None:
        desk.outbox.is_broken = True
        for _ in range(MOST_AT_ONCE + 1):
            with pytest.raises(Unavailable):
                await desk.send()
        desk.outbox.is_broken = False
        assert await desk.is_right(await desk.sent())

    at_the_desk(story)


def test_what_is_no_number_is_told_apart() -> None:
    async def story(desk: Desk) -> None:
        with pytest.raises(BadInput):
            await desk.send("+7000")
        with pytest.raises(BadInput):
            await desk.codes.prove("+7000", "1234", Purpose.SIGN_IN)
        assert desk.outbox.sent == []

    at_the_desk(story)


def test_codes_are_not_stored_as_they_are_and_go_after_a_day() -> None:
    async def story(desk: Desk) -> None:
        code = await desk.sent()
        ((hashed,),) = await desk.world.engine.read(rows("SELECT hash FROM phone_codes"))
        assert code not in hashed or len(hashed) == 64
        other = PhoneCodes(SqlPhoneCodes(desk.world.engine), desk.outbox, "another key", {}, desk)
        assert other.seal(PHONE, Purpose.SIGN_IN, code) != hashed
        assert desk.codes.seal(PHONE, Purpose.SIGN_IN, code) == hashed
        desk.world.now += DAY_MS
        await desk.codes.forget_old()
        assert await desk.world.engine.read(rows("SELECT id FROM phone_codes")) == []

    at_the_desk(story)
