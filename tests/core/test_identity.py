"""Which names open an account: logins, phones and addresses that were proven, and nothing else."""

import asyncio

import pytest

from tertulia.core.codes import LIVES_MS
from tertulia.core.errors import BadInput, Conflict, NotAllowed, NotFound, NotSignedIn, TooMuch
from tertulia.core.ids import in_base_36
from tertulia.core.model import Account, Actor, NewAccount, ProfileChange, Session
from tertulia.core.phone_codes import Purpose
from tertulia.core.signin import ACCESS, BLOCKED_ACCOUNT, USED_EVERY_MS, Grant
from tertulia.core.signin_model import Proven
from tertulia.store.codes import SqlCodes
from tertulia.store.work import run
from tests.core.house import START, House, in_house

PHONE = "+79166660002"
SPELLING = "8 (916) 666-00-02"
OTHER_PHONE = "+375291234567"
MAIL = "anna@example.org"
FAR = START + 400 * 24 * 3_600_000


async def by_sms(house: House, phone: str = PHONE) -> Proven:
    """A sign-in with a code."""
    house.clock.move(61)
    sent = await house.core.phone_codes.send(phone, Purpose.SIGN_IN, 60_000)
    await house.core.phone_codes.prove(phone, house.last_code(sent.phone), Purpose.SIGN_IN)
    return await house.core.signin.by_phone(phone)


async def now(house: House, account: Account) -> Account:
    return await house.core.accounts.need(account.id)


def acting(account: Account, session: Session | None = None) -> Actor:
    return Actor(account.id, session.id if session else account.id)  # type: ignore[arg-type]  # any number


async def with_password(house: House, account: Account, password: str) -> None:
    """Phone-only accounts get theirs by a reset over mail; here it is just set."""
    hashed = (await house.core.signin.by_password("donor", "secret")).password_hash
    assert password == "secret"
    sql = "UPDATE accounts SET password_hash = ? WHERE id = ?"
    await house.server.engine.write(run(sql, hashed, account.id))


async def opened(
    house: House, proven: Proven, dialect: str, device: str, *, keep_newest: int | None = None
) -> tuple[Session, str]:
    """A session and its secret."""
    secret = f"{dialect}/{device}/{proven.account.id}"
    session = await house.core.signin.open(
        proven, dialect, device, "", (Grant(secret, ACCESS, FAR),), keep_newest=keep_newest
    )
    return session, secret


def test_whoever_proves_a_number_has_one_account_ever_after() -> None:
    async def story(house: House) -> None:
        first = await by_sms(house)
        assert first.account.phone == PHONE
        assert first.account.phone_proven
        assert first.account.login == f"u{in_base_36(first.account.id)}"
        assert (await by_sms(house, SPELLING)).account == first.account
        assert (await by_sms(house, OTHER_PHONE)).account.id != first.account.id
        await opened(house, first, "tada", "d")

    in_house(story)


def test_two_who_prove_one_number_at_once_have_one_account() -> None:
    async def story(house: House) -> None:
        both = await asyncio.gather(*(house.core.signin.by_phone(PHONE) for _ in range(4)))
        assert len({each.account.id for each in both}) == 1

    in_house(story)


def test_a_generated_login_avoids_one_that_was_chosen() -> None:
    async def story(house: House) -> None:
        first = (await house.account("donor")).id
        # The clock stands, so that numbers follow each other.
        for number in range(3):
            await house.account(f"U{in_base_36(first + 4 + number)}")
        account = (await house.core.signin.by_phone(PHONE)).account
        assert account.id == first + 7
        assert account.login == f"u{in_base_36(account.id)}"

    in_house(story)


def test_a_claim_opens_nothing_and_gives_way_to_the_proof() -> None:
    async def story(house: House) -> None:
        claims = ["+79166660002", "8 9166660002", "9166660002"]
        claimants = [
            await house.core.accounts.register(NewAccount(f"c{place}", "secret", phone=claim))
            for place, claim in enumerate(claims)
        ]
        bystander = await house.core.accounts.register(
            NewAccount("bystander", "secret", phone="89166660003")
        )
        for name in (*claims, PHONE):
            with pytest.raises(NotSignedIn):
                await house.core.signin.by_name(name, "secret")
        owner = (await by_sms(house)).account
        assert owner.id not in {each.id for each in claimants}
        for each in claimants:
            after = await now(house, each)
            assert (after.phone, after.phone_proven) == ("", False)
            assert after.updated_at > each.updated_at
        assert await now(house, bystander) == bystander

    in_house(story)


def test_a_proven_number_is_claimed_by_nobody_else_in_any_spelling() -> None:
    async def story(house: House) -> None:
        owner = (await by_sms(house)).account
        boris = await house.person("boris")
        for claim in (PHONE, SPELLING, "9166660002", "00 7 9166660002"):
            with pytest.raises(Conflict) as refusal:
                await house.core.accounts.register(NewAccount("clara", "secret", phone=claim))
            assert refusal.value.kind == "phone"
            with pytest.raises(Conflict):
                await house.core.accounts.change(boris, ProfileChange(phone=claim))
        await house.core.accounts.change(acting(owner), ProfileChange(phone=""))
        assert (await house.core.accounts.change(boris, ProfileChange(phone=PHONE))).phone == PHONE
        assert (await by_sms(house)).account.id not in {owner.id, boris.account_id}

    in_house(story)


