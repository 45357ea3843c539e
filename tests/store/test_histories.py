"""Messages of a team: names that clients give, filters, who may change and delete, what is told."""

import pytest

from tertulia.core.errors import BadInput, NotAllowed, NotFound
from tertulia.core.events import MessageEdited, MessagePosted, MessagesDeleted, MessagesRead
from tertulia.core.flags import IMPORTANT, SILENT
from tertulia.core.histories import MessageChange, Target
from tertulia.core.ids import ChatId, MessageId
from tertulia.core.message_model import Attachment, Draft, MessageRef, ReadMark
from tertulia.core.message_types import MessageType
from tertulia.core.model import ChatKind
from tertulia.core.team_model import HOME_TEAM, TeamStatus
from tests.store.chat_world import ChatWorld, at, ref, texts, to
from tests.store.world import InStore, World

UID = "1c932181-aece-4f11-8d36-757bc478d86e"


def test_each_message_knows_its_place_and_what_stood_before(in_store: InStore) -> None:
    async def story(world: World) -> None:
        rooms = ChatWorld(world)
        anna, boris = await world.people("anna", "boris")
        await rooms.found(anna, boris)
        tea = await rooms.group(anna, boris)
        posted = [await rooms.say(anna, tea, f"m{n}", uid=UID if n == 2 else "") for n in range(5)]
        heard = world.told(MessagePosted)[-5:]
        assert [each.num for each in heard] == [0, 1, 2, 3, 4]
        assert [each.prev for each in heard] == [None, *(ref(each) for each in posted[:-1])]
        assert {each.team_id for each in heard} == {rooms.team}
        await rooms.histories.delete(anna, rooms.team, at(tea), ref(posted[2]), world.now)
        page = await rooms.page(boris, at(tea))
        assert texts(page) == ["m4", "m3", "m1", "m0"]
        assert [each.num for each in page] == [3, 2, 1, 0]
        assert [each.prev for each in page] == [
            ref(posted[3]), ref(posted[1]), ref(posted[0]), None,
        ]  # fmt: skip
        assert [each.is_last for each in page] == [True, False, False, False]
        world.heard.clear()
        again = await rooms.say(boris, tea, "m5")
        assert (world.told(MessagePosted)[0].num, world.told(MessagePosted)[0].prev) == (
            4,
            ref(posted[4]),
        )
        await rooms.histories.delete(boris, rooms.team, at(tea), ref(again), world.now)
        assert (await rooms.page(anna, at(tea)))[0].is_last

    in_store(story)


def test_a_name_that_a_client_gave_is_one_messages_own(in_store: InStore) -> None:
    async def story(world: World) -> None:
        rooms = ChatWorld(world)
        anna, boris = await world.people("anna", "boris")
        await rooms.found(anna, boris)
        tea, other = await rooms.group(anna, boris), await rooms.group(anna, boris)
        first = await rooms.say(anna, tea, "once", uid=UID)
        again = await world.messages.append(anna, Draft(tea, "twice", uid=UID), world.now)
        assert (again.message, again.is_new) == (first, False)
        for actor, chat_id in ((boris, tea), (anna, other)):
            with pytest.raises(NotAllowed):
                await world.messages.append(actor, Draft(chat_id, "mine", uid=UID), world.now)
        await rooms.histories.delete(
            anna, rooms.team, at(tea), MessageRef(MessageId(0), UID), world.now
        )
        with pytest.raises(NotAllowed):
            await world.messages.append(anna, Draft(tea, "back", uid=UID), world.now)

    in_store(story)


