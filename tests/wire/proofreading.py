"""What can be wrong with a page before anybody plays it."""

import json
from collections.abc import Iterator, Mapping

from tests.wire.lines import SCRIPT
from tests.wire.pages import (
    ASTRAK,
    TADA,
    UNET,
    Asks,
    Called,
    Hears,
    Page,
    Said,
    Sends,
    Team,
    Told,
    split_q,
)
from tests.wire.shapes import (
    AFTER,
    ANY_ORDER,
    CAPTURE,
    HOLDER,
    IDS,
    NUMBERS,
    OBJECT,
    REPEAT,
    SECONDS_OF,
    TEXTS,
    Json,
)

SHAPES = {*TEXTS, *NUMBERS, "number", "anything"}


def unknown_names(page: Page, shapes: Mapping[str, Json]) -> list[str]:
    """Names the page uses before it has learned them, or learns twice, each with its line."""
    known = _known_at_curtain(page)
    wrong = []
    for step in page.steps:
        for holder in _holders(step):
            capture = CAPTURE.fullmatch(holder)
            name = _name_used(capture["shape"] if capture else holder, shapes)
            if name is not None and name not in known:
                wrong.append(f"{step.line}: {name}")
            if capture:
                twice = capture["name"] in known or (isinstance(step, Hears) and len(step.who) > 1)
                wrong += [f"{step.line}: {holder}"] if twice else []
                known.add(capture["name"])
    return wrong


def _known_at_curtain(page: Page) -> set[str]:
    known = {"nobody", "hostname"}
    if page.path.parent.name == UNET:
        known |= {"client", "secret", "base_url"}
    if page.path.parent.name == TADA:
        known.add("home")
    for role in page.cast:
        if role.receiver:
            known.add(role.person)
            continue
        if page.path.parent.name in {TADA, ASTRAK}:
            known.add(f"{role.person}.phone")
        if not role.guest:
            known |= {role.person, *(f"{who}.token" for who in role.sockets)}
    for prop in page.stage:
        people = {prop.person, prop.chat} if isinstance(prop, Said) else {*prop.people}
        assert people <= known, f"{page.path.name}: who is {people - known}?"
        known.add(prop.name)
        if isinstance(prop, Team):
            known |= {f"{prop.name}/{person}" for person in prop.people}
    return known


def _holders(step: object) -> Iterator[str]:
    match step:
        case Sends(packets=packets) | Hears(packets=packets):
            texts = [text for packet in packets for text in _strings(packet)]
        case Asks(path=path, headers=headers, body=body):
            path, q = split_q(path)
            texts = [path, *_strings(q), *(value for _, value in headers), *_body(body)]
        case Told(headers=headers, body=body) | Called(headers=headers, body=body):
            texts = [*(value for _, value in headers), *_body(body)]
        case _:
            texts = []
    for text in texts:
        if text != ANY_ORDER:
            yield from HOLDER.findall(text)


def _body(body: str) -> list[str]:
    script = SCRIPT.fullmatch(body)
    body = script["json"] if script else body
    return list(_strings(json.loads(body))) if body.startswith(('{"', '["')) else [body]


def _strings(value: Json) -> Iterator[str]:
    match value:
        case str():
            yield value
        case list():
            for item in value:
                yield from _strings(item)
        case dict():
            for key, item in value.items():
                yield key
                yield from _strings(item)
        case _:
            pass


def _name_used(holder: str, shapes: Mapping[str, Json]) -> str | None:
    """The name behind a holder that is not a plain shape."""
    if holder in SHAPES or REPEAT.fullmatch(holder) or IDS.fullmatch(holder):
        return None
    if dated := AFTER.fullmatch(holder) or SECONDS_OF.fullmatch(holder):
        return dated["name"]
    whole = OBJECT.fullmatch(holder)
    return whole["name"] if whole and whole["shape"] in shapes else holder
