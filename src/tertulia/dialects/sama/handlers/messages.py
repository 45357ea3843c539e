"""Messages API: sending, editing, deleting, typing."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from msgspec import UNSET

from tertulia.core.ids import AccountId, ChatId, MessageId
from tertulia.core.message_model import Draft, Sent
from tertulia.core.messages import check_length
from tertulia.core.pending import Pending
from tertulia.core.signals import NewSignal
from tertulia.dialects.sama.acknowledgements import (
    Acknowledged,
    Acknowledgement,
    AwaitedFile,
    SignalAcknowledgement,
)
from tertulia.dialects.sama.errors import FORBIDDEN, NO_BODY, Refused, refused
from tertulia.dialects.sama.handlers.answer import SUCCESS, Answer, Packet
from tertulia.dialects.sama.handlers.attachments import attachments, awaited
from tertulia.dialects.sama.handlers.caller import Caller
from tertulia.dialects.sama.ids import UNKNOWN, to_wire
from tertulia.dialects.sama.params import Params, need_object
from tertulia.dialects.sama.wire import encode, whole_second

if TYPE_CHECKING:
    from tertulia.dialects.sama.socket import Talk

BAD_ID = "Incorrect message ID."
NO_CID = "'cid' field is required."
NO_X = "'x' field is required."
X_TYPE = '"x" must be of type object'

MAX_REF = 255
"""Code points of a client's own id for a message."""

MAX_X = 65_536
"""Bytes of `x` as JSON."""

PLAIN = frozenset({"id", "cid", "x", "body", "attachments"})
"""What most messages are made of; with nothing else in them there is nothing else to check."""

SERVERS_OWN = frozenset({"conversation_created", "conversation_updated", "conversation_kicked"})
"""Keys of `x` that clients take for the server's own word."""


async def message(talk: Caller, given: Any) -> Answer:
    """Send a message (document, Send/Receive messages and Sent status)."""
    params = need_object(given)
    ref = params.text("id", 1, MAX_REF, words=BAD_ID)
    draft = _draft(talk, params, ref)
    sent = await talk.desk.core.messages.send(talk.actor, draft)
    talk.note_acknowledged(ref)
    stored = sent.message
    new = awaited(draft.attachments, stored.attachments, talk.desk.core.files)
    return acknowledged(ref, to_wire(stored.id), whole_second(stored.sent_at), new)


def send(talk: "Talk", given: Any) -> Pending[Sent] | None:
    """The short way of a message: on its way to the disk at once, without a task of its own.

    None when it needs the long one (`message`), which may ask the core for more than one thing.
    """
    params = need_object(given)
    if "attachments" in params.values:
        return None
    ref = params.text("id", 1, MAX_REF, words=BAD_ID)
    draft = _draft(talk, params, ref)
    return talk.desk.core.messages.send(talk.actor, draft)


def sent(talk: "Talk", ref: str | None, outcome: Sent) -> bytes:
    """The acknowledgement of `send`, as JSON."""
    talk.note_acknowledged(ref)
    stored = outcome.message
    packet = acknowledged(ref, to_wire(stored.id), whole_second(stored.sent_at))
    return encode(packet.content)


def acknowledged(
    ref: str | None, server_ref: str, second: int, new_files: Sequence[AwaitedFile] = ()
) -> Packet:
    """QUIRK sama: the document says `ack`, clients in the field wait for `ask`; one packet has both."""
    said = Acknowledgement(server_ref, second, UNSET if ref is None else ref)
    if new_files:
        said.attachments = new_files
    return Packet(Acknowledged(said, said))


def _draft(talk: Caller, params: Params, ref: str | None) -> Draft:
    chat_id = ChatId(params.id("cid", words=NO_CID))
    x = _x(params, words=X_TYPE)
    body = _body(params)
    attached = attachments(params, talk.desk.core.files)
    if not attached and (body is None or not body.strip()):
        raise Refused(NO_BODY)
    if params.values.keys() <= PLAIN:
        return Draft(
            chat_id, body or "", ref or "", x, attached, acknowledged=talk.was_acknowledged(ref)
        )
    reply_to = _reply(params)
    forward_of = params.text("forwarded_message_id", 0, 255) or ""
    hide_from = params.accounts("deleted_for", 100)
    encrypted = params.values.get("encrypted_message_type")
    if encrypted is not None and (type(encrypted) is not int or encrypted not in {0, 1}):
        raise refused('"encrypted_message_type" must be one of [0, 1]')
    return Draft(
        chat_id=chat_id,
        text=body or "",
        client_ref=ref or "",
        extra=x,
        attachments=attached,
        reply_to=reply_to,
        forward_of=forward_of,
        hide_from=hide_from,
        acknowledged=talk.was_acknowledged(ref),
        cipher=None if encrypted is None else int(encrypted),
    )


def _x(params: Params, *, words: str) -> str:
    """`x` as JSON text, "" when absent."""
    value = params.values.get("x")
    if value is None and "x" not in params.values:
        return ""
    if not isinstance(value, dict):
        raise refused(words)
    text = encode(value)
    if len(text) > MAX_X:
        raise refused(X_TYPE)
    return text.decode() if value else ""


def _body(params: Params) -> str | None:
    if "body" not in params.values:
        return None
    body = params.values["body"]
    if not isinstance(body, str):
        raise Refused(NO_BODY)
    check_length(body)
    return body


def _reply(params: Params) -> MessageId | None:
    words = "Incorrect replied message ID."
    if params.text("replied_message_id", 1, 255, words=words) is None:
        return None
    return MessageId(params.id("replied_message_id", words=words))


async def system_message(talk: Caller, given: Any) -> Answer:
    """Pass a packet on to who is online; nothing is stored (document, system messages)."""
    params = need_object(given)
    ref = params.need_text("id", 1, MAX_REF, words=BAD_ID)
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


async def message_edit(talk: Caller, given: Any) -> Answer:
    """Write one's message anew (document, Update / edit)."""
    params = need_object(given)
    message_id = MessageId(params.id("id", words=BAD_ID))
    body = params.values.get("body")
    if not isinstance(body, str):
        raise Refused(NO_BODY)
    await talk.desk.core.messages.edit(talk.actor, message_id, body)
    return SUCCESS


async def message_delete(talk: Caller, given: Any) -> Answer:
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
