"""Address books. Whom an entry stands for is found when it is read, so it is never out of date."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import msgspec

from tertulia.core.contacts import (
    MOST_CONTACTS,
    Address,
    Contact,
    ContactChange,
    ContactId,
    NewContact,
)
from tertulia.core.errors import NotFound, TooMuch
from tertulia.core.ids import AccountId
from tertulia.core.model import Actor, Page
from tertulia.core.text import digits, key
from tertulia.store.engine import Engine
from tertulia.store.work import FAR_FUTURE, Row, Work, array, draw, many, row, rows, run

COLUMNS = (
    "c.id, c.owner_id, c.created_at, c.updated_at, c.first_name, c.last_name, c.company,"
    " c.emails, c.phones"
)

INSERT = """
INSERT INTO contacts (id, owner_id, created_at, updated_at, first_name, last_name, company, emails,
    phones)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
"""

COUNT = "SELECT COUNT(*) FROM contacts WHERE owner_id = ?"

LAST_DATE = "SELECT contacts_at FROM accounts WHERE id = ? AND deleted_at IS NULL"

KEEP_DATE = "UPDATE accounts SET contacts_at = ? WHERE id = ?"

ONE = f"SELECT {COLUMNS} FROM contacts c WHERE c.id = ? AND c.owner_id = ?"

UPDATE = """
UPDATE contacts SET updated_at = ?, first_name = ?, last_name = ?, company = ?, emails = ?, phones = ?
WHERE id = ?
"""

REMOVE = "DELETE FROM contacts WHERE id = ? AND owner_id = ?"

LATEST = f"""
SELECT {COLUMNS} FROM contacts c
WHERE c.owner_id = ? AND c.updated_at > ? AND c.updated_at < ?
ORDER BY c.updated_at DESC LIMIT ?
"""

NAMED = f"""
SELECT {COLUMNS} FROM contacts c
WHERE c.owner_id = ? AND c.updated_at > ? AND c.updated_at < ?
    AND c.id IN (SELECT CAST(each.value AS BIGINT) FROM json_each(?) AS each)
ORDER BY c.updated_at DESC LIMIT ?
"""

# Elements are arrays of one text each, because a bare text is spelled with its quotes by one engine.
WHOSE_EMAIL = """
SELECT a.email_key, a.id FROM accounts a
WHERE a.email_key IN (SELECT each.value ->> 0 FROM json_each(?) AS each)
"""

# Two accounts may spell one number differently; the older one is meant. A proven number was given to
# another API, to sign in with, and is nobody's to look up here.
WHOSE_PHONE = """
SELECT a.phone_digits, MIN(a.id) FROM accounts a
WHERE a.phone_digits IN (SELECT each.value ->> 0 FROM json_each(?) AS each) AND a.phone_proven = 0
GROUP BY a.phone_digits
"""

_addresses = msgspec.json.Decoder(tuple[tuple[str, str], ...])


class SqlContacts:
    """`core.contacts.ContactStore` over an engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def add(self, actor: Actor, new: Sequence[NewContact], now: int) -> list[Contact]:
        """See the port."""
        return await self._engine.write(add(actor, new, now))

    async def change(
        self, actor: Actor, contact_id: ContactId, change: ContactChange, now: int
    ) -> Contact:
        """See the port."""
        return await self._engine.write(change_contact(actor, contact_id, change, now))

    async def listed(self, actor: Actor, page: Page) -> list[Contact]:
        """See the port."""
        return await self._engine.scan(list_contacts(actor, page))

    async def remove(self, actor: Actor, contact_id: ContactId) -> None:
        """See the port."""
        await self._engine.write(run(REMOVE, contact_id, actor.account_id))


