"""Devices, their address books, tickets for other devices, and the settings of looks."""

import asyncio
from dataclasses import replace

import pytest

from tertulia.core.devices import (
    MOST_DEVICES,
    MOST_SECRETS,
    TICKET_MS,
    BookContact,
    Device,
    DeviceChange,
    Devices,
)
from tertulia.core.errors import Conflict, NotFound, NotSignedIn
from tertulia.core.events import SessionsEnded, SignedIn, UiSettingsChanged
from tertulia.core.ids import SessionId
from tertulia.core.model import Actor, Session
from tertulia.core.signin import ACCESS, Grant, hash_of
from tertulia.core.signin_model import Proven
from tertulia.store.devices import SqlDevices
from tertulia.store.ui_settings import SqlUiSettings
from tests.store.world import START, InStore, World

TADA = "tada"
IPAD = Device("ipad", "ios", "ойпад")


class WorldClock:
    """Shows the world's time."""

    def __init__(self, world: World) -> None:
        self._world = world

    def now_ms(self) -> int:
        return self._world.now


def devices_of(world: World) -> Devices:
    return Devices(SqlDevices(world.engine), WorldClock(world))


async def proven(world: World, login: str) -> Proven:
    found = await world.accounts.secret_of(login)
    assert found is not None
    return Proven(found[0], password_hash=found[1])


async def sign_in(
    world: World,
    login: str,
    device: Device | None,
    secret: str = "first",  # noqa: S107 - a test
) -> tuple[Session, Actor]:
    grant = Grant(secret, ACCESS, world.now + 10**9)
    session = await devices_of(world).sign_in(await proven(world, login), TADA, grant, device)
    return session, Actor(session.account_id, session.id)


async def is_alive(world: World, secret: str) -> bool:
    return await world.sessions.find(hash_of(secret), world.now) is not None


def test_signing_in_makes_the_device_once_and_tells_the_others(in_store: InStore) -> None:
    async def story(world: World) -> None:
        await world.person("anna")
        devices = devices_of(world)
        session, anna = await sign_in(world, "anna", IPAD, "one")
        await devices.change(anna, "ipad", DeviceChange(push_token="p", notifies=False))
        again, _ = await sign_in(world, "anna", replace(IPAD, kind="web", name="Mac"), "two")
        assert again.id == session.id
        assert await devices.listed(anna) == [
            Device("ipad", "web", "Mac", push_token="p", notifies=False)
        ]
        assert await is_alive(world, "one")
        assert await is_alive(world, "two")
        told = [SignedIn(anna.account_id, session.id, name) for name in ("ойпад", "Mac")]
        assert world.told(SignedIn) == told

    in_store(story)


def test_who_signs_in_without_a_device_has_a_session_of_its_own(in_store: InStore) -> None:
    async def story(world: World) -> None:
        await world.person("anna")
        first, anna = await sign_in(world, "anna", None, "one")
        second, _ = await sign_in(world, "anna", None, "two")
        assert first.id != second.id
        assert await devices_of(world).listed(anna) == []

    in_store(story)


