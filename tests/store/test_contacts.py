"""Address books, and whom their entries stand for."""

import asyncio
from contextlib import closing
from pathlib import Path

import apsw
import pytest
import uvloop

from tertulia.core.contacts import MOST_CONTACTS, Address, Contact, ContactChange, NewContact
from tertulia.core.errors import NotFound, TooMuch
from tertulia.core.ids import AccountId
from tertulia.core.model import Actor, NewAccount, Page, ProfileChange
from tertulia.store.contacts import SqlContacts
from tertulia.store.migrate import statements, steps
from tests.store.world import START, InStore, World, in_file, tell

ALL = Page(1_000)


def named(name: str, *, email: str = "", phone: str = "") -> NewContact:
    """An entry with one address of each kind that is given."""
    return NewContact(
        first_name=name,
        emails=(Address("work", email),) if email else (),
        phones=(Address("home", phone),) if phone else (),
    )


def matches(contact: Contact) -> list[AccountId | None]:
    """Whom its addresses belong to, e-mails first."""
    return [each.account_id for each in (*contact.emails, *contact.phones)]


async def listed(world: World, actor: Actor, page: Page = ALL) -> list[str]:
    """First names of what is in the book."""
    return [each.first_name for each in await SqlContacts(world.engine).listed(actor, page)]


async def matched(world: World, actor: Actor) -> list[list[AccountId | None]]:
    """Whom the addresses in the book belong to now."""
    return [matches(each) for each in await SqlContacts(world.engine).listed(actor, ALL)]


async def claims(world: World, actor: Actor, *, email: str = "", phone: str = "") -> None:
    """From now on the actor claims these."""
    await world.accounts.change(actor, ProfileChange(email=email, phone=phone), None, world.now)


