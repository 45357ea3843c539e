"""What a client may say on its socket, or by `POST …/ws/{event}`: one function per event.

(Tada document, WebSocket; the document itself shows the second way.)
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from tertulia.core.chat_lists import MAX_DRAFT, SettingsChange
from tertulia.core.errors import NotFound
from tertulia.core.histories import Target
from tertulia.core.ids import ChatId, TeamId
from tertulia.core.message_model import ReadMark
from tertulia.core.model import Actor, ChatKind
from tertulia.core.whole import WholeMessage
from tertulia.dialects.tada import errors, sending
from tertulia.dialects.tada.desk import TadaDesk
from tertulia.dialects.tada.fields import Fields


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
    """Somebody writes or speaks, or does so no more; what he has written so far is kept for him."""
    form = asked.form
    jid = form.need_text("jid")
    is_composing, by_voice = form.flag("composing") or False, form.flag("is_audio") or False
    draft = form.raw_text("draft", most=MAX_DRAFT)
    form.check()
    chat_id = await _chat(asked, jid)
    if chat_id is not None:
        state = "start" if is_composing else "stop"
        await asked.desk.core.signals.typing(asked.actor, chat_id, state, by_voice=by_voice)
    if draft is not None:
        where = await sending.target(asked.desk, asked.actor, asked.team_id, jid)
        kept = SettingsChange(draft=draft)
        await asked.desk.core.chat_lists.settle(asked.actor, asked.team_id, where, kept)


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
