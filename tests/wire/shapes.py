"""What a page expects, compared with what was heard; and what a page sends, filled in.

A string in braces stands for something: `{24 hex}` for a value of that shape, `{tea}` for a value
the player knows under that name, `{m1 = 24 hex}` for both at once: the value must have the shape
and bears the name from then on. docs/wire/README.md explains them all to readers.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"

HOLDER = re.compile(r"\{([^{}]+)\}")
CAPTURE = re.compile(r"(?P<name>[\w./-]+) = (?P<shape>.+)")
REPEAT = re.compile(r"(?P<count>\d+) times (?P<what>.)")
IDS = re.compile(r"(?P<count>\d+) ids")
OBJECT = re.compile(r"(?P<shape>[a-z]+) (?P<name>[\w./-]+)")
AFTER = re.compile(r"date after (?P<name>[\w./-]+)")
SECONDS_OF = re.compile(r"seconds of (?P<name>[\w./-]+)")

DATE = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
TEXTS = {
    "24 hex": r"[0-9a-f]{24}",
    "date": DATE,
    "text": r"(?s:.+)",
    "jwt": r"[\w-]+\.[\w-]+\.[\w-]+",
    "url-safe": r"[A-Za-z0-9._~-]+",
    "moment": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z",
    "work time": r"\d+(\.\d+)? m?s",
    "time": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00",
    "uuid": UUID,
    "contact": rf"d-{UUID}",
    "group": rf"g-{UUID}",
    "task": rf"t-{UUID}",
    "token": r"[\w-]{32}",
    "ticket": r"[\w-]{16}",
    "key": r"[\w-]{27}",
    "color": r"[0-9a-f]{6}",
}
# Ten digits of seconds, thirteen of milliseconds, nineteen of nanoseconds: from 2001 to 2286, so one is never the other.
NUMBERS = {
    "seconds": range(10**9, 10**10),
    "ms": range(10**12, 10**13),
    "gentime": range(10**18, 10**19),
}

REST = "…"
ANY_ORDER = "{in any order}"
NOBODY = "0badc0de0badc0de0badc0de"


class PageError(Exception):
    """The page itself cannot be understood."""


class MismatchError(Exception):
    """What was heard is not what the page says, and where in the packet they part."""

    def __init__(self, path: str, why: str) -> None:
        super().__init__(f"at {path or 'the top'}: {why}")


@dataclass
class Names:
    """What the page has named so far, and the shapes of the dialect's objects."""

    values: dict[str, Json] = field(default_factory=dict)
    shapes: Mapping[str, Json] = field(default_factory=dict)

    def value(self, name: str) -> Json:
        """The value of that name.

        Raises:
            PageError: nothing was named so.
        """
        if name not in self.values:
            raise PageError(f"nothing on the page is named {{{name}}} yet")
        return self.values[name]

    def learn(self, name: str, value: Json) -> None:
        """Give a value its name, once.

        Raises:
            PageError: the name is taken.
        """
        if name in self.values:
            raise PageError(f"{{{name}}} is named twice")
        self.values[name] = value


def fill(value: Json, names: Names) -> Json:
    """What is really sent: the page's JSON with every name replaced by its value."""
    match value:
        case str():
            return _fill_text(value, names)
        case list():
            return [fill(item, names) for item in value]
        case dict():
            return {fill_text(key, names): fill(item, names) for key, item in value.items()}
        case _:
            return value


def fill_text(text: str, names: Names) -> str:
    """The same for a line of text: headers, paths, cookies."""
    return HOLDER.sub(lambda found: _word(_made(found[1], names)), text)


def _fill_text(text: str, names: Names) -> Json:
    whole = HOLDER.fullmatch(text)
    return _made(whole[1], names) if whole else fill_text(text, names)


def _made(holder: str, names: Names) -> Json:
    if repeat := REPEAT.fullmatch(holder):
        return repeat["what"] * int(repeat["count"])
    if ids := IDS.fullmatch(holder):
        return [f"{number:024x}" for number in range(1, int(ids["count"]) + 1)]
    return names.value(holder)


def _word(value: Json) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def compare(told: Json, heard: Json, names: Names, path: str = "") -> None:
    """Check what was heard against the page, and learn the names given on the way.

    Raises:
        MismatchError: they differ; the error says where.
        PageError: the page uses a name or a shape that does not exist.
    """
    match told:
        case str() if HOLDER.search(told):
            _compare_holder(told, heard, names, path)
        case dict():
            _compare_objects(told, heard, names, path)
        case list():
            _compare_arrays(told, heard, names, path)
        case _:
            if type(told) is not type(heard) or told != heard:
                raise MismatchError(path, f"the page says {_show(told)}, heard {_show(heard)}")


