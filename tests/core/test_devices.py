"""Who hears of devices and settings."""

from tertulia.core.devices import Device
from tertulia.core.events import SignedIn, UiSettingsChanged
from tertulia.core.model import Actor
from tertulia.core.signin import ACCESS, Grant
from tests.core.house import House, in_house


async def signs_in(house: House, login: str, device: Device | None) -> Actor:
    proven = await house.core.signin.by_password(login, "secret")
    grant = Grant(f"{login} on {device}", ACCESS, house.clock.now + 10**9)
    session = await house.core.devices.sign_in(proven, "tada", grant, device)
    return Actor(session.account_id, session.id)


def test_a_sign_in_is_told_to_the_account_and_to_nobody_else() -> None:
    async def story(house: House) -> None:
        anna, boris = await house.people("anna", "boris")
        hers, his = await house.listens(anna), await house.listens(boris)
        actor = await signs_in(house, "anna", Device("a-7", "android", "телефон"))
        await house.settle()
        assert hers.heard == [SignedIn(anna.account_id, actor.session_id, "телефон")]
        assert his.heard == []

    in_house(story)


def test_settings_are_told_to_every_connection_of_the_account() -> None:
    async def story(house: House) -> None:
        anna, boris = await house.people("anna", "boris")
        ears = [await house.listens(anna, session) for session in (1, 2)]
        his = await house.listens(boris)
        await house.core.ui_settings.replace(anna, '{"a":1}')
        await house.settle()
        assert [ear.heard for ear in ears] == [[UiSettingsChanged(anna.account_id, '{"a":1}')]] * 2
        assert his.heard == []

    in_house(story)


def test_whoever_is_signed_in_on_a_deleted_device_is_signed_out_there() -> None:
    async def story(house: House) -> None:
        await house.account("anna")
        actor = await signs_in(house, "anna", Device("a-7", "android"))
        other = await signs_in(house, "anna", None)
        lost = await house.listens(actor, actor.session_id)
        kept = await house.listens(other, other.session_id)
        await house.core.devices.remove(other, "a-7", "tada")
        await house.settle()
        assert lost.is_out
        assert not kept.is_out

    in_house(story)
