import asyncio

import pytest
from argon2 import PasswordHasher

from tertulia.adapters.passwords import Argon2Passwords
from tertulia.core.errors import NotSignedIn, TooMuch
from tertulia.core.guessing import Guessing
from tertulia.core.model import Account, NewAccount, ProfileChange, Session
from tertulia.core.signin import ACCESS, GRACE_MS, REFRESH, Grant, SignIn
from tertulia.core.signin_model import Proven
from tertulia.store.accounts import SqlAccounts
from tertulia.store.registrations import SqlRegistrations
from tertulia.store.sessions import SqlSessions
from tertulia.store.work import run
from tertulia.web.limits import Attempts
from tests.core.house import START, House, in_house

DIALECT = "sama"
HOUR_S = 3_600


async def opened(house: House, account: Account, *secrets: Grant, device: str = "phone") -> Session:
    """A session of that account, which these secrets open."""
    return await house.core.signin.open(Proven(account), DIALECT, device, "seed", secrets)


def access(text: str, expires_in_s: float = HOUR_S) -> Grant:
    return Grant(text, ACCESS, START + round(expires_in_s * 1000))


def refresh(text: str) -> Grant:
    return Grant(text, REFRESH, START + 14 * 24 * HOUR_S * 1000)


async def is_dead(house: House, secret: str, kind: str = REFRESH) -> bool:
    try:
        await house.core.signin.by_secret(secret, kind, DIALECT)
    except NotSignedIn:
        return True
    return False


def test_login_and_password_lead_to_the_account() -> None:
    async def story(house: House) -> None:
        anna = await house.account("Anna")
        assert (await house.core.signin.by_password("aNNA", "secret")).account == anna

    in_house(story)


def test_an_unknown_login_and_a_wrong_password_are_refused_alike() -> None:
    async def story(house: House) -> None:
        await house.account("anna")
        with pytest.raises(NotSignedIn) as wrong:
            await house.core.signin.by_password("anna", "Secret")
        with pytest.raises(NotSignedIn) as unknown:
            await house.core.signin.by_password("nobody", "secret")
        assert str(wrong.value) == str(unknown.value)

    in_house(story)


def test_a_password_is_the_same_however_its_accents_were_typed() -> None:
    async def story(house: House) -> None:
        await house.core.accounts.register(NewAccount("anna", "cafe\u0301"))
        for typed in ("caf\u00e9", "cafe\u0301"):
            await house.core.signin.by_password("anna", typed)
        # As an earlier version stored it.
        raw = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("cafe\u0301")
        await house.server.engine.write(run("UPDATE accounts SET password_hash = ?", raw))
        await house.core.signin.by_password("anna", "cafe\u0301")
        with pytest.raises(NotSignedIn):
            await house.core.signin.by_password("anna", "cafe")

    in_house(story)


def test_ten_failures_lock_a_login_and_ten_minutes_open_it() -> None:
    async def story(house: House) -> None:
        await house.account("anna")
        now_s = [0.0]
        passwords = Argon2Passwords(memory_kib=8, rounds=1)
        engine = house.server.engine
        signin = SignIn(
            SqlAccounts(engine),
            SqlSessions(engine),
            SqlRegistrations(engine),
            Guessing(passwords, *(Attempts(10, 600, lambda: now_s[0]) for _ in range(2))),
            house.clock,
            spawn=lambda work: work.close(),
        )
        for _ in range(10):
            with pytest.raises(NotSignedIn):
                await signin.by_password("anna", "wrong")
        with pytest.raises(TooMuch) as locked:
            await signin.by_password("ANNA", "secret")
        assert locked.value.retry_after_s == 600
        now_s[0] = 600
        assert (await signin.by_password("anna", "secret")).account.login == "anna"
        passwords.close()

    in_house(story)


def test_the_right_password_forgives_earlier_failures() -> None:
    async def story(house: House) -> None:
        await house.account("anna")
        for _ in range(3):
            for _ in range(9):
                with pytest.raises(NotSignedIn):
                    await house.core.signin.by_password("anna", "wrong")
            await house.core.signin.by_password("anna", "secret")

    in_house(story)


def test_guessing_many_at_once_does_not_tell_which_guess_was_right() -> None:
    async def story(house: House) -> None:
        await house.account("anna")
        guesses = [*(f"wrong-{number}" for number in range(30)), "secret"]
        outcomes = await asyncio.gather(
            *(house.core.signin.by_password("anna", guess) for guess in guesses),
            return_exceptions=True,
        )
        assert isinstance(outcomes[-1], TooMuch)

    in_house(story)


def test_a_secret_opens_its_session_until_its_time_is_up() -> None:
    async def story(house: House) -> None:
        session = await opened(house, await house.account("anna"), access("a"))
        assert await house.core.signin.by_secret("a", ACCESS, DIALECT) == session
        house.clock.move(HOUR_S - 0.001)
        assert not await is_dead(house, "a", ACCESS)
        house.clock.move(0.001)
        assert await is_dead(house, "a", ACCESS)

    in_house(story)


def test_a_secret_is_good_for_its_own_kind_and_dialect_only() -> None:
    async def story(house: House) -> None:
        await opened(house, await house.account("anna"), access("a"), refresh("r"))
        assert await is_dead(house, "a", REFRESH)
        assert await is_dead(house, "r", ACCESS)
        with pytest.raises(NotSignedIn):
            await house.core.signin.by_secret("a", ACCESS, "tada")

    in_house(story)


def test_a_device_keeps_its_session_and_its_older_access_secret() -> None:
    async def story(house: House) -> None:
        anna = await house.account("anna")
        first = await opened(house, anna, access("a1"))
        assert await opened(house, anna, access("a2")) == first
        assert await opened(house, anna, access("b"), device="laptop") != first
        assert not await is_dead(house, "a1", ACCESS)

    in_house(story)


