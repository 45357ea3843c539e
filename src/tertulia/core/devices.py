"""Devices: what an account is signed in on, its address book, and letting another device in."""

import asyncio
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from tertulia.core.errors import BadInput, NotSignedIn
from tertulia.core.model import Account, Actor, Session
from tertulia.core.phones import normalised
from tertulia.core.ports import Clock
from tertulia.core.signin import Grant, hash_of
from tertulia.core.signin_model import Opening, Proven

MOST_DEVICES = 200
"""Of one account; one more, and the oldest goes with its session."""

MOST_SESSIONS = 200
"""Of one account through one dialect; one more, and the oldest ends."""

MOST_SECRETS = 10
"""Of one session: so many sign-ins on one device stay good beside each other."""

TICKET_MS = 60_000
"""How long a ticket is good for."""

TICKET_BYTES = 12
"""16 characters."""

PHONES_AT_ONCE = 500
"""Are normalised before somebody else may have the event loop."""


@dataclass(frozen=True, slots=True)
class Device:
    """What an account is signed in on, in its program's words.

    Attributes:
        ref: the program's id for it, unique within the account.
        kind: which program it is.
        name: for people.
        push_token: where notifications go; "" for nowhere.
        voip_token: the same for calls.
        notifies: it wants notifications.
        silent: it wants pushes that nobody sees.
        badges: it wants the number for its icon.
    """

    ref: str
    kind: str
    name: str = ""
    push_token: str = ""
    voip_token: str = ""
    notifies: bool = True
    silent: bool = False
    badges: bool = False


@dataclass(frozen=True, slots=True)
class DeviceChange:
    """What to change in a device; None leaves a field as it is."""

    kind: str | None = None
    name: str | None = None
    push_token: str | None = None
    voip_token: str | None = None
    notifies: bool | None = None
    silent: bool | None = None
    badges: bool | None = None


@dataclass(frozen=True, slots=True)
class BookContact:
    """An entry of a device's address book.

    Attributes:
        contact: a JSON object, as the device sent it.
        phones: as it sent them; stored are those that are numbers, normalised.
    """

    contact: str
    phones: tuple[str, ...]


class DeviceStore(Protocol):
    """Devices at rest."""

    async def sign_in(
        self, opening: Opening, device: Device | None, device_name: str, now: int
    ) -> Session:
        """The session, and the device made or renewed (its kind and name), in one commit.

        Announced as SignedIn. Raises: NotSignedIn, NotAllowed, as `SessionStore.open`.
        """
        ...

    async def register(self, actor: Actor, device: Device, dialect: str, now: int) -> None:
        """The device is there, just so."""
        ...

    async def change(self, actor: Actor, ref: str, change: DeviceChange) -> Device:
        """The device as it is now. Raises: NotFound("device")."""
        ...

    async def listed(self, actor: Actor) -> list[Device]:
        """The actor's, oldest first."""
        ...

    async def need(self, actor: Actor, ref: str) -> Device:
        """The device. Raises: NotFound("device")."""
        ...

    async def remove(self, actor: Actor, ref: str, dialect: str) -> None:
        """It is gone, and with it the session on it. Raises: NotFound("device")."""
        ...

    async def keep_book(self, actor: Actor, ref: str, book: Sequence[BookContact]) -> None:
        """Instead of the one that was there. Raises: NotFound("device")."""
        ...

    async def book(self, actor: Actor, ref: str) -> list[tuple[str, Account | None]]:
        """Each contact, and the account that has proven one of its phones. Raises: NotFound("device")."""
        ...

    async def keep_ticket(self, actor: Actor, hashed: str, expires_at: int, now: int) -> None:
        """Raises: NotSignedIn("token"): the actor's session has ended; Conflict("ticket"): it is one."""
        ...

    async def use_ticket(self, hashed: str, now: int) -> Proven | None:
        """What the ticket proves, which is used up; None: there is none."""
        ...


