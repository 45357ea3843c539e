"""Last activity API."""

from typing import TYPE_CHECKING, Any

from tertulia.core.ids import AccountId
from tertulia.core.presence import Presence
from tertulia.dialects.sama.desk import STOCK
from tertulia.dialects.sama.handlers.answer import SUCCESS, Answer
from tertulia.dialects.sama.handlers.caller import Caller
from tertulia.dialects.sama.ids import to_wire
from tertulia.dialects.sama.params import need_object

if TYPE_CHECKING:
    from tertulia.dialects.sama.socket import Talk


async def user_last_activity(talk: "Talk", given: Any) -> Answer:
    """When others were last online (document, Last activity by ids)."""
    params = need_object(given)
    asked = [AccountId(each) for each in params.need_ids("ids", 10, low=1)]
    flavour = talk.flavour
    found = await talk.desk.core.presence.several(talk.actor, asked)
    # In the order asked, each once.
    return {
        "last_activity": {
            to_wire(each): _value(flavour, found[each]) for each in asked if each in found
        }
    }


async def user_last_activity_subscribe(talk: "Talk", given: Any) -> Answer:
    """Hear when another user comes and goes (document, Last activity subscription)."""
    params = need_object(given)
    target = AccountId(params.id("id", words="User ID missed."))
    flavour = talk.flavour
    presence = await talk.desk.core.presence.watch(talk.actor, target)
    return {"last_activity": {to_wire(target): _value(flavour, presence)}}


async def user_last_activity_unsubscribe(talk: "Talk", given: Any) -> Answer:
    """Hear no more of it."""
    need_object(given)
    talk.desk.core.presence.unwatch(talk.actor)
    return SUCCESS


async def online_list(talk: Caller, given: Any) -> Answer:
    """Who is online: how many, their ids, or they themselves, by id."""
    params = need_object(given)
    wants_count, wants_ids = params.flag("count"), params.flag("idsOnly")
    limit, offset = params.strict_limit(10, 100, 100), params.offset()
    online = await talk.desk.core.presence.online(talk.actor)
    if wants_count:
        return {"count": len(online)}
    page = online[offset : offset + limit]
    if wants_ids:
        return {"users": [to_wire(each) for each in page]}
    return {"users": list(reversed(await talk.desk.users(talk.actor, page)))}


async def activity_status(talk: "Talk", given: Any) -> Answer:
    """Whether somebody looks at this socket; if not, pushes come beside its packets."""
    is_inactive = bool(need_object(given).flag("isInactive"))
    if is_inactive is not talk.is_inactive:
        talk.is_inactive = is_inactive
        talk.desk.house.hub.turned(talk)
    return SUCCESS


def _value(flavour: str, presence: Presence) -> int | str:
    """QUIRK sama: online is "online" in the document and 0 for stock clients, which cast to integers."""
    if presence.online:
        return 0 if flavour == STOCK else "online"
    return presence.seen_at // 1000
