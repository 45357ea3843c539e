"""Last activity API."""

from typing import TYPE_CHECKING, Any

from tertulia.core.ids import AccountId
from tertulia.core.presence import Presence
from tertulia.dialects.sama.desk import STOCK
from tertulia.dialects.sama.handlers.answer import SUCCESS, Answer
from tertulia.dialects.sama.ids import to_wire
from tertulia.dialects.sama.params import need_object

if TYPE_CHECKING:
    from tertulia.dialects.sama.socket import Talk


async def user_last_activity(talk: "Talk", given: Any) -> Answer:
    """When others were last online (document, Last activity by ids)."""
    params = need_object(given)
    asked = [AccountId(each) for each in params.need_ids("ids", 10, low=1)]
    found = await talk.desk.core.presence.several(talk.actor, asked)
    # In the order asked, each once.
    return {
        "last_activity": {
            to_wire(each): _value(talk, found[each]) for each in asked if each in found
        }
    }


async def user_last_activity_subscribe(talk: "Talk", given: Any) -> Answer:
    """Hear when another user comes and goes (document, Last activity subscription)."""
    params = need_object(given)
    target = AccountId(params.id("id", words="User ID missed."))
    presence = await talk.desk.core.presence.watch(talk.actor, target)
    return {"last_activity": {to_wire(target): _value(talk, presence)}}


async def user_last_activity_unsubscribe(talk: "Talk", given: Any) -> Answer:
    """Hear no more of it."""
    need_object(given)
    talk.desk.core.presence.unwatch(talk.actor)
    return SUCCESS


def _value(talk: "Talk", presence: Presence) -> int | str:
    """QUIRK sama: online is "online" in the document and 0 for stock clients, which cast to integers."""
    if presence.online:
        return 0 if talk.flavour == STOCK else "online"
    return presence.seen_at // 1000
