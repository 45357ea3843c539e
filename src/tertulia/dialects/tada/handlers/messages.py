"""Messages over HTTP: send, list, search, change, delete, react (later clients)."""

from collections.abc import Iterable
from typing import Any

from tertulia.core.errors import NotAllowed, NotFound
from tertulia.core.flags import IMPORTANT, NO_PREVIEW, SILENT, VOICE
from tertulia.core.histories import MessageChange, Target
from tertulia.core.ids import ChatId
from tertulia.core.message_model import Draft, MessageRef
from tertulia.core.model import File
from tertulia.core.team_model import Membership
from tertulia.core.whole import WholeMessage
from tertulia.dialects.tada import errors, filters, sending
from tertulia.dialects.tada.desk import View
from tertulia.dialects.tada.fields import Fields
from tertulia.dialects.tada.handlers.teams import need_team
from tertulia.dialects.tada.handlers.uploads import announced
from tertulia.dialects.tada.limits import MAX_MESSAGE
from tertulia.dialects.tada.messages import shown, shown_v3
from tertulia.dialects.tada.people import people_in_messages
from tertulia.dialects.tada.request import Call
from tertulia.dialects.tada.routes import Operation
from tertulia.web.forms import MULTIPART, Incoming

MAX_REACTION = 32
"""Characters."""


async def said(
    call: Call, membership: Membership, messages: Iterable[WholeMessage]
) -> list[dict[str, Any]]:
    """The messages as the caller sees them."""
    found = list(messages)
    looking = (await people_in_messages(call.desk, membership, found)).looking()
    show = shown_v3 if call.view is View.V3 else shown
    return [show(each, looking) for each in found]


async def target_of(call: Call, membership: Membership) -> Target:
    """The chat in the path. Raises: NotFound("chat" | "contact")."""
    return await sending.target(call.desk, call.actor, membership.team.id, call.path["jid"])


async def send(call: Call) -> dict[str, Any]:
    """`POST …/messages`: words, or with a file in the body that file."""
    membership = await need_team(call)
    team_id, jid = membership.team.id, call.path["jid"]
    where = await target_of(call, membership)
    await sending.need_writable(call.desk, call.actor, team_id, where)
    kind = call.request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == MULTIPART:
        incoming = await call.file()
        if incoming is not None:
            return await _send_file(call, membership, where, incoming)
    form = await call.fields()
    content = form.object("content") or form
    _, whole = await sending.post(call.desk, call.actor, team_id, jid, form, content)
    (message,) = await said(call, membership, [whole])
    return message


async def _send_file(
    call: Call, membership: Membership, where: Target, incoming: Incoming
) -> dict[str, Any]:
    """A message that is one file. What the query says counts like the fields beside the file."""
    form = Fields({**call.query.values, **(await call.fields()).values}, is_text=True)
    name = form.text("message_id") or ""
    ref = sending.find_ref(name) if name else None
    if name and (ref is None or not ref.uid):
        form.note("message_id", errors.WRONG_VALUE)
    text = form.raw_text("text", most=MAX_MESSAGE) or ""
    flags = VOICE if form.values.get("type") == "audiomsg" else 0
    for key, bit in (("important", IMPORTANT), ("nopreview", NO_PREVIEW), ("silently", SILENT)):
        flags |= bit if form.flag(key) else 0
    form.check()
    team_id = membership.team.id
    place = await sending.need_writable(call.desk, call.actor, team_id, where)
    if ref is not None:
        known = (await call.core.histories.named(call.actor, team_id, [ref])).get(ref)
        if known is not None:
            (whole,) = await call.core.histories.whole([known.id])
            if known.target != where or whole.message.author_id != call.actor.account_id:
                raise NotAllowed("uid")
            # It came already, and its answer was lost on the way.
            (message,) = await said(call, membership, [whole])
            return message
    new = await announced(incoming)
    file = await call.core.team_uploads.take(call.actor, team_id, new, incoming.chunks())
    try:
        whole = await sending.say(
            call.desk, call.actor, place, where, _draft(file, ref, text, flags)
        )
    except BaseException:
        # Nothing half done: the file counts for nobody.
        await call.core.team_uploads.drop(file)
        raise
    if all(each.file_id != file.id for each in whole.message.attachments):
        # The same came twice at once; the other one's file is there.
        await call.core.team_uploads.drop(file)
    (message,) = await said(call, membership, [whole])
    return message


def _draft(file: File, ref: MessageRef | None, text: str, flags: int) -> Draft:
    """A message of that file, or words with it."""
    return Draft(
        ChatId(0),
        text if text.strip() else "",
        attachments=(sending.attached(file),),
        uid="" if ref is None else ref.uid,
        flags=flags,
        reads=True,
    )


