"""Several processes act as one: who is online is the same everywhere."""

import asyncio
import logging
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tertulia.core.events import PresenceChanged
from tertulia.core.ids import AccountId, SessionId
from tertulia.core.model import Actor
from tertulia.core.presence import PresenceBook
from tertulia.core.tally import Tally
from tertulia.delivery import rolls
from tertulia.delivery.encoder import Reader
from tertulia.delivery.hub import ACTIVE, INACTIVE, MOBILE, Hub
from tertulia.delivery.peers import ASK_AGAIN_S, BEAT_S, MOST_PEERS, MOST_SILENT, Peers
from tertulia.delivery.rolls import Ask, Beat, Bye, Change, Part, Words, written
from tertulia.store.accounts import SqlAccounts
from tertulia.store.blocks import SqlBlocks
from tests.core.house import PATIENCE_S, Ear, House, StillClock, Verbatim, in_house
from tests.core.processes import CALM_S, MOMENT_S, SILENCE_S, Air, Book, Process

ANNA, BORIS, CLARA = AccountId(1), AccountId(2), AccountId(3)


def two() -> tuple[Air, Process, Process]:
    """Two processes who know of each other."""
    air = Air()
    first, second = air.process("first"), air.process("second")
    air.passes()
    return air, first, second


def changes(words: Sequence[Words]) -> list[dict[AccountId, int]]:
    return [each.standings for each in words if isinstance(each, Change)]


def test_who_is_connected_to_one_process_is_online_for_all() -> None:
    air, first, second = two()
    ear = first.listens(ANNA)
    air.passes()
    for hub in (first.hub, second.hub):
        assert hub.is_online(ANNA)
        assert list(hub.online()) == [ANNA]
        assert hub.flags(ANNA) == ACTIVE
    assert list(second.hub.here()) == []
    assert list(second.hub.of(ANNA)) == []
    first.hangs_up(ear)
    air.passes()
    assert not first.hub.is_online(ANNA)
    assert not second.hub.is_online(ANNA)
    assert list(second.hub.online()) == []


def test_a_connection_beside_one_elsewhere_is_no_news() -> None:
    air, first, second = two()
    here = first.listens(ANNA)
    air.passes()
    there = second.listens(ANNA)
    air.passes()
    assert list(second.hub.online()) == [ANNA]
    first.hangs_up(here)
    air.passes()
    assert first.news() == second.news() == [("came", ANNA)]
    second.hangs_up(there)
    assert second.news() == [("went", ANNA)]
    air.passes()
    assert first.news() == [("went", ANNA)]


def test_who_was_never_connected_here_is_written_down_elsewhere() -> None:
    air, first, second = two()
    ear = first.listens(ANNA)
    air.passes()
    first.hangs_up(ear)
    air.passes()
    assert first.news() == [("came", ANNA), ("went", ANNA)]
    assert second.news() == [("came", ANNA), ("went elsewhere", ANNA)]


def test_who_is_connected_here_again_goes_from_here() -> None:
    air, first, second = two()
    second.listens(ANNA)
    air.passes()
    first.hangs_up(first.listens(ANNA))
    ear = first.listens(ANNA)
    second.hangs_up(second.ears[0])
    air.passes()
    assert ANNA in first.there
    first.hangs_up(ear)
    assert first.news() == [("came", ANNA), ("went", ANNA)]
    second.listens(ANNA)
    air.passes()
    second.hangs_up(second.ears[0])
    air.passes()
    assert first.news() == [("came", ANNA), ("went elsewhere", ANNA)]


def test_of_two_who_close_at_once_each_writes_the_moment_down() -> None:
    """Each believed that the other still had a connection."""
    air, first, second = two()
    here, there = first.listens(ANNA), second.listens(ANNA)
    air.passes()
    first.hangs_up(here)
    second.hangs_up(there)
    assert first.news() == second.news() == [("came", ANNA)]
    air.passes()
    assert first.news() == second.news() == [("went", ANNA)]
    # That is over: the next time only one of them is concerned.
    ear = second.listens(ANNA)
    air.passes()
    second.hangs_up(ear)
    air.passes()
    assert first.news() == [("came", ANNA), ("went elsewhere", ANNA)]


