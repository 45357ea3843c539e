"""Accounts, sessions, blocks, reactions."""

import asyncio

import pytest

from tertulia.core.errors import Conflict, NotFound, TooMuch
from tertulia.core.events import ReactionsChanged, SessionsEnded
from tertulia.core.ids import AccountId, MessageId, SessionId
from tertulia.core.model import Actor, NewAccount, Picture, ProfileChange
from tertulia.core.signin_model import Opening, Secret
from tertulia.store.messages import MOST_REACTIONS
from tests.store.world import START, InStore, World


def opening(actor: Actor, device: str, *secrets: Secret) -> Opening:
    return Opening(actor.account_id, "sama", device, "stock", secrets)


async def named(world: World, login: str, first: str = "", last: str = "") -> AccountId:
    new = NewAccount(login, "p", first_name=first, last_name=last)
    return (await world.accounts.add(new, "h", START)).id


async def found(world: World, part: str) -> list[str]:
    accounts = await world.accounts.search(part, 10, changed_after=None, leave_out=())
    return [account.login for account in accounts]


def test_an_account_comes_back_as_it_was_made(in_store: InStore) -> None:
    async def story(world: World) -> None:
        new = NewAccount("Anna", "secret", "Anna@Home", "+7", "Anna", "Ahmatova")
        account = await world.accounts.add(new, "hashed", START)
        assert account.created_at == account.updated_at == account.seen_at == START
        assert await world.accounts.secret_of("aNNA") == (account, "hashed")
        assert await world.accounts.password_of(account.id) == "hashed"
        assert await world.accounts.several([account.id, AccountId(8)]) == [account]
        assert await world.accounts.secret_of("nobody") is None
        assert await world.accounts.password_of(AccountId(3)) is None

    in_store(story)


@pytest.mark.parametrize(
    ("clash", "what"),
    [
        (NewAccount("ANNA", "p"), "login"),
        (NewAccount("b", "p", email="anna@HOME"), "email"),
        (NewAccount("b", "p", phone="+7"), "phone"),
    ],
)
def test_login_email_and_phone_are_taken_once(
    in_store: InStore, clash: NewAccount, what: str
) -> None:
    async def story(world: World) -> None:
        await world.accounts.add(NewAccount("anna", "p", "Anna@home", "+7"), "h", START)
        other = await world.person("boris")
        with pytest.raises(Conflict) as refusal:
            await world.accounts.add(clash, "h", START)
        assert refusal.value.kind == what
        change = ProfileChange(
            login=clash.login if what == "login" else None, email=clash.email, phone=clash.phone
        )
        with pytest.raises(Conflict):
            await world.accounts.change(other, change, None, START)

    in_store(story)


def test_nothing_given_clashes_with_nothing(in_store: InStore) -> None:
    async def story(world: World) -> None:
        await world.people("anna", "boris", "clara")
        assert await found(world, "") == ["anna", "boris", "clara"]

    in_store(story)


def test_a_profile_changes_where_something_is_given_and_its_date_moves_on(
    in_store: InStore,
) -> None:
    async def story(world: World) -> None:
        new = NewAccount("anna", "p", "a@b", "+7", "Anna", "A")
        account = await world.accounts.add(new, "h", START)
        me = Actor(account.id, SessionId(1))
        change = ProfileChange(first_name="Аня", phone="", picture=Picture("f"))
        changed = await world.accounts.change(me, change, None, START)
        assert (changed.first_name, changed.last_name, changed.phone) == ("Аня", "A", "")
        assert (changed.email, changed.picture) == ("a@b", Picture("f"))
        assert changed.updated_at == START + 1
        assert await world.accounts.several([account.id]) == [changed]
        # What was given up is free again.
        await world.accounts.add(NewAccount("boris", "p", phone="+7"), "h", START)
        with pytest.raises(NotFound):
            await world.accounts.change(Actor(AccountId(4), SessionId(4)), change, None, START)

    in_store(story)


def test_search_finds_any_part_of_login_and_names_folded(in_store: InStore) -> None:
    async def story(world: World) -> None:
        await named(world, "semyon", "Семён", "Алёшин")
        await named(world, "strauss", "Johann", "Strauß")
        await named(world, "zoe", "Zoe\u0301", "100%_off\\")
        assert await found(world, "семен") == await found(world, "МЁН") == ["semyon"]
        assert await found(world, "алеш") == ["semyon"]
        assert await found(world, "STRAUSS") == await found(world, "auß") == ["strauss"]
        assert await found(world, "zoé") == await found(world, "ZOE\u0301") == ["zoe"]
        assert await found(world, "%") == await found(world, "_") == ["zoe"]
        assert await found(world, "\\") == ["zoe"]

    in_store(story)


