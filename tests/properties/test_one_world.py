"""Random doings through random APIs: afterwards every API shows the same people the same world."""

import asyncio
from collections import Counter
from itertools import combinations, count
from time import perf_counter

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test
from typing_extensions import override

from tertulia.assembly import Publish, Spawn
from tertulia.core.tally import Tally
from tertulia.store.engine import Engine
from tertulia.store.postgres import PostgresEngine
from tests.store.postgres_server import new_database
from tests.world.model import Place, Said, World
from tests.world.sama import SamaVoice
from tests.world.tada import TadaVoice
from tests.world.town import Town, town
from tests.world.unet import UnetVoice
from tests.world.voice import Entry, Refused, Voice

ANNA, BORIS, CLARA = "anna", "boris", "clara"
PEOPLE = (ANNA, BORIS, CLARA)
DIALECTS = ("sama", "tada", "unet", "astrak")

ACTIONS = (
    "send", "send", "send", "send", "send", "edit", "edit", "delete", "read", "member", "leave",
    "whisper", "block",
)  # fmt: skip

people = st.sampled_from(PEOPLE)
dialects = st.sampled_from(DIALECTS)
texts = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\0"), max_size=8)

_numbers = count(1)

BEAT_S = 0.002

WITHIN_S = 5.0
"""What is done in one API is heard in all others, usually at once; a busy machine takes longer."""

doings = st.lists(
    st.tuples(
        st.sampled_from(ACTIONS), people, dialects, st.integers(0, 99), st.integers(0, 99), texts
    ),
    min_size=1,
    max_size=8,
)


