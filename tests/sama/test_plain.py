"""A plain message says the same read in one go as it does read bit by bit; all others are left to the long way."""

import json
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tertulia.core.message_model import Draft
from tertulia.core.messages import MAX_TEXT
from tertulia.dialects.sama import envelope
from tertulia.dialects.sama.envelope import Request
from tertulia.dialects.sama.errors import Refused
from tertulia.dialects.sama.handlers import OPERATIONS, messages
from tertulia.dialects.sama.handlers.messages import MAX_REF, MAX_X
from tertulia.dialects.sama.ids import UNKNOWN, to_wire
from tertulia.dialects.sama.plain import read_plain
from tertulia.dialects.sama.socket import Talk
from tertulia.web.wire import JsonLimits

LIMITS = JsonLimits()
CHAT = (1 << 45) + 77
CID = to_wire(CHAT)


def frame(**params: object) -> bytes:
    whole = {"id": "m1", "cid": CID, "body": "hello"} | params
    return json.dumps({"message": whole}, ensure_ascii=False).encode("utf-8", "surrogatepass")


def the_long_way(said: bytes) -> Draft:
    """What the handler makes of the frame. Raises: Refused."""
    request = envelope.read(said, OPERATIONS, LIMITS)
    assert isinstance(request, Request)
    core = SimpleNamespace(messages=SimpleNamespace(send=lambda _, draft: draft), files=None)
    talk = SimpleNamespace(
        desk=SimpleNamespace(core=core), actor=None, was_acknowledged=lambda _: False
    )
    return cast("Draft", messages.send(cast("Talk", talk), request.params))


@given(
    ref=st.text(min_size=1, max_size=300),
    body=st.text(max_size=40),
    cid=st.one_of(st.just(CID), st.just(CID.upper()), st.text(max_size=30)),
    x=st.one_of(
        st.none(),
        st.dictionaries(
            st.text(max_size=3), st.one_of(st.integers(), st.text(max_size=3)), max_size=3
        ),
    ),
    has_x=st.booleans(),
)
def test_both_ways_say_the_same(
    ref: str, body: str, cid: str, x: dict[str, Any] | None, *, has_x: bool
) -> None:
    said = frame(id=ref, body=body, cid=cid, **({"x": x} if has_x else {}))
    plain = read_plain(said, LIMITS)
    if plain is None:
        return
    draft = the_long_way(said)
    assert (draft.client_ref, draft.chat_id, draft.text, draft.extra) == plain
    assert draft == Draft(draft.chat_id, draft.text, draft.client_ref, draft.extra)


def test_the_most_frequent_ones_are_plain() -> None:
    assert read_plain(frame(), LIMITS) == ("m1", CHAT, "hello", "")
    assert read_plain(frame(body="здравствуй 😀"), LIMITS) == ("m1", CHAT, "здравствуй 😀", "")
    assert read_plain(frame(x={"a": [1, {"b": None}]}), LIMITS) == (
        "m1", CHAT, "hello", '{"a":[1,{"b":null}]}',
    )  # fmt: skip
    assert read_plain(frame(x={}), LIMITS) == ("m1", CHAT, "hello", "")
    assert read_plain(frame(cid="nothing"), LIMITS) == ("m1", UNKNOWN, "hello", "")


@pytest.mark.parametrize(
    "said",
    [
        frame(id=""),
        frame(id=5),
        frame(id=None),
        frame(id="x" * (MAX_REF + 1)),
        frame(id="é"),
        frame(cid=""),
        frame(cid=None),
        frame(cid=7),
        frame(body=""),
        frame(body=" \n"),
        frame(body=None),
        frame(body="x" * (MAX_TEXT + 1)),
        frame(x=None),
        frame(x=[]),
        frame(x={"a": "x" * MAX_X}),
        frame(x={"a": "é" * (MAX_X // 2)}),
        frame(x={str(each): each for each in range(1_001)}),
        frame(attachments=[]),
        frame(replied_message_id=None),
        frame().replace(b"hello", b"\\u0000"),
        frame().replace(b"hello", b"\\ud83d"),
        frame().replace(b"hello", b"\xff"),
        frame().replace(b'"message"', b'"system_message"'),
        frame()[:-1] + b',"id":1}',
        frame()[:-1],
        b'{"request":%b}' % frame(),
        b'{"message":null}',
        b"",
        b'{"message":' * 5_000,
    ],
)
def test_whatever_else_there_is_to_it_takes_the_long_way(said: bytes) -> None:
    assert read_plain(said, LIMITS) is None


def test_what_is_refused_is_never_plain() -> None:
    for said in (frame(id=""), frame(cid=""), frame(body=" "), frame(x=None), frame(x=[])):
        with pytest.raises(Refused):
            the_long_way(said)
