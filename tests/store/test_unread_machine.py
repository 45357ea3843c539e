"""People write, read, hide, delete, come and go; a naive model counts beside them."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from itertools import count
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from tertulia.core.events import MessagePosted, MessagesRead
from tertulia.core.message_model import Draft, Message, ReadMark
from tertulia.core.model import Actor, ChatChange
from tests.store.sound import broken
from tests.store.world import InStore, World

T = TypeVar("T")

PEOPLE = ("anna", "boris", "clara", "dora")
somebody = st.sampled_from(PEOPLE)
# Places counted from the newest message, which is where people are busy.
places = st.lists(st.integers(1, 12), max_size=4)
_names = count()


@dataclass
class Reader:
    """What the model knows of a member."""

    read_seq: int
    joined_seq: int
    told: set[int] = field(default_factory=set)


class Chatting(RuleBasedStateMachine):
    """A group on the store, and what must come of it."""

    world: World
    loop: asyncio.AbstractEventLoop

    def __init__(self) -> None:
        super().__init__()
        number = next(_names)
        self.people: dict[str, Actor] = {}
        for name in PEOPLE:
            self.people[name] = self.wait(self.world.person(f"{name}{number}"))
        first, *others, _ = self.people.values()
        self.chat_id = self.wait(self.world.group(first, *others)).id
        self.world.heard.clear()
        self.messages: list[Message] = []
        self.hidden: set[tuple[str, int]] = set()
        self.deleted: set[int] = set()
        self.read_by_name: set[int] = set()
        self.members = {name: Reader(0, 0) for name in PEOPLE[:3]}

    def wait(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result()

    def hear(self) -> list[MessagesRead]:
        """New messages enter the model; the read marks are for the rules to compare."""
        marks = []
        for event in self.world.heard:
            match event:
                case MessagePosted(message=message):
                    self.messages.append(message)
                case MessagesRead():
                    marks.append(event)
                case _:
                    pass
        self.world.heard.clear()
        return marks

    def at(self, which: list[int]) -> list[Message]:
        return [self.messages[-n] for n in which if n <= len(self.messages)]

    def seen_by(self, who: str) -> list[Message]:
        me = self.people[who].account_id
        return [
            message
            for message in self.messages
            if message.author_id != me
            and message.id not in self.deleted
            and (who, message.id) not in self.hidden
        ]

    @rule(who=somebody, unseen_by=st.one_of(st.just(set()), st.sets(somebody, max_size=2)))
    def post(self, who: str, unseen_by: set[str]) -> None:
        if who not in self.members:
            return
        hide_from = tuple(self.people[name].account_id for name in sorted(unseen_by))
        draft = Draft(self.chat_id, "x", hide_from=hide_from)
        sent = self.wait(self.world.append(self.people[who], draft, self.world.now))
        self.hidden |= {(name, sent.message.id) for name in unseen_by}
        self.hear()

    @rule(who=somebody)
    def read_all(self, who: str) -> None:
        if who in self.members:
            self.wait(self.world.read_all(self.people[who], self.chat_id))
            expected = self.reads(who, None)
            assert self.announced(who) == [each for each in (expected,) if each]

    @rule(who=somebody, first=places, second=places)
    def read_named_twice_at_once(self, who: str, first: list[int], second: list[int]) -> None:
        if who not in self.members:
            return

        async def both(marks: list[ReadMark]) -> None:
            actor, now = self.people[who], self.world.now
            await asyncio.gather(*(self.world.messages.mark_read(actor, m, now) for m in marks))

        named = [self.at(first), self.at(second)]
        self.wait(both([ReadMark(self.chat_id, tuple(m.id for m in each)) for each in named]))
        expected = [self.reads(who, each) for each in named]
        assert self.announced(who) == [each for each in expected if each]

    def reads(self, who: str, named: list[Message] | None) -> set[int]:
        """Moves the model's mark; which messages are announced by it."""
        reader = self.members[who]
        covered = [m for m in self.seen_by(who) if named is None or m in named]
        if named is None:
            reader.read_seq = len(self.messages)
        elif covered:
            reader.read_seq = max(reader.read_seq, *(m.seq for m in covered))
        fresh = {m.id for m in covered if m.seq > reader.joined_seq} - reader.told
        reader.told |= fresh
        self.read_by_name |= fresh
        return set(fresh)

    def announced(self, who: str) -> list[set[int]]:
        author_of = {message.id: message.author_id for message in self.messages}
        found: list[set[int]] = []
        for event in self.hear():
            assert event.account_id == self.people[who].account_id
            for author, ids in event.by_author:
                assert {author_of[each] for each in ids} == {author}
                assert list(ids) == sorted(ids, reverse=True)
            found.append({each for _, ids in event.by_author for each in ids})
        return found

    @rule(which=places)
    def delete(self, which: list[int]) -> None:
        if "anna" in self.members and which:
            ids = [message.id for message in self.at(which)]
            now = self.world.now
            self.wait(self.world.messages.delete(self.people["anna"], self.chat_id, ids, now))
            self.deleted |= set(ids)

    @rule(who=somebody, which=places)
    def hide(self, who: str, which: list[int]) -> None:
        if who in self.members:
            ids = [message.id for message in self.at(which)]
            now = self.world.now
            self.wait(self.world.messages.hide(self.people[who], self.chat_id, ids, now))
            self.hidden |= {(who, each) for each in ids if each not in self.deleted}

    @rule(who=st.sampled_from(PEOPLE[1:]), how=st.sampled_from(["leaves", "is removed"]))
    def come_or_go(self, who: str, how: str) -> None:
        place, account_id = len(self.messages), self.people[who].account_id
        if who not in self.members:
            self.change(ChatChange(add=(account_id,)))
            self.members[who] = Reader(place, place)
        else:
            del self.members[who]
            if how == "leaves":
                self.wait(self.world.chats.leave(self.people[who], self.chat_id, self.world.now))
            else:
                self.change(ChatChange(remove=(account_id,)))
        self.hear()

    def change(self, change: ChatChange) -> None:
        anna = self.people["anna"]
        self.wait(self.world.chats.change(anna, self.chat_id, change, 50, self.world.now))

    @rule(step=st.integers(-5, 5))
    def time_passes(self, step: int) -> None:
        self.world.now += step

    @invariant()
    def the_count_is_right(self) -> None:
        for name, reader in self.members.items():
            naive = sum(message.seq > reader.read_seq for message in self.seen_by(name))
            assert self.wait(self.world.unread(self.people[name], self.chat_id)) == naive, name

    @invariant()
    def everybody_sees_what_is_his(self) -> None:
        for name in self.members:
            listed = self.wait(self.world.history(self.people[name], self.chat_id))
            assert [(each.message.id, each.is_read) for each in listed] == [
                (message.id, message.id in self.read_by_name)
                for message in self.messages
                if message.id not in self.deleted and (name, message.id) not in self.hidden
            ]


@pytest.mark.slow
def test_unread_by_subtraction_agrees_with_counting(in_store: InStore) -> None:
    async def story(world: World) -> None:
        machine = type("Machine", (Chatting,), {"world": world, "loop": asyncio.get_running_loop()})
        play = settings(
            max_examples=25,
            stateful_step_count=30,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        await asyncio.to_thread(run_state_machine_as_test, machine, settings=play)
        assert await broken(world.engine) == []

    in_store(story)