def test_a_page_is_cut_by_every_wish(in_store: InStore) -> None:
    async def story(world: World) -> None:
        rooms = ChatWorld(world)
        anna, boris = await world.people("anna", "boris")
        await rooms.found(anna, boris)
        tea = await rooms.group(anna, boris)
        m = [await rooms.say(anna if n % 2 else boris, tea, f"m{n}") for n in range(6)]

        async def found(**wish: object) -> str:
            return " ".join(texts(await rooms.page(anna, at(tea), **wish)))

        assert await found(limit=2) == "m5 m4"
        assert await found(older_than=ref(m[3]), limit=2) == "m2 m1"
        assert await found(older_than=ref(m[3]), including_older=True, limit=2) == "m3 m2"
        assert await found(newer_than=ref(m[1]), limit=2) == "m3 m2"
        assert await found(newer_than=ref(m[1]), including_newer=True, limit=2) == "m2 m1"
        assert await found(newer_than=ref(m[0]), older_than=ref(m[4])) == "m3 m2 m1"
        assert await found(around=ref(m[3]), limit=3) == "m4 m3 m2"
        assert await found(around=ref(m[5]), limit=4) == "m5 m4 m3 m2"
        assert await found(around=ref(m[0]), limit=4) == "m3 m2 m1 m0"
        assert await found(exact=ref(m[2])) == "m2"
        assert await found(date_from=m[4].sent_at) == "m5 m4"
        assert await found(date_from=m[1].sent_at, date_to=m[3].sent_at) == "m2 m1"
        assert await found(authors=(boris.account_id,)) == "m4 m2 m0"
        assert await found(authors=()) == ""
        assert await found(text="M3") == "m3"
        assert await found(text="%") == ""
        await world.messages.mark_read(anna, ReadMark(tea, None, up_to=m[2].id), world.now)
        assert await found(unread=True) == "m4"
        assert await found(unread=False) == "m5 m3 m2 m1 m0"
        await world.messages.append(anna, Draft(tea, "m3 in cipher", cipher=1), world.now)
        assert await found(text="M3") == "m3"

    in_store(story)


def test_what_changed_since_is_found_deleted_ones_too(in_store: InStore) -> None:
    async def story(world: World) -> None:
        rooms = ChatWorld(world)
        anna, boris = await world.people("anna", "boris")
        await rooms.found(anna, boris)
        tea = await rooms.group(anna, boris)
        m = [await rooms.say(anna, tea, f"m{n}") for n in range(5)]
        since = (world.now + 1, 0)
        world.now += 1_000
        change = MessageChange("new")
        await rooms.histories.change(anna, rooms.team, at(tea), ref(m[1]), change, world.now)
        await rooms.histories.delete(anna, rooms.team, at(tea), ref(m[3]), world.now)
        await rooms.say(anna, tea, "m5")
        assert texts(await rooms.page(boris, at(tea), changed_from=since)) == ["m5", "new"]
        found = await rooms.page(boris, at(tea), changed_from=since, with_deleted=True)
        assert texts(found) == ["m5", "m3", "new"]
        assert (found[1].deleted_by, found[1].num) == (anna.account_id, None)
        exactly = (found[0].changed_at, found[0].message.id & 4095)
        assert texts(await rooms.page(boris, at(tea), changed_from=exactly)) == ["m5"]
        after = (exactly[0], exactly[1] + 1)
        assert await rooms.page(boris, at(tea), changed_from=after) == []

    in_store(story)


def test_types_and_marks_are_found(in_store: InStore) -> None:
    async def story(world: World) -> None:
        rooms = ChatWorld(world)
        anna, boris = await world.people("anna", "boris")
        await rooms.found(anna, boris)
        tea = await rooms.group(anna, boris)

        async def sends(text: str, *types: str, flags: int = 0) -> None:
            files = tuple(Attachment(url="https://f", content_type=each) for each in types)
            await rooms.say(anna, tea, text, attachments=files, flags=flags)

        await sends("words")
        await sends("words with a picture", "image/png")
        await sends("", "image/png")
        await sends("", "application/pdf", "image/png")
        await sends("", "video/mp4")
        await sends("", "image/svg+xml")
        await sends("", 'text/x; y="content_type":"image/png"', flags=IMPORTANT)

        async def numbers(**wish: object) -> list[int | None]:
            return [each.num for each in await rooms.page(boris, at(tea), **wish)]

        assert await numbers(types=(MessageType.PLAIN,)) == [1, 0]
        assert await numbers(types=(MessageType.IMAGE,)) == [3, 2]
        assert await numbers(types=(MessageType.VIDEO, MessageType.FILE)) == [6, 5, 4]
        assert await numbers(has_upload=False) == [0]
        assert await numbers(important=True) == [6]
        assert await numbers(important=False, has_upload=True) == [5, 4, 3, 2, 1]

    in_store(story)


