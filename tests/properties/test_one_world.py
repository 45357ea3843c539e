"""Random doings through random APIs: afterwards every API shows the same people the same world."""

import asyncio
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
from tests.world.absences import Absence, Bookmark
from tests.world.astrak import AstrakVoice
from tests.world.gathering import ANNA, DIALECTS, PEOPLE, Due, Gathering, Key, numbers
from tests.world.model import Place, Said
from tests.world.sama import SamaVoice
from tests.world.tada import TadaVoice
from tests.world.town import Town, town
from tests.world.unet import UnetVoice
from tests.world.voice import Refused, Voice

ACTIONS = (
    "send", "send", "send", "send", "send", "reply", "attach", "attach", "react", "react", "edit",
    "edit", "delete", "read", "member", "leave", "whisper", "block", "away", "away", "turn page",
)  # fmt: skip

SIGNS = ("+", "👍", "❤️")

people = st.sampled_from(PEOPLE)
dialects = st.sampled_from(DIALECTS)
texts = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\0"), max_size=8)

BEAT_S = 0.002

doings = st.lists(
    st.tuples(
        st.sampled_from(ACTIONS), people, dialects, st.integers(0, 99), st.integers(0, 99), texts
    ),
    min_size=1,
    max_size=8,
)


class OneWorld(RuleBasedStateMachine):
    """What people do, and what the model makes of it."""

    def __init__(self, place: Town) -> None:
        super().__init__()
        self.there = Gathering(place)
        self.world = self.there.world
        self.accounts = self.there.accounts
        self.absences: dict[Key, Absence] = {}
        self.bookmarks: list[Bookmark] = []

    @override
    def teardown(self) -> None:
        for key in list(self.absences):
            self.come_back(key)
        for bookmark in self.bookmarks:
            if bookmark.person in bookmark.place.members:
                bookmark.ends()
        self.there.everybody_hears_what_is_due()
        self.there.every_api_shows_the_same()
        self.there.close()

    # What people do.

    @rule(burst=doings)
    def burst(self, burst: list[tuple[str, str, str, int, int, str]]) -> None:
        """A few doings, then a look at everything."""
        for action, person, dialect, where, which, text in burst:
            mine = self.world.of(person)
            self.beat()
            place = mine[where % len(mine)]
            other = PEOPLE[which % len(PEOPLE)]
            if action == "away":
                self.go_or_come_back((person, dialect))
            else:
                voice = self.voice(person, dialect)
                self.do(action, voice, person, place, which, text)
            if action == "block" and person != other:
                self.block(person, other)
            # Polls tell of a message as it is when they are asked, so they are asked at once.
            self.there.everybody_hears_what_is_due()
        self.there.every_api_shows_the_same()

    def do(
        self, action: str, voice: Voice, person: str, place: Place, which: int, text: str
    ) -> None:
        """One doing in one place, if it can be done there."""
        other = PEOPLE[which % len(PEOPLE)]
        said = place.visible[which % len(place.visible)] if place.visible else None
        match action:
            case "send":
                self.send(voice, person, place, text)
            case "attach" if not isinstance(voice, AstrakVoice):
                self.attach(voice, person, place, text)
            case "whisper":
                self.whisper(person, place)
            case "read" if voice.can_mark and not place.owner:
                voice.read(place.room_for(person, self.accounts))
                place.read(person)
            case "reply" if said is not None:
                self.reply(voice, person, place, said)
            case "react" if said is not None:
                self.react(voice, person, place, said, SIGNS[which % len(SIGNS)])
            case "edit" if said is not None:
                self.edit(voice, person, place, said, text)
            case "delete" if said is not None:
                self.delete(voice, person, place, said)
            case "member" if person == ANNA and other != ANNA and self.can_lead(voice, place):
                self.change_member(voice, place, other)
            case "leave" if person != ANNA and self.can_lead(voice, place):
                self.leave(voice, person, place)
            case "turn page":
                self.bookmarks.append(Bookmark(self.there, person, place))
            case _:
                pass

    def voice(self, person: str, dialect: str) -> Voice:
        """That client; whoever is away is back before he does anything."""
        if (person, dialect) in self.absences:
            self.come_back((person, dialect))
        return self.there.voices[person, dialect]

    def beat(self) -> None:
        """No two doings fall into one millisecond: dates tell them apart."""
        beat = perf_counter() + BEAT_S
        unet = self.there.voices[ANNA, "unet"]
        assert isinstance(unet, UnetVoice)
        while perf_counter() < beat:
            unet.ask("user/")

    def go_or_come_back(self, key: Key) -> None:
        """Those who hear something go away, and come back."""
        voice = self.there.voices[key]
        if key in self.absences:
            self.come_back(key)
        elif isinstance(voice, SamaVoice | TadaVoice | AstrakVoice):
            self.absences[key] = Absence(self.there, key, voice)
            self.there.away.add(key)

    def come_back(self, key: Key) -> None:
        """Nothing was lost."""
        self.absences.pop(key).ends()
        self.there.away.remove(key)

    def posted(self, voice: Voice, person: str, place: Place, said: Said) -> None:
        """It is the newest there, and all are to hear of it."""
        self.world.touch(place, said)
        self.tell(place, Due("posted", said.text, person, said.files), said, voice)

    def tell(self, place: Place, due: Due, said: Said, voice: Voice) -> None:
        """All who are there hear it, all who are away will find it."""
        for absence in self.absences.values():
            absence.note(due.who, said.number)
        self.there.tell(place, due, voice)

    def send(self, voice: Voice, person: str, place: Place, text: str) -> None:
        """A text that nobody has written before."""
        room = place.room_for(person, self.accounts)
        text = f"{next(numbers)} {text}|"
        if not self.world.may_write(person, place):
            with pytest.raises(Refused):
                voice.send(room, text)
            return
        number = voice.send(room, text)
        said = place.post(person, text, reads=voice.dialect in {"tada", "astrak"})
        said.number = number
        self.posted(voice, person, place, said)

    def attach(self, voice: Voice, person: str, place: Place, text: str) -> None:
        """A file, with or without words."""
        assert isinstance(voice, SamaVoice | TadaVoice | UnetVoice)
        room, number = place.room_for(person, self.accounts), next(numbers)
        name, text = f"{number}.txt", f"{number} {text}|" if text else ""
        if not self.world.may_write(person, place):
            with pytest.raises(Refused):
                voice.attach(room, name, text)
            return
        number = voice.attach(room, name, text)
        said = place.post(person, text, reads=voice.dialect == "tada")
        said.number, said.files = number, (name,)
        self.posted(voice, person, place, said)

    def whisper(self, person: str, place: Place) -> None:
        """Something that nobody need look at at once: only Unet has a word for it."""
        voice = self.voice(person, "unet")
        assert isinstance(voice, UnetVoice)
        if not self.world.may_write(person, place):
            return
        text = f"{next(numbers)} psst"
        number = voice.send(place.room_for(person, self.accounts), text, is_whisper=True)
        said = place.post(person, text, reads=False)
        said.number, said.is_silent = number, True
        self.posted(voice, person, place, said)

    def reply(self, voice: Voice, person: str, place: Place, answered: Said) -> None:
        """SAMA and Tada have a word for it."""
        if not isinstance(voice, SamaVoice | TadaVoice):
            return
        if not self.world.may_write(person, place):
            return
        text = f"{next(numbers)} re"
        number = voice.reply(place.room_for(person, self.accounts), text, answered.number)
        said = place.post(person, text, reads=voice.dialect == "tada")
        said.number, said.answers = number, answered
        self.posted(voice, person, place, said)

    def react(self, voice: Voice, person: str, place: Place, said: Said, sign: str) -> None:
        """Or take it back; SAMA and Tada have a word for it."""
        if not isinstance(voice, SamaVoice | TadaVoice):
            return
        is_there = (person, sign) in said.reactions
        voice.react(place.room_for(person, self.accounts), said.number, sign, remove=is_there)
        said.reactions ^= {(person, sign)}
        self.there.tell_of_reaction(place, said, person, voice)

    def block(self, person: str, other: str) -> None:
        """Or not any more: only SAMA has a word for it."""
        voice = self.voice(person, "sama")
        assert isinstance(voice, SamaVoice)
        if (person, other) in self.world.blocks:
            voice.unblock(self.accounts[other])
        else:
            voice.block(self.accounts[other])
        self.world.blocks ^= {(person, other)}

    def edit(self, voice: Voice, person: str, place: Place, said: Said, text: str) -> None:
        """Only its author may."""
        room = place.room_for(person, self.accounts)
        text = f"{next(numbers)} {text}|"
        if said.author != person:
            with pytest.raises(Refused):
                voice.edit(room, said.number, text)
            return
        voice.edit(room, said.number, text)
        said.text = text
        self.tell(place, Due("edited", text, person), said, voice)

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
        self.tell(place, Due("deleted", "", person), said, voice)

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
            self.part(place, other)
        else:
            voice.change_members(room, account, [])
            place.enter(other)
        self.changed(voice, place, ANNA)

    def leave(self, voice: Voice, person: str, place: Place) -> None:
        """By oneself."""
        assert isinstance(voice, SamaVoice | TadaVoice)
        voice.leave(place.room_for(person, self.accounts))
        self.part(place, person)
        self.changed(voice, place, person)

    def part(self, place: Place, person: str) -> None:
        """Somebody is in it no more."""
        place.members.remove(person)
        for absence in self.absences.values():
            absence.left(place, person)

    def changed(self, voice: Voice, place: Place, actor: str) -> None:
        """SAMA's way of coming and going leaves a line in the chat, but readers leave a channel quietly."""
        if place.owner not in {"", actor}:
            return
        self.world.touch(place, place.notice(actor) if voice.dialect == "sama" else None)


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
