"""What must come of it: people, rooms and what was said there, without any API."""

from dataclasses import dataclass, field

from tests.world.voice import Room, direct, group


@dataclass(eq=False)
class Said:
    """A message, or what the server itself says. `number` is the server's; 0: not known yet."""

    author: str
    text: str
    number: int = 0
    is_deleted: bool = False
    is_notice: bool = False
    is_silent: bool = False


@dataclass(eq=False)
class Place:
    """A room. `marks`: how many messages each has read; `number`: of a group.

    `in_team`: it is shown in the team, not in Tada's home team. `is_common`: everybody in the team is in it.
    """

    people: tuple[str, ...]
    is_group: bool
    in_team: bool
    number: int = 0
    is_common: bool = False
    members: set[str] = field(default_factory=set)
    said: list[Said] = field(default_factory=list)
    marks: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.members = set(self.people)
        self.marks = dict.fromkeys(self.people, 0)

    def room_for(self, person: str, accounts: dict[str, int]) -> Room:
        """How that person names it."""
        if self.is_group:
            return group(self.number)
        (other,) = set(self.people) - {person}
        return direct(accounts[other])

    @property
    def visible(self) -> list[Said]:
        """What people have said there."""
        return [each for each in self.said if not each.is_deleted and not each.is_notice]

    def line(self) -> str:
        """The room in one line, for a failure to show."""
        texts = [each.text for each in self.visible]
        return f"{'group' if self.is_group else 'direct'} of {self.people}: {texts[-3:]}"

    @property
    def ends_with_notice(self) -> bool:
        """Whether the newest thing there was said by the server."""
        left = [each for each in self.said if not each.is_deleted]
        return bool(left) and left[-1].is_notice

    def unread(self, person: str, *, notices: bool) -> int:
        """What that person has not read of others; with or without what the server said."""
        later = [each for each in self.said[self.marks[person] :] if not each.is_deleted]
        later = [each for each in later if each.author != person and not each.is_silent]
        return sum(notices or not each.is_notice for each in later)

    def notice(self, actor: str) -> None:
        """The server says something about what *actor* did."""
        self.said.append(Said(actor, "", is_notice=True))

    def enter(self, person: str) -> None:
        """Somebody is in it again, and has read what was said."""
        self.members.add(person)
        self.read(person)

    def post(self, author: str, text: str, *, reads: bool) -> Said:
        """A new message; `reads`: the author has read all there was."""
        said = Said(author, text)
        self.said.append(said)
        if reads:
            self.read(author)
        return said

    def read(self, person: str) -> None:
        """All of it."""
        self.marks[person] = len(self.said)


@dataclass
class World:
    """The rooms, the one that something last happened in first; and who blocks whom."""

    places: list[Place]
    blocks: set[tuple[str, str]] = field(default_factory=set)

    def stands_between(self, place: Place) -> bool:
        """Whether the two of a direct chat are in a block."""
        if place.is_group:
            return False
        one, other = place.people
        return bool(self.blocks & {(one, other), (other, one)})

    def touch(self, place: Place) -> None:
        """Something happened there."""
        self.places.remove(place)
        self.places.insert(0, place)

    def of(self, person: str) -> list[Place]:
        """The rooms that person is in."""
        return [each for each in self.places if person in each.members]
