"""Whatever is sent, everybody hears back in the documented form, and nothing breaks."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosed

from tertulia.dialects.sama.handlers import OPERATIONS
from tests.properties.packets import HOSTILE, Json, frame_of, hostile_packets, names_of, valid
from tests.properties.town import Client, Packet, Town, town

NO_AGENT = {"message_summary", "message_tone"}
"""Answered with 500 by design: published apps show an apology of their own for it."""

MEBIBYTE = 1 << 20

PLACEHOLDERS = {
    name: f"<{name}>" for name in ("tea", "hall", "anna", "me", "hers", "mine", "login", "token")
}


class Scene:
    """A town where Anna says something, and somebody new comes to spoil it."""

    def __init__(self, place: Town) -> None:
        self.town = place
        login, self.anna_id = place.settle("anna")
        self.anna = place.comes(login)
        self.tea = ""
        self.said: list[str] = []

    def stranger(self) -> tuple[Client, dict[str, str]]:
        """Somebody new in a group of Anna's, and what the placeholders stand for."""
        login, me = self.town.settle("mallory")
        made = self.anna.ask(
            "conversation_create", {"type": "g", "name": "tea", "participants": [me]}
        )
        self.tea = made["conversation"]["_id"]
        self.said = [say(self.anna, self.tea, f"safe {number}") for number in range(3)]
        client = self.town.client()
        params = {"login": login, "password": "secret", "device_id": "d"}
        token = client.ask("user_login", params)["token"]
        pair = {"type": "u", "participants": [self.anna_id]}
        hall = client.ask("conversation_create", pair)["conversation"]["_id"]
        mine = say(client, self.tea, "mine")
        names = {
            "tea": self.tea,
            "hall": hall,
            "anna": self.anna_id,
            "me": me,
            "hers": self.said[0],
        }
        return client, names | {"mine": mine, "login": login, "token": token}

    def check(self) -> None:
        """All is well."""
        assert self.town.mistakes == []
        assert self.town.is_healthy()
        if self.said:
            page = {"cid": self.tea, "ids": self.said}
            listed = self.anna.ask("message_list", page)["messages"]
            assert [each["_id"] for each in reversed(listed)] == self.said


def say(client: Client, cid: str, body: str) -> str:
    """The id of a new message."""
    client.send({"message": {"id": body, "cid": cid, "body": body}})
    while "ask" not in (packet := client.receive()):
        assert "error" not in packet.get("message", {}), packet
    return str(packet["ask"]["server_mid"])


@pytest.fixture(scope="module")
def scene() -> Iterator[Scene]:
    with town() as place:
        yield Scene(place)


def placed(value: Json, names: dict[str, str]) -> Json:
    """The value with its placeholders filled."""
    if isinstance(value, dict):
        return {key: placed(each, names) for key, each in value.items()}
    if isinstance(value, list) and len(value) <= 100:
        return [placed(each, names) for each in value]
    if isinstance(value, str) and value.startswith("<"):
        return names.get(value[1:-1], value)
    return value


def is_answer(packet: Packet) -> bool:
    """Whether the packet answers something, or tells of something."""
    (kind,) = [key for key in packet if key != "ack"]
    content: Any = packet[kind]
    return kind in {"response", "ask"} or (isinstance(content, dict) and "error" in content)


def check_error(error: Any, name: str) -> None:
    """An error has the documented form."""
    assert set(error) == {"status", "message"}, error
    assert isinstance(error["message"], str)
    assert error["message"]
    assert 400 <= error["status"] < 500 or (error["status"] == 500 and name in NO_AGENT), error


def as_heard(text: str) -> str:
    """What every text becomes on its way in: NUL goes, and half a pair of UTF-16 is no character."""
    return re.sub("[\ud800-\udfff]", "\ufffd", text.replace("\0", ""))