def test_a_foreign_message_is_no_place_to_begin_from(in_store: InStore) -> None:
    async def story(world: World) -> None:
        rooms = ChatWorld(world)
        anna, boris = await world.people("anna", "boris")
        await rooms.found(anna, boris)
        tea, other = await rooms.group(anna, boris), await rooms.group(boris)
        foreign = await rooms.say(boris, other, "secret", uid=UID)
        for name in ("older_than", "newer_than", "around", "exact"):
            for wish in (MessageRef(foreign.id), ref(foreign), MessageRef(MessageId(7))):
                with pytest.raises(BadInput) as refused:
                    await rooms.page(anna, at(tea), **{name: wish})
                assert refused.value.field == name
        with pytest.raises(BadInput):
            await rooms.search(anna, older_than=ref(foreign))

    in_store(story)


def test_a_search_goes_over_all_ones_chats_of_the_team_and_no_others(in_store: InStore) -> None:
    async def story(world: World) -> None:
        rooms = ChatWorld(world)
        anna, boris, clara = await world.people("anna", "boris", "clara")
        await rooms.found(anna, boris)
        tea = await rooms.group(anna, boris)
        hers = await rooms.group(boris, name="without her")
        direct = await world.direct(anna, boris)
        outside = await world.direct(anna, clara)
        alien = await world.group(anna, clara)
        for number, chat_id in enumerate((tea, hers, direct.id, outside.id, alien.id, tea)):
            await rooms.say(boris if chat_id == hers else anna, chat_id, f"tea {number}")
        assert await rooms.search(anna) == (["tea 5", "tea 2", "tea 0"], 3)
        assert await rooms.search(anna, limit=1, offset=1) == (["tea 2"], 3)
        assert await rooms.search(anna, text="TEA 0") == (["tea 0"], 1)
        assert await rooms.search(anna, kinds=(ChatKind.DIRECT,)) == (["tea 2"], 1)
        assert await rooms.search(anna, chats=(at(tea),), limit=5) == (["tea 5", "tea 0"], 2)
        assert await rooms.search(anna, chats=(at(hers),)) == ([], 0)
        rooms.team = HOME_TEAM
        assert await rooms.search(anna) == (["tea 4", "tea 3"], 2)
        await rooms.found(boris)
        with pytest.raises(NotAllowed):
            await rooms.search(clara)

    in_store(story)


def test_an_author_changes_his_words_in_time_and_nobody_elses(in_store: InStore) -> None:
    async def story(world: World) -> None:
        rooms = ChatWorld(world)
        anna, boris, clara = await world.people("anna", "boris", "clara")
        await rooms.found(anna, boris, clara)
        tea = await rooms.group(boris, clara)
        m = await rooms.say(clara, tea, "old", uid=UID)

        async def changes(who: object, **what: object) -> None:
            change = MessageChange(**what)  # type: ignore[arg-type]  # its fields
            await rooms.histories.change(who, rooms.team, at(tea), ref(m), change, world.now)  # type: ignore[arg-type]

        await changes(clara, text="new", set_flags=IMPORTANT)
        (edited,) = world.told(MessageEdited)
        assert edited.whole is not None
        assert (edited.text, edited.whole.message.text, edited.whole.num) == ("new", "new", 0)
        assert edited.whole.message.flags == IMPORTANT
        await changes(clara, text="new")
        assert len(world.told(MessageEdited)) == 1
        with pytest.raises(NotAllowed):
            await changes(boris, text="not mine")
        await changes(boris, clear_flags=IMPORTANT)
        with pytest.raises(NotAllowed):
            await changes(anna, text="I own the team but am not here")
        with pytest.raises(BadInput):
            await changes(clara, text=" ")
        world.now += 86_400_001
        with pytest.raises(NotAllowed):
            await changes(clara, text="too late")

    in_store(story)


