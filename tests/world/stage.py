"""People with a client of every API, the place where they meet, and what one of them sees."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from tests.receiver import Receiver
from tests.world.astrak import AstrakVoice
from tests.world.sama import SamaVoice
from tests.world.tada import TadaVoice
from tests.world.town import Town
from tests.world.unet import UnetVoice
from tests.world.voice import Refused, Room, Seen, Voice, direct

NOTHING = "–"
DIALECTS = ("sama", "tada", "unet", "astrak")


@dataclass
class Person:
    """Somebody with a client of each API."""

    account: int
    sama: SamaVoice
    tada: TadaVoice
    unet: UnetVoice
    astrak: AstrakVoice

    @classmethod
    def comes(cls, town: Town, login: str) -> "Person":
        """Signed in everywhere."""
        sama = town.sama(login)
        person = cls(sama.account, sama, town.tada(login), town.unet(login), town.astrak(login))
        person.tada.listen()
        return person

    @property
    def voices(self) -> dict[str, Voice]:
        """All of them, by the name of the API."""
        return {"sama": self.sama, "tada": self.tada, "unet": self.unet, "astrak": self.astrak}

    def close(self) -> None:
        """Sign off everywhere."""
        for voice in self.voices.values():
            voice.close()


@dataclass
class Stage:
    """Anna, who watches; Boris, who acts; Clara, whom things happen to; and where."""

    town: Town
    anna: Person
    boris: Person
    clara: Person
    team: str
    hall: Room
    tea: Room
    hall_jid: str
    key: str
    callback: Receiver
    said: dict[str, int] = field(default_factory=dict)

    @property
    def to_anna(self) -> Room:
        """The direct chat as Boris names it."""
        return direct(self.anna.account)

    @property
    def with_boris(self) -> Room:
        """The same as Anna names it."""
        return direct(self.boris.account)

    @property
    def groups(self) -> str:
        """Where Boris asks for groups."""
        return f"/teams/{self.team}/groups"

    def jid_of(self, name: str) -> str:
        """A contact of the team."""
        contacts = self.boris.tada.ask("GET", f"/teams/{self.team}/contacts/")
        return next(str(each["jid"]) for each in contacts if each["display_name"] == name)


def set_up(town: Town, callback: Receiver) -> Stage:
    """A team whose owner is Boris, with a group of all; a group that is nobody's; a direct chat.

    What happens to Anna is told to *callback*.
    """
    for login in ("anna", "boris", "clara"):
        town.settle(login, login)
    boris = town.tada("boris")
    team = boris.ask("POST", "/teams", {"name": "ski"})["uid"]
    token = boris.ask("POST", f"/teams/{team}/invitations", {})["token"]
    for login in ("anna", "clara"):
        other = town.tada(login)
        other.ask("POST", "/teams/join", {"token": token})
        other.close()
    contacts = boris.ask("GET", f"/teams/{team}/contacts/")
    jids = {each["display_name"]: each["jid"] for each in contacts}
    body = {"display_name": "hall", "members": [{"jid": jids["anna"]}, {"jid": jids["clara"]}]}
    hall = boris.ask("POST", f"/teams/{team}/groups", body)["jid"]
    hook = {"kind": "raw", "group": hall, "comment": "builds"}
    made = boris.ask("POST", f"/teams/{team}/integrations", hook)
    sama = town.sama("boris")
    tea = sama.create_group("tea", [town.accounts["anna"], town.accounts["clara"]])
    sama.send(direct(town.accounts["anna"]), "hello")
    sama.send(tea, "hello")
    sama.close()
    boris.close()
    people = [Person.comes(town, login) for login in ("anna", "boris", "clara")]
    number = next(each.room for each in people[0].tada.chats() if each.name == "hall")
    key = made["form"]["api_key"]["value"]
    people[0].astrak.ask("POST", "/events/callback/start", callback=callback.url)
    return Stage(town, people[0], people[1], people[2], team, number, tea, hall, key, callback)


Act = Callable[[Stage], object]


@dataclass(frozen=True)
class Scene:
    """Something Boris does.

    `by`: the API it is done in; `where`: the chat that Anna looks into; `before`: what it needs.
    """

    name: str
    by: str
    act: Act
    where: Callable[[Stage], Room] = lambda stage: stage.hall
    before: Act = lambda stage: None


def observed(stage: Stage, scene: Scene) -> tuple[str, ...]:
    """What each of Anna's clients hears and shows of it, in the order of DIALECTS."""
    scene.before(stage)
    room = scene.where(stage)
    before = {name: Look.of(voice, room) for name, voice in stage.anna.voices.items()}
    heard_by_all(stage)
    scene.act(stage)
    heard, cells = heard_by_all(stage), []
    for name in DIALECTS:
        voice = stage.anna.voices[name]
        words = [f"`{word}`" for word in dict.fromkeys(heard[name])]
        said = before[name].difference(Look.of(voice, room))
        cells.append("; ".join(part for part in (", ".join(words), said) if part) or NOTHING)
    return tuple(cells)


def heard_by_all(stage: Stage) -> dict[str, list[str]]:
    """What each of Anna's clients has heard since the last time. A callback hears what polls do."""
    heard = {name: voice.words() for name, voice in stage.anna.voices.items()}
    polled = heard["astrak"]
    called = [stage.callback.next().json["type"] for _ in polled]
    assert (called, stage.callback.calls.qsize()) == (polled, 0)
    return heard


@dataclass(frozen=True)
class Look:
    """What one of Anna's clients shows: her chats by name, and what stands in one of them."""

    chats: dict[Room, str]
    messages: dict[int, Seen]

    @classmethod
    def of(cls, voice: Voice, room: Room) -> "Look":
        """As it is now."""
        chats = {each.room: each.name for each in voice.chats()}
        messages: list[Seen] = []
        with suppress(Refused):
            messages = voice.messages(room)
        return cls(chats, {each.number: each for each in messages})

    def difference(self, later: "Look") -> str:
        """What is another later, in a few words."""
        listed = later.chats.keys() - self.chats.keys()
        dropped = self.chats.keys() - later.chats.keys()
        said = ["the chat is listed" for _ in listed] + ["the chat is gone" for _ in dropped]
        if listed or dropped:
            return ", ".join(said)
        said += ["the new name" for room, name in later.chats.items() if self.chats[room] != name]
        for number, each in later.messages.items():
            if number not in self.messages:
                said.append(shown(each))
            elif self.messages[number].text != each.text:
                said.append("the new text")
            elif self.messages[number].is_read != each.is_read:
                said.append("the message is read")
        said += ["the message is gone" for number in self.messages if number not in later.messages]
        return ", ".join(said)


def shown(message: Seen) -> str:
    """A new message, as it is shown."""
    parts = ["the text"] if message.text else []
    parts += ["the file" for _ in message.files]
    return " and ".join(parts) or "an empty message"