def test_watchers_hear_of_everything_that_changes_elsewhere() -> None:
    air, first, second = two()
    heard: list[AccountId] = []
    second.hub.watch(heard.append)
    ear = first.listens(ANNA)
    air.passes()
    first.turns(ear, looks=False)
    air.passes()
    first.listens(ANNA, looks=False)
    air.passes()
    assert heard == [ANNA, ANNA]
    for each in tuple(first.ears):
        first.hangs_up(each)
    air.passes()
    assert heard == [ANNA, ANNA, ANNA]


def test_watchers_hear_when_somebody_turns_away_here() -> None:
    _, first, _ = two()
    ear = first.listens(ANNA)
    heard: list[AccountId] = []
    first.hub.watch(heard.append)
    first.turns(ear, looks=False)
    assert heard == [ANNA]


def test_a_push_is_due_where_nobody_looks_at_one_of_all_connections() -> None:
    air, first, second = two()
    assert first.hub.is_unheard(ANNA)
    ear = first.listens(ANNA)
    second.listens(ANNA)
    air.passes()
    assert not first.hub.is_unheard(ANNA)
    assert not second.hub.is_unheard(ANNA)
    first.turns(ear, looks=False)
    air.passes()
    assert first.hub.is_unheard(ANNA)
    assert second.hub.is_unheard(ANNA)
    assert second.hub.flags(ANNA) == ACTIVE | INACTIVE
    first.turns(ear, looks=True)
    air.passes()
    assert not second.hub.is_unheard(ANNA)


def test_who_has_only_a_connection_elsewhere_is_heard_there() -> None:
    air, first, second = two()
    first.listens(ANNA)
    air.passes()
    assert not second.hub.is_unheard(ANNA)


def test_devices_that_people_carry_about_are_known_elsewhere() -> None:
    air, first, second = two()
    first.listens(ANNA, "ios", looks=False)
    air.passes()
    assert second.hub.flags(ANNA) == INACTIVE | MOBILE
    second.listens(ANNA, "web")
    assert second.hub.flags(ANNA) == ACTIVE | INACTIVE | MOBILE
    assert second.hub.flags_here(ANNA) == ACTIVE


def test_only_changes_are_told_and_those_of_a_moment_together() -> None:
    air, first, _ = two()
    said = len(air.said)
    first.listens(ANNA)
    first.listens(BORIS)
    air.passes()
    assert changes(air.said[said:]) == [{ANNA: ACTIVE, BORIS: ACTIVE}]
    said = len(air.said)
    first.listens(ANNA)
    first.hangs_up(first.listens(CLARA))
    first.hub.turned(first.ears[0])
    air.passes()
    assert air.heard_since(said) == []


def test_who_comes_later_is_told_of_everybody_without_delay() -> None:
    air = Air()
    first = air.process("first")
    crowd = [AccountId(number) for number in range(10, 30)]
    for each in crowd:
        first.listens(each)
    air.passes(60)
    second = air.process("second")
    air.passes(0)
    assert sorted(second.hub.online()) == crowd
    assert [name for name, _ in second.news()] == ["came"] * len(crowd)


def test_who_was_connected_before_the_start_is_told_too() -> None:
    air = Air()
    second = air.process("second")
    first = Process(air, "first")
    air.processes.append(first)
    first.listens(ANNA)
    air.passes(60)
    assert not second.hub.is_online(ANNA)
    first.peers.start()
    air.passes()
    assert second.hub.is_online(ANNA)


