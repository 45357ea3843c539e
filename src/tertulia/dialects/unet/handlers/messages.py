"""Messages: a page of them, one, a new one, writing one anew, and deleting one."""

from collections.abc import Sequence

from tertulia.core.archive import Extras, Kept, Part, Sieve
from tertulia.core.errors import NotAllowed, NotFound
from tertulia.core.flags import SILENT
from tertulia.core.ids import ChatId, MessageId
from tertulia.core.letters import Revision
from tertulia.core.message_model import Draft
from tertulia.dialects.unet import wire
from tertulia.dialects.unet.call import Call
from tertulia.dialects.unet.cursors import OF_MESSAGES, address_of_page
from tertulia.dialects.unet.errors import bad_member
from tertulia.dialects.unet.handlers.attachments import Changes, read_changes, stored
from tertulia.dialects.unet.members import Fields, Json, Members
from tertulia.dialects.unet.period import ends, period
from tertulia.dialects.unet.wire import Said
from tertulia.web.wire import JsonLimits

DEFAULT_LIMIT, MOST = 100, 500
MAX_RANDOM_ID = 64

LATER = ("chat_id", "query")
"""What an address of the next page repeats of the request as it is."""


async def messages(call: Call, members: Members) -> Json:
    """A page of a conversation (document, Receiving conversation messages)."""
    desk = call.desk
    address = desk.resource_uri + "messages/"
    members.need_number("chat_id")
    members, cursor = desk.cursors.unpacked(members, address, OF_MESSAGES)
    number = members.need_number("chat_id")
    limit = members.limit(DEFAULT_LIMIT, MOST)
    sieve = Sieve(members.text("query") or "", *period(members, desk.house.json_limits))
    fields = members.fields()
    me = call.actor.account_id
    part = desk.cursors.read(me, number, cursor, limit) if cursor else Part(limit)
    extras = Extras(edits=fields.wants("edits"), reads=fields.wants("is_read"))
    shelf = await call.core.archive.page(call.actor, number, sieve, part, extras)
    request = _repeated(members, limit, desk.house.json_limits)

    def turned(place: int, *, back: bool) -> str:
        opaque = desk.cursors.write(me, number, place, back=back)
        return address_of_page(address, request, opaque)

    first, last = _ends(shelf.items, part)
    return {
        "items": wire.messages(shelf.items, me, call.links, fields),
        "limit": limit,
        "next_cursor": turned(last, back=False) if shelf.has_older else "",
        "prev_cursor": turned(first, back=True) if shelf.has_newer else "",
        "total_count": shelf.total,
    }


def _repeated(members: Members, limit: int, limits: JsonLimits) -> Json:
    """The request as an address of another page has it: nothing that could make it long without any sense."""
    request = {name: members.values[name] for name in LATER if name in members.values}
    request["limit"] = limit
    if "period" in members.values:
        request["period"] = ends(members, limits)
    if "fields" in members.values:
        request["fields"] = members.fields().among(wire.MESSAGE_FIELDS)
    return request


def _ends(items: Sequence[Kept], part: Part) -> tuple[int, int]:
    """The places of the newest and oldest item; of a page where nothing is left, around its own."""
    if items:
        return items[0].sent_at, items[-1].sent_at
    place = part.place or 0
    return (place, place + 1) if part.back else (max(place - 1, 0), place)


async def details(call: Call, members: Members) -> Said:
    """One message (document, Retrieving message details)."""
    message_id = MessageId(members.need_number("id"))
    return await _shown(call, message_id, members.fields())


async def _shown(call: Call, message_id: MessageId, fields: Fields) -> Said:
    kept = await call.core.archive.message(call.actor, message_id)
    return wire.message(kept, call.actor.account_id, call.links, fields)


async def add(call: Call, members: Members) -> Said:
    """A new message (document, Adding a message)."""
    number = members.need_number("chat_id")
    words = members.text("message") or ""
    random_id = members.text("random_id") or ""
    if len(random_id) > MAX_RANDOM_ID:
        raise bad_member("random_id", f"must be at most {MAX_RANDOM_ID} characters")
    flags = SILENT if members.flag("is_whisper") else 0
    fields = members.fields()
    changes = read_changes(call, members, is_new=True)
    letters = call.core.letters
    to = await letters.destination(call.actor, number)
    draft = Draft(
        ChatId(0), words, f"unet {random_id}" if random_id else "", flags=flags, by_ref_alone=True
    )
    sent = await letters.earlier(call.actor, draft) if random_id else None
    if sent is None:
        letters.check(words, has_attachments=bool(changes.add))
        async with stored(call, changes) as attachments:
            sent = await letters.send(call.actor, to, draft._replace(attachments=attachments))
    return await _shown(call, sent.id, fields)


async def edit(call: Call, members: Members) -> Said:
    """One's message, written anew (document, Editing a message)."""
    message_id = MessageId(members.need_number("id"))
    number = members.number("chat_id")
    words = members.text("message")
    fields = members.fields()
    changes = read_changes(call, members, is_new=False)
    # Whoever may not is told before anything of his is stored.
    kept = await call.core.archive.message(call.actor, message_id)
    if number not in (None, kept.number):
        raise NotFound("chat")
    if kept.author_id != call.actor.account_id:
        raise NotAllowed("edit")
    if words is None and changes == Changes():
        return wire.message(kept, call.actor.account_id, call.links, fields)
    async with stored(call, changes) as attachments:
        revision = Revision(words, number, frozenset(changes.drop), changes.rename, attachments)
        await call.core.letters.revise(call.actor, message_id, revision)
    return await _shown(call, message_id, fields)


async def delete(call: Call, members: Members) -> Json:
    """One's message is gone for everybody (document, Deleting a message)."""
    message_id = MessageId(members.need_number("id"))
    kept = await call.core.archive.message(call.actor, message_id)
    if kept.author_id != call.actor.account_id:
        raise NotAllowed("delete")
    await call.core.messages.delete(call.actor, kept.chat_id, [message_id])
    return {}
