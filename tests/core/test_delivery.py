import asyncio
from collections.abc import Collection, Coroutine, Sequence
from typing import Any

import pytest

from tertulia.core.errors import Unavailable
from tertulia.core.events import (
    ChatOpened,
    Event,
    MembersAdded,
    MembersRemoved,
    MessagePosted,
    SessionsEnded,
    Typing,
)
from tertulia.core.ids import AccountId, ChatId, MessageId, SessionId
from tertulia.core.message_model import Message
from tertulia.core.model import Chat, ChatKind
from tertulia.core.tally import Tally
from tertulia.delivery import fanout
from tertulia.delivery.audience import Audience
from tertulia.delivery.bus import Bus
from tertulia.delivery.delivered import Delivered
from tertulia.delivery.encoder import Reader
from tertulia.delivery.fanout import FanOut, Hearer
from tertulia.delivery.hub import Hub
from tests.core.house import Ear, House, Verbatim, in_house

TEA, HALL = ChatId(100), ChatId(200)
ANNA, BORIS, CLARA = AccountId(1), AccountId(2), AccountId(3)
Members = tuple[AccountId, ...]


def posted(chat: ChatId, seq: int, author: AccountId = ANNA, *, origin: int = 0) -> MessagePosted:
    message = Message(MessageId(1_000 + seq), chat, seq, author, "hello", seq)
    return MessagePosted(message, ChatKind.GROUP, origin)


def card_of(chat: ChatId) -> Chat:
    return Chat(chat, ChatKind.GROUP, ANNA, 0, 0)


def added(chat: ChatId, members: Members, *accounts: AccountId) -> MembersAdded:
    return MembersAdded(card_of(chat), members, ANNA, accounts, None, 0, 0)


def removed(chat: ChatId, members: Members, *accounts: AccountId) -> MembersRemoved:
    return MembersRemoved(
        card_of(chat), members, ANNA, accounts, by_themselves=False, at=0, origin=0
    )


class Store:
    """Cards that are read only when somebody lets them be."""

    def __init__(self, **cards: Members) -> None:
        self.cards: dict[ChatId, Members] = {TEA: (ANNA, BORIS), HALL: (ANNA, CLARA)}
        self.gates: dict[ChatId, asyncio.Event] = {}
        self.reads: list[ChatId] = []
        self.fails: set[ChatId] = set()
        self.away = 0

    async def load(self, chat_id: ChatId) -> tuple[ChatKind, Members] | None:
        self.reads.append(chat_id)
        found = self.cards.get(chat_id)
        if chat_id in self.gates:
            await self.gates[chat_id].wait()
        if chat_id in self.fails:
            raise OSError("the store is gone")
        if self.away:
            self.away -= 1
            raise Unavailable("store")
        return None if found is None else (ChatKind.GROUP, found)


class Postroom:
    """Delivery by hand: a hub, an audience, a fan-out."""

    def __init__(self, *before: Hearer) -> None:
        self.store = Store()
        self.came: list[AccountId] = []
        self.went: list[AccountId] = []
        self.hub = Hub(self.came.append, self.went.append)
        self.audience = Audience(self.store.load)
        self.encoder = Verbatim()
        self.flushed = 0
        self.handed_over = 7
        self.delivered = Delivered(lambda: self.handed_over)
        self.tasks: list[asyncio.Task[None]] = []
        self.fan_out = FanOut(
            self.hub,
            self.audience,
            Tally(),
            spawn=self._spawn,
            flush=self._flush,
            before=before,
            delivered=self.delivered,
        )

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        self.tasks.append(asyncio.get_running_loop().create_task(work))

    def _flush(self) -> None:
        self.flushed += 1

    def ear(self, account: AccountId, connection: int, encoder: Verbatim | None = None) -> Ear:
        reader = Reader(connection, account, SessionId(connection), "seed")
        ear = Ear(reader, encoder or self.encoder)
        self.hub.add(ear)
        return ear

    async def settled(self) -> None:
        await asyncio.gather(*self.tasks)


