"""Devices and their address books (Tada document, Устройства, Адресная книга)."""

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Struct

from tertulia.core.devices import BookContact, Device, DeviceChange
from tertulia.core.model import Account
from tertulia.dialects.tada import errors
from tertulia.dialects.tada.desk import NAME, View
from tertulia.dialects.tada.fields import Fields
from tertulia.dialects.tada.limits import (
    MAX_BOOK_CONTACTS,
    MAX_DEVICE_ID,
    MAX_DEVICE_NAME,
    MAX_PUSH_TOKEN,
)
from tertulia.dialects.tada.request import Call
from tertulia.dialects.tada.routes import Operation
from tertulia.dialects.tada.wire.account import device_to_wire
from tertulia.dialects.tada.wire.envelope import encode

DEVICE_KINDS_V3 = ("android", "ios", "web", "safari")
DEVICE_KINDS = (*DEVICE_KINDS_V3, "iosfb")


class Owner(Struct):
    """Whose phone stands in an address book."""

    family_name: str
    given_name: str
    phone: str


async def devices_list(call: Call) -> object:
    """All of them, oldest first."""
    return [device_to_wire(each, call.view) for each in await call.core.devices.listed(call.actor)]


async def devices_create(call: Call) -> object:
    """A device, new or overwritten as a whole."""
    form = await call.fields()
    ref = form.need_raw_text("device_id", most=MAX_DEVICE_ID)
    kind = form.need_choice("type", _kinds(call.view))
    change = _change(form)
    form.check()
    made = Device(
        ref,
        kind,
        change.name or "",
        change.push_token or "",
        change.voip_token or "",
        change.notifies is not False,
        change.silent is True,
        change.badges is True,
    )
    return device_to_wire(await call.core.devices.register(call.actor, made, NAME), call.view)


async def devices_read(call: Call) -> object:
    """One device."""
    found = await call.core.devices.need(call.actor, call.path["device"])
    return device_to_wire(found, call.view)


async def devices_change(call: Call) -> object:
    """What is given changes; the id cannot."""
    ref = call.path["device"]
    await call.core.devices.need(call.actor, ref)
    form = await call.fields()
    kind = form.need_choice("type", _kinds(call.view)) if form.given("type") else None
    change = _change(form, kind)
    form.check()
    return device_to_wire(await call.core.devices.change(call.actor, ref, change), call.view)


async def devices_delete(call: Call) -> object:
    """It is gone, and its tokens open nothing any more."""
    await call.core.devices.remove(call.actor, call.path["device"], NAME)
    return None


def _change(form: Fields, kind: str | None = None) -> DeviceChange:
    return DeviceChange(
        kind=kind,
        name=form.text("name", most=MAX_DEVICE_NAME),
        push_token=form.text("notification_token", most=MAX_PUSH_TOKEN),
        voip_token=form.text("voip_notification_token", most=MAX_PUSH_TOKEN),
        notifies=form.flag("allowed_notifications"),
        silent=form.flag("data_pushes"),
        badges=form.flag("data_badges"),
    )


def _kinds(view: View) -> Sequence[str]:
    return DEVICE_KINDS_V3 if view is View.V3 else DEVICE_KINDS


async def book_read(call: Call) -> object:
    """The address book, with whom the server knows."""
    return _told(await call.core.devices.book(call.actor, call.path["device"]))


async def book_replace(call: Call) -> object:
    """A new address book instead of the old one."""
    ref = call.path["device"]
    await call.core.devices.need(call.actor, ref)
    form = await call.fields()
    contacts = form.objects("contacts", most_items=MAX_BOOK_CONTACTS)
    if contacts is None:
        form.note("contacts", errors.REQUIRED)
    book = [_entry(each) for each in contacts or ()]
    form.check()
    await call.core.devices.keep_book(call.actor, ref, book)
    return {"contacts": _told(await call.core.devices.book(call.actor, ref))}


def _entry(contact: Fields) -> BookContact:
    """What is sent as `account` is none of the client's business."""
    kept = {key: value for key, value in contact.values.items() if key != "account"}
    phones = contact.values.get("phones")
    if phones is not None and not isinstance(phones, list):
        contact.note("phones", errors.NOT_A_LIST)
        phones = None
    numbers = tuple(str(each) for each in phones or () if isinstance(each, str | int))
    return BookContact(encode(kept).decode(), numbers)


def _told(book: list[tuple[str, Account | None]]) -> list[dict[str, Any]]:
    told = []
    for contact, account in book:
        each: dict[str, Any] = msgspec.json.decode(contact)
        if account is not None:
            each["account"] = Owner(account.last_name, account.first_name, account.phone)
        told.append(each)
    return told


OPERATIONS = (
    Operation("GET", "/devices", devices_list),
    Operation("POST", "/devices", devices_create),
    Operation("GET", "/devices/{device}", devices_read),
    Operation("PUT", "/devices/{device}", devices_change),
    Operation("DELETE", "/devices/{device}", devices_delete),
    Operation("GET", "/devices/{device}/address-book", book_read),
    Operation("PUT", "/devices/{device}/address-book", book_replace),
)