def test_an_entry_comes_back_as_it_was_made(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna = await world.person("anna")
        book = SqlContacts(world.engine)
        new = NewContact(
            "Борис",
            "B",
            'Bread & "Co"',
            (Address("", "x@y"), Address("w", "Z")),
            (Address("h", "7"),),
        )
        (made,) = await book.add(anna, [new], START)
        assert (made.owner_id, made.created_at, made.updated_at) == (anna.account_id, START, START)
        assert (made.first_name, made.last_name, made.company) == ("Борис", "B", 'Bread & "Co"')
        assert (made.emails, made.phones) == (new.emails, new.phones)
        assert await book.listed(anna, ALL) == [made]

    in_store(story)


def test_a_phone_that_was_proven_elsewhere_matches_nobody(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna = await world.person("anna")
        phone = "+79166660002"
        await SqlContacts(world.engine).add(anna, [named("B", phone=phone)], START)
        await world.accounts.open_by_phone(phone, START)
        assert await matched(world, anna) == [[None]]

    in_store(story)


def test_emails_match_without_regard_to_case_and_phones_by_their_digits(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris, clara = await world.people("anna", "boris", "clara")
        await claims(world, boris, email="Ბoris@Straße.org", phone="+1 (555) 01-00")
        await claims(world, clara, email="clara", phone="no digits")
        book = SqlContacts(world.engine)
        added = await book.add(
            anna,
            [
                named("one", email="ბORIS@STRASSE.ORG", phone="1.555.0100"),
                named("two", email="boris", phone="٠١"),
                named("three", email="CLARA", phone="nothing"),
                named("four", phone="١٥٥٥٠١٠٠"),
            ],
            START,
        )
        him, her = boris.account_id, clara.account_id
        expected = [[him, him], [None, None], [her, None], [him]]
        assert [matches(each) for each in added] == expected
        assert await matched(world, anna) == expected[::-1]

    in_store(story)


def test_a_match_is_there_while_the_claim_is(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris = await world.people("anna", "boris")
        await SqlContacts(world.engine).add(anna, [named("b", email="b@x", phone="+55")], START)
        assert await matched(world, anna) == [[None, None]]
        await claims(world, boris, email="B@X", phone="5-5")
        assert await matched(world, anna) == [[boris.account_id, boris.account_id]]
        await claims(world, boris, email="c@x", phone="5-5")
        assert await matched(world, anna) == [[None, boris.account_id]]
        await world.accounts.remove(boris, START)
        assert await matched(world, anna) == [[None, None]]
        newcomer = await world.accounts.add(NewAccount("new", "p", "b@x", "55"), "h", START)
        assert await matched(world, anna) == [[newcomer.id, newcomer.id]]

    in_store(story)


def test_of_two_spellings_of_one_number_the_older_account_is_meant(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris, clara = await world.people("anna", "boris", "clara")
        await claims(world, clara, phone="5-55")
        await claims(world, boris, phone="55-5")
        await SqlContacts(world.engine).add(anna, [named("x", phone="555")], START)
        assert await matched(world, anna) == [[boris.account_id]]

    in_store(story)


def test_dates_of_a_book_never_repeat_even_of_what_is_gone(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris = await world.people("anna", "boris")
        book = SqlContacts(world.engine)
        added = await book.add(anna, [named(name, phone="1") for name in "abc"], START)
        assert [each.updated_at - START for each in added] == [0, 1, 2]
        await book.remove(anna, added[2].id)
        changed = await book.change(anna, added[0].id, ContactChange(company="Co"), START)
        assert (changed.created_at, changed.updated_at) == (START, START + 3)
        same = await book.change(anna, added[0].id, ContactChange(company="Co"), START)
        assert same == changed
        (late,) = await book.add(anna, [named("d", phone="1")], START + 900)
        assert late.updated_at == START + 900
        (other,) = await book.add(boris, [named("e", phone="1")], START)
        assert other.updated_at == START

    in_store(story)


def test_a_book_is_listed_newest_change_first_and_paged_by_date(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna = await world.person("anna")
        book = SqlContacts(world.engine)
        added = await book.add(anna, [named(name, phone="1") for name in "abcde"], START)
        assert await listed(world, anna) == ["e", "d", "c", "b", "a"]
        assert await listed(world, anna, Page(2)) == ["e", "d"]
        assert await listed(world, anna, Page(2, before=START + 3)) == ["c", "b"]
        assert await listed(world, anna, Page(9, after=START + 1)) == ["e", "d", "c"]
        only = (added[4].id, added[0].id, 7)
        assert await listed(world, anna, Page(9, only=only)) == ["e", "a"]
        await book.change(anna, added[0].id, ContactChange(first_name="A"), START)
        assert await listed(world, anna, Page(9, after=START + 4)) == ["A"]

    in_store(story)


def test_a_change_touches_what_is_given_and_replaces_lists_whole(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna = await world.person("anna")
        book = SqlContacts(world.engine)
        (made,) = await book.add(anna, [named("a", email="x@y", phone="1")], START)
        change = ContactChange(last_name="B", emails=(Address("home", "z@y"), Address("", "w@y")))
        changed = await book.change(anna, made.id, change, START + 5)
        assert (changed.first_name, changed.last_name) == ("a", "B")
        assert changed.emails == change.emails
        assert changed.phones == made.phones
        assert await book.listed(anna, ALL) == [changed]

    in_store(story)


def test_nobody_reaches_into_another_ones_book(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris = await world.people("anna", "boris")
        book = SqlContacts(world.engine)
        (made,) = await book.add(anna, [named("a", phone="1")], START)
        with pytest.raises(NotFound):
            await book.change(boris, made.id, ContactChange(company="mine"), START)
        await book.remove(boris, made.id)
        assert await book.listed(boris, Page(9, only=(made.id,))) == []
        assert await book.listed(anna, ALL) == [made]
        await book.remove(anna, made.id)
        assert await book.listed(anna, ALL) == []

    in_store(story)


def test_a_book_has_a_limit_and_what_goes_beyond_it_is_refused_whole(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna = await world.person("anna")
        book = SqlContacts(world.engine)
        one = named("a", phone="1")
        await book.add(anna, [one] * (MOST_CONTACTS - 1), START)
        with pytest.raises(TooMuch):
            await book.add(anna, [one, one], START)
        assert len(await book.listed(anna, Page(MOST_CONTACTS))) == MOST_CONTACTS - 1
        await book.add(anna, [one], START)
        with pytest.raises(TooMuch):
            await book.add(anna, [one], START)

    in_store(story)


def test_many_at_once_find_no_date_taken(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna = await world.person("anna")
        book = SqlContacts(world.engine)
        await asyncio.gather(
            *(book.add(anna, [named("a", phone="1")] * 3, START) for _ in range(9))
        )
        dates = {each.updated_at for each in await book.listed(anna, ALL)}
        assert dates == set(range(START, START + 27))

    in_store(story)


def test_the_book_of_who_leaves_goes_with_him(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna = await world.person("anna")
        book = SqlContacts(world.engine)
        await book.add(anna, [named("a", phone="1")], START)
        await world.accounts.remove(anna, START)
        assert await book.listed(anna, ALL) == []
        with pytest.raises(NotFound):
            await book.add(anna, [named("b", phone="1")], START)

    in_store(story)


def test_phones_from_before_the_address_book_are_found_by_it(tmp_path: Path) -> None:
    path = tmp_path / "tertulia.db"
    with closing(apsw.Connection(str(path))) as old:
        old.execute("CREATE TABLE schema_steps (step INTEGER PRIMARY KEY)")
        old.execute("INSERT INTO schema_steps VALUES (1)")
        for statement in statements(steps()[0][1]):
            old.execute(statement)
        for number, phone in ((1, "+1 (555) 01-00"), (2, "nothing"), (3, "")):
            old.execute(
                "INSERT INTO accounts (id, login, email, phone, phone_key, first_name, last_name,"
                " search_text, created_at, updated_at, seen_at)"
                " VALUES (?, 'x', '', ?, ?, '', '', '', 1, 1, 1)",
                (number, phone, phone or None),
            )

    async def story(world: World) -> None:
        anna = await world.person("anna")
        await SqlContacts(world.engine).add(anna, [named("a", phone="15550100")], START)
        assert await matched(world, anna) == [[AccountId(1)]]

    uvloop.run(tell(story, in_file(path)))
