"""What sockets count in memory is what the store counts, whatever people do."""

import asyncio
import random
from collections.abc import Coroutine
from itertools import count
from typing import Any

import uvloop
from hypothesis import given, settings
from hypothesis import strategies as st

from tertulia.core.flags import SILENT
from tertulia.core.ids import AccountId, ChatId
from tertulia.core.message_model import Draft, ReadMark
from tertulia.core.model import Actor, ChatChange
from tertulia.core.tally import Tally as Figures
from tertulia.core.team_model import HOME_TEAM
from tertulia.delivery.audience import Audience
from tertulia.delivery.fanout import FanOut
from tertulia.delivery.hub import Hub
from tertulia.dialects.tada.counters import Counters
from tertulia.dialects.tada.tallies import NOTHING, Tally
from tertulia.store.unread import SqlUnread, standings_of
from tertulia.store.work import rows
from tests.store.world import LIMIT, InStore, World, in_memory, tell

PEOPLE = 4

BY_ROWS = """
SELECT b.chat_id, COUNT(*), SUM(CASE WHEN EXISTS (
    SELECT 1 FROM mentions x WHERE x.message_id = m.id AND x.account_id = b.account_id
) THEN 1 ELSE 0 END)
FROM members b JOIN messages m ON m.chat_id = b.chat_id AND m.sent_at > b.read_at
    AND m.author_id <> b.account_id AND m.deleted_at IS NULL AND m.notice IS NULL
    AND (m.flags & ?) = 0 AND NOT EXISTS (
        SELECT 1 FROM hidden h WHERE h.message_id = m.id AND h.account_id = b.account_id
    )
WHERE b.account_id = ? AND b.left_at IS NULL
GROUP BY b.chat_id
"""

_names = count()


