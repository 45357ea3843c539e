"""Devices, their address books, and tickets that let other devices in."""

from collections.abc import Sequence
from dataclasses import asdict, replace

import msgspec

from tertulia.core.devices import MOST_DEVICES, MOST_SECRETS, BookContact, Device, DeviceChange
from tertulia.core.errors import Conflict, NotFound, NotSignedIn
from tertulia.core.events import SignedIn
from tertulia.core.ids import AccountId
from tertulia.core.model import Account, Actor, Session
from tertulia.core.signin_model import Opening, Proven
from tertulia.store import records
from tertulia.store.directory import need_alive
from tertulia.store.engine import Engine
from tertulia.store.sessions import STANDS, end, open_session
from tertulia.store.work import Row, Work, array, draw, many, row, rows, run, tell

DEVICE = "ref, kind, name, push_token, voip_token, notifies, silent, badges"

ONE = f"SELECT {DEVICE} FROM devices WHERE account_id = ? AND ref = ?"

ALL = f"SELECT {DEVICE} FROM devices WHERE account_id = ? ORDER BY id"

ADD = f"INSERT INTO devices (id, account_id, {DEVICE}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"

CHANGE = """
UPDATE devices SET kind = ?, name = ?, push_token = ?, voip_token = ?, notifies = ?, silent = ?,
    badges = ?
WHERE account_id = ? AND ref = ?
"""

REMOVE = "DELETE FROM devices WHERE account_id = ? AND ref = ? RETURNING id"

REMOVE_QUIETLY = "DELETE FROM devices WHERE account_id = ? AND ref = ?"

SURPLUS = "SELECT ref FROM devices WHERE account_id = ? ORDER BY id DESC LIMIT 1000 OFFSET ?"

SESSION_ON = "SELECT id FROM sessions WHERE account_id = ? AND dialect = ? AND device = ?"

# Of one session all secrets live equally long, so the one that ends first is the oldest.
FORGET_SECRETS = """
DELETE FROM tokens WHERE hash IN (
    SELECT hash FROM tokens WHERE session_id = ? ORDER BY expires_at DESC, hash LIMIT 1000 OFFSET ?
)
"""

KEEP_BOOK = "UPDATE devices SET book = ? WHERE account_id = ? AND ref = ? RETURNING id"

BOOK = "SELECT book FROM devices WHERE account_id = ? AND ref = ?"

OWNERS = f"""
SELECT {records.ACCOUNT} FROM json_each(?) AS each
JOIN accounts a ON a.phone_key = CAST(each.value ->> 0 AS TEXT)
WHERE a.phone_proven = 1
"""

FORGET_TICKETS = "DELETE FROM tickets WHERE session_id = ? AND expires_at <= ?"

KEEP_TICKET = """
INSERT INTO tickets (hash, session_id, expires_at) VALUES (?, ?, ?)
ON CONFLICT (hash) DO NOTHING RETURNING hash
"""

IS_TICKET = "SELECT 1 FROM tickets WHERE hash = ?"

USE_TICKET = "DELETE FROM tickets WHERE hash = ? RETURNING session_id, expires_at"

OF_SESSION = f"""
SELECT {records.ACCOUNT} FROM sessions s JOIN accounts a ON a.id = s.account_id WHERE s.id = ?
"""

FORGET_DEVICES = "DELETE FROM devices WHERE account_id = ?"

_books = msgspec.json.Decoder(list[tuple[str, list[str]]])