def test_a_long_roll_is_told_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rolls, "MOST_IN_ONE", 3)
    air = Air()
    first = air.process("first")
    crowd = [AccountId(number) for number in range(10, 18)]
    for each in crowd:
        first.listens(each)
    air.passes()
    second = air.process("second")
    air.passes()
    parts = [each for each in air.said if isinstance(each, Part)]
    assert [len(each.standings) for each in parts] == [3, 3, 2]
    assert [each.is_last for each in parts] == [False, False, True]
    assert sorted(second.hub.online()) == crowd


@pytest.mark.parametrize("lost", range(3))
def test_a_part_that_is_lost_is_asked_for_again(lost: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rolls, "MOST_IN_ONE", 3)
    air = Air()
    first = air.process("first")
    crowd = [AccountId(number) for number in range(10, 18)]
    for each in crowd:
        first.listens(each)
    air.passes()
    air.is_lost = lambda _, __, said: isinstance(said, Part) and said.place == lost
    second = air.process("second")
    air.passes()
    assert list(second.hub.online()) == []
    air.is_lost = lambda _, __, ___: False
    air.passes(CALM_S)
    assert sorted(second.hub.online()) == crowd


def test_a_change_that_is_lost_is_noticed_with_the_next_one() -> None:
    air, first, second = two()
    air.is_lost = lambda _, __, said: isinstance(said, Change)
    first.listens(ANNA)
    air.passes()
    air.is_lost = lambda _, __, ___: False
    first.listens(BORIS)
    air.passes()
    assert sorted(second.hub.online()) == [ANNA, BORIS]
    assert sorted(second.news()) == [("came", ANNA), ("came", BORIS)]


def test_a_change_that_is_lost_is_noticed_with_the_next_beat() -> None:
    air, first, second = two()
    ear = first.listens(ANNA)
    air.passes()
    air.is_lost = lambda _, __, said: isinstance(said, Change)
    first.hangs_up(ear)
    air.passes()
    assert second.hub.is_online(ANNA)
    air.is_lost = lambda _, __, ___: False
    air.passes(BEAT_S)
    assert not second.hub.is_online(ANNA)
    assert second.news() == [("came", ANNA), ("went elsewhere", ANNA)]


def test_what_was_lost_is_asked_for_at_most_once_a_second() -> None:
    air, first, _ = two()
    air.is_lost = lambda _, __, said: isinstance(said, Change | Part)
    first.listens(ANNA)
    air.passes()
    air.is_lost = lambda _, __, said: isinstance(said, Part)
    said = len(air.said)
    for number in range(40):
        first.listens(AccountId(100 + number))
        air.passes()
    asked = [each for each in air.said[said:] if isinstance(each, Ask)]
    told = [each for each in air.said[said:] if isinstance(each, Part)]
    most = int(40 * MOMENT_S / ASK_AGAIN_S) + 2
    assert 0 < len(asked) <= most
    assert 0 < len(told) <= most


def test_one_answer_serves_all_who_ask() -> None:
    air = Air()
    first = air.process("first")
    first.listens(ANNA)
    air.passes()
    said = len(air.said)
    others = [air.process(name) for name in ("second", "third", "fourth")]
    air.passes(CALM_S)
    assert all(each.hub.is_online(ANNA) for each in others)
    assert len([each for each in air.said[said:] if isinstance(each, Part)]) <= 2


def test_many_who_ask_one_after_the_other_do_not_make_it_speak_without_end() -> None:
    air = Air()
    first = air.process("first")
    first.listens(ANNA)
    air.passes()
    said = len(air.said)
    others = []
    for number in range(10):
        others.append(air.process(f"later{number}"))
        air.passes(ASK_AGAIN_S / 5)
    air.passes(CALM_S)
    assert all(each.hub.is_online(ANNA) for each in others)
    assert len([each for each in air.said[said:] if isinstance(each, Part)]) <= 4