def test_a_changed_phone_or_address_is_not_proven_any_more() -> None:
    async def story(house: House) -> None:
        owner = (await by_sms(house)).account
        change = house.core.accounts.change
        same = await change(acting(owner), ProfileChange(phone=SPELLING, first_name="Anna"))
        assert (same.phone, same.phone_proven, same.first_name) == (PHONE, True, "Anna")
        other = await change(acting(owner), ProfileChange(phone="+79166660009"))
        assert (other.phone, other.phone_proven) == ("+79166660009", False)
        assert (await by_sms(house, "+79166660009")).account.id != owner.id

    in_house(story)


def test_the_password_goes_with_login_phone_and_address() -> None:
    async def story(house: House) -> None:
        await house.account("donor")
        owner = (await by_sms(house)).account
        with pytest.raises(NotSignedIn):
            await house.core.signin.by_name(PHONE, "secret")
        await with_password(house, owner, "secret")
        await house.core.accounts.change(acting(owner), ProfileChange(login="Anna", email=MAIL))
        for name in ("anna", "ANNA", PHONE, SPELLING, "9166660002"):
            assert (await house.core.signin.by_name(name, "secret")).account.id == owner.id
        with pytest.raises(NotSignedIn):
            await house.core.signin.by_name(MAIL, "secret")
        # The other way in knows logins only.
        with pytest.raises(NotSignedIn):
            await house.core.signin.by_password(PHONE, "secret")

    in_house(story)


def test_a_reset_by_mail_proves_the_address_and_a_change_of_it_does_not() -> None:
    async def story(house: House) -> None:
        anna = await house.core.accounts.register(NewAccount("anna", "secret", email=MAIL))
        codes = SqlCodes(house.server.engine)
        number = await codes.keep(anna.id, "d", "hash", START)
        live = await codes.attempt(anna.id, "d", START + LIVES_MS - 1)
        assert live is not None
        assert live.id == number
        hashed = (await house.core.signin.by_password("anna", "secret")).password_hash
        assert hashed is not None
        # A code that went to one address proves no other.
        changed = await house.core.accounts.change(acting(anna), ProfileChange(email="b@b"))
        assert not changed.email_proven
        assert not await codes.redeem(live, anna.id, hashed)
        await codes.keep(anna.id, "d", "hash", START)
        live = await codes.attempt(anna.id, "d", START)
        assert live is not None
        assert await codes.redeem(live, anna.id, hashed)
        assert (await now(house, anna)).email_proven
        assert (await house.core.signin.by_name("B@B", "secret")).account.id == anna.id
        await house.core.accounts.change(acting(anna), ProfileChange(first_name="A"))
        assert (await now(house, anna)).email_proven
        await house.core.accounts.change(acting(anna), ProfileChange(email="B@b"))
        assert not (await now(house, anna)).email_proven

    in_house(story)


def test_who_calls_himself_by_anothers_number_changes_nothing_for_him() -> None:
    async def story(house: House) -> None:
        donor = await house.account("donor")
        impostor = await house.core.accounts.register(NewAccount(PHONE, "other-password"))
        owner = (await by_sms(house)).account
        await with_password(house, owner, "secret")
        by_name = house.core.signin.by_name
        assert (await by_name(PHONE, "secret")).account.id == owner.id
        assert (await by_name(PHONE, "other-password")).account.id == impostor.id
        with pytest.raises(NotSignedIn):
            await by_name(PHONE, "neither")
        assert (await by_name("donor", "secret")).account.id == donor.id

    in_house(story)


def test_failures_are_counted_by_account_whatever_it_was_called() -> None:
    async def story(house: House) -> None:
        await house.account("donor")
        owner = (await by_sms(house)).account
        await with_password(house, owner, "secret")
        await house.core.accounts.change(acting(owner), ProfileChange(login="anna"))
        for name in ["anna", "ANNA", PHONE, SPELLING, "9166660002"] * 2:
            with pytest.raises(NotSignedIn):
                await house.core.signin.by_name(name, "wrong")
        for name in ("anna", PHONE):
            with pytest.raises(TooMuch):
                await house.core.signin.by_name(name, "secret")
        with pytest.raises(TooMuch):
            await house.core.signin.by_password("anna", "secret")
        assert (await house.core.signin.by_name("donor", "secret")).account.login == "donor"

    in_house(story)


def test_unknown_names_end_too_and_a_monstrous_one_does_no_harm() -> None:
    async def story(house: House) -> None:
        for name in ("nobody", "x" * 1_000_000, "\ud800", "\0", ""):
            for _ in range(10):
                with pytest.raises(NotSignedIn):
                    await house.core.signin.by_name(name, "secret")
            with pytest.raises(TooMuch):
                await house.core.signin.by_name(name, "secret")

    in_house(story)


