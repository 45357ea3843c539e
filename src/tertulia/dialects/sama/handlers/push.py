"""Push Subscription API and Create Push Event."""

from typing import TYPE_CHECKING, Any

from tertulia.core.ids import AccountId
from tertulia.core.push import NewSubscription, Platform
from tertulia.dialects.sama.errors import refused
from tertulia.dialects.sama.handlers.answer import SUCCESS, Answer
from tertulia.dialects.sama.ids import UNKNOWN
from tertulia.dialects.sama.params import Params, need_object
from tertulia.dialects.sama.subscriptions import PushEvent, PushSubscription
from tertulia.dialects.sama.wire import encode

if TYPE_CHECKING:
    from tertulia.dialects.sama.socket import Talk

NO_PLATFORM = "Incorrect platform type."
NO_DEVICE = "Incorrect device id."
NO_TOKEN = "Incorrect token."  # noqa: S105 - a sentence
NO_KEYS = "Incorrect keys."
NO_RECIPIENTS = "Incorrect recipients IDs."
NO_MESSAGE = "Notification message missed."

MAX_ADDRESS = 2_048
MAX_TOKEN = 4_096
MAX_KEY = 255

MESSAGE_KEYS = ("title", "topic", "body", "message")

MAX_MESSAGE = 3_000
"""Bytes of JSON: what the push services of browsers take in one push, and some to spare."""


async def push_subscription_create(talk: "Talk", given: Any) -> Answer:
    """Send this device's pushes there (document, Create)."""
    params = need_object(given)
    platform = params.values.get("platform")
    if platform not in list(Platform):
        raise refused(NO_PLATFORM)
    device = params.device("device_udid")
    if device is None:
        raise refused(NO_DEVICE)
    endpoint = params.text("web_endpoint", 1, MAX_ADDRESS, words=NO_TOKEN)
    token = params.text("device_token", 1, MAX_TOKEN, words=NO_TOKEN)
    if (endpoint is None) == (token is None):
        raise refused(NO_TOKEN)
    auth = p256dh = ""
    if endpoint is not None:
        auth = params.need_text("web_key_auth", 1, MAX_KEY, words=NO_KEYS)
        p256dh = params.need_text("web_key_p256dh", 1, MAX_KEY, words=NO_KEYS)
    new = NewSubscription(device, Platform(platform), endpoint or "", auth, p256dh, token or "")
    made = await talk.desk.core.pushing.subscribe(talk.actor, new)
    return {"subscription": PushSubscription.of(made)}


async def push_subscription_list(talk: "Talk", given: Any) -> Answer:
    """My own, whatever `user_id` says (document, List)."""
    need_object(given).id("user_id", words="User ID missed.")
    found = await talk.desk.core.pushing.subscriptions(talk.actor)
    return {"subscriptions": [PushSubscription.of(each) for each in found]}


async def push_subscription_delete(talk: "Talk", given: Any) -> Answer:
    """No pushes to that device any more (document, Delete)."""
    device = need_object(given).need_device("device_udid")
    await talk.desk.core.pushing.unsubscribe(talk.actor, device)
    return SUCCESS


async def push_event_create(talk: "Talk", given: Any) -> Answer:
    """A push in my own words to all devices of others (document, Create Push Event)."""
    params = need_object(given)
    recipients = params.need_ids("recipients_ids", 100, low=1, words=NO_RECIPIENTS)
    payload = _message(params)
    told = [AccountId(each) for each in recipients if each != UNKNOWN]
    made = await talk.desk.core.pushing.announce(talk.actor, told, payload)
    return {"event": PushEvent.of(made)}


def _message(params: Params) -> str:
    message = params.object("message", words=NO_MESSAGE)
    if message is None:
        raise refused(NO_MESSAGE)
    said = {}
    for key in MESSAGE_KEYS:
        if (text := message.text(key, 0, MAX_MESSAGE, words=NO_MESSAGE)) is not None:
            said[key] = text
    payload = encode(said)
    if not said or len(payload) > MAX_MESSAGE:
        raise refused(NO_MESSAGE)
    return payload.decode()
