"""Invites at rest, and who is let in by them."""

import asyncio

import pytest

from tertulia.core.admission import CLOSED_DOOR, UNINVITED, Admission, Registration, hash_of
from tertulia.core.errors import BadInput, Conflict, NotAllowed
from tertulia.core.invites import Invite
from tertulia.core.model import Account, NewAccount
from tertulia.core.phone_codes import NewCode, Purpose
from tertulia.core.registrations import NewRegistration
from tertulia.core.team_model import Invited
from tertulia.store.house_bots import house_bots
from tertulia.store.invites import SqlInvites
from tertulia.store.registrations import SqlRegistrations
from tests.store.team_world import TeamWorld
from tests.store.world import START, InStore, World

PHONE, OTHER = "+79166660002", "+79166660003"
FAR = START + 1_000_000

CLOSED = Admission(Registration.CLOSED)
UNKNOWN = Admission(Registration.INVITE)


def shown(token: str) -> Admission:
    return Registration.INVITE.admission(token)


async def signs_up(world: World, login: str, token: str) -> Account:
    new = NewAccount(login, "secret")
    return await world.accounts.add(new, "hash", world.now, shown(token))


def test_an_invite_is_good_so_often_and_so_long(in_store: InStore) -> None:
    async def story(world: World) -> None:
        invites = SqlInvites(world.engine)
        made = await invites.add(hash_of("a"), 2, FAR, START)
        assert made == Invite(made.id, 2, 0, START, FAR)
        await signs_up(world, "anna", "a")
        assert await invites.is_good(hash_of("a"), START)
        await signs_up(world, "boris", "a")
        assert not await invites.is_good(hash_of("a"), START)
        with pytest.raises(BadInput):
            await signs_up(world, "clara", "a")
        late = await invites.add(hash_of("b"), 2, FAR, START)
        world.now = FAR
        with pytest.raises(BadInput):
            await signs_up(world, "clara", "b")
        assert [each.used for each in await invites.listed()] == [0, 2]
        assert await invites.remove(made.id)
        assert not await invites.remove(made.id)
        assert await invites.listed() == [late]
        await invites.forget(FAR)
        assert await invites.listed() == []

    in_store(story)


def test_who_fails_has_used_up_nothing(in_store: InStore) -> None:
    async def story(world: World) -> None:
        invites = SqlInvites(world.engine)
        await invites.add(hash_of("a"), 1, FAR, START)
        await world.person("anna")
        with pytest.raises(Conflict):
            await signs_up(world, "ANNA", "a")
        assert (await signs_up(world, "boris", "a")).login == "boris"

    in_store(story)


def test_of_many_at_once_only_so_many_come_in(in_store: InStore) -> None:
    async def story(world: World) -> None:
        await SqlInvites(world.engine).add(hash_of("a"), 3, FAR, START)
        came = await asyncio.gather(
            *(signs_up(world, f"p{number}", "a") for number in range(8)), return_exceptions=True
        )
        assert sum(isinstance(each, Account) for each in came) == 3
        assert sum(isinstance(each, BadInput) for each in came) == 5

    in_store(story)


def test_a_phone_comes_by_an_invite_once_and_then_by_itself(in_store: InStore) -> None:
    async def story(world: World) -> None:
        await SqlInvites(world.engine).add(hash_of("a"), 1, FAR, START)
        for admission, refusal in ((CLOSED, CLOSED_DOOR), (UNKNOWN, UNINVITED)):
            with pytest.raises(NotAllowed, match=refusal):
                await world.accounts.open_by_phone(PHONE, START, admission)
        with pytest.raises(BadInput):
            await world.accounts.open_by_phone(PHONE, START, shown("b"))
        account = await world.accounts.open_by_phone(PHONE, START, shown("a"))
        for admission in (CLOSED, UNKNOWN, shown("a"), shown("b")):
            assert await world.accounts.open_by_phone(PHONE, START, admission) == account
        with pytest.raises(BadInput):
            await world.accounts.open_by_phone(OTHER, START, shown("a"))

    in_store(story)


def test_whom_a_team_waits_for_may_come_while_it_waits(in_store: InStore) -> None:
    async def story(world: World) -> None:
        await house_bots(world.engine, START)
        club = TeamWorld(world)
        anna = await world.person("anna")
        team = await club.found(anna, Invited(PHONE), Invited(OTHER))
        account = await world.accounts.open_by_phone(PHONE, START, CLOSED)
        assert account.phone == PHONE
        await club.teams.archive(anna, team, world.now)
        with pytest.raises(NotAllowed):
            await world.accounts.open_by_phone(OTHER, START, CLOSED)
        with pytest.raises(NotAllowed):
            await world.accounts.open_by_phone(OTHER, START, UNKNOWN)

    in_store(story)


def registration(login: str, admission: Admission, phone: str = PHONE) -> NewRegistration:
    return NewRegistration(login, "hash", phone, "astrak", "bot", (), admission=admission)


def code(hashed: str, phone: str = PHONE) -> NewCode:
    return NewCode(phone, Purpose.REGISTER, 0, "4821", hashed, START, FAR, is_counted=True)


def test_a_registration_counts_its_invite_when_it_is_confirmed(in_store: InStore) -> None:
    async def story(world: World) -> None:
        store, invites = SqlRegistrations(world.engine), SqlInvites(world.engine)
        await invites.add(hash_of("a"), 1, FAR, START)
        with pytest.raises(NotAllowed):
            await store.keep(registration("anna", UNKNOWN), code("h"), START)
        with pytest.raises(BadInput):
            await store.keep(registration("anna", shown("b")), code("h"), START)
        await store.keep(registration("anna", shown("a")), code("h"), START)
        await store.keep(registration("boris", shown("a"), OTHER), code("i", OTHER), START)
        assert [each.used for each in await invites.listed()] == [0]
        account = await store.confirm(PHONE, "h", START, Registration.INVITE)
        assert account is not None
        assert [each.used for each in await invites.listed()] == [1]
        with pytest.raises(BadInput):
            await store.confirm(OTHER, "i", START, Registration.INVITE)
        # The code was not used up by that.
        confirmed = await store.confirm(OTHER, "i", START)
        assert confirmed is not None
        assert confirmed.login == "boris"

    in_store(story)


def test_a_closed_door_stops_registrations_on_their_way(in_store: InStore) -> None:
    async def story(world: World) -> None:
        store = SqlRegistrations(world.engine)
        await store.keep(registration("anna", Admission()), code("h"), START)
        with pytest.raises(NotAllowed):
            await store.confirm(PHONE, "h", START, Registration.CLOSED)
        assert await store.confirm(PHONE, "wrong", START, Registration.CLOSED) is None

    in_store(story)


def test_there_is_nobody_until_somebody_is_there(in_store: InStore) -> None:
    async def story(world: World) -> None:
        await house_bots(world.engine, START)
        assert not await world.accounts.has_people()
        anna = await world.person("anna")
        assert await world.accounts.has_people()
        await TeamWorld(world).found(anna, Invited(PHONE))
        await world.accounts.remove(anna, START)
        assert not await world.accounts.has_people()

    in_store(story)
