"""Chats read page by page: numbers, totals, searches, dates, and what is not shown."""

import random
from collections.abc import Sequence

import pytest

from tertulia.core.archive import Archive, Kept, Part, Sieve
from tertulia.core.contacts import Address, NewContact
from tertulia.core.errors import NotFound
from tertulia.core.flags import SILENT
from tertulia.core.ids import AccountId, ChatId, MessageId
from tertulia.core.letters import Destination, Letters, Revision
from tertulia.core.message_model import Attachment, Draft, ReadMark
from tertulia.core.messages import Messages
from tertulia.core.model import Actor, ChatChange, NewFile, NewGroup, Page
from tertulia.store.archive import SqlArchive
from tertulia.store.contacts import SqlContacts
from tertulia.store.files import SqlFiles
from tertulia.store.letters import SqlLetters
from tertulia.store.work import run
from tests.store.world import LIMIT, InStore, World

OPEN = Sieve()


class Desk:
    """What reads and writes by numbers."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.archive = Archive(SqlArchive(world.engine))
        self.letters = Letters(SqlLetters(world.engine), Messages(world.messages, self), self)

    def now_ms(self) -> int:
        return self.world.now

    async def write(
        self, actor: Actor, number: int, text: str = "hola", **more: object
    ) -> MessageId:
        self.world.now += 1_000
        to = await self.letters.destination(actor, number)
        draft = Draft(ChatId(0), text)._replace(**more)  # type: ignore[arg-type]  # fields of it
        return (await self.letters.send(actor, to, draft)).id

    async def texts(self, actor: Actor, number: int, sieve: Sieve = OPEN) -> list[str]:
        shelf = await self.archive.page(actor, number, sieve, Part(100))
        assert shelf.total == len(shelf.items)
        return [each.text for each in shelf.items]


def ids(items: Sequence[Kept]) -> list[MessageId]:
    return [each.id for each in items]


def test_a_direct_chat_is_named_by_the_other_and_a_group_by_itself(in_store: InStore) -> None:
    async def story(world: World) -> None:
        desk = Desk(world)
        anna, boris, clara = await world.people("anna", "boris", "clara")
        group = await world.group(anna, boris)
        sent = await desk.write(anna, boris.account_id)
        in_group = await desk.write(anna, group.id, "to all")
        assert await desk.texts(anna, boris.account_id) == ["hola"]
        assert await desk.texts(boris, anna.account_id) == ["hola"]
        assert await desk.texts(boris, group.id) == ["to all"]
        assert (await desk.archive.message(boris, sent)).number == anna.account_id
        assert (await desk.archive.message(anna, sent)).number == boris.account_id
        assert (await desk.archive.message(boris, in_group)).number == group.id
        # Somebody one has never written to is an empty chat; what is not one's own is nothing.
        assert await desk.texts(anna, clara.account_id) == []
        direct = await world.direct(anna, boris)
        for reader, number in ((clara, group.id), (anna, direct.id), (boris, 5), (clara, sent)):
            with pytest.raises(NotFound):
                await desk.archive.page(reader, number, Sieve(), Part(1))
            with pytest.raises(NotFound):
                await desk.letters.destination(reader, number)
        for message in (sent, in_group):
            with pytest.raises(NotFound):
                await desk.archive.message(clara, message)

    in_store(story)


def test_pages_go_both_ways_and_nothing_repeats_or_hides(in_store: InStore) -> None:
    async def story(world: World) -> None:
        desk = Desk(world)
        anna, boris = await world.people("anna", "boris")
        number = boris.account_id
        sent = [await desk.write(anna, number, str(place)) for place in range(10)]
        first = await desk.archive.page(anna, number, Sieve(), Part(4))
        assert ids(first.items) == sent[:5:-1]
        assert (first.has_newer, first.has_older, first.total) == (False, True, 10)
        # Something comes and something goes between two pages.
        newest = await desk.write(anna, number, "newest")
        direct = await world.direct(anna, boris)
        await world.messages.delete(anna, direct.id, [sent[6], sent[4]], world.now)
        place = first.items[-1].sent_at
        second = await desk.archive.page(anna, number, Sieve(), Part(4, place))
        assert ids(second.items) == [sent[5], sent[3], sent[2], sent[1]]
        assert (second.has_newer, second.has_older, second.total) == (True, True, 9)
        back = Part(4, second.items[0].sent_at, back=True)
        before = await desk.archive.page(anna, number, Sieve(), back)
        assert ids(before.items) == [newest, sent[9], sent[8], sent[7]]
        assert (before.has_newer, before.has_older) == (False, True)
        last = await desk.archive.page(anna, number, Sieve(), Part(4, second.items[-1].sent_at))
        assert ids(last.items) == [sent[0]]
        assert not last.has_older

    in_store(story)


def test_words_are_found_without_regard_to_case_and_taken_literally(in_store: InStore) -> None:
    async def story(world: World) -> None:
        desk = Desk(world)
        anna, boris = await world.people("anna", "boris")
        number = boris.account_id
        for text in ("Ёлка ПРИШЛА", "елка", "100% sure", "1000 sure", "under_score", "Straße", "x"):
            await desk.write(anna, number, text)
        for words, found in (
            ("ёЛКА", ["елка", "Ёлка ПРИШЛА"]),
            ("пришл", ["Ёлка ПРИШЛА"]),
            ("0% S", ["100% sure"]),
            ("r_s", ["under_score"]),
            ("STRASSE", ["Straße"]),
            ("nothing", []),
            ("\\", []),
        ):
            assert await desk.texts(boris, anna.account_id, Sieve(words)) == found
        await desk.write(anna, number, "letters", cipher=1)
        assert await desk.texts(boris, anna.account_id, Sieve("letters")) == []

    in_store(story)


def test_a_period_is_inclusive_at_both_ends(in_store: InStore) -> None:
    async def story(world: World) -> None:
        desk = Desk(world)
        anna, boris = await world.people("anna", "boris")
        number = boris.account_id
        dates = []
        for place in range(5):
            await desk.write(anna, number, f"day {place}")
            dates.append(world.now)
        texts = [f"day {place}" for place in (4, 3, 2, 1, 0)]
        assert await desk.texts(anna, number, Sieve(since=dates[1])) == texts[:4]
        assert await desk.texts(anna, number, Sieve(until=dates[1])) == texts[3:]
        assert await desk.texts(anna, number, Sieve("DAY", dates[1], dates[3])) == texts[1:4]
        assert await desk.texts(anna, number, Sieve("", dates[3], dates[1])) == []
        part = Part(1, dates[2])
        shelf = await desk.archive.page(anna, number, Sieve("day", dates[1], dates[3]), part)
        assert [each.text for each in shelf.items] == ["day 1"]
        assert (shelf.total, shelf.has_newer, shelf.has_older) == (3, True, False)

    in_store(story)


def test_notices_hidden_encrypted_and_deleted_messages_are_not_shown(in_store: InStore) -> None:
    async def story(world: World) -> None:
        desk = Desk(world)
        anna, boris, clara = await world.people("anna", "boris", "clara")
        group = await world.group(anna, boris)
        mine = [await desk.write(anna, group.id, f"m{place}") for place in range(4)]
        change = ChatChange(add=(clara.account_id,))
        await world.chats.change(anna, group.id, change, LIMIT, world.now)
        await world.messages.hide(boris, group.id, [mine[0], mine[1]], world.now)
        await world.messages.delete(anna, group.id, [mine[1], mine[2]], world.now)
        assert await desk.texts(anna, group.id) == ["m3", "m0"]
        assert await desk.texts(boris, group.id) == ["m3"]
        with pytest.raises(NotFound):
            await desk.archive.message(boris, mine[0])
        with pytest.raises(NotFound):
            await desk.archive.message(anna, mine[1])
        locked = await world.chats.open_direct(
            anna, boris.account_id, NewGroup("", (), encrypted=True), world.now
        )
        await world.messages.append(anna, Draft(locked.id, "cipher", cipher=1), world.now)
        with pytest.raises(NotFound):
            await desk.archive.page(anna, locked.id, Sieve(), Part(1))
        assert [each.number for each in await desk.archive.chats(anna)] == [group.id]

    in_store(story)


def test_lists_of_chats_are_newest_activity_first(in_store: InStore) -> None:
    async def story(world: World) -> None:
        desk = Desk(world)
        anna, boris, clara = await world.people("anna", "boris", "clara")
        group = await world.group(anna, boris, clara)
        await world.direct(anna, clara)
        world.now += 1
        await desk.write(boris, anna.account_id, "one")
        await desk.write(boris, anna.account_id, "a whisper", flags=SILENT)
        listed = await desk.archive.chats(anna, with_last=True)
        assert [(each.number, each.members, each.unread) for each in listed] == [
            (boris.account_id, 2, 1),
            (group.id, 3, 0),
        ]
        assert listed[0].last is not None
        assert listed[0].last.text == "a whisper"
        assert listed[1].last is None
        direct = await world.direct(anna, boris)
        await world.chats.leave(anna, direct.id, world.now)
        assert [each.number for each in await desk.archive.chats(anna)] == [group.id]
        # The chat that was left is as if there were none; whoever writes is back in it.
        assert await desk.texts(anna, boris.account_id) == []
        await desk.write(anna, boris.account_id, "back")
        assert await desk.texts(anna, boris.account_id) == ["back", "a whisper", "one"]

    in_store(story)


def test_whose_reading_is_told(in_store: InStore) -> None:
    async def story(world: World) -> None:
        desk = Desk(world)
        anna, boris = await world.people("anna", "boris")
        first = await desk.write(anna, boris.account_id)
        second = await desk.write(anna, boris.account_id)
        direct = await world.direct(anna, boris)

        async def told(actor: Actor) -> list[bool]:
            return [(await desk.archive.message(actor, each)).is_read for each in (first, second)]

        assert await told(anna) == await told(boris) == [False, False]
        # Reading here marks nothing.
        await desk.texts(boris, anna.account_id)
        assert await told(boris) == [False, False]
        await world.messages.mark_read(boris, ReadMark(direct.id, (first,)), world.now)
        assert await told(anna) == await told(boris) == [True, False]
        await world.read_all(boris, direct.id)
        assert await told(anna) == await told(boris) == [True, True]

    in_store(story)


def test_a_total_is_right_whatever_happens(in_store: InStore) -> None:
    async def story(world: World) -> None:
        desk = Desk(world)
        people = await world.people("anna", "boris", "clara")
        group = await world.group(*people)
        chance = random.Random(20)  # noqa: S311 - not for secrets
        sent: list[MessageId] = []

        async def act() -> None:
            actor = chance.choice(people[:2])
            some = [chance.choice(sent) for _ in range(3)] if sent else []
            match chance.randrange(6):
                case 0:
                    await world.messages.hide(actor, group.id, some, world.now)
                case 1:
                    await world.messages.delete(people[0], group.id, some[:1], world.now)
                case 2:
                    hide_from = (chance.choice(people).account_id,)
                    draft = Draft(group.id, "hidden", hide_from=hide_from)
                    sent.append((await world.messages.append(actor, draft, world.now)).message.id)
                case 3:
                    other = people[2].account_id
                    for change in (ChatChange(remove=(other,)), ChatChange(add=(other,))):
                        await world.chats.change(people[0], group.id, change, LIMIT, world.now)
                    history = await world.messages.history(people[0], group.id, Page(500, after=0))
                    sent.extend(each.message.id for each in history if each.message.notice)
                case _:
                    sent.append(await desk.write(actor, group.id))

        for _ in range(120):
            await act()
            for reader in people:
                shelf = await desk.archive.page(reader, group.id, Sieve(), Part(500))
                assert shelf.total == len(shelf.items)

    in_store(story)


def test_a_revision_changes_text_and_attachments_in_one_go(in_store: InStore) -> None:
    async def story(world: World) -> None:
        desk = Desk(world)
        anna, boris = await world.people("anna", "boris")
        files = SqlFiles(world.engine)
        news = [NewFile(f"{place}.txt", "text/plain", 1) for place in range(3)]
        one, two, three = [each.id for each in await files.add(anna.account_id, news, world.now)]
        first = Attachment(file_id=one, name="0.txt")
        sent = await desk.write(anna, boris.account_id, attachments=(first,))
        assert [each.id for each in await files.visible(boris.account_id, [one])] == [one]
        add = (Attachment(file_id=two, name="1.txt"),)
        revision = Revision("changed", None, frozenset({one}), {}, add)
        await desk.letters.revise(anna, sent, revision)
        kept = await desk.archive.message(boris, sent)
        assert kept.text == "changed"
        assert [each.file_id for each in kept.attachments] == [two]
        assert [each.account_id for each in kept.edits] == [anna.account_id]
        # Who saw the file in the message only does not see it any more.
        assert await files.visible(boris.account_id, [one]) == []
        await desk.letters.revise(anna, sent, Revision(None, None, frozenset(), {two: "Title"}))
        await desk.letters.revise(anna, sent, Revision("  "))
        kept = await desk.archive.message(anna, sent)
        assert (kept.text, kept.attachments[0].title) == ("", "Title")
        assert len(kept.edits) == 3
        assert three not in {each.file_id for each in kept.attachments}

    in_store(story)


def test_a_revision_that_is_refused_changes_nothing(in_store: InStore) -> None:
    async def story(world: World) -> None:
        desk = Desk(world)
        anna, boris, clara = await world.people("anna", "boris", "clara")
        files = SqlFiles(world.engine)
        news = [NewFile("a.txt", "text/plain", 1)]
        (own,) = [each.id for each in await files.add(anna.account_id, news, world.now)]
        (foreign,) = [each.id for each in await files.add(clara.account_id, news, world.now)]
        attached = (Attachment(file_id=own, name="a.txt"),)
        sent = await desk.write(anna, boris.account_id, "", attachments=attached)
        bare = await desk.write(anna, boris.account_id, "bare")
        before = await desk.archive.message(anna, sent)
        for actor, message, revision in (
            (boris, sent, Revision("mine")),
            (clara, sent, Revision("mine")),
            (anna, sent, Revision("x", clara.account_id)),
            (anna, sent, Revision(None, None, frozenset({own}))),
            (anna, sent, Revision("x", None, frozenset({foreign}))),
            (anna, sent, Revision("x", None, frozenset(), {1: "title"})),
            (anna, sent, Revision("x", None, frozenset(), {}, attached)),
            (anna, sent, Revision("x", add=(Attachment(file_id=foreign),))),
            (anna, bare, Revision("")),
        ):
            with pytest.raises(Exception, match=r"no such|not allowed|attachments|text"):
                await desk.letters.revise(actor, message, revision)
        assert await desk.archive.message(anna, sent) == before

    in_store(story)


def test_the_first_message_and_its_chat_come_together_or_not_at_all(in_store: InStore) -> None:
    async def story(world: World) -> None:
        desk = Desk(world)
        anna, boris, clara = await world.people("anna", "boris", "clara")
        await world.blocks.block(boris, [anna.account_id], 0, world.now)
        world.kinds()
        with pytest.raises(Exception, match="not allowed"):
            await desk.write(anna, boris.account_id)
        with pytest.raises(Exception, match="not allowed"):
            await desk.write(anna, anna.account_id)
        assert world.kinds() == []
        assert await desk.letters.destination(anna, boris.account_id) == Destination(
            account_id=AccountId(boris.account_id)
        )
        await desk.write(anna, clara.account_id)
        assert world.kinds() == ["ChatOpened", "MessagePosted"]

    in_store(story)


def test_a_draft_known_by_its_ref_alone_is_sent_once(in_store: InStore) -> None:
    async def story(world: World) -> None:
        desk = Desk(world)
        anna, boris, clara = await world.people("anna", "boris", "clara")
        marked = {"client_ref": "unet 1", "by_ref_alone": True}
        first = await desk.write(anna, boris.account_id, "one", **marked)
        assert await desk.write(anna, boris.account_id, "two", **marked) == first
        await desk.write(clara, boris.account_id, "three", **marked)
        draft = Draft(ChatId(0), "x", "unet 1", by_ref_alone=True)
        found = await desk.letters.earlier(anna, draft)
        assert found is not None
        assert found.id == first
        world.now += 24 * 3_600_000 + 1
        assert await desk.letters.earlier(anna, draft) is None
        assert await desk.write(anna, boris.account_id, "two", **marked) != first

    in_store(story)


def test_acquaintances_are_partners_team_mates_and_the_address_book(in_store: InStore) -> None:
    async def story(world: World) -> None:
        desk = Desk(world)
        anna, *others = await world.people("anna", *(f"p{place}" for place in range(6)))
        for other in others[:5]:
            await desk.write(anna, other.account_id)
        found = await desk.archive.acquaintances(anna, Part(2))
        numbers = [each.account_id for each in others[:5]]
        assert [each.id for each in found.items] == numbers[:2]
        assert (found.total, found.has_before, found.has_after) == (5, False, True)
        middle = await desk.archive.acquaintances(anna, Part(2, numbers[1]))
        assert [each.id for each in middle.items] == numbers[2:4]
        back = await desk.archive.acquaintances(anna, Part(2, numbers[2], back=True))
        assert [each.id for each in back.items] == numbers[:2]
        last = await desk.archive.acquaintances(anna, Part(2, numbers[3]))
        assert [each.id for each in last.items] == numbers[4:]
        assert not last.has_after
        assert (await desk.archive.acquaintances(others[5], Part(2))).items == []

    in_store(story)


def test_team_mates_and_the_address_book_are_acquaintances(in_store: InStore) -> None:
    async def story(world: World) -> None:
        desk = Desk(world)
        anna, mate, gone, booked, stranger = await world.people("anna", "b", "c", "d", "e")
        team = (
            "INSERT INTO teams (id, version, name, created_at, task_deadline, edit_window_s,"
            " uploads_limit) VALUES (90, 0, 'ski', 0, '', 0, 0)"
        )
        await world.engine.write(run(team))
        member = (
            "INSERT INTO team_members (id, team_id, account_id, status, created_at, version, role,"
            " email, phone, archived_at) VALUES (?, 90, ?, 'member', 0, 0, '', '', '', ?)"
        )
        for place, (actor, archived_at) in enumerate(((anna, None), (mate, None), (gone, 5))):
            await world.engine.write(run(member, 91 + place, actor.account_id, archived_at))
        proven = "UPDATE accounts SET email = ?, email_key = ?, email_proven = 1 WHERE id = ?"
        await world.engine.write(run(proven, "d@example.org", "d@example.org", booked.account_id))
        entry = NewContact(first_name="D", emails=(Address("", "D@example.org"),))
        await SqlContacts(world.engine).add(anna, [entry], world.now)
        found = await desk.archive.acquaintances(anna, Part(10))
        assert [each.id for each in found.items] == [mate.account_id, booked.account_id]
        assert found.total == 2
        assert (await desk.archive.acquaintances(stranger, Part(10))).total == 0

    in_store(story)
