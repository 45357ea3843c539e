"""Encryption keys, encrypted chats, and the end of encrypted messages."""

import asyncio
from collections import Counter

import pytest

from tertulia.core.errors import NotSignedIn
from tertulia.core.ids import SessionId
from tertulia.core.keys import DeviceKeys, KeyBundle, OwnDevice
from tertulia.core.message_model import Draft
from tertulia.core.model import Actor, NewGroup
from tertulia.core.signin_model import Opening
from tertulia.store.keys import SqlKeys
from tests.store.world import START, InStore, World

LONG_AGO = START - 1_000


async def on_device(world: World, actor: Actor, device: str) -> Actor:
    """The same person, signed in on a device."""
    session = await world.sessions.open(
        Opening(actor.account_id, "sama", device, "", ()), world.now
    )
    return Actor(actor.account_id, session.id)


def keys(name: str, *one_time: str) -> DeviceKeys:
    """Keys that bear a name."""
    return DeviceKeys(f"{name} identity", f"{name} signed", one_time)


def bundle(name: str, one_time: str | None) -> KeyBundle:
    """What somebody gets of them."""
    return KeyBundle(f"{name} identity", f"{name} signed", one_time)


def test_a_device_registers_and_registers_again_and_everything_is_replaced(
    in_store: InStore,
) -> None:
    async def story(world: World) -> None:
        anna = await world.person("anna")
        phone = await on_device(world, anna, "phone")
        laptop = await on_device(world, anna, "laptop")
        directory = SqlKeys(world.engine)
        await directory.register(phone, keys("old", "o1", "o2"), START)
        await directory.register(laptop, keys("laptop"), START)
        await directory.register(phone, keys("new", "n1"), START)
        assert await directory.devices(anna.account_id, LONG_AGO) == [
            OwnDevice("phone", "new identity", "new signed"),
            OwnDevice("laptop", "laptop identity", "laptop signed"),
        ]
        taken = await directory.take([anna.account_id], LONG_AGO)
        assert taken == {anna.account_id: [bundle("new", "n1"), bundle("laptop", None)]}

    in_store(story)


