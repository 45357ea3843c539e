"""Phones, registrations, sessions at rest."""

import asyncio

import pytest

from tertulia.core.errors import Conflict, NotAllowed, NotFound, NotSignedIn, TooMuch
from tertulia.core.events import SessionsEnded
from tertulia.core.ids import AccountId, SessionId
from tertulia.core.model import Actor, NewAccount, ProfileChange
from tertulia.core.phone_codes import AT_ONCE_MS, MOST_AT_ONCE, NewCode, Purpose
from tertulia.core.push import NewSubscription, Platform
from tertulia.core.registrations import KEPT_MS, MOST_SECRETS, NewRegistration
from tertulia.core.signin_model import Opening, Secret
from tertulia.core.text import digits
from tertulia.store.phone_codes import SqlPhoneCodes
from tertulia.store.pushes import SqlPushes
from tertulia.store.registrations import SqlRegistrations
from tertulia.store.work import Work, rows, run
from tests.store.world import START, InStore, World

PHONE = "+79166660002"
FAR = START + KEPT_MS * 400

AWAIT = """
INSERT INTO accounts (id, login, login_key, email, phone, first_name, last_name, search_text,
    created_at, updated_at, seen_at, awaited_phone)
VALUES (?, ?, ?, '', '', 'Anna', '', '', ?, ?, ?, ?)
"""


def code(hashed: str, now: int = START, *, phone: str = PHONE, lives_ms: int = 60_000) -> NewCode:
    return NewCode(phone, Purpose.REGISTER, 0, "4821", hashed, now, now + lives_ms, is_counted=True)


def registration(
    login: str, *hashes: str, phone: str = PHONE, standing: AccountId | None = None
) -> NewRegistration:
    secrets = tuple(Secret(each, "access", FAR) for each in hashes)
    return NewRegistration(login, "hash", phone, "astrak", "bot", secrets, standing)


def opening(account_id: AccountId, device: str, *hashes: str, most: int | None = None) -> Opening:
    secrets = tuple(Secret(each, "access", FAR) for each in hashes)
    return Opening(account_id, "astrak", device, "", secrets, keep_newest=most)


def test_whoever_proves_a_number_takes_it(in_store: InStore) -> None:
    async def story(world: World) -> None:
        claims = (PHONE, "8(916)6660002", "9166660002", "79166660002", "007 9166660002")
        for place, claim in enumerate(claims):
            await world.accounts.add(NewAccount(f"c{place}", "p", phone=claim), "h", START)
        other = await world.accounts.add(NewAccount("o", "p", phone="+79166660003"), "h", START)
        account = await world.accounts.open_by_phone(PHONE, START + 5)
        assert (account.phone, account.phone_proven) == (PHONE, True)
        assert await world.accounts.open_by_phone(PHONE, START + 9) == account
        assert await world.accounts.secrets_of("c0", PHONE) != []
        found = await world.accounts.search("c", 10, changed_after=START, leave_out=())
        assert [each.phone for each in found] == [""] * len(claims)
        assert await world.accounts.several([other.id]) == [other]
        assert [each for each, _ in await world.accounts.secrets_of("8916", PHONE)] == [account]

    in_store(story)


def test_a_proof_stands_against_claims_in_every_spelling(in_store: InStore) -> None:
    async def story(world: World) -> None:
        await world.accounts.open_by_phone(PHONE, START)
        anna = await world.person("anna")
        for claim in (PHONE, "8 916 666 00 02", "9166660002"):
            with pytest.raises(Conflict):
                await world.accounts.add(NewAccount("b", "p", phone=claim), "h", START)
            with pytest.raises(Conflict):
                await world.accounts.change(anna, ProfileChange(phone=claim), None, START)
        await world.accounts.add(NewAccount("b", "p", phone="no number"), "h", START)

    in_store(story)


