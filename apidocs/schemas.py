"""What JSON looks like, learned from what stands on pages."""

import json
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from tests.wire import shapes
from tests.wire.shapes import ANY_ORDER, CAPTURE, HOLDER, NUMBERS, OBJECT, REST, TEXTS, Json

Schema: TypeAlias = dict[str, Any]

FORMATS = {"date": "date-time", "moment": "date-time", "time": "date-time", "uuid": "uuid"}
SIMPLE = {bool: "boolean", int: "integer", float: "number", str: "string", type(None): "null"}

MOST_KINDS = 4
"""Of things that may stand in one place; of more nothing is said."""


def schema_of(told: Json, dialect: str, known: Mapping[str, Json]) -> Schema:
    """The schema of one value of a page; objects that pages share are referred to."""
    match told:
        case str():
            whole = HOLDER.fullmatch(told)
            return _of_holder(whole[1], dialect, known) if whole else {"type": "string"}
        case list():
            items = [schema_of(each, dialect, known) for each in told if not _is_mark(each)]
            return {"type": "array"} | ({"items": merged(items)} if items else {})
        case dict():
            return _of_object(told, dialect, known)
        case _:
            return {"type": SIMPLE[type(told)]}


def _is_mark(each: Json) -> bool:
    return isinstance(each, str) and each in {ANY_ORDER, REST}


def _of_object(told: dict[str, Json], dialect: str, known: Mapping[str, Json]) -> Schema:
    if any(HOLDER.search(key) for key in told):
        # Keyed by ids.
        values = [schema_of(each, dialect, known) for key, each in told.items() if key != REST]
        return {"type": "object", "additionalProperties": merged(values)}
    properties = {
        key.removesuffix("?"): schema_of(each, dialect, known)
        for key, each in told.items()
        if key != REST
    }
    found: Schema = {"type": "object", "properties": properties}
    required = [key for key in told if key != REST and not key.endswith("?")]
    return found | ({"required": required} if required else {})


def _of_holder(holder: str, dialect: str, known: Mapping[str, Json]) -> Schema:
    if capture := CAPTURE.fullmatch(holder):
        holder = capture["shape"]
    if holder in FORMATS:
        return {"type": "string", "format": FORMATS[holder]}
    if holder in TEXTS or shapes.REPEAT.fullmatch(holder):
        return {"type": "string"}
    if holder in NUMBERS or shapes.SECONDS_OF.fullmatch(holder):
        return {"type": "integer"}
    if holder == "number":
        return {"type": "number"}
    if holder == "anything":
        return {}
    if shapes.AFTER.fullmatch(holder):
        return {"type": "string", "format": "date-time"}
    if shapes.IDS.fullmatch(holder):
        return {"type": "array", "items": {"type": "string"}}
    if (found := OBJECT.fullmatch(holder)) and found["shape"] in known:
        return {"$ref": f"#/components/schemas/{dialect}.{found['shape']}"}
    is_text = dialect in {"sama", "tada"} or "." in holder or holder in {"client", "secret"}
    return {"type": "string" if is_text else "integer"}


def optional(schema: Any) -> Any:
    """The same with nothing required: of a request pages show examples, not what must be in it."""
    match schema:
        case dict():
            is_object = schema.get("type") == "object"
            return {
                key: optional(each)
                for key, each in schema.items()
                if not (is_object and key == "required" and isinstance(each, list))
            }
        case list():
            return [optional(each) for each in schema]
        case _:
            return schema


def merged(several: Iterable[Schema]) -> Schema:
    """What all of these are."""
    kinds: dict[str, Schema] = {}
    for each in several:
        for one in each.get("anyOf", [each]):
            key = one.get("$ref") or _kind(one)
            kinds[key] = _joined(kinds[key], one) if key in kinds else one
    if {} in kinds.values() or len(kinds) > MOST_KINDS or not kinds:
        return {}
    found = list(kinds.values())
    return found[0] if len(found) == 1 else {"anyOf": found}


def _kind(one: Schema) -> str:
    """Whole numbers are numbers."""
    kind = json.dumps(one.get("type"))
    return '"number"' if kind == '"integer"' else kind


def _joined(one: Schema, other: Schema) -> Schema:
    """Two of a kind."""
    if one == other:
        return one
    match one.get("type"):
        case "array":
            items = [each["items"] for each in (one, other) if "items" in each]
            return {"type": "array"} | ({"items": merged(items)} if items else {})
        case "object" if "properties" in one and "properties" in other:
            return _joined_objects(one, other)
        case None:
            return {}
        case kind:
            return {"type": kind if kind == other["type"] else "number"}


def _joined_objects(one: Schema, other: Schema) -> Schema:
    names = {**one["properties"], **other["properties"]}
    properties = {
        name: merged(
            [each["properties"][name] for each in (one, other) if name in each["properties"]]
        )
        for name in names
    }
    found: Schema = {"type": "object", "properties": properties}
    required = [name for name in one.get("required", ()) if name in other.get("required", ())]
    return found | ({"required": required} if required else {})
