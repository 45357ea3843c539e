"""A page of docs/wire as a list of steps.

Prose is for people. The player reads five things: the `Settings:`, `Cast:` and `Stage:` paragraphs,
fenced blocks whose info string says who does what, and directions, which are quoted lines such as
`> boris hears nothing.` docs/wire/README.md is the language's own page.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from tertulia.settings import BY_NAME
from tests.wire.shapes import Json, PageError

DOCS = Path(__file__).parents[2] / "docs" / "wire"
OBJECTS = "objects.md"
NOT_PLAYED = {"README.md", OBJECTS}
SAMA = "sama"
TADA = "tada"
ASTRAK = "astrak"
UNET = "unet"
CODE = "1111"

FENCE = re.compile(r"```(?P<language>\w+) ?(?P<info>.*)")
BLOCK = re.compile(
    r"(?P<who>[\w/]+(?:(?:, | and )[\w/]+)*) "
    r"(?P<act>sends?|hears?|may hear)(?: (?P<how>as bytes|\d+ times))?"
)
ROLE = re.compile(r"(?P<sockets>[\w/]+(?: and [\w/]+)*)(?: \((?P<moods>[^)]*)\))?")
WORDS = re.compile(r", | and ")
# What follows is JSON to the path's end.
Q = re.compile(r"[?&]q=(?=[{\[])")
# A form as a page may write it: a field a line.
FIELDS = re.compile(r"\w+: .*(?:\n\w+: .*)*")


@dataclass(frozen=True, slots=True)
class Role:
    """One person of the cast. `sockets` are names such as `anna` or `anna/phone`."""

    person: str
    sockets: tuple[str, ...]
    stock: bool
    offline: bool
    guest: bool
    by_password: bool = False
    receiver: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """A group chat there before the page begins; its first person made it."""

    name: str
    people: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Pair:
    """A direct chat of two; the first made it."""

    name: str
    people: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Said:
    """A message written before the page begins."""

    name: str
    text: str
    person: str
    chat: str


@dataclass(frozen=True, slots=True)
class Team:
    """A team there before the page begins; its first person owns it."""

    name: str
    people: tuple[str, ...]


Prop: TypeAlias = "Group | Pair | Said | Team"


@dataclass(frozen=True, slots=True)
class Sends:
    """One socket sends these frames, one right after the other."""

    line: int
    who: str
    packets: tuple[Json, ...]
    as_bytes: bool = False


@dataclass(frozen=True, slots=True)
class SendsText:
    """One socket sends lines that need not be JSON, each as a frame."""

    line: int
    who: str
    frames: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Hears:
    """Each of these sockets hears exactly these packets next, in this order."""

    line: int
    who: tuple[str, ...]
    packets: tuple[Json, ...]
    perhaps: bool = False


@dataclass(frozen=True, slots=True)
class Asks:
    """An HTTP request."""

    line: int
    who: str
    method: str
    path: str
    headers: tuple[tuple[str, str], ...]
    body: str


@dataclass(frozen=True, slots=True)
class Told:
    """The HTTP answer. Headers that are not named are not looked at, but for cookies."""

    line: int
    who: str
    status: int
    headers: tuple[tuple[str, str], ...]
    body: str


@dataclass(frozen=True, slots=True)
class Called:
    """A receiver is called by the server: method and path, headers, body. Not all headers are told."""

    line: int
    who: str
    first: str
    headers: tuple[tuple[str, str], ...]
    body: str


@dataclass(frozen=True, slots=True)
class Answers:
    """A receiver answers with that status from now on."""

    line: int
    who: str
    status: int


@dataclass(frozen=True, slots=True)
class Silence:
    """Nothing has reached these sockets; nobody named means all."""

    line: int
    who: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Arrives:
    """A new socket opens. `team`: on a page of Tada, where; `greeted`: the page tells what it hears first."""

    line: int
    who: str
    signs_in: bool
    team: str = ""
    greeted: bool = False


@dataclass(frozen=True, slots=True)
class HangsUp:
    """A socket is closed by its person."""

    line: int
    who: str


@dataclass(frozen=True, slots=True)
class HungUpOn:
    """A socket is closed by the server. What it heard shortly before does not matter."""

    line: int
    who: str
    code: int


Step: TypeAlias = "Sends | SendsText | Hears | Asks | Told | Called | Answers | Silence | Arrives | HangsUp | HungUpOn"

DIRECTIONS = {
    "silence": re.compile(r"(?P<who>.+?) hears? (?:nothing|anything)\."),
    "opens": re.compile(r"(?P<who>[\w/]+) opens a socket\."),
    "listens": re.compile(r"(?P<who>[\w/]+) listens in (?P<team>\w+)\."),
    "opens there": re.compile(r"(?P<who>[\w/]+) opens a socket of (?P<team>\w+)\."),
    "signs in": re.compile(r"(?P<who>[\w/]+) signs in\."),
    "hangs up": re.compile(r"(?P<who>[\w/]+) hangs up\."),
    "answers": re.compile(r"(?P<who>\w+) answers (?P<code>\d+)\."),
    "hung up on": re.compile(r"(?P<who>[\w/]+) is hung up on with (?P<code>\d+)\."),
}
TEAM = re.compile(r"team (?P<name>\w+) of (?P<people>.+)")
GROUP = re.compile(r"group (?P<name>\w+) of (?P<people>.+)")
PAIR = re.compile(r"direct chat (?P<name>\w+) of (?P<people>.+)")
SAID = re.compile(r'message (?P<name>\w+) "(?P<text>[^"]+)" by (?P<person>\w+) in (?P<chat>\w+)')


@dataclass(frozen=True, slots=True)
class Page:
    """One page, ready to be played.

    `operations` are the requests its title names; `settings` those an operator set for its server.
    """

    path: Path
    operations: tuple[str, ...]
    settings: dict[str, Any]
    cast: tuple[Role, ...]
    stage: tuple[Prop, ...]
    steps: tuple[Step, ...]


def page_paths() -> list[Path]:
    """Every page that is played."""
    return [path for path in sorted(DOCS.glob("*/*.md")) if path.name not in NOT_PLAYED]


def read_page(path: Path) -> Page:
    """The page in that file."""
    return parse(path.read_text("utf-8"), path)


def read_shapes(dialect: str) -> dict[str, Json]:
    """The shapes a dialect's pages share: blocks `json shape NAME` of its objects.md."""
    path = DOCS / dialect / OBJECTS
    shapes: dict[str, Json] = {}
    for line, info, text in _blocks(path.read_text("utf-8").splitlines(), path):
        if not info.startswith("json shape "):
            raise PageError(f"{path.name}:{line}: only `json shape NAME` blocks live here")
        (shapes[info.removeprefix("json shape ")],) = _documents(text, path, line)
    return shapes


