"""Clients that go away and come back: what they knew and what they have missed is what there is."""

from collections.abc import Iterable
from time import perf_counter
from typing import Protocol

from tests.world.gathering import WITHIN_S, Gathering, Key
from tests.world.model import Place
from tests.world.unet import UnetVoice
from tests.world.voice import Heard, Voice
from tests.world.wires import Json

Known = dict[int, str]
"""The texts of messages, by their numbers."""


class Returning(Voice, Protocol):
    """Somebody whose client can go and come back."""

    def go(self) -> None:
        """Hang up, to be back later."""
        ...

    def back(self) -> list[Heard]:
        """What was missed."""
        ...


class Absence:
    """A client with sockets or polls that is away."""

    def __init__(self, there: Gathering, key: Key, voice: Returning) -> None:
        self._there = there
        self._person, _ = key
        self._voice = voice
        self._rooms = list(there.world.of(self._person))
        self._known: Known = self._others()
        self._own_doings: set[int] = set()
        voice.go()

    def note(self, who: str, number: int) -> None:
        """What one does oneself on another client is no news there: only the lists have it."""
        if who == self._person:
            self._own_doings.add(number)

    def left(self, place: Place, person: str) -> None:
        """Whoever is out of a room, if only for a while, has to read it anew."""
        if person == self._person and place in self._rooms:
            self._rooms.remove(place)

    def ends(self) -> None:
        """What one knew and what one has missed make up what there is."""
        wanted = self._concerning(self._others())
        known = dict(self._known)
        learn(known, self._voice.back())
        until = perf_counter() + WITHIN_S
        while self._concerning(known) != wanted and perf_counter() < until:
            learn(known, self._voice.heard())
        found = self._concerning(known)
        differing = found.items() ^ wanted.items()
        assert found == wanted, (self._person, self._voice.dialect, differing)

    def _others(self) -> Known:
        return {each.number: each.text for place in self._rooms for each in place.visible}

    def _concerning(self, known: Known) -> Known:
        """Of rooms that one has been in all the time, and of what others did there."""
        concerning = {each.number for place in self._rooms for each in place.said}
        concerning -= self._own_doings
        return {number: text for number, text in known.items() if number in concerning}


def learn(known: Known, heard: Iterable[Heard]) -> None:
    """What a client that keeps messages makes of news."""
    for each in heard:
        if each.kind == "deleted":
            known.pop(each.number, None)
        elif each.kind in {"posted", "edited"}:
            known[each.number] = each.text


class Bookmark:
    """A page of a list that somebody has turned to, of an API that says nothing by itself."""

    def __init__(self, there: Gathering, person: str, place: Place) -> None:
        self.person = person
        self.place = place
        voice = there.voices[person, "unet"]
        assert isinstance(voice, UnetVoice)
        self._voice = voice
        self._room = place.room_for(person, there.accounts)
        self._page: Json = voice.bookmark(self._room)

    def ends(self) -> None:
        """Whatever came and went: from there on, both ways, everything stands once and in order."""
        if self._page is None:
            return
        (item,) = self._page["items"]
        wanted = [each.number for each in self.place.visible if each.number != item["id"]]
        assert self._voice.around(self._room, self._page) == wanted, (self.person, self._room)