def seqs(ear: Ear) -> list[int]:
    return [event.message.seq for event in ear.heard if isinstance(event, MessagePosted)]


def test_a_packet_is_encoded_once_and_the_same_bytes_for_everybody() -> None:
    async def story() -> None:
        room = Postroom()
        await room.audience.card(TEA)
        ears = [room.ear(ANNA, 1), room.ear(ANNA, 2), room.ear(BORIS, 3), room.ear(BORIS, 4)]
        room.fan_out.deliver([posted(TEA, 1), posted(TEA, 2)])
        assert len(room.encoder.said) == 2
        assert len({id(ear.packets[0]) for ear in ears}) == 1
        assert [seqs(ear) for ear in ears] == [[1, 2]] * 4
        assert room.flushed == 1

    asyncio.run(story())


def test_the_connection_it_came_from_is_not_told() -> None:
    async def story() -> None:
        room = Postroom()
        await room.audience.card(TEA)
        phone, laptop = room.ear(ANNA, 1), room.ear(ANNA, 2)
        room.fan_out.deliver([posted(TEA, 1, origin=1)])
        assert (seqs(phone), seqs(laptop)) == ([], [1])

    asyncio.run(story())


def test_nothing_is_encoded_for_nobody() -> None:
    async def story() -> None:
        room = Postroom()
        await room.audience.card(TEA)
        room.ear(CLARA, 1)
        room.fan_out.deliver([posted(TEA, 1)])
        assert room.encoder.said == []

    asyncio.run(story())


def test_a_remembered_audience_is_not_read_again() -> None:
    async def story() -> None:
        room = Postroom()
        await room.audience.card(TEA)
        room.fan_out.deliver([posted(TEA, seq) for seq in range(5)])
        await room.audience.card(TEA)
        assert room.store.reads == [TEA]

    asyncio.run(story())


def test_events_wait_behind_one_whose_audience_must_be_read() -> None:
    async def story() -> None:
        room = Postroom()
        await room.audience.card(HALL)
        gate = room.store.gates[TEA] = asyncio.Event()
        anna, clara = room.ear(ANNA, 1), room.ear(CLARA, 3)
        room.fan_out.deliver([posted(HALL, 1), posted(TEA, 2), posted(HALL, 3)])
        room.fan_out.deliver([posted(HALL, 4)])
        await asyncio.sleep(0)
        assert (seqs(anna), seqs(clara)) == ([1], [1])
        gate.set()
        await room.settled()
        assert (seqs(anna), seqs(clara)) == ([1, 2, 3, 4], [1, 3, 4])
        assert len(room.tasks) == 1
        room.fan_out.deliver([posted(TEA, 5)])
        assert seqs(anna)[-1] == 5

    asyncio.run(story())


def test_what_waits_has_been_delivered_to_nobody() -> None:
    async def story() -> None:
        room = Postroom()
        gate = room.store.gates[TEA] = asyncio.Event()
        assert room.delivered.position == 7
        room.fan_out.deliver([posted(TEA, 1)])
        room.handed_over = 8
        room.fan_out.deliver([posted(HALL, 2)])
        room.handed_over = 9
        assert room.delivered.position == 7
        gate.set()
        await room.settled()
        assert room.delivered.position == 9

    asyncio.run(story())


