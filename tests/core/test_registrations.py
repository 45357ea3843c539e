"""Registering with a phone: what is there before the code is shown, and what after it."""

import asyncio

import pytest

from tertulia.core.errors import BadInput, Conflict, NotSignedIn, TooMuch
from tertulia.core.model import NewAccount
from tertulia.core.phone_codes import MOST_AT_ONCE, MOST_ATTEMPTS, Purpose
from tertulia.core.registrations import CODE_LIVES_MS, KEPT_MS, MOST_SECRETS, Applicant, Registered
from tertulia.core.signin import ACCESS, UNCONFIRMED, Grant
from tests.core.house import START, House, in_house

PHONE = "+79166660002"
OTHER = "+79166660003"
PASSWORD = "correct horse"
FAR = START + 400 * 24 * 3_600_000


async def register(
    house: House,
    login: str = "vesna",
    password: str = PASSWORD,
    phone: str = PHONE,
    token: str = "",
) -> Registered:
    return await house.core.registrations.register(
        Applicant(login, password, phone),
        dialect="astrak",
        device=token,
        grants=(Grant(token, ACCESS, FAR),) if token else (),
    )


async def is_confirmed(house: House, code: str, phone: str = PHONE) -> bool:
    try:
        await house.core.registrations.confirm(phone, code)
    except NotSignedIn as error:
        return error.kind != "code"
    return True


def wrong(code: str) -> str:
    return str((int(code) + 1) % 10_000).zfill(4)


def test_the_account_is_there_once_the_code_is_shown() -> None:
    async def story(house: House) -> None:
        boris = await house.person("boris")
        asked = await register(house, "Весна_1", phone="8 (916) 666-00-02")
        assert asked.code.phone == PHONE
        assert asked.code.valid_until == START + CODE_LIVES_MS
        assert await house.core.accounts.several([asked.account_id]) == []
        assert await house.core.accounts.search(boris, "весна", 10) == []
        code = house.last_code(PHONE)
        account = await house.core.registrations.confirm("9166660002", code)
        assert (account.id, account.login) == (asked.account_id, "Весна_1")
        assert (account.phone, account.phone_proven) == (PHONE, True)
        assert await house.core.accounts.need(account.id) == account
        assert await house.core.accounts.search(boris, "весна", 10) == [account]
        for name in ("ВЕСНА_1", PHONE, "89166660002"):
            assert (await house.core.signin.by_name(name, PASSWORD)).account == account
        assert (await house.core.signin.by_phone(PHONE)).account == account
        assert not await is_confirmed(house, code)

    in_house(story)


@pytest.mark.parametrize(
    ("login", "password", "phone", "field"),
    [
        ("", "", "", "login"),
        ("x" * 16, PASSWORD, PHONE, "login"),
        ("x" * 1_000_000, PASSWORD, PHONE, "login"),
        ("12345", PASSWORD, PHONE, "login"),
        ("a b", PASSWORD, PHONE, "login"),
        ("a+b", PASSWORD, PHONE, "login"),
        ("a\n", PASSWORD, PHONE, "login"),
        ("½", PASSWORD, PHONE, "login"),
        ("\ud800", PASSWORD, PHONE, "login"),
        ("anna", "1234567", "", "password"),
        ("anna", "e\u0301" * 7, PHONE, "password"),
        ("anna", "x" * 257, PHONE, "password"),
        ("anna", PASSWORD, "+7000", "phone"),
    ],
)
def test_what_makes_no_sense_is_refused_in_this_order(
    login: str, password: str, phone: str, field: str
) -> None:
    async def story(house: House) -> None:
        with pytest.raises(BadInput) as refusal:
            await register(house, login, password, phone)
        assert refusal.value.field == field
        assert not house.sms.exists()

    in_house(story)


@pytest.mark.parametrize("login", ["x" * 15, "e\u0301" * 15, "я", "a.b-c_1", "1a", "_"])
@pytest.mark.parametrize("password", ["x" * 8, "e\u0301" * 256])
def test_what_just_makes_sense_is_taken(login: str, password: str) -> None:
    async def story(house: House) -> None:
        await register(house, login, password)
        account = await house.core.registrations.confirm(PHONE, house.last_code(PHONE))
        assert (await house.core.signin.by_name(login, password)).account == account

    in_house(story)


def test_the_login_is_reserved_and_without_regard_to_case() -> None:
    async def story(house: House) -> None:
        await house.account("Anna")
        await register(house)
        for login in ("anna", "VESNA"):
            with pytest.raises(Conflict) as refusal:
                await register(house, login, "another password", OTHER)
            assert refusal.value.kind == "login"
        with pytest.raises(Conflict):
            await house.account("Vesna")

    in_house(story)


