"""What must come of it: people, rooms and what was said there, without any API."""

from dataclasses import dataclass, field

from tests.world.voice import Room, direct, group


@dataclass(eq=False)
class Said:
    """A message, or what the server itself says. `number` is the server's; 0: not known yet.

    `files`: the names of what hangs on it; `answers`: what it replies to; `reactions`: who, with which sign.
    """

    author: str
    text: str
    number: int = 0
    files: tuple[str, ...] = ()
    answers: "Said | None" = None
    reactions: set[tuple[str, str]] = field(default_factory=set)
    is_read: bool = False
    is_deleted: bool = False
    is_notice: bool = False
    is_silent: bool = False


@dataclass(eq=False)
class Place:
    """A room. `marks`: how many messages each has read; `number`: of a group.

    `in_team`: it is shown in the team, not in Tada's home team. `is_common`: everybody in the team is in it.
    `owner`: of a channel, in which nobody else writes. `touches`: when something happened there, and the message
    it was, if it was one.
    """

    people: tuple[str, ...]
    is_group: bool
    in_team: bool
    number: int = 0
    is_common: bool = False
    owner: str = ""
    touches: list[tuple[int, Said | None]] = field(default_factory=list)
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

    @property
    def newest(self) -> int:
        """When the newest thing was said there that is not deleted."""
        said = (at for at, said in self.touches if said is not None and not said.is_deleted)
        return max(said, default=0)

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

    def notice(self, actor: str) -> Said:
        """The server says something about what *actor* did."""
        said = Said(actor, "", is_notice=True)
        self.said.append(said)
        return said

    def enter(self, person: str) -> None:
        """Somebody is in it again; nothing is new to him, but that is not to say that he has read it."""
        self.members.add(person)
        self.marks[person] = len(self.said)

    def post(self, author: str, text: str, *, reads: bool) -> Said:
        """A new message; `reads`: the author has read all there was."""
        said = Said(author, text)
        self.said.append(said)
        if reads:
            self.read(author)
        return said

    def read(self, person: str) -> None:
        """All of it."""
        for each in self.said[self.marks[person] :]:
            each.is_read |= each.author != person
        self.marks[person] = len(self.said)


@dataclass
class World:
    """The rooms, the one that something last happened in first; who blocks whom; how much has happened."""

    places: list[Place]
    blocks: set[tuple[str, str]] = field(default_factory=set)
    happened: int = 0

    def may_write(self, person: str, place: Place) -> bool:
        """In a channel its owner does, in a direct chat nobody while one has blocked the other."""
        return place.owner in {"", person} and not self._stands_between(place)

    def _stands_between(self, place: Place) -> bool:
        if place.is_group:
            return False
        one, other = place.people
        return bool(self.blocks & {(one, other), (other, one)})

    def touch(self, place: Place, said: Said | None = None) -> None:
        """Something happened there: that was said, or something else."""
        self.happened += 1
        place.touches.append((self.happened, said))
        self.places.remove(place)
        self.places.insert(0, place)

    def of(self, person: str) -> list[Place]:
        """The rooms that person is in."""
        return [each for each in self.places if person in each.members]
