"""What a client may say on its socket, or by `POST …/ws/{event}`: one function per event.

(Tada document, WebSocket; the document itself shows the second way.)
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from tertulia.core.errors import NotFound
from tertulia.core.flags import IMPORTANT, NAMES, NO_PREVIEW
from tertulia.core.histories import Target
from tertulia.core.ids import ChatId, TeamId
from tertulia.core.message_model import Draft, ReadMark, Sent
from tertulia.core.model import Actor, ChatKind
from tertulia.core.whole import WholeMessage
from tertulia.dialects.tada import errors, sending
from tertulia.dialects.tada.desk import TadaDesk
from tertulia.dialects.tada.fields import Fields
from tertulia.dialects.tada.limits import MAX_MESSAGE

PLAIN = frozenset({"to", "content", "message_id", "important", "nopreview"})
"""What most messages are made of; with more in them there is more to check."""

# A uuid in lower case that is not of our own version: a name that a client may give.
_FOREIGN = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-79a-f][0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}", re.ASCII
)

PLAIN_CONTENT = frozenset({"type", "text"})


class Place(NamedTuple):
    """A chat that a client's name for it stands for."""

    chat_id: ChatId
    target: Target


@dataclass(slots=True)
class Asked:
    """One event, and what came of it beside its outcome.

    Attributes:
        form: its params.
        jid, found: the chat it was about, if it was found.
        afk: whether the client says that nobody looks at it; None: it says nothing about that.
    """

    desk: TadaDesk
    actor: Actor
    team_id: TeamId
    form: Fields
    jid: str = ""
    found: Place | None = None
    afk: bool | None = None


async def ping(asked: Asked) -> None:
    """Nothing but a confirmation."""
    del asked


async def activity(asked: Asked) -> None:
    """Whether somebody looks."""
    afk = asked.form.flag("afk") or False
    asked.form.check()
    asked.afk = afk
    if not afk:
        await asked.desk.core.teams.look(asked.actor, asked.team_id)


async def message_updated(asked: Asked) -> WholeMessage:
    """A new message, or one's own written anew when it bears that name already."""
    form = asked.form
    jid = form.need_text("to")
    content = form.object("content")
    if content is None:
        form.note("text", errors.REQUIRED)
    form.check()
    assert content is not None, "it was checked one line above"
    # Remarks on it are named as by a request, where there is no object around it.
    said = Fields(content.values)
    try:
        where, whole = await sending.post(asked.desk, asked.actor, asked.team_id, jid, form, said)
    except NotFound as error:
        if error.kind not in {"chat", "contact", "account"}:
            raise
        raise errors.invalid("to", errors.no_choice(jid)) from None
    asked.jid, asked.found = jid, Place(whole.message.chat_id, where)
    return whole


async def message_deleted(asked: Asked) -> WholeMessage:
    """A message is gone for everybody."""
    uuid = asked.form.need_text("message_id")
    asked.form.check()
    return await sending.delete(asked.desk, asked.actor, asked.team_id, uuid)


async def composing(asked: Asked) -> None:
    """Somebody writes or speaks, or does so no more."""
    form = asked.form
    jid = form.need_text("jid")
    is_composing, by_voice = form.flag("composing") or False, form.flag("is_audio") or False
    form.check()
    chat_id = await _chat(asked, jid)
    if chat_id is not None:
        state = "start" if is_composing else "stop"
        await asked.desk.core.signals.typing(asked.actor, chat_id, state, by_voice=by_voice)


async def last_read(asked: Asked) -> None:
    """How far one has read; without a message everything. A mark never goes back."""
    form = asked.form
    jid = form.need_text("jid")
    uuid = form.text("last_read_message_id")
    form.check()
    chat_id = await _chat(asked, jid)
    if chat_id is None:
        return
    up_to = None
    if uuid:
        up_to = await sending.message_of(asked.desk, asked.actor, asked.team_id, uuid)
    mark = ReadMark(chat_id, None, up_to)
    await asked.desk.core.messages.mark_read(asked.actor, mark)


async def _chat(asked: Asked, jid: str) -> ChatId | None:
    """The chat of that name; None: the two have none yet, or it is a channel, where this means nothing."""
    desk, actor, team_id = asked.desk, asked.actor, asked.team_id
    target = await sending.target(desk, actor, team_id, jid)
    place = await desk.core.histories.whereabouts(actor, team_id, target)
    return None if place.kind is ChatKind.CHANNEL else place.chat_id


Event = Callable[[Asked], Awaitable[WholeMessage | None]]

EVENTS: Mapping[str, Event] = {
    "client.ping": ping,
    "client.activity": activity,
    "client.message.updated": message_updated,
    "client.message.deleted": message_deleted,
    "client.chat.composing": composing,
    "client.chat.lastread": last_read,
}


def quick_draft(params: dict[str, Any], places: Mapping[str, Place]) -> Draft | None:
    """The draft of a plain message to a chat that is known; None when there is more to it."""
    to = params.get("to")
    found = places.get(to) if isinstance(to, str) else None
    content = params.get("content")
    if found is None or not isinstance(content, dict) or not params.keys() <= PLAIN:
        return None
    text, uid = content.get("text"), params.get("message_id")
    if (
        not content.keys() <= PLAIN_CONTENT
        or content.get("type", "plain") != "plain"
        or not isinstance(text, str)
        or not text.strip()
        or len(text) > MAX_MESSAGE
        or not isinstance(uid, str)
        or _FOREIGN.fullmatch(uid) is None
    ):
        return None
    flags = 0
    for key, flag in (("important", IMPORTANT), ("nopreview", NO_PREVIEW)):
        value = params.get(key)
        if value is True:
            flags |= flag
        elif value is not None and value is not False:
            return None
    return Draft(found.chat_id, text, uid=uid, flags=flags, reads=True)


def written(sent: Sent, draft: Draft) -> bool:
    """Whether the message stands there as the draft says: it is new, or the very same came again."""
    message = sent.message
    return sent.is_new or (message.text == draft.text and message.flags & ~NAMES == draft.flags)