def add(actor: Actor, new: Sequence[NewContact], now: int) -> Work[list[Contact]]:
    """New entries, each with a date of its own."""
    me = actor.account_id
    first_date = yield from _dates(me, len(new), now)
    counted = yield from row(COUNT, me)
    assert counted is not None, "a count always has a row"
    if counted[0] + len(new) > MOST_CONTACTS:
        raise TooMuch("contacts")
    added = []
    for at, each in enumerate(new, first_date):
        number = ContactId((yield from draw(now)))
        added.append(
            Contact(
                number, me, at, at, each.first_name, each.last_name, each.company,
                each.emails, each.phones,
            )
        )  # fmt: skip
    yield from many(
        INSERT,
        [
            (each.id, each.owner_id, each.created_at, each.updated_at, *_card(each))
            for each in added
        ],
    )
    return (yield from matched(added))


def change_contact(
    actor: Actor, contact_id: ContactId, change: ContactChange, now: int
) -> Work[Contact]:
    """The entry as it is now. Its date moves on if anything is otherwise than before."""
    found = yield from row(ONE, contact_id, actor.account_id)
    if found is None:
        raise NotFound("contact")
    old = contact(found)
    new = replace(
        old,
        first_name=old.first_name if change.first_name is None else change.first_name,
        last_name=old.last_name if change.last_name is None else change.last_name,
        company=old.company if change.company is None else change.company,
        emails=old.emails if change.emails is None else change.emails,
        phones=old.phones if change.phones is None else change.phones,
    )
    if new != old:
        new = replace(new, updated_at=(yield from _dates(actor.account_id, 1, now)))
        yield from run(UPDATE, new.updated_at, *_card(new), new.id)
    return (yield from matched([new]))[0]


def _dates(owner_id: AccountId, count: int, now: int) -> Work[int]:
    """The first of *count* dates that follow each other and were never in this book.

    Raises:
        NotFound: "account": the owner has left for good.
    """
    found = yield from row(LAST_DATE, owner_id)
    if found is None:
        raise NotFound("account")
    first = max(now, found[0] + 1)
    yield from run(KEEP_DATE, first + count - 1, owner_id)
    return int(first)


def list_contacts(actor: Actor, page: Page) -> Work[list[Contact]]:
    """A page of the actor's entries, newest change first."""
    span = (
        actor.account_id,
        -1 if page.after is None else page.after,
        FAR_FUTURE if page.before is None else page.before,
    )
    if page.only is None:
        found = yield from rows(LATEST, *span, page.limit)
    else:
        found = yield from rows(NAMED, *span, array(page.only), page.limit)
    return (yield from matched([contact(each) for each in found]))


def matched(contacts: Sequence[Contact]) -> Work[list[Contact]]:
    """The entries, each address with the account that claims the same now: two queries for all."""
    email_of = yield from _owners(WHOSE_EMAIL, key, [each.emails for each in contacts])
    phone_of = yield from _owners(WHOSE_PHONE, digits, [each.phones for each in contacts])
    return [
        replace(
            each,
            emails=tuple(_with_owner(email, key, email_of) for email in each.emails),
            phones=tuple(_with_owner(phone, digits, phone_of) for phone in each.phones),
        )
        for each in contacts
    ]


def _owners(
    whose: str, form: Callable[[str], str], lists: Sequence[Sequence[Address]]
) -> Work[dict[str, AccountId]]:
    forms = {form(address.value) for addresses in lists for address in addresses} - {""}
    if not forms:
        return {}
    return dict((yield from rows(whose, array([[each] for each in forms]))))


def _with_owner(
    address: Address, form: Callable[[str], str], owner_of: dict[str, AccountId]
) -> Address:
    return Address(address.label, address.value, owner_of.get(form(address.value)))


def contact(found: Row) -> Contact:
    """From COLUMNS, not matched yet."""
    return Contact(*found[:7], *map(_listed, found[7:]))


def _listed(stored: str) -> tuple[Address, ...]:
    return tuple(Address(label, value) for label, value in _addresses.decode(stored))


def _card(new: Contact) -> tuple[str, str, str, str, str]:
    """The columns that the owner writes, as the statements name them."""
    emails = array([(each.label, each.value) for each in new.emails])
    phones = array([(each.label, each.value) for each in new.phones])
    return new.first_name, new.last_name, new.company, emails, phones
