"""A process that writes under load and says on its standard output what was acknowledged, until killed.

python -m tests.integration.writer sqlite:///PATH|postgresql://… NEXT_OF_SENDER_0 NEXT_OF_SENDER_1 …
"""

import asyncio
import os
import sys
import time

import msgspec
import uvloop

from tertulia.core.ids import SessionId
from tertulia.core.message_model import Draft
from tertulia.core.model import Actor, Chat, NewAccount, NewGroup, Page
from tertulia.core.tally import Tally
from tertulia.store.accounts import SqlAccounts
from tertulia.store.chats import SqlChats
from tertulia.store.engine import Engine
from tertulia.store.messages import SqlMessages
from tertulia.store.postgres import PostgresEngine, Spawn
from tertulia.store.sqlite import SqliteEngine
from tests.integration.ledger import Acknowledged, text_of

CHATS = 3


def engine_at(url: str, spawn: Spawn) -> Engine:
    """The engine for that address."""
    path = url.removeprefix("sqlite:///")
    if path != url:
        return SqliteEngine(path, lambda _: None, Tally())
    return PostgresEngine(url, lambda _: None, Tally(), spawn)


def now_ms() -> int:
    """The time; a process that is killed needs no clock to move."""
    return time.time_ns() // 1_000_000


async def cast(engine: Engine) -> tuple[Actor, list[Chat]]:
    """The one who writes and the chats, made by the first process."""
    accounts, chats = SqlAccounts(engine), SqlChats(engine)
    found = await accounts.secret_of("anna")
    if found is None:
        first = await accounts.add(NewAccount("anna", ""), "", now_ms())
        second = await accounts.add(NewAccount("boris", ""), "", now_ms())
        new = NewGroup("tea", (second.id,))
        for _ in range(CHATS):
            await chats.open_group(Actor(first.id, SessionId(1)), new, 10, now_ms())
    else:
        first, _ = found
    anna = Actor(first.id, SessionId(1))
    listed = await chats.listed(anna, Page(CHATS))
    return anna, sorted((each.chat for each in listed), key=lambda chat: chat.id)


async def write(engine: Engine, first_numbers: list[int]) -> None:
    """Every sender writes one message after the other, for ever."""
    anna, chats = await cast(engine)
    messages = SqlMessages(engine)

    async def send(sender: int, number: int) -> None:
        chat = chats[sender % CHATS]
        while True:
            text = text_of(sender, number)
            sent = await messages.append(anna, Draft(chat.id, text, client_ref=text), now_ms())
            entry = Acknowledged(sender, number, chat.id, sent.message.id, sent.message.seq)
            os.write(sys.stdout.fileno(), msgspec.json.encode(entry) + b"\n")
            number += 1

    async with asyncio.TaskGroup() as senders:
        for sender, number in enumerate(first_numbers):
            senders.create_task(send(sender, number))


async def main(url: str, first_numbers: list[int]) -> None:
    """Until killed."""
    async with asyncio.TaskGroup() as tasks:
        engine = engine_at(url, tasks.create_task)
        await engine.open()
        await write(engine, first_numbers)


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], [int(each) for each in sys.argv[2:]]))