def test_who_is_silent_for_long_is_dead_and_any_who_notice_write_it_down() -> None:
    air, first, second = two()
    third = air.process("third")
    first.listens(ANNA)
    first.listens(BORIS)
    third.listens(BORIS)
    air.passes()
    air.dies(first)
    air.passes(BEAT_S * (MOST_SILENT - 1))
    assert second.hub.is_online(ANNA)
    assert second.peers.ids == {"first", "second", "third"}
    air.passes(SILENCE_S)
    for each in (second, third):
        assert list(each.hub.online()) == [BORIS]
        assert each.news()[-1] == ("went", ANNA)
        assert each.gone == ["first"]
        assert each.peers.ids == {"second", "third"}
        assert each.tally.peers == 1
        assert each.peers.count == 2


def test_a_process_that_stood_still_does_not_bury_the_others() -> None:
    air, first, second = two()
    first.listens(ANNA)
    air.passes()
    # Its timers are late, and what the others said waits to be read.
    air.hands.now += 60
    while air.hands.step(air.hands.now):
        pass
    air.passes()
    assert first.gone == second.gone == []
    assert second.news() == [("came", ANNA)]


def test_who_was_taken_for_dead_may_come_back() -> None:
    air, first, second = two()
    first.listens(ANNA)
    air.passes()
    air.is_lost = lambda _, __, ___: True
    air.passes(SILENCE_S)
    assert first.peers.count == second.peers.count == 1
    assert not second.hub.is_online(ANNA)
    air.is_lost = lambda _, __, ___: False
    air.passes(CALM_S)
    assert first.peers.count == second.peers.count == 2
    assert second.news() == [("came", ANNA), ("went", ANNA), ("came", ANNA)]


def test_while_the_bus_is_away_nobody_is_taken_for_dead() -> None:
    air, first, second = two()
    first.listens(ANNA)
    air.passes()
    air.is_lost = lambda _, __, ___: True
    first.has_bus = second.has_bus = False
    air.passes(SILENCE_S * 3)
    assert first.gone == second.gone == []
    assert second.hub.is_online(ANNA)
    second.has_bus = True
    air.passes(SILENCE_S)
    assert second.gone == ["first"]


def test_after_the_bus_is_back_nobody_waits_for_the_next_beat() -> None:
    air, first, second = two()
    air.is_lost = lambda _, __, ___: True
    first.listens(ANNA)
    second.listens(BORIS)
    air.passes()
    air.is_lost = lambda _, __, ___: False
    second.peers.resumed()
    air.passes(0)
    assert second.hub.is_online(ANNA)
    assert first.hub.is_online(BORIS)


def test_a_process_that_ends_says_goodbye() -> None:
    air, first, second = two()
    ear = first.listens(ANNA)
    first.listens(BORIS)
    air.passes()
    first.hangs_up(ear)
    air.stops(first)
    air.passes(0)
    # Who hung up did so there; of who was still connected nobody else has written down the moment.
    assert second.news()[2:] == [("went elsewhere", ANNA), ("went", BORIS)]
    assert list(second.hub.online()) == []
    assert second.gone == ["first"]


def test_after_its_end_a_process_says_and_hears_nothing() -> None:
    air, first, second = two()
    ear = first.listens(ANNA)
    air.passes()
    first.peers.stop()
    first.peers.stop()
    air.settle()
    said = len(air.said)
    second.listens(BORIS)
    first.hangs_up(ear)
    first.peers.resumed()
    air.passes(CALM_S)
    assert not first.hub.is_online(BORIS)
    assert {each.sender for each in air.said[said:]} == {"second"}


def test_a_listener_that_fails_does_not_keep_others_from_hearing_of_an_end(
    caplog: pytest.LogCaptureFixture,
) -> None:
    air = Air()
    first, second = air.process("first"), Process(air, "second")
    heard: list[str] = []

    def fails(_: str) -> None:
        raise RuntimeError("broken on purpose")

    second.peers.when_gone(fails)
    second.peers.when_gone(heard.append)
    air.processes.append(second)
    second.peers.start()
    air.passes()
    air.stops(first)
    air.passes(0)
    assert heard == ["first"]
    assert "could not be heard" in caplog.text


