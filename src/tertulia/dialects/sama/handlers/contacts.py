"""Address book (Contact) API."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tertulia.core.contacts import Address, Contact, ContactChange, ContactId, NewContact
from tertulia.core.model import Page
from tertulia.dialects.sama.errors import refused
from tertulia.dialects.sama.handlers.answer import SUCCESS, Answer
from tertulia.dialects.sama.ids import UNKNOWN, to_wire
from tertulia.dialects.sama.params import Params, moment, need_object
from tertulia.dialects.sama.wire import ORGANIZATION, date

if TYPE_CHECKING:
    from tertulia.dialects.sama.socket import Talk

NO_ID = "Contact id is missed."

MOST_ADDRESSES = 50
"""E-mail addresses, or phone numbers, of one contact."""

MOST_LISTED = 100
MOST_IDS = 10


async def contact_add(talk: "Talk", given: Any) -> Answer:
    """A new entry (document, Add)."""
    added = await talk.desk.core.contacts.add(talk.actor, [_new(need_object(given))])
    return {"contact": _said(added[0])}


async def contact_batch_add(talk: "Talk", given: Any) -> Answer:
    """Several new entries at once; one bad entry refuses them all."""
    params = need_object(given)
    listed = params.values.get("contacts")
    if listed is None:
        raise refused('"contacts" is required')
    return await _add_all(talk, "contacts", listed)


async def contacts(talk: "Talk", given: Any) -> Answer:
    """Several new entries at once (document, Batch add).

    QUIRK sama: the document names this request `contacts` and gives it an array, the published server
    calls it `contact_batch_add` and gives it an object.
    """
    return await _add_all(talk, "value", given)


async def _add_all(talk: "Talk", key: str, listed: Any) -> Answer:
    if not isinstance(listed, list):
        raise refused(f'"{key}" must be an array')
    new = []
    for place, each in enumerate(listed):
        if not isinstance(each, dict):
            raise refused(f'"{key}[{place}]" must be of type object')
        new.append(_new(Params(each)))
    added = await talk.desk.core.contacts.add(talk.actor, new)
    return {"contacts": [_said(each) for each in added]}


async def contact_update(talk: "Talk", given: Any) -> Answer:
    """Change what is given; an array replaces the old one whole (document, Update)."""
    params = need_object(given)
    contact_id = ContactId(params.id("id", words=NO_ID))
    change = ContactChange(
        first_name=params.text("first_name", 2, 255),
        last_name=params.text("last_name", 2, 255),
        company=params.text("company", 2, 255),
        emails=_addresses(params, "email") or None,
        phones=_addresses(params, "phone") or None,
    )
    changed = await talk.desk.core.contacts.change(talk.actor, contact_id, change)
    return {"contact": _said(changed)}


async def contact_list(talk: "Talk", given: Any) -> Answer:
    """My entries, newest change first (document, List).

    `updated_at` is a date after which the entry changed; bounds as in other lists do as well, so that
    a book of any size can be paged through.
    """
    params = need_object(given)
    if isinstance(params.values.get("updated_at"), dict):
        after, before = params.bounds()
    else:
        after, before = moment(params.values.get("updated_at"), "updated_at"), None
    limit = params.limit(MOST_LISTED, MOST_LISTED)
    only = params.ids("ids", MOST_IDS)
    page = Page(limit, after, before, None if only is None else tuple(only))
    listed = await talk.desk.core.contacts.listed(talk.actor, page)
    return {"contacts": [_said(each) for each in listed]}


async def contact_delete(talk: "Talk", given: Any) -> Answer:
    """An entry is gone, or was never there (document, Delete)."""
    contact_id = need_object(given).id("id", words=NO_ID)
    if contact_id != UNKNOWN:
        await talk.desk.core.contacts.remove(talk.actor, ContactId(contact_id))
    return SUCCESS


def _new(params: Params) -> NewContact:
    return NewContact(
        first_name=params.text("first_name", 2, 255) or "",
        last_name=params.text("last_name", 2, 255) or "",
        company=params.text("company", 2, 255) or "",
        emails=_addresses(params, "email"),
        phones=_addresses(params, "phone"),
    )


def _addresses(params: Params, key: str) -> tuple[Address, ...]:
    """An array of `{type, value}`; an empty one counts as not given."""
    listed = params.values.get(key)
    if listed is None:
        return ()
    if not isinstance(listed, list):
        raise refused(f'"{key}" must be an array')
    if len(listed) > MOST_ADDRESSES:
        raise refused(f'"{key}" must contain less than or equal to {MOST_ADDRESSES} items')
    addresses = []
    for place, each in enumerate(listed):
        if not isinstance(each, dict):
            raise refused(f'"{key}[{place}]" must be of type object')
        address = Params(each)
        label = address.text("type", 0, 255) or ""
        addresses.append(Address(label, address.need_text("value", 1, 255)))
    return tuple(addresses)


def _said(contact: Contact) -> dict[str, Any]:
    """A contact; what is not set is absent."""
    said: dict[str, Any] = {
        "_id": to_wire(contact.id),
        "organization_id": ORGANIZATION,
        "user_id": to_wire(contact.owner_id),
    }
    for key in ("first_name", "last_name", "company"):
        if value := getattr(contact, key):
            said[key] = value
    for key, addresses in (("email", contact.emails), ("phone", contact.phones)):
        if addresses:
            said[key] = _said_addresses(addresses)
    said["created_at"] = date(contact.created_at)
    said["updated_at"] = date(contact.updated_at)
    return said


def _said_addresses(addresses: Sequence[Address]) -> list[dict[str, str]]:
    said = []
    for each in addresses:
        one = {"type": each.label} if each.label else {}
        one["value"] = each.value
        if each.account_id is not None:
            one["matched_user_id"] = to_wire(each.account_id)
        said.append(one)
    return said
