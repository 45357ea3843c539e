"""Block users API."""

from typing import TYPE_CHECKING, Any

from tertulia.core.ids import AccountId
from tertulia.dialects.sama import ids
from tertulia.dialects.sama.errors import INVALID_FORMAT, Refused, refused
from tertulia.dialects.sama.handlers.answer import SUCCESS, Answer
from tertulia.dialects.sama.ids import to_wire
from tertulia.dialects.sama.params import Params, need_object

if TYPE_CHECKING:
    from tertulia.dialects.sama.socket import Talk

SHORTEST_ID = 24


async def block_user(talk: "Talk", given: Any) -> Answer:
    """Do not hear from these any more in private (document, Block)."""
    await talk.desk.core.accounts.block(talk.actor, _listed(need_object(given), "ids"))
    return SUCCESS


async def unblock_user(talk: "Talk", given: Any) -> Answer:
    """Hear from these again (document, Unblock). `id` is read too."""
    params = need_object(given)
    key = "ids" if "ids" in params.values else "id"
    await talk.desk.core.accounts.unblock(talk.actor, _listed(params, key))
    return SUCCESS


def _listed(params: Params, key: str) -> list[AccountId]:
    """Here alone a text too short for an id is an error of form."""
    value = params.values.get(key)
    if key == "id" and not isinstance(value, list):
        value = [value]
    if not isinstance(value, list) or not all(map(_is_id, value)):
        raise Refused(INVALID_FORMAT)
    found = (ids.from_wire(each) for each in value if isinstance(each, str))
    return [AccountId(each) for each in dict.fromkeys(found) if each != ids.UNKNOWN]


def _is_id(value: Any) -> bool:
    if isinstance(value, str):
        return len(value) >= SHORTEST_ID
    return isinstance(value, int | float) and not isinstance(value, bool)


async def list_blocked_users(talk: "Talk", given: Any) -> Answer:
    """Whom I have blocked (document, List)."""
    need_object(given)
    blocked = await talk.desk.core.accounts.blocked(talk.actor)
    return {"users": [to_wire(each) for each in blocked]}


async def block_list_enable(talk: "Talk", given: Any) -> Answer:
    """All my blocks off or on, without forgetting them."""
    on = need_object(given).flag("enable")
    if on is None:
        raise refused('"enable" is required')
    await talk.desk.core.accounts.switch_blocks(talk.actor, on=on)
    return SUCCESS
