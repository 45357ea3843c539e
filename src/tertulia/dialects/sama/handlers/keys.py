"""Encryption keys. The document has none of this; the published server has."""

from typing import TYPE_CHECKING, Any

from tertulia.core.ids import AccountId, ChatId, MessageId
from tertulia.core.keys import DeviceKeys, KeyBundle
from tertulia.dialects.sama.errors import FORBIDDEN, Refused, refused
from tertulia.dialects.sama.handlers.answer import SUCCESS, Answer
from tertulia.dialects.sama.handlers.messages import NO_CID
from tertulia.dialects.sama.ids import UNKNOWN, from_wire, to_wire
from tertulia.dialects.sama.params import Params, need_object

if TYPE_CHECKING:
    from tertulia.dialects.sama.socket import Talk

BAD_IDENTITY = "Incorrect identity device key."
BAD_SIGNED = "Incorrect signed key."
BAD_ONE_TIME = "Incorrect one time pre keys."
BAD_USERS = "Incorrect users array."
BAD_USER = "Incorrect user id."

MAX_KEY = 255
"""Code points of a key."""

MOST_ONE_TIME = 100
MOST_USERS = 50
MOST_MESSAGES = 100


async def device_register(talk: "Talk", given: Any) -> Answer:
    """Publish the keys of this socket's device, in place of its earlier ones."""
    params = need_object(given)
    keys = DeviceKeys(
        identity=params.need_text("identity_key", 1, MAX_KEY, words=BAD_IDENTITY),
        signed=params.need_text("signed_key", 1, MAX_KEY, words=BAD_SIGNED),
        one_time=_one_time(params.values.get("one_time_pre_keys")),
    )
    await talk.desk.core.keys.register(talk.actor, keys)
    return SUCCESS


def _one_time(given: Any) -> tuple[str, ...]:
    """The keys of an array, or of an object whose own keys are the clients' numbers for them."""
    listed = list(given.values()) if isinstance(given, dict) else given
    if not isinstance(listed, list) or len(listed) > MOST_ONE_TIME:
        raise refused(BAD_ONE_TIME)
    if not all(isinstance(each, str) and 1 <= len(each) <= MAX_KEY for each in listed):
        raise refused(BAD_ONE_TIME)
    return tuple(listed)


async def device_list(talk: "Talk", given: Any) -> Answer:
    """My devices that have keys."""
    need_object(given)
    devices = await talk.desk.core.keys.devices(talk.actor)
    return {
        "devices": [
            {"identity_key": each.identity, "signed_key": each.signed, "device_id": each.device}
            for each in devices
        ]
    }


async def request_keys(talk: "Talk", given: Any) -> Answer:
    """The keys of people's devices. Each call uses up one of the one-time keys of each device."""
    accounts = _accounts(need_object(given))
    taken = await talk.desk.core.keys.take(accounts)
    return {
        "devices": {
            to_wire(account_id): [_said(each) for each in bundles]
            for account_id, bundles in taken.items()
        }
    }


def _said(bundle: KeyBundle) -> dict[str, str]:
    said = {"identity_key": bundle.identity, "signed_key": bundle.signed}
    if bundle.one_time is not None:
        said["one_time_pre_key"] = bundle.one_time
    return said


def _accounts(params: Params) -> list[AccountId]:
    listed = params.values.get("user_ids")
    if not isinstance(listed, list) or len(listed) > MOST_USERS:
        raise refused(BAD_USERS)
    if not all(isinstance(each, str) for each in listed):
        raise refused(BAD_USER)
    found = dict.fromkeys(map(from_wire, listed))
    return [AccountId(each) for each in found if each != UNKNOWN]


async def device_delete(talk: "Talk", given: Any) -> Answer:
    """Drop the keys of one of my devices."""
    device = need_object(given).device()
    if device is None:
        raise refused('"device_id" is required')
    if not await talk.desk.core.keys.remove(talk.actor, device):
        raise Refused(FORBIDDEN)
    return SUCCESS


async def message_decryption_failed(talk: "Talk", given: Any) -> Answer:
    """Tell the other one of a private conversation that his messages cannot be read here."""
    params = need_object(given)
    chat_id = ChatId(params.id("cid", words=NO_CID))
    found = params.need_ids("ids", MOST_MESSAGES, low=1)
    ids = [MessageId(each) for each in dict.fromkeys(found) if each != UNKNOWN]
    await talk.desk.core.signals.cannot_decrypt(talk.actor, chat_id, ids)
    return SUCCESS
