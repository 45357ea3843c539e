"""Processes come, end and die, and words between them are lost: in the end all know who is there."""

import itertools

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from typing_extensions import override

from tertulia.core.ids import AccountId
from tests.core.house import Ear
from tests.core.processes import CALM_S, MOMENT_S, SILENCE_S, Air, Process

PLACES = range(3)
PEOPLE = [AccountId(number) for number in (1, 2)]

places = st.sampled_from(PLACES)
people = st.sampled_from(PEOPLE)


class Cluster(RuleBasedStateMachine):
    """Three places, at each of which there is always a process, though not always the same."""

    def __init__(self) -> None:
        super().__init__()
        self.air = Air()
        self.born = 0
        self.at: dict[int, Process] = {}
        self.deaf: set[str] = set()
        # Who has been connected to a process that is no more: perhaps only that one knew of it.
        self.unsure: set[AccountId] = set()
        # Who has lost his last connection, and how much each process had heard until then.
        self.left: dict[AccountId, dict[str, int]] = {}
        self.is_lossy = False
        self.air.is_lost = lambda sender, receiver, _: (
            self.is_lossy or sender in self.deaf or receiver in self.deaf
        )
        for place in PLACES:
            self.begin(place)
        # Something to begin with.
        for place, person in itertools.product(PLACES[:2], PEOPLE):
            self.at[place].listens(person)
        self.air.passes()

    def begin(self, place: int) -> None:
        self.born += 1
        self.at[place] = self.air.process(f"{self.born}")

    # What people do.

    @rule(place=places, person=people, flavour=st.sampled_from(["web", "ios"]), looks=st.booleans())
    def comes(self, place: int, person: AccountId, flavour: str, looks: bool) -> None:  # noqa: FBT001 - as drawn
        self.at[place].listens(person, flavour, looks=looks)
        self.left.pop(person, None)

    @rule(place=places, which=st.integers(0, 9))
    def goes(self, place: int, which: int) -> None:
        ears = self.at[place].ears
        if ears:
            self.hang_up(self.at[place], ears[which % len(ears)])

    @rule(person=people)
    def goes_everywhere_at_once(self, person: AccountId) -> None:
        for process in self.at.values():
            for ear in [each for each in process.ears if each.reader.account_id == person]:
                self.hang_up(process, ear)

    def hang_up(self, process: Process, ear: Ear) -> None:
        person = ear.reader.account_id
        if len(self.ears_of(person)) == 1:
            self.left[person] = {each.name: len(each.heard) for each in self.at.values()}
        process.hangs_up(ear)

    @rule(place=places, which=st.integers(0, 9))
    def turns(self, place: int, which: int) -> None:
        ears = self.at[place].ears
        if ears:
            ear = ears[which % len(ears)]
            self.at[place].turns(ear, looks=ear.is_inactive)

    @rule(place=places, person=people)
    def watches(self, place: int, person: AccountId) -> None:
        if self.at[place].hub.is_online(person):
            self.at[place].book.watch(person)

    # What the air and time do.

    @rule(sender=places, receiver=places, words=st.integers(1, 4))
    def arrives(self, sender: int, receiver: int, words: int) -> None:
        for _ in range(words):
            self.air.deliver(self.at[sender].name, self.at[receiver].name)

    @rule(sender=places, receiver=places)
    def is_lost(self, sender: int, receiver: int) -> None:
        way = self.air.ways.get((self.at[sender].name, self.at[receiver].name))
        if way:
            way.popleft()

    @rule(seconds=st.sampled_from([MOMENT_S, 0.5, 1.0, 2.0, 5.0]))
    def time_passes(self, seconds: float) -> None:
        self.air.passes(seconds)

    @rule(seconds=st.sampled_from([MOMENT_S, 0.5, 2.0]))
    def time_passes_and_nothing_arrives(self, seconds: float) -> None:
        until = self.air.hands.now + seconds
        while self.air.hands.step(until):
            pass
        self.air.hands.now = until

    @rule(seconds=st.sampled_from([MOMENT_S, 2.0, 5.0]))
    def everything_said_is_lost_for_a_while(self, seconds: float) -> None:
        self.is_lossy = True
        self.air.passes(seconds)
        self.is_lossy = False

    @rule(place=places)
    def hears_nothing_for_long(self, place: int) -> None:
        self.deaf.add(self.at[place].name)
        self.air.passes(SILENCE_S)
        self.deaf.clear()

    @rule(place=places)
    def is_back_on_the_bus(self, place: int) -> None:
        self.at[place].peers.resumed()

    # What processes do.

    @rule(place=places)
    def dies(self, place: int) -> None:
        self.unsure |= {person for _, person in self.at[place].heard}
        self.air.dies(self.at[place])
        self.begin(place)

    @rule(place=places)
    def stops(self, place: int) -> None:
        self.unsure |= {person for _, person in self.at[place].heard}
        self.air.stops(self.at[place])
        self.begin(place)

    # What is true at any time, and in the end.

    @invariant()
    def coming_and_going_alternate(self) -> None:
        """`Process` sees to it that nobody comes twice; here: who came and did not go is online."""
        for process in self.at.values():
            assert process.there == set(process.hub.online())
            assert process.book.watchers <= process.there

    @override
    def teardown(self) -> None:
        """The air is calm: every hub's answers are those of all connections together."""
        self.air.passes(SILENCE_S)
        self.air.passes(CALM_S)
        self.coming_and_going_alternate()
        there = {person for person in PEOPLE if self.ears_of(person)}
        for process in self.at.values():
            assert process.peers.ids == {each.name for each in self.at.values()}
            assert set(process.hub.online()) == there
            for person in PEOPLE:
                own = self.ears_of(person)
                assert process.hub.is_online(person) is (person in there)
                assert process.hub.is_unheard(person) is (
                    not own or any(ear.is_inactive for ear in own)
                )
                assert process.hub.flags(person) == self.flags_of(person)
        for person in PEOPLE:
            assert sum(person in each.book.watchers for each in self.at.values()) <= 1
        for person in self.left.keys() - self.unsure:
            assert any(
                ("went", person) in each.heard[self.left[person].get(each.name, 0) :]
                for each in self.at.values()
            ), "nobody has written it down"

    def ears_of(self, person: AccountId) -> list[Ear]:
        """All connections of that person."""
        ears = [ear for each in self.at.values() for ear in each.ears]
        return [ear for ear in ears if ear.reader.account_id == person]

    def flags_of(self, person: AccountId) -> int:
        """As each process says of its own connections."""
        flags = 0
        for process in self.at.values():
            flags |= process.hub.flags_here(person)
        return flags


@pytest.mark.slow
def test_when_nothing_is_lost_any_more_all_processes_know_who_is_there() -> None:
    run_state_machine_as_test(
        Cluster, settings=settings(max_examples=100, stateful_step_count=30, deadline=None)
    )
