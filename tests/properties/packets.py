"""A valid request of every operation, and what can be done to spoil it."""

import json
from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

from tertulia.dialects.sama.envelope import BARE

Json = Any
Names = Mapping[str, str]


def valid(names: Names) -> dict[str, Json]:
    """Parameters that each operation accepts. *names*: tea, hall, anna, me, hers, mine, login, token."""
    tea, hall, anna, mine = names["tea"], names["hall"], names["anna"], names["mine"]
    phone = [{"type": "home", "value": "+15550100"}]
    contact = {"first_name": "Ada", "last_name": "Rey", "company": "Tea", "phone": phone}
    keys = {"identity_key": "i", "signed_key": "s", "one_time_pre_keys": ["a", "b"]}
    page = {"limit": 10, "updated_at": {"gt": "2026-01-01T00:00:00.000Z", "lt": 1_900_000_000_000}}
    picture = {"file_id": "f", "file_name": "n", "file_blur_hash": "h"}
    return {
        "ping": {},
        "user_create": {
            "login": "new-login", "password": "secret", "email": "e", "phone": "555",
            "device_id": "d", "first_name": "Ada", "last_name": "Rey", "organization_id": "default",
            "invite": "i",
        },
        "user_login": {"login": names["login"], "password": "secret", "device_id": "d"},
        "connect": {
            "token": names["token"], "device_id": "d", "extensions": ["chat_settings"],
        },
        "user_logout": {},
        "user_edit": {
            "login": names["login"], "email": "a@b.example", "phone": "5551", "first_name": "Ada",
            "last_name": "Rey", "avatar_object": picture, "new_password": "secret",
            "current_password": "secret",
        },
        "user_delete": {},
        "user_search": {"keyword": "a", "limit": 5, "ignore_ids": [anna], "updated_at": {"gt": 1}},
        "get_users_by_ids": {"ids": [anna, names["me"]]},
        "user_send_otp": {"email": "nobody@example.org", "device_id": "d"},
        "user_reset_password": {
            "email": "nobody@example.org", "device_id": "d", "token": 123_456, "new_password": "xyz",
        },
        "contact_add": contact,
        "contact_batch_add": {"contacts": [contact, contact]},
        "contacts": [contact],
        "contact_update": {"id": anna, **contact},
        "contact_list": {"updated_at": "2026-01-01", "limit": 5, "ids": [anna]},
        "contact_delete": {"id": anna},
        "conversation_create": {
            "type": "g", "name": "n", "description": "d", "participants": [anna],
            "image_object": picture, "opponent_id": anna, "is_encrypted": False,
        },
        "conversation_update": {
            "id": tea, "name": "n", "description": "d", "image_object": picture,
            "participants": {"add": [anna], "remove": []}, "admins": {"add": [], "remove": [anna]},
        },
        "conversation_delete": {"id": hall},
        "conversation_list": {**page, "ids": [tea]},
        "conversation_search": {"name": "t", "limit": 3, "updated_at": {"gt": 1}},
        "get_participants_by_cids": {"cids": [tea, hall]},
        "get_admins_by_cids": {"cids": [tea, hall]},
        "conversation_subscribe": {"cid": tea},
        "conversation_unsubscribe": {"cid": tea},
        "message": {
            "id": "x1", "cid": tea, "body": "hello", "x": {"a": {"b": [1, "2"]}},
            "attachments": [{
                "file_url": "https://example.org/a", "file_name": "a", "file_size": 5,
                "file_width": 3, "file_height": 2, "file_content_type": "image/png",
                "file_blur_hash": None, "extra": {"deep": [1]},
            }],
            "replied_message_id": names["hers"], "forwarded_message_id": names["hers"],
            "deleted_for": [anna], "encrypted_message_type": 0,
        },
        "system_message": {"id": "s1", "cid": tea, "x": {"call": {}}},
        "message_edit": {"id": mine, "body": "edited"},
        "message_delete": {"cid": tea, "type": "myself", "ids": [names["hers"]]},
        "message_list": {
            "cid": tea, **page, "ids": [names["hers"], mine], "created_at": {"gt": 1, "lt": 2},
        },
        "message_read": {"cid": tea, "ids": [names["hers"]]},
        "message_reactions_update": {"mid": names["hers"], "add": "+", "remove": "-"},
        "message_reactions_list": {"mid": names["hers"]},
        "typing": {"cid": tea, "status": "start"},
        "user_last_activity": {"ids": [anna]},
        "user_last_activity_subscribe": {"id": anna},
        "user_last_activity_unsubscribe": {},
        "online_list": {"count": False, "idsOnly": True, "limit": 10, "offset": 0},
        "activity_status": {"isInactive": True},
        "op_log_list": {"created_at": {"gt": 0}},
        "push_subscription_create": {
            "platform": "web", "web_endpoint": "https://push.example/1", "web_key_auth": "a",
            "web_key_p256dh": "k", "device_udid": "d",
        },
        "push_subscription_list": {"user_id": names["me"]},
        "push_subscription_delete": {"device_udid": "none"},
        "push_event_create": {"recipients_ids": [anna], "message": {"title": "t", "body": "b"}},
        "block_user": {"ids": [anna]},
        "unblock_user": {"ids": [anna], "id": anna},
        "list_blocked_users": {},
        "block_list_enable": {"enable": True},
        "device_register": keys,
        "device_list": {},
        "request_keys": {"user_ids": [anna]},
        "device_delete": {"device_id": "d"},
        "message_decryption_failed": {"cid": hall, "ids": [mine]},
        "create_files": [{"name": "a.png", "size": 10, "content_type": "image/png"}],
        "get_file_urls": {"file_ids": [anna]},
        "conversation_handler_create": {"cid": tea, "content": "accept()"},
        "get_conversation_handler": {"cid": tea},
        "conversation_handler_delete": {"cid": tea},
        "message_summary": {"cid": tea, "filter": "unreads"},
        "message_tone": {"body": "hello", "tone": "positive"},
    }  # fmt: skip


