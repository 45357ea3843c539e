"""What an account missed is read from its chats, for the times it was away."""

import apsw
import pytest

from tertulia.core.events import (
    Event,
    LogEntry,
    MembersRemoved,
    MessageEdited,
    MessagePosted,
    MessagesDeleted,
    ReactionsChanged,
)
from tertulia.core.ids import MAX_NUMBER, first_number_at
from tertulia.core.message_model import Draft
from tertulia.core.model import Actor, ChatChange
from tertulia.store import migrate, oplog, visits
from tertulia.store.oplog import SqlLog, gaps_between
from tests.store.world import LIMIT, START, InStore, World

CHANGES = (MessageEdited.__name__, MessagesDeleted.__name__)


class Away:
    """One who comes and goes; without a log in the only process there is."""

    def __init__(self, world: World, actor: Actor, log: SqlLog | None = None) -> None:
        self._log = log or SqlLog(world.engine)
        self._id = actor.account_id
        self._came = MAX_NUMBER

    async def comes(self) -> None:
        self._came = self._log.position
        await self._log.came(self._id, self._came, 0)

    async def goes(self) -> None:
        await self.went(self._came, self._log.position)

    async def went(self, came: int, position: int) -> None:
        self._came = MAX_NUMBER
        await self._log.went(self._id, came, position)

    async def missed(self, *, limit: int = 1_000, oldest: int = 0) -> list[LogEntry]:
        return await self._log.missed(self._id, oldest, self._came, limit, only_last=None)

    async def changes(self) -> list[Event]:
        found = await self._log.missed(self._id, 0, self._came, 1_000, only_last=CHANGES)
        return [entry.event for entry in found]

    async def texts(self, *, limit: int = 1_000) -> list[str]:
        events = [entry.event for entry in await self.missed(limit=limit)]
        return [event.message.text for event in events if isinstance(event, MessagePosted)]

    async def kinds(self) -> list[str]:
        return [type(entry.event).__name__ for entry in await self.missed()]