def test_a_sign_in_by_phone_that_another_phone_overtakes_opens_nothing() -> None:
    async def story(house: House) -> None:
        proven = await by_sms(house)
        await house.core.accounts.change(acting(proven.account), ProfileChange(phone=""))
        with pytest.raises(NotSignedIn):
            await opened(house, proven, "tada", "d")

    in_house(story)


def test_nobody_signs_in_to_a_blocked_account() -> None:
    async def story(house: House) -> None:
        await house.account("donor")
        proven = await by_sms(house)
        await with_password(house, proven.account, "secret")
        sql = "UPDATE accounts SET blocked_at = 1 WHERE id = ?"
        await house.server.engine.write(run(sql, proven.account.id))
        ways = (
            house.core.signin.by_phone(PHONE),
            house.core.signin.by_name(PHONE, "secret"),
            house.core.signin.by_password(proven.account.login, "secret"),
            opened(house, proven, "tada", "d"),
        )
        for way in ways:
            with pytest.raises(NotAllowed) as refusal:
                await way
            assert refusal.value.what == BLOCKED_ACCOUNT
        with pytest.raises(NotSignedIn):
            await house.core.signin.by_name(PHONE, "wrong")

    in_house(story)


def test_what_is_no_number_is_nobodys() -> None:
    async def story(house: House) -> None:
        with pytest.raises(BadInput):
            await house.core.signin.by_phone("+7000")

    in_house(story)


def test_a_deleted_account_leaves_its_number_free() -> None:
    async def story(house: House) -> None:
        owner = (await by_sms(house)).account
        await house.core.accounts.remove(acting(owner))
        again = (await by_sms(house)).account
        assert again.id != owner.id

    in_house(story)


def test_one_sees_and_ends_ones_sessions_of_every_api_and_nobody_elses() -> None:
    async def story(house: House) -> None:
        anna, boris = await house.people("anna", "boris")
        mine = Proven(await house.core.accounts.need(anna.account_id))
        his = Proven(await house.core.accounts.need(boris.account_id))
        first, _ = await opened(house, mine, "sama", "phone")
        house.clock.move(5)
        second, secret = await opened(house, mine, "astrak", "bot")
        foreign, _ = await opened(house, his, "tada", "web")
        await house.core.signin.open(
            mine, "tada", "dead", "", (Grant("dead", ACCESS, START + 5_001),)
        )
        house.clock.move(1)
        listed = await house.core.signin.sessions(anna)
        assert [each.session for each in listed] == [second, first]
        assert [each.created_at for each in listed] == [START + 5_000, START]
        ear = await house.listens(anna, second.id)
        await house.core.signin.end(anna, second.id)
        assert ear.is_out
        with pytest.raises(NotSignedIn):
            await house.core.signin.by_secret(secret, ACCESS, "astrak")
        for gone in (second.id, foreign.id):
            with pytest.raises(NotFound):
                await house.core.signin.end(anna, gone)
        third, _ = await opened(house, mine, "unet", "browser")
        await house.core.signin.end_others(acting(mine.account, third))
        assert [each.session for each in await house.core.signin.sessions(anna)] == [third]
        assert len(await house.core.signin.sessions(boris)) == 1

    in_house(story)


def test_when_a_session_was_used_is_kept_to_the_hour() -> None:
    async def story(house: House) -> None:
        anna = await house.person("anna")
        mine = Proven(await house.core.accounts.need(anna.account_id))
        _, secret = await opened(house, mine, "astrak", "bot")

        async def used_at() -> int:
            ((each),) = await house.core.signin.sessions(anna)
            return each.used_at

        async def use() -> None:
            await house.core.signin.by_secret(secret, ACCESS, "astrak", idle_ms=10 * USED_EVERY_MS)
            await house.settle()

        commits = house.server.tally.commits
        house.clock.move(USED_EVERY_MS / 1000 - 1)
        await use()
        assert (await used_at(), house.server.tally.commits) == (START, commits)
        house.clock.move(1)
        await asyncio.gather(use(), use(), use())
        assert await used_at() == START + USED_EVERY_MS
        assert house.server.tally.commits == commits + 1
        house.clock.move(10 * USED_EVERY_MS / 1000)
        await use()
        house.clock.move(10 * USED_EVERY_MS / 1000 + 1)
        with pytest.raises(NotSignedIn):
            await use()
        assert await house.core.signin.sessions(anna) == []

    in_house(story)


def test_the_oldest_sessions_of_a_dialect_end_where_it_asks_for_that() -> None:
    async def story(house: House) -> None:
        anna = await house.person("anna")
        mine = Proven(await house.core.accounts.need(anna.account_id))
        other, _ = await opened(house, mine, "sama", "phone")
        made = [
            (await opened(house, mine, "astrak", f"d{number}", keep_newest=3))[0]
            for number in range(5)
        ]
        left = [each.session for each in await house.core.signin.sessions(anna)]
        assert left == [*reversed(made[2:]), other]

    in_house(story)