async def history(call: Call) -> dict[str, Any]:
    """`GET …/messages`: one chat, newest first."""
    membership = await need_team(call)
    where = await target_of(call, membership)
    # Whether one may look comes before what one asks for.
    await call.core.histories.whereabouts(call.actor, membership.team.id, where)
    wish = await filters.messages(call, membership, in_one_chat=True)
    found = await call.core.histories.page(call.actor, membership.team.id, where, wish)
    return {"messages": await said(call, membership, found)}


async def search(call: Call) -> dict[str, Any]:
    """`GET /teams/{team}/messages`: all chats of the team."""
    membership = await need_team(call)
    wish = await filters.messages(call, membership, in_one_chat=False)
    found, count = await call.core.histories.search(call.actor, membership.team.id, wish)
    return {
        "objects": await said(call, membership, found),
        "count": count,
        "limit": wish.limit,
        "offset": wish.offset,
    }


async def change(call: Call) -> dict[str, Any]:
    """`PUT …/messages/{message}`: one's own words anew."""
    membership = await need_team(call)
    where = await target_of(call, membership)
    team_id, ref = membership.team.id, sending.ref_of(call.path["message"])
    await call.core.histories.whereabouts(call.actor, team_id, where)
    form = await call.fields()
    content = form.object("content") or form
    text = content.raw_text("text", most=MAX_MESSAGE)
    set_flags = clear_flags = 0
    for key, bit in (("important", IMPORTANT), ("nopreview", NO_PREVIEW)):
        wanted = form.flag(key)
        set_flags |= bit if wanted else 0
        clear_flags |= bit if wanted is False else 0
    form.check()
    content.check()
    wish = MessageChange(text, set_flags, clear_flags)
    whole = await call.core.histories.change(call.actor, team_id, where, ref, wish)
    (message,) = await said(call, membership, [whole])
    return message


async def delete(call: Call) -> dict[str, Any]:
    """`DELETE …/messages/{message}`: gone for everybody; what it was."""
    membership = await need_team(call)
    where = await target_of(call, membership)
    ref = sending.ref_of(call.path["message"])
    whole = await call.core.histories.delete(call.actor, membership.team.id, where, ref)
    return {"messages": await said(call, membership, [whole])}


async def react(call: Call) -> dict[str, Any]:
    """`POST …/my-reactions/{message}/{name}`: one's reaction to a message."""
    return await _reacted(call, is_added=True)


async def unreact(call: Call) -> None:
    """`DELETE …/my-reactions/{message}/{name}`: taken back, if there was one."""
    await _reacted(call, is_added=False)


async def _reacted(call: Call, *, is_added: bool) -> dict[str, Any]:
    membership = await need_team(call)
    ref = sending.ref_of(call.path["message"])
    found = await call.core.histories.find(call.actor, membership.team.id, ref)
    name = call.path["name"]
    if len(name) > MAX_REACTION:
        raise errors.invalid("name", errors.too_long(MAX_REACTION, len(name)))
    add, remove = ((name,), ()) if is_added else ((), (name,))
    await call.core.messages.react(call.actor, found.id, add, remove)
    (whole,) = await call.core.histories.whole([found.id])
    (message,) = await said(call, membership, [whole])
    return message


async def my_reaction(call: Call) -> dict[str, Any]:
    """`GET …/my-reactions/{message}/{name}`: one's own. Raises: NotFound("reaction")."""
    membership = await need_team(call)
    ref = sending.ref_of(call.path["message"])
    found = await call.core.histories.find(call.actor, membership.team.id, ref)
    (whole,) = await call.core.histories.whole([found.id])
    (message,) = await said(call, membership, [whole])
    me = call.actor.account_id
    if not any((each.name, each.account_id) == (call.path["name"], me) for each in whole.reactions):
        raise NotFound("reaction")
    return message


IN_CHAT = "/teams/{team}/chats/{jid}/messages"
OLD = "/teams/{team}/messages/{jid}"
ONE = "/teams/{team}/chats/{jid}/messages/{message}"
REACTION = "/teams/{team}/messages/my-reactions/{message}/{name}"

OPERATIONS = (
    Operation("POST", IN_CHAT, send),
    Operation("POST", OLD, send),
    Operation("GET", IN_CHAT, history),
    Operation("GET", OLD, history),
    Operation("GET", "/teams/{team}/messages", search),
    Operation("PUT", ONE, change),
    Operation("POST", ONE, change),
    Operation("DELETE", ONE, delete),
    Operation("POST", REACTION, react),
    Operation("GET", REACTION, my_reaction),
    Operation("DELETE", REACTION, unreact),
)
