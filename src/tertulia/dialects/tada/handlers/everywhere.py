"""All of one's chats, whatever team they are of (ours): words looked for, chats pinned and muted.

Chats, messages and people are called here as SAMA calls them: that API knows all chats by one name each,
and has no words for these things.
"""

import re
from typing import Any

from tertulia.core.chat_lists import MemberSettings, SettingsChange
from tertulia.core.chat_settings import MOST_AT_ONCE
from tertulia.core.ids import MAX_NUMBER, ChatId, MessageId
from tertulia.core.searching import MAX_WORDS, MOST_FOUND, FoundMessage, Spot
from tertulia.dialects.tada import errors
from tertulia.dialects.tada.desk import TadaDesk
from tertulia.dialects.tada.fields import Fields
from tertulia.dialects.tada.handlers.chats import MOST_PINNED
from tertulia.dialects.tada.request import Call
from tertulia.dialects.tada.routes import Operation
from tertulia.dialects.tada.times import date_time

USUAL_PAGE = 30

SPOT = re.compile(r"([0-9]{1,16})-([0-9]{1,16})", re.ASCII)


async def messages_search(call: Call) -> object:
    """`GET /messages`: what has the words in it, newest first; in all chats, or in `cid`."""
    query = call.query
    words = query.need_text("text", most=MAX_WORDS)
    limit = query.number("limit", 1, MAX_NUMBER)
    start = _spot(query)
    query.check()
    cid = query.values.get("cid")
    chat_id = ChatId(call.desk.sama_ids.from_wire(cid)) if cid else None
    page = await call.core.searching.messages(
        call.actor, words, min(limit or USUAL_PAGE, MOST_FOUND), start, chat_id
    )
    rest = page.rest
    return {
        "objects": [_found(call.desk, each) for each in page.found],
        "next": None if rest is None else f"{rest.sent_at}-{rest.message_id}",
    }


def _spot(query: Fields) -> Spot | None:
    """`from`: the `next` of an earlier page."""
    text = query.values.get("from")
    if not text:
        return None
    match = SPOT.fullmatch(text)
    if match is None or max(int(match[1]), int(match[2])) > MAX_NUMBER:
        query.note("from", errors.WRONG_VALUE)
        return None
    return Spot(int(match[1]), MessageId(int(match[2])))


def _found(desk: TadaDesk, each: FoundMessage) -> dict[str, Any]:
    called, message = desk.sama_ids.to_wire, each.message
    return {
        "id": called(message.id),
        "cid": called(message.chat_id),
        "kind": each.chat_kind.value,
        "sender": called(message.author_id),
        "text": message.text,
        "files": len(message.attachments),
        "created": message.sent_at,
        "created_at": date_time(message.sent_at),
    }


async def settings_read(call: Call) -> object:
    """`GET /chat-settings`: of every chat that was ever kept otherwise than at first."""
    kept = await call.core.chat_settings.all_of(call.actor)
    return {"chats": {call.desk.sama_ids.to_wire(each): _kept(how) for each, how in kept.items()}}


async def settings_change(call: Call) -> object:
    """`PUT /chat-settings`: what is given changes, in all of these chats or in none."""
    form = await call.fields()
    chats = form.object("chats")
    if chats is None:
        form.note("chats", errors.REQUIRED)
    elif len(chats.values) > MOST_AT_ONCE:
        form.note("chats", errors.too_many(MOST_AT_ONCE))
    form.check()
    assert chats is not None, "it was checked one line above"
    names, changes = {}, {}
    for name in chats.values:
        change = chats.object(name)
        chat_id = ChatId(call.desk.sama_ids.from_wire(name))
        if change is not None:
            names[chat_id] = name
            changes[chat_id] = _change(change)
    form.check()
    kept = await call.core.chat_settings.keep(call.actor, changes)
    return {"chats": {names[each]: _kept(how) for each, how in kept.items()}}


def _change(form: Fields) -> SettingsChange:
    muted = form.flag("muted")
    return SettingsChange(
        is_pinned=form.flag("pinned"),
        pin_order=form.number("order", -MOST_PINNED, MOST_PINNED),
        notifies=None if muted is None else not muted,
    )


def _kept(how: MemberSettings) -> dict[str, object]:
    return {"pinned": how.is_pinned, "muted": not how.notifies, "order": how.pin_order}


OPERATIONS = (
    Operation("GET", "/messages", messages_search),
    Operation("GET", "/chat-settings", settings_read),
    Operation("PUT", "/chat-settings", settings_change),
)