def test_an_account_made_for_a_number_is_found_by_its_owner_alone(in_store: InStore) -> None:
    async def story(world: World) -> None:
        unit: Work[None] = run(AWAIT, 77, "u25", "u25", START, START, START, PHONE)
        await world.engine.write(unit)
        assert await world.accounts.secrets_of(PHONE, PHONE) == []
        claimant = await world.accounts.add(NewAccount("c", "p", phone=PHONE), "h", START)
        account = await world.accounts.open_by_phone(PHONE, START + 1)
        assert (account.id, account.phone, account.phone_proven) == (77, PHONE, True)
        assert account.first_name == "Anna"
        (after,) = await world.accounts.several([claimant.id])
        assert after.phone == ""
        found = await world.accounts.search("anna", 10, changed_after=None, leave_out=())
        assert found == [account]
        columns = "SELECT phone_key, phone_digits, awaited_phone FROM accounts WHERE id = 77"
        assert await world.engine.read(rows(columns)) == [(PHONE, digits(PHONE), None)]

    in_store(story)


def test_names_lead_to_proofs_first_and_to_each_account_once(in_store: InStore) -> None:
    async def story(world: World) -> None:
        owner = await world.accounts.open_by_phone(PHONE, START)
        namesake = await world.accounts.add(NewAccount(PHONE, "p"), "h", START)
        me = Actor(owner.id, SessionId(1))
        mail = ProfileChange(login="a@b", email="A@b")
        owner = await world.accounts.change(me, mail, None, START)

        async def called(name: str, phone: str | None = None) -> list[AccountId]:
            return [each.id for each, _ in await world.accounts.secrets_of(name, phone)]

        assert await called(PHONE, PHONE) == [owner.id, namesake.id]
        assert await called(PHONE) == [namesake.id]
        assert await called("A@B") == [owner.id]
        proof = "UPDATE accounts SET email_proven = 1 WHERE id = ?"
        await world.engine.write(run(proof, owner.id))
        await world.accounts.change(me, ProfileChange(login="anna"), None, START)
        assert await called("a@B") == [owner.id]
        taken = await world.accounts.add(NewAccount("a@b", "p"), "h", START)
        assert await called("a@b") == [owner.id, taken.id]
        await world.accounts.remove(me, START)
        assert await called("a@b", PHONE) == [taken.id]

    in_store(story)


def test_a_registration_becomes_an_account_with_its_sessions(in_store: InStore) -> None:
    async def story(world: World) -> None:
        store = SqlRegistrations(world.engine)
        claimant = await world.accounts.add(NewAccount("c", "p", phone=PHONE), "h", START)
        account_id, _ = await store.keep(registration("Anna", "t1"), code("c1"), START)
        standing = await store.standing("ANNA", START)
        assert standing is not None
        assert (standing.account_id, standing.password_hash) == (account_id, "hash")
        assert await store.has_secret("t1", "access", "astrak", START)
        assert not await store.has_secret("t1", "access", "tada", START)
        assert not await store.has_secret("t1", "refresh", "astrak", START)
        rival_id, _ = await store.keep(registration("Boris", "t2"), code("c2"), START)
        assert await store.confirm(PHONE, "nothing", START) is None
        account = await store.confirm(PHONE, "c1", START + 1)
        assert account is not None
        assert account.id == account_id
        assert await world.accounts.secret_of("anna") == (account, "hash")
        assert (await world.accounts.several([claimant.id]))[0].phone == ""
        found = await world.sessions.find("t1", START)
        assert found is not None
        assert (found.session.account_id, found.session.dialect) == (account_id, "astrak")
        assert not await store.has_secret("t1", "access", "astrak", START)
        # The other one has lost its phone, and can have another.
        assert await store.confirm(PHONE, "c2", START + 1) is None
        with pytest.raises(Conflict):
            await store.keep(registration("Boris", standing=rival_id), code("c3"), START)
        again = registration("boris", phone="+79166660009", standing=rival_id)
        assert (await store.keep(again, code("c4", phone="+79166660009"), START))[0] == rival_id
        assert await store.confirm("+79166660009", "c4", START) is not None

    in_store(story)


