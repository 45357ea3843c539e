"""People who meet in several rooms, each with a client of every API; and what all of these must show."""

from collections import Counter
from itertools import combinations, count
from time import perf_counter
from typing import NamedTuple

import pytest

from tests.world.model import Place, Said, World
from tests.world.tada import TadaVoice
from tests.world.town import Town
from tests.world.voice import Entry, Heard, Refused, Seen, Voice

ANNA, BORIS, CLARA = "anna", "boris", "clara"
PEOPLE = (ANNA, BORIS, CLARA)
DIALECTS = ("sama", "tada", "unet", "astrak")

ANSWERS = ("sama", "tada")
"""Where replies and reactions are shown."""

WITHIN_S = 5.0
"""What is done in one API is heard in all others, usually at once; a busy machine takes longer."""

numbers = count(1)

Key = tuple[str, str]
"""A person and an API: one client."""


class Due(NamedTuple):
    """Something that somebody is to hear. `who` is "" where the API does not name the doer."""

    kind: str
    text: str
    who: str
    files: tuple[str, ...] = ()


class Gathering:
    """Four APIs on one side, the model on the other."""

    def __init__(self, place: Town) -> None:
        self.town = place
        number = next(numbers)
        self.logins = {person: f"{person}{number}" for person in PEOPLE}
        self.accounts: dict[str, int] = {}
        self.voices: dict[Key, Voice] = {}
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
        self.away: set[Key] = set()
        self.due: dict[Key, Counter[Due]] = {}
        for key, voice in self.voices.items():
            voice.heard()
            self.due[key] = Counter()

    def _settled(self) -> World:
        """A team with two groups, a group and a channel that are nobody's, a direct chat of every two."""
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
        others = [self.accounts[each] for each in (BORIS, CLARA)]
        tea, news = sama.create_group("tea", others), sama.create_group("news", others, "c")
        sama.close()
        known = {each.name: each.room.number for each in anna.chats()}
        anna.close()
        common = Place(PEOPLE, is_group=True, in_team=True, number=known["Общий чат"])
        common.is_common = True
        hall = Place(PEOPLE, is_group=True, in_team=True, number=known["hall"])
        nobodys = Place(PEOPLE, is_group=True, in_team=False, number=tea.number)
        channel = Place(PEOPLE, is_group=True, in_team=False, number=news.number, owner=ANNA)
        pairs = [Place(pair, is_group=False, in_team=True) for pair in combinations(PEOPLE, 2)]
        return World([channel, nobodys, hall, common, *pairs])

    def close(self) -> None:
        """Everybody hangs up."""
        for voice in self.voices.values():
            voice.close()

    # What is heard.

    def tell(self, place: Place, due: Due, voice: Voice) -> None:
        """Who is to hear of it: all of the room, but not the very socket of SAMA that did it."""
        for person in place.members:
            for dialect in DIALECTS:
                listens = self.voices[person, dialect]
                is_own = person == due.who
                if not listens.hears_live or (listens is voice and dialect == "sama"):
                    continue
                if dialect == "astrak" and is_own:
                    continue
                self._expect((person, dialect), due)

    def tell_of_reaction(self, place: Place, said: Said, who: str, voice: Voice) -> None:
        """SAMA says who reacted; Tada shows the message again, as it is now; Astrak knows no reactions.

        Of reactions in channels nobody is told.
        """
        if place.owner:
            return
        for person in place.members:
            if self.voices[person, "sama"] is not voice:
                self._expect((person, "sama"), Due("reacted", "", who))
            self._expect((person, "tada"), Due("edited", said.text, said.author))

    def _expect(self, key: Key, due: Due) -> None:
        # Only SAMA says who deleted a message; the others name its author.
        who = "" if key[1] != "sama" and due.kind == "deleted" else due.who
        if key not in self.away:
            self.due[key][due._replace(who=who)] += 1

    def everybody_hears_what_is_due(self) -> None:
        """Messages, edits and deletions reach every socket and every poll, once and soon."""
        until = perf_counter() + WITHIN_S
        for key, due in self.due.items():
            if key in self.away:
                continue
            heard = self._heard_by(key)
            while due - heard and perf_counter() < until:
                heard += self._heard_by(key)
            assert heard == due, (key, heard - due, due - heard)
            due.clear()

    def _heard_by(self, key: Key) -> Counter[Due]:
        """What came since the last time, of what people said."""
        return Counter(
            self._as_due(key, each)
            for each in self.voices[key].heard()
            if each.kind in {"posted", "edited", "deleted", "reacted"}
        )

    def _as_due(self, key: Key, heard: Heard) -> Due:
        is_named = key[1] == "sama" or heard.kind != "deleted"
        who = self.names.get(heard.who, "?") if is_named else ""
        return Due(heard.kind, heard.text, who, heard.files if heard.kind == "posted" else ())

    # What is shown.

    def every_api_shows_the_same(self) -> None:
        """Lists of chats, what stands in them, what is unread, and in which order."""
        for (person, dialect), voice in self.voices.items():
            if (person, dialect) in self.away:
                continue
            self._check_lists(person, dialect, voice)
            for place in self.world.of(person):
                room = place.room_for(person, self.accounts)
                found = [_comparable(each, place) for each in voice.messages(room)]
                expected = [self._seen(each, person, dialect) for each in place.visible]
                differing = [
                    pair for pair in zip(found, expected, strict=False) if len(set(pair)) > 1
                ]
                assert found == expected, (person, dialect, room, differing)
            for place in self.world.places:
                if person in place.people and person not in place.members:
                    with pytest.raises(Refused):
                        voice.messages(place.room_for(person, self.accounts))

    def _seen(self, said: Said, person: str, dialect: str) -> Seen:
        """A message as that API shows it to that person."""
        seen = Seen(said.number, self.accounts[said.author], said.text, said.files)
        is_read = said.is_read and said.author == person and not said.is_silent
        seen = seen._replace(is_read=is_read)
        if dialect not in ANSWERS:
            return seen
        signs = Counter(sign for _, sign in said.reactions)
        answers = 0 if said.answers is None or said.answers.is_deleted else said.answers.number
        return seen._replace(answers=answers, reactions=frozenset(signs.items()))

    def _check_lists(self, person: str, dialect: str, voice: Voice) -> None:
        """Each list has the rooms the model has, in its order."""
        mine = self.world.of(person)
        for entries in voice.lists():
            shown = [self._place_of(person, each) for each in entries]
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
            if dialect == "tada":
                # By what was said: not by who comes and goes, and not by what is deleted.
                wanted.sort(key=lambda each: -each.newest)
            order = [each.line() for each in wanted if each.visible]
            found = [each.line() for each in shown if each.visible]
            assert found == order, (person, dialect, found, order)
            for entry, place in zip(entries, shown, strict=True):
                if place.visible:
                    self._check_entry(person, dialect, entry, place)

    @staticmethod
    def _check_entry(person: str, dialect: str, entry: Entry, place: Place) -> None:
        """What is unread, and the newest message."""
        unread = place.unread(person, notices=dialect == "sama")
        if place.owner and dialect != "sama":
            # Nobody marks anything as read in a channel; only SAMA counts all the same.
            unread = 0
        assert entry.unread == unread, (person, dialect, entry, unread)
        if not place.ends_with_notice or dialect in {"unet", "astrak"}:
            last = place.visible[-1]
            # Astrak has a line for everything: without a text it shows the name of the file.
            text = last.text or (last.files[0] if dialect == "astrak" else "")
            assert entry.last == text, (person, dialect, entry)

    def _place_of(self, person: str, entry: Entry) -> Place:
        """The room behind a line of a list."""
        (found,) = [
            each
            for each in self.world.places
            if person in each.people and each.room_for(person, self.accounts) == entry.room
        ]
        return found


def _comparable(seen: Seen, place: Place) -> Seen:
    """Without what APIs may tell as they like: what a reply answers that is gone, who has read a whisper."""
    if any(each.number == seen.answers and each.is_deleted for each in place.said):
        seen = seen._replace(answers=0)
    if any(each.number == seen.number and each.is_silent for each in place.said):
        seen = seen._replace(is_read=False)
    return seen