def test_a_replaced_refresh_secret_works_for_two_minutes() -> None:
    async def story(house: House) -> None:
        anna = await house.account("anna")
        await opened(house, anna, refresh("r1"))
        await opened(house, anna, refresh("r2"))
        house.clock.move(GRACE_MS / 1000)
        assert not await is_dead(house, "r1")
        assert not await is_dead(house, "r2")

    in_house(story)


def test_a_replaced_refresh_secret_used_later_ends_its_session() -> None:
    async def story(house: House) -> None:
        anna = await house.account("anna")
        await opened(house, anna, access("a"), refresh("r1"))
        await opened(house, anna, refresh("r2"))
        await opened(house, anna, refresh("other"), device="laptop")
        house.clock.move(GRACE_MS / 1000 + 0.001)
        assert await is_dead(house, "r1")
        assert await is_dead(house, "r2")
        assert await is_dead(house, "a", ACCESS)
        assert not await is_dead(house, "other")

    in_house(story)


def test_the_grace_counts_from_the_first_replacement() -> None:
    async def story(house: House) -> None:
        anna = await house.account("anna")
        await opened(house, anna, refresh("r1"))
        await opened(house, anna, refresh("r2"))
        house.clock.move(GRACE_MS / 1000)
        await opened(house, anna, refresh("r3"))
        house.clock.move(1)
        assert not await is_dead(house, "r2")
        assert await is_dead(house, "r1")

    in_house(story)


def test_signing_out_voids_all_secrets_of_the_device_and_tells_its_connections() -> None:
    async def story(house: House) -> None:
        anna = await house.account("anna")
        session = await opened(house, anna, access("a"), refresh("r"))
        other = await opened(house, anna, access("b"), device="laptop")
        actor = await house.person("boris")
        here = await house.listens(actor._replace(account_id=anna.id), session.id)
        there = await house.listens(actor._replace(account_id=anna.id), other.id)
        await house.core.signin.close(session)
        assert here.is_out
        assert not there.is_out
        assert await is_dead(house, "a", ACCESS)
        assert await is_dead(house, "r")
        assert not await is_dead(house, "b", ACCESS)

    in_house(story)


def test_a_new_password_ends_every_other_session() -> None:
    async def story(house: House) -> None:
        anna = await house.account("anna")
        mine = await opened(house, anna, access("a"))
        await opened(house, anna, access("b"), device="laptop")
        actor = (await house.person("boris"))._replace(account_id=anna.id, session_id=mine.id)
        change = ProfileChange(current_password="secret", new_password="better")
        await house.core.accounts.change(actor, change)
        assert not await is_dead(house, "a", ACCESS)
        assert await is_dead(house, "b", ACCESS)
        with pytest.raises(NotSignedIn):
            await house.core.signin.by_password("anna", "secret")
        assert (await house.core.signin.by_password("anna", "better")).account.id == anna.id

    in_house(story)


def test_a_sign_in_that_a_new_password_overtakes_opens_nothing() -> None:
    async def story(house: House) -> None:
        anna = await house.account("anna")
        mine = await opened(house, anna, access("a"))
        laptop = await opened(house, anna, access("b"), device="laptop")
        proven = await house.core.signin.by_password("anna", "secret")
        actor = (await house.person("boris"))._replace(account_id=anna.id, session_id=mine.id)
        change = ProfileChange(current_password="secret", new_password="better")
        await house.core.accounts.change(actor, change)
        with pytest.raises(NotSignedIn):
            await house.core.signin.open(proven, DIALECT, "tablet", "seed", (access("c"),))
        stale = Proven(anna, session_id=laptop.id)
        with pytest.raises(NotSignedIn):
            await house.core.signin.open(stale, DIALECT, "tablet", "seed", (access("c"),))

    in_house(story)


def test_a_new_password_needs_the_current_one() -> None:
    async def story(house: House) -> None:
        anna = await house.person("anna")
        for current in (None, "wrong"):
            change = ProfileChange(current_password=current, new_password="better")
            with pytest.raises(NotSignedIn):
                await house.core.accounts.change(anna, change)
        await house.core.signin.by_password("anna", "secret")

    in_house(story)


def test_a_deleted_account_has_no_way_in() -> None:
    async def story(house: House) -> None:
        anna = await house.account("anna")
        session = await opened(house, anna, access("a"), refresh("r"))
        actor = (await house.person("boris"))._replace(account_id=anna.id, session_id=session.id)
        await house.core.accounts.remove(actor)
        assert await is_dead(house, "a", ACCESS)
        assert await is_dead(house, "r")
        with pytest.raises(NotSignedIn):
            await house.core.signin.by_password("anna", "secret")
        assert (await house.account("anna")).id != anna.id

    in_house(story)


def test_very_many_unknown_names_do_not_make_us_forget_whom_somebody_guesses_at() -> None:
    async def story(house: House) -> None:
        await house.account("anna")
        passwords = Argon2Passwords(memory_kib=8, rounds=1)
        guessing = Guessing(
            passwords, *(Attempts(2, 600, lambda: 0.0, most_keys=3) for _ in range(2))
        )
        anna = (await house.core.signin.by_password("anna", "secret")).account.id
        for _ in range(2):
            with pytest.raises(NotSignedIn):
                await guessing.check(anna, None, "wrong")
        for number in range(9):
            with pytest.raises(NotSignedIn):
                await guessing.check_nobody(f"nobody {number}", "wrong")
        with pytest.raises(TooMuch):
            await guessing.check(anna, None, "wrong")
        passwords.close()

    in_house(story)
