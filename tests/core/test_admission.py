"""Who may sign up, by every way an account comes to be."""

from typing import Any

import pytest

from tertulia.adapters.passwords import Argon2Passwords
from tertulia.assembly.commands import commands
from tertulia.core.admission import CLOSED_DOOR, UNINVITED, Registration
from tertulia.core.errors import BadInput, NotAllowed
from tertulia.core.invites import DAY_MS, KEPT_MS, MOST_DAYS, MOST_USES
from tertulia.core.model import NewAccount
from tertulia.core.phone_codes import Purpose
from tertulia.core.registrations import Applicant
from tests.core.house import START, House, Story, in_house

PHONE = "+79166660002"
NEW = NewAccount("anna", "secret")


def with_door(story: Story, registration: str, **settings: Any) -> None:
    in_house(story, registration=Registration(registration), **settings)


async def comes_by_phone(house: House, invite: str = "") -> None:
    await house.core.phone_codes.send(PHONE, Purpose.SIGN_IN, 60_000)
    await house.core.phone_codes.prove(PHONE, house.last_code(PHONE), Purpose.SIGN_IN)
    await house.core.signin.by_phone(PHONE, invite=invite)


async def comes_by_registration(house: House, invite: str = "") -> None:
    core = house.core.registrations
    await core.register(Applicant("vesna", "correct horse", PHONE, invite))
    await core.confirm(PHONE, house.last_code(PHONE))


async def comes_by_name(house: House, invite: str = "") -> None:
    await house.core.accounts.register(NEW, invite=invite)


WAYS = [comes_by_name, comes_by_phone, comes_by_registration]


@pytest.mark.parametrize("comes", WAYS)
def test_nobody_passes_a_closed_door(comes: Any) -> None:
    async def story(house: House) -> None:
        _, token = await house.core.invites.create(uses=1, days=1)
        for invite in ("", token):
            with pytest.raises(NotAllowed, match=CLOSED_DOOR):
                await comes(house, invite)
        assert not await house.core.accounts.has_people()

    with_door(story, "closed")


@pytest.mark.parametrize("comes", WAYS)
def test_an_invite_opens_the_door(comes: Any) -> None:
    async def story(house: House) -> None:
        with pytest.raises(NotAllowed, match=UNINVITED):
            await comes(house)
        with pytest.raises(BadInput, match="invite"):
            await comes(house, "nonsense")
        _, token = await house.core.invites.create(uses=1, days=1)
        await comes(house, token)
        assert await house.core.accounts.has_people()
        assert [each.used for each in await house.core.invites.listed()] == [1]

    with_door(story, "invite")


@pytest.mark.parametrize("comes", WAYS)
def test_an_open_door_asks_nobody(comes: Any) -> None:
    async def story(house: House) -> None:
        _, token = await house.core.invites.create(uses=1, days=1)
        await comes(house, "nonsense")
        assert [each.used for each in await house.core.invites.listed()] == [0]
        await house.core.invites.check(token)

    with_door(story, "open")


def test_a_wrong_invite_is_known_before_a_code_is_used_up() -> None:
    async def story(house: House) -> None:
        await house.core.invites.check("")
        made, token = await house.core.invites.create(uses=1, days=1)
        await house.core.invites.check(token)
        with pytest.raises(BadInput):
            await house.core.invites.check("nonsense")
        house.clock.move(DAY_MS / 1000)
        with pytest.raises(BadInput):
            await house.core.invites.check(token)
        assert made.expires_at == START + DAY_MS

    with_door(story, "invite")


def test_an_invite_makes_sense_and_is_forgotten_long_after_its_end() -> None:
    async def story(house: House) -> None:
        invites = house.core.invites
        for uses, days in ((0, 1), (-1, 1), (MOST_USES + 1, 1), (1, 0), (1, MOST_DAYS + 1)):
            with pytest.raises(BadInput):
                await invites.create(uses=uses, days=days)
        made, token = await invites.create(uses=MOST_USES, days=1)
        other, another = await invites.create(uses=1, days=MOST_DAYS)
        assert token != another
        house.clock.move((DAY_MS + KEPT_MS) / 1000)
        await invites.forget_old()
        assert [each.id for each in await invites.listed()] == [other.id]
        assert not await invites.remove(made.id)
        assert await invites.remove(other.id)

    with_door(story, "invite")


def test_the_operator_lets_in_whom_he_likes() -> None:
    async def story(house: House) -> None:
        passwords = Argon2Passwords(memory_kib=8, rounds=1)
        try:
            create = commands(house.server.engine, passwords, house.clock)["user create"]
            await create({"login": "anna", "password": "secret"})
            await create({"login": "boris", "password": "", "phone": PHONE})
        finally:
            passwords.close()
        proven = await house.core.signin.by_password("anna", "secret")
        assert proven.account.login == "anna"
        await comes_by_phone(house)

    with_door(story, "closed")