def test_leaders_delete_whatever_they_like_and_others_only_their_own(in_store: InStore) -> None:
    async def story(world: World) -> None:
        rooms = ChatWorld(world)
        anna, boris, clara, dora = await world.people("anna", "boris", "clara", "dora")
        await rooms.found(anna, boris, clara, dora)
        tea = await rooms.group(boris, clara, dora, anna)
        m = [await rooms.say(clara, tea, f"m{n}") for n in range(4)]

        async def deletes(who: object, number: int) -> str:
            gone = await rooms.histories.delete(who, rooms.team, at(tea), ref(m[number]), world.now)  # type: ignore[arg-type]
            assert gone.num is None
            return gone.message.text

        with pytest.raises(NotAllowed):
            await deletes(dora, 0)
        assert await deletes(clara, 0) == "m0"
        assert await deletes(boris, 1) == "m1"
        assert await deletes(anna, 2) == "m2"
        assert await deletes(clara, 2) == "m2"
        with pytest.raises(NotFound):
            await deletes(dora, 2)
        assert [each.account_id for each in world.told(MessagesDeleted)] == [
            clara.account_id, boris.account_id, anna.account_id,
        ]  # fmt: skip
        world.now += 86_400_001
        with pytest.raises(NotAllowed):
            await deletes(clara, 3)
        await rooms.histories.forget_texts(world.now)
        gone = await rooms.page(clara, at(tea), with_deleted=True)
        assert texts(gone) == ["m3", "", "", ""]
        assert await deletes(boris, 3) == "m3"

    in_store(story)


def test_in_a_direct_chat_only_the_author_deletes(in_store: InStore) -> None:
    async def story(world: World) -> None:
        rooms = ChatWorld(world)
        anna, boris = await world.people("anna", "boris")
        await rooms.found(anna, boris)
        assert await rooms.page(anna, to(boris)) == []
        chat = await world.direct(anna, boris)
        m = await rooms.say(boris, chat.id, "hi")
        (whole,) = await rooms.page(anna, to(boris))
        assert (whole.partner_id, whole.team_id) == (anna.account_id, None)
        with pytest.raises(NotAllowed):
            await rooms.histories.delete(anna, rooms.team, to(boris), ref(m), world.now)
        await rooms.histories.delete(boris, rooms.team, to(anna), ref(m), world.now)
        assert await rooms.page(anna, to(boris)) == []

    in_store(story)


def test_strangers_and_outsiders_see_nothing(in_store: InStore) -> None:
    async def story(world: World) -> None:
        rooms = ChatWorld(world)
        anna, boris, clara, dora = await world.people("anna", "boris", "clara", "dora")
        await rooms.found(anna, boris, clara)
        tea = await rooms.group(boris)
        outside = await world.group(anna, dora)
        await rooms.say(boris, tea, "secret")
        for who in (clara, anna):
            with pytest.raises(NotAllowed):
                await rooms.page(who, at(tea))
        for target in (at(tea), to(anna)):
            with pytest.raises(NotAllowed):
                await rooms.page(dora, target)
        for target in (at(outside.id), at(ChatId(9)), to(dora), Target(chat_id=ChatId(rooms.team))):
            with pytest.raises(NotFound):
                await rooms.page(anna, target)
        with pytest.raises(NotAllowed):
            await rooms.page(anna, to(anna))

    in_store(story)


def test_a_quotation_needs_that_one_sees_what_is_quoted(in_store: InStore) -> None:
    async def story(world: World) -> None:
        rooms = ChatWorld(world)
        anna, boris = await world.people("anna", "boris")
        await rooms.found(anna, boris)
        tea, his = await rooms.group(anna, boris), await rooms.group(boris)
        direct = await world.direct(anna, boris)
        first = await rooms.say(boris, tea, "first")
        secret = await rooms.say(boris, his, "secret")
        private = await rooms.say(boris, direct.id, "private")
        with pytest.raises(NotFound) as refused:
            await rooms.say(anna, tea, "x", linked=(first.id, secret.id))
        assert refused.value.kind == "linked"
        with pytest.raises(NotFound):
            await rooms.say(anna, tea, "x", reply_to=private.id)
        await rooms.say(anna, tea, "x", reply_to=first.id, linked=(private.id, first.id))
        heard = world.told(MessagePosted)[-1]
        assert [each.text for each in heard.quoted] == ["first", "private", "first"]
        (whole, _) = await rooms.page(boris, at(tea))
        assert [each.text for each in whole.quoted] == ["first", "private"]
        await rooms.histories.delete(boris, rooms.team, at(tea), ref(first), world.now)
        (whole,) = await rooms.page(boris, at(tea))
        assert [each.text for each in whole.quoted] == ["private"]
        found = await rooms.histories.named(anna, rooms.team, [ref(private), ref(secret)])
        assert {each: there.target for each, there in found.items()} == {ref(private): to(boris)}

    in_store(story)


