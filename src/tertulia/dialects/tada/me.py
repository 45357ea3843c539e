"""The signed-in person as an object (Tada document, Информация о себе)."""

from tertulia.core.model import Account, Actor
from tertulia.core.team_model import HOME_TEAM, Preferences
from tertulia.dialects.tada import teams
from tertulia.dialects.tada.desk import TadaDesk, View
from tertulia.dialects.tada.icons import portrait_icons, stub_icons
from tertulia.dialects.tada.ids import Kind, to_uuid
from tertulia.dialects.tada.names import person_name
from tertulia.dialects.tada.wire.account import AccountV3, AccountV4, device_to_wire
from tertulia.dialects.tada.wire.envelope import or_unset
from tertulia.dialects.tada.wire.icons import Icons


async def me(desk: TadaDesk, actor: Actor, view: View) -> AccountV3:
    """The actor's account with devices and teams."""
    core = desk.core
    account = await core.accounts.need(actor.account_id)
    preferences = await core.teams.preferences(actor)
    devices = await core.devices.listed(actor)
    common = (
        preferences.alt_send,
        preferences.default_lang,
        [device_to_wire(each, view) for each in devices],
        account.email or None,
        account.phone,
        await teams.listed(desk, actor, view),
        preferences.unread_first,
    )
    if view is View.V3:
        return AccountV3(*common)
    seen = await core.teams.contact_of(HOME_TEAM, [account.id])
    portrait = seen[account.id].portrait if account.id in seen else None
    icons = _stub(desk, account) if portrait is None else portrait_icons(desk, view, portrait)
    return _with_more(AccountV3(*common), account, preferences, icons)


def _stub(desk: TadaDesk, account: Account) -> Icons:
    name = person_name(
        account.first_name, account.last_name, account.phone, account.login, account.email
    )
    return stub_icons(desk, View.V4, to_uuid(Kind.ACCOUNT, account.id), name)


def _with_more(
    common: AccountV3, account: Account, preferences: Preferences, icons: Icons
) -> AccountV4:
    return AccountV4(
        alt_send=common.alt_send,
        default_lang=common.default_lang,
        devices=common.devices,
        email=common.email,
        phone=common.phone,
        teams=common.teams,
        unread_first=common.unread_first,
        asterisk_mention=preferences.asterisk_mention,
        always_send_pushes=preferences.always_send_pushes,
        hide_pushes_content=preferences.hide_pushes_content,
        munread_first=preferences.munread_first,
        timezone=preferences.timezone,
        quiet_time_start=preferences.quiet_from,
        quiet_time_finish=preferences.quiet_until,
        icons=icons,
        family_name=or_unset(account.last_name),
        given_name=or_unset(account.first_name),
        patronymic=or_unset(account.patronymic),
    )