def test_a_proof_that_does_not_hold_any_more_makes_no_device(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna = await world.person("anna")
        stale = replace(await proven(world, "anna"), password_hash="older")
        with pytest.raises(NotSignedIn):
            await devices_of(world).sign_in(stale, TADA, Grant("s", ACCESS, START + 1), IPAD)
        assert await devices_of(world).listed(anna) == []
        assert world.told(SignedIn) == []

    in_store(story)


def test_one_device_keeps_its_newest_secrets_only(in_store: InStore) -> None:
    async def story(world: World) -> None:
        await world.person("anna")
        for number in range(MOST_SECRETS + 2):
            world.now = START + number
            await sign_in(world, "anna", IPAD, f"s{number}")
        alive = [await is_alive(world, f"s{number}") for number in range(MOST_SECRETS + 2)]
        assert alive == [False, False] + [True] * MOST_SECRETS

    in_store(story)


def test_of_too_many_devices_the_oldest_goes_with_its_session(in_store: InStore) -> None:
    async def story(world: World) -> None:
        await world.person("anna")
        session, anna = await sign_in(world, "anna", IPAD, "old")
        for number in range(MOST_DEVICES):
            await devices_of(world).register(anna, Device(f"d{number}", "web"), TADA)
        refs = [each.ref for each in await devices_of(world).listed(anna)]
        assert refs == [f"d{number}" for number in range(MOST_DEVICES)]
        assert not await is_alive(world, "old")
        assert [each.session_ids for each in world.told(SessionsEnded)] == [(session.id,)]

    in_store(story)


def test_a_deleted_device_signs_its_session_out_and_no_other(in_store: InStore) -> None:
    async def story(world: World) -> None:
        await world.person("anna")
        boris = await world.person("boris")
        session, anna = await sign_in(world, "anna", IPAD, "ipad")
        await sign_in(world, "anna", Device("mac", "web"), "mac")
        devices = devices_of(world)
        with pytest.raises(NotFound):
            await devices.remove(boris, "ipad", TADA)
        await devices.remove(anna, "ipad", TADA)
        assert [each.ref for each in await devices.listed(anna)] == ["mac"]
        assert not await is_alive(world, "ipad")
        assert await is_alive(world, "mac")
        assert [each.session_ids for each in world.told(SessionsEnded)] == [(session.id,)]
        with pytest.raises(NotFound):
            await devices.remove(anna, "ipad", TADA)

    in_store(story)


def test_registering_overwrites_and_changing_does_not(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris = await world.people("anna", "boris")
        devices = devices_of(world)
        whole = Device("d", "android", "n", "p", "v", notifies=False, silent=True, badges=True)
        await devices.register(anna, whole, TADA)
        assert await devices.need(anna, "d") == whole
        changed = await devices.change(anna, "d", DeviceChange(name="", silent=False))
        assert changed == replace(whole, name="", silent=False)
        await devices.register(anna, Device("d", "web"), TADA)
        assert await devices.listed(anna) == [Device("d", "web")]
        for attempt in (devices.need(boris, "d"), devices.change(boris, "d", DeviceChange("ios"))):
            with pytest.raises(NotFound, match="device"):
                await attempt

    in_store(story)


def test_an_address_book_knows_proven_phones_only(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris = await world.people("anna", "boris")
        devices = devices_of(world)
        await devices.register(anna, IPAD, TADA)
        clara = await world.accounts.open_by_phone("+79160000003", world.now)
        book = [
            BookContact('{"n":1}', ("8 (916) 000-00-03", "nonsense")),
            BookContact('{"n":2}', ("+1 555 0100", "")),
            BookContact('{"n":3}', ()),
        ]
        await devices.keep_book(anna, "ipad", book)
        assert await devices.book(anna, "ipad") == [
            ('{"n":1}', clara),
            ('{"n":2}', None),
            ('{"n":3}', None),
        ]
        await devices.keep_book(anna, "ipad", book[1:2])
        assert await devices.book(anna, "ipad") == [('{"n":2}', None)]
        later = await world.accounts.open_by_phone("+15550100", world.now)
        assert await devices.book(anna, "ipad") == [('{"n":2}', later)]
        for attempt in (devices.book(boris, "ipad"), devices.keep_book(boris, "ipad", book)):
            with pytest.raises(NotFound, match="device"):
                await attempt

    in_store(story)


def test_a_ticket_is_good_once_and_soon(in_store: InStore) -> None:
    async def story(world: World) -> None:
        await world.person("anna")
        devices = devices_of(world)
        session, anna = await sign_in(world, "anna", IPAD)
        ticket = await devices.ticket(anna)
        assert len(ticket) == 16
        shown = await devices.by_ticket(ticket)
        assert (shown.account.id, shown.session_id) == (anna.account_id, session.id)
        late = await devices.ticket(anna)
        world.now += TICKET_MS
        for dead in (ticket, late, "never made"):
            with pytest.raises(NotSignedIn, match="ticket"):
                await devices.by_ticket(dead)

    in_store(story)


def test_of_many_who_show_one_ticket_at_once_one_is_let_in(in_store: InStore) -> None:
    async def story(world: World) -> None:
        await world.person("anna")
        devices = devices_of(world)
        _, anna = await sign_in(world, "anna", IPAD)
        ticket = await devices.ticket(anna)
        shown = [devices.by_ticket(ticket) for _ in range(10)]
        outcomes = await asyncio.gather(*shown, return_exceptions=True)
        assert [type(each) for each in outcomes].count(Proven) == 1

    in_store(story)


def test_a_device_is_let_in_by_the_hash_of_its_secret(in_store: InStore) -> None:
    async def story(world: World) -> None:
        await world.person("anna")
        await world.person("boris")
        devices = devices_of(world)
        session, anna = await sign_in(world, "anna", IPAD)
        _, boris = await sign_in(world, "boris", IPAD, "second")
        hashed = hash_of("its own secret")
        for wrong in ("its own secret", hashed):
            with pytest.raises(NotSignedIn, match="ticket"):
                await devices.by_ticket(wrong)
        agreed = [devices.admit(each, hashed) for each in (anna, boris)]
        outcomes = await asyncio.gather(*agreed, return_exceptions=True)
        assert [type(each) for each in outcomes] == [type(None), Conflict]
        with pytest.raises(NotSignedIn, match="ticket"):
            await devices.by_ticket(hashed)
        shown = await devices.by_ticket("its own secret")
        assert (shown.account.id, shown.session_id) == (anna.account_id, session.id)
        await devices.admit(anna, hashed)
        world.now += TICKET_MS
        with pytest.raises(NotSignedIn, match="ticket"):
            await devices.by_ticket("its own secret")

    in_store(story)


def test_a_ticket_dies_with_the_session_that_made_it(in_store: InStore) -> None:
    async def story(world: World) -> None:
        await world.person("anna")
        devices = devices_of(world)
        session, anna = await sign_in(world, "anna", IPAD)
        ticket = await devices.ticket(anna)
        await world.sessions.end([session.id], anna.account_id)
        with pytest.raises(NotSignedIn):
            await devices.by_ticket(ticket)
        with pytest.raises(NotSignedIn):
            await devices.ticket(anna)
        with pytest.raises(NotSignedIn):
            await devices.ticket(Actor(anna.account_id, SessionId(1)))

    in_store(story)


def test_settings_are_replaced_and_everybody_hears(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris = await world.people("anna", "boris")
        settings = SqlUiSettings(world.engine)
        assert await settings.of(anna) == "{}"
        await settings.replace(anna, '{"a":1}')
        await settings.replace(anna, '{"b":"\u043a"}')
        assert await settings.of(anna) == '{"b":"\u043a"}'
        assert await settings.of(boris) == "{}"
        assert world.told(UiSettingsChanged)[-1] == UiSettingsChanged(
            anna.account_id, '{"b":"\u043a"}'
        )

    in_store(story)


def test_a_deleted_account_leaves_no_devices_and_no_settings(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna = await world.person("anna")
        await devices_of(world).register(anna, IPAD, TADA)
        await SqlUiSettings(world.engine).replace(anna, '{"a":1}')
        await world.accounts.remove(anna, world.now)
        assert await devices_of(world).listed(anna) == []
        assert await SqlUiSettings(world.engine).of(anna) == "{}"
        with pytest.raises(NotFound):
            await devices_of(world).register(anna, IPAD, TADA)

    in_store(story)