def test_sending_moves_ones_own_mark_and_only_if_there_was_something_unread(
    in_store: InStore,
) -> None:
    async def story(world: World) -> None:
        rooms = ChatWorld(world)
        anna, boris = await world.people("anna", "boris")
        await rooms.found(anna, boris)
        tea = await rooms.group(anna, boris)
        await rooms.say(anna, tea, "1")
        await rooms.say(anna, tea, "2", reads=True)
        assert world.told(MessagesRead) == []
        assert await world.unread(boris, tea) == 2
        await rooms.say(boris, tea, "3", reads=True)
        (read,) = world.told(MessagesRead)
        assert [(author, len(ids)) for author, ids in read.by_author] == [(anna.account_id, 2)]
        assert (read.unread, await world.unread(boris, tea)) == (0, 0)
        assert world.kinds()[-2:] == ["MessagePosted", "MessagesRead"]

    in_store(story)


def test_a_mark_covers_everything_up_to_a_message_and_never_goes_back(in_store: InStore) -> None:
    async def story(world: World) -> None:
        rooms = ChatWorld(world)
        anna, boris = await world.people("anna", "boris")
        await rooms.found(anna, boris)
        tea, other = await rooms.group(anna, boris), await rooms.group(anna, boris)
        m = [await rooms.say(anna, tea, f"m{n}") for n in range(5)]

        async def reads(number: int) -> int:
            mark = ReadMark(tea, None, up_to=m[number].id)
            await world.messages.mark_read(boris, mark, world.now)
            return await world.unread(boris, tea)

        assert [await reads(2), await reads(0), await reads(4)] == [2, 2, 0]
        by_author = [each.by_author[0][1] for each in world.told(MessagesRead)]
        assert by_author == [(m[2].id, m[1].id, m[0].id), (m[4].id, m[3].id)]
        mark = ReadMark(other, None, up_to=m[1].id)
        with pytest.raises(NotFound):
            await world.messages.mark_read(boris, mark, world.now)

    in_store(story)


def test_a_silent_message_is_nobodys_unread(in_store: InStore) -> None:
    async def story(world: World) -> None:
        rooms = ChatWorld(world)
        anna, boris = await world.people("anna", "boris")
        await rooms.found(anna, boris)
        tea = await rooms.group(anna, boris)
        quiet = await rooms.say(anna, tea, "psst", flags=SILENT)
        loud = await rooms.say(anna, tea, "hey")
        later = await rooms.say(anna, tea, "psst again", flags=SILENT)
        assert await world.unread(boris, tea) == 1
        await rooms.histories.delete(anna, rooms.team, at(tea), ref(quiet), world.now)
        assert await world.unread(boris, tea) == 1
        mark = ReadMark(tea, None, up_to=loud.id)
        await world.messages.mark_read(boris, mark, world.now)
        assert await world.unread(boris, tea) == 0
        mark = ReadMark(tea, None, up_to=later.id)
        await world.messages.mark_read(boris, mark, world.now)
        assert await world.unread(boris, tea) == 0
        await rooms.say(anna, tea, "and?")
        assert await world.unread(boris, tea) == 1

    in_store(story)


def test_a_guest_is_in_his_groups_only(in_store: InStore) -> None:
    async def story(world: World) -> None:
        rooms = ChatWorld(world)
        anna, boris = await world.people("anna", "boris")
        await rooms.found(anna, boris)
        await rooms.rank(anna, boris, TeamStatus.GUEST)
        tea = await rooms.group(anna, boris)
        await rooms.say(boris, tea, "I may")
        with pytest.raises(NotAllowed):
            await rooms.group(boris)

    in_store(story)