class Town:
    """People in a store, whose unread messages are counted in memory from a moment of their own."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.tasks: set[asyncio.Task[None]] = set()
        self.counters = Counters(SqlUnread(world.engine), self.share, self.spawn)
        self.audience = Audience(world.chats.card)
        hub = Hub(lambda _: None, lambda _: None)
        self.fan_out = FanOut(
            hub,
            self.audience,
            Figures(),
            spawn=self.spawn,
            flush=lambda: None,
            before=[self.counters.hear],
        )
        self.people: list[Actor] = []
        self.names: list[str] = []
        self.chats: list[ChatId] = []
        self.heard = 0

    @staticmethod
    def share(_one: AccountId, _other: AccountId) -> tuple[()]:
        """Everybody meets everybody in the home team only."""
        return (HOME_TEAM,)  # type: ignore[return-value]  # a tuple of one

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    def deliver(self) -> None:
        """Hand on what the store has told."""
        told = self.world.heard[self.heard :]
        self.heard = len(self.world.heard)
        if told:
            self.fan_out.deliver(told)

    async def settled(self) -> None:
        """Everything told has been heard, and what that set off, too."""
        while self.tasks or self.heard < len(self.world.heard):
            self.deliver()
            await asyncio.sleep(0)

    async def come(self, actor: Actor) -> Tally:
        """A socket of the account."""
        self.counters.enter(actor.account_id)
        coming = asyncio.ensure_future(self.counters.counted(actor.account_id))
        while not coming.done():
            self.deliver()
            await asyncio.sleep(0)
        return coming.result()

    async def compare(self) -> None:
        """Memory and store say the same of everybody who is there."""
        await self.settled()
        for actor in self.people:
            tally = self.counters.of(actor.account_id)
            if tally is None:
                continue
            (standing,) = await self.world.engine.write(standings_of([actor.account_id], None))
            expected = {each.chat_id: each.unread for each in standing.behind}
            assert {chat: seat.unread for chat, seat in tally.seats.items()} == expected
            assert tally.badge == sum(expected.values())
            named = {each.chat_id: each.mentioned for each in standing.behind}
            assert {chat: seat.mentioned for chat, seat in tally.seats.items()} == named
            sums = tally.sums.get(HOME_TEAM, NOTHING)
            for place, kind in enumerate(("direct", "group", "task")):
                behind = [each for each in standing.behind if each.kind == kind]
                unread = sum(each.unread for each in behind)
                mentioned = sum(each.mentioned for each in behind)
                found = sums[place]
                assert (found.messages, found.mentioned, found.chats) == (
                    unread,
                    mentioned,
                    len(behind),
                )

    async def count_rows(self) -> None:
        """What the store subtracts is what it would count."""
        for actor in self.people:
            me = actor.account_id
            (standing,) = await self.world.engine.write(standings_of([me], None))
            counted = await self.world.engine.write(rows(BY_ROWS, SILENT, me))
            found = {(each.chat_id, each.unread, each.mentioned) for each in standing.behind}
            assert found == {tuple(each) for each in counted}


async def build(world: World) -> Town:
    town = Town(world)
    number = next(_names)
    town.names = [f"p{each}-{number}" for each in range(PEOPLE)]
    town.people = [await world.person(each) for each in town.names]
    anna, boris, clara, _ = town.people
    town.chats = [(await world.group(anna, boris, clara)).id, (await world.group(boris, anna)).id]
    town.chats += [(await world.direct(anna, boris)).id, (await world.direct(clara, anna)).id]
    return town


async def act(town: Town, dice: random.Random) -> None:
    """One of them does something, rightly or wrongly."""
    world = town.world
    actor, chat_id = dice.choice(town.people), dice.choice(town.chats)
    messages = world.messages
    ids = [m.message.id for m in (await known(town, actor, chat_id))]
    some = dice.sample(ids, min(len(ids), dice.randint(1, 3)))
    other = dice.choice(town.people).account_id
    world.now += dice.randint(0, 3)
    match dice.randint(0, 13):
        case 0 | 1 | 2 | 3:
            hidden = (other,) if dice.random() < 0.1 else ()
            flags = SILENT if dice.random() < 0.1 and not hidden else 0
            text = f"x {called(town, dice)}, y"
            draft = Draft(chat_id, text, hide_from=hidden, flags=flags, reads=dice.random() < 0.3)
            await messages.append(actor, draft, world.now)
        case 4:
            await messages.mark_read(actor, ReadMark(chat_id, None), world.now)
        case 5:
            await messages.mark_read(actor, ReadMark(chat_id, tuple(some)), world.now)
        case 6 if some:
            await messages.mark_read(actor, ReadMark(chat_id, None, some[0]), world.now)
        case 7:
            await messages.delete(actor, chat_id, some, world.now)
        case 8:
            await messages.hide(actor, chat_id, some, world.now)
        case 9:
            await world.chats.leave(actor, chat_id, world.now)
        case 10:
            change = (
                ChatChange(add=(other,)) if dice.random() < 0.7 else ChatChange(remove=(other,))
            )
            await world.chats.change(actor, chat_id, change, LIMIT, world.now)
        case 11 if some:
            await messages.edit(actor, some[0], called(town, dice), world.now)
        case 12:
            await world.direct(actor, Actor(other, actor.session_id))
        case _:
            tally = town.counters.of(actor.account_id)
            if tally is None:
                await town.come(actor)
            elif dice.random() < 0.5:
                town.counters.leave(actor.account_id)


def called(town: Town, dice: random.Random) -> str:
    """One of them by name, or nobody."""
    return f"@{dice.choice([*town.names, 'nobody'])}"


async def known(town: Town, actor: Actor, chat_id: ChatId) -> list[Any]:
    try:
        return await town.world.history(actor, chat_id)
    except Exception:  # noqa: BLE001 - he is not in it: then he tries without
        return []


async def live(town: Town, seed: int, steps: int) -> None:
    dice = random.Random(seed)  # noqa: S311 - a game
    await town.come(town.people[0])
    for step in range(steps):
        together = dice.randint(1, 4)
        await asyncio.gather(*(act(town, dice) for _ in range(together)), return_exceptions=True)
        if step % 3 == 0:
            await town.compare()
    await town.compare()
    await town.count_rows()


@given(seed=st.integers(0, 2**32))
@settings(max_examples=60)
def test_memory_follows_the_store(seed: int) -> None:
    async def story(world: World) -> None:
        await live(await build(world), seed, 40)

    uvloop.run(tell(story, in_memory))


def test_memory_follows_the_store_on_every_engine(in_store: InStore) -> None:
    async def story(world: World) -> None:
        await live(await build(world), 7, 60)

    in_store(story)
