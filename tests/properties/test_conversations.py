"""Three people do what people do, and a model that knows what must come of it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from typing_extensions import override

from tests.properties.town import Client, Packet, Town, town

ANNA, BORIS, CLARA = "anna", "boris", "clara"
PEOPLE = (ANNA, BORIS, CLARA)
TEA, HALL = "tea", "hall"

people = st.sampled_from(PEOPLE)
rooms = st.sampled_from([TEA, HALL])
texts = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=8
).filter(str.strip)
places = st.lists(st.integers(0, 30), min_size=1, max_size=3)


@dataclass(eq=False)
class Said:
    """A message; `ref` is None for a notice that nobody has heard of yet."""

    author: str
    body: str
    ref: str | None = None
    notice: str = ""
    is_edited: bool = False
    is_read: bool = False
    is_deleted: bool = False
    hidden_from: set[str] = field(default_factory=set)

    def is_seen_by(self, person: str) -> bool:
        return not self.is_deleted and person not in self.hidden_from


@dataclass
class Room:
    """A conversation. `marks`: how many messages each has read; `named`: those read by name."""

    cid: str
    is_group: bool
    members: set[str]
    said: list[Said] = field(default_factory=list)
    marks: dict[str, int] = field(default_factory=dict)
    named: dict[str, set[Said]] = field(default_factory=dict)

    def enter(self, person: str) -> None:
        """Somebody new: what was said before is neither unread nor news."""
        self.members.add(person)
        self.marks[person] = len(self.said)
        self.named[person] = set(self.said)

    def unread(self, person: str) -> int:
        later = self.said[self.marks[person] :]
        return sum(each.is_seen_by(person) and each.author != person for each in later)

    def is_about(self, packet: tuple[Any, ...]) -> bool:
        """Whether that edit or deletion is of a message here."""
        refs = packet[1] if packet[0] == "message_delete" else [packet[1]]
        return any(each.ref in refs for each in self.said)

    def seen(self, person: str) -> list[Said]:
        return [each for each in self.said if each.is_seen_by(person)]


class Conversations(RuleBasedStateMachine):
    """The wire on one side, the rooms on the other."""

    def __init__(self, place: Town) -> None:
        super().__init__()
        self.town = place
        self.logins: dict[str, str] = {}
        self.ids: dict[str, str] = {}
        for person in PEOPLE:
            self.logins[person], self.ids[person] = place.settle(person)
        self.names = {ref: person for person, ref in self.ids.items()}
        self.watcher = place.comes(place.settle("watcher")[0])
        self.clients: dict[str, Client] = {}
        self.comings = dict.fromkeys(PEOPLE, 0)
        for person in PEOPLE:
            self.clients[person] = place.comes(self.logins[person])
        tea = {"type": "g", "name": "tea", "participants": [self.ids[BORIS], self.ids[CLARA]]}
        hall = {"type": "u", "participants": [self.ids[BORIS]]}
        anna = self.clients[ANNA]
        self.rooms = {
            TEA: Room(anna.ask("conversation_create", tea)["conversation"]["_id"], True, set()),  # noqa: FBT003 - is_group
            HALL: Room(anna.ask("conversation_create", hall)["conversation"]["_id"], False, set()),  # noqa: FBT003 - is_group
        }
        for person in PEOPLE:
            self.rooms[TEA].enter(person)
        for person in (ANNA, BORIS):
            self.rooms[HALL].enter(person)
        for client in self.clients.values():
            client.heard()
        self.due: dict[str, list[tuple[Any, ...]]] = {person: [] for person in PEOPLE}
        self.missed: dict[str, list[tuple[Any, ...]]] = {person: [] for person in PEOPLE}
        # Something to begin with.
        for room in self.rooms:
            for person in (ANNA, ANNA, BORIS, ANNA):
                self.send_as(person, room, "hello")
                self.everybody_hears_exactly_what_is_due()

    @override
    def teardown(self) -> None:
        for client in (self.watcher, *self.clients.values()):
            client.close()

    # What must be heard.

    def tell(self, persons: set[str], *packet: Any, but: str = "") -> None:
        """These hear that packet, if they are there; edits and deletions later, if not."""
        for person in persons - {but}:
            if person in self.clients:
                self.due[person].append(packet)
            elif packet[0] in {"message_edit", "message_delete"}:
                self.missed[person].append(packet)

    def concerned(self, room: Room) -> set[str]:
        """Its members, and who left a private chat and is away: he finds all of it when he is back."""
        pair = set() if room.is_group else {ANNA, BORIS}
        return room.members | (pair - self.clients.keys())

    def forget(self, persons: set[str], refs: list[str | None]) -> None:
        """Whoever is away will not be told what was written anew in these messages."""
        for person in persons:
            self.missed[person] = [
                packet
                for packet in self.missed[person]
                if packet[0] != "message_edit" or packet[1] not in refs
            ]

    def notice(self, room: Room, author: str, kind: str) -> None:
        """The server says something in the room, and everybody in it hears."""
        said = Said(author, "", notice=kind)
        room.said.append(said)
        self.tell(room.members, "notice", said)

    @invariant()
    def everybody_hears_exactly_what_is_due(self) -> None:
        for person, client in self.clients.items():
            heard = client.heard()
            due, self.due[person] = self.due[person], []
            assert len(heard) == len(due), (person, heard, due)
            for packet, expected in zip(heard, due, strict=True):
                self.compare(packet, expected)

    def compare(self, packet: Packet, expected: tuple[Any, ...]) -> None:
        match packet, expected:
            case {"message": message}, ("notice", said):
                assert message["x"]["type"] == said.notice
                assert said.ref in {None, message["_id"]}
                said.ref = message["_id"]
            case {"message": message}, ("message", said):
                assert (message["_id"], message["body"]) == (said.ref, said.body)
                assert self.names[message["from"]] == said.author
            case {"message_edit": edit}, ("message_edit", ref, body, author):
                assert (edit["id"], edit["body"], self.names[edit["from"]]) == (ref, body, author)
            case {"message_delete": delete}, ("message_delete", refs, person):
                assert (delete["ids"], delete["type"]) == (refs, "all")
                assert self.names[delete["from"]] == person
            case {"message_read": read}, ("message_read", refs, person):
                assert (read["ids"], self.names[read["from"]]) == (refs, person)
            case {"system_message": {"x": x}}, ("system_message", kind):
                assert list(x) == [kind]
            case _:
                raise AssertionError(f"heard {packet}, and not {expected}")

    @invariant()
    def everybody_reads_what_the_model_holds(self) -> None:
        for person, client in self.clients.items():
            mine = [room for room in self.rooms.values() if person in room.members]
            listed = client.ask("conversation_list", {})["conversations"]
            dates = [each["updated_at"] for each in listed]
            assert dates == sorted(dates, reverse=True)
            assert {each["_id"] for each in listed} == {room.cid for room in mine}
            for room in mine:
                (entry,) = [each for each in listed if each["_id"] == room.cid]
                self.check_room(person, client, room, entry)

    def check_room(self, person: str, client: Client, room: Room, entry: Packet) -> None:
        page = client.ask("message_list", {"cid": room.cid, "limit": 100})["messages"][::-1]
        seen = room.seen(person)
        assert len(page) == len(seen)
        for found, said in zip(page, seen, strict=True):
            said.ref = said.ref or found["_id"]
            assert found["_id"] == said.ref
            assert self.names[found["from"]] == said.author
            assert said.notice or found["body"] == said.body
            assert (found["created_at"] != found["updated_at"]) is said.is_edited
            status = ("read" if said.is_read else "sent") if said.author == person else None
            assert found.get("status") == status
        assert [each["t"] for each in page] == sorted(each["t"] for each in page)
        assert entry["unread_messages_count"] == room.unread(person)
        assert entry.get("last_message", {}).get("_id") == (seen[-1].ref if seen else None)

    # What people do.

    def some(self, room: Room, chosen: list[int]) -> list[Said]:
        """Messages whose ids are known, each once."""
        known = [each for each in room.said if each.ref is not None]
        return list(dict.fromkeys(known[place % len(known)] for place in chosen)) if known else []

    def status(self, answer: Packet) -> int:
        return int(answer["error"]["status"]) if "error" in answer else 200

    @rule(who=people, where=rooms, body=texts)
    def send(self, who: str, where: str, body: str) -> None:
        self.send_as(who, where, body)

    def send_as(self, who: str, where: str, body: str) -> None:
        client, room = self.clients.get(who), self.rooms[where]
        if client is None:
            return
        # The same on one socket: a new message. On the next socket it would be a resend.
        ref = f"socket {self.comings[who]}"
        client.send({"message": {"id": ref, "cid": room.cid, "body": body}})
        answer = client.receive()
        if who not in room.members:
            assert answer["message"]["error"]["status"] == 403
            return
        if not room.is_group:
            for other in {ANNA, BORIS} - room.members:
                room.members.add(other)
                self.tell({other}, "system_message", "conversation_created")
        said = Said(who, body, answer["ask"]["server_mid"])
        room.said.append(said)
        self.tell(room.members, "message", said, but=who)

    @rule(who=people, where=rooms, chosen=st.integers(0, 30), body=texts)
    def edit(self, who: str, where: str, chosen: int, body: str) -> None:
        client, room = self.clients.get(who), self.rooms[where]
        found = self.some(room, [chosen])
        if client is None or not found:
            return
        (said,) = found
        answer = client.ask("message_edit", {"id": said.ref, "body": body})
        if who not in room.members or not said.is_seen_by(who):
            assert self.status(answer) == 422
        elif said.author != who or said.notice:
            assert self.status(answer) == 403
        else:
            assert answer["success"]
            said.body, said.is_edited = body, True
            told = self.concerned(room) - said.hidden_from
            self.tell(told, "message_edit", said.ref, body, who, but=who)

    @rule(who=people, where=rooms, chosen=places)
    def delete(self, who: str, where: str, chosen: list[int]) -> None:
        client, room = self.clients.get(who), self.rooms[where]
        found = self.some(room, chosen)
        if client is None or not found:
            return
        page = {"cid": room.cid, "type": "all", "ids": [each.ref for each in found]}
        answer = client.ask("message_delete", page)
        doomed = [each for each in room.said if each in found and not each.is_deleted]
        may_all = room.is_group and who == ANNA
        if who not in room.members or not (may_all or all(each.author == who for each in doomed)):
            assert self.status(answer) == 403
            return
        assert answer["success"]
        for each in doomed:
            each.is_deleted = True
        if doomed:
            refs = [each.ref for each in doomed]
            # Deleted words do not come back out of the log.
            self.forget(self.concerned(room), refs)
            self.tell(self.concerned(room), "message_delete", refs, who, but=who)

    @rule(who=people, where=rooms, chosen=places)
    def hide(self, who: str, where: str, chosen: list[int]) -> None:
        client, room = self.clients.get(who), self.rooms[where]
        found = self.some(room, chosen)
        if client is None or not found:
            return
        page = {"cid": room.cid, "type": "myself", "ids": [each.ref for each in found]}
        answer = client.ask("message_delete", page)
        assert self.status(answer) == (200 if who in room.members else 403)
        if who in room.members:
            for each in found:
                each.hidden_from.add(who)

    @rule(who=people, where=rooms, chosen=st.none() | places)
    def read(self, who: str, where: str, chosen: list[int] | None) -> None:
        client, room = self.clients.get(who), self.rooms[where]
        if client is None:
            return
        asked = room.said if chosen is None else self.some(room, chosen)
        page: dict[str, Any] = {"cid": room.cid}
        if chosen is not None:
            page["ids"] = [each.ref for each in asked]
        answer = client.ask("message_read", page)
        assert self.status(answer) == (200 if who in room.members else 403)
        if who not in room.members:
            return
        read = [each for each in room.said if each in asked and each.is_seen_by(who)]
        read = [each for each in read if each.author != who]
        fresh = [each for each in read if each not in room.named[who]]
        room.named[who].update(fresh)
        if chosen is None:
            room.marks[who] = len(room.said)
        elif read:
            room.marks[who] = max(room.marks[who], room.said.index(read[-1]) + 1)
        for author in PEOPLE:
            refs = [each.ref for each in reversed(fresh) if each.author == author]
            if refs:
                self.tell({author}, "message_read", refs, who)
        for each in fresh:
            each.is_read = True

    @rule(who=st.sampled_from([BORIS, CLARA]))
    def leave_the_group(self, who: str) -> None:
        self.leave(who, self.rooms[TEA])

    @rule(who=st.sampled_from([ANNA, BORIS]))
    def leave_the_private_chat(self, who: str) -> None:
        self.leave(who, self.rooms[HALL])

    def leave(self, who: str, room: Room) -> None:
        client = self.clients.get(who)
        if client is None:
            return
        answer = client.ask("conversation_delete", {"id": room.cid})
        assert self.status(answer) == (200 if who in room.members else 404)
        if who in room.members:
            room.members.remove(who)
            if room.members:
                self.notice(room, who, "left_participants")

    @rule(whom=st.sampled_from([BORIS, CLARA]), add=st.booleans())
    def change_the_group(self, whom: str, add: bool) -> None:  # noqa: FBT001 - hypothesis names it
        client, room = self.clients.get(ANNA), self.rooms[TEA]
        if client is None:
            return
        change = {"add" if add else "remove": [self.ids[whom]]}
        assert "error" not in client.ask(
            "conversation_update", {"id": room.cid, "participants": change}
        )
        if add is (whom in room.members):
            return
        others = room.members - {ANNA, whom}
        if add:
            room.enter(whom)
            self.tell({whom}, "system_message", "conversation_updated")
            self.notice(room, ANNA, "added_participant")
        else:
            room.members.remove(whom)
            # What happened in a group is told to nobody who is not in it any more.
            self.missed[whom] = [each for each in self.missed[whom] if not room.is_about(each)]
            self.notice(room, ANNA, "removed_participant")
            self.tell({whom}, "system_message", "conversation_kicked")
        self.tell(others, "system_message", "conversation_updated")

    @rule(who=st.sampled_from([ANNA, BORIS]))
    def open_the_private_chat(self, who: str) -> None:
        client, room = self.clients.get(who), self.rooms[HALL]
        if client is None:
            return
        other = BORIS if who == ANNA else ANNA
        made = client.ask("conversation_create", {"type": "u", "participants": [self.ids[other]]})
        assert made["conversation"]["_id"] == room.cid
        returned = {ANNA, BORIS} - room.members
        room.members |= returned
        self.tell(returned, "system_message", "conversation_created", but=who)

    @rule(who=people)
    def hang_up(self, who: str) -> None:
        if who not in self.clients or len(self.clients) == 1:
            return
        self.clients.pop(who).close()
        ref, value = self.ids[who], "online"
        while value == "online":
            value = self.watcher.ask("user_last_activity", {"ids": [ref]})["last_activity"][ref]

    @rule(who=people)
    def come_back(self, who: str) -> None:
        if who not in self.clients:
            self.clients[who] = self.town.comes(self.logins[who])
            self.comings[who] += 1
            # A client of this flavour is told what was changed while nobody of his was there.
            mine = [room for room in self.rooms.values() if who in room.members]
            self.due[who] = [
                packet for packet in self.missed[who] if any(room.is_about(packet) for room in mine)
            ]
            self.missed[who] = []


@pytest.fixture(scope="module")
def place() -> Iterator[Town]:
    with town() as opened:
        yield opened


@pytest.mark.slow
def test_what_is_heard_and_listed_is_what_was_done(place: Town) -> None:
    class Here(Conversations):
        def __init__(self) -> None:
            super().__init__(place)

    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=12,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert place.mistakes == []
    assert place.is_healthy()
