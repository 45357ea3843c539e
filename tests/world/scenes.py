"""What people do, each in one API that has a word for it; and what somebody sees of it in all four."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from tests.world.astrak import AstrakVoice
from tests.world.sama import SamaVoice
from tests.world.tada import TadaVoice
from tests.world.town import Town
from tests.world.unet import UnetVoice
from tests.world.voice import Refused, Room, Seen, Voice, direct
from tests.world.wires import Http

NOTHING = "–"
DIALECTS = ("sama", "tada", "unet", "astrak")

PARTS = (
    '--x\r\nContent-Disposition: form-data; name="file"; filename="acta.txt"\r\n'
    "Content-Type: text/plain\r\n\r\nhello\r\n--x--\r\n"
)


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


def set_up(town: Town) -> Stage:
    """A team whose owner is Boris, with a group of all; a group that is nobody's; a direct chat."""
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
    return Stage(town, people[0], people[1], people[2], team, number, tea, hall, key)


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
    for voice in stage.anna.voices.values():
        voice.words()
    scene.act(stage)
    cells = []
    for name in DIALECTS:
        voice = stage.anna.voices[name]
        words = [f"`{word}`" for word in dict.fromkeys(voice.words())]
        said = before[name].difference(Look.of(voice, room))
        cells.append("; ".join(part for part in (", ".join(words), said) if part) or NOTHING)
    return tuple(cells)


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
        said += ["the message is gone" for number in self.messages if number not in later.messages]
        return ", ".join(said)


def shown(message: Seen) -> str:
    """A new message, as it is shown."""
    parts = ["the text"] if message.text else []
    parts += ["the file" for _ in message.files]
    return " and ".join(parts) or "an empty message"


# What Boris does.


def says(dialect: str, where: str) -> Act:
    """A message, through that API; its number is remembered."""

    def act(stage: Stage) -> None:
        room = stage.to_anna if where == "direct" else stage.hall
        stage.said[where] = stage.boris.voices[dialect].send(room, f"{dialect} says")

    return act


def edits(dialect: str) -> Act:
    """The last one of his."""
    return lambda stage: stage.boris.voices[dialect].edit(
        stage.hall, stage.said["hall"], f"{dialect} edits"
    )


def deletes(dialect: str) -> Act:
    """One he has just written elsewhere."""

    def act(stage: Stage) -> None:
        stage.boris.voices[dialect].delete(stage.hall, stage.said["hall"])

    return act


def anna_writes(stage: Stage) -> None:
    """Something for Boris to read."""
    stage.anna.sama.send(stage.with_boris, "read me")


def reads(dialect: str) -> Act:
    """What Anna has just written."""
    return lambda stage: stage.boris.voices[dialect].read(stage.to_anna)


def attaches(dialect: str) -> Act:
    """A file."""

    def act(stage: Stage) -> None:
        boris = stage.boris
        match dialect:
            case "sama":
                new = {"name": "acta.txt", "size": 5, "content_type": "text/plain"}
                made = boris.sama.ask("create_files", [new])["files"][0]
                address = made["upload_url"].removeprefix(stage.town.base_url)
                put = Http(stage.town.base_url).ask("PUT", address, b"hello")
                assert put.status < 300, put.text
                file = {"file_id": made["object_id"], "file_name": "acta.txt"}
                boris.sama.send(stage.hall, "", attachments=[file])
            case "tada":
                path = f"/api/v4/teams/{stage.team}/chats/{stage.hall_jid}/messages"
                kind = "multipart/form-data; boundary=x"
                answer = boris.tada.http.ask(
                    "POST", path, PARTS, content_type=kind, token=boris.tada.token
                )
                assert answer.json["ok"], answer.text
            case _:
                boris.unet.attach(stage.hall, "acta.txt", b"hello")

    return act


def replies(dialect: str) -> Act:
    """To his own last message."""

    def act(stage: Stage) -> None:
        number = stage.said["hall"]
        if dialect == "sama":
            stage.boris.sama.reply(stage.hall, "a reply", number)
        else:
            stage.boris.tada.reply(stage.hall, "a reply", number)

    return act


def whispers(dialect: str) -> Act:
    """A message that makes no noise."""

    def act(stage: Stage) -> None:
        if dialect == "unet":
            stage.boris.unet.send(stage.hall, "psst", is_whisper=True)
        else:
            fields = {"key": stage.key, "message": "psst", "silently": "1"}
            answer = Http(stage.town.base_url).form("POST", "/api/message", fields)
            assert answer.json == {"ok": True}

    return act


def a_program_posts(stage: Stage) -> None:
    """With the key of an integration."""
    fields = {"key": stage.key, "message": "the build is done"}
    assert Http(stage.town.base_url).form("POST", "/api/message", fields).json == {"ok": True}


def opens_group_in_sama(stage: Stage) -> None:
    """A group that is nobody's."""
    stage.boris.sama.create_group("new", [stage.anna.account])


def opens_group_in_tada(stage: Stage) -> None:
    """A group of the team."""
    body = {"display_name": "newer", "members": [{"jid": stage.jid_of("anna")}]}
    stage.boris.tada.ask("POST", stage.groups, body)