def test_a_registration_finds_the_account_that_waits_for_its_phone(in_store: InStore) -> None:
    async def story(world: World) -> None:
        store = SqlRegistrations(world.engine)
        unit: Work[None] = run(AWAIT, 77, "u25", "u25", START, START, START, PHONE)
        await world.engine.write(unit)
        assert (await store.keep(registration("anna"), code("c1"), START))[0] == 77
        rival_id, _ = await store.keep(registration("boris"), code("c2"), START)
        assert rival_id != 77
        # Whoever proves the number has what was made for it, whoever asked first.
        account = await store.confirm(PHONE, "c2", START + 1)
        assert account is not None
        assert (account.id, account.login, account.first_name) == (77, "boris", "Anna")
        assert await world.accounts.secret_of("boris") == (account, "hash")
        assert await world.accounts.open_by_phone(PHONE, START) == account
        # The other one is promised a number that is taken meanwhile, and gets another.
        other = "+79166660009"
        again = registration("anna", phone=other, standing=AccountId(77))
        await store.keep(again, code("c3", phone=other), START)
        late = await store.confirm(other, "c3", START + 2)
        assert late is not None
        assert late.id not in {77, rival_id}
        assert await world.accounts.secret_of("anna") == (late, "hash")

    in_store(story)


def test_a_login_is_reserved_for_a_day(in_store: InStore) -> None:
    async def story(world: World) -> None:
        store = SqlRegistrations(world.engine)
        await store.keep(registration("Anna", "t1"), code("c1", lives_ms=KEPT_MS * 2), START)
        boris = await world.person("boris")
        late = START + KEPT_MS
        for _ in range(2):
            with pytest.raises(Conflict):
                await world.accounts.add(NewAccount("anna", "p"), "h", late - 1)
            with pytest.raises(Conflict):
                await world.accounts.change(boris, ProfileChange(login="ANNA"), None, late - 1)
            with pytest.raises(Conflict):
                await store.keep(registration("anna"), code("c2"), late - 1)
        assert await store.standing("anna", late) is None
        assert not await store.has_secret("t1", "access", "astrak", late)
        assert await store.confirm(PHONE, "c1", late) is None
        await world.accounts.add(NewAccount("anna", "p"), "h", late)
        await store.forget(late - KEPT_MS)
        kept = await world.engine.read(rows("SELECT hash FROM registration_tokens"))
        assert kept == []

    in_store(story)


def test_two_registrations_of_one_login_at_once_are_one(in_store: InStore) -> None:
    async def story(world: World) -> None:
        store = SqlRegistrations(world.engine)
        outcomes = await asyncio.gather(
            *(store.keep(registration("anna"), code(f"c{n}"), START) for n in range(3)),
            return_exceptions=True,
        )
        assert [type(each) for each in outcomes].count(Conflict) == 2

    in_store(story)


def test_what_is_refused_leaves_nothing_behind(in_store: InStore) -> None:
    async def story(world: World) -> None:
        store = SqlRegistrations(world.engine)
        for number in range(MOST_AT_ONCE):
            await SqlPhoneCodes(world.engine).keep(code(f"c{number}"))
        with pytest.raises(TooMuch) as refusal:
            await store.keep(registration("anna", "t1"), code("c", START + 1_000), START)
        assert refusal.value.retry_after_s == AT_ONCE_MS // 1_000 - 1
        assert await store.standing("anna", START) is None
        assert not await store.has_secret("t1", "access", "astrak", START)

    in_store(story)


def test_the_newest_secrets_of_a_registration_are_kept(in_store: InStore) -> None:
    async def story(world: World) -> None:
        store = SqlRegistrations(world.engine)
        hashes = [f"t{number}" for number in range(MOST_SECRETS)]
        account_id, _ = await store.keep(registration("anna", "old"), code("c1"), START)
        again = registration("anna", *hashes, standing=account_id)
        await store.keep(again, code("c2"), START)
        assert not await store.has_secret("old", "access", "astrak", START)
        assert await store.has_secret("t0", "access", "astrak", START)

    in_store(story)


def test_codes_are_withdrawn_and_forgotten(in_store: InStore) -> None:
    async def story(world: World) -> None:
        codes = SqlPhoneCodes(world.engine)
        number = await codes.keep(code("c1"))
        await codes.withdraw(number)
        assert not await codes.use(PHONE, Purpose.REGISTER, "c1", START)
        await codes.keep(code("c2"))
        await codes.keep(code("c3"))
        assert not await codes.use(PHONE, Purpose.REGISTER, "c2", START)
        assert await codes.use(PHONE, Purpose.REGISTER, "c3", START)
        await codes.forget(START)
        assert await world.engine.read(rows("SELECT id FROM phone_codes")) == []

    in_store(story)