def test_found_accounts_are_ordered_limited_and_filtered(in_store: InStore) -> None:
    async def story(world: World) -> None:
        first = await named(world, "u1", "B", "Z")
        await named(world, "u2", "C", "A")
        await named(world, "u3", "B", "A")
        world.now += 5
        late = (await world.accounts.add(NewAccount("u4", "p"), "h", world.now)).id
        assert await found(world, "u") == ["u2", "u3", "u1", "u4"]
        few = await world.accounts.search("u", 2, changed_after=None, leave_out=(late,))
        assert [each.login for each in few] == ["u2", "u3"]
        recent = await world.accounts.search("u", 9, changed_after=START, leave_out=(first,))
        assert [each.login for each in recent] == ["u4"]

    in_store(story)


def test_a_deleted_account_is_gone_from_everything_but_what_it_wrote(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris, clara = await world.people("anna", "boris", "clara")
        chat = await world.group(anna, boris)
        alone = await world.group(anna, boris)
        await world.chats.leave(boris, alone.id, START)
        await world.post(anna, chat.id, "I was here")
        secret = Secret("s", "access", START + 9)
        session = await world.sessions.open(opening(anna, "d", secret), START)
        await world.blocks.block(clara, [anna.account_id], START, START)
        await world.accounts.remove(anna, START)
        assert await world.accounts.several([anna.account_id]) == []
        assert await world.accounts.secret_of("anna") is None
        assert await found(world, "anna") == []
        assert await world.sessions.find("s", START) is None
        assert world.told(SessionsEnded)[-1].session_ids == (session.id,)
        assert await world.blocks.blocked_by(clara.account_id) == []
        assert (await world.texts(boris, chat.id))[0] == "I was here"
        entry = await world.entry(boris, chat.id)
        assert entry is not None
        assert entry.chat.owner_id == boris.account_id
        assert await world.chats.card(alone.id) is None
        with pytest.raises(NotFound):
            await world.accounts.remove(anna, START)
        await world.person("anna")

    in_store(story)


def test_being_seen_only_moves_forward(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna = await world.person("anna")
        for at in (START + 5, START + 3):
            await world.accounts.note_seen(anna.account_id, at)
        (account,) = await world.accounts.several([anna.account_id])
        assert (account.seen_at, account.updated_at) == (START + 5, START)

    in_store(story)


def test_one_device_has_one_session_whose_old_refresh_secret_is_replaced(
    in_store: InStore,
) -> None:
    async def story(world: World) -> None:
        anna = await world.person("anna")
        old = (Secret("a1", "access", START + 100), Secret("r1", "refresh", START + 100))
        new = (Secret("a2", "access", START + 200), Secret("r2", "refresh", START + 200))
        session = await world.sessions.open(opening(anna, "phone", *old), START)
        assert await world.sessions.open(opening(anna, "phone", *new), START + 7) == session
        other = await world.sessions.open(opening(anna, "tablet"), START)
        assert other.id != session.id
        replaced = {}
        for name in ("a1", "r1", "a2", "r2"):
            secret = await world.sessions.find(name, START + 8)
            assert secret is not None
            assert secret.session == session
            replaced[name] = secret.replaced_at
        assert replaced == {"a1": None, "r1": START + 7, "a2": None, "r2": None}
        assert await world.sessions.find("a1", START + 100) is None
        assert await world.sessions.find("a3", START) is None

    in_store(story)


def test_ending_a_session_voids_its_secrets_alone(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna = await world.person("anna")
        one = await world.sessions.open(opening(anna, "1", Secret("s1", "access", 2**52)), START)
        await world.sessions.open(opening(anna, "2", Secret("s2", "access", 2**52)), START)
        await world.sessions.end([one.id], anna.account_id)
        assert await world.sessions.find("s1", START) is None
        assert await world.sessions.find("s2", START) is not None
        assert world.told(SessionsEnded) == [SessionsEnded((one.id,), anna.account_id)]

    in_store(story)


def test_a_new_password_ends_every_other_session(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna = await world.person("anna")
        sessions = [
            await world.sessions.open(opening(anna, device, Secret(device, "access", 2**52)), START)
            for device in "123"
        ]
        me = Actor(anna.account_id, sessions[1].id)
        await world.accounts.change(me, ProfileChange(), "new hash", START)
        alive = [await world.sessions.find(device, START) for device in "123"]
        assert [each is not None for each in alive] == [False, True, False]
        assert await world.accounts.password_of(anna.account_id) == "new hash"
        (ended,) = world.told(SessionsEnded)
        assert set(ended.session_ids) == {sessions[0].id, sessions[2].id}

    in_store(story)


def test_a_servers_own_secret_is_made_once(in_store: InStore) -> None:
    async def story(world: World) -> None:
        made = await asyncio.gather(
            *(world.sessions.server_secret("key", text) for text in ("first", "second"))
        )
        assert made == ["first", "first"]
        assert await world.sessions.server_secret("other", "third") == "third"

    in_store(story)


def test_blocks_are_listed_oldest_first_and_keep_when_the_blocker_was_seen(
    in_store: InStore,
) -> None:
    async def story(world: World) -> None:
        anna, boris, clara, dora = await world.people("anna", "boris", "clara", "dora")
        await world.blocks.block(anna, [dora.account_id, AccountId(5)], START - 7, START)
        await world.blocks.block(anna, [boris.account_id, dora.account_id], START, START)
        assert await world.blocks.blocked_by(anna.account_id) == [
            dora.account_id,
            boris.account_id,
        ]
        among = [anna.account_id, clara.account_id]
        assert await world.blocks.blockers(dora.account_id, among) == {anna.account_id: START - 7}
        assert await world.blocks.blockers(dora.account_id, [clara.account_id]) == {}
        assert await world.blocks.stand_between(dora.account_id, [anna.account_id])
        assert await world.blocks.stand_between(anna.account_id, [dora.account_id])
        await world.blocks.switch(anna, on=False)
        assert await world.blocks.blockers(dora.account_id, among) == {}
        assert not await world.blocks.stand_between(dora.account_id, among)
        assert len(await world.blocks.blocked_by(anna.account_id)) == 2
        await world.blocks.switch(anna, on=True)
        await world.blocks.unblock(anna, [dora.account_id, AccountId(5)])
        assert await world.blocks.blocked_by(anna.account_id) == [boris.account_id]

    in_store(story)


def test_reactions_are_counted_listed_and_told_when_they_change_something(
    in_store: InStore,
) -> None:
    async def story(world: World) -> None:
        anna, boris = await world.people("anna", "boris")
        chat = await world.group(anna, boris)
        message = await world.post(anna, chat.id)
        react = world.messages.react
        await react(boris, message.id, ["👍", "tea", "👍"], ["❤"], START)
        await react(anna, message.id, ["tea"], [], START)
        await react(anna, message.id, ["tea"], ["❤"], START)
        await react(anna, message.id, ["tea"], ["tea"], START)
        told = [(event.added, event.removed) for event in world.told(ReactionsChanged)]
        assert told == [(("👍", "tea"), ()), (("tea",), ())]
        listed = (await world.history(boris, chat.id))[0].reactions
        assert (listed.own, listed.total) == (("tea", "👍"), (("👍", 1), ("tea", 2)))
        assert await world.messages.reactions(anna, message.id) == [
            ("👍", [boris.account_id]),
            ("tea", [boris.account_id, anna.account_id]),
        ]
        await react(boris, message.id, ["❤"], ["👍", "tea"], START)
        assert await world.messages.reactions(anna, message.id) == [
            ("tea", [anna.account_id]),
            ("❤", [boris.account_id]),
        ]

    in_store(story)


def test_reacting_has_a_limit_and_needs_a_message_one_sees(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris, clara = await world.people("anna", "boris", "clara")
        chat = await world.group(anna, boris)
        message = await world.post(anna, chat.id)
        many = [str(number) for number in range(MOST_REACTIONS)]
        await world.messages.react(anna, message.id, many, [], START)
        with pytest.raises(TooMuch):
            await world.messages.react(anna, message.id, ["x"], [], START)
        await world.messages.react(anna, message.id, ["x"], ["0"], START)
        for who, target in ((clara, message.id), (anna, MessageId(6))):
            with pytest.raises(NotFound):
                await world.messages.react(who, target, ["x"], [], START)
            with pytest.raises(NotFound):
                await world.messages.reactions(who, target)

    in_store(story)