def test_again_with_another_phone_the_old_code_and_phone_are_dead() -> None:
    async def story(house: House) -> None:
        first = await register(house)
        old = house.last_code(PHONE)
        again = await register(house, "VESNA", phone=OTHER)
        assert again.account_id == first.account_id
        assert not await is_confirmed(house, old)
        assert not await is_confirmed(house, old, OTHER)
        account = await house.core.registrations.confirm(OTHER, house.last_code(OTHER))
        assert (account.id, account.login, account.phone) == (first.account_id, "vesna", OTHER)
        # The first number is anybody's.
        await register(house, "other")
        assert await is_confirmed(house, house.last_code(PHONE))

    in_house(story)


def test_again_with_the_same_phone_sends_a_fresh_code() -> None:
    async def story(house: House) -> None:
        first = await register(house)
        old = new = house.last_code(PHONE)
        while old == new:
            house.clock.move(60)
            assert (await register(house)).account_id == first.account_id
            old, new = new, house.last_code(PHONE)
        assert not await is_confirmed(house, old)
        assert await is_confirmed(house, new)

    in_house(story)


def test_asked_for_twice_at_once_it_is_one_registration() -> None:
    async def story(house: House) -> None:
        first, second = await asyncio.gather(register(house), register(house))
        assert first.account_id == second.account_id
        assert await is_confirmed(house, house.last_code(PHONE))

    in_house(story)


def test_asked_for_at_once_with_another_password_it_is_taken() -> None:
    async def story(house: House) -> None:
        both = register(house), register(house, password="battery staple", phone=OTHER)
        (refused,) = [
            each
            for each in await asyncio.gather(*both, return_exceptions=True)
            if isinstance(each, BaseException)
        ]
        assert isinstance(refused, Conflict)
        assert refused.kind == "login"

    in_house(story)


def test_once_confirmed_the_login_is_taken_also_for_its_owner() -> None:
    async def story(house: House) -> None:
        await register(house)
        await house.core.registrations.confirm(PHONE, house.last_code(PHONE))
        for phone in (PHONE, OTHER):
            with pytest.raises(Conflict) as refusal:
                await register(house, phone=phone)
            assert refusal.value.kind == "login"

    in_house(story)


def test_a_phone_that_opens_an_account_of_any_api_is_taken() -> None:
    async def story(house: House) -> None:
        await house.core.signin.by_phone(PHONE)
        with pytest.raises(Conflict) as refusal:
            await register(house, phone="8 916 666 00 02")
        assert refusal.value.kind == "phone"
        # Nothing was done by halves: the login is free.
        await house.account("vesna")
        # A claim is no obstacle.
        await house.core.accounts.register(NewAccount("claims", "p", phone=OTHER))
        await register(house, "clara", phone=OTHER)

    in_house(story)


def test_of_two_registrations_with_one_phone_the_first_confirmed_has_it() -> None:
    async def story(house: House) -> None:
        first = await register(house, "anna")
        code = house.last_code(PHONE)
        second = await register(house, "boris")
        other_code = house.last_code(PHONE)
        account = await house.core.registrations.confirm(PHONE, code)
        assert account.id in {first.account_id, second.account_id}
        if code != other_code:
            assert account.id == first.account_id
        assert not await is_confirmed(house, other_code)
        loser = "boris" if account.login == "anna" else "anna"
        with pytest.raises(Conflict) as refusal:
            await register(house, loser)
        assert refusal.value.kind == "phone"
        await register(house, loser, phone=OTHER)
        assert await is_confirmed(house, house.last_code(OTHER), OTHER)

    in_house(story)


def test_a_phone_that_is_proven_elsewhere_meanwhile_confirms_nothing() -> None:
    async def story(house: House) -> None:
        await register(house)
        code = house.last_code(PHONE)
        await house.core.signin.by_phone(PHONE)
        assert not await is_confirmed(house, code)

    in_house(story)


def test_a_code_to_sign_in_confirms_nothing_and_the_other_way_round() -> None:
    async def story(house: House) -> None:
        await register(house)
        register_code = house.last_code(PHONE)
        await house.core.phone_codes.send(PHONE, Purpose.SIGN_IN, 60_000)
        sign_in_code = house.last_code(PHONE)
        if register_code != sign_in_code:
            assert not await is_confirmed(house, sign_in_code)
            with pytest.raises(NotSignedIn):
                await house.core.phone_codes.prove(PHONE, register_code, Purpose.SIGN_IN)
        assert await is_confirmed(house, register_code)

    in_house(story)


def test_after_five_wrong_codes_the_right_one_is_wrong_too() -> None:
    async def story(house: House) -> None:
        await register(house)
        code = house.last_code(PHONE)
        for _ in range(MOST_ATTEMPTS):
            assert not await is_confirmed(house, wrong(code))
        assert not await is_confirmed(house, code)
        await register(house)
        assert await is_confirmed(house, house.last_code(PHONE))

    in_house(story)


