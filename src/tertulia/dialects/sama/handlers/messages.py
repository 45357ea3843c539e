"""Messages API: sending, editing, deleting, typing."""

from typing import TYPE_CHECKING, Any

from msgspec import UNSET

from tertulia.core.ids import AccountId, ChatId, MessageId
from tertulia.core.messages import MAX_TEXT
from tertulia.core.model import Attachment, Draft
from tertulia.core.signals import NewSignal
from tertulia.dialects.sama.errors import FORBIDDEN, NO_BODY, Refused, refused
from tertulia.dialects.sama.handlers.answer import SUCCESS, Answer, Packet
from tertulia.dialects.sama.ids import UNKNOWN, to_wire
from tertulia.dialects.sama.params import Params, need_object
from tertulia.dialects.sama.wire import (
    Acknowledged,
    Acknowledgement,
    SignalAcknowledgement,
    encode,
    whole_second,
)

if TYPE_CHECKING:
    from tertulia.dialects.sama.socket import Talk

BAD_ID = "Incorrect message ID."
NO_CID = "'cid' field is required."
NO_X = "'x' field is required."
X_TYPE = '"x" must be of type object'
BAD_ATTACHMENT = "Invalid attachment fields."

MAX_X = 65_536
"""Bytes of `x` as JSON."""

MAX_ATTACHMENTS = 100
MAX_FILE_SIZE = 104_857_600
MAX_SIDE = 10_000

ATTACHMENT_KEYS = frozenset({
    "file_id", "file_name", "file_blur_hash", "file_content_type", "file_size", "file_width",
    "file_height", "file_url",
})  # fmt: skip

SERVERS_OWN = frozenset({"conversation_created", "conversation_updated", "conversation_kicked"})
"""Keys of `x` that clients take for the server's own word."""


async def message(talk: "Talk", given: Any) -> Answer:
    """Send a message (document, Send/Receive messages and Sent status)."""
    params = need_object(given)
    ref = params.text("id", 1, 255, words=BAD_ID)
    draft = _draft(params, ref, acknowledged=talk.was_acknowledged(ref))
    sent = await talk.desk.core.messages.send(talk.actor, draft)
    talk.note_acknowledged(ref)
    return acknowledged(ref, to_wire(sent.message.id), whole_second(sent.message.sent_at))


def acknowledged(ref: str | None, server_ref: str, second: int) -> Packet:
    """QUIRK sama: the document says `ack`, clients in the field wait for `ask`; one packet has both."""
    said = Acknowledgement(server_ref, second, UNSET if ref is None else ref)
    return Packet(Acknowledged(said, said))


def _draft(params: Params, ref: str | None, *, acknowledged: bool) -> Draft:
    chat_id = ChatId(params.id("cid", words=NO_CID))
    x = _x(params, words=X_TYPE)
    body = _body(params)
    attachments = _attachments(params)
    if not attachments and (body is None or not body.strip()):
        raise Refused(NO_BODY)
    reply_to = _reply(params)
    forward_of = params.text("forwarded_message_id", 0, 255) or ""
    hide_from = params.accounts("deleted_for", 100)
    encrypted = params.values.get("encrypted_message_type")
    if encrypted is not None and encrypted not in (0, 1):
        raise refused('"encrypted_message_type" must be one of [0, 1]')
    return Draft(
        chat_id=chat_id,
        text=body or "",
        client_ref=ref or "",
        extra=x,
        attachments=attachments,
        reply_to=reply_to,
        forward_of=forward_of,
        hide_from=hide_from,
        acknowledged=acknowledged,
    )


def _x(params: Params, *, words: str) -> str:
    """`x` as JSON text, "" when absent."""
    value = params.values.get("x")
    if value is None and "x" not in params.values:
        return ""
    if not isinstance(value, dict):
        raise refused(words)
    text = encode(value).decode()
    if len(text) > MAX_X:
        raise refused(X_TYPE)
    return text if value else ""


def _body(params: Params) -> str | None:
    if "body" not in params.values:
        return None
    body = params.values["body"]
    if not isinstance(body, str) or len(body) > MAX_TEXT:
        raise Refused(NO_BODY)
    return body


def _reply(params: Params) -> MessageId | None:
    words = "Incorrect replied message ID."
    if params.text("replied_message_id", 1, 255, words=words) is None:
        return None
    return MessageId(params.id("replied_message_id", words=words))