def _nested(depth: int) -> Json:
    value: Json = []
    for _ in range(depth):
        value = [value]
    return value


NUMBERS: list[Json] = [
    0, 1, -1, 2, 101, 2**31, 2**53, 2**63 - 1, 2**63, 2**64, -(2**63) - 1, 10**30, -(10**300), 0.0,
    -0.0, 0.5, 1.0, 1e15, 1e19, 1e308, -1e308, 5e-324, float("nan"), float("inf"), 10**4_000,
]  # fmt: skip

TEXTS: list[Json] = [
    "", " ", "\t\n", "x", "0", "-1", "--5", "-", "+1", "1e5", "NaN", "null", "9" * 15, "9" * 400,
    "x" * 256, "x" * 4_097, "я" * 70_000, "\u0000", "a\u0000b", "\u0000" * 30, "\ud800", "x\udfff",
    "\U0001f600" * 50, "e\u0301" * 40, "\u0345" * 300 + "\u0334" * 300, "\u202e\u200b", "%_\\%",
    "'; DROP TABLE messages; --", '"}]}', "0" * 24, "f" * 24, "F" * 24, "z" * 24, "1" * 23, "6b" * 12,
    "default", "u", "g", "c", "all", "myself", "stop", "2026-01-01", "0001-01-01T00:00:00+23:59",
    "9999-12-31T23:59:59.999-23:59", "99999-01-01", "2026-02-30T00:00:00Z", "2026-W01-1", "T", "١٢٣",
    "http://[", "https://example.org/\r\nX: y", "__proto__", "constructor",
]  # fmt: skip

SHAPES: list[Json] = [
    None, True, False, {}, [], [None], [[]], [{}], [0], [True], ["", ""], ["0" * 24] * 3, {"a": 1},
    {"gt": [], "lt": {}}, {"gt": "--5"}, {"gt": 10**30, "lt": -1}, {"add": 5}, {"add": [5]},
    {"add": ["x"], "remove": {}}, {"file_id": 5}, {"file_id": "x", "file_name": []},
    {"conversation_created": {}}, ["x"] * 1_001, ["0" * 24] * 10_001, [0] * 10_001, _nested(70),
    _nested(300), {f"k{number}": 0 for number in range(1_001)}, {"": {"": {"": []}}},
]  # fmt: skip

HOSTILE = st.sampled_from([*NUMBERS, *TEXTS, *SHAPES])


@st.composite
def hostile_packets(draw: st.DrawFn, params: Mapping[str, Json]) -> tuple[str, Json]:
    """An operation's name, and a packet that asks for it with something spoilt."""
    name = draw(st.sampled_from(sorted(params)))
    spoilt = params[name]
    for _ in range(draw(st.integers(0, 3))):
        spoilt = _spoilt(draw, spoilt, names_of(params))
    ref = draw(st.one_of(st.sampled_from(["r", 7, 1.5]), HOSTILE))
    match draw(st.integers(0, 9)):
        case 0:
            packet: Json = {name: spoilt}
        case 1:
            packet = {name: spoilt, "id": ref}
        case 2:
            packet = {"request": {"id": ref, name: spoilt, "ping": {}}}
        case 3:
            packet = {"request": {name: spoilt}}
        case 4:
            packet = {"request": draw(HOSTILE), "id": ref}
        case 5 if name in BARE:
            packet = {name: spoilt}
        case _:
            packet = {"request": {name: spoilt, "id": ref}}
    return name, packet


def names_of(params: Mapping[str, Json]) -> list[str]:
    """Every name of a parameter that any operation knows, and some of their neighbours."""
    others = {"device_token", "uids", "is_inactive", "_id", "user_id"}
    return sorted(
        others | {key for each in params.values() if isinstance(each, dict) for key in each}
    )


def _spoilt(draw: st.DrawFn, value: Json, names: list[str]) -> Json:
    """The value with one thing in it changed, taken away, or added."""
    if isinstance(value, dict) and value and draw(st.integers(0, 9)):
        key = draw(st.sampled_from(sorted(value)))
        match draw(st.integers(0, 5)):
            case 0:
                return {other: value[other] for other in value if other != key}
            case 1:
                return {**value, draw(st.sampled_from(names)): draw(HOSTILE)}
            case _:
                return {**value, key: _spoilt(draw, value[key], names)}
    if isinstance(value, list) and value and draw(st.integers(0, 3)):
        place = draw(st.integers(0, len(value) - 1))
        return [*value[:place], _spoilt(draw, value[place], names), *value[place + 1 :]]
    return draw(HOSTILE)


def frame_of(packet: Json, *, escaped: bool) -> bytes:
    """The packet as bytes; halves of characters that stand alone become bytes that are no UTF-8."""
    return json.dumps(packet, ensure_ascii=escaped).encode("utf-8", "surrogatepass")
