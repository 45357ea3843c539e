"""The signed-in person and the devices (Tada document, Авторизация, Информация о себе, Устройства)."""

from collections.abc import Sequence

from msgspec import UNSET, Struct, UnsetType

from tertulia.core.devices import Device as DeviceRecord
from tertulia.dialects.tada.desk import View
from tertulia.dialects.tada.wire.icons import Icons


class DeviceV3(Struct):
    """`type` is android, ios, web or safari; in v4 also iosfb."""

    allowed_notifications: bool
    data_pushes: bool
    device_id: str
    name: str
    notification_token: str
    type: str
    voip_notification_token: str


class DeviceV4(DeviceV3):
    """`data_badges`: it wants the number for its icon."""

    data_badges: bool


Device = DeviceV3 | DeviceV4


def device_to_wire(device: DeviceRecord, view: View) -> Device:
    """The device in that view."""
    common = (
        device.notifies,
        device.silent,
        device.ref,
        device.name,
        device.push_token,
        device.kind,
        device.voip_token,
    )
    return DeviceV3(*common) if view is View.V3 else DeviceV4(*common, device.badges)


class AccountV3(Struct):
    """The signed-in person; `teams` as in the list of teams."""

    alt_send: bool
    default_lang: str | None
    devices: Sequence[Device]
    email: str | None
    phone: str
    teams: Sequence[object]
    unread_first: bool


class AccountV4(AccountV3):
    """With the preferences that later clients know."""

    asterisk_mention: bool
    always_send_pushes: bool
    hide_pushes_content: bool
    munread_first: bool
    timezone: str
    quiet_time_start: str | None
    quiet_time_finish: str | None
    icons: Icons
    family_name: str | UnsetType = UNSET
    given_name: str | UnsetType = UNSET
    patronymic: str | UnsetType = UNSET
    inviter: str | UnsetType = UNSET
