"""Subscriptions to pushes, and pushes in users' own words, as SAMA shows them."""

from msgspec import Struct

from tertulia.core.push import Announcement, Subscription
from tertulia.dialects.sama.ids import to_wire
from tertulia.dialects.sama.wire import ORGANIZATION, date


class PushSubscription(Struct, omit_defaults=True):
    """Where one device's pushes go (document, Push Subscription API): only what is set."""

    _id: str
    user_id: str
    platform: str
    device_udid: str
    created_at: str
    updated_at: str
    organization_id: str
    web_endpoint: str = ""
    web_key_auth: str = ""
    web_key_p256dh: str = ""
    device_token: str = ""

    @classmethod
    def of(cls, made: Subscription) -> "PushSubscription":
        """As it is kept."""
        to = made.to
        return cls(
            to_wire(made.id),
            to_wire(made.account_id),
            to.platform,
            to.device,
            date(made.created_at),
            date(made.updated_at),
            ORGANIZATION,
            to.endpoint,
            to.key_auth,
            to.key_p256dh,
            to.token,
        )


class PushEvent(Struct):
    """A push in a user's own words. `message` is JSON text; `user_ids` repeats `recipients_ids`."""

    _id: str
    user_id: str
    recipients_ids: list[str]
    user_ids: list[str]
    message: str
    created_at: str
    updated_at: str

    @classmethod
    def of(cls, made: Announcement) -> "PushEvent":
        """As it was put."""
        recipients = [to_wire(each) for each in made.recipients]
        said = date(made.at)
        me = to_wire(made.account_id)
        return cls(to_wire(made.id), me, recipients, recipients, made.payload, said, said)
