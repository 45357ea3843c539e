"""A store with everything that stands on it, and everything it told delivery."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from tertulia.core.events import Event
from tertulia.core.ids import ChatId, MessageId, SessionId
from tertulia.core.message_model import Draft, ListedChat, ListedMessage, Message, ReadMark, Sent
from tertulia.core.model import Actor, Chat, ChatChange, NewAccount, NewGroup, Page
from tertulia.core.tally import Tally
from tertulia.store.accounts import SqlAccounts
from tertulia.store.blocks import SqlBlocks
from tertulia.store.chats import SqlChats
from tertulia.store.engine import Engine
from tertulia.store.event_words import decoded, encoded
from tertulia.store.messages import SqlMessages
from tertulia.store.postgres import PostgresEngine, Spawn
from tertulia.store.sessions import SqlSessions
from tertulia.store.sqlite import IN_MEMORY, SqliteEngine
from tests.store.postgres_server import new_database

E = TypeVar("E", bound=Event)

START = 1_790_000_000_000
"""Milliseconds since 1970: when every world begins."""

LIMIT = 50
"""Members of a group."""


class World:
    """What a story of a test has to do with."""

    def __init__(self, engine: Engine, heard: list[Event], tally: Tally) -> None:
        self.engine = engine
        self.heard = heard
        self.tally = tally
        self.accounts = SqlAccounts(engine)
        self.blocks = SqlBlocks(engine)
        self.chats = SqlChats(engine)
        self.messages = SqlMessages(engine)
        self.sessions = SqlSessions(engine)
        self.now = START
        self._connections = 0

    async def person(self, login: str) -> Actor:
        """A new account, on a connection of its own."""
        account = await self.accounts.add(NewAccount(login, "secret"), "hash", self.now)
        self._connections += 1
        return Actor(account.id, SessionId(self._connections), self._connections)

    async def append(self, actor: Actor, draft: Draft, now: int) -> Sent:
        """A send, as a coroutine: for whoever is not on the engine's loop."""
        return await self.messages.append(actor, draft, now)

    async def people(self, *logins: str) -> list[Actor]:
        """New accounts."""
        return [await self.person(login) for login in logins]

    async def group(self, owner: Actor, *others: Actor) -> Chat:
        """A group of these."""
        new = NewGroup("tea", tuple(other.account_id for other in others))
        return await self.chats.open_group(owner, new, LIMIT, self.now)

    async def direct(self, actor: Actor, other: Actor) -> Chat:
        """The direct chat of the two."""
        return await self.chats.open_direct(actor, other.account_id, NewGroup("", ()), self.now)

    async def post(self, actor: Actor, chat_id: ChatId, text: str = "hello") -> Message:
        """A message that nobody could take for a resend."""
        return (await self.messages.append(actor, Draft(chat_id, text), self.now)).message

    async def read_all(self, actor: Actor, chat_id: ChatId) -> None:
        """A read mark without names."""
        await self.messages.mark_read(actor, ReadMark(chat_id, None), self.now)

    async def read(self, actor: Actor, chat_id: ChatId, *messages: Message) -> None:
        """A read mark that names these messages."""
        ids = tuple(message.id for message in messages)
        await self.messages.mark_read(actor, ReadMark(chat_id, ids), self.now)

    async def delete(self, actor: Actor, *messages: Message) -> None:
        """These are gone for everybody."""
        ids = [message.id for message in messages]
        await self.messages.delete(actor, messages[0].chat_id, ids, self.now)

    async def hide(self, actor: Actor, *messages: Message) -> None:
        """These are out of the actor's sight."""
        ids = [message.id for message in messages]
        await self.messages.hide(actor, messages[0].chat_id, ids, self.now)

    async def entry(self, actor: Actor, chat_id: ChatId) -> ListedChat | None:
        """The chat in the actor's list."""
        found = await self.chats.listed(actor, Page(1, only=(chat_id,)))
        return found[0] if found else None

    async def unread(self, actor: Actor, chat_id: ChatId) -> int:
        """What the actor's list says is unread in the chat."""
        entry = await self.entry(actor, chat_id)
        assert entry is not None
        return entry.unread

    async def history(self, actor: Actor, chat_id: ChatId) -> list[ListedMessage]:
        """Everything the actor sees there, oldest first."""
        return await self.messages.history(actor, chat_id, Page(1_000, after=0))

    async def texts(self, actor: Actor, chat_id: ChatId) -> list[str]:
        """The texts the actor sees there, oldest first."""
        return [each.message.text for each in await self.history(actor, chat_id)]

    def told(self, kind: type[E]) -> list[E]:
        """The events of that kind, in order."""
        return [event for event in self.heard if isinstance(event, kind)]

    def kinds(self) -> list[str]:
        """The names of all events since the last time, in order; forgets them."""
        names = [type(event).__name__ for event in self.heard]
        self.heard.clear()
        return names


