"""The address book: people one knows, each matched to the account that bears the same address now."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NewType, Protocol

from tertulia.core.errors import BadInput
from tertulia.core.ids import AccountId
from tertulia.core.model import Actor, Page
from tertulia.core.ports import Clock

ContactId = NewType("ContactId", int)

MOST_CONTACTS = 10_000
"""Of one account."""


@dataclass(frozen=True, slots=True)
class Address:
    """An e-mail address or phone number of a contact.

    Attributes:
        label: the owner's word for it ("work").
        value: as the owner wrote it.
        account_id: whose claim it equals at this moment, if it is anybody's.
    """

    label: str
    value: str
    account_id: AccountId | None = None


@dataclass(frozen=True, slots=True)
class NewContact:
    """What an entry is to say. It has a first or a last name, and an e-mail address or a phone number."""

    first_name: str = ""
    last_name: str = ""
    company: str = ""
    emails: tuple[Address, ...] = ()
    phones: tuple[Address, ...] = ()


@dataclass(frozen=True, slots=True)
class ContactChange:
    """What to change in an entry; None leaves a field as it is, a list replaces the old one whole."""

    first_name: str | None = None
    last_name: str | None = None
    company: str | None = None
    emails: tuple[Address, ...] | None = None
    phones: tuple[Address, ...] | None = None


@dataclass(frozen=True, slots=True)
class Contact:
    """An entry. Its `updated_at` is that of no other entry of this owner."""

    id: ContactId
    owner_id: AccountId
    created_at: int
    updated_at: int
    first_name: str
    last_name: str
    company: str
    emails: tuple[Address, ...]
    phones: tuple[Address, ...]


class ContactStore(Protocol):
    """Address books at rest."""

    async def add(self, actor: Actor, new: Sequence[NewContact], now: int) -> list[Contact]:
        """All of them or none, in the order given. Raises: TooMuch("contacts")."""
        ...

    async def change(
        self, actor: Actor, contact_id: ContactId, change: ContactChange, now: int
    ) -> Contact:
        """Raises: NotFound("contact")."""
        ...

    async def listed(self, actor: Actor, page: Page) -> list[Contact]:
        """The actor's, newest change first."""
        ...

    async def remove(self, actor: Actor, contact_id: ContactId) -> None:
        """Unknown ones are skipped."""
        ...


class Contacts:
    """What can be done with one's own address book. Nobody else ever sees it."""

    def __init__(self, store: ContactStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def add(self, actor: Actor, new: Sequence[NewContact]) -> list[Contact]:
        """New entries, in the order given; one that will not do refuses them all.

        Raises:
            BadInput: "contact address": an entry has neither e-mail address nor phone number;
                "contact name": it has neither first nor last name.
            TooMuch: "contacts": there would be more than `MOST_CONTACTS`.
        """
        for each in new:
            check(each)
        return await self._store.add(actor, new, self._clock.now_ms()) if new else []

    async def change(self, actor: Actor, contact_id: ContactId, change: ContactChange) -> Contact:
        """The entry as it is now. Raises: NotFound("contact")."""
        return await self._store.change(actor, contact_id, change, self._clock.now_ms())

    async def listed(self, actor: Actor, page: Page) -> list[Contact]:
        """The actor's entries within the page's bounds, newest change first."""
        return await self._store.listed(actor, page)

    async def remove(self, actor: Actor, contact_id: ContactId) -> None:
        """The entry is gone; so it may be already."""
        await self._store.remove(actor, contact_id)


def check(new: NewContact) -> None:
    """Raises: BadInput("contact address"), BadInput("contact name")."""
    if not (new.emails or new.phones):
        raise BadInput("contact address", "is missing")
    if not (new.first_name or new.last_name):
        raise BadInput("contact name", "is missing")