def test_only_what_happened_in_absence_was_missed(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris = await world.people("anna", "boris")
        away = Away(world, boris)
        chat = await world.group(anna, boris)
        await world.post(anna, chat.id, "one")
        await away.comes()
        await world.post(anna, chat.id, "two")
        await away.goes()
        await world.post(anna, chat.id, "three")
        await away.comes()
        await world.post(anna, chat.id, "four")
        assert await away.texts() == ["one", "three"]
        await away.goes()
        await world.post(anna, chat.id, "five")
        assert await away.texts() == ["one", "three", "five"]

    in_store(story)


def test_an_end_that_is_written_late_ends_its_own_visit_only(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris = await world.people("anna", "boris")
        away = Away(world, boris)
        chat = await world.group(anna, boris)
        first = world.engine.position
        await away.comes()
        await world.post(anna, chat.id, "heard")
        went = world.engine.position
        await world.post(anna, chat.id, "missed")
        second = world.engine.position
        await away.comes()
        await world.post(anna, chat.id, "heard, too")
        await away.went(first, went)
        third = world.engine.position
        await world.post(anna, chat.id, "last")
        await away.went(second, third)
        assert await away.texts() == ["missed", "last"]

    in_store(story)


def test_coming_and_going_while_nothing_happens_changes_nothing(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris = await world.people("anna", "boris")
        away = Away(world, boris)
        chat = await world.group(anna, boris)
        for _ in range(3):
            await away.comes()
            await away.goes()
        await world.post(anna, chat.id, "one")
        assert await away.texts() == ["one"]
        await away.comes()
        await world.post(anna, chat.id, "two")
        await away.goes()
        await away.comes()
        assert await away.texts() == ["one"]
        assert await away.changes() == []

    in_store(story)


def test_own_deeds_hidden_messages_and_what_came_before_joining_are_not_in_it(
    in_store: InStore,
) -> None:
    async def story(world: World) -> None:
        anna, boris, clara = await world.people("anna", "boris", "clara")
        away = Away(world, clara)
        chat = await world.group(anna, boris)
        world.now += 5
        await world.post(anna, chat.id, "before")
        world.now += 5
        await world.chats.change(
            anna, chat.id, ChatChange(add=(clara.account_id,)), LIMIT, world.now
        )
        await world.post(clara, chat.id, "my own")
        draft = Draft(chat.id, "not for her", hide_from=(clara.account_id,))
        await world.messages.append(anna, draft, world.now)
        await world.post(boris, chat.id, "after")
        assert await away.texts() == ["clara has been added to the group", "after"]
        assert await away.kinds() == ["MembersAdded", "MessagePosted", "MessagePosted"]

    in_store(story)


def test_what_was_deleted_is_gone_from_the_log_with_its_edits(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris = await world.people("anna", "boris")
        away = Away(world, boris)
        chat = await world.group(anna, boris)
        one, two = await world.post(anna, chat.id, "one"), await world.post(anna, chat.id, "two")
        await away.comes()
        await away.goes()
        await world.messages.edit(anna, one.id, "uno", world.now)
        await world.messages.edit(anna, two.id, "dos", world.now)
        await world.delete(anna, two)
        assert await away.texts() == ["uno"]
        changes = await away.changes()
        assert [type(each) for each in changes] == [MessageEdited, MessagesDeleted]
        assert "dos" not in repr(changes)

    in_store(story)


def test_of_what_he_does_not_see_he_hears_nothing(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris = await world.people("anna", "boris")
        away = Away(world, boris)
        chat = await world.group(anna, boris)
        secret = Draft(chat.id, "secret", hide_from=(boris.account_id,))
        hidden = (await world.messages.append(anna, secret, world.now)).message
        seen, disliked = await world.post(anna, chat.id), await world.post(anna, chat.id)
        await world.hide(boris, disliked)
        await away.comes()
        await away.goes()
        before = await away.kinds()
        for each in (hidden, disliked):
            await world.messages.edit(anna, each.id, "else", world.now)
            await world.messages.react(anna, each.id, ("👍",), (), world.now)
        for edited in world.told(MessageEdited):
            assert edited.unseen_by == (boris.account_id,)
        for changed in world.told(ReactionsChanged):
            assert changed.unseen_by == (boris.account_id,)
        assert await away.kinds() == before
        await world.messages.edit(anna, seen.id, "else", world.now)
        (change,) = await away.changes()
        assert isinstance(change, MessageEdited)
        assert change.message_id == seen.id

    in_store(story)


def test_changes_are_those_of_the_last_absence(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris = await world.people("anna", "boris")
        away = Away(world, boris)
        chat = await world.group(anna, boris)
        message = await world.post(anna, chat.id, "one")
        for text in ("two", "three"):
            await away.comes()
            await away.goes()
            await world.messages.edit(anna, message.id, text, world.now)
        await away.comes()
        await world.messages.edit(anna, message.id, "four", world.now)
        assert [each.text for each in await away.changes() if isinstance(each, MessageEdited)] == [
            "three"
        ]
        assert (await away.kinds()).count("MessageEdited") == 2

    in_store(story)


def test_who_was_removed_hears_of_it_and_of_nothing_else(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris, clara = await world.people("anna", "boris", "clara")
        away = Away(world, clara)
        chat = await world.group(anna, boris, clara)
        await world.post(anna, chat.id, "between us")
        change = ChatChange(remove=(clara.account_id,))
        await world.chats.change(anna, chat.id, change, LIMIT, world.now)
        await world.post(anna, chat.id, "she is gone")
        (entry,) = await away.missed()
        assert isinstance(entry.event, MembersRemoved)

    in_store(story)


def test_reads_are_told_to_authors_and_reactions_to_all(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris, clara = await world.people("anna", "boris", "clara")
        chat = await world.group(anna, boris, clara)
        message = await world.post(anna, chat.id)
        for actor in (anna, clara):
            away = Away(world, actor)
            await away.comes()
            await away.goes()
        await world.read(boris, chat.id, message)
        await world.messages.react(boris, message.id, ("👍",), (), world.now)
        assert await Away(world, anna).kinds() == ["MessagesRead", "ReactionsChanged"]
        assert (await Away(world, clara).kinds())[-1] == "ReactionsChanged"
        assert "MessagesRead" not in await Away(world, clara).kinds()

    in_store(story)


def test_at_most_so_many_are_found_and_they_are_the_newest(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris = await world.people("anna", "boris")
        chats = [await world.group(anna, boris) for _ in range(3)]
        for number in range(9):
            await world.post(anna, chats[number % 3].id, str(number))
        entries = await Away(world, boris).missed(limit=4)
        events = [entry.event for entry in entries]
        assert [e.message.text for e in events if isinstance(e, MessagePosted)] == list("5678")
        assert [entry.number for entry in entries] == sorted(entry.number for entry in entries)

    in_store(story)


def test_what_is_too_old_is_left_out_and_dropped(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris = await world.people("anna", "boris")
        away, log = Away(world, boris), SqlLog(world.engine)
        chat = await world.group(anna, boris)
        await world.post(anna, chat.id, "old")
        world.now += 1_000
        oldest = first_number_at(world.now)
        await world.post(anna, chat.id, "new")
        assert len(await away.missed()) == 3
        assert len(await away.missed(oldest=oldest - 1)) == 1
        await log.forget(oldest)
        assert await away.kinds() == ["MessagePosted", "MessagePosted"]

    in_store(story)


def test_a_crash_ends_every_visit(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris = await world.people("anna", "boris")
        away, log = Away(world, boris), SqlLog(world.engine)
        chat = await world.group(anna, boris)
        await away.comes()
        await world.post(anna, chat.id, "heard")
        world.now += 10_000
        await world.post(anna, chat.id, "perhaps heard")
        await log.close_visits()
        world.now += 10_000
        await world.post(anna, chat.id, "not heard")
        await away.comes()
        assert await away.texts() == ["perhaps heard", "not heard"]

    in_store(story)


@pytest.mark.parametrize(
    ("visits", "gaps"),
    [
        ([], [(10, 100)]),
        ([(10, 100)], []),
        ([(20, 30)], [(10, 20), (30, 100)]),
        ([(20, 30), (30, 40), (50, None)], [(10, 20), (40, 50)]),
        ([(20, 20)], [(10, 20), (20, 100)]),
    ],
)
def test_gaps_lie_between_visits(
    visits: list[tuple[int, int | None]], gaps: list[tuple[int, int]]
) -> None:
    assert gaps_between(10, visits, 0, 100) == gaps  # type: ignore[arg-type]  # an account's number


def test_gaps_are_cut_at_both_ends() -> None:
    visits = [(20, 30), (50, 60)]
    assert gaps_between(10, visits, 35, 55) == [(35, 50)]  # type: ignore[arg-type]


def test_no_foreign_history_is_looked_through() -> None:
    connection = apsw.Connection(":memory:")
    migrate.upgrade_sqlite(connection)
    events = oplog.EVENTS.format(kinds="'MessageEdited'")
    for sql in (visits.VISITS, oplog.PLACES, oplog.MESSAGES, events, oplog.FAREWELLS):
        plan = connection.execute(f"EXPLAIN QUERY PLAN {sql}", [None] * sql.count("?")).fetchall()
        steps = [str(step[3]) for step in plan]
        assert not [step for step in steps if step.startswith("SCAN") and "each" not in step], steps
        # Messages and events of one chat, not everybody's by number.
        for table in ("m", "e"):
            ranges = [step for step in steps if step.startswith(f"SEARCH {table} ")]
            assert not [step for step in ranges if "rowid>" in step], steps
    connection.close()


def test_a_thousand_absences_are_enough() -> None:
    visits = [(START + 2 * n, START + 2 * n + 1) for n in range(1_500)]
    assert len(gaps_between(1, visits, 0, MAX_NUMBER)) == oplog.MOST_GAPS  # type: ignore[arg-type]
