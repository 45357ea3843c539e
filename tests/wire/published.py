"""What the published clients of SAMA read, and as what: the mobile one ends at a null or a wrong type.

Only what both sides of the code show them doing is here: a field without a default is one that they
read without asking whether it is there. Every packet that a page's SAMA socket hears is checked.
"""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType, field

from tests.wire.shapes import Json

Id = Annotated[str, Meta(pattern="^[0-9a-f]{24}$")]
Date = Annotated[str, Meta(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")]
Text = str | UnsetType
Whole = int | UnsetType


class Picture(Struct):
    """Of a user or a conversation."""

    file_id: str
    file_name: Text = UNSET
    file_blur_hash: Text = UNSET


class User(Struct):
    """The web client finds people by `native_id`, the mobile one by `_id`."""

    id: Id = field(name="_id")
    native_id: Id
    login: str
    created_at: Date
    updated_at: Date
    recent_activity: int
    first_name: Text = UNSET
    last_name: Text = UNSET
    email: Text = UNSET
    phone: Text = UNSET
    avatar_object: Picture | UnsetType = UNSET
    avatar_url: Text = UNSET


class Attachment(Struct):
    """The mobile client reads sides as whole numbers."""

    file_id: Text = UNSET
    file_name: Text = UNSET
    file_blur_hash: Text = UNSET
    file_url: Text = UNSET
    file_content_type: Text = UNSET
    file_width: Whole = UNSET
    file_height: Whole = UNSET


class LastMessage(Struct):
    """In a list of conversations; the web client takes the length of the body."""

    id: Id = field(name="_id")
    sender: Id = field(name="from")
    body: str
    t: int
    created_at: Date
    x: dict[str, Any]
    attachments: list[Attachment] | UnsetType = UNSET
    status: Text = UNSET


class Message(LastMessage, kw_only=True):
    """The web client shows as edited what has two different dates."""

    cid: Id
    updated_at: Date
    replied_message_id: Text = UNSET
    forwarded_message_id: Text = UNSET


class Conversation(Struct):
    """The mobile client needs both dates and the type of each."""

    id: Id = field(name="_id")
    type: Literal["u", "g", "c"]
    owner_id: Id
    created_at: Date
    updated_at: Date
    opponent_id: Text = UNSET
    name: Text = UNSET
    description: Text = UNSET
    image_object: Picture | UnsetType = UNSET
    image_url: Text = UNSET
    unread_messages_count: Whole = UNSET
    last_message: LastMessage | UnsetType = UNSET
    is_encrypted: bool | UnsetType = UNSET


class Edit(Struct):
    """Who edited what."""

    id: Id
    body: str
    sender: Id = field(name="from")


class Names(Struct):
    """Of read or deleted messages: the web client takes the first for the newest."""

    cid: Id
    sender: Id = field(name="from")
    ids: Annotated[list[Id], Meta(min_length=1)]


class Typing(Struct):
    """Who is writing where."""

    cid: Id
    sender: Id = field(name="from")
    t: int


class About(Struct):
    """What the server says of a conversation."""

    created: Conversation | UnsetType = field(name="conversation_created", default=UNSET)
    updated: Conversation | UnsetType = field(name="conversation_updated", default=UNSET)
    kicked: Conversation | UnsetType = field(name="conversation_kicked", default=UNSET)


class SystemMessage(Struct):
    """The mobile client needs the sender."""

    sender: Id = field(name="from")
    t: int
    x: About
    cid: Text = UNSET


class Ack(Struct):
    """The clients wait for this name, and the mobile one reads both fields."""

    server_mid: str
    t: int


PACKETS: dict[str, Any] = {
    "message": Message,
    "message_edit": Edit,
    "message_read": Names,
    "message_delete": Names,
    "typing": Typing,
    "system_message": SystemMessage,
    "ask": Ack,
}


def readable(packet: Json) -> None:
    """Nothing, when published clients can read the packet. Raises: AssertionError."""
    if not isinstance(packet, dict):
        return
    try:
        for name, kind in PACKETS.items():
            told = packet.get(name)
            if isinstance(told, dict) and "error" not in told:
                msgspec.convert(told, kind)
        response = packet.get("response")
        if isinstance(response, dict):
            _answer(response)
    except msgspec.ValidationError as error:
        raise AssertionError(f"no published client reads this: {error}\n{packet}") from error


def _answer(response: dict[str, Any]) -> None:
    for one, many, kind in (
        ("user", "users", User),
        ("conversation", "conversations", Conversation),
        ("message", "messages", Message),
    ):
        listed = response.get(many, [])
        found = [response.get(one), *(listed if isinstance(listed, list) else [])]
        msgspec.convert([each for each in found if isinstance(each, dict)], list[kind])  # type: ignore[valid-type]
    present = response.get("conversations")
    if isinstance(present, dict):
        users = {user["_id"] for user in response["users"]}
        named = {name for names in present.values() for name in names}
        assert named <= users, f"the mobile client finds no user {named - users}"
    for entry in response.get("logs", []):
        readable(entry["packet"])
