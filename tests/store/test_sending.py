"""Sending: places, dates, resends, and who is refused."""

import asyncio
from typing import Any

import pytest

from tertulia.core.errors import NotAllowed, NotFound
from tertulia.core.events import ChatOpened, MessagePosted
from tertulia.core.ids import MessageId
from tertulia.core.message_model import Attachment, Draft, Message
from tertulia.core.model import Actor, ChatChange
from tertulia.store import resends
from tertulia.store.chat_state import read_state
from tertulia.store.messages import SqlMessages
from tertulia.store.resends import RESEND_WITHIN_MS, Resends
from tests.store.world import START, InStore, World, tea


def test_a_message_comes_back_as_it_was_sent(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris, chat = await tea(world)
        first = await world.post(boris, chat.id, "Что нового?")
        draft = Draft(
            chat_id=chat.id,
            text="line\nline ёлка \U0001f375 '\"\\ %_?",
            client_ref="m-1",
            extra='{"a":[1,2]}',
            attachments=(
                Attachment(url="https://f", name="tea.png", size_bytes=5, more='{"k":1}'),
            ),
            reply_to=first.id,
            forward_of="abc",
        )
        sent = await world.messages.append(anna, draft, START + 5)
        assert sent.message == Message(
            id=sent.message.id,
            chat_id=chat.id,
            seq=2,
            author_id=anna.account_id,
            text=draft.text,
            sent_at=START + 5,
            extra=draft.extra,
            attachments=draft.attachments,
            reply_to=first.id,
            forward_of="abc",
        )
        assert [each.message for each in await world.history(boris, chat.id)] == [
            first,
            sent.message,
        ]
        assert world.told(MessagePosted)[-1].message == sent.message

    in_store(story)


def test_places_are_dense_and_dates_grow_within_a_chat_whatever_the_clock_says(
    in_store: InStore,
) -> None:
    async def story(world: World) -> None:
        anna, boris, chat = await tea(world)
        other = await world.group(anna, boris)
        for at in (START, START + 1, START - 10_000, START + 1):
            world.now = at
            await asyncio.gather(
                *(world.post(anna, each.id) for _ in range(20) for each in (chat, other)),
                *(world.post(boris, chat.id) for _ in range(5)),
            )
        for each, many in ((chat, 100), (other, 80)):
            messages = [listed.message for listed in await world.history(anna, each.id)]
            assert [message.seq for message in messages] == list(range(1, many + 1))
            dates = [message.sent_at for message in messages]
            assert dates == sorted(set(dates))
            assert [message.id for message in messages] == sorted(m.id for m in messages)

    in_store(story)


def test_a_chats_date_of_change_never_goes_back(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, _, chat = await tea(world)
        world.now = START + 60_000
        await world.chats.change(anna, chat.id, ChatChange(name="later"), 50, world.now)
        world.now = START
        await world.post(anna, chat.id)
        entry = await world.entry(anna, chat.id)
        assert entry is not None
        assert entry.chat.updated_at == START + 60_000

    in_store(story)


def test_a_resend_is_the_same_message_and_nobody_hears_of_it_twice(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, _, chat = await tea(world)
        draft = Draft(chat.id, "once", client_ref="1")
        first = await world.messages.append(anna, draft, START)
        again = await world.messages.append(anna, draft, START + RESEND_WITHIN_MS)
        assert (first.is_new, again.is_new) == (True, False)
        assert again.message == first.message
        assert len(world.told(MessagePosted)) == 1

    in_store(story)


def test_after_a_day_the_same_draft_is_a_new_message(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, _, chat = await tea(world)
        draft = Draft(chat.id, "once", client_ref="1")
        await world.messages.append(anna, draft, START)
        assert (await world.messages.append(anna, draft, START + RESEND_WITHIN_MS + 1)).is_new

    in_store(story)


def elsewhere(actor: Actor) -> Actor:
    """The same person on another connection."""
    return actor._replace(connection=actor.connection + 1_000)


@pytest.mark.parametrize("is_known", [True, False])
def test_a_new_connection_finds_what_is_no_longer_in_memory(
    in_store: InStore, monkeypatch: pytest.MonkeyPatch, *, is_known: bool
) -> None:
    async def story(world: World) -> None:
        monkeypatch.setattr(resends, "MOST_IN_MEMORY", 4)
        monkeypatch.setattr(resends, "LOOKED_THROUGH", 10 if is_known else 9)
        anna, boris, chat = await tea(world)
        draft = Draft(chat.id, "once", client_ref="1")
        first = await world.messages.append(anna, draft, START)
        for number in range(9):
            await world.messages.append(boris, Draft(chat.id, "hi", client_ref=f"{number}"), START)
        again = await world.messages.append(elsewhere(anna), draft, START)
        assert again.is_new is not is_known
        assert (again.message == first.message) is is_known

    in_store(story)


@pytest.mark.parametrize("has_connection", [True, False])
def test_a_resend_is_recognised_after_a_restart(in_store: InStore, *, has_connection: bool) -> None:
    async def story(world: World) -> None:
        anna, _, chat = await tea(world)
        drafts = [Draft(chat.id, f"{number}", client_ref="1") for number in range(3)]
        sent = [(await world.messages.append(anna, each, START)).message for each in drafts]
        world.messages = SqlMessages(world.engine)
        anna = anna if has_connection else anna._replace(connection=0)
        for draft, first in zip(drafts, sent, strict=True):
            again = await world.messages.append(anna, draft, START)
            assert (again.is_new, again.message) == (False, first)
        new = Draft(chat.id, "new", client_ref="1")
        assert (await world.messages.append(anna, new, START)).is_new
        assert not (await world.messages.append(anna, new, START)).is_new

    in_store(story)


def test_what_another_writes_into_the_store_is_caught_up_with(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris, chat = await tea(world)
        here, there = world.messages, SqlMessages(world.engine)
        for number in range(4):
            # Both have seen the chat, and each is ahead of the other in turn.
            draft = Draft(chat.id, f"{number}", client_ref="1")
            first = await here.append(anna, draft, START)
            await world.post(boris, chat.id)
            again = await there.append(anna, draft, START)
            assert (first.is_new, again.is_new) == (True, False)
            assert again.message == first.message
            here, there = there, here

    in_store(story)


def test_what_is_caught_up_with_has_its_bound_too(
    in_store: InStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(world: World) -> None:
        monkeypatch.setattr(resends, "MOST_IN_MEMORY", 4)
        anna, boris = await world.people("anna", "boris")
        chats = [await world.group(anna, boris) for _ in range(6)]
        memory = Resends()
        there = SqlMessages(world.engine)

        async def catch_up() -> None:
            found = [await world.engine.read(read_state(chat.id)) for chat in chats]
            states = {each.id: each for each in found if each is not None}
            await world.engine.write(memory.sent_before((), states, ()))

        await catch_up()
        for chat in chats:
            for number in range(2):
                await there.append(anna, Draft(chat.id, "hi", client_ref=f"{number}"), START)
        await catch_up()
        assert 0 < len(memory._newer) + len(memory._older) <= 4

    in_store(story)


def test_what_was_undone_is_not_taken_for_the_first(
    in_store: InStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    note, failures = Resends.note, [None]

    def note_and_fail(self: Resends, *given: Any) -> None:
        note(self, *given)
        if failures:
            failures.pop()
            raise RuntimeError("after all was remembered")

    async def story(world: World) -> None:
        anna, _, chat = await tea(world)
        monkeypatch.setattr(Resends, "note", note_and_fail)
        failures[:] = [None]
        drafts = [Draft(chat.id, f"{number}", client_ref="1") for number in range(3)]
        sent = await asyncio.gather(*(world.messages.append(anna, each, START) for each in drafts))
        assert not failures
        assert all(each.is_new for each in sent)
        again = [await world.messages.append(anna, each, START) for each in drafts]
        assert [each.message for each in again] == [each.message for each in sent]
        assert await world.texts(anna, chat.id) == ["0", "1", "2"]

    in_store(story)


@pytest.mark.parametrize(
    ("setting", "is_found"), [("MOST_LOOKED_UP", False), ("MOST_PLACES", True)]
)
def test_what_connections_looked_up_is_let_go_when_it_gets_too_much(
    in_store: InStore, monkeypatch: pytest.MonkeyPatch, *, setting: str, is_found: bool
) -> None:
    async def story(world: World) -> None:
        monkeypatch.setattr(resends, "MOST_IN_MEMORY", 2)
        monkeypatch.setattr(resends, setting, 3)
        anna, boris = await world.people("anna", "boris")
        chats = [await world.group(anna, boris) for _ in range(3)]
        drafts = [Draft(chat.id, text, client_ref="1") for text in ("a", "b") for chat in chats]
        sent = [await world.messages.append(anna, each, START) for each in drafts]
        # Each chat has two drafts of hers; there is room for one and a half.
        for draft, first in zip(drafts[:3], sent, strict=False):
            again = await world.messages.append(elsewhere(anna), draft, START)
            assert again.message == first.message
        again = await world.messages.append(elsewhere(anna), drafts[3], START)
        assert (again.message == sent[3].message) is is_found
        again = await world.messages.append(elsewhere(anna), drafts[5], START)
        assert again.message == sent[5].message

    in_store(story)


def test_a_hash_alone_makes_no_resend(in_store: InStore, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(world: World) -> None:
        monkeypatch.setattr(Draft, "fingerprint", lambda *_: 1)
        anna, boris, chat = await tea(world)
        for author, text in ((anna, "one"), (anna, "two"), (boris, "two")):
            draft = Draft(chat.id, text, client_ref="1")
            assert (await world.messages.append(author, draft, START)).is_new
        assert (await world.texts(anna, chat.id)) == ["one", "two", "two"]

    in_store(story)


def test_whoever_had_his_acknowledgement_does_not_resend(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, _, chat = await tea(world)
        first = await world.messages.append(anna, Draft(chat.id, "ok", client_ref="1"), START)
        drafts = [Draft(chat.id, "ok", client_ref="1", acknowledged=True)] * 3
        sent = await asyncio.gather(*(world.messages.append(anna, d, START) for d in drafts))
        assert all(each.is_new for each in sent)
        # A resend is then one of the newest of them.
        again = await world.messages.append(anna, Draft(chat.id, "ok", client_ref="1"), START)
        assert again.message.id == max(each.message.id for each in (first, *sent))

    in_store(story)


@pytest.mark.parametrize("other", ["text", "ref", "none", "extra"])
def test_another_content_or_name_is_another_message(in_store: InStore, other: str) -> None:
    async def story(world: World) -> None:
        anna, _, chat = await tea(world)
        drafts = {
            "text": Draft(chat.id, "changed", client_ref="1"),
            "ref": Draft(chat.id, "hi", client_ref="2"),
            "none": Draft(chat.id, "hi"),
            "extra": Draft(chat.id, "hi", client_ref="1", extra="{}"),
        }
        await world.messages.append(anna, Draft(chat.id, "hi", client_ref="1"), START)
        assert (await world.messages.append(anna, drafts[other], START)).is_new

    in_store(story)


def test_another_author_or_chat_never_meets_my_resends(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris, chat = await tea(world)
        second = await world.group(anna, boris)
        await world.messages.append(anna, Draft(chat.id, "hi", client_ref="1"), START)
        assert (await world.messages.append(boris, Draft(chat.id, "hi", client_ref="1"), 1)).is_new
        assert (await world.messages.append(anna, Draft(second.id, "hi", client_ref="1"), 1)).is_new

    in_store(story)


def test_a_resend_of_a_deleted_message_does_not_bring_it_back(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, _, chat = await tea(world)
        draft = Draft(chat.id, "once", client_ref="1")
        first = await world.messages.append(anna, draft, START)
        await world.delete(anna, first.message)
        again = await world.messages.append(anna, draft, START)
        assert (again.is_new, again.message.id) == (False, first.message.id)
        assert await world.texts(anna, chat.id) == []

    in_store(story)


def test_a_resend_is_recognised_even_if_it_could_not_be_sent_any_more(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris = await world.people("anna", "boris")
        chat = await world.direct(anna, boris)
        asked = await world.post(boris, chat.id, "?")
        draft = Draft(chat.id, "!", client_ref="1", reply_to=asked.id)
        first = await world.messages.append(anna, draft, START)
        await world.delete(boris, asked)
        await world.blocks.block(boris, [anna.account_id], START, START)
        again = await world.messages.append(anna, draft, START)
        assert again.message == first.message
        with pytest.raises(NotAllowed):
            await world.post(anna, chat.id)

    in_store(story)


@pytest.mark.parametrize("blocker", [0, 1])
def test_a_block_in_either_direction_closes_the_direct_chat_alone(
    in_store: InStore, blocker: int
) -> None:
    async def story(world: World) -> None:
        anna, boris, clara = await world.people("anna", "boris", "clara")
        chat, other = await world.direct(anna, boris), await world.direct(anna, clara)
        group = await world.group(anna, boris)
        pair = (anna, boris)
        await world.blocks.block(pair[blocker], [pair[1 - blocker].account_id], START, START)
        for each in pair:
            with pytest.raises(NotAllowed):
                await world.post(each, chat.id)
            await world.post(each, group.id)
        await world.post(anna, other.id)
        await world.blocks.switch(pair[blocker], on=False)
        await world.post(anna, chat.id)
        await world.blocks.switch(pair[blocker], on=True)
        await world.blocks.unblock(pair[blocker], [pair[1 - blocker].account_id])
        await world.post(boris, chat.id)

    in_store(story)


def test_one_can_only_reply_to_what_one_sees(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris, chat = await tea(world)
        other = await world.group(anna, boris)
        elsewhere = await world.post(anna, other.id)
        deleted = await world.post(anna, chat.id)
        await world.delete(anna, deleted)
        for target in (elsewhere.id, deleted.id, MessageId(1)):
            with pytest.raises(NotFound):
                await world.messages.append(boris, Draft(chat.id, "re", reply_to=target), START)

    in_store(story)


def test_what_my_neighbour_sees_does_not_let_me_reply(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris, chat = await tea(world)
        message = await world.post(anna, chat.id)
        await world.hide(boris, message)
        draft = Draft(chat.id, "re", reply_to=message.id)
        outcomes = await asyncio.gather(
            world.messages.append(anna, draft, START),
            world.messages.append(boris, draft, START),
            return_exceptions=True,
        )
        assert not isinstance(outcomes[0], BaseException)
        assert isinstance(outcomes[1], NotFound)

    in_store(story)


def test_who_is_left_out_does_not_find_the_message_and_is_named_in_the_event(
    in_store: InStore,
) -> None:
    async def story(world: World) -> None:
        anna, boris, chat = await tea(world)
        out = (boris.account_id, boris.account_id, anna.account_id)
        sent = await world.messages.append(anna, Draft(chat.id, "psst", hide_from=out), START)
        assert world.told(MessagePosted)[-1].hidden_from == out
        assert await world.texts(boris, chat.id) == []
        assert await world.unread(boris, chat.id) == 0
        with pytest.raises(NotFound):
            await world.messages.reactions(boris, sent.message.id)

    in_store(story)


def test_writing_wakes_who_left_a_direct_chat_before_he_hears_the_message(
    in_store: InStore,
) -> None:
    async def story(world: World) -> None:
        anna, boris = await world.people("anna", "boris")
        chat = await world.direct(anna, boris)
        await world.post(anna, chat.id, "one")
        await world.chats.leave(boris, chat.id, START)
        assert await world.entry(boris, chat.id) is None
        world.kinds()
        await asyncio.gather(*(world.post(anna, chat.id, text) for text in ("two", "three")))
        opened = world.told(ChatOpened)[0]
        assert (opened.accounts, opened.account_id) == ((boris.account_id,), anna.account_id)
        assert world.kinds() == ["ChatOpened", "MessagePosted", "MessagePosted"]
        texts = await world.texts(boris, chat.id)
        assert [texts[0], *texts[2:]] == ["one", "two", "three"]

    in_store(story)