def _compare_objects(told: dict[str, Json], heard: Json, names: Names, path: str) -> None:
    if not isinstance(heard, dict):
        raise MismatchError(path, f"the page says an object, heard {_show(heard)}")
    # A key may itself be a name: `last_activity` is keyed by user ids.
    keys = {key: fill_text(key.removesuffix("?"), names) for key in told}
    extra = [] if REST in told else sorted(set(heard) - set(keys.values()))
    if extra:
        raise MismatchError(path, f"not on the page: {', '.join(extra)}")
    for key, expected in told.items():
        name = keys[key]
        if key == REST or (key.endswith("?") and name not in heard):
            continue
        if name not in heard:
            raise MismatchError(path, f"{name} is missing")
        compare(expected, heard[name], names, f"{path}.{name}")


def _compare_arrays(told: list[Json], heard: Json, names: Names, path: str) -> None:
    if not isinstance(heard, list):
        raise MismatchError(path, f"the page says an array, heard {_show(heard)}")
    if told[:1] == [ANY_ORDER]:
        _compare_unordered(told[1:], heard, names, path)
        return
    open_end = told[-1:] == [REST]
    items = told[:-1] if open_end else told
    if len(heard) < len(items) or (len(heard) > len(items) and not open_end):
        raise MismatchError(path, f"the page says {len(items)} items, heard {_show(heard)}")
    for place, (expected, item) in enumerate(zip(items, heard, strict=False)):
        compare(expected, item, names, f"{path}[{place}]")


def _compare_unordered(told: list[Json], heard: list[Json], names: Names, path: str) -> None:
    if len(told) != len(heard):
        raise MismatchError(path, f"the page says {len(told)} items, heard {_show(heard)}")
    rest = list(heard)
    for expected in told:
        for item in rest:
            trial = Names(dict(names.values), names.shapes)
            try:
                compare(expected, item, trial, path)
            except MismatchError:
                continue
            names.values.update(trial.values)
            rest.remove(item)
            break
        else:
            raise MismatchError(path, f"no item like {_show(expected)} in {_show(heard)}")


def _compare_holder(told: str, heard: Json, names: Names, path: str) -> None:
    whole = HOLDER.fullmatch(told)
    if whole is None:
        _compare_mixed(told, heard, names, path)
        return
    holder = whole[1]
    if capture := CAPTURE.fullmatch(holder):
        _compare_holder(f"{{{capture['shape']}}}", heard, names, path)
        names.learn(capture["name"], heard)
    elif not _has_shape(holder, heard, names, path):
        raise MismatchError(path, f"the page says {told}, heard {_show(heard)}")


def _has_shape(holder: str, heard: Json, names: Names, path: str) -> bool:
    if holder == "anything":
        return True
    if holder in TEXTS:
        return isinstance(heard, str) and re.fullmatch(TEXTS[holder], heard) is not None
    if holder in NUMBERS:
        return type(heard) is int and heard in NUMBERS[holder]
    if holder == "number":
        return type(heard) in {int, float}
    if after := AFTER.fullmatch(holder):
        first = names.value(after["name"])
        return (
            isinstance(heard, str) and re.fullmatch(DATE, heard) is not None and heard > str(first)
        )
    if date := SECONDS_OF.fullmatch(holder):
        return type(heard) is int and heard == _seconds_up(str(names.value(date["name"])))
    if (known := OBJECT.fullmatch(holder)) and known["shape"] in names.shapes:
        scope = Names({**names.values, "it": names.value(known["name"])}, names.shapes)
        compare(names.shapes[known["shape"]], heard, scope, path)
        return True
    expected = _made(holder, names)
    return type(expected) is type(heard) and expected == heard


def _seconds_up(date: str) -> int:
    """The first whole second that is not before the date."""
    return -int(-datetime.fromisoformat(date).timestamp() // 1)


def _compare_mixed(told: str, heard: Json, names: Names, path: str) -> None:
    """A string with words around its braces, such as a cookie."""
    groups: list[str] = []
    pattern = ""
    place = 0
    for found in HOLDER.finditer(told):
        pattern += re.escape(told[place : found.start()])
        place = found.end()
        capture = CAPTURE.fullmatch(found[1])
        holder = capture["shape"] if capture else found[1]
        inner = TEXTS.get(holder) or (
            r"\d+" if holder in {*NUMBERS, "number"} else re.escape(_word(_made(holder, names)))
        )
        if capture:
            groups.append(capture["name"])
            inner = f"({inner})"
        pattern += inner
    pattern += re.escape(told[place:])
    match = re.fullmatch(pattern, heard) if isinstance(heard, str) else None
    if match is None:
        raise MismatchError(path, f"the page says {_show(told)}, heard {_show(heard)}")
    for name, value in zip(groups, match.groups(), strict=True):
        names.learn(name, value)


def _show(value: Json) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 300 else f"{text[:300]}…"
