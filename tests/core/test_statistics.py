from tertulia.core.ids import AccountId
from tertulia.delivery.hub import ACTIVE
from tests.core.house import START, House, in_house

MINUTE_S, HOUR_S = 60, 3_600


def test_the_server_tells_how_long_it_has_been_up_and_who_is_there() -> None:
    async def story(house: House) -> None:
        anna, boris = await house.people("anna", "boris")
        for who in (anna, anna, boris):
            await house.listens(who)
        house.clock.move(90)
        figures = await house.core.statistics.figures()
        assert (figures.uptime_s, figures.online) == (90, 2)
        # Whoever is connected to another process counts, too, and nobody twice.
        for each in (boris.account_id, AccountId(99)):
            house.server.hub.is_elsewhere(each, ACTIVE)
        assert (await house.core.statistics.figures()).online == 3

    in_house(story)


def test_messages_are_those_of_the_last_full_minute_hour_and_day() -> None:
    async def story(house: House) -> None:
        anna, boris = await house.people("anna", "boris")
        chat = await house.group(anna, boris)
        house.clock.now = START - START % (HOUR_S * 1000) + HOUR_S * 1000
        for _ in range(3):
            await house.say(anna, chat)
        assert (await house.core.statistics.figures()).in_minute == 0
        house.clock.move(MINUTE_S)
        await house.say(anna, chat)
        figures = await house.core.statistics.figures()
        assert (figures.in_minute, figures.in_hour) == (3, 0)
        house.clock.move(HOUR_S)
        figures = await house.core.statistics.figures()
        assert (figures.in_minute, figures.in_hour, figures.in_day) == (0, 4, 0)
        house.clock.move(24 * HOUR_S)
        figures = await house.core.statistics.figures()
        assert (figures.in_minute, figures.in_hour, figures.in_day) == (0, 0, 4)

    in_house(story)
