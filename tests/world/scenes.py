"""What people do, each in one API that has a word for it."""

from tests.world.stage import Act, Scene, Stage
from tests.world.voice import Room
from tests.world.wires import Http


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
                boris.sama.attach(stage.hall, "acta.txt", "")
            case "tada":
                boris.tada.attach(stage.hall, "acta.txt", "")
            case _:
                boris.unet.attach(stage.hall, "acta.txt", "")

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


def reacts(dialect: str) -> Act:
    """With a sign."""

    def act(stage: Stage) -> None:
        voice = stage.boris.sama if dialect == "sama" else stage.boris.tada
        voice.react(stage.hall, stage.said["hall"], dialect)

    return act


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
    Scene("reacts to a message", "SAMA", reacts("sama")),
    Scene("reacts to a message", "Tada", reacts("tada")),
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