def test_sessions_are_listed_used_and_ended(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris = await world.people("anna", "boris")
        mine = [
            await world.sessions.open(opening(anna.account_id, f"d{n}", f"t{n}"), START + n)
            for n in range(3)
        ]
        his = await world.sessions.open(opening(boris.account_id, "d", "t"), START)
        await world.sessions.note_used(mine[1].id, START + 9)
        await world.sessions.note_used(mine[1].id, START + 5)
        listed = await world.sessions.listed(anna.account_id, START)
        assert [each.session for each in listed] == mine[::-1]
        assert [each.used_at for each in listed] == [START + 2, START + 9, START]
        found = await world.sessions.find("t1", START)
        assert found is not None
        assert found.used_at == START + 9
        assert await world.sessions.listed(anna.account_id, FAR) == []
        elsewhere = await world.sessions.open(opening(boris.account_id, "app"), START)
        listed = await world.sessions.listed(boris.account_id, FAR)
        assert [each.session for each in listed] == [elsewhere]
        with pytest.raises(NotFound):
            await world.sessions.end_own(anna.account_id, his.id)
        await world.sessions.end_own(anna.account_id, mine[0].id)
        await world.sessions.end_others(anna.account_id, [mine[2].id])
        left = await world.sessions.listed(anna.account_id, START)
        assert [each.session for each in left] == [mine[2]]
        ended = [each.session_ids for each in world.told(SessionsEnded)]
        assert ended == [(mine[0].id,), (mine[1].id,)]

    in_store(story)


def test_a_device_that_is_signed_out_from_afar_is_not_called_any_more(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna = await world.person("anna")
        pushes = SqlPushes(world.engine)
        sessions = {}
        for place, (dialect, device) in enumerate(
            (("sama", "phone"), ("tada", "phone"), ("sama", "desk"), ("sama", "here"))
        ):
            secret = Secret(f"s{place}", "access", FAR)
            new = Opening(anna.account_id, dialect, device, "", (secret,))
            sessions[dialect, device] = (await world.sessions.open(new, START)).id
        for device in ("phone", "desk", "here"):
            to = NewSubscription(device, Platform.WEB, f"https://push.example/{device}")
            await pushes.subscribe(anna.account_id, to, 10, START)

        async def called() -> list[str]:
            return [each.to.device for each in await pushes.of(anna.account_id)]

        await world.sessions.end_own(anna.account_id, sessions["sama", "phone"])
        # Somebody is still signed in on it.
        assert await called() == ["phone", "desk", "here"]
        await world.sessions.end_own(anna.account_id, sessions["tada", "phone"])
        assert await called() == ["desk", "here"]
        await world.sessions.end_others(anna.account_id, [sessions["sama", "here"]])
        assert await called() == ["here"]

    in_store(story)


def test_older_sessions_end_when_only_some_are_kept(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna = await world.person("anna")
        elsewhere = Opening(anna.account_id, "sama", "d", "", (Secret("s", "access", FAR),))
        other = await world.sessions.open(elsewhere, START)
        mine = [
            await world.sessions.open(opening(anna.account_id, f"d{n}", f"t{n}", most=2), START)
            for n in range(4)
        ]
        listed = await world.sessions.listed(anna.account_id, START)
        assert [each.session for each in listed] == [mine[3], mine[2], other]
        assert await world.sessions.find("t1", START) is None

    in_store(story)


def test_what_proved_an_account_must_still_hold(in_store: InStore) -> None:
    async def story(world: World) -> None:
        account = await world.accounts.open_by_phone(PHONE, START)
        by_phone = Opening(account.id, "tada", "d", "", (), phone=PHONE)
        await world.sessions.open(by_phone, START)
        me = Actor(account.id, SessionId(1))
        await world.accounts.change(me, ProfileChange(phone="9166660002 "), None, START)
        await world.sessions.open(by_phone, START)
        await world.accounts.change(me, ProfileChange(phone="+79166660003"), None, START)
        with pytest.raises(NotSignedIn):
            await world.sessions.open(by_phone, START)
        await world.engine.write(run("UPDATE accounts SET blocked_at = 1"))
        with pytest.raises(NotAllowed):
            await world.sessions.open(Opening(account.id, "tada", "d", "", ()), START)

    in_store(story)