def test_what_nobody_understands_is_logged_once_and_asked_for_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    air, first, second = two()
    for broken in (
        b"",
        b"\xc1",
        b"\x93\xa4beat\xa1x",
        written(Bye("x"))[:-1],
        b"\x92\xa3bye\xa1\xff",
    ):
        second.peers.arrived(broken)
    assert len([each for each in caplog.records if each.levelno >= logging.WARNING]) == 1
    air.is_lost = lambda _, __, said: isinstance(said, Change)
    first.listens(ANNA)
    air.passes()
    air.is_lost = lambda _, __, ___: False
    second.peers.arrived(b"instead of it")
    air.passes(CALM_S)
    assert second.hub.is_online(ANNA)


@given(st.binary(max_size=64))
def test_no_bytes_can_harm(words: bytes) -> None:
    air, first, second = two()
    first.listens(ANNA)
    air.passes()
    second.peers.arrived(words)
    assert second.hub.is_online(ANNA)


def test_ones_own_words_are_nothing_new() -> None:
    air, first, _ = two()
    first.listens(ANNA)
    air.passes()
    first.peers.arrived(written(Change("first", 1, {BORIS: ACTIVE})))
    assert list(first.hub.online()) == [ANNA]
    first.peers.arrived(written(Bye("first")))
    assert first.gone == []
    assert first.peers.ids == {"first", "second"}


def test_no_crowd_of_processes_takes_all_memory() -> None:
    _, first, _ = two()
    for number in range(MOST_PEERS + 10):
        first.peers.arrived(written(Beat(f"x{number}", 0, False)))  # noqa: FBT003 - asks
    assert first.peers.count == MOST_PEERS + 1


def test_every_process_has_an_id_of_its_own() -> None:
    air = Air()
    hub = Process(air, "x")
    made = {
        Peers(hub.hub, hub.book, send=hub.send, clock=air.clock, loop=air.hands, tally=Tally()).id
        for _ in range(20)
    }
    assert len(made) == 20


def test_an_event_loop_has_the_timers_it_needs() -> None:
    async def story() -> None:
        loop = asyncio.get_running_loop()
        ends: list[Peers] = []

        def say(words: bytes) -> None:
            for each in ends:
                loop.call_soon(each.arrived, words)

        hubs = [Hub(lambda _: None, lambda _: None) for _ in range(2)]
        ends.extend(
            Peers(hub, Book(hub), send=say, clock=StillClock(), loop=loop, tally=Tally())
            for hub in hubs
        )
        for each in ends:
            each.start()
        hubs[0].add(Ear(Reader(1, ANNA, SessionId(1), "web"), Verbatim()))
        async with asyncio.timeout(PATIENCE_S):
            # SAFE: it is soon, and nothing says when.
            while not hubs[1].is_online(ANNA):  # noqa: ASYNC110
                await asyncio.sleep(0)
            ends[0].stop()
            while hubs[1].is_online(ANNA):  # noqa: ASYNC110
                await asyncio.sleep(0)
        ends[1].stop()

    asyncio.run(story())


def test_the_word_that_counts_is_the_latest() -> None:
    air, first, second = two()
    first.listens(ANNA)
    second.listens(ANNA)
    air.passes()
    first.book.watch(ANNA)
    air.passes()
    assert (first.book.watchers, second.book.watchers) == ({ANNA}, set())
    second.book.watch(ANNA)
    air.passes()
    assert (first.book.watchers, second.book.watchers) == (set(), {ANNA})
    # Its clock is behind, and it knows better.
    air.clock.move(-60)
    first.book.watch(ANNA)
    air.passes()
    assert (first.book.watchers, second.book.watchers) == ({ANNA}, set())


