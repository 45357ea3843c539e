"""messages/chats/ (document, Getting a list of conversations)."""

from collections.abc import Mapping

from tertulia.core.archive import Listed
from tertulia.core.ids import ChatId
from tertulia.core.model import ChatKind
from tertulia.dialects.unet import wire
from tertulia.dialects.unet.call import Call
from tertulia.dialects.unet.members import Json, Members


async def chats(call: Call, members: Members) -> Json:
    """All chats, newest activity first."""
    fields = members.fields()
    found = await call.core.archive.chats(call.actor, with_last=fields.wants("last_message"))
    if fields.wants("unread_count"):
        notices = await call.core.places.notices_unread(call.actor)
        found = [each._replace(unread=_unread(each, notices)) for each in found]
    me = call.actor.account_id
    return {"items": [wire.chat(each, me, call.links, fields) for each in found]}


def _unread(listed: Listed, notices: Mapping[ChatId, int]) -> int:
    """What people wrote. A channel has no read marks."""
    if listed.chat.kind is ChatKind.CHANNEL:
        return 0
    return max(listed.unread - notices.get(listed.chat.id, 0), 0)