def test_one_time_keys_go_in_their_order_and_run_out(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris, clara = await world.people("anna", "boris", "clara")
        directory = SqlKeys(world.engine)
        await directory.register(await on_device(world, anna, "a"), keys("a", "z", "y"), START)
        await directory.register(await on_device(world, boris, "b"), keys("b", "x"), START)
        both = [clara.account_id, boris.account_id, anna.account_id]
        given = [await directory.take(both, LONG_AGO) for _ in range(3)]
        assert [each[anna.account_id][0].one_time for each in given] == ["z", "y", None]
        assert [each[boris.account_id][0].one_time for each in given] == ["x", None, None]
        assert all(clara.account_id not in each for each in given)
        assert await directory.take([], LONG_AGO) == {}

    in_store(story)


def test_no_two_people_get_the_same_one_time_key(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna = await world.person("anna")
        directory = SqlKeys(world.engine)
        names = [str(number) for number in range(50)]
        expected: dict[str | None, int] = {None: 30, **dict.fromkeys(names, 1)}
        await directory.register(await on_device(world, anna, "a"), keys("a", *names), START)
        taken = await asyncio.gather(
            *(directory.take([anna.account_id], LONG_AGO) for _ in range(80))
        )
        counted = Counter(each[anna.account_id][0].one_time for each in taken)
        assert counted == expected

    in_store(story)


def test_keys_go_with_their_session_and_never_come_back(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna = await world.person("anna")
        phone = await on_device(world, anna, "phone")
        directory = SqlKeys(world.engine)
        await directory.register(phone, keys("a", "1"), START)
        # Signing in again on the same device goes on with the same session.
        assert (await on_device(world, anna, "phone")).session_id == phone.session_id
        assert len(await directory.devices(anna.account_id, LONG_AGO)) == 1
        await world.sessions.end([phone.session_id], anna.account_id)
        await on_device(world, anna, "phone")
        assert await directory.devices(anna.account_id, LONG_AGO) == []
        assert await directory.take([anna.account_id], LONG_AGO) == {}
        with pytest.raises(NotSignedIn):
            await directory.register(phone, keys("late"), START)

    in_store(story)


def test_nobody_registers_in_another_ones_session(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris = await world.people("anna", "boris")
        phone = await on_device(world, anna, "phone")
        directory = SqlKeys(world.engine)
        with pytest.raises(NotSignedIn):
            await directory.register(Actor(boris.account_id, phone.session_id), keys("b"), START)
        with pytest.raises(NotSignedIn):
            await directory.register(Actor(anna.account_id, SessionId(7)), keys("b"), START)

    in_store(story)


def test_only_ones_own_device_can_be_dropped(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris = await world.people("anna", "boris")
        directory = SqlKeys(world.engine)
        await directory.register(await on_device(world, anna, "phone"), keys("a", "1"), START)
        assert not await directory.remove(boris.account_id, "phone")
        assert not await directory.remove(anna.account_id, "laptop")
        assert await directory.remove(anna.account_id, "phone")
        assert not await directory.remove(anna.account_id, "phone")
        assert await directory.take([anna.account_id], LONG_AGO) == {}

    in_store(story)


def test_keys_of_the_past_are_not_handed_out_and_then_forgotten(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna = await world.person("anna")
        directory = SqlKeys(world.engine)
        phone = await on_device(world, anna, "phone")
        await directory.register(phone, keys("a", "1", "2"), START)
        assert await directory.take([anna.account_id], START) == {}
        assert await directory.devices(anna.account_id, START) == []
        await directory.forget(START, START, 0, 10)
        assert len(await directory.take([anna.account_id], START - 1)) == 1
        await directory.forget(START, START + 1, 0, 10)
        assert await directory.take([anna.account_id], START - 1) == {}
        await directory.register(phone, keys("b", "3"), START + 9)
        taken = await directory.take([anna.account_id], START)
        assert taken == {anna.account_id: [bundle("b", "3")]}

    in_store(story)


def test_two_people_have_an_encrypted_chat_beside_their_plain_one(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris = await world.people("anna", "boris")
        plain = await world.direct(anna, boris)
        card = NewGroup("", (), encrypted=True)
        vault = await world.chats.open_direct(anna, boris.account_id, card, START)
        assert (plain.encrypted, vault.encrypted) == (False, True)
        assert vault.id != plain.id
        again = await world.chats.open_direct(boris, anna.account_id, card, START)
        assert again == vault
        entry = await world.entry(boris, vault.id)
        assert entry is not None
        assert entry.chat.encrypted

    in_store(story)


def test_a_message_says_how_it_is_encrypted(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris = await world.people("anna", "boris")
        chat = await world.direct(anna, boris)
        ciphers = (0, 1, None)
        for cipher in ciphers:
            sent = await world.messages.append(
                anna, Draft(chat.id, "t", "ref", cipher=cipher), START
            )
            assert sent.is_new
            assert sent.message.cipher == cipher
        listed = await world.history(boris, chat.id)
        assert [each.message.cipher for each in listed] == list(ciphers)
        again = await world.messages.append(anna, Draft(chat.id, "t", "ref", cipher=1), START)
        assert (again.is_new, again.message.id) == (False, listed[1].message.id)

    in_store(story)


def test_old_encrypted_messages_go_silently_and_the_counts_stay_right(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris = await world.people("anna", "boris")
        chat = await world.direct(anna, boris)
        for text, cipher in (("plain", None), ("c1", 0), ("c2", 1), ("c3", 1)):
            await world.messages.append(anna, Draft(chat.id, text, cipher=cipher), START)
        world.heard.clear()
        directory = SqlKeys(world.engine)
        # Dates are START to START + 3; the newest is still young enough.
        assert await directory.forget(START + 9, 0, START + 3, 1) == 1
        assert await world.texts(boris, chat.id) == ["plain", "c2", "c3"]
        assert await directory.forget(START + 9, 0, START + 3, 10) == 1
        assert await directory.forget(START + 9, 0, START + 3, 10) == 0
        assert await world.texts(boris, chat.id) == ["plain", "c3"]
        assert await world.unread(boris, chat.id) == 2
        assert world.heard == []

    in_store(story)