def test_a_code_is_good_for_ten_minutes() -> None:
    async def story(house: House) -> None:
        await register(house)
        code = house.last_code(PHONE)
        house.clock.move(CODE_LIVES_MS / 1000)
        assert not await is_confirmed(house, code)
        house.clock.move(-0.001)
        assert await is_confirmed(house, code)

    in_house(story)


def test_too_many_codes_change_nothing() -> None:
    async def story(house: House) -> None:
        for number in range(MOST_AT_ONCE):
            await register(house, f"v{number}")
        with pytest.raises(TooMuch) as refusal:
            await register(house, "anna")
        assert refusal.value.what == "codes"
        await house.account("anna")
        # The phone of one that stands is not replaced either.
        await register(house, "boris", phone=OTHER)
        code = house.last_code(OTHER)
        with pytest.raises(TooMuch):
            await register(house, "boris")
        assert await is_confirmed(house, code, OTHER)

    in_house(story)


def test_nobody_signs_in_before_the_code_and_only_who_knows_the_password_hears_why() -> None:
    async def story(house: House) -> None:
        await register(house, token="t1")
        with pytest.raises(NotSignedIn) as right:
            await house.core.signin.by_name("VESNA", PASSWORD)
        assert right.value.kind == UNCONFIRMED
        with pytest.raises(NotSignedIn) as not_right:
            await house.core.signin.by_name("vesna", "wrong")
        assert not_right.value.kind == "password"
        with pytest.raises(NotSignedIn) as unaware:
            await house.core.signin.by_password("vesna", PASSWORD)
        assert unaware.value.kind == "password"
        with pytest.raises(NotSignedIn) as waiting:
            await house.core.signin.by_secret("t1", ACCESS, "astrak")
        assert waiting.value.kind == UNCONFIRMED
        with pytest.raises(NotSignedIn) as elsewhere:
            await house.core.signin.by_secret("t1", ACCESS, "sama")
        assert elsewhere.value.kind == "token"

    in_house(story)


def test_passwords_of_registrations_cannot_be_guessed_either() -> None:
    async def story(house: House) -> None:
        await register(house)
        for number in range(5):
            with pytest.raises(NotSignedIn):
                await house.core.signin.by_name("vesna", f"wrong {number}")
            with pytest.raises(Conflict):
                await register(house, password=f"wrong, {number}")
        with pytest.raises(TooMuch):
            await house.core.signin.by_name("vesna", PASSWORD)
        with pytest.raises(TooMuch):
            await register(house)

    in_house(story)


def test_every_token_of_the_registration_works_after_the_code() -> None:
    async def story(house: House) -> None:
        await register(house, token="t1")
        house.clock.move(1)
        asked = await register(house, token="t2")
        await house.core.registrations.confirm(PHONE, house.last_code(PHONE))
        sessions = [
            await house.core.signin.by_secret(token, ACCESS, "astrak") for token in ("t1", "t2")
        ]
        assert {each.account_id for each in sessions} == {asked.account_id}
        assert [each.device for each in sessions] == ["t1", "t2"]

    in_house(story)


def test_of_very_many_tokens_the_newest_work() -> None:
    async def story(house: House) -> None:
        phone = PHONE
        for number in range(MOST_SECRETS + 2):
            house.clock.move(60)
            # No phone gets so many codes a day.
            phone = f"+7916{number // 20:07}"
            await register(house, phone=phone, token=f"t{number}")
        await house.core.registrations.confirm(phone, house.last_code(phone))
        for number in range(2):
            with pytest.raises(NotSignedIn):
                await house.core.signin.by_secret(f"t{number}", ACCESS, "astrak")
        for number in (2, MOST_SECRETS + 1):
            await house.core.signin.by_secret(f"t{number}", ACCESS, "astrak")

    in_house(story)


def test_a_day_later_it_is_as_if_nobody_had_registered() -> None:
    async def story(house: House) -> None:
        await register(house, token="t1")
        house.clock.move(KEPT_MS / 1000)
        await house.core.registrations.forget_old()
        await house.core.phone_codes.forget_old()
        with pytest.raises(NotSignedIn) as gone:
            await house.core.signin.by_secret("t1", ACCESS, "astrak")
        assert gone.value.kind == "token"
        await register(house, password="another password")
        assert await is_confirmed(house, house.last_code(PHONE))

    in_house(story)


def test_a_day_later_the_login_is_free_also_before_anybody_tidied_up() -> None:
    async def story(house: House) -> None:
        asked = await register(house)
        house.clock.move(KEPT_MS / 1000)
        again = await register(house, password="another password")
        assert again.account_id != asked.account_id
        await house.core.registrations.confirm(PHONE, house.last_code(PHONE))
        await register(house, "anna", phone=OTHER)
        house.clock.move(KEPT_MS / 1000)
        await house.account("anna")

    in_house(story)