def check_answer(packet: Packet, name: str, ref: Any) -> None:
    """An answer has one of the documented forms, and the request's own id if it has one."""
    match packet:
        case {"response": dict(content)} if len(packet) == 1:
            if "error" in content:
                assert set(content) <= {"id", "error"}, packet
                check_error(content["error"], name)
            given = content.get("id")
            if given is not None:
                assert isinstance(ref, str | int | float), packet
                assert given == (as_heard(ref) if isinstance(ref, str) else ref)
                assert type(given) is type(ref)
        case {"ask": dict(ask), "ack": dict(ack)} if len(packet) == 2:
            assert ask == ack
            assert {"server_mid", "t"} <= set(ask)
        case {"message": content} | {"system_message": content} | {"typing": content}:
            assert len(packet) == 1
            assert set(content) <= {"id", "error"}, packet
            check_error(content["error"], name)
        case _:
            raise AssertionError(f"an answer of no known form: {packet}")


def ref_of(packet: Json) -> Any:
    """The id of a request, wherever it stands."""
    inner = packet.get("request", packet)
    return inner.get("id") if isinstance(inner, dict) else None


def test_there_is_a_valid_packet_of_every_operation() -> None:
    assert set(valid(PLACEHOLDERS)) == set(OPERATIONS)


def test_the_valid_packets_are_valid(scene: Scene) -> None:
    """At least as far as their parameters go; otherwise the tests below would test little."""
    refused = {}
    for name in OPERATIONS:
        client, names = scene.stranger()
        params = placed(valid(PLACEHOLDERS), names)
        client.send({"request": {name: params[name], "id": 1}})
        for packet in filter(is_answer, client.heard()):
            if "error" in packet.get("response", {}):
                refused[name] = packet["response"]["error"]["message"]
        client.close()
    scene.check()
    assert set(refused) <= {
        # There is no such contact, channel, right, address or program in this town.
        "contact_update", "conversation_subscribe", "conversation_unsubscribe",
        "conversation_update", "conversation_handler_create", "get_conversation_handler",
        "conversation_handler_delete", "message_summary", "message_tone", "user_send_otp",
        "user_reset_password", "device_delete", "push_event_create", "push_subscription_delete",
    }, refused  # fmt: skip


@pytest.mark.slow
@settings(
    max_examples=60,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
    suppress_health_check=[
        HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.large_base_example,
        HealthCheck.data_too_large,
    ],
)  # fmt: skip
@given(
    packets=st.lists(
        st.tuples(hostile_packets(valid(PLACEHOLDERS)), st.booleans()), min_size=1, max_size=6
    )
)
def test_hostile_packets_are_answered_and_harm_nobody(
    scene: Scene, packets: list[tuple[tuple[str, Json], bool]]
) -> None:
    client, names = scene.stranger()
    try:
        for (name, spoilt), escaped in packets:
            packet = placed(spoilt, names)
            frame = frame_of(packet, escaped=escaped)
            if len(frame) > MEBIBYTE:
                continue
            client.send_frame(frame, as_text=True)
            answers = [each for each in client.heard() if is_answer(each)]
            assert len(answers) <= 1, answers
            if not answers:
                assert name == "typing", packet
            for answer in answers:
                check_answer(answer, name, ref_of(packet))
    finally:
        client.close()
    scene.check()


@pytest.mark.slow
def test_each_field_of_each_operation_survives_hostile_values(scene: Scene) -> None:
    hostile = list(HOSTILE.elements)  # type: ignore[attr-defined]  # it was made of a list
    client, names = scene.stranger()
    params = placed(valid(PLACEHOLDERS), names)
    keep = {"user_logout", "user_delete", "connect", "user_login", "user_create", "user_edit"}
    for name in sorted(set(params) - keep):
        fields = params[name] if isinstance(params[name], dict) else {}
        frames = [frame_of({"request": {name: value, "id": 0}}, escaped=True) for value in hostile]
        frames += [
            frame_of({"request": {name: {**fields, field: value}, "id": 0}}, escaped=True)
            for turn, field in enumerate(sorted(fields))
            # A third of the values each; the hypothesis above mixes them at will.
            for value in hostile[turn % 3 :: 3]
        ]
        for start in range(0, len(frames), 15):
            # Fewer than would count as nothing but rubbish.
            for frame in frames[start : start + 15]:
                client.send_frame(frame, as_text=True)
            answers = [each for each in client.heard() if is_answer(each)]
            for answer in answers:
                check_answer(answer, name, 0)
            assert name == "typing" or len(answers) == len(frames[start : start + 15]), name
    client.close()
    scene.check()