def test_an_audience_that_cannot_be_read_costs_its_own_event_only(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def story() -> None:
        room = Postroom()
        await room.audience.card(HALL)
        room.store.fails.add(TEA)
        anna = room.ear(ANNA, 1)
        room.fan_out.deliver([posted(TEA, 1), posted(HALL, 2)])
        await room.settled()
        assert seqs(anna) == [2]

    asyncio.run(story())
    assert len(caplog.records) == 1


def test_an_audience_that_the_store_cannot_tell_just_now_is_asked_for_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(fanout, "AGAIN_S", 0)

    async def story() -> None:
        room = Postroom()
        room.store.away = 3
        anna = room.ear(ANNA, 1)
        room.fan_out.deliver([posted(TEA, 1), posted(HALL, 2)])
        await room.settled()
        assert seqs(anna) == [1, 2]

    asyncio.run(story())
    assert not caplog.records


def test_what_waits_for_the_store_is_bounded(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(fanout, "AGAIN_S", 0)
    monkeypatch.setattr(fanout, "MOST_BEHIND", 2)

    async def story() -> None:
        room = Postroom()
        room.store.away = 2
        anna = room.ear(ANNA, 1)
        room.fan_out.deliver([posted(TEA, 1), posted(HALL, 2), posted(TEA, 3), posted(HALL, 4)])
        await room.settled()
        # Those that nobody would let go of give way to those behind them.
        assert seqs(anna) == [3, 4]

    asyncio.run(story())
    assert len(caplog.records) == 2


def test_the_message_of_a_chat_that_is_gone_is_nobodys() -> None:
    async def story() -> None:
        room = Postroom()
        anna = room.ear(ANNA, 1)
        room.fan_out.deliver([posted(ChatId(9), 1), posted(TEA, 2)])
        await room.settled()
        assert seqs(anna) == [2]

    asyncio.run(story())


def test_members_who_come_and_go_change_a_remembered_audience() -> None:
    async def story() -> None:
        room = Postroom()
        await room.audience.card(TEA)
        boris, clara = room.ear(BORIS, 2), room.ear(CLARA, 3)
        room.fan_out.deliver([
            posted(TEA, 1),
            added(TEA, (ANNA, BORIS, CLARA), CLARA),
            posted(TEA, 2),
            removed(TEA, (ANNA, CLARA), BORIS),
            posted(TEA, 3),
        ])  # fmt: skip
        assert (seqs(boris), seqs(clara)) == ([1, 2], [2, 3])
        assert room.store.reads == [TEA]

    asyncio.run(story())


def test_a_chat_without_members_is_forgotten() -> None:
    async def story() -> None:
        room = Postroom()
        await room.audience.card(TEA)
        room.fan_out.deliver([removed(TEA, (), ANNA, BORIS)])
        del room.store.cards[TEA]
        assert room.audience.known(TEA) is None
        assert await room.audience.card(TEA) is None

    asyncio.run(story())


def test_members_who_come_while_the_audience_is_being_read_are_not_missed() -> None:
    async def story() -> None:
        room = Postroom()
        gate = room.store.gates[TEA] = asyncio.Event()
        reading = asyncio.get_running_loop().create_task(room.audience.card(TEA))
        await asyncio.sleep(0)
        # The store was asked before the change, and its answer comes after it.
        room.store.cards[TEA] = (ANNA, BORIS, CLARA)
        room.fan_out.deliver([added(TEA, (ANNA, BORIS, CLARA), CLARA)])
        gate.set()
        card = await reading
        assert card is not None
        assert CLARA in card
        clara = room.ear(CLARA, 3)
        room.fan_out.deliver([posted(TEA, 1)])
        assert seqs(clara) == [1]

    asyncio.run(story())


def test_two_who_ask_at_once_get_the_same_answer() -> None:
    async def story() -> None:
        room = Postroom()
        one, other = await asyncio.gather(room.audience.card(TEA), room.audience.card(TEA))
        assert one is not None
        assert other is not None
        assert tuple(one.members) == tuple(other.members) == (ANNA, BORIS)

    asyncio.run(story())


def test_only_so_many_audiences_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tertulia.delivery.audience.MOST_CARDS", 1)

    async def story() -> None:
        room = Postroom()
        await room.audience.card(TEA)
        await room.audience.card(HALL)
        assert room.audience.known(TEA) is None
        assert room.audience.known(HALL) is not None

    asyncio.run(story())


def test_an_encoder_that_fails_harms_nobody_else(caplog: pytest.LogCaptureFixture) -> None:
    async def story() -> None:
        room = Postroom()
        await room.audience.card(TEA)
        broken = Verbatim()
        broken.is_broken = True
        silent = [room.ear(ANNA, 1, broken), room.ear(BORIS, 2, broken)]
        anna, boris = room.ear(ANNA, 3), room.ear(BORIS, 4)
        room.fan_out.deliver([posted(TEA, 1), posted(TEA, 2)])
        assert [ear.packets for ear in silent] == [[], []]
        assert seqs(anna) == seqs(boris) == [1, 2]

    asyncio.run(story())
    assert len(caplog.records) == 2


def test_a_hearer_that_fails_costs_nobody_a_packet(caplog: pytest.LogCaptureFixture) -> None:
    heard: list[tuple[Event, list[AccountId]]] = []

    def fails(event: Event, accounts: Collection[AccountId]) -> None:
        raise LookupError(event)

    async def story() -> None:
        room = Postroom(fails, lambda event, accounts: heard.append((event, list(accounts))))
        await room.audience.card(TEA)
        anna = room.ear(ANNA, 1)
        room.fan_out.deliver([posted(TEA, 1)])
        assert seqs(anna) == [1]

    asyncio.run(story())
    assert heard == [(posted(TEA, 1), [ANNA, BORIS])]
    assert len(caplog.records) == 1


def test_nobody_hears_what_is_hidden_from_him() -> None:
    async def story() -> None:
        room = Postroom()
        await room.audience.card(TEA)
        anna, boris = room.ear(ANNA, 1), room.ear(BORIS, 2)
        room.fan_out.deliver([posted(TEA, 1)._replace(hidden_from=(BORIS,))])
        assert (seqs(anna), seqs(boris)) == ([1], [])

    asyncio.run(story())


def test_what_a_request_causes_on_its_own_connection_is_marked_so() -> None:
    async def story(house: House) -> None:
        anna, boris = await house.people("anna", "boris")
        phone, laptop = await house.listens(anna), await house.listens(anna)
        phone._encoder.view = lambda event, reader: "all"  # type: ignore[method-assign]
        chat = await house.group(anna._replace(connection=phone.reader.connection), boris)
        await house.say(anna._replace(connection=laptop.reader.connection), chat)
        assert (phone.answers_first, laptop.answers_first) == (1, 1)

    in_house(story)


def test_the_first_connection_is_an_arrival_and_the_last_a_departure() -> None:
    room = Postroom()
    phone, laptop = room.ear(ANNA, 1), room.ear(ANNA, 2)
    assert room.came == [ANNA]
    room.hub.remove(phone)
    assert room.hub.is_online(ANNA)
    room.hub.remove(laptop)
    assert room.went == [ANNA]
    assert not room.hub.is_online(ANNA)
    assert room.hub.of(ANNA) == ()


def test_ended_sessions_sign_out_their_own_connections() -> None:
    async def story() -> None:
        room = Postroom()
        phone, laptop, his = room.ear(ANNA, 1), room.ear(ANNA, 2), room.ear(BORIS, 3)
        room.fan_out.deliver([SessionsEnded((SessionId(1), SessionId(3)), ANNA)])
        assert (phone.is_out, laptop.is_out, his.is_out) == (True, False, False)

    asyncio.run(story())


def test_the_bus_hands_on_batches_in_order() -> None:
    bus = Bus()
    heard: list[object] = []

    def listen(events: Sequence[object]) -> None:
        heard.extend(events)

    bus.listen(listen)
    first = ChatOpened(card_of(TEA), (ANNA,), ANNA, (ANNA,), 0, 0)
    second = Typing(TEA, ChatKind.GROUP, ANNA, "", 0, 0)
    bus.publish([first])
    bus.announce(second)
    assert heard == [first, second]