class OneWorld(RuleBasedStateMachine):
    """Four APIs on one side, the model on the other."""

    def __init__(self, place: Town) -> None:
        super().__init__()
        self.town = place
        number = next(_numbers)
        self.logins = {person: f"{person}{number}" for person in PEOPLE}
        self.accounts: dict[str, int] = {}
        self.voices: dict[tuple[str, str], Voice] = {}
        for person, login in self.logins.items():
            # Names are what Tada tells people apart by.
            self.accounts[person] = place.settle(login, login)
        self.names = {number: person for person, number in self.accounts.items()}
        self.world = self._settled()
        for person, login in self.logins.items():
            self.voices[person, "sama"] = place.sama(login)
            tada = self.voices[person, "tada"] = place.tada(login)
            self.voices[person, "unet"] = place.unet(login)
            self.voices[person, "astrak"] = place.astrak(login)
            assert isinstance(tada, TadaVoice)
            tada.listen()
        self.due: dict[tuple[str, str], Counter[tuple[str, str, str]]] = {}
        for key, voice in self.voices.items():
            voice.heard()
            self.due[key] = Counter()

    def _settled(self) -> World:
        """A team with two groups, a group that is nobody's, and a direct chat of every two."""
        anna = self.town.tada(self.logins[ANNA])
        team = anna.ask("POST", "/teams", {"name": "ski"})["uid"]
        token = anna.ask("POST", f"/teams/{team}/invitations", {})["token"]
        for person in (BORIS, CLARA):
            other = self.town.tada(self.logins[person])
            other.ask("POST", "/teams/join", {"token": token})
            other.close()
        contacts = anna.ask("GET", f"/teams/{team}/contacts/")
        jids = {each["display_name"]: each["jid"] for each in contacts}
        members = [{"jid": jids[self.logins[each]]} for each in (BORIS, CLARA)]
        body = {"display_name": "hall", "members": members}
        anna.ask("POST", f"/teams/{team}/groups", body)
        sama = self.town.sama(self.logins[ANNA])
        tea = sama.create_group("tea", [self.accounts[each] for each in (BORIS, CLARA)])
        sama.close()
        numbers = {each.name: each.room.number for each in anna.chats()}
        anna.close()
        common = Place(PEOPLE, is_group=True, in_team=True, number=numbers["Общий чат"])
        common.is_common = True
        hall = Place(PEOPLE, is_group=True, in_team=True, number=numbers["hall"])
        nobodys = Place(PEOPLE, is_group=True, in_team=False, number=tea.number)
        pairs = [Place(pair, is_group=False, in_team=True) for pair in combinations(PEOPLE, 2)]
        return World([nobodys, hall, common, *pairs])

    @override
    def teardown(self) -> None:
        self.everybody_hears_what_is_due()
        self.every_api_shows_the_same()
        for voice in self.voices.values():
            voice.close()

    # What people do.

    @rule(burst=doings)
    def burst(self, burst: list[tuple[str, str, str, int, int, str]]) -> None:
        """A few doings, then a look at everything."""
        for action, person, dialect, where, which, text in burst:
            voice = self.voices[person, dialect]
            mine = self.world.of(person)
            self.beat()
            place = mine[where % len(mine)]
            other = PEOPLE[which % len(PEOPLE)]
            match action:
                case "send":
                    self.send(voice, person, place, text)
                case "whisper":
                    self.whisper(person, place)
                case "block" if person != other:
                    self.block(person, other)
                case "read" if voice.can_mark:
                    voice.read(place.room_for(person, self.accounts))
                    place.read(person)
                case "edit" if place.visible:
                    said = place.visible[which % len(place.visible)]
                    self.edit(voice, person, place, said, text)
                case "delete" if place.visible:
                    self.delete(voice, person, place, place.visible[which % len(place.visible)])
                case "member" if person == ANNA and other != ANNA and self.can_lead(voice, place):
                    self.change_member(voice, place, other)
                case "leave" if person != ANNA and self.can_lead(voice, place):
                    self.leave(voice, person, place)
                case _:
                    pass
            # Polls tell of a message as it is when they are asked, so they are asked at once.
            self.everybody_hears_what_is_due()
        self.every_api_shows_the_same()

    def beat(self) -> None:
        """No two doings fall into one millisecond: dates tell them apart."""
        beat = perf_counter() + BEAT_S
        sama = self.voices[ANNA, "sama"]
        assert isinstance(sama, SamaVoice)
        while perf_counter() < beat:
            sama.ask("ping", {})

    def send(self, voice: Voice, person: str, place: Place, text: str) -> None:
        """A text that nobody has written before."""
        text = f"{next(_numbers)} {text}|"
        if self.world.stands_between(place):
            with pytest.raises(Refused):
                voice.send(place.room_for(person, self.accounts), text)
            return
        number = voice.send(place.room_for(person, self.accounts), text)
        said = place.post(person, text, reads=voice.dialect in {"tada", "astrak"})
        said.number = number
        self.world.touch(place)
        self.tell(place, "posted", text, person, voice)

    def whisper(self, person: str, place: Place) -> None:
        """Something that nobody need look at at once: only Unet has a word for it."""
        voice = self.voices[person, "unet"]
        assert isinstance(voice, UnetVoice)
        if self.world.stands_between(place):
            return
        text = f"{next(_numbers)} psst"
        number = voice.send(place.room_for(person, self.accounts), text, is_whisper=True)
        said = place.post(person, text, reads=False)
        said.number, said.is_silent = number, True
        self.world.touch(place)
        self.tell(place, "posted", text, person, voice)

    def block(self, person: str, other: str) -> None:
        """Or not any more: only SAMA has a word for it."""
        voice = self.voices[person, "sama"]
        assert isinstance(voice, SamaVoice)
        if (person, other) in self.world.blocks:
            voice.unblock(self.accounts[other])
        else:
            voice.block(self.accounts[other])
        self.world.blocks ^= {(person, other)}

    def edit(self, voice: Voice, person: str, place: Place, said: Said, text: str) -> None:
        """Only its author may."""
        room = place.room_for(person, self.accounts)
        text = f"{next(_numbers)} {text}|"
        if said.author != person:
            with pytest.raises(Refused):
                voice.edit(room, said.number, text)
            return
        voice.edit(room, said.number, text)
        said.text = text
        self.tell(place, "edited", text, person, voice)

    def delete(self, voice: Voice, person: str, place: Place, said: Said) -> None:
        """Its author may; Anna owns all groups, and may where the API knows of owners."""
        room = place.room_for(person, self.accounts)
        leads = person == ANNA and place.is_group and voice.dialect in {"sama", "tada"}
        if said.author != person and not leads:
            with pytest.raises(Refused):
                voice.delete(room, said.number)
            return
        voice.delete(room, said.number)
        said.is_deleted = True
        self.tell(place, "deleted", "", person, voice)

    @staticmethod
    def can_lead(voice: Voice, place: Place) -> bool:
        """Whether this API changes who is in that group; the common one of a team is left alone."""
        if not place.is_group or place.is_common:
            return False
        return voice.dialect == "sama" or (voice.dialect == "tada" and place.in_team)

    def change_member(self, voice: Voice, place: Place, other: str) -> None:
        """Anna puts somebody out of a group of hers, or brings him in again."""
        assert isinstance(voice, SamaVoice | TadaVoice)
        room = place.room_for(ANNA, self.accounts)
        account = [self.accounts[other]]
        if other in place.members:
            voice.change_members(room, [], account)
            place.members.remove(other)
        else:
            voice.change_members(room, account, [])
            place.enter(other)
        self.changed(voice, place, ANNA)

    def leave(self, voice: Voice, person: str, place: Place) -> None:
        """By oneself."""
        assert isinstance(voice, SamaVoice | TadaVoice)
        voice.leave(place.room_for(person, self.accounts))
        place.members.remove(person)
        self.changed(voice, place, person)

    def changed(self, voice: Voice, place: Place, actor: str) -> None:
        """SAMA's way of coming and going leaves a line in the chat."""
        if voice.dialect == "sama":
            place.notice(actor)
        self.world.touch(place)

    def tell(self, place: Place, kind: str, text: str, actor: str, voice: Voice) -> None:
        """Who is to hear of it: all of the room, but not the very socket of SAMA that did it."""
        for person in place.members:
            for dialect in DIALECTS:
                listens = self.voices[person, dialect]
                is_own = person == actor
                if not listens.hears_live or (listens is voice and dialect == "sama"):
                    continue
                if dialect == "astrak" and is_own:
                    continue
                # Only SAMA says who deleted a message; the others name its author.
                who = "" if dialect != "sama" and kind == "deleted" else actor
                self.due[person, dialect][kind, text, who] += 1

    # What must come of it.

    def everybody_hears_what_is_due(self) -> None:
        """Messages, edits and deletions reach every socket and every poll, once and soon."""
        until = perf_counter() + WITHIN_S
        for (person, dialect), due in self.due.items():
            heard = self.heard_by(person, dialect)
            while due - heard and perf_counter() < until:
                heard += self.heard_by(person, dialect)
            assert heard == due, (person, dialect, heard - due, due - heard)
            due.clear()

    def heard_by(self, person: str, dialect: str) -> Counter[tuple[str, str, str]]:
        """What came since the last time, of what people said."""
        heard: Counter[tuple[str, str, str]] = Counter()
        for each in self.voices[person, dialect].heard():
            if each.kind in {"posted", "edited", "deleted"}:
                is_named = dialect == "sama" or each.kind != "deleted"
                who = self.names.get(each.who, "?") if is_named else ""
                heard[each.kind, each.text, who] += 1
        return heard

    def every_api_shows_the_same(self) -> None:
        """Lists of chats, what stands in them, what is unread, and in which order."""
        for (person, dialect), voice in self.voices.items():
            self.check_lists(person, dialect, voice)
            for place in self.world.of(person):
                room = place.room_for(person, self.accounts)
                expected = [(each.number, each.author, each.text) for each in place.visible]
                found = [
                    (each.number, self.names.get(each.author, "?"), each.text)
                    for each in voice.messages(room)
                ]
                assert found == expected, (person, dialect, room)
            for place in self.world.places:
                if person in place.people and person not in place.members:
                    with pytest.raises(Refused):
                        voice.messages(place.room_for(person, self.accounts))

    def check_lists(self, person: str, dialect: str, voice: Voice) -> None:
        """Each list has the rooms the model has, in its order."""
        mine = self.world.of(person)
        for entries in voice.lists():
            shown = [self.place_of(person, each) for each in entries]
            in_team = {each.in_team for each in shown}
            if dialect == "tada":
                assert len(in_team) == 1, (person, shown)
            wanted = [
                each
                for each in mine
                if (each.visible or each.is_group)
                and (dialect != "tada" or each.in_team in in_team)
            ]
            assert set(shown) >= set(wanted), (person, dialect, entries)
            if dialect == "astrak":
                # Its dialogs are dated, and sorted, by the newest message that is still there.
                wanted.sort(key=lambda each: -each.visible[-1].number if each.visible else 0)
            order = [each.line() for each in wanted if each.visible]
            found = [each.line() for each in shown if each.visible]
            assert found == order, (person, dialect, found, order)
            for entry, place in zip(entries, shown, strict=True):
                if place.visible:
                    unread = place.unread(person, notices=dialect in {"sama", "tada"})
                    assert entry.unread == unread, (person, dialect, entry, unread)
                    if not place.ends_with_notice or dialect in {"unet", "astrak"}:
                        assert entry.last == place.visible[-1].text, (person, dialect, entry)

    def place_of(self, person: str, entry: Entry) -> Place:
        """The room behind a line of a list."""
        (found,) = [
            each
            for each in self.world.places
            if person in each.people and each.room_for(person, self.accounts) == entry.room
        ]
        return found


def play(place: Town, examples: int) -> None:
    class Here(OneWorld):
        def __init__(self) -> None:
            super().__init__(place)

    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=examples,
            stateful_step_count=8,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            # A smaller failure takes minutes to find, and says little more: doings are numbered.
            phases=(Phase.explicit, Phase.generate),
        ),
    )
    assert place.mistakes == []


@pytest.mark.slow
def test_every_api_shows_everybody_the_same_world() -> None:
    with town() as place:
        play(place, 8)


@pytest.mark.slow
@pytest.mark.integration
def test_every_api_shows_everybody_the_same_world_on_postgres() -> None:
    url = asyncio.run(new_database())

    def on_postgres(publish: Publish, tally: Tally, spawn: Spawn) -> Engine:
        return PostgresEngine(url, publish, tally, spawn)

    with town(on_postgres) as place:
        play(place, 4)
