import pytest

from tertulia.core.errors import NotFound
from tertulia.core.events import PresenceChanged
from tertulia.core.ids import AccountId
from tertulia.core.model import Actor
from tertulia.core.presence import Presence
from tests.core.house import START, Ear, House, in_house


async def seen(house: House, by: Actor, whom: Actor) -> Presence:
    """What *by* is told of *whom*."""
    return (await house.core.presence.several(by, [whom.account_id]))[whom.account_id]


def news(ear: Ear) -> list[tuple[AccountId, bool, int]]:
    """Who came and went, as far as that connection heard, since the last time."""
    heard = [each for each in ear.heard if isinstance(each, PresenceChanged)]
    ear.packets.clear()
    return [(each.account_id, each.online, each.seen_at) for each in heard]


def test_whoever_has_a_connection_is_online_now() -> None:
    async def story(house: House) -> None:
        anna, boris = await house.people("anna", "boris")
        await house.listens(boris)
        house.clock.move(7)
        assert await seen(house, anna, boris) == Presence(online=True, seen_at=START + 7_000)

    in_house(story)


def test_whoever_never_came_was_seen_when_the_account_was_made() -> None:
    async def story(house: House) -> None:
        anna, boris = await house.people("anna", "boris")
        house.clock.move(7)
        assert await seen(house, anna, boris) == Presence(online=False, seen_at=START)

    in_house(story)


def test_closing_one_of_two_connections_is_no_news() -> None:
    async def story(house: House) -> None:
        anna, boris = await house.people("anna", "boris")
        ear = await house.listens(anna)
        phone, laptop = await house.listens(boris), await house.listens(boris)
        await house.core.presence.watch(anna, boris.account_id)
        house.clock.move(5)
        await house.hangs_up(phone)
        assert news(ear) == []
        house.clock.move(5)
        await house.hangs_up(laptop)
        assert news(ear) == [(boris.account_id, False, START + 10_000)]
        assert await seen(house, anna, boris) == Presence(online=False, seen_at=START + 10_000)

    in_house(story)


def test_a_second_connection_is_no_news() -> None:
    async def story(house: House) -> None:
        anna, boris = await house.people("anna", "boris")
        ear = await house.listens(anna)
        await house.core.presence.watch(anna, boris.account_id)
        await house.listens(boris)
        await house.listens(boris)
        assert news(ear) == [(boris.account_id, True, START)]

    in_house(story)


def test_the_news_reaches_every_connection_of_a_watcher() -> None:
    async def story(house: House) -> None:
        anna, boris = await house.people("anna", "boris")
        phone, laptop = await house.listens(anna), await house.listens(anna)
        await house.core.presence.watch(anna, boris.account_id)
        await house.listens(boris)
        assert len(news(phone)) == len(news(laptop)) == 1

    in_house(story)


def test_a_new_target_replaces_the_old_one() -> None:
    async def story(house: House) -> None:
        anna, boris, clara = await house.people("anna", "boris", "clara")
        ear = await house.listens(anna)
        await house.core.presence.watch(anna, boris.account_id)
        await house.core.presence.watch(anna, clara.account_id)
        await house.listens(boris)
        await house.listens(clara)
        assert [each[0] for each in news(ear)] == [clara.account_id]

    in_house(story)


def test_unwatch_and_going_offline_end_the_watch() -> None:
    async def story(house: House) -> None:
        anna, boris = await house.people("anna", "boris")
        ear = await house.listens(anna)
        await house.core.presence.watch(anna, boris.account_id)
        house.core.presence.unwatch(anna)
        await house.hangs_up(await house.listens(boris))
        assert news(ear) == []
        await house.core.presence.watch(anna, boris.account_id)
        await house.hangs_up(ear)
        again = await house.listens(anna)
        await house.listens(boris)
        assert news(again) == []

    in_house(story)


def test_who_is_not_online_watches_nobody() -> None:
    async def story(house: House) -> None:
        anna, boris = await house.people("anna", "boris")
        await house.core.presence.watch(anna, boris.account_id)
        ear = await house.listens(anna)
        await house.listens(boris)
        assert news(ear) == []

    in_house(story)


def test_an_unknown_target_leaves_the_old_watch_alone() -> None:
    async def story(house: House) -> None:
        anna, boris = await house.people("anna", "boris")
        ear = await house.listens(anna)
        await house.core.presence.watch(anna, boris.account_id)
        with pytest.raises(NotFound):
            await house.core.presence.watch(anna, AccountId(1))
        await house.listens(boris)
        assert len(news(ear)) == 1

    in_house(story)


def test_who_blocks_me_stays_as_he_was_then() -> None:
    async def story(house: House) -> None:
        anna, boris = await house.people("anna", "boris")
        ear = await house.listens(anna)
        phone = await house.listens(boris)
        await house.core.presence.watch(anna, boris.account_id)
        house.clock.move(5)
        await house.core.accounts.block(boris, [anna.account_id])
        house.clock.move(60)
        frozen = Presence(online=False, seen_at=START + 5_000)
        assert await seen(house, anna, boris) == frozen
        await house.hangs_up(phone)
        await house.listens(boris)
        assert news(ear) == []
        assert await seen(house, anna, boris) == frozen
        assert (await seen(house, boris, anna)).online

    in_house(story)


def test_a_block_that_is_switched_off_hides_nothing() -> None:
    async def story(house: House) -> None:
        anna, boris = await house.people("anna", "boris")
        ear = await house.listens(anna)
        await house.core.presence.watch(anna, boris.account_id)
        await house.core.accounts.block(boris, [anna.account_id])
        await house.core.accounts.switch_blocks(boris, on=False)
        await house.listens(boris)
        assert [each[1] for each in news(ear)] == [True]
        assert (await seen(house, anna, boris)).online

    in_house(story)