async def tea(world: World) -> tuple[Actor, Actor, Chat]:
    """Anna, Boris and a group of the two."""
    anna, boris = await world.people("anna", "boris")
    return anna, boris, await world.group(anna, boris)


async def change(world: World, who: Actor, chat: Chat, **what: object) -> Chat | None:
    """The chat after a change to it; a group of four is full."""
    wanted = ChatChange(**what)  # type: ignore[arg-type]  # the fields of ChatChange
    return await world.chats.change(who, chat.id, wanted, 4, world.now)


def ids(messages: list[ListedMessage]) -> list[MessageId]:
    """Their ids, in order."""
    return [each.message.id for each in messages]


Story = Callable[[World], Awaitable[None]]
InStore = Callable[[Story], None]
OpenEngine = Callable[[Callable[[list[Event]], None], Tally, Spawn], Awaitable[Engine]]


@asynccontextmanager
async def tasks_of_engine() -> AsyncIterator[Spawn]:
    """Where an engine starts its tasks; what the body raises comes out as it is."""
    failure: BaseException | None = None
    async with asyncio.TaskGroup() as tasks:
        try:
            yield tasks.create_task
        except Exception as error:  # noqa: BLE001 - raised again below, outside the group
            failure = error
    if failure is not None:
        raise failure


async def in_memory(publish: Callable[[list[Event]], None], tally: Tally, _: Spawn) -> Engine:
    """SQLite without a file."""
    return SqliteEngine(IN_MEMORY, publish, tally)


def in_file(path: Path) -> OpenEngine:
    """SQLite in a file."""

    async def engine(publish: Callable[[list[Event]], None], tally: Tally, _: Spawn) -> Engine:
        return SqliteEngine(str(path), publish, tally)

    return engine


_TEMPLATE: list[str] = []


async def in_postgres(publish: Callable[[list[Event]], None], tally: Tally, spawn: Spawn) -> Engine:
    """PostgreSQL, in a database of its own; its tables are made once a process, and copied."""
    if not _TEMPLATE:
        url = await new_database()
        made = PostgresEngine(url, lambda _: None, Tally(), spawn)
        await made.open()
        await made.close()
        _TEMPLATE.append(urlsplit(url).path.removeprefix("/"))
    return PostgresEngine(await new_database(_TEMPLATE[0]), publish, tally, spawn)


async def tell(story: Story, open_engine: OpenEngine) -> None:
    """Play a story on an engine."""
    heard: list[Event] = []
    tally = Tally()

    def publish(events: list[Event]) -> None:
        # Whatever happens can be told to another process, too.
        heard.extend(decoded(encoded(events), foreign=False))
        assert heard[-len(events) :] == events

    async with tasks_of_engine() as spawn:
        engine = await open_engine(publish, tally, spawn)
        await engine.open()
        try:
            await story(World(engine, heard, tally))
        finally:
            await engine.close()