class Devices:
    """What can be done with devices."""

    def __init__(self, store: DeviceStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def sign_in(
        self, proven: Proven, dialect: str, grant: Grant, device: Device | None
    ) -> Session:
        """The session of an account, on a device that it then has; the account's others are told.

        A device that is known already gets a new kind and name, and its old secrets stay good.

        Args:
            proven: by `SignIn` or `by_ticket`.
            dialect: its name.
            grant: the secret that opens the session.
            device: None: the session belongs to no device, and has a name nobody else has.

        Raises:
            NotSignedIn: what proved the account does not hold any more.
            NotAllowed: `signin.BLOCKED_ACCOUNT`.
        """
        ref = f"{grant.kind} {secrets.token_hex(16)}" if device is None else device.ref
        opening = Opening(
            proven.account.id,
            dialect,
            ref,
            "",
            (grant.secret,),
            proven.password_hash,
            proven.session_id,
            proven.phone,
            MOST_SESSIONS,
        )
        name = "" if device is None else device.name
        return await self._store.sign_in(opening, device, name, self._clock.now_ms())

    async def register(self, actor: Actor, device: Device, dialect: str) -> Device:
        """The device is there, just so, whatever it was before.

        `dialect`: whose sessions end if it is one device too many.
        """
        await self._store.register(actor, device, dialect, self._clock.now_ms())
        return device

    async def change(self, actor: Actor, ref: str, change: DeviceChange) -> Device:
        """The device as it is now. Raises: NotFound("device")."""
        return await self._store.change(actor, ref, change)

    async def listed(self, actor: Actor) -> list[Device]:
        """The actor's, oldest first."""
        return await self._store.listed(actor)

    async def need(self, actor: Actor, ref: str) -> Device:
        """The actor's device of that name. Raises: NotFound("device")."""
        return await self._store.need(actor, ref)

    async def remove(self, actor: Actor, ref: str, dialect: str) -> None:
        """It is gone, and whoever is signed in on it through that dialect is not any more.

        Raises:
            NotFound: "device".
        """
        await self._store.remove(actor, ref, dialect)

    async def keep_book(self, actor: Actor, ref: str, book: Sequence[BookContact]) -> None:
        """The device's address book from now on. Raises: NotFound("device")."""
        await self._store.need(actor, ref)
        await self._store.keep_book(actor, ref, await _with_numbers(book))

    async def book(self, actor: Actor, ref: str) -> list[tuple[str, Account | None]]:
        """The device's address book: each contact as JSON, and whose phone stands in it.

        Only a proven phone is somebody's.

        Raises:
            NotFound: "device".
        """
        return await self._store.book(actor, ref)

    async def ticket(self, actor: Actor) -> str:
        """A new ticket: whoever shows it within `TICKET_MS` is the actor, once."""
        text = secrets.token_urlsafe(TICKET_BYTES)
        now = self._clock.now_ms()
        await self._store.keep_ticket(actor, hash_of(text), now + TICKET_MS, now)
        return text

    async def admit(self, actor: Actor, hashed: str) -> None:
        """Whoever shows, within `TICKET_MS`, the text with that hash is the actor, once.

        The text was made by the device that is to be let in, and nobody else has seen it
        (docs/decisions/0114).

        Raises:
            Conflict: "ticket": somebody has let it in already.
        """
        now = self._clock.now_ms()
        await self._store.keep_ticket(actor, hashed, now + TICKET_MS, now)

    async def by_ticket(self, text: str) -> Proven:
        """Whoever made the ticket, which is used up. Raises: NotSignedIn("ticket")."""
        found = await self._store.use_ticket(hash_of(text), self._clock.now_ms())
        if found is None:
            raise NotSignedIn("ticket")
        return found


async def _with_numbers(book: Sequence[BookContact]) -> list[BookContact]:
    """The same with the phones that are numbers, normalised, without doubles."""
    found: list[BookContact] = []
    looked_at = 0
    for each in book:
        looked_at += len(each.phones)
        if looked_at > PHONES_AT_ONCE:
            looked_at = 0
            await asyncio.sleep(0)
        found.append(BookContact(each.contact, tuple(dict.fromkeys(_numbers(each.phones)))))
    return found


def _numbers(phones: Sequence[str]) -> list[str]:
    numbers = []
    for phone in phones:
        try:
            numbers.append(normalised(phone))
        except BadInput:
            continue
    return numbers
