import pytest

from tertulia.core.errors import NotAllowed, NotFound, TooMuch
from tertulia.core.events import Signal, Typing
from tertulia.core.groups import GroupChange
from tertulia.core.ids import AccountId, ChatId
from tertulia.core.signals import SIGNALS_PER_S, TYPING_PER_S, NewSignal, Seconds
from tertulia.core.team_model import HOME_TEAM
from tests.core.house import House, in_house

NOWHERE = ChatId(1)


def test_the_others_of_a_chat_hear_that_one_writes() -> None:
    async def story(house: House) -> None:
        anna, boris = await house.people("anna", "boris")
        ear = await house.listens(boris)
        chat = await house.group(anna, boris)
        ear.packets.clear()
        await house.core.signals.typing(anna, chat, "start")
        (heard,) = ear.heard
        assert isinstance(heard, Typing)
        assert (heard.account_id, heard.state) == (anna.account_id, "start")

    in_house(story)


def test_typing_more_than_twice_a_second_is_swallowed() -> None:
    async def story(house: House) -> None:
        anna, boris = await house.people("anna", "boris")
        chat, other = await house.group(anna, boris), await house.group(anna, boris)
        ear = await house.listens(boris)
        for _ in range(TYPING_PER_S + 3):
            await house.core.signals.typing(anna, chat, "")
        assert len(ear.packets) == TYPING_PER_S
        await house.core.signals.typing(anna, other, "")
        await house.core.signals.typing(boris, chat, "")
        house.clock.move(1)
        await house.core.signals.typing(anna, chat, "")
        assert len(ear.packets) == TYPING_PER_S + 3

    in_house(story)


def test_nobody_types_where_he_is_not() -> None:
    async def story(house: House) -> None:
        anna, boris, clara = await house.people("anna", "boris", "clara")
        chat = await house.group(anna, boris)
        with pytest.raises(NotAllowed):
            await house.core.signals.typing(clara, chat, "")
        with pytest.raises(NotFound):
            await house.core.signals.typing(anna, NOWHERE, "")

    in_house(story)


def test_a_block_stops_typing_in_either_direction_but_not_in_groups() -> None:
    async def story(house: House) -> None:
        anna, boris = await house.people("anna", "boris")
        hall = await house.direct(anna, boris.account_id)
        group = await house.group(anna, boris)
        await house.core.accounts.block(anna, [boris.account_id])
        for each in (anna, boris):
            with pytest.raises(NotAllowed):
                await house.core.signals.typing(each, hall, "")
            await house.core.signals.typing(each, group, "")
        await house.core.accounts.switch_blocks(anna, on=False)
        await house.core.signals.typing(boris, hall, "")

    in_house(story)


def test_a_signal_reaches_who_is_named_and_online_and_not_who_blocks() -> None:
    async def story(house: House) -> None:
        anna, boris, clara, dora = await house.people("anna", "boris", "clara", "dora")
        ears = [await house.listens(each) for each in (boris, clara, dora)]
        await house.core.accounts.block(clara, [anna.account_id])
        named = (boris.account_id, clara.account_id, AccountId(1))
        await house.core.signals.send(anna, NewSignal("s", "{}", accounts=named))
        assert [len(ear.packets) for ear in ears] == [1, 0, 0]
        (heard,) = ears[0].heard
        assert isinstance(heard, Signal)
        assert (heard.client_ref, heard.extra, heard.chat_id) == ("s", "{}", None)

    in_house(story)


def test_a_signal_into_a_chat_reaches_its_members() -> None:
    async def story(house: House) -> None:
        anna, boris, clara = await house.people("anna", "boris", "clara")
        chat = await house.group(anna, boris)
        ears = [await house.listens(each) for each in (anna, boris, clara)]
        at = await house.core.signals.send(anna, NewSignal("s", "{}", chat_id=chat))
        assert at == house.clock.now
        assert [len(ear.packets) for ear in ears] == [1, 1, 0]
        with pytest.raises(NotAllowed):
            await house.core.signals.send(clara, NewSignal("s", "{}", chat_id=chat))
        with pytest.raises(NotFound):
            await house.core.signals.send(anna, NewSignal("s", "{}", chat_id=NOWHERE))

    in_house(story)


def test_who_may_only_read_in_a_group_is_not_heard_there() -> None:
    async def story(house: House) -> None:
        anna, boris = await house.people("anna", "boris")
        chat = await house.group(anna, boris)
        ears = [await house.listens(each) for each in (anna, boris)]
        await house.core.groups.change(anna, HOME_TEAM, chat, GroupChange(is_readonly=True))
        for ear in ears:
            ear.packets.clear()
        await house.core.signals.typing(boris, chat, "start")
        with pytest.raises(NotAllowed):
            await house.core.signals.send(boris, NewSignal("s", "{}", chat_id=chat))
        assert ears[0].heard == []
        await house.core.signals.typing(anna, chat, "start")
        await house.core.signals.send(anna, NewSignal("s", "{}", chat_id=chat))
        assert ears[1].kinds() == ["Typing", "Signal"]

    in_house(story)


def test_more_than_ten_signals_a_second_are_refused() -> None:
    async def story(house: House) -> None:
        anna, boris = await house.people("anna", "boris")
        new = NewSignal("s", "{}", accounts=(boris.account_id,))
        for _ in range(SIGNALS_PER_S):
            await house.core.signals.send(anna, new)
        with pytest.raises(TooMuch):
            await house.core.signals.send(anna, new)
        await house.core.signals.send(boris, new)
        house.clock.move(1)
        await house.core.signals.send(anna, new)

    in_house(story)


def test_only_so_many_last_seconds_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tertulia.core.signals.MOST_REMEMBERED", 3)
    seconds = Seconds()
    for key in ("a", "b", "a", "c", "d"):
        seconds.count(key, 0)
    assert seconds.count("a", 0) == 3
    assert seconds.count("b", 0) == 1