def _attachments(params: Params) -> tuple[Attachment, ...]:
    if "attachments" not in params.values:
        return ()
    given = params.values["attachments"]
    if not isinstance(given, list) or not 1 <= len(given) <= MAX_ATTACHMENTS:
        raise Refused(NO_BODY)
    if not all(isinstance(each, dict) for each in given):
        raise Refused(NO_BODY)
    return tuple(_attachment(Params(each)) for each in given)


def _attachment(params: Params) -> Attachment:
    """One attachment, as the client gave it; there are no files yet, so none can be named."""
    more = {
        key: value
        for key, value in params.values.items()
        if key not in ATTACHMENT_KEYS and value is not None
    }
    url = params.text("file_url", 1, 2_048, words=BAD_ATTACHMENT)
    if params.given("file_id") or url is None:
        raise refused(BAD_ATTACHMENT)
    return Attachment(
        url=url,
        name=params.text("file_name", 0, 255, words=BAD_ATTACHMENT) or "",
        blur_hash=params.text("file_blur_hash", 0, 255, words=BAD_ATTACHMENT) or "",
        content_type=params.text("file_content_type", 0, 255, words=BAD_ATTACHMENT) or "",
        size_bytes=_size(params, "file_size", MAX_FILE_SIZE),
        width=_size(params, "file_width", MAX_SIDE),
        height=_size(params, "file_height", MAX_SIDE),
        more=encode(more).decode() if more else "",
    )


def _size(params: Params, key: str, most: int) -> int | None:
    value = params.values.get(key)
    if value is None:
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
        raise refused(BAD_ATTACHMENT)
    return value


async def system_message(talk: "Talk", given: Any) -> Answer:
    """Pass a packet on to who is online; nothing is stored (document, system messages)."""
    params = need_object(given)
    ref = params.need_text("id", 1, 255, words=BAD_ID)
    if params.given("cid") == params.given("uids"):
        raise refused("'cid' or 'uids' field is required.")
    chat_id = ChatId(params.id("cid", words=NO_CID)) if params.given("cid") else None
    listed = params.values.get("uids")
    if isinstance(listed, list) and len(listed) > 20:
        raise refused("'uids' max length 20")
    accounts = params.ids("uids", 20, low=1, words="'cid' or 'uids' field is required.")
    if not isinstance(params.values.get("x"), dict):
        raise refused(NO_X)
    x = _x(params, words=NO_X) or "{}"
    if not SERVERS_OWN.isdisjoint(params.values["x"]):
        raise Refused(FORBIDDEN)
    new = NewSignal(ref, x, chat_id, _accounts(accounts))
    at = await talk.desk.core.signals.send(talk.actor, new)
    said = SignalAcknowledgement(ref, whole_second(at), ref)
    return Packet(Acknowledged(said, said))


def _accounts(found: list[int] | None) -> tuple[AccountId, ...]:
    return tuple(AccountId(each) for each in dict.fromkeys(found or ()) if each != UNKNOWN)


async def typing(talk: "Talk", given: Any) -> Answer:
    """Tell the others that one writes (document, Typing status). There is no answer."""
    params = need_object(given)
    chat_id = ChatId(params.id("cid", words=NO_CID))
    state = params.text("status", 0, 255) or ""
    if state not in {"", "start", "stop"}:
        raise refused('"status" must be one of [start, stop]')
    await talk.desk.core.signals.typing(talk.actor, chat_id, state)
    return None


async def message_edit(talk: "Talk", given: Any) -> Answer:
    """Write one's message anew (document, Update / edit)."""
    params = need_object(given)
    message_id = MessageId(params.id("id", words=BAD_ID))
    body = params.values.get("body")
    if not isinstance(body, str) or not 1 <= len(body) <= MAX_TEXT:
        raise Refused(NO_BODY)
    await talk.desk.core.messages.edit(talk.actor, message_id, body)
    return SUCCESS


async def message_delete(talk: "Talk", given: Any) -> Answer:
    """Delete messages for everybody or for oneself (document, Delete)."""
    params = need_object(given)
    chat_id = ChatId(params.id("cid", words=NO_CID))
    kind = params.text("type", 0, 255, words="The type you entered is incorrect.")
    if not kind:
        raise refused("Message type missed.")
    if kind not in {"myself", "all"}:
        raise refused("The type you entered is incorrect.")
    found = params.need_ids("ids", 100, low=1, words="Message ID missed.")
    messages = talk.desk.core.messages
    remove = messages.delete if kind == "all" else messages.hide
    await remove(talk.actor, chat_id, [MessageId(each) for each in found])
    return SUCCESS
