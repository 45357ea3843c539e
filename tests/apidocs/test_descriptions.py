"""What `/openapi.json` and `/asyncapi.json` say is whole, fits together, and misses no operation."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from apidocs.asyncapi import asyncapi
from apidocs.openapi import METHODS, openapi
from apidocs.schemas import merged, optional, schema_of
from tertulia.dialects.astrak.routes import OPERATIONS as CALLS
from tertulia.dialects.sama.handlers import OPERATIONS as REQUESTS
from tertulia.dialects.tada.client_events import EVENTS
from tertulia.dialects.tada.handlers import OPERATIONS
from tertulia.dialects.tada.routes import Place
from tests.wire.shapes import Json

HTTP = openapi()
SOCKETS = asyncapi()

# Helpers of other servers' that answer with an error on purpose.
NOT_THERE = {
    "conversation_handler_create", "conversation_handler_delete", "get_conversation_handler",
    "message_summary", "message_tone",
}  # fmt: skip


def without_names(path: str) -> str:
    return re.sub(r"\{\w+\}", "{}", path)


DESCRIBED = {
    (method.upper(), without_names(path))
    for path, methods in HTTP["paths"].items()
    for method in methods
}


def everything(description: Any) -> Iterator[dict[str, Any]]:
    """Every object in it, at any depth."""
    if isinstance(description, dict):
        yield description
        description = list(description.values())
    if isinstance(description, list):
        for each in description:
            yield from everything(each)


def test_every_operation_of_tada_is_described() -> None:
    missing = []
    for operation in OPERATIONS:
        root = "" if operation.place is Place.ROOT else "/api/{}"
        if (operation.method, without_names(root + operation.path)) not in DESCRIBED:
            missing.append(f"{operation.method} {operation.path}")
    assert missing == []


def test_every_call_of_astrak_is_described() -> None:
    wanted = {(method, path) for path, call in CALLS.items() for method in call.methods}
    assert {each for each in wanted - DESCRIBED if each[0] == "POST"} == set()


def test_every_address_of_unet_is_described() -> None:
    paths = {path for path in HTTP["paths"] if path.startswith("/unet/")}
    assert paths == {
        "/unet/api/contacts/", "/unet/api/messages/", "/unet/api/messages/add/",
        "/unet/api/messages/chats/", "/unet/api/messages/{id}", "/unet/api/messages/{id}/delete/",
        "/unet/api/messages/{id}/edit/", "/unet/api/user/",
    }  # fmt: skip
    assert {"/auth", "/token", "/token_props"} <= HTTP["paths"].keys()


def test_every_request_of_sama_is_described() -> None:
    heard = SOCKETS["operations"]["sama.receive"]["messages"]
    names = {each["$ref"].rpartition(".")[2] for each in heard}
    assert set(REQUESTS) - names - NOT_THERE == set()
    assert {"message", "typing", "system_message"} <= names


def test_every_event_that_tadas_clients_send_is_described() -> None:
    heard = SOCKETS["operations"]["tada.receive"]["messages"]
    names = {each["$ref"].partition("tada.receive.")[2] for each in heard}
    assert set(EVENTS) - names == set()


def test_operations_have_names_of_their_own_and_all_the_parameters_of_their_paths() -> None:
    names = []
    for path, methods in HTTP["paths"].items():
        for method, operation in methods.items():
            assert method.upper() in METHODS
            names.append(operation["operationId"])
            there = {
                each["name"] for each in operation.get("parameters", ()) if each["in"] == "path"
            }
            assert there == set(re.findall(r"\{(\w+)\}", path)), path
            assert operation["responses"], path
    assert len(names) == len(set(names))


@pytest.mark.parametrize("description", [HTTP, SOCKETS], ids=["openapi", "asyncapi"])
def test_whatever_is_referred_to_is_there(description: dict[str, Any]) -> None:
    references = [each["$ref"] for each in everything(description) if "$ref" in each]
    assert references
    for reference in references:
        place: Any = description
        for step in reference.removeprefix("#/").split("/"):
            place = place[step]


@pytest.mark.parametrize("description", [HTTP, SOCKETS], ids=["openapi", "asyncapi"])
def test_nothing_of_the_pages_own_language_is_left_in_the_examples(
    description: dict[str, Any],
) -> None:
    left = re.compile(
        r"\{[\w/.]+ = |\{\d+ (hex|times)|\{(date|ms|seconds|anything|in any order)\}|…\""
    )
    examples = [each for each in everything(description) if "value" in each or "payload" in each]
    assert examples
    for each in examples:
        if "examples" not in each:
            assert not left.search(json.dumps(each, ensure_ascii=False)), each


def test_what_a_request_must_hold_is_not_guessed() -> None:
    bodies = [
        content["schema"]
        for methods in HTTP["paths"].values()
        for operation in methods.values()
        for content in operation.get("requestBody", {"content": {}})["content"].values()
    ]
    assert bodies
    assert [each for each in everything(bodies) if isinstance(each.get("required"), list)] == []


FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("/events/callback/start", {"token", "callback", "own"}),
        ("/token", {"grant_type", "client_id", "client_secret", "code", "redirect_uri"}),
    ],
)
def test_forms_are_described_field_by_field(path: str, names: set[str]) -> None:
    form = HTTP["paths"][path]["post"]["requestBody"]["content"][FORM]
    assert names <= form["schema"]["properties"].keys()


def test_whoever_is_called_has_an_address_in_the_examples() -> None:
    start = HTTP["paths"]["/events/callback/start"]["post"]["requestBody"]["content"]
    assert start[FORM]["examples"]["example1"]["value"]["callback"].startswith("https://hook.")


def test_every_example_of_a_form_is_one() -> None:
    forms = [
        content[FORM]
        for methods in HTTP["paths"].values()
        for operation in methods.values()
        if FORM in (content := operation.get("requestBody", {"content": {}})["content"])
    ]
    assert forms
    for form in forms:
        assert form["schema"]["type"] == "object"
        for example in form.get("examples", {}).values():
            names = example["value"].keys()
            assert names <= form["schema"]["properties"].keys()
            assert all(re.fullmatch(r"\w+", name) for name in names), names


def test_a_key_that_may_be_absent_is_not_required() -> None:
    told: list[Json] = [
        {"a": 1, "b?": "x"}, {"a": "{number}", "c": ["{date}", "…"]}, {"a": 2, "c": []},
    ]  # fmt: skip
    found = merged(schema_of(each, "sama", {}) for each in told)
    assert found == {
        "type": "object",
        "properties": {
            "a": {"type": "number"},
            "b": {"type": "string"},
            "c": {"type": "array", "items": {"type": "string", "format": "date-time"}},
        },
        "required": ["a"],
    }
    assert optional(found) == {key: value for key, value in found.items() if key != "required"}


def test_the_same_pages_always_give_the_same() -> None:
    assert (openapi(), asyncapi()) == (HTTP, SOCKETS)