class SqlDevices:
    """`core.devices.DeviceStore` over an engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def sign_in(
        self, opening: Opening, device: Device | None, device_name: str, now: int
    ) -> Session:
        """See the port."""
        return await self._engine.write(sign_in(opening, device, device_name, now))

    async def register(self, actor: Actor, device: Device, dialect: str, now: int) -> None:
        """See the port."""
        await self._engine.write(register(actor, device, dialect, now))

    async def change(self, actor: Actor, ref: str, change: DeviceChange) -> Device:
        """See the port."""
        return await self._engine.write(change_device(actor, ref, change))

    async def listed(self, actor: Actor) -> list[Device]:
        """See the port."""
        found = await self._engine.read(rows(ALL, actor.account_id))
        return [_device(each) for each in found]

    async def need(self, actor: Actor, ref: str) -> Device:
        """See the port."""
        return await self._engine.read(need(actor, ref))

    async def remove(self, actor: Actor, ref: str, dialect: str) -> None:
        """See the port."""
        await self._engine.write(remove(actor, ref, dialect))

    async def keep_book(self, actor: Actor, ref: str, book: Sequence[BookContact]) -> None:
        """See the port."""
        text = array([(each.contact, each.phones) for each in book])
        found = await self._engine.write(row(KEEP_BOOK, text, actor.account_id, ref))
        if found is None:
            raise NotFound("device")

    async def book(self, actor: Actor, ref: str) -> list[tuple[str, Account | None]]:
        """See the port."""
        return await self._engine.scan(book(actor, ref))

    async def keep_ticket(self, actor: Actor, hashed: str, expires_at: int, now: int) -> None:
        """See the port."""
        await self._engine.write(keep_ticket(actor, hashed, expires_at, now))

    async def use_ticket(self, hashed: str, now: int) -> Proven | None:
        """See the port."""
        # A device that waits to be let in asks again and again: nothing is written for that.
        if await self._engine.read(row(IS_TICKET, hashed)) is None:
            return None
        return await self._engine.write(use_ticket(hashed, now))


def sign_in(opening: Opening, device: Device | None, device_name: str, now: int) -> Work[Session]:
    """Open the session, make or renew the device, tell the account's others.

    Raises:
        NotSignedIn, NotAllowed: as `open_session`.
    """
    session = yield from open_session(opening, now)
    yield from run(FORGET_SECRETS, session.id, MOST_SECRETS)
    account_id = opening.account_id
    if device is not None:
        known = yield from row(ONE, account_id, device.ref)
        if known is None:
            yield from _add(account_id, device, opening.dialect, now)
        else:
            renewed = replace(_device(known), kind=device.kind, name=device.name)
            yield from _store(account_id, renewed)
    yield from tell(SignedIn(account_id, session.id, device_name))
    return session


def register(actor: Actor, device: Device, dialect: str, now: int) -> Work[None]:
    """Make the device, or make it just so."""
    yield from need_alive(actor.account_id)
    if (yield from row(ONE, actor.account_id, device.ref)) is None:
        yield from _add(actor.account_id, device, dialect, now)
    else:
        yield from _store(actor.account_id, device)


def change_device(actor: Actor, ref: str, change: DeviceChange) -> Work[Device]:
    """The device as it is now. Raises: NotFound("device")."""
    old = yield from need(actor, ref)
    given = {name: value for name, value in asdict(change).items() if value is not None}
    new = replace(old, **given)
    yield from _store(actor.account_id, new)
    return new


def need(actor: Actor, ref: str) -> Work[Device]:
    """The device. Raises: NotFound("device")."""
    found = yield from row(ONE, actor.account_id, ref)
    if found is None:
        raise NotFound("device")
    return _device(found)


def remove(actor: Actor, ref: str, dialect: str) -> Work[None]:
    """The device is gone, with the session on it. Raises: NotFound("device")."""
    if (yield from row(REMOVE, actor.account_id, ref)) is None:
        raise NotFound("device")
    session = yield from row(SESSION_ON, actor.account_id, dialect, ref)
    if session is not None:
        yield from end([session[0]], actor.account_id)


def book(actor: Actor, ref: str) -> Work[list[tuple[str, Account | None]]]:
    """Each contact, and the account that has proven one of its phones. Raises: NotFound("device")."""
    found = yield from row(BOOK, actor.account_id, ref)
    if found is None:
        raise NotFound("device")
    contacts = _books.decode(found[0]) if found[0] else []
    phones = dict.fromkeys(phone for _, numbers in contacts for phone in numbers)
    owners: dict[str, Account] = {}
    if phones:
        accounts = [
            records.account(each)
            for each in (yield from rows(OWNERS, array([(phone,) for phone in phones])))
        ]
        owners = {account.phone: account for account in accounts}
    return [
        (contact, next((owners[phone] for phone in numbers if phone in owners), None))
        for contact, numbers in contacts
    ]


def keep_ticket(actor: Actor, hashed: str, expires_at: int, now: int) -> Work[None]:
    """A new ticket; the session's old ones are forgotten here, so there are never many.

    Raises:
        NotSignedIn: "token": the session has ended.
        Conflict: "ticket": it is one already.
    """
    if (yield from row(STANDS, actor.session_id, actor.account_id)) is None:
        raise NotSignedIn("token")
    yield from run(FORGET_TICKETS, actor.session_id, now)
    if (yield from row(KEEP_TICKET, hashed, actor.session_id, expires_at)) is None:
        raise Conflict("ticket")


def use_ticket(hashed: str, now: int) -> Work[Proven | None]:
    """What the ticket proves, which is used up; None: there is none."""
    found = yield from row(USE_TICKET, hashed)
    if found is None or found[1] <= now:
        return None
    account = yield from row(OF_SESSION, found[0])
    return None if account is None else Proven(records.account(account), session_id=found[0])


def forget_devices(account_id: AccountId) -> Work[None]:
    """The account is going: its devices and their address books go with it."""
    yield from run(FORGET_DEVICES, account_id)


def _add(account_id: AccountId, device: Device, dialect: str, now: int) -> Work[None]:
    """A new device. Of more than MOST_DEVICES the oldest go, with their sessions."""
    number = yield from draw(now)
    yield from run(ADD, number, account_id, device.ref, *_columns(device))
    surplus = yield from rows(SURPLUS, account_id, MOST_DEVICES)
    if not surplus:
        return
    yield from many(REMOVE_QUIETLY, [(account_id, ref) for (ref,) in surplus])
    ended = []
    for (ref,) in surplus:
        session = yield from row(SESSION_ON, account_id, dialect, ref)
        if session is not None:
            ended.append(session[0])
    if ended:
        yield from end(ended, account_id)


def _store(account_id: AccountId, device: Device) -> Work[None]:
    yield from run(CHANGE, *_columns(device), account_id, device.ref)


def _columns(device: Device) -> tuple[object, ...]:
    return (
        device.kind,
        device.name,
        device.push_token,
        device.voip_token,
        int(device.notifies),
        int(device.silent),
        int(device.badges),
    )


def _device(found: Row) -> Device:
    """From the columns of DEVICE."""
    return Device(
        ref=found[0],
        kind=found[1],
        name=found[2],
        push_token=found[3],
        voip_token=found[4],
        notifies=bool(found[5]),
        silent=bool(found[6]),
        badges=bool(found[7]),
    )
