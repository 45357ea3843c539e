"""Usernames: whose own fit, whose are made up, and nobody can take another's."""

import asyncio

import pytest

from tertulia.core.ids import AccountId, in_base_36
from tertulia.core.model import Account, NewAccount
from tertulia.dialects.astrak.names import is_name, number_in, username
from tests.astrak.bots import PASSWORD, Person, town


@pytest.mark.parametrize("name", ["a", "vesna", "Весна_1", "a.b-c_d", "x" * 15, "名前", "1a"])
def test_letters_and_digits_of_any_script_make_a_name(name: str) -> None:
    assert is_name(name)


@pytest.mark.parametrize("name", ["", "x" * 16, "12", "٣٤", "a b", "a@b", "a\n", "a/b", "💡"])
def test_what_is_no_name(name: str) -> None:
    assert not is_name(name)


@pytest.mark.parametrize("number", [1, 35, 36, 373754720911360, 2**53 - 1])
def test_a_made_up_name_leads_back_to_its_account(number: int) -> None:
    name = f"u{in_base_36(number)}"
    assert len(name) <= 12
    assert number_in(name) == number_in(name.upper()) == number
    assert username(Account(AccountId(number), "far too long for a name", 0, 0, 0)) == name


@pytest.mark.parametrize("name", ["u", "vesna", "u0", "u-1", "u1 ", "u" + "z" * 11, "uñ", "1"])
def test_what_is_no_made_up_name(name: str) -> None:
    assert number_in(name) is None


def test_who_has_a_long_login_is_called_otherwise_and_found_by_both() -> None:
    async def story() -> None:
        async with town() as here:
            (anna,) = await here.people("anna")
            long = "maximiliana.of.the.west"
            account = await here.server.core.accounts.register(NewAccount(long, PASSWORD))
            other = await here.signed_in(account.id, long)
            made_up = f"u{in_base_36(account.id)}"
            assert (await other.done("/users/check"))["username"] == made_up
            for name in (made_up, made_up.upper(), long):
                await anna.done("/messages/send", to=name, text=name)
            (dialog,) = (await anna.done("/messages/dialogs"))["response"]
            assert (dialog["id"], dialog["username"]) == (account.id, made_up)

    asyncio.run(story())


def test_nobody_can_take_the_made_up_name_of_another() -> None:
    async def story() -> None:
        async with town() as here:
            (anna,) = await here.people("anna")
            core = here.server.core
            account = await core.accounts.register(NewAccount("a login that is long", PASSWORD))
            made_up = f"u{in_base_36(account.id)}"
            fields = {"username": made_up, "password": PASSWORD, "phone": "+79990001122"}
            assert (await here.ask("/users/register", **fields)).code == -6
            fields["password"] = "short"
            assert (await here.ask("/users/register", **fields)).code == -4
            # Another API knows nothing of such names, so there somebody may have it for a login.
            thief = await core.accounts.register(NewAccount(made_up, PASSWORD))
            sent = await anna.done("/messages/send", to=made_up, text="for your eyes")
            assert sent["response"]["to_id"] == account.id != thief.id

    asyncio.run(story())


def test_who_is_gone_is_called_deleted_and_gets_no_more() -> None:
    async def story() -> None:
        async with town() as here:
            anna, boris, clara = await here.people("anna", "boris", "clara")
            await anna.say(boris, "hola")
            await here.server.core.accounts.remove(boris.actor)
            await here.server.core.accounts.remove(clara.actor)
            (dialog,) = (await anna.done("/messages/dialogs"))["response"]
            assert (dialog["id"], dialog["username"]) == (boris.id, "deleted")
            page = await anna.done("/messages/dialog", id=boris.id)
            assert [message["text"] for message in page["response"]] == ["hola"]
            for to in (boris.id, "boris", clara.id):
                assert (await anna.ask("/messages/send", to=to, text="?")).code == -11
            assert (await anna.ask("/messages/dialog", id=clara.id)).code == -11
            assert (await boris.ask("/users/check")).code == -2

    asyncio.run(story())


def test_nobody_can_be_called_as_those_who_are_gone_are() -> None:
    async def story() -> None:
        async with town() as here:
            anna, boris = await here.people("anna", "boris")
            await anna.say(boris, "hola")
            await here.server.core.accounts.remove(boris.actor)
            fields = {"username": "Deleted", "password": PASSWORD, "phone": "+79990001122"}
            assert (await here.ask("/users/register", **fields)).code == -6
            # Another API knows nothing of such names, so there somebody may have it for a login.
            core = here.server.core
            stranger = await core.accounts.register(NewAccount("deleted", PASSWORD))
            other = await here.signed_in(stranger.id, "deleted")
            assert (await anna.ask("/messages/send", to="deleted", text="are you?")).code == -11
            made_up = f"u{in_base_36(stranger.id)}"
            assert (await other.done("/users/check"))["username"] == made_up
            sent = await anna.done("/messages/send", to=made_up, text="hola")
            assert sent["response"]["to_id"] == stranger.id

    asyncio.run(story())


def test_a_bot_is_found_by_the_name_it_is_shown_under() -> None:
    async def story() -> None:
        async with town() as here:
            (anna,) = await here.people("anna")
            bot = here.server.core.teams.bots.notes
            await anna.say(bot, "milk")
            (dialog,) = (await anna.done("/messages/dialogs"))["response"]
            assert (dialog["id"], dialog["username"]) == (bot, f"u{in_base_36(bot)}")
            sent = await anna.done("/messages/send", to=dialog["username"], text="bread")
            assert sent["response"]["to_id"] == bot
            fields = {"password": PASSWORD, "phone": "+79990001122"}
            answer = await here.ask("/users/register", username=dialog["username"], **fields)
            assert answer.code == -6

    asyncio.run(story())


def test_a_block_stands_in_the_way_of_both() -> None:
    async def story() -> None:
        async with town() as here:
            anna, boris = await here.people("anna", "boris")
            await here.server.core.accounts.block(boris.actor, [anna.id])
            assert (await anna.ask("/messages/send", to="boris", text="?")).code == -13
            assert await _dialogs(anna) == await _dialogs(boris) == []

    asyncio.run(story())


async def _dialogs(person: Person) -> object:
    return (await person.done("/messages/dialogs"))["response"]