def member(doing: str) -> Act:
    """Clara is put out of a group, or brought in again."""

    def act(stage: Stage) -> None:
        clara = [stage.clara.account]
        if doing == "sama removes":
            stage.boris.sama.change_members(stage.tea, [], clara)
        elif doing == "sama adds":
            stage.boris.sama.change_members(stage.tea, clara, [])
        elif doing == "tada removes":
            path = f"{stage.groups}/{stage.hall_jid}/members/{stage.jid_of('clara')}"
            stage.boris.tada.ask("DELETE", path)
        else:
            body = {"jid": stage.jid_of("clara"), "status": "member"}
            stage.boris.tada.ask("POST", f"{stage.groups}/{stage.hall_jid}/members", body)

    return act


def anna_is(doing: str) -> Act:
    """Anna is put out of a group, or brought in again."""

    def act(stage: Stage) -> None:
        anna = [stage.anna.account]
        if doing == "removed":
            stage.boris.sama.change_members(stage.tea, [], anna)
        else:
            stage.boris.sama.change_members(stage.tea, anna, [])

    return act


def leaves(stage: Stage) -> None:
    """Clara goes by herself."""
    stage.clara.sama.leave(stage.tea)


def renames(stage: Stage) -> None:
    """The group is called otherwise."""
    stage.boris.tada.ask("PUT", f"{stage.groups}/{stage.hall_jid}", {"display_name": "great hall"})


def makes_task(stage: Stage) -> None:
    """Something for Anna to do."""
    body = {"description": "buy tea", "assignee": stage.jid_of("anna")}
    stage.boris.tada.ask("POST", f"/teams/{stage.team}/tasks", body)


def opens_channel(stage: Stage) -> None:
    """A channel that Anna reads, and its first message."""
    params = {
        "type": "c",
        "name": "news",
        "participants": [stage.boris.sama.wire_id(stage.anna.account)],
    }
    made = stage.boris.sama.ask("conversation_create", params)["conversation"]
    stage.boris.sama.say(made["_id"], "good news")


def reacts(stage: Stage) -> None:
    """With a sign."""
    stage.boris.sama.react(stage.said["hall"], "+")


def tea(stage: Stage) -> Room:
    """The group that is nobody's."""
    return stage.tea


def pair(stage: Stage) -> Room:
    """The direct chat, as Anna names it."""
    return stage.with_boris


SCENES = (
    Scene("writes in a group", "SAMA", says("sama", "hall")),
    Scene("writes in a group", "Tada", says("tada", "hall")),
    Scene("writes in a group", "Unet", says("unet", "hall")),
    Scene("writes in a group", "Astrak", says("astrak", "hall")),
    Scene("writes to Anna", "SAMA", says("sama", "direct"), pair),
    Scene("writes to Anna", "Tada", says("tada", "direct"), pair),
    Scene("writes to Anna", "Unet", says("unet", "direct"), pair),
    Scene("writes to Anna", "Astrak", says("astrak", "direct"), pair),
    Scene("edits", "SAMA", edits("sama")),
    Scene("edits", "Tada", edits("tada")),
    Scene("edits", "Unet", edits("unet")),
    Scene("edits", "Astrak", edits("astrak")),
    Scene("replies", "SAMA", replies("sama")),
    Scene("replies", "Tada", replies("tada")),
    Scene(
        "reacts to a message", "SAMA", lambda stage: stage.boris.sama.react(stage.said["hall"], "+")
    ),
    Scene("deletes", "SAMA", deletes("sama")),
    Scene("deletes", "Tada", deletes("tada"), before=says("tada", "hall")),
    Scene("deletes", "Unet", deletes("unet"), before=says("unet", "hall")),
    Scene("deletes", "Astrak", deletes("astrak"), before=says("astrak", "hall")),
    Scene("attaches a file", "SAMA", attaches("sama")),
    Scene("attaches a file", "Tada", attaches("tada")),
    Scene("attaches a file", "Unet", attaches("unet")),
    Scene("whispers", "Unet", whispers("unet")),
    Scene("lets a program post quietly", "Tada", whispers("tada")),
    Scene("lets a program post", "Tada", a_program_posts),
    Scene("reads what Anna wrote", "SAMA", reads("sama"), pair, anna_writes),
    Scene("reads what Anna wrote", "Tada", reads("tada"), pair, anna_writes),
    Scene("reads what Anna wrote", "Astrak", reads("astrak"), pair, anna_writes),
    Scene("is typing", "SAMA", lambda stage: stage.boris.sama.types(stage.hall)),
    Scene("is typing", "Tada", lambda stage: stage.boris.tada.types(stage.hall)),
    Scene("makes a group with Anna", "SAMA", opens_group_in_sama),
    Scene("makes a group with Anna", "Tada", opens_group_in_tada),
    Scene("makes a task for Anna", "Tada", makes_task),
    Scene("writes in a channel of his", "SAMA", opens_channel),
    Scene("renames a group", "Tada", renames),
    Scene("removes Clara from a group", "SAMA", member("sama removes"), tea),
    Scene("brings Clara in again", "SAMA", member("sama adds"), tea),
    Scene("removes Clara from a group", "Tada", member("tada removes")),
    Scene("brings Clara in again", "Tada", member("tada adds")),
    Scene("sees Clara leave a group", "SAMA", leaves, tea),
    Scene("removes Anna from a group", "SAMA", anna_is("removed"), tea),
    Scene("brings Anna in again", "SAMA", anna_is("added"), tea),
)