def parse(text: str, path: Path) -> Page:
    """The page in that text.

    Raises:
        PageError: something meant for the player cannot be understood.
    """
    lines = text.splitlines()
    if not text.startswith("# "):
        raise PageError(f"{path.name}: a page begins with its title")
    if _paragraph("Source", lines) is None:
        raise PageError(f"{path.name}: a page names its Source")
    steps: list[Step] = [
        _block(info, block, path, line) for line, info, block in _blocks(lines, path)
    ]
    steps += [_direction(words, path, line) for line, words in _quotes(lines)]
    cast = _cast(_paragraph("Cast", lines) or "", path)
    settings = _settings(_paragraph("Settings", lines) or "", path)
    if path.parent.name in {TADA, ASTRAK}:
        settings.setdefault("sms_test_numbers", test_numbers(cast))
    return Page(
        path=path,
        operations=tuple(lines[0].removeprefix("# ").split(", ")),
        settings=settings,
        cast=cast,
        stage=_stage(_paragraph("Stage", lines) or "", path),
        steps=tuple(sorted(steps, key=lambda step: step.line)),
    )


def phone_of(cast: tuple[Role, ...], person: str) -> str:
    """The number of somebody on a page of Tada; its code is always CODE."""
    place = [role.person for role in cast].index(person)
    return f"+7916000{place + 1:04d}"


def test_numbers(cast: tuple[Role, ...]) -> tuple[tuple[str, str], ...]:
    """The setting that gives every number of the cast its code."""
    return tuple((phone_of(cast, role.person), CODE) for role in cast)


def split_q(path: str) -> tuple[str, Json]:
    """A path up to its `q`, and that as JSON; None when there is none that is written as JSON."""
    found = Q.search(path)
    return (path[: found.end()], json.loads(path[found.end() :])) if found else (path, None)


def _paragraph(word: str, lines: list[str]) -> str | None:
    for start, line in enumerate(lines):
        if line.startswith(f"{word}: "):
            end = lines.index("", start) if "" in lines[start:] else len(lines)
            return " ".join(lines[start:end]).removeprefix(f"{word}: ").removesuffix(".")
    return None


def _settings(text: str, path: Path) -> dict[str, Any]:
    """What `Settings: sama_admin_key = hush; max_body = 1KiB.` sets, read as from the environment."""
    settings = {}
    for part in text.split("; ") if text else []:
        name, _, value = part.partition(" = ")
        if name not in BY_NAME:
            raise PageError(f"{path.name}: there is no setting {part!r}")
        try:
            settings[name] = BY_NAME[name].kind.parse(value)
        except ValueError as error:
            raise PageError(f"{path.name}: {name} must be {BY_NAME[name].kind.expected}") from error
    return settings


def _cast(text: str, path: Path) -> tuple[Role, ...]:
    roles = []
    for part in re.split(r", (?![^(]*\))", text) if text else []:
        found = ROLE.fullmatch(part)
        moods = set((found["moods"] or "").split(", ")) - {""} if found else set()
        if found is None or moods - {
            "stock", "seed", "offline", "guest", "password", "receiver",
        }:  # fmt: skip
            raise PageError(f"{path.name}: who is {part!r}?")
        sockets = tuple(found["sockets"].split(" and "))
        (person,) = {socket.split("/")[0] for socket in sockets}
        roles.append(
            Role(
                person=person,
                sockets=() if "offline" in moods else sockets,
                stock="stock" in moods,
                offline="offline" in moods,
                guest="guest" in moods,
                by_password="password" in moods,
                receiver="receiver" in moods,
            )
        )
    return tuple(roles)