def test_a_stranger_is_refused_before_anything_is_looked_at(scene: Scene) -> None:
    client = scene.town.client()
    names = names_of(valid(PLACEHOLDERS))
    for name in [*sorted(set(OPERATIONS) - {"ping"}), "nonsense"]:
        client.send({"request": {name: {key: [[]] for key in names}, "id": name}})
        (answer,) = client.heard()
        check_answer(answer, name, name)
        open_to_all = {
            "user_create",
            "user_login",
            "connect",
            "user_send_otp",
            "user_reset_password",
        }
        assert (answer["response"]["error"]["status"] == 401) is (name not in open_to_all), answer
    client.close()
    scene.check()


FRAMES = [
    b"", b" ", b"\x00", b"null", b"5", b'"x"', b"[]", b"{", b'{"request"', b"{}{}", b"\xff", b"\xc3",
    b'{"request": {"ping": {}, "id": "\xc3"}}', b'{"request": {"ping": {}, "id": "\xed\xa0\x80"}}',
    b'{"request": {"ping": {}, "id": "\\ud800"}}', b'{"request": {"ping": NaN}}', b"\xef\xbb\xbf{}",
    b'{"request": {"ping": {"a": 1e999}}}', b"[" * 500_000, b'{"a":' * 200_000, b"9" * 1_000_000,
    b'{"message": ' + b"[" * 60 + b"]" * 60 + b"}", b'{"message": null}', b'{"message": "x"}',
    b'{"request": {"ping": {}, "ping": {}, "id": 1, "id": 2}}', b'{"id": 5}', b"{}", b'{"": {}}',
    b'{"request": {"ping": {}}, "response": {"ping": {}}}', b'{"request": null}', b'{"request": []}',
    b'{"message": {"id": "x", "cid": "' + b"a" * 1_000_000 + b'"}}',
    b'{"request": {"ping": {}, "id": "' + b"i" * 1_000_000 + b'"}}',
    b'{"request": {"user_create": {"login": "' + "\u0345".encode() * 250_000
    + "\u0334".encode() * 250_000 + b'", "password": "secret"}, "id": 1}}',
    b'{"request": {"user_search": {"keyword": "' + b"%" * 65_000 + b'"}, "id": 1}}',
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("as_text", [True, False])
@pytest.mark.parametrize("is_signed_in", [True, False])
def test_whatever_a_frame_holds_there_is_one_answer(
    scene: Scene, *, as_text: bool, is_signed_in: bool
) -> None:
    client = scene.stranger()[0] if is_signed_in else scene.town.client()
    for frame in FRAMES:
        client.send_frame(frame, as_text=as_text)
        assert len(client.heard()) == 1, frame[:60]
    client.close()
    scene.check()


@pytest.mark.slow
def test_a_frame_of_more_than_a_mebibyte_closes_with_1009(scene: Scene) -> None:
    for name, size in (("exactly", MEBIBYTE), ("more", MEBIBYTE + 1)):
        client, names = scene.stranger()
        around = len(json.dumps({"message": {"id": name, "cid": names["tea"], "body": ""}}))
        packet = {"message": {"id": name, "cid": names["tea"], "body": "x" * (size - around)}}
        client.send(packet)
        if name == "exactly":
            (answer,) = client.heard()
            assert answer["message"]["error"]["status"] == 422
        else:
            with pytest.raises(ConnectionClosed) as closed:
                client.heard()
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 1009
        client.close()
    scene.check()


def test_twenty_frames_of_rubbish_in_a_row_close_with_1008(scene: Scene) -> None:
    client, _ = scene.stranger()
    for _ in range(19):
        client.send_frame(b"{", as_text=True)
    assert len(client.heard()) == 19
    for _ in range(20):
        client.send_frame(b"{", as_text=True)
    with pytest.raises(ConnectionClosed) as closed:
        client.heard()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1008
    scene.check()
