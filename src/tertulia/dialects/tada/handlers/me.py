"""Oneself: the account, the settings of looks, the badge (Tada document, Информация о себе, Настройки)."""

import msgspec
from msgspec import Raw

from tertulia.core.errors import BadInput
from tertulia.dialects.tada import errors
from tertulia.dialects.tada.limits import MAX_UI_SETTINGS_BYTES
from tertulia.dialects.tada.me import me
from tertulia.dialects.tada.request import Call
from tertulia.dialects.tada.routes import Access, Operation
from tertulia.web.wire import read_json


async def me_read(call: Call) -> object:
    """The signed-in person."""
    return await me(call.desk, call.actor, call.view)


async def ui_settings_read(call: Call) -> object:
    """The dictionary, empty at first."""
    return Raw((await call.core.ui_settings.of(call.actor)).encode())


async def ui_settings_replace(call: Call) -> object:
    """The whole dictionary anew."""
    body = await call.raw()
    if len(body) > MAX_UI_SETTINGS_BYTES:
        raise errors.invalid(errors.BODY, errors.too_many_bytes(MAX_UI_SETTINGS_BYTES))
    try:
        settings = read_json(body, call.desk.house.json_limits) if body.strip() else {}
    except BadInput:
        raise errors.invalid(errors.BODY, errors.WRONG_JSON) from None
    if not isinstance(settings, dict):
        raise errors.invalid(errors.BODY, errors.NOT_AN_OBJECT)
    text = msgspec.json.encode(settings)
    await call.core.ui_settings.replace(call.actor, text.decode())
    return Raw(text)


async def badge(call: Call) -> object:
    """Unread messages over all teams, each once."""
    return await call.core.chat_lists.badge(call.actor)


async def addr(call: Call) -> object:
    """The caller's address."""
    client = call.request.client
    return client.host if client is not None else ""


OPERATIONS = (
    Operation("GET", "/me", me_read),
    Operation("GET", "/ui-settings", ui_settings_read),
    Operation("PUT", "/ui-settings", ui_settings_replace),
    Operation("GET", "/badge", badge),
    Operation("GET", "/addr", addr, Access.OPEN),
)