def test_of_two_words_at_once_one_counts() -> None:
    air, first, second = two()
    first.listens(ANNA)
    second.listens(ANNA)
    air.passes()
    first.book.watch(ANNA)
    second.book.watch(ANNA)
    air.passes()
    assert len(first.book.watchers) + len(second.book.watchers) == 1


def test_a_watch_lives_as_long_as_the_account_is_connected_anywhere() -> None:
    air, first, second = two()
    here, there = first.listens(ANNA), second.listens(ANNA)
    air.passes()
    first.book.watch(ANNA)
    first.hangs_up(here)
    air.passes()
    assert first.book.watchers == {ANNA}
    second.hangs_up(there)
    air.passes()
    assert first.book.watchers == set()
    # And nothing is left of it.
    third = air.process("third")
    air.passes(CALM_S)
    assert third.peers.count == 3
    for each in air.processes:
        assert not each.peers._spoke_at
        assert not each.peers._roll
        assert not any(peer.roll for peer in each.peers._peers.values())


class Books:
    """Two processes whose books of presence tell through one bus."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.air = Air()
        self.told: list[PresenceChanged] = []
        self.books: list[PresenceBook] = []
        self.first = self.air.process("first", self.book_of)
        self.second = self.air.process("second", self.book_of)
        self.air.passes()

    def book_of(self, hub: Hub) -> PresenceBook:
        engine = self.house.server.engine
        book = PresenceBook(
            SqlAccounts(engine), SqlBlocks(engine), hub, self.announce, self.house.clock
        )
        self.books.append(book)
        return book

    def announce(self, event: object) -> None:
        assert isinstance(event, PresenceChanged)
        self.told.append(event)

    async def tell(self) -> list[tuple[AccountId, bool, tuple[AccountId, ...]]]:
        """Whom both have told about what since the last time, when everything has arrived."""
        self.air.passes()
        for process, book in zip((self.first, self.second), self.books, strict=True):
            for name, account_id in process.news():
                await {
                    "came": book.came,
                    "went": book.went,
                    "went elsewhere": book.went_elsewhere,
                }[name](account_id)
        told, self.told = self.told, []
        return [(each.account_id, each.online, each.accounts) for each in told]


def test_who_watches_through_two_processes_is_told_once() -> None:
    async def story(house: House) -> None:
        anna, boris, clara = await house.people("anna", "boris", "clara")
        books = Books(house)
        first, second = books.books
        books.first.listens(anna.account_id)
        books.second.listens(anna.account_id)
        await books.tell()
        await first.watch(anna, clara.account_id)
        books.air.passes()
        await second.watch(anna, boris.account_id)
        books.air.passes()
        ear = books.first.listens(boris.account_id)
        assert await books.tell() == [(boris.account_id, True, (anna.account_id,))]
        books.first.hangs_up(ear)
        assert await books.tell() == [(boris.account_id, False, (anna.account_id,))]
        # What it watched before counts no more, wherever it was said.
        books.second.listens(clara.account_id)
        assert await books.tell() == []
        first.unwatch(anna)
        books.air.passes()
        books.second.listens(boris.account_id)
        assert await books.tell() == []

    in_house(story)


async def seen_at(house: House, whom: Actor) -> int:
    """When the store says that he was last there."""
    return (await house.core.presence.several(whom, [whom.account_id]))[whom.account_id].seen_at


def test_the_last_moment_is_written_by_one_process_only() -> None:
    async def story(house: House) -> None:
        anna = await house.person("anna")
        books = Books(house)
        ear = books.first.listens(anna.account_id)
        await books.tell()
        house.clock.move(60)
        books.first.hangs_up(ear)
        books.air.passes()
        assert books.first.heard == [("went", anna.account_id)]
        await books.tell()
        assert await seen_at(house, anna) == house.clock.now
        house.clock.move(60)
        await books.books[1].went_elsewhere(anna.account_id)
        assert await seen_at(house, anna) == house.clock.now - 60_000

    in_house(story)
