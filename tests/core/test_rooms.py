"""Rooms of the hub: who is there for something that concerns all who are there."""

from tertulia.core.events import SectionsChanged
from tertulia.core.ids import AccountId, SessionId, TeamId
from tertulia.core.tally import Tally
from tertulia.delivery.audience import Audience
from tertulia.delivery.encoder import Reader
from tertulia.delivery.fanout import FanOut
from tertulia.delivery.hub import Hub
from tests.core.house import Ear, Verbatim

ANNA, BORIS = AccountId(1), AccountId(2)
CLUB, OFFICE = 70, 80


def hub() -> Hub:
    return Hub(lambda _: None, lambda _: None)


def ear(account_id: AccountId, number: int, encoder: Verbatim | None = None) -> Ear:
    return Ear(Reader(number, account_id, SessionId(number), "seed"), encoder or Verbatim())


def test_a_connection_is_in_the_rooms_it_has_joined_until_it_parts_or_goes() -> None:
    rooms, first, second = hub(), ear(ANNA, 1), ear(BORIS, 2)
    for each in (first, second):
        rooms.add(each)
        rooms.join(CLUB, each)
        rooms.join(CLUB, each)
    rooms.join(OFFICE, first)
    assert list(rooms.in_room(CLUB)) == [first, second]
    rooms.part(CLUB, first)
    rooms.part(CLUB, first)
    assert list(rooms.in_room(CLUB)) == [second]
    rooms.remove(first)
    assert list(rooms.in_room(OFFICE)) == []
    assert list(rooms.rooms()) == [CLUB]
    rooms.remove(second)
    assert list(rooms.rooms()) == []


def test_who_is_in_no_room_parts_without_harm() -> None:
    rooms, first = hub(), ear(ANNA, 1)
    rooms.add(first)
    rooms.part(CLUB, first)
    rooms.remove(first)
    assert list(rooms.in_room(CLUB)) == []


def test_watchers_hear_of_accounts_not_of_connections() -> None:
    rooms = hub()
    heard: list[AccountId] = []
    rooms.watch(heard.append)
    first, second = ear(ANNA, 1), ear(ANNA, 2)
    rooms.add(first)
    rooms.add(second)
    rooms.remove(first)
    assert heard == [ANNA]
    rooms.remove(second)
    assert heard == [ANNA, ANNA]
    assert not rooms.is_online(ANNA)


def test_an_event_of_a_team_is_for_its_room_and_nobody_else() -> None:
    rooms, encoder = hub(), Verbatim()
    inside, outside = ear(ANNA, 1, encoder), ear(BORIS, 2, encoder)
    for each in (inside, outside):
        rooms.add(each)
    rooms.join(CLUB, inside)

    async def nothing(_: object) -> None:
        return None

    told: list[object] = []
    fan_out = FanOut(
        rooms,
        Audience(nothing),
        Tally(),
        spawn=lambda _: None,
        flush=lambda: None,
        before=[lambda event, _: told.append((event, len(inside.packets)))],
    )
    event = SectionsChanged(TeamId(CLUB), (), (), 1, 0, 0)
    fan_out.deliver([event])
    assert inside.heard == [event]
    assert outside.heard == []
    # Whoever keeps up does so before anybody is told.
    assert told == [(event, 0)]
