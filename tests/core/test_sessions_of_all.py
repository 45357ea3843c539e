"""Sessions across the APIs: one proves its account to another, all are listed, and what ends with what."""

import pytest

from tertulia.core.devices import Device
from tertulia.core.errors import NotAllowed, NotFound, NotSignedIn
from tertulia.core.ids import SessionId
from tertulia.core.model import Account, Actor, ProfileChange, Session
from tertulia.core.signin import ACCESS, REFRESH, Grant
from tertulia.store.administration import SqlAdministration
from tests.core.house import START, House, in_house

FAR = START + 400 * 24 * 3_600_000


async def in_sama(house: House, account: Account, device: str = "web") -> Session:
    proven = await house.core.signin.by_password(account.login, "secret")
    grants = (Grant(f"{device} access", ACCESS, FAR), Grant(f"{device} refresh", REFRESH, FAR))
    return await house.core.signin.open(proven, "sama", device, "", grants)


async def in_tada(house: House, secret: str, device: str = "web") -> Session:
    proven = await house.core.signin.by_session(secret, "sama")
    grant = Grant(f"{device} token", ACCESS, FAR)
    return await house.core.devices.sign_in(proven, "tada", grant, Device(device, "web", "Firefox"))


async def is_open(house: House, secret: str, dialect: str) -> bool:
    try:
        await house.core.signin.by_secret(secret, ACCESS, dialect)
    except NotSignedIn:
        return False
    return True


def actor(session: Session) -> Actor:
    return Actor(session.account_id, session.id)


def test_a_session_proves_whose_it_is_and_nothing_else_does() -> None:
    async def story(house: House) -> None:
        anna = await house.account("anna")
        await in_sama(house, anna)
        proven = await house.core.signin.by_session("web access", "sama")
        assert proven.account.id == anna.id
        for secret, dialect in (
            ("web access", "tada"), ("web refresh", "sama"), ("", "sama"), ("\ud800", "sama"),
        ):  # fmt: skip
            with pytest.raises(NotSignedIn):
                await house.core.signin.by_session(secret, dialect)

    in_house(story)


def test_the_second_session_lives_on_when_the_first_ends() -> None:
    async def story(house: House) -> None:
        anna = await house.account("anna")
        first = await in_sama(house, anna)
        await in_tada(house, "web access")
        await house.core.signin.close(first)
        assert not await is_open(house, "web access", "sama")
        assert await is_open(house, "web token", "tada")

    in_house(story)


def test_a_proof_is_void_when_its_session_has_ended_meanwhile() -> None:
    async def story(house: House) -> None:
        anna = await house.account("anna")
        first = await in_sama(house, anna)
        proven = await house.core.signin.by_session("web access", "sama")
        await house.core.signin.close(first)
        grant = Grant("late", ACCESS, FAR)
        with pytest.raises(NotSignedIn):
            await house.core.devices.sign_in(proven, "tada", grant, None)
        assert not await is_open(house, "late", "tada")

    in_house(story)


def test_a_change_of_password_ends_both_but_where_it_was_made() -> None:
    async def story(house: House) -> None:
        anna = await house.account("anna")
        await in_sama(house, anna)
        await in_tada(house, "web access")
        elsewhere = await in_sama(house, anna, "phone")
        change = ProfileChange(current_password="secret", new_password="another")
        await house.core.accounts.change(actor(elsewhere), change)
        assert not await is_open(house, "web access", "sama")
        assert not await is_open(house, "web token", "tada")
        assert await is_open(house, "phone access", "sama")

    in_house(story)


def test_a_block_and_a_farewell_end_both() -> None:
    async def story(house: House) -> None:
        anna, boris = await house.account("anna"), await house.account("boris")
        await in_sama(house, anna)
        proven = await house.core.signin.by_session("web access", "sama")
        await in_tada(house, "web access")
        await SqlAdministration(house.server.engine).block(anna.id, START)
        assert not await is_open(house, "web access", "sama")
        assert not await is_open(house, "web token", "tada")
        with pytest.raises(NotAllowed):
            await house.core.signin.open(proven, "sama", "web", "", ())
        session = await in_sama(house, boris, "phone")
        await in_tada(house, "phone access", "phone")
        await house.core.accounts.remove(actor(session))
        assert not await is_open(house, "phone access", "sama")
        assert not await is_open(house, "phone token", "tada")

    in_house(story)


def test_sessions_of_all_apis_are_listed_with_the_names_of_their_devices() -> None:
    async def story(house: House) -> None:
        anna = await house.account("anna")
        sama = await in_sama(house, anna)
        tada = await in_tada(house, "web access")
        other = await in_sama(house, anna, "phone")
        listed = await house.core.signin.sessions(actor(tada))
        assert [(each.session, each.name, each.kind) for each in listed] == [
            (other, "", ""), (tada, "Firefox", "web"), (sama, "Firefox", "web"),
        ]  # fmt: skip

    in_house(story)


def test_all_others_end_but_those_to_keep() -> None:
    async def story(house: House) -> None:
        anna, boris = await house.account("anna"), await house.account("boris")
        sama = await in_sama(house, anna)
        tada = await in_tada(house, "web access")
        phone = await in_sama(house, anna, "phone")
        his = await in_sama(house, boris, "his")
        ear = house.ear(actor(phone), phone.id)
        house.server.hub.add(ear)
        await house.core.signin.end_others(actor(tada), keep=[sama.id, his.id, SessionId(7)])
        await house.settle()
        assert ear.is_out
        left = await house.core.signin.sessions(actor(tada))
        assert [each.session for each in left] == [tada, sama]
        assert await is_open(house, "his access", "sama")
        with pytest.raises(NotFound):
            await house.core.signin.end(actor(tada), his.id)
        await house.core.signin.end(actor(tada), tada.id)
        assert not await is_open(house, "web token", "tada")

    in_house(story)
