"""What goes over the WebSockets of SAMA and Tada, as AsyncAPI 3.0."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from apidocs.imagined import Imagination
from apidocs.openapi import MOST_EXAMPLES
from apidocs.prose import folders, introduction
from apidocs.schemas import Schema, merged, optional, schema_of
from tertulia import __version__
from tests.wire.pages import Hears, Page, Sends, page_paths, read_page, read_shapes
from tests.wire.shapes import Json

SERVED = {
    "sama": ("/", "Everything of SAMA but the sign-in, which is `POST /login`."),
    "tada": ("/messaging/{team}", "What happens in one of Tada's teams. `team` is its uid."),
}

FREE = ("message", "typing", "system_message")
"""Packets that a client of SAMA sends without a `request` around them."""


@dataclass
class Message:
    """One kind of packet, as pages show it."""

    told: list[tuple[Page, Json]] = field(default_factory=list)
    examples: list[Json] = field(default_factory=list)

    def add(self, page: Page, packet: Json, seen: Json) -> None:
        """One more; *seen*: with made-up values."""
        self.told.append((page, packet))
        if len(self.examples) < MOST_EXAMPLES and seen not in self.examples:
            self.examples.append(seen)


Side = dict[str, Message]


def asyncapi() -> Schema:
    """The whole description."""
    channels: Schema = {}
    operations: Schema = {}
    messages: Schema = {}
    for dialect, (address, says) in SERVED.items():
        heard, told = _sides(dialect)
        named: Schema = {}
        for direction, side in (("receive", heard), ("send", told)):
            for name, message in sorted(side.items()):
                key = f"{dialect}.{direction}.{name}"
                messages[key] = _described(name, message, dialect)
                if direction == "receive":
                    messages[key]["payload"] = optional(messages[key]["payload"])
                named[key] = {"$ref": f"#/components/messages/{key}"}
            operations[f"{dialect}.{direction}"] = {
                "action": direction,
                "channel": {"$ref": f"#/channels/{dialect}"},
                "messages": [
                    {"$ref": f"#/channels/{dialect}/messages/{dialect}.{direction}.{name}"}
                    for name in sorted(side)
                ],
            }
        channels[dialect] = {"address": address, "description": says, "messages": named} | (
            {"parameters": {"team": {"description": "The uid of a team."}}}
            if "{" in address
            else {}
        )
    shared = {
        f"{folder.name}.{name}": schema_of(told, folder.name, read_shapes(folder.name))
        for folder in folders()
        if folder.name in SERVED
        for name, told in read_shapes(folder.name).items()
    }
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Tertulia",
            "version": __version__,
            "description": "What the server hears (`receive`) and tells (`send`) over its WebSockets."
            " Every example was played against it.",
        },
        "defaultContentType": "application/json",
        "channels": channels,
        "operations": operations,
        "components": {"messages": messages, "schemas": shared},
    }


def _described(name: str, message: Message, dialect: str) -> Schema:
    known = read_shapes(dialect)
    home = next((page for page, _ in message.told if name in page.operations), message.told[0][0])
    return {
        "name": name,
        "description": introduction(home.path),
        "payload": merged(schema_of(value, dialect, known) for _, value in message.told),
        "examples": [{"payload": each} for each in message.examples],
    }


def _sides(dialect: str) -> tuple[Side, Side]:
    """What the server hears, and what it tells, by name."""
    heard: Side = defaultdict(Message)
    told: Side = defaultdict(Message)
    in_vain: Side = defaultdict(Message)
    for path in page_paths():
        if path.parent.name != dialect:
            continue
        page = read_page(path)
        imagined = Imagination(page, read_shapes(dialect))
        asked: dict[str, str] = {}
        packets = list(_packets(page))
        refused = _refused(packet for is_heard, packet in packets if not is_heard)
        for is_heard, packet in packets:
            seen = imagined.value(packet)
            name = _name(packet, asked, is_heard=is_heard)
            if not name:
                continue
            if not is_heard:
                told[name].add(page, packet, seen)
            elif _ref(packet) not in refused:
                heard[name].add(page, packet, seen)
            elif name in page.operations and _ref(packet):
                in_vain[name].add(page, packet, seen)
    # What no page can show going well, as it needs what only a mail says.
    return in_vain | _good(heard, told), told


def _refused(packets: Iterable[Json]) -> set[str]:
    """The ids of what was answered with an error somewhere on the page."""
    return {_ref(each) for each in packets if '"error":' in json.dumps(each)} - {""}


def _ref(packet: Json) -> str:
    """The id that a client gave a packet, or that an answer repeats; "" when there is none."""
    match packet:
        case (
            {"request": {"id": ref}}
            | {"response": {"id": ref}}
            | {"message": {"id": ref}}
            | {"params": {"orig": str(ref)}}
        ):
            return str(ref)
        case _:
            return ""


def _good(heard: Side, told: Side) -> Side:
    """Without what pages send only to be refused."""
    answered = {name.removesuffix(" response") for name in told}
    return {
        name: message
        for name, message in heard.items()
        if name in FREE or name in answered or name.startswith("client.")
    }


def _packets(page: Page) -> Iterator[tuple[bool, Json]]:
    for step in page.steps:
        if isinstance(step, Sends):
            yield from ((True, each) for each in step.packets)
        elif isinstance(step, Hears):
            yield from ((False, each) for each in step.packets)


def _name(packet: Json, asked: dict[str, str], *, is_heard: bool) -> str:
    """What a packet is called; `asked`: which requests wait, by their ids. "": it is no packet."""
    match packet:
        case {"event": str(event)}:
            return event
        case {"request": dict(request)}:
            names = [each for each in request if each != "id"]
            if len(names) == 1 and "{" not in names[0]:
                asked[str(request.get("id"))] = names[0]
                return names[0]
            return ""
        case {"response": dict(response)}:
            if "error" in response:
                return "error response"
            name = asked.get(str(response.get("id")))
            return f"{name} response" if name else ""
        case {"message": {"error": _}}:
            return "error message"
        case {"ask": _} | {"ack": _}:
            return "acknowledgement"
        case {"system_message": {"x": {"event": str(event)}}} if not is_heard:
            return f"system_message {event}"
        case dict() if len(packet) == 1:
            return next(iter(packet))
        case _:
            return ""
