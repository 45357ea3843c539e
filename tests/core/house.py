"""A whole house without a port: the services on a store in memory, and a clock that stands still."""

import asyncio
import json
import tempfile
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tertulia.adapters.passwords import Argon2Passwords
from tertulia.assembly import Server, built
from tertulia.core.events import Event
from tertulia.core.ids import AccountId, ChatId, SessionId
from tertulia.core.message_model import Draft, Message
from tertulia.core.model import Account, Actor, NewAccount, NewGroup
from tertulia.core.services import Services
from tertulia.delivery.encoder import Encoder, Reader
from tertulia.settings import Settings
from tests.house import in_memory

START = 1_790_000_000_000
"""Milliseconds since 1970: when every house opens."""

LIMIT = 50
"""Members of a group."""

PATIENCE_S = 5.0
TURNS = 20
"""Of the event loop: more than anything in memory needs."""


@dataclass
class StillClock:
    """Shows what it was set to."""

    now: int = START

    def now_ms(self) -> int:
        """See `core.ports.Clock`."""
        return self.now

    def move(self, seconds: float) -> None:
        """Time passes."""
        self.now += round(seconds * 1000)


class Verbatim:
    """An encoder that keeps the events as they are, for an ear to find by number."""

    def __init__(self) -> None:
        self.said: list[Event] = []
        self.is_broken = False

    def view(self, event: Event, reader: Reader) -> Hashable | None:
        """Everybody but the connection it came from is told the same."""
        return None if reader.connection == event.origin else "all"

    def encode(self, event: Event, view: Hashable) -> bytes:
        """The number of the event."""
        if self.is_broken:
            raise RuntimeError("broken on purpose")
        self.said.append(event)
        return str(len(self.said) - 1).encode()


class Ear:
    """A signed-in connection that keeps what it hears."""

    def __init__(self, reader: Reader, encoder: Verbatim) -> None:
        self._reader = reader
        self._encoder = encoder
        self.packets: list[bytes] = []
        self.is_out = False
        self.is_inactive = False
        self.answers_first = 0

    @property
    def reader(self) -> Reader:
        """Who listens."""
        return self._reader

    @property
    def encoder(self) -> Encoder:
        """In whose words."""
        return self._encoder

    def offer(self, packet: bytes) -> None:
        """Keep it."""
        self.packets.append(packet)

    def offer_after_answer(self, packet: bytes) -> None:
        """Keep it."""
        self.answers_first += 1
        self.packets.append(packet)

    def signed_out(self) -> None:
        """Nobody's any more."""
        self.is_out = True

    @property
    def heard(self) -> list[Event]:
        """The events behind the packets, in order."""
        return [self._encoder.said[int(packet)] for packet in self.packets]

    def kinds(self) -> list[str]:
        """The names of the events heard since the last time."""
        names = [type(event).__name__ for event in self.heard]
        self.packets.clear()
        return names


@dataclass
class House:
    """What a story of a test has to do with."""

    server: Server
    clock: StillClock
    sms: Path
    encoder: Verbatim = field(default_factory=Verbatim)
    connections: int = 1_000_000

    @property
    def core(self) -> Services:
        """The messenger."""
        return self.server.core

    async def account(self, login: str) -> Account:
        """Somebody new, whose password is `secret`."""
        return await self.core.accounts.register(NewAccount(login, "secret"))

    def last_code(self, phone: str) -> str:
        """The code that went out last to that number, `+` and digits."""
        sent = [json.loads(line) for line in self.sms.read_text("utf-8").splitlines()]
        return [str(each["code"]) for each in sent if each["phone"] == phone][-1]

    async def person(self, login: str) -> Actor:
        """Somebody new, who acts through no connection."""
        return Actor((await self.account(login)).id, SessionId(1))

    async def people(self, *logins: str) -> list[Actor]:
        """Several of them."""
        return [await self.person(login) for login in logins]

    def ear(self, actor: Actor, session: int = 1) -> Ear:
        """A connection of that person, not signed in yet."""
        self.connections += 1
        reader = Reader(self.connections, actor.account_id, SessionId(session), "seed")
        return Ear(reader, self.encoder)

    async def listens(self, actor: Actor, session: int = 1) -> Ear:
        """A signed-in connection of that person."""
        ear = self.ear(actor, session)
        self.server.hub.add(ear)
        await self.settle()
        return ear

    async def hangs_up(self, ear: Ear) -> None:
        """That connection is closed."""
        self.server.hub.remove(ear)
        await self.settle()

    async def group(self, owner: Actor, *others: Actor) -> ChatId:
        """A group of these."""
        new = NewGroup("tea", tuple(other.account_id for other in others))
        return (await self.core.chats.open_group(owner, new, LIMIT)).id

    async def direct(self, actor: Actor, other: AccountId) -> ChatId:
        """The direct chat of the two."""
        return (await self.core.chats.open_direct(actor, other, NewGroup("", ()))).id

    async def say(self, actor: Actor, chat_id: ChatId, text: str = "hello") -> Message:
        """A message."""
        return (await self.core.messages.send(actor, Draft(chat_id, text))).message

    @staticmethod
    async def settle() -> None:
        """Whatever was set off has come to its end."""
        for _ in range(TURNS):
            await asyncio.sleep(0)


Story = Callable[[House], Awaitable[None]]


def in_house(story: Story, **settings: Any) -> None:
    """Play *story* in a house of its own. `settings` are those of an operator."""

    async def played() -> None:
        passwords = Argon2Passwords(memory_kib=8, rounds=1)
        clock = StillClock()
        try:
            with tempfile.TemporaryDirectory(prefix="tertulia-house-") as data:
                sms = Path(data) / "sms.jsonl"
                async with (
                    asyncio.timeout(PATIENCE_S),
                    built(
                        Settings(data=Path(data), **{"sms_url": f"file://{sms}"} | settings),
                        base_url="http://house.test",
                        engine_of=in_memory,
                        passwords=passwords,
                        clock=clock,
                    ) as server,
                ):
                    await story(House(server, clock, sms))
        finally:
            passwords.close()

    asyncio.run(played())