def _stage(text: str, path: Path) -> tuple[Prop, ...]:
    props: list[Prop] = []
    for part in text.split("; ") if text else []:
        if found := TEAM.fullmatch(part):
            props.append(Team(found["name"], tuple(WORDS.split(found["people"]))))
        elif found := GROUP.fullmatch(part):
            props.append(Group(found["name"], tuple(WORDS.split(found["people"]))))
        elif found := PAIR.fullmatch(part):
            props.append(Pair(found["name"], tuple(WORDS.split(found["people"]))))
        elif found := SAID.fullmatch(part):
            props.append(Said(found["name"], found["text"], found["person"], found["chat"]))
        else:
            raise PageError(f"{path.name}: the stage cannot hold {part!r}")
    return tuple(props)


def _blocks(lines: list[str], path: Path) -> list[tuple[int, str, str]]:
    """Every fenced block: the line it starts on, its info string, its text."""
    blocks = []
    start, info = 0, ""
    for number, line in enumerate(lines, 1):
        if start and line == "```":
            blocks.append((start, info, "\n".join(lines[start : number - 1])))
            start = 0
        elif not start and (found := FENCE.fullmatch(line)):
            start, info = number, f"{found['language']} {found['info']}"
    if start:
        raise PageError(f"{path.name}:{start}: the block does not end")
    return blocks


def _quotes(lines: list[str]) -> list[tuple[int, str]]:
    inside = False
    quotes = []
    for number, line in enumerate(lines, 1):
        if line.startswith("```"):
            inside = not inside
        elif not inside and line.startswith("> "):
            quotes.append((number, line.removeprefix("> ")))
    return quotes


def _block(info: str, text: str, path: Path, line: int) -> Step:
    language, _, words = info.partition(" ")
    found = BLOCK.fullmatch(words)
    if found is None:
        raise PageError(f"{path.name}:{line}: who does what in `{info}`?")
    who = tuple(WORDS.split(found["who"]))
    how = found["how"] or ""
    match language, found["act"][0]:
        case "json", "s":
            packets = _documents(text, path, line)
            return Sends(line, _one(who, path, line), packets, as_bytes=how == "as bytes")
        case "text", "s":
            return SendsText(line, _one(who, path, line), tuple(filter(None, text.split("\n"))))
        case "json", _:
            times = int(how.split()[0]) if how else 1
            packets = _documents(text, path, line) * times
            return Hears(line, who, packets, perhaps=found["act"] == "may hear")
        case "http", "s":
            first, headers, body = _http(text, path, line)
            method, _, target = first.partition(" ")
            return Asks(line, _one(who, path, line), method, target, headers, body)
        case "http", _:
            first, headers, body = _http(text, path, line)
            if not first[:1].isdigit():
                return Called(line, _one(who, path, line), first, headers, body)
            return Told(line, _one(who, path, line), int(first.split()[0]), headers, body)
        case _:
            raise PageError(f"{path.name}:{line}: `{language}` is not played")


def _one(who: tuple[str, ...], path: Path, line: int) -> str:
    if len(who) != 1:
        raise PageError(f"{path.name}:{line}: one at a time")
    return who[0]


def _documents(text: str, path: Path, line: int) -> tuple[Json, ...]:
    """The JSON values of a block, one after the other."""
    values: list[Json] = []
    decoder = json.JSONDecoder()
    rest = text.strip()
    while rest:
        try:
            value, end = decoder.raw_decode(rest)
        except ValueError as error:
            raise PageError(f"{path.name}:{line}: not JSON: {error}") from error
        values.append(value)
        rest = rest[end:].strip()
    return tuple(values)


def _http(text: str, path: Path, line: int) -> tuple[str, tuple[tuple[str, str], ...], str]:
    head, _, body = text.partition("\n\n")
    first, *rest = head.split("\n")
    headers = []
    for header in rest:
        name, colon, value = header.partition(": ")
        if not colon:
            raise PageError(f"{path.name}:{line}: {header!r} is no header")
        headers.append((name, value))
    return first, tuple(headers), body.strip()


def _direction(words: str, path: Path, line: int) -> Step:
    for kind, pattern in DIRECTIONS.items():
        found = pattern.fullmatch(words)
        if found is None:
            continue
        who = found["who"]
        match kind:
            case "silence":
                return Silence(line, () if who == "Nobody" else tuple(WORDS.split(who)))
            case "listens" | "opens there":
                greeted = kind == "opens there"
                return Arrives(line, who, signs_in=True, team=found["team"], greeted=greeted)
            case "opens" | "signs in":
                return Arrives(line, who, signs_in=kind == "signs in")
            case "hangs up":
                return HangsUp(line, who)
            case "answers":
                return Answers(line, who, int(found["code"]))
            case _:
                return HungUpOn(line, who, int(found["code"]))
    raise PageError(f"{path.name}:{line}: nobody understands {words!r}")
